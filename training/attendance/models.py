"""The ledger: signed events as they arrived, and what the rules made of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.attendance.choices import EventKind, HeldReason, Method
from training.core.db import ScopedModel


class AttendanceEvent(ScopedModel):
    """A believed event. Never edited, never deleted; a correction is a `void` that names it.

    `held_reason` empty means it counts. `payload` and `signature` are the bytes as received.
    """

    SCOPE = {"programme": "station__institution__programme", "institution": "station__institution"}
    station = models.ForeignKey("stations.Station", models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField(_("序号"))
    event_id = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64, unique=True)
    prev = models.CharField(max_length=64)
    payload = models.TextField()
    signature = models.CharField(max_length=88)
    kind = models.CharField(_("种类"), max_length=16, choices=EventKind)
    method = models.CharField(_("方式"), max_length=16, choices=Method, blank=True)
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, null=True, related_name="events"
    )
    lesson = models.ForeignKey("scheduling.Lesson", models.PROTECT, null=True, related_name="events")
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, null=True, related_name="events")
    voids = models.UUIDField(null=True)
    captured_at = models.DateTimeField(_("发生时间"))
    received_at = models.DateTimeField(_("收到时间"))
    held_reason = models.CharField(_("待核原因"), max_length=24, choices=HeldReason, blank=True)
    notes = models.JSONField(default=list)

    class Meta:
        ordering = ["captured_at", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["station", "seq"], name="one_event_per_station_and_seq")
        ]
        indexes = [models.Index(fields=["training_session", "captured_at"], name="register_by_session")]

    def __str__(self) -> str:
        return f"{self.station} #{self.seq}"


class HeldEnvelope(ScopedModel):
    """Something a station sent that can't enter the ledger: kept as received, with the reason."""

    SCOPE = {"programme": "station__institution__programme", "institution": "station__institution"}
    station = models.ForeignKey("stations.Station", models.PROTECT, related_name="held_envelopes")
    digest = models.CharField(max_length=64)
    payload = models.TextField()
    signature = models.TextField()
    reason = models.CharField(_("待核原因"), max_length=24, choices=HeldReason)
    detail = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(_("收到时间"))

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["station", "digest"], name="held_once")]

    def __str__(self) -> str:
        return f"{self.station} {self.reason}"


class Completion(ScopedModel):
    """What the attendance rule made of one enrolment when the class was closed."""

    SCOPE = {
        "programme": "enrolment__training_session__institution__programme",
        "institution": "enrolment__training_session__institution",
    }
    enrolment = models.OneToOneField("enrolment.Enrolment", models.PROTECT, related_name="completion")
    rule_set = models.ForeignKey("programmes.RuleSet", models.PROTECT, related_name="+")
    attended_minutes = models.PositiveIntegerField(_("出勤分钟"))
    required_minutes = models.PositiveIntegerField(_("应到分钟"))
    completed = models.BooleanField(_("结业"))
    explanation = models.CharField(_("说明"), max_length=200)
    computed_at = models.DateTimeField(_("计算时间"))

    def __str__(self) -> str:
        return self.explanation
