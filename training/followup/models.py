"""What became of a trainee: planned contacts, what was said and done, who looks after whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.followup.choices import (
    FOLLOW_UP_TRANSITIONS,
    REFERRAL_TRANSITIONS,
    Conclusion,
    ContactMethod,
    ContactResult,
    FollowUpStatus,
    Guidance,
    ReferralStatus,
)

TO_DO = Q(next_on__isnull=False)


class FollowUp(Lifecycle):
    """训后跟踪的一个阶段: one contact that is due; opened when the trainee completes.

    `due_on` is what the plan says and stays; `next_on` is when somebody is to act next, null once nothing is
    owed. Trainee, programme and institution repeat what the enrolment says, and the last result what the
    contacts say: a county has 150,000 of these, and a list may not put four tables together to count them.
    """

    SCOPE = {"programme": "programme", "institution": "institution"}
    TRANSITIONS = FOLLOW_UP_TRANSITIONS
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="follow_ups")
    trainee = models.ForeignKey("people.Trainee", models.PROTECT, related_name="follow_ups", editable=False)
    programme = models.ForeignKey(
        "programmes.Programme", models.PROTECT, related_name="+", editable=False, db_index=False
    )
    institution = models.ForeignKey(
        "institutions.Institution", models.PROTECT, related_name="+", editable=False
    )
    day = models.PositiveIntegerField(_("结业后天数"))
    due_on = models.DateField(_("应联系日期"))
    next_on = models.DateField(_("下次联系日期"), null=True)
    status = models.CharField(
        _("状态"), max_length=16, choices=FollowUpStatus, default=FollowUpStatus.WAITING
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("负责人"),
        db_index=False,
    )
    done_at = models.DateTimeField(_("完成时间"), null=True)
    contacted_at = models.DateTimeField(_("最近联系时间"), null=True)
    last_result = models.CharField(_("最近一次结果"), max_length=16, choices=ContactResult, blank=True)
    served = models.BooleanField(_("提供过服务"), default=False)
    conclusion = models.CharField(_("阶段结论"), max_length=16, choices=Conclusion, blank=True)

    class Meta:
        ordering = ["due_on", "enrolment"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "day"], name="one_follow_up_per_day_mark")
        ]
        indexes = [
            models.Index(
                fields=["programme", "next_on", "id", "trainee"], condition=TO_DO, name="follow_ups_to_do"
            ),
            models.Index(
                fields=["programme", "assignee", "next_on", "id", "trainee"],
                condition=TO_DO,
                name="follow_ups_of_officer",
            ),
            models.Index(fields=["programme", "due_on", "id"], name="follow_ups_by_day"),
            models.Index(fields=["programme", "done_at", "id"], name="follow_ups_done"),
            models.Index(fields=["programme", "last_result", "due_on", "id"], name="follow_ups_by_result"),
            models.Index(fields=["programme", "conclusion", "due_on", "id"], name="follow_ups_by_conclusion"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} +{self.day}"


class Contact(ScopedModel):
    """One call or visit, whatever came of it; `made_by` is nobody where the trainee answered themselves.

    `guidance` and `wants` are codes of `Guidance`, comma between. `key` is made where the contact is written
    down (a phone, a line of a workbook): what arrives twice is one contact.
    """

    SCOPE = {dimension: f"follow_up__{path}" for dimension, path in FollowUp.SCOPE.items()}
    follow_up = models.ForeignKey(FollowUp, models.PROTECT, related_name="contacts")
    made_at = models.DateTimeField(_("联系时间"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    method = models.CharField(_("联系方式"), max_length=16, choices=ContactMethod)
    result = models.CharField(_("结果"), max_length=16, choices=ContactResult)
    guidance = models.CharField(_("提供的服务"), max_length=120, blank=True)
    wants = models.CharField(_("本人需要的服务"), max_length=120, blank=True)
    conclusion = models.CharField(_("阶段结论"), max_length=16, choices=Conclusion, blank=True)
    note = models.TextField(_("情况记录"), blank=True)
    key = models.UUIDField(null=True, unique=True, editable=False)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.follow_up} {self.get_result_display()}"

    def get_guidance_display(self) -> str:
        return _names(self.guidance)

    def get_wants_display(self) -> str:
        return _names(self.wants)


def _names(codes: str) -> str:
    return _now("、").join(str(Guidance(code).label) for code in codes.split(",") if code)


class Referral(Lifecycle):
    """转介: somebody else was asked to help, and what came of it is asked for again."""

    SCOPE = {dimension: f"contact__{path}" for dimension, path in Contact.SCOPE.items()}
    TRANSITIONS = REFERRAL_TRANSITIONS
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="referrals")
    to = models.CharField(_("转介给"), max_length=120)
    purpose = models.CharField(_("事项"), max_length=16, choices=Guidance)
    status = models.CharField(_("状态"), max_length=16, choices=ReferralStatus, default=ReferralStatus.OPEN)
    answer = models.CharField(_("结果"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("答复时间"), null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.contact.follow_up} {self.get_purpose_display()}"


class Handover(ScopedModel):
    """交接: stages given to an officer, or to nobody, in one act that can be taken back."""

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="+")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("交给")
    )
    note = models.CharField(_("交接说明"), max_length=300, blank=True)
    made_at = models.DateTimeField(_("交接时间"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(_("撤回时间"), null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"


class HandedOver(ScopedModel):
    """One stage of a handover, and who had it before."""

    SCOPE = {dimension: f"handover__{path}" for dimension, path in Handover.SCOPE.items()}
    handover = models.ForeignKey(Handover, models.CASCADE, related_name="lines")
    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="handovers")
    before = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handover", "follow_up"], name="handed_over_once_per_act")
        ]

    def __str__(self) -> str:
        return f"{self.handover} {self.follow_up_id}"


class ContactImport(ScopedModel):
    """回访结果表: a filled-in work list, how many of its lines were written down, and what was wrong with others.

    Of a file that was right no copy is kept.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="+")
    name = models.CharField(_("文件名"), max_length=200)
    marked = models.ForeignKey(
        "core.StoredFile", models.PROTECT, null=True, related_name="+", verbose_name=_("标出问题的表格")
    )
    handed_in_at = models.DateTimeField(_("上传时间"))
    handed_in_by = models.CharField(_("上传人"), max_length=64)
    accepted = models.PositiveIntegerField(_("记下的联系"))
    unchanged = models.PositiveIntegerField(_("早已记下的"))
    problems = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name
