"""What an institution's pages show, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from training.attendance.rules import hours
from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.courses.models import Courseware
from training.dossiers.choices import TAKES_EVIDENCE, DossierStatus
from training.dossiers.models import Dossier, Evidence
from training.dossiers.queries import check_sessions
from training.dossiers.rules import ItemResult
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment, RosterImport
from training.institutions.models import Agreement, Institution, Instructor, Licence
from training.people.choices import ConsentPurpose
from training.people.models import Consent
from training.programmes.models import FundLine
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on, the_programme
from training.scheduling.choices import EDITABLE, TAKES_ATTENDANCE, TAKES_COURSEWARE, SessionStatus
from training.scheduling.models import Lesson, TrainingSession, Venue

EXPORT_CHUNK = 200  # sessions checked at a time


class Todo(models.TextChoices):
    """What a session waits for from its institution."""

    DRAFT = "draft", _("草稿待提交")
    RETURNED = "returned", _("开班申请被退回")
    CLOSE = "close", _("上完课待结课")
    ARCHIVE = "archive", _("档案待补齐、提交")
    CLAIM = "claim", _("已封存待申领")


def sessions(actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = TrainingSession.objects.visible_to(actor)
    return rows


def sessions_to_do(actor: Actor, todo: Todo) -> QuerySet[Any]:
    rows: QuerySet[Any] = sessions(actor)
    if todo == Todo.CLOSE:
        over: QuerySet[Any] = rows.filter(status__in=TAKES_ATTENDANCE).annotate(
            ends_at=Max("lessons__ends_at")
        )
        return over.filter(ends_at__lte=clock.now())
    if todo == Todo.ARCHIVE:
        return rows.filter(status=SessionStatus.CLOSED, dossier__status__in=TAKES_EVIDENCE)
    if todo == Todo.CLAIM:
        return rows.filter(status=SessionStatus.ARCHIVED)
    return rows.filter(status=todo.value)


def search_sessions(actor: Actor, *, q: str = "", status: str = "", todo: str = "") -> QuerySet[Any]:
    """Newest first; empty arguments do not filter."""
    rows = sessions_to_do(actor, Todo(todo)) if todo else sessions(actor)
    if q:
        rows = rows.filter(
            Q(code__icontains=q) | Q(title__icontains=q) | Q(lessons__topic__icontains=q)
        ).distinct()
    if status:
        rows = rows.filter(status=status)
    return rows.order_by("-pk")


@dataclass(frozen=True)
class SessionRow:
    """A session with its nine items checked."""

    session: Any
    items: tuple[ItemResult, ...]

    @cached_property
    def days(self) -> list[date]:
        return sorted({lesson.on for lesson in self.session.lessons.all()})

    @property
    def rostered(self) -> int:
        return len(self.session.on_roster)

    @property
    def completed(self) -> int:
        return sum(place.status == EnrolmentStatus.COMPLETED for place in self.session.on_roster)

    @property
    def sealed(self) -> bool:
        return bool(self.dossier and self.dossier.status == DossierStatus.SEALED)

    @property
    def dossier(self) -> Dossier | None:
        return getattr(self.session, "dossier", None)

    @property
    def rules(self) -> Preset:
        rules: Preset = self.session.rule_set.rules
        return rules

    @property
    def category(self) -> str:
        return self.rules.category(self.session.category).name

    @property
    def missing(self) -> str:
        return str(_("、")).join(item.code for item in self.items if not item.complete)


def session_rows(rows: QuerySet[Any]) -> list[SessionRow]:
    return [SessionRow(session, items) for session, items in check_sessions(rows)]


def export_rows(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The listed sessions as cells, all pages of them."""
    for start in range(0, rows.count(), EXPORT_CHUNK):
        for row in session_rows(rows[start : start + EXPORT_CHUNK]):
            yield [
                row.session.code,
                row.session.title,
                row.category,
                row.days[0] if row.days else "",
                row.days[-1] if row.days else "",
                row.session.get_status_display(),
                row.rostered,
                row.completed,
                row.missing,
            ]


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related("rule_set", "institution").fetch(
        actor, pk=pk
    )
    return session


@dataclass(frozen=True)
class SessionPage(SessionRow):
    """Everything on the page of one session."""

    claim: Claim | None
    photos: list[Evidence]
    papers: list[Evidence]
    withdrawn: list[Evidence]
    imports: list[RosterImport]

    @property
    def editable(self) -> bool:
        return self.session.status in EDITABLE

    @property
    def takes_courseware(self) -> bool:
        return self.session.status in TAKES_COURSEWARE

    @property
    def takes_evidence(self) -> bool:
        return self.dossier is None or self.dossier.status in TAKES_EVIDENCE

    @property
    def over(self) -> bool:
        """Every lesson has ended, so the class can be closed."""
        ends = [lesson.ends_at for lesson in self.session.lessons.all()]
        return self.session.status in TAKES_ATTENDANCE and bool(ends) and max(ends) <= clock.now()

    @property
    def class_type(self) -> str:
        return self.rules.class_type(self.session.class_type).name

    @property
    def form(self) -> str:
        return self.rules.form(self.session.form).name

    @property
    def hours(self) -> str:
        """学时 of the whole timetable."""
        return hours(sum(lesson.minutes for lesson in self.session.lessons.all()), self.rules.attendance)

    @property
    def completed_people(self) -> int:
        done = EnrolmentStatus.COMPLETED
        return len({place.trainee_id for place in self.session.on_roster if place.status == done})


def session_page(pk: int, actor: Actor) -> SessionPage:
    session_of(pk, actor)
    row = session_rows(sessions(actor).filter(pk=pk).prefetch_related("witnesses"))[0]
    evidence = list(row.session.evidence.select_related("lesson", "file"))
    standing = [entry for entry in evidence if entry.withdrawn_at is None]
    return SessionPage(
        row.session,
        row.items,
        claim=Claim.objects.visible_to(actor).filter(dossier__training_session=pk).first(),
        photos=[entry for entry in standing if entry.item == "A9"],
        papers=[entry for entry in standing if entry.item != "A9"],
        withdrawn=[entry for entry in evidence if entry.withdrawn_at is not None],
        imports=list(row.session.roster_imports.select_related("file")),
    )


@dataclass(frozen=True)
class PlanOptions:
    """What a plan may choose from: (code, name)."""

    agreements: list[tuple[int, str]]
    categories: list[tuple[str, str]]
    class_types: list[tuple[str, str]]
    forms: list[tuple[str, str]]


def plan_options(actor: Actor, session: TrainingSession | None = None) -> PlanOptions:
    """From the session's own rule set; for a new one from the rule set in force today."""
    rule_set = session.rule_set if session else rule_set_on(the_programme(actor), clock.today(), actor=actor)
    rules = rule_set.rules
    return PlanOptions(
        agreements=[(row.pk, _agreement(row)) for row in agreements(actor)],
        categories=[(entry.code, entry.name) for entry in rules.categories],
        class_types=[(entry.code, entry.name) for entry in rules.class_types],
        forms=[(entry.code, entry.name) for entry in rules.forms],
    )


def _agreement(row: Agreement) -> str:
    return f"{row}（{row.fund_line.name}，{row.valid_from:%Y-%m-%d} — {row.valid_until:%Y-%m-%d}）"


def roster(session: TrainingSession, q: str = "") -> QuerySet[Any]:
    """Who should come, with the standing answer about the face check."""
    standing = Consent.objects.filter(purpose=ConsentPurpose.FACE, withdrawn_at__isnull=True)
    rows = session.enrolments.filter(ON_ROSTER).select_related("trainee")
    if q:
        rows = rows.filter(
            Q(trainee__name__icontains=q)
            | Q(trainee__township__icontains=q)
            | Q(trainee__village__icontains=q)
        )
    return rows.prefetch_related(Prefetch("trainee__consents", standing, "standing_consents"))


def group_names(session: TrainingSession) -> dict[str, str]:
    return {group.code: group.name for group in session.rule_set.rules.groups}


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    enrolment: Enrolment = Enrolment.objects.select_related("trainee").fetch(actor, pk=pk)
    return enrolment


def lesson_of(pk: int, actor: Actor) -> Lesson:
    lesson: Lesson = Lesson.objects.fetch(actor, pk=pk)
    return lesson


def evidence_of(pk: int, actor: Actor) -> Evidence:
    evidence: Evidence = Evidence.objects.fetch(actor, pk=pk)
    return evidence


def instructors(actor: Actor, q: str = "") -> QuerySet[Any]:
    rows: QuerySet[Any] = (
        Instructor.objects.visible_to(actor).annotate(proof_count=Count("proofs")).order_by("name", "pk")
    )
    return rows.filter(Q(name__icontains=q) | Q(title__icontains=q)) if q else rows


def instructor_of(pk: int, actor: Actor) -> Instructor:
    instructor: Instructor = Instructor.objects.prefetch_related("proofs__file", "proofs__verified_by").fetch(
        actor, pk=pk
    )
    return instructor


def institution_of(pk: int, actor: Actor) -> Institution:
    institution: Institution = Institution.objects.fetch(actor, pk=pk)
    return institution


def licences(actor: Actor) -> QuerySet[Any]:
    return Licence.objects.visible_to(actor).order_by("kind", "-valid_from")


def agreements(actor: Actor) -> QuerySet[Any]:
    return Agreement.objects.visible_to(actor).select_related("fund_line").order_by("-valid_from", "-pk")


def fund_lines(actor: Actor) -> QuerySet[Any]:
    return FundLine.objects.visible_to(actor).order_by("pk")


def courseware(actor: Actor, q: str = "") -> QuerySet[Any]:
    newer = Courseware.objects.filter(
        institution=OuterRef("institution"),
        topic=OuterRef("topic"),
        title=OuterRef("title"),
        version__gt=OuterRef("version"),
    )
    rows: QuerySet[Any] = (
        Courseware.objects.visible_to(actor).select_related("file").annotate(superseded=Exists(newer))
    )
    return rows.filter(Q(topic__icontains=q) | Q(title__icontains=q)) if q else rows


def topics(actor: Actor) -> list[str]:
    """Every topic of the rules in force, each once."""
    rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
    return list(dict.fromkeys(topic.name for category in rules.categories for topic in category.topics))


def venues(actor: Actor) -> QuerySet[Any]:
    return Venue.objects.visible_to(actor)


def teachers(session: TrainingSession) -> Sequence[Any]:
    """Who may be put into the timetable, with the number of their proofs."""
    return list(session.institution.instructors.annotate(proof_count=Count("proofs")).order_by("name", "pk"))
