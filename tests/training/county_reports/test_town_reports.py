"""Towns report by the 20th; the office rolls up what came and names who did not report (HD-22, HD-23)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.training.county_reports.conftest import JUNE, TOWNS, WRITTEN, Towns
from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
)
from training.core.models import AuditEvent
from training.notifications.models import Notification
from training.reports.figures import METRICS
from training.reports.models import RollUp, TownReport
from training.reports.queries import sums
from training.reports.services.roll_ups import dispatch, draw_up
from training.reports.services.town_reports import (
    add_supplement,
    open_due_reports,
    open_month,
    remind_towns,
    save_report,
    submit_report,
)

On = Callable[..., None]
PLACE = TOWNS[0]


def report_of(town: str, month: date = JUNE) -> TownReport:
    return TownReport.objects.get(township=town, month=month)


def hand_in(towns: Towns, *names: str, month: date = JUNE, **more: str) -> None:
    for name in names:
        submit_report(report_of(name, month).pk, actor=towns.of(name), **WRITTEN, **more)


@pytest.fixture
def opened(towns: Towns) -> Towns:
    open_due_reports(actor=SYSTEM)
    return towns


def test_on_the_first_each_town_finds_its_report_open_and_a_second_time_nothing_opens(towns: Towns) -> None:
    assert open_due_reports(actor=SYSTEM) == len(TOWNS)
    assert open_due_reports(actor=SYSTEM) == 0

    report = report_of(PLACE)
    assert (report.starts_on, report.due_on, report.quarterly) == (date(2020, 5, 21), date(2020, 6, 20), True)


def test_a_county_whose_document_asks_for_none_has_none(county: Any) -> None:
    assert open_due_reports(actor=SYSTEM) == 0


@pytest.mark.parametrize("month", range(1, 13))
def test_ac37_the_quarterly_section_is_there_in_months_3_6_9_and_12_only(towns: Towns, month: int) -> None:
    open_month(towns.programme, date(2020, month, 1), actor=SYSTEM)

    report = report_of(PLACE, date(2020, month, 1))
    page = towns.browse(PLACE).get(reverse("town-report-write", args=[report.pk])).content.decode()
    assert report.quarterly == ("季度总结" in page) == (month in {3, 6, 9, 12})


def test_in_a_quarters_last_month_it_is_not_taken_without_the_summary(opened: Towns) -> None:
    with pytest.raises(InvalidInputError, match="季度总结"):
        hand_in(opened, PLACE)

    assert not report_of(PLACE).is_submitted
    hand_in(opened, PLACE, quarter="二季度完成两期。")
    assert report_of(PLACE).is_submitted


def test_what_is_empty_is_named_and_what_was_typed_is_kept(opened: Towns) -> None:
    client = opened.browse(PLACE)
    address = reverse("town-report-write", args=[report_of(PLACE).pk])

    page = client.post(address, {"stations": "写了一半", "submit": "yes"})

    assert page.status_code == 422
    assert "还没有写：人员培训、农村产品上行、季度总结。" in page.content.decode()
    assert report_of(PLACE).stations == "写了一半"


def test_ac36_on_the_21st_whoever_has_not_reported_is_red_and_comes_late(opened: Towns, on: On) -> None:
    on(date(2020, 6, 20))
    hand_in(opened, *TOWNS[:2], quarter="总结")
    on(date(2020, 6, 21), 8)
    listed = opened.browse(Role.LEADING_GROUP).get(reverse("town-reports"), {"state": "missing"})
    assert [row.report.township for row in listed.context["rows"]] == sorted(TOWNS[2:])
    assert listed.content.decode().count('class="mark">未报') == 2

    hand_in(opened, TOWNS[2], quarter="总结")

    assert report_of(TOWNS[2]).came_late
    assert not report_of(TOWNS[0]).came_late
    assert (
        "迟报"
        in opened.browse(TOWNS[2]).get(reverse("town-report", args=[report_of(TOWNS[2]).pk])).content.decode()
    )


def test_what_is_owed_waits_on_the_first_page(opened: Towns, on: On) -> None:
    def waiting(who: Any) -> dict[str, int]:
        page = opened.browse(who).get(reverse("home"))
        return {str(row.what): row.count for row in page.context["waiting"] if "月报" in str(row.what)}

    assert (waiting(PLACE), waiting(Role.LEADING_GROUP)) == ({"乡镇月报待报": 1}, {})
    hand_in(opened, TOWNS[1], quarter="总结")
    on(date(2020, 6, 21))
    assert (waiting(PLACE), waiting(Role.LEADING_GROUP)) == ({"乡镇月报未报": 1}, {"乡镇月报未报": 3})


def test_handed_in_it_changes_no_more_and_a_supplement_says_why(opened: Towns) -> None:
    hand_in(opened, PLACE, quarter="总结")
    report, mine = report_of(PLACE), opened.of(PLACE)

    for act in (save_report, submit_report):
        with pytest.raises(InvalidTransitionError):
            act(report.pk, actor=mine, stations="另一个说法")
    with pytest.raises(InvalidInputError):
        add_supplement(report.pk, reason=" ", text="x", actor=mine)
    add_supplement(report.pk, reason="统计遗漏", text="服务站应为三个", actor=mine)

    report.refresh_from_db()
    assert report.stations == WRITTEN["stations"]
    assert [row.reason for row in report.supplements.all()] == ["统计遗漏"]


def test_a_town_writes_its_own_report_and_knows_of_no_other(opened: Towns) -> None:
    other = report_of(TOWNS[1])

    for act in (save_report, submit_report):
        with pytest.raises(NotFoundError):
            act(other.pk, actor=opened.of(PLACE), stations="x")
    with pytest.raises(ForbiddenError):
        submit_report(other.pk, actor=opened.office, **WRITTEN)
    assert opened.browse(PLACE).get(reverse("town-report", args=[other.pk])).status_code == 404
    listed = opened.browse(PLACE).get(reverse("town-reports"))
    assert [row.report.township for row in listed.context["rows"]] == [PLACE]


def test_only_the_towns_that_have_not_reported_are_reminded_at_each_step_once(opened: Towns, on: On) -> None:
    hand_in(opened, PLACE, quarter="总结")
    told = []
    for day in (14, 15, 16, 19, 20, 21, 22):
        on(date(2020, 6, day))
        told.append((day, remind_towns(actor=SYSTEM), remind_towns(actor=SYSTEM)))

    assert told == [(14, 0, 0), (15, 3, 0), (16, 0, 0), (19, 3, 0), (20, 0, 0), (21, 3, 0), (22, 0, 0)]
    assert PLACE not in {row.membership.township for row in Notification.objects.all()}


def test_the_clock_itself_opens_and_reminds(towns: Towns, on: On) -> None:
    call_command("tick")
    on(date(2020, 6, 21))
    call_command("tick")

    assert TownReport.objects.count() == len(TOWNS)
    of_reports = Notification.objects.filter(kind__startswith="town_report")
    assert set(of_reports.values_list("kind", flat=True)) == {"town_report.overdue"}


# The county's month


def test_ac36_the_roll_up_goes_only_with_the_missing_towns_named(opened: Towns, on: On) -> None:
    on(date(2020, 6, 20))
    hand_in(opened, *TOWNS[:2], quarter="总结")
    on(date(2020, 6, 21))
    client = opened.browse(Role.LEADING_GROUP)
    said = {"month": "2020-06-01", "summary": "全县情况"}

    refused = client.post(reverse("roll-up-add"), said)
    assert refused.status_code == 422
    assert f"2 个乡镇未报：{'、'.join(sorted(TOWNS[2:]))}" in refused.content.decode()
    assert not RollUp.objects.exists()

    client.post(reverse("roll-up-add"), said | {"missing_named": "on"})
    roll_up = RollUp.objects.get()
    assert roll_up.missing == sorted(TOWNS[2:])
    assert "2 个乡镇未报" in client.get(reverse("roll-up", args=[roll_up.pk])).content.decode()


def test_what_comes_afterwards_is_late_and_leaves_the_roll_up_as_it_was(opened: Towns, on: On) -> None:
    on(date(2020, 6, 21))
    roll_up = draw_up(JUNE, summary="x", missing_named=True, actor=opened.office)
    before = (roll_up.towns, roll_up.missing, sums(roll_up))
    on(date(2020, 6, 22))

    hand_in(opened, PLACE, quarter="总结")

    roll_up.refresh_from_db()
    assert (roll_up.towns, roll_up.missing, sums(roll_up)) == before
    page = opened.browse(Role.LEADING_GROUP).get(reverse("roll-up", args=[roll_up.pk])).content.decode()
    assert page.count("汇总后补报") == 1


def test_to_whom_when_how_and_under_which_number_it_went_is_written_down(opened: Towns, on: On) -> None:
    on(date(2020, 6, 21))
    roll_up = draw_up(JUNE, summary="x", missing_named=True, actor=opened.office)
    client = opened.browse(Role.LEADING_GROUP)
    page = client.get(reverse("roll-up", args=[roll_up.pk])).content.decode()
    assert "还没有报：县政府、惠州市商务局" in page

    said = {"sent_on": "2020-06-21", "method": "paper", "document_number": "惠东电商办〔2020〕6号"}
    client.post(reverse("roll-up-dispatch", args=[roll_up.pk]), said | {"recipient": "县政府"})

    roll_up.refresh_from_db()
    assert roll_up.status == "sent"
    assert [(row.recipient, row.document_number) for row in roll_up.dispatches.all()] == [
        ("县政府", "惠东电商办〔2020〕6号")
    ]
    page = client.get(reverse("roll-up", args=[roll_up.pk])).content.decode()
    assert "还没有报：惠州市商务局" in page
    assert AuditEvent.objects.filter(verb="roll_up.dispatched").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"sent_on": date(2020, 7, 1)}, {"method": "pigeon"}, {"document_number": " "}]
)
def test_a_dispatch_that_can_not_be_is_not_written_down(opened: Towns, on: On, wrong: dict[str, Any]) -> None:
    on(date(2020, 6, 21))
    roll_up = draw_up(JUNE, summary="x", missing_named=True, actor=opened.office)
    said: dict[str, Any] = {
        "recipient": "县政府",
        "sent_on": date(2020, 6, 21),
        "method": "paper",
        "document_number": "1",
    }

    with pytest.raises(InvalidInputError):
        dispatch(roll_up.pk, **said | wrong, actor=opened.office)
    assert not roll_up.dispatches.exists()


def test_only_the_office_rolls_up(opened: Towns) -> None:
    for role in (Role.BUREAU_HEAD, Role.AUDITOR):
        with pytest.raises(ForbiddenError):
            draw_up(JUNE, summary="x", missing_named=True, actor=opened.staff.actor(role))


def test_the_papers_say_their_mark_their_pages_and_when_they_were_printed(
    opened: Towns, on: On, tmp_path: Any, pdf_text: Any
) -> None:
    hand_in(opened, PLACE, quarter="二季度总结")
    on(date(2020, 6, 21))
    roll_up = draw_up(JUNE, summary="全县情况", missing_named=True, actor=opened.office)
    client = opened.browse(Role.LEADING_GROUP)
    papers = {
        "town": reverse("print-town-report", args=[report_of(PLACE).pk]),
        "county": reverse("print-roll-up", args=[roll_up.pk]),
    }
    said = {}
    for name, address in papers.items():
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(client.get(address).content)
        said[name] = "".join(pdf_text(file).split())

    assert "二季度总结" in said["town"]
    assert "未报的乡镇" in said["county"]
    for text in said.values():
        assert opened.programme.mark_text in text
        assert "第1页/共" in text
        assert "打印时间2020-06-2109:00" in text


def test_the_list_asks_as_much_for_one_row_as_for_many(
    towns: Towns, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = towns.browse(Role.LEADING_GROUP)
    address = reverse("town-reports")
    for months in ([6], [3, 4, 5]):
        for month in months:
            open_month(towns.programme, date(2020, month, 1), actor=SYSTEM)
        client.get(address)
        with django_assert_num_queries(10):
            client.get(address)


def test_the_file_holds_exactly_what_is_listed(opened: Towns) -> None:
    hand_in(opened, PLACE, quarter="总结")
    client = opened.browse(Role.LEADING_GROUP)

    file = b"".join(client.get(reverse("town-reports-export"), {"state": "submitted"})).decode("utf-8-sig")

    assert [line.split(",")[1] for line in file.splitlines()[1:]] == [PLACE]


def test_every_figure_of_a_report_opens_the_list_it_counts(opened: Towns) -> None:
    hand_in(opened, *TOWNS, quarter="本季培训两期。")
    roll_up = draw_up(JUNE, summary="正常", missing_named=False, actor=opened.office)
    pages = [
        (opened.browse(PLACE), reverse("town-report", args=[report_of(PLACE).pk])),
        (opened.browse(Role.LEADING_GROUP), reverse("roll-up", args=[roll_up.pk])),
    ]
    for client, address in pages:
        figures = re.findall(r'href="([^"]+/figures/[^"]+)">(\d+)</a>', client.get(address).content.decode())
        assert len({code for code, _said in figures}) >= len(METRICS)
        for href, said in figures:
            listed = client.get(href)
            assert listed.status_code == 200
            assert f"：{said} " in listed.content.decode()


def test_a_town_opens_no_figure_of_another_and_none_that_there_is_not(opened: Towns) -> None:
    client = opened.browse(PLACE)
    for town, code in ((TOWNS[1], "renci"), (PLACE, "claimed_fen"), (PLACE, "nothing")):
        address = reverse("town-report-figure", args=[report_of(town).pk, code])
        assert client.get(address).status_code == 404
