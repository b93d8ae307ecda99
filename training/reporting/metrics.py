"""Measures that targets are held against, besides counts of trainees: each with formula, clause and readings.

A measure is a plain function over a `Question`; it answers one `Part` for each way in which the document can be
read. The strictest reading is held against the target. Where a number is missing the part says
who must supply it, and nothing is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.db.models import Avg, Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.attendance.models import Completion
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.fairs.queries import reached
from training.followup.models import FollowUp
from training.outcomes import queries as outcomes
from training.outcomes.choices import COUNTED_GRADES, STANDING
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region
from training.programmes.preset import Preset
from training.programmes.queries import Gazetteer, gazetteer
from training.programmes.target import Target
from training.reporting import figures, stated
from training.reporting.choices import Dimension, village_of

PRACTITIONER_WORDS: Final = ("从业",)
DECLARED: Final = "_all"
"""Ends the code of a reading that counts whoever declared the group, verified or not."""
Words = str | Promise


@dataclass(frozen=True)
class Part:
    """One reading of a measure: `numerator` over `denominator`, which a count does not have.

    None where it cannot be told; `why` then says what is missing and who supplies it. `not_yet`: people of the
    cohort whose window is still open, who are in neither.
    """

    numerator: Decimal | None = None
    denominator: Decimal | None = None
    not_yet: int = 0
    why: str = ""


@dataclass(frozen=True)
class Reading:
    """How a measure is taken; `formula` may name the window of outcomes as %(months)s."""

    name: Words
    formula: Words

    def formula_by(self, rules: Preset) -> str:
        return str(self.formula) % {"months": rules.follow_up.outcome_months}


@dataclass(frozen=True)
class Measure:
    """`share`: its figure is a percentage, numerator ÷ denominator; otherwise the numerator itself.

    `clause`: the row of docs/requirements.md that asks for it, or that it is our own.
    """

    name: Words
    readings: Mapping[str, Reading]
    take: Callable[[Question], Mapping[str, Part]] = field(repr=False)
    clause: Words = ""
    share: bool = True


@dataclass(frozen=True)
class Question:
    """What is asked of a measure: of which programme, by which rules, for which target, as of when."""

    programme: Programme
    actor: Actor
    rules: Preset
    target: Target | None
    on: date
    declared: bool = False
    """Takes whoever says to be of the target's groups; otherwise only whose group was verified (HD-02)."""

    @property
    def enrolments(self) -> QuerySet[Enrolment]:
        """结业, of the target's class type and groups."""
        rows = figures.rows_behind(self.programme, self.actor, depth="completed")
        if self.target and self.target.class_type:
            rows = rows.filter(training_session__class_type=self.target.class_type)
        return rows.filter(self.among) if self.among else rows

    @property
    def among(self) -> Q | None:
        """The enrolments of the target's groups, of all where it names none."""
        groups = self.target.groups if self.target else ()
        return of_groups(groups, declared=self.declared) if groups else None

    @cached_property
    def poor_villages(self) -> dict[int, Region]:
        """Listed on that day, by id."""
        rows = Region.objects.visible_to(self.actor).filter(
            programme=self.programme, level=RegionLevel.VILLAGE, poor_from__isnull=False
        )
        return {row.pk: row for row in rows.select_related("parent") if row.was_poor_on(self.on)}

    @cached_property
    def places(self) -> Gazetteer:
        return gazetteer(self.programme)

    @cached_property
    def stated(self) -> dict[tuple[str, int | None], Decimal]:
        rows = stated.standing(self.programme, self.actor, on=self.on)
        return {key: row.value for key, row in rows.items()}

    def in_poor_villages(self, rows: Iterable[tuple[str, str, int, int]]) -> dict[int, tuple[int, int]]:
        """(township, village, renci, people) summed up by the poverty village that the names mean."""
        found: dict[int, tuple[int, int]] = {}
        for township, village, renci, people in rows:
            region = self.places.find(township, village) if village else None
            if region and region.pk in self.poor_villages:
                before = found.get(region.pk, (0, 0))
                found[region.pk] = (before[0] + renci, before[1] + people)
        return found

    def villages_of(self, keys: Mapping[str, Any]) -> dict[int, dict[str, tuple[str, str, int, int]]]:
        """By poverty village the keys of figures that mean it, each as `in_poor_villages` takes it."""
        found: dict[int, dict[str, tuple[str, str, int, int]]] = {}
        for key, tally in keys.items():
            township, village = village_of(key)
            region = self.places.find(township, village) if village else None
            if region and region.pk in self.poor_villages:
                row = (township, village, tally.renci, tally.people)
                found.setdefault(region.pk, {})[key] = row
        return found

    def by_village(self, rows: QuerySet[Enrolment]) -> dict[int, tuple[int, int]]:
        """人次 and 人数 of these places in each poverty village."""
        counted = rows.order_by().values_list("trainee__township", "trainee__village")
        return self.in_poor_villages(
            counted.annotate(renci=Count("pk"), people=Count("trainee", distinct=True))
        )

    def village_sum(self, code: str) -> tuple[Decimal, list[Region]]:
        """Of what was stated of every poverty village, and those of which nothing was."""
        missing = [village for pk, village in self.poor_villages.items() if (code, pk) not in self.stated]
        return sum(
            (self.stated.get((code, pk), Decimal(0)) for pk in self.poor_villages), Decimal(0)
        ), missing


def of_groups(groups: Collection[str], *, declared: bool = False) -> Q:
    """Places of these groups that were verified when the session was approved; `declared`: of whoever said so."""
    return Q(group__in=groups) if declared else Q(group__in=groups, group_verified=True)


def every_reading(measure: Measure, question: Question) -> dict[str, Part]:
    """Every reading's part, by its code; where groups are counted each also with all who declared theirs."""
    parts = dict(measure.take(question))
    if question.target and question.target.groups:
        everybody = measure.take(replace(question, declared=True))
        parts |= {code + DECLARED: part for code, part in everybody.items()}
    return parts


def percent(part: Part) -> Decimal | None:
    """Of a share, to a tenth; None where it cannot be told or nothing is in the denominator."""
    if part.numerator is None or not part.denominator:
        return None
    return (part.numerator * 100 / part.denominator).quantize(Decimal("0.1"))


# Rates by cohort


def _cohort(question: Question, kind: str) -> Part:
    class_type = question.target.class_type if question.target else None
    found = outcomes.cohort(
        question.programme,
        question.actor,
        kind=kind,
        class_type=class_type,
        months=question.rules.follow_up.outcome_months,
        as_of=question.on,
        among=question.among,
    )
    return cohort_part(found)


def cohort_part(cohort: outcomes.Cohort) -> Part:
    rate = outcomes.rate_of(cohort)
    if not rate.due:
        return Part(not_yet=rate.waiting, why=_("还没有跟踪期满的结业学员。"))
    return Part(Decimal(rate.achieved), Decimal(rate.due), rate.waiting)


def _people(rows: QuerySet[Any]) -> int:
    return int(rows.order_by().values("trainee").distinct().count())


def start_up_rate(question: Question) -> Mapping[str, Part]:
    return {"people": _cohort(question, "started_up")}


def employment_rate(question: Question) -> Mapping[str, Part]:
    return {"people": _cohort(question, "employed")}


def shop_growth(question: Question) -> Mapping[str, Part]:
    """(this rate − base) over base, both in percent; the base is the county's to state."""
    base, now = _base(question), _cohort(question, "started_up")
    if not base:
        return {"growth": Part(why=_("没有基年的开店转化率，请商务局填写数值和来源。"))}
    rate = percent(now)
    if rate is None:
        return {"growth": now}
    return {"growth": Part(rate - base, base, now.not_yet)}


def _base(question: Question) -> Decimal | None:
    if question.target is None:
        return None
    told = question.stated.get((stated.OF_BASE + question.target.code, None))
    if told is None and question.target.base_value is not None:
        return Decimal(str(question.target.base_value))
    return told


# Poverty villages


def village_reach(question: Question) -> Mapping[str, Part]:
    if not question.poor_villages:
        why = _("行政区划里还没有登记贫困村，请商务局导入名单。")
        return {"villages": Part(why=why), "people": Part(why=why)}
    sheet = figures.read(question.programme, question.actor, dimensions=[Dimension.VILLAGE])
    trained = question.in_poor_villages(
        (*village_of(key), count.renci, count.people) for key, count in sheet.of(Dimension.VILLAGE).items()
    )
    people = sum(count for _renci, count in trained.values())
    return {
        "villages": Part(Decimal(len(trained)), Decimal(len(question.poor_villages))),
        "people": _over_villages(question, people, stated.LABOUR),
    }


def _over_villages(question: Question, numerator: int, code: str) -> Part:
    whole, missing = question.village_sum(code)
    if missing:
        return Part(why=_missing(code, missing))
    return Part(Decimal(numerator), whole)


def _missing(code: str, villages: list[Region]) -> str:
    return _("还缺 %(count)s 个村的“%(what)s”（%(names)s 等），请乡镇提供、商务局填写。") % {
        "count": len(villages),
        "what": stated.CODES[code],
        "names": _("、").join(village.name for village in villages[:3]),
    }


def poor_training(question: Question) -> Mapping[str, Part]:
    """Those who were trained were able to work and at home: the system keeps no mark of either."""
    if not question.poor_villages:
        why = _("行政区划里还没有登记贫困村，请商务局导入名单。")
        return {"people": Part(why=why), "renci": Part(why=why)}
    able, missing = question.village_sum(stated.POOR_ABLE)
    away, unknown = question.village_sum(stated.POOR_AWAY)
    for code, villages in ((stated.POOR_ABLE, missing), (stated.POOR_AWAY, unknown)):
        if villages:
            return dict.fromkeys(("people", "renci"), Part(why=_missing(code, villages)))
    trained = question.by_village(question.enrolments).values()
    return {
        "people": Part(Decimal(sum(people for _renci, people in trained)), able - away),
        "renci": Part(Decimal(sum(renci for renci, _people in trained)), able - away),
    }


# What is counted in places, firms and fairs


def companies_online(question: Question) -> Mapping[str, Part]:
    return {
        "companies": Part(
            Decimal(outcomes.transformed_enterprises(question.programme, question.actor).count())
        )
    }


def village_talent(question: Question) -> Mapping[str, Part]:
    if not question.poor_villages:
        return {"villages": Part(why=_("行政区划里还没有登记贫困村，请商务局导入名单。"))}
    return {"villages": _covered(question, "talent")}


def township_backbone(question: Question) -> Mapping[str, Part]:
    return {"townships": _covered(question, "backbone")}


def _covered(question: Question, kind: str) -> Part:
    found = outcomes.coverage(question.programme, question.actor, kind=kind, on=question.on)
    places = found.places.count()
    if not places:
        return Part(why=_("行政区划里还没有乡镇，请商务局导入名单。"))
    return Part(Decimal(places - found.uncovered.count()), Decimal(places))


def job_fairs(question: Question) -> Mapping[str, Part]:
    return {"fairs": Part(Decimal(reached(question.programme, question.actor).fairs))}


def fair_trainees(question: Question) -> Mapping[str, Part]:
    found = reached(question.programme, question.actor)
    return {"people": Part(Decimal(found.people)), "renci": Part(Decimal(found.attendances))}


def told(question: Question) -> Mapping[str, Part]:
    """What somebody outside supplies; a growth of it is over the base year's."""
    if question.target is None:
        return {}
    now = question.stated.get((stated.OF_TARGET + question.target.code, None))
    if now is None:
        return {"stated": Part(why=_("还没有数据，请商务局按有关部门提供的数填写，附来源。"))}
    if not question.target.growth:
        return {"stated": Part(now)}
    base = _base(question)
    if not base:
        return {"stated": Part(why=_("没有基年的数，请商务局填写数值和来源。"))}
    return {"stated": Part(now - base, base)}


def follow_up(question: Question) -> Mapping[str, Part]:
    """Contacts owed and made, outcomes claimed and standing, of the whole programme."""
    here = {"enrolment__training_session__institution__programme": question.programme}
    owed = FollowUp.objects.visible_to(question.actor).filter(**here).order_by()
    claimed = outcomes.outcomes(question.actor).filter(**here).order_by()
    counted = owed.aggregate(owed=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
    found = counted | {
        "claimed": claimed.count(),
        "standing": claimed.filter(status__in=STANDING, grade__in=COUNTED_GRADES).count(),
    }
    return {name: Part(Decimal(number)) for name, number in found.items()}


# What is told besides, whatever the targets are


def completions(question: Question) -> QuerySet[Any]:
    """What came of every place on the rosters of closed sessions."""
    return Completion.objects.visible_to(question.actor).filter(
        enrolment__training_session__institution__programme=question.programme
    )


def attendance_rate(question: Question) -> Mapping[str, Part]:
    """Of closed sessions: hours over hours, and the mean over the roster with those who never came."""
    rows = completions(question).filter(required_minutes__gt=0)
    share = Cast(F("attended_minutes"), FloatField()) / F("required_minutes")
    found = rows.aggregate(
        attended=Sum("attended_minutes"),
        required=Sum("required_minutes"),
        mean=Avg(share),
        places=Count("pk"),
    )
    if not found["places"]:
        return dict.fromkeys(("hours", "roster"), Part(why=_("还没有结课的期。")))
    return {
        "hours": Part(Decimal(found["attended"]), Decimal(found["required"])),
        "roster": Part(
            (Decimal(found["mean"]) * found["places"]).quantize(Decimal("0.01")), Decimal(found["places"])
        ),
    }


def completion_rate(question: Question) -> Mapping[str, Part]:
    """Of those on the roster of sessions that are closed."""
    found = completions(question).aggregate(
        completed=Count("pk", filter=Q(completed=True)), places=Count("pk")
    )
    if not found["places"]:
        return {"roster": Part(why=_("还没有结课的期。"))}
    return {"roster": Part(Decimal(found["completed"]), Decimal(found["places"]))}


def practitioner_coverage(question: Question) -> Mapping[str, Part]:
    base = question.stated.get((stated.PRACTITIONERS, None))
    if not base:
        why = _("没有从业人员底数，请商务局填写数值和来源。")
        return dict.fromkeys(("people", "people" + DECLARED), Part(why=why))
    return {
        "people": Part(Decimal(_people(practitioners(question))), base),
        "people" + DECLARED: Part(Decimal(_people(practitioners(question, declared=True))), base),
    }


def practitioners(question: Question, *, declared: bool = False) -> QuerySet[Enrolment]:
    """结业 of whoever was enrolled as one."""
    groups = [group.code for group in question.rules.groups if _is_practitioner(group.name)]
    rows = figures.rows_behind(question.programme, question.actor, depth="completed")
    return rows.filter(of_groups(groups, declared=declared))


def _is_practitioner(name: str) -> bool:
    return any(word in name for word in PRACTITIONER_WORDS)


def _only(code: str, name: Words, formula: Words) -> Mapping[str, Reading]:
    return {code: Reading(name, formula)}


MEASURES: Final[Mapping[str, Measure]] = {
    "start_up_rate": Measure(
        gettext_lazy("创业转化率"),
        _only(
            "people",
            gettext_lazy("按人数"),
            gettext_lazy(
                "结业后 %(months)s 个月内有经核实的 A、B 级创业成果的不同学员 ÷ 结业满 %(months)s 个月的不同学员；未满 %(months)s 个月的另列"
            ),
        ),
        start_up_rate,
        "YS-02、YS-03",
    ),
    "employment_rate": Measure(
        gettext_lazy("就业率"),
        _only(
            "people",
            gettext_lazy("按人数"),
            gettext_lazy(
                "结业后 %(months)s 个月内有经核实的 A、B 级就业成果的不同学员 ÷ 结业满 %(months)s 个月的不同学员；未满 %(months)s 个月的另列"
            ),
        ),
        employment_rate,
        "SC-29",
    ),
    "shop_growth": Measure(
        gettext_lazy("开店转化率同比增长"),
        _only(
            "growth",
            gettext_lazy("同比"),
            gettext_lazy(
                "（贫困人口现在的开店转化率 − 基年的）÷ 基年的；转化率只算结业满 %(months)s 个月的不同学员"
            ),
        ),
        shop_growth,
        "YS-04",
    ),
    "village_reach": Measure(
        gettext_lazy("贫困村普及率"),
        {
            "villages": Reading(
                gettext_lazy("算法 A（村）"), gettext_lazy("至少有 1 名结业学员的贫困村 ÷ 全部贫困村")
            ),
            "people": Reading(
                gettext_lazy("算法 B（人）"), gettext_lazy("贫困村里结业的不同学员 ÷ 这些村的劳动力人数")
            ),
        },
        village_reach,
        "YS-03、YS-04",
    ),
    "poor_training": Measure(
        gettext_lazy("贫困人口培训率"),
        {
            "people": Reading(
                gettext_lazy("按人数"),
                gettext_lazy(
                    "贫困村里结业的不同贫困学员 ÷（有劳动能力的建档立卡贫困人口 − 外出务工的）；"
                    "系统不登记学员的劳动能力和外出情况，来参训的按有劳动能力、未外出计"
                ),
            ),
            "renci": Reading(
                gettext_lazy("按人次"),
                gettext_lazy("同上，分子换成结业人次；同一人参加两期算两次"),
            ),
        },
        poor_training,
        "HD-02",
    ),
    "companies_online": Measure(
        gettext_lazy("传统企业触网"),
        _only(
            "companies",
            gettext_lazy("按家数"),
            gettext_lazy("经核实由线下转为网上经营的不同企业（按统一社会信用代码，不按人）"),
        ),
        companies_online,
        "YS-13",
        share=False,
    ),
    "village_talent": Measure(
        gettext_lazy("电商扶贫人才覆盖"),
        _only(
            "villages", gettext_lazy("按村"), gettext_lazy("有至少 1 名在册电商扶贫人才的贫困村 ÷ 全部贫困村")
        ),
        village_talent,
        "BF-03",
    ),
    "township_backbone": Measure(
        gettext_lazy("电商骨干人才覆盖"),
        _only(
            "townships", gettext_lazy("按乡镇"), gettext_lazy("有至少 1 名在册电商骨干人才的乡镇 ÷ 全部乡镇")
        ),
        township_backbone,
        "BF-03",
    ),
    "job_fairs": Measure(
        gettext_lazy("用工对接会"),
        _only("fairs", gettext_lazy("按场次"), gettext_lazy("结果已由商务局确认的对接会场次")),
        job_fairs,
        "HD-03",
        share=False,
    ),
    "fair_trainees": Measure(
        gettext_lazy("参加对接会的学员"),
        {
            "people": Reading(
                gettext_lazy("按人数"), gettext_lazy("在已确认的对接会上签到、结过业的不同学员")
            ),
            "renci": Reading(gettext_lazy("按人次"), gettext_lazy("这些学员在各场签到的人次之和")),
        },
        fair_trainees,
        "HD-03",
        share=False,
    ),
    "stated": Measure(
        gettext_lazy("有关部门提供的数"),
        _only(
            "stated",
            gettext_lazy("按所填"),
            gettext_lazy("有关部门提供、商务局填写的数；增长率 =（现有数 − 基年数）÷ 基年数"),
        ),
        told,
        "YS-07、BF-11",
        share=False,
    ),
    "follow_up": Measure(
        gettext_lazy("训后跟踪"),
        {
            "owed": Reading(gettext_lazy("应跟踪"), gettext_lazy("结业人次 × 规定的跟踪次数")),
            "done": Reading(gettext_lazy("已跟踪"), gettext_lazy("其中已联系到本人或家人的")),
            "claimed": Reading(gettext_lazy("申报的成果"), gettext_lazy("登记了就业、创业等成果的")),
            "standing": Reading(
                gettext_lazy("认定的成果"), gettext_lazy("其中证据为 A、B 级、经另一人核实认定、没有失效的")
            ),
        },
        follow_up,
        "SC-28",
        share=False,
    ),
    "attendance_rate": Measure(
        gettext_lazy("出勤率"),
        {
            "hours": Reading(gettext_lazy("按学时"), gettext_lazy("已结课各期的出勤分钟 ÷ 应到分钟")),
            "roster": Reading(
                gettext_lazy("按人平均"), gettext_lazy("名册上每个人的出勤率之和 ÷ 名册人次（没来的按 0 计）")
            ),
        },
        attendance_rate,
        gettext_lazy("系统口径"),
    ),
    "completion_rate": Measure(
        gettext_lazy("结业率"),
        _only("roster", gettext_lazy("按人次"), gettext_lazy("已结课各期的结业人次 ÷ 入册人次")),
        completion_rate,
        gettext_lazy("系统口径"),
    ),
    "practitioner_coverage": Measure(
        gettext_lazy("从业人员覆盖率"),
        {
            "people": Reading(
                gettext_lazy("按人数，类别已核实的"),
                gettext_lazy("以从业人员身份入册、批准开班时类别已核实并结业的不同学员 ÷ 从业人员底数"),
            ),
            "people" + DECLARED: Reading(
                gettext_lazy("按人数，全部申报的"),
                gettext_lazy("以从业人员身份入册并结业的不同学员，类别未核实的也计 ÷ 从业人员底数"),
            ),
        },
        practitioner_coverage,
        "SC-11",
    ),
}
BESIDES: Final = (
    "attendance_rate",
    "completion_rate",
    "start_up_rate",
    "employment_rate",
    "practitioner_coverage",
)
"""Told of every programme, whether or not a target asks for them."""
