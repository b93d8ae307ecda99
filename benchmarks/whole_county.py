"""A county as it is after two years: trainees by the ten thousand, sessions in every state, their records.

Sessions are copies of one that was planned through the services, each on a day of its own; trainees come through
the roster's own service, events are signed and chained. The rest is written as the services would have left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid6 import uuid7

from benchmarks.office import CARD
from kiosk.envelope import GENESIS, Enrolled, Envelope, Event, encode_key, sign

INSTITUTIONS = 8
FIRST_DAY = date(2021, 3, 8)
PEOPLE_AT_ONCE = 2_000
STATES = ("archived",) * 80 + ("closed",) * 8 + ("submitted",) * 4 + ("approved",) * 4 + ("draft",) * 4
"""Of a hundred sessions; the share that waits for somebody stays the same as the county grows."""
MINUTES = 270


@dataclass
class House:
    """An institution, its station, and the session that its others are copies of."""

    institution: Any
    staff: Any
    pattern: Any
    station: Any
    key: Ed25519PrivateKey
    sessions: int = 1
    seq: int = 0
    prev: str = ""

    def sign(
        self, session: Any, lesson: Any, enrolment: int, kind: str, at: datetime
    ) -> tuple[Envelope, Event]:
        self.seq += 1
        event = Event(
            station=self.station.pk,
            seq=self.seq,
            prev=self.prev or GENESIS,
            event=uuid7(),
            kind=kind,
            session=session.code,
            lesson=lesson.pk,
            person=Enrolled(enrolment=enrolment),
            method="card",
            card=CARD,
            captured_at=at,
            boot=self.station.pk,
            monotonic_ms=1000 * self.seq,
            clock_offset_ms=0,
        )
        envelope = sign(event, self.key)
        self.prev = envelope.digest
        return envelope, event


@dataclass
class WholeCounty:
    programme: Any
    staff: Any
    houses: list[House]
    known: list[Any] = field(default_factory=list)

    def people(self) -> Iterator[tuple[str, Any]]:
        """One user of each role, with its name."""
        for members in (self.staff.members, self.houses[0].staff.members):
            for role, membership in members.items():
                yield role.value, membership.user

    def grow(self, *, trainees: int, sessions: int) -> None:
        """So many more of each; every new trainee has a place in a session, and some a second one."""
        from django.db import connection  # noqa: PLC0415  after Django is ready

        fresh = list(self._trainees(trainees))
        shares = [fresh[number::sessions] for number in range(sessions)]
        states = cycle(STATES[number * 7 % 100] for number in range(100))
        for number, share in enumerate(shares):
            second = self.known[3 * number % len(self.known) :][:3] if self.known else []
            add_session(self.houses[number % INSTITUTIONS], [*share, *second], next(states))
        self.known.extend(fresh)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the database would do it by itself, some minutes later

    def _trainees(self, number: int) -> Iterator[Any]:
        from training.demo.people import synthetic_people  # noqa: PLC0415  after Django is ready
        from training.people.rules import Person  # noqa: PLC0415
        from training.people.services import know_trainees  # noqa: PLC0415

        people = iter(synthetic_people(len(self.known) + number, seed=23)[len(self.known) :])
        while some := list(islice(people, PEOPLE_AT_ONCE)):
            rows = [
                Person(
                    name=one.name,
                    id_number=one.id_number,
                    sex=one.sex,
                    born_on=date(
                        int(one.id_number[6:10]), int(one.id_number[10:12]), int(one.id_number[12:14])
                    ),
                    phone=one.phone,
                    township=one.township,
                    village=one.village,
                )
                for one in some
            ]
            yield from (known.trainee for known in know_trainees(self.programme, rows))


def found_county(code: str = "WHOLE") -> WholeCounty:
    """A county with its institutions and nobody trained yet; `code` is its programme's."""
    from training.accounts.choices import Role  # noqa: PLC0415  after Django is ready
    from training.core.actor import SYSTEM  # noqa: PLC0415
    from training.demo import scenery  # noqa: PLC0415
    from training.programmes.preset_file import load_preset  # noqa: PLC0415
    from training.programmes.services import load_programme  # noqa: PLC0415

    preset = load_preset("shicheng").model_copy(update={"code": code, "county": "全县"})
    programme = load_programme(preset, actor=SYSTEM)
    staff = scenery.add_county_staff(programme, f"{code.lower()}-")
    bureau = staff.actor(Role.BUREAU_HEAD)
    return WholeCounty(programme, staff, [found_house(programme, bureau, n) for n in range(INSTITUTIONS)])


def found_house(programme: Any, bureau: Any, number: int) -> House:
    from stdnum.cn.uscc import calc_check_digit  # noqa: PLC0415

    from training.accounts.choices import Role  # noqa: PLC0415  after Django is ready
    from training.demo import scenery  # noqa: PLC0415
    from training.stations.models import Station  # noqa: PLC0415

    body = f"91360735MA35N{number:04d}"
    institution, staff = scenery.add_institution(
        programme,
        name=f"第{number + 1}培训中心",
        uscc=body + calc_check_digit(body),
        prefix=f"{programme.code.lower()}-{number}-",
        bureau=bureau,
    )
    clerk = staff.actor(Role.INSTITUTION_CLERK)
    agreement = scenery.add_training_agreement(institution, actor=clerk)
    instructors = scenery.add_instructors(institution, actor=clerk)
    pattern, _venue = scenery.plan_farmers_session(
        institution, agreement, instructors, on=FIRST_DAY, actor=clerk
    )
    key = Ed25519PrivateKey.generate()
    station = Station.objects.create(
        institution=institution,
        name=f"{institution.name}大厅",
        public_key=encode_key(key.public_key()),
        token_hash=uuid4().hex,
        enrolled_at=pattern.lessons.all()[0].starts_at,
    )
    return House(institution, staff, pattern, station, key)


def add_session(house: House, trainees: Sequence[Any], state: str) -> None:
    """One more of an institution's sessions with everything that a session in this state has."""
    from benchmarks.bare.views import row  # noqa: PLC0415  after Django is ready
    from training.attendance.models import AttendanceEvent  # noqa: PLC0415
    from training.enrolment.models import Enrolment  # noqa: PLC0415

    session, lessons = copied(house, state)
    over = state in ("archived", "closed")
    places = Enrolment.objects.bulk_create(
        [
            Enrolment(
                training_session=session,
                trainee=trainee,
                number=number,
                group="farmer",
                status=place_status(number) if over else "enrolled",
            )
            for number, trainee in enumerate(trainees, start=1)
        ]
    )
    if not over:
        return
    came = [place for place in places if place.status == "completed"]
    AttendanceEvent.objects.bulk_create(
        [
            row(house.station, session, *house.sign(session, lesson, place.pk, kind, at), at)
            for lesson in lessons
            for kind, moment in (("sign_in", lesson.starts_at), ("sign_out", lesson.ends_at))
            for number, place in enumerate(came)
            for at in [moment + timedelta(seconds=number)]
        ]
    )
    conclude(session, lessons, places, archived=state == "archived")


def place_status(number: int) -> str:
    """One in fifteen does not reach the hours."""
    return "incomplete" if number % 15 == 0 else "completed"


def copied(house: House, state: str) -> tuple[Any, list[Any]]:
    """The pattern again, on the institution's next day."""
    from training.core.audit import record  # noqa: PLC0415  after Django is ready
    from training.scheduling.models import Lesson, Witness  # noqa: PLC0415

    pattern, later = house.pattern, timedelta(days=house.sessions)
    at = pattern.lessons.all()[0].starts_at + later
    handed_in = state != "draft"
    approved = state not in ("draft", "submitted")
    users = {role: member.user for role, member in house.staff.members.items()}
    session = again(
        pattern,
        number=house.sessions + 1,
        code=f"{pattern.code}-{house.sessions:04d}",
        title=f"{pattern.title}（第{house.sessions + 1}期）",
        status=state,
        submitted_by=users["institution_head"] if handed_in else None,
        submitted_at=at - timedelta(days=9) if handed_in else None,
        approved_at=at - timedelta(days=6) if approved else None,
        approval_number=f"全县商务培〔{at.year}〕{house.sessions}号" if approved else "",
        closed_at=at + timedelta(hours=9) if state in ("archived", "closed") else None,
    )
    session.courseware.set(pattern.courseware.all())
    house.sessions += 1
    lessons = [
        again(
            lesson,
            training_session=session,
            on=lesson.on + later,
            starts_at=lesson.starts_at + later,
            ends_at=lesson.ends_at + later,
        )
        for lesson in pattern.lessons.all()
    ]
    actor = house.staff.actor(next(role for role in house.staff.members if role == "institution_clerk"))
    for verb in ("session.planned", "lesson.added", "session.plan_revised"):
        record(actor, verb, session)
    for witness in Witness.objects.filter(training_session=pattern):
        again(witness, training_session=session)
    return session, list(Lesson.objects.filter(pk__in=[lesson.pk for lesson in lessons]))


def again(row: Any, **news: Any) -> Any:
    """The same row once more, with what is different."""
    columns = [column.attname for column in row._meta.concrete_fields if not column.primary_key]
    other = type(row)(**{name: getattr(row, name) for name in columns})
    for name, value in news.items():
        setattr(other, name, value)
    other.save()
    return other


def conclude(session: Any, lessons: Sequence[Any], places: Sequence[Any], *, archived: bool) -> None:
    """Completions, contacts that are owed, some made, some outcomes; the dossier, sealed with its claim."""
    from training.attendance.models import Completion  # noqa: PLC0415  after Django is ready
    from training.followup.services import open_follow_ups  # noqa: PLC0415

    Completion.objects.bulk_create(
        [
            Completion(
                enrolment=place,
                rule_set=session.rule_set,
                attended_minutes=MINUTES if place.status == "completed" else 0,
                required_minutes=MINUTES,
                completed=place.status == "completed",
                explanation="6 / 6 学时" if place.status == "completed" else "0 / 6 学时",
                computed_at=session.closed_at,
            )
            for place in places
        ]
    )
    owed = open_follow_ups(places, days=session.rule_set.rules.follow_up.days, at=session.closed_at)
    follow(owed, session)
    archive(session, lessons, archived=archived, renci=sum(place.status == "completed" for place in places))


def follow(owed: Sequence[Any], session: Any) -> None:
    """The first contact of everybody was made; one in ten has an outcome."""
    from training.followup.models import Contact, FollowUp, Outcome  # noqa: PLC0415  after Django is ready

    first = [contact for contact in owed if contact.day == min(row.day for row in owed)]
    for contact in first:
        contact.done_at = session.closed_at + timedelta(days=contact.day)
    FollowUp.objects.bulk_update(first, ["done_at"])
    by = session.submitted_by
    Contact.objects.bulk_create(
        [
            Contact(follow_up=row, made_at=row.done_at, made_by=by, method="phone", result="reached")
            for row in first
        ]
    )
    paper = session.agreement.file
    Outcome.objects.bulk_create(
        [
            Outcome(
                enrolment=row.enrolment,
                kind="started_up",
                started_on=row.due_on,
                grade="B",
                description="网店",
                file=paper,
                claimed_by=by,
                claimed_at=row.done_at,
            )
            for row in first[::10]
        ]
    )


def archive(session: Any, lessons: Sequence[Any], *, archived: bool, renci: int) -> None:
    from training.claims.models import Claim  # noqa: PLC0415  after Django is ready
    from training.dossiers.models import Dossier, Evidence, ReviewRound  # noqa: PLC0415

    paper, at = session.agreement.file, session.closed_at
    sealed = {
        "status": "sealed",
        "sealed_at": at + timedelta(days=5),
        "pdf": paper,
        "package": paper,
        "pages": 22,
    }
    dossier = Dossier.objects.create(
        training_session=session,
        submitted_by=session.submitted_by,
        submitted_at=at + timedelta(days=2),
        **(sealed if archived else {"status": "submitted"}),
    )
    Evidence.objects.bulk_create(
        [Evidence(training_session=session, item="A4", kind="plan", caption="培训方案", file=paper)]
        + [
            Evidence(
                training_session=session,
                item="A9",
                kind="photo",
                lesson=lesson,
                caption=lesson.topic,
                taken_at=lesson.starts_at,
                file=paper,
            )
            for lesson in lessons
        ]
    )
    if archived:
        Claim.objects.create(
            dossier=dossier,
            fund_line=session.agreement.fund_line,
            status="submitted",
            renci=renci,
            unit_price_fen=40_000,
            amount_fen=40_000 * renci,
            created_by=session.submitted_by,
            created_at=at + timedelta(days=6),
            submitted_by=session.submitted_by,
            submitted_at=at + timedelta(days=6),
        )
    else:
        ReviewRound.objects.create(
            dossier=dossier,
            number=1,
            submitted_by=dossier.submitted_by,
            submitted_at=dossier.submitted_at,
        )
