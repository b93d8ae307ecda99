"""The ledger: signed events as they arrived, and what the rules made of them."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.attendance.choices import (
    CORRECTION_TRANSITIONS,
    EXCLUSION_OVER,
    EXCLUSION_TRANSITIONS,
    CorrectionKind,
    CorrectionSource,
    CorrectionStatus,
    EventKind,
    ExclusionStatus,
    HeldReason,
    Method,
)
from training.core.crypto import keyed_hash
from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle


class AttendanceEvent(ScopedModel):
    """A believed event. Never edited, never deleted; a correction is a `void` that names it.

    `held_reason` empty means it counts; `verdict_proof` is what tells an honest one from one set by hand.
    `payload` and `signature` are the bytes as received. At a job fair
    (`fair`) it belongs to no session and no lesson; who came is in the fair's attendances, by digest.
    """

    SCOPE = {"programme": "station__institution__programme", "institution": "station__institution"}
    # What finds events by station or session is indexed below; a second index would only slow the door.
    station = models.ForeignKey("stations.Station", models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField(_("序号"))
    event_id = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64, unique=True)
    prev = models.CharField(max_length=64)
    payload = models.TextField()
    signature = models.CharField(max_length=88)
    kind = models.CharField(_("种类"), max_length=16, choices=EventKind)
    method = models.CharField(_("方式"), max_length=16, choices=Method, blank=True)
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, null=True, related_name="events", db_index=False
    )
    lesson = models.ForeignKey("scheduling.Lesson", models.PROTECT, null=True, related_name="events")
    fair = models.ForeignKey(
        "fairs.JobFair", models.PROTECT, null=True, related_name="events", db_index=False
    )
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, null=True, related_name="events")
    voids = models.UUIDField(null=True)
    captured_at = models.DateTimeField(_("发生时间"))
    received_at = models.DateTimeField(_("收到时间"))
    held_reason = models.CharField(_("待核原因"), max_length=24, choices=HeldReason, blank=True)
    notes = models.JSONField(default=list)
    verdict_proof = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        ordering = ["captured_at", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["station", "seq"], name="one_event_per_station_and_seq")
        ]
        indexes = [
            models.Index(fields=["training_session", "captured_at"], name="register_by_session"),
            # Few among many, and asked for on every home page.
            models.Index(fields=["station"], condition=~Q(held_reason=""), name="held_events"),
            models.Index(
                fields=["station", "enrolment"], condition=Q(kind=EventKind.PORTRAIT), name="portrait_events"
            ),
            models.Index(fields=["fair"], condition=Q(fair__isnull=False), name="fair_events"),
        ]

    def __str__(self) -> str:
        return f"{self.station} #{self.seq}"

    def prove_verdict(self) -> str:
        """Keyed, over what the server made of the event and the station did not sign; kept with the row."""
        places = (self.training_session_id, self.lesson_id, self.fair_id, self.enrolment_id)
        return keyed_hash(f"{self.digest}:{self.held_reason}:{places}", purpose="verdict")


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


class Correction(Lifecycle):
    """补签、纸质签到表的补录、作废: what no station signed, said by one person and approved by another.

    It counts once approved and is marked in the register for ever. `enrolment` and `happened_at` are
    empty only for a `void`, which names an event instead.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TRANSITIONS = CORRECTION_TRANSITIONS
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="corrections"
    )
    lesson = models.ForeignKey("scheduling.Lesson", models.PROTECT, related_name="corrections")
    enrolment = models.ForeignKey(
        "enrolment.Enrolment", models.PROTECT, null=True, related_name="corrections"
    )
    kind = models.CharField(_("种类"), max_length=16, choices=CorrectionKind)
    source = models.CharField(_("来源"), max_length=16, choices=CorrectionSource)
    happened_at = models.DateTimeField(_("发生时间"), null=True)
    voids = models.ForeignKey(AttendanceEvent, models.PROTECT, null=True, related_name="voided_by")
    reason = models.CharField(_("原因"), max_length=200)
    evidence = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    status = models.CharField(
        _("状态"), max_length=16, choices=CorrectionStatus, default=CorrectionStatus.PROPOSED
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("核准时间"), null=True)
    decision_reason = models.CharField(_("不予核准的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decided_by=F("proposed_by")) | Q(status=CorrectionStatus.WITHDRAWN),
                name="correction_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(kind=CorrectionKind.VOID, voids__isnull=False)
                | Q(voids__isnull=True, enrolment__isnull=False, happened_at__isnull=False)
                & ~Q(kind=CorrectionKind.VOID),
                name="correction_says_who_and_when_or_voids",
            ),
            models.CheckConstraint(
                condition=~Q(source=CorrectionSource.PAPER) | Q(evidence__isnull=False),
                name="paper_correction_has_its_sheet",
            ),
        ]
        indexes = [models.Index(fields=["training_session", "status"], name="corrections_of_session")]

    def __str__(self) -> str:
        return f"{self.training_session} {self.get_kind_display()}"


class LostRange(Lifecycle):
    """缺号说明: numbers of a station's chain that will never come, said and confirmed by two people.

    Not a waiver: the register names the numbers for ever, and whoever signed in under them needs a
    correction. Events that turn up after all enter the ledger as usual.
    """

    SCOPE = {"programme": "station__institution__programme", "institution": "station__institution"}
    TRANSITIONS = CORRECTION_TRANSITIONS
    station = models.ForeignKey("stations.Station", models.PROTECT, related_name="lost_ranges")
    first_seq = models.PositiveBigIntegerField(_("从序号"))
    last_seq = models.PositiveBigIntegerField(_("到序号"))
    reason = models.CharField(_("原因"), max_length=200)
    evidence = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    status = models.CharField(
        _("状态"), max_length=16, choices=CorrectionStatus, default=CorrectionStatus.PROPOSED
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("核准时间"), null=True)
    decision_reason = models.CharField(_("不予核准的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["station", "first_seq"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decided_by=F("proposed_by")) | Q(status=CorrectionStatus.WITHDRAWN),
                name="lost_range_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(first_seq__gte=1, last_seq__gte=F("first_seq")), name="lost_range_is_a_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.station} #{self.first_seq}–{self.last_seq}"


class Exclusion(Lifecycle):
    """剔除: a doubt about somebody who completed was upheld, and the place no longer counts.

    One person proposes and another decides; the institution or the township may appeal, and whoever decides
    on that is a third. Every step keeps who, when and why.
    """

    SCOPE = {
        "programme": "enrolment__training_session__institution__programme",
        "institution": "enrolment__training_session__institution",
    }
    TRANSITIONS = EXCLUSION_TRANSITIONS
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="exclusions")
    status = models.CharField(
        _("状态"), max_length=16, choices=ExclusionStatus, default=ExclusionStatus.PROPOSED
    )
    reason = models.CharField(_("剔除的原因"), max_length=200)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    decision_reason = models.CharField(_("决定的说明"), max_length=200, blank=True)
    appealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    appealed_at = models.DateTimeField(_("申诉时间"), null=True)
    appeal_reason = models.CharField(_("申诉的理由"), max_length=200, blank=True)
    appeal_decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    appeal_decided_at = models.DateTimeField(_("申诉办结时间"), null=True)
    appeal_decision_reason = models.CharField(_("申诉决定的说明"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=~Q(status__in=sorted(EXCLUSION_OVER)),
                name="one_standing_exclusion_a_place",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("proposed_by")), name="exclusion_takes_two_people"
            ),
            models.CheckConstraint(
                condition=~Q(appeal_decided_by=F("decided_by")) & ~Q(appeal_decided_by=F("proposed_by")),
                name="appeal_is_decided_by_a_third",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment.training_session.code} #{self.enrolment.number}"

    @property
    def appeal_until(self) -> date:
        """The last day on which the institution or the township may appeal; of one that was decided."""
        days = self.enrolment.training_session.rule_set.rules.review.appeal_days
        return timezone.localdate(self.decided_at) + timedelta(days=days)


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
