"""What became of people and firms: claimed with evidence, verified and confirmed by somebody without a stake."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES
from training.core import clock
from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.outcomes.choices import (
    ENTERPRISE_TRANSITIONS,
    LIVE,
    OUTCOME_TRANSITIONS,
    Check,
    Claimant,
    Contract,
    DesignationKind,
    EnterpriseStatus,
    EvidenceGrade,
    EvidenceKind,
    OutcomeKind,
    OutcomeStatus,
    Platform,
)

THROUGH_ENROLMENT = {
    "programme": "enrolment__training_session__institution__programme",
    "institution": "enrolment__training_session__institution",
}
THROUGH_TRAINEE = {"programme": "trainee__programme", "trainee": "trainee", "township": "trainee__township"}


def by_whom(**options: Any) -> Any:
    """The account that answers for it."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", **options)


def not_of_an_institution(field: str) -> Any:
    return ~Q(**{f"{field}__in": sorted(INSTITUTION_ROLES)})


class Outcome(Lifecycle):
    """就业/创业成果 of one person, where a session led to it.

    `status` is the state now; `confirmed_on` and `lapsed_on` say whether it counted on any day. `claimed_by`
    is None where the trainee said so, on their own page. `verified_as` and `confirmed_as` are the roles.
    """

    SCOPE = THROUGH_ENROLMENT
    TRANSITIONS = OUTCOME_TRANSITIONS
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="outcomes")
    kind = models.CharField(_("成果类型"), max_length=16, choices=OutcomeKind)
    started_on = models.DateField(_("开始日期"))
    grade = models.CharField(_("证据等级"), max_length=1, choices=EvidenceGrade)
    description = models.TextField(_("说明"), blank=True)
    organisation = models.CharField(_("用人单位、经营主体或学校"), max_length=120, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    post = models.CharField(_("岗位或专业"), max_length=64, blank=True)
    contract = models.CharField(_("用工形式"), max_length=16, choices=Contract, blank=True)
    platform = models.CharField(_("平台"), max_length=16, choices=Platform, blank=True)
    shop_url = models.URLField(_("店铺链接"), max_length=500, blank=True)
    shop_key = models.CharField(max_length=200, blank=True, editable=False)
    shop_seen_on = models.DateField(_("查看店铺的日期"), null=True, blank=True)
    product = models.CharField(_("卖什么"), max_length=64, blank=True)
    status = models.CharField(_("状态"), max_length=16, choices=OutcomeStatus, default=OutcomeStatus.CLAIMED)
    claimant = models.CharField(_("申报方"), max_length=16, choices=Claimant, default=Claimant.OFFICER)
    claimed_by = by_whom(null=True)
    claimed_at = models.DateTimeField(_("申报时间"))
    verified_by = by_whom(null=True)
    verified_as = models.CharField(max_length=32, blank=True, editable=False)
    verified_at = models.DateTimeField(_("核实时间"), null=True)
    confirmed_by = by_whom(null=True)
    confirmed_as = models.CharField(max_length=32, blank=True, editable=False)
    confirmed_on = models.DateField(_("认定日期"), null=True)
    recheck_on = models.DateField(_("应复核日期"), null=True)
    lapsed_on = models.DateField(_("失效日期"), null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["kind", "confirmed_on"], name="outcomes_confirmed"),
            models.Index(fields=["status", "recheck_on"], name="outcomes_to_recheck"),
            models.Index(fields=["shop_key"], name="outcomes_by_shop", condition=~Q(shop_key="")),
            models.Index(fields=["uscc"], name="outcomes_by_licence", condition=~Q(uscc="")),
            models.Index(fields=["-claimed_at"], name="outcomes_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(verified_by=F("claimed_by")), name="outcome_claimant_is_not_verifier"
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("claimed_by")), name="outcome_claimant_does_not_confirm"
            ),
            models.CheckConstraint(
                condition=not_of_an_institution("verified_as") & not_of_an_institution("confirmed_as"),
                name="outcome_is_no_institution_s_to_judge",
            ),
            models.CheckConstraint(
                condition=Q(lapsed_on__isnull=True) | Q(confirmed_on__isnull=False),
                name="outcome_lapses_after_confirmation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.get_kind_display()}"

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def overdue(self) -> bool:
        """A recheck that should have been made."""
        return bool(
            self.recheck_on
            and self.recheck_on < clock.today()
            and self.status in (OutcomeStatus.CONFIRMED, OutcomeStatus.RECHECK_DUE)
        )


class OutcomeEvidence(ScopedModel):
    """One paper of an outcome, as it was handed in; the hash is its file's."""

    SCOPE = {dimension: f"outcome__{path}" for dimension, path in THROUGH_ENROLMENT.items()}
    outcome = models.ForeignKey(Outcome, models.PROTECT, related_name="evidence")
    kind = models.CharField(_("材料类型"), max_length=20, choices=EvidenceKind)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    added_by = by_whom(null=True)
    added_at = models.DateTimeField(_("上传时间"))

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.outcome} {self.get_kind_display()}"


class OutcomeStep(ScopedModel):
    """One change of an outcome's state: who, when, how and why. Append-only."""

    SCOPE = {dimension: f"outcome__{path}" for dimension, path in THROUGH_ENROLMENT.items()}
    outcome = models.ForeignKey(Outcome, models.PROTECT, related_name="steps")
    entered = models.CharField(_("进入的状态"), max_length=16, choices=OutcomeStatus)
    at = models.DateTimeField(_("时间"))
    by = by_whom(null=True)
    by_name = models.CharField(_("经办人"), max_length=64)
    method = models.CharField(_("核实方式"), max_length=16, choices=Check, blank=True)
    reason = models.TextField(_("说明"), blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.outcome} → {self.get_entered_display()}"


class HouseholdSales(ScopedModel):
    """What one household sold on one platform over some months, with where the figure is from. 分.

    `gain_fen` is what it earned more than before, as the household says (惠东 附件: 数量、金额和增收).

    Withdrawn rather than changed; its months are then free for the figure that is right.
    """

    SCOPE = THROUGH_TRAINEE
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="household_sales")
    platform = models.CharField(_("平台"), max_length=16, choices=Platform)
    starts_on = models.DateField(_("从哪个月"))
    months = models.PositiveSmallIntegerField(_("几个月"))
    amount_fen = models.PositiveBigIntegerField(_("销售额"))
    product = models.CharField(_("卖什么"), max_length=64, blank=True)
    quantity = models.DecimalField(_("销售数量"), max_digits=12, decimal_places=2, null=True)
    unit = models.CharField(_("单位"), max_length=8, blank=True)
    gain_fen = models.PositiveBigIntegerField(_("增收"), null=True)
    source = models.CharField(_("数据来源"), max_length=200)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    recorded_by = by_whom()
    recorded_at = models.DateTimeField(_("登记时间"))
    withdrawn_by = by_whom(null=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    reason = models.CharField(_("撤回原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-starts_on", "-pk"]
        indexes = [models.Index(fields=["-starts_on", "-id"], name="household_sales_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(months__gte=1) & Q(months__lte=36), name="household_sales_of_some_months"
            ),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | ~Q(unit=""), name="household_quantity_has_a_unit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee} {self.get_platform_display()} {self.starts_on:%Y-%m}"

    @property
    def amount_sold(self) -> str:
        """As one writes it, "200公斤"; "" where nobody counted."""
        return "" if self.quantity is None else f"{self.quantity.normalize():f}{self.unit}"


class SalesMonth(ScopedModel):
    """A month of a household on a platform that a figure covers: no second figure covers it too."""

    SCOPE = THROUGH_TRAINEE
    sales = models.ForeignKey(HouseholdSales, models.CASCADE, related_name="covered")
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="+")
    platform = models.CharField(max_length=16, choices=Platform)
    month = models.DateField(_("月份"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trainee", "platform", "month"], name="sales_month_once")
        ]

    def __str__(self) -> str:
        return f"{self.trainee} {self.platform} {self.month:%Y-%m}"


class EnterpriseOutcome(Lifecycle):
    """传统企业转型升级触网: one firm, by its USCC; counted by firm, not by person (永顺 YS-13)."""

    SCOPE = {"programme": "programme", "county": "programme"}
    TRANSITIONS = ENTERPRISE_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="enterprise_outcomes")
    name = models.CharField(_("企业名称"), max_length=120)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18)
    before = models.TextField(_("触网以前"))
    after = models.TextField(_("有什么变化"))
    platform = models.CharField(_("平台"), max_length=16, choices=Platform)
    shop_url = models.URLField(_("店铺链接"), max_length=500, blank=True)
    online_on = models.DateField(_("触网日期"))
    trainee = models.ForeignKey(
        "people.Trainee", models.PROTECT, null=True, related_name="+", verbose_name=_("参加培训的人")
    )
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+", verbose_name=_("证据"))
    status = models.CharField(
        _("状态"), max_length=16, choices=EnterpriseStatus, default=EnterpriseStatus.CLAIMED
    )
    claimed_by = by_whom()
    claimed_at = models.DateTimeField(_("申报时间"))
    decided_by = by_whom(null=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    reason = models.CharField(_("不予认定或撤销的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "uscc"],
                condition=Q(status__in=[EnterpriseStatus.CLAIMED, EnterpriseStatus.CONFIRMED]),
                name="enterprise_counted_once",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("claimed_by")), name="enterprise_claimant_does_not_decide"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Designation(ScopedModel):
    """电商扶贫人才 of a village or 电商骨干人才 of a township (宝丰 BF-03), from a day until it is revoked."""

    SCOPE = THROUGH_TRAINEE
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="designations")
    kind = models.CharField(_("称号"), max_length=16, choices=DesignationKind)
    region = models.ForeignKey(
        "programmes.Region", models.PROTECT, related_name="designations", verbose_name=_("村或乡镇")
    )
    from_on = models.DateField(_("认定日期"))
    until_on = models.DateField(_("撤销日期"), null=True)
    basis = models.CharField(_("依据"), max_length=200)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    designated_by = by_whom()
    designated_at = models.DateTimeField(_("登记时间"))
    revoked_by = by_whom(null=True)
    reason = models.CharField(_("撤销原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["region__code", "-from_on"]
        indexes = [models.Index(fields=["kind", "until_on"], name="designations_in_force")]
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "kind", "region"],
                condition=Q(until_on__isnull=True),
                name="designated_once",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="designation_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.trainee}"
