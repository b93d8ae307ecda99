"""Follow-up: who is due, what was said, what came of it, and who may confirm it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.followup.choices import OutcomeStatus
from training.followup.models import Contact, FollowUp, Outcome

OFFICER = Role.FOLLOW_UP


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def rows(response: Any) -> list[str]:
    """The lines of the first table."""
    body = response.content.decode().split("<tbody>")[1].split("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr>")[1:]]


def owed(county: Any, number: int, day: int = 30) -> FollowUp:
    return FollowUp.objects.get(enrolment__number=number, enrolment__training_session=county.session, day=day)


@pytest.fixture
def officer(closed: Any, browse: Callable[..., Client]) -> Client:
    return browse(OFFICER)


def test_everyone_who_completed_is_owed_three_contacts(officer: Client) -> None:
    response = officer.get(reverse("followups"))

    assert "共 30 条" in text(response)
    assert FollowUp.objects.exclude(enrolment__number__lte=10).count() == 0


def test_the_longest_overdue_stands_first(officer: Client, closed: Any, clock: Any) -> None:
    late = owed(closed, 7)
    FollowUp.objects.filter(pk=late.pk).update(due_on=late.due_on - timedelta(days=9))
    clock.advance(days=31)

    listed = rows(officer.get(reverse("followups")))

    assert "已超期" in listed[0]
    assert late.enrolment.trainee.name in listed[0]
    assert "已超期" not in listed[-1]


def test_search_and_township_narrow_the_list(officer: Client, closed: Any) -> None:
    trainee = owed(closed, 1).enrolment.trainee

    by_name = rows(officer.get(reverse("followups"), {"q": trainee.name}))
    by_township = rows(officer.get(reverse("followups"), {"township": trainee.township}))

    assert len(by_name) == 3
    assert all(trainee.township in row for row in by_township)


def test_due_words_mean_what_the_home_page_counts(officer: Client, clock: Any) -> None:
    clock.advance(days=30)
    assert "共 10 条" in text(officer.get(reverse("followups"), {"due": "today"}))
    assert "没有要联系的人" in text(officer.get(reverse("followups"), {"due": "overdue"}))
    clock.advance(days=1)
    assert "共 10 条" in text(officer.get(reverse("followups"), {"due": "overdue"}))


def test_a_number_is_masked_until_asked_for_and_the_look_is_on_record(officer: Client, closed: Any) -> None:
    enrolment = owed(closed, 1).enrolment
    number = enrolment.trainee.phone
    assert number not in text(officer.get(reverse("followups")))
    assert number not in text(officer.get(reverse("followup-person", args=[enrolment.pk])))

    response = officer.post(reverse("followup-phone", args=[enrolment.pk]))

    assert number in text(response)
    assert "no-store" in response["Cache-Control"]
    look = AuditEvent.objects.get(verb="phone.viewed")
    assert (look.user, look.subject_id) == (closed.user(OFFICER), str(enrolment.pk))
    assert number not in str(look.details) + look.subject


def test_the_bureau_reads_the_list_and_not_the_numbers(closed: Any, browse: Callable[..., Client]) -> None:
    client = browse(Role.BUREAU_REVIEWER)
    enrolment = owed(closed, 1).enrolment

    assert client.get(reverse("followups")).status_code == 200
    assert client.post(reverse("followup-phone", args=[enrolment.pk])).status_code == 403
    assert not AuditEvent.objects.filter(verb="phone.viewed").exists()


def test_a_call_that_reached_someone_settles_the_follow_up(officer: Client, closed: Any) -> None:
    follow_up = owed(closed, 1)
    answers = {"method": "phone", "result": "reached", "guidance": "shop", "note": "想开网店卖白莲"}

    response = officer.post(reverse("followup-contact", args=[follow_up.pk]), answers, follow=True)

    follow_up.refresh_from_db()
    assert follow_up.done_at
    assert "想开网店卖白莲" in text(response)
    assert "共 29 条" in text(officer.get(reverse("followups")))
    assert "联系到本人" in rows(officer.get(reverse("followups"), {"due": "done"}))[0]


def test_no_answer_leaves_it_owed(officer: Client, closed: Any) -> None:
    follow_up = owed(closed, 1)
    officer.post(reverse("followup-contact", args=[follow_up.pk]), {"method": "phone", "result": "no_answer"})

    follow_up.refresh_from_db()
    assert follow_up.done_at is None
    assert "无人接听" in rows(officer.get(reverse("followups")))[0]


def test_a_form_that_says_nothing_comes_back(officer: Client, closed: Any) -> None:
    response = officer.post(reverse("followup-contact", args=[owed(closed, 1).pk]), {"note": "？"})

    assert response.status_code == 422
    assert Contact.objects.count() == 0


def test_somebody_who_denies_having_come_is_a_matter_for_the_bureau(officer: Client, closed: Any) -> None:
    follow_up = owed(closed, 1)
    said = {"method": "phone", "result": "denied"}

    response = officer.post(reverse("followup-contact", args=[follow_up.pk]), said, follow=True)

    assert "请告诉商务局核对签到记录" in text(response)


def outcome_answers(**changed: Any) -> dict[str, Any]:
    name, data = paper("店铺截图")
    return {
        "kind": "started_up",
        "started_on": date(2021, 5, 18),
        "grade": "B",
        "description": "在拼多多开店",
        "file": SimpleUploadedFile(name, data),
        **changed,
    }


def test_an_outcome_is_claimed_with_its_evidence(officer: Client, closed: Any) -> None:
    enrolment = owed(closed, 1).enrolment

    response = officer.post(reverse("followup-outcome", args=[enrolment.pk]), outcome_answers(), follow=True)

    outcome = Outcome.objects.get()
    assert outcome.status == OutcomeStatus.CLAIMED
    assert "由别人核实" in text(response)
    assert officer.get(reverse("file", args=["outcome", outcome.pk])).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"file": SimpleUploadedFile("店铺.pdf", b"not a pdf")}, "店铺.pdf"),
        ({"started_on": date(2031, 1, 1)}, "开始日期不能晚于今天"),
    ],
)
def test_bad_evidence_comes_back_with_what_to_do(
    officer: Client, closed: Any, changed: dict[str, Any], said: str
) -> None:
    enrolment = owed(closed, 1).enrolment

    response = officer.post(reverse("followup-outcome", args=[enrolment.pk]), outcome_answers(**changed))

    assert response.status_code == 422
    assert said in text(response) or "请" in text(response)
    assert Outcome.objects.count() == 0


def test_who_did_not_complete_has_no_outcome(officer: Client, closed: Any) -> None:
    absent = closed.session.enrolments.get(number=11)

    response = officer.post(reverse("followup-outcome", args=[absent.pk]), outcome_answers())

    assert "只有结业的学员才登记成果" in text(response)
    assert Outcome.objects.count() == 0


@pytest.mark.parametrize("decision", ["outcome-verify", "outcome-reject"])
def test_the_claimant_can_not_decide(officer: Client, closed: Any, decision: str) -> None:
    outcome = claim_shop(closed)

    response = officer.post(reverse(decision, args=[outcome.pk]))

    assert response.status_code == 403
    assert "申报人不能核实自己申报的成果" in text(response)
    outcome.refresh_from_db()
    assert outcome.status == OutcomeStatus.CLAIMED


@pytest.mark.parametrize(
    ("decision", "status"),
    [("outcome-verify", OutcomeStatus.VERIFIED), ("outcome-reject", OutcomeStatus.REJECTED)],
)
def test_somebody_else_decides(
    closed: Any, browse: Callable[..., Client], decision: str, status: str
) -> None:
    outcome, client = claim_shop(closed), browse(Role.BUREAU_REVIEWER)

    response = client.post(reverse(decision, args=[outcome.pk]), follow=True)

    outcome.refresh_from_db()
    assert (outcome.status, outcome.verified_by) == (status, closed.user(Role.BUREAU_REVIEWER))
    assert "温审核" in text(response)


def test_a_person_s_page_shows_attendance_and_how_it_counted(officer: Client, closed: Any) -> None:
    shown = text(officer.get(reverse("followup-person", args=[owed(closed, 1).enrolment_id])))

    assert "2021-05-18 上午 08:55–11:15" in shown
    assert "6 / 6 学时 = 100.0 % ≥ 80 %，结业" in shown


def test_the_export_has_the_rows_and_no_numbers(officer: Client, closed: Any) -> None:
    exported = b"".join(officer.get(reverse("followups-export"), {"due": "all"})).decode("utf-8-sig")

    assert len(exported.splitlines()) == 31
    assert owed(closed, 1).enrolment.trainee.phone not in exported


@pytest.mark.parametrize("people", [1, 12])
def test_the_list_asks_a_constant_number_of_questions(
    closed: Any, browse: Callable[..., Client], django_assert_num_queries: Any, people: int
) -> None:
    FollowUp.objects.exclude(enrolment__number__lte=people).delete()
    client = browse(OFFICER)

    with django_assert_num_queries(11):
        client.get(reverse("followups"))


@pytest.mark.parametrize("count", [1, 10])
def test_the_outcomes_ask_a_constant_number_of_questions(
    closed: Any, browse: Callable[..., Client], django_assert_num_queries: Any, count: int
) -> None:
    for number in range(1, count + 1):
        claim_shop(closed, number)
    client = browse(OFFICER)

    with django_assert_num_queries(9):
        client.get(reverse("outcomes"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_renders_in_both_languages(officer: Client, closed: Any, language: str) -> None:
    claim_shop(closed)
    follow_up = owed(closed, 1)
    for name, args in [
        ("followups", ()),
        ("outcomes", ()),
        ("followup-person", (follow_up.enrolment_id,)),
        ("followup-contact", (follow_up.pk,)),
        ("followup-outcome", (follow_up.enrolment_id,)),
    ]:
        response = officer.get(reverse(name, args=args), headers={"accept-language": language})
        assert response.status_code == 200, name
        assert f'<html lang="{language}"' in response.content.decode()
