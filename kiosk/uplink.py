"""The way to the server: uploads what the journal holds, downloads the package, forgets nothing.

Two lanes that know nothing of each other, each with its own pause after a failure. No failure
here ever reaches a trainee; the screen only counts what waits.
"""

from __future__ import annotations

import base64
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from kiosk.clock import Clock
from kiosk.envelope import Envelope
from kiosk.journal import Identity, Journal, JournalError, Photo, Receipt
from kiosk.package import PackageError

SOFTWARE = "yidang-kiosk/0.1.0"
BATCH = 200
PHOTO_BATCH = 5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class UplinkError(Exception):
    """No usable answer: no network, a captive portal, a server at fault. Try again later."""


class RefusedError(UplinkError):
    """The server understood and said no; `code` is its word for why."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code
        self.message = message


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Refusal(_Answer):
    code: str
    message: str = ""


class Welcome(_Answer):
    """What an enrolled station is told once."""

    station: UUID
    token: str
    name: str
    institution: str = ""
    sealing_key: str


class _Receipt(_Answer):
    digest: str
    status: Literal["accepted", "duplicate", "held"]
    reason: str = ""
    message: str = ""


class _Receipts(_Answer):
    receipts: Annotated[list[_Receipt], Field(max_length=BATCH)]


class _PhotoReceipt(_Answer):
    sha256: str
    status: Literal["accepted", "duplicate"]


class _ServerTime(_Answer):
    server_time: AwareDatetime


AnswerT = TypeVar("AnswerT", bound=_Answer)


def pause(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row: short at first, doubled, capped, spread.

    `chance` in [0, 1) spreads the stations of a county, so that they don't all come back at once.
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 30)) * (0.5 + chance / 2)


class Server:
    """The server's interface, one method per request; raises UplinkError or RefusedError.

    `on_contact` gets the offset of the server's clock, in milliseconds, whenever it is measured.
    """

    def __init__(
        self, address: str, token: str = "", *, clock: Clock, on_contact: Callable[[int], None] | None = None
    ) -> None:
        headers = {"User-Agent": SOFTWARE} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            self._http = httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT)
        except httpx.InvalidURL as error:
            raise UplinkError(str(error)) from error
        self._clock = clock
        self._on_contact = on_contact

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def enrol(self, code: str, public_key: bytes) -> Welcome:
        """Trade a one-time code for a token."""
        body = {"code": code, "public_key": base64.b64encode(public_key).decode(), "software": SOFTWARE}
        return _parse(Welcome, self._ask("POST", "/api/v1/stations/enrol", json=body))

    def time(self) -> None:
        """Measure the offset and nothing else."""
        _parse(_ServerTime, self._ask("GET", "/api/v1/time"))

    def package(self) -> bytes:
        """The package's text, not looked into."""
        return self._ask("GET", "/api/v1/station/package").content

    def events(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Hand over a batch."""
        body = {"envelopes": [envelope.model_dump() for envelope in envelopes]}
        answer = _parse(_Receipts, self._ask("POST", "/api/v1/station/events", json=body))
        return [Receipt(**receipt.model_dump()) for receipt in answer.receipts]

    def photo(self, photo: Photo) -> str:
        """Hand over a class photo whose event the server has; accepted or duplicate."""
        files = {"photo": (f"{photo.sha256}.jpg", photo.jpeg, "image/jpeg")}
        answer = _parse(_PhotoReceipt, self._ask("POST", "/api/v1/station/photos", files=files))
        if answer.sha256 != photo.sha256:
            raise UplinkError("the receipt is for another photo")
        return answer.status

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        asked_at = self._clock.now()
        try:
            response = self._http.request(method, path, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UplinkError(str(error) or type(error).__name__) from error
        if not response.is_success:
            raise _refusal(response)
        self._measure(response, asked_at)
        return response

    def _measure(self, response: httpx.Response, asked_at: datetime) -> None:
        """Server clock minus ours, taking the answer to have been written half-way."""
        try:
            server_time = _ServerTime.model_validate_json(response.content).server_time
        except ValidationError:
            return
        midway = asked_at + (self._clock.now() - asked_at) / 2
        if self._on_contact:
            self._on_contact(round((server_time - midway).total_seconds() * 1000))


def _refusal(response: httpx.Response) -> UplinkError:
    """What a bad status means: only our own server's words count as a refusal."""
    try:
        refusal = _Refusal.model_validate_json(response.content)
    except ValidationError:  # a proxy, or a hotel's log-in page
        return UplinkError(f"HTTP {response.status_code}")
    if response.is_server_error or response.status_code in (408, 429):
        return UplinkError(f"HTTP {response.status_code} {refusal.code}")
    return RefusedError(response.status_code, refusal.code, refusal.message)


def _parse(kind: type[AnswerT], response: httpx.Response) -> AnswerT:
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        raise UplinkError(f"not our server's answer: {response.url.path}") from error


class AlreadyEnrolledError(Exception):
    """This home belongs to a station already; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def enrol(address: str, code: str, journal: Journal, clock: Clock) -> Identity:
    """Make this journal a station's. The key is on the disk before the server hears of it.

    Raises AlreadyEnrolledError, RefusedError (`code_invalid`, `code_used`, …), UplinkError.
    """
    if identity := journal.identity:
        raise AlreadyEnrolledError(identity.name)
    public_key = journal.signing_key.public_key().public_bytes_raw()
    server = Server(address, clock=clock)
    try:
        welcome = server.enrol(code, public_key)
    finally:
        server.close()
    identity = Identity(server=address, **welcome.model_dump())
    journal.keep_identity(identity)
    return identity


def resend(journal: Journal, clock: Clock) -> dict[str, int]:
    """Hand over every event once more, receipt or not: how a server restored from a backup catches up.

    Returns how many got which answer. Raises UplinkError; what was answered till then is kept.
    """
    identity = journal.identity
    if identity is None:
        raise UplinkError("this station is not enrolled")
    answers: Counter[str] = Counter()
    server = Server(identity.server, identity.token, clock=clock)
    try:
        envelopes = journal.envelopes()
        for start in range(0, len(envelopes), BATCH):
            receipts = server.events(envelopes[start : start + BATCH])
            journal.keep_receipts(receipts)
            answers.update(receipt.status for receipt in receipts)
    finally:
        server.close()
    return dict(answers)


class _Lane(threading.Thread):
    """Does its work again and again: soon when woken or when there is more, later after a failure."""

    def __init__(
        self, name: str, work: Callable[[], bool], every: float, report: Callable[[Exception | None], None]
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
            return pause(self._failures, random.SystemRandom().random())
        self._failures = 0
        return 0.0 if more else self._every


class Uplink:
    """Keeps the journal and the server in step, in the background."""

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        clock: Clock,
        *,
        package_every: float = 60.0,
        events_every: float = 15.0,
    ) -> None:
        self._journal, self._clock = journal, clock
        self.on_change: Callable[[], None] = lambda: None
        """Called, from the uplink's threads, when the queue, the package or the contact changed."""
        self._server = Server(identity.server, identity.token, clock=clock, on_contact=self._met)
        self._batch = BATCH
        self.online = False
        """Whether the last request was answered."""
        self.refused = ""
        """`station_revoked` or `station_unknown` while the server says so, else empty."""
        self.package_unreadable = False
        """Whether the newest package was not one this program understands."""
        self._lanes = [
            _Lane("uplink-events", self._upload, events_every, self._failed),
            _Lane("uplink-package", self._download, package_every, self._failed),
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """End both lanes; what has no receipt stays in the journal."""
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
            receipts = self._server.events(envelopes)
        except RefusedError as error:
            self._narrow_down(envelopes, error)
            return
        if not self._journal.keep_receipts(receipts):
            raise UplinkError("no receipt for anything sent")
        self._batch = min(BATCH, self._batch * 2)
        self._succeeded()

    def _narrow_down(self, envelopes: list[Envelope], error: RefusedError) -> None:
        """The batch as a whole was refused: find the one event that is the reason and set it aside.

        It stays in the journal, visibly refused; the others go on.
        """
        if error.status in (401, 403):
            raise error
        if len(envelopes) > 1:
            self._batch = max(1, len(envelopes) // 2)
        else:
            self._journal.keep_receipts([Receipt(envelopes[0].digest, "refused", error.code, error.message)])
            self._succeeded()

    def _upload_photos(self) -> bool:
        photos = self._journal.photos_pending(PHOTO_BATCH)
        for photo in photos:
            self._upload_photo(photo)
        return len(photos) == PHOTO_BATCH

    def _upload_photo(self, photo: Photo) -> None:
        try:
            status = self._server.photo(photo)
        except RefusedError as error:
            if error.status in (401, 403, 409):  # 409: its event is not there yet
                raise
            self._journal.keep_photo_receipt(photo.sha256, "refused", error.code)
        else:
            self._journal.keep_photo_receipt(photo.sha256, status)
        self._succeeded()

    # Down

    def _download(self) -> bool:
        self._journal.keep_package(self._server.package(), self._clock)
        self.package_unreadable = False
        self.wake()  # templates that went left a record
        self._succeeded()
        return False

    # What the screen may know

    def _met(self, offset_ms: int) -> None:
        self._journal.keep_contact(offset_ms, self._clock.now())

    def _succeeded(self) -> None:
        self.online, self.refused = True, ""
        self.on_change()

    def _failed(self, error: Exception | None) -> None:
        if isinstance(error, RefusedError):
            self.online = True
            if error.status in (401, 403):
                self.refused = "station_revoked" if error.status == 403 else "station_unknown"
        elif isinstance(error, UplinkError):
            self.online = False
        elif isinstance(error, PackageError):
            self.package_unreadable = True
        self.on_change()
