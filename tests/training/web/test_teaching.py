"""讲师: the own lessons, proofs, courseware and averages, and nobody who sits in the room."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import CLASS_DAY
from tests.training.web.test_institutions import post, rows_of, scan_of, see, shown
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.assessment.choices import QUESTIONS, Source
from training.assessment.services import record_evaluation
from training.courses.models import Courseware
from training.scheduling.feeds import open_feed, read_feed

INSTRUCTOR, HEAD, CLERK = Role.INSTRUCTOR, Role.INSTITUTION_HEAD, Role.INSTITUTION_CLERK


def judge(county: Any, instructor: Any, source: Source, role: Role, answers: int) -> None:
    record_evaluation(
        county.session.pk,
        instructor_id=instructor.pk,
        source=source,
        answers=answers,
        scores=dict.fromkeys(QUESTIONS[source], Decimal(4)),
        remark="讲得太快",
        actor=county.actor(role),
    )


def test_the_first_page_shows_the_own_lessons_that_are_next(approved: Any, browse: Any) -> None:
    page = browse(INSTRUCTOR).get(reverse("home"))

    assert [row.lesson.topic for row in page.context["lessons"]] == ["电商基础知识"]
    assert "电商交易安全" not in shown(page)
    assert "现在不能授课" not in shown(page)


def test_a_draft_is_nothing_yet(county: Any, browse: Any) -> None:
    assert "还没有排您的课" in see(browse(INSTRUCTOR), "taught-lessons")


def test_the_register_is_a_number(closed: Any, browse: Any) -> None:
    client = browse(INSTRUCTOR)
    rows = rows_of(client, "taught-lessons-export", when="over")

    assert [(row[3], row[-2:]) for row in rows] == [("电商基础知识", ["12", "10"])]
    names = [place.trainee.name for place in closed.session.enrolments.select_related("trainee")]
    pages = [see(client, name) for name in ("home", "taught-lessons", "week", "courseware")]
    assert not [name for name in names for page in pages if name in page]


def test_the_week_and_its_calendar_hold_the_own_lessons(approved: Any, browse: Any) -> None:
    week = see(browse(INSTRUCTOR), "week", on=CLASS_DAY)
    assert ("电商基础知识" in week, "电商交易安全" in week, "/bureau/sessions/" in week) == (
        True,
        False,
        False,
    )

    member = Membership.objects.get(instructor_id=approved.instructors[0].pk)
    _feed, token = open_feed(member, actor=approved.actor(INSTRUCTOR))
    calendar = read_feed(token).ical.decode()
    assert calendar.count("BEGIN:VEVENT") == 1
    assert "电商交易安全" not in calendar


def test_a_proof_of_one_s_own_goes_the_way_of_every_proof(county: Any, browse: Any) -> None:
    client, own = browse(INSTRUCTOR), county.instructors[0]
    assert client.get(reverse("own-record")).context["instructor"] == own
    said = {"kind": "title", "number": "赣职 2021-0007", "issuer": "省人社厅", "file": scan_of("职称证书")}
    page = post(client, "own-record", **said)

    assert "赣职 2021-0007" in shown(page)
    assert own.proofs.filter(verified_at=None, refused_at=None).count() == 1
    assert client.get(reverse("instructor", args=[county.instructors[1].pk])).status_code == 404
    assert "修改资料" not in shown(page)


def test_a_new_version_of_the_courseware_of_own_topics(county: Any, browse: Any) -> None:
    client = browse(INSTRUCTOR)
    mine = Courseware.objects.get(topic="电商基础知识")
    other = Courseware.objects.get(topic="电商交易安全")
    page = post(client, "courseware-piece", mine.pk, file=scan_of("新讲义"))

    assert page.status_code == 200
    assert [row[:2] for row in rows_of(client, "courseware-export")] == [["电商基础知识", mine.title]] * 2
    assert client.get(reverse("courseware-piece", args=[other.pk])).status_code == 404
    assert client.post(reverse("courseware-withdraw", args=[mine.pk])).status_code == 403


def test_averages_are_shown_when_nobody_is_recognised_in_them(closed: Any, browse: Any) -> None:
    own = closed.instructors[0]
    page = reverse("instructor", args=[own.pk])
    judge(closed, own, Source.BUREAU, Role.BUREAU_REVIEWER, 1)
    judge(closed, own, Source.TRAINEES, CLERK, 2)
    assert browse(INSTRUCTOR).get(page).context["page"].overall == []

    judge(closed, own, Source.TRAINEES, CLERK, 3)
    seen = browse(INSTRUCTOR).get(page)
    assert [(total.source, total.answers) for total in seen.context["page"].overall] == [("trainees", 3)]
    assert "讲得太快" not in shown(seen)


@pytest.mark.parametrize(
    "name",
    ["sessions", "trainees", "instructors", "bureau-institutions", "claims", "venues", "courses", "audit"],
)
def test_the_rest_is_not_theirs(county: Any, browse: Any, name: str) -> None:
    assert browse(INSTRUCTOR).get(reverse(name)).status_code == 403


def test_nothing_of_a_session_opens(closed: Any, browse: Any) -> None:
    client = browse(INSTRUCTOR)
    for name in ("session", "roster", "register", "evaluations", "timetable-print"):
        assert client.get(reverse(name, args=[closed.session.pk])).status_code == 404


def test_the_institution_s_head_invites_and_while_the_link_is_unused_again(county: Any, browse: Any) -> None:
    second, client = county.instructors[1], browse(HEAD)
    first = post(client, "instructor-invite", second.pk, username="wang-simin")
    member = Membership.objects.get(instructor_id=second.pk)
    again = post(client, "instructor-invite", second.pk, again="yes")

    assert (member.role, member.institution_id) == (INSTRUCTOR, county.institution.pk)
    links = [page.context["link"].address for page in (first, again)]
    assert len(set(links)) == 2
    assert Client().get(links[1]).status_code == 200
    member.user.set_password("in-use-from-now-on")
    member.user.save()
    refused = post(client, "instructor-invite", second.pk, again="yes")
    assert "已经启用" in shown(refused)
    assert browse(CLERK).get(reverse("instructor-invite", args=[second.pk])).status_code == 403
