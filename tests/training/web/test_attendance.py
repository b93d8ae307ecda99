"""The register, what was put right in it by two people, and what is wrong with the chains: through the pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from tests.training.reviews import review_and_seal
from tests.training.signing import Signer, attend, enrol, scan, send
from tests.training.web.conftest import dossier_of
from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.attendance.models import AttendanceEvent, Correction, LostRange
from training.attendance.services import (
    PaperRow,
    approve_corrections,
    propose_correction,
    propose_lost_range,
    propose_paper,
)
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.dossiers.models import RegisterAttestation
from training.scheduling.models import Lesson

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, BUREAU_HEAD, AUDITOR = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.AUDITOR
READERS = sorted(BUREAU_ROLES | INSTITUTION_ROLES | {AUDITOR})
MORNING = "2021-05-18-am"


def text(response: Any) -> str:
    """The page as people read it, without tags and with single spaces."""
    content = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(content).split())


def see(client: Client, name: str, *args: Any, **query: Any) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content.decode()[:2000]
    return text(response)


def post(client: Client, name: str, *args: Any, back: str = "/", **fields: Any) -> Any:
    """Hand in a form that was on the page `back`, and follow to where it leads."""
    here = f"http://testserver{back}"
    return client.post(reverse(name, args=args), fields, follow=True, headers={"referer": here})


def csv_of(client: Client, name: str, *args: Any, **query: Any) -> list[str]:
    lines = b"".join(client.get(reverse(name, args=args), query)).decode("utf-8-sig")
    return lines.splitlines()


def scan_file(title: str = "签到表") -> SimpleUploadedFile:
    return SimpleUploadedFile(*paper(title))


def row_of(shown: str, name: str) -> str:
    """What stands on the page from this person's name to the end of their line."""
    return shown.partition(name)[2].partition("3607")[2][:120]


@pytest.fixture
def lesson(approved: Any) -> Lesson:
    """09:00 to 11:15."""
    return approved.session.lessons.first()


@pytest.fixture
def people(approved: Any) -> list[Any]:
    return list(approved.session.enrolments.select_related("trainee"))


@pytest.fixture
def morning(approved: Any, clock: Any, lesson: Lesson, people: list[Any]) -> Signer:
    """Numbers 1 to 9 came in the morning and left, number 10 forgot to sign out, 11 and 12 are missing."""
    signer = enrol(approved)
    clock.set(lesson.starts_at + timedelta(minutes=2))
    for person in people[:10]:
        scan(signer, "sign_in", lesson, person, lesson.starts_at)
    send(signer)
    clock.set(lesson.ends_at + timedelta(minutes=20))
    for person in people[:9]:
        scan(signer, "sign_out", lesson, person, lesson.ends_at)
    send(signer)
    return signer


@pytest.fixture
def propose(approved: Any, lesson: Lesson, people: list[Any]) -> Callable[..., Correction]:
    """The clerk proposes for the person with this number."""

    def propose(number: int, kind: str = "sign_in", **changes: Any) -> Correction:
        about = {
            "lesson_id": lesson.pk,
            "enrolment_id": people[number - 1].pk,
            "kind": kind,
            "happened_at": lesson.ends_at if kind == "sign_out" else lesson.starts_at,
            "reason": "读卡器坏了",
            "actor": approved.actor(CLERK),
        }
        return propose_correction(approved.session.pk, **about | changes)

    return propose


# The register


@pytest.mark.parametrize("role", READERS)
def test_the_register_shows_everybody_half_day_by_half_day_and_lesson_by_lesson(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any], role: Role
) -> None:
    client = browse(role)

    shown = see(client, "register", approved.session.pk)
    assert "2021-05-18 上午 签到 10 人，名册 12 人" in shown
    assert "2021-05-18 下午 签到 0 人，名册 12 人" in shown
    assert "09:00 11:15 135 身份证" in row_of(shown, people[0].trainee.name)
    assert "09:00 — 0 身份证 缺签退" in row_of(shown, people[9].trainee.name)

    shown = see(client, "register", approved.session.pk, by="lesson")
    assert "有效到课 9 人，名册 12 人" in shown
    assert [shown.count(person.trainee.name) for person in people] == [2] * 12


def test_the_file_holds_what_the_page_shows(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    approve_corrections([propose(10, "sign_out").pk], actor=approved.actor(REVIEWER))
    client = browse(CLERK)

    by_half_day = csv_of(client, "register-export", approved.session.pk)
    by_lesson = csv_of(client, "register-export", approved.session.pk, by="lesson")

    assert len(by_half_day) == len(by_lesson) == 1 + 2 * 12
    assert by_half_day[10].endswith("09:00:00,,11:15:00,补,135,身份证,")
    assert [line.split(",")[3] for line in (by_half_day[1], by_lesson[1], by_lesson[13])] == ["", "1", "2"]


def test_a_session_without_lessons_says_what_to_do(county: Any, browse: Callable[..., Client]) -> None:
    county.session.lessons.all().delete()
    client = browse(CLERK)

    assert "还没有课次，也就没有签到名册" in see(client, "register", county.session.pk)
    assert "还没有课次" in see(client, "register", county.session.pk, by="lesson")
    assert client.get(reverse("register-blank", args=[county.session.pk])).status_code == 200
    assert "补签" not in see(client, "register", county.session.pk)


@pytest.mark.parametrize("by", ["", "lesson"])
@pytest.mark.parametrize("rows", [1, 30])
def test_the_register_asks_a_constant_number_of_questions(
    make_county: Any, browse: Any, django_assert_num_queries: Any, rows: int, by: str
) -> None:
    county = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=rows)
    client = browse(CLERK, county)

    with django_assert_num_queries(19):
        see(client, "register", county.session.pk, by=by)


def test_the_page_of_a_person_explains_how_their_hours_came_about(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any], propose: Any
) -> None:
    approve_corrections([propose(10, "sign_out").pk], actor=approved.actor(REVIEWER))
    propose(10, "check", reason="去了卫生间")

    shown = see(browse(CLERK), "attendance-person", people[9].pk)

    assert "6 学时中 3 学时 = 50.0 % < 80 %，补签 1 次" in shown
    assert "09:00 11:15 补 135 计入" in shown
    assert "— — 0 不计" in shown
    assert "抽查缺席说明" in shown
    assert "待核准" in shown
    assert "作废" in shown


# 补签


def test_a_correction_is_proposed_on_the_page_approved_by_somebody_else_and_marked_for_ever(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any], lesson: Lesson
) -> None:
    name, register = people[10].trainee.name, ("register", approved.session.pk)
    clerk, reviewer = browse(CLERK), browse(REVIEWER)
    for kind, at in (("sign_in", "09:05"), ("sign_out", "11:15")):
        answer = post(
            clerk,
            "correction-add",
            approved.session.pk,
            enrolment_id=people[10].pk,
            lesson_id=lesson.pk,
            kind=kind,
            at=at,
            reason="读卡器坏了",
            evidence=scan_file("情况说明"),
        )
        assert "等待第二个人核准" in text(answer)
    assert "有 2 条更正等待核准，还没有计入。" in text(answer)
    assert "— — 0" in row_of(see(clerk, *register), name)

    ticked = [str(pk) for pk in Correction.objects.values_list("pk", flat=True)]
    answer = post(reviewer, "corrections-approve", correction=ticked)

    assert "已核准 2 条，现在计入。" in text(answer)
    assert "09:05 补 11:15 补 135 补签" in row_of(see(clerk, *register), name)
    assert "09:05 补 11:15 补 135" in row_of(see(clerk, *register, by="lesson"), name)
    assert "还没有计入" not in see(clerk, *register)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"at": "23:00"}, "还没有到"),
        ({"at": "07:00"}, "不在第1课次可以登记的时间"),
        ({"at": ""}, "这个字段是必填项"),
        ({"reason": ""}, "这个字段是必填项"),
        ({"evidence": SimpleUploadedFile("说明.pdf", b"no paper at all")}, "PDF"),
    ],
)
def test_a_refused_correction_keeps_what_was_typed(
    approved: Any, morning: Signer, browse: Any, people: list[Any], lesson: Lesson, changes: Any, said: str
) -> None:
    typed = {"enrolment_id": people[10].pk, "lesson_id": lesson.pk, "kind": "sign_in", "at": "09:05"}
    typed |= {"reason": "读卡器坏了"} | changes

    answer = browse(CLERK).post(reverse("correction-add", args=[approved.session.pk]), typed)

    assert answer.status_code == 422
    assert said in text(answer)
    form = answer.context["form"]
    assert (form["enrolment_id"].value(), form["kind"].value()) == (str(people[10].pk), "sign_in")
    assert (form["at"].value(), form["reason"].value()) == (typed["at"], typed["reason"])
    assert not Correction.objects.exists()


def test_the_form_starts_with_the_person_one_came_from(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any]
) -> None:
    page = browse(CLERK).get(reverse("attendance-person", args=[people[9].pk])).content.decode()
    link = re.search(r'href="([^"]*/correction/\?enrolment_id=\d+)"', page)

    assert link
    chosen = browse(CLERK).get(link[1]).content.decode()
    assert f'<option value="{people[9].pk}" selected>' in chosen


def test_who_proposed_is_offered_to_withdraw_and_never_to_approve(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    mine = propose(11, actor=approved.actor(HEAD))
    client = browse(HEAD)

    page = client.get(reverse("corrections")).content.decode()
    assert reverse("correction-withdraw", args=[mine.pk]) in page
    assert 'type="checkbox"' not in page
    assert reverse("correction-decline", args=[mine.pk]) not in page

    answer = post(client, "corrections-approve", correction=[mine.pk], back=reverse("corrections"))
    assert "提出的人不能自己核准，请另一人办理。" in text(answer)
    mine.refresh_from_db()
    assert (mine.status, mine.decided_by) == ("proposed", None)

    answer = post(client, "correction-withdraw", mine.pk)
    assert "已撤回。" in text(answer)
    mine.refresh_from_db()
    assert mine.status == "withdrawn"


def test_an_institution_approves_for_one_person_in_twenty_and_the_bureau_for_the_rest(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    rule_set = approved.session.rule_set
    rule_set.body["attendance"]["make_up_share"] = 0.1
    rule_set.save()
    first, second = propose(10, "sign_out"), propose(11)
    client, back = browse(HEAD), f"{reverse('corrections')}?waits=for_me"

    answer = post(client, "corrections-approve", correction=[first.pk, second.pk], back=back)

    assert "机构自行核准的更正不能超过名册人数的 10 %" in text(answer)
    assert "请商务局核准" in text(answer)
    assert answer.redirect_chain[-1][0].endswith("?waits=for_me")
    assert set(Correction.objects.values_list("status", flat=True)) == {"proposed"}

    assert "已核准 1 条" in text(post(client, "corrections-approve", correction=[first.pk]))
    assert "已核准 1 条" in text(post(browse(REVIEWER), "corrections-approve", correction=[second.pk]))


def test_declining_says_why_and_counts_nothing(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    correction, client = propose(11), browse(REVIEWER)
    asked = see(client, "correction-decline", correction.pk)
    assert "第1课次，补签到（2021-05-18 09:00:00）" in asked
    assert (
        client.post(reverse("correction-decline", args=[correction.pk]), {"reason": " "}).status_code == 422
    )

    post(client, "correction-decline", correction.pk, reason="监控里没有这个人")

    assert "监控里没有这个人" in see(browse(CLERK), "corrections")
    assert "签到 10 人" in see(browse(CLERK), "register", approved.session.pk)


def test_one_click_ticks_all_that_wait_for_me_and_the_filter_stays_after_approving(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    propose(10, "sign_out", actor=approved.actor(HEAD))
    others = {propose(11).pk, propose(12).pk}
    client = browse(HEAD)
    address = f"{reverse('corrections')}?status=proposed"
    assert "勾选本页等您核准的 2 条" in text(client.get(address))
    assert " checked" not in client.get(address).content.decode()

    page = client.get(f"{address}&ticked=all").content.decode()

    assert {int(pk) for pk in re.findall(r'value="(\d+)" checked', page)} == others
    assert f'action="{reverse("corrections-approve")}?status=proposed"' in page
    nothing = client.post(f"{reverse('corrections-approve')}?status=proposed", follow=True)
    assert "没有勾选任何一条" in text(nothing)
    assert nothing.redirect_chain[-1][0] == address


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {10, 11, 12}),
        ({"waits": "for_me"}, {11}),
        ({"waits": "for_others"}, {10}),
        ({"status": "approved"}, {12}),
        ({"kind": "sign_out"}, {10}),
        ({"source": "paper"}, {12}),
        ({"q": "停电"}, {12}),
        ({"q": "没有的"}, set()),
    ],
)
def test_corrections_are_found_by_their_address_and_exported_as_shown(
    approved: Any, morning: Signer, browse: Any, people: list[Any], propose: Any, query: Any, found: set[int]
) -> None:
    propose(10, "sign_out", actor=approved.actor(HEAD))
    propose(11)
    on_paper = propose(12, source="paper", reason="停电", evidence=paper("签到表"))
    approve_corrections([on_paper.pk], actor=approved.actor(REVIEWER))
    client = browse(HEAD)

    shown = see(client, "corrections", **query)
    exported = csv_of(client, "corrections-export", **query)[1:]

    assert {number for number in (10, 11, 12) if people[number - 1].trainee.name in shown} == found
    assert {int(line.split(",")[3]) for line in exported} == found
    assert found or "没有这样的更正" in shown


@pytest.mark.parametrize("role", [REVIEWER, AUDITOR])
@pytest.mark.parametrize("rows", [1, 12])
def test_the_list_of_corrections_asks_a_constant_number_of_questions(
    approved: Any,
    morning: Signer,
    browse: Any,
    propose: Any,
    django_assert_num_queries: Any,
    rows: int,
    role: Role,
) -> None:
    for number in range(1, rows + 1):
        propose(number, reason=f"第{number}条", evidence=paper(f"说明{number}"))
    client = browse(role)

    with django_assert_num_queries(9):
        shown = see(client, "corrections")
    assert shown.count("读卡器") + shown.count("说明1.pdf") >= 1


def test_the_auditor_reads_and_is_offered_nothing(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    propose(11, evidence=paper("说明"))
    client = browse(AUDITOR)
    pages = [client.get(reverse("corrections")), client.get(reverse("register", args=[approved.session.pk]))]

    for page in pages:
        main = page.content.decode().partition("<main")[2].partition("</main")[0]
        assert '<form method="post"' not in main
        assert "/files/" not in main
        assert "/correction/" not in main


# 作废


def test_a_void_takes_the_minutes_back_and_the_record_stays(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any]
) -> None:
    event = AttendanceEvent.objects.get(enrolment=people[0], kind="sign_out")
    clerk, reviewer = browse(CLERK), browse(REVIEWER)
    assert reverse("event-void", args=[event.pk]) in (
        clerk.get(reverse("attendance-person", args=[people[0].pk])).content.decode()
    )
    assert f"{people[0].trainee.name} 2021-05-18 11:15:00 签退" in see(clerk, "event-void", event.pk)

    post(clerk, "event-void", event.pk, reason="替别人刷的")
    assert "作废：待核准" in see(clerk, "attendance-person", people[0].pk)
    assert "135" in row_of(see(clerk, "register", approved.session.pk), people[0].trainee.name)

    answer = post(reviewer, "corrections-approve", correction=[Correction.objects.get().pk])
    assert "已核准 1 条" in text(answer)

    assert "09:00 — 0 身份证 缺签退、有记录被作废" in row_of(
        see(clerk, "register", approved.session.pk), people[0].trainee.name
    )
    assert "作废：已核准" in see(clerk, "attendance-person", people[0].pk)
    assert "这条记录已作废：替别人刷的" in see(reviewer, "bureau-event", event.pk)
    assert AttendanceEvent.objects.filter(pk=event.pk, held_reason="").exists()


# Paper


def keyed(people: list[Any], **times: tuple[str, str]) -> dict[str, Any]:
    """The form with these times on it: n11=("09:00", "11:15") is number 11."""
    cells = {}
    for number, (came, left) in times.items():
        pk = people[int(number[1:]) - 1].pk
        cells |= {f"in-{pk}": came, f"out-{pk}": left}
    return cells


def test_a_paper_sheet_is_keyed_in_approved_and_marked(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any]
) -> None:
    address = f"{reverse('register-paper', args=[approved.session.pk])}?half_day={MORNING}"
    cells = keyed(people, n11=("09:02", "11:15"), n12=("09:03", ""))
    answer = browse(CLERK).post(address, {**cells, "sheet": scan_file(), "reason": "上午停电"}, follow=True)

    assert "补录了 3 个时间，等待第二个人核准。" in text(answer)
    assert list(Correction.objects.order_by("pk").values_list("enrolment__number", "kind", "source")) == [
        (11, "sign_in", "paper"),
        (11, "sign_out", "paper"),
        (12, "sign_in", "paper"),
    ]
    reviewer = browse(REVIEWER)
    sheet = reverse("file", args=["correction", Correction.objects.first().pk])
    assert sheet in reviewer.get(reverse("corrections")).content.decode()
    assert reviewer.get(sheet).status_code == 200

    post(reviewer, "corrections-approve", correction=list(Correction.objects.values_list("pk", flat=True)))

    shown = see(browse(CLERK), "register", approved.session.pk)
    assert "09:02 纸 11:15 纸 135 纸质" in row_of(shown, people[10].trainee.name)
    assert "09:03 纸 — 0 纸质 缺签退" in row_of(shown, people[11].trainee.name)


def test_a_paper_sheet_needs_its_scan(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any]
) -> None:
    address = f"{reverse('register-paper', args=[approved.session.pk])}?half_day={MORNING}"
    cells = keyed(people, n11=("09:02", "11:15"))

    answer = browse(CLERK).post(address, {**cells, "reason": "上午停电"})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"sheet": ["这个字段是必填项。"]}
    assert 'value="09:02"' in answer.content.decode()
    assert not Correction.objects.exists()


def test_all_that_is_wrong_on_a_sheet_is_said_at_once_where_it_stands(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any], propose: Any
) -> None:
    propose(12)
    address = f"{reverse('register-paper', args=[approved.session.pk])}?half_day={MORNING}"
    cells = keyed(people, n10=("", "18:00"), n11=("07:00", "11:15"), n12=("09:00", ""))

    answer = browse(CLERK).post(address, {**cells, "sheet": scan_file(), "reason": "上午停电"})

    form = answer.context["form"]
    assert answer.status_code == 422
    assert [(line.number, cell.label) for line, cell in form.wrong()] == [
        (10, "签退时间"),
        (11, "签到时间"),
        (12, "签到时间"),
    ]
    said = text(answer)
    assert "有 3 个时间不对" in said
    assert f"10 号{people[9].trainee.name}，签退时间：时间 2021-05-18 18:00 还没有到。" in said
    assert f"12 号{people[11].trainee.name}，签到时间：同样的更正已经提出" in said
    assert f'href="#paperform-out-{people[9].pk}"' in answer.content.decode()
    assert answer.content.decode().count('aria-invalid="true"') == 3
    assert all(time in answer.content.decode() for time in ('"18:00"', '"07:00"', '"11:15"', '"09:00"'))
    assert Correction.objects.count() == 1


def test_the_code_on_a_row_opens_the_sheet_on_that_line(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any]
) -> None:
    address = reverse("register-paper", args=[approved.session.pk])

    page = browse(CLERK).get(address, {"half_day": "2021-05-18-pm", "row": people[4].pk}).content.decode()

    (focused,) = re.findall(r"<input[^>]*autofocus[^>]*>", page)
    assert f'id="paperform-in-{people[4].pk}"' in focused
    assert "2021-05-18 下午" in page
    assert page.count('class="is-chosen"') == 1
    for odd in ("x", "999999", ""):
        assert "autofocus" not in browse(CLERK).get(address, {"row": odd}).content.decode()


@pytest.mark.parametrize("rows", [1, 30])
def test_the_sheet_asks_a_constant_number_of_questions(
    make_county: Any, browse: Any, django_assert_num_queries: Any, rows: int
) -> None:
    county = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=rows)
    type(county.session).objects.update(status="approved")
    client = browse(CLERK, county)

    with django_assert_num_queries(10):
        see(client, "register-paper", county.session.pk)


def test_the_blank_sheets_lead_back_to_this_session(
    approved: Any, browse: Callable[..., Client], settings: Any, pdf_text: Any, tmp_path: Any
) -> None:
    settings.PUBLIC_URL = "https://yidang.shicheng.gov.example/"
    answer = browse(CLERK).get(reverse("register-blank", args=[approved.session.pk]))

    assert answer["Content-Type"] == "application/pdf"
    (tmp_path / "paper.pdf").write_bytes(answer.content)
    said = pdf_text(tmp_path / "paper.pdf")
    assert all(person.trainee.name in said for person in approved.session.enrolments.all())
    assert approved.session.lessons.first().topic in said


def test_the_code_on_a_row_opens_its_half_day_with_the_cursor_there(
    approved: Any, browse: Callable[..., Client]
) -> None:
    enrolment, half_day = approved.session.enrolments.get(number=3), "2021-05-18-pm"
    address = reverse("register-row", args=[enrolment.pk])

    answer = browse(CLERK).get(f"{address}?half_day={half_day}", follow=True)

    assert answer.redirect_chain[-1][0].endswith(f"half_day={half_day}&row={enrolment.pk}#row-{enrolment.pk}")
    assert answer.context["half_day"] == "pm"


# After the end


@pytest.fixture
def sealed(handed_in: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    return handed_in


def test_after_sealing_nothing_is_offered_and_nothing_can_be_proposed(
    sealed: Any, browse: Callable[..., Client]
) -> None:
    client, session = browse(CLERK), sealed.session
    event = AttendanceEvent.objects.filter(kind="sign_in").first()
    enrolment, lesson = session.enrolments.get(number=11), session.lessons.first()

    for name, pk in (
        ("correction-add", session.pk),
        ("register-paper", session.pk),
        ("event-void", event.pk),
    ):
        answer = client.get(reverse(name, args=[pk]))
        assert answer.status_code == 409
        assert "档案已经封存" in text(answer)
        assert (
            reverse(name, args=[pk])
            not in client.get(reverse("register", args=[session.pk])).content.decode()
        )
    typed = {"enrolment_id": enrolment.pk, "lesson_id": lesson.pk, "kind": "sign_in", "at": "09:00"}
    client.post(reverse("correction-add", args=[session.pk]), typed | {"reason": "忘了"})
    person = client.get(reverse("attendance-person", args=[event.enrolment_id])).content.decode()

    assert "/void/" not in person
    assert not Correction.objects.exists()


def test_the_bureau_s_archive_shows_marks_and_flags_and_leads_to_the_register(
    closed: Any, browse: Callable[..., Client]
) -> None:
    session, lesson = closed.session, closed.session.lessons.first()
    missing = session.enrolments.get(number=11)
    found = propose_paper(
        session.pk,
        on=lesson.on,
        half_day=lesson.half_day,
        rows=[PaperRow(missing.pk, localtime(lesson.starts_at).time(), None)],
        sheet=paper("签到表"),
        reason="停电",
        actor=closed.actor(CLERK),
    )
    approve_corrections([row.pk for row in found], actor=closed.actor(REVIEWER))

    page = browse(REVIEWER).get(reverse("bureau-dossier", args=[dossier_of(closed).pk]))

    assert f'href="{reverse("register", args=[session.pk])}"' in page.content.decode()
    assert f"11 {missing.trainee.name} 09:00 纸 纸质 0 缺签退" in text(page)


# One person, two places


def clash(county: Any, lesson: Lesson, people: list[Any]) -> None:
    """Each of these signs in at a second station as well."""
    second = enrol(county, "二号终端")
    for person in people:
        scan(second, "sign_in", lesson, person, lesson.starts_at + timedelta(minutes=1))
    send(second)


def test_a_clash_shows_every_piece_of_evidence_and_is_found_and_exported(
    approved: Any, morning: Signer, browse: Callable[..., Client], people: list[Any], lesson: Lesson
) -> None:
    clash(approved, lesson, people[:2])
    client, name = browse(REVIEWER), people[0].trainee.name
    assert "看的是还没有封存的各期" not in see(client, "clashes")

    shown = see(client, "clashes", q=name)

    assert people[1].trainee.name not in shown
    assert "一号终端 #1" in shown
    assert "二号终端 #1" in shown
    assert shown.count("条记录") == 1
    exported = csv_of(client, "clashes-export", q=name)
    assert [line.split(",")[4:6] for line in exported[1:]] == [
        ["一号终端", "1"],
        ["二号终端", "1"],
    ]
    assert "没有这样的记录" in see(client, "clashes", q="没有的")


def test_clashes_are_paged_by_clash(make_county: Any, browse: Callable[..., Client], clock: Any) -> None:
    county = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=21)
    type(county.session).objects.update(status="approved")
    county.session.refresh_from_db()
    lesson, people = county.session.lessons.first(), list(county.session.enrolments.all())
    for name in ("一号终端", "二号终端"):
        signer = enrol(county, name)
        for person in people:
            scan(signer, "sign_in", lesson, person, lesson.starts_at)
        send(signer)
    client = browse(REVIEWER, county)

    assert "第 1–20 条，共 21 条" in see(client, "clashes")
    assert see(client, "clashes", page="2").count("条记录") == 1


@pytest.mark.parametrize("rows", [1, 10])
def test_the_page_of_clashes_asks_a_constant_number_of_questions(
    approved: Any,
    morning: Signer,
    browse: Any,
    people: list[Any],
    lesson: Lesson,
    django_assert_num_queries: Any,
    rows: int,
) -> None:
    clash(approved, lesson, people[:rows])
    client = browse(REVIEWER)

    with django_assert_num_queries(12):
        see(client, "clashes")


# Chains


@pytest.fixture
def holed(approved: Any, clock: Any, lesson: Lesson, people: list[Any]) -> Signer:
    """Ten records, of which numbers 3 to 5 and 8 never came."""
    signer = enrol(approved)
    attend(signer, lesson, people[:5])
    clock.set(lesson.ends_at + timedelta(minutes=20))
    send(signer, [signer.chain[number - 1] for number in (1, 2, 6, 7, 9, 10)])
    return signer


def test_a_hole_is_shown_said_to_be_lost_and_confirmed_by_the_head_of_the_bureau(
    approved: Any, holed: Signer, browse: Callable[..., Client]
) -> None:
    clerk, head = browse(CLERK), browse(BUREAU_HEAD)
    assert "一号终端在本期最后一条记录之前还有缺号" in see(clerk, "register", approved.session.pk)
    page = clerk.get(reverse("chains")).content.decode()
    link = f"{reverse('lost-range-add', args=[holed.station.pk])}?first_seq=3&amp;last_seq=5"
    assert link in page
    form = clerk.get(link.replace("&amp;", "&")).context["form"]
    assert (form["first_seq"].value(), form["last_seq"].value()) == ("3", "5")

    wrong = {"first_seq": 5, "last_seq": 3, "reason": "硬盘损坏"}
    assert clerk.post(reverse("lost-range-add", args=[holed.station.pk]), wrong).status_code == 422
    for first, last in ((3, 5), (8, 8)):
        post(
            clerk,
            "lost-range-add",
            holed.station.pk,
            first_seq=first,
            last_seq=last,
            reason="硬盘损坏",
            evidence=scan_file("维修单"),
        )
    assert "说明待核准" in see(clerk, "chains")
    assert "核准 不予核准" not in see(browse(REVIEWER), "chains")

    declined, approved_one = LostRange.objects.order_by("-first_seq")
    post(head, "lost-range-decline", declined.pk, reason="先找原机器")
    assert "不再挡住档案" in text(post(head, "lost-range-approve", approved_one.pk))

    shown = see(clerk, "chains")
    assert "两人说明过" in shown
    assert "先找原机器" in shown
    assert "维修单.pdf" in shown
    assert see(clerk, "chains", show="unsaid").count("请让终端联网补传") == 1


def test_nobody_confirms_what_they_said_themselves(
    approved: Any, holed: Signer, browse: Callable[..., Client]
) -> None:
    mine = propose_lost_range(
        holed.station.pk, first_seq=8, last_seq=8, reason="硬盘损坏", actor=approved.actor(BUREAU_HEAD)
    )
    client = browse(BUREAU_HEAD)
    assert reverse("lost-range-approve", args=[mine.pk]) not in client.get(reverse("chains")).content.decode()

    answer = post(client, "lost-range-approve", mine.pk, back=reverse("chains"))

    assert "提出的人不能自己核准" in text(answer)
    assert "已撤回。" in text(post(client, "lost-range-withdraw", mine.pk))
    assert "还没有说明" in see(client, "chains")


def test_a_fork_and_a_clock_that_jumped_are_shown(
    approved: Any, morning: Signer, browse: Callable[..., Client], lesson: Lesson, people: list[Any]
) -> None:
    twin = replace(morning, chain=morning.chain[:3])
    scan(twin, "sign_in", lesson, people[11], lesson.starts_at + timedelta(minutes=1))
    send(twin, twin.chain[3:])
    scan(morning, "sign_in", lesson, people[10], lesson.starts_at, monotonic_ms=999_999)
    send(morning)
    client = browse(REVIEWER)

    shown = see(client, "chains")

    assert "同一序号出现了两个不同的事件" in shown
    assert "没有分叉" not in shown
    assert "没有时钟跳动" not in shown
    assert "看原文" in shown
    assert "看原文" not in see(browse(CLERK), "chains")
    assert "没有分叉" in see(client, "chains", q="别的终端")


@pytest.mark.parametrize("more", [0, 15])
def test_the_page_of_the_chains_asks_a_constant_number_of_questions(
    approved: Any,
    holed: Signer,
    browse: Any,
    django_assert_num_queries: Any,
    lesson: Lesson,
    people: list[Any],
    more: int,
) -> None:
    propose_lost_range(holed.station.pk, first_seq=8, last_seq=8, reason="坏了", actor=approved.actor(CLERK))
    for number in range(more):
        other = enrol(approved, f"备用{number}")
        attend(other, lesson, people[:2])
        send(other, other.chain[1:])
    client = browse(REVIEWER)

    with django_assert_num_queries(14):
        see(client, "chains")


# What waits on the first page


def figures(client: Client) -> dict[str, tuple[int, str]]:
    waiting = client.get(reverse("home")).context["waiting"]
    return {entry.what: (entry.count, entry.href) for entry in waiting}


@pytest.mark.parametrize(("role", "waits"), [(REVIEWER, 3), (BUREAU_HEAD, 3), (HEAD, 2), (CLERK, None)])
def test_corrections_wait_for_those_who_may_decide_and_did_not_propose(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any, role: Role, waits: int | None
) -> None:
    propose(10, "sign_out", actor=approved.actor(HEAD))
    propose(11)
    propose(12)
    client = browse(role)

    found = figures(client).get("更正待核准")

    assert (found[0] if found else None) == waits
    if found:
        assert f"第 1–{waits} 条，共 {waits} 条" in text(client.get(found[1]))


def test_missing_numbers_wait_until_somebody_says_something_and_then_for_the_head(
    approved: Any, holed: Signer, browse: Callable[..., Client]
) -> None:
    for role in (CLERK, HEAD, REVIEWER, BUREAU_HEAD):
        count, href = figures(browse(role))["终端记录缺号"]
        assert count == 2
        assert see_rows(browse(role).get(href)) == ["3–5", "8"]

    propose_lost_range(holed.station.pk, first_seq=8, last_seq=8, reason="坏了", actor=approved.actor(CLERK))
    assert figures(browse(REVIEWER))["终端记录缺号"][0] == 1
    assert "缺号说明待核准" not in figures(browse(REVIEWER))
    count, href = figures(browse(BUREAU_HEAD))["缺号说明待核准"]
    assert (count, see_rows(browse(BUREAU_HEAD).get(href))) == (1, ["8"])

    propose_lost_range(
        holed.station.pk, first_seq=3, last_seq=5, reason="坏了", actor=approved.actor(BUREAU_HEAD)
    )
    found = figures(browse(BUREAU_HEAD))
    assert "终端记录缺号" not in found
    assert found["缺号说明待核准"][0] == 1


def see_rows(response: Any) -> list[str]:
    """The numbers that the page names, in order."""
    assert response.status_code == 200
    return re.findall(r'data-label="(?:缺的)?序号">([\d–]+)<', response.content.decode())


def test_another_county_s_corrections_and_holes_wait_for_nobody_here(
    approved: Any, holed: Signer, propose: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    propose(11)
    client = browse(BUREAU_HEAD, other_county)

    found = figures(client)
    assert found["更正待核准"][0] == 0
    assert "终端记录缺号" not in found
    assert "还没有更正" in see(client, "corrections")
    assert "没有缺号" in see(client, "chains")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", [HEAD, BUREAU_HEAD, AUDITOR])
def test_every_page_renders_in_both_languages(
    approved: Any,
    holed: Signer,
    browse: Any,
    propose: Any,
    people: list[Any],
    lesson: Lesson,
    language: str,
    role: Role,
) -> None:
    approve_corrections([propose(11).pk], actor=approved.actor(REVIEWER))
    propose(12, "sign_out", evidence=paper("说明"))
    clash(approved, lesson, people[:1])
    client = browse(role)
    pages = [
        ("register", (approved.session.pk,)),
        ("attendance-person", (people[10].pk,)),
        ("corrections", ()),
        ("clashes", ()),
        ("chains", ()),
    ]
    if role == HEAD:
        pages += [("register-paper", (approved.session.pk,)), ("correction-add", (approved.session.pk,))]

    for name, args in pages:
        response = client.get(reverse(name, args=args), headers={"accept-language": language})
        assert response.status_code == 200, name
        assert f'<html lang="{language}"' in response.content.decode()


def test_opening_the_scan_behind_a_correction_is_on_record(
    approved: Any, morning: Signer, browse: Callable[..., Client], propose: Any
) -> None:
    correction = propose(11, evidence=paper("说明"))

    browse(REVIEWER).get(reverse("file", args=["correction", correction.pk]))

    assert AuditEvent.objects.filter(verb="file.opened", user=approved.user(REVIEWER)).count() == 1


# 签认


def test_the_class_manager_and_the_instructor_attest_a_half_day_where_they_see_it(
    closed: Any, browse: Any
) -> None:
    RegisterAttestation.objects.all().delete()
    register, attest = (reverse(name, args=[closed.session.pk]) for name in ("register", "register-attest"))
    half_day = {"half_day": f"{closed.session.lessons.first().on}-am"}
    assert attest not in browse(Role.INSTITUTION_CLERK).get(register).content.decode()
    assert attest in browse(Role.CLASS_MANAGER).get(register).content.decode()

    page = browse(Role.CLASS_MANAGER).post(attest, half_day, follow=True).content.decode()
    assert "班主任 杨班主任 于 2021-05-18" in page

    lessons = reverse("taught-lessons")
    assert attest in browse(Role.INSTRUCTOR).get(lessons).content.decode()
    answer = browse(Role.INSTRUCTOR).post(attest, half_day, follow=True)
    assert answer.redirect_chain == [(lessons, 302)]
    assert (attest in answer.content.decode(), "已签认" in answer.content.decode()) == (False, True)


def test_a_half_day_that_is_not_in_the_timetable_is_not_attested(closed: Any, browse: Any) -> None:
    attest = reverse("register-attest", args=[closed.session.pk])

    browse(Role.CLASS_MANAGER).post(attest, {"half_day": "2021-05-19-am"})
    assert not RegisterAttestation.objects.exclude(on="2021-05-18").exists()
