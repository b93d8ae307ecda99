"""What the server sends a station beforehand, so that class days need no network.

It holds no identity number: a card is found by a keyed hash that only this session's key makes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Literal, Self, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError


class PackageError(Exception):
    """The server's package isn't one; the station goes on with the one it has."""


class _Part(BaseModel):
    # A newer server may say more than this station knows.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Face(_Part):
    """Distances, smaller is more alike. Off unless the programme says otherwise."""

    enabled: bool = False
    pass_below: float = Field(default=0.40, gt=0, lt=1)
    ask_below: float = Field(default=0.50, gt=0, lt=1)
    challenge: bool = False
    """Whether to ask for a turn of the head."""
    second_look: float = Field(default=0.0, ge=0, le=1)
    """The share of passed comparisons that a person looks at all the same, by chance."""


class Witness(_Part):
    """Somebody who may vouch for a trainee."""

    id: int
    name: str
    post: str = ""
    pin: str

    def knows(self, pin: str) -> bool:
        """Whether this is the witness's PIN. Slow on purpose."""
        return pin_matches(pin, self.pin)


class Lesson(_Part):
    """课次: one block at one place."""

    id: int
    sequence: int
    on: date
    half_day: Literal["am", "pm"]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    topic: str
    instructor: str = ""
    venue: str = ""
    check_at: AwareDatetime | None = None
    """When everybody present is asked to lay their card again; drawn by the server, told to nobody."""


class Trainee(_Part):
    """A row of the roster; `tokens` are keyed hashes of cards that were given to this trainee."""

    enrolment: int
    number: int
    name: str
    match: str
    face_consent: bool = False
    tokens: tuple[str, ...] = ()


class TrainingSession(_Part):
    """期, as the desk needs it."""

    code: str
    title: str
    institution: str = ""
    match_key: str
    fair: bool = False
    """A job fair, told as a session of one lesson: everybody's card is welcome, and nobody is vouched for."""
    face: Face = Face()
    sign_in_opens_minutes: int = 60
    sign_out_opens_minutes: int = 30
    check_minutes: int = 10
    witnesses: tuple[Witness, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    roster: tuple[Trainee, ...] = ()

    def match(self, number: str) -> str:
        """The keyed hash under which a card's number stands on this roster."""
        key = base64.b64decode(self.match_key)
        return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()

    @cached_property
    def by_match(self) -> dict[str, Trainee]:
        """The roster by keyed hash."""
        return {trainee.match: trainee for trainee in self.roster}

    @property
    def sign_in_opens(self) -> timedelta:
        """How long before a lesson the desk takes arrivals."""
        return timedelta(minutes=self.sign_in_opens_minutes)

    @property
    def sign_out_opens(self) -> timedelta:
        """How long before a lesson's end the desk lets people go."""
        return timedelta(minutes=self.sign_out_opens_minutes)

    def in_order(self) -> list[Lesson]:
        """The lessons by time."""
        return sorted(self.lessons, key=lambda lesson: (lesson.starts_at, lesson.sequence))


Permission = Literal["witness", "portrait", "photo", "bind"]
"""What a station may do besides taking cards."""


class StationName(_Part):
    """What the server calls this station, and what it may do."""

    id: UUID
    name: str
    institution: str = ""
    may: frozenset[str] = frozenset(get_args(Permission))


class Programme(_Part):
    """Whose money it is; the mark and the supervision phones must be seen at the door."""

    code: str
    name: str
    mark_text: str = ""
    phones: tuple[str, ...] = ()


class Package(_Part):
    """Everything the desk needs for the coming days."""

    version: str
    station: StationName
    programme: Programme
    sessions: tuple[TrainingSession, ...] = ()

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Raises PackageError."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise PackageError(f"{first['loc']}: {first['msg']}") from error

    def enrolment(self, number: int) -> tuple[TrainingSession, Trainee] | None:
        """The roster row with this enrolment, and whose session it is; the list of a job fair is no roster."""
        rows = (
            (session, trainee) for session in self.sessions if not session.fair for trainee in session.roster
        )
        return next((row for row in rows if row[1].enrolment == number), None)

    def consenting(self) -> set[int]:
        """Enrolments whose portrait this station may hold: consent stands and the session is here."""
        return {
            trainee.enrolment
            for session in self.sessions
            if session.face.enabled
            for trainee in session.roster
            if trainee.face_consent
        }


def witness_by_pin(sessions: Sequence[TrainingSession], pin: str) -> Witness | None:
    """The witness of these sessions who has this PIN."""
    witnesses = {witness.id: witness for session in sessions for witness in session.witnesses}
    return next((witness for witness in witnesses.values() if witness.knows(pin)), None)


def pin_matches(pin: str, encoded: str) -> bool:
    """Check a PIN against Django's `pbkdf2_sha256$iterations$salt$hash`; anything else is no match."""
    try:
        algorithm, iterations, salt, expected = encoded.split("$")
        digest = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt.encode(), int(iterations))
    except ValueError:
        return False
    return algorithm == "pbkdf2_sha256" and hmac.compare_digest(base64.b64encode(digest).decode(), expected)
