from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class EnrolmentStatus(models.TextChoices):
    """From 入册 on; what comes before is an application's."""

    ENROLLED = "enrolled", _("入册")
    COMPLETED = "completed", _("结业")
    INCOMPLETE = "incomplete", _("未达标")
    WITHDRAWN = "withdrawn", _("退班")
    EXCLUDED = "excluded", _("剔除")


ENROLMENT_TRANSITIONS = {
    EnrolmentStatus.ENROLLED: frozenset(
        {EnrolmentStatus.COMPLETED, EnrolmentStatus.INCOMPLETE, EnrolmentStatus.WITHDRAWN}
    ),
    # A correction that is approved between the close and the sealing changes what counts.
    EnrolmentStatus.COMPLETED: frozenset({EnrolmentStatus.INCOMPLETE, EnrolmentStatus.EXCLUDED}),
    EnrolmentStatus.INCOMPLETE: frozenset({EnrolmentStatus.COMPLETED}),
    # An appeal that was upheld.
    EnrolmentStatus.EXCLUDED: frozenset({EnrolmentStatus.COMPLETED}),
}
ON_ROSTER = ~Q(status=EnrolmentStatus.WITHDRAWN)
POOR: Final = "poor_household"
"""建档立卡贫困户: the group's code in every programme that has it."""


def poor(place: str = "") -> Q:
    """That somebody belonged to them when the class was approved, as verified; `place` leads to the enrolment."""
    path = f"{place}__" if place else ""
    return Q(**{f"{path}group": POOR, f"{path}group_verified": True})


IN_FORCE = Q(effective_at__isnull=False)
"""Changes of a roster that happened."""


class ImportStatus(models.TextChoices):
    """What became of a roster file that was handed in."""

    WAITING = "waiting", _("待指定各列")
    RUNNING = "running", _("正在导入")
    DONE = "done", _("已导完")
    CANCELLED = "cancelled", _("已停止")
    FAILED = "failed", _("没有导完")


IMPORT_TRANSITIONS = {
    ImportStatus.WAITING: frozenset({ImportStatus.RUNNING, ImportStatus.CANCELLED}),
    ImportStatus.RUNNING: frozenset({ImportStatus.DONE, ImportStatus.CANCELLED, ImportStatus.FAILED}),
    ImportStatus.CANCELLED: frozenset({ImportStatus.RUNNING}),
    ImportStatus.FAILED: frozenset({ImportStatus.RUNNING}),
}


class CallStatus(models.TextChoices):
    """Whether the door to a session's registration stands open."""

    OPEN = "open", _("报名开放")
    PAUSED = "paused", _("暂停报名")
    CLOSED = "closed", _("报名结束")


CALL_TRANSITIONS = {
    CallStatus.OPEN: frozenset({CallStatus.PAUSED, CallStatus.CLOSED}),
    CallStatus.PAUSED: frozenset({CallStatus.OPEN, CallStatus.CLOSED}),
    CallStatus.CLOSED: frozenset({CallStatus.OPEN}),
}


class Source(models.TextChoices):
    """Who handed an application in."""

    SELF = "self", _("本人报名")
    TOWNSHIP = "township", _("乡镇推荐")
    INSTITUTION = "institution", _("机构代报")


class ApplicationStatus(models.TextChoices):
    """报名 → 资格审核 → 入册."""

    RECEIVED = "received", _("待资格审核")
    QUALIFIED = "qualified", _("资格通过")
    WAITING = "waiting", _("候补")
    ACCEPTED = "accepted", _("已录取")
    REFUSED = "refused", _("未录取")
    WITHDRAWN = "withdrawn", _("已撤回")


APPLICATION_TRANSITIONS = {
    ApplicationStatus.RECEIVED: frozenset(
        {ApplicationStatus.QUALIFIED, ApplicationStatus.REFUSED, ApplicationStatus.WITHDRAWN}
    ),
    ApplicationStatus.QUALIFIED: frozenset(
        {
            ApplicationStatus.ACCEPTED,
            ApplicationStatus.WAITING,
            ApplicationStatus.REFUSED,
            ApplicationStatus.WITHDRAWN,
        }
    ),
    ApplicationStatus.WAITING: frozenset(
        {ApplicationStatus.ACCEPTED, ApplicationStatus.REFUSED, ApplicationStatus.WITHDRAWN}
    ),
    # Whoever is taken off the roster again has no place any more, and no application either.
    ApplicationStatus.ACCEPTED: frozenset({ApplicationStatus.WITHDRAWN}),
}
IN_LINE = frozenset({ApplicationStatus.QUALIFIED, ApplicationStatus.WAITING})
UNDECIDED = IN_LINE | {ApplicationStatus.RECEIVED}
LIVE = UNDECIDED | {ApplicationStatus.ACCEPTED}


class RosterChangeKind(models.TextChoices):
    ADDED = "added", _("增加")
    REMOVED = "removed", _("退出")
