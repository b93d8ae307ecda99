"""The training session (期), its lessons (课次) and where they are held."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.scheduling.choices import SESSION_TRANSITIONS, HalfDay, SessionStatus


class Venue(ScopedModel):
    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="venues")
    name = models.CharField(_("场地名称"), max_length=120)
    address = models.CharField(_("地址"), max_length=200)
    seats = models.PositiveIntegerField(_("座位数"))

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TrainingSession(Lifecycle):
    """期: the unit that is approved, attended, archived, paid and followed up as one thing."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    TRANSITIONS = SESSION_TRANSITIONS
    institution = models.ForeignKey(
        "institutions.Institution", models.PROTECT, related_name="training_sessions"
    )
    agreement = models.ForeignKey("institutions.Agreement", models.PROTECT, verbose_name=_("协议或任务文件"))
    rule_set = models.ForeignKey("programmes.RuleSet", models.PROTECT, related_name="+")
    code = models.CharField(_("期号"), max_length=40, unique=True)
    number = models.PositiveIntegerField(_("第几期"))
    title = models.CharField(_("培训名称"), max_length=120)
    category = models.CharField(_("课程类别"), max_length=32)
    class_type = models.CharField(_("班型"), max_length=32)
    form = models.CharField(_("培训形式"), max_length=32)
    audience = models.TextField(_("培训对象"))
    goals = models.TextField(_("培训目标"))
    content = models.TextField(_("培训内容"))
    assessment = models.TextField(_("考核方式"))
    class_manager = models.CharField(_("班主任"), max_length=64)
    courseware = models.ManyToManyField("courses.Courseware", blank=True, related_name="training_sessions")
    uses_face = models.BooleanField(_("启用人脸比对（仅对单独同意的学员）"), default=False)
    status = models.CharField(_("状态"), max_length=16, choices=SessionStatus, default=SessionStatus.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    approval_number = models.CharField(_("批准文号"), max_length=64, blank=True)
    return_reason = models.TextField(_("退回原因"), blank=True)
    closed_at = models.DateTimeField(_("结课时间"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="session_number_once"),
            models.CheckConstraint(
                condition=~Q(approved_by=F("submitted_by")), name="session_submitter_is_not_approver"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Lesson(ScopedModel):
    """课次: one block of time, at one place, with one instructor, on one topic."""

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(TrainingSession, models.CASCADE, related_name="lessons")
    sequence = models.PositiveIntegerField(_("课次"))
    on = models.DateField(_("日期"))
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    topic = models.CharField(_("专题"), max_length=64)
    instructor = models.ForeignKey(
        "institutions.Instructor", models.PROTECT, related_name="lessons", verbose_name=_("授课人")
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="lessons", verbose_name=_("场地"))

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["training_session", "sequence"], name="lesson_sequence_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="lesson_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} #{self.sequence} {self.topic}"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def half_day(self) -> str:
        """上午 before 12:30 county time, the customary split of paper registers."""
        start = timezone.localtime(self.starts_at)
        return HalfDay.AM if (start.hour, start.minute) < (12, 30) else HalfDay.PM


class Witness(ScopedModel):
    """见证人: who may vouch for a person at the station of this session, by a PIN of their own."""

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(TrainingSession, models.CASCADE, related_name="witnesses")
    name = models.CharField(_("姓名"), max_length=64)
    post = models.CharField(_("职务"), max_length=64)
    pin_hash = models.CharField(max_length=128)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name}（{self.post}）"
