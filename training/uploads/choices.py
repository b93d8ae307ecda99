from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReuseStatus(models.TextChoices):
    """What is said of two places where one picture or file stands."""

    OPEN = "open", _("待商务局核对")
    NOT_ALLOWED = "not_allowed", _("同一份，不予认可")
    LEGITIMATE = "legitimate", _("正当使用")


REUSE_TRANSITIONS = {
    ReuseStatus.OPEN: frozenset({ReuseStatus.NOT_ALLOWED, ReuseStatus.LEGITIMATE}),
    # A judgement may be changed, with a new reason.
    ReuseStatus.NOT_ALLOWED: frozenset({ReuseStatus.LEGITIMATE}),
    ReuseStatus.LEGITIMATE: frozenset({ReuseStatus.NOT_ALLOWED}),
}
BOTH_STAND = Q(copy__withdrawn_at=None, original__withdrawn_at=None)
"""Pairs that still are two places; the others are settled by withdrawing one."""


class Likeness(models.TextChoices):
    EXACT = "exact", _("同一文件")
    PICTURE = "picture", _("同一画面")


class Found(models.TextChoices):
    """What the code on a scanned page of a paper register says."""

    OURS = "ours", _("已认出")
    UNREADABLE = "unreadable", _("没有读出二维码")
    NOT_YOURS = "not_yours", _("不属于您的单位")
