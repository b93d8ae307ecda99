"""Follow-up: who is due, what was said, what came of it, and who may confirm it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.accounts.models import Membership, User
from training.core.models import AuditEvent
from training.followup.models import Contact, FollowUp, Handover, Referral
from training.people.queries import group_book, sensitive_codes

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
    FollowUp.objects.filter(pk=late.pk).update(next_on=late.due_on - timedelta(days=9))
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


def test_who_has_no_number_is_found_and_visited(officer: Client, closed: Any) -> None:
    nobody = owed(closed, 1).enrolment.trainee
    nobody.set_phone("")
    nobody.save()
    known = owed(closed, 2).enrolment.trainee
    officer.post(reverse("trainee-phone", args=[known.pk]))

    def listed(phone: str) -> int:
        return officer.get(reverse("followups"), {"phone": phone}).context["page_obj"].paginator.count

    assert [listed(phone) for phone in ("none", "verified", "unverified", "")] == [3, 3, 24, 30]


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


def test_an_outcome_to_verify_is_a_reason_to_call_and_without_any_the_number_stays_masked(
    officer: Client, closed: Any
) -> None:
    enrolment = owed(closed, 1).enrolment
    FollowUp.objects.filter(enrolment=enrolment).update(next_on=None)
    address = reverse("followup-phone", args=[enrolment.pk])
    assert enrolment.trainee.phone not in text(officer.post(address, follow=True))

    claim_shop(closed)

    assert enrolment.trainee.phone in text(officer.post(address))


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


def test_a_person_s_page_shows_attendance_and_how_it_counted(officer: Client, closed: Any) -> None:
    shown = text(officer.get(reverse("followup-person", args=[owed(closed, 1).enrolment_id])))

    assert "2021-05-18 上午 08:55–11:15" in shown
    assert "6 / 6 学时 = 100.0 % ≥ 80 %，结业" in shown


def test_the_export_has_the_rows_and_no_numbers(officer: Client, closed: Any) -> None:
    exported = b"".join(officer.get(reverse("followups-export"), {"due": "all"})).decode("utf-8-sig")

    assert len(exported.splitlines()) == 31
    assert owed(closed, 1).enrolment.trainee.phone not in exported


def test_each_filter_narrows_and_lives_in_the_address(officer: Client, closed: Any) -> None:
    stage = owed(closed, 1)
    said = {"method": "phone", "result": "reached", "guidance": ["shop", "loan"], "conclusion": "employed"}
    officer.post(reverse("followup-contact", args=[stage.pk]), said)
    trainee, session = stage.trainee, closed.session

    def found(**filters: Any) -> int:
        return officer.get(reverse("followups"), filters).context["page_obj"].paginator.count

    assert found(due="all", result="reached") == found(due="all", conclusion="employed") == 1
    assert found(due="all", served="yes") == 1
    assert found(due="all", q=trainee.id_number[-4:]) % 3 == 0
    assert found(officer="none") == 29
    assert found(officer="me") == 0
    assert found(institution=closed.institution.pk) == found(session=session.pk) == 29
    assert found(class_type=session.class_type) == found(category=session.category) == 29
    assert found(session=10**6) == 0
    assert found(due="week") == 0
    assert found(due="later") == 29
    assert found(township=trainee.township, village=trainee.village, due="all") % 3 == 0


def test_the_statistics_count_what_their_links_list(officer: Client, closed: Any, clock: Any) -> None:
    clock.advance(days=31)
    officer.post(reverse("followup-contact", args=[owed(closed, 1).pk]), {
        "method": "visit", "result": "reached", "guidance": ["shop"], "conclusion": "started_up",
    })  # fmt: skip
    officer.post(
        reverse("followup-contact", args=[owed(closed, 2).pk]), {"method": "phone", "result": "denied"}
    )
    for by in ("township", "village", "session", "class_type", "category", "group", "institution", "result"):
        response = officer.get(reverse("followup-statistics"), {"by": by})
        *lines, whole = response.context["lines"]
        figures = {figure.name: figure.count for figure in whole.figures}
        assert (figures["planned"], figures["due"], figures["done"], figures["overdue"]) == (30, 10, 2, 8), by
        assert (figures["served"], figures["started_up"], figures["denied"]) == (1, 1, 1)
        for line in [*lines, whole]:
            for figure in line.figures:
                if figure.count and figure.href:
                    listed = officer.get(figure.href).context["page_obj"].paginator.count
                    assert listed == figure.count, figure.href
    exported = b"".join(officer.get(reverse("followup-statistics-export"))).decode("utf-8-sig")
    assert "合计,30,10,2,8" in exported


def test_a_sensitive_group_is_counted_and_not_listed(officer: Client, closed: Any) -> None:
    code = min(sensitive_codes(group_book(closed.programme.pk)))
    closed.session.enrolments.update(group=code)

    line, _whole = officer.get(reverse("followup-statistics"), {"by": "group"}).context["lines"]

    assert (line.figures[0].count, line.figures[0].href) == (30, "")
    assert "共 30 条" in text(officer.get(reverse("followups"), {"group": code}))
    assert "只列" not in text(officer.get(reverse("followups"), {"group": code}))


def test_work_is_handed_over_from_the_list_and_taken_back(officer: Client, closed: Any) -> None:
    me = closed.user(OFFICER)
    chosen = {"rows": [owed(closed, 1).pk], "to": me.pk, "note": "城东"}

    response = officer.post(reverse("followups-hand-over"), chosen, follow=True)

    assert "交接了 3 个阶段" in text(response)
    assert "共 3 条" in text(officer.get(reverse("followups"), {"officer": "me"}))
    assert "城东" in text(officer.get(reverse("followup-person", args=[owed(closed, 1).enrolment_id])))
    officer.post(reverse("handover-undo", args=[Handover.objects.get().pk]))
    assert "没有要联系的人" in text(officer.get(reverse("followups"), {"officer": "me"}))


def test_all_that_the_filters_show_is_handed_over_at_once(officer: Client, closed: Any) -> None:
    township = owed(closed, 1).trainee.township
    listed = FollowUp.objects.filter(trainee__township=township).count()
    address = f"{reverse('followups-hand-over')}?township={township}"

    officer.post(address, {"every": "on", "to": closed.user(OFFICER).pk})

    assert FollowUp.objects.filter(assignee=closed.user(OFFICER)).count() == listed


def test_nobody_chosen_is_said(officer: Client, closed: Any) -> None:
    response = officer.post(reverse("followups-hand-over"), {"to": closed.user(OFFICER).pk}, follow=True)

    assert "先在名单上选人" in text(response)
    assert Handover.objects.count() == 0


def test_a_referral_s_answer_is_written_down(officer: Client, closed: Any) -> None:
    stage = owed(closed, 1)
    said = {"method": "phone", "result": "reached", "referred_to": "县邮储银行", "referred_for": "loan"}
    officer.post(reverse("followup-contact", args=[stage.pk]), said)
    referral = Referral.objects.get()
    assert "转介给县邮储银行：贷款对接" in text(
        officer.get(reverse("followup-person", args=[stage.enrolment_id]))
    )

    answered = {"helped": "yes", "answer": "贷到五万"}
    response = officer.post(reverse("followup-referral", args=[referral.pk]), answered, follow=True)

    assert "办成了" in text(response)
    assert "贷到五万" in text(response)


def test_referrals_that_wait_are_listed_until_they_are_answered(officer: Client, closed: Any) -> None:
    said = {"method": "phone", "result": "reached", "referred_to": "县邮储银行", "referred_for": "loan"}
    officer.post(reverse("followup-contact", args=[owed(closed, 1).pk]), said)
    listed = reverse("followup-referrals")
    assert "县邮储银行" in text(officer.get(listed))
    assert "转介等回音" in text(officer.get(reverse("home")))

    officer.post(reverse("followup-referral", args=[Referral.objects.get().pk]), {"helped": "yes"})

    assert "没有等回音的转介" in text(officer.get(listed))
    exported = b"".join(officer.get(reverse("followup-referrals-export"), {"status": "all"})).decode()
    assert "县邮储银行" in exported
    assert "办成了" in exported


@pytest.mark.parametrize("people", [1, 10])
def test_the_list_of_referrals_asks_a_constant_number_of_questions(
    closed: Any, browse: Callable[..., Client], django_assert_num_queries: Any, people: int
) -> None:
    client = browse(OFFICER)
    said = {"method": "phone", "result": "reached", "referred_to": "县邮储银行", "referred_for": "loan"}
    for number in range(1, people + 1):
        client.post(reverse("followup-contact", args=[owed(closed, number).pk]), said)

    with django_assert_num_queries(10):
        assert client.get(reverse("followup-referrals")).context["page_obj"].paginator.count == people


def test_services_are_counted_by_kind_and_lead_to_who_got_them(officer: Client, closed: Any) -> None:
    given = {"method": "visit", "result": "reached", "guidance": ["shop", "loan"]}
    sent = {"referred_to": "县邮储银行", "referred_for": "loan"}
    officer.post(reverse("followup-contact", args=[owed(closed, 1).pk]), given | sent)
    officer.post(reverse("followup-contact", args=[owed(closed, 2).pk]), given)
    officer.post(reverse("followup-referral", args=[Referral.objects.get().pk]), {"helped": "yes"})

    services = {row.label: row for row in officer.get(reverse("followup-statistics")).context["services"]}
    counts = {name: [figure.count for figure in row.figures] for name, row in services.items()}

    assert (counts["开店指导"], counts["贷款对接"], counts["美工"]) == (
        [2, 2, 0, 0, 0],
        [2, 2, 0, 1, 1],
        [0, 0, 0, 0, 0],
    )
    for figure in [figure for row in services.values() for figure in row.figures]:
        if figure.count and figure.href:
            assert officer.get(figure.href).context["page_obj"].paginator.count == figure.count


def test_by_person_everybody_counts_once_with_the_latest_conclusion(
    officer: Client, closed: Any, clock: Any
) -> None:
    first, second, _third = closed.session.enrolments.get(number=1).follow_ups.order_by("day")
    said = {"method": "phone", "result": "reached"}
    officer.post(reverse("followup-contact", args=[first.pk]), said | {"conclusion": "farming"})
    clock.advance(days=90)
    officer.post(reverse("followup-contact", args=[second.pk]), said | {"conclusion": "started_up"})

    *lines, whole = officer.get(reverse("followup-statistics"), {"unit": "people"}).context["lines"]
    figures = {figure.name: figure for figure in whole.figures}

    assert (figures["planned"].count, figures["started_up"].count, figures["farming"].count) == (10, 1, 0)
    for figure in [figure for line in [*lines, whole] for figure in line.figures]:
        if figure.count and figure.href:
            assert officer.get(figure.href).context["page_obj"].paginator.count == figure.count


def test_who_called_without_knowing_of_another_s_call_is_told(officer: Client, closed: Any) -> None:
    address = reverse("followup-contact", args=[owed(closed, 1).pk])
    since = officer.get(address).context["form"]["since"].value()
    Membership.objects.create(
        user=(colleague := User.objects.create_user("second", display_name="白跟踪")),
        role=OFFICER,
        programme_id=closed.programme.pk,
        workplace="电商服务中心",
    )
    another = Client()
    another.force_login(colleague)
    another.post(address, {"method": "phone", "result": "reached"})

    response = officer.post(address, {"method": "phone", "result": "reached", "since": since}, follow=True)

    assert "白跟踪也记了一次联系：联系到本人" in text(response)
    assert Contact.objects.count() == 2


def test_lost_too_early_comes_back_with_what_is_missing(officer: Client, closed: Any) -> None:
    said = {"method": "phone", "result": "no_answer", "conclusion": "lost"}

    response = officer.post(reverse("followup-contact", args=[owed(closed, 1).pk]), said)

    assert response.status_code == 422
    assert "还差 2 天" in text(response)
    assert Contact.objects.count() == 0


def test_the_script_that_keeps_drafts_is_told_when_a_contact_is_safe(officer: Client, closed: Any) -> None:
    said = {"method": "phone", "result": "reached", "key": str(uuid4())}
    address = reverse("followup-contact", args=[owed(closed, 1).pk])

    answers = [officer.post(address, said, headers={"accept": "application/json"}) for _twice in (1, 2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == {"next": reverse("followup-person", args=[owed(closed, 1).enrolment_id])}
    assert Contact.objects.count() == 1


def test_other_words_under_the_same_key_come_back_with_a_new_one(officer: Client, closed: Any) -> None:
    said = {"method": "phone", "result": "reached", "key": str(uuid4())}
    address = reverse("followup-contact", args=[owed(closed, 1).pk])
    officer.post(address, said)

    response = officer.post(address, said | {"note": "想起来了，还要贷款"})
    assert response.status_code == 422
    new = response.context["form"]["key"].value()
    assert new != said["key"]
    officer.post(address, said | {"note": "想起来了，还要贷款", "key": new})

    assert Contact.objects.count() == 2


@pytest.mark.parametrize("people", [1, 12])
def test_the_list_asks_a_constant_number_of_questions(
    closed: Any, browse: Callable[..., Client], django_assert_num_queries: Any, people: int
) -> None:
    FollowUp.objects.exclude(enrolment__number__lte=people).delete()
    client = browse(OFFICER)

    with django_assert_num_queries(13):
        client.get(reverse("followups"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_renders_in_both_languages(officer: Client, closed: Any, language: str) -> None:
    claim_shop(closed)
    follow_up = owed(closed, 1)
    for name, args in [
        ("followups", ()),
        ("followup-person", (follow_up.enrolment_id,)),
        ("followup-contact", (follow_up.pk,)),
        ("followup-statistics", ()),
        ("followup-referrals", ()),
        ("handovers", ()),
        ("followups-import", ()),
    ]:
        response = officer.get(reverse(name, args=args), headers={"accept-language": language})
        assert response.status_code == 200, name
        assert f'<html lang="{language}"' in response.content.decode()
