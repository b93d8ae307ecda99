"""A programme's rules as data: the schema. `preset_file.py` reads it from YAML.

Every rule says where it comes from: a clause quoted from the county's document, or 待确认 where the
document is silent. `Preset.model_dump(mode="json")` is what a rule set stores;
`Preset.model_validate(body)` gives it back, also what an earlier version of the program stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from pydantic import Field, field_validator, model_validator

from training.programmes.money import FeeStandard, FundLine, FundShare, IneligibleCost
from training.programmes.rule import (
    UNCONFIRMED,
    Clause,
    Code,
    Coded,
    Model,
    Named,
    Ratio,
    Rule,
    Share,
    ShortCode,
    ShortText,
    Text,
    by_code,
    refuse_strangers,
    refuse_twins,
    wrong,
)
from training.programmes.target import Target, check_quotas


class Document(Model):
    """`number` is the 文号; what the copy at hand does not show is blank."""

    file: Text
    title: Annotated[str, Field(min_length=1, max_length=200)]
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None


class Window(Rule):
    starts_on: date
    ends_on: date

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Self:
        if self.ends_on < self.starts_on:
            raise wrong(_("结束日期早于开始日期"))
        return self

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


class Phase(Window):
    name: Text


class Mark(Rule):
    text: Annotated[str, Field(min_length=1, max_length=80)]


class PlaceMark(Rule):
    """What a place of this level carries; `plaque` hangs beside it, ×× stands for the place's name."""

    level: Literal["county", "town", "village"]
    text: Text
    plaque: str = ""


class Phone(Rule):
    label: Text
    number: Annotated[str, Field(pattern=r"^[0-9-]{3,20}$")]

    def __str__(self) -> str:
        return f"{self.label} {self.number}"


class Topic(Model):
    code: Code
    name: ShortText
    aliases: tuple[str, ...] = ()

    def is_called(self, words: str) -> bool:
        return words in (self.name, *self.aliases)


class Category(Named):
    """A course category; `weight` is the document's 以…为主 or 着重."""

    weight: Literal["main", "emphasis"]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def topics_stand_in_the_clause(self) -> Self:
        refuse_twins(_("专题代码"), (topic.code for topic in self.topics))
        for topic in self.topics:
            if isinstance(self.source, Clause) and topic.name not in self.quotations:
                raise wrong(_("专题“%(name)s”不在所引条文里") % {"name": topic.name}, at=topic.name)
        return self


class TopicMatch(Rule):
    """Of a category's hours, the share above which its own topics are 为主."""

    min_share: Ratio


class Alias(Model):
    """Another word for a group. Terms age: a roster may carry the word of its own year."""

    word: Text
    valid_from: date | None = None
    valid_until: date | None = None

    @model_validator(mode="before")
    @classmethod
    def may_be_a_bare_word(cls, value: Any) -> Any:
        return {"word": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise wrong(_("结束日期早于开始日期"))
        return self

    def covers(self, day: date) -> bool:
        return (not self.valid_from or self.valid_from <= day) and (
            not self.valid_until or day <= self.valid_until
        )

    def __str__(self) -> str:
        return self.word


SENSITIVE_WORDS: Final = ("残疾", "残障", "建档立卡", "贫困", "脱贫", "监测对象", "低收入", "低保", "特困")
"""GB/T 45574-2025 annex A lists disability as sensitive; poverty is taken along by prudence."""


def sounds_sensitive(*words: str) -> bool:
    """For what carries no mark of its own: words from outside, and groups that were written down before they had one."""
    return any(sensitive in word for word in words for sensitive in SENSITIVE_WORDS)


class Group(Named):
    """A trainee group; `categories` are the course categories that suit it, all when there are none.

    `sensitive`: belonging to it is shown to whoever needs it and to nobody else. `verified_by` is the
    department that verifies who belongs to it (codes of `accounts.choices.Department`), any when there is none.
    """

    aliases: tuple[Alias, ...] = ()
    categories: tuple[Code, ...] = ()
    sensitive: bool
    verified_by: (
        Literal["rural_affairs", "human_resources", "disabled_federation", "veterans", "civil_affairs"] | None
    ) = None

    @model_validator(mode="before")
    @classmethod
    def was_known_by_its_words(cls, value: Any) -> Any:
        """Versions that were stored before groups carried the mark."""
        if not isinstance(value, Mapping) or "sensitive" in value:
            return value
        return {**value, "sensitive": is_marked_sensitive(value)}


def is_marked_sensitive(group: Mapping[str, Any]) -> bool:
    """Of a group as a rule set of any age stores it."""
    marked = group.get("sensitive")
    if marked is not None:
        return bool(marked)
    aliases = group.get("aliases") or ()
    words = (alias.get("word") if isinstance(alias, Mapping) else alias for alias in aliases)
    return sounds_sensitive(str(group.get("name", "")), *map(str, words))


class ClassType(Named):
    """`required_rates`: rates an agreement must set before such a class can be planned."""

    required_rates: tuple[str, ...] = ()
    fund_line: Code = "training"


class Notice(Named):
    """A publication with its terms, in working days; `by_day` is of the following month."""

    working_days: Annotated[int, Field(ge=1)] | None = None
    """It stays up at least so long."""
    within_working_days: Annotated[int, Field(ge=1)] | None = None
    """It goes up so soon after what it is about."""
    by_day: Annotated[int, Field(ge=1, le=31)] | None = None


class AcceptanceStage(Named):
    """One level of 验收, in the order of the list: all `members` take part, `invited` may, `observers` watch."""

    members: tuple[Text, ...] = ()
    invited: tuple[Text, ...] = ()
    observers: tuple[Text, ...] = ()


class Report(Named):
    """A report that is owed: in each of `months`, by `due_day` or by the month's end."""

    reporter: Text
    recipients: tuple[Text, ...] = ()
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None

    @field_validator("months")
    @classmethod
    def ascend(cls, months: tuple[int, ...]) -> tuple[int, ...]:
        if list(months) != sorted(set(months)):
            raise wrong(_("月份要从小到大，不能重复"))
        return months


class InstitutionRule(Rule):
    min_count: Annotated[int, Field(ge=1)]
    instructor_floor: Annotated[float, Field(ge=1, le=5)] | None = None
    """An instructor whose average score (1 to 5) is below it is pointed out to the bureau; None: nobody."""
    min_instructors: Annotated[int, Field(ge=1)] | None = None
    """So many with a verified proof an institution must have before it is admitted; None: however few."""


class Item(Rule):
    """One of the things a dossier must hold; `class_types` are those that need it, all when there are none."""

    code: Annotated[str, Field(pattern=r"^[AX][1-9]\d?$")]
    title: Text
    supplied_by: Annotated[tuple[Literal["institution", "bureau", "system"], ...], Field(min_length=1)]
    alternatives: str = ""
    class_types: tuple[Code, ...] = ()
    filled_by: tuple[Literal["evaluations", "completions", "follow_ups"], ...] = ()
    """Of an added item: records the system keeps of a session, any of which answers it without a file."""


class Obligation(Rule):
    code: Code
    title: Text


class AttendanceRule(Rule):
    """Ratios are of effective minutes to a lesson's, and of attended hours to the session's."""

    unit_minutes: Annotated[int, Field(ge=1, le=120)]
    lesson_ratio: Ratio
    completion_ratio: Ratio
    late_tolerance_minutes: Annotated[int, Field(ge=0)]
    early_tolerance_minutes: Annotated[int, Field(ge=0)]
    require_sign_out: bool
    check_share: Share = 0
    """Of the session's lessons, at least one unless 0: so many have a check in mid-class (随堂抽查)."""
    check_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    check_required: bool = False
    """Whether somebody absent from a check has not attended that lesson."""
    make_up_share: Share = 0.05
    """Of the roster: so many may be made up (补签) without the bureau."""


class PhotoRule(Rule):
    min_per_half_day: Annotated[int, Field(ge=0)]
    caption_parts: tuple[Literal["persons", "background", "photographer"], ...] = ()
    """What a caption says beside its title (DA/T 50-2014); time, place and lesson the system knows."""


class ArchiveRule(Rule):
    """What is asked of a session's archive beyond the items, and by when it is complete."""

    due_days: Annotated[int, Field(ge=0)] = 30
    """After the last day of class."""
    remind_days: tuple[Annotated[int, Field(ge=0)], ...] = (14, 7, 1)
    """So long before it is due whoever owes something is reminded."""
    roster_fields: tuple[Literal["name", "id_number", "phone", "group", "address"], ...] = ("phone",)
    """What must be known of everybody on the roster."""
    phone_verified_rate: Share = 0
    """Of the roster: so many have been reached by telephone."""
    shared_phone_limit: Annotated[int, Field(ge=1)] | None = None
    """So many people on one roster may have one telephone number; None: however many."""
    open_doubts: tuple[Literal["reuse", "denied", "clash", "twin"], ...] = ("reuse",)
    """An archive is not complete while the bureau has not decided one of these."""
    register_signatures: Literal["none", "scan", "scan_or_account"] = "none"
    """How instructor and class manager sign the register of a half-day: on the sheet that is scanned, or by account."""
    retention: Literal["permanent", "years_30", "years_10"] | None = None
    """保管期限 of the finished archive (国家档案局令第8号); None: not decided."""


class PlanningRule(Rule):
    lead_working_days: Annotated[int, Field(ge=0)]
    lead_is_limit: bool = False
    """Whether a later application is refused; otherwise it is only remarked on."""
    min_trainees: Annotated[int, Field(ge=1)] | None = None
    """On the roster of one session; None: however few."""
    max_trainees: Annotated[int, Field(ge=1)] | None = None
    budget_required: bool = False
    """Whether a session can be submitted only with a budget (经费预算)."""
    roster_change_share: Share = 0.1
    """Of the frozen roster: so many people may be added or taken off without the bureau."""
    head_approves_flagged: bool = False
    """Whether a plan that the software has doubts about needs the head besides the reviewer."""
    outline_required: bool = False
    """Whether a session can be submitted only with an approved outline (大纲)."""
    courseware_approval: bool = False
    """Whether the bureau approves courseware (课件) before a session may be pinned to it."""
    seats_are_limit: bool = True
    """Whether a roster larger than the venue refuses the application; otherwise it is only remarked on."""
    travel_kmh: Annotated[int, Field(ge=1, le=300)] = 60
    """How fast an instructor gets from one venue to the next, as the crow flies."""

    @model_validator(mode="after")
    def least_is_not_more_than_most(self) -> Self:
        if self.min_trainees and self.max_trainees and self.min_trainees > self.max_trainees:
            raise wrong(_("每期最少人数大于最多人数"))
        return self


class ReviewRule(Rule):
    """The bureau's check of a dossier and of the places in it. `second_person`: whether somebody else confirms it before the seal."""

    working_days: Annotated[int, Field(ge=1)] = 10
    second_person: Literal["never", "when_flagged", "always"] = "never"
    appeal_days: Annotated[int, Field(ge=1)] = 15
    """Calendar days after a place was excluded (剔除) in which the institution or the township may appeal."""


class EligibilityRule(Rule):
    min_age: Annotated[int, Field(ge=14)]


class RightsRule(Rule):
    """What people ask for under the law on personal information."""

    answer_working_days: Annotated[int, Field(ge=1, le=60)] = 15


class FacePolicy(Rule):
    """Distances: below `pass_below` passes, below `ask_below` a person decides."""

    enabled: bool = False
    pass_below: Annotated[float, Field(gt=0, lt=1)]
    ask_below: Annotated[float, Field(gt=0, lt=1)]
    challenge: bool = False
    second_look: Share = 0
    """Of the comparisons that pass: so many a person looks at all the same."""

    @model_validator(mode="after")
    def bands_are_in_order(self) -> Self:
        if self.pass_below > self.ask_below:
            raise wrong(_("pass_below 不能大于 ask_below"))
        return self


class FollowUpRule(Rule):
    """Days after completion, ascending. What became of somebody counts within `outcome_months` of it."""

    days: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    outcome_months: Annotated[int, Field(ge=1, le=36)] = 6

    @field_validator("days")
    @classmethod
    def ascend(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise wrong(_("跟踪天数要从小到大，不能重复"))
        return days


class MinistrySystem(Rule):
    name: Text


class Preset(Model):
    """One county's programme. Look-ups by code raise `KeyError` for a code it does not have."""

    code: ShortCode
    name: Annotated[str, Field(min_length=1, max_length=120)]
    county: Annotated[str, Field(min_length=1, max_length=32)]
    province: Text
    region_code: Annotated[str, Field(pattern=r"^\d{6}$")]
    timezone: str = "Asia/Shanghai"
    document: Document
    window: Window
    phases: tuple[Phase, ...] = ()
    mark: Mark | None = None
    place_marks: tuple[PlaceMark, ...] = ()
    phones: tuple[Phone, ...]
    fund_lines: Annotated[tuple[FundLine, ...], Field(min_length=1)]
    fund_shares: tuple[FundShare, ...] = ()
    ineligible_costs: tuple[IneligibleCost, ...] = ()
    fee_standard: FeeStandard
    targets: tuple[Target, ...] = ()
    aims: tuple[Named, ...] = ()
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    topic_match: TopicMatch
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    forms: Annotated[tuple[Named, ...], Field(min_length=1)]
    class_types: Annotated[tuple[ClassType, ...], Field(min_length=1)]
    institutions: InstitutionRule
    institution_kinds: tuple[Named, ...] = ()
    claim_modes: tuple[Named, ...] = ()
    """How money may be applied for; one project by one of them."""
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    rules: tuple[Obligation, ...] = ()
    notices: tuple[Notice, ...] = ()
    acceptance: tuple[AcceptanceStage, ...] = ()
    reports: tuple[Report, ...] = ()
    attendance: AttendanceRule
    photos: PhotoRule
    archive: ArchiveRule = ArchiveRule(source=UNCONFIRMED)
    planning: PlanningRule
    review: ReviewRule = ReviewRule(source=UNCONFIRMED)
    eligibility: EligibilityRule
    face: FacePolicy
    follow_up: FollowUpRule
    rights: RightsRule = RightsRule(
        source=UNCONFIRMED, note="个人信息保护法第五十条只说“及时”；15 个工作日是系统的建议值。"
    )
    ministry_system: MinistrySystem | None = None

    @field_validator("timezone")
    @classmethod
    def is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as unknown:
            raise wrong(_("没有“%(name)s”这个时区") % {"name": name}) from unknown
        return name

    @field_validator(
        "fund_lines",
        "fund_shares",
        "ineligible_costs",
        "targets",
        "aims",
        "categories",
        "groups",
        "forms",
        "class_types",
        "institution_kinds",
        "claim_modes",
        "items",
        "rules",
        "notices",
        "acceptance",
        "reports",
    )
    @classmethod
    def codes_differ(cls, entries: tuple[Coded, ...]) -> tuple[Coded, ...]:
        refuse_twins(_("代码"), (entry.code for entry in entries))
        return entries

    @field_validator("place_marks")
    @classmethod
    def levels_differ(cls, marks: tuple[PlaceMark, ...]) -> tuple[PlaceMark, ...]:
        refuse_twins(_("场所级别"), (mark.level for mark in marks))
        return marks

    @model_validator(mode="after")
    def names_what_exists(self) -> Self:
        categories = [category.code for category in self.categories]
        kinds = [kind.code for kind in self.class_types]
        for group in self.groups:
            refuse_strangers(_("%(name)s的课程类别") % {"name": group.name}, group.categories, categories)
        for item in self.items:
            refuse_strangers(_("档案项 %(code)s 的班型") % {"code": item.code}, item.class_types, kinds)
        lines = [line.code for line in self.fund_lines]
        refuse_strangers(_("班型的资金线"), (kind.fund_line for kind in self.class_types), lines)
        barred = (cost.fund_line for cost in self.ineligible_costs if cost.fund_line)
        refuse_strangers(_("不予支出项目的资金线"), barred, lines)
        refuse_twins(_("学员类别的名称或别名"), (word for word, _code in self._group_words()))
        named = (code for target in self.targets for code in target.groups)
        refuse_strangers(_("指标的学员类别"), named, (group.code for group in self.groups))
        check_quotas(self.targets, kinds)
        return self

    @property
    def mark_text(self) -> str:
        """Blank where the document gives none."""
        return self.mark.text if self.mark else ""

    def mark_at(self, levels: Iterable[str]) -> str:
        """What is shown at places of these levels: their own mark where it is one, else the programme's."""
        own: dict[str, str] = {mark.level: mark.text for mark in self.place_marks}
        texts = {own.get(level, self.mark_text) for level in levels}
        return texts.pop() if len(texts) == 1 else self.mark_text

    @property
    def min_institutions(self) -> int:
        return self.institutions.min_count

    @property
    def group_words(self) -> dict[str, str]:
        """What may stand in a roster's 学员类别 column, whatever the year, to the group's code."""
        return dict(self._group_words()) | {group.code: group.code for group in self.groups}

    def group_words_on(self, day: date) -> dict[str, str]:
        """Those of them that are in use on `day`: an alias has its years."""
        gone = {alias.word for group in self.groups for alias in group.aliases if not alias.covers(day)}
        return {word: code for word, code in self.group_words.items() if word not in gone}

    def _group_words(self) -> Iterator[tuple[str, str]]:
        return (
            (word, group.code)
            for group in self.groups
            for word in (group.name, *(alias.word for alias in group.aliases))
        )

    def category(self, code: str) -> Category:
        return by_code(self.categories, code)

    def topics(self, category: str) -> tuple[Topic, ...]:
        return self.category(category).topics

    def group(self, code: str) -> Group:
        return by_code(self.groups, code)

    def form(self, code: str) -> Named:
        return by_code(self.forms, code)

    def class_type(self, code: str) -> ClassType:
        return by_code(self.class_types, code)

    def fund_line(self, code: str) -> FundLine:
        return by_code(self.fund_lines, code)

    def target(self, code: str) -> Target:
        return by_code(self.targets, code)

    def items_for(self, class_type: str) -> tuple[Item, ...]:
        """What the dossier of a session of this class type must hold."""
        return tuple(item for item in self.items if not item.class_types or class_type in item.class_types)

    def item(self, code: str) -> Item:
        return by_code(self.items, code)

    def rule(self, code: str) -> Obligation:
        return by_code(self.rules, code)

    @property
    def unconfirmed(self) -> list[str]:
        """Paths of every value that the document does not give and the county has not confirmed yet."""
        return [path for name in Preset.model_fields for path in _unconfirmed(name, getattr(self, name))]


def _unconfirmed(path: str, value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for number, entry in enumerate(value):
            yield from _unconfirmed(f"{path}.{getattr(entry, 'code', number)}", entry)
    elif isinstance(value, Rule):
        yield from (f"{path}.{name}" for name in value.open_fields)
    elif value is None:
        yield path
