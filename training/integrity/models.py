"""What a night's check of everything that is kept found."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.integrity.choices import Part


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
