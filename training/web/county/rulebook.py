"""The programme's rules in sentences, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.translation import gettext as _

from training.core.actor import Actor
from training.programmes.models import Programme, RuleSet
from training.programmes.money import SOURCES, FundLine, FundShare
from training.programmes.preset import (
    AcceptanceStage,
    ArchiveRule,
    AttendanceRule,
    ClassType,
    Notice,
    PhotoRule,
    PlaceMark,
    PlanningRule,
    Preset,
    Report,
)
from training.programmes.queries import rule_set_on
from training.programmes.rule import Rule
from training.programmes.target import Target
from training.programmes.words import choice_name

YEAR = tuple(range(1, 13))


@dataclass(frozen=True)
class Said:
    """One rule as sentences."""

    title: str
    lines: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True)
class Money:
    """A fund line with its amounts in the order of the book's `sources`."""

    line: FundLine
    amounts: list[int]


@dataclass(frozen=True)
class RuleBook:
    programme: Programme
    rule_set: RuleSet

    @property
    def rules(self) -> Preset:
        return self.rule_set.rules

    @property
    def sentences(self) -> list[Said]:
        return sentences(self.rules)

    @property
    def _paying(self) -> list[str]:
        lines = self.rules.fund_lines
        return [code for code in SOURCES if any(line.by_source_fen[code] for line in lines)]

    @property
    def sources(self) -> list[str]:
        """Names of the sources that pay anything here."""
        names = source_names()
        return [names[code] for code in self._paying]

    @property
    def money(self) -> list[Money]:
        paying = self._paying
        return [Money(line, [line.by_source_fen[code] for code in paying]) for line in self.rules.fund_lines]

    @property
    def shares(self) -> list[Said]:
        return [Said(share.name, tuple(_share(share)), share) for share in self.rules.fund_shares]

    @property
    def ineligible(self) -> list[Said]:
        lines = {line.code: line.name for line in self.rules.fund_lines}
        return [
            Said(cost.name, (lines[cost.fund_line] if cost.fund_line else _("所有资金条线"),), cost)
            for cost in self.rules.ineligible_costs
        ]

    @property
    def targets(self) -> list[Said]:
        return [
            Said(_owed(target), tuple(_target(target, self.rules)), target) for target in self.rules.targets
        ]

    @property
    def kinds(self) -> list[Said]:
        return [Said(kind.name, tuple(_kind(kind, self.rules)), kind) for kind in self.rules.class_types]

    @property
    def phases(self) -> list[Said]:
        return [
            Said(
                phase.name,
                (_("%(start)s 至 %(end)s。") % {"start": phase.starts_on, "end": phase.ends_on},),
                phase,
            )
            for phase in self.rules.phases
        ]

    @property
    def notices(self) -> list[Said]:
        return [Said(notice.name, tuple(_notice(notice)), notice) for notice in self.rules.notices]

    @property
    def acceptance(self) -> list[Said]:
        return [Said(stage.name, tuple(_stage(stage)), stage) for stage in self.rules.acceptance]

    @property
    def reports(self) -> list[Said]:
        return [Said(report.name, tuple(_report(report)), report) for report in self.rules.reports]

    @property
    def place_marks(self) -> list[Said]:
        return [Said(_level(mark), tuple(_mark(mark)), mark) for mark in self.rules.place_marks]


def rule_book(programme: Programme, actor: Actor, *, on: date) -> RuleBook:
    return RuleBook(programme, rule_set_on(programme, on, actor=actor))


def source_names() -> dict[str, str]:
    return {
        "central": _("中央"),
        "province": _("省"),
        "upper": _("上级"),
        "county": _("县"),
        "social": _("社会"),
    }


def _share(share: FundShare) -> Iterator[str]:
    yield _("算得 %(share).1f %%。") % {"share": 100 * share.share}
    if share.at_least is not None:
        yield _("不低于 %(limit).0f %%。") % {"limit": 100 * share.at_least}
    if share.at_most is not None:
        yield _("不高于 %(limit).0f %%。") % {"limit": 100 * share.at_most}
    if share.printed is not None:
        yield _("文件印的是 %(printed).1f %%。") % {"printed": 100 * share.printed}
    if not share.holds:
        yield _("与算得的不符，以金额为准。")


def _owed(target: Target) -> str:
    if target.up_to is not None:
        return f"{target.metric} {target.value}–{target.up_to} {target.unit}"
    return f"{target.metric} {target.value} {target.unit}"


def _target(target: Target, rules: Preset) -> Iterator[str]:
    if target.per:
        yield _("每个%(place)s都要有。") % {"place": target.per}
    if target.parent:
        yield _("是“%(whole)s”的分项。") % {"whole": rules.target(target.parent).metric}
    if target.class_type:
        yield _("只计班型为“%(name)s”的期。") % {"name": rules.class_type(target.class_type).name}
    if target.starts_on:
        yield _("从 %(start)s 起计。") % {"start": target.starts_on}
    if target.denominator:
        yield _("分母：%(what)s。") % {"what": target.denominator}
    for reading in target.readings:
        yield _("一种算法：%(reading)s。") % {"reading": reading}
    if target.growth:
        yield _base(target)
    yield _("%(day)s 前完成。") % {"day": target.due_on}


def _base(target: Target) -> str:
    if target.base_value is None:
        return _("基年数值还没有。")
    return _("基年 %(year)s，数值 %(value)s。") % {"year": target.base_year, "value": target.base_value}


def _kind(kind: ClassType, rules: Preset) -> Iterator[str]:
    yield _("由“%(line)s”支付。") % {"line": rules.fund_line(kind.fund_line).name}
    if kind.required_rates:
        yield _("协议要写明：%(rates)s。") % {"rates": _("、").join(kind.required_rates)}


def _notice(notice: Notice) -> Iterator[str]:
    if notice.within_working_days:
        yield _("%(days)s 个工作日内公告。") % {"days": notice.within_working_days}
    if notice.working_days:
        yield _("公示不少于 %(days)s 个工作日。") % {"days": notice.working_days}
    if notice.by_day:
        yield _("次月 %(day)s 日前公告。") % {"day": notice.by_day}


def _stage(stage: AcceptanceStage) -> Iterator[str]:
    if stage.members:
        yield _("参加：%(names)s。") % {"names": _("、").join(stage.members)}
    if stage.invited:
        yield _("可以邀请：%(names)s。") % {"names": _("、").join(stage.invited)}
    if stage.observers:
        yield _("监督：%(names)s。") % {"names": _("、").join(stage.observers)}


def _report(report: Report) -> Iterator[str]:
    yield _("由%(who)s报送。") % {"who": report.reporter}
    if report.recipients:
        yield _("报给%(whom)s。") % {"whom": _("、").join(report.recipients)}
    if report.months == YEAR:
        yield _("每月一次。")
    elif report.months:
        yield _("%(months)s 月各一次。") % {"months": _("、").join(map(str, report.months))}
    if report.due_day:
        yield _("当月 %(day)s 日前。") % {"day": report.due_day}


def _level(mark: PlaceMark) -> str:
    return {"county": _("县级"), "town": _("镇级"), "village": _("村级")}[mark.level]


def _mark(mark: PlaceMark) -> Iterator[str]:
    yield mark.text
    if mark.plaque:
        yield _("另挂：%(plaque)s") % {"plaque": mark.plaque}


def sentences(rules: Preset) -> list[Said]:
    """The rules that hold numbers, as people say them."""
    said = (*_before_class(rules), *_of_archives(rules), *_in_class(rules), *_afterwards(rules))
    return [
        Said(title, tuple(text for _title, text, _rule in rows), rule)
        for (title, rule), rows in groupby(said, key=lambda row: (row[0], row[2]))
    ]


def _before_class(rules: Preset) -> Iterator[tuple[str, str, Rule]]:
    window, planning = rules.window, rules.planning
    yield (
        _("项目期"),
        _("%(start)s 至 %(end)s，课程只能安排在这段时间内。")
        % {"start": window.starts_on, "end": window.ends_on},
        window,
    )
    yield (
        _("培训机构"),
        _("至少 %(count)s 家具备资质的机构。") % {"count": rules.min_institutions},
        rules.institutions,
    )
    if wanted := rules.institutions.min_instructors:
        said = _("入库前至少有 %(count)s 名资质已核验的授课人。") % {"count": wanted}
        yield _("机构入库"), said, rules.institutions
    if floor := rules.institutions.instructor_floor:
        said = _("授课人平均评分低于 %(floor)g 分的，提醒商务局。") % {"floor": floor}
        yield _("讲师评价"), said, rules.institutions
    handed_in = (
        _("最晚在开课前 %(days)s 个工作日提交，晚了不能提交。")
        if planning.lead_is_limit
        else _("最晚在开课前 %(days)s 个工作日提交。")
    )
    yield _("开班申请"), handed_in % {"days": planning.lead_working_days}, planning
    for title, text in _teaching(planning):
        yield title, text, planning


def _of_archives(rules: Preset) -> Iterator[tuple[str, str, Rule]]:
    review = rules.review
    yield (
        _("档案核验"),
        _("商务局收到档案后 %(days)s 个工作日内核验；另一人复核：%(second)s。")
        % {"days": review.working_days, "second": choice_name(review.second_person)},
        review,
    )
    yield (
        _("剔除和申诉"),
        _("结业被剔除后 %(days)s 天内，培训机构或乡镇可以申诉。") % {"days": review.appeal_days},
        review,
    )
    for title, text in _archive(rules.archive):
        yield title, text, rules.archive


def _in_class(rules: Preset) -> Iterator[tuple[str, str, Rule]]:
    match, face = rules.topic_match, rules.face
    yield (
        _("课程专题"),
        _("本类别的专题不少于全部课时的 %(share).0f %%。") % {"share": 100 * match.min_share},
        match,
    )
    yield (
        _("学员年龄"),
        _("开课当天年满 %(age)s 周岁。") % {"age": rules.eligibility.min_age},
        rules.eligibility,
    )
    for title, text in _attendance(rules.attendance):
        yield title, text, rules.attendance
    for text in _photos(rules.photos):
        yield _("现场照片"), text, rules.photos
    yield (
        _("人脸比对"),
        _(
            "距离小于 %(pass).2f 为相符，不小于 %(ask).2f 为不相符，之间由人判断；只用于单独同意的学员，从不是唯一的方式。"
        )
        % {"pass": face.pass_below, "ask": face.ask_below},
        face,
    )
    yield _("启用人脸比对"), _("启用。") if face.enabled else _("不启用。"), face


def _afterwards(rules: Preset) -> Iterator[tuple[str, str, Rule]]:
    followed, rights, fee = rules.follow_up, rules.rights, rules.fee_standard
    yield (
        _("训后跟踪"),
        _("结业后第 %(days)s 天各联系一次；创业、就业等成果看结业后 %(months)s 个月内。")
        % {"days": _("、").join(map(str, followed.days)), "months": followed.outcome_months},
        followed,
    )
    yield (
        _("个人信息权利请求"),
        _("收到后 %(days)s 个工作日内答复。") % {"days": rights.answer_working_days},
        rights,
    )
    yield (
        _("补贴标准"),
        _("不超过《%(name)s》（%(number)s）。") % {"name": fee.name, "number": fee.number},
        fee,
    )
    if fee.alternative:
        yield _("补贴标准"), _("或者按%(other)s。") % {"other": fee.alternative}, fee


def _teaching(rule: PlanningRule) -> Iterator[tuple[str, str]]:
    if rule.min_trainees:
        yield _("每期人数"), _("名册不少于 %(count)s 人。") % {"count": rule.min_trainees}
    if rule.max_trainees:
        yield _("每期人数"), _("名册不超过 %(count)s 人。") % {"count": rule.max_trainees}
    yield (
        _("经费预算"),
        _("开班申请要有经费预算。") if rule.budget_required else _("开班申请可以不写经费预算。"),
    )
    yield (
        _("名册增减"),
        _("批准以后，不超过名册的 %(share).0f %% 不用商务局批准。")
        % {"share": 100 * rule.roster_change_share},
    )
    yield (
        _("有疑问的开班申请"),
        _("审核员同意后还要负责人批准。") if rule.head_approves_flagged else _("由审核员批准。"),
    )
    yield (
        _("培训大纲"),
        _("开班申请要用商务局批准的大纲。") if rule.outline_required else _("开班申请可以不用大纲。"),
    )
    yield (
        _("课件审定"),
        _("课件要商务局审定后才能用。") if rule.courseware_approval else _("课件不要求审定。"),
    )
    yield (
        _("场地容量"),
        _("名册人数超过场地容量的，不能提交。")
        if rule.seats_are_limit
        else _("名册人数超过场地容量的，只提醒。"),
    )
    yield (
        _("授课人转场"),
        _("两处场地之间按直线每小时 %(speed)s 公里核对赶不赶得到。") % {"speed": rule.travel_kmh},
    )


def _photos(rule: PhotoRule) -> Iterator[str]:
    yield _("每半天至少 %(count)s 张。") % {"count": rule.min_per_half_day}
    if rule.caption_parts:
        yield _("说明除题名外还要写：%(parts)s。") % {"parts": _listed(rule.caption_parts)}


def _listed(codes: Iterable[str]) -> str:
    return _("、").join(map(choice_name, codes))


def _archive(rule: ArchiveRule) -> Iterator[tuple[str, str]]:
    yield (
        _("交齐档案"),
        _("最后一天课后 %(days)s 天内交齐，到期前 %(remind)s 天提醒。")
        % {"days": rule.due_days, "remind": _("、").join(map(str, rule.remind_days))},
    )
    if rule.roster_fields:
        yield _("名册"), _("每个人都要有：%(fields)s。") % {"fields": _listed(rule.roster_fields)}
    if rule.phone_verified_rate:
        yield (
            _("名册"),
            _("电话核实过的不少于 %(share).0f %%。") % {"share": 100 * rule.phone_verified_rate},
        )
    if rule.shared_phone_limit:
        yield _("名册"), _("一个电话最多 %(count)s 人共用。") % {"count": rule.shared_phone_limit}
    if rule.open_doubts:
        yield _("疑点"), _("没有核对就不算齐全：%(doubts)s。") % {"doubts": _listed(rule.open_doubts)}
    yield _("签到名册签字"), choice_name(rule.register_signatures)
    yield _("保管期限"), choice_name(rule.retention) if rule.retention else _("还没有定。")


def _attendance(rule: AttendanceRule) -> Iterator[tuple[str, str]]:
    yield (
        _("考勤"),
        _(
            "%(unit)s 分钟为 1 学时；迟到不超过 %(late)s 分钟、早退不超过 %(early)s 分钟不扣；"
            "一课次到满 %(lesson).0f %%、全期到满 %(session).0f %% 才计 1 人次。"
        )
        % {
            "unit": rule.unit_minutes,
            "late": rule.late_tolerance_minutes,
            "early": rule.early_tolerance_minutes,
            "lesson": 100 * rule.lesson_ratio,
            "session": 100 * rule.completion_ratio,
        },
    )
    yield (
        _("签退"),
        _("要签退，没有签退的半天不计。") if rule.require_sign_out else _("不要求签退。"),
    )
    if rule.check_share:
        yield (
            _("随堂抽查"),
            _("抽 %(share).0f %% 的课次随堂抽查，%(minutes)s 分钟内应答。")
            % {"share": 100 * rule.check_share, "minutes": rule.check_minutes},
        )
    yield (
        _("补签"),
        _("不超过名册的 %(share).0f %%，超过的要商务局批准。") % {"share": 100 * rule.make_up_share},
    )
