from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ComplaintKind(models.TextChoices):
    OPINION = "opinion", _("意见、建议")
    COMPLAINT = "complaint", _("举报、投诉")


class ComplaintStatus(models.TextChoices):
    """登记 → 分办 → 核查 → 答复 → 归档."""

    RECEIVED = "received", _("已登记")
    ASSIGNED = "assigned", _("已分办")
    EXAMINING = "examining", _("核查中")
    ANSWERED = "answered", _("已答复")
    ARCHIVED = "archived", _("已归档")


COMPLAINT_TRANSITIONS = {
    ComplaintStatus.RECEIVED: frozenset({ComplaintStatus.ASSIGNED}),
    ComplaintStatus.ASSIGNED: frozenset({ComplaintStatus.EXAMINING}),
    ComplaintStatus.EXAMINING: frozenset({ComplaintStatus.ANSWERED}),
    ComplaintStatus.ANSWERED: frozenset({ComplaintStatus.ARCHIVED}),
}
UNANSWERED = frozenset({ComplaintStatus.RECEIVED, ComplaintStatus.ASSIGNED, ComplaintStatus.EXAMINING})
WEIGHS = Q(kind=ComplaintKind.COMPLAINT, status__in=UNANSWERED)
"""What marks a session: a complaint that nobody has answered yet. Opinions do not."""


class Verdict(models.TextChoices):
    """What the examination found."""

    UPHELD = "upheld", _("属实")
    PARTLY = "partly", _("部分属实")
    NOT_UPHELD = "not_upheld", _("不属实")
    NOT_APPLICABLE = "not_applicable", _("意见建议，不作属实与否的认定")
