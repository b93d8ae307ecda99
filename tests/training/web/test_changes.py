"""Changes, cancellation, notifications and papers through the pages people use."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.machine import POPPLER
from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.demo.people import synthetic_people
from training.enrolment.models import RosterChange
from training.notifications.choices import Kind
from training.notifications.models import Notification
from training.notifications.services import notify
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.models import ChangeRequest
from training.scheduling.services import approve_session, return_session, submit_session
from training.scheduling.verification import token_of

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
Browse = Callable[..., Client]


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content.decode()[:2000]
    return text(response)


@pytest.fixture
def approved(county: Any) -> Any:
    """Submitted and approved, with both instructors' proofs verified."""
    submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    return county


def wanted(county: Any, **changes: Any) -> dict[str, Any]:
    lesson = county.session.lessons.get(sequence=2)
    return {
        "on": "2021-05-19",
        "start": "14:00",
        "end": "16:15",
        "instructor_id": lesson.instructor_id,
        "venue_id": lesson.venue_id,
        "reason": "当天停电",
    } | changes


def request_change(county: Any, browse: Browse, **changes: Any) -> Any:
    lesson = county.session.lessons.get(sequence=2)
    return browse(CLERK).post(
        reverse("change-lesson", args=[lesson.pk]), wanted(county, **changes), follow=True
    )


def test_a_change_goes_from_the_clerk_to_the_reviewer_and_back(approved: Any, browse: Browse) -> None:
    clerk, reviewer = browse(CLERK), browse(REVIEWER)
    assert "申请变更" in page(clerk, "session", approved.session.pk)

    shown = text(request_change(approved, browse))
    assert "变更申请已提交" in shown
    assert "2021-05-18 14:00–16:15 2021-05-19 14:00–16:15" in shown  # side by side
    assert "批准变更" not in shown

    change = ChangeRequest.objects.get()
    assert "变更申请待审" in page(reviewer, "home")
    assert "变更待审" in page(reviewer, "bureau-session", approved.session.pk)
    answer = reviewer.post(reverse("change-approve", args=[change.pk]), follow=True)

    assert "变更已批准" in text(answer)
    assert "2021-05-19" in page(clerk, "session", approved.session.pk)
    history = page(clerk, "session", approved.session.pk)
    assert "申请变更" in history
    assert "→ 已批准变更" in history


def test_a_refused_request_comes_back_with_its_reason_and_what_was_typed(
    approved: Any, browse: Browse
) -> None:
    response = request_change(approved, browse, on="2021-05-18", start="10:00", end="12:00")

    assert response.status_code == 422
    assert "三楼教室这段时间被SC-2020-TR-F-001 第1课次占用" in text(response)
    assert "当天停电" in text(response)
    assert not ChangeRequest.objects.exists()


def test_the_reviewer_declines_with_a_reason_that_the_institution_reads(
    approved: Any, browse: Browse
) -> None:
    request_change(approved, browse)
    change = ChangeRequest.objects.get()

    browse(REVIEWER).post(reverse("change-decline", args=[change.pk]), {"reason": "改期太近"})

    assert "改期太近" in page(browse(CLERK), "change", change.pk)
    change.refresh_from_db()
    assert change.status == ChangeStatus.DECLINED


def test_a_person_comes_onto_the_roster_and_another_waits_for_the_bureau(
    approved: Any, browse: Browse
) -> None:
    clerk = browse(CLERK)
    place = approved.session.enrolments.get(number=3)
    answer = clerk.post(reverse("roster-change-remove", args=[place.pk]), {"reason": "住院"}, follow=True)
    assert "批准时名册 12 人，其后增加 0 人、退出 1 人" in text(answer)

    person = synthetic_people(13, seed=7)[12]
    details = {
        "name": person.name, "id_number": person.id_number, "phone": person.phone, "group": "农民",
        "township": person.township, "village": person.village, "reason": "顶替",
    }  # fmt: skip
    answer = clerk.post(reverse("roster-change-add", args=[approved.session.pk]), details, follow=True)
    assert "已报商务局决定" in text(answer)
    assert person.id_number not in answer.content.decode()

    change = RosterChange.objects.get(kind="added")
    browse(CHIEF).post(reverse("change-approve", args=[change.request_id]))
    change.refresh_from_db()
    assert change.enrolment.number == 13


def test_a_wrong_number_is_refused_on_the_form(approved: Any, browse: Browse) -> None:
    details = {"name": "张三", "id_number": "110105194912310021", "phone": "13900000000", "reason": "x"}
    response = browse(CLERK).post(reverse("roster-change-add", args=[approved.session.pk]), details)

    assert response.status_code == 422
    assert "校验位不对" in text(response)


def test_after_a_cancellation_people_are_called_and_the_look_is_asked_for(
    approved: Any, browse: Browse
) -> None:
    reviewer = browse(REVIEWER)
    answer = reviewer.post(
        reverse("session-call-off", args=[approved.session.pk]), {"reason": "洪水"}, follow=True
    )
    phone = approved.session.enrolments.first().trainee.phone
    assert "本期已取消" in text(answer)
    assert phone not in answer.content.decode()

    shown = reviewer.post(reverse("call-list", args=[approved.session.pk]))
    assert phone in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    approved.session.refresh_from_db()
    assert approved.session.status == SessionStatus.CANCELLED


def test_the_head_of_the_bureau_stops_a_running_class(approved: Any, browse: Browse, clock: Any) -> None:
    clock.set(datetime(2021, 5, 18, 2, 0, tzinfo=UTC))
    head = browse(CHIEF)
    assert "中止培训" in page(head, "bureau-session", approved.session.pk)
    assert "中止培训" not in page(browse(REVIEWER), "bureau-session", approved.session.pk)

    head.post(reverse("session-stop", args=[approved.session.pk]), {"reason": "检查时没有人上课"})

    shown = page(browse(CLERK), "session", approved.session.pk)
    assert "检查时没有人上课" in shown
    assert "→ 中止" in shown


# The clock


def test_the_bureaus_clock_stands_still_while_the_plan_is_with_the_institution(
    county: Any, browse: Browse, clock: Any
) -> None:
    clock.set(datetime(2021, 4, 12, 2, 0, tzinfo=UTC))  # a Monday
    submit_session(county.session.pk, actor=county.actor(HEAD))
    clock.advance(days=2)
    return_session(county.session.pk, reason="缺课件", actor=county.actor(REVIEWER))
    clock.advance(days=10)
    assert "商务局的时限停表；此前已办 2 个工作日" in page(browse(CLERK), "session", county.session.pk)

    submit_session(county.session.pk, actor=county.actor(HEAD))
    clock.advance(days=1)
    said = "在商务局，自 2021-04-24 10:00 起；商务局前后已办 3 个工作日"  # the 25th is worked for May Day
    for role, name in ((CLERK, "session"), (REVIEWER, "bureau-session")):
        assert said in page(browse(role), name, county.session.pk)


# The queue


def test_the_queue_says_what_is_doubtful_and_how_long_it_has_waited(county: Any, browse: Browse) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    shown = page(browse(REVIEWER), "bureau-queue")

    assert "1 处疑问" in shown
    assert "中间 0 个工作日" in shown
    assert "0 个工作日 自 2021-05-18 08:40" in shown
    assert "没有这样的申请" in page(browse(REVIEWER), "bureau-queue", step="head")
    exported = b"".join(browse(REVIEWER).get(reverse("bureau-queue-export")).streaming_content).decode()
    assert "中间 0 个工作日" in exported


def test_a_doubtful_plan_is_put_before_the_head(county: Any, browse: Browse) -> None:
    rules = county.session.rule_set
    rules.body = rules.body | {"planning": rules.body["planning"] | {"head_approves_flagged": True}}
    rules.save(update_fields=["body"])
    submit_session(county.session.pk, actor=county.actor(HEAD))

    answer = browse(REVIEWER).post(reverse("bureau-session-approve", args=[county.session.pk]), follow=True)
    assert "还要商务局负责人批准" in text(answer)
    assert "等负责人" in page(browse(CHIEF), "bureau-queue", step="head")

    browse(CHIEF).post(reverse("bureau-session-approve", args=[county.session.pk]))
    county.session.refresh_from_db()
    assert county.session.status == SessionStatus.APPROVED


# Messages


def test_the_bell_counts_and_a_message_leads_to_its_page(approved: Any, browse: Browse) -> None:
    clerk = browse(CLERK)
    assert "消息 1 条没读" in page(clerk, "home")

    row = Notification.objects.get(membership__user=approved.user(CLERK), kind=Kind.SESSION_APPROVED)
    answer = clerk.get(reverse("notification", args=[row.pk]))
    assert answer["Location"] == reverse("session", args=[approved.session.pk])
    assert "条没读" not in page(clerk, "home")


def test_messages_are_read_one_by_one_or_all_at_once(approved: Any, browse: Browse) -> None:
    head = browse(HEAD)
    for _time in range(3):
        notify(Kind.SESSION_CANCELLED, approved.session, roles={HEAD}, actor=SYSTEM, session="x")
    row = Notification.objects.filter(membership__user=approved.user(HEAD)).first()

    head.post(reverse("notification-read", args=[row.pk]))
    assert "消息 3 条没读" in page(head, "home")
    head.post(reverse("notifications-read"))
    assert "没有这样的消息" in page(head, "notifications", show="unread")


def test_somebody_elses_message_does_not_exist(approved: Any, browse: Browse) -> None:
    row = Notification.objects.filter(membership__user=approved.user(CLERK)).first()

    for name in ("notification", "notification-read"):
        address = reverse(name, args=[row.pk])
        knock = browse(HEAD).post if name.endswith("read") else browse(HEAD).get
        assert knock(address).status_code == 404


def test_a_message_for_another_role_of_the_same_person_opens_in_that_role(
    approved: Any, browse: Browse
) -> None:
    user = approved.user(REVIEWER)
    other = user.memberships.create(role=CHIEF, programme_id=approved.programme.pk, workplace="商务局")
    row = Notification.objects.create(
        membership=other,
        kind=Kind.SESSION_CANCELLED,
        params={"session": "x"},
        about_type="scheduling.TrainingSession",
        about_id=str(approved.session.pk),
        created_at=approved.session.approved_at,
    )
    client = browse(REVIEWER)
    client.get(reverse("notification", args=[row.pk]))

    assert client.get(reverse("home")).context["membership"] == other


# Constant numbers of queries


def many_changes(county: Any, count: int) -> None:
    for number in range(count):
        county.session.change_requests.create(
            kind="lesson",
            lesson=county.session.lessons.get(sequence=2),
            status="declined",
            starts_at=county.session.approved_at,
            ends_at=county.session.approved_at,
            was_starts_at=county.session.approved_at,
            was_ends_at=county.session.approved_at,
            instructor=county.instructors[0],
            was_instructor=county.instructors[1],
            venue=county.session.lessons.first().venue,
            was_venue=county.session.lessons.first().venue,
            reason=f"第{number}次",
            requested_by=county.user(CLERK),
            requested_at=county.session.approved_at,
        )


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_of_changes_costs_the_same_however_long(
    approved: Any, browse: Browse, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many_changes(approved, rows)
    client = browse(REVIEWER)
    with django_assert_num_queries(9):
        page(client, "changes")


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_of_messages_costs_the_same_however_long(
    approved: Any, browse: Browse, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _row in range(rows):
        notify(Kind.SESSION_CANCELLED, approved.session, roles={REVIEWER}, actor=SYSTEM, session="x")
    client = browse(REVIEWER)
    with django_assert_num_queries(11):
        page(client, "notifications")


# Papers


def pdf_text(response: Any, tmp_path: Path) -> str:
    if not POPPLER.here():
        pytest.skip(POPPLER.message)
    assert response["Content-Type"] == "application/pdf"
    path = tmp_path / "paper.pdf"
    path.write_bytes(response.content)
    said = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    )
    return " ".join(said.stdout.split())


def printed(client: Client, what: str, county: Any, tmp_path: Path) -> str:
    return pdf_text(client.get(reverse(f"print-{what}", args=[county.session.pk])), tmp_path)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("application", ["开班申请表", "名册人数", "商务局审核员", "电商基础知识", "罗明远"]),
        ("approval", ["关于同意", "开班的通知", "石城县商务培〔2021〕", "扫码核对"]),
        ("notice", ["开班通知", "各位学员", "带本人身份证", "邓经办", "扫码核对"]),
        ("roster", ["培训人员名册", "共 12 人", "名册与批准时相同"]),
    ],
)
def test_each_paper_says_what_it_is_for(
    approved: Any, browse: Browse, tmp_path: Path, what: str, said: list[str]
) -> None:
    text = printed(browse(HEAD), what, approved, tmp_path)

    for words in said:
        assert words in text, text
    assert "全国电子商务进农村综合示范项目" in text
    assert any(f"第{n}页/共{n}页" in text.replace(" ", "") for n in (1, 2))
    assert "打印时间 2021-05-18 08:40" in text
    assert "监督电话" in text


def test_the_trainees_notice_names_no_instructor(approved: Any, browse: Browse, tmp_path: Path) -> None:
    assert "罗明远" not in printed(browse(HEAD), "notice", approved, tmp_path)


def test_before_approval_there_is_only_the_application(county: Any, browse: Browse) -> None:
    client = browse(HEAD)
    assert client.get(reverse("print-application", args=[county.session.pk])).status_code == 200
    for what in ("approval", "notice"):
        assert client.get(reverse(f"print-{what}", args=[county.session.pk])).status_code == 409


def test_a_roster_in_full_is_the_bureaus_alone_and_never_on_the_board(
    approved: Any, browse: Browse, tmp_path: Path
) -> None:
    trainee = approved.session.enrolments.first().trainee

    assert trainee.id_number in printed(browse(REVIEWER), "roster", approved, tmp_path)
    for role, what in ((HEAD, "roster"), (Role.AUDITOR, "roster"), (REVIEWER, "roster-board")):
        shown = printed(browse(role), what, approved, tmp_path)
        assert trainee.id_number not in shown
        assert trainee.masked_id_number in shown
    assert trainee.masked_phone not in printed(browse(HEAD), "roster-board", approved, tmp_path)


def test_the_code_on_the_paper_leads_to_a_page_that_names_nobody(approved: Any, browse: Browse) -> None:
    session = approved.session
    address = reverse("public-session", args=[session.code, token_of(session)])
    shown = text(Client().get(address))

    assert session.approval_number in shown
    assert "2021-05-18 09:00–11:15" in shown
    for name in ("罗明远", "邓经办", "温审核", session.enrolments.first().trainee.name):
        assert name not in shown
    other = "1" if address.endswith("0") else "0"
    assert Client().get(address[:-1] + other).status_code == 404


def test_the_public_page_warns_of_a_cancelled_session(approved: Any, browse: Browse) -> None:
    browse(HEAD).post(reverse("session-call-off", args=[approved.session.pk]), {"reason": "洪水"})

    address = reverse("public-session", args=[approved.session.code, token_of(approved.session)])
    assert "手里的通知作废" in text(Client().get(address))


def test_a_plan_that_was_never_approved_has_no_public_page(county: Any) -> None:
    address = reverse("public-session", args=[county.session.code, token_of(county.session)])
    assert Client().get(address).status_code == 404
