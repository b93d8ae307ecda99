from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactMethod(models.TextChoices):
    PHONE = "phone", _("电话")
    VISIT = "visit", _("上门")
    CHAT = "chat", _("微信")
    SELF = "self", _("本人填报")


class ContactResult(models.TextChoices):
    REACHED = "reached", _("联系到本人")
    FAMILY = "family", _("家人代答")
    NO_ANSWER = "no_answer", _("无人接听")
    SWITCHED_OFF = "switched_off", _("关机或停机")
    NOT_HOME = "not_home", _("上门没遇到")
    WRONG_NUMBER = "wrong_number", _("号码不对")
    UNWILLING = "unwilling", _("本人不愿多说")
    DENIED = "denied", _("本人否认参训")


SETTLING: Final = frozenset(
    {ContactResult.REACHED, ContactResult.FAMILY, ContactResult.UNWILLING, ContactResult.DENIED}
)
"""Somebody answered: the contact that was owed has been made. Every other result is a try."""


class Guidance(models.TextChoices):
    """后续实践引导和服务 (石城 附件2 项目3 四是)."""

    SHOP = "shop", _("开店指导")
    DESIGN = "design", _("美工")
    LIVE = "live", _("直播和短视频")
    LOGISTICS = "logistics", _("物流")
    LOAN = "loan", _("贷款对接")
    SUPPLY = "supply", _("货源和品牌对接")
    JOB = "job", _("用工推荐")
    TRAINING = "training", _("再培训")


class Conclusion(models.TextChoices):
    """阶段结论."""

    EMPLOYED = "employed", _("就业")
    STARTED_UP = "started_up", _("创业")
    FARMING = "farming", _("务农")
    STUDYING = "studying", _("升学")
    LOST = "lost", _("失联")
    OTHER = "other", _("其他")


SITUATIONS: Final = frozenset(Conclusion) - {Conclusion.LOST}
"""What a person can say of themselves."""


class FollowUpStatus(models.TextChoices):
    WAITING = "waiting", _("待跟踪")
    CONTACTED = "contacted", _("已联系")
    SERVING = "serving", _("服务中")
    CONCLUDED = "concluded", _("有阶段结论")
    ENDED = "ended", _("已结束")


FOLLOW_UP_TRANSITIONS = {
    FollowUpStatus.WAITING: frozenset({FollowUpStatus.CONTACTED, FollowUpStatus.CONCLUDED}),
    FollowUpStatus.CONTACTED: frozenset({FollowUpStatus.SERVING, FollowUpStatus.CONCLUDED}),
    FollowUpStatus.SERVING: frozenset({FollowUpStatus.CONCLUDED}),
    FollowUpStatus.CONCLUDED: frozenset({FollowUpStatus.ENDED}),
}
"""From 待跟踪 straight to a conclusion only who is lost."""


class ReferralStatus(models.TextChoices):
    OPEN = "open", _("等回音")
    HELPED = "helped", _("办成了")
    FAILED = "failed", _("没办成")


REFERRAL_TRANSITIONS = {
    ReferralStatus.OPEN: frozenset({ReferralStatus.HELPED, ReferralStatus.FAILED}),
}
