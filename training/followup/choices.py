from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactMethod(models.TextChoices):
    PHONE = "phone", _("电话")
    VISIT = "visit", _("上门")
    CHAT = "chat", _("微信")


class ContactResult(models.TextChoices):
    REACHED = "reached", _("联系到本人")
    FAMILY = "family", _("家人代答")
    NO_ANSWER = "no_answer", _("无人接听")
    WRONG_NUMBER = "wrong_number", _("号码不对")
    DENIED = "denied", _("本人否认参训")


class Guidance(models.TextChoices):
    """后续实践引导和服务 (石城 附件2 项目3 四是)."""

    NONE = "", _("无")
    SHOP = "shop", _("开店指导")
    DESIGN = "design", _("美工")
    LOGISTICS = "logistics", _("物流")
    LOAN = "loan", _("贷款对接")
    JOB = "job", _("用工推荐")


class OutcomeKind(models.TextChoices):
    EMPLOYED = "employed", _("就业")
    STARTED_UP = "started_up", _("创业（开店）")
    FARM_SALES = "farm_sales", _("务农并网销")
    STUDYING = "studying", _("继续学习")


class EvidenceGrade(models.TextChoices):
    OFFICIAL = "A", _("A 官方记录")
    PLATFORM = "B", _("B 平台数据")
    DECLARED = "C", _("C 本人申报并电话核实")


class OutcomeStatus(models.TextChoices):
    CLAIMED = "claimed", _("已申报")
    VERIFIED = "verified", _("已核实")
    REJECTED = "rejected", _("未通过")


OUTCOME_TRANSITIONS = {
    OutcomeStatus.CLAIMED: frozenset({OutcomeStatus.VERIFIED, OutcomeStatus.REJECTED}),
}
