"""Reads of the room: outcomes, and the rates of a cohort with the people behind both of its numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import ExtractDay, ExtractMonth, ExtractYear

from training.accounts.choices import INSTITUTION_ROLES
from training.core.actor import Actor
from training.enrolment.choices import EnrolmentStatus, poor
from training.enrolment.models import Enrolment
from training.institutions.models import Agreement, AgreementIndicator
from training.institutions.queries import rules_today
from training.outcomes import rules
from training.outcomes.choices import (
    COUNTED_GRADES,
    LIVE,
    Claimant,
    DesignationKind,
    EnterpriseStatus,
    OutcomeKind,
    OutcomeStatus,
)
from training.outcomes.models import Designation, EnterpriseOutcome, HouseholdSales, Outcome
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.queries import regions
from training.scheduling.choices import WAS_APPROVED
from training.scheduling.models import Lesson


def outcomes(actor: Actor) -> QuerySet[Any]:
    return (
        Outcome.objects.visible_to(actor)
        .select_related("enrolment__trainee", "enrolment__training_session", "claimed_by", "verified_by")
        .order_by("-claimed_at", "-pk")
    )


def claimant_of(actor: Actor) -> Claimant:
    """Whose claim it is what this actor says; without an account it is the trainee."""
    if actor.user_id is None:
        return Claimant.TRAINEE
    return Claimant.INSTITUTION if actor.role in INSTITUTION_ROLES else Claimant.OFFICER


def standing_on(day: date, grades: Collection[str] = COUNTED_GRADES) -> Q:
    """Outcomes that count on `day`: 认定 by then, not lapsed by then, with evidence of such a grade."""
    return Q(confirmed_on__lte=day, grade__in=grades) & (Q(lapsed_on__isnull=True) | Q(lapsed_on__gt=day))


def overdue_on(day: date) -> Q:
    """Outcomes that stand though the recheck they were to have before `day` has not been made to this hour."""
    return Q(status__in=(OutcomeStatus.CONFIRMED, OutcomeStatus.RECHECK_DUE), recheck_on__lt=day)


def to_recheck(actor: Actor, on: date) -> QuerySet[Any]:
    """Confirmed, and somebody is to find out whether it is still true; the longest overdue first."""
    due = Q(status=OutcomeStatus.RECHECK_DUE) | Q(status=OutcomeStatus.CONFIRMED, recheck_on__lte=on)
    return outcomes(actor).filter(due).order_by("recheck_on", "pk")


# Two that may be one

_OTHERS = Outcome.objects.filter(
    status__in=LIVE,
    enrolment__training_session__institution__programme=OuterRef(
        "enrolment__training_session__institution__programme"
    ),
).exclude(pk=OuterRef("pk"))
SAME_SHOP = Q(shop_key=OuterRef("shop_key")) & ~Q(shop_key="")
SAME_LICENCE = Q(uscc=OuterRef("uscc"), kind=OutcomeKind.STARTED_UP) & ~Q(uscc="")


def doubled() -> Any:
    """Condition on an outcome: a shop or licence that somebody else has too, or this person's same kind twice."""
    strangers = _OTHERS.exclude(enrolment__trainee=OuterRef("enrolment__trainee"))
    own = _OTHERS.filter(enrolment__trainee=OuterRef("enrolment__trainee"), kind=OuterRef("kind"))
    return Q(status__in=LIVE) & (
        Exists(strangers.filter(SAME_SHOP))
        | (Q(kind=OutcomeKind.STARTED_UP) & Exists(strangers.filter(SAME_LICENCE)))
        | Exists(own)
    )


def doubles_of(outcome: Outcome, actor: Actor) -> QuerySet[Any]:
    """The outcomes it may be the same as, of those this actor sees."""
    trainee = outcome.enrolment.trainee_id
    alike = Q(enrolment__trainee=trainee, kind=outcome.kind)
    if outcome.shop_key:
        alike |= Q(shop_key=outcome.shop_key)
    if outcome.uscc and outcome.kind == OutcomeKind.STARTED_UP:
        alike |= Q(uscc=outcome.uscc, kind=OutcomeKind.STARTED_UP)
    programme = outcome.enrolment.training_session.institution.programme_id
    here = Q(enrolment__training_session__institution__programme=programme, status__in=LIVE)
    return outcomes(actor).filter(here & alike).exclude(pk=outcome.pk)


# Rates by cohort


@dataclass(frozen=True)
class Cohort:
    """One enrolment for every person; both numbers and those who are not due yet can be listed.

    `numerator` is part of `denominator`: people whose window of `months` from the last class day had passed
    on `as_of`. For `not_yet` it has not, whatever became of them. `overdue` is part of `numerator`: people for
    whom nothing speaks but outcomes whose recheck is overdue. They count: what was confirmed stands until
    somebody finds that it no longer does.
    """

    kind: OutcomeKind
    months: int
    as_of: date
    numerator: QuerySet[Any]
    denominator: QuerySet[Any]
    not_yet: QuerySet[Any]
    overdue: QuerySet[Any]


@dataclass(frozen=True)
class Rate:
    achieved: int
    due: int
    waiting: int

    @property
    def percent(self) -> Decimal | None:
        """None where nobody's window has passed: there is no rate yet."""
        return Decimal(self.achieved * 100) / self.due if self.due else None


def rate_of(cohort: Cohort) -> Rate:
    return Rate(cohort.numerator.count(), cohort.denominator.count(), cohort.not_yet.count())


def conversion_base(preset: Preset) -> tuple[str, ...]:
    """The class types whose people the rates are of: those for which an agreement has to promise a rate.

    All of them where the document singles none out.
    """
    promised = tuple(kind.code for kind in preset.class_types if kind.required_rates)
    return promised or tuple(kind.code for kind in preset.class_types)


def cohort(
    programme: Programme,
    actor: Actor,
    *,
    kind: OutcomeKind | str,
    class_type: str | None = None,
    months: int | None = None,
    as_of: date,
    grades: Collection[str] = COUNTED_GRADES,
    among: Q | None = None,
) -> Cohort:
    """Who completed, whose window has passed, and of whom such an outcome stood on `as_of`.

    Within the programme's usual window unless `months` says otherwise. Of one class type, or of the
    `conversion_base`; `among` narrows the enrolments further (an agreement's).
    An outcome counts for each class of its person that it began in or within `months` after.
    """
    preset = rules_today(programme, actor)
    kinds = [class_type] if class_type else conversion_base(preset)
    months = months or preset.follow_up.outcome_months
    completed = Enrolment.objects.visible_to(actor).filter(
        among or Q(),
        status=EnrolmentStatus.COMPLETED,
        training_session__institution__programme=programme,
        training_session__class_type__in=kinds,
        training_session__status__in=WAS_APPROVED,
    )
    elapsed = completed.filter(training_session__in=_ended_by(programme, rules.last_elapsed(as_of, months)))
    denominator = _one_each(elapsed)
    counts = standing_on(as_of, grades)
    achieved = denominator.filter(trainee__in=_achievers(elapsed, kind, months, counts))
    lately = _achievers(elapsed, kind, months, counts & ~overdue_on(as_of))
    later = completed.filter(training_session__in=_ended_by(programme, as_of)).exclude(
        trainee__in=elapsed.order_by().values("trainee")
    )
    return Cohort(
        OutcomeKind(kind),
        months,
        as_of,
        numerator=achieved,
        denominator=denominator,
        not_yet=_one_each(later),
        overdue=achieved.exclude(trainee__in=lately),
    )


def _achievers(rows: QuerySet[Any], kind: OutcomeKind | str, months: int, counts: Q) -> QuerySet[Any]:
    """The people of these enrolments with an outcome that counts and began in a window of theirs."""
    # Few have an outcome at all: only their windows are looked at.
    having = Outcome.objects.filter(counts, kind=kind).order_by().values("enrolment__trainee")
    found = _with_window(rows.filter(trainee__in=having), months).filter(Exists(_within(kind, counts)))
    people: QuerySet[Any] = found.order_by().values("trainee")
    return people


def _ended_by(programme: Programme, day: date) -> QuerySet[Any]:
    lessons = Lesson.objects.filter(training_session__institution__programme=programme).order_by()
    days: QuerySet[Any] = lessons.values("training_session").annotate(last_day=Max("on"))
    return days.filter(last_day__lte=day).values("training_session")


def _one_each(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The first enrolment of each person among `rows`."""
    firsts = rows.order_by().values("trainee").annotate(first=Min("pk")).values("first")
    return Enrolment.objects.filter(pk__in=firsts).order_by("pk")


def _counted_days(name: str) -> Any:
    """A day as a number of months of 31 days: later by so many months is more by so many times 31."""
    return ExtractYear(name) * 372 + ExtractMonth(name) * 31 + ExtractDay(name)


def _with_window(rows: QuerySet[Any], months: int) -> QuerySet[Any]:
    """Enrolments with the first day of their session and, in counted days, the end of their window."""
    lessons = Lesson.objects.filter(training_session=OuterRef("training_session")).order_by()
    days = lessons.values("training_session").annotate(first=Min("on"), last=Max("on"))
    with_days: QuerySet[Any] = rows.annotate(
        first_day=Subquery(days.values("first")), last_day=Subquery(days.values("last"))
    )
    windows: QuerySet[Any] = with_days.annotate(window_ends=_counted_days("last_day") + 31 * months)
    return windows


def _within(kind: OutcomeKind | str, counts: Q) -> QuerySet[Any]:
    """Outcomes of the person of an enrolment (the outer query, `_with_window`) that began in its window."""
    theirs = Outcome.objects.filter(
        counts, kind=kind, enrolment__trainee=OuterRef("trainee"), started_on__gte=OuterRef("first_day")
    )
    began: QuerySet[Any] = theirs.annotate(began=_counted_days("started_on"))
    return began.filter(began__lte=OuterRef("window_ends"))


@dataclass(frozen=True)
class Promise:
    """A rate that an agreement in force demands, against its own cohort."""

    indicator: AgreementIndicator
    cohort: Cohort
    rate: Rate

    @property
    def below(self) -> bool:
        percent = self.rate.percent
        return percent is not None and percent < self.indicator.percent


def promises(programme: Programme, actor: Actor, *, as_of: date) -> list[Promise]:
    """Every rate of outcomes that an agreement sets, as it stands on `as_of`."""
    rows = (
        AgreementIndicator.objects.visible_to(actor)
        .filter(agreement__institution__programme=programme, agreement__status__in=("in_force", "fulfilled"))
        .select_related("agreement__institution")
        .order_by("agreement__institution__name", "agreement__number", "pk")
    )
    found = (promise(row, programme, actor, as_of=as_of) for row in rows)
    return [row for row in found if row]


def promise(
    indicator: AgreementIndicator, programme: Programme, actor: Actor, *, as_of: date
) -> Promise | None:
    """None for a rate that no outcome is counted for, such as 满意度."""
    kind = rules.kind_of_rate(indicator.rate)
    if kind is None:
        return None
    agreement: Agreement = indicator.agreement
    theirs = cohort(
        programme,
        actor,
        kind=kind,
        class_type=indicator.class_type or None,
        months=rules.months_in(indicator.window),
        as_of=as_of,
        grades=rules.grades_in(indicator.formula),
        among=Q(
            training_session__agreement__institution=agreement.institution_id,
            training_session__agreement__number=agreement.number,  # all its versions
        ),
    )
    return Promise(indicator, theirs, rate_of(theirs))


# Households, firms, people with a title


def household_sales(programme: Programme, actor: Actor) -> QuerySet[Any]:
    """The figures that stand; no month of a household on a platform is in two of them."""
    rows: QuerySet[Any] = HouseholdSales.objects.visible_to(actor).filter(trainee__programme=programme)
    return rows.filter(withdrawn_at__isnull=True).select_related("trainee", "recorded_by")


class Sold(NamedTuple):
    """What some figures add up to. 分; `gain_fen` only of those that name one."""

    households: int
    fen: int
    gain_fen: int


def sales_total(rows: QuerySet[Any]) -> Sold:
    found = rows.order_by().aggregate(
        households=Count("trainee", distinct=True), fen=Sum("amount_fen"), gain=Sum("gain_fen")
    )
    return Sold(found["households"], found["fen"] or 0, found["gain"] or 0)


def of_the_poor(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Figures of households one of whose classes knew them as registered poor (惠东 HD-24)."""
    return rows.filter(Exists(Enrolment.objects.filter(poor(), trainee=OuterRef("trainee"))))


def enterprises(programme: Programme, actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = EnterpriseOutcome.objects.visible_to(actor).filter(programme=programme)
    return rows.select_related("claimed_by", "decided_by", "trainee").order_by("-claimed_at", "-pk")


def transformed_enterprises(programme: Programme, actor: Actor) -> QuerySet[Any]:
    """Those that count, each firm once."""
    return enterprises(programme, actor).filter(status=EnterpriseStatus.CONFIRMED)


def all_designations(programme: Programme, actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = Designation.objects.visible_to(actor).filter(region__programme=programme)
    return rows.select_related("trainee", "region__parent", "designated_by", "revoked_by")


def in_force(on: date) -> Q:
    return Q(from_on__lte=on) & (Q(until_on__isnull=True) | Q(until_on__gt=on))


@dataclass(frozen=True)
class Coverage:
    """The places of one kind, those of them with somebody, and those without (宝丰 BF-03)."""

    kind: DesignationKind
    places: QuerySet[Any]
    covered: QuerySet[Any]
    uncovered: QuerySet[Any]


def coverage(programme: Programme, actor: Actor, *, kind: DesignationKind | str, on: date) -> Coverage:
    """电商扶贫人才 by listed poverty village (every village where none is listed), 骨干 by township."""
    places = regions(programme, actor)
    if kind == DesignationKind.BACKBONE:
        places = places.filter(level=RegionLevel.TOWNSHIP)
    else:
        villages = places.filter(level=RegionLevel.VILLAGE)
        listed = villages.filter(Q(poor_until__isnull=True) | Q(poor_until__gte=on), poor_from__lte=on)
        places = listed if listed.exists() else villages
    held = Exists(Designation.objects.filter(in_force(on), kind=kind, region=OuterRef("pk")))
    places = places.order_by("code")
    return Coverage(DesignationKind(kind), places, places.filter(held), places.filter(~held))
