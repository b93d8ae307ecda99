"""The timetable pages, as the people of an institution and of the bureau use them."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.core.models import AuditEvent
from training.demo.people import synthetic_people
from training.demo.scenery import FARMERS_PLAN, add_institution, roster_workbook
from training.enrolment.services import import_roster
from training.people.models import Trainee
from training.programmes.models import RuleSet
from training.programmes.preset_file import load_preset
from training.scheduling.lessons import add_lesson, change_lesson, remove_lesson
from training.scheduling.models import CalendarFeed, Lesson, TrainingSession, Venue
from training.scheduling.services import plan_session
from training.scheduling.venues import add_venue

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def shown(response: Any) -> str:
    return response.content.decode()


def post(client: Client, name: str, /, *args: Any, **fields: Any) -> Any:
    return client.post(reverse(name, args=args), fields, follow=True)


def fields(county: Any, **changes: Any) -> dict[str, Any]:
    return {
        "on": "2021-05-19",
        "start": "09:00",
        "end": "11:15",
        "topic": "电商基础知识",
        "instructor_id": county.instructors[0].pk,
        "venue_id": Venue.objects.get(institution=county.institution).pk,
    } | changes


def lesson_args(lesson: Lesson) -> list[int]:
    return [lesson.training_session_id, lesson.pk]


def test_a_lesson_is_added_with_a_topic_of_ones_own_and_counted_as_practice(county: Any, browse: Any) -> None:
    page = post(
        browse(CLERK),
        "lesson-add",
        county.session.pk,
        **fields(county, topic="-", other_topic="直播带货", practical="on"),
    )

    added = county.session.lessons.get(topic="直播带货")
    assert added.practical
    assert "3 课次，9 学时：理论 6，实操 3" in shown(page)


def test_other_without_a_topic_is_asked_for_it(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "lesson-add", county.session.pk, **fields(county, topic="-"))

    assert list(page.context["form"].errors) == ["other_topic"]
    assert county.session.lessons.count() == 2


def test_checking_says_what_stands_in_the_way_and_saves_nothing(county: Any, browse: Any) -> None:
    taken = fields(county, on="2021-05-18", check="1")
    page = post(browse(CLERK), "lesson-add", county.session.pk, **taken)

    assert "授课人罗明远这段时间在SC-2020-TR-F-001 第1课次" in shown(page)
    assert county.session.lessons.count() == 2


def test_while_typing_the_same_is_asked_of_a_small_address(county: Any, browse: Any) -> None:
    client, address = browse(CLERK), reverse("lesson-check", args=[county.session.pk])

    half = client.get(address, {"on": "2021-05-18"})
    clash = client.get(address, fields(county, on="2021-05-18", topic=""))
    free = client.get(address, fields(county))
    holiday = client.get(address, fields(county, on="2021-05-01"))

    assert "都填好，才能说“可以排”" in shown(half)
    assert "不能排" in shown(clash)
    assert "可以排" in shown(free)
    assert "2021-05-01 是法定假日（劳动节）。" in shown(holiday)
    assert "<html" not in shown(clash)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("on", "start", "end", "instructor_id"), "授课人罗明远这段时间在SC-2020-TR-F-001 第1课次"),
        (("on", "start", "end", "venue_id"), "这段时间被SC-2020-TR-F-001 第1课次占用"),
        (("on", "start", "end"), "本期SC-2020-TR-F-001 第1课次已占用这段时间"),
    ],
)
def test_what_is_typed_so_far_already_tells_of_a_clash(
    county: Any, browse: Any, typed: tuple[str, ...], said: str
) -> None:
    client, address = browse(CLERK), reverse("lesson-check", args=[county.session.pk])
    whole = fields(county, on="2021-05-18")

    page = client.get(address, {name: whole[name] for name in typed})

    assert said in shown(page)
    assert "可以排" not in shown(page)


def test_what_is_not_typed_yet_is_not_found_fault_with(county: Any, browse: Any) -> None:
    client, address = browse(CLERK), reverse("lesson-check", args=[county.session.pk])

    for typed in ({}, {"on": "not a day"}, {"start": "09:00"}, {"on": "2021-05-19", "end": "12:00"}):
        page = shown(client.get(address, typed))
        assert "不能排" not in page
        assert "请看" not in page


def test_a_lesson_being_changed_does_not_stand_in_its_own_way(county: Any, browse: Any) -> None:
    lesson = county.session.lessons.first()
    address = f"{reverse('lesson-check', args=[county.session.pk])}?lesson={lesson.pk}"

    said = browse(CLERK).get(address, fields(county, on="2021-05-18", lesson=lesson.pk))

    assert "可以排" in shown(said)


def test_a_lesson_is_changed_in_the_form_that_shows_how_it_stands(county: Any, browse: Any) -> None:
    client, lesson = browse(CLERK), county.session.lessons.first()
    form = client.get(reverse("lesson-change", args=lesson_args(lesson))).context["form"]
    assert (form["start"].value(), form["version"].value()) == (time(9, 0), 1)

    page = post(client, "lesson-change", *lesson_args(lesson), **fields(county, version=1))

    lesson.refresh_from_db()
    assert (lesson.on, lesson.version) == (date(2021, 5, 19), 2)
    assert "课次已改好。" in shown(page)


def test_whoever_saves_second_is_told_what_the_first_one_saved_and_may_save_again(
    county: Any, browse: Any
) -> None:
    client, lesson = browse(CLERK), county.session.lessons.first()
    mine = fields(county, on="2021-05-20", version=1)
    theirs = {**fields(county), "on": date(2021, 5, 19), "start": time(9), "end": time(10)}
    change_lesson(*lesson_args(lesson), version=1, actor=county.actor(HEAD), **theirs)

    page = post(client, "lesson-change", *lesson_args(lesson), **mine)

    lesson.refresh_from_db()
    assert (page.status_code, lesson.on) == (422, date(2021, 5, 19))
    assert "刚刚被别人改成了“2021-05-19 09:00–10:00" in shown(page)

    again = page.context["form"]["version"].value()
    post(client, "lesson-change", *lesson_args(lesson), **mine | {"version": again})
    lesson.refresh_from_db()
    assert lesson.on == date(2021, 5, 20)


def test_a_lesson_somebody_removed_meanwhile_is_said_to_be_gone(county: Any, browse: Any) -> None:
    client, lesson = browse(CLERK), county.session.lessons.first()
    args = lesson_args(lesson)
    remove_lesson(lesson.pk, actor=county.actor(HEAD))

    for page in (
        post(client, "lesson-change", *args, **fields(county, version=1)),
        post(client, "lesson-remove", *args),
    ):
        assert "这个课次刚刚被别人删除了" in shown(page)
        assert page.redirect_chain == [(reverse("session-timetable", args=args[:1]), 302)]


def test_a_removal_can_be_undone_once(county: Any, browse: Any) -> None:
    client, lesson = browse(CLERK), county.session.lessons.first()
    before = {**Lesson.objects.filter(pk=lesson.pk).values("topic", "starts_at", "ends_at", "sequence").get()}

    page = post(client, "lesson-remove", *lesson_args(lesson))
    assert "撤销删除" in shown(page)
    assert county.session.lessons.count() == 1

    page = post(client, "lesson-restore", county.session.pk)
    assert "撤销删除" not in shown(page)
    first = county.session.lessons.first()
    assert {name: getattr(first, name) for name in before} == before

    page = post(client, "lesson-restore", county.session.pk)
    assert "没有可以撤销的删除。" in shown(page)
    assert county.session.lessons.count() == 2


def test_a_removal_whose_place_was_taken_is_not_undone(county: Any, browse: Any) -> None:
    client, lesson = browse(CLERK), county.session.lessons.first()
    post(client, "lesson-remove", *lesson_args(lesson))
    post(client, "lesson-add", county.session.pk, **fields(county, on="2021-05-18", start="10:00"))

    page = client.post(reverse("lesson-restore", args=[county.session.pk]))

    assert page.status_code == 422
    assert county.session.lessons.count() == 2


@pytest.mark.parametrize(("how", "days"), [("copy", [18, 18, 25, 25]), ("move", [25, 25])])
def test_a_day_is_copied_or_moved_whole(county: Any, browse: Any, how: str, days: list[int]) -> None:
    post(browse(CLERK), "timetable-day", county.session.pk, day="2021-05-18", how=how, to="2021-05-25")

    assert [lesson.on.day for lesson in county.session.lessons.all()] == days
    assert [lesson.sequence for lesson in county.session.lessons.all()] == list(range(1, len(days) + 1))


def test_a_day_that_does_not_fit_is_refused_on_the_page(county: Any, browse: Any) -> None:
    page = post(
        browse(CLERK), "timetable-day", county.session.pk, day="2021-05-18", how="copy", to="2021-05-18"
    )

    assert page.status_code == 422
    assert "第1课次" in shown(page)
    assert county.session.lessons.count() == 2


def test_the_page_warns_of_people_on_two_rosters_by_name(county: Any, browse: Any) -> None:
    actor = county.actor(CLERK)
    other = plan_session(
        county.institution.pk, agreement_id=county.session.agreement_id, plan=FARMERS_PLAN, actor=actor
    )
    hall = add_venue(county.institution.pk, name="二楼", address="x", seats=5, actor=actor)
    busy = {"on": date(2021, 5, 18), "start": time(9), "end": time(11), "topic": "电商基础知识"}
    add_lesson(other.pk, **busy, instructor_id=county.instructors[1].pk, venue_id=hall.pk, actor=actor)
    people = synthetic_people(2, seed=7)
    import_roster(other.pk, name="名册.xlsx", data=roster_workbook(people), actor=actor)

    page = shown(browse(CLERK).get(reverse("session-timetable", args=[other.pk])))

    for person in people:
        assert f"学员{person.name}在SC-2020-TR-F-001 第1课次的名册上" in page


def test_the_timetable_page_asks_as_often_for_many_lessons_as_for_few(
    county: Any, browse: Any, django_assert_num_queries: Any
) -> None:
    client, address = browse(CLERK), reverse("session-timetable", args=[county.session.pk])
    client.get(address)
    with django_assert_num_queries(QUERIES):
        client.get(address)
    for day in range(20, 26):
        post(client, "timetable-day", county.session.pk, day="2021-05-18", how="copy", to=f"2021-05-{day}")
    with django_assert_num_queries(QUERIES):
        client.get(address)


QUERIES = 21


def test_a_week_shows_what_takes_place_then_and_goes_to_the_weeks_beside(county: Any, browse: Any) -> None:
    client = browse(CLERK)
    page = client.get(reverse("week"), {"on": "2021-05-20"})

    assert [
        lesson.topic for day in page.context["week"].days for _n, part in day.parts for lesson in part
    ] == [
        "电商基础知识",
        "电商交易安全",
    ]
    assert "on=2021-05-10" in shown(page)
    assert "on=2021-05-24" in shown(page)
    assert "这一周没有课" in shown(client.get(reverse("week"), {"on": "2021-06-20"}))


@pytest.mark.parametrize("by", ["session", "venue", "instructor"])
def test_a_week_is_narrowed_to_what_was_asked_for(county: Any, browse: Any, by: str) -> None:
    lesson = county.session.lessons.first()
    keys = {
        "session": lesson.training_session_id,
        "venue": lesson.venue_id,
        "instructor": lesson.instructor_id,
    }

    week = browse(CLERK).get(reverse("week"), {"on": "2021-05-18", by: keys[by]}).context["week"]

    found = [lesson for day in week.days for _name, part in day.parts for lesson in part]
    assert len(found) == (1 if by == "instructor" else 2)


def test_to_the_bureau_a_draft_is_nothing_yet(county: Any, browse: Any) -> None:
    assert "这一周没有课" in shown(browse(REVIEWER).get(reverse("week"), {"on": "2021-05-18"}))


def test_the_printed_timetable_is_a_paged_sheet_with_the_mark(
    county: Any, browse: Any, tmp_path: Any, pdf_text: Any
) -> None:
    answer = browse(CLERK).get(reverse("timetable-print", args=[county.session.pk]))
    (tmp_path / "x.pdf").write_bytes(answer.content)
    text = pdf_text(tmp_path / "x.pdf").replace(" ", "")

    assert answer["Content-Type"] == "application/pdf"
    for said in ("全国电子商务进农村综合示范项目", "第1页/共1页", "电商交易安全", "理论6，实操0"):
        assert said in text


# Venues


def test_the_county_s_venue_is_there_for_every_institution_and_nobody_s_to_change(
    county: Any, browse: Any
) -> None:
    post(
        browse(REVIEWER), "venue-add", name="县级实训基地", address="工业园", seats=80, kind="practice",
        level="county", area_m2=200, latitude="26.326582", longitude="116.342350",
    )  # fmt: skip
    base = Venue.objects.get(name="县级实训基地")
    assert (base.institution, base.programme) == (None, county.programme)

    clerk = browse(CLERK)
    assert "县级实训基地" in shown(clerk.get(reverse("venues")))
    assert clerk.get(reverse("venue-change", args=[base.pk])).status_code == 403
    page = post(clerk, "lesson-add", county.session.pk, **fields(county, venue_id=base.pk))
    assert county.session.lessons.filter(venue=base).exists(), page.context


def test_two_institutions_share_the_county_s_venue_and_do_not_learn_each_other_s_plans(
    county: Any, browse: Any
) -> None:
    base = add_venue(None, name="县级基地", address="x", seats=80, actor=county.actor(REVIEWER))
    post(browse(CLERK), "lesson-add", county.session.pk, **fields(county, venue_id=base.pk))
    institution, staff = add_institution(
        county.programme, name="石城县惠民学校", uscc="91360825MA36DEMN7K", prefix="n-",
        bureau=county.actor(Role.BUREAU_HEAD),
    )  # fmt: skip
    assert institution.venues.count() == 0
    neighbour = Client()
    neighbour.force_login(staff.members[CLERK].user)

    page = shown(neighbour.get(reverse("venue", args=[base.pk])))

    assert "县级基地" in page
    assert county.session.code not in page


def test_a_point_in_the_wrong_order_is_recognised(county: Any, browse: Any) -> None:
    place = {"name": "x", "address": "x", "seats": 1}
    page = post(browse(CLERK), "venue-add", **place, latitude="56.342350", longitude="26.326582")
    assert "是不是填反了" in str(page.context["form"].errors)
    page = post(browse(CLERK), "venue-add", **place, latitude="26.1", longitude="")
    assert "要么都填，要么都不填" in str(page.context["form"].errors)


def test_a_venue_is_changed_retired_and_opened_again(county: Any, browse: Any) -> None:
    client, venue = browse(CLERK), Venue.objects.get(institution=county.institution)
    post(client, "venue-change", venue.pk, name="三楼", address="x", seats=30, township="琴江镇")
    venue.refresh_from_db()
    assert (venue.name, venue.seats, venue.township) == ("三楼", 30, "琴江镇")

    page = client.post(reverse("venue-retire", args=[venue.pk]))
    assert (page.status_code, county.session.code in shown(page)) == (422, True)

    county.session.lessons.all().delete()
    post(client, "venue-retire", venue.pk)
    venue.refresh_from_db()
    assert str(venue.retired_on) == "2021-05-18"
    form = client.get(reverse("lesson-add", args=[county.session.pk])).context["form"]
    assert [label for _value, label in form.fields["venue_id"].choices[1:]] == []

    post(client, "venue-reopen", venue.pk)
    venue.refresh_from_db()
    assert venue.retired_on is None
    assert list(AuditEvent.objects.filter(verb__startswith="venue.").values_list("verb", flat=True))[:3] == [
        "venue.reopened",
        "venue.retired",
        "venue.revised",
    ]


def test_venues_are_found_and_exported_as_listed(county: Any, browse: Any) -> None:
    client, actor = browse(CLERK), county.actor(CLERK)
    add_venue(county.institution.pk, name="长江村站点", kind="station", level="village", township="小松镇",
              address="长江村", seats=20, actor=actor)  # fmt: skip

    for asked in ({"q": "长江"}, {"kind": "station"}, {"level": "village"}, {"township": "小松镇"}):
        page = client.get(reverse("venues"), asked)
        assert [venue.name for venue in page.context["page_obj"]] == ["长江村站点"], asked
        lines = b"".join(client.get(reverse("venues-export"), asked)).decode().splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == ["长江村站点"]


def test_a_station_is_trained_when_somebody_who_works_there_has_completed(closed: Any, browse: Any) -> None:
    """宝丰 附件1: 站点至少配备1名及以上专职人员，且参加过相应培训 (BF-23, YS-18)."""
    actor, client = closed.actor(REVIEWER), browse(REVIEWER)
    place: dict[str, Any] = {"kind": "station", "level": "village", "address": "x", "seats": 20}
    trained = add_venue(None, name="大畲村电商服务站", actor=actor, **place)
    untrained = add_venue(None, name="长江村电商服务站", actor=actor, **place)
    worker = closed.session.enrolments.filter(status="completed")[0].trainee
    Trainee.objects.filter(pk=worker.pk).update(employer=trained.name)
    absent = closed.session.enrolments.exclude(status="completed")[0].trainee
    Trainee.objects.filter(pk=absent.pk).update(employer=untrained.name)

    for asked, venue in (("trained", trained), ("untrained", untrained)):
        page = client.get(reverse("venues"), {"staff": asked})
        assert list(page.context["page_obj"]) == [venue]
    assert client.get(reverse("venue", args=[trained.pk])).context["trained"] == 1
    assert "还没有人结业" in shown(client.get(reverse("venue", args=[untrained.pk])))


def test_who_completed_elsewhere_is_nothing_an_institution_can_ask(closed: Any, browse: Any) -> None:
    add_venue(None, name="县级站点", kind="station", address="x", seats=20, actor=closed.actor(REVIEWER))
    station = Venue.objects.get(name="县级站点")
    client = browse(CLERK)

    assert "staff" not in client.get(reverse("venues")).context["filters"].fields
    assert client.get(reverse("venues"), {"staff": "untrained"}).context["page_obj"].paginator.count == 2
    assert client.get(reverse("venue", args=[station.pk])).context["trained"] is None


def test_a_place_says_what_has_to_hang_there(county: Any, browse: Any) -> None:
    def hanging(kind: str, level: str) -> list[str]:
        name = f"{kind}{level}"
        place = add_venue(
            None, name=name, kind=kind, level=level, address="x", seats=9, actor=county.actor(REVIEWER)
        )
        return list(browse(REVIEWER).get(reverse("venue", args=[place.pk])).context["signs"])

    body = county.session.rule_set.body
    marks = [mark.model_dump(mode="json") for mark in load_preset("huidong").place_marks]
    RuleSet.objects.filter(pk=county.session.rule_set_id).update(body=body | {"place_marks": marks})

    assert hanging("station", "village") == [
        "国家电子商务进农村综合示范项目",
        "惠东县××镇××村（社区）电子商务服务点",
    ]
    assert hanging("training", "town") == ["国家级电子商务进农村综合示范项目"]


def test_the_list_of_venues_asks_as_often_for_many_as_for_few(
    county: Any, browse: Any, django_assert_num_queries: Any
) -> None:
    client, actor = browse(CLERK), county.actor(CLERK)
    client.get(reverse("venues"))
    with django_assert_num_queries(VENUE_QUERIES):
        client.get(reverse("venues"))
    for number in range(15):
        add_venue(county.institution.pk, name=f"教室{number}", address="x", seats=20, actor=actor)
    with django_assert_num_queries(VENUE_QUERIES):
        client.get(reverse("venues"))


VENUE_QUERIES = 9


# Calendars


def test_a_feed_is_made_read_and_revoked(county: Any, browse: Any) -> None:
    client = browse(CLERK)
    page = client.post(reverse("calendar-feeds"), {"about": f"session-{county.session.pk}"})
    address = page.context["address"].partition("/timetable")[2]
    assert county.session.code in shown(page)

    answer = Client().get(f"/timetable{address}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.content.count(b"BEGIN:VEVENT") == 2

    post(client, "calendar-feed-revoke", CalendarFeed.objects.get().pk)
    assert Client().get(f"/timetable{address}").status_code == 404


def test_a_feed_is_not_revoked_by_a_colleague(county: Any, browse: Any) -> None:
    browse(CLERK).post(reverse("calendar-feeds"), {"about": ""})
    feed = CalendarFeed.objects.get()

    assert browse(HEAD).post(reverse("calendar-feed-revoke", args=[feed.pk])).status_code == 403
    assert CalendarFeed.objects.get().revoked_at is None


def test_what_has_not_changed_is_not_sent_again(county: Any, browse: Any, clock: Any) -> None:
    client = browse(CLERK)
    page = client.post(reverse("calendar-feeds"), {"about": ""})
    address = f"/timetable{page.context['address'].partition('/timetable')[2]}"
    first = Client().get(address)
    known = {
        "HTTP_IF_NONE_MATCH": first["ETag"],
        "HTTP_IF_MODIFIED_SINCE": first["Last-Modified"],
    }
    clock.advance(minutes=5)

    assert Client().get(address, **known).status_code == 304
    remove_lesson(county.session.lessons.first().pk, actor=county.actor(CLERK))
    for header, value in known.items():
        assert Client().get(address, **{header: value}).status_code == 200, header


# Lists of sessions


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"category": "farmer"}, True),
        ({"category": "cadre"}, False),
        ({"class_type": "general"}, True),
        ({"since": "2021-05-18", "until": "2021-05-18"}, True),
        ({"since": "2021-05-19"}, False),
        ({"until": "2021-05-17"}, False),
        ({"township": "琴江镇"}, True),
        ({"township": "小松镇"}, False),
        ({"organiser": "人社"}, True),
        ({"organiser": "妇联"}, False),
        ({"since": "not a day", "category": "nonsense"}, True),
    ],
)
@pytest.mark.parametrize(("role", "name"), [(CLERK, "sessions"), (REVIEWER, "bureau-sessions")])
def test_sessions_are_found_by_what_when_and_where_and_exported_so(
    submitted: Any, browse: Any, role: Role, name: str, asked: dict[str, str], found: bool
) -> None:
    Venue.objects.update(township="琴江镇")
    TrainingSession.objects.update(organiser_department="县人社局")
    client = browse(role)

    page = client.get(reverse(name), asked)
    lines = b"".join(client.get(reverse(f"{name}-export"), asked)).decode()

    assert list(page.context["page_obj"]) == [submitted.session] * found
    assert (submitted.session.code in lines) == found
