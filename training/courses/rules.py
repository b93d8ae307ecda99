"""Topics and hours: an outline against the category's matrix, a timetable against its outline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from training.programmes.preset import Category, TopicMatch


def in_hours(minutes: int, unit_minutes: int) -> str:
    """学时 for people: 135 minutes at 45 → "3", 100 → "2.2"."""
    return f"{minutes / unit_minutes:.1f}".removesuffix(".0")


def in_minutes(hours: Decimal, unit_minutes: int) -> int:
    """学时 as they were typed: 2.5 at 45 → 112, to the even minute at a half."""
    return round(hours * unit_minutes)


@dataclass(frozen=True)
class Part:
    """Some minutes of one topic, theory or practice: a lesson, or a line of an outline."""

    topic: str
    minutes: int
    practical: bool = False


@dataclass(frozen=True)
class Notice:
    """Something seen before a person reads it; it refuses nothing.

    `well` false: worth a question. `soft`: the document only stresses it (着重) and gives no measure.
    """

    well: bool
    text: str
    clause: str = ""
    soft: bool = False


def called(topic: str, category: Category) -> str:
    """The matrix's own name for a topic that goes by an alias; other topics as they are."""
    return next((own.name for own in category.topics if own.is_called(topic)), topic)


def is_own(topic: str, category: Category) -> bool:
    """Whether the matrix has this topic, or an alias of it, for the category."""
    return any(own.is_called(topic) for own in category.topics)


def minutes_by_topic(parts: Iterable[Part], category: Category) -> dict[str, int]:
    """In the order in which the topics first come."""
    minutes: dict[str, int] = defaultdict(int)
    for part in parts:
        minutes[called(part.topic, category)] += part.minutes
    return dict(minutes)


def topic_share(category: Category, match: TopicMatch, parts: Iterable[Part], unit: int) -> Notice | None:
    """How much of the time goes to the category's own topics; None while there is no time at all.

    以…为主 is taken as `match.min_share` of the hours. 着重 is an emphasis: the same share is looked at,
    and what falls short is only pointed out. `unit` is the minutes of one 学时.
    """
    minutes = minutes_by_topic(parts, category)
    total = sum(minutes.values())
    if not total:
        return None
    own = sum(spent for topic, spent in minutes.items() if is_own(topic, category))
    soft = category.weight == "emphasis"
    said = {"category": category.name, "share": 100 * own / total, "least": 100 * match.min_share}
    text = (_stressed if soft else _mainly)() % said
    if others := [(topic, spent) for topic, spent in minutes.items() if not is_own(topic, category)]:
        named = _("、").join(
            _("%(topic)s %(hours)s 学时") % {"topic": topic, "hours": in_hours(spent, unit)}
            for topic, spent in others
        )
        text = _("%(said)s不属于本类别的专题：%(topics)s。") % {"said": text, "topics": named}
    return Notice(own / total >= match.min_share, text, category.clause, soft)


def _mainly() -> str:
    return _("“%(category)s”的专题占全部课时的 %(share).0f %%（要求不低于 %(least).0f %%）。")


def _stressed() -> str:
    return _(
        "“%(category)s”着重的专题占全部课时的 %(share).0f %%"
        "（“着重”没有写比例，低于 %(least).0f %% 只作提醒）。"
    )


@dataclass(frozen=True)
class Spent:
    """Minutes of one topic."""

    theory: int = 0
    practised: int = 0

    @property
    def total(self) -> int:
        return self.theory + self.practised

    def __add__(self, part: Part) -> Spent:
        if part.practical:
            return Spent(self.theory, self.practised + part.minutes)
        return Spent(self.theory + part.minutes, self.practised)


@dataclass(frozen=True)
class TopicLine:
    """One topic: what the outline gives it, what the timetable does, what was held. `outline` None: has none."""

    topic: str
    own: bool
    outline: Spent | None
    timetable: Spent
    held: Spent
    has_courseware: bool


def topic_lines(
    category: Category,
    outline: Sequence[Part] | None,
    timetable: Sequence[Part],
    held: Sequence[Part] = (),
    with_courseware: Collection[str] = (),
) -> tuple[TopicLine, ...]:
    """Every topic once: the outline's in its order, then whatever else is taught."""
    planned, scheduled, done = (_spent(parts, category) for parts in (outline or (), timetable, held))
    covered = {called(topic, category) for topic in with_courseware}
    return tuple(
        TopicLine(
            topic,
            is_own(topic, category),
            None if outline is None else planned.get(topic, Spent()),
            scheduled.get(topic, Spent()),
            done.get(topic, Spent()),
            topic in covered,
        )
        for topic in dict.fromkeys([*planned, *scheduled])
    )


def _spent(parts: Iterable[Part], category: Category) -> dict[str, Spent]:
    spent: dict[str, Spent] = defaultdict(Spent)
    for part in parts:
        spent[called(part.topic, category)] += part
    return dict(spent)


def gaps(lines: Iterable[TopicLine], unit: int) -> list[str]:
    """In words, where the timetable is not what the outline says; nothing where there is no outline."""
    return [gap for line in lines if line.outline is not None for gap in _gaps(line, line.outline, unit)]


def _gaps(line: TopicLine, outline: Spent, unit: int) -> Iterator[str]:
    said = {
        "topic": line.topic,
        "planned": in_hours(outline.total, unit),
        "scheduled": in_hours(line.timetable.total, unit),
        "practice": in_hours(outline.practised, unit),
        "practised": in_hours(line.timetable.practised, unit),
    }
    if not outline.total:
        yield _("课表有“%(topic)s” %(scheduled)s 学时，大纲里没有。") % said
    elif not line.timetable.total:
        yield _("大纲 %(planned)s 学时“%(topic)s”，课表没有排。") % said
    elif said["planned"] != said["scheduled"] and line.timetable.total < outline.total:
        yield _("大纲 %(planned)s 学时“%(topic)s”，课表只排了 %(scheduled)s 学时。") % said
    elif said["planned"] != said["scheduled"]:
        yield _("大纲 %(planned)s 学时“%(topic)s”，课表排了 %(scheduled)s 学时。") % said
    if line.timetable.total and line.timetable.practised < outline.practised:
        yield _("大纲“%(topic)s”实操 %(practice)s 学时，课表只排了 %(practised)s 学时实操。") % said


@dataclass(frozen=True)
class OutlineLine:
    """A row of an outline as somebody writes it."""

    topic: str
    hours: Decimal
    practical: bool = False
    method: str = ""
    aims: str = ""

    @property
    def key(self) -> tuple[str, bool]:
        return self.topic, self.practical

    def __str__(self) -> str:
        if self.practical:
            return _("“%(topic)s”（实操）") % {"topic": self.topic}
        return _("“%(topic)s”") % {"topic": self.topic}


def outline_changes(before: Sequence[OutlineLine], after: Sequence[OutlineLine]) -> list[str]:
    """In words, what became of a version in the next; empty when they say the same."""
    old, new = {line.key: line for line in before}, {line.key: line for line in after}
    found = [
        *(_("增加%(line)s %(hours)s 学时。") % _said(new[key]) for key in new if key not in old),
        *(_("删去%(line)s %(hours)s 学时。") % _said(old[key]) for key in old if key not in new),
    ]
    for key, line in new.items():
        if key in old:
            found += _differences(old[key], line)
    kept = [[key for key in lines if key in old and key in new] for lines in (old, new)]
    if kept[0] != kept[1]:
        found.append(_("专题的先后顺序有变。"))
    totals = [sum((line.hours for line in lines), Decimal(0)) for lines in (before, after)]
    if totals[0] != totals[1]:
        found.append(
            _("总学时由 %(old)s 改为 %(new)s。") % {"old": plain(totals[0]), "new": plain(totals[1])}
        )
    return found


def plain(hours: Decimal) -> str:
    """3.0 → "3", 2.5 → "2.5"."""
    return f"{hours:.1f}".removesuffix(".0")


def _said(line: OutlineLine) -> Mapping[str, str]:
    return {"line": str(line), "hours": plain(line.hours)}


def _differences(old: OutlineLine, new: OutlineLine) -> Iterator[str]:
    if old.hours != new.hours:
        yield _("%(line)s由 %(old)s 学时改为 %(new)s 学时。") % {
            "line": str(new),
            "old": plain(old.hours),
            "new": plain(new.hours),
        }
    if old.method != new.method:
        yield _("%(line)s的教学方式由“%(old)s”改为“%(new)s”。") % {
            "line": str(new),
            "old": old.method or _("没有写"),
            "new": new.method or _("没有写"),
        }
    if old.aims != new.aims:
        yield _("%(line)s的教学目标由“%(old)s”改为“%(new)s”。") % {
            "line": str(new),
            "old": old.aims or _("没有写"),
            "new": new.aims or _("没有写"),
        }
