"""All five counties' pages on generated data: the numbers shown are those of plain Python, and each opens its list."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.demo.test_seeding import counted, written
from training.accounts.choices import Role
from training.programmes.preset_file import preset_names

HALF_WAY = "half-way"
FIGURE = re.compile(r'<a[^>]*? href="([^"]+)">(\d+)</a>')
PEOPLE = re.compile(r"：(\d+) 人，每人只列第一次<")
HEADING = re.compile(r"：(\d+) 人次，(\d+) 人<")

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(clock: Any) -> Callable[[Any, Role], Client]:
    def sign_in(staff: Any, role: Role) -> Client:
        client = Client()
        client.force_login(staff.members[role].user)
        return client

    return sign_in


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def behind(client: Client, address: str) -> int:
    """人次, or 人数 where people are listed, at the head of a list, with the lines of its file counted."""
    page = shown(client, address)
    found = (PEOPLE if "counted=people" in address else HEADING).search(page)
    assert found, address
    count = int(found[1])
    if count:
        file = re.search(r'href="([^"]+)">导出 \d+ 行 CSV', page)
        assert file, address
        text = b"".join(client.get(unescape(file[1]))).decode("utf-8-sig")
        assert len(list(csv.reader(text.splitlines()))) == count + 1, address
    return count


@pytest.mark.parametrize("preset", preset_names())
def test_every_figure_of_a_dashboard_is_the_description_s_and_opens_the_places_it_counts(
    preset: str, browser: Any
) -> None:
    programme, description, county = written(preset, half_way=True)
    expected = counted(description)
    client = browser(county, Role.BUREAU_HEAD)
    first_town = min(person.township for person in description.people)
    institution = programme.institutions.order_by("pk")[0]
    line = programme.fund_lines.order_by("pk")[0]
    slices = {
        "": "全县",
        f"township:{first_town}": first_town,
        f"institution:{institution.pk}": institution.name,
        f"fund_line:{line.code}": line.name,
    }

    pages = [shown(client, f"{reverse('dashboard')}?of={of}") for of in slices]

    for page, name in zip(pages, slices.values(), strict=True):
        assert f"完成情况：{name}<small>" in page

    for depth in ("planned", "attended", "completed", "archived"):
        renci, people = expected.get(("total", depth, ""), (0, 0))
        assert re.search(rf">{renci}</a> 人次　<a class=\"figure\" href=[^>]+>{people}</a> 人", pages[0]), (
            depth
        )
    figures = {
        (unescape(href), int(said)) for page in pages for href, said in FIGURE.findall(page) if "rows" in href
    }
    assert len(figures) > 40
    for href, count in sorted(figures):
        assert behind(client, href) == count, href


def test_a_part_of_the_county_that_there_is_not_is_not_found(browser: Any) -> None:
    *_made, county = written("huidong", half_way=True)

    answer = browser(county, Role.BUREAU_HEAD).get(f"{reverse('dashboard')}?of=township/金口镇")

    assert answer.status_code == 404
