"""What witnesses and staff do at the desk apart from letting people in: everything here takes a PIN.

Except the class photo, which needs none, and what the device knows, which anybody may ask.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from kiosk import desk
from kiosk.camera import as_jpeg
from kiosk.envelope import PhotoTaken, WitnessSaid
from kiosk.joining import Joining
from kiosk.knowledge import Chapter, chapters
from kiosk.messages import Message, say
from kiosk.package import Package, Permission, Trainee, TrainingSession, Witness
from kiosk.paper import Sheet, sheets
from kiosk.pins import PinError, Pins
from kiosk.store import JournalError


class StaffDesk(Joining):
    """`pins` is shared with whoever else asks for one, so that guessing is slowed down everywhere."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self._pins = Pins()

    def roster(self, pin: str) -> tuple[Message, list[dict[str, Any]]]:
        """Who can be vouched for, for a witness's eyes: the session of the moment."""
        rows: list[dict[str, Any]] = []

        def fill(_witness: Witness, package: Package) -> Message:
            if found := desk.current(package.sessions, self._clock.now()):
                session, lesson = found
                rows.extend(self._row(session, lesson.id, trainee) for trainee in session.roster)
            return say("roster")

        return self._as_witness(pin, fill), rows

    def _row(self, session: TrainingSession, lesson: int, trainee: Trainee) -> dict[str, Any]:
        done = self._journal.history(session.code, str(trainee.enrolment)).get(lesson, frozenset())
        return {
            **trainee.model_dump(include={"enrolment", "number", "name", "face_consent"}),
            "done": sorted(done),
            "portrait": self._journal.portrait(trainee.enrolment) is not None,
            "two": desk.needs_two(session),
        }

    def paper(self, pin: str) -> tuple[Message, list[Sheet]]:
        """The register to be filled by hand: the day and the session of the moment."""
        printed: list[Sheet] = []

        def fill(_witness: Witness, package: Package) -> Message:
            found = desk.current(package.sessions, self._clock.now())
            if found is None or self._identity is None:
                return say("no_session")
            printed.extend(sheets(package.programme, *found, self._identity.server))
            return say("paper")

        return self._as_witness(pin, fill), printed

    def knows(self) -> list[Chapter]:
        """What this device knows, for anybody who asks; raises JournalError."""
        return chapters(self._journal, self._clock)

    def retry_refused(self, pin: str) -> Message:
        """Put what the server refused into the queue again, unchanged."""

        def act(_witness: Witness, _package: Package) -> Message:
            number = self._journal.retry_refused()
            self._wake_uplink()
            return say("retried", number=number)

        return self._as_witness(pin, act)

    def _as_witness(
        self, pin: str, act: Callable[[Witness, Package], Message], may: Permission | None = None
    ) -> Message:
        """Do it if this is a witness's PIN and the station may. The check is slow, so it holds nobody up."""
        package = self._journal.package
        if package is None:
            return say("no_package")
        if may and may not in package.station.may:
            return say("not_allowed")
        try:
            return act(self._pins.witness(package.sessions, pin), package)
        except PinError as error:
            return self._tell(error.message) if self._waiting else error.message
        except JournalError:
            return self._tell_not_recorded()
        finally:
            self.refresh()

    # Checks in mid-class

    def start_check(self, pin: str) -> Message:
        """A witness starts a check in the lesson that is being taught."""
        return self._as_witness(pin, self._start_check, may="witness")

    def _start_check(self, witness: Witness, package: Package) -> Message:
        now = self._clock.now()
        found = desk.current(package.sessions, now)
        if found is None or found[0].fair or not found[1].starts_at <= now < found[1].ends_at:
            return say("check_no_lesson")
        session, lesson = found
        with self._lock:
            if session.code in self._checks(package):
                return say("check_on_already")
            said = WitnessSaid(id=witness.id)
            self._record({"kind": "check", "session": session.code, "lesson": lesson.id, "witness": said})
            self._begun = self._journal.checks_begun()
            return self._tell(say("check_started", minutes=session.check_minutes))

    # Class photos

    def take_photo(self, pin: str = "") -> Message:
        """A picture of the class or the job fair of the moment, bound to it by a signed event."""
        if pin:
            return self._as_witness(pin, lambda witness, package: self._take_photo(package, witness.id))
        package = self._journal.package
        return self._take_photo(package, None) if package else say("no_package")

    def _take_photo(self, package: Package, witness: int | None) -> Message:
        if "photo" not in package.station.may:
            return self._tell(say("not_allowed"))
        found = desk.photo_lesson(package.sessions, self._clock.now())
        frame = self._camera.frame()
        if found is None:
            return self._tell(say("photo_no_lesson"))
        if frame is None:
            return self._tell(say(f"camera_{self._camera.state}"))
        jpeg = as_jpeg(frame.image)
        fields = {
            "kind": "photo",
            "session": found[0].code,
            "lesson": found[1].id,
            "photo": PhotoTaken(sha256=hashlib.sha256(jpeg).hexdigest(), size=len(jpeg)),
            "witness": WitnessSaid(id=witness) if witness else None,
        }
        try:
            self._record(fields, photo=jpeg)
        except JournalError:
            return self._tell_not_recorded()
        return self._tell(say("photo_taken_at_fair" if found[0].fair else "photo_taken"))
