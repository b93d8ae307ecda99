"""A programme: one county, one funding round, its rules version by version, and the places it is for."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.db import ScopedModel, ScopedQuerySet
from training.programmes.choices import RegionLevel
from training.programmes.preset import Preset


class ProgrammeQuerySet(ScopedQuerySet):
    def with_header(self, day: date) -> Self:
        """Brings along what every page shows of the rules in force on `day`, without reading all of them."""
        in_force = RuleSet.objects.in_force(day).filter(programme=OuterRef("pk"))
        return self.annotate(
            header_mark=Subquery(in_force.values("body__mark__text")[:1]),
            header_phones=Subquery(in_force.values("body__phones")[:1]),
        )


class Programme(ScopedModel):
    """What never changes of it; everything else is in its rule sets."""

    SCOPE = {"programme": "pk"}
    code = models.CharField(_("项目代码"), max_length=16, unique=True)
    name = models.CharField(_("项目名称"), max_length=120)
    county = models.CharField(_("县（区）"), max_length=32)
    region_code = models.CharField(_("行政区划代码"), max_length=6)
    objects = ProgrammeQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    def __str__(self) -> str:
        return self.name

    @property
    def mark_text(self) -> str:
        """标识文字 of the rules in force today; blank where there is none."""
        return str(self._header[0] or "")

    @property
    def phones(self) -> list[str]:
        """监督电话 of the rules in force today."""
        return [f"{phone['label']} {phone['number']}" for phone in self._header[1] or ()]

    @cached_property
    def _header(self) -> tuple[str | None, list[dict[str, str]] | None]:
        with_it: Any = self
        if not hasattr(self, "header_mark"):
            with_it = Programme.objects.with_header(clock.today()).get(pk=self.pk)
        return with_it.header_mark, with_it.header_phones


class FundLine(ScopedModel):
    """资金条线: what a session may be paid from. Its amounts are in the rule sets; a line is never deleted."""

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="fund_lines")
    code = models.CharField(max_length=16)
    name = models.CharField(_("资金条线"), max_length=64)
    claimable = models.BooleanField(_("可以申领补贴"), default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="fund_line_code_once")]

    def __str__(self) -> str:
        return self.name


class RuleSetQuerySet(ScopedQuerySet):
    def standing(self) -> Self:
        return self.filter(withdrawn_at__isnull=True)

    def in_force(self, day: date) -> Self:
        """Those whose day has come, the one in force first; the first version holds from the beginning.

        Each version takes effect after the one before it, so the newest is the last to have come.
        """
        return self.standing().filter(Q(effective_on__lte=day) | Q(version=1)).order_by("-version")


class RuleSet(ScopedModel):
    """One version of a programme's rules. Never edited: a change is a new version for the future.

    A version that has not taken effect may be withdrawn; what took effect stays for those who went by it.
    """

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="rule_sets")
    version = models.PositiveIntegerField(_("版本"))
    effective_on = models.DateField(_("生效日期"))
    body = models.JSONField()
    reason = models.TextField(_("修改原因"), blank=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("批准人")
    )
    adopted_at = models.DateTimeField(_("批准时间"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("撤回人")
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    withdrawal_reason = models.TextField(_("撤回原因"), blank=True)
    objects = RuleSetQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "version"], name="rule_set_version_once"),
            models.UniqueConstraint(
                fields=["programme", "effective_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="rule_set_one_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme.code} v{self.version}"

    @cached_property
    def rules(self) -> Preset:
        """The rules as data, checked again on the way out."""
        return _validated(json.dumps(self.body, ensure_ascii=False))


@lru_cache(maxsize=64)
def _validated(body: str) -> Preset:
    """Checking takes longer than most pages, and a version in force never changes; a Preset is frozen."""
    return Preset.model_validate_json(body)


class RuleDraft(ScopedModel):
    """Rules on the way to the next version, one a programme; `body` may contradict itself until it is adopted."""

    SCOPE = {"programme": "programme"}
    programme = models.OneToOneField(Programme, models.PROTECT, related_name="rule_draft")
    body = models.JSONField()
    based_on = models.ForeignKey(RuleSet, models.PROTECT, related_name="+")
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(_("最后修改"))

    def __str__(self) -> str:
        return self.programme.code


class Region(ScopedModel):
    """A place by its code: county of 6 digits (GB/T 2260), township of 9, village of 12.

    `source` says whose list it is from. The poverty flag holds from `poor_from` to the end of `poor_until`,
    by the paper `poor_source`.
    """

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="regions")
    code = models.CharField(_("区划代码"), max_length=12)
    name = models.CharField(_("名称"), max_length=64)
    level = models.CharField(_("级别"), max_length=8, choices=RegionLevel)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    source = models.CharField(_("来源"), max_length=200)
    poor_from = models.DateField(_("认定为贫困村"), null=True)
    poor_until = models.DateField(_("退出日期"), null=True)
    poor_source = models.CharField(_("认定依据"), max_length=200, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="region_code_once"),
            models.CheckConstraint(
                condition=Q(level=RegionLevel.COUNTY, parent__isnull=True)
                | (~Q(level=RegionLevel.COUNTY) & Q(parent__isnull=False)),
                name="region_below_the_county_has_a_parent",
            ),
            models.CheckConstraint(
                condition=Q(poor_from__isnull=True) | Q(level=RegionLevel.VILLAGE),
                name="region_poor_is_a_village",
            ),
            models.CheckConstraint(
                condition=Q(poor_until__isnull=True)
                | Q(poor_from__isnull=False, poor_until__gte=F("poor_from")),
                name="region_poor_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def was_poor_on(self, day: date) -> bool:
        """Whether it was a listed poverty village on that day."""
        return (
            self.poor_from is not None
            and self.poor_from <= day
            and (self.poor_until is None or day <= self.poor_until)
        )
