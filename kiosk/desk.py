"""What the desk decides, as plain functions: no thread, no disk, no clock.

A card comes in, one of four answers goes out: show something, look at the face first, ask a
person, or record and show. The runner in `station.py` carries the answers out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from kiosk.envelope import CardUsed, Enrolled, FaceResult, WitnessReason, WitnessSaid
from kiosk.idcard import numbers
from kiosk.package import Lesson, Package, Trainee, TrainingSession

Done = Mapping[int, frozenset[str]]
"""What somebody did on this station: kinds of event by lesson; `check` only of the check that is on."""

TokensGiven = Mapping[str, Mapping[str, int]]
"""By session code: keyed hash of a token to the enrolment it was given to."""

TWO_WITNESSES = 2
"""So many a session must name before signing in without a card takes two of them."""

SIGN_OUT_GRACE = timedelta(minutes=15)
"""At least so long after a lesson its sign-out stays open, even with the next one at the door."""
SIGN_OUT_LATEST = timedelta(hours=6)
"""At most so long after: a card laid tomorrow is tomorrow's."""
RECORDED_ALREADY = ("already_in", "already_out", "check_answered_already")
PHOTO_AROUND = timedelta(minutes=30)
"""A class photo belongs to a lesson from so long before it to so long after it."""


@dataclass(frozen=True)
class Check:
    """随堂抽查: everybody who is in is asked to lay their card again."""

    lesson: Lesson
    opens_at: datetime
    closes_at: datetime


Checks = Mapping[str, Check]
"""The checks that are on, by session code."""
NO_CHECKS: Checks = MappingProxyType({})


@dataclass(frozen=True)
class Due:
    """What a card laid now would mean."""

    kind: Literal["sign_in", "sign_out", "check"]
    lesson: Lesson


@dataclass(frozen=True)
class NotDue:
    """Nothing to record, and why: a code of `messages.py`."""

    code: str
    lesson: Lesson | None = None


@dataclass(frozen=True)
class Place:
    """Where a card belongs: a session, and the roster row unless it is a walk-in's."""

    session: TrainingSession
    trainee: Trainee | None
    subject: str


@dataclass(frozen=True)
class Card:
    """What the desk needs of a card; in memory only. `used` is None when its number was typed."""

    used: CardUsed | None
    number: str = field(repr=False)
    name: str = field(repr=False)
    expired: bool = False
    photo: bytes = field(default=b"", repr=False)
    """The chip's photo as it comes, where this station can decode it; none otherwise."""


@dataclass(frozen=True)
class Draft:
    """An event before it is numbered, timed and signed."""

    kind: Literal["sign_in", "sign_out", "check", "attempt"]
    place: Place
    lesson: Lesson
    method: Literal["card", "card+face", "witness"] | None
    card: Card | None = None
    face: FaceResult | None = None
    witness: WitnessSaid | None = None

    @property
    def person(self) -> Enrolled | None:
        """None for a walk-in: the card's data is sealed instead."""
        return Enrolled(enrolment=self.place.trainee.enrolment) if self.place.trainee else None


@dataclass(frozen=True)
class Show:
    """Nothing to record."""

    code: str
    place: Place | None = None
    lesson: Lesson | None = None


@dataclass(frozen=True)
class Look:
    """Compare the face with the portrait or the card's photo, then come back with `after_look`."""

    draft: Draft


@dataclass(frozen=True)
class Turn:
    """Ask for a turn of the head, then come back with `after_look`."""

    draft: Draft


@dataclass(frozen=True)
class Ask:
    """A person decides, then come back with `after_witness`."""

    draft: Draft
    code: str


@dataclass(frozen=True)
class Record:
    """Write it down, and only then show it."""

    draft: Draft
    code: str
    note: str | None = None


Decision = Show | Look | Turn | Ask | Record

ACCEPTED = {"sign_in": "signed_in", "sign_out": "signed_out", "check": "check_answered"}
"""What the screen says of what was recorded."""


def sign_out_closes(session: TrainingSession, lesson: Lesson) -> datetime:
    """When a card stops meaning this lesson's sign-out: the next sign-in opens, or evening comes."""
    following = [other.starts_at for other in session.lessons if other.starts_at > lesson.starts_at]
    latest = lesson.ends_at + SIGN_OUT_LATEST
    next_opens = min(following, default=latest + session.sign_in_opens) - session.sign_in_opens
    return min(latest, max(next_opens, lesson.ends_at + SIGN_OUT_GRACE))


def check_on(session: TrainingSession, now: datetime, by_hand: Mapping[int, datetime]) -> Check | None:
    """The check that is on in this session: drawn by the server, or started by a witness (`by_hand`).

    Where both are, the one that began later: who answered the first is asked again.
    """
    length = timedelta(minutes=session.check_minutes)
    begun = [
        (opens_at, lesson)
        for lesson in session.lessons
        for opens_at in (lesson.check_at, by_hand.get(lesson.id))
        if opens_at and opens_at <= now < opens_at + length
    ]
    if not begun:
        return None
    opens_at, lesson = max(begun, key=lambda pair: pair[0])
    return Check(lesson, opens_at, opens_at + length)


def checks_on(
    sessions: Iterable[TrainingSession], now: datetime, by_hand: Mapping[int, datetime]
) -> dict[str, Check]:
    """The checks that are on, by session code."""
    found = {session.code: check_on(session, now, by_hand) for session in sessions}
    return {code: check for code, check in found.items() if check}


def with_answer(done: Done, check: Check, *, answered: bool) -> Done:
    """`done` with `check` only if this one was answered: an earlier check of the lesson is another."""
    kinds = done.get(check.lesson.id, frozenset()) - {"check"}
    return {**done, check.lesson.id: kinds | {"check"} if answered else kinds}


def due(session: TrainingSession, done: Done, now: datetime, check: Check | None = None) -> Due | NotDue:
    """What a card laid now means to somebody who did `done` so far; `check` is this session's, if one is on."""
    if check and _is_asked(done.get(check.lesson.id, frozenset())):
        return Due("check", check.lesson)
    answer = _due_by_hour(session, done, now)
    if check and answer == NotDue("already_in", check.lesson):
        return NotDue("check_answered_already", check.lesson)
    return answer


def _is_asked(kinds: frozenset[str]) -> bool:
    """Somebody signed in and not out answers once."""
    return "sign_in" in kinds and not kinds & {"sign_out", "check"}


def _due_by_hour(session: TrainingSession, done: Done, now: datetime) -> Due | NotDue:
    answer: Due | NotDue | None = None
    for lesson in session.in_order():
        answer = _due_in(session, lesson, done.get(lesson.id, frozenset()), now)
        if isinstance(answer, Due) or (answer and answer.code == "already_in"):
            return answer
    return _between(session, done, now)


def _due_in(
    session: TrainingSession, lesson: Lesson, kinds: frozenset[str], now: datetime
) -> Due | NotDue | None:
    """The answer of one lesson; None when it has nothing to say now."""
    if "sign_out" in kinds:
        return None
    if "sign_in" in kinds:
        if lesson.ends_at - session.sign_out_opens <= now < sign_out_closes(session, lesson):
            return Due("sign_out", lesson)
        return NotDue("already_in", lesson) if now < lesson.ends_at else None
    opens = lesson.starts_at - session.sign_in_opens
    return Due("sign_in", lesson) if opens <= now < lesson.ends_at else None


def _between(session: TrainingSession, done: Done, now: datetime) -> NotDue:
    """No lesson takes a card now: say which is the next, or that it is over."""
    lessons = session.in_order()
    coming = [lesson for lesson in lessons if now < lesson.starts_at - session.sign_in_opens]
    over = [lesson for lesson in lessons if now - SIGN_OUT_LATEST <= lesson.ends_at and lesson not in coming]
    if over and "sign_out" in done.get(over[-1].id, frozenset()):
        return NotDue("already_out", over[-1])
    if over:
        return NotDue("lesson_over", over[-1])
    return NotDue("too_early", coming[0]) if coming else NotDue("session_over")


def current(sessions: Iterable[TrainingSession], now: datetime) -> tuple[TrainingSession, Lesson] | None:
    """The lesson the screen speaks of: the one that takes cards now, else the next, else the last."""
    pairs = [(session, lesson) for session in sessions for lesson in session.in_order()]
    return min(pairs, key=lambda pair: _distance(pair[0], pair[1], now), default=None)


def _distance(session: TrainingSession, lesson: Lesson, now: datetime) -> tuple[int, timedelta]:
    if lesson.starts_at <= now < lesson.ends_at:
        return 0, now - lesson.starts_at
    if lesson.starts_at - session.sign_in_opens <= now < sign_out_closes(session, lesson):
        return 1, abs(now - (lesson.starts_at if now < lesson.starts_at else lesson.ends_at))
    if now < lesson.starts_at:
        return 2, lesson.starts_at - now
    return 3, now - lesson.ends_at


def photo_lesson(sessions: Iterable[TrainingSession], now: datetime) -> tuple[TrainingSession, Lesson] | None:
    """The lesson, or the job fair, that a photo taken now belongs to."""
    found = current(sessions, now)
    if found and found[1].starts_at - PHOTO_AROUND <= now <= found[1].ends_at + PHOTO_AROUND:
        return found
    return None


def read_number(typed: str) -> str | None:
    """The card number somebody typed, in the form cards carry it; None when its check digit is wrong."""
    number = "".join(unicodedata.normalize("NFKC", typed).split()).replace("-", "").upper()
    with suppress(ValueError):
        number = numbers.upgrade_number(number)
    known = numbers.is_resident_number(number) or numbers.is_foreigner_number_2017(number)
    return number if known else None


def token_hash(session: TrainingSession, token: str) -> str:
    """The keyed hash a token card goes by in this session; no number of a card can have the same."""
    return session.match(f"token:{token}")


def tokens_given(
    session: TrainingSession, bound: Iterable[tuple[str, int]], *, newer: Iterable[tuple[str, int]] = ()
) -> dict[str, int]:
    """Whose token is whose: what the station bound before, under the package, under what is `newer` than it.

    Within each the later binding of a token wins.
    """
    packaged = {token: trainee.enrolment for trainee in session.roster for token in trainee.tokens}
    return dict(bound) | packaged | dict(newer)


def places_of_token(package: Package, token: str, given: TokensGiven) -> list[Place]:
    """Every roster row this token was given to."""
    found = [
        (session, given.get(session.code, {}).get(token_hash(session, token))) for session in package.sessions
    ]
    return [
        Place(session, trainee, str(trainee.enrolment))
        for session, enrolment in found
        for trainee in session.roster
        if trainee.enrolment == enrolment
    ]


def places(package: Package, number: str, now: datetime) -> list[Place]:
    """Every roster this card is on, and the walk-in's place at a job fair that is on; if none, the walk-in's
    place in the session of the moment.
    """
    matched = [(session, session.match(number)) for session in package.sessions]
    known = [
        Place(session, trainee, str(trainee.enrolment))
        for session, match in matched
        if (trainee := session.by_match.get(match))
    ]
    known += [
        Place(session, None, match)
        for session, match in matched
        if session.fair and match not in session.by_match and _is_on(session, now)
    ]
    here = current(package.sessions, now)
    return known or [Place(here[0], None, here[0].match(number))] if here else known


def _is_on(session: TrainingSession, now: datetime) -> bool:
    """Whether the desk takes cards for one of its lessons."""
    return any(
        lesson.starts_at - session.sign_in_opens <= now < sign_out_closes(session, lesson)
        for lesson in session.lessons
    )


def admit(
    card: Card,
    choices: Iterable[tuple[Place, Done]],
    *,
    portraits: frozenset[int],
    can_see: bool,
    now: datetime,
    checks: Checks = NO_CHECKS,
) -> Decision:
    """Somebody laid a card.

    `portraits`: enrolments with a template here; `can_see`: the camera gives fresh pictures and
    the face model is loaded.
    """
    draft = _draft(choices, now, checks, card)
    if isinstance(draft, Show):
        return draft
    if can_see and _face_is_agreed(draft.place, portraits, card):
        return Look(draft)
    return accept(draft)


def _draft(
    choices: Iterable[tuple[Place, Done]], now: datetime, checks: Checks, card: Card | None
) -> Draft | Show:
    """What a visit would record, in the first place where something is due; or why nothing."""
    answers = [
        (place, due(place.session, done, now, checks.get(place.session.code))) for place, done in choices
    ]
    if not answers:
        return Show("no_session")
    place, answer = next((pair for pair in answers if isinstance(pair[1], Due)), answers[0])
    if isinstance(answer, NotDue):
        recorded_walk_in = (
            place.trainee is None and not place.session.fair and answer.code in RECORDED_ALREADY
        )
        return Show("walk_in" if recorded_walk_in else answer.code, place, answer.lesson)
    return Draft(answer.kind, place, answer.lesson, "card", card)


def _face_is_agreed(place: Place, portraits: frozenset[int], card: Card) -> bool:
    """Programme and trainee say yes and there is a face to compare with; else the card is as good as any way."""
    trainee = place.trainee
    return (
        trainee is not None
        and place.session.face.enabled
        and trainee.face_consent
        and (trainee.enrolment in portraits or bool(card.photo))
    )


def accept(draft: Draft) -> Record:
    """Record it and say so; at a job fair everybody is as welcome as those who were invited."""
    if draft.place.trainee is None and not draft.place.session.fair:
        return Record(draft, "walk_in")
    return Record(draft, ACCEPTED[draft.kind], "card_expired" if draft.card and draft.card.expired else None)


def without_face(draft: Draft) -> Record:
    """The trainee would rather not be looked at: the card is as good, and what was seen is forgotten."""
    return accept(replace(draft, face=None))


def after_look(draft: Draft, face: FaceResult | None, *, chance: float) -> Decision:
    """The comparison is over; None means that no lone face was seen in time.

    `chance` is drawn evenly from [0, 1): a person looks again at the programme's share of those who pass.
    """
    if face is None:
        return Ask(draft, "witness_unseen")
    seen, policy = replace(draft, face=face), draft.place.session.face
    if face.band != "pass":
        return Ask(seen, "witness_face")
    if policy.challenge and face.challenge is None:
        return Turn(seen)
    if face.challenge == "failed":
        return Ask(seen, "witness_turn")
    if chance < policy.second_look:
        return Ask(seen, "second_look")
    return accept(replace(seen, method="card+face"))


def after_witness(draft: Draft, witness: int, *, allow: bool) -> Record:
    """A person decided; a refusal is evidence too."""
    decided = replace(draft, witness=WitnessSaid(id=witness, reason=why_asked(draft)))
    if allow:
        return accept(replace(decided, method="witness"))
    return Record(replace(decided, kind="attempt"), "not_confirmed")


def why_asked(draft: Draft) -> WitnessReason:
    """Why a person had to look at somebody whose card was read."""
    if draft.face is None:
        return "face_unseen"
    return "second_look" if draft.face.band == "pass" else "face_differs"


def abandon(draft: Draft) -> Record:
    """Nobody decided: what was seen is kept, as an attempt and not as an attendance."""
    return Record(replace(draft, kind="attempt"), "not_confirmed")


def needs_two(session: TrainingSession) -> bool:
    """Whether somebody without a card needs four eyes here."""
    return len(session.witnesses) >= TWO_WITNESSES


def vouch(
    choices: Iterable[tuple[Place, Done]],
    said: WitnessSaid,
    now: datetime,
    *,
    checks: Checks = NO_CHECKS,
    card: Card | None = None,
) -> Decision:
    """Witnesses sign somebody in or out, or answer a check, without a card that could be read."""
    draft = _draft(choices, now, checks, card)
    return draft if isinstance(draft, Show) else accept(replace(draft, method="witness", witness=said))
