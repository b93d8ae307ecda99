"""The way to the server: uploads what the journal holds, downloads the package, forgets nothing.

Lanes that know nothing of each other, each with its own pause after a failure. No failure here
ever reaches a trainee; the screen only counts what waits.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from kiosk.clock import Clock
from kiosk.envelope import Envelope
from kiosk.journal import Identity, Journal, Photo, Receipt
from kiosk.package import PackageError
from kiosk.report import StationReport
from kiosk.server import BATCH, SOFTWARE, RefusedError, Server, UplinkError
from kiosk.store import JournalError

SMALLEST_BATCH = 10
"""On a line that breaks all the time, a few at once get through where many don't."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
UPGRADE_PAUSE = 600.0
"""A server that no longer speaks with this program won't change its mind soon."""
TIDY_SECONDS = 3600.0


@dataclass(frozen=True)
class Hardware:
    """What only the running desk knows of its parts; fields as in `StationReport`."""

    reader: str = "reader_off"
    reader_detail: str = ""
    camera: Literal["off", "starting", "live", "stopped"] = "off"
    face: Literal["off", "loading", "ready"] = "off"
    chip_photo: bool = False


@dataclass(frozen=True)
class Resent:
    """How many events and photos got which answer."""

    events: Counter[str] = field(default_factory=Counter)
    photos: Counter[str] = field(default_factory=Counter)


def pause(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row: short at first, doubled, capped, spread.

    `chance` in [0, 1) spreads the stations of a county, so that they don't all come back at once.
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 30)) * (0.5 + chance / 2)


def hand_over(server: Server, journal: Journal, clock: Clock, envelopes: Sequence[Envelope]) -> list[Receipt]:
    """Send up to a batch of events and write every answer down.

    If the server can't take them as they are, the one that is the reason is found by halves and kept as
    `refused`, in everybody's sight; the others go on.
    """
    try:
        receipts = server.events(envelopes)
    except RefusedError as error:
        if error.turned_away:
            raise
        if len(envelopes) > 1:
            middle = len(envelopes) // 2
            halves = envelopes[:middle], envelopes[middle:]
            return [receipt for half in halves for receipt in hand_over(server, journal, clock, half)]
        receipts = [Receipt(envelopes[0].digest, "refused", error.code, error.message)]
    journal.keep_receipts(receipts, clock.now())
    return receipts


def hand_over_photo(server: Server, journal: Journal, photo: Photo) -> str:
    """Send one photo and write the answer down; `later` if its event is not there yet."""
    try:
        status, reason = server.photo(photo), ""
    except RefusedError as error:
        if error.turned_away:
            raise
        if error.status == 409:
            return "later"
        status, reason = "refused", error.code
    journal.keep_photo_receipt(photo.sha256, status, reason)
    return status


def resend(journal: Journal, clock: Clock) -> Resent:
    """Hand over every event and photo once more, receipt or not: how a restored server catches up.

    What was refused gets another chance. Raises UplinkError; what was answered till then is kept.
    """
    identity = journal.identity
    if identity is None:
        raise UplinkError("this station is not enrolled")
    answers = Resent()
    journal.retry_refused()
    server = Server(identity.server, identity.token, clock=clock)
    try:
        envelopes = journal.envelopes()
        for start in range(0, len(envelopes), BATCH):
            receipts = hand_over(server, journal, clock, envelopes[start : start + BATCH])
            answers.events.update(receipt.status for receipt in receipts)
        for photo in filter(None, map(journal.photo, journal.photos())):
            answers.photos[hand_over_photo(server, journal, photo)] += 1
    finally:
        server.close()
    return answers


class _Lane(threading.Thread):
    """Does its work again and again: soon when woken or when there is more, later after a failure."""

    def __init__(
        self, name: str, work: Callable[[], bool], every: float, report: Callable[[Exception], None]
    ):
        super().__init__(name=name, daemon=True)
        self._work, self._every, self._report = work, every, report
        self._woken = threading.Event()
        self._over = False
        self._failures = 0

    def wake(self) -> None:
        """There is something to do; a pause after a failure still ends first."""
        if not self._failures:
            self._woken.set()

    def end(self) -> None:
        """Stop after the request under way."""
        self._over = True
        self._woken.set()

    def run(self) -> None:
        while not self._over:
            self._woken.wait(self._round())
            self._woken.clear()

    def _round(self) -> float:
        """One go; the seconds until the next."""
        try:
            more = self._work()
        except (UplinkError, JournalError, PackageError) as error:
            self._failures += 1
            self._report(error)
            return self._pause(error)
        self._failures = 0
        return 0.0 if more else self._every

    def _pause(self, error: Exception) -> float:
        chance = random.SystemRandom().random()
        if isinstance(error, RefusedError) and error.turned_away == "upgrade_needed":
            return UPGRADE_PAUSE * (0.5 + chance / 2)
        return pause(self._failures, chance)


class Uplink:
    """Keeps the journal and the server in step, and the journal tidy, in the background."""

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        clock: Clock,
        *,
        package_every: float = 60.0,
        events_every: float = 15.0,
        report_every: float = 60.0,
        look_every: float = 2.0,
    ) -> None:
        self._journal, self._clock = journal, clock
        self.on_change: Callable[[], None] = lambda: None
        """Called, from the uplink's threads, when the queue, the package or the contact changed."""
        self.describe: Callable[[], Hardware] = Hardware
        """Asked, from an uplink's thread, how the desk's parts are; a change is reported at once."""
        self._server = Server(identity.server, identity.token, clock=clock, on_contact=self._met)
        self._batch = BATCH
        self.online = False
        """Whether the last request was answered."""
        self.refused = ""
        """`station_revoked`, `station_unknown` or `upgrade_needed` while the server says so, else empty."""
        self.package_unreadable = False
        """Whether the newest package was not one this program understands."""
        self._report_ms = report_every * 1000
        self._reported: tuple[Hardware, int] | None = None
        self._tidied_ms: int | None = None
        self._lanes = [
            _Lane("uplink-events", self._upload, events_every, self._failed),
            _Lane("uplink-package", self._download, package_every, self._failed),
            _Lane("uplink-report", self._report, look_every, self._failed),
            _Lane("uplink-house", self._keep_house, look_every, self._failed),
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """End all lanes; what has no receipt stays in the journal."""
        for lane in self._lanes:
            lane.end()
        for lane in self._lanes:
            lane.join(timeout=3)
        self._server.close()

    def wake(self) -> None:
        """An event was recorded."""
        self._lanes[0].wake()

    # Up

    def _upload(self) -> bool:
        """One batch of events, or some photos; True when there is more."""
        if envelopes := self._journal.pending(self._batch):
            self._upload_events(envelopes)
            return True
        return self._upload_photos()

    def _upload_events(self, envelopes: list[Envelope]) -> None:
        try:
            receipts = hand_over(self._server, self._journal, self._clock, envelopes)
        except UplinkError:
            self._batch = max(SMALLEST_BATCH, self._batch // 2)
            raise
        if not {envelope.digest for envelope in envelopes} & {receipt.digest for receipt in receipts}:
            raise UplinkError("no receipt for anything sent")
        self._batch = min(BATCH, self._batch * 2)
        self._succeeded()

    def _upload_photos(self) -> bool:
        """All that may go, unless somebody signs in meanwhile: that is first."""
        for sha256 in self._journal.photos_pending():
            photo = self._journal.photo(sha256)
            if photo and hand_over_photo(self._server, self._journal, photo) != "later":
                self._succeeded()
            if self._journal.pending(1):
                return True
        return False

    # Down

    def _download(self) -> bool:
        self._journal.keep_package(self._server.package(), self._clock)
        self.package_unreadable = False
        self.wake()  # templates that went left a record
        self._succeeded()
        return False

    # How we are

    def _report(self) -> bool:
        hardware, now_ms = self.describe(), self._clock.monotonic_ms()
        if self._reported and self._reported[0] == hardware and now_ms < self._reported[1] + self._report_ms:
            return False
        if self._server.report(self._compose_report(hardware)):
            self._succeeded()
        self._reported = hardware, now_ms
        return False

    def _compose_report(self, hardware: Hardware) -> StationReport:
        journal, counts = self._journal, self._journal.counts()
        package = journal.package
        return StationReport(
            at=self._clock.now(),
            boot=self._clock.boot,
            software=SOFTWARE,
            disk_free=_free_bytes(journal.home),
            clock_offset_ms=journal.clock_offset_ms,
            events_total=counts.total,
            pending=counts.pending,
            oldest_pending_at=journal.oldest_pending_at,
            photos_pending=counts.photos_pending,
            held=counts.held,
            refused=counts.refused,
            package_version=package.version[:64] if package else None,
            package_at=journal.package_at,
            portraits=len(journal.portraits()),
            unreadable=self.package_unreadable,
            **asdict(hardware),
        )

    # Our own house

    def _keep_house(self) -> bool:
        """Watch the clock; once an hour, network or not, let go of what may go."""
        if self._journal.watch(self._clock):
            self.on_change()
        now_ms = self._clock.monotonic_ms()
        if self._tidied_ms is None:
            self._journal.retry_refused()  # a server that was upgraded may take them now
        if self._tidied_ms is None or now_ms >= self._tidied_ms + TIDY_SECONDS * 1000:
            self._journal.tidy(self._clock)
            self._tidied_ms = now_ms
            self.wake()  # templates that went left a record
        return False

    # What the screen may know

    def _met(self, offset_ms: int) -> None:
        self._journal.keep_contact(offset_ms, self._clock.now())

    def _succeeded(self) -> None:
        self.online, self.refused = True, ""
        self.on_change()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, RefusedError):
            self.online = True
            self.refused = error.turned_away or self.refused
        elif isinstance(error, UplinkError):
            self.online = False
        elif isinstance(error, PackageError):
            self.package_unreadable = True
        self.on_change()


def _free_bytes(home: Path) -> int:
    try:
        return shutil.disk_usage(home).free
    except OSError:  # the disk was pulled out
        return 0
