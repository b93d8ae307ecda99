"""Who may take part in a session (资格审核): what speaks against an application, in words.

A reviewer decides; only what is `barred` can't be passed, because the roster would refuse it as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

APPLIED_BEFORE: Final = "applied_before"


@dataclass(frozen=True)
class Doubt:
    code: str
    message: str
    barred: bool = False


@dataclass(frozen=True)
class Demands:
    """What a session asks of those who come.

    `suits` leads from each group's code to the course categories that suit it, none meaning all of them.
    """

    min_age: int
    category: str
    suits: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Elsewhere:
    """Another session that the person is or was in, or has applied for."""

    label: str
    same_time: bool
    same_class_type: bool
    completed: bool = False
    only_applied: bool = False


@dataclass(frozen=True)
class Candidate:
    """What is known of a person on the first day of the session; `known_*` are None for whoever is new.

    `earlier` says whether the same person has applied for this session before.
    """

    age: int
    name: str
    phone: str
    group: str
    known_name: str | None = None
    known_phone: str | None = None
    on_roster: bool = False
    earlier: bool = False
    elsewhere: tuple[Elsewhere, ...] = field(default=())


def doubts(person: Candidate, demands: Demands) -> list[Doubt]:
    """Codes: under_age, on_roster, name_differs (all three barred), applied_before, phone_differs, no_group,
    group_does_not_suit, completed_before, same_time."""
    return [
        *_about_age(person.age, demands.min_age),
        *_about_this_session(person),
        *_about_the_pool(person),
        *_about_group(person.group, demands),
        *_about_elsewhere(person.elsewhere),
    ]


def _about_age(age: int, least: int) -> Iterator[Doubt]:
    if age < least:
        message = _("开班时 %(age)d 周岁，未满 %(least)d 周岁，不能参加培训。")
        yield Doubt("under_age", message % {"age": age, "least": least}, barred=True)


def _about_this_session(person: Candidate) -> Iterator[Doubt]:
    if person.on_roster:
        yield Doubt("on_roster", _("已经在本期名册上，不用再录取。"), barred=True)
    elif person.earlier:
        yield Doubt(APPLIED_BEFORE, _("这个人在本期已有一份更早的报名，请只留一份。"))


def _about_the_pool(person: Candidate) -> Iterator[Doubt]:
    if person.known_name is not None and person.known_name != person.name:
        message = _("这个身份证号在学员库里是另一个姓名，请对照身份证核对姓名和号码。")
        yield Doubt("name_differs", message, barred=True)
    elif person.phone and person.known_phone and person.known_phone != person.phone:
        yield Doubt(
            "phone_differs", _("手机号与学员库里登记的不同，请打原来的号码或当面核对是不是本人报名。")
        )


def _about_group(group: str, demands: Demands) -> Iterator[Doubt]:
    if not group:
        yield Doubt("no_group", _("没有选学员类别，请核对后由机构在名册上补。"))
        return
    suited = demands.suits.get(group, ())
    if suited and demands.category not in suited:
        # The group isn't named: it may be sensitive, and everybody who decides reads this.
        yield Doubt(
            "group_does_not_suit", _("所填的学员类别一般不参加这一类课程，请核对学员类别和所报的班。")
        )


def _about_elsewhere(elsewhere: Iterable[Elsewhere]) -> Iterator[Doubt]:
    for other in sorted(elsewhere, key=lambda other: (not other.same_time, other.label)):
        if other.same_time:
            said = _("上课时间与%(session)s重叠，他也报了那一期。")
            if not other.only_applied:
                said = _("上课时间与%(session)s重叠，他在那一期的名册上。")
            yield Doubt("same_time", said % {"session": other.label})
        elif other.same_class_type and other.completed:
            message = _("已在%(session)s结业，班型相同，请核对是否重复培训。")
            yield Doubt("completed_before", message % {"session": other.label})
