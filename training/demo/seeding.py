"""Writing a description down: houses and people through the services, what happened to them in bulk.

What is written in bulk is what the services would have left: signed and chained events, completions by the rule,
the contacts that are owed. Papers are stand-ins: an archive that is sealed here has no package that verifies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.utils.timezone import make_aware
from stdnum.cn.uscc import calc_check_digit

from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, Completion
from training.attendance.rules import CompletionResult
from training.certificates.models import Certificate
from training.core.actor import SYSTEM
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.models import AuditEvent
from training.courses.services import add_courseware
from training.demo.description import Description, PlannedSession, places_of
from training.demo.door import Door, open_door
from training.demo.fairs import Host, hold_fairs
from training.demo.offices import County, run_offices
from training.demo.people import SyntheticPerson
from training.demo.scenery import (
    FARMERS_PLAN,
    Staff,
    add_institution,
    add_instructors,
    add_places,
    add_training_agreement,
    farmers_budget,
    paper,
)
from training.demo.traces import archive, certificates, completions, follow, results, status_of
from training.dossiers.approved_papers import as_shown, standing
from training.dossiers.choices import AttestedAs
from training.dossiers.facts import register_digest
from training.dossiers.models import ApprovedPaper, ApprovedTimetable, RegisterAttestation
from training.dossiers.receivers import as_approved
from training.enrolment.bookings import book
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.institutions.models import Agreement, Institution, Instructor
from training.integrity.models import ApprovedRoster
from training.integrity.rosters import approved_roster
from training.people.models import Trainee
from training.people.rules import Person
from training.people.services import know_trainees
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on
from training.reporting.counting import rebuild
from training.scheduling.choices import WAS_APPROVED, SessionStatus, VenueKind
from training.scheduling.models import BudgetLine, Lesson, TrainingSession, Venue
from training.scheduling.venues import add_venue

AT_ONCE: Final = 20
"""Sessions written together."""
PEOPLE_AT_ONCE: Final = 2_000
STARTS: Final = (time(9, 0), time(14, 0))
LESSON: Final = timedelta(minutes=135)
Tell = Callable[[str], None]


@dataclass
class Room:
    """Where one session is held at a time, by the same two people, with a station at the door."""

    venue: Venue
    instructors: tuple[Instructor, Instructor]
    door: Door

    @cached_property
    def proofs(self) -> list[Any]:
        return [proof for person in self.instructors for proof in standing(person.proofs)]


@dataclass
class House:
    """An institution with its rooms, and an agreement for each fund line that pays for its classes."""

    institution: Institution
    staff: Staff
    agreements: dict[str, Agreement]
    courseware: list[Any]
    rooms: list[Room] = field(default_factory=list)

    @cached_property
    def licences(self) -> list[Any]:
        return standing(self.institution.licences)


@dataclass
class Seeded:
    houses: list[House]
    people: list[Trainee]
    sessions: int
    places: int


def demand_nobody_real() -> None:
    """Raises InvalidInputError where people are registered that this did not make up."""
    made_up = AuditEvent.objects.filter(verb="programme.seeded").values_list("programme_id", flat=True)
    if Trainee.objects.exclude(programme__in=list(made_up)).exists():
        raise InvalidInputError("这里已经有登记的学员，不能再放进合成数据。请换一个空的数据库。")


@transaction.atomic
def seed(
    programme: Programme,
    county: Staff,
    description: Description,
    *,
    prefix: str = "",
    tell: Tell = lambda _said: None,
) -> Seeded:
    """Write everything down; `county` are those at work for the county, `prefix` of the houses' accounts.

    Everything or nothing. The figures are counted when all classes are there, before the offices report them.
    """
    add_places(programme, places_of(description.preset), poor_from=description.preset.window.starts_on)
    houses = [
        _house(programme, county, description, number, prefix) for number in range(_houses(description))
    ]
    tell(f"机构 / institutions: {len(houses)}")
    people = list(_people(programme, description.people))
    tell(f"学员 / trainees: {len(people)}")
    writer = _Writer(programme, county, description, houses, people)
    for sessions in _some(description.sessions, AT_ONCE):
        writer.write(sessions)
    tell(f"期 / sessions: {len(description.sessions)}")
    record(SYSTEM, "programme.seeded", programme, sessions=len(description.sessions), people=len(people))
    places = rebuild(programme)
    any_paper = next(iter(houses[0].agreements.values())).file
    host = Host(houses[0].institution, houses[0].staff, county, any_paper)
    hold_fairs(programme, host, description)
    run_offices(County(programme, county, description, any_paper))
    tell("各单位的数据、报表、来信 / the offices' numbers, reports, complaints")
    return Seeded(houses, people, len(description.sessions), places)


def _some(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    waiting = iter(rows)
    while some := list(islice(waiting, size)):
        yield some


# Houses and people


def _houses(description: Description) -> int:
    return 1 + max((session.institution for session in description.sessions), default=0)


def _house(programme: Programme, county: Staff, description: Description, number: int, prefix: str) -> House:
    body = f"91{programme.region_code}MA35T{number:04d}"
    institution, staff = add_institution(
        programme,
        name=f"{programme.county}{'赣惠永金宝'[number % 5]}农电商培训学校",
        uscc=body + calc_check_digit(body),
        prefix=f"{prefix}{number + 1}-",
        bureau=county.actor(Role.BUREAU_HEAD),
    )
    clerk = staff.actor(Role.INSTITUTION_CLERK)
    starts_on = description.preset.window.starts_on
    lines = dict.fromkeys(kind.fund_line for kind in description.preset.class_types)
    agreements = {
        line: add_training_agreement(institution, fund_line=line, signed_on=starts_on, actor=clerk)
        for line in lines
    }
    handout = add_courseware(institution.pk, topic="", title="讲义", file=paper("讲义"), actor=clerk)
    house = House(institution, staff, agreements, [handout])
    towns = list(dict.fromkeys(township for township, _village in places_of(description.preset)))
    for room in range(description.rooms):
        house.rooms.append(_room(house, room, towns[number % len(towns)], clerk))
    return house


def _room(house: House, number: int, township: str, clerk: Any) -> Room:
    venue = add_venue(
        house.institution.pk,
        name=f"{house.institution.name}第{number + 1}教室",
        kind=VenueKind.TRAINING,
        township=township,
        address="县城",
        seats=60,
        actor=clerk,
    )
    instructors = add_instructors(house.institution, actor=clerk)
    return Room(venue, instructors, open_door(house.institution, f"第{number + 1}教室终端"))


def _people(programme: Programme, people: Sequence[SyntheticPerson]) -> Iterator[Trainee]:
    for some in _some(people, PEOPLE_AT_ONCE):
        yield from (known.trainee for known in know_trainees(programme, [as_person(one) for one in some]))


def as_person(one: SyntheticPerson) -> Person:
    """What a roster says of them."""
    born = one.id_number[6:14]
    return Person(
        name=one.name,
        id_number=one.id_number,
        sex=one.sex,
        born_on=date(int(born[:4]), int(born[4:6]), int(born[6:])),
        phone=one.phone,
        township=one.township,
        village=one.village,
    )


# What happened


@dataclass
class Class:
    """A session being written; `lessons` are saved."""

    plan: PlannedSession
    session: TrainingSession
    lessons: list[Lesson]
    people: Sequence[Trainee]

    @property
    def missed(self) -> list[frozenset[int]]:
        return [place.missed for place in self.plan.places]

    @cached_property
    def results(self) -> list[CompletionResult]:
        return results(self.session, self.lessons, self.missed)

    @cached_property
    def places(self) -> list[Enrolment]:
        """In the order of the plan's; not saved."""
        held, approved = self.plan.was_held, self.plan.status in WAS_APPROVED
        states = [status_of(result) if held else EnrolmentStatus.ENROLLED for result in self.results]
        return [
            Enrolment(
                training_session=self.session,
                trainee=self.people[place.person],
                number=number,
                group=place.group,
                group_verified=True if approved and place.group else None,
                status=state,
            )
            for number, (place, state) in enumerate(zip(self.plan.places, states, strict=True), 1)
        ]

    def scans(self) -> Iterator[tuple[datetime, str, Lesson, int]]:
        """One after the other at the door, before the lesson begins and after it has ended."""
        for position, lesson in enumerate(self.lessons):
            came = [
                place
                for place, missed in zip(self.places, self.missed, strict=True)
                if position not in missed
            ]
            for turn, place in enumerate(came):
                early = timedelta(minutes=15) - timedelta(seconds=11 * turn)
                yield lesson.starts_at - early, "sign_in", lesson, place.pk
                yield lesson.ends_at + timedelta(seconds=7 * turn), "sign_out", lesson, place.pk


def attested(session: TrainingSession, events: Sequence[Any], manager: Any) -> Iterator[RegisterAttestation]:
    """By the class manager, each half-day when its last lesson is over."""
    half_days: dict[tuple[date, str], list[Any]] = {}
    for event in events:
        half_days.setdefault((event.lesson.on, event.lesson.half_day), []).append(event)
    for (on, half_day), its_own in half_days.items():
        yield RegisterAttestation(
            training_session=session,
            on=on,
            half_day=half_day,
            role=AttestedAs.MANAGER,
            user=manager,
            at=max(event.lesson.ends_at for event in its_own) + timedelta(minutes=10),
            digest=register_digest((event.digest for event in its_own), ()),
        )


class _Writer:
    """Writes sessions with everything that hangs on them, in the order of their days."""

    def __init__(
        self,
        programme: Programme,
        county: Staff,
        description: Description,
        houses: Sequence[House],
        people: Sequence[Trainee],
    ) -> None:
        self.programme, self.description, self.houses, self.people = programme, description, houses, people
        self.users = {role: membership.user for role, membership in county.members.items()}
        first = description.preset.window.starts_on
        self.rule_set = rule_set_on(programme, first, actor=SYSTEM)
        self.topics = {it.code: [topic.name for topic in it.topics] for it in description.preset.categories}
        self.kinds = {it.code: it.name for it in description.preset.class_types}
        self.taken: dict[str, int] = {}

    def write(self, planned: Sequence[PlannedSession]) -> None:
        sessions = TrainingSession.objects.bulk_create(map(self.session, planned))
        lessons = [self.lessons(*each) for each in zip(planned, sessions, strict=True)]
        Lesson.objects.bulk_create(lesson for its_own in lessons for lesson in its_own)
        classes = [Class(*each, self.people) for each in zip(planned, sessions, lessons, strict=True)]
        held = [it for it in classes if it.plan.was_held]
        Enrolment.objects.bulk_create(place for it in classes for place in it.places)
        Completion.objects.bulk_create(
            row for it in held for row in completions(it.session, it.places, it.results)
        )
        self._approve(classes)
        for it in classes:
            book(it.session)
        for it in held:
            self._hold(it)

    def session(self, plan: PlannedSession) -> TrainingSession:
        house, number = self.houses[plan.institution], plan.number + 1
        at = _moment(plan.days[-1], time(17, 30))
        agreement = house.agreements[plan.fund_line]
        handed_in = plan.status != SessionStatus.DRAFT
        approved = plan.status in WAS_APPROVED
        users = house.staff.members
        return TrainingSession(
            **FARMERS_PLAN
            | {
                "institution": house.institution,
                "agreement": agreement,
                "rule_set": self.rule_set,
                "number": number,
                "code": self.code(plan),
                "title": f"{self.kinds[plan.class_type]}（第{number}期）",
                "category": plan.category,
                "class_type": plan.class_type,
                "uses_face": False,
                "status": plan.status,
                "created_by": users[Role.INSTITUTION_CLERK].user,
                "submitted_by": users[Role.INSTITUTION_HEAD].user if handed_in else None,
                "submitted_at": at - timedelta(days=20) if handed_in else None,
                "approved_by": self.users[Role.BUREAU_REVIEWER] if approved else None,
                "approved_at": at - timedelta(days=15) if approved else None,
                "approval_number": f"{self.programme.county}商务培〔{at.year}〕S{number}号"
                if approved
                else "",
                "closed_at": at if plan.was_held else None,
            }
        )

    def code(self, plan: PlannedSession) -> str:
        """The next one under the same letters, as planning gives it."""
        prefix = f"{self.programme.code}-{plan.fund_line[:2].upper()}-{plan.category[:1].upper()}-"
        if prefix not in self.taken:
            self.taken[prefix] = TrainingSession.objects.filter(code__startswith=prefix).count()
        self.taken[prefix] += 1
        return f"{prefix}{self.taken[prefix]:03d}"

    def lessons(self, plan: PlannedSession, session: TrainingSession) -> list[Lesson]:
        room = self.houses[plan.institution].rooms[plan.room]
        topics = self.topics[plan.category]
        slots = [(day, starts) for day in plan.days for starts in STARTS]
        return [
            Lesson(
                training_session=session,
                sequence=sequence,
                on=day,
                starts_at=_moment(day, starts),
                ends_at=_moment(day, starts) + LESSON,
                topic=topics[sequence % len(topics)],
                practical=sequence % 2 == 0,
                instructor=room.instructors[sequence % 2],
                venue=room.venue,
            )
            for sequence, (day, starts) in enumerate(slots, 1)
        ]

    def _approve(self, classes: Sequence[Class]) -> None:
        """With the timetable and the roster that the bureau saw, and the handouts."""
        ApprovedRoster.objects.bulk_create(
            approved_roster(it.session, it.places) for it in classes if it.session.approved_at
        )
        ApprovedTimetable.objects.bulk_create(
            ApprovedTimetable(
                training_session=it.session,
                kept_at=it.session.approved_at,
                lessons=[as_approved(lesson) for lesson in it.lessons],
            )
            for it in classes
            if it.session.approved_at
        )
        ApprovedPaper.objects.bulk_create(paper for it in classes for paper in self._shown(it))
        BudgetLine.objects.bulk_create(
            BudgetLine(training_session=it.session, **asdict(line))
            for it in classes
            for line in farmers_budget(it.session.agreement)
        )
        through = TrainingSession.courseware.through
        through.objects.bulk_create(
            through(trainingsession_id=it.session.pk, courseware_id=piece.pk)
            for it in classes
            for piece in self.houses[it.plan.institution].courseware
        )

    def _shown(self, it: Class) -> Iterator[ApprovedPaper]:
        """The papers that lay before the bureau when it approved."""
        house, at = self.houses[it.plan.institution], it.session.approved_at
        if at is None:
            return
        yield from (as_shown(it.session, at, licence=row) for row in house.licences)
        yield from (as_shown(it.session, at, proof=row) for row in house.rooms[it.plan.room].proofs)

    def _hold(self, it: Class) -> None:
        door = self.houses[it.plan.institution].rooms[it.plan.room].door
        events = AttendanceEvent.objects.bulk_create(door.sign_all(it.session, it.scans()))
        manager = self.houses[it.plan.institution].staff.members[Role.CLASS_MANAGER].user
        RegisterAttestation.objects.bulk_create(attested(it.session, events, manager))
        follow(
            it.places,
            it.session,
            as_of=self.description.as_of,
            officer=self.users[Role.FOLLOW_UP],
            reviewer=self.users[Role.BUREAU_REVIEWER],
        )
        archive(
            it.session,
            it.lessons,
            archived=it.plan.status == SessionStatus.ARCHIVED,
            renci=sum(place.status == EnrolmentStatus.COMPLETED for place in it.places),
        )
        if it.plan.status == SessionStatus.ARCHIVED:
            Certificate.objects.bulk_create(certificates(it.session, it.lessons, it.places))


def _moment(day: date, at: time) -> datetime:
    return make_aware(datetime.combine(day, at))
