"""What households sold online, month by month, no month twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.enrolment.choices import EnrolmentStatus
from training.institutions.verdicts import the_reason
from training.outcomes import rules
from training.outcomes.choices import Platform
from training.outcomes.models import HouseholdSales, SalesMonth
from training.people.models import Trainee

MOST_MONTHS: Final = 36


@transaction.atomic
def record_sales(
    trainee_id: int,
    *,
    platform: Platform,
    starts_on: date,
    months: int,
    amount_fen: int,
    source: str,
    product: str = "",
    quantity: Decimal | None = None,
    unit: str = "",
    gain_fen: int | None = None,
    file: tuple[str, bytes] | None = None,
    actor: Actor,
) -> HouseholdSales:
    """Sales of whole months; refused where another figure covers one of them on the same platform."""
    demand(actor, "sales.record")
    trainee: Trainee = Trainee.objects.fetch(actor, pk=trainee_id)
    covered = _covered(trainee, starts_on, months)
    if quantity is not None and not unit.strip():
        raise InvalidInputError(_("写了数量，也要写单位，例如：公斤、箱。"))
    sales: HouseholdSales = HouseholdSales.objects.create(
        trainee=trainee,
        platform=platform,
        starts_on=covered[0],
        months=months,
        amount_fen=amount_fen,
        product=product.strip(),
        quantity=quantity,
        unit=unit.strip(),
        gain_fen=gain_fen,
        source=source.strip(),
        file=keep_upload(*file, allow=PAPERS, actor=actor, sensitive=True) if file else None,
        recorded_by_id=actor.person_id,
        recorded_at=clock.now(),
    )
    _cover(sales, covered)
    record(actor, "sales.recorded", sales, months=months)
    return sales


def _covered(trainee: Trainee, starts_on: date, months: int) -> list[date]:
    if not trainee.enrolments.filter(status=EnrolmentStatus.COMPLETED).exists():
        raise InvalidInputError(_("只登记有人结业的农户。"))
    if not 1 <= months <= MOST_MONTHS:
        raise InvalidInputError(_("一次登记 1 至 %(most)d 个月。") % {"most": MOST_MONTHS})
    covered = rules.months_of(starts_on, months)
    if covered[-1] > clock.today():
        raise InvalidInputError(_("只登记已经开始的月份，不能晚于本月。"))
    return covered


def _cover(sales: HouseholdSales, months: list[date]) -> None:
    try:
        with transaction.atomic():
            SalesMonth.objects.bulk_create(
                [
                    SalesMonth(sales=sales, trainee=sales.trainee, platform=sales.platform, month=month)
                    for month in months
                ]
            )
    except IntegrityError as twice:
        taken = SalesMonth.objects.filter(
            trainee=sales.trainee, platform=sales.platform, month__in=months
        ).order_by("month")
        raise InvalidInputError(
            _("这户在这个平台上已登记过 %(months)s 的销售额，不能重复计算。原来的有误，请先撤回再登记。")
            % {"months": _("、").join(f"{row.month:%Y-%m}" for row in taken)}
        ) from twice


@transaction.atomic
def withdraw_sales(sales_id: int, *, reason: str, actor: Actor) -> HouseholdSales:
    """A figure that was wrong: it stays on record, counts no more, and its months are free again."""
    demand(actor, "sales.record")
    sales: HouseholdSales = HouseholdSales.objects.lock(actor, pk=sales_id)
    if sales.withdrawn_at:
        raise InvalidInputError(_("这条销售额已经撤回。"))
    sales.withdrawn_by_id, sales.withdrawn_at, sales.reason = actor.person_id, clock.now(), the_reason(reason)
    sales.save(update_fields=["withdrawn_by", "withdrawn_at", "reason"])
    sales.covered.all().delete()
    record(actor, "sales.withdrawn", sales)
    return sales
