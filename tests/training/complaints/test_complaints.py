"""From somebody's word to an answer, with nobody's name in between (lifecycle Q)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.complaints.choices import ComplaintKind, ComplaintStatus, Verdict
from training.complaints.models import Complaint
from training.complaints.queries import own_complaint, weighing_on
from training.complaints.services import Receipt, answer, archive, assign, examine, lodge, view_contact
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.models import AuditEvent
from training.dossiers.risks import risks_of
from training.notifications.models import Notification

ALLOWED = {
    ("received", "assigned"),
    ("assigned", "examining"),
    ("examining", "answered"),
    ("answered", "archived"),
}
SAID = "五月十八日下午，有人替别人刷了卡，我亲眼看见。"
CONTACT = "13812345678 李"


def complain(county: Any, **more: Any) -> Receipt:
    said = {"kind": ComplaintKind.COMPLAINT, "said": SAID, "contact": CONTACT}
    return lodge(county.programme, **said | {"session_code": county.session.code} | more)


def carried_to_answer(county: Any) -> Receipt:
    receipt = complain(county)
    pk, reviewer = receipt.complaint.pk, county.actor(Role.BUREAU_REVIEWER)
    assign(pk, user_id=reviewer.user_id, actor=county.actor(Role.BUREAU_HEAD))
    examine(pk, actor=reviewer)
    answer(pk, found="看了签到照片", verdict=Verdict.UPHELD, reply="已核实并更正。", actor=reviewer)
    return receipt


def test_the_public_form_gives_ticket_and_code_once_and_they_find_the_answer(approved: Any) -> None:
    address = reverse("portal-complaint", args=[approved.programme.code])
    posted = Client().post(
        address, {"kind": "complaint", "said": SAID, "contact": CONTACT, "session_code": ""}
    )
    ticket, secret = posted.context["ticket"], posted.context["secret"]

    shown = Client().post(reverse("complaint-status"), {"ticket": ticket.lower(), "secret": f" {secret} "})

    assert "正在办理" in shown.content.decode()
    assert SAID not in shown.content.decode()
    assert "no-store" in posted["Cache-Control"]
    assert Complaint.objects.get().due_on.isoformat() == "2021-06-08"  # 15 working days after 2021-05-18


def test_a_wrong_code_and_a_ticket_that_nobody_has_look_the_same(approved: Any) -> None:
    receipt = complain(approved)
    wrong, nobody = (
        Client().post(reverse("complaint-status"), {"ticket": ticket, "secret": "23456789"})
        for ticket in (receipt.complaint.ticket, "ZZZZZZZZ")
    )

    assert wrong.status_code == nobody.status_code == 422
    assert wrong.context["form"].errors == nobody.context["form"].errors


def test_what_was_said_and_by_whom_lies_encrypted_and_the_code_only_as_a_hash(approved: Any) -> None:
    receipt = complain(approved)

    raw = (
        Complaint.objects.extra(select={"a": "said", "b": "contact"})
        .values_list("a", "b", "secret_hash")
        .get()
    )
    trail = str(list(AuditEvent.objects.values_list("subject", "details", "actor_name")))

    for told in (SAID, "13812345678"):
        assert told not in "".join(raw) + trail
    assert receipt.secret not in "".join(raw) + trail


def test_an_unknown_session_and_an_empty_word_are_refused_and_nothing_is_kept(approved: Any) -> None:
    for more in ({"session_code": "XX-1"}, {"said": "太短"}):
        with pytest.raises(InvalidInputError):
            complain(approved, **more)

    assert not Complaint.objects.exists()
    assert not AuditEvent.objects.filter(verb="complaint.received").exists()


def test_a_program_that_fills_in_everything_is_told_the_same_and_nothing_is_kept(approved: Any) -> None:
    address = reverse("portal-complaint", args=[approved.programme.code])

    answer = Client().post(address, {"kind": "opinion", "said": SAID, "website": "http://spam"})

    assert (answer.status_code, len(answer.context["ticket"])) == (200, 8)
    assert not Complaint.objects.exists()


def test_one_address_says_only_so_much_in_an_hour(approved: Any, limits: None) -> None:
    address = reverse("portal-complaint", args=[approved.programme.code])

    answers = [Client().post(address, {"kind": "opinion", "said": SAID}).status_code for _n in range(11)]

    assert answers == [200] * 10 + [429]


def test_it_goes_from_hand_to_hand_and_the_reply_is_read_with_the_ticket(approved: Any) -> None:
    receipt = carried_to_answer(approved)
    found = own_complaint(receipt.complaint.ticket, receipt.secret)
    assert (found.status, found.verdict, found.reply) == ("answered", "upheld", "已核实并更正。")
    said = {"ticket": receipt.complaint.ticket, "secret": receipt.secret}
    shown = Client().post(reverse("complaint-status"), said).content.decode()
    assert "已核实并更正。" in shown
    assert "看了签到照片" not in shown

    archive(found.pk, actor=approved.actor(Role.BUREAU_REVIEWER))

    verbs = list(AuditEvent.objects.filter(verb__startswith="complaint.").values_list("verb", flat=True))
    assert verbs[::-1] == [
        "complaint.received", "complaint.assigned", "complaint.examining", "complaint.answered",
        "complaint.archived",
    ]  # fmt: skip


def test_only_whom_it_was_given_to_or_the_head_deals_with_it(approved: Any) -> None:
    receipt = complain(approved)
    head, reviewer = approved.actor(Role.BUREAU_HEAD), approved.actor(Role.BUREAU_REVIEWER)
    assign(receipt.complaint.pk, user_id=head.user_id, actor=head)

    with pytest.raises(ForbiddenError):
        examine(receipt.complaint.pk, actor=reviewer)
    with pytest.raises(ForbiddenError):
        view_contact(receipt.complaint.pk, actor=reviewer)

    assert Complaint.objects.get().status == ComplaintStatus.ASSIGNED
    assert view_contact(receipt.complaint.pk, actor=head) == CONTACT
    assert AuditEvent.objects.filter(verb="complaint.contact_viewed").count() == 1


def test_it_is_not_answered_before_it_was_examined(approved: Any) -> None:
    receipt = complain(approved)
    head = approved.actor(Role.BUREAU_HEAD)
    with pytest.raises(InvalidTransitionError):
        answer(receipt.complaint.pk, found="x", verdict=Verdict.UPHELD, reply="x", actor=head)
    assert Complaint.objects.get().reply == ""


def test_a_complaint_marks_its_session_until_it_is_answered_and_an_opinion_does_not(
    approved: Any, browse: Any
) -> None:
    complain(approved, kind=ComplaintKind.OPINION)
    assert weighing_on(approved.session) == 0

    receipt = complain(approved)

    assert [(risk.code, risk.count) for risk in risks_of([approved.session.pk])[approved.session.pk]] == [
        ("complaint", 1)
    ]
    page = browse(Role.BUREAU_REVIEWER, approved).get(reverse("bureau-session", args=[approved.session.pk]))
    assert "有 1 件举报还没有答复" in page.content.decode()
    pk, head = receipt.complaint.pk, approved.actor(Role.BUREAU_HEAD)
    assign(pk, user_id=head.user_id, actor=head)
    examine(pk, actor=head)
    answer(pk, found="x", verdict=Verdict.NOT_UPHELD, reply="y", actor=head)
    assert risks_of([approved.session.pk])[approved.session.pk] == ()


def test_the_institution_sees_nothing_of_it_anywhere(approved: Any, browse: Any) -> None:
    receipt = complain(approved)

    for role in INSTITUTION_ROLES:
        assert not Complaint.objects.visible_to(approved.actor(role)).exists()
        client = browse(role, approved)
        assert client.get(reverse("complaint", args=[receipt.complaint.pk])).status_code == 404
        page = client.get(reverse("session", args=[approved.session.pk])).content.decode()
        assert "举报" not in page
    told = Notification.objects.filter(kind="complaint.received")
    assert {row.membership.role for row in told} == {Role.BUREAU_REVIEWER, Role.BUREAU_HEAD}


def test_the_bureau_works_it_off_on_its_pages(approved: Any, browse: Any) -> None:
    pk = complain(approved).complaint.pk
    head = browse(Role.BUREAU_HEAD, approved)
    assert "李" not in head.get(reverse("complaint", args=[pk])).content.decode()
    head.post(reverse("complaint-assign", args=[pk]), {"user_id": approved.user(Role.BUREAU_HEAD).pk})
    head.post(reverse("complaint-examine", args=[pk]))
    assert CONTACT in head.post(reverse("complaint-contact", args=[pk])).content.decode()
    head.post(reverse("complaint-answer", args=[pk]), {"found": "查", "verdict": "partly", "reply": "答"})
    head.post(reverse("complaint-archive", args=[pk]))

    assert Complaint.objects.get().status == ComplaintStatus.ARCHIVED
    listed = head.get(reverse("complaints-export")).getvalue().decode()
    assert SAID not in listed
    assert "部分属实" in listed


@pytest.mark.parametrize("start", ComplaintStatus)
@pytest.mark.parametrize("target", ComplaintStatus)
def test_only_these_moves_are_allowed(start: str, target: str) -> None:
    assert Complaint(status=start).may_enter(target) == ((start, target) in ALLOWED)
