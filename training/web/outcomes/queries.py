"""What became of whom, as the pages show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from training.accounts.permissions import may
from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.models import Enrolment
from training.fairs.choices import IntentionStatus
from training.fairs.models import Intention
from training.institutions.models import AgreementIndicator
from training.institutions.queries import rules_today
from training.outcomes import queries as room
from training.outcomes.choices import (
    STANDING,
    UNDECIDED,
    DesignationKind,
    OutcomeKind,
    OutcomeStatus,
)
from training.outcomes.models import Designation, EnterpriseOutcome, HouseholdSales, Outcome, OutcomeStep
from training.people.models import Trainee
from training.people.queries import whose
from training.people.rules import mask_name
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme
from training.programmes.queries import gazetteer, regions
from training.web.followup.statistics import hidden_groups
from training.web.outcomes import statistics

OUTCOME_COLUMNS = (
    _("姓名"),
    _("期号"),
    _("培训机构"),
    _("成果类型"),
    _("开始日期"),
    _("用人单位、经营主体或学校"),
    _("岗位或专业"),
    _("统一社会信用代码"),
    _("平台"),
    _("店铺链接"),
    _("证据等级"),
    _("状态"),
    _("申报日期"),
    _("核实人"),
    _("认定日期"),
    _("应复核日期"),
    _("失效日期"),
)
COHORT_COLUMNS = (_("姓名"), _("乡镇"), _("村（社区）"), _("期号"), _("班型"), _("培训机构"))
SALES_COLUMNS = (
    _("姓名"),
    _("乡镇"),
    _("村（社区）"),
    _("平台"),
    _("从哪个月"),
    _("几个月"),
    _("销售额（元）"),
    _("卖什么"),
    _("销售数量"),
    _("增收（元）"),
    _("数据来源"),
)
ENTERPRISE_COLUMNS = (
    _("企业名称"),
    _("统一社会信用代码"),
    _("平台"),
    _("触网日期"),
    _("触网以前"),
    _("有什么变化"),
    _("状态"),
)
DESIGNATION_COLUMNS = (
    _("称号"),
    _("乡镇"),
    _("村（社区）"),
    _("姓名"),
    _("认定日期"),
    _("撤销日期"),
    _("依据"),
)
GAP_COLUMNS = (_("区划代码"), _("乡镇"), _("村（社区）"))


# One outcome


def outcome_of(pk: int, actor: Actor) -> Outcome:
    related = (
        "enrolment__trainee",
        "enrolment__training_session__institution",
        "claimed_by",
        "verified_by",
        "confirmed_by",
    )
    outcome: Outcome = Outcome.objects.select_related(*related).fetch(actor, pk=pk)
    return outcome


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    related = ("trainee", "training_session__institution")
    enrolment: Enrolment = Enrolment.objects.select_related(*related).fetch(actor, pk=pk)
    return enrolment


@dataclass(frozen=True)
class OutcomePage:
    """One outcome with its papers, its steps and what it may be the same as."""

    outcome: Outcome
    evidence: list[Any]
    steps: list[OutcomeStep]
    doubles: list[Outcome]
    acts: tuple[str, ...]
    """What this actor may do with it now; the first is the next step."""


def outcome_page(outcome: Outcome, actor: Actor) -> OutcomePage:
    return OutcomePage(
        outcome,
        evidence=list(outcome.evidence.select_related("file", "added_by")),
        steps=list(outcome.steps.all()),
        doubles=list(room.doubles_of(outcome, actor)) if outcome.live else [],
        acts=tuple(acts(outcome, actor)),
    )


def acts(outcome: Outcome, actor: Actor) -> Iterator[str]:
    impartial = outcome.claimed_by_id != actor.user_id
    judges = impartial and may(actor, "outcome.verify")
    if outcome.status == OutcomeStatus.EVIDENCED and judges:
        yield "verify"
    if outcome.status == OutcomeStatus.VERIFIED and impartial and may(actor, "outcome.confirm"):
        yield "confirm"
    if judges and (outcome.status == OutcomeStatus.RECHECK_DUE or outcome.overdue):
        yield "recheck"
    if outcome.live and may(actor, "outcome.add_evidence"):
        yield "evidence"
    if outcome.status in UNDECIDED and judges:
        yield "reject"
    own = outcome.claimant == room.claimant_of(actor) and may(actor, "outcome.claim")
    if outcome.status in UNDECIDED and own and not judges:
        yield "withdraw"
    if outcome.status in STANDING and may(actor, "outcome.verify"):
        yield "lapse"


# Lists of outcomes


def shown_name(trainee: Trainee, actor: Actor) -> str:
    """In full for whoever calls, judges or taught; who only counts needs no names."""
    full = may(actor, "outcome.verify") or may(actor, "outcome.claim")
    return trainee.name if full else mask_name(trainee.name)


def outcomes(
    actor: Actor,
    *,
    q: str = "",
    kind: str = "",
    status: str = "",
    grade: str = "",
    twice: str = "",
    **narrowed: str,
) -> QuerySet[Any]:
    """Those that wait for a decision first; `grade` may name several, as "AB".

    `narrowed` is what a link of the statistics asks for, by the names of `statistics.DIMENSIONS`.
    """
    rows = _named(room.outcomes(actor), q)
    if kind:
        rows = rows.filter(kind=kind)
    if status == "overdue":
        rows = rows.filter(room.overdue_on(clock.today()))
    elif status:
        rows = rows.filter(status__in=GROUPS.get(status, (status,)))
    if grade:
        rows = rows.filter(grade__in=list(grade))
    if twice:
        rows = rows.filter(room.doubled())
    if narrowed.get("group") and narrowed["group"] in hidden_groups(actor):
        del narrowed["group"]
    wanted = {name: value for name, value in narrowed.items() if value}
    rows = rows.filter(**{f"enrolment__{statistics.PATHS[name][-1]}": wanted[name] for name in wanted})
    waits = Case(When(status__in=UNDECIDED, then=0), default=1)
    return _with_doubles(rows).order_by(waits, "-claimed_at", "-pk")


GROUPS = {"undecided": tuple(UNDECIDED), "standing": tuple(STANDING)}


def rechecks(actor: Actor, on: date, *, q: str = "", kind: str = "") -> QuerySet[Any]:
    rows = _named(room.to_recheck(actor, on), q)
    return _with_doubles(rows.filter(kind=kind) if kind else rows)


def _named(rows: QuerySet[Any], q: str) -> QuerySet[Any]:
    return rows.filter(enrolment__trainee__in=whose(q)) if q else rows


def _with_doubles(rows: QuerySet[Any]) -> QuerySet[Any]:
    twice = Case(When(room.doubled(), then=Value(True)), default=Value(False), output_field=BooleanField())
    marked: QuerySet[Any] = rows.annotate(twice=twice).prefetch_related("evidence")
    return marked


def outcome_lines(rows: QuerySet[Any], actor: Actor) -> Iterator[tuple[Any, ...]]:
    """The same rows for a file, in the order of OUTCOME_COLUMNS."""
    for row in rows.select_related("enrolment__training_session__institution"):
        session = row.enrolment.training_session
        yield (
            shown_name(row.enrolment.trainee, actor),
            session.code,
            session.institution.name,
            row.get_kind_display(),
            row.started_on.isoformat(),
            row.organisation,
            row.post,
            row.uscc,
            row.get_platform_display(),
            row.shop_url,
            row.grade,
            row.get_status_display(),
            f"{row.claimed_at:%Y-%m-%d}",
            row.verified_by or "",
            row.confirmed_on or "",
            row.recheck_on or "",
            row.lapsed_on or "",
        )


# Rates


@dataclass(frozen=True)
class RateLine:
    """One rate with the addresses of the people behind its numbers."""

    name: Any
    rate: room.Rate
    overdue: int
    href: str

    def side(self, name: str) -> str:
        return f"{self.href}&side={name}"

    @property
    def numerator(self) -> str:
        return self.side("numerator")

    @property
    def denominator(self) -> str:
        return self.side("denominator")

    @property
    def not_yet(self) -> str:
        return self.side("not_yet")

    @property
    def not_rechecked(self) -> str:
        return self.side("overdue")


@dataclass(frozen=True)
class PromiseLine:
    promise: room.Promise
    line: RateLine
    class_type: str


RATED = (OutcomeKind.STARTED_UP, OutcomeKind.EMPLOYED, OutcomeKind.FARM_SALES, OutcomeKind.STUDYING)


def class_types(programme: Programme, actor: Actor) -> list[tuple[str, str]]:
    return [(kind.code, kind.name) for kind in rules_today(programme, actor).class_types]


def base_names(programme: Programme, actor: Actor) -> list[str]:
    """The class types whose people the rates are of, in words."""
    rules = rules_today(programme, actor)
    return [rules.class_type(code).name for code in room.conversion_base(rules)]


def usual_months(programme: Programme, actor: Actor) -> int:
    return rules_today(programme, actor).follow_up.outcome_months


def rates(programme: Programme, actor: Actor, *, months: int, as_of: date) -> list[RateLine]:
    """Each kind of outcome among all people of the conversion base, who are counted once."""
    cohorts = [room.cohort(programme, actor, kind=kind, months=months, as_of=as_of) for kind in RATED]
    base = room.rate_of(cohorts[0])
    return [
        RateLine(
            cohort.kind.label,
            replace(base, achieved=cohort.numerator.count()),
            cohort.overdue.count(),
            _people_at(kind=cohort.kind.value, months=months, as_of=as_of),
        )
        for cohort in cohorts
    ]


def promises(programme: Programme, actor: Actor, *, as_of: date) -> list[PromiseLine]:
    names = dict(class_types(programme, actor))
    return [
        PromiseLine(
            row,
            RateLine(
                row.indicator.rate,
                row.rate,
                row.cohort.overdue.count(),
                _people_at(rate=row.indicator.pk, as_of=as_of),
            ),
            names.get(row.indicator.class_type, ""),
        )
        for row in room.promises(programme, actor, as_of=as_of)
    ]


def _people_at(**asked: Any) -> str:
    return f"{reverse('outcome-people')}?{urlencode(asked)}"


def the_cohort(
    programme: Programme,
    actor: Actor,
    *,
    kind: str,
    class_type: str,
    months: int | None,
    as_of: date,
    indicator: int | None,
) -> tuple[room.Cohort, str]:
    """The cohort that the address asks for and what it is called; an agreement's rate says all of it itself.

    Raises NotFoundError for a rate that is not there.
    """
    if indicator:
        row = AgreementIndicator.objects.select_related("agreement__institution").fetch(actor, pk=indicator)
        found = room.promise(row, programme, actor, as_of=as_of)
        if found is None:
            raise NotFoundError("institutions.AgreementIndicator")
        return found.cohort, f"{row.agreement.institution.name} {row.rate}"
    kind = kind or OutcomeKind.STARTED_UP.value
    theirs = room.cohort(
        programme, actor, kind=kind, class_type=class_type or None, months=months, as_of=as_of
    )
    return theirs, str(OutcomeKind(kind).label)


def people(cohort: room.Cohort, *, side: str, q: str = "") -> QuerySet[Any]:
    """One side of a cohort, in the order of its sessions."""
    rows = {
        "numerator": cohort.numerator,
        "missing": cohort.denominator.exclude(pk__in=cohort.numerator.order_by().values("pk")),
        "not_yet": cohort.not_yet,
        "overdue": cohort.overdue,
    }.get(side, cohort.denominator)
    if q:
        rows = rows.filter(trainee__in=whose(q))
    related = rows.select_related("trainee", "training_session__institution")
    return related.prefetch_related("outcomes").order_by("training_session", "number")


def people_lines(rows: QuerySet[Any], names: dict[str, str], actor: Actor) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        session, trainee = row.training_session, row.trainee
        kind = names.get(session.class_type, session.class_type)
        yield (
            shown_name(trainee, actor),
            trainee.township,
            trainee.village,
            session.code,
            kind,
            session.institution.name,
        )


# Households, firms, people with a title


def trainee_of(pk: int, actor: Actor) -> Trainee:
    trainee: Trainee = Trainee.objects.select_related("programme").fetch(actor, pk=pk)
    return trainee


def sales_of(pk: int, actor: Actor) -> HouseholdSales:
    sales: HouseholdSales = HouseholdSales.objects.select_related("trainee").fetch(actor, pk=pk)
    return sales


def townships(programme: Programme, actor: Actor) -> list[str]:
    rows = regions(programme, actor).filter(level=RegionLevel.TOWNSHIP)
    return list(rows.values_list("name", flat=True))


def sales(
    programme: Programme, actor: Actor, *, q: str = "", platform: str = "", township: str = ""
) -> QuerySet[Any]:
    rows = room.household_sales(programme, actor)
    if q:
        rows = rows.filter(trainee__in=whose(q))
    if platform:
        rows = rows.filter(platform=platform)
    return rows.filter(trainee__township=township) if township else rows


def sales_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        trainee = row.trainee
        yield (
            trainee.name,
            trainee.township,
            trainee.village,
            row.get_platform_display(),
            f"{row.starts_on:%Y-%m}",
            row.months,
            f"{row.amount_fen / 100:.2f}",
            row.product,
            row.amount_sold,
            f"{row.gain_fen / 100:.2f}" if row.gain_fen is not None else "",
            row.source,
        )


def hired_at_a_fair(intention: str, enrolment: Enrolment, actor: Actor) -> dict[str, Any]:
    """What a fair knows of the post somebody got there, for the form; nothing where the link names none."""
    rows = Intention.objects.visible_to(actor).select_related("post__employer")
    hired = rows.filter(
        pk=int(intention) if intention.isdecimal() else None,
        attendance__enrolment=enrolment,
        status=IntentionStatus.HIRED,
    ).first()
    if hired is None:
        return {}
    return {
        "kind": OutcomeKind.EMPLOYED,
        "started_on": hired.hired_on,
        "organisation": hired.post.employer.name,
        "post": hired.post.title,
        "uscc": hired.post.employer.uscc,
    }


def enterprise_of(pk: int, actor: Actor) -> EnterpriseOutcome:
    enterprise: EnterpriseOutcome = EnterpriseOutcome.objects.fetch(actor, pk=pk)
    return enterprise


def enterprises(programme: Programme, actor: Actor, *, q: str = "", status: str = "") -> QuerySet[Any]:
    rows = room.enterprises(programme, actor)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(uscc__icontains=q))
    return rows.filter(status=status) if status else rows


def enterprise_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.name,
            row.uscc,
            row.get_platform_display(),
            row.online_on.isoformat(),
            row.before,
            row.after,
            row.get_status_display(),
        )


def designation_of(pk: int, actor: Actor) -> Designation:
    designation: Designation = Designation.objects.select_related("trainee", "region").fetch(actor, pk=pk)
    return designation


def designations(
    programme: Programme, actor: Actor, on: date, *, q: str = "", kind: str = "", state: str = ""
) -> QuerySet[Any]:
    rows = room.all_designations(programme, actor)
    if state != "all":
        rows = rows.exclude(room.in_force(on)) if state == "ended" else rows.filter(room.in_force(on))
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(Q(trainee__in=whose(q)) | Q(region__name__icontains=q)) if q else rows


def designation_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.get_kind_display(),
            *_place(row.region),
            row.trainee.name,
            row.from_on.isoformat(),
            row.until_on or "",
            row.basis,
        )


def _place(region: Any) -> tuple[str, str]:
    """(township, village)."""
    if region.level == RegionLevel.VILLAGE:
        return region.parent.name, region.name
    return region.name, ""


@dataclass(frozen=True)
class Covered:
    """How many places of a kind have somebody; both numbers lead to lists."""

    kind: DesignationKind
    covered: int
    places: int


def coverages(programme: Programme, actor: Actor, on: date) -> list[Covered]:
    found = (room.coverage(programme, actor, kind=kind, on=on) for kind in DesignationKind)
    counts = ((row.kind, row.places.count(), row.uncovered.count()) for row in found)
    return [Covered(kind, places - without, places) for kind, places, without in counts]


def designation_places(
    programme: Programme, actor: Actor, on: date, *, q: str = "", kind: str = "", state: str = ""
) -> QuerySet[Any]:
    """Places that are to have somebody: those that have nobody unless `state` says "covered" or "all"."""
    found = room.coverage(programme, actor, kind=kind or DesignationKind.TALENT, on=on)
    rows = {"covered": found.covered, "all": found.places}.get(state, found.uncovered)
    return rows.filter(Q(name__icontains=q) | Q(parent__name__icontains=q)) if q else rows


def gap_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield row.code, *_place(row)


def title_places(trainee: Trainee, actor: Actor) -> list[tuple[str, str]]:
    """Where this person can be somebody: the own village and township, any if they are not in the list."""
    known = gazetteer(trainee.programme)
    own = [
        known.find(trainee.township, trainee.village) if trainee.village else None,
        known.find(trainee.township),
    ]
    places = [place for place in own if place] or list(
        regions(trainee.programme, actor).exclude(level=RegionLevel.COUNTY)
    )
    return [_title(place) for place in places]


def _title(place: Any) -> tuple[str, str]:
    village = place.level == RegionLevel.VILLAGE
    kind = DesignationKind.TALENT if village else DesignationKind.BACKBONE
    return f"{kind.value}-{place.pk}", f"{kind.label} · {''.join(_place(place))}"
