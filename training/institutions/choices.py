from django.db import models
from django.utils.translation import gettext_lazy as _


class InstitutionStatus(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("资格预审")
    ADMITTED = "admitted", _("入库")
    SUSPENDED = "suspended", _("暂停")
    REMOVED = "removed", _("清退")


INSTITUTION_TRANSITIONS = {
    InstitutionStatus.DRAFT: frozenset({InstitutionStatus.SUBMITTED}),
    InstitutionStatus.SUBMITTED: frozenset({InstitutionStatus.ADMITTED, InstitutionStatus.DRAFT}),
    InstitutionStatus.ADMITTED: frozenset({InstitutionStatus.SUSPENDED, InstitutionStatus.REMOVED}),
    InstitutionStatus.SUSPENDED: frozenset({InstitutionStatus.ADMITTED, InstitutionStatus.REMOVED}),
}


class InstitutionType(models.TextChoices):
    """Who may undertake training (石城 附件2 项目3 承办单位)."""

    ENTERPRISE = "enterprise", _("具有培训资质的企业")
    PUBLIC = "public", _("具有培训资质的事业单位")
    ASSOCIATION = "association", _("电商协会")
    TRAINING = "training", _("专业培训机构")


class LicenceKind(models.TextChoices):
    BUSINESS = "business", _("营业执照")
    TRAINING = "training", _("培训资质证明")


class AgreementKind(models.TextChoices):
    """Archive item A1 is one or the other."""

    AGREEMENT = "agreement", _("委托培训协议")
    TASK_ORDER = "task_order", _("下达培训任务的文件")


class ProofKind(models.TextChoices):
    TITLE = "title", _("职称证书")
    QUALIFICATION = "qualification", _("职业资格证书")
    TEACHER = "teacher", _("教师资格证")
    OTHER = "other", _("其他资质证明")
