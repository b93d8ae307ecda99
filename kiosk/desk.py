"""What the desk decides, as plain functions: no thread, no disk, no clock.

A card comes in, one of four answers goes out: show something, look at the face first, ask a
person, or record and show. The runner in `station.py` carries the answers out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from kiosk.envelope import CardUsed, Enrolled, FaceResult
from kiosk.package import Lesson, Package, Trainee, TrainingSession

Done = Mapping[int, frozenset[str]]
"""What somebody did on this station: kinds of event by lesson."""

SIGN_OUT_GRACE = timedelta(minutes=15)
"""At least so long after a lesson its sign-out stays open, even with the next one at the door."""
SIGN_OUT_LATEST = timedelta(hours=6)
"""At most so long after: a card laid tomorrow is tomorrow's."""
PHOTO_AROUND = timedelta(minutes=30)
"""A class photo belongs to a lesson from so long before it to so long after it."""


@dataclass(frozen=True)
class Due:
    """What a card laid now would mean."""

    kind: Literal["sign_in", "sign_out"]
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
    """What the desk needs of a card; in memory only."""

    used: CardUsed
    number: str = field(repr=False)
    name: str = field(repr=False)
    expired: bool = False


@dataclass(frozen=True)
class Draft:
    """An event before it is numbered, timed and signed."""

    kind: Literal["sign_in", "sign_out", "check"]
    place: Place
    lesson: Lesson
    method: Literal["card", "card+face", "witness"] | None
    card: Card | None = None
    face: FaceResult | None = None
    witness: int | None = None

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
    """Compare the face with the portrait, then come back with `after_look`."""

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


Decision = Show | Look | Ask | Record


def sign_out_closes(session: TrainingSession, lesson: Lesson) -> datetime:
    """When a card stops meaning this lesson's sign-out: the next sign-in opens, or evening comes."""
    following = [other.starts_at for other in session.lessons if other.starts_at > lesson.starts_at]
    latest = lesson.ends_at + SIGN_OUT_LATEST
    next_opens = min(following, default=latest + session.sign_in_opens) - session.sign_in_opens
    return min(latest, max(next_opens, lesson.ends_at + SIGN_OUT_GRACE))


def due(session: TrainingSession, done: Done, now: datetime) -> Due | NotDue:
    """What a card laid now means to somebody who did `done` so far."""
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
    """The lesson a class photo taken now belongs to."""
    found = current(sessions, now)
    if found and found[1].starts_at - PHOTO_AROUND <= now <= found[1].ends_at + PHOTO_AROUND:
        return found
    return None


def places(package: Package, number: str, now: datetime) -> list[Place]:
    """Every roster this card is on; if none, the walk-in's place in the session of the moment."""
    matched = [(session, session.match(number)) for session in package.sessions]
    known = [
        Place(session, trainee, str(trainee.enrolment))
        for session, match in matched
        if (trainee := session.by_match.get(match))
    ]
    here = current(package.sessions, now)
    return known or [Place(here[0], None, here[0].match(number))] if here else known


def admit(
    card: Card,
    choices: Iterable[tuple[Place, Done]],
    *,
    portraits: frozenset[int],
    can_see: bool,
    now: datetime,
) -> Decision:
    """Somebody laid a card.

    `portraits`: enrolments with a template here; `can_see`: the camera gives fresh pictures and
    the face model is loaded.
    """
    answers = [(place, due(place.session, done, now)) for place, done in choices]
    if not answers:
        return Show("no_session")
    place, answer = next((pair for pair in answers if isinstance(pair[1], Due)), answers[0])
    if isinstance(answer, NotDue):
        recorded_walk_in = place.trainee is None and answer.code in ("already_in", "already_out")
        return Show("walk_in" if recorded_walk_in else answer.code, place, answer.lesson)
    draft = Draft(answer.kind, place, answer.lesson, "card", card)
    if can_see and _face_is_agreed(place, portraits):
        return Look(draft)
    return accept(draft)


def _face_is_agreed(place: Place, portraits: frozenset[int]) -> bool:
    """Programme, trainee and portrait all say yes; otherwise the card is as good as any way."""
    trainee = place.trainee
    return (
        trainee is not None
        and place.session.face.enabled
        and trainee.face_consent
        and trainee.enrolment in portraits
    )


def accept(draft: Draft) -> Record:
    """Record it and say so."""
    if draft.place.trainee is None:
        return Record(draft, "walk_in")
    code = "signed_in" if draft.kind == "sign_in" else "signed_out"
    return Record(draft, code, "card_expired" if draft.card and draft.card.expired else None)


def after_look(draft: Draft, face: FaceResult | None) -> Decision:
    """The comparison is over; None means that no lone face was seen in time."""
    if face is None:
        return Ask(draft, "witness_unseen")
    seen = replace(draft, face=face)
    if face.band == "pass":
        return accept(replace(seen, method="card+face"))
    return Ask(seen, "witness_face")


def after_witness(draft: Draft, witness: int, *, allow: bool) -> Record:
    """A person decided; a refusal is evidence too."""
    decided = replace(draft, witness=witness)
    if allow:
        return accept(replace(decided, method="witness"))
    return Record(replace(decided, kind="check"), "not_confirmed")


def abandon(draft: Draft) -> Record:
    """Nobody decided: what was seen is kept, as a check and not as an attendance."""
    return Record(replace(draft, kind="check"), "not_confirmed")


def vouch(place: Place, done: Done, witness: int, now: datetime) -> Decision:
    """A witness signs somebody in or out without a card."""
    answer = due(place.session, done, now)
    if isinstance(answer, NotDue):
        return Show(answer.code, place, answer.lesson)
    return accept(Draft(answer.kind, place, answer.lesson, "witness", witness=witness))
