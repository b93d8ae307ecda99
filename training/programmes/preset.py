"""A programme's rules as data: the schema. `preset_file.py` reads it from YAML.

Every rule says where it comes from: a clause quoted from the county's document, or 待确认 where the
document is silent. `Preset.model_dump(mode="json")` is what a rule set stores;
`Preset.model_validate(body)` gives it back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

UNCONFIRMED: Literal["待确认"] = "待确认"

Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
Text = Annotated[str, Field(min_length=1)]
Ratio = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]


def wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("preset", message)


def _fen(amount: object) -> object:
    """'180 万元' and '2500 元' become integer fen; an integer is fen already."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(万?)元", amount) if isinstance(amount, str) else None
    if match:
        return int(Decimal(match[1]) * (1_000_000 if match[2] else 100))
    if type(amount) is int:
        return amount
    raise wrong("金额要写明单位，例如“180 万元”或“2500 元”")


Fen = Annotated[int, BeforeValidator(_fen), Field(ge=0)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Clause(Model):
    """A sentence of the county's document, word for word."""

    place: Text
    text: Text

    @field_validator("text")
    @classmethod
    def is_in_the_document(cls, text: str, info: ValidationInfo) -> str:
        """Checked only where the loader has the document at hand."""
        document: str | None = (info.context or {}).get("document")
        if document is not None and _squeezed(text) not in _squeezed(document):
            raise wrong("引文在文件原文中找不到，请逐字引用")
        return text

    def __str__(self) -> str:
        return f"{self.place}：“{self.text}”"


def _squeezed(text: str) -> str:
    return "".join(text.split())


Source = Annotated[
    Annotated[Clause, Tag("#clause")] | Annotated[Literal["待确认"], Tag("#unconfirmed")],
    Discriminator(lambda value: "#unconfirmed" if isinstance(value, str) else "#clause"),
]


class Rule(Model):
    """Something the programme demands, with where that stands.

    `unconfirmed` names fields whose value the clause calls for without giving it.
    """

    source: Source
    unconfirmed: tuple[str, ...] = ()

    @model_validator(mode="after")
    def unconfirmed_names_fields(self) -> Self:
        for name in self.unconfirmed:
            if name not in type(self).model_fields:
                raise wrong(f"unconfirmed 里的“{name}”不是这条规则的字段")
        return self

    @property
    def clause(self) -> str:
        """Place and quotation for people, or 待确认."""
        return str(self.source)


class Named(Rule):
    """A word of one of the programme's lists."""

    code: Code
    name: Text


class Document(Model):
    file: Text
    title: Text
    issuer: Text
    issued_on: date


class Window(Rule):
    starts_on: date
    ends_on: date

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Self:
        if self.ends_on < self.starts_on:
            raise wrong("结束日期早于开始日期")
        return self

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


class Phase(Window):
    name: Text


class Mark(Rule):
    text: Text


class Phone(Rule):
    label: Text
    number: Annotated[str, Field(pattern=r"^[0-9-]{3,20}$")]

    def __str__(self) -> str:
        return f"{self.label} {self.number}"


class FundLine(Named):
    """Amounts are integer fen; the sources add up to the total."""

    total_fen: Fen
    central_fen: Fen = 0
    province_fen: Fen = 0
    county_fen: Fen = 0
    social_fen: Fen = 0

    @model_validator(mode="after")
    def sources_add_up(self) -> Self:
        parts = self.central_fen + self.province_fen + self.county_fen + self.social_fen
        if parts != self.total_fen:
            raise wrong(f"各来源合计 {_wan(parts)} 万元，与总额 {_wan(self.total_fen)} 万元不符")
        return self


def _wan(fen: int) -> str:
    return f"{Decimal(fen) / 1_000_000:f}"


class IneligibleCost(Named):
    fund_line: Code = "training"


class FeeStandard(Rule):
    name: Text
    number: Text
    alternative: str = ""


class Target(Rule):
    """`new_only`: only sessions of this programme, inside its window, count."""

    code: Code
    metric: Text
    value: Annotated[int, Field(gt=0)]
    unit: Literal["人次", "人", "场", "家", "村", "%"]
    new_only: bool = False
    due_on: date


class Topic(Model):
    code: Code
    name: Text
    aliases: tuple[str, ...] = ()

    def is_called(self, words: str) -> bool:
        return words in (self.name, *self.aliases)


class Category(Named):
    """A course category; `weight` is the document's 以…为主 or 着重."""

    weight: Literal["main", "emphasis"]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def topics_stand_in_the_clause(self) -> Self:
        _no_twins("专题代码", (topic.code for topic in self.topics))
        for topic in self.topics:
            if isinstance(self.source, Clause) and topic.name not in self.source.text:
                raise wrong(f"专题“{topic.name}”不在所引条文里")
        return self


class TopicMatch(Rule):
    """Of a category's hours, the share above which its own topics are 为主."""

    min_share: Ratio


class Group(Named):
    """A trainee group; `categories` are the course categories that suit it."""

    aliases: tuple[str, ...] = ()
    categories: tuple[Code, ...] = ()


class ClassType(Named):
    """`required_rates`: rates an agreement must set before such a class can be planned."""

    required_rates: tuple[str, ...] = ()
    fund_line: Code = "training"


class InstitutionRule(Rule):
    min_count: Annotated[int, Field(ge=1)]


class Item(Rule):
    """One of the things a dossier must hold."""

    code: Annotated[str, Field(pattern=r"^[AX][1-9]\d?$")]
    title: Text
    supplied_by: Annotated[tuple[Literal["institution", "bureau", "system"], ...], Field(min_length=1)]
    alternatives: str = ""


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


class PlanningRule(Rule):
    lead_working_days: Annotated[int, Field(ge=0)]


class EligibilityRule(Rule):
    min_age: Annotated[int, Field(ge=14)]


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
            raise wrong("pass_below 不能大于 ask_below")
        return self


class FollowUpRule(Rule):
    """Days after completion, ascending."""

    days: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]

    @field_validator("days")
    @classmethod
    def ascend(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise wrong("跟踪天数要从小到大，不能重复")
        return days


class MinistrySystem(Rule):
    name: Text


class HasCode(Protocol):
    @property
    def code(self) -> str: ...


Coded = TypeVar("Coded", bound=HasCode)


class Preset(Model):
    """One county's programme. Look-ups by code raise `KeyError` for a code it does not have."""

    code: Code
    name: Text
    county: Text
    province: Text
    region_code: Annotated[str, Field(pattern=r"^\d{6}$")]
    timezone: str = "Asia/Shanghai"
    document: Document
    window: Window
    phases: tuple[Phase, ...] = ()
    mark: Mark
    phones: tuple[Phone, ...]
    fund_lines: Annotated[tuple[FundLine, ...], Field(min_length=1)]
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
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    rules: tuple[Obligation, ...] = ()
    attendance: AttendanceRule
    photos: PhotoRule
    planning: PlanningRule
    eligibility: EligibilityRule
    face: FacePolicy
    follow_up: FollowUpRule
    ministry_system: MinistrySystem | None = None

    @field_validator("timezone")
    @classmethod
    def is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError) as unknown:
            raise wrong(f"没有“{name}”这个时区") from unknown
        return name

    @field_validator(
        "fund_lines",
        "ineligible_costs",
        "targets",
        "aims",
        "categories",
        "groups",
        "forms",
        "class_types",
        "institution_kinds",
        "items",
        "rules",
    )
    @classmethod
    def codes_differ(cls, entries: tuple[Coded, ...]) -> tuple[Coded, ...]:
        _no_twins("代码", (entry.code for entry in entries))
        return entries

    @model_validator(mode="after")
    def names_what_exists(self) -> Self:
        categories = {category.code for category in self.categories}
        lines = {line.code for line in self.fund_lines}
        for group in self.groups:
            _known(f"{group.name}的课程类别", group.categories, categories)
        _known("班型的资金线", (kind.fund_line for kind in self.class_types), lines)
        _known(
            "不予支出项目的资金线",
            (cost.fund_line for cost in self.ineligible_costs),
            lines,
        )
        _no_twins("学员类别的名称或别名", (word for word, _code in self._group_words()))
        return self

    @property
    def mark_text(self) -> str:
        return self.mark.text

    @property
    def min_institutions(self) -> int:
        return self.institutions.min_count

    @property
    def group_words(self) -> dict[str, str]:
        """What may stand in a roster's 学员类别 column, to the group's code."""
        return dict(self._group_words()) | {group.code: group.code for group in self.groups}

    def _group_words(self) -> Iterator[tuple[str, str]]:
        return ((word, group.code) for group in self.groups for word in (group.name, *group.aliases))

    def category(self, code: str) -> Category:
        return _by_code(self.categories, code)

    def topics(self, category: str) -> tuple[Topic, ...]:
        return self.category(category).topics

    def group(self, code: str) -> Group:
        return _by_code(self.groups, code)

    def form(self, code: str) -> Named:
        return _by_code(self.forms, code)

    def class_type(self, code: str) -> ClassType:
        return _by_code(self.class_types, code)

    def fund_line(self, code: str) -> FundLine:
        return _by_code(self.fund_lines, code)

    def target(self, code: str) -> Target:
        return _by_code(self.targets, code)

    def item(self, code: str) -> Item:
        return _by_code(self.items, code)

    def rule(self, code: str) -> Obligation:
        return _by_code(self.rules, code)

    def cite(self, rule: Rule) -> str:
        """A rule's source in one line, with the document and its file; 待确认 stays as it is."""
        if not isinstance(rule.source, Clause):
            return rule.source
        return f"《{self.document.title}》（{self.document.file}）{rule.source}"

    @property
    def unconfirmed(self) -> list[str]:
        """Paths of every value the document does not give, for the county to confirm."""
        return [path for name in Preset.model_fields for path in _unconfirmed(name, getattr(self, name))]


def _unconfirmed(path: str, value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for number, entry in enumerate(value):
            yield from _unconfirmed(f"{path}.{getattr(entry, 'code', number)}", entry)
    elif isinstance(value, Rule):
        fields = sorted(type(value).model_fields.keys() - {"source", "unconfirmed", "code"})
        names = fields if value.source == UNCONFIRMED else value.unconfirmed
        yield from (f"{path}.{name}" for name in names)


def _by_code(entries: Iterable[Coded], code: str) -> Coded:
    for entry in entries:
        if entry.code == code:
            return entry
    raise KeyError(code)


def _no_twins(what: str, words: Iterable[str]) -> None:
    twins = [word for word, count in Counter(words).items() if count > 1]
    if twins:
        raise wrong(f"{what}重复：{'、'.join(twins)}")


def _known(what: str, codes: Iterable[str], known: set[str]) -> None:
    strangers = sorted(set(codes) - known)
    if strangers:
        raise wrong(f"{what}不存在：{'、'.join(strangers)}")
