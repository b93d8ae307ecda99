"""The training session (期), its lessons (课次) and where they are held."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.actor import ALL, Actor
from training.core.db import ScopedModel, ScopedQuerySet, TaughtQuerySet
from training.core.lifecycle import Lifecycle
from training.institutions.models import Institution
from training.scheduling.choices import (
    CHANGE_TRANSITIONS,
    ENDED_EARLY,
    SESSION_TRANSITIONS,
    ChangeKind,
    ChangeStatus,
    Delivery,
    SessionStatus,
    VenueKind,
    VenueLevel,
)
from training.scheduling.rules import half_day
from training.scheduling.signals import session_entered


class VenueQuerySet(ScopedQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """The county's own places are seen by every institution in it, an institution's by itself."""
        programmes = actor.reach.get("programme", frozenset())
        institutions = actor.reach.get("institution", frozenset())
        rows = self.all() if programmes is ALL else self.filter(programme__in=programmes)
        if institutions is ALL:
            return rows
        if not institutions:
            return rows.none()
        return rows.filter(Q(institution__in=institutions) | Q(institution=None))

    def open_to(self, institution: Institution) -> Self:
        """Where this institution may hold lessons."""
        return self.filter(
            Q(institution=institution) | Q(institution=None, programme=institution.programme_id),
            retired_on=None,
        )


class Venue(ScopedModel):
    """场地 or 基地. Without an institution it is the county's own, shared by all of them.

    Coordinates are WGS-84 degrees; a point from a Chinese map (GCJ-02) is some hundred metres off.
    """

    SCOPE = {"programme": "programme", "institution": "institution"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="venues")
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="venues", null=True, verbose_name=_("所属机构")
    )
    name = models.CharField(_("场地名称"), max_length=120)
    kind = models.CharField(_("类型"), max_length=16, choices=VenueKind, default=VenueKind.TRAINING)
    level = models.CharField(_("级别"), max_length=8, choices=VenueLevel, default=VenueLevel.COUNTY)
    township = models.CharField(_("所在乡镇"), max_length=64, blank=True)
    address = models.CharField(_("地址"), max_length=200)
    seats = models.PositiveIntegerField(_("座位数"))
    area_m2 = models.PositiveIntegerField(_("面积（平方米）"), null=True)
    latitude = models.DecimalField(_("纬度"), max_digits=8, decimal_places=6, null=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True)
    retired_on = models.DateField(_("停用日期"), null=True)
    objects = VenueQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="venue_point_is_whole",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TrainingSession(Lifecycle):
    """期: the unit that is approved, attended, archived, paid and followed up as one thing.

    `external_funding` is what the institution declares to have from elsewhere, in words; blank: nothing.
    """

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    TRANSITIONS = SESSION_TRANSITIONS
    institution = models.ForeignKey(
        "institutions.Institution", models.PROTECT, related_name="training_sessions"
    )
    agreement = models.ForeignKey("institutions.Agreement", models.PROTECT, verbose_name=_("协议或任务文件"))
    rule_set = models.ForeignKey("programmes.RuleSet", models.PROTECT, related_name="+")
    code = models.CharField(_("期号"), max_length=40, unique=True)
    number = models.PositiveIntegerField(_("第几期"))
    title = models.CharField(_("培训名称"), max_length=120)
    category = models.CharField(_("课程类别"), max_length=32)
    class_type = models.CharField(_("班型"), max_length=32)
    form = models.CharField(_("培训形式"), max_length=32)
    audience = models.TextField(_("培训对象"))
    goals = models.TextField(_("培训目标"))
    content = models.TextField(_("培训内容"))
    assessment = models.TextField(_("考核方式"))
    class_manager = models.CharField(_("班主任"), max_length=64)
    manager = models.ForeignKey(
        "accounts.Membership",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("由谁带班"),
    )
    delivery = models.CharField(_("授课方式"), max_length=8, choices=Delivery, blank=True)
    other_forms = models.JSONField(_("其他培训形式"), default=list, blank=True)
    organiser_department = models.CharField(_("主办单位"), max_length=120, blank=True)
    township = models.CharField(_("举办乡镇"), max_length=64, blank=True)
    external_funding = models.TextField(_("其他经费申报"), blank=True)
    outline = models.ForeignKey(
        "courses.Outline",
        models.PROTECT,
        null=True,
        related_name="training_sessions",
        verbose_name=_("培训大纲"),
    )
    courseware = models.ManyToManyField("courses.Courseware", blank=True, related_name="training_sessions")
    uses_face = models.BooleanField(_("启用人脸比对（仅对单独同意的学员）"), default=False)
    status = models.CharField(_("状态"), max_length=16, choices=SessionStatus, default=SessionStatus.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(_("审核同意时间"), null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    approval_number = models.CharField(_("批准文号"), max_length=64, blank=True)
    return_reason = models.TextField(_("退回原因"), blank=True)
    closed_at = models.DateTimeField(_("结课时间"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="session_number_once"),
            models.CheckConstraint(
                condition=~Q(approved_by=F("submitted_by")), name="session_submitter_is_not_approver"
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("reviewed_by")), name="session_reviewer_is_not_approver"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def enter(self, target: str) -> None:
        """Also sets its lessons free when it ends before they were held, and tells the rooms above."""
        super().enter(target)
        if target in ENDED_EARLY:
            self.lessons.update(live=False, version=F("version") + 1, changed_at=clock.now())
        session_entered.send(TrainingSession, session=self)


class BudgetLine(ScopedModel):
    """经费预算's one item. `source` is the name of the fund line that pays, "" where the institution does."""

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(TrainingSession, models.CASCADE, related_name="budget_lines")
    name = models.CharField(_("项目"), max_length=64)
    source = models.CharField(_("资金来源"), max_length=64, blank=True)
    unit_price_fen = models.PositiveIntegerField(_("单价（分）"))
    quantity = models.PositiveIntegerField(_("数量"))
    unit = models.CharField(_("单位"), max_length=16)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.name}"

    @property
    def amount_fen(self) -> int:
        return self.unit_price_fen * self.quantity


class Lesson(ScopedModel):
    """课次: one block of time, at one place, with one instructor, on one topic.

    No two `live` ones may hold the same instructor, venue or session at the same time: the database refuses
    the second (migrations 0007 and 0012 on PostgreSQL, `triggers.py` on SQLite). `person` is one number for an
    instructor whom two institutions present, None for all others. `version` grows with every change.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TAUGHT = "instructor"
    training_session = models.ForeignKey(TrainingSession, models.CASCADE, related_name="lessons")
    sequence = models.PositiveIntegerField(_("课次"))
    on = models.DateField(_("日期"))
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    topic = models.CharField(_("专题"), max_length=64)
    practical = models.BooleanField(_("实操"), default=False)
    instructor = models.ForeignKey(
        "institutions.Instructor", models.PROTECT, related_name="lessons", verbose_name=_("授课人")
    )
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="lessons", verbose_name=_("场地"))
    person = models.PositiveBigIntegerField(null=True, editable=False)
    live = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)
    objects = TaughtQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["on"], name="lesson_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["training_session", "sequence"], name="lesson_sequence_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="lesson_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} #{self.sequence} {self.topic}"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def half_day(self) -> str:
        return half_day(timezone.localtime(self.starts_at))


class Witness(ScopedModel):
    """见证人: who may vouch for a person at the station of this session, by a PIN of their own."""

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey(TrainingSession, models.CASCADE, related_name="witnesses")
    name = models.CharField(_("姓名"), max_length=64)
    post = models.CharField(_("职务"), max_length=64)
    pin_hash = models.CharField(max_length=128)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name}（{self.post}）"


class ChangeRequest(Lifecycle):
    """变更申请: what the institution asks the bureau to have otherwise than approved.

    A lesson's holds the wanted time, instructor and venue beside those that stood when it was asked; a
    roster's has no `lesson`, its people are the `RosterChange` rows that name it. What was decided never
    changes again, so the first approved request of a lesson keeps what the bureau approved at first.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TRANSITIONS = CHANGE_TRANSITIONS
    training_session = models.ForeignKey(TrainingSession, models.PROTECT, related_name="change_requests")
    kind = models.CharField(_("变更什么"), max_length=8, choices=ChangeKind)
    lesson = models.ForeignKey(Lesson, models.PROTECT, null=True, related_name="change_requests")
    starts_at = models.DateTimeField(_("拟改开始时间"), null=True)
    ends_at = models.DateTimeField(_("拟改结束时间"), null=True)
    instructor = models.ForeignKey("institutions.Instructor", models.PROTECT, null=True, related_name="+")
    venue = models.ForeignKey(Venue, models.PROTECT, null=True, related_name="+")
    was_starts_at = models.DateTimeField(_("原开始时间"), null=True)
    was_ends_at = models.DateTimeField(_("原结束时间"), null=True)
    was_instructor = models.ForeignKey("institutions.Instructor", models.PROTECT, null=True, related_name="+")
    was_venue = models.ForeignKey(Venue, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("原因"), max_length=200)
    status = models.CharField(_("状态"), max_length=16, choices=ChangeStatus, default=ChangeStatus.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("申请时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("办结时间"), null=True)
    decision_reason = models.CharField(_("不批准的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["lesson"], condition=Q(status=ChangeStatus.REQUESTED), name="one_open_change_a_lesson"
            ),
            models.UniqueConstraint(
                fields=["training_session"],
                condition=Q(status=ChangeStatus.REQUESTED, kind=ChangeKind.ROSTER),
                name="one_open_roster_change",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("requested_by")), name="change_requester_does_not_decide"
            ),
        ]

    def __str__(self) -> str:
        about = self.lesson or f"{self.training_session.code} {self.get_kind_display()}"
        return str(about)


class CalendarFeed(ScopedModel):
    """A secret address from which a calendar program reads lessons, as far as its maker may see them.

    At most one of the three narrows it. Only the hash of the secret is kept. `digest` is of what was read
    last and `changed_at` when that became different.
    """

    SCOPE = {"programme": "membership__programme_id", "institution": "membership__institution_id"}
    TAUGHT = "membership__instructor_id"
    membership = models.ForeignKey("accounts.Membership", models.CASCADE, related_name="calendar_feeds")
    institution = models.ForeignKey(Institution, models.CASCADE, null=True, related_name="+")
    training_session = models.ForeignKey(TrainingSession, models.CASCADE, null=True, related_name="+")
    venue = models.ForeignKey(Venue, models.CASCADE, null=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("建立时间"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True)
    digest = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(null=True)
    objects = TaughtQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(institution=None, training_session=None)
                | Q(institution=None, venue=None)
                | Q(training_session=None, venue=None),
                name="feed_is_about_one_thing",
            )
        ]

    def __str__(self) -> str:
        return str(self.about or _("我的日程"))

    @property
    def about(self) -> Institution | TrainingSession | Venue | None:
        return self.institution or self.training_session or self.venue
