"""The sign-in desk at work: carries out what `desk.py` decides, one visit at a time.

Everything that happens, a card, a face, a witness, a minute gone by, comes in through one lock;
everything the screen shows comes out of `state()`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kiosk import desk
from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.envelope import CardUsed, Enrolled, WitnessReason, WitnessSaid, seal_card
from kiosk.face import MODEL, Against, Direction, FaceError, FaceModel, Template
from kiosk.idcard.dialogue import (
    CardFound,
    CardRead,
    CardRemoved,
    CardUnreadable,
    ReaderEvent,
    ReaderFault,
    ReaderReady,
    TokenRead,
)
from kiosk.idcard.photo import PhotoDecoder, PhotoError
from kiosk.idcard.tokens import TokenError, TokenFormat, normalise
from kiosk.journal import Identity, Journal, Portrait
from kiosk.looking import Lookout, Sighting
from kiosk.messages import Message, advise, say
from kiosk.package import Package, TrainingSession, Witness
from kiosk.pins import PinError
from kiosk.screen import ZONE, Screen, greeting, in_words
from kiosk.staff import StaffDesk
from kiosk.store import JournalError
from kiosk.uplink import Uplink
from kiosk.voice import Voice

WITNESS_SECONDS = 60.0
"""So long a visit waits for a person; then it is kept as an attempt."""
GIVE_SECONDS = 60.0
"""So long the card that is to be given to somebody is waited for."""
LOOK_SECONDS = 4.0
TURN_SECONDS = 5.0
"""So long somebody has to turn the head as asked."""


@dataclass(frozen=True)
class Giving:
    """A witness is about to give somebody a token card."""

    place: desk.Place
    witness: int


class Station(StaffDesk):
    """One enrolled station, or one that waits to be. Methods may be called from any thread.

    `connect` makes the uplink of a machine that is enrolled at the screen; `wedge` is what a keyboard
    reader of token cards types.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        camera: Camera,
        *,
        model: FaceModel | None = None,
        uplink: Uplink | None = None,
        has_reader: bool = False,
        connect: Callable[[Identity], Uplink] | None = None,
        voice: Voice | None = None,
        wedge: TokenFormat = "decimal",
        photos: PhotoDecoder | None = None,
    ) -> None:
        super().__init__(
            journal,
            clock,
            camera,
            model=model,
            uplink=uplink,
            has_reader=has_reader,
            connect=connect,
            voice=voice,
        )
        self._wedge = wedge
        self._lookout = Lookout(model, camera) if model else None
        self._photos = photos
        self._looks = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._present: str | None = None
        self._giving: Giving | None = None
        self._publish()

    def stop(self) -> None:
        """End; whatever was recorded is on the disk already."""
        super().stop()
        self._looks.shutdown(cancel_futures=True)

    def _time_is_up(self) -> None:
        self._abandon()

    # Cards

    def on_reader_event(self, event: ReaderEvent) -> None:
        """What a reader's thread reports."""
        with self._lock:
            if isinstance(event, CardRead):
                self._on_card(event)
            elif isinstance(event, TokenRead):
                self._on_token(event.token)
            elif isinstance(event, CardRemoved):
                self._present = None
            elif isinstance(event, CardUnreadable):
                self._tell(replace(say("card_unreadable"), next_zh=event.message, next_en=event.message_en))
            elif isinstance(event, ReaderFault | ReaderReady):
                self._on_reader(event)
            self._watch(event)
            self._publish()

    def _on_card(self, event: CardRead) -> None:
        card = event.card
        if card.number == self._present:
            return  # left lying; the reader found it again
        self._present = card.number
        now = self._clock.now()
        used = CardUsed(type=card.card_type, sam_id=event.sam_id)
        expired = card.is_expired(now.astimezone(ZONE).date())
        photo = card.photo if self._reads_photos else b""
        self.admit(desk.Card(used, card.number, card.name, expired, photo))

    def admit(self, card: desk.Card) -> None:
        """Somebody laid a card; whoever was being decided before them is kept as an attempt."""
        self._admit(card, lambda package: desk.places(package, card.number, self._clock.now()))

    def _admit(self, card: desk.Card, find: Callable[[Package], Sequence[desk.Place]]) -> None:
        with self._lock:
            if self._waiting and self._waiting.card and self._waiting.card.number == card.number:
                return
            self._abandon()
            package = self._journal.package
            if self._identity is None or package is None:
                self._screen = None
                self._publish()
                return
            self._carry_out(self._decide(card, find(package), package))

    def _decide(self, card: desk.Card, places: Sequence[desk.Place], package: Package) -> desk.Decision:
        checks = self._checks(package)
        return desk.admit(
            card,
            [(place, self._done(place, checks)) for place in places],
            portraits=frozenset(self._journal.portraits()),
            can_see=self._face_state() == "ready" and self._camera.state == "live",
            now=self._clock.now(),
            checks=checks,
        )

    def _done(self, place: desk.Place, checks: desk.Checks) -> desk.Done:
        """What this person did so far; of checks, only whether they answered the one that is on."""
        done = self._journal.history(place.session.code, place.subject)
        check = checks.get(place.session.code)
        if check is None:
            return done
        answered = place.subject in self._journal.answered(check.lesson.id, check.opens_at)
        return desk.with_answer(done, check, answered=answered)

    def _carry_out(self, decision: desk.Decision) -> Message:
        if isinstance(decision, desk.Record):
            return self._record_visit(decision)
        if isinstance(decision, desk.Show):
            return self._tell(self._explain(decision), greeting(decision.place))
        self._waiting = decision.draft
        person = greeting(decision.draft.place)
        if isinstance(decision, desk.Ask):
            return self._show(
                Screen("witness", say(decision.code), person, until=time.monotonic() + WITNESS_SECONDS)
            )
        if isinstance(decision, desk.Turn):
            return self._ask_to_turn(decision.draft)
        self._looks.submit(self._look, decision.draft, self._lookout.seen if self._lookout else None)
        return self._show(Screen("look", say("look"), person, until=time.monotonic() + 2 * LOOK_SECONDS))

    def _explain(self, shown: desk.Show) -> Message:
        session, lesson = shown.place.session if shown.place else None, shown.lesson
        if session is None or lesson is None:
            return say(shown.code)
        return say(
            shown.code,
            opens_at=in_words(lesson.starts_at - session.sign_in_opens, self._clock.now()),
            sign_out_at=in_words(lesson.ends_at - session.sign_out_opens, self._clock.now()),
        )

    def _record_visit(self, decision: desk.Record) -> Message:
        """On the disk first, on the screen second."""
        self._waiting = None
        try:
            self._record_draft(decision.draft)
        except JournalError:
            return self._tell_not_recorded(greeting(decision.draft.place))
        note = say(decision.note) if decision.note else None
        return self._tell(say(decision.code), greeting(decision.draft.place, decision.draft.card), note)

    def _abandon(self) -> None:
        """Somebody else's turn: a visit nobody decided is kept as an attempt, a card not given is not given."""
        self._giving = None
        if self._waiting is not None:
            decision = desk.abandon(self._waiting)
            self._waiting = None
            try:
                self._record_draft(decision.draft)
            except JournalError:
                self._tell_not_recorded()

    def without_face(self) -> Message:
        """Whoever is asked to look at the camera goes on by card; nobody asks why."""
        with self._lock:
            if self._waiting is None or self._screen is None or self._screen.name != "look":
                return say("nobody_waiting")
            return self._carry_out(desk.without_face(self._waiting))

    # Token cards

    def type_token(self, text: str) -> Message:
        """What a keyboard reader typed; of what is no token nothing is kept."""
        try:
            token = normalise(text, self._wedge)
        except TokenError as error:
            words = error.wording
            return self._tell(replace(say("token_wrong"), next_zh=words.chinese, next_en=words.english))
        return self._on_token(token)

    def _on_token(self, token: str) -> Message:
        """Somebody signs in by it, or it is what a witness is about to give."""
        with self._lock:
            if self._giving:
                giving, self._giving = self._giving, None
                return self._give(giving, token)
            package = self._journal.package
            places = desk.places_of_token(package, token, self._tokens(package)) if package else []
            if not places:
                self._abandon()
                return self._tell(say("token_unknown"))
            self._admit(desk.Card(CardUsed(type="token", sam_id=""), token, ""), lambda _package: places)
            return self._screen.message if self._screen else say("token_unknown")

    def _tokens(self, package: Package) -> desk.TokensGiven:
        bound = self._journal.bound
        return {
            session.code: desk.tokens_given(
                session, bound(session.code, newer=False), newer=bound(session.code, newer=True)
            )
            for session in package.sessions
        }

    def give_token(self, enrolment: int, pin: str) -> Message:
        """A witness gives a trainee the token card that is presented next."""
        return self._as_witness(
            pin, lambda witness, package: self._await_token(enrolment, witness, package), may="bind"
        )

    def _await_token(self, enrolment: int, witness: Witness, package: Package) -> Message:
        place = _place(package, enrolment)
        if place is None:
            return say("enrolment_unknown")
        with self._lock:
            self._abandon()
            self._giving = Giving(place, witness.id)
            until = time.monotonic() + GIVE_SECONDS
            return self._show(Screen("give", say("token_awaited"), greeting(place), until=until))

    def _give(self, giving: Giving, token: str) -> Message:
        place = giving.place
        fields = {
            "kind": "bind",
            "session": place.session.code,
            "person": Enrolled(enrolment=int(place.subject)),
            "witness": WitnessSaid(id=giving.witness),
            "token": desk.token_hash(place.session, token),
        }
        try:
            self._record(fields, subject=place.subject)
        except JournalError:
            return self._tell_not_recorded(greeting(place))
        return self._tell(say("token_given"), greeting(place))

    # Faces

    def _watch(self, event: ReaderEvent) -> None:
        """Look for a face from the moment a card is found until somebody knows whose card it is."""
        if self._lookout is None:
            return
        if isinstance(event, CardFound) and self._compares_anybody():
            self._lookout.begin()
        else:
            self._lookout.end()

    def _compares_anybody(self) -> bool:
        """Whether it may come to a comparison at all; else nobody need be looked for."""
        package = self._journal.package
        enabled = package is not None and any(session.face.enabled for session in package.sessions)
        return enabled and (self._reads_photos or bool(self._journal.portraits()))

    def _look(self, draft: desk.Draft, seen: Sighting | None) -> None:
        """In its own thread; `seen` is who stood there while the card was read."""
        known = self._known(draft)
        if known is None or self._lookout is None:
            return self._go_on(draft, desk.accept(draft))
        template, against = known
        policy, tell = draft.place.session.face, partial(self._hint, draft)
        face = self._lookout.look(template, policy, tell, against=against, first=seen, within=LOOK_SECONDS)
        return self._go_on(draft, desk.after_look(draft, face, chance=_draw()))

    def _known(self, draft: desk.Draft) -> tuple[Template, Against] | None:
        """What to compare with: the portrait enrolled here, else the photo of the card's chip; None: neither.

        The chip's photo is decoded and measured for this visit only and kept nowhere.
        """
        trainee, card = draft.place.trainee, draft.card
        if trainee and (portrait := self._journal.portrait(trainee.enrolment)):
            return portrait.template, "portrait"
        if card and card.photo and self._photos and self._model:
            with suppress(PhotoError, FaceError):
                return self._model.template_of_chip(self._photos.decode(card.photo)), "chip"
        return None

    def _go_on(self, draft: desk.Draft, decision: desk.Decision) -> None:
        with self._lock:
            if self._waiting is draft:  # otherwise the next card came first
                self._carry_out(decision)

    def _hint(self, draft: desk.Draft, code: str | None) -> bool:
        """Say what to do for a better picture while the person looks; False when the visit is over."""
        with self._lock:
            if self._waiting is not draft or self._screen is None or self._stop.is_set():
                return False
            note = advise(code) if code else None
            if self._screen.note != note:
                self._show(replace(self._screen, note=note))
            return True

    def _ask_to_turn(self, draft: desk.Draft) -> Message:
        direction: Direction = secrets.choice(("left", "right"))
        self._looks.submit(self._watch_turn, draft, direction)
        until = time.monotonic() + 2 * TURN_SECONDS
        return self._show(Screen("look", say(f"turn_{direction}"), greeting(draft.place), until=until))

    def _watch_turn(self, draft: desk.Draft, direction: Direction) -> None:
        """In its own thread."""
        if draft.face is None or self._lookout is None:
            return
        turned = self._lookout.turned(direction, partial(self._hint, draft), within=TURN_SECONDS)
        face = draft.face.model_copy(update={"challenge": "passed" if turned else "failed"})
        self._go_on(draft, desk.after_look(draft, face, chance=_draw()))

    def _chip_photo_state(self) -> dict[str, Any]:
        """Whether the card's own photo can be compared, and a line about it where faces matter at all."""
        message = say("chip_photo_on" if self._reads_photos else "chip_photo_off").as_json()
        matters = self._face_state() != "off"
        return {"chip_photo": self._reads_photos, "chip_photo_message": message if matters else None}

    @property
    def _reads_photos(self) -> bool:
        """Whether there is a decoder for the chip's photo, and it works."""
        return self._photos is not None and not self._photos.trouble

    def enrol_portrait(self, enrolment: int, pin: str) -> Message:
        """Make the template of a trainee who agreed; a witness stands by. No picture is kept."""
        return self._as_witness(
            pin,
            lambda witness, package: self._enrol_portrait(enrolment, witness, package),
            may="portrait",
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
        if self._lookout is None or not self._lookout.can_see:
            return say(f"camera_{self._camera.state}" if self._camera.state != "live" else "face_loading")
        try:
            template = self._lookout.portrait(within=LOOK_SECONDS)
        except FaceError as error:
            return say(error.code)
        portrait, said = Portrait(template, MODEL), WitnessSaid(id=witness.id)
        if not self._journal.keep_portrait(enrolment, portrait, self._clock, said):
            return say("portrait_no_consent")
        self._wake_uplink()
        return say("portrait_saved")

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

    def vouch(
        self,
        enrolment: int,
        pin: str,
        *,
        reason: WitnessReason,
        second_pin: str = "",
        assisted: bool = False,
    ) -> Message:
        """Sign a trainee in or out, or answer a check, without a card: two witnesses where there are two."""

        def act(witness: Witness, package: Package) -> Message:
            place = _place(package, enrolment)
            if place is None:
                return self._tell(say("enrolment_unknown"))
            second = self._second(place.session, witness, second_pin)
            said = WitnessSaid(id=witness.id, second=second, reason=reason, assisted=assisted)
            return self._vouch([place], said, package)

        return self._as_witness(pin, act, may="witness")

    def vouch_by_number(
        self, number: str, pin: str, *, second_pin: str = "", assisted: bool = False
    ) -> Message:
        """The same for somebody whose card can't be read: its number is typed, and kept nowhere."""
        read = desk.read_number(number)
        if read is None:
            return say("number_wrong")

        def act(witness: Witness, package: Package) -> Message:
            found = desk.places(package, read, self._clock.now())
            places = [place for place in found if not place.session.fair]
            if not places:
                return self._tell(say("no_session"))
            second = self._second(places[0].session, witness, second_pin)
            said = WitnessSaid(id=witness.id, second=second, reason="card_unreadable", assisted=assisted)
            return self._vouch(places, said, package, desk.Card(None, read, ""))

        return self._as_witness(pin, act, may="witness")

    def _vouch(
        self,
        places: Sequence[desk.Place],
        said: WitnessSaid,
        package: Package,
        card: desk.Card | None = None,
    ) -> Message:
        with self._lock:
            self._abandon()
            checks = self._checks(package)
            choices = [(place, self._done(place, checks)) for place in places]
            return self._carry_out(desk.vouch(choices, said, self._clock.now(), checks=checks, card=card))

    def _second(self, session: TrainingSession, first: Witness, pin: str) -> int | None:
        """The other witness, where the session has more than one; raises PinError."""
        if not desk.needs_two(session):
            return None
        if not pin:
            raise PinError(say("second_needed"))
        second = self._pins.witness([session], pin)
        if second.id == first.id:
            raise PinError(say("second_same"))
        return second.id

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
            "witness": draft.witness,
        }
        self._record(fields, subject=draft.place.subject)

    def _seal(self, card: desk.Card | None) -> Any:
        """A walk-in's number and name, and whether it was typed, for the server's eyes only."""
        if card is None or self._identity is None:
            return None
        card_type = card.used.type if card.used else "typed"
        data = {"number": card.number, "name": card.name, "card_type": card_type}
        return seal_card(data, self._identity.sealing)


def _place(package: Package, enrolment: int) -> desk.Place | None:
    """The roster row with this enrolment."""
    row = package.enrolment(enrolment)
    return desk.Place(*row, str(enrolment)) if row else None


def _draw() -> float:
    """Evenly from [0, 1), and nobody at the desk can guess it."""
    return secrets.SystemRandom().random()
