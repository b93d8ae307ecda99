"""What an institution's pages show, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Max, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import Role
from training.accounts.queries import class_managers
from training.attendance.rules import hours
from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.courses.models import Outline
from training.courses.queries import approved_outlines
from training.dossiers.choices import TAKES_EVIDENCE, Decision, DossierStatus
from training.dossiers.missing import ItemResult
from training.dossiers.models import Dossier, Evidence, ItemReview
from training.dossiers.queries import check_sessions
from training.dossiers.rounds import running_round
from training.enrolment.call_list import has_news
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment, RosterImport
from training.institutions.choices import AgreementStatus
from training.institutions.models import Agreement
from training.people.choices import ConsentPurpose
from training.people.models import Consent
from training.people.queries import whose
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on, the_programme
from training.scheduling.choices import EDITABLE, TAKES_ATTENDANCE, TAKES_COURSEWARE, SessionStatus
from training.scheduling.models import ChangeRequest, TrainingSession
from training.scheduling.running import has_begun
from training.scheduling.turns import Turn
from training.web.bureau.history import Deed, timeline, turns
from training.web.session_facts import SessionFacts
from training.web.timetable.sessions import planned_as

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
    """A class manager's are those they are in charge of."""
    rows = sessions(actor)
    if actor.role == Role.CLASS_MANAGER:
        rows = rows.filter(in_charge(actor))
    return _waiting(rows, todo)


def in_charge(actor: Actor) -> Q:
    """A class manager's sessions: theirs, and those that nobody in particular was put in charge of."""
    return Q(manager__user=actor.user_id) | Q(manager=None)


def _waiting(rows: QuerySet[Any], todo: Todo) -> QuerySet[Any]:
    if todo == Todo.CLOSE:
        over: QuerySet[Any] = rows.filter(status__in=TAKES_ATTENDANCE).annotate(
            ends_at=Max("lessons__ends_at")
        )
        return over.filter(ends_at__lte=clock.now())
    if todo == Todo.ARCHIVE:
        return rows.filter(status=SessionStatus.CLOSED, dossier__status__in=TAKES_EVIDENCE)
    if todo == Todo.CLAIM:
        return rows.filter(status=SessionStatus.ARCHIVED, agreement__fund_line__claimable=True)
    return rows.filter(status=todo.value)


def search_sessions(
    actor: Actor, *, q: str = "", status: str = "", todo: str = "", whose: str = "", **planned: str
) -> QuerySet[Any]:
    """Newest first; empty arguments do not filter, but a class manager must ask for "all" to see others' sessions.

    `planned` as `planned_as` has it.
    """
    rows = sessions(actor)
    if actor.role == Role.CLASS_MANAGER and not whose:
        rows = rows.filter(in_charge(actor))
    if todo:
        rows = _waiting(rows, Todo(todo))
    if q:
        rows = rows.filter(
            Q(code__icontains=q) | Q(title__icontains=q) | Q(lessons__topic__icontains=q)
        ).distinct()
    if status:
        rows = rows.filter(status=status)
    return planned_as(rows, **planned).order_by("-pk")


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
class SessionPage(SessionFacts, SessionRow):
    """Everything on the page of one session."""

    claim: Claim | None
    photos: list[Evidence]
    papers: list[Evidence]
    withdrawn: list[Evidence]
    imports: list[RosterImport]
    turn: Turn | None
    changes: list[ChangeRequest]
    returned: list[ItemReview]  # what the bureau wants put right, and where on the paper: `address`
    history: list[Deed]

    @property
    def begun(self) -> bool:
        return has_begun(self.session)

    @cached_property
    def changeable(self) -> set[int]:
        """Lessons that a change may still be asked for."""
        if self.session.status not in TAKES_ATTENDANCE:
            return set()
        now = clock.now()
        return {lesson.pk for lesson in self.session.lessons.all() if lesson.starts_at > now}

    @cached_property
    def to_tell(self) -> bool:
        """Whether people on the roster must hear of something."""
        return has_news(self.session)

    @property
    def editable(self) -> bool:
        return self.session.status in EDITABLE

    @property
    def takes_courseware(self) -> bool:
        return self.session.status in TAKES_COURSEWARE

    @property
    def takes_evidence(self) -> bool:
        return self.dossier is None or self.dossier.status in TAKES_EVIDENCE

    @cached_property
    def open_items(self) -> set[str]:
        """Archive items whose papers may be changed: of a returned archive those that the bureau returned."""
        if not self.takes_evidence:
            return set()
        return {item.code for item in self.items if not (self.dossier and self.dossier.spares(item.code))}

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
    row = session_rows(sessions(actor).filter(pk=pk).prefetch_related("witnesses", "budget_lines"))[0]
    evidence = list(row.session.evidence.select_related("lesson", "file", "picture"))
    standing = [entry for entry in evidence if entry.withdrawn_at is None]
    return SessionPage(
        row.session,
        row.items,
        claim=Claim.objects.visible_to(actor).filter(dossier__training_session=pk).first(),
        photos=[entry for entry in standing if entry.item == "A9"],
        papers=[entry for entry in standing if entry.item != "A9"],
        withdrawn=[entry for entry in evidence if entry.withdrawn_at is not None],
        imports=list(row.session.roster_imports.select_related("file")),
        turn=turns([row.session], actor).get(pk),
        changes=list(row.session.change_requests.select_related("lesson")),
        returned=_returned(row.dossier),
        history=timeline(row.session, actor),
    )


def _returned(dossier: Dossier | None) -> list[ItemReview]:
    if dossier is None or dossier.status != DossierStatus.RETURNED:
        return []
    marked = ItemReview.objects.filter(round=running_round(dossier), decision=Decision.RETURNED)
    found: list[Any] = list(marked.select_related("file"))
    for review in found:
        review.address = _place(review)
    return found


def _place(review: ItemReview) -> str:
    """The marked picture, or the marked page as one; empty where no file is named."""
    kind, _dash, pk = review.paper.rpartition("-")
    if not kind:
        return ""
    return reverse("file", args=[kind, pk]) + (f"?page={review.page}" if review.page else "")


@dataclass(frozen=True)
class PlanOptions:
    """What a plan may choose from: (code, name)."""

    agreements: list[tuple[int, str]]
    categories: list[tuple[str, str]]
    class_types: list[tuple[str, str]]
    forms: list[tuple[str, str]]
    outlines: list[tuple[int, str]]
    managers: list[tuple[int, str]]


def plan_options(actor: Actor, session: TrainingSession | None = None) -> PlanOptions:
    """From the rule set in force today, by which a plan is made whenever it is made or revised."""
    rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
    return PlanOptions(
        agreements=[
            (row.pk, _agreement(row)) for row in agreements(actor).filter(status=AgreementStatus.IN_FORCE)
        ],
        categories=[(entry.code, entry.name) for entry in rules.categories],
        class_types=[(entry.code, entry.name) for entry in rules.class_types],
        forms=[(entry.code, entry.name) for entry in rules.forms],
        outlines=[(row.pk, _outline(row, rules)) for row in _outlines(actor, session)],
        managers=[(row.pk, str(row.user)) for row in class_managers(actor).select_related("user")],
    )


def _outlines(actor: Actor, session: TrainingSession | None) -> list[Outline]:
    """The newest approved ones; with the one this session is pinned to, if that is no longer among them."""
    found = list(approved_outlines(actor))
    pinned = session.outline if session else None
    return found if pinned is None or pinned in found else [*found, pinned]


def _outline(row: Outline, rules: Preset) -> str:
    names = {category.code: category.name for category in rules.categories}
    return f"{row}（{names.get(row.course.category, row.course.category)}）"


def _agreement(row: Agreement) -> str:
    return f"{row}（{row.fund_line.name}，{row.valid_from:%Y-%m-%d} — {row.valid_until:%Y-%m-%d}）"


def roster(session: TrainingSession, q: str = "") -> QuerySet[Any]:
    """Who should come, with the standing answer about the face check."""
    standing = Consent.objects.filter(purpose=ConsentPurpose.FACE, withdrawn_at__isnull=True)
    rows = session.enrolments.filter(ON_ROSTER).select_related("trainee")
    if q:
        rows = rows.filter(
            Q(trainee__in=whose(q, phones=True))
            | Q(trainee__township__icontains=q)
            | Q(trainee__village__icontains=q)
        )
    return rows.prefetch_related(Prefetch("trainee__consents", standing, "standing_consents"))


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    enrolment: Enrolment = Enrolment.objects.select_related("trainee").fetch(actor, pk=pk)
    return enrolment


def evidence_of(pk: int, actor: Actor) -> Evidence:
    evidence: Evidence = Evidence.objects.fetch(actor, pk=pk)
    return evidence


def agreements(actor: Actor) -> QuerySet[Any]:
    return Agreement.objects.visible_to(actor).select_related("fund_line").order_by("-valid_from", "-pk")
