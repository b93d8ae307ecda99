"""Every archive of a county checked again in one run: what one costs must not depend on how many there are."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

from benchmarks.measure import Comparison, Result, series
from benchmarks.office import Office
from benchmarks.whole_county import House, WholeCounty, found_county

SIZES = {"few": 1_000, "many": 10_000, "people": 12, "sample": 200}
TINY = {"few": 4, "many": 12, "people": 3, "sample": 2}
AT_ONCE = 200
DAYS = 250
"""The sessions lie on so many days, all of them within the agreements."""
GOAL_GROWTH = 1.2
GOAL_FASTER = 3.0
GOAL_MEGABYTES = 32.0


@dataclass
class Run:
    """One pass over every archive."""

    sessions: int = 0
    seconds: list[float] = field(default_factory=list)  # of each batch
    queries: list[int] = field(default_factory=list)
    megabytes: float = 0.0  # more at its end than at its beginning

    @property
    def milliseconds_each(self) -> float:
        return 1000 * sum(self.seconds) / self.sessions


def run(office: Office, few: int, many: int, people: int, sample: int) -> Result:
    """The county with few archives, and then with many; each is checked once before it is timed."""
    county = found_county("ARCHIVES")
    others = last_session()
    pool = list(county._trainees(20 * people))  # noqa: SLF001  the county's own way to know people
    grow(county, few, pool, people)
    check_all(others)
    small = check_all(others)
    alone = one_by_one(others, sample)
    grow(county, many - few, pool, people)
    check_all(others)
    large = check_all(others)
    here, there = (series([one.milliseconds_each], "ms") for one in (large, small))
    single = series([alone.milliseconds_each], "ms")
    return Result(
        "completeness",
        f"{many:,} archives of closed classes, {people} people each with their signed events, checked again: all "
        f"nine items, what is missing, since when, whose it is, compared with what was kept. {AT_ONCE} at a time.",
        f"the same check of the same archives one at a time (`check_again([session])`, {sample} of them), same process "
        f"and database; and the county with {few:,} archives, earlier in the same run",
        {
            "a session, of many": here,
            "a session, of few": there,
            "a session, one at a time": single,
            "all of many": series([sum(large.seconds)], "s"),
            "queries a batch": series(large.queries, "queries"),
        },
        [
            Comparison("time a session, many / few", here.over(there), GOAL_GROWTH),
            Comparison("queries a full batch, most / least", series([spread(large, small)], "×"), 1.0),
            Comparison("one at a time / in batches", single.over(here), GOAL_FASTER, "more"),
            Comparison(
                "memory grown while many are checked", series([large.megabytes], "MB"), GOAL_MEGABYTES
            ),
        ],
        {"few": few, "many": many, "people": people, "sample": sample},
        [
            "Timed is the second pass: nothing has changed, as in most nights. The first also writes nine rows each."
        ],
    )


def spread(large: Run, small: Run) -> float:
    """Over the full batches of both runs; the last one is seldom full."""
    counts = large.queries[:-1] + small.queries[:-1] or large.queries + small.queries
    return max(counts) / min(counts)


def last_session() -> int:
    from training.scheduling.models import TrainingSession  # noqa: PLC0415  after Django is ready

    last = TrainingSession.objects.order_by("-pk").first()
    return last.pk if last else 0


def check_all(others: int) -> Run:
    """The archives of this benchmark: those after the last that was there before."""
    from training.dossiers.snapshots import batches, check_again  # noqa: PLC0415  after Django is ready

    passed, before = Run(), memory()
    for batch in batches(size=AT_ONCE, after=others):
        with counted() as queries:
            started = time.perf_counter()
            passed.sessions += check_again(batch)
            passed.seconds.append(time.perf_counter() - started)
        passed.queries.append(queries[0])
    passed.megabytes = memory() - before
    return passed


def one_by_one(others: int, sample: int) -> Run:
    from training.dossiers.snapshots import batches, check_again  # noqa: PLC0415  after Django is ready

    passed = Run()
    for pk in islice((pk for batch in batches(size=AT_ONCE, after=others) for pk in batch), sample):
        started = time.perf_counter()
        passed.sessions += check_again([pk])
        passed.seconds.append(time.perf_counter() - started)
    return passed


def memory() -> float:
    """The most this process has ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def counted() -> Iterator[list[int]]:
    from django.db import connection  # noqa: PLC0415  after Django is ready

    counts = [0]

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counts[0] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield counts


# A county full of closed classes, written as the services would have left them


def grow(county: WholeCounty, number: int, pool: Sequence[Any], people: int) -> None:
    from django.db import connection  # noqa: PLC0415  after Django is ready

    from training.attendance.services.chains import move_complete_to  # noqa: PLC0415

    houses, who = cycle(county.houses), cycle(pool)
    for start in range(0, number, AT_ONCE):
        some = [
            closed_class(next(houses), list(islice(who, people)))
            for _n in range(min(AT_ONCE, number - start))
        ]
        keep(some)
    move_complete_to()  # what `tick` does by the minute
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@dataclass
class ClosedClass:
    """A session that is not saved yet, with what hangs on it."""

    house: House
    session: Any
    lessons: list[Any]
    places: list[Any]


def closed_class(house: House, trainees: Sequence[Any]) -> ClosedClass:
    from training.enrolment.models import Enrolment  # noqa: PLC0415  after Django is ready

    pattern = house.pattern
    house.sessions += 1
    later = timedelta(days=house.sessions % DAYS)
    at = pattern.lessons.all()[0].starts_at + later
    session = copy(
        pattern,
        number=house.sessions,
        code=f"{pattern.code}-{house.sessions:05d}",
        status="closed",
        submitted_at=at - timedelta(days=9),
        approved_at=at - timedelta(days=6),
        closed_at=at + timedelta(hours=9),
    )
    lessons = [
        copy(
            lesson,
            training_session=session,
            on=lesson.on + later,
            starts_at=lesson.starts_at + later,
            ends_at=lesson.ends_at + later,
            live=False,
        )
        for lesson in pattern.lessons.all()
    ]
    places = [
        Enrolment(training_session=session, trainee=person, number=number, group="farmer", status="completed")
        for number, person in enumerate(trainees, start=1)
    ]
    return ClosedClass(house, session, lessons, places)


def copy(row: Any, **news: Any) -> Any:
    """The same row once more, not saved."""
    columns = [column.attname for column in row._meta.concrete_fields if not column.primary_key]
    other = type(row)(**{name: getattr(row, name) for name in columns})
    for name, value in news.items():
        setattr(other, name, value)
    return other


def keep(classes: Sequence[ClosedClass]) -> None:
    from training.attendance.models import AttendanceEvent, Completion  # noqa: PLC0415  after Django is ready
    from training.demo.seeding import attested  # noqa: PLC0415
    from training.dossiers.models import (  # noqa: PLC0415
        ApprovedPaper,
        ApprovedTimetable,
        Evidence,
        RegisterAttestation,
    )
    from training.dossiers.receivers import as_approved  # noqa: PLC0415
    from training.enrolment.models import Enrolment  # noqa: PLC0415
    from training.scheduling.models import BudgetLine, Lesson, TrainingSession  # noqa: PLC0415

    TrainingSession.objects.bulk_create([one.session for one in classes])
    Lesson.objects.bulk_create([lesson for one in classes for lesson in one.lessons])
    Enrolment.objects.bulk_create([place for one in classes for place in one.places])
    Completion.objects.bulk_create([completion(place) for one in classes for place in one.places])
    signed = [(one.session, list(events(one))) for one in classes]
    AttendanceEvent.objects.bulk_create([event for _session, its_own in signed for event in its_own])
    RegisterAttestation.objects.bulk_create(
        row for session, its_own in signed for row in attested(session, its_own, session.created_by)
    )
    for model, rows in ((BudgetLine, "budget_lines"), (ApprovedPaper, "approved_papers")):
        model.objects.bulk_create(
            copy(row, training_session=one.session)
            for one in classes
            for row in getattr(one.house.pattern, rows).all()
        )
    Evidence.objects.bulk_create([photo for one in classes for photo in photos(one)])
    ApprovedTimetable.objects.bulk_create(
        ApprovedTimetable(
            training_session=one.session,
            kept_at=one.session.approved_at,
            lessons=[as_approved(lesson) for lesson in one.lessons],
        )
        for one in classes
    )
    pinned = TrainingSession.courseware.through
    pinned.objects.bulk_create(
        pinned(trainingsession=one.session, courseware=piece)
        for one in classes
        for piece in one.house.pattern.courseware.all()
    )


def completion(place: Any) -> Any:
    from training.attendance.models import Completion  # noqa: PLC0415  after Django is ready

    session = place.training_session
    return Completion(
        enrolment=place,
        rule_set_id=session.rule_set_id,
        attended_minutes=270,
        required_minutes=270,
        completed=True,
        explanation="6 / 6 学时",
        computed_at=session.closed_at,
    )


def events(one: ClosedClass) -> Iterator[Any]:
    """Everybody in and out of every lesson, signed and chained."""
    scans = [
        (moment + timedelta(seconds=number), kind, lesson, place.pk)
        for lesson in one.lessons
        for kind, moment in (("sign_in", lesson.starts_at), ("sign_out", lesson.ends_at))
        for number, place in enumerate(one.places)
    ]
    return one.house.door.sign_all(one.session, scans)


def photos(one: ClosedClass) -> Iterator[Any]:
    from training.dossiers.models import Evidence  # noqa: PLC0415  after Django is ready

    for lesson in one.lessons:
        yield Evidence(
            training_session=one.session,
            item="A9",
            kind="photo",
            lesson=lesson,
            caption=lesson.topic,
            taken_at=lesson.starts_at,
            file=one.session.agreement.file,
        )
