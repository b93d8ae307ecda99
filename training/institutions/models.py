"""Institutions with what they must be able to show: licences, agreements, qualified instructors."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.crypto import EncryptedTextField
from training.core.db import ScopedModel, TaughtQuerySet
from training.core.lifecycle import Lifecycle
from training.institutions.choices import (
    AGREEMENT_TRANSITIONS,
    INSTITUTION_TRANSITIONS,
    INSTRUCTOR_TRANSITIONS,
    REQUIRED_LICENCES,
    AgreementKind,
    AgreementStatus,
    InstitutionStatus,
    InstructorSource,
    InstructorStatus,
    LicenceKind,
    PaperState,
    Procurement,
    ProofKind,
    SuspendedFor,
    Teaches,
)
from training.institutions.rules import Span, TaskLine, Teaching, lacking, runs_out


def by_whom(**options: Any) -> Any:
    """The account that answers for it."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", **options
    )


class Institution(Lifecycle):
    """An undertaker as registered in one programme.

    `status` is what was decided, or noticed by the daily check; `standing` also knows of a licence that has
    run out since.
    """

    SCOPE = {"programme": "programme", "institution": "pk"}
    TRANSITIONS = INSTITUTION_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="institutions")
    name = models.CharField(_("机构名称"), max_length=120)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18)
    kind = models.CharField(_("机构类型"), max_length=32, blank=True)  # of the programme's own list
    contact = models.CharField(_("联系人"), max_length=64, blank=True)
    phone = models.CharField(_("联系电话"), max_length=20, blank=True)
    legal_person = models.CharField(_("法定代表人"), max_length=64, blank=True)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    resident = models.BooleanField(_("入驻电商公共服务中心"), default=False)
    business_scope = models.TextField(_("经营（业务）范围"), blank=True)
    scope_confirmed_by = by_whom(verbose_name=_("范围核对人"))
    scope_confirmed_at = models.DateTimeField(_("范围核对时间"), null=True, blank=True)
    local_due_on = models.DateField(_("本地登记期限"), null=True, blank=True)
    local_registered_on = models.DateField(_("本地登记日期"), null=True, blank=True)
    local_uscc = models.CharField(_("本地登记主体代码"), max_length=18, blank=True)
    status = models.CharField(
        _("状态"), max_length=16, choices=InstitutionStatus, default=InstitutionStatus.DRAFT
    )
    suspended_for = models.CharField(_("暂停缘由"), max_length=16, choices=SuspendedFor, blank=True)
    reason = models.TextField(_("退回、暂停或清退的原因"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "uscc"], name="institution_registered_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def spans(self) -> list[Span]:
        """The licences that count: seen by the bureau, not refused."""
        return [paper.span for paper in self.licences.all() if paper.verified_at]

    def lacking_on(self, day: date) -> list[Any]:
        """Names of the required papers that are not in force on `day`."""
        return lacking(self.spans, REQUIRED_LICENCES, day)

    @property
    def expiring(self) -> list[tuple[Any, date]]:
        """Required papers whose cover is about to end: (name, last day)."""
        return runs_out(self.spans, REQUIRED_LICENCES, clock.today())

    @property
    def standing(self) -> InstitutionStatus:
        """The status as of today: 入库 with a required licence run out is 暂停, whether a job noticed or not."""
        if self.status == InstitutionStatus.ADMITTED and self.lacking_on(clock.today()):
            return InstitutionStatus.SUSPENDED
        return InstitutionStatus(self.status)

    @property
    def works(self) -> bool:
        """May plan and submit today."""
        return self.standing == InstitutionStatus.ADMITTED


class Paper(ScopedModel):
    """Something with a scan that the bureau verifies or refuses; `valid_until` empty means 长期."""

    number = models.CharField(_("证照编号"), max_length=64)
    issuer = models.CharField(_("发证机关"), max_length=120)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    verified_by = by_whom()
    verified_at = models.DateTimeField(_("核验时间"), null=True, blank=True)
    refused_by = by_whom()
    refused_at = models.DateTimeField(_("核验未通过时间"), null=True, blank=True)
    refusal = models.CharField(_("未通过的原因"), max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def state(self) -> PaperState:
        """As of today; a refusal outlives the date."""
        if self.refused_at:
            return PaperState.REFUSED
        if self.valid_until and self.valid_until < clock.today():
            return PaperState.EXPIRED
        return PaperState.VERIFIED if self.verified_at else PaperState.PENDING

    @property
    def span(self) -> Span:
        return Span(self.kind, getattr(self, "valid_from", None), self.valid_until)  # type: ignore[attr-defined]


class Licence(Paper):
    """A licence or qualification of the institution with its validity."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="licences")
    kind = models.CharField(_("证照类型"), max_length=16, choices=LicenceKind)
    valid_from = models.DateField(_("有效期起"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_at=None) | Q(refused_at=None), name="licence_verdict_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class Agreement(Lifecycle):
    """One version of the document a session hangs on. Prices in 分 for one 人次.

    Versions of one agreement share its number; sessions stay with the version they were planned under.
    """

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    TRANSITIONS = AGREEMENT_TRANSITIONS
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="agreements")
    fund_line = models.ForeignKey("programmes.FundLine", models.PROTECT, related_name="agreements")
    kind = models.CharField(_("文件类型"), max_length=16, choices=AgreementKind)
    number = models.CharField(_("文件编号"), max_length=64)
    version = models.PositiveIntegerField(_("版本"), default=1)
    signed_on = models.DateField(_("签署日期"))
    valid_from = models.DateField(_("有效期起"))
    valid_until = models.DateField(_("有效期止"))
    unit_price_fen = models.PositiveIntegerField(_("每人次单价"))
    procurement = models.CharField(_("采购方式"), max_length=16, choices=Procurement, blank=True)
    award_url = models.URLField(_("中标（成交）公告"), blank=True)
    data_duties = models.TextField(_("报送数据的约定"), blank=True)
    privacy_clause = models.TextField(_("个人信息委托处理的约定"), blank=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    status = models.CharField(
        _("状态"), max_length=16, choices=AgreementStatus, default=AgreementStatus.DRAFT
    )
    confirmed_by = by_whom(verbose_name=_("确认生效的人"))
    confirmed_at = models.DateTimeField(_("确认生效时间"), null=True, blank=True)
    reason = models.TextField(_("变更、解除的原因"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number", "version"], name="agreement_version_once"
            ),
            models.UniqueConstraint(
                fields=["institution", "number"],
                condition=Q(status=AgreementStatus.IN_FORCE),
                name="agreement_in_force_once",
            ),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="agreement_period"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def draft(self) -> bool:
        return self.status == AgreementStatus.DRAFT

    @property
    def in_force(self) -> bool:
        return self.status == AgreementStatus.IN_FORCE

    @property
    def amount_fen(self) -> int:
        """All its tasks together; 0 for one that names none."""
        lines: list[TaskLine] = [task.line for task in self.tasks.all()]
        return sum(line.amount_fen for line in lines)

    @property
    def renci(self) -> int:
        tasks: list[AgreementTask] = list(self.tasks.all())
        return sum(task.renci for task in tasks)

    def price_of(self, class_type: str) -> int:
        """分 for one 人次 of this class type: its task's price, else that of the agreement."""
        prices: dict[str, int] = {task.class_type: task.unit_price_fen for task in self.tasks.all()}
        return prices.get(class_type, self.unit_price_fen)


class AgreementTask(ScopedModel):
    """So many 人次 of a class type, as the agreement has it."""

    SCOPE = {"programme": "agreement__institution__programme", "institution": "agreement__institution"}
    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="tasks")
    class_type = models.CharField(_("班型"), max_length=32)
    renci = models.PositiveIntegerField(_("人次"))
    unit_price_fen = models.PositiveIntegerField(_("每人次单价"))

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "class_type"], name="agreement_task_once")
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.class_type} {self.renci}"

    @property
    def line(self) -> TaskLine:
        return TaskLine(self.class_type, self.renci, self.unit_price_fen)


class AgreementIndicator(ScopedModel):
    """A rate the institution has promised (就业率, 创业率, 满意度 …), in percent, with how it is computed."""

    SCOPE = {"programme": "agreement__institution__programme", "institution": "agreement__institution"}
    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="indicators")
    rate = models.CharField(_("指标"), max_length=32)
    class_type = models.CharField(_("班型"), max_length=32, blank=True)  # blank: all of them
    percent = models.DecimalField(_("目标值"), max_digits=5, decimal_places=2)
    formula = models.CharField(_("怎样计算"), max_length=200)
    window = models.CharField(_("时间范围"), max_length=100)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "rate", "class_type"], name="agreement_indicator_once"
            ),
            models.CheckConstraint(
                condition=Q(percent__gt=0) & Q(percent__lte=100), name="agreement_indicator_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} {self.percent:f}%"


class Instructor(Lifecycle):
    """授课人 as this institution presents them; the county's 师资库 is all of them."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    TRANSITIONS = INSTRUCTOR_TRANSITIONS
    TAUGHT = "pk"
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="instructors")
    name = models.CharField(_("姓名"), max_length=64)
    title = models.CharField(_("职称"), max_length=64)
    employer = models.CharField(_("工作单位"), max_length=120)
    phone = EncryptedTextField(_("手机号"), blank=True)
    profile = models.TextField(_("基本情况"))
    source = models.CharField(_("来源"), max_length=16, choices=InstructorSource, blank=True)
    teaches = models.CharField(_("授课类型"), max_length=16, choices=Teaches, blank=True)
    domains = models.JSONField(_("擅长的专题"), default=list, blank=True)  # names of topics
    status = models.CharField(
        _("状态"), max_length=16, choices=InstructorStatus, default=InstructorStatus.ACTIVE
    )
    reason = models.CharField(_("暂停的原因"), max_length=200, blank=True)
    objects = TaughtQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def suspended(self) -> bool:
        return self.status == InstructorStatus.SUSPENDED

    @property
    def teaching(self) -> Teaching:
        """As the timetable sees them."""
        proofs = list(self.proofs.all())
        standing = [proof.span for proof in proofs if not proof.refused_at]
        return Teaching(
            self.name, self.reason if self.suspended else "", standing, len(proofs) - len(standing)
        )


class InstructorProof(Paper):
    """A title or qualification of an instructor, with its scan."""

    SCOPE = {"programme": "instructor__institution__programme", "institution": "instructor__institution"}
    TAUGHT = "instructor"
    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="proofs")
    kind = models.CharField(_("证书类型"), max_length=16, choices=ProofKind)
    valid_from = models.DateField(_("发证日期"), null=True, blank=True)  # unknown of older ones
    key = models.CharField(max_length=64, db_index=True, editable=False)  # of the number: finds the same one
    objects = TaughtQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_at=None) | Q(refused_at=None), name="proof_verdict_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
