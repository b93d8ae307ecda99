from django.db import models
from django.utils.translation import gettext_lazy as _


class SessionStatus(models.TextChoices):
    """Lifecycle C of domain.md §4.5."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审批")
    RETURNED = "returned", _("待补正")
    APPROVED = "approved", _("已批准")
    RUNNING = "running", _("培训中")
    CLOSED = "closed", _("已结课")
    ARCHIVED = "archived", _("已归档")
    CLAIMED = "claimed", _("已申领")
    CANCELLED = "cancelled", _("已取消")
    STOPPED = "stopped", _("中止")


SESSION_TRANSITIONS = {
    SessionStatus.DRAFT: frozenset({SessionStatus.SUBMITTED, SessionStatus.CANCELLED}),
    SessionStatus.SUBMITTED: frozenset(
        {SessionStatus.APPROVED, SessionStatus.RETURNED, SessionStatus.CANCELLED}
    ),
    SessionStatus.RETURNED: frozenset({SessionStatus.SUBMITTED, SessionStatus.CANCELLED}),
    SessionStatus.APPROVED: frozenset({SessionStatus.RUNNING, SessionStatus.CANCELLED}),
    SessionStatus.RUNNING: frozenset({SessionStatus.CLOSED, SessionStatus.STOPPED}),
    SessionStatus.CLOSED: frozenset({SessionStatus.ARCHIVED}),
    SessionStatus.ARCHIVED: frozenset({SessionStatus.CLAIMED}),
}
EDITABLE = frozenset({SessionStatus.DRAFT, SessionStatus.RETURNED})
TAKES_COURSEWARE = EDITABLE | {SessionStatus.APPROVED, SessionStatus.RUNNING, SessionStatus.CLOSED}
TAKES_ATTENDANCE = frozenset({SessionStatus.APPROVED, SessionStatus.RUNNING})
WAS_APPROVED = frozenset(
    {
        SessionStatus.APPROVED,
        SessionStatus.RUNNING,
        SessionStatus.CLOSED,
        SessionStatus.ARCHIVED,
        SessionStatus.CLAIMED,
        SessionStatus.STOPPED,
    }
)


class HalfDay(models.TextChoices):
    """The bucket of paper registers and of fee rules."""

    AM = "am", _("上午")
    PM = "pm", _("下午")
