"""A trainee's place in a session, and how they came to it: roster files and applications."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.crypto import EncryptedTextField
from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.enrolment.choices import (
    APPLICATION_TRANSITIONS,
    CALL_TRANSITIONS,
    ENROLMENT_TRANSITIONS,
    IMPORT_TRANSITIONS,
    ON_ROSTER,
    ApplicationStatus,
    CallStatus,
    EnrolmentStatus,
    ImportStatus,
    RosterChangeKind,
    Source,
)
from training.people.choices import Education
from training.people.rules import mask_id_number, mask_phone


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
    """名册上的一个位置. The group is frozen here, as it was on the day.

    `group_verified`: whether it was verified when the session was approved; None before, or without a group.
    """

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
    group_verified = models.BooleanField(_("批准时类别已核实"), null=True, editable=False)
    withdrawn_at = models.DateTimeField(_("退出名册时间"), null=True, blank=True)
    withdrawn_by = models.CharField(_("经办人"), max_length=64, blank=True)
    withdraw_reason = models.CharField(_("退出原因"), max_length=200, blank=True)

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


class Booking(ScopedModel):
    """Hours taken: somebody on the roster of a session that was handed in, during one of its lessons.

    `training.enrolment.bookings` alone writes it, from roster and timetable. Nobody is taken by two sessions at
    the same time: the database refuses the second (migration 0007 on PostgreSQL, triggers on SQLite).
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.CASCADE, related_name="bookings"
    )
    trainee = models.ForeignKey("people.Trainee", models.CASCADE, related_name="bookings")
    lesson = models.ForeignKey("scheduling.Lesson", models.CASCADE, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trainee", "lesson"], name="booked_once")]

    def __str__(self) -> str:
        return f"{self.lesson} {self.trainee}"


class RosterChange(ScopedModel):
    """One person more or fewer on a roster that approval had frozen: a line of archive item A7's change list.

    It takes effect at once, or with the bureau's decision on the `request` that it is part of. `enrolment` is
    the place that was given or given up, none while somebody waits to be added.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="roster_changes"
    )
    kind = models.CharField(_("增减"), max_length=8, choices=RosterChangeKind)
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="roster_changes")
    group = models.CharField(_("学员类别"), max_length=32, blank=True)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, related_name="roster_changes")
    request = models.ForeignKey(
        "scheduling.ChangeRequest", models.PROTECT, null=True, related_name="roster_changes"
    )
    reason = models.CharField(_("原因"), max_length=200)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("提出时间"))
    effective_at = models.DateTimeField(_("生效时间"), null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.get_kind_display()} {self.trainee}"


class RegistrationCall(Lifecycle):
    """报名通道: a planned session's door for people who put themselves forward, and for townships.

    What it says is public anyway; `token` only keeps anybody from trying the doors in turn. `places` is
    how many of its applications may come onto the roster, `quotas` how many of them each township (by
    name) is meant to send.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TRANSITIONS = CALL_TRANSITIONS
    training_session = models.OneToOneField(
        "scheduling.TrainingSession", models.PROTECT, related_name="registration_call"
    )
    token = models.CharField(max_length=24, unique=True)
    opens_at = models.DateTimeField(_("报名开始"))
    closes_at = models.DateTimeField(_("报名截止"))
    places = models.PositiveIntegerField(_("名额"))
    quotas = models.JSONField(_("各乡镇名额"), default=dict)
    note = models.CharField(_("给报名人的话"), max_length=300, blank=True)
    status = models.CharField(_("状态"), max_length=16, choices=CallStatus, default=CallStatus.OPEN)
    opened_by = models.CharField(_("开放人"), max_length=64)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="registration_closes_after_it_opens"
            )
        ]

    def __str__(self) -> str:
        return self.training_session.code


class Application(Lifecycle):
    """报名: somebody who would like a place. Deleted soon after the session unless they got one.

    Townships see it by the township it names, institutions through their own calls. `receipt_hash` is
    all that is kept of the number that a person looks it up with. `str()` names nobody, since the audit
    trail outlives the row.
    """

    SCOPE = {"programme": "call__training_session__institution__programme", "township": "township"}
    TRANSITIONS = APPLICATION_TRANSITIONS
    call = models.ForeignKey(RegistrationCall, models.PROTECT, related_name="applications")
    source = models.CharField(_("来源"), max_length=16, choices=Source)
    status = models.CharField(
        _("状态"), max_length=16, choices=ApplicationStatus, default=ApplicationStatus.RECEIVED
    )
    name = models.CharField(_("姓名"), max_length=64)
    id_number = EncryptedTextField(_("身份证号"))
    id_hash = models.CharField(max_length=64, editable=False, db_index=True)
    phone = EncryptedTextField(_("手机号"), blank=True)
    township = models.CharField(_("乡镇"), max_length=64, blank=True)
    village = models.CharField(_("村（社区）"), max_length=64, blank=True)
    group = models.CharField(_("学员类别"), max_length=32, blank=True)
    education = models.CharField(_("文化程度"), max_length=16, choices=Education, blank=True)
    employer = models.CharField(_("工作单位（站点、企业）"), max_length=120, blank=True)
    employer_uscc = models.CharField(_("单位统一社会信用代码"), max_length=18, blank=True)
    receipt_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001  none is not the same as another's
    consent_version = models.CharField(_("告知书版本"), max_length=16, blank=True)
    group_consent = models.BooleanField(_("单独同意核对人员类别"), default=False)
    applied_at = models.DateTimeField(_("报名时间"))
    applied_by = models.CharField(_("报名经办"), max_length=64, blank=True)
    reviewed_at = models.DateTimeField(_("资格审核时间"), null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    decided_by = models.CharField(_("决定人"), max_length=64, blank=True)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    enrolment = models.ForeignKey(
        Enrolment, models.SET_NULL, null=True, related_name="applications", verbose_name=_("名册上的位置")
    )

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["call", "status"], name="applications_by_status")]

    def __str__(self) -> str:
        return f"{self.call} #{self.pk}"

    @property
    def masked_id_number(self) -> str:
        return mask_id_number(self.id_number)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone) if self.phone else ""


class NominationList(ScopedModel):
    """A township's file of people for one call: how many were taken, and the marked copy of what was not.

    Of a file that was right no copy is kept.
    """

    SCOPE = {"programme": "call__training_session__institution__programme", "township": "township"}
    call = models.ForeignKey(RegistrationCall, models.PROTECT, related_name="nomination_lists")
    township = models.CharField(_("乡镇"), max_length=64)
    name = models.CharField(_("文件名"), max_length=200)
    marked = models.ForeignKey(
        "core.StoredFile", models.PROTECT, null=True, related_name="+", verbose_name=_("标出问题的名单")
    )
    handed_in_at = models.DateTimeField(_("上传时间"))
    handed_in_by = models.CharField(_("上传人"), max_length=64)
    accepted = models.PositiveIntegerField(_("推荐人数"))
    unchanged = models.PositiveIntegerField(_("早已报名的人数"))
    problems = models.JSONField(default=list)
    warnings = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.call} {self.township}"
