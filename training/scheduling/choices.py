from django.db import models
from django.utils.translation import gettext_lazy as _


class SessionStatus(models.TextChoices):
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
    # Back to closed when its dossier is unsealed.
    SessionStatus.ARCHIVED: frozenset({SessionStatus.CLAIMED, SessionStatus.CLOSED}),
    SessionStatus.CLAIMED: frozenset({SessionStatus.CLOSED}),
}
EDITABLE = frozenset({SessionStatus.DRAFT, SessionStatus.RETURNED})
TAKES_COURSEWARE = EDITABLE | {SessionStatus.APPROVED, SessionStatus.RUNNING, SessionStatus.CLOSED}
TAKES_ATTENDANCE = frozenset({SessionStatus.APPROVED, SessionStatus.RUNNING})
ENDED_EARLY = frozenset({SessionStatus.CANCELLED, SessionStatus.STOPPED})
"""Its lessons hold nobody and no place any more."""
SETTLED = frozenset(SessionStatus) - EDITABLE - ENDED_EARLY
"""Handed in: its roster and its lessons stand, and others must keep clear of them."""
HOLDS_HOURS = frozenset({SessionStatus.SUBMITTED, SessionStatus.APPROVED, SessionStatus.RUNNING})
"""Its people are taken at the hours of its lessons; when it is over no clash can arise any more."""
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


class Delivery(models.TextChoices):
    """How a session reaches its people."""

    ON_SITE = "on_site", _("线下")
    ONLINE = "online", _("线上")
    MIXED = "mixed", _("线上线下混合")


class HalfDay(models.TextChoices):
    """The bucket of paper registers and of fee rules."""

    AM = "am", _("上午")
    PM = "pm", _("下午")


class ChangeKind(models.TextChoices):
    """What a change request asks for."""

    LESSON = "lesson", _("课次")
    ROSTER = "roster", _("名册")


class ChangeStatus(models.TextChoices):
    REQUESTED = "requested", _("变更待审")
    APPROVED = "approved", _("已批准变更")
    DECLINED = "declined", _("不予变更")
    WITHDRAWN = "withdrawn", _("已撤回")


CHANGE_TRANSITIONS = {
    ChangeStatus.REQUESTED: frozenset({ChangeStatus.APPROVED, ChangeStatus.DECLINED, ChangeStatus.WITHDRAWN}),
}
"""What was approved before stands until another decision: 变更待审 is a state of the request, not of the session."""


class VenueKind(models.TextChoices):
    """What a place is (SC-35, SC-36, BF-49, BF-55, HD-10)."""

    TRAINING = "training", _("培训场地")
    PRACTICE = "practice", _("实训基地")
    INCUBATION = "incubation", _("孵化基地")
    SERVICE_CENTRE = "service_centre", _("公共服务中心")
    STATION = "station", _("村级站点")
    SCHOOL = "school", _("学校")
    FIELD = "field", _("现场教学点")


class VenueLevel(models.TextChoices):
    """The codes are those of a programme's place marks."""

    COUNTY = "county", _("县级")
    TOWN = "town", _("乡级")
    VILLAGE = "village", _("村级")
