"""A programme: one county, one funding round, with its money, targets and rules."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.programmes.preset import Preset


class Programme(ScopedModel):
    SCOPE = {"programme": "pk"}
    code = models.CharField(_("项目代码"), max_length=16, unique=True)
    name = models.CharField(_("项目名称"), max_length=120)
    county = models.CharField(_("县（区）"), max_length=32)
    region_code = models.CharField(_("行政区划代码"), max_length=6)
    mark_text = models.CharField(_("标识文字"), max_length=80)
    phones = models.JSONField(_("监督电话"), default=list)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"))
    source_document = models.CharField(_("依据文件"), max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="programme_window_is_a_window"
            )
        ]

    def __str__(self) -> str:
        return self.name


class FundLine(ScopedModel):
    """资金条线: what a session may be paid from. Amounts in 分."""

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="fund_lines")
    code = models.CharField(max_length=16)
    name = models.CharField(_("资金条线"), max_length=64)
    total_fen = models.PositiveBigIntegerField(_("合计"))
    by_source_fen = models.JSONField(_("资金来源"), default=dict)
    clause = models.TextField(_("依据"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="fund_line_code_once")]

    def __str__(self) -> str:
        return self.name


class Target(ScopedModel):
    """指标任务: a number the county owes."""

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="targets")
    code = models.CharField(max_length=32)
    metric = models.CharField(_("指标"), max_length=64)
    value = models.DecimalField(_("目标值"), max_digits=12, decimal_places=2)
    unit = models.CharField(_("单位"), max_length=8)
    due_on = models.DateField(_("完成期限"))
    clause = models.TextField(_("依据"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="target_code_once")]

    def __str__(self) -> str:
        return f"{self.metric} {self.value:f}{self.unit}"


class RuleSet(ScopedModel):
    """One version of a programme's rules. Never edited: a change is a new version for the future."""

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="rule_sets")
    version = models.PositiveIntegerField(_("版本"))
    effective_on = models.DateField(_("生效日期"))
    body = models.JSONField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["programme", "version"], name="rule_set_version_once")]

    def __str__(self) -> str:
        return f"{self.programme.code} v{self.version}"

    @cached_property
    def rules(self) -> Preset:
        """The rules as data, checked again on the way out."""
        return Preset.model_validate(self.body)
