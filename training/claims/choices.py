from django.db import models
from django.utils.translation import gettext_lazy as _


class ClaimStatus(models.TextChoices):
    """What lies beyond SUBMITTED has a name and no way into it yet."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    WITHDRAWN = "withdrawn", _("已撤回")
    RETURNED = "returned", _("退回")
    REVIEWED = "reviewed", _("商务审核通过")
    CHECKED = "checked", _("财政复核通过")
    PUBLISHED = "published", _("公示中")
    PAYABLE = "payable", _("待拨付")
    PAID = "paid", _("已拨付")
    SETTLED = "settled", _("已结清")
    REJECTED = "rejected", _("驳回")
    RECOVERED = "recovered", _("已追回")


CLAIM_TRANSITIONS = {
    ClaimStatus.DRAFT: frozenset({ClaimStatus.SUBMITTED}),
    ClaimStatus.SUBMITTED: frozenset({ClaimStatus.WITHDRAWN}),
    ClaimStatus.WITHDRAWN: frozenset({ClaimStatus.SUBMITTED}),
}
"""What can happen today: handed in, taken back while nobody has looked at it, handed in again."""
WITH_INSTITUTION = frozenset({ClaimStatus.DRAFT, ClaimStatus.WITHDRAWN})
