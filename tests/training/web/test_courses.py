"""Courses as the institution writes them and the bureau reads and approves them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from training.accounts.choices import Role
from training.courses.choices import CoursewareStatus, OutlineStatus
from training.courses.models import Course, Courseware, Outline, OutlineRow
from training.demo.scenery import FARMERS_PLAN, add_farmers_course, paper
from training.programmes.models import RuleSet
from training.scheduling.services import revise_plan

CLERK, HEAD, MANAGER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.CLASS_MANAGER
REVIEWER, AUDITOR = Role.BUREAU_REVIEWER, Role.AUDITOR


@pytest.fixture
def farmers(county: Any) -> Outline:
    return add_farmers_course(county.institution, actor=county.actor(CLERK), bureau=county.actor(REVIEWER))


@pytest.fixture
def pinned(county: Any, farmers: Outline) -> Any:
    """The session is planned by the farmers' outline."""
    plan = FARMERS_PLAN | {"outline_id": farmers.pk}
    county.session = revise_plan(county.session.pk, plan=plan, actor=county.actor(CLERK))
    return county


def see(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def say(client: Client, name: str, *args: Any, **data: Any) -> str:
    response = client.post(reverse(name, args=args), data, follow=True)
    return response.content.decode()


def rows_of(*lines: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """The editor's fields, as a browser sends them: (order, topic, hours, practical)."""
    data = {"row-TOTAL_FORMS": len(lines), "row-INITIAL_FORMS": 0}
    for index, (order, topic, hours, practical) in enumerate(lines):
        said = {"ORDER": order, "topic": topic, "hours": hours, "practical": practical}
        data |= {f"row-{index}-{name}": value for name, value in said.items()}
        data |= {f"row-{index}-method": "讲授", f"row-{index}-aims": ""}
    return data | more


def scan(title: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(*paper(title))


# Writing


def test_a_course_is_made_its_outline_written_and_handed_in(county: Any, browse: Any) -> None:
    clerk = browse(CLERK)
    say(
        clerk, "course-add",
        title="网店开设", category="entrepreneur", objective="会开网店", groups=["ecommerce"], class_types=["practical"],
    )  # fmt: skip
    outline = Outline.objects.get(course__title="网店开设")
    assert "互联网技术" in see(clerk, "outline-write", outline.pk)  # every topic of the rules is offered

    lines = [(2, "美工", "1.5", "yes"), (1, "网店注册", "3", ""), ("", "", "", "")]
    say(clerk, "outline-write", outline.pk, **rows_of(*lines), file=scan("大纲"))
    page = say(clerk, "outline-submit", outline.pk)

    assert [(row.topic, str(row.hours), row.practical) for row in outline.rows.all()] == [
        ("网店注册", "3.0", False),
        ("美工", "1.5", True),
    ]
    assert "共 4.5 学时：理论 3，实操 1.5（33%）" in page
    assert "“农村电商创业人员”着重的专题占全部课时的 100 %" in page
    assert "“美工”还没有课件。" in page


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((1, "网店注册", "", ""), "请填学时。"),
        ((1, "网店注册", "0", ""), "大于或等于0.1"),
        ((1, "网店注册", "1.25", ""), "小数"),
    ],
)
def test_what_is_wrong_with_a_line_stands_beside_it(
    county: Any, farmers: Outline, browse: Any, line: Any, said: str
) -> None:
    client = browse(CLERK)
    say(client, "outline-draft", farmers.course_id)
    second = farmers.course.outlines.get(version=2)

    response = client.post(reverse("outline-write", args=[second.pk]), rows_of(line))

    assert response.status_code == 422
    assert said in response.content.decode()
    assert second.rows.count() == farmers.rows.count()


def test_a_retired_course_plans_no_session_until_it_is_restored(
    county: Any, farmers: Outline, browse: Any
) -> None:
    client, title = browse(CLERK), farmers.course.title
    assert title in client.get(reverse("session-plan")).content.decode()

    assert "已停用" in say(client, "course-retire", farmers.course_id)
    assert title not in client.get(reverse("session-plan")).content.decode()
    assert title not in client.get(reverse("courses")).content.decode()
    assert title in client.get(reverse("courses"), {"state": "retired"}).content.decode()
    assert "先恢复使用再改大纲" in say(client, "outline-draft", farmers.course_id)

    assert "已恢复使用" in say(client, "course-restore", farmers.course_id)
    assert title in client.get(reverse("session-plan")).content.decode()


def test_more_lines_are_given_and_what_was_written_is_kept(
    county: Any, farmers: Outline, browse: Any
) -> None:
    client = browse(CLERK)
    say(client, "outline-draft", farmers.course_id)
    second = farmers.course.outlines.get(version=2)

    page = say(client, "outline-write", second.pk, **rows_of((1, "直播", "2", ""), more="yes"))

    assert 'name="row-3-topic"' in page
    assert 'value="直播"' in page


def test_an_approved_outline_has_no_editor(farmers: Outline, browse: Any) -> None:
    response = browse(CLERK).get(reverse("outline-write", args=[farmers.pk]))

    assert response.status_code == 302


# Approving


def test_the_bureau_reads_what_changed_and_sends_it_back_with_a_reason(
    county: Any, farmers: Outline, browse: Any
) -> None:
    clerk, bureau = browse(CLERK), browse(REVIEWER)
    say(clerk, "outline-draft", farmers.course_id)
    second = farmers.course.outlines.get(version=2)
    lines = [(1, "电商基础知识", "2", ""), (2, "电商供应链", "5", "")]
    say(clerk, "outline-write", second.pk, **rows_of(*lines, changes="加了供应链"))
    assert reverse("outline", args=[second.pk]) not in see(bureau, "outlines")  # a draft is its writers' own
    say(clerk, "outline-submit", second.pk)

    assert "培训大纲待审批" in see(bureau, "home")
    page = see(bureau, "outline", second.pk)
    assert "增加“电商供应链” 5 学时。" in page
    assert "“电商基础知识”由 3 学时改为 2 学时。" in page
    assert "不属于本类别的专题：电商供应链 5 学时" in page
    say(bureau, "outline-return", second.pk, reason="供应链不是农民班的内容")

    assert "培训大纲被退回" in see(clerk, "home")
    assert "供应链不是农民班的内容" in see(clerk, "outline-write", second.pk)


def test_a_version_is_compared_with_any_other(county: Any, farmers: Outline, browse: Any) -> None:
    second = Outline.objects.create(course=farmers.course, version=2, status=OutlineStatus.APPROVED)
    third = Outline.objects.create(course=farmers.course, version=3, status=OutlineStatus.SUBMITTED)
    client = browse(REVIEWER)

    assert "与第 2 版相同。" in see(client, "outline", third.pk)
    assert "删去“电商基础知识” 3 学时。" in see(client, "outline", third.pk, against=str(farmers.pk))
    assert "总学时由 0 改为 6。" in see(client, "outline", farmers.pk, against=str(second.pk))


def test_readers_see_outlines_and_decide_nothing(farmers: Outline, browse: Any) -> None:
    Outline.objects.filter(pk=farmers.pk).update(status=OutlineStatus.SUBMITTED)
    page = see(browse(AUDITOR), "outline", farmers.pk)

    assert "电商交易安全" in page
    assert reverse("outline-approve", args=[farmers.pk]) not in page


# A session by its outline


def test_a_plan_chooses_among_approved_outlines(county: Any, farmers: Outline, browse: Any) -> None:
    client = browse(CLERK)
    assert "农民电商知识普及 v1（农民）" in see(client, "session-revise", county.session.pk)

    said = FARMERS_PLAN | {"outline_id": farmers.pk}
    say(client, "session-revise", county.session.pk, **said)

    county.session.refresh_from_db()
    assert county.session.outline == farmers


def test_the_session_page_tells_outline_and_timetable_apart(
    pinned: Any, farmers: Outline, browse: Any
) -> None:
    farmers.rows.filter(topic="电商交易安全").update(practical=True)
    farmers.rows.filter(topic="电商基础知识").update(hours=4)
    Courseware.objects.filter(topic="电商交易安全").first().training_sessions.clear()
    for client, name in ((browse(CLERK), "session"), (browse(REVIEWER), "bureau-session")):
        page = see(client, name, pinned.session.pk)
        assert "大纲 4 学时“电商基础知识”，课表只排了 3 学时。" in page
        assert "大纲“电商交易安全”实操 3 学时，课表只排了 0 学时实操。" in page
        assert "“农民”的专题占全部课时的 100 %" in page
        assert '<span class="needs-person">缺</span>' in page


def test_hours_that_were_held_are_counted_once_somebody_came(closed: Any, browse: Any) -> None:
    assert "已上学时" in see(browse(CLERK), "session", closed.session.pk)


def test_a_draft_has_no_hours_held(county: Any, browse: Any) -> None:
    assert "已上学时" not in see(browse(CLERK), "session", county.session.pk)


def test_a_session_says_when_its_outline_or_courseware_has_a_later_version(
    pinned: Any, farmers: Outline, browse: Any
) -> None:
    Outline.objects.create(course=farmers.course, version=2, status=OutlineStatus.APPROVED)
    client, used = browse(CLERK), pinned.session.courseware.first()
    say(client, "courseware-piece", used.pk, file=scan("新讲义"))

    page = see(client, "session", pinned.session.pk)
    assert "大纲已有第 2 版；本期用的仍是选定的这一版。" in page
    assert page.count("有新版本") == 1


def test_where_the_programme_wants_an_outline_the_page_says_so(county: Any, browse: Any) -> None:
    for rule_set in RuleSet.objects.filter(programme=county.programme):
        rule_set.body["planning"]["outline_required"] = True
        rule_set.save(update_fields=["body"])

    assert "还没有选大纲，提交开班申请前要选" in see(browse(CLERK), "session", county.session.pk)


# Courseware


def test_courseware_has_a_history_with_the_sessions_of_each_version(county: Any, browse: Any) -> None:
    client, used = browse(CLERK), county.session.courseware.first()
    say(client, "courseware-piece", used.pk, file=scan("新讲义"))
    newest = Courseware.objects.get(topic=used.topic, title=used.title, version=2)

    page = see(client, "courseware-piece", newest.pk)
    assert county.session.code in page
    assert newest.file.sha256[:12] in page
    assert used.file.sha256[:12] in page


def test_unused_courseware_is_withdrawn_with_a_reason(county: Any, browse: Any) -> None:
    client, used = browse(CLERK), county.session.courseware.first()
    say(client, "courseware-piece", used.pk, file=scan("新讲义"))
    newest = Courseware.objects.get(topic=used.topic, title=used.title, version=2)

    say(client, "courseware-withdraw", newest.pk, reason="传错了")
    page = say(client, "courseware-withdraw", used.pk, reason="传错了")

    newest.refresh_from_db()
    assert newest.status == CoursewareStatus.WITHDRAWN
    assert f"这一版已经用于{county.session.code}" in page
    assert f'value="{newest.pk}"' not in see(client, "session-courseware", county.session.pk)


def test_the_bureau_approves_courseware_where_the_programme_wants_it(county: Any, browse: Any) -> None:
    for rule_set in RuleSet.objects.filter(programme=county.programme):
        rule_set.body["planning"]["courseware_approval"] = True
        rule_set.save(update_fields=["body"])
    clerk, bureau = browse(CLERK), browse(REVIEWER)
    say(clerk, "courseware-add", topic="网购平台介绍", title="平台讲义", file=scan("平台讲义"))
    new = Courseware.objects.get(title="平台讲义")

    assert "课件待审定" in see(bureau, "home")
    say(bureau, "courseware-return", new.pk, reason="第 3 页看不清")
    assert "第 3 页看不清" in see(clerk, "courseware-piece", new.pk)
    say(clerk, "courseware-piece", new.pk, file=scan("平台讲义二"))
    say(bureau, "courseware-approve", Courseware.objects.get(title="平台讲义", version=2).pk)
    assert Courseware.objects.get(title="平台讲义", version=2).status == CoursewareStatus.APPROVED


def test_only_those_who_teach_hand_in_a_version(county: Any, browse: Any) -> None:
    used = county.session.courseware.first()

    response = browse(REVIEWER).post(reverse("courseware-piece", args=[used.pk]), {"file": scan("x")})

    assert response.status_code == 403


# Lists


@pytest.mark.parametrize(
    ("name", "query", "there"),
    [
        ("courses", {}, True),
        ("courses", {"q": "交易安全"}, True),  # by a topic of its outline
        ("courses", {"q": "直播"}, False),
        ("courses", {"category": "farmer", "state": "approved"}, True),
        ("courses", {"state": "waiting"}, False),
        ("courses", {"state": "returned"}, False),
        ("courses", {"state": "none"}, False),
        ("outlines", {"status": "approved", "q": "农民"}, True),
        ("outlines", {"status": "submitted"}, False),
    ],
)
def test_lists_find_what_is_asked_for(
    farmers: Outline, browse: Any, name: str, query: dict[str, str], there: bool
) -> None:
    for role in (CLERK, MANAGER, REVIEWER):
        assert ("农民电商知识普及" in see(browse(role), name, **query)) is there


@pytest.mark.parametrize(
    ("query", "count"),
    [({}, 2), ({"topic": "电商交易安全"}, 1), ({"q": "基础"}, 1), ({"status": "approved"}, 0)],
)
def test_courseware_is_found_by_topic_and_state(
    county: Any, browse: Any, query: dict[str, str], count: int
) -> None:
    page = see(browse(REVIEWER), "courseware", **query)

    assert page.count("讲义</a>") == count


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (
            "courses-export",
            ["农民电商知识普及", "石城县兴农电商培训中心", "农民", "1", "已批准", "1", "6", "0", "0"],
        ),
        (
            "outlines-export",
            [
                "农民电商知识普及", "石城县兴农电商培训中心", "农民", "1", "已批准", "6", "0",
                "2021-05-18", "2021-05-18", "0",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_listed_is_exported(farmers: Outline, browse: Any, name: str, row: list[str]) -> None:
    response = browse(REVIEWER).get(reverse(name))
    text = b"".join(response.streaming_content).decode("utf-8-sig")

    assert list(csv.reader(io.StringIO(text)))[1:] == [row]


def test_courseware_is_exported_with_its_hash(county: Any, browse: Any) -> None:
    response = browse(CLERK).get(reverse("courseware-export"), {"topic": "电商交易安全"})
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))

    assert [row[-1] for row in rows[1:]] == [Courseware.objects.get(topic="电商交易安全").file.sha256]


@pytest.mark.parametrize("name", ["courses", "outlines", "courseware"])
def test_an_empty_list_says_what_to_do(make_county: Any, county: Any, browse: Any, name: str) -> None:
    Courseware.objects.all().first().training_sessions.clear()
    county.session.courseware.clear()
    Courseware.objects.all().delete()

    assert 'class="empty"' in see(browse(CLERK), name)
    assert 'class="empty"' in see(browse(REVIEWER), name)


QUERIES = {"courses": 14, "outlines": 13, "courseware": 13}


@pytest.mark.parametrize("more", [0, 29])
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_list_costs_the_same_queries_whatever_its_length(
    county: Any,
    farmers: Outline,
    browse: Any,
    django_assert_num_queries: DjangoAssertNumQueries,
    name: str,
    more: int,
) -> None:
    file = Courseware.objects.first().file
    for number in range(more):
        course = Course.objects.create(
            institution=county.institution, title=f"课程{number}", category="farmer", objective="x"
        )
        outline = Outline.objects.create(course=course, version=1, status=OutlineStatus.APPROVED)
        OutlineRow.objects.create(outline=outline, sequence=1, topic="电商基础知识", hours=2)
        Courseware.objects.create(
            institution=county.institution, topic="直播", title=f"讲义{number}", file=file
        )
    client = browse(REVIEWER)

    with django_assert_num_queries(QUERIES[name]):
        see(client, name)
