"""Keeping the figures: facts mark sessions, marked sessions are counted anew.

Every act is recorded, and what it touches is marked in the same transaction; what stations send is noticed by
the minute's work. A marked session's people are taken out of the figures as they were counted last, and put back
as they stand now (`tallying`): exact, and as quick in a large county as in a small one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from training.attendance.models import AttendanceEvent
from training.core import clock
from training.programmes.models import Programme
from training.reporting.depths import DEPTHS
from training.reporting.models import CountedPlace, Figure, PendingCount
from training.reporting.places import as_places, on_rosters
from training.reporting.tallying import Cell, Place, Tally, difference, tally
from training.scheduling.models import TrainingSession

BATCH: Final = 50
"""Sessions counted in one transaction."""
EVENTS: Final = 1000
DEPTH_NAMES: Final = tuple(DEPTHS)
Figures = dict[tuple[Cell, int], Tally]

AFFECTED_BY: Final[Mapping[str, str]] = {
    "scheduling.TrainingSession": "pk",
    "scheduling.Lesson": "lessons",
    "scheduling.ChangeRequest": "change_requests",
    "institutions.Agreement": "agreement",
    "enrolment.Enrolment": "enrolments",
    "enrolment.Application": "enrolments__applications",
    "enrolment.RegistrationCall": "registration_call",
    "enrolment.RosterImport": "roster_imports",
    "enrolment.RosterChange": "roster_changes",
    "people.Trainee": "enrolments__trainee",
    "people.RightsRequest": "enrolments__trainee__rights_requests",
    "people.TraineeGroup": "enrolments__trainee__groups",
    "attendance.Correction": "corrections",
    "attendance.Completion": "enrolments__completion",
    "attendance.Exclusion": "enrolments__exclusions",
    "dossiers.Dossier": "dossier",
    "claims.Claim": "dossier__claims",
}
"""What a recorded act is about, and how a session leads to it. A test holds it against the models."""


def mark(subject_type: str, subject_id: str) -> int:
    """Something was done about this row: the sessions that hang on it are to be counted anew; how many."""
    if path := AFFECTED_BY.get(subject_type):
        return mark_sessions(TrainingSession.objects.filter(**{path: subject_id}))
    return 0


def mark_sessions(sessions: QuerySet[Any]) -> int:
    rows = sessions.order_by().values_list("pk", "institution__programme").distinct()
    now = clock.now()
    pending = [
        PendingCount(training_session=session, programme_id=programme, marked_at=now)
        for session, programme in rows
    ]
    return len(PendingCount.objects.bulk_create(pending))


def mark_news() -> int:
    """The same for sessions whose stations have sent something since; how many. Nothing is recorded then.

    Looks back until nothing is news any more, so whatever a station had kept for days is found.
    """
    latest = AttendanceEvent.objects.filter(enrolment__isnull=False, training_session__isnull=False)
    news: set[int] = set()
    last = None
    while True:
        page = list(
            (latest if last is None else latest.filter(pk__lt=last))
            .order_by("-pk")
            .values_list("pk", "training_session", "received_at")[:EVENTS]
        )
        found = _uncounted(page)
        news |= found
        if not found or len(page) < EVENTS:
            break
        last = page[-1][0]
    return mark_sessions(TrainingSession.objects.filter(pk__in=news)) if news else 0


def _uncounted(events: Sequence[tuple[int, int, datetime]]) -> set[int]:
    """Sessions with an event that came after they were counted, and are not marked as it is."""
    heard: dict[int, datetime] = {}
    for _pk, session, received_at in events:
        heard[session] = max(received_at, heard.get(session, received_at))
    counted = (
        CountedPlace.objects.filter(training_session__in=heard).order_by().values_list("training_session")
    )
    pending = PendingCount.objects.filter(training_session__in=heard).values_list(
        "training_session", flat=True
    )
    late = {session for session, at in counted.annotate(Max("counted_at")) if at <= heard[session]}
    return late - set(pending)


def refresh(programme: int | None = None) -> int:
    """Count every marked session anew, of one programme or of all, so many at a time; how many sessions."""
    if programme is not None:
        return _refresh(programme)
    waiting = PendingCount.objects.order_by().values_list("programme", flat=True).distinct()
    return sum(_refresh(each) for each in list(waiting))


def _refresh(programme: int) -> int:
    done = 0
    while counted := _refresh_some(programme):
        done += counted
    return done


@transaction.atomic
def _refresh_some(programme: int) -> int:
    """Of one programme at most BATCH. What is marked from here on is seen to by the next.

    Holds the programme's row against a second one that counts: each figure is read, changed and written.
    """
    list(Programme.objects.select_for_update(no_key=True).filter(pk=programme).values_list("pk"))
    marks = PendingCount.objects.filter(programme=programme)
    oldest = marks.order_by("pk").values_list("training_session", flat=True)
    sessions = list(dict.fromkeys(oldest[: 4 * BATCH]))[:BATCH]
    seen = list(marks.filter(training_session__in=sessions).values_list("pk", flat=True))
    if sessions:
        count_sessions(programme, sessions, at=clock.now())
    PendingCount.objects.filter(pk__in=seen).delete()
    return len(sessions)


def count_sessions(programme: int, sessions: Collection[int], *, at: datetime) -> None:
    """Put the figures right for these sessions of one programme; the caller holds its row."""
    now = {
        place.enrolment: counted_place(place, programme, at)
        for place in as_places(on_rosters().filter(training_session__in=sessions))
    }
    kept = CountedPlace.objects.filter(programme=programme)
    held = {row.enrolment: row for row in kept.filter(training_session__in=sessions)}
    people = {row.trainee for row in (*now.values(), *held.values())}
    elsewhere = list(kept.filter(trainee__in=people).exclude(training_session__in=sessions))
    _add(programme, difference(_tally([*elsewhere, *now.values()]), _tally([*elsewhere, *held.values()])), at)
    CountedPlace.objects.filter(pk__in=held.keys() - now.keys()).delete()
    CountedPlace.objects.bulk_create(
        now.values(), update_conflicts=True, unique_fields=["enrolment"], update_fields=_WRITTEN
    )


def counted_place(place: Place, programme: int, at: datetime) -> CountedPlace:
    return CountedPlace(programme_id=programme, counted_at=at, **place._asdict())


_WRITTEN: Final = [*(name for name in Place._fields if name != "enrolment"), "counted_at"]


def as_place(row: CountedPlace) -> Place:
    return Place(*(getattr(row, name) for name in Place._fields))


def _tally(rows: Iterable[CountedPlace]) -> Figures:
    return tally(map(as_place, sorted(rows, key=attrgetter("trainee"))), len(DEPTHS))


def _add(programme: int, changes: Figures, at: datetime) -> None:
    """Put these on top of what the figures are; a figure of nothing goes."""
    if not changes:
        return
    kept = {figure_key(row): row for row in _figures_of(programme, changes)}
    gone: list[Figure] = []
    written: list[Figure] = []
    for (cell, depth), change in changes.items():
        row = kept.get((cell, depth)) or _figure(programme, cell, depth, Tally(), at)
        row.renci, row.people, row.computed_at = row.renci + change.renci, row.people + change.people, at
        (written if row.renci else gone).append(row)
    Figure.objects.filter(pk__in=[row.pk for row in gone]).delete()
    Figure.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=_IDENTITY,
        update_fields=["renci", "people", "computed_at"],
    )


_IDENTITY: Final = ["programme", "slice_kind", "slice_key", "dimension", "key", "depth"]


def figure_key(row: Figure) -> tuple[Cell, int]:
    return (row.slice_kind, row.slice_key, row.dimension, row.key), DEPTH_NAMES.index(row.depth)


def _figures_of(programme: int, changes: Figures) -> Iterator[Figure]:
    """Those in question and some of their neighbours, a query for each slice."""
    keys: dict[tuple[str, str], set[str]] = {}
    for (kind, own, _dimension, key), _depth in changes:
        keys.setdefault((kind, own), set()).add(key)
    for (kind, own), wanted in keys.items():
        yield from Figure.objects.filter(programme=programme, slice_kind=kind, slice_key=own, key__in=wanted)


def _figure(programme: int, cell: Cell, depth: int, figure: Tally, at: datetime) -> Figure:
    kind, own, dimension, key = cell
    return Figure(
        programme_id=programme,
        slice_kind=kind,
        slice_key=own,
        dimension=dimension,
        key=key,
        depth=DEPTH_NAMES[depth],
        renci=figure.renci,
        people=figure.people,
        computed_at=at,
    )


@transaction.atomic
def rebuild(programme: Programme) -> int:
    """Forget what was counted and count everything, as after a restore; how many places.

    Holds the programme's row as counting does, in one transaction: minutes for a million places.
    """
    if connection.vendor == "postgresql":
        # What was just loaded or restored it takes for empty tables, and reads row by row in nested loops.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    at = clock.now()
    for kept in (PendingCount, CountedPlace, Figure):
        kept.objects.filter(programme=programme).delete()
    places = 0
    rows = as_places(on_rosters().filter(training_session__institution__programme=programme))
    while some := [counted_place(place, programme.pk, at) for place in islice(rows, 10_000)]:
        places += len(CountedPlace.objects.bulk_create(some))
    columns = CountedPlace.objects.filter(programme=programme).order_by("trainee")
    everything = columns.values_list(*Place._fields).iterator(chunk_size=10_000)
    figures = tally((Place(*row) for row in everything), len(DEPTHS))
    Figure.objects.bulk_create(
        (_figure(programme.pk, *where, figure, at) for where, figure in figures.items()), batch_size=10_000
    )
    return places
