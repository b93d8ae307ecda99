"""Job fairs beside classes that are written down: who came signed at a station, some were hired and asked again.

Written in bulk, with days of their own; how many came and were hired follows from the order of the places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Max
from django.utils.timezone import make_aware
from stdnum.cn.uscc import calc_check_digit

from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.core.models import StoredFile
from training.demo.description import Description
from training.demo.door import Door, open_door
from training.demo.scenery import Staff
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.fairs.choices import TOOK_PLACE, FairStatus, Found, IntentionStatus, PaperKind
from training.fairs.models import (
    FairAttendance,
    FairEmployer,
    FairInvitation,
    FairPaper,
    FairPost,
    FairStep,
    Intention,
    JobFair,
    PlacementCheck,
)
from training.fairs.rules import checks_due
from training.institutions.models import Institution
from training.programmes.models import Programme

FAIRS: Final = 6
"""From the first class to the last; there is none before anybody completed."""
INVITED: Final = 75
"""At most, to one fair; of five invited people four come."""
STARTS, ENDS = time(9), time(12)
EMPLOYERS: Final = (
    ("兴农生态农业有限公司", "分拣包装工", True),
    ("山里货电子商务有限公司", "网店客服", False),
)
LIFE: Final = (
    FairStatus.PLANNED,
    FairStatus.REPORTED,
    FairStatus.HELD,
    FairStatus.REGISTERED,
    FairStatus.COUNTED,
)
PLANNED, REPORTED, INVITED_BY = timedelta(days=75), timedelta(days=61), timedelta(days=60)
"""So long before the fair."""
BEGAN: Final = timedelta(days=3)
"""So many days after the fair those who were hired begin to work."""
COUNTS: Final = timedelta(days=95)
"""So many days after the fair everybody has been asked again, and the bureau confirms."""


@dataclass(frozen=True)
class Host:
    """The institution that holds them, who works there and for the county, and what stands in for papers."""

    institution: Institution
    house: Staff
    county: Staff
    paper: StoredFile

    def user(self, role: Role) -> Any:
        return (self.house if role in self.house.members else self.county).members[role].user

    @property
    def clerk(self) -> str:
        return str(self.user(Role.INSTITUTION_CLERK))


def hold_fairs(programme: Programme, host: Host, description: Description) -> None:
    """What is not over on the day the description is seen from lies ahead."""
    door, came, as_of = open_door(host.institution, "对接会终端"), set[int](), description.as_of
    for day in _days(description):
        people = _completed_by(programme, day, apart_from=came)
        if not people or day - PLANNED > as_of:
            continue
        came |= {place.trainee_id for place in people[::2]}
        fair = _plan(programme, host, day, as_of)
        posts = list(_employers(fair, host))
        if fair.status != FairStatus.PLANNED:
            _invite(fair, people, host)
            fair.stations.add(door.station)
        if fair.status in TOOK_PLACE:
            there = [place for number, place in enumerate(people) if number % 5]
            _hire(_attend(fair, door, there), posts, host, as_of)


def _days(description: Description) -> list[date]:
    first = min(session.days[0] for session in description.sessions)
    span = (max(session.days[-1] for session in description.sessions) - first).days
    return [first + timedelta(days=(number + 1) * span // FAIRS) for number in range(FAIRS)]


def _completed_by(programme: Programme, day: date, *, apart_from: Collection[int]) -> list[Enrolment]:
    """Who had completed a class before that day, by the last of their places; the newest first."""
    places = Enrolment.objects.filter(
        trainee__programme=programme,
        training_session__closed_at__lt=_at(day, time()),
        status=EnrolmentStatus.COMPLETED,
    ).exclude(trainee__in=list(apart_from))
    newest = places.annotate(last_on=Max("training_session__lessons__on")).order_by("-last_on", "-pk")
    by_person: dict[int, Enrolment] = {}
    for place in newest[: 2 * INVITED]:
        by_person.setdefault(place.trainee_id, place)
    return list(by_person.values())[:INVITED]


def _plan(programme: Programme, host: Host, day: date, as_of: date) -> JobFair:
    number, status = programme.job_fairs.count() + 1, _status(day, as_of)
    over, counted = status in TOOK_PLACE, status == FairStatus.COUNTED
    fair: JobFair = JobFair.objects.create(
        programme=programme,
        institution=host.institution,
        code=f"{programme.code}-DJ-{number:02d}",
        title=f"第{number}场电商用工对接会",
        on=day,
        starts_at=_at(day, STARTS),
        ends_at=_at(day, ENDS),
        place="县电商公共服务中心",
        status=status,
        visitors=12 if over else None,
        summary="两家单位到场招聘，意向和录用见名单。" if over else "",
        registered_by=host.user(Role.INSTITUTION_CLERK) if over else None,
        confirmed_by=host.user(Role.BUREAU_REVIEWER) if counted else None,
        confirmed_at=_at(day + COUNTS, ENDS) if counted else None,
    )
    FairStep.objects.bulk_create(_steps(fair, host))
    FairPaper.objects.create(
        fair=fair,
        kind=PaperKind.NOTICE,
        caption="活动方案",
        file=host.paper,
        added_by=host.clerk,
        added_at=fair.starts_at - PLANNED,
    )
    return fair


def _status(day: date, as_of: date) -> FairStatus:
    if day + COUNTS <= as_of:
        return FairStatus.COUNTED
    if day < as_of:
        return FairStatus.REGISTERED
    return FairStatus.REPORTED if day - INVITED_BY <= as_of else FairStatus.PLANNED


def _steps(fair: JobFair, host: Host) -> Iterator[FairStep]:
    days = (-PLANNED, -REPORTED, timedelta(0), timedelta(days=1), COUNTS)
    by = [Role.INSTITUTION_CLERK] * 5
    by[1], by[4] = Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
    made = LIFE[: LIFE.index(FairStatus(fair.status)) + 1]
    for start, target, after, role in zip(("", *made), made, days, by, strict=False):
        at = _at(fair.on + after, time(16))
        yield FairStep(fair=fair, start=start, target=target, at=at, by=str(host.user(role)))


def _employers(fair: JobFair, host: Host) -> Iterator[FairPost]:
    """Two with a post each; the first is for the registered poor first."""
    there = {"signed_in_at": fair.starts_at, "signed_in_by": host.clerk} if fair.status in TOOK_PLACE else {}
    for number, (name, title, poor_first) in enumerate(EMPLOYERS):
        body = f"91{fair.programme.region_code}MA36W{number:04d}"
        employer = FairEmployer.objects.create(
            fair=fair,
            name=f"{fair.programme.county}{name}",
            uscc=body + calc_check_digit(body),
            contact="招聘负责人",
            phone="16900000000",
            **there,
        )
        yield FairPost.objects.create(
            employer=employer,
            title=title,
            openings=20,
            wage_from_fen=320_000,
            wage_to_fen=450_000,
            place="县工业园",
            poor_first=poor_first,
        )


def _invite(fair: JobFair, people: Sequence[Enrolment], host: Host) -> None:
    FairInvitation.objects.bulk_create(
        FairInvitation(
            fair=fair,
            trainee_id=place.trainee_id,
            enrolment=place,
            invited_by=host.clerk,
            invited_at=fair.starts_at - INVITED_BY,
        )
        for place in people
    )


def _attend(fair: JobFair, door: Door, people: Sequence[Enrolment]) -> list[FairAttendance]:
    """One after the other at the door."""
    events = [
        door.sign_at_fair(fair, place.pk, fair.starts_at + timedelta(seconds=20 * turn))
        for turn, place in enumerate(people)
    ]
    AttendanceEvent.objects.bulk_create(events)
    return FairAttendance.objects.bulk_create(
        FairAttendance(
            fair=fair,
            trainee_id=place.trainee_id,
            enrolment=place,
            signed_in_at=event.captured_at,
            station=door.station,
            digest=event.digest,
            registered_at=event.received_at,
        )
        for place, event in zip(people, events, strict=True)
    )


def _hire(there: Sequence[FairAttendance], posts: Sequence[FairPost], host: Host, as_of: date) -> None:
    """Every third wants a post and every second of these gets it; they are asked again when the day has come."""
    intentions = Intention.objects.bulk_create(
        Intention(
            attendance=row,
            post=posts[number % len(posts)],
            recorded_by=host.clerk,
            recorded_at=row.fair.ends_at,
            decided_by=host.clerk,
            decided_at=row.fair.ends_at,
            **_decision(row.fair, hired=number % 4 < 2),
        )
        for number, row in enumerate(there[::3])
    )
    officer = host.user(Role.FOLLOW_UP)
    PlacementCheck.objects.bulk_create(
        PlacementCheck(intention=row, day=day, due_on=due_on, **_answer(number, day, due_on, officer, as_of))
        for number, row in enumerate(intentions)
        if row.hired_on
        for day, due_on in checks_due(row.hired_on)
    )


def _decision(fair: JobFair, *, hired: bool) -> dict[str, Any]:
    if hired:
        return {"status": IntentionStatus.HIRED, "hired_on": fair.on + BEGAN}
    return {"status": IntentionStatus.INTERVIEW}


def _answer(number: int, day: int, due_on: date, officer: Any, as_of: date) -> dict[str, Any]:
    """One in eight has left by the second time."""
    if due_on > as_of:
        return {}
    found = Found.LEFT if number % 8 == 0 and day > 30 else Found.STILL
    return {"found": found, "checked_at": _at(due_on, time(10)), "checked_by": officer}


def _at(day: date, hour: time) -> datetime:
    return make_aware(datetime.combine(day, hour))
