"""Figures against targets, each with what it counts, and the rules with where they come from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.outcomes.results import settle
from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role

DEPTHS = ("planned", "attended", "completed", "archived")


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def figures(response: Any) -> dict[str, int]:
    """depth -> the figure on the page."""
    found = re.findall(r'depth-figure" href="/county/indicators/(\w+)/">(\d+)<', response.content.decode())
    return {depth: int(figure) for depth, figure in found}


def test_the_target_stands_with_its_formula_and_clause(closed: Any, browse: Callable[..., Client]) -> None:
    shown = text(browse(Role.BUREAU_HEAD).get(reverse("indicators")))

    assert "培训人次 10 / 2000 人次 0.5 %" in shown
    assert "培训人次 = 本项目已批准各期中" in shown
    assert "2022-06-30 前完成" in shown
    assert "到2022年6月新增培训人数达2000人次以上" in shown
    assert "截至 2021-05-18 16:25" in shown


def test_four_depths_are_four_figures(closed: Any, browse: Callable[..., Client]) -> None:
    response = browse(Role.BUREAU_HEAD).get(reverse("indicators"))

    assert figures(response) == {"planned": 12, "attended": 10, "completed": 10, "archived": 0}


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_figure_leads_to_exactly_the_rows_it_counts(
    closed: Any, browse: Callable[..., Client], depth: str
) -> None:
    client = browse(Role.BUREAU_HEAD)
    figure = figures(client.get(reverse("indicators")))[depth]

    response = client.get(reverse("indicator-enrolments", args=[depth]))

    listed = response.content.decode().count('<th scope="row">')
    assert listed == figure
    assert f"{figure} 人次" in text(response)


def test_a_target_leads_to_exactly_the_rows_it_counts(closed: Any, browse: Callable[..., Client]) -> None:
    client = browse(Role.BUREAU_HEAD)
    address = reverse("target-enrolments", args=["renci"])

    assert f'href="{address}">10<' in client.get(reverse("indicators")).content.decode()
    response = client.get(address)
    assert response.content.decode().count('<th scope="row">') == 10
    assert "培训人次：10 人次，10 人" in text(response)
    assert client.get(reverse("target-enrolments", args=["nothing"])).status_code == 404


def test_a_depth_there_is_not_is_not_found(closed: Any, browse: Callable[..., Client]) -> None:
    assert browse(Role.BUREAU_HEAD).get("/county/indicators/deepest/").status_code == 404


def test_names_are_for_those_who_phone_and_verify(closed: Any, browse: Callable[..., Client]) -> None:
    address = reverse("indicator-enrolments", args=["completed"])

    assert "䶮海生" in text(browse(Role.FOLLOW_UP).get(address))
    assert "䶮海生" in text(browse(Role.BUREAU_REVIEWER).get(address))
    masked = text(browse(Role.AUDITOR).get(address))
    assert "䶮海生" not in masked
    assert "䶮**" in masked


def test_follow_up_figures_lead_to_lists_of_as_many(closed: Any, browse: Callable[..., Client]) -> None:
    for number in (1, 2):
        outcome = claim_shop(closed, number)
    settle(outcome, closed)
    client = browse(Role.FOLLOW_UP)
    page = client.get(reverse("indicators")).content.decode()

    linked = re.findall(r'<a href="(/(?:followup|outcomes)/[^"]*)">(\d+)</a>', page)

    assert [int(figure) for _href, figure in linked] == [30, 0, 2, 1]
    for href, figure in linked:
        shown = text(client.get(href.replace("&amp;", "&")))
        assert f"共 {figure} 条" in shown or figure == "0"


def test_too_few_institutions_are_said_so(county: Any, browse: Callable[..., Client]) -> None:
    shown = text(browse(Role.BUREAU_HEAD).get(reverse("indicators")))

    assert "证照和协议都有效的 1 家，要求 2 家以上" in shown


def test_another_county_counts_for_itself(
    closed: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    response = browse(Role.BUREAU_HEAD, other_county).get(reverse("indicators"))

    assert figures(response)["completed"] == 0


def test_rules_are_readable_with_their_clauses(county: Any, browse: Callable[..., Client]) -> None:
    shown = text(browse(Role.AUDITOR).get(reverse("programme")))

    assert "45 分钟为 1 学时" in shown
    assert "待确认" in shown
    assert "结业后第 30、90、180 天各联系一次" in shown
    assert "最后一天课后 30 天内交齐，到期前 14、7、1 天提醒" in shown
    assert "每个人都要有：姓名、证件号码、联系电话、住址（乡镇、村）" in shown
    assert "没有核对就不算齐全：与别处相同的材料、否认参训、一人两处、姓名、电话都相同" in shown
    assert "1,800,000.00" in shown
    assert "0797-5792681" in shown
    assert "培训档案将作为申请财政补贴的必要依据" in shown


@pytest.mark.parametrize("people", [1, 30])
@pytest.mark.parametrize(
    ("name", "args", "queries"),
    [
        ("indicator-enrolments", ["planned"], 12),
        ("target-enrolments", ["renci"], 15),
        ("figure-rows", [], 14),
    ],
)
def test_the_list_behind_a_figure_asks_a_constant_number_of_questions(
    make_county: Any,
    browse: Callable[..., Client],
    django_assert_num_queries: Any,
    people: int,
    name: str,
    args: list[str],
    queries: int,
) -> None:
    many = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=people)
    type(many.session).objects.update(status="closed")
    many.session.enrolments.update(status="completed")
    client = browse(Role.BUREAU_HEAD, many)
    client.get(reverse(name, args=args))  # the measures are taken

    with django_assert_num_queries(queries):
        page = client.get(reverse(name, args=args))
    assert page.context["page_obj"].paginator.count == people


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", [Role.BUREAU_HEAD, Role.FOLLOW_UP, Role.AUDITOR])
def test_pages_render_in_both_languages(
    county: Any, browse: Callable[..., Client], role: Role, language: str
) -> None:
    client = browse(role)
    names = [("indicators", ()), ("indicator-enrolments", ("planned",))]
    if role != Role.FOLLOW_UP:
        names.append(("programme", ()))
    for name, args in names:
        response = client.get(reverse(name, args=args), headers={"accept-language": language})
        assert response.status_code == 200
        assert f'<html lang="{language}"' in response.content.decode()
