"""What became of a trainee: planned contacts, what was said and done, and outcomes with evidence."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.followup.choices import (
    OUTCOME_TRANSITIONS,
    ContactMethod,
    ContactResult,
    EvidenceGrade,
    Guidance,
    OutcomeKind,
    OutcomeStatus,
)

THROUGH_ENROLMENT = {
    "programme": "enrolment__training_session__institution__programme",
    "institution": "enrolment__training_session__institution",
}


class FollowUp(ScopedModel):
    """训后跟踪: one contact that is due; opened when the trainee completes."""

    SCOPE = THROUGH_ENROLMENT
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="follow_ups")
    day = models.PositiveIntegerField(_("结业后天数"))
    due_on = models.DateField(_("应联系日期"))
    done_at = models.DateTimeField(_("完成时间"), null=True)

    class Meta:
        ordering = ["due_on", "enrolment"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "day"], name="one_follow_up_per_day_mark")
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} +{self.day}"


class Contact(ScopedModel):
    """One call or visit, whatever came of it."""

    SCOPE = {dimension: f"follow_up__{path}" for dimension, path in THROUGH_ENROLMENT.items()}
    follow_up = models.ForeignKey(FollowUp, models.PROTECT, related_name="contacts")
    made_at = models.DateTimeField(_("联系时间"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    method = models.CharField(_("联系方式"), max_length=16, choices=ContactMethod)
    result = models.CharField(_("结果"), max_length=16, choices=ContactResult)
    guidance = models.CharField(_("提供的服务"), max_length=16, choices=Guidance, blank=True)
    note = models.TextField(_("情况记录"), blank=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.follow_up} {self.get_result_display()}"


class Outcome(Lifecycle):
    """就业/创业成果: claimed by one person, verified by another, never by the institution."""

    SCOPE = THROUGH_ENROLMENT
    TRANSITIONS = OUTCOME_TRANSITIONS
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="outcomes")
    kind = models.CharField(_("成果类型"), max_length=16, choices=OutcomeKind)
    started_on = models.DateField(_("开始日期"))
    grade = models.CharField(_("证据等级"), max_length=1, choices=EvidenceGrade)
    description = models.TextField(_("说明"))
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    status = models.CharField(_("状态"), max_length=16, choices=OutcomeStatus, default=OutcomeStatus.CLAIMED)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(_("申报时间"))
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(_("核实时间"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(verified_by=F("claimed_by")), name="outcome_claimant_is_not_verifier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.get_kind_display()}"
