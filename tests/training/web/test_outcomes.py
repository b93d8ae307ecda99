"""Outcomes on the screen: the way to 认定, the lists, the rates and who is behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.training.outcomes.results import completed, note_results, sell, settle
from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.core import clock as product_clock
from training.demo.scenery import add_places, paper
from training.enrolment.choices import POOR
from training.institutions.models import AgreementIndicator
from training.outcomes.choices import Check
from training.outcomes.models import Designation, EnterpriseOutcome, HouseholdSales, Outcome
from training.outcomes.services import claim_outcome, recheck_outcome
from training.scheduling.models import TrainingSession

CLERK, OFFICER, REVIEWER = Role.INSTITUTION_CLERK, Role.FOLLOW_UP, Role.BUREAU_REVIEWER


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def download(response: Any) -> list[str]:
    return b"".join(response).decode("utf-8-sig").splitlines()


def answers(**changed: Any) -> dict[str, Any]:
    name, data = paper("店铺截图")
    return {
        "kind": "started_up",
        "started_on": date(2021, 5, 18),
        "grade": "B",
        "platform": "pinduoduo",
        "shop_url": "https://mobile.yangkeduo.com/mall_page.html?mall_id=1",
        "shop_seen_on": date(2021, 5, 18),
        "evidence": "shop",
        "description": "卖白莲",
        "papers": [SimpleUploadedFile(name, data), SimpleUploadedFile("订单.pdf", paper("订单")[1])],
        **changed,
    }


# From claim to 认定


@pytest.mark.parametrize("role", [OFFICER, CLERK])
def test_an_outcome_is_claimed_with_its_papers(
    closed: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)

    response = client.post(reverse("followup-outcome", args=[completed(closed).pk]), answers(), follow=True)

    outcome = Outcome.objects.get()
    assert outcome.status == "evidenced"
    assert "由别人核实、认定" in text(response)
    for row in outcome.evidence.all():
        assert row.file.sha256[:12] in text(response)
        assert client.get(reverse("file", args=["outcome", row.pk])).getvalue().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"papers": SimpleUploadedFile("店铺.pdf", b"not a pdf")}, "店铺.pdf"),
        ({"started_on": date(2031, 1, 1)}, "开始日期不能晚于今天"),
        ({"shop_url": ""}, "创业要有店铺链接"),
        ({"kind": "employed"}, "就业要写明用人单位和岗位"),
        ({"uscc": "91360735MA35NXTP4X"}, "校验位不对"),
    ],
)
def test_a_claim_that_is_not_right_comes_back_with_what_to_do(
    closed: Any, browse: Callable[..., Client], changed: dict[str, Any], said: str
) -> None:
    response = browse(OFFICER).post(
        reverse("followup-outcome", args=[completed(closed).pk]), answers(**changed)
    )

    assert response.status_code == 422
    assert said in text(response)
    assert Outcome.objects.count() == 0


def test_somebody_else_verifies_and_the_bureau_confirms(closed: Any, browse: Callable[..., Client]) -> None:
    outcome, client = claim_shop(closed), browse(REVIEWER)
    here = reverse("outcome", args=[outcome.pk])
    assert "怎样核实的" in text(client.get(here))

    client.post(reverse("outcome-verify", args=[outcome.pk]), {"method": "phone", "note": "本人接电话"})
    client.post(
        reverse("outcome-confirm", args=[outcome.pk]), {"grade": "B", "started_on": "2021-05-18", "note": ""}
    )

    shown = text(client.get(here))
    assert "本人接电话" in shown
    outcome.refresh_from_db()
    assert (outcome.status, outcome.confirmed_by) == ("confirmed", closed.user(REVIEWER))


def test_a_step_that_is_not_right_comes_back_on_the_outcome_s_page(
    closed: Any, browse: Callable[..., Client]
) -> None:
    outcome, client = claim_shop(closed), browse(REVIEWER)

    response = client.post(reverse("outcome-verify", args=[outcome.pk]), {"note": "没选方式"})

    assert response.status_code == 422
    assert "没选方式" in response.content.decode()
    outcome.refresh_from_db()
    assert outcome.status == "evidenced"


@pytest.mark.parametrize("role", [OFFICER, CLERK])
def test_neither_the_claimant_nor_an_institution_is_offered_a_verdict(
    closed: Any, browse: Callable[..., Client], role: Role
) -> None:
    outcome, client = claim_shop(closed), browse(role)
    assert "核实属实" not in text(client.get(reverse("outcome", args=[outcome.pk])))

    response = client.post(
        reverse("outcome-verify", args=[outcome.pk]), {"method": "phone", "note": "我说是就是"}
    )

    assert response.status_code == 403
    outcome.refresh_from_db()
    assert outcome.status == "evidenced"


def test_who_only_counts_sees_no_names(closed: Any, browse: Callable[..., Client]) -> None:
    name = claim_shop(closed).enrolment.trainee.name
    for role, named in ((REVIEWER, True), (CLERK, True), (Role.SUPERVISOR, False)):
        client = browse(role)
        assert (name in text(client.get(reverse("outcomes")))) is named
        assert (name in "".join(download(client.get(reverse("outcomes-export"))))) is named


# Lists


def test_filters_find_what_waits_what_stands_and_what_may_be_one(
    closed: Any, browse: Callable[..., Client]
) -> None:
    settle(claim_shop(closed, 1), closed)
    claim_shop(closed, 2)
    twice = claim_shop(closed, 3)
    Outcome.objects.filter(pk=twice.pk).update(shop_key=Outcome.objects.get(enrolment__number=2).shop_key)
    client = browse(REVIEWER)

    def listed(**asked: str) -> int:
        return len(download(client.get(reverse("outcomes-export"), asked))) - 1

    assert [listed(), listed(status="undecided"), listed(status="standing"), listed(twice="yes")] == [
        3,
        2,
        1,
        2,
    ]
    assert listed(grade="AB", kind="started_up") == 3
    assert listed(kind="employed") == 0
    assert "疑似重复" in text(client.get(reverse("outcomes"), {"twice": "yes"}))
    assert "没有符合条件的成果" in text(client.get(reverse("outcomes"), {"kind": "employed"}))


def test_a_confirmed_outcome_comes_up_for_its_second_look(
    closed: Any, browse: Callable[..., Client], clock: Any
) -> None:
    outcome, client = settle(claim_shop(closed), closed), browse(REVIEWER)
    assert "没有要复核的成果" in text(client.get(reverse("outcome-rechecks")))
    clock.advance(days=91)
    assert "共 1 条" in text(client.get(reverse("outcome-rechecks")))
    assert "成果待复核" in text(client.get(reverse("home")))

    client.post(
        reverse("outcome-recheck", args=[outcome.pk]), {"true": "yes", "method": "visit", "note": "还在营业"}
    )

    outcome.refresh_from_db()
    assert outcome.status == "valid"
    assert "没有要复核的成果" in text(client.get(reverse("outcome-rechecks")))


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_asks_a_constant_number_of_questions(
    closed: Any, browse: Callable[..., Client], django_assert_num_queries: Any, count: int
) -> None:
    for number in range(1, count + 1):
        claim_shop(closed, number)
    client = browse(OFFICER)

    with django_assert_num_queries(10):
        client.get(reverse("outcomes"))


# Rates


def test_both_numbers_of_a_rate_lead_to_lists_of_as_many(
    closed: Any, browse: Callable[..., Client], clock: Any
) -> None:
    TrainingSession.objects.update(class_type="entrepreneurship_employment")
    settle(claim_shop(closed), closed)
    AgreementIndicator.objects.create(
        agreement=closed.session.agreement,
        rate="创业率",
        percent=50,
        formula="创业 ÷ 结业",
        window="结业后 6 个月内",
    )
    clock.advance(days=200)
    client = browse(REVIEWER)
    page = client.get(reverse("outcome-rates"))

    linked = re.findall(r'<a href="(/outcomes/rates/people/[^"]*)">(\d+)</a>', page.content.decode())

    assert [int(figure) for _href, figure in linked][:3] == [1, 10, 0]
    assert [int(figure) for _href, figure in linked][-3:] == [1, 10, 0]
    assert "10.0% 未达到" in text(page)
    for href, figure in linked:
        address = href.replace("&amp;", "&")
        assert f"共 {figure} 条" in text(client.get(address)) or figure == "0"
        exported = client.get(address.replace("/people/", "/people/export/"))
        assert len(download(exported)) == int(figure) + 1


def test_a_rate_says_how_many_of_it_were_not_looked_at_again(
    closed: Any, browse: Callable[..., Client], clock: Any
) -> None:
    TrainingSession.objects.update(class_type="entrepreneurship_employment")
    settle(claim_shop(closed), closed)
    clock.advance(days=200)
    client = browse(REVIEWER)

    (line, *_others) = client.get(reverse("outcome-rates")).context["rates"]

    assert (line.rate.achieved, line.overdue) == (1, 1)
    assert client.get(line.not_rechecked).context["page_obj"].paginator.count == 1
    assert "共 1 条" in text(client.get(reverse("outcomes"), {"status": "overdue"}))
    recheck_outcome(
        Outcome.objects.get().pk, true=True, method=Check.PHONE, note="还在卖", actor=closed.actor(REVIEWER)
    )
    (line, *_others) = client.get(reverse("outcome-rates")).context["rates"]
    assert (line.rate.achieved, line.overdue) == (1, 0)


def test_people_who_are_not_due_yet_stand_apart(closed: Any, browse: Callable[..., Client]) -> None:
    TrainingSession.objects.update(class_type="entrepreneurship_employment")

    shown = text(browse(CLERK).get(reverse("outcome-rates")))

    assert "还不能计算" in shown
    assert "0 还不能计算 10" in shown.replace("0 0 还", "0 还")


@pytest.mark.parametrize(
    "asked",
    [{}, {"kind": "x"}, {"months": "-1"}, {"as_of": "x"}, {"side": "missing"}, {"class_type": "general"}],
)
def test_an_address_that_makes_no_sense_shows_the_usual(
    closed: Any, browse: Callable[..., Client], asked: dict[str, str]
) -> None:
    assert browse(REVIEWER).get(reverse("outcome-people"), asked).status_code == 200


def test_a_rate_that_is_no_matter_of_outcomes_has_no_people(
    closed: Any, browse: Callable[..., Client]
) -> None:
    row = AgreementIndicator.objects.create(
        agreement=closed.session.agreement, rate="满意度", percent=90, formula="x", window="x"
    )

    assert browse(REVIEWER).get(reverse("outcome-people"), {"rate": row.pk}).status_code == 404
    assert browse(REVIEWER).get(reverse("outcome-people"), {"rate": 0}).status_code == 200


@pytest.mark.parametrize(
    "by", ["group", "township", "village", "session", "class_type", "category", "institution"]
)
def test_the_statistics_count_the_outcomes_that_their_links_list(
    closed: Any, browse: Callable[..., Client], by: str
) -> None:
    claim_shop(closed)
    settle(claim_shop(closed, 2), closed)
    client = browse(REVIEWER)

    *lines, whole = client.get(reverse("outcome-statistics"), {"by": by}).context["lines"]
    counts = {figure.name: figure.count for figure in whole.figures}

    assert (counts["completed"], counts["people"], counts["started_up"], counts["undecided"]) == (10, 1, 1, 1)
    for figure in [figure for line in [*lines, whole] for figure in line.figures]:
        if figure.count and figure.href:
            assert client.get(figure.href).context["page_obj"].paginator.count == figure.count, figure.href
    exported = download(client.get(reverse("outcome-statistics-export"), {"by": by}))
    assert exported[-1].startswith("合计,10,1,")


# Households, firms, people with a title


def test_sales_are_added_up_and_withdrawn(closed: Any, browse: Callable[..., Client]) -> None:
    client, trainee = browse(OFFICER), completed(closed).trainee_id
    said = {"platform": "jd", "starts_on": "2021-04-20", "months": 2, "yuan": "1234.56", "source": "后台截图"}
    client.post(reverse("sales-add", args=[trainee]), said)

    again = client.post(reverse("sales-add", args=[trainee]), said)

    assert again.status_code == 422
    assert "2021-04、2021-05" in text(again)
    assert "所列 1 户，合计 1,234.56 元" in text(client.get(reverse("sales")))
    assert len(download(client.get(reverse("sales-export"), {"platform": "jd"}))) == 2
    client.post(reverse("sales-withdraw", args=[HouseholdSales.objects.get().pk]), {"reason": "记错了"})
    assert "还没有登记农户网销" in text(client.get(reverse("sales")))


def test_sales_say_how_much_and_what_the_household_gained(closed: Any, browse: Callable[..., Client]) -> None:
    client, trainee = browse(OFFICER), completed(closed).trainee_id
    said = {"platform": "jd", "starts_on": "2021-04-20", "months": 1, "yuan": "800", "source": "本人口述"}
    more = {"product": "脐橙", "quantity": "200", "gain": "300"}

    assert "也要写单位" in text(client.post(reverse("sales-add", args=[trainee]), said | more))
    client.post(reverse("sales-add", args=[trainee]), said | more | {"unit": "公斤"})

    page = text(client.get(reverse("sales")))
    assert "脐橙 200公斤" in page
    assert "增收 300.00" in page
    assert download(client.get(reverse("sales-export")))[-1].endswith("脐橙,200公斤,300.00,本人口述")


def test_what_the_poor_sold_is_told_for_the_county_and_never_for_one_household(
    closed: Any, browse: Callable[..., Client]
) -> None:
    sell(closed, 1, amount_fen=100_00, gain_fen=30_00)
    sell(closed, 2, amount_fen=200_00)
    closed.session.enrolments.filter(number=1).update(group=POOR, group_verified=True)
    client = browse(OFFICER)

    page = client.get(reverse("sales"))

    assert page.context["sold"] == (2, 300_00, 30_00)
    assert "其中建档立卡户（入册时已核实）1 户，合计 100.00 元，增收 30.00 元" in text(page)
    assert "建档立卡" not in text(client.get(reverse("sales"), {"q": completed(closed).trainee.name}))


def test_a_firm_is_registered_by_one_and_confirmed_by_another(
    closed: Any, browse: Callable[..., Client]
) -> None:
    name, data = paper("网店页面")
    said = {
        "name": "石城白莲厂", "uscc": closed.institution.uscc, "before": "只供批发", "after": "开了网店",
        "platform": "jd", "online_on": "2021-05-01", "file": SimpleUploadedFile(name, data),
    }  # fmt: skip
    browse(OFFICER).post(reverse("enterprise-add"), said)
    firm = EnterpriseOutcome.objects.get()
    assert "不予认定" in text(browse(REVIEWER).get(reverse("enterprises")))

    browse(REVIEWER).post(reverse("enterprise-confirm", args=[firm.pk]))

    firm.refresh_from_db()
    assert (firm.status, firm.decided_by) == ("confirmed", closed.user(REVIEWER))
    assert len(download(browse(REVIEWER).get(reverse("enterprises-export"), {"status": "confirmed"}))) == 2


def test_a_title_covers_its_village_and_the_list_of_gaps_is_shorter_by_one(
    closed: Any, browse: Callable[..., Client]
) -> None:
    add_places(closed.programme)
    client, trainee = browse(REVIEWER), completed(closed).trainee
    before = download(client.get(reverse("designation-gaps-export"), {"kind": "talent"}))
    form = client.get(reverse("designation-add", args=[trainee.pk])).content.decode()
    place = re.search(r'value="(talent-\d+)"', form)
    assert place

    client.post(
        reverse("designation-add", args=[trainee.pk]),
        {"place": place[1], "from_on": product_clock.today(), "basis": "会议纪要"},
    )

    assert (
        len(download(client.get(reverse("designation-gaps-export"), {"kind": "talent"}))) == len(before) - 1
    )
    assert trainee.name in text(client.get(reverse("designations")))
    title = Designation.objects.get()
    client.post(
        reverse("designation-revoke", args=[title.pk]), {"on": product_clock.today(), "reason": "外出"}
    )
    assert trainee.name not in text(client.get(reverse("designations")))
    assert trainee.name in text(client.get(reverse("designations"), {"state": "ended"}))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_renders_in_both_languages(
    closed: Any, browse: Callable[..., Client], language: str
) -> None:
    add_places(closed.programme)
    note_results(closed)
    outcome, enrolment = claim_shop(closed), completed(closed)
    claim_outcome(
        completed(closed, 2).pk,
        kind="employed",
        started_on=date(2021, 5, 18),
        organisation="物流园",
        post="客服",
        actor=closed.actor(CLERK),
    )
    everybody = [
        ("outcomes", ()), ("outcome", (outcome.pk,)), ("outcome-rechecks", ()), ("outcome-rates", ()),
        ("outcome-people", ()), ("sales", ()), ("enterprises", ()), ("designations", ()), ("designation-gaps", ()),
    ]  # fmt: skip
    pages = {
        OFFICER: [
            *everybody, ("followup-outcome", (enrolment.pk,)), ("sales-add", (enrolment.trainee_id,)),
            ("sales-withdraw", (HouseholdSales.objects.get().pk,)), ("enterprise-add", ()),
        ],
        REVIEWER: [
            *everybody, ("designation-add", (enrolment.trainee_id,)),
            ("designation-revoke", (Designation.objects.get().pk,)),
            ("enterprise-reject", (EnterpriseOutcome.objects.get().pk,)),
            ("enterprise-revoke", (EnterpriseOutcome.objects.get().pk,)),
        ],
        CLERK: [("outcomes", ()), ("outcome", (outcome.pk,)), ("outcome-rates", ()), ("outcome-people", ())],
    }  # fmt: skip
    for role, named in pages.items():
        client = browse(role)
        for name, args in named:
            response = client.get(reverse(name, args=args), headers={"accept-language": language})
            assert response.status_code == 200, name
            assert f'<html lang="{language}"' in response.content.decode()
