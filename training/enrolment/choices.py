from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class EnrolmentStatus(models.TextChoices):
    """Lifecycle D of domain.md §4.5, as far as a roster import goes."""

    ENROLLED = "enrolled", _("入册")
    COMPLETED = "completed", _("结业")
    INCOMPLETE = "incomplete", _("未达标")
    WITHDRAWN = "withdrawn", _("退班")


ENROLMENT_TRANSITIONS = {
    EnrolmentStatus.ENROLLED: frozenset(
        {EnrolmentStatus.COMPLETED, EnrolmentStatus.INCOMPLETE, EnrolmentStatus.WITHDRAWN}
    ),
    # A correction that is approved between the close and the sealing changes what counts.
    EnrolmentStatus.COMPLETED: frozenset({EnrolmentStatus.INCOMPLETE}),
    EnrolmentStatus.INCOMPLETE: frozenset({EnrolmentStatus.COMPLETED}),
}
ON_ROSTER = ~Q(status=EnrolmentStatus.WITHDRAWN)


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
