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


class SuspendedFor(models.TextChoices):
    """Only the first kind ends by itself, when renewed papers are verified."""

    EXPIRED = "expired", _("证照过期")
    SANCTION = "sanction", _("处理决定")


class LicenceKind(models.TextChoices):
    BUSINESS = "business", _("营业执照")
    PUBLIC_BODY = "public_body", _("事业单位法人证书")
    SOCIAL_BODY = "social_body", _("社会团体法人登记证书")
    NON_PROFIT = "non_profit", _("民办非企业单位登记证书")
    TRAINING = "training", _("培训资质证明")
    OTHER = "other", _("其他资质")


REQUIRED_LICENCES = (
    (
        _("营业执照（或法人登记证书）"),
        frozenset(
            {
                LicenceKind.BUSINESS,
                LicenceKind.PUBLIC_BODY,
                LicenceKind.SOCIAL_BODY,
                LicenceKind.NON_PROFIT,
            }
        ),
    ),
    (_("培训资质证明"), frozenset({LicenceKind.TRAINING})),
)
"""What every institution must hold, each as any one of some kinds: a school or an association has no 营业执照."""


class PaperState(models.TextChoices):
    """Where a licence or a proof stands on a day."""

    PENDING = "pending", _("待核验")
    VERIFIED = "verified", _("已核验")
    REFUSED = "refused", _("未通过")
    EXPIRED = "expired", _("已过期")


class AgreementKind(models.TextChoices):
    """Archive item A1 is one or the other."""

    AGREEMENT = "agreement", _("委托培训协议")
    TASK_ORDER = "task_order", _("下达培训任务的文件")


class AgreementStatus(models.TextChoices):
    """A change is a new version; the one before it is superseded."""

    DRAFT = "draft", _("起草")
    IN_FORCE = "in_force", _("生效")
    SUPERSEDED = "superseded", _("已变更")
    FULFILLED = "fulfilled", _("履行完毕")
    TERMINATED = "terminated", _("解除")


AGREEMENT_TRANSITIONS = {
    AgreementStatus.DRAFT: frozenset({AgreementStatus.IN_FORCE}),
    AgreementStatus.IN_FORCE: frozenset(
        {AgreementStatus.SUPERSEDED, AgreementStatus.FULFILLED, AgreementStatus.TERMINATED}
    ),
}


class Procurement(models.TextChoices):
    """How the undertaker was chosen (石城 附件2 项目3 政府购买服务; 金口河 四（二）招商或招投标)."""

    OPEN_TENDER = "open_tender", _("公开招标")
    INVITED_TENDER = "invited_tender", _("邀请招标")
    CONSULTATION = "consultation", _("竞争性磋商或谈判")
    INQUIRY = "inquiry", _("询价")
    SINGLE_SOURCE = "single_source", _("单一来源")
    SOLICITATION = "solicitation", _("招商")
    ASSIGNED = "assigned", _("下达任务")


class ProofKind(models.TextChoices):
    TITLE = "title", _("职称证书")
    QUALIFICATION = "qualification", _("职业资格证书")
    TEACHER = "teacher", _("教师资格证")
    OTHER = "other", _("其他资质证明")


class InstructorStatus(models.TextChoices):
    ACTIVE = "active", _("在用")
    SUSPENDED = "suspended", _("暂停授课")


INSTRUCTOR_TRANSITIONS = {
    InstructorStatus.ACTIVE: frozenset({InstructorStatus.SUSPENDED}),
    InstructorStatus.SUSPENDED: frozenset({InstructorStatus.ACTIVE}),
}


class Teaches(models.TextChoices):
    THEORY = "theory", _("理论")
    PRACTICE = "practice", _("实操")
    BOTH = "both", _("理论和实操")


class InstructorSource(models.TextChoices):
    """Where an instructor comes from (宝丰 附件1 三（五）2: 高等院校、电商企业、电商行业协会、基层电商创业典范)."""

    OWN = "own", _("本机构")
    SCHOOL = "school", _("高校、职校")
    COMPANY = "company", _("企业")
    ASSOCIATION = "association", _("协会、商会")
    LOCAL = "local", _("本地电商创业典范")
    GOVERNMENT = "government", _("机关事业单位")
    OTHER = "other", _("其他外聘")
