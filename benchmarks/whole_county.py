"""A county as it is after two years: trainees by the ten thousand, sessions in every state, their records.

Sessions are copies of one that was planned through the services, each on a day of its own; trainees come through
the roster's own service, events are signed and chained. The rest is written as the services would have left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any

INSTITUTIONS = 8
FIRST_DAY = date(2021, 3, 8)
PEOPLE_AT_ONCE = 2_000
STATES = ("archived",) * 80 + ("closed",) * 8 + ("submitted",) * 4 + ("approved",) * 4 + ("draft",) * 4
"""Of a hundred sessions; the share that waits for somebody stays the same as the county grows."""


@dataclass
class House:
    """An institution, the station at its door, and the session that its others are copies of."""

    institution: Any
    staff: Any
    pattern: Any
    door: Any
    sessions: int = 1

    @property
    def station(self) -> Any:
        return self.door.station


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
        from training.demo.seeding import as_person  # noqa: PLC0415
        from training.people.services import know_trainees  # noqa: PLC0415

        people = iter(synthetic_people(len(self.known) + number, seed=23)[len(self.known) :])
        while some := list(islice(people, PEOPLE_AT_ONCE)):
            yield from (known.trainee for known in know_trainees(self.programme, list(map(as_person, some))))


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
    from training.demo.door import open_door  # noqa: PLC0415

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
    starts_at = pattern.lessons.all()[0].starts_at
    door = open_door(institution, f"{institution.name}大厅", enrolled_at=starts_at)
    return House(institution, staff, pattern, door)


def add_session(house: House, trainees: Sequence[Any], state: str) -> None:
    """One more of an institution's sessions with everything that a session in this state has."""
    from training.attendance.models import AttendanceEvent  # noqa: PLC0415  after Django is ready
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
    scans = [
        (moment + timedelta(seconds=number), kind, lesson, place.pk)
        for lesson in lessons
        for kind, moment in (("sign_in", lesson.starts_at), ("sign_out", lesson.ends_at))
        for number, place in enumerate(came)
    ]
    AttendanceEvent.objects.bulk_create(house.door.sign_all(session, scans))
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
    from training.demo.traces import archive, completions, follow, results  # noqa: PLC0415

    nothing, everything = frozenset[int](), frozenset(range(len(lessons)))
    missed = [nothing if place.status == "completed" else everything for place in places]
    found = results(session, lessons, missed)
    Completion.objects.bulk_create(completions(session, places, found))
    officer = session.submitted_by
    a_month_on = session.closed_at.date() + timedelta(days=31)
    follow(
        places, session, as_of=a_month_on, officer=officer, reviewer=session.approved_by or session.created_by
    )
    archive(session, lessons, archived=archived, renci=sum(place.status == "completed" for place in places))
