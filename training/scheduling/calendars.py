"""Lessons as an iCalendar (RFC 5545), without a person's name in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from training.scheduling.choices import WAS_APPROVED
from training.scheduling.models import Lesson

PRODID: Final = "-//Yidang//Timetable//ZH"
KEEP_FOR: Final = timedelta(hours=6)
CONTENT_TYPE: Final = "text/calendar; charset=utf-8"


def calendar(title: str, lessons: Iterable[Lesson]) -> bytes:
    """A calendar with its time zones; the same lessons give the same bytes.

    A lesson keeps its UID when it is moved, and its SEQUENCE grows: the program that subscribed moves it too.
    Lessons come with their session's institution, programme and rule set and with their venue.
    """
    whole = Calendar()
    whole.add("prodid", PRODID)
    whole.add("version", "2.0")
    whole.add("x-wr-calname", title)
    whole.add("refresh-interval", KEEP_FOR, parameters={"VALUE": "DURATION"})
    for lesson in lessons:
        whole.add_component(_event(lesson))
    whole.add_missing_timezones()
    return whole.to_ical()  # type: ignore[no-any-return]


def _event(lesson: Lesson) -> Event:
    session, venue = lesson.training_session, lesson.venue
    zone = ZoneInfo(session.rule_set.rules.timezone)
    event = Event()
    event.add("uid", f"lesson-{lesson.pk}@{session.institution.programme.code.lower()}.yidang")
    event.add("dtstamp", lesson.changed_at)
    event.add("last-modified", lesson.changed_at)
    event.add("sequence", lesson.version - 1)
    event.add("dtstart", lesson.starts_at.astimezone(zone))
    event.add("dtend", lesson.ends_at.astimezone(zone))
    event.add("summary", f"{lesson.topic}（{session.code}）")
    event.add("location", "，".join(filter(None, (venue.name, venue.township, venue.address))))
    event.add("description", "\n".join(_said(lesson)))
    event.add("status", _status(lesson))
    if venue.latitude is not None and venue.longitude is not None:
        event.add("geo", (float(venue.latitude), float(venue.longitude)))
    return event


def _said(lesson: Lesson) -> Sequence[Any]:
    session = lesson.training_session
    return (
        session.title,
        session.institution.name,
        _("第 %(number)s 课次，%(kind)s")
        % {"number": lesson.sequence, "kind": _("实操") if lesson.practical else _("理论")},
        session.get_status_display(),
    )


def _status(lesson: Lesson) -> str:
    if not lesson.live:
        return "CANCELLED"
    return "CONFIRMED" if lesson.training_session.status in WAS_APPROVED else "TENTATIVE"
