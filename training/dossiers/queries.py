"""Reading what an archive holds, for one session or for a page of them, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Prefetch, QuerySet
from django.utils.translation import gettext as _

from training.attendance.choices import CorrectionStatus, EventKind
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.queries import chain_gaps, counted_scans
from training.core.actor import Actor
from training.dossiers.models import Dossier, Evidence
from training.dossiers.rules import (
    ArchiveContents,
    InstructorOnFile,
    ItemResult,
    LessonHeld,
    PaperOnFile,
    PhotoOnFile,
    RosterEntry,
    check_archive,
)
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.scheduling.choices import WAS_APPROVED, SessionStatus
from training.scheduling.models import TrainingSession

CLOSED = frozenset({SessionStatus.CLOSED, SessionStatus.ARCHIVED, SessionStatus.CLAIMED})


def with_archive(sessions: QuerySet[Any]) -> QuerySet[Any]:
    """Fetch with the sessions all that `archive_contents` reads."""
    return sessions.select_related(
        "institution__programme", "agreement__fund_line", "rule_set"
    ).prefetch_related(
        "institution__licences",
        "lessons__instructor__proofs",
        "lessons__venue",
        "courseware",
        "outline__rows",
        Prefetch("enrolments", Enrolment.objects.filter(ON_ROSTER).select_related("trainee"), "on_roster"),
        Prefetch("evidence", Evidence.objects.filter(withdrawn_at__isnull=True), "standing_evidence"),
        "dossier",
    )


def archive_contents(sessions: Sequence[TrainingSession]) -> dict[int, ArchiveContents]:
    """Session id -> contents; the sessions come from `with_archive`."""
    scans, gaps = counted_scans(sessions), chain_gaps(sessions)
    on_the_way, undecided = _photos_on_the_way(sessions), _open_corrections(sessions)
    return {
        session.pk: _contents(
            session,
            {
                enrolment.pk: frozenset(
                    scan.half_day for scan in scans.get(enrolment.pk, []) if scan.kind == "sign_in"
                )
                for enrolment in session.on_roster  # type: ignore[attr-defined]
            },
            gaps.get(session.pk, ()),
            on_the_way.get(session.pk, 0),
            undecided.get(session.pk, 0),
        )
        for session in sessions
    }


def _contents(
    session: Any,
    half_days: dict[int, frozenset[Any]],
    gaps: tuple[str, ...],
    on_the_way: int,
    undecided: int,
) -> ArchiveContents:
    agreement = session.agreement
    lessons = list(session.lessons.all())
    files_by_item: dict[str, int] = defaultdict(int)
    for evidence in session.standing_evidence:
        files_by_item[evidence.item] += 1
    return ArchiveContents(
        agreement=PaperOnFile(agreement.kind, agreement.number, agreement.valid_from, agreement.valid_until),
        licences=tuple(
            PaperOnFile(paper.kind, paper.number, paper.valid_from, paper.valid_until)
            for paper in session.institution.licences.all()
            if not paper.refused_at
        ),
        lessons=tuple(
            LessonHeld(
                lesson.sequence,
                lesson.on,
                lesson.half_day,
                lesson.starts_at,
                lesson.ends_at,
                lesson.topic,
                lesson.instructor_id,
            )
            for lesson in lessons
        ),
        instructors={
            lesson.instructor_id: InstructorOnFile(
                lesson.instructor.name,
                lesson.instructor.profile,
                tuple(
                    PaperOnFile(proof.kind, proof.number, None, proof.valid_until)
                    for proof in lesson.instructor.proofs.all()
                    if not proof.refused_at
                ),
            )
            for lesson in lessons
        },
        plan={
            _("培训对象"): session.audience,
            _("培训目标"): session.goals,
            _("培训内容"): session.content,
            _("考核方式"): session.assessment,
        },
        approved=session.status in WAS_APPROVED,
        topics_with_courseware=frozenset(piece.topic for piece in session.courseware.all()),
        roster=tuple(
            RosterEntry(
                enrolment.number,
                enrolment.trainee.name,
                bool(enrolment.trainee.phone),
                enrolment.status == EnrolmentStatus.COMPLETED,
                half_days[enrolment.pk],
            )
            for enrolment in session.on_roster
        ),
        closed=session.status in CLOSED,
        photos=tuple(
            PhotoOnFile(_sequence(evidence, lessons), evidence.taken_at, evidence.caption)
            for evidence in session.standing_evidence
            if evidence.item == "A9"
        ),
        gaps=gaps,
        photos_on_the_way=on_the_way,
        open_corrections=undecided,
        photos_per_half_day=session.rule_set.rules.photos.min_per_half_day,
        other_items=dict(files_by_item),
    )


def _photos_on_the_way(sessions: Sequence[TrainingSession]) -> dict[int, int]:
    """session id -> counted photo events whose picture has not come."""
    rows = (
        AttendanceEvent.objects.filter(
            training_session__in=[session.pk for session in sessions],
            kind=EventKind.PHOTO,
            held_reason="",
            evidence__isnull=True,
        )
        .order_by()
        .values_list("training_session")
        .annotate(Count("pk"))
    )
    return dict(rows)


def _open_corrections(sessions: Sequence[TrainingSession]) -> dict[int, int]:
    """session id -> corrections that wait for the second person."""
    rows = Correction.objects.filter(
        training_session__in=[session.pk for session in sessions], status=CorrectionStatus.PROPOSED
    )
    return dict(rows.order_by().values_list("training_session").annotate(Count("pk")))


def _sequence(evidence: Evidence, lessons: Iterable[Any]) -> int | None:
    return next((lesson.sequence for lesson in lessons if lesson.pk == evidence.lesson_id), None)


def check_sessions(sessions: QuerySet[Any]) -> list[tuple[TrainingSession, tuple[ItemResult, ...]]]:
    """Each session with its items checked; the queryset is sliced by the caller's page."""
    rows = list(with_archive(sessions))
    contents = archive_contents(rows)
    return [
        (row, check_archive(contents[row.pk], row.rule_set.rules.items_for(row.class_type))) for row in rows
    ]


def check_session(session: TrainingSession) -> tuple[ItemResult, ...]:
    """The items of one session, checked now."""
    return check_sessions(TrainingSession.objects.filter(pk=session.pk))[0][1]


def dossier_of(session_id: int, actor: Actor) -> Dossier:
    """The session's dossier; raises NotFoundError before the class is closed and for strangers."""
    dossier: Dossier = Dossier.objects.fetch(actor, training_session=session_id)
    return dossier
