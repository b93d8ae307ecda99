"""A station's half of the ledger, for tests: real keys, real envelopes, the wire format's own code."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from uuid6 import uuid7

from kiosk.envelope import (
    EPOCH,
    GENESIS,
    CardUsed,
    Enrolled,
    Envelope,
    Event,
    PhotoTaken,
    WalkIn,
    encode_key,
    sign,
)
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.queries import actor_for
from training.attendance.ledger import Receipt, receive
from training.core import clock
from training.dossiers.attesting import attest_register
from training.dossiers.collecting import keep_station_photo
from training.dossiers.services import close_session
from training.enrolment.models import Enrolment
from training.scheduling.models import Lesson, TrainingSession
from training.stations.models import Station
from training.stations.services import at_work, enrol_station, issue_code

CARD = CardUsed(type="citizen", sam_id="05.03-20200000-0000000001-0000000001")
BOOT = UUID(int=1)


@dataclass
class Signer:
    """One enrolled station with its private key and the chain it has signed so far."""

    station: Station
    token: str
    key: Ed25519PrivateKey
    chain: list[Envelope] = field(default_factory=list)

    @property
    def head(self) -> str:
        return self.chain[-1].digest if self.chain else GENESIS


def enrol(county: Any, name: str = "一号终端") -> Signer:
    """A station of the county's institution, enrolled with a code from its bureau."""
    code = issue_code(county.institution.pk, station_name=name, actor=county.actor(Role.BUREAU_REVIEWER))
    return enrol_with(code, Ed25519PrivateKey.generate())


def enrol_with(code: str, key: Ed25519PrivateKey) -> Signer:
    """The machine that holds this key uses the code."""
    public_key = encode_key(key.public_key())
    enrolled = enrol_station(code, public_key=public_key, proof=prove(code, key), software="test")
    return Signer(enrolled.station, enrolled.token, key)


def prove(code: str, key: Ed25519PrivateKey) -> str:
    """What shows the server that whoever types the code holds the key."""
    plain = code.strip().upper().replace("-", "").replace(" ", "")
    return base64.b64encode(key.sign(f"enrol:{plain}:{encode_key(key.public_key())}".encode())).decode()


def make_event(signer: Signer, kind: str, at: datetime, **fields: Any) -> Event:
    """The station's next event, not yet signed; `fields` override anything."""
    seq = len(signer.chain) + 1
    return Event(
        **{
            "station": signer.station.pk,
            "seq": seq,
            "prev": signer.head,
            "event": uuid7(),
            "kind": kind,
            "captured_at": at,
            "boot": BOOT,
            "monotonic_ms": round((at - EPOCH) / timedelta(milliseconds=1)),
            "clock_offset_ms": 0,
            **fields,
        }
    )


def append(signer: Signer, kind: str, at: datetime, **fields: Any) -> Envelope:
    """Sign the station's next event and keep it in its chain."""
    envelope = sign(make_event(signer, kind, at, **fields), signer.key)
    signer.chain.append(envelope)
    return envelope


def scan(
    signer: Signer, kind: str, lesson: Lesson, person: Enrolment | WalkIn, at: datetime, /, **fields: Any
) -> Envelope:
    """A card laid on the reader for a lesson; `fields` override anything in the event."""
    card = {
        "session": lesson.training_session.code,
        "lesson": lesson.pk,
        "person": person if isinstance(person, WalkIn) else Enrolled(enrolment=person.pk),
        "method": "card",
        "card": CARD,
    }
    return append(signer, kind, at, **card | fields)


def attend(signer: Signer, lesson: Lesson, people: Iterable[Enrolment]) -> list[Envelope]:
    """Everybody in, five minutes early, and out, as the lesson ends."""
    people = list(people)
    first, last = lesson.starts_at - timedelta(minutes=5), lesson.ends_at
    return [
        *(
            scan(signer, "sign_in", lesson, one, first + timedelta(seconds=3 * n))
            for n, one in enumerate(people)
        ),
        *(
            scan(signer, "sign_out", lesson, one, last + timedelta(seconds=3 * n))
            for n, one in enumerate(people)
        ),
    ]


def photograph(signer: Signer, lesson: Lesson, at: datetime | None = None) -> bytes:
    """A class photo half an hour into the lesson, named in a signed event; gives the JPEG."""
    jpeg = picture(lesson.pk)
    taken = PhotoTaken(sha256=sha256(jpeg).hexdigest(), size=len(jpeg))
    at = at or lesson.starts_at + timedelta(minutes=30)
    append(signer, "photo", at, session=lesson.training_session.code, lesson=lesson.pk, photo=taken)
    return jpeg


def picture(number: int = 0) -> bytes:
    """A small JPEG, another one for each number."""
    target = BytesIO()
    Image.new("RGB", (320, 240), (number * 37 % 256, number * 11 % 256, 96)).save(target, "JPEG")
    return target.getvalue()


def send(
    signer: Signer, envelopes: Sequence[Envelope] | None = None, at: datetime | None = None
) -> list[Receipt]:
    """Hand envelopes (by default the whole chain) to the server; each with its receipt."""
    with at_work(signer.token) as station:
        return receive(station, signer.chain if envelopes is None else envelopes, at=at or clock.now())


def statuses(receipts: Iterable[Receipt]) -> list[tuple[str, str]]:
    return [(receipt.status, receipt.reason) for receipt in receipts]


def hold_class(county: Any, test_clock: Any, absent: Iterable[int] = ()) -> Signer:
    """The approved session takes place: everyone attends every lesson but the roster numbers in `absent`.

    Photos are taken and handed in. Afterwards it is ten minutes past the last lesson.
    """
    signer = enrol(county)
    session: TrainingSession = county.session
    missing = set(absent)
    photos = []
    for lesson in session.lessons.all():
        people = [person for person in session.enrolments.all() if person.number not in missing]
        attend(signer, lesson, people)
        photos.append(photograph(signer, lesson))
        test_clock.set(lesson.ends_at + timedelta(minutes=10))
    send(signer)
    for jpeg in photos:
        keep_station_photo(signer.station, data=jpeg)
    return signer


def hold_and_close(county: Any, test_clock: Any, absent: Iterable[int] = ()) -> Signer:
    """`hold_class`, its registers attested, and the clerk closes the class."""
    signer = hold_class(county, test_clock, absent)
    attest_registers(county)
    close_session(county.session.pk, actor=county.actor(Role.INSTITUTION_CLERK))
    county.session.refresh_from_db()
    return signer


def attest_registers(county: Any) -> None:
    """By the class manager, and by the instructors who have an account."""
    for lesson in county.session.lessons.all():
        half_day = {"on": lesson.on, "half_day": lesson.half_day}
        attest_register(county.session.pk, actor=county.actor(Role.CLASS_MANAGER), **half_day)
        for teacher in Membership.objects.filter(instructor_id=lesson.instructor_id):
            attest_register(county.session.pk, actor=actor_for(teacher), **half_day)
