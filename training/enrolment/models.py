"""A trainee's place in a session, and the roster files the places came from."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.enrolment.choices import (
    ENROLMENT_TRANSITIONS,
    IMPORT_TRANSITIONS,
    ON_ROSTER,
    EnrolmentStatus,
    ImportStatus,
)


class RosterImport(Lifecycle):
    """One roster file as handed in: how far it has been read, what was taken from it, what was not and why.

    `layout` says where the people stand (`sheets.Layout`), empty while nobody has said what the columns
    are; `done` counts the lines that are dealt with for good, so an import that broke off goes on there;
    `marked` is made ahead where making it would keep a person waiting.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TRANSITIONS = IMPORT_TRANSITIONS
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="roster_imports"
    )
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    marked = models.ForeignKey(
        "core.StoredFile", models.PROTECT, null=True, related_name="+", verbose_name=_("标出问题的名册")
    )
    status = models.CharField(_("状态"), max_length=16, choices=ImportStatus, default=ImportStatus.WAITING)
    layout = models.JSONField(default=dict)
    imported_at = models.DateTimeField(_("导入时间"))
    imported_by = models.CharField(_("导入人"), max_length=64)
    progressed_at = models.DateTimeField(_("最近进展"))
    total = models.PositiveIntegerField(_("总行数"), default=0)
    done = models.PositiveIntegerField(_("已处理行数"), default=0)
    accepted = models.PositiveIntegerField(_("导入人数"), default=0)
    unchanged = models.PositiveIntegerField(_("已在名册上的人数"), default=0)
    problems = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    failure = models.CharField(_("没有导完的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.file}"


class RosterHeading(ScopedModel):
    """What an institution once said a heading of its files means; an empty column means: not wanted."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey(
        "institutions.Institution", models.CASCADE, related_name="roster_headings"
    )
    word = models.CharField(_("表头"), max_length=64)
    column = models.CharField(_("列"), max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "word"], name="heading_means_one_thing")
        ]

    def __str__(self) -> str:
        return f"{self.word} → {self.column}"


class Enrolment(Lifecycle):
    """名册上的一个位置. The group is frozen here, as it was on the day."""

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TRANSITIONS = ENROLMENT_TRANSITIONS
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="enrolments"
    )
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="enrolments")
    number = models.PositiveIntegerField(_("序号"))
    group = models.CharField(_("学员类别"), max_length=32)
    roster_import = models.ForeignKey(
        RosterImport,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="places",
        verbose_name=_("名册文件"),
    )
    status = models.CharField(
        _("状态"), max_length=16, choices=EnrolmentStatus, default=EnrolmentStatus.ENROLLED
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_session", "trainee"], condition=ON_ROSTER, name="enrolled_once"
            ),
            models.UniqueConstraint(fields=["training_session", "number"], name="roster_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.number} {self.trainee}"
