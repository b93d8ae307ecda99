"""The registration's pages: what anybody sees, what is never told, and the desks behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.training.enrolment.applicants import (
    CLERK,
    HERE,
    OFFICER,
    PEOPLE,
    REVIEWER,
    apply,
    open_call,
    qualify,
)
from tests.training.enrolment.rosters import changed, line, workbook
from training.accounts.choices import Role
from training.core import clock as now_clock
from training.demo.scenery import TOWNSHIP
from training.enrolment.choices import ON_ROSTER, ApplicationStatus, CallStatus
from training.enrolment.models import Application, RegistrationCall
from training.enrolment.registration import NOTICE_VERSION, set_registration
from training.scheduling.services import submit_session

ROOT = Path(__file__).parents[3]


@pytest.fixture
def opened(county: Any) -> RegistrationCall:
    return open_call(county, note="请自带手机。", quotas={TOWNSHIP: 12})


@pytest.fixture
def phone() -> Client:
    """Anybody's: not signed in."""
    return Client()


def form_of(person: Any, **said: Any) -> dict[str, Any]:
    return {
        "name": person.name,
        "id_number": person.id_number,
        "phone": person.phone,
        "township": person.township if person.township == TOWNSHIP else "-",
        "village": person.village,
        "group": person.group,
        "consent": "on",
        "group_consent": "on",
        **said,
    }


def door(call: Any) -> str:
    return reverse("public-registration", args=[call.token])


def text(response: Any) -> str:
    return response.content.decode()


# Anybody


def test_the_public_page_says_what_the_session_is_and_how_the_data_are_used(
    phone: Client, opened: Any
) -> None:
    page = phone.get(door(opened))

    for words in ("农民电商知识普及培训班", "2021-05-18", "09:00–11:15", "三楼教室", "20 人", "请自带手机。"):
        assert words in text(page)
    for words in ("谁在处理", "存多久", "90 天", "您的权利", "监督电话"):
        assert words in text(page)
    assert page["Cache-Control"].startswith("max-age=0")
    assert "script" not in text(page)


def test_it_speaks_english_as_well(phone: Client, opened: Any) -> None:
    phone.post(reverse("set_language"), {"language": "en"})
    assert '<html lang="en">' in text(phone.get(door(opened)))


def test_a_link_that_nobody_was_given_leads_nowhere(phone: Client, opened: Any) -> None:
    assert phone.get(door(opened).replace(opened.token, opened.token[::-1])).status_code == 404
    assert phone.post(reverse("public-registration", args=["x"]), form_of(PEOPLE[0])).status_code == 404


@pytest.mark.parametrize("how", [CallStatus.PAUSED, CallStatus.CLOSED, "over", "frozen"])
def test_a_closed_door_says_so_and_takes_nobody(
    phone: Client, county: Any, opened: Any, clock: Any, how: str
) -> None:
    if how == "over":
        clock.advance(days=11)
    elif how == "frozen":
        submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    else:
        set_registration(opened.pk, status=how, actor=county.actor(CLERK))

    for answer in (phone.get(door(opened)), phone.post(door(opened), form_of(PEOPLE[0]))):
        assert answer.status_code == 200
        assert ("暂停报名" if how == CallStatus.PAUSED else "现在不能报名") in text(answer)
        assert 'name="id_number"' not in text(answer)
    assert Application.objects.count() == 0


def test_somebody_applies_gets_a_receipt_looks_it_up_and_takes_it_back(phone: Client, opened: Any) -> None:
    person = HERE[0]
    page = phone.post(door(opened), form_of(person), follow=True)
    receipt = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", text(page))[0]
    application = Application.objects.get()
    assert (application.township, application.status) == (TOWNSHIP, ApplicationStatus.RECEIVED)
    assert (application.consent_version, application.group_consent) == (NOTICE_VERSION, True)

    asked = {"receipt": receipt, "phone_end": person.phone[-4:]}
    status = phone.post(reverse("application-status"), asked)
    assert "待资格审核" in text(status)
    assert "撤回这份报名" in text(status)
    assert person.name not in text(status)
    assert person.id_number not in text(status)

    gone = phone.post(reverse("application-withdraw-own"), asked)
    assert "这份报名已经撤回" in text(gone)
    application.refresh_from_db()
    assert application.status == ApplicationStatus.WITHDRAWN


def test_the_receipt_is_in_no_address_and_shown_to_no_other_browser(phone: Client, opened: Any) -> None:
    answer = phone.post(door(opened), form_of(PEOPLE[0]))
    receipt = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", text(phone.get(answer["Location"])))[0]

    assert receipt not in answer["Location"]
    assert receipt not in text(Client().get(answer["Location"]))
    cookie = answer.cookies["application"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", answer["Location"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"id_number": "36073519900101001X"}, "校验位不对"),
        ({"id_number": "3607**********1234"}, "请填完整的身份证号"),
        ({"id_number": "110105201001010045"}, "未满 16 周岁"),
        ({"phone": "123"}, "手机号应为 11 位数字"),
        ({"name": "=1+1"}, "不是姓名"),
        ({"village": "=HYPERLINK(1)"}, "公式"),
        ({"consent": ""}, "必填"),
        ({"township": ""}, "必填"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(
    phone: Client, opened: Any, said: dict[str, str], words: str
) -> None:
    answer = phone.post(door(opened), form_of(PEOPLE[0], **said))

    assert answer.status_code == 422
    (field,) = said
    assert words in " ".join(answer.context["form"].errors[field])
    assert list(answer.context["form"].errors) == [field]
    assert Application.objects.count() == 0


def test_full_width_digits_are_read(phone: Client, opened: Any) -> None:
    wide = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}
    phone.post(door(opened), form_of(PEOPLE[0], id_number=PEOPLE[0].id_number.translate(wide)))
    assert Application.objects.get().id_number == PEOPLE[0].id_number


def test_a_sensitive_group_needs_its_own_consent(phone: Client, opened: Any) -> None:
    answer = phone.post(door(opened), form_of(PEOPLE[0], group="poor_household", group_consent=""))
    assert list(answer.context["form"].errors) == ["group_consent"]

    answer = phone.post(door(opened), form_of(PEOPLE[0], group="farmer", group_consent=""))
    assert answer.status_code == 302
    assert Application.objects.get().group_consent is False


def test_a_program_that_fills_in_everything_is_thanked_and_nothing_is_kept(
    phone: Client, opened: Any
) -> None:
    answer = phone.post(door(opened), form_of(PEOPLE[0], website="http://spam"), follow=True)

    assert "报名已收到" in text(answer)
    assert Application.objects.count() == 0


def test_nobody_can_find_out_who_is_known_registered_or_taught(county: Any, opened: Any) -> None:
    """Byte by byte, but for what is drawn anew each time: receipt, cookies, the form's own token."""
    on_roster = county.session.enrolments.select_related("trainee").first().trainee
    apply(opened, PEOPLE[1])
    accepted, _receipt = apply(opened, PEOPLE[2])
    qualify(county, accepted)
    said = form_of(PEOPLE[3])

    def answer(**who: str) -> tuple[int, str, str, list[str], int]:
        browser = Client()
        first = browser.post(door(opened), {**said, **who})
        page = text(browser.get(first["Location"]))
        plain = re.sub(r"[0-9A-Z]{5}-[0-9A-Z]{5}|csrfmiddlewaretoken\" value=\"\w+", "", page)
        return first.status_code, first["Location"], plain, sorted(first.cookies), len(first.content)

    new = answer()
    assert new[0] == 302
    for person in (on_roster, PEOPLE[1], PEOPLE[2]):
        assert answer(name=person.name, id_number=person.id_number, phone=PEOPLE[9].phone) == new
    assert answer(id_number=on_roster.id_number) == new  # another name for a known number
    assert answer(website="x") == new


def test_a_wrong_receipt_and_a_wrong_phone_are_refused_alike(phone: Client, opened: Any) -> None:
    _application, receipt = apply(opened, PEOPLE[0])
    end = PEOPLE[0].phone[-4:]
    other = "0000" if end != "0000" else "1111"

    answers = []
    for name in ("application-status", "application-withdraw-own"):
        for asked in ((receipt, other), ("AAAAA-AAAAA", end)):
            answer = phone.post(reverse(name), dict(zip(("receipt", "phone_end"), asked, strict=True)))
            told = text(answer).replace(asked[0], "").replace(asked[1], "")
            answers.append((answer.status_code, re.sub(r'value="\w*"', "", told)))
    assert len(set(answers[:2])) == len(set(answers[2:])) == 1
    assert "没有找到" in answers[0][1]
    assert Application.objects.get().status == ApplicationStatus.RECEIVED


def test_the_reason_of_a_refusal_is_told_to_the_person_and_not_to_a_page(
    phone: Client, county: Any, opened: Any
) -> None:
    from training.enrolment.registration import review  # noqa: PLC0415  one test's own

    application, receipt = apply(opened, PEOPLE[0])
    review(opened.pk, [application.pk], qualified=False, reason="去年已参加过", actor=county.actor(REVIEWER))
    page = phone.post(reverse("application-status"), {"receipt": receipt, "phone_end": PEOPLE[0].phone[-4:]})
    assert "没有录取" in text(page)
    assert "去年已参加过" not in text(page)


@pytest.fixture
def counted(settings: Any, tmp_path: Path) -> None:
    """Counting is on, from zero."""
    settings.RATELIMIT_ENABLE = True
    caches["limits"].clear()


def test_a_program_can_not_apply_without_end(phone: Client, opened: Any, counted: None) -> None:
    answers = [phone.post(door(opened), {}).status_code for _time in range(62)]
    assert answers == [422] * 60 + [429] * 2
    last = phone.post(door(opened), form_of(PEOPLE[0]))
    assert "从这个网络来的次数太多" in text(last)
    assert 0 < int(last["Retry-After"]) <= 600
    assert Application.objects.count() == 0
    assert phone.get(door(opened)).status_code == 200
    elsewhere = Client(REMOTE_ADDR="10.9.8.7").post(door(opened), form_of(PEOPLE[0]))
    assert elsewhere.status_code == 302


def test_receipts_can_not_be_tried_without_end(phone: Client, opened: Any, counted: None) -> None:
    tries = [
        phone.post(reverse(name), {"receipt": "AAAAA-AAAAA", "phone_end": f"{n:04}"}).status_code
        for n in range(11)
        for name in ("application-status", "application-withdraw-own")
    ]
    assert tries == [422] * 20 + [429] * 2


def test_one_house_with_many_addresses_is_one_house(opened: Any, counted: None) -> None:
    answers = [
        Client(REMOTE_ADDR=f"2001:db8:1:2::{n:x}").post(door(opened), {}).status_code for n in range(1, 62)
    ]
    assert answers == [422] * 60 + [429]
    assert Client(REMOTE_ADDR="2001:db8:1:3::1").post(door(opened), {}).status_code == 422


def test_another_notice_is_another_version() -> None:
    """Who changes the words changes NOTICE_VERSION with them, and then this line."""
    words = (ROOT / "templates/registration/_notice.html").read_bytes()
    assert (NOTICE_VERSION, sha256(words).hexdigest()[:12]) == ("2025-06", "9dbe1284a85f")


# The institution


def test_the_institution_opens_and_gets_a_code_a_link_and_a_poster(
    county: Any, browse: Callable[..., Client], tmp_path: Path, pdf_text: Any
) -> None:
    clerk = browse(CLERK)
    address = reverse("registration-open", args=[county.session.pk])
    assert "开放报名" in text(clerk.get(address))
    said = {"opens_at": "2021-05-18T08:00", "closes_at": "2021-05-20T18:00", "places": 9, "note": ""}

    wrong = clerk.post(address, {**said, "quotas": "琴江镇十个"})
    assert "看不懂" in text(wrong)
    page = clerk.post(address, {**said, "quotas": "琴江镇 6\n小松镇：3人"}, follow=True)

    call = RegistrationCall.objects.get()
    assert call.quotas == {"琴江镇": 6, "小松镇": 3}
    assert "<svg" in text(page)
    assert reverse("public-registration", args=[call.token]) in text(page)
    assert clerk.get(address)["Location"] == reverse("registration-call", args=[call.pk])
    assert "琴江镇 6" in text(clerk.get(address + "?change"))

    poster = clerk.get(reverse("registration-poster", args=[call.pk]))
    printed = tmp_path / "poster.pdf"
    printed.write_bytes(poster.content)
    with pikepdf.open(printed) as pdf:
        assert [[round(float(side)) for side in sheet.mediabox[2:]] for sheet in pdf.pages] == [[595, 842]]
    told = "".join(pdf_text(printed).split())
    for words in ("农民电商知识普及培训班", "用手机扫码报名", "2021-05-18", "2021-05-2018:00", call.token):
        assert words in told


def test_the_whole_way_by_clicks(county: Any, opened: Any, browse: Callable[..., Client]) -> None:
    phone = Client()
    for person in HERE[:3]:
        phone.post(door(opened), form_of(person))
    first, second, third = Application.objects.order_by("pk")
    township, clerk = browse(OFFICER), browse(CLERK)
    page = reverse("registration-call", args=[opened.pk])

    assert HERE[0].name in text(township.get(page))
    review = reverse("applications-review", args=[opened.pk])
    back = township.post(
        review + "?status=received", {"application": [first.pk, second.pk], "qualified": "yes"}, follow=True
    )
    assert "2 人资格通过" in text(back)
    assert back.redirect_chain[-1][0] == page + "?status=received"
    refused = township.post(review, {"application": [third.pk], "qualified": "no", "reason": ""}, follow=True)
    assert refused.status_code in (200, 422)
    township.post(review, {"application": [third.pk], "qualified": "no", "reason": "不是本县人"})
    third.refresh_from_db()
    assert (third.status, third.reason) == (ApplicationStatus.REFUSED, "不是本县人")

    seen = text(clerk.get(page))
    assert HERE[0].id_number not in seen
    assert first.masked_id_number in seen
    accepted = clerk.post(reverse("applications-accept", args=[opened.pk]), {"in_order": "yes"}, follow=True)
    assert "录取 2 人，候补 0 人" in text(accepted)
    assert county.session.enrolments.filter(ON_ROSTER).count() == 14

    first.refresh_from_db()
    way = text(clerk.get(reverse("enrolment-history", args=[first.enrolment_id])))
    for words in ("本人报名", "本人（网上报名）", "资格审核通过", "廖乡干", "录取，入册", "邓经办"):
        assert words in way
    gone = clerk.post(
        reverse("enrolment-withdraw", args=[first.enrolment_id]), {"reason": "外出务工"}, follow=True
    )
    assert "已从名册上删除" in text(gone)
    way = text(clerk.get(reverse("enrolment-history", args=[first.enrolment_id])))
    assert "退出名册" in way
    assert "外出务工" in way


def test_doubts_stand_beside_the_names_and_other_institutions_are_not_named(
    county: Any, opened: Any, browse: Callable[..., Client]
) -> None:
    known = county.session.enrolments.select_related("trainee").first().trainee
    Client().post(door(opened), form_of(HERE[0], id_number=known.id_number, name=known.name))
    Client().post(door(opened), form_of(HERE[0], group=""))
    page = text(browse(REVIEWER).get(reverse("registration-call", args=[opened.pk])))
    assert "已经在本期名册上" in page
    assert "没有选学员类别" in page


def test_somebody_is_written_down_by_the_institution_and_nominated_by_the_township(
    opened: Any, browse: Callable[..., Client]
) -> None:
    clerk, officer = browse(CLERK), browse(OFFICER)
    added = clerk.post(reverse("application-add", args=[opened.pk]), form_of(HERE[0]), follow=True)
    assert "已登记" in text(added)
    said = form_of(HERE[1], phone="")
    nominated = officer.post(reverse("nominate", args=[opened.pk]), said, follow=True)
    assert "已推荐" in text(nominated)
    twice = officer.post(reverse("nominate", args=[opened.pk]), said)
    assert (twice.status_code, "更早的报名" in text(twice)) == (422, True)
    rows = Application.objects.order_by("pk").values_list("source", "status", "township")
    assert list(rows) == [("institution", "received", TOWNSHIP), ("township", "qualified", TOWNSHIP)]


def test_a_township_s_list_by_clicks(opened: Any, browse: Callable[..., Client]) -> None:
    officer = browse(OFFICER)
    address = reverse("nominate-list", args=[opened.pk])
    assert officer.get(reverse("nominate-template", args=[opened.pk])).content.startswith(b"PK")
    data = workbook(line(HERE[0]), changed(HERE[1], "身份证号", "123"))
    page = officer.post(address, {"file": SimpleUploadedFile("推荐.xlsx", data)}, follow=True)

    assert "推荐了 1 人" in text(page)
    assert "1 处没有推荐" in text(page)
    (handed_in,) = opened.nomination_lists.all()
    assert officer.get(reverse("nomination-marked", args=[handed_in.pk])).content.startswith(b"PK")
    macro = officer.post(address, {"file": SimpleUploadedFile("推荐.xlsx", b"PK\x03\x04nothing")})
    assert macro.status_code == 422


def test_a_person_withdraws_by_calling_the_institution(opened: Any, browse: Callable[..., Client]) -> None:
    application, _receipt = apply(opened, HERE[0])
    clerk = browse(CLERK)
    page = clerk.post(
        reverse("application-withdraw", args=[application.pk]), {"reason": "来电不参加"}, follow=True
    )
    assert "报名已撤回" in text(page)
    assert "来电不参加" in text(page)


def test_the_lists_are_exported_as_shown_with_masked_numbers(
    opened: Any, browse: Callable[..., Client]
) -> None:
    apply(opened, HERE[0])
    apply(opened, next(person for person in PEOPLE if person.township != TOWNSHIP))
    officer = browse(OFFICER)
    lines = b"".join(officer.get(reverse("applications-export", args=[opened.pk])).streaming_content).decode()
    assert len(lines.splitlines()) == 2
    assert HERE[0].name in lines
    assert HERE[0].id_number not in lines
    listed = b"".join(officer.get(reverse("registration-export") + "?q=nothing").streaming_content).decode()
    assert len(listed.splitlines()) == 1


def test_home_says_what_waits(county: Any, opened: Any, browse: Callable[..., Client]) -> None:
    mine, _receipt = apply(opened, HERE[0])
    nowhere = {**form_of(PEOPLE[5]), "township": "-"}
    Client().post(door(opened), nowhere)

    def waits(role: Role) -> dict[str, int]:
        found = browse(role).get(reverse("home")).context["waiting"]
        return {entry.what: entry.count for entry in found if "报名" in entry.what}

    assert waits(OFFICER) == {"报名待资格审核": 1, "正在报名的班": 1}
    assert waits(REVIEWER) == {"报名待资格审核": 1}
    assert waits(CLERK) == {}
    qualify(county, mine, role=OFFICER)
    assert waits(CLERK) == {"报名待录取": 1}


@pytest.mark.parametrize("role", [CLERK, OFFICER, REVIEWER])
def test_a_list_of_applications_costs_the_same_however_long(
    opened: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)
    address = reverse("registration-call", args=[opened.pk])

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    apply(opened, HERE[0])
    queries()
    one = queries()
    for person in PEOPLE[:19]:
        Application.objects.create(
            call=opened,
            source="self",
            name=person.name,
            id_number=person.id_number,
            id_hash=person.id_number,
            phone=person.phone,
            township=TOWNSHIP,
            applied_at=now_clock.now() + timedelta(seconds=1),
        )
    assert (queries(), one) == (one, QUERIES[role])


def test_the_list_of_registrations_costs_the_same_however_long(
    county: Any, opened: Any, browse: Callable[..., Client]
) -> None:
    client = browse(OFFICER)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("registration")).status_code == 200
        return len(asked)

    queries()
    one = queries()
    for number in range(2, 31):
        session = county.session
        session.pk, session.number, session.code = None, number, f"SC-{number}"
        session.save()
        opened.pk, opened.training_session, opened.token = None, session, f"token-{number}"
        opened.save()

    assert (queries(), one) == (CALLS_QUERIES, CALLS_QUERIES)
    page = client.get(reverse("registration"), {"q": "SC-17"})
    assert [row.training_session.code for row in page.context["page_obj"]] == ["SC-17"]


CALLS_QUERIES = 9
QUERIES = {CLERK: 21, OFFICER: 22, REVIEWER: 22}
