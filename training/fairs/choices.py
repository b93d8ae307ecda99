from django.db import models
from django.utils.translation import gettext_lazy as _


class FairStatus(models.TextChoices):
    PLANNED = "planned", _("计划中")
    REPORTED = "reported", _("已报备")
    HELD = "held", _("已举办")
    REGISTERED = "registered", _("已登记结果")
    COUNTED = "counted", _("已计入")
    CANCELLED = "cancelled", _("已取消")


FAIR_TRANSITIONS = {
    FairStatus.PLANNED: frozenset({FairStatus.REPORTED, FairStatus.CANCELLED}),
    FairStatus.REPORTED: frozenset({FairStatus.HELD, FairStatus.CANCELLED}),
    FairStatus.HELD: frozenset({FairStatus.REGISTERED}),
    # Back to held when the bureau does not believe the results.
    FairStatus.REGISTERED: frozenset({FairStatus.COUNTED, FairStatus.HELD}),
}
CHANGEABLE = frozenset({FairStatus.PLANNED, FairStatus.REPORTED})
"""Its day, its place and who is expected may still be changed."""
TAKES_SIGN_IN = frozenset({FairStatus.REPORTED, FairStatus.HELD})
"""A station may bring events of it, and a paper list may be registered."""
TOOK_PLACE = frozenset({FairStatus.HELD, FairStatus.REGISTERED, FairStatus.COUNTED})


class IntentionStatus(models.TextChoices):
    """What came of a trainee's talk with an employer about one post."""

    WANTED = "wanted", _("意向")
    INTERVIEW = "interview", _("面试")
    HIRED = "hired", _("录用")
    NOT_HIRED = "not_hired", _("未录用")


INTENTION_TRANSITIONS = {
    IntentionStatus.WANTED: frozenset(
        {IntentionStatus.INTERVIEW, IntentionStatus.HIRED, IntentionStatus.NOT_HIRED}
    ),
    IntentionStatus.INTERVIEW: frozenset({IntentionStatus.HIRED, IntentionStatus.NOT_HIRED}),
}


class Found(models.TextChoices):
    """What somebody who was hired says when asked again."""

    STILL = "still", _("仍在岗")
    LEFT = "left", _("已离岗")
    UNREACHED = "unreached", _("多次联系不上")


class PaperKind(models.TextChoices):
    NOTICE = "notice", _("方案、通知")
    PHOTO = "photo", _("现场照片")
    SIGN_IN = "sign_in", _("纸质签到表")
    RESULT = "result", _("录用名单、用工协议")
    SUMMARY = "summary", _("总结")
    OTHER = "other", _("其他")


class Source(models.TextChoices):
    """What it stands on that somebody was there; the two are never counted as one."""

    STATION = "station", _("终端签到")
    PAPER = "paper", _("按纸质名单登记")
