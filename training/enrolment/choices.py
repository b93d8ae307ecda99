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
}
ON_ROSTER = ~Q(status=EnrolmentStatus.WITHDRAWN)
