"""Institutions and agreements as their pages show them, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core import clock
from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.institutions.choices import (
    REQUIRED_LICENCES,
    AgreementStatus,
    InstitutionStatus,
    LicenceKind,
    PaperState,
)
from training.institutions.models import (
    Agreement,
    AgreementIndicator,
    AgreementTask,
    Institution,
    Instructor,
    Licence,
)
from training.institutions.queries import (
    active_institutions,
    kind_names,
    line_fault,
    line_total,
    local_registration,
    missing_to_admit,
    missing_to_submit,
    namesakes,
    rules_today,
    standing_fault,
)
from training.institutions.rules import WARNING_DAYS, LocalRegistration
from training.programmes.models import FundLine
from training.programmes.preset import Preset
from training.programmes.queries import the_programme
from training.programmes.target import Target
from training.scheduling.choices import TAKES_ATTENDANCE, WAS_APPROVED, SessionStatus
from training.scheduling.models import TrainingSession
from training.uploads.same_papers import with_uses
from training.web.bureau.history import Deed, deeds
from training.web.institutions.forms import COUNTED, Alert, PaperKind, When

USUAL_RATES = ("就业率", "创业率", "满意度", "合格率", "结业率")
"""Names as the counties' documents write them; they are kept, not translated."""


def institution_of(pk: int, actor: Actor) -> Institution:
    institution: Institution = Institution.objects.select_related("programme", "scope_confirmed_by").fetch(
        actor, pk=pk
    )
    return institution


def licence_of(pk: int, actor: Actor) -> Licence:
    licence: Licence = Licence.objects.select_related("institution").fetch(actor, pk=pk)
    return licence


def agreement_of(pk: int, actor: Actor) -> Agreement:
    agreement: Agreement = Agreement.objects.select_related(
        "institution__programme", "fund_line", "confirmed_by"
    ).fetch(actor, pk=pk)
    return agreement


def task_of(pk: int, actor: Actor) -> AgreementTask:
    task: AgreementTask = AgreementTask.objects.fetch(actor, pk=pk)
    return task


def indicator_of(pk: int, actor: Actor) -> AgreementIndicator:
    indicator: AgreementIndicator = AgreementIndicator.objects.fetch(actor, pk=pk)
    return indicator


def kinds(actor: Actor) -> dict[str, str]:
    return kind_names(rules_today(the_programme(actor), actor))


def in_sight(actor: Actor) -> QuerySet[Any]:
    return Institution.objects.visible_to(actor).order_by("name")


def fund_lines(actor: Actor) -> QuerySet[Any]:
    return FundLine.objects.visible_to(actor).order_by("pk")


# The county's agreements


def agreements(
    actor: Actor, *, q: str = "", status: str = "", kind: str = "", line: str = "", institution: str = ""
) -> QuerySet[Any]:
    """The newest first; an empty argument does not filter."""
    rows: QuerySet[Any] = Agreement.objects.visible_to(actor)
    if q:
        rows = rows.filter(Q(number__icontains=q) | Q(institution__name__icontains=q))
    chosen = {"status": status, "kind": kind, "fund_line": line, "institution": institution}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    found = rows.select_related("institution", "fund_line").prefetch_related("tasks")
    return found.order_by("-signed_on", "-pk")


AGREEMENT_COLUMNS = (
    gettext_lazy("文件类型"),
    gettext_lazy("文件编号"),
    gettext_lazy("版本"),
    gettext_lazy("培训机构"),
    gettext_lazy("资金条线"),
    gettext_lazy("签署日期"),
    gettext_lazy("有效期起"),
    gettext_lazy("有效期止"),
    gettext_lazy("状态"),
    gettext_lazy("任务人次"),
    gettext_lazy("任务金额（元）"),
)


def agreement_lines(rows: Iterable[Agreement]) -> Iterator[tuple[Any, ...]]:
    """In the order of AGREEMENT_COLUMNS; blank where no tasks are named."""
    for paper in rows:
        yield (
            paper.get_kind_display(),
            paper.number,
            paper.version,
            paper.institution.name,
            paper.fund_line.name,
            paper.signed_on,
            paper.valid_from,
            paper.valid_until,
            paper.get_status_display(),
            paper.renci or "",
            f"{paper.amount_fen / 100:.2f}" if paper.amount_fen else "",
        )


# The list


@dataclass(frozen=True)
class InstitutionRow:
    """An institution with what waits about it."""

    institution: Any
    kind: str
    local: LocalRegistration

    @cached_property
    def standing(self) -> InstitutionStatus:
        standing: InstitutionStatus = self.institution.standing
        return standing

    @property
    def pending(self) -> int:
        """Licences that nobody has looked at."""
        return sum(paper.state == PaperState.PENDING for paper in self.institution.licences.all())

    @property
    def drafts(self) -> int:
        """Agreements that wait to be put in force."""
        return sum(paper.draft for paper in self.institution.agreements.all())

    @property
    def in_force(self) -> int:
        return sum(paper.in_force for paper in self.institution.agreements.all())

    @cached_property
    def alerts(self) -> list[Any]:
        """The kinds of thing that wait, as words."""
        waits = {
            Alert.VERIFY: self.pending > 0,
            Alert.EXPIRING: self.standing == InstitutionStatus.ADMITTED and bool(self.institution.expiring),
            Alert.EXPIRED: self._expired,
            Alert.LOCAL: not self.local.well and self.standing != InstitutionStatus.REMOVED,
            Alert.AGREEMENT: self.drafts > 0 and self.standing != InstitutionStatus.REMOVED,
        }
        return [alert for alert, there in waits.items() if there]

    @property
    def _expired(self) -> bool:
        return self.standing == InstitutionStatus.SUSPENDED and bool(
            self.institution.lacking_on(clock.today())
        )


def institution_rows(
    actor: Actor, *, q: str = "", standing: str = "", alert: str = ""
) -> list[InstitutionRow]:
    """Those that wait for a decision first, then by name; a county has some dozens, so all are looked at.

    `standing` is one of their states, or COUNTED: those that count for “at least so many”.
    """
    programme = the_programme(actor)
    rules = rules_today(programme, actor)
    names = kind_names(rules)
    found: QuerySet[Any] = Institution.objects.visible_to(actor)
    if q:
        found = found.filter(Q(name__icontains=q) | Q(uscc__icontains=q) | Q(contact__icontains=q))
    if standing == COUNTED:
        counted = active_institutions(programme, actor, clock.today())
        found, standing = found.filter(pk__in=counted.values("pk")), ""
    found = found.annotate(sessions=Count("training_sessions")).prefetch_related("licences", "agreements")
    rows = [
        InstitutionRow(row, names.get(row.kind, ""), local_registration(row, rules))
        for row in found.order_by("name")
    ]
    rows = [row for row in rows if not standing or row.standing == standing]
    rows = [row for row in rows if not alert or alert in row.alerts]
    return sorted(rows, key=lambda row: row.standing != InstitutionStatus.SUBMITTED)


def enough_institutions(actor: Actor) -> tuple[int, int]:
    """(how many there are, how many the programme demands) of those that may work and hold an agreement."""
    programme, today = the_programme(actor), clock.today()
    need = rules_today(programme, actor).min_institutions
    return active_institutions(programme, actor, today).count(), need


def stranded_sessions(rows: Iterable[InstitutionRow], actor: Actor) -> int:
    """Approved sessions with lessons to come, of institutions that are suspended or removed by now."""
    stopped = [
        row.institution.pk
        for row in rows
        if row.standing in (InstitutionStatus.SUSPENDED, InstitutionStatus.REMOVED)
    ]
    return _ahead(actor).filter(institution__in=stopped).count()


COLUMNS = (
    gettext_lazy("机构名称"),
    gettext_lazy("统一社会信用代码"),
    gettext_lazy("机构类型"),
    gettext_lazy("状态"),
    gettext_lazy("要处理"),
    gettext_lazy("联系人"),
    gettext_lazy("联系电话"),
    gettext_lazy("生效协议"),
    gettext_lazy("期数"),
)


def lines(rows: Iterable[InstitutionRow]) -> Iterator[tuple[Any, ...]]:
    """The same institutions for a file, in the order of COLUMNS."""
    for row in rows:
        yield (
            row.institution.name,
            row.institution.uscc,
            row.kind,
            row.standing.label,
            _("、").join(str(Alert(alert).label) for alert in row.alerts),
            row.institution.contact,
            row.institution.phone,
            row.in_force,
            row.institution.sessions,
        )


# One institution


@dataclass(frozen=True)
class InstitutionPage:
    """`fault`: why it can't work, "" if it can; `to_do`: what its own people have still to hand in."""

    institution: Institution
    kind: str
    rules: Preset
    local: LocalRegistration
    licences: list[Licence]
    agreements: list[Agreement]
    fault: str
    to_do: list[Any]
    in_the_way: list[Any]
    same: list[Any]
    instructors: list[Any]
    affected: list[Any]
    history: list[Deed]

    @property
    def standing(self) -> InstitutionStatus:
        return self.institution.standing

    @property
    def scope_is_silent(self) -> bool:
        """The scope as written does not speak of training."""
        scope = self.institution.business_scope
        return bool(scope) and "培训" not in scope

    @property
    def expiring(self) -> list[tuple[Any, date]]:
        return self.institution.expiring


def institution_page(institution: Institution, actor: Actor) -> InstitutionPage:
    rules = rules_today(institution.programme, actor)
    licences = list(
        institution.licences.select_related("verified_by", "refused_by", "file").order_by(
            "kind", "-valid_from"
        )
    )
    agreements = list(
        institution.agreements.select_related("fund_line").prefetch_related("tasks").order_by("-pk")
    )
    people: QuerySet[Any] = Instructor.objects.visible_to(actor).filter(institution=institution)
    fault = standing_fault(institution)
    return InstitutionPage(
        institution=institution,
        kind=kind_names(rules).get(institution.kind, ""),
        rules=rules,
        local=local_registration(institution, rules),
        licences=with_uses(licences, actor),
        agreements=agreements,
        fault=fault,
        to_do=missing_to_submit(institution),
        in_the_way=missing_to_admit(institution, actor),
        same=list(namesakes(institution, actor)),
        instructors=list(people.prefetch_related("proofs").order_by("name", "pk")),
        affected=list(_ahead(actor).filter(institution=institution)) if fault else [],
        history=deeds([institution, *licences, *agreements], actor),
    )


def _ahead(actor: Actor) -> QuerySet[Any]:
    """Approved sessions that still have lessons to come."""
    rows: QuerySet[Any] = TrainingSession.objects.visible_to(actor).filter(
        status__in=TAKES_ATTENDANCE, lessons__ends_at__gt=clock.now()
    )
    return rows.distinct().order_by("pk")


# What runs out


@dataclass(frozen=True)
class Ending:
    """A paper whose cover ends on that day; `days` is negative for one that has ended."""

    what: PaperKind
    institution: Any
    name: str
    number: str
    ends_on: date
    days: int
    href: str

    @property
    def over(self) -> bool:
        return self.days < 0


def endings(actor: Actor, *, q: str = "", what: str = "", when: str = "") -> list[Ending]:
    """Whatever ends within so many days and nothing follows, the first to end first.

    Without `when` it is WARNING_DAYS; what has ended is always among them.
    """
    today = clock.today()
    limit = (
        today - timedelta(days=1) if when == When.EXPIRED else today + timedelta(int(when or WARNING_DAYS))
    )
    found = [*_licences(actor), *_agreements(actor), *_proofs(actor)]
    rows = [
        Ending(kind, institution, name, number, ends_on, (ends_on - today).days, href)
        for kind, institution, name, number, ends_on, href in found
        if ends_on <= limit
        and what in ("", kind)
        and any(q in word for word in (institution.name, name, number))
    ]
    return sorted(rows, key=lambda row: row.ends_on)


Found = tuple[PaperKind, Any, str, str, date, str]


def _licences(actor: Actor) -> Iterator[Found]:
    """A renewal that nobody has verified yet takes nothing off the list."""
    rows = Licence.objects.visible_to(actor).filter(verified_at__isnull=False)
    for paper in _last(rows.select_related("institution"), _licence_group):
        if paper.institution.status != InstitutionStatus.REMOVED:
            href = _institution_href(paper.institution, actor)
            yield (
                PaperKind.LICENCE,
                paper.institution,
                paper.get_kind_display(),
                paper.number,
                paper.valid_until,
                href,
            )


def _licence_group(paper: Licence) -> Any:
    """Licences that stand in for one another; others stand for themselves."""
    for place, (_name, kinds) in enumerate(REQUIRED_LICENCES):
        if paper.kind in kinds:
            return paper.institution_id, place
    return paper.institution_id, LicenceKind.OTHER, paper.issuer


def _agreements(actor: Actor) -> Iterator[Found]:
    rows = Agreement.objects.visible_to(actor).filter(status=AgreementStatus.IN_FORCE)
    for paper in rows.select_related("institution"):
        yield (
            PaperKind.AGREEMENT,
            paper.institution,
            paper.get_kind_display(),
            paper.number,
            paper.valid_until,
            reverse("agreement", args=[paper.pk]),
        )


def _proofs(actor: Actor) -> Iterator[Found]:
    people: QuerySet[Any] = Instructor.objects.visible_to(actor).select_related("institution")
    standing = Prefetch("proofs", to_attr="handed_in")
    for person in people.prefetch_related(standing):
        for proof in _last((p for p in person.handed_in if not p.refused_at), lambda _proof: 0):
            yield (
                PaperKind.PROOF,
                person.institution,
                _("%(name)s：%(kind)s") % {"name": person.name, "kind": proof.get_kind_display()},
                proof.number,
                proof.valid_until,
                reverse("instructor", args=[person.pk]),
            )


def _last(papers: Iterable[Any], group: Any) -> Iterator[Any]:
    """Of each group the paper that ends last, unless one never does."""
    last: dict[Any, Any] = {}
    for paper in papers:
        key = group(paper)
        known = last.get(key)
        if known is None or _end(paper) > _end(known):
            last[key] = paper
    return (paper for paper in last.values() if paper.valid_until)


def _end(paper: Any) -> date:
    return paper.valid_until or date.max


def _institution_href(institution: Institution, actor: Actor) -> str:
    own = isinstance(actor.reach.get("institution"), frozenset)
    return reverse("papers") if own else reverse("bureau-institution", args=[institution.pk])


ENDING_COLUMNS = (
    gettext_lazy("材料"),
    gettext_lazy("培训机构"),
    gettext_lazy("名称"),
    gettext_lazy("编号"),
    gettext_lazy("有效期止"),
    gettext_lazy("剩余天数"),
)


def ending_lines(rows: Iterable[Ending]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        left = _("已过期") if row.over else row.days
        yield row.what.label, row.institution.name, row.name, row.number, row.ends_on, left


# One agreement


@dataclass(frozen=True)
class TaskRow:
    """A task with what has been used up of it, in 人次 by how far their session is."""

    task: AgreementTask
    name: str
    planned: int = 0
    approved: int = 0
    completed: int = 0
    target: Target | None = None

    @property
    def left(self) -> int:
        return self.task.renci - self.approved - self.completed

    @property
    def overdrawn(self) -> bool:
        return self.left < 0 or self.task.renci < self.planned + self.approved + self.completed


@dataclass(frozen=True)
class AgreementPage:
    """`over_line`: why the fund line does not reach for this draft, in words; "" if it does.

    `line_fen` is the line's total in the rules of today, in 分; None if they have dropped the line.
    """

    agreement: Agreement
    tasks: list[TaskRow]
    indicators: list[tuple[AgreementIndicator, str]]
    missing: list[tuple[str, str]]
    over_line: str
    line_fen: int | None
    set_tasks: int
    target: Target | None
    versions: list[Agreement]
    affected: list[Any]
    history: list[Deed]

    @property
    def over_target(self) -> bool:
        return self.target is not None and self.set_tasks > self.target.value

    @property
    def newest(self) -> bool:
        return all(row.version <= self.agreement.version for row in self.versions)


def agreement_page(agreement: Agreement, actor: Actor) -> AgreementPage:
    rules = rules_today(agreement.institution.programme, actor)
    names = {kind.code: kind.name for kind in rules.class_types}
    versions = list(agreement.institution.agreements.filter(number=agreement.number).order_by("-version"))
    with_uses([agreement], actor)
    tasks = list(agreement.tasks.all())
    return AgreementPage(
        agreement=agreement,
        tasks=_task_rows(tasks, names, versions, rules),
        indicators=[
            (row, names.get(row.class_type, row.class_type) or _("全部班型"))
            for row in agreement.indicators.all()
        ],
        missing=_missing(agreement, tasks, rules),
        over_line=line_fault(agreement, rules) if agreement.draft else "",
        line_fen=line_total(agreement, rules),
        set_tasks=_set_tasks(agreement, actor),
        target=next((row for row in rules.targets if row.counts == "renci" and not row.parent), None),
        versions=versions,
        affected=list(_still_to_hold(agreement, actor)),
        history=deeds(versions, actor),
    )


def _task_rows(
    tasks: Sequence[AgreementTask], names: dict[str, str], versions: Sequence[Agreement], rules: Preset
) -> list[TaskRow]:
    used = _used(versions)
    targets = {row.class_type: row for row in rules.targets if row.class_type and row.counts == "renci"}
    return [
        TaskRow(
            task,
            names.get(task.class_type, task.class_type),
            **used.get(task.class_type, {}),
            target=targets.get(task.class_type),
        )
        for task in tasks
    ]


def _used(versions: Sequence[Agreement]) -> dict[str, dict[str, int]]:
    """人次 by class type: on rosters not approved yet, of approved classes, and completed ones."""
    waiting = (SessionStatus.DRAFT, SessionStatus.RETURNED, SessionStatus.SUBMITTED)
    of_session = "training_session__status__in"
    rows = Enrolment.objects.filter(ON_ROSTER, training_session__agreement__in=versions)
    figures = rows.values_list("training_session__class_type").annotate(
        planned=Count("pk", filter=Q(**{of_session: waiting})),
        approved=Count("pk", filter=Q(**{of_session: TAKES_ATTENDANCE})),
        completed=Count(
            "pk",
            filter=Q(**{of_session: WAS_APPROVED - TAKES_ATTENDANCE}, status=EnrolmentStatus.COMPLETED),
        ),
    )
    return {
        kind: {"planned": planned, "approved": approved, "completed": completed}
        for kind, planned, approved, completed in figures.order_by()
    }


def _missing(agreement: Agreement, tasks: Sequence[AgreementTask], rules: Preset) -> list[tuple[str, str]]:
    """(class type's name, rate) that must be set before the agreement can be in force."""
    given = {(row.class_type, row.rate) for row in agreement.indicators.all()}
    return [
        (kind.name, rate)
        for kind in rules.class_types
        if any(task.class_type == kind.code for task in tasks)
        for rate in kind.required_rates
        if (kind.code, rate) not in given and ("", rate) not in given
    ]


def _set_tasks(agreement: Agreement, actor: Actor) -> int:
    """人次 of all agreements in force and this one."""
    tasks = AgreementTask.objects.visible_to(actor).filter(
        agreement__institution__programme=agreement.institution.programme_id
    )
    others = tasks.filter(agreement__status=AgreementStatus.IN_FORCE).exclude(
        agreement__institution=agreement.institution, agreement__number=agreement.number
    )
    rows: list[AgreementTask] = [*others, *agreement.tasks.all()]
    return sum(row.renci for row in rows)


def _still_to_hold(agreement: Agreement, actor: Actor) -> QuerySet[Any]:
    """Approved under an agreement that has ended, with lessons to come."""
    ended = agreement.status in (AgreementStatus.TERMINATED, AgreementStatus.FULFILLED)
    return _ahead(actor).filter(agreement=agreement) if ended else _ahead(actor).none()


def class_types(agreement: Agreement, actor: Actor) -> list[tuple[str, str]]:
    """Those that the agreement's fund line pays for."""
    rules = rules_today(agreement.institution.programme, actor)
    return [
        (kind.code, kind.name) for kind in rules.class_types if kind.fund_line == agreement.fund_line.code
    ]


def rates(agreement: Agreement, actor: Actor) -> list[str]:
    """What the programme demands, then what is usual."""
    rules = rules_today(agreement.institution.programme, actor)
    demanded = [rate for kind in rules.class_types for rate in kind.required_rates]
    return list(dict.fromkeys([*demanded, *USUAL_RATES]))
