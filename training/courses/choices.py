from django.db import models
from django.utils.translation import gettext_lazy as _


class OutlineStatus(models.TextChoices):
    """A version of an outline (大纲); once approved it is never edited."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审批")
    RETURNED = "returned", _("待修改")
    APPROVED = "approved", _("已批准")


OUTLINE_TRANSITIONS = {
    OutlineStatus.DRAFT: frozenset({OutlineStatus.SUBMITTED}),
    OutlineStatus.SUBMITTED: frozenset({OutlineStatus.APPROVED, OutlineStatus.RETURNED}),
    OutlineStatus.RETURNED: frozenset({OutlineStatus.SUBMITTED}),
}
OUTLINE_EDITABLE = frozenset({OutlineStatus.DRAFT, OutlineStatus.RETURNED})
OUTLINE_OPEN = OUTLINE_EDITABLE | {OutlineStatus.SUBMITTED}


class CoursewareStatus(models.TextChoices):
    """A version of courseware (课件); only some programmes want it approved before it is used."""

    KEPT = "kept", _("未送审")
    SUBMITTED = "submitted", _("待审定")
    APPROVED = "approved", _("已审定")
    RETURNED = "returned", _("已退回")
    WITHDRAWN = "withdrawn", _("已撤下")


COURSEWARE_TRANSITIONS = {
    CoursewareStatus.KEPT: frozenset({CoursewareStatus.SUBMITTED, CoursewareStatus.WITHDRAWN}),
    CoursewareStatus.SUBMITTED: frozenset(
        {CoursewareStatus.APPROVED, CoursewareStatus.RETURNED, CoursewareStatus.WITHDRAWN}
    ),
    CoursewareStatus.RETURNED: frozenset({CoursewareStatus.WITHDRAWN}),
    CoursewareStatus.APPROVED: frozenset({CoursewareStatus.WITHDRAWN}),
}
TEACHABLE = frozenset({CoursewareStatus.KEPT, CoursewareStatus.SUBMITTED, CoursewareStatus.APPROVED})
"""What a session may be taught with where the programme wants no approval."""
