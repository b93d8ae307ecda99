"""An institution plans, hands in its roster and its papers, and is told what is missing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, reverse
from openpyxl import Workbook, load_workbook
from pytest_django import DjangoAssertNumQueries

from tests.conftest import CLASS_DAY
from tests.training.reviews import review_and_seal
from tests.training.signing import picture
from training.accounts.choices import Role
from training.claims.models import Claim
from training.core.models import AuditEvent
from training.demo.people import synthetic_people
from training.demo.scenery import add_institution, paper, plan_farmers_session, roster_workbook
from training.dossiers.choices import DossierStatus
from training.enrolment.models import Enrolment, RosterImport
from training.institutions.services import verify_proof
from training.people.models import Consent
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson, TrainingSession, Venue, Witness
from training.scheduling.services import return_session
from training.web.institution import urls

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
OUTSIDE_ROLES = [Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.FOLLOW_UP, Role.AUDITOR]
READ_ONLY_PAGES = ["sessions", "sessions-export", "session-plan"]
READ_ONLY_PAGES += ["courseware-add"]
SESSION_PAGES = [
    "session",
    "session-revise",
    "lesson-add",
    "session-courseware",
    "witness-add",
    "session-cancel",
]
SESSION_PAGES += ["register", "roster", "roster-template", "evidence-add"]

PLAN = {
    "title": "返乡青年网店运营班",
    "category": "farmer",
    "class_type": "general",
    "form": "classroom",
    "audience": "返乡青年",
    "goals": "会开网店",
    "content": "电商基础知识",
    "assessment": "实操",
    "class_manager": "邓经办",
}


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def scan_of(title: str) -> SimpleUploadedFile:
    return upload(*paper(title))


def shown(response: Any) -> str:
    return response.content.decode()


def post(client: Client, name: str, /, *args: Any, **fields: Any) -> Any:
    """Hand in a form and follow to the page it leads to; a refused form stays where it is."""
    return client.post(reverse(name, args=args), fields, follow=True)


def see(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return shown(response)


# --- who may come in -----------------------------------------------------------------------------


def every_address_with_an_id(county: Any) -> dict[str, str]:
    session = county.session
    keys = {
        "roster-import": session.roster_imports.first(),
        "roster-marked": session.roster_imports.first(),
        "roster-columns": session.roster_imports.first(),
        "roster-import-cancel": session.roster_imports.first(),
        "roster-import-resume": session.roster_imports.first(),
        "enrolment-withdraw": session.enrolments.first(),
        "enrolment-phone": session.enrolments.first(),
        "consent": session.enrolments.first(),
        "evidence-describe": session.evidence.first(),
        "evidence-withdraw": session.evidence.first(),
    }
    names = [
        entry.name
        for entry in urls.urlpatterns
        if isinstance(entry, URLPattern) and "pk" in str(entry.pattern)
    ]
    return {name: reverse(name, args=[keys.get(name, session).pk]) for name in names}


@pytest.fixture
def neighbours(county: Any) -> Any:
    """Another institution of the same county: its clerk and head."""
    _institution, staff = add_institution(
        county.programme,
        name="石城县惠民职业培训学校",
        uscc="91360825MA36DEMN7K",
        prefix="neighbour-",
        bureau=county.actor(Role.BUREAU_HEAD),
    )
    return staff


def answers(client: Client, addresses: dict[str, str]) -> set[tuple[str, int]]:
    """What a form handed in gets; every page that can be read is read as well."""
    found = {(name, client.post(address).status_code) for name, address in addresses.items()}
    read = {(name, client.get(address).status_code) for name, address in addresses.items()}
    return found | {(name, status) for name, status in read if status != 405}


@pytest.mark.parametrize("role", [CLERK, HEAD, *OUTSIDE_ROLES])
def test_nothing_exists_for_another_county(closed: Any, other_county: Any, browse: Any, role: Role) -> None:
    addresses = every_address_with_an_id(closed)

    assert answers(browse(role, other_county), addresses) == {(name, 404) for name in addresses}


@pytest.mark.parametrize("role", [CLERK, HEAD])
def test_nothing_exists_for_another_institution(closed: Any, neighbours: Any, role: Role) -> None:
    addresses = every_address_with_an_id(closed)
    client = Client()
    client.force_login(neighbours.members[role].user)

    assert answers(client, addresses) == {(name, 404) for name in addresses}


def test_another_institution_lists_only_its_own(closed: Any, neighbours: Any) -> None:
    client = Client()
    client.force_login(neighbours.members[CLERK].user)

    assert closed.session.code not in see(client, "sessions")
    assert closed.session.code not in b"".join(client.get(reverse("sessions-export"))).decode()
    assert "罗明远" not in see(client, "instructors")
    assert "石城县商培协" not in see(client, "session-plan")
    assert "电商基础知识讲义" not in see(client, "courseware")
    assert "电商公共服务中心" not in see(client, "venues")


@pytest.mark.parametrize("role", OUTSIDE_ROLES)
def test_other_roles_of_the_county_are_told_that_it_is_not_their_step(
    closed: Any, browse: Any, role: Role
) -> None:
    client = browse(role)
    addresses = every_address_with_an_id(closed) | {name: reverse(name) for name in READ_ONLY_PAGES}

    assert answers(client, addresses) == {(name, 403) for name in addresses}
    assert TrainingSession.objects.get().status == SessionStatus.CLOSED


@pytest.mark.parametrize("role", [CLERK, HEAD])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_for_clerk_and_head_in_both_languages(
    closed: Any, browse: Any, role: Role, language: str
) -> None:
    client = browse(role)
    client.cookies["django_language"] = language
    addresses = [reverse(name) for name in READ_ONLY_PAGES]
    addresses += [reverse(name, args=[closed.session.pk]) for name in SESSION_PAGES]
    addresses += [
        address
        for name, address in every_address_with_an_id(closed).items()
        if name in ("roster-import", "roster-marked", "evidence-withdraw")
    ]
    pages = [client.get(address) for address in addresses]

    assert [page.status_code for page in pages] == [200] * len(addresses)
    for page in pages:
        if page["Content-Type"].startswith("text/html"):
            assert f'<html lang="{language}">' in shown(page)


# --- the list ------------------------------------------------------------------------------------


def plan_more(county: Any, count: int) -> None:
    clerk, agreement = county.actor(CLERK), county.institution.agreements.get()
    for number in range(count):
        plan_farmers_session(
            county.institution,
            agreement,
            county.instructors,
            on=CLASS_DAY + timedelta(days=number + 1),
            actor=clerk,
        )


@pytest.mark.parametrize("more", [0, 29])
def test_the_list_asks_the_database_as_often_for_thirty_sessions_as_for_one(
    county: Any, browse: Any, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plan_more(county, more)
    client = browse(CLERK)
    with django_assert_num_queries(LIST_QUERIES):
        page = client.get(reverse("sessions"))

    assert len(page.context["rows"]) == min(1 + more, 20)


LIST_QUERIES = 37


def test_search_status_and_page_live_in_the_address(county: Any, browse: Any) -> None:
    plan_more(county, 20)
    client = browse(CLERK)

    def codes(**query: Any) -> list[str]:
        return [row.session.code[-3:] for row in client.get(reverse("sessions"), query).context["rows"]]

    assert codes(page=2) == ["001"]
    assert codes(q="F-007") == ["007"]
    assert codes(status="submitted") == []
    assert codes(todo="draft", page=2) == ["001"]
    assert codes(status="nonsense", page="nonsense")[0] == "021"
    assert "?status=draft&amp;page=2" in shown(client.get(reverse("sessions"), {"status": "draft"}))


def test_the_export_holds_exactly_what_is_listed_on_all_pages(county: Any, browse: Any) -> None:
    plan_more(county, 24)
    answer = browse(CLERK).get(reverse("sessions-export"), {"status": "draft"})
    text = b"".join(answer).decode("utf-8")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))

    assert text.startswith("\ufeff")
    assert len(rows) == 26
    assert rows[-1] == [
        "SC-2020-TR-F-001",
        "农民电商知识普及培训班",
        "农民",
        "2021-05-18",
        "2021-05-18",
        "草稿",
        "12",
        "0",
        "A3、A5、A8、A9",
    ]


def test_a_title_that_would_run_as_a_formula_is_exported_as_text(county: Any, browse: Any) -> None:
    TrainingSession.objects.update(title="=HYPERLINK(1)")
    text = b"".join(browse(CLERK).get(reverse("sessions-export"))).decode()

    assert "'=HYPERLINK(1)" in text


def test_an_empty_list_says_what_to_do_first(make_county: Any, neighbours: Any) -> None:
    client = Client()
    client.force_login(neighbours.members[CLERK].user)

    assert "还没有任何一期培训" in see(client, "sessions")
    assert "没有它就不能新建培训" in see(client, "papers")
    assert "请向商务局要一个登记码" in see(client, "stations")


# --- the plan ------------------------------------------------------------------------------------


def test_a_plan_is_made_from_the_codes_of_the_rule_set(county: Any, browse: Any) -> None:
    agreement = county.institution.agreements.get()
    page = post(browse(CLERK), "session-plan", agreement_id=agreement.pk, **PLAN)
    session = TrainingSession.objects.latest("pk")

    assert page.redirect_chain == [(reverse("session", args=[session.pk]), 302)]
    assert (session.title, session.category, session.uses_face) == ("返乡青年网店运营班", "farmer", False)


def test_a_plan_with_a_gap_comes_back_with_what_was_typed(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "session-plan", **PLAN | {"category": "astrology"})

    assert page.status_code == 422
    assert sorted(page.context["form"].errors) == ["agreement_id", "category"]
    assert "返乡青年网店运营班" in shown(page)
    assert TrainingSession.objects.count() == 1


def test_a_suspended_institution_is_told_so_in_the_form(county: Any, browse: Any) -> None:
    type(county.institution).objects.update(status="suspended", reason="被举报，正在核查")
    agreement = county.institution.agreements.get()
    page = post(browse(CLERK), "session-plan", agreement_id=agreement.pk, **PLAN)

    assert page.context["form"].non_field_errors() == [
        "机构已暂停，不能开班。原因：被举报，正在核查。请先处理好，再联系商务局恢复。"
    ]


def test_a_plan_can_be_revised_until_it_is_handed_in(county: Any, browse: Any) -> None:
    client = browse(CLERK)
    post(client, "session-revise", county.session.pk, **PLAN)
    county.session.refresh_from_db()

    assert county.session.title == "返乡青年网店运营班"


def lesson_fields(county: Any, **changes: Any) -> dict[str, Any]:
    return {
        "on": "2021-05-19",
        "start": "09:00",
        "end": "11:15",
        "topic": "电商基础知识",
        "instructor_id": county.instructors[0].pk,
        "venue_id": Venue.objects.get().pk,
    } | changes


def test_a_lesson_joins_the_timetable_and_leaves_it(county: Any, browse: Any) -> None:
    client = browse(CLERK)
    page = post(client, "lesson-add", county.session.pk, **lesson_fields(county))
    added = Lesson.objects.latest("pk")
    assert (page.status_code, added.sequence) == (200, 3)

    post(client, "lesson-remove", county.session.pk, added.pk)
    assert county.session.lessons.count() == 2


def test_topics_to_choose_from_are_those_of_the_category(county: Any, browse: Any) -> None:
    form = browse(CLERK).get(reverse("lesson-add", args=[county.session.pk])).context["form"]
    topics = county.session.rule_set.rules.topics("farmer")

    assert [value for value, _label in form.fields["topic"].choices[1:-1]] == [topic.name for topic in topics]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"on": "2021-05-18"}, "授课人罗明远这段时间在SC-2020-TR-F-001 第1课次"),
        ({"on": "2024-01-01"}, "日期不在项目期内（2020-04-01 至 2022-06-30）。"),
        ({"start": "12:00"}, "结束时间要晚于开始时间。"),
        ({"topic": "占星术"}, "占星术"),
    ],
)
def test_a_lesson_that_does_not_fit_is_refused_in_its_form(
    county: Any, browse: Any, changes: dict[str, str], said: str
) -> None:
    page = post(browse(CLERK), "lesson-add", county.session.pk, **lesson_fields(county, **changes))

    assert page.status_code == 422
    assert said in str(page.context["form"].errors)
    assert county.session.lessons.count() == 2


def test_courseware_is_pinned_by_version(county: Any, browse: Any) -> None:
    client = browse(CLERK)
    post(client, "courseware-add", topic="电商基础知识", title="电商基础知识讲义", file=scan_of("新讲义"))
    versions = county.institution.courseware.filter(topic="电商基础知识").order_by("version")
    assert [piece.version for piece in versions] == [1, 2]

    post(client, "session-courseware", county.session.pk, courseware_ids=[versions[1].pk])

    assert [str(piece) for piece in county.session.courseware.all()] == ["电商基础知识讲义 v2"]


def test_a_witness_needs_a_pin_of_digits_and_it_is_never_shown(county: Any, browse: Any) -> None:
    client = browse(CLERK)
    refused = post(client, "witness-add", county.session.pk, name="赖主任", post="村主任", pin="12345")
    assert refused.context["form"].non_field_errors() == ["见证码要 6 至 12 位数字。"]

    page = post(client, "witness-add", county.session.pk, name="赖主任", post="村主任", pin="602917")

    assert Witness.objects.filter(name="赖主任").count() == 1
    assert "602917" not in shown(refused) + shown(page)


def test_the_head_hands_in_and_the_clerk_is_told_that_this_is_the_heads_step(
    county: Any, browse: Any
) -> None:
    assert "由机构负责人提交" in see(browse(CLERK), "session", county.session.pk)
    assert browse(CLERK).post(reverse("session-submit", args=[county.session.pk])).status_code == 403

    post(browse(HEAD), "session-submit", county.session.pk)

    county.session.refresh_from_db()
    assert county.session.status == SessionStatus.SUBMITTED
    assert "等商务局审批" in see(browse(HEAD), "session", county.session.pk)


def test_a_refusal_after_a_button_is_said_on_the_page_it_was_pressed_on(county: Any, browse: Any) -> None:
    Witness.objects.all().delete()
    address = reverse("session", args=[county.session.pk])
    page = browse(HEAD).post(
        reverse("session-submit", args=[county.session.pk]),
        headers={"referer": f"http://testserver{address}"},
        follow=True,
    )

    assert page.redirect_chain == [(f"http://testserver{address}", 302)]
    assert "还不能提交，缺：见证人。" in shown(page)


def test_what_the_bureau_wants_changed_stands_on_top(submitted: Any, browse: Any) -> None:
    return_session(
        submitted.session.pk, reason="第二课次换一位授课人。", actor=submitted.actor(Role.BUREAU_REVIEWER)
    )

    assert "第二课次换一位授课人。" in see(browse(CLERK), "session", submitted.session.pk)


def test_a_session_is_cancelled_with_a_reason(county: Any, browse: Any) -> None:
    assert post(browse(CLERK), "session-cancel", county.session.pk, reason=" ").status_code == 422
    post(browse(CLERK), "session-cancel", county.session.pk, reason="报名人数不足")

    county.session.refresh_from_db()
    assert county.session.status == SessionStatus.CANCELLED


# --- the roster ----------------------------------------------------------------------------------


@pytest.fixture
def unrostered(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)


def sign_in(county: Any, role: Role = CLERK) -> Client:
    client = Client()
    client.force_login(county.user(role))
    return client


def import_roster(county: Any, data: bytes, name: str = "名册.xlsx") -> Any:
    return post(sign_in(county), "roster", county.session.pk, file=upload(name, data))


def roster_of(*rows: list[object]) -> bytes:
    book, stream = Workbook(), BytesIO()
    for row in (["序号", "姓名", "身份证号", "手机号", "乡镇", "村（社区）", "学员类别"], *rows):
        book.active.append(row)
    book.save(stream)
    return stream.getvalue()


def row_of(number: int, **changes: object) -> list[object]:
    person = synthetic_people(12, seed=7)[number]
    cells = {"name": person.name, "id": person.id_number, "phone": person.phone} | changes
    return [number + 1, cells["name"], cells["id"], cells["phone"], person.township, person.village, ""]


def word_file() -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    return stream.getvalue()


def test_the_template_can_be_filled_in_and_handed_in(unrostered: Any) -> None:
    template = sign_in(unrostered).get(reverse("roster-template", args=[unrostered.session.pk]))
    assert template["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    book = load_workbook(BytesIO(template.content))
    number, name, *more = row_of(0)
    for cell, value in zip(book.active[3], [number, name, "女", *more], strict=False):
        cell.value = value
    stream = BytesIO()
    book.save(stream)

    page = import_roster(unrostered, stream.getvalue())

    assert "导入了 1 人" in shown(page)


def test_a_right_roster_goes_in_whole_and_is_shown_masked(unrostered: Any) -> None:
    people = synthetic_people(12, seed=7)
    page = import_roster(unrostered, roster_workbook(people))

    assert "导入了 12 人" in shown(page)
    assert "䶮海生" in shown(page)
    roster = see(sign_in(unrostered), "roster", unrostered.session.pk)
    assert all(person.id_number not in roster and person.phone not in roster for person in people)
    assert "张𬭎" in roster


MISTAKES: dict[str, tuple[list[object], tuple[int, str, str]]] = {
    "wrong check digit": (row_of(1, id="110105194912310021"), (3, "身份证号", "身份证号校验位不对")),
    "spoilt by Excel": (row_of(1, id="1.1011E+17"), (3, "身份证号", "身份证号被 Excel 变成了数字")),
    "duplicate": (row_of(0), (3, "身份证号", "与第 2 行是同一个身份证号")),
    "lost character": (row_of(1, name="?海生"), (3, "姓名", "姓名里有丢失或自造的字")),
    "formula": (row_of(1, name="=1+1x"), (3, "姓名", "姓名")),
    "phone": (row_of(1, phone="12345"), (3, "手机号", "手机号应为 11 位数字")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_row_is_listed_with_row_column_and_what_to_do_and_the_right_one_stays(
    unrostered: Any, mistake: str
) -> None:
    wrong, (row, column, message) = MISTAKES[mistake]
    page = import_roster(unrostered, roster_of(row_of(0), wrong))
    problem = RosterImport.objects.get().problems[0]

    assert unrostered.session.enrolments.count() == 1
    assert (problem["row"], problem["column"]) == (row, column)
    assert message in problem["message"]
    assert "导入了 1 人" in shown(page)
    assert "1 处没有导入" in shown(page)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("名册.xlsx", b"", "文件是空的（0 字节）"),
        ("名册.xlsx", roster_of()[:200], "表格文件已损坏"),
        ("名册.xlsx", word_file(), "这是 Word 文件，只是改了扩展名"),
        ("名册.xlsx", roster_of(), "表头下面没有学员"),
        ("照片.xlsx", picture(), "这不是 Excel 表格"),
    ],
)
def test_a_file_of_no_use_is_refused_with_what_to_do(
    unrostered: Any, name: str, data: bytes, said: str
) -> None:
    page = import_roster(unrostered, data, name)

    assert page.status_code == 422
    assert said in str(page.context["form"].errors)
    assert not RosterImport.objects.exists()
    assert not Enrolment.objects.exists()


def test_an_empty_sheet_is_called_empty(unrostered: Any) -> None:
    stream = BytesIO()
    Workbook().save(stream)

    assert "表格里什么也没有" in shown(import_roster(unrostered, stream.getvalue()))


def test_the_marked_roster_says_in_the_file_itself_what_is_wrong(unrostered: Any) -> None:
    import_roster(unrostered, roster_of(row_of(0), MISTAKES["wrong check digit"][0]))
    imported = RosterImport.objects.get()
    answer = sign_in(unrostered).get(reverse("roster-marked", args=[imported.pk]))
    sheet = load_workbook(BytesIO(answer.content)).active

    assert sheet["H1"].value == "问题"
    assert sheet["H3"].value.startswith("身份证号：身份证号校验位不对")


def test_the_corrected_file_adds_only_those_who_were_missing(unrostered: Any) -> None:
    import_roster(unrostered, roster_of(row_of(0), MISTAKES["wrong check digit"][0]))
    page = import_roster(unrostered, roster_of(row_of(0), row_of(1)))

    assert [place.number for place in page.context["result"].accepted] == [2]
    assert "另有 1 人已经在本期名册上，没有重复导入" in shown(page)
    assert unrostered.session.enrolments.count() == 2


def test_nobody_joins_a_roster_that_is_frozen(submitted: Any) -> None:
    address = reverse("roster", args=[submitted.session.pk])
    page = sign_in(submitted).post(address, {"file": upload("名册.xlsx", roster_of(row_of(0)))})

    assert page.status_code == 409
    assert submitted.session.enrolments.count() == 12
    assert "名册已随开班申请提交并冻结" in see(sign_in(submitted), "roster", submitted.session.pk)


def test_people_are_found_on_the_roster_by_name(county: Any, browse: Any) -> None:
    page = browse(CLERK).get(reverse("roster", args=[county.session.pk]), {"q": "𬭎"})

    assert [place.trainee.name for place in page.context["page_obj"]] == ["张𬭎"]


def test_a_person_is_taken_off_the_roster_and_leaves_the_list(county: Any, browse: Any) -> None:
    place = county.session.enrolments.get(trainee__name="张𬭎")
    client = browse(CLERK)
    page = post(client, "enrolment-withdraw", place.pk, reason="外出务工")

    assert "张𬭎" not in shown(page)
    place.refresh_from_db()
    assert (place.withdraw_reason, place.withdrawn_by) == ("外出务工", "邓经办")


def test_consent_is_recorded_for_each_trainee_and_can_be_withdrawn(county: Any, browse: Any) -> None:
    place, client = county.session.enrolments.first(), browse(CLERK)
    post(client, "consent", place.pk, given="yes")
    page = post(client, "consent", place.pk, given="no")

    answers = Consent.objects.filter(trainee=place.trainee).order_by("pk")
    assert [(answer.given, answer.withdrawn_at is None) for answer in answers] == [
        (True, False),
        (False, True),
    ]
    assert f"{place.trainee.name}不同意，签到刷身份证即可" in shown(page)


@pytest.mark.parametrize("more", [0, 20])
def test_the_roster_asks_the_database_as_often_for_many_as_for_few(
    county: Any, browse: Any, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    if more:
        people = synthetic_people(12 + more, seed=7)[12:]
        post(browse(CLERK), "roster", county.session.pk, file=upload("续.xlsx", roster_workbook(people)))
    client = browse(CLERK)
    with django_assert_num_queries(ROSTER_QUERIES):
        page = client.get(reverse("roster", args=[county.session.pk]))

    assert len(page.context["page_obj"]) == 12 + more


ROSTER_QUERIES = 19


# --- class, archive, claim -----------------------------------------------------------------------


def test_a_class_cannot_be_closed_before_it_is_over(approved: Any, browse: Any) -> None:
    assert "最后一次课结束后回来结课" in see(browse(CLERK), "session", approved.session.pk)
    answer = browse(CLERK).post(reverse("session-close", args=[approved.session.pk]))

    assert answer.status_code == 409
    assert "最后一次课还没有结束，不能结课。" in shown(answer)


def test_the_session_page_names_everything_missing_with_its_clause_and_who_supplies_it(
    closed: Any, browse: Any
) -> None:
    page = see(browse(HEAD), "session", closed.session.pk)

    assert "缺 A3：授课人王思敏（第2课次）无资质证明" in page
    assert "由谁补：培训机构" in page
    assert "每位授课人的基本情况和资质证明" in page
    assert page.count("nine-cell--complete") == 8


def test_the_claim_button_refuses_and_names_what_is_missing(closed: Any, browse: Any) -> None:
    answer = browse(HEAD).post(reverse("session-claim", args=[closed.session.pk]))

    assert answer.status_code == 409
    assert "档案不全，不予以补贴" in shown(answer)
    assert "授课人王思敏（第2课次）无资质证明" in shown(answer)
    assert not Claim.objects.exists()
    assert AuditEvent.objects.filter(verb="claim.refused").count() == 1


def test_the_missing_proof_is_uploaded_and_the_dossier_handed_in(closed: Any, browse: Any) -> None:
    client = browse(HEAD)
    page = post(
        client,
        "instructor",
        closed.instructors[1].pk,
        kind="title",
        number="赣职 2020-0412",
        issuer="江西省人社厅",
        file=scan_of("职称证书"),
    )
    assert page.status_code == 200
    proof = closed.instructors[1].proofs.get(refused_at=None)
    assert see(client, "session", closed.session.pk).count("nine-cell--complete") == 8

    verify_proof(proof.pk, actor=closed.actor(Role.BUREAU_REVIEWER))
    assert see(client, "session", closed.session.pk).count("nine-cell--complete") == 9

    post(client, "dossier-submit", closed.session.pk)

    closed.session.dossier.refresh_from_db()
    assert closed.session.dossier.status == DossierStatus.SUBMITTED


def test_a_sealed_session_is_claimed_for_its_renci(
    handed_in: Any, browse: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in, Role.BUREAU_HEAD)
    page = post(browse(HEAD), "session-claim", handed_in.session.pk)

    assert "10 人次 × 400.00 元" in shown(page)
    assert "4,000.00 元" in shown(page)
    assert "nine-grid--sealed" in shown(page)


def evidence_fields(county: Any, **changes: Any) -> dict[str, Any]:
    lesson = county.session.lessons.first()
    return {"item": "A9", "kind": "photo", "lesson_id": lesson.pk, "caption": "上午实操"} | changes


def test_several_photos_come_in_at_once(closed: Any, browse: Any) -> None:
    photos = [upload(f"{number}.jpg", picture(number)) for number in (101, 102)]
    page = post(browse(CLERK), "evidence-add", closed.session.pk, **evidence_fields(closed, uploads=photos))

    assert "收下了 2 个文件。" in shown(page)
    assert closed.session.evidence.filter(caption="上午实操").count() == 2


def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_are_kept(closed: Any, browse: Any) -> None:
    files = [upload("好.jpg", picture(101)), upload("假.jpg", b"MZ not a photo")]
    page = post(browse(CLERK), "evidence-add", closed.session.pk, **evidence_fields(closed, uploads=files))

    assert page.status_code == 422
    assert "收下了 1 个文件。" in shown(page)
    assert page.context["form"].non_field_errors() == [
        "“假.jpg”的内容不是这里能用的格式，请换成：JPG 照片、PNG 图片、HEIC 照片。"
    ]


def test_a_photo_needs_its_lesson(closed: Any, browse: Any) -> None:
    fields = evidence_fields(closed, lesson_id="", uploads=[upload("1.jpg", picture(101))])
    page = post(browse(CLERK), "evidence-add", closed.session.pk, **fields)

    assert page.context["form"].non_field_errors() == ["请选择照片属于哪一课次。"]


def test_evidence_is_withdrawn_with_a_reason_that_stays_on_record(closed: Any, browse: Any) -> None:
    client = browse(CLERK)
    fields = evidence_fields(closed, uploads=[upload("1.jpg", picture(101))])
    post(client, "evidence-add", closed.session.pk, **fields)
    photo = closed.session.evidence.get(caption="上午实操")
    assert post(client, "evidence-withdraw", photo.pk, reason="").status_code == 422

    page = post(client, "evidence-withdraw", photo.pk, reason="拍到了别的班")

    photo.refresh_from_db()
    assert photo.withdrawn_reason == "拍到了别的班"
    assert "拍到了别的班" in shown(page)


def test_a_photo_that_a_station_signed_for_stays(closed: Any, browse: Any) -> None:
    photo = closed.session.evidence.first()
    page = post(browse(CLERK), "evidence-withdraw", photo.pk, reason="拍到了别的班")

    assert page.context["form"].non_field_errors() == [
        "签到终端拍的照片有签名记录，不能撤下。需要时请另补照片。"
    ]
    assert reverse("evidence-withdraw", args=[photo.pk]) not in see(
        browse(CLERK), "session", closed.session.pk
    )


def test_an_archive_that_was_handed_in_takes_nothing_more(handed_in: Any, browse: Any) -> None:
    fields = evidence_fields(handed_in, uploads=[upload("1.jpg", picture(101))])
    answer = browse(CLERK).post(reverse("evidence-add", args=[handed_in.session.pk]), fields)

    assert answer.status_code == 409
    assert not handed_in.session.evidence.filter(caption="上午实操").exists()


def test_a_venue_is_added(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "venue-add", name="小松镇文化站", address="小松镇", seats="40")

    assert "小松镇文化站" in shown(page)
