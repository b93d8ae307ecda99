"""Dashboards, the rows behind every figure and their files, numbers from outside, and reported months."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from training.accounts.choices import Role
from training.demo.scenery import TOWNSHIP, add_places
from training.enrolment.models import Enrolment
from training.programmes.models import Region
from training.reporting.counting import rebuild

HEAD, REVIEWER, OFFICER = Role.BUREAU_HEAD, Role.BUREAU_REVIEWER, Role.FOLLOW_UP


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def linked_figures(response: Any) -> list[tuple[str, int]]:
    """Every figure on the page that leads to rows: (address, number)."""
    found = re.findall(r'href="([^"]*/rows/\?[^"]+)">(\d+)<', response.content.decode())
    return [(unescape(href), int(number)) for href, number in found]


def csv_rows(response: Any) -> list[list[str]]:
    return list(csv.reader(StringIO(b"".join(response).decode("utf-8-sig"))))


def test_every_figure_of_a_dashboard_leads_to_as_many_rows_on_page_and_in_the_files(
    closed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(HEAD)
    found = linked_figures(client.get(reverse("dashboard")))

    assert len(found) > 12
    for address, number in dict(found).items():
        page = client.get(address)
        assert f"共 {number} 条" in text(page) or number == 0, address
        if not number:
            continue
        query = address.partition("?")[2]
        csv_file = client.get(f"{reverse('figure-rows-export', args=['csv'])}?{query}")
        assert len(csv_rows(csv_file)) == number + 1
        assert f"{number}%E8%A1%8C" in csv_file["Content-Disposition"]  # …行


def test_the_workbook_holds_the_rows_of_the_page_and_says_how_many(
    closed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(HEAD)
    query = "?dimension=class_type&key=general&depth=planned"
    book = load_workbook(BytesIO(b"".join(client.get(reverse("figure-rows-export", args=["xlsx"]) + query))))
    names = [row[0] for row in book["名单"].iter_rows(min_row=2, values_only=True)]
    listed = re.findall(
        r'<th scope="row"><a href="[^"]+">([^<]+)</a>',
        client.get(reverse("figure-rows") + query).content.decode(),
    )

    assert names == listed
    assert ("行数（不含表头）", 12) in list(book["说明"].iter_rows(values_only=True))


def test_figures_are_those_of_a_recount_over_the_rows(closed: Any, browse: Callable[..., Client]) -> None:
    rows = list(
        Enrolment.objects.filter(
            status="completed", training_session__institution__programme=closed.programme
        ).select_related("trainee")
    )
    page = text(browse(HEAD).get(reverse("dashboard")))

    for township, number in Counter(row.trainee.township for row in rows).items():
        assert f"{township} {number} {number}" in page
    assert "结业 10 人次 10 人" in page


def test_a_township_officer_sees_the_own_people_only(closed: Any, browse: Callable[..., Client]) -> None:
    mine = list(closed.session.enrolments.filter(number__lte=3))
    for place in mine:
        place.trainee.township = TOWNSHIP
        place.trainee.save()
    others = closed.session.enrolments.filter(number__gt=3)
    for place in others:
        place.trainee.township = "高田镇"
        place.trainee.save()
    rebuild(closed.programme)
    client = browse(Role.TOWNSHIP)
    page = client.get(reverse("dashboard"))
    assert client.get(reverse("dashboard"), {"of": "township:高田镇"}).status_code == 404

    assert f"完成情况：{TOWNSHIP}" in text(page)
    assert "高田镇" not in text(page)
    assert "结业 3 人次 3 人" in text(page)
    rows = client.get(reverse("figure-rows"), {"slice": "township", "slice_key": "高田镇"})
    assert "没有计入的人次" in text(rows)
    listed = text(client.get(reverse("figure-rows"), {"depth": "planned"}))
    assert "3 人次，3 人" in listed
    assert mine[0].trainee.name not in listed


def test_an_institution_sees_its_own_and_no_money(closed: Any, browse: Callable[..., Client]) -> None:
    client = browse(Role.INSTITUTION_CLERK)
    page = text(client.get(reverse("dashboard")))
    assert client.get(reverse("dashboard"), {"of": "programme:"}).status_code == 404

    assert f"完成情况：{closed.institution.name}" in page
    assert "资金（元）" not in page
    assert "已报人次" not in page
    assert client.get(reverse("indicators")).status_code == 403


@pytest.mark.parametrize("people", [1, 30])
def test_a_dashboard_asks_a_constant_number_of_questions(
    make_county: Any, browse: Callable[..., Client], django_assert_num_queries: Any, people: int
) -> None:
    many = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=people)
    client = browse(HEAD, many)
    client.get(reverse("dashboard"))  # what waits is counted and the measures are taken

    with django_assert_num_queries(17):
        client.get(reverse("dashboard"))


@pytest.mark.parametrize("people", [1, 30])
def test_the_indicators_ask_a_constant_number_of_questions(
    make_county: Any, browse: Callable[..., Client], django_assert_num_queries: Any, people: int
) -> None:
    many = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K", people=people)
    client = browse(OFFICER, many)
    client.get(reverse("indicators"))

    with django_assert_num_queries(16):
        client.get(reverse("indicators"))


def test_a_chart_has_a_name_a_description_and_a_table(closed: Any, browse: Callable[..., Client]) -> None:
    page = browse(HEAD).get(reverse("dashboard")).content.decode()

    assert 'role="img" aria-labelledby="progress-chart-title progress-chart-desc"' in page
    assert "累计完成与时间进度" in page
    assert "按时间进度应达到" in page
    assert not re.search(r"<svg[^>]* style=|<[^>]+ style=", page)  # nothing the content policy refuses
    assert re.search(r'<th scope="row">2021-05</th><td class="num">10</td><td class="num">10</td>', page)


def test_rows_by_group_name_nobody(closed: Any, browse: Callable[..., Client]) -> None:
    group = closed.session.enrolments.get(trainee__name="䶮海生").group
    page = text(
        browse(REVIEWER).get(reverse("figure-rows"), {"dimension": "group", "key": group, "depth": "planned"})
    )

    assert "䶮**" in page
    assert "䶮海生" not in page


def test_what_makes_no_sense_in_an_address_is_the_countys_total(
    closed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(HEAD)

    assert "结业：10 人次，10 人" in text(
        client.get(reverse("figure-rows"), {"slice": "planet", "dimension": "first_month", "depth": "deep"})
    )
    nothing = client.get(reverse("figure-rows"), {"slice": "institution", "slice_key": "x"})
    assert "没有计入的人次" in text(nothing)
    assert client.get(reverse("figure-rows-export", args=["exe"])).status_code == 404


def test_numbers_from_outside_are_stated_with_their_source(
    county: Any, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)
    assert "农村电商从业人员底数" in text(client.get(reverse("stated-values")))  # not stated yet
    form = {"code": "practitioners", "value": "800", "source": "商务局摸底", "as_of": "2021-05-01"}
    assert client.post(reverse("stated-value-add"), form).status_code == 302

    shown = text(client.get(reverse("stated-values")))
    assert "800" in shown
    assert "商务局摸底" in shown
    assert "从业人员覆盖率 按人数，类别已核实的 0 %" in text(client.get(reverse("indicators")))
    future = client.post(reverse("stated-value-add"), form | {"as_of": "2031-05-01"})
    assert (future.status_code, "不能晚于今天" in future.content.decode()) == (422, True)


def test_a_file_of_village_numbers_is_taken_whole_or_not_at_all(
    county: Any, browse: Callable[..., Client]
) -> None:
    add_places(county.programme)
    villages = list(Region.objects.filter(programme=county.programme, level="village").order_by("code"))
    header = "村代码,劳动力人数,有劳动能力的建档立卡贫困人口,其中外出务工的\n"
    said = {"source": "乡村振兴局", "as_of": "2021-05-01"}
    client = browse(REVIEWER)

    def load(lines: str) -> Any:
        file = BytesIO((header + lines).encode())
        file.name = "各村.csv"
        return client.post(reverse("stated-values-load"), said | {"file": file})

    wrong = load(f"{villages[0].code},120,30,5\n{villages[1].code},很多,1,1\n999999999999,1,1,1\n")
    assert wrong.status_code == 422
    assert "第 3 行：“很多”不是数。" in wrong.content.decode()
    assert "第 4 行：没有这个村代码。" in wrong.content.decode()
    assert "还没有填过" in text(client.get(reverse("stated-values")))
    assert load(f"{villages[0].code},120,30,5\n{villages[1].code},90,,\n").status_code == 302
    assert "共 4 条" in text(client.get(reverse("stated-values")))


def test_a_month_is_reported_and_its_changes_show_as_differences(
    closed: Any, browse: Callable[..., Client], clock: Any
) -> None:
    clock.set(datetime(2021, 6, 2, 2, tzinfo=UTC))
    client = browse(HEAD)
    assert "2021-05" in text(client.get(reverse("reported-months")))
    assert client.post(reverse("month-report"), {"month": "2021-05"}).status_code == 302
    page = text(client.get(reverse("reported-month", args=["2021-05"])))
    assert "没有变化，现在的数与报的一样。" in page
    assert str(closed.user(HEAD)) in page

    closed.session.enrolments.filter(number=1).update(status="incomplete")
    rebuild(closed.programme)

    page = text(client.get(reverse("reported-month", args=["2021-05"])))
    assert "全县 月份 结业 10 9 -1 -1" in page
    assert "2021-05 9 9 10 -1" in text(client.get(reverse("dashboard")))
    assert client.post(reverse("month-supplement", args=["2021-05"]), {"reason": ""}).status_code == 422
    client.post(reverse("month-supplement", args=["2021-05"]), {"reason": "核查后剔除一人"})
    page = text(client.get(reverse("reported-month", args=["2021-05"])))
    assert "第 1 次补报：核查后剔除一人" in page
    assert "没有变化" in page
    assert browse(REVIEWER).post(reverse("month-report"), {"month": "2021-04"}).status_code == 403


def test_a_month_nobody_reported_has_no_page(closed: Any, browse: Callable[..., Client]) -> None:
    assert browse(HEAD).get(reverse("reported-month", args=["2021-05"])).status_code == 404


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_render_in_both_languages(closed: Any, browse: Callable[..., Client], language: str) -> None:
    client = browse(HEAD)
    for name in (
        "indicators",
        "dashboard",
        "figure-rows",
        "stated-values",
        "reported-months",
        "poor-villages",
    ):
        response = client.get(reverse(name), headers={"accept-language": language})
        assert response.status_code == 200
        assert f'<html lang="{language}"' in response.content.decode()


@pytest.mark.parametrize("name", ["print-indicators", "print-follow-ups", "print-practice"])
def test_ledgers_are_papers_with_mark_pages_and_time(
    closed: Any, browse: Callable[..., Client], tmp_path: Path, pdf_text: Any, name: str
) -> None:
    paper = tmp_path / "ledger.pdf"

    paper.write_bytes(browse(HEAD).get(reverse(name)).content)

    text = "".join(pdf_text(paper).split())
    assert "".join(closed.programme.mark_text.split()) in text
    assert "第1页/共" in text
    assert "打印时间" in text


def test_a_slice_has_its_own_pace_and_curve_or_says_why_there_is_none(
    closed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(HEAD)
    pages = {
        kind: client.get(reverse("dashboard"), {"of": f"{kind}:{key}"}).context["page"]
        for kind, key in (
            ("programme", ""),
            ("institution", closed.institution.pk),
            ("township", closed.session.enrolments.get(number=1).trainee.township),
            ("fund_line", closed.session.agreement.fund_line.code),
        )
    }

    assert len(pages["programme"].progress.lines) == 3
    assert pages["programme"].pace_why == ""
    for kind, page in pages.items():
        assert (len(page.progress.lines) == 3) == (page.pace_why == ""), kind
    assert pages["township"].pace_why == "文件没有给每个乡镇定培训人次。"
