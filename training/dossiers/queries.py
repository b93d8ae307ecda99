"""Reading what an archive holds, for one session or for a page of them, in a constant number of queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.timezone import localdate

from training.attendance.choices import CorrectionStatus, EventKind
from training.attendance.models import AttendanceEvent, Correction
from training.attendance.queries import chain_gaps, signed_in
from training.core import clock
from training.courses.choices import CoursewareStatus
from training.courses.models import Courseware as CoursewareRow
from training.dossiers.approved_papers import is_altered, licences_of, proofs_of
from training.dossiers.attesting import signatures
from training.dossiers.choices import EvidenceKind
from training.dossiers.contents import (
    ArchiveContents,
    Courseware,
    Demands,
    HalfDayKey,
    InstructorOnFile,
    LessonApproved,
    LessonHeld,
    OpenDoubt,
    PaperOnFile,
    PhotoOnFile,
    RosterEntry,
)
from training.dossiers.doubts import Doubt, open_doubts
from training.dossiers.missing import ItemResult
from training.dossiers.models import Evidence
from training.dossiers.records import count_records
from training.dossiers.rules import check_archive
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.institutions.choices import AgreementStatus
from training.programmes.preset import Preset
from training.scheduling.choices import WAS_APPROVED, ChangeKind, ChangeStatus, SessionStatus
from training.scheduling.models import ChangeRequest, TrainingSession

DOUBTFUL_COPY = Q(copies_of__status="not_allowed") | Q(
    copies_of__status="open", copies_of__original__withdrawn_at=None
)
"""Evidence that is a copy of other evidence and may not stand, or not yet (`training.uploads` notices)."""
CLOSED = frozenset({SessionStatus.CLOSED, SessionStatus.ARCHIVED, SessionStatus.CLAIMED})


def with_archive(sessions: QuerySet[Any], *, id_numbers: bool = True) -> QuerySet[Any]:
    """Fetch with the sessions all that `archive_contents` reads.

    `id_numbers`: also those of the people on the roster, which no check asks for and which take long to decrypt.
    """
    places = Enrolment.objects.filter(ON_ROSTER).select_related("trainee", "completion")
    return sessions.select_related(
        "institution__programme", "agreement__fund_line", "approved_timetable"
    ).prefetch_related(
        "rule_set",  # a large row, and the same one for nearly all of them
        "institution__licences",
        "approved_papers",
        "budget_lines",
        "lessons__instructor__proofs",
        "lessons__venue",
        Prefetch("courseware", CoursewareRow.objects.select_related("file")),
        "outline__rows",
        Prefetch("change_requests", _approved_changes(), "approved_changes"),
        Prefetch("enrolments", places if id_numbers else places.defer("trainee__id_number"), "on_roster"),
        Prefetch("evidence", _standing_evidence(), "standing_evidence"),
        "dossier",
    )


def _standing_evidence() -> QuerySet[Any]:
    """With how often each was found to be a doubtful copy."""
    doubts = Count("copies_of", filter=DOUBTFUL_COPY)
    standing: QuerySet[Any] = Evidence.objects.filter(withdrawn_at__isnull=True).annotate(doubts=doubts)
    return standing


def _approved_changes() -> QuerySet[Any]:
    approved = ChangeRequest.objects.filter(kind=ChangeKind.LESSON, status=ChangeStatus.APPROVED)
    return approved.select_related("lesson").order_by("decided_at", "pk")


def archive_contents(sessions: Sequence[TrainingSession]) -> dict[int, ArchiveContents]:
    """Session id -> contents; the sessions come from `with_archive`."""
    came, gaps = signed_in(sessions), chain_gaps(sessions)
    on_the_way, undecided = _photos_on_the_way(sessions), _open_corrections(sessions)
    strangers, doubts = _strangers(sessions, came), open_doubts(sessions)
    records = count_records(sessions)
    signed = signatures(sessions)
    return {
        session.pk: under(
            replace(
                _contents(session, came, doubts.get(session.pk, ())),
                records={kind: count.get(session.pk, 0) for kind, count in records.items()},
                gaps=gaps.get(session.pk, ()),
                photos_on_the_way=on_the_way.get(session.pk, 0),
                open_corrections=undecided.get(session.pk, 0),
                strangers=tuple(strangers.get(session.pk, ())),
                scanned=signed[session.pk].scanned,
                unattested=signed[session.pk].unattested,
            ),
            session.rule_set.rules,
            session.class_type,
        )
        for session in sessions
    }


def under(contents: ArchiveContents, rules: Preset, class_type: str) -> ArchiveContents:
    """The same archive as these rules look at it."""
    lines = {kind.code: kind.fund_line for kind in rules.class_types}
    return replace(
        contents,
        demands=Demands(
            photos_per_half_day=rules.photos.min_per_half_day,
            caption_parts=rules.photos.caption_parts,
            hour_minutes=rules.attendance.unit_minutes,
            open_doubts=rules.archive.open_doubts,
            roster_fields=rules.archive.roster_fields,
            phone_verified_rate=rules.archive.phone_verified_rate,
            shared_phone_limit=rules.archive.shared_phone_limit,
            budget=rules.planning.budget_required,
            register_signatures=rules.archive.register_signatures,
            courseware_approval=rules.planning.courseware_approval,
            fund_line=lines.get(class_type, ""),
        ),
    )


def _contents(session: Any, came: Mapping[int, set[int]], doubts: Iterable[Doubt]) -> ArchiveContents:
    """What hangs on the session itself."""
    lessons = list(session.lessons.all())
    half_days = {lesson.pk: (lesson.on, lesson.half_day) for lesson in lessons}
    evidence = session.standing_evidence
    agreement = session.agreement
    ours = agreement.institution_id == session.institution_id
    return ArchiveContents(
        agreement=_agreement(agreement),
        institution=session.institution.name,
        agreement_with=session.institution.name if ours else agreement.institution.name,
        agreement_line=agreement.fund_line.code,
        uscc=session.institution.uscc,
        scope=session.institution.business_scope,
        scope_reviewed=session.institution.scope_confirmed_at is not None,
        licences=_papers(session, licences_of(session)),
        lessons=tuple(map(_held, lessons)),
        approved_lessons=_approved_lessons(session),
        instructors={
            lesson.instructor_id: InstructorOnFile(
                lesson.instructor.name,
                lesson.instructor.profile,
                _papers(session, proofs_of(session, lesson.instructor)),
            )
            for lesson in lessons
        },
        plan=_plan(session, lessons),
        planned_on=localdate(session.submitted_at) if session.submitted_at else None,
        approved=session.status in WAS_APPROVED,
        approved_on=localdate(session.approved_at) if session.approved_at else None,
        courseware=tuple(
            Courseware(piece.topic, piece.title, piece.file.sha256, piece.status == CoursewareStatus.APPROVED)
            for piece in session.courseware.all()
        ),
        roster=tuple(
            _entry(place, frozenset(half_days[lesson] for lesson in came.get(place.pk, ())))
            for place in session.on_roster
        ),
        closed=session.status in CLOSED,
        photos=tuple(_photos(evidence, lessons)),
        doubts=(
            *(OpenDoubt("reuse", row.item, row.caption) for row in evidence if row.doubts),
            *(
                OpenDoubt(doubt.kind, doubt.item, place.trainee.name)
                for doubt in doubts
                for place in doubt.people
            ),
        ),
        other_items=Counter(row.item for row in evidence),
    )


def _agreement(paper: Any) -> PaperOnFile:
    return PaperOnFile(
        paper.kind,
        paper.number,
        paper.valid_from,
        paper.valid_until,
        verified=paper.status != AgreementStatus.DRAFT,
    )


def _held(lesson: Any) -> LessonHeld:
    return LessonHeld(
        lesson.sequence,
        lesson.on,
        lesson.half_day,
        lesson.starts_at,
        lesson.ends_at,
        lesson.topic,
        lesson.instructor_id,
        lesson.venue_id,
    )


def _plan(session: Any, lessons: Iterable[Any]) -> dict[str, str]:
    return {
        "audience": session.audience,
        "goals": session.goals,
        "content": session.content,
        "form": session.form,
        "hours": str(sum(lesson.minutes for lesson in lessons) or ""),
        "assessment": session.assessment,
        "budget": "、".join(line.name for line in session.budget_lines.all()),
    }


def _photos(evidence: Iterable[Any], lessons: Iterable[Any]) -> Iterator[PhotoOnFile]:
    sequences = {lesson.pk: lesson.sequence for lesson in lessons}
    for row in evidence:
        if row.kind == EvidenceKind.PHOTO:
            yield PhotoOnFile(
                sequences.get(row.lesson_id),
                row.taken_at,
                row.caption,
                by_station=row.event_id is not None,
                persons=row.persons,
                background=row.background,
                photographer=row.photographer,
            )


def _papers(session: Any, rows: Iterable[Any]) -> tuple[PaperOnFile, ...]:
    """Licences or proofs."""
    return tuple(
        PaperOnFile(
            row.kind,
            row.number,
            getattr(row, "valid_from", None),
            row.valid_until,
            verified=row.verified_at is not None,
            altered=is_altered(session, row),
        )
        for row in rows
    )


def _entry(place: Any, half_days: frozenset[HalfDayKey]) -> RosterEntry:
    person = place.trainee
    return RosterEntry(
        place.number,
        person.name,
        person.phone,
        place.status == EnrolmentStatus.COMPLETED,
        half_days,
        id_number=bool(person.id_hash),
        group=place.group,
        address=person.township and person.village,
        phone_verified=person.phone_verified_at is not None,
        counted=_completed(place),
    )


def _completed(place: Any) -> bool | None:
    try:
        return bool(place.completion.completed)
    except ObjectDoesNotExist:
        return None


def _approved_lessons(session: Any) -> dict[int, LessonApproved] | None:
    """As approved with the session, and then as each approved change had it."""
    try:
        kept = session.approved_timetable.lessons
    except ObjectDoesNotExist:
        return None
    approved = {
        row["sequence"]: LessonApproved(
            datetime.fromisoformat(row["starts_at"]),
            datetime.fromisoformat(row["ends_at"]),
            row["instructor"],
            row["venue"],
            row.get("topic", ""),
        )
        for row in kept
    }
    for change in session.approved_changes:
        sequence = change.lesson.sequence
        topic = approved[sequence].topic if sequence in approved else ""
        approved[sequence] = LessonApproved(
            change.starts_at, change.ends_at, change.instructor_id, change.venue_id, topic
        )
    return approved


def _strangers(sessions: Sequence[Any], came: Mapping[int, set[int]]) -> dict[int, list[str]]:
    """session id -> people whose sign-ins count and who have no place on the roster; seldom a query."""
    found: dict[int, list[str]] = defaultdict(list)
    without = set(came) - {place.pk for session in sessions for place in session.on_roster}
    if without:
        rows = Enrolment.objects.filter(pk__in=without).order_by("number")
        for session, name in rows.values_list("training_session", "trainee__name"):
            found[session].append(name)
    return found


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


def check_sessions(sessions: QuerySet[Any]) -> list[tuple[TrainingSession, tuple[ItemResult, ...]]]:
    """Each session with its items checked; the queryset is sliced by the caller's page."""
    rows = list(with_archive(sessions, id_numbers=False))
    contents = archive_contents(rows)
    return [(row, check_under(contents[row.pk], row.rule_set.rules, row)) for row in rows]


def check_under(contents: ArchiveContents, rules: Preset, session: Any) -> tuple[ItemResult, ...]:
    """Under the session's own rules, or others; `contents` are already `under` them."""
    items = rules.items_for(session.class_type)
    return check_archive(contents, items, version=session.rule_set.version, at=clock.now())


def check_session(session: TrainingSession) -> tuple[ItemResult, ...]:
    """The items of one session, checked now."""
    return check_sessions(TrainingSession.objects.filter(pk=session.pk))[0][1]
