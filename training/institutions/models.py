"""Institutions with what they must be able to show: licences, agreement, qualified instructors."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.crypto import EncryptedTextField
from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.institutions.choices import (
    INSTITUTION_TRANSITIONS,
    AgreementKind,
    InstitutionStatus,
    InstitutionType,
    LicenceKind,
    ProofKind,
)


class Institution(Lifecycle):
    """An undertaker as registered in one programme."""

    SCOPE = {"programme": "programme", "institution": "pk"}
    TRANSITIONS = INSTITUTION_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="institutions")
    name = models.CharField(_("机构名称"), max_length=120)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18)
    institution_type = models.CharField(_("机构类型"), max_length=16, choices=InstitutionType)
    contact = models.CharField(_("联系人"), max_length=64, blank=True)
    status = models.CharField(
        _("状态"), max_length=16, choices=InstitutionStatus, default=InstitutionStatus.DRAFT
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "uscc"], name="institution_registered_once")
        ]

    def __str__(self) -> str:
        return self.name


class Licence(ScopedModel):
    """A licence or qualification with its validity; `valid_until` empty means 长期."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="licences")
    kind = models.CharField(_("证照类型"), max_length=16, choices=LicenceKind)
    number = models.CharField(_("证照编号"), max_length=64)
    issuer = models.CharField(_("发证机关"), max_length=120)
    valid_from = models.DateField(_("有效期起"))
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class Agreement(ScopedModel):
    """The document a session hangs on. Price in 分 for one 人次."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="agreements")
    fund_line = models.ForeignKey("programmes.FundLine", models.PROTECT, related_name="agreements")
    kind = models.CharField(_("文件类型"), max_length=16, choices=AgreementKind)
    number = models.CharField(_("文件编号"), max_length=64)
    signed_on = models.DateField(_("签署日期"))
    valid_from = models.DateField(_("有效期起"))
    valid_until = models.DateField(_("有效期止"))
    unit_price_fen = models.PositiveIntegerField(_("每人次单价"))
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="agreement_number_once"),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="agreement_period"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class Instructor(ScopedModel):
    """授课人 as this institution presents them."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="instructors")
    name = models.CharField(_("姓名"), max_length=64)
    title = models.CharField(_("职称"), max_length=64)
    employer = models.CharField(_("工作单位"), max_length=120)
    phone = EncryptedTextField(_("手机号"), blank=True)
    profile = models.TextField(_("基本情况"))

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class InstructorProof(ScopedModel):
    """A title or qualification of an instructor, with its scan."""

    SCOPE = {"programme": "instructor__institution__programme", "institution": "instructor__institution"}
    instructor = models.ForeignKey(Instructor, models.PROTECT, related_name="proofs")
    kind = models.CharField(_("证书类型"), max_length=16, choices=ProofKind)
    number = models.CharField(_("证书编号"), max_length=64)
    issuer = models.CharField(_("发证机关"), max_length=120)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(_("核验时间"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
