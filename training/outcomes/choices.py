from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutcomeKind(models.TextChoices):
    EMPLOYED = "employed", _("就业")
    STARTED_UP = "started_up", _("创业（开店）")
    FARM_SALES = "farm_sales", _("务农并网销")
    STUDYING = "studying", _("继续学习")


class EvidenceGrade(models.TextChoices):
    OFFICIAL = "A", _("A 官方记录")
    PLATFORM = "B", _("B 平台数据")
    DECLARED = "C", _("C 本人申报并电话核实")


COUNTED_GRADES: Final = frozenset({EvidenceGrade.OFFICIAL, EvidenceGrade.PLATFORM})
"""What counts for an indicator unless an agreement says otherwise."""


class EvidenceKind(models.TextChoices):
    SOCIAL_INSURANCE = "social_insurance", _("社保缴费记录")
    LICENCE = "licence", _("营业执照")
    RECOGNITION = "recognition", _("人社部门网上创业认定")
    CONTRACT = "contract", _("劳动合同或用工证明")
    SHOP = "shop", _("店铺页面截图")
    ORDERS = "orders", _("订单、流水截图")
    ADMISSION = "admission", _("录取通知或学籍证明")
    OTHER = "other", _("其他材料")


GRADE_NEEDS: Final = {
    EvidenceGrade.OFFICIAL: frozenset(
        {
            EvidenceKind.SOCIAL_INSURANCE,
            EvidenceKind.LICENCE,
            EvidenceKind.RECOGNITION,
            EvidenceKind.ADMISSION,
        }
    ),
    # A contract is neither official nor a platform's; between a record and a word it stands here.
    EvidenceGrade.PLATFORM: frozenset({EvidenceKind.SHOP, EvidenceKind.ORDERS, EvidenceKind.CONTRACT}),
    EvidenceGrade.DECLARED: frozenset[EvidenceKind](),
}
"""A grade is given only where one of these lies with the outcome; a better paper will do as well."""


class Claimant(models.TextChoices):
    """Who said so first."""

    TRAINEE = "trainee", _("学员本人")
    INSTITUTION = "institution", _("培训机构")
    OFFICER = "officer", _("跟踪人员")


class Check(models.TextChoices):
    """How somebody found out that it is true."""

    PHONE = "phone", _("电话")
    VISIT = "visit", _("上门")


class Contract(models.TextChoices):
    LABOUR = "labour", _("劳动合同")
    SERVICE = "service", _("劳务协议")
    FLEXIBLE = "flexible", _("灵活就业")


class Platform(models.TextChoices):
    TAOBAO = "taobao", _("淘宝、天猫")
    PINDUODUO = "pinduoduo", _("拼多多")
    JD = "jd", _("京东")
    DOUYIN = "douyin", _("抖音")
    KUAISHOU = "kuaishou", _("快手")
    WECHAT = "wechat", _("微信（微店、小程序、社群）")
    OTHER = "other", _("其他平台")


class OutcomeStatus(models.TextChoices):
    CLAIMED = "claimed", _("已申报")
    EVIDENCED = "evidenced", _("已取证")
    VERIFIED = "verified", _("已核实")
    CONFIRMED = "confirmed", _("已认定")
    RECHECK_DUE = "recheck_due", _("待复核")
    VALID = "valid", _("有效")
    LAPSED = "lapsed", _("失效")
    REJECTED = "rejected", _("不予认定")
    WITHDRAWN = "withdrawn", _("已撤回")


_TURNED_DOWN = frozenset({OutcomeStatus.REJECTED, OutcomeStatus.WITHDRAWN})
OUTCOME_TRANSITIONS = {
    OutcomeStatus.CLAIMED: _TURNED_DOWN | {OutcomeStatus.EVIDENCED},
    OutcomeStatus.EVIDENCED: _TURNED_DOWN | {OutcomeStatus.VERIFIED},
    OutcomeStatus.VERIFIED: _TURNED_DOWN | {OutcomeStatus.CONFIRMED},
    OutcomeStatus.CONFIRMED: frozenset({OutcomeStatus.RECHECK_DUE, OutcomeStatus.LAPSED}),
    OutcomeStatus.RECHECK_DUE: frozenset({OutcomeStatus.VALID, OutcomeStatus.LAPSED}),
    OutcomeStatus.VALID: frozenset({OutcomeStatus.LAPSED}),
}
UNDECIDED: Final = frozenset({OutcomeStatus.CLAIMED, OutcomeStatus.EVIDENCED, OutcomeStatus.VERIFIED})
STANDING: Final = frozenset({OutcomeStatus.CONFIRMED, OutcomeStatus.RECHECK_DUE, OutcomeStatus.VALID})
"""认定 and not lapsed since."""
LIVE: Final = UNDECIDED | STANDING


class EnterpriseStatus(models.TextChoices):
    CLAIMED = "claimed", _("已申报")
    CONFIRMED = "confirmed", _("已认定")
    REJECTED = "rejected", _("不予认定")
    REVOKED = "revoked", _("已撤销")


ENTERPRISE_TRANSITIONS = {
    EnterpriseStatus.CLAIMED: frozenset({EnterpriseStatus.CONFIRMED, EnterpriseStatus.REJECTED}),
    EnterpriseStatus.CONFIRMED: frozenset({EnterpriseStatus.REVOKED}),
}


class DesignationKind(models.TextChoices):
    """宝丰 附件1: 每个重点贫困村至少 1 名电商扶贫人才，每个乡镇至少 1 名电商骨干人才 (BF-03)."""

    TALENT = "talent", _("电商扶贫人才")
    BACKBONE = "backbone", _("电商骨干人才")
