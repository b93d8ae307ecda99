"""What a roster was when it was approved, and what a night's check of everything that is kept found."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.integrity.choices import Part


class ApprovedRoster(ScopedModel):
    """Who stood on a roster when it was frozen: enrolment (its id as text) -> number and hashed ID number.

    Written once. `proof` is keyed, so that nobody rewrites it to fit with the database's password alone.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.OneToOneField(
        "scheduling.TrainingSession", models.CASCADE, related_name="approved_roster"
    )
    places = models.JSONField(_("名册"))
    proof = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.training_session.code


class IntegrityRun(ScopedModel):
    """One check of one programme's data, and of what belongs to the whole installation.

    `counted` is how many were looked at, by `Part`.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="integrity_runs")
    started_at = models.DateTimeField(_("开始时间"))
    finished_at = models.DateTimeField(_("结束时间"))
    counted = models.JSONField(_("核对了多少"), default=dict)
    found = models.PositiveIntegerField(_("对不上的"), default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.programme} {self.started_at:%Y-%m-%d}"


class IntegrityFinding(ScopedModel):
    """One thing that is not as it was kept. `about_id` is of the row, empty where there is none."""

    SCOPE = {"programme": "run__programme", "county": "run__programme"}
    run = models.ForeignKey(IntegrityRun, models.CASCADE, related_name="findings")
    part = models.CharField(_("种类"), max_length=16, choices=Part)
    about_type = models.CharField(max_length=64, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    about = models.CharField(_("对象"), max_length=200)
    problem = models.CharField(_("问题"), max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.about}: {self.problem}"
