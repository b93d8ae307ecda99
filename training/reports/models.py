"""What the county reports, to whom, and what was asked over the telephone.

Figures that were handed in are kept as they were said; a correction is a new row that says why.
"""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.reports.choices import (
    EVALUATION_TRANSITIONS,
    MINISTRY_TRANSITIONS,
    PHONE_CHECK_TRANSITIONS,
    ROLL_UP_TRANSITIONS,
    TOWN_REPORT_TRANSITIONS,
    CallResult,
    DispatchMethod,
    EvaluationStatus,
    MinistryStatus,
    PhoneCheckStatus,
    RollUpStatus,
    Stratum,
    TownReportStatus,
)

OF_COUNTY = {"programme": "programme", "county": "programme"}
"""Concerns no institution alone, and no institution sees it."""


class TownReport(Lifecycle):
    """乡镇月报: opens on the 1st, frozen when it is handed in. `month` is that month's first day.

    It covers `starts_on` to `due_on`, both counted: what came after the last one was due. `figures` are
    empty until then.
    """

    SCOPE = {"programme": "programme", "town": "township"}
    TRANSITIONS = TOWN_REPORT_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="town_reports")
    township = models.CharField(_("乡镇"), max_length=64)
    month = models.DateField(_("月份"))
    starts_on = models.DateField(_("统计起"))
    due_on = models.DateField(_("报送期限"))
    quarterly = models.BooleanField(_("含季度总结"), default=False)
    status = models.CharField(
        _("状态"), max_length=16, choices=TownReportStatus, default=TownReportStatus.OPEN
    )
    stations = models.TextField(_("服务站点建设"), blank=True)
    training = models.TextField(_("人员培训"), blank=True)
    upstream = models.TextField(_("农村产品上行"), blank=True)
    quarter = models.TextField(_("季度总结"), blank=True)
    figures = models.JSONField(_("数据"), default=dict)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("报送时间"), null=True)

    class Meta:
        ordering = ["-month", "township"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "township", "month"], name="one_town_report_a_month"
            ),
            models.CheckConstraint(
                condition=Q(status=TownReportStatus.OPEN) | Q(submitted_at__isnull=False),
                name="town_report_was_handed_in_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.township} {self.month:%Y-%m}"

    @property
    def is_submitted(self) -> bool:
        return self.submitted_at is not None

    @property
    def came_late(self) -> bool:
        """迟报: handed in, but after the day it was due."""
        return self.submitted_at is not None and localdate(self.submitted_at) > self.due_on

    def is_missing_on(self, day: date) -> bool:
        """未报 on a day after it was due."""
        return self.submitted_at is None and day > self.due_on


class TownSupplement(ScopedModel):
    """补充说明: what a report that was handed in should have said, and why. The report stays as it was."""

    SCOPE = {"programme": "report__programme", "town": "report__township"}
    report = models.ForeignKey(TownReport, models.PROTECT, related_name="supplements")
    reason = models.CharField(_("原因"), max_length=200)
    text = models.TextField(_("更正内容"))
    figures = models.JSONField(_("更正时的数据"), default=dict)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("时间"))

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.report} +{self.pk}"


class RollUp(Lifecycle):
    """全县汇总: one month of all towns as they stood when it was drawn up, those that had not reported named."""

    SCOPE = OF_COUNTY
    TRANSITIONS = ROLL_UP_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="roll_ups")
    month = models.DateField(_("月份"))
    status = models.CharField(_("状态"), max_length=16, choices=RollUpStatus, default=RollUpStatus.DRAWN_UP)
    summary = models.TextField(_("工作情况"))
    towns = models.JSONField(_("各乡镇"), default=list)
    missing = models.JSONField(_("未报的乡镇"), default=list)
    county = models.JSONField(_("全县数据"), default=dict)
    drawn_up_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drawn_up_at = models.DateTimeField(_("汇总时间"))

    class Meta:
        ordering = ["-month"]
        constraints = [models.UniqueConstraint(fields=["programme", "month"], name="one_roll_up_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Dispatch(ScopedModel):
    """上报记录: a roll-up went to one recipient; a person says so."""

    SCOPE = {"programme": "roll_up__programme", "county": "roll_up__programme"}
    roll_up = models.ForeignKey(RollUp, models.PROTECT, related_name="dispatches")
    recipient = models.CharField(_("报送单位"), max_length=64)
    sent_on = models.DateField(_("上报日期"))
    method = models.CharField(_("方式"), max_length=16, choices=DispatchMethod)
    document_number = models.CharField(_("文号"), max_length=64)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["roll_up", "recipient", "document_number"], name="one_dispatch_a_paper"
            )
        ]

    def __str__(self) -> str:
        return f"{self.roll_up} {self.recipient}"


class MinistryReport(Lifecycle):
    """系统报送: a month's figures by the mapping file, locked; then what a person did with them over there."""

    SCOPE = OF_COUNTY
    TRANSITIONS = MINISTRY_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="ministry_reports")
    month = models.DateField(_("月份"))
    status = models.CharField(_("状态"), max_length=16, choices=MinistryStatus, default=MinistryStatus.LOCKED)
    system = models.CharField(_("系统名称"), max_length=64)
    mapping = models.CharField(_("对照表版本"), max_length=16)
    lines = models.JSONField(_("数据"), default=list)
    locked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    locked_at = models.DateTimeField(_("锁定时间"))
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reported_on = models.DateField(_("报送日期"), null=True)
    receipt = models.CharField(_("回执号"), max_length=64, blank=True)

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "month"], name="one_ministry_report_a_month"),
            models.CheckConstraint(
                condition=Q(status=MinistryStatus.LOCKED)
                | (Q(reported_by__isnull=False, reported_on__isnull=False) & ~Q(receipt="")),
                name="ministry_report_was_reported_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class SelfEvaluation(Lifecycle):
    """绩效自评 against one version of the indicator library; frozen when it is final."""

    SCOPE = OF_COUNTY
    TRANSITIONS = EVALUATION_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="self_evaluations")
    title = models.CharField(_("名称"), max_length=120)
    library = models.CharField(_("指标库版本"), max_length=32)
    as_of = models.DateField(_("数据截至"))
    status = models.CharField(
        _("状态"), max_length=16, choices=EvaluationStatus, default=EvaluationStatus.DRAFT
    )
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(_("开始时间"))
    finished_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(_("定稿时间"), null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title


class SelfScore(ScopedModel):
    """One line of it. `figure` is what the system counted when it was scored; `evidence` are addresses here."""

    SCOPE = {"programme": "evaluation__programme", "county": "evaluation__programme"}
    evaluation = models.ForeignKey(SelfEvaluation, models.CASCADE, related_name="scores")
    code = models.CharField(_("指标"), max_length=32)
    score = models.DecimalField(_("自评分"), max_digits=5, decimal_places=1)
    note = models.TextField(_("说明"), blank=True)
    evidence = models.JSONField(_("依据"), default=list)
    figure = models.CharField(_("系统数据"), max_length=64, blank=True)
    scored_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    scored_at = models.DateTimeField(_("评分时间"))

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "code"], name="one_score_a_line"),
            models.CheckConstraint(condition=Q(score__gte=0), name="score_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation} {self.code}"


class PhoneCheck(Lifecycle):
    """抽查电话核实: a sample that anybody can draw again from `frame` and `seed`.

    `frame` is [enrolment, stratum] for everybody who could have been drawn, in the order of their ids, and
    `frame_hash` its fingerprint (`rules.frame_hash`).
    """

    SCOPE = OF_COUNTY
    TRANSITIONS = PHONE_CHECK_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="phone_checks")
    title = models.CharField(_("名称"), max_length=120)
    starts_on = models.DateField(_("结课起"), null=True)
    ends_on = models.DateField(_("结课止"), null=True)
    stratum = models.CharField(_("分层"), max_length=16, choices=Stratum)
    size = models.PositiveIntegerField(_("样本量"))
    margin_percent = models.PositiveSmallIntegerField(_("允许误差（±百分点）"), null=True)
    seed = models.CharField(_("随机种子"), max_length=64)
    frame = models.JSONField(_("抽样框"))
    frame_hash = models.CharField(_("抽样框指纹"), max_length=64)
    status = models.CharField(
        _("状态"), max_length=16, choices=PhoneCheckStatus, default=PhoneCheckStatus.CALLING
    )
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(_("抽取时间"))
    closed_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title


class PhoneCheckLine(ScopedModel):
    """Somebody who was drawn, in the order of `rank` within the stratum. Reserves wait until `called_up_at`."""

    SCOPE = {"programme": "phone_check__programme", "county": "phone_check__programme"}
    phone_check = models.ForeignKey(PhoneCheck, models.PROTECT, related_name="lines")
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="+")
    stratum = models.CharField(_("层"), max_length=160)
    rank = models.PositiveIntegerField(_("抽中次序"))
    reserve = models.BooleanField(_("备选"), default=False)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    called_up_at = models.DateTimeField(_("启用时间"), null=True)
    result = models.CharField(_("结果"), max_length=16, choices=CallResult, blank=True)
    tries = models.PositiveSmallIntegerField(_("拨打次数"), default=0)

    class Meta:
        ordering = ["stratum", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["phone_check", "enrolment"], name="drawn_once"),
            models.UniqueConstraint(fields=["phone_check", "stratum", "rank"], name="one_line_a_rank"),
            models.CheckConstraint(
                condition=~Q(replaces=F("pk")), name="phone_check_line_does_not_replace_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phone_check} {self.stratum} {self.rank}"


class PhoneCall(ScopedModel):
    """One call of a phone check and what came of it. Append-only; a denial marks the session."""

    SCOPE = {"programme": "line__phone_check__programme", "county": "line__phone_check__programme"}
    line = models.ForeignKey(PhoneCheckLine, models.PROTECT, related_name="calls")
    result = models.CharField(_("结果"), max_length=16, choices=CallResult)
    note = models.CharField(_("情况"), max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("拨打时间"))

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.line} {self.get_result_display()}"


class Meeting(ScopedModel):
    """领导小组会议: who came, what was talked about and decided."""

    SCOPE = OF_COUNTY
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="meetings")
    held_on = models.DateField(_("日期"))
    title = models.CharField(_("会议名称"), max_length=120)
    place = models.CharField(_("地点"), max_length=120, blank=True)
    attendees = models.TextField(_("参加人员"))
    agenda = models.TextField(_("议题"))
    decisions = models.TextField(_("议定事项"))
    minutes = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        ordering = ["-held_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.held_on} {self.title}"
