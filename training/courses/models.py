"""What is taught: the course, its outline version by version, and the courseware."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.actor import Actor
from training.core.db import ScopedModel, ScopedQuerySet
from training.core.lifecycle import Lifecycle
from training.courses.choices import (
    COURSEWARE_TRANSITIONS,
    OUTLINE_OPEN,
    OUTLINE_TRANSITIONS,
    CoursewareStatus,
    OutlineStatus,
)


class Course(ScopedModel):
    """课程 as one institution offers it. Codes are those of the rule set in force when it was written."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="courses")
    title = models.CharField(_("课程名称"), max_length=120)
    category = models.CharField(_("课程类别"), max_length=32)
    objective = models.TextField(_("培训目标"))
    groups = models.JSONField(_("建议对象"), default=list)
    class_types = models.JSONField(_("适用班型"), default=list)
    retired_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        ordering = ["title", "pk"]
        constraints = [models.UniqueConstraint(fields=["institution", "title"], name="course_title_once")]

    def __str__(self) -> str:
        return self.title


class Outline(Lifecycle):
    """大纲: one version of what a course teaches, topic by topic. A change is the next version."""

    SCOPE = {"programme": "course__institution__programme", "institution": "course__institution"}
    TRANSITIONS = OUTLINE_TRANSITIONS
    course = models.ForeignKey(Course, models.PROTECT, related_name="outlines")
    version = models.PositiveIntegerField(_("版本"))
    changes = models.TextField(_("改动说明"), blank=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    status = models.CharField(_("状态"), max_length=16, choices=OutlineStatus, default=OutlineStatus.DRAFT)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    return_reason = models.TextField(_("退回原因"), blank=True)

    class Meta:
        ordering = ["course", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["course", "version"], name="outline_version_once"),
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(status__in=sorted(OUTLINE_OPEN)),
                name="outline_one_version_at_work",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("submitted_by")), name="outline_submitter_is_not_approver"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} v{self.version}"


class OutlineRow(ScopedModel):
    """A line of an outline: so many hours (学时) of one topic, theory or practice."""

    SCOPE = {
        "programme": "outline__course__institution__programme",
        "institution": "outline__course__institution",
    }
    outline = models.ForeignKey(Outline, models.CASCADE, related_name="rows")
    sequence = models.PositiveIntegerField(_("序号"))
    topic = models.CharField(_("专题"), max_length=64)
    hours = models.DecimalField(_("学时"), max_digits=4, decimal_places=1)
    practical = models.BooleanField(_("实操"), default=False)
    method = models.CharField(_("教学方式"), max_length=64, blank=True)
    aims = models.TextField(_("教学目标"), blank=True)

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(fields=["outline", "topic", "practical"], name="outline_topic_once"),
            models.CheckConstraint(condition=Q(hours__gt=0), name="outline_hours_are_some"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.hours}"


class CoursewareQuerySet(ScopedQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """For an instructor what their institution teaches the topics of their lessons with, of every version."""
        own = actor.reach.get("instructor")
        if own is None:
            return super().visible_to(actor)
        lessons = "institution__training_sessions__lessons"
        taught = {f"{lessons}__instructor__in": own, f"{lessons}__topic": F("topic")}
        return self.filter(pk__in=self.model.objects.filter(**taught).values("pk"))


class Courseware(Lifecycle):
    """课件. A new version is a new row, so a session stays pinned to the bytes it used."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    TRANSITIONS = COURSEWARE_TRANSITIONS
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="courseware")
    topic = models.CharField(_("专题"), max_length=64)
    title = models.CharField(_("课件名称"), max_length=120)
    version = models.PositiveIntegerField(_("版本"), default=1)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    status = models.CharField(
        _("状态"), max_length=16, choices=CoursewareStatus, default=CoursewareStatus.KEPT
    )
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("审定时间"), null=True)
    reason = models.TextField(_("退回或撤下的原因"), blank=True)
    objects = CoursewareQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["topic", "title", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "topic", "title", "version"], name="courseware_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"
