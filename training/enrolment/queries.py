from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from training.core import clock, files
from training.enrolment.choices import ON_ROSTER, ImportStatus
from training.enrolment.models import Enrolment, RosterHeading, RosterImport
from training.enrolment.roster_book import marked_copy
from training.enrolment.roster_file import SEX_WORDS, Finding
from training.enrolment.sheets import Layout, find_layout
from training.institutions.models import Institution
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson, TrainingSession

STALLED_AFTER = timedelta(minutes=2)  # a chunk takes a second or two


def is_stalled(roster_import: RosterImport) -> bool:
    """It should be going on and nothing has moved: its worker died, or none is running."""
    running = roster_import.status == ImportStatus.RUNNING
    return running and clock.now() - roster_import.progressed_at > STALLED_AFTER


def layout_of(roster_import: RosterImport) -> Layout:
    """Where the people stand in the file; imports of earlier versions did not write it down."""
    if roster_import.layout:
        return Layout.from_json(roster_import.layout)
    return find_layout(files.read(roster_import.file))


def marked_roster(roster_import: RosterImport) -> bytes:
    """The file as handed in, what is wrong in red, what is doubtful in amber, and a column that says what to do."""
    if roster_import.marked:
        return files.read(roster_import.marked)
    return marked_copy(
        files.read(roster_import.file),
        layout_of(roster_import),
        problems=[Finding(**row) for row in roster_import.problems],
        warnings=[Finding(**row) for row in roster_import.warnings],
    )


def remembered_headings(institution: Institution) -> dict[str, str]:
    """Heading words to our columns, as this institution said before; "" for what it does not want."""
    return dict(RosterHeading.objects.filter(institution=institution).values_list("word", "column"))


def places_elsewhere(session: TrainingSession, trainees: Collection[int]) -> QuerySet[Any]:
    """Places of these people on other rosters of the county, in the same category or at the same time."""
    same_time = Lesson.objects.filter(
        Exists(session.lessons.filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))),
        training_session=OuterRef("training_session"),
    )
    over = (SessionStatus.CANCELLED, SessionStatus.STOPPED)
    places: QuerySet[Any] = (
        Enrolment.objects.filter(ON_ROSTER, trainee__in=trainees)
        .exclude(training_session=session)
        .exclude(training_session__status__in=over)
        .annotate(same_time=Exists(same_time))
        .filter(Q(same_time=True) | Q(training_session__category=session.category))
        .select_related("training_session")
        .order_by("pk")
    )
    return places


def roster_texts(session: TrainingSession, *, full: bool) -> Iterator[tuple[str, ...]]:
    """The roster in force, row by row in the order of `columns.COLUMNS`; masked unless `full`."""
    groups = {group.code: group.name for group in session.rule_set.rules.groups}
    for place in session.enrolments.filter(ON_ROSTER).select_related("trainee"):
        person = place.trainee
        yield (
            str(place.number),
            person.name,
            SEX_WORDS[person.sex],
            person.id_number if full else person.masked_id_number,
            person.phone if full else person.masked_phone,
            person.township,
            person.village,
            groups.get(place.group, place.group),
        )
