"""Job fairs (用工对接会): who offered which posts, who came, who was hired, and who still works there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.fairs.choices import (
    FAIR_TRANSITIONS,
    INTENTION_TRANSITIONS,
    FairStatus,
    Found,
    IntentionStatus,
    PaperKind,
    Source,
)

THROUGH_FAIR = {"programme": "fair__programme", "institution": "fair__institution"}
STANDS = Q(voided_at=None)
"""Of attendances those that nobody has voided."""


class JobFair(Lifecycle):
    """用工对接会. Without an institution the bureau itself holds it.

    `visitors`: people who came and were trained by nobody here, a head count of nobody in particular; None
    until the results are registered. `stations` take signatures at its door.
    """

    SCOPE = {"programme": "programme", "institution": "institution"}
    TRANSITIONS = FAIR_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="job_fairs")
    institution = models.ForeignKey(
        "institutions.Institution", models.PROTECT, null=True, blank=True, related_name="job_fairs"
    )
    code = models.CharField(_("编号"), max_length=64, unique=True)
    title = models.CharField(_("名称"), max_length=120)
    on = models.DateField(_("日期"))
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    place = models.CharField(_("地点"), max_length=120)
    township = models.CharField(_("乡镇"), max_length=64, blank=True)
    note = models.TextField(_("说明"), blank=True)
    status = models.CharField(_("状态"), max_length=16, choices=FairStatus, default=FairStatus.PLANNED)
    stations = models.ManyToManyField("stations.Station", blank=True, related_name="job_fairs")
    visitors = models.PositiveIntegerField(_("未参训来客"), null=True)
    summary = models.TextField(_("结果"), blank=True)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("结果登记人")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    confirmed_at = models.DateTimeField(_("计入时间"), null=True)

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("registered_by")), name="fair_registrar_is_not_confirmer"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="fair_ends_after_it_starts"),
        ]
        indexes = [models.Index(fields=["programme", "status", "on"], name="fairs_by_status")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class FairStep(ScopedModel):
    """办理经过: one move of a fair, with who made it and why."""

    SCOPE = THROUGH_FAIR
    fair = models.ForeignKey(JobFair, models.PROTECT, related_name="steps")
    start = models.CharField(max_length=16, choices=FairStatus, blank=True)
    target = models.CharField(_("状态"), max_length=16, choices=FairStatus)
    at = models.DateTimeField(_("时间"))
    by = models.CharField(_("经办人"), max_length=64)
    reason = models.CharField(_("原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.fair.code} {self.get_target_display()}"


class FairEmployer(ScopedModel):
    """用人单位 at one fair."""

    SCOPE = THROUGH_FAIR
    fair = models.ForeignKey(JobFair, models.PROTECT, related_name="employers")
    name = models.CharField(_("单位名称"), max_length=120)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18)
    contact = models.CharField(_("联系人"), max_length=64)
    phone = models.CharField(_("联系电话"), max_length=20)
    signed_in_at = models.DateTimeField(_("到场时间"), null=True)
    signed_in_by = models.CharField(_("到场登记人"), max_length=64, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["fair", "uscc"], name="employer_once_at_a_fair")]

    def __str__(self) -> str:
        return self.name


class FairPost(ScopedModel):
    """岗位: wages are 分 a month. `poor_first`: 建档立卡优先 (HD-09)."""

    SCOPE = {"programme": "employer__fair__programme", "institution": "employer__fair__institution"}
    employer = models.ForeignKey(FairEmployer, models.PROTECT, related_name="posts")
    title = models.CharField(_("岗位"), max_length=64)
    openings = models.PositiveIntegerField(_("招聘人数"))
    wage_from_fen = models.PositiveIntegerField(_("月薪下限（分）"))
    wage_to_fen = models.PositiveIntegerField(_("月薪上限（分）"))
    place = models.CharField(_("工作地点"), max_length=120)
    poor_first = models.BooleanField(_("建档立卡优先"), default=False)
    requirements = models.CharField(_("要求"), max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(openings__gte=1), name="post_has_an_opening"),
            models.CheckConstraint(condition=Q(wage_to_fen__gte=F("wage_from_fen")), name="wage_is_a_range"),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.title}"


class FairInvitation(ScopedModel):
    """邀请名单: a trainee who is expected, by the place on a roster that made them a 参训学员."""

    SCOPE = THROUGH_FAIR
    fair = models.ForeignKey(JobFair, models.PROTECT, related_name="invitations")
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="fair_invitations")
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="fair_invitations")
    invited_by = models.CharField(_("邀请人"), max_length=64)
    invited_at = models.DateTimeField(_("邀请时间"))

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["fair", "trainee"], name="invited_once")]

    def __str__(self) -> str:
        return f"{self.fair.code} {self.trainee}"


class FairPaper(ScopedModel):
    """Photos and papers of a fair, each kept as it came, with its hash.

    A photo that a station took there says when (`taken_at`) and by which signed event of the ledger (`digest`).
    """

    SCOPE = THROUGH_FAIR
    fair = models.ForeignKey(JobFair, models.PROTECT, related_name="papers")
    kind = models.CharField(_("种类"), max_length=16, choices=PaperKind)
    caption = models.CharField(_("说明"), max_length=120, blank=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    added_by = models.CharField(_("上传人"), max_length=64)
    added_at = models.DateTimeField(_("上传时间"))
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["digest"], condition=~Q(digest=""), name="fair_photo_once")
        ]

    def __str__(self) -> str:
        return f"{self.fair.code} {self.get_kind_display()}"


class FairAttendance(ScopedModel):
    """One trainee at one fair (参加对接一人次), counted once however often the card was laid.

    It stands on a signed event of the ledger (`digest`), on a scanned list (`paper`), or on both; never on
    neither. `enrolment` is the place by which the trainee had completed a session. One that was wrong is
    voided: it stays with the reason and counts no more, and the person may still come.
    """

    SCOPE = THROUGH_FAIR
    fair = models.ForeignKey(JobFair, models.PROTECT, related_name="attendances")
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="fair_attendances")
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="fair_attendances")
    signed_in_at = models.DateTimeField(_("签到时间"), null=True)
    station = models.ForeignKey(
        "stations.Station", models.PROTECT, null=True, related_name="fair_attendances"
    )
    digest = models.CharField(max_length=64, blank=True)
    paper = models.ForeignKey(FairPaper, models.PROTECT, null=True, related_name="attendances")
    registered_by = models.CharField(_("登记人"), max_length=64, blank=True)
    registered_at = models.DateTimeField(_("登记时间"))
    voided_at = models.DateTimeField(_("作废时间"), null=True)
    voided_by = models.CharField(_("作废人"), max_length=64, blank=True)
    void_reason = models.CharField(_("作废的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["fair", "trainee"], condition=STANDS, name="attended_a_fair_once"
            ),
            models.CheckConstraint(
                condition=STANDS | ~(Q(voided_by="") | Q(void_reason="")),
                name="voided_fair_attendance_says_why",
            ),
            models.CheckConstraint(
                condition=(Q(signed_in_at__isnull=False, station__isnull=False) & ~Q(digest=""))
                | Q(signed_in_at=None, station=None, digest="", paper__isnull=False),
                name="fair_attendance_stands_on_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fair.code} {self.trainee}"

    @property
    def source(self) -> Source:
        """A station's signature where there is one."""
        return Source.STATION if self.digest else Source.PAPER


class Intention(Lifecycle):
    """求职意向: one trainee, one post, and what came of it."""

    SCOPE = {"programme": "attendance__fair__programme", "institution": "attendance__fair__institution"}
    TRANSITIONS = INTENTION_TRANSITIONS
    attendance = models.ForeignKey(FairAttendance, models.PROTECT, related_name="intentions")
    post = models.ForeignKey(FairPost, models.PROTECT, related_name="intentions")
    status = models.CharField(
        _("结果"), max_length=16, choices=IntentionStatus, default=IntentionStatus.WANTED
    )
    note = models.CharField(_("说明"), max_length=200, blank=True)
    hired_on = models.DateField(_("上岗日期"), null=True)
    recorded_by = models.CharField(_("登记人"), max_length=64)
    recorded_at = models.DateTimeField(_("登记时间"))
    decided_by = models.CharField(_("结果登记人"), max_length=64, blank=True)
    decided_at = models.DateTimeField(_("结果登记时间"), null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["attendance", "post"], name="one_intention_for_a_post"),
            models.CheckConstraint(
                condition=~Q(status=IntentionStatus.HIRED) | Q(hired_on__isnull=False),
                name="hired_says_since_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attendance} {self.post.title}"


class PlacementCheck(ScopedModel):
    """复核: whether somebody who was hired still works there, so many days after the first.

    Opened by the hiring; a follow-up officer answers, never the organiser whose figure it is.
    """

    SCOPE = {
        "programme": "intention__attendance__fair__programme",
        "institution": "intention__attendance__fair__institution",
    }
    intention = models.ForeignKey(Intention, models.PROTECT, related_name="checks")
    day = models.PositiveIntegerField(_("上岗后天数"))
    due_on = models.DateField(_("应复核日期"))
    found = models.CharField(_("结果"), max_length=16, choices=Found, blank=True)
    note = models.CharField(_("情况"), max_length=200, blank=True)
    checked_at = models.DateTimeField(_("复核时间"), null=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["intention", "day"], name="one_placement_check_per_day_mark"),
            models.CheckConstraint(
                condition=Q(found="", checked_at=None, checked_by=None)
                | (~Q(found="") & Q(checked_at__isnull=False)),
                name="placement_check_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intention} +{self.day}"
