"""A trainee's place in a session, and the roster files the places came from."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.enrolment.choices import ENROLMENT_TRANSITIONS, ON_ROSTER, EnrolmentStatus


class RosterImport(ScopedModel):
    """One roster file as handed in: what was taken from it, and what was not and why."""

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="roster_imports"
    )
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    imported_at = models.DateTimeField(_("导入时间"))
    imported_by = models.CharField(_("导入人"), max_length=64)
    accepted = models.PositiveIntegerField(_("导入人数"))
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.file}"


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
