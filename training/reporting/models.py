"""Figures kept ready to be read, and what they were counted from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.db import ScopedModel
from training.reporting.choices import Dimension, SliceKind


class Figure(ScopedModel):
    """人次 and 人数 of one key of one dimension of one slice, at one depth (`depths.DEPTHS`).

    Kept only where there is something to count. Read through `figures.read` alone, which knows who may see
    which slice and what `Dimension.FIRST_MONTH` adds up to. What the keys are is said in `choices`.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.CASCADE, related_name="figures")
    slice_kind = models.CharField(max_length=12, choices=SliceKind)
    slice_key = models.CharField(max_length=64, blank=True)
    dimension = models.CharField(max_length=12, choices=Dimension)
    key = models.CharField(max_length=130, blank=True)
    depth = models.CharField(max_length=12)
    renci = models.PositiveIntegerField(_("人次"))
    people = models.PositiveIntegerField(_("人数"))
    computed_at = models.DateTimeField(_("统计时间"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "slice_kind", "slice_key", "dimension", "key", "depth"],
                name="figure_counted_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.slice_kind} {self.slice_key} {self.dimension} {self.key} {self.depth}"


class CountedPlace(ScopedModel):
    """A place on a roster as the figures last counted it: what they must give back before they count it anew.

    Numbers instead of foreign keys, for a row outlives what it was counted from until the figures have been
    put right. `level` is how many of the depths it has reached, less one; `month` is "YYYY-MM" of the
    session's last lesson, blank while it has none.
    """

    SCOPE = {"programme": "programme", "institution": "institution"}
    enrolment = models.BigIntegerField(primary_key=True)
    programme = models.ForeignKey("programmes.Programme", models.CASCADE, related_name="+")
    training_session = models.BigIntegerField(db_index=True)
    trainee = models.BigIntegerField(db_index=True)
    institution = models.BigIntegerField()
    fund_line = models.CharField(max_length=16)
    class_type = models.CharField(max_length=32)
    category = models.CharField(max_length=32)
    township = models.CharField(max_length=64)
    village = models.CharField(max_length=64)
    group = models.CharField(max_length=32)
    month = models.CharField(max_length=7)
    level = models.PositiveSmallIntegerField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.training_session} {self.enrolment}"


class PendingCount(ScopedModel):
    """A session about which something was done since its places were counted.

    A new row every time, never a flag: what is marked while the session is being counted, by somebody whose
    change the count could not see yet, is still there afterwards.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.CASCADE, related_name="+")
    training_session = models.BigIntegerField()
    marked_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["programme", "training_session"], name="pending_counts")]

    def __str__(self) -> str:
        return str(self.training_session)


class Measurement(ScopedModel):
    """One reading of a measure that is dear to take (a rate over a cohort, the villages reached), kept ready.

    `numerator` over `denominator`; a count has no denominator. Where neither can be told `why` says who must
    supply what. `not_yet` people are of the cohort but their window is still open. It holds for as long as
    `acts`, the length of the programme's audit trail, and the day stay what they were.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.CASCADE, related_name="measurements")
    code = models.CharField(max_length=128)
    reading = models.CharField(max_length=32)
    numerator = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    denominator = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    not_yet = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=200, blank=True)
    taken_at = models.DateTimeField(_("统计时间"))
    acts = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code", "reading"], name="reading_taken_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.reading}"


class StatedValue(ScopedModel):
    """A number that this system does not make itself, with who says so: a denominator, a base, a count.

    Never edited: a newer one of the same `code` and place takes its place. `code` is one of
    `stated.CODES`, or `target:<code>` for a target's own figure and `base:<code>` for its base year's.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="stated_values")
    code = models.CharField(_("哪一项"), max_length=64)
    region = models.ForeignKey(
        "programmes.Region", models.PROTECT, null=True, related_name="stated_values", verbose_name=_("村")
    )
    value = models.DecimalField(_("数值"), max_digits=14, decimal_places=2)
    source = models.CharField(_("来源"), max_length=200)
    as_of = models.DateField(_("数据截至"))
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(_("填写时间"))

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["programme", "code", "region"], name="stated_values_by_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.value.normalize():f}"


class MonthReport(ScopedModel):
    """已报月份: figures as the county reported them, for good. `number` 0 is the report; a later one a supplement.

    Nothing unlocks a month: what has changed since shows as a difference, and a supplement says why.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="month_reports")
    month = models.CharField(_("月份"), max_length=7)
    number = models.PositiveSmallIntegerField(_("第几次补报"), default=0)
    reason = models.CharField(_("补报原因"), max_length=200, blank=True)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(_("报送时间"))

    class Meta:
        ordering = ["-month", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "month", "number"], name="month_reported_once"),
            models.CheckConstraint(
                condition=Q(number=0, reason="") | (Q(number__gt=0) & ~Q(reason="")),
                name="supplement_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} +{self.number}" if self.number else self.month


class ReportedMeasure(ScopedModel):
    """A measure as it was told when a month was reported, with its name and formula of then.

    `code` and `reading` as in `Measurement`; `report:<code>` is a figure that the county's reports count of the
    month (`period`) or until its end (`total`).
    """

    SCOPE = {"programme": "report__programme", "county": "report__programme"}
    report = models.ForeignKey(MonthReport, models.PROTECT, related_name="measures")
    code = models.CharField(max_length=128)
    reading = models.CharField(max_length=32)
    name = models.CharField(_("指标"), max_length=200)
    formula = models.TextField(_("算法"), blank=True)
    numerator = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    denominator = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    not_yet = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "code", "reading"], name="reported_measure_once")
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.code} {self.reading}"


class ReportedFigure(ScopedModel):
    """A figure of a reported month, frozen. The fields are those of `Figure`."""

    SCOPE = {"programme": "report__programme", "county": "report__programme"}
    report = models.ForeignKey(MonthReport, models.PROTECT, related_name="figures")
    slice_kind = models.CharField(max_length=12, choices=SliceKind)
    slice_key = models.CharField(max_length=64, blank=True)
    dimension = models.CharField(max_length=12, choices=Dimension)
    depth = models.CharField(max_length=12)
    renci = models.PositiveIntegerField(_("人次"))
    people = models.PositiveIntegerField(_("人数"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "slice_kind", "slice_key", "dimension", "depth"],
                name="reported_figure_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.slice_kind} {self.slice_key} {self.dimension} {self.depth}"
