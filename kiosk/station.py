"""The sign-in desk at work: carries out what `desk.py` decides, one visit at a time.

Everything that happens, a card, a face, a witness, a minute gone by, comes in through one lock;
everything the screen shows comes out of `state()`.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiosk import desk, face
from kiosk.camera import Camera, as_jpeg
from kiosk.clock import Clock
from kiosk.envelope import CardUsed, PhotoTaken, WitnessSaid, seal_card
from kiosk.face import FaceError, FaceModel
from kiosk.idcard.dialogue import CardRead, CardRemoved, CardUnreadable, ReaderEvent, ReaderFault
from kiosk.journal import Identity, Journal, JournalError, Portrait
from kiosk.messages import Message, say
from kiosk.package import Package, Trainee, TrainingSession, Witness, witness_by_pin
from kiosk.uplink import Uplink

ZONE = ZoneInfo("Asia/Shanghai")
"""One zone for the whole country; only what people read is in it."""
SHOWN_SECONDS = {"done": 3.0, "note": 4.0, "person": 8.0}
WITNESS_SECONDS = 60.0
"""So long a visit waits for a person; then it is kept as a check."""
LOOK_SECONDS = 4.0
WRONG_PINS = 5
LOCKED_SECONDS = 60.0


@dataclass(frozen=True)
class Screen:
    """What stands in the middle of the screen, and until when (monotonic seconds; None: for good)."""

    name: str
    message: Message
    person: dict[str, str] | None = None
    note: Message | None = None
    until: float | None = None


class PinError(Exception):
    """No witness; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


class Pins:
    """Which witness has this PIN; guessing is slowed down."""

    def __init__(self) -> None:
        self._wrong = 0
        self._locked_until = 0.0

    def witness(self, sessions: Sequence[TrainingSession], pin: str) -> Witness:
        """Raises PinError."""
        if (left := self._locked_until - time.monotonic()) > 0:
            raise PinError(say("pin_locked", seconds=round(left + 0.5)))
        if witness := witness_by_pin(sessions, pin):
            self._wrong = 0
            return witness
        self._wrong += 1
        if self._wrong % WRONG_PINS == 0:
            self._locked_until = time.monotonic() + LOCKED_SECONDS
        raise PinError(say("pin_wrong"))


class Station:
    """One enrolled station, or one that waits to be. Methods may be called from any thread."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        camera: Camera,
        *,
        model: FaceModel | None = None,
        uplink: Uplink | None = None,
        has_reader: bool = False,
    ) -> None:
        self._journal, self._clock, self._camera, self._model = journal, clock, camera, model
        self._uplink = uplink
        self._identity: Identity | None = journal.identity
        self._pins = Pins()
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._looks = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._stop = threading.Event()
        self._reader = say("reader_starting" if has_reader else "reader_off")
        self._present: str | None = None
        self._waiting: desk.Draft | None = None
        self._screen: Screen | None = None
        self._language = "zh"
        self._version, self._state = 0, dict[str, Any]()
        self._publish()

    def start(self) -> None:
        """Let time pass: messages fade, visits nobody decided are kept as checks."""
        threading.Thread(target=self._tick, name="station", daemon=True).start()

    def stop(self) -> None:
        """End; whatever was recorded is on the disk already."""
        with self._news:
            self._stop.set()
            self._news.notify_all()
        self._looks.shutdown(cancel_futures=True)

    # What the screen shows

    def state(self, after: int = -1, within: float = 0.0) -> dict[str, Any]:
        """The screen as data; waits up to `within` seconds for a version newer than `after`."""
        with self._news:
            self._news.wait_for(lambda: self._version > after or self._stop.is_set(), within)
            return {"version": self._version, "now": self._clock.now().isoformat(), **self._state}

    def refresh(self) -> None:
        """Something elsewhere changed: the queue, the package, the camera."""
        with self._lock, suppress(JournalError):  # a disk that fails is told when it matters
            self._publish()

    def _publish(self) -> None:
        with self._news:
            state = self._describe()
            if state != self._state:
                self._state, self._version = state, self._version + 1
                self._news.notify_all()

    def _describe(self) -> dict[str, Any]:
        screen = self._screen or self._at_rest()
        package, counts = self._journal.package, self._journal.counts()
        waiting = counts.pending + counts.photos_pending
        refused = self._uplink.refused if self._uplink else ""
        return {
            "screen": screen.name,
            "message": screen.message.as_json(),
            "note": screen.note.as_json() if screen.note else None,
            "person": screen.person,
            "lesson": self._describe_lesson(package),
            "counts": self._count(package),
            "events_total": counts.total,
            "pending": counts.pending,
            "photos_pending": counts.photos_pending,
            "held": counts.held,
            "queue": (say("queue", pending=waiting) if waiting else say("queue_empty")).as_json(),
            "held_message": say("held", held=counts.held).as_json() if counts.held else None,
            "online": bool(self._uplink and self._uplink.online),
            "refused": say(refused).as_json() if refused else None,
            "safe_to_power_off": counts.all_received and self._waiting is None,
            "power": say(
                "may_power_off" if counts.all_received and not self._waiting else "keep_on"
            ).as_json(),
            "reader": self._reader.as_json(),
            "camera": {"state": self._camera.state, **say(f"camera_{self._camera.state}").as_json()},
            "face": self._face_state(),
            "station": self._describe_station(package),
            "programme": package.programme.model_dump(mode="json") if package else None,
            "package_version": package.version if package else None,
            "language": self._language,
        }

    def _at_rest(self) -> Screen:
        package = self._journal.package
        if self._identity is None:
            return Screen("setup", say("not_enrolled"))
        if package is None:
            unreadable = self._uplink and self._uplink.package_unreadable
            return Screen("setup", say("package_unreadable" if unreadable else "no_package"))
        if not package.sessions:
            return Screen("setup", say("no_session"))
        no_cards = self._reader.code in ("reader_off", "reader_fault")
        return Screen("rest", say("welcome_no_reader" if no_cards else "welcome"))

    def _describe_station(self, package: Package | None) -> dict[str, str]:
        known = package.station if package else self._identity
        return {"name": known.name if known else "", "institution": known.institution if known else ""}

    def _describe_lesson(self, package: Package | None) -> dict[str, Any] | None:
        found = desk.current(package.sessions, self._clock.now()) if package else None
        if found is None:
            return None
        session, lesson = found
        about = {"session": session.code, "title": session.title, "institution": session.institution}
        return lesson.model_dump(mode="json") | about

    def _count(self, package: Package | None) -> dict[str, int]:
        found = desk.current(package.sessions, self._clock.now()) if package else None
        if found is None:
            return {"expected": 0, "signed_in": 0, "signed_out": 0, "walk_ins": 0}
        roster = {str(trainee.enrolment) for trainee in found[0].roster}
        came = self._journal.attended(found[1].id)
        signed_in, signed_out = came.get("sign_in", set()), came.get("sign_out", set())
        return {
            "expected": len(roster),
            "signed_in": len(signed_in & roster),
            "signed_out": len(signed_out & roster),
            "walk_ins": len(signed_in - roster),
        }

    def _face_state(self) -> str:
        if self._model is None or self._camera.state == "off":
            return "off"
        return "ready" if self._model.ready else "loading"

    def _show(self, screen: Screen) -> Message:
        self._screen = screen
        self._publish()
        return screen.message

    def _tell(
        self, message: Message, person: dict[str, str] | None = None, note: Message | None = None
    ) -> Message:
        """Say it for a while; a visit that waits for a person goes on waiting behind it."""
        with self._lock:
            if self._waiting is not None and self._screen is not None:
                return self._show(replace(self._screen, message=message))
            until = time.monotonic() + SHOWN_SECONDS.get(message.tone, 4.0)
            return self._show(Screen("told", message, person, note, until))

    def _tick(self) -> None:
        while not self._stop.wait(0.2):
            with self._lock, suppress(JournalError):
                if self._screen and self._screen.until and time.monotonic() >= self._screen.until:
                    self._screen = None
                    self._abandon()
                self._publish()

    # Cards

    def on_reader_event(self, event: ReaderEvent) -> None:
        """What the reader's thread reports."""
        with self._lock:
            if isinstance(event, CardRead):
                self._on_card(event)
            elif isinstance(event, CardRemoved):
                self._present = None
            elif isinstance(event, CardUnreadable):
                self._tell(replace(say("card_unreadable"), next_zh=event.message, next_en=event.message_en))
            elif isinstance(event, ReaderFault):
                self._reader = replace(say("reader_fault"), next_zh=event.message, next_en=event.message_en)
            else:
                self._reader = say("reader_ready")
            self._publish()

    def _on_card(self, event: CardRead) -> None:
        card = event.card
        if card.number == self._present:
            return  # left lying; the reader found it again
        self._present = card.number
        now = self._clock.now()
        used = CardUsed(type=card.card_type, sam_id=event.sam_id)
        expired = card.is_expired(now.astimezone(ZONE).date())
        self.admit(desk.Card(used, card.number, card.name, expired))

    def admit(self, card: desk.Card) -> None:
        """Somebody laid a card; whoever was being decided before them is kept as a check."""
        with self._lock:
            if self._waiting and self._waiting.card and self._waiting.card.number == card.number:
                return
            self._abandon()
            package = self._journal.package
            if self._identity is None or package is None:
                self._screen = None
                self._publish()
                return
            self._carry_out(self._decide(card, package))

    def _decide(self, card: desk.Card, package: Package) -> desk.Decision:
        now = self._clock.now()
        places = desk.places(package, card.number, now)
        choices = [(place, self._journal.history(place.session.code, place.subject)) for place in places]
        can_see = self._face_state() == "ready" and self._camera.state == "live"
        portraits = frozenset(self._journal.portraits())
        return desk.admit(card, choices, portraits=portraits, can_see=can_see, now=now)

    def _carry_out(self, decision: desk.Decision) -> Message:
        if isinstance(decision, desk.Record):
            return self._record_visit(decision)
        if isinstance(decision, desk.Show):
            return self._tell(self._explain(decision), _person(decision.place))
        self._waiting = decision.draft
        person = _person(decision.draft.place)
        if isinstance(decision, desk.Ask):
            return self._show(
                Screen("witness", say(decision.code), person, until=time.monotonic() + WITNESS_SECONDS)
            )
        self._looks.submit(self._look, decision.draft)
        return self._show(Screen("look", say("look"), person, until=time.monotonic() + 2 * LOOK_SECONDS))

    def _explain(self, shown: desk.Show) -> Message:
        session, lesson = shown.place.session if shown.place else None, shown.lesson
        if session is None or lesson is None:
            return say(shown.code)
        return say(
            shown.code,
            opens_at=_in_words(lesson.starts_at - session.sign_in_opens, self._clock.now()),
            sign_out_at=_in_words(lesson.ends_at - session.sign_out_opens, self._clock.now()),
        )

    def _record_visit(self, decision: desk.Record) -> Message:
        """On the disk first, on the screen second."""
        self._waiting = None
        try:
            self._record_draft(decision.draft)
        except JournalError:
            return self._tell(say("not_recorded"), _person(decision.draft.place))
        note = say(decision.note) if decision.note else None
        return self._tell(say(decision.code), _person(decision.draft.place, decision.draft.card), note)

    def _abandon(self) -> None:
        if self._waiting is not None:
            decision = desk.abandon(self._waiting)
            self._waiting = None
            try:
                self._record_draft(decision.draft)
            except JournalError:
                self._tell(say("not_recorded"))

    # Faces

    def _look(self, draft: desk.Draft) -> None:
        trainee = draft.place.trainee
        portrait = self._journal.portrait(trainee.enrolment) if trainee else None
        result = None
        if portrait and self._model:
            result = face.look(
                self._model, self._camera, portrait.template, draft.place.session.face, within=LOOK_SECONDS
            )
        with self._lock:
            if self._waiting is draft:  # otherwise the next card came first
                self._carry_out(desk.after_look(draft, result))

    def enrol_portrait(self, enrolment: int, pin: str) -> Message:
        """Make the template of a trainee who agreed; a witness stands by. No picture is kept."""
        return self._as_witness(
            pin, lambda witness, package: self._enrol_portrait(enrolment, witness, package)
        )

    def _enrol_portrait(self, enrolment: int, witness: Witness, package: Package) -> Message:
        row = package.enrolment(enrolment)
        if row is None:
            return say("enrolment_unknown")
        session, trainee = row
        if not session.face.enabled or self._model is None:
            return say("face_off")
        if not trainee.face_consent:
            return say("portrait_no_consent")
        if not self._model.ready or self._camera.frame() is None:
            return say(f"camera_{self._camera.state}" if self._camera.state != "live" else "face_loading")
        try:
            template = self._clear_template(self._model)
        except FaceError as error:
            return say(error.code)
        portrait, said = Portrait(template, face.MODEL), WitnessSaid(id=witness.id)
        if not self._journal.keep_portrait(enrolment, portrait, self._clock, said):
            return say("portrait_no_consent")
        self._wake_uplink()
        return say("portrait_saved")

    def _clear_template(self, model: FaceModel) -> tuple[float, ...]:
        """The template of the first good picture within a few seconds; raises the last FaceError."""
        seen, end, trouble = 0, time.monotonic() + LOOK_SECONDS, FaceError("camera_stopped")
        while (left := end - time.monotonic()) > 0 and (frame := self._camera.next_frame(seen, left)):
            seen = frame.number
            try:
                return model.template(frame.image)
            except FaceError as error:
                trouble = error
        raise trouble

    # Witnesses

    def decide(self, pin: str, *, allow: bool) -> Message:
        """A witness says yes or no to the person who waits."""
        with self._lock:
            asked = self._waiting if self._screen and self._screen.name == "witness" else None
        if asked is None:
            return say("nobody_waiting")
        return self._as_witness(pin, lambda witness, _package: self._decided(asked, witness, allow=allow))

    def _decided(self, asked: desk.Draft, witness: Witness, *, allow: bool) -> Message:
        with self._lock:
            if self._waiting is not asked:
                return say("nobody_waiting")
            return self._carry_out(desk.after_witness(asked, witness.id, allow=allow))

    def vouch(self, enrolment: int, pin: str) -> Message:
        """A witness signs a trainee in or out without a card."""
        return self._as_witness(pin, lambda witness, package: self._vouch(enrolment, witness, package))

    def _vouch(self, enrolment: int, witness: Witness, package: Package) -> Message:
        row = package.enrolment(enrolment)
        if row is None:
            return self._tell(say("enrolment_unknown"))
        session, trainee = row
        place = desk.Place(session, trainee, str(enrolment))
        with self._lock:
            self._abandon()
            done = self._journal.history(session.code, place.subject)
            return self._carry_out(desk.vouch(place, done, witness.id, self._clock.now()))

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
        }

    def _as_witness(self, pin: str, act: Callable[[Witness, Package], Message]) -> Message:
        """Do it if this is a witness's PIN. The check is slow, so it holds nobody up."""
        package = self._journal.package
        if package is None:
            return say("no_package")
        try:
            witness = self._pins.witness(package.sessions, pin)
        except PinError as error:
            return self._tell(error.message) if self._waiting else error.message
        try:
            return act(witness, package)
        except JournalError:
            return self._tell(say("not_recorded"))
        finally:
            self.refresh()

    # Class photos

    def take_photo(self, pin: str = "") -> Message:
        """A picture of the class, bound to the lesson of the moment by a signed event."""
        if pin:
            return self._as_witness(pin, lambda witness, package: self._take_photo(package, witness.id))
        package = self._journal.package
        return self._take_photo(package, None) if package else say("no_package")

    def _take_photo(self, package: Package, witness: int | None) -> Message:
        found = desk.photo_lesson(package.sessions, self._clock.now())
        frame = self._camera.frame()
        if found is None:
            return self._tell(say("photo_no_lesson"))
        if frame is None:
            return self._tell(say(f"camera_{self._camera.state}"))
        jpeg = as_jpeg(frame.image)
        taken = PhotoTaken(sha256=hashlib.sha256(jpeg).hexdigest(), size=len(jpeg))
        said = WitnessSaid(id=witness) if witness else None
        fields = {
            "kind": "photo",
            "session": found[0].code,
            "lesson": found[1].id,
            "photo": taken,
            "witness": said,
        }
        try:
            self._record(fields, photo=jpeg)
        except JournalError:
            return self._tell(say("not_recorded"))
        return self._tell(say("photo_taken"))

    # The ledger

    def _record_draft(self, draft: desk.Draft) -> None:
        fields = {
            "kind": draft.kind,
            "session": draft.place.session.code,
            "lesson": draft.lesson.id,
            "person": draft.person or self._seal(draft.card),
            "method": draft.method,
            "card": draft.card.used if draft.card else None,
            "face": draft.face,
            "witness": WitnessSaid(id=draft.witness) if draft.witness else None,
        }
        self._record(fields, subject=draft.place.subject)

    def _seal(self, card: desk.Card | None) -> Any:
        """A walk-in's number and name, for the server's eyes only."""
        if card is None or self._identity is None:
            return None
        data = {"number": card.number, "name": card.name, "card_type": card.used.type}
        return seal_card(data, self._identity.sealing)

    def _record(
        self, fields: dict[str, Any], *, subject: str | None = None, photo: bytes | None = None
    ) -> None:
        compose = self._journal.compose(self._clock, **fields)
        self._journal.append(compose, subject=subject, photo=photo)
        self._wake_uplink()

    def _wake_uplink(self) -> None:
        if self._uplink:
            self._uplink.wake()

    def held(self) -> list[dict[str, str]]:
        """Events that a person has to look at, with the server's reasons."""
        return [asdict(receipt) for receipt in self._journal.held()]

    def use_language(self, language: str) -> None:
        """`zh` or `en`."""
        with self._lock:
            self._language = language
            self._publish()


def _person(place: desk.Place | None, card: desk.Card | None = None) -> dict[str, str] | None:
    """Who the screen greets; a walk-in is greeted by what the card says."""
    if place and place.trainee:
        return {"name": place.trainee.name, "number": str(place.trainee.number)}
    return {"name": card.name, "number": ""} if card else None


def _in_words(moment: datetime, now: datetime) -> str:
    """`08:00` today, `03-14 08:00` on another day."""
    local = moment.astimezone(ZONE)
    return f"{local:%H:%M}" if local.date() == now.astimezone(ZONE).date() else f"{local:%m-%d %H:%M}"
