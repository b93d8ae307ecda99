"""Figures with what they count, and the programme's rules in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from training.accounts.permissions import may
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.models import Enrolment
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Institution
from training.programmes.models import FundLine, Programme, RuleSet
from training.programmes.preset import InstitutionRule, Preset, Rule
from training.programmes.queries import rule_set_on
from training.reporting.queries import (
    DEPTHS,
    Indicator,
    depths,
    enrolments_at,
    follow_up_figures,
    indicators,
)


@dataclass(frozen=True)
class Depth:
    """人次 and 人数 at one depth; `rows` are the very rows counted."""

    code: str
    name: str
    formula: str
    rows: QuerySet[Any]
    renci: int
    people: int


@dataclass(frozen=True)
class Figure:
    """`href` lists exactly what `count` counts."""

    name: str
    count: int
    formula: str
    href: str


@dataclass(frozen=True)
class Scoreboard:
    programme: Programme
    as_of: datetime
    indicators: list[Indicator]
    depths: list[Depth]
    follow_up: list[Figure]
    institutions: int  # admitted
    institutions_rule: InstitutionRule

    @property
    def enough_institutions(self) -> bool:
        return self.institutions >= self.institutions_rule.min_count


def _words(code: str) -> tuple[str, str]:
    """Name and formula of a depth."""
    return {
        "planned": (_("计划"), _("名册上的人次（退班的不算）")),
        "attended": (_("参训"), _("其中至少有一次有效签到的人次")),
        "completed": (_("结业"), _("已批准的期中，按考勤规则判为“结业”的人次")),
        "archived": (_("已归档"), _("其中档案已经封存的人次")),
    }[code]


def depth_of(code: str, programme: Programme, actor: Actor) -> Depth:
    """Raises NotFoundError for a depth there is not."""
    if code not in DEPTHS:
        raise NotFoundError(code)
    return _depths(programme, actor)[list(DEPTHS).index(code)]


def _depths(programme: Programme, actor: Actor) -> list[Depth]:
    figures = depths(programme, actor)
    return [
        Depth(
            code,
            *_words(code),
            enrolments_at(code, programme, actor),
            figures[code],
            figures[f"{code}_people"],
        )
        for code in DEPTHS
    ]


def scoreboard(programme: Programme, actor: Actor, *, as_of: datetime) -> Scoreboard:
    admitted = Institution.objects.visible_to(actor).filter(
        programme=programme, status=InstitutionStatus.ADMITTED
    )
    return Scoreboard(
        programme=programme,
        as_of=as_of,
        indicators=indicators(programme, actor),
        depths=_depths(programme, actor),
        follow_up=_follow_up(programme, actor),
        institutions=admitted.count(),
        institutions_rule=rule_set_on(programme, as_of.date(), actor=actor).rules.institutions,
    )


def _follow_up(programme: Programme, actor: Actor) -> list[Figure]:
    counts = follow_up_figures(programme, actor)
    owed, claimed = reverse("followups"), reverse("outcomes")
    return [
        Figure(
            _("应跟踪"),
            counts["follow_ups"],
            _("结业人次 × 规定的跟踪次数"),
            f"{owed}?due=all",
        ),
        Figure(_("已跟踪"), counts["follow_ups_done"], _("其中已联系到本人或家人的"), f"{owed}?due=done"),
        Figure(_("申报的成果"), counts["outcomes"], _("登记了就业、创业等成果并附证据的"), claimed),
        Figure(
            _("已核实的成果"),
            counts["outcomes_verified"],
            _("其中证据为 A、B 级并由另一人核实的"),
            f"{claimed}?status=verified&grade=AB",
        ),
    ]


def places(depth: Depth, *, q: str = "") -> QuerySet[Any]:
    """The counted places of the sessions that `q` finds."""
    rows = depth.rows
    if q:
        session = "training_session"
        rows = rows.filter(
            Q(**{f"{session}__code__icontains": q})
            | Q(**{f"{session}__title__icontains": q})
            | Q(**{f"{session}__institution__name__icontains": q})
        )
    related = ("trainee", "training_session__institution", "training_session__dossier")
    return rows.select_related(*related).order_by("-training_session", "number")


@dataclass(frozen=True)
class Place:
    """A counted 人次; `name` is masked for those who need only the figure."""

    enrolment: Enrolment
    name: str


def named(rows: Iterable[Enrolment], actor: Actor) -> list[Place]:
    """Names in full only for those who phone people or verify what became of them."""
    full = may(actor, "outcome.verify")
    return [Place(row, row.trainee.name if full else mask_name(row.trainee.name)) for row in rows]


def mask_name(name: str) -> str:
    return name[:1] + "＊" * (len(name) - 1)


@dataclass(frozen=True)
class Said:
    """One rule as a sentence."""

    title: str
    text: str
    rule: Rule


@dataclass(frozen=True)
class RuleBook:
    programme: Programme
    rule_set: RuleSet
    fund_lines: list[FundLine]
    sentences: Sequence[Said]

    @property
    def rules(self) -> Preset:
        return self.rule_set.rules


def rule_book(programme: Programme, actor: Actor, *, on: date) -> RuleBook:
    rule_set = rule_set_on(programme, on, actor=actor)
    lines = FundLine.objects.visible_to(actor).filter(programme=programme).order_by("pk")
    return RuleBook(programme, rule_set, list(lines), sentences(rule_set.rules))


def sentences(rules: Preset) -> list[Said]:
    """The rules that hold numbers, as people say them."""
    attendance, face = rules.attendance, rules.face
    return [
        Said(
            _("项目期"),
            _("%(start)s 至 %(end)s，课程只能安排在这段时间内。")
            % {"start": rules.window.starts_on, "end": rules.window.ends_on},
            rules.window,
        ),
        Said(
            _("培训机构"),
            _("至少 %(count)s 家具备资质的机构。") % {"count": rules.min_institutions},
            rules.institutions,
        ),
        Said(
            _("开班申请"),
            _("最晚在开课前 %(days)s 个工作日提交。") % {"days": rules.planning.lead_working_days},
            rules.planning,
        ),
        Said(
            _("课程专题"),
            _("本类别的专题不少于全部课时的 %(share).0f %%。") % {"share": 100 * rules.topic_match.min_share},
            rules.topic_match,
        ),
        Said(
            _("学员年龄"),
            _("开课当天年满 %(age)s 周岁。") % {"age": rules.eligibility.min_age},
            rules.eligibility,
        ),
        Said(
            _("考勤"),
            _(
                "%(unit)s 分钟为 1 学时；迟到不超过 %(late)s 分钟、早退不超过 %(early)s 分钟不扣；"
                "一课次到满 %(lesson).0f %%、全期到满 %(session).0f %% 才计 1 人次。"
            )
            % {
                "unit": attendance.unit_minutes,
                "late": attendance.late_tolerance_minutes,
                "early": attendance.early_tolerance_minutes,
                "lesson": 100 * attendance.lesson_ratio,
                "session": 100 * attendance.completion_ratio,
            },
            attendance,
        ),
        Said(
            _("签退"),
            _("要签退，没有签退的半天不计。") if attendance.require_sign_out else _("不要求签退。"),
            attendance,
        ),
        Said(
            _("现场照片"),
            _("每半天至少 %(count)s 张。") % {"count": rules.photos.min_per_half_day},
            rules.photos,
        ),
        Said(
            _("人脸比对"),
            _(
                "距离小于 %(pass).2f 为相符，不小于 %(ask).2f 为不相符，之间由人判断；只用于单独同意的学员，从不是唯一的方式。"
            )
            % {"pass": face.pass_below, "ask": face.ask_below},
            face,
        ),
        Said(
            _("训后跟踪"),
            _("结业后第 %(days)s 天各联系一次。") % {"days": _("、").join(map(str, rules.follow_up.days))},
            rules.follow_up,
        ),
        Said(
            _("补贴标准"),
            _("不超过《%(name)s》（%(number)s）。")
            % {"name": rules.fee_standard.name, "number": rules.fee_standard.number},
            rules.fee_standard,
        ),
    ]
