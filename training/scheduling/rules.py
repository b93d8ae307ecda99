"""Timetable rules: what can't be, and what a person should look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from math import asin, cos, radians, sin, sqrt
from typing import Final, Protocol

from django.utils.translation import gettext_lazy as _

from training.core.working_days import full_working_days, holiday, is_published, is_worked_instead
from training.programmes.preset import PlanningRule
from training.scheduling.choices import HalfDay

SPEED_KMH: Final = 60
"""Distance ÷ 60 km/h, where a programme says nothing else. As the crow flies, so that what it calls
impossible is so by any road."""
AREA_PER_PERSON_M2: Final = 1.2
"""A room holds its area ÷ 1.2 m², or its seats if these are fewer."""
FEE_HOURS_PER_HALF_DAY: Final = 4
FEE_CLAUSE: Final = "财行〔2016〕540号 第十条：讲课费按实际发生的学时计算，每半天最多按4学时计算"
EVENING: Final = time(19, 0)
NOON: Final = time(12, 30)
EARTH_RADIUS_KM: Final = 6371.0

WORDS: Final = {
    "backwards": _("结束时间要晚于开始时间。"),
    "outside_window": _("日期不在项目期内（%(start)s 至 %(end)s）。"),
    "venue_retired": _("%(name)s已于 %(on)s 停用，请换一个场地。"),
    "may_not_teach": _("%(fault)s"),
    "instructor_taken": _("授课人%(name)s这段时间在%(where)s"),
    "instructor_elsewhere": _("授课人%(name)s该时段已有其他课程"),
    "venue_taken": _("%(name)s这段时间被%(where)s占用"),
    "session_busy": _("本期%(where)s已占用这段时间"),
    "travel": _(
        "授课人%(name)s从%(origin)s到%(target)s直线 %(km)s 公里，按每小时 %(speed)s 公里至少要 %(need)s 分钟，"
        "与%(where)s之间只有 %(gap)s 分钟。"
    ),
    "long_half_day": _(
        "授课人%(name)s %(on)s %(half)s共 %(hours)s 学时；讲课费每半天最多按 %(limit)s 学时计算。"
    ),
    "evening": _("%(on)s 的课上到 %(end)s，请确认场地照明和学员回家的安排。"),
    "capacity": _("名册 %(people)s 人，%(name)s只容 %(room)s 人。"),
    "holiday": _("%(on)s 是法定假日（%(name)s）。"),
    "worked_instead": _("%(on)s 是调休上班日。"),
    "unpublished": _("%(on)s 那一年的节假日安排还没有公布，按周一至周五算工作日。"),
    "trainee_taken": _("学员%(name)s在%(where)s的名册上，%(on)s %(start)s 的课时间冲突。"),
    "fair_at_venue": _("%(on)s %(start)s–%(end)s %(name)s有用工对接会。"),
    "fair_has_stations": _("%(on)s %(start)s–%(end)s 本机构在用的 %(count)s 台签到终端都在用工对接会上。"),
    "stations_short": _(
        "%(on)s %(start)s 本机构有 %(places)s 处同时上课，在用的签到终端只有 %(stations)s 台。"
    ),
}


TIMED: Final = frozenset({"on", "start", "end"})
TOLD_BY: Final[Mapping[str, frozenset[str]]] = {
    "backwards": frozenset({"start", "end"}),
    "outside_window": frozenset({"on"}),
    "venue_retired": frozenset({"on", "venue_id"}),
    "may_not_teach": frozenset({"on", "instructor_id"}),
    "instructor_taken": TIMED | {"instructor_id"},
    "instructor_elsewhere": TIMED | {"instructor_id"},
    "venue_taken": TIMED | {"venue_id"},
    "session_busy": TIMED,
    "travel": TIMED | {"instructor_id", "venue_id"},
    "long_half_day": TIMED | {"instructor_id"},
    "evening": frozenset({"on", "end"}),
    "capacity": frozenset({"venue_id"}),
    "holiday": frozenset({"on"}),
    "worked_instead": frozenset({"on"}),
    "unpublished": frozenset({"on"}),
    "trainee_taken": TIMED,
    "fair_at_venue": TIMED | {"venue_id"},
    "fair_has_stations": TIMED,
    "stations_short": TIMED | {"venue_id"},
}
"""What of a lesson must be known for a finding to mean anything."""


@dataclass(frozen=True)
class Finding:
    """`refuses`: the lesson can't be so. Otherwise it can, and somebody should know."""

    code: str
    refuses: bool
    params: Mapping[str, str] = field(default_factory=dict)
    clause: str = ""

    @property
    def message(self) -> str:
        return str(WORDS[self.code]) % dict(self.params)


class Period(Protocol):
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...


@dataclass(frozen=True)
class Place:
    """`point` is (latitude, longitude) in degrees, None where nobody entered it."""

    id: int
    name: str
    seats: int
    area_m2: int | None = None
    point: tuple[float, float] | None = None
    retired_on: date | None = None

    @property
    def room(self) -> int:
        """People it holds."""
        return min(self.seats, int(self.area_m2 / AREA_PER_PERSON_M2)) if self.area_m2 else self.seats


@dataclass(frozen=True)
class LessonSlot:
    """A lesson as planned; `label` names it in sentences, times are in the county's zone.

    `instructor` is one number for one person, whichever institution presents them. `fault` says why they
    can't teach that day, "" if they can. `hidden`: nothing may be said of where and whose this lesson is.
    """

    label: str
    session: int
    starts_at: datetime
    ends_at: datetime
    instructor: tuple[int, str]
    venue: Place
    fault: str = ""
    hidden: bool = False

    @property
    def on(self) -> date:
        return self.starts_at.date()

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    def overlaps(self, other: LessonSlot) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Frame:
    """What a timetable is held against; `people` on the roster, 0 before there is one.

    `seats_are_limit`: more of them than the venue holds is refused.
    """

    window: Period
    unit_minutes: int
    people: int = 0
    travel_kmh: int = SPEED_KMH
    seats_are_limit: bool = True


def lead(planning: PlanningRule, first: date, submitted_on: date) -> tuple[bool, str]:
    """Whether there is time enough between handing in and the first day, and how much there is."""
    between, least = full_working_days(submitted_on, first), planning.lead_working_days
    said = _("%(on)s 提交，%(first)s 开课，中间 %(between)s 个工作日（要求不少于 %(least)s 个）。") % {
        "on": f"{submitted_on}",
        "first": f"{first}",
        "between": between,
        "least": least,
    }
    return between >= least, str(said)


def half_day(start: datetime) -> HalfDay:
    """上午 before 12:30 county time, the customary split of paper registers."""
    return HalfDay.AM if start.time() < NOON else HalfDay.PM


def findings(slot: LessonSlot, others: Sequence[LessonSlot], frame: Frame) -> list[Finding]:
    """Everything about this lesson beside the `others`, refusals first."""
    if slot.ends_at <= slot.starts_at:
        return [Finding("backwards", refuses=True)]
    return [
        *out_of_place(slot, frame),
        *clashes(slot, others),
        *impossible_travel(slot, others, frame.travel_kmh),
        *over_the_fee(slot, others, frame.unit_minutes),
        *crowded(slot, frame.people, binding=frame.seats_are_limit),
        *unusual_time(slot),
    ]


def told_by(found: Iterable[Finding], known: Collection[str]) -> list[Finding]:
    """Those that already mean something while only this much of a lesson is known."""
    return [finding for finding in found if TOLD_BY[finding.code] <= set(known)]


def refusals(found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.refuses]


def out_of_place(slot: LessonSlot, frame: Frame) -> list[Finding]:
    """Outside the programme's time, in a place that is given up, or by somebody who may not teach that day."""
    found = []
    start, end, retired = frame.window.starts_on, frame.window.ends_on, slot.venue.retired_on
    if not start <= slot.on <= end:
        found.append(Finding("outside_window", True, {"start": f"{start}", "end": f"{end}"}))
    if retired and retired <= slot.on:
        found.append(Finding("venue_retired", True, {"name": slot.venue.name, "on": f"{retired}"}))
    if slot.fault:
        found.append(Finding("may_not_teach", True, {"fault": slot.fault}))
    return found


def clashes(slot: LessonSlot, others: Iterable[LessonSlot]) -> list[Finding]:
    """Everything this lesson would collide with; touching ends do not collide."""
    return [finding for other in others if slot.overlaps(other) for finding in _clashes_with(slot, other)]


def _clashes_with(slot: LessonSlot, other: LessonSlot) -> list[Finding]:
    same_instructor = slot.instructor[0] == other.instructor[0]
    found = []
    if same_instructor and other.hidden:
        found.append(Finding("instructor_elsewhere", True, {"name": slot.instructor[1]}))
    elif same_instructor:
        params = {"name": slot.instructor[1], "where": other.label}
        found.append(Finding("instructor_taken", True, params))
    if slot.venue.id == other.venue.id:
        found.append(Finding("venue_taken", True, {"name": slot.venue.name, "where": other.label}))
    if slot.session == other.session and not same_instructor:
        found.append(Finding("session_busy", True, {"where": other.label}))
    return found


def impossible_travel(slot: LessonSlot, others: Iterable[LessonSlot], kmh: int = SPEED_KMH) -> list[Finding]:
    """The instructor can't get from one of that day's places to this one, or from here to the next, in time.

    Places that may not be told of are left out: the distance would tell.
    """
    return [
        finding
        for other in others
        if other.instructor[0] == slot.instructor[0] and other.on == slot.on
        if not other.hidden and not slot.overlaps(other)
        for finding in _travel(slot, other, kmh)
    ]


def _travel(slot: LessonSlot, other: LessonSlot, kmh: int) -> list[Finding]:
    km = distance_km(slot.venue.point, other.venue.point)
    first, second = sorted((slot, other), key=lambda one: one.starts_at)
    gap = int((second.starts_at - first.ends_at).total_seconds() // 60)
    need = km / kmh * 60
    if gap >= need:
        return []
    params = {
        "name": slot.instructor[1],
        "origin": first.venue.name,
        "target": second.venue.name,
        "km": f"{km:.1f}",
        "speed": f"{kmh}",
        "need": f"{int(need) + 1}",
        "where": other.label,
        "gap": f"{gap}",
    }
    return [Finding("travel", False, params)]


def distance_km(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float:
    """As the crow flies (haversine); 0 where a point is not known, so that nobody is accused of it."""
    if one is None or other is None:
        return 0.0
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, point)) for point in (one, other))
    chord = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


def near_china(latitude: float, longitude: float) -> bool:
    """Whether a point can be a venue at all; of two numbers in the wrong order it says no."""
    return 3 <= latitude <= 54 and 73 <= longitude <= 136


def over_the_fee(slot: LessonSlot, others: Iterable[LessonSlot], unit_minutes: int) -> list[Finding]:
    """More 学时 of one instructor in a half-day than a lecture fee is paid for."""
    half = half_day(slot.starts_at)
    beside = [
        other.minutes
        for other in others
        if other.instructor[0] == slot.instructor[0]
        and not other.hidden
        and (other.on, half_day(other.starts_at)) == (slot.on, half)
    ]
    hours = (slot.minutes + sum(beside)) / unit_minutes
    if hours <= FEE_HOURS_PER_HALF_DAY:
        return []
    params = {
        "name": slot.instructor[1],
        "on": f"{slot.on}",
        "half": str(half.label),
        "hours": f"{hours:.1f}".removesuffix(".0"),
        "limit": f"{FEE_HOURS_PER_HALF_DAY}",
    }
    return [Finding("long_half_day", False, params, FEE_CLAUSE)]


def crowded(slot: LessonSlot, people: int, *, binding: bool = True) -> list[Finding]:
    """More `people` than the room holds; `binding` where the county's rules refuse that."""
    room = slot.venue.room
    if people <= room:
        return []
    params = {"people": f"{people}", "name": slot.venue.name, "room": f"{room}"}
    return [Finding("capacity", binding, params)]


def unusual_time(slot: LessonSlot) -> list[Finding]:
    """An unusual day, or an end after `EVENING`."""
    found = unusual_day(slot.on)
    if slot.ends_at.time() > EVENING:
        found.append(Finding("evening", False, {"on": f"{slot.on}", "end": f"{slot.ends_at:%H:%M}"}))
    return found


def unusual_day(day: date) -> list[Finding]:
    """A class on a holiday is unusual and not forbidden: villagers have time then."""
    if name := holiday(day):
        return [Finding("holiday", False, {"on": f"{day}", "name": name})]
    if is_worked_instead(day):
        return [Finding("worked_instead", False, {"on": f"{day}"})]
    return [] if is_published(day) else [Finding("unpublished", False, {"on": f"{day}"})]


def double_booked(
    lessons: Sequence[LessonSlot], elsewhere: Iterable[tuple[str, LessonSlot]], settled: Collection[int] = ()
) -> list[Finding]:
    """People of this roster who should be in two places: one finding a person and session, the first clash.

    `elsewhere` has a person's name with a lesson of another roster they stand on. Refused where that session
    is one of the `settled`: handed in, so that its roster stands.
    """
    found: dict[tuple[str, int], Finding] = {}
    for name, other in sorted(elsewhere, key=lambda place: place[1].starts_at):
        if any(lesson.overlaps(other) for lesson in lessons):
            params = {
                "name": name,
                "where": other.label,
                "on": f"{other.on}",
                "start": f"{other.starts_at:%H:%M}",
            }
            binding = other.session in settled
            found.setdefault((name, other.session), Finding("trainee_taken", binding, params))
    return list(found.values())


def short_of_stations(
    lessons: Sequence[LessonSlot],
    others: Sequence[LessonSlot],
    stations: int,
    settled: Collection[int] = (),
) -> list[Finding]:
    """Where an institution's lessons at one time are at more places than it has stations; 0 is said elsewhere.

    Refused where those of the `settled` sessions, which were handed in, leave none over.
    """
    if not stations:
        return []
    found = []
    firm = [other for other in others if other.session in settled]
    for lesson in lessons:
        places = _most_places(lesson, others)
        if places > stations:
            params = {
                "on": f"{lesson.on}",
                "start": f"{lesson.starts_at:%H:%M}",
                "places": f"{places}",
                "stations": f"{stations}",
            }
            found.append(Finding("stations_short", _most_places(lesson, firm) > stations, params))
    return found


def _most_places(lesson: LessonSlot, others: Sequence[LessonSlot]) -> int:
    return max(_places_at(moment, [lesson, *others]) for moment in _starts(lesson, others))


def _starts(lesson: LessonSlot, others: Iterable[LessonSlot]) -> list[datetime]:
    """The moments during `lesson` at which one more begins: the most at once is at one of them."""
    return [max(lesson.starts_at, other.starts_at) for other in others if lesson.overlaps(other)] or [
        lesson.starts_at
    ]


def _places_at(moment: datetime, slots: Iterable[LessonSlot]) -> int:
    return len({slot.venue.id for slot in slots if slot.starts_at <= moment < slot.ends_at})
