"""What a calendar program reads from a secret address, parsed back as it would."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from icalendar import Calendar

from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from training.core.models import AuditEvent
from training.institutions.models import Instructor
from training.scheduling import feeds
from training.scheduling.feeds import open_feed, read_feed, revoke_feed
from training.scheduling.lessons import change_lesson
from training.scheduling.models import CalendarFeed
from training.scheduling.running import cancel_session
from training.scheduling.venues import add_venue, revise_venue

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def subscribe(county: Any, role: Role = CLERK, **about: int) -> str:
    staff = county.institution_staff if role in county.institution_staff.members else county.county_staff
    _feed, token = open_feed(staff.members[role], actor=county.actor(role), **about)
    return token


def events(token: str) -> list[Any]:
    return list(Calendar.from_ical(read_feed(token).ical).walk("VEVENT"))


def test_a_lesson_is_an_event_at_the_county_s_time_and_place(county: Any) -> None:
    first, _second = events(subscribe(county, session_id=county.session.pk))

    assert (first["SUMMARY"], first["STATUS"]) == ("电商基础知识（SC-2020-TR-F-001）", "TENTATIVE")
    assert "石城县电商公共服务中心三楼教室" in first["LOCATION"]
    assert first["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert first.start == datetime.fromisoformat("2021-05-18T09:00:00+08:00")
    assert first.end == datetime.fromisoformat("2021-05-18T11:15:00+08:00")
    assert "第 1 课次，理论" in first["DESCRIPTION"]


def test_the_calendar_brings_its_time_zone_along(county: Any) -> None:
    calendar = Calendar.from_ical(read_feed(subscribe(county)).ical)

    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Asia/Shanghai"
    assert zone.to_tz().utcoffset(datetime(2021, 5, 18, 9)).total_seconds() == 8 * 3600  # noqa: DTZ001  by the zone itself


def test_a_point_is_given_where_one_is_known(county: Any) -> None:
    token, lesson = subscribe(county), county.session.lessons.first()
    assert "GEO" not in events(token)[0]

    revise_venue(lesson.venue_id, latitude=26.326582, longitude=116.34235, actor=county.actor(CLERK))
    assert events(token)[0]["GEO"].to_ical() == "26.326582;116.34235"


def test_nobody_s_name_and_no_phone_is_in_it(approved: Any) -> None:
    text = read_feed(subscribe(approved)).ical.decode()

    people = [place.trainee.name for place in approved.session.enrolments.all()]
    people += list(Instructor.objects.values_list("name", flat=True))
    assert not [name for name in people if name in text]
    assert "139" not in text


def test_a_moved_lesson_stays_the_same_event_with_a_higher_sequence(county: Any) -> None:
    token, lesson = subscribe(county), county.session.lessons.first()
    before = events(token)[0]

    change_lesson(
        county.session.pk,
        lesson.pk,
        version=1,
        on=date(2021, 5, 17),
        start=time(9),
        end=time(10),
        topic=lesson.topic,
        instructor_id=lesson.instructor_id,
        venue_id=lesson.venue_id,
        actor=county.actor(CLERK),
    )

    after = events(token)[0]
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after.start.date() == date(2021, 5, 17)


def test_approval_confirms_and_cancelling_takes_back(approved: Any) -> None:
    token = subscribe(approved)
    assert {event["STATUS"] for event in events(token)} == {"CONFIRMED"}

    approved.session.lessons.update(on=date(2021, 6, 18))
    cancelled = approved.session
    cancelled.enter("cancelled")
    assert {event["STATUS"] for event in events(token)} == {"CANCELLED"}


def test_a_cancelled_draft_is_cancelled_in_the_calendar(county: Any) -> None:
    token = subscribe(county)
    cancel_session(county.session.pk, reason="场地漏水", actor=county.actor(HEAD))

    assert {event["STATUS"] for event in events(token)} == {"CANCELLED"}


def test_the_same_lessons_give_the_same_bytes_and_keep_their_time(county: Any, clock: Any) -> None:
    token = subscribe(county)
    first = read_feed(token)
    clock.advance(hours=1)

    assert read_feed(token) == first
    revise_venue(county.session.lessons.first().venue_id, name="四楼教室", actor=county.actor(CLERK))
    again = read_feed(token)
    assert again.digest != first.digest
    assert (again.changed_at - first.changed_at).total_seconds() == pytest.approx(3600, abs=30)


def test_the_bureau_s_calendar_has_no_drafts(county: Any) -> None:
    assert events(subscribe(county, REVIEWER)) == []


def test_a_venue_s_calendar_has_what_is_held_there(county: Any) -> None:
    empty = add_venue(county.institution.pk, name="二楼", address="x", seats=1, actor=county.actor(CLERK))

    assert len(events(subscribe(county, venue_id=county.session.lessons.first().venue_id))) == 2
    assert events(subscribe(county, venue_id=empty.pk)) == []


def test_what_is_not_in_sight_can_not_be_subscribed_to(county: Any, other_county: Any) -> None:
    theirs = other_county.session
    for about in (
        {"session_id": theirs.pk},
        {"institution_id": theirs.institution_id},
        {"venue_id": theirs.lessons.first().venue_id},
    ):
        with pytest.raises(NotFoundError):
            subscribe(county, **about)
    assert CalendarFeed.objects.count() == 0


def test_a_feed_is_made_in_one_s_own_name_only(county: Any) -> None:
    with pytest.raises(NotFoundError):
        open_feed(county.institution_staff.members[HEAD], actor=county.actor(CLERK))
    with pytest.raises(ForbiddenError):
        subscribe(county, Role.FINANCE_PAYER)


def test_a_secret_that_is_none_was_revoked_or_whose_maker_left_gives_nothing(county: Any) -> None:
    revoked, left = subscribe(county), subscribe(county, HEAD)
    revoke_feed(CalendarFeed.objects.earliest("pk").pk, actor=county.actor(CLERK))
    county.user(HEAD).__class__.objects.filter(pk=county.user(HEAD).pk).update(is_active=False)

    for token in (revoked, left, "x", ""):
        with pytest.raises(NotFoundError):
            read_feed(token)


def test_the_end_of_a_role_ends_its_feeds(county: Any) -> None:
    token = subscribe(county)
    county.institution_staff.members[CLERK].delete()

    with pytest.raises(NotFoundError):
        read_feed(token)


def test_only_the_maker_revokes_and_only_the_hash_is_kept(county: Any) -> None:
    token = subscribe(county)
    feed = CalendarFeed.objects.get()

    with pytest.raises(ForbiddenError):
        revoke_feed(feed.pk, actor=county.actor(HEAD))
    assert token not in str(CalendarFeed.objects.values().get())
    assert token not in str(list(AuditEvent.objects.values()))
    assert read_feed(token).ical


def test_nobody_piles_up_feeds_without_end(county: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_FEEDS", 2)
    first, _second = subscribe(county), subscribe(county)
    with pytest.raises(InvalidInputError):
        subscribe(county)

    revoke_feed(CalendarFeed.objects.earliest("pk").pk, actor=county.actor(CLERK))
    subscribe(county)
    assert first
