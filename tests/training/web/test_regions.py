"""The county's places in the browser: looked up, loaded, and which were poverty villages when."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.demo.scenery import add_places
from training.programmes.models import Region

REVIEWER = Role.BUREAU_REVIEWER


def text(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def listed(response: Any) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', response.content.decode())


@pytest.fixture
def client(county: Any, browse: Callable[..., Client]) -> Client:
    add_places(county.programme)
    return browse(REVIEWER)


def hand_in(client: Client, lines: str) -> Any:
    file = SimpleUploadedFile("名单.csv", lines.encode())
    return client.post(reverse("regions-load"), {"file": file, "source": "县民政局"}, follow=True)


def poor(client: Client, name: str, **fields: str) -> Any:
    said = {"poor_from": "2014-01-01", "poor_source": "省扶贫办名单"} | fields
    return client.post(reverse("region-poor", args=[Region.objects.get(name=name).pk]), said, follow=True)


def test_before_a_list_is_loaded_it_says_where_to_get_one(county: Any, browse: Callable[..., Client]) -> None:
    page = text(browse(REVIEWER).get(reverse("regions")))

    assert "石城县 360735 县（区）" in page
    assert "各县的文件没有附村名单" in page


def test_places_are_searched_and_filtered(client: Client) -> None:
    address = reverse("regions")

    assert "10 个乡镇，10 个村，其中现在的贫困村 0 个" in text(client.get(address))
    assert listed(client.get(address, {"q": "大畲"})) == ["大畲村"]
    assert listed(client.get(address, {"q": "36073590120"})) == ["大畲村"]
    assert listed(client.get(address, {"township": "360735902"})) == ["小松镇", "丹溪村"]
    assert len(listed(client.get(address, {"level": "township"}))) == 10
    assert "没有符合条件的地方" in text(client.get(address, {"q": "没有这里"}))


def test_a_village_is_marked_and_unmarked_and_found_by_it(client: Client) -> None:
    poor(client, "大畲村")
    poor(client, "丹溪村", poor_until="2019-12-31")
    address = reverse("regions")

    assert listed(client.get(address, {"poor": "now"})) == ["大畲村"]
    assert listed(client.get(address, {"poor": "once"})) == ["丹溪村"]
    assert len(listed(client.get(address, {"poor": "never"}))) == 8
    assert "2019-12-31 退出" in text(client.get(address))
    village = Region.objects.get(name="大畲村")
    client.post(reverse("region-not-poor", args=[village.pk]), {"reason": "登记错了"})
    assert listed(client.get(address, {"poor": "now"})) == []


def test_a_date_that_makes_no_sense_stays_in_the_form(client: Client) -> None:
    response = poor(client, "大畲村", poor_until="2013-01-01")

    assert response.status_code == 422
    assert "退出日期早于认定日期" in text(response)


def test_a_list_is_handed_in_or_refused_line_by_line(client: Client) -> None:
    assert "已导入 1 行。" in text(hand_in(client, "代码,名称\n360735901202,新村\n"))

    response = hand_in(client, "代码,名称\n36,甲\n360735901203,\n")

    assert response.status_code == 422
    assert "第 2 行：代码“36”不对" in text(response)
    assert "第 3 行：没有名称。" in text(response)


def test_what_is_exported_can_be_handed_in_again(client: Client) -> None:
    poor(client, "大畲村")
    export = b"".join(client.get(reverse("regions-export"), {"township": "360735901"}).streaming_content)

    assert export.decode("utf-8-sig").splitlines()[2] == (
        "360735901201,大畲村,2014-01-01,,省扶贫办名单,演示用合成名单，代码不是官方的"
    )
    assert "已导入 2 行。" in text(hand_in(client, export.decode("utf-8-sig")))


def test_whoever_only_reads_has_no_way_to_change(client: Client, browse: Callable[..., Client]) -> None:
    page = browse(Role.AUDITOR).get(reverse("regions")).content.decode()

    assert reverse("regions-load") not in page
    assert "/poor/" not in page


@pytest.mark.parametrize("places", [0, 1])
def test_the_list_asks_a_constant_number_of_questions(
    county: Any, browse: Callable[..., Client], django_assert_num_queries: Any, places: int
) -> None:
    if places:
        add_places(county.programme)
    client = browse(REVIEWER)

    with django_assert_num_queries(11):
        client.get(reverse("regions"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_render_in_both_languages(client: Client, language: str) -> None:
    village = Region.objects.get(name="大畲村").pk
    for address in (
        reverse("regions"),
        reverse("regions-load"),
        reverse("region-poor", args=[village]),
        reverse("region-not-poor", args=[village]),
    ):
        response = client.get(address, headers={"accept-language": language})
        assert response.status_code == 200
        assert f'<html lang="{language}"' in response.content.decode()
