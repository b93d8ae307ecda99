"""The pages of a roster file on its way: columns asked for, progress shown, stopped and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.training.enrolment.rosters import workbook
from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.demo.scenery import roster_workbook
from training.enrolment.choices import ImportStatus
from training.enrolment.models import RosterImport
from training.enrolment.services import AT_ONCE

PEOPLE = synthetic_people(AT_ONCE + 20, seed=7)


@pytest.fixture
def unrostered(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)


@pytest.fixture
def clerk(unrostered: Any) -> Client:
    client = Client()
    client.force_login(unrostered.user(Role.INSTITUTION_CLERK))
    return client


def hand_in(client: Client, county: Any, data: bytes, **said: Any) -> Any:
    upload = SimpleUploadedFile("名册.xlsx", data)
    return client.post(reverse("roster", args=[county.session.pk]), {"file": upload, **said}, follow=True)


def strange_file() -> bytes:
    rows = [[person.name, person.id_number, person.phone] for person in PEOPLE[:5]]
    return workbook(*rows, header=["大名", "号", "备注"])


def test_columns_nobody_recognises_are_asked_for_with_what_stands_in_them(
    clerk: Client, unrostered: Any
) -> None:
    page = hand_in(clerk, unrostered, strange_file())
    text = page.content.decode()
    assert "这些列各是什么？" in text
    assert PEOPLE[0].name in text
    assert PEOPLE[0].id_number not in text
    assert PEOPLE[0].phone not in text
    form = page.context["form"]
    assert {name: form[name].value() for name in form.fields} == {
        "first_row": 2,
        "column-0": "",
        "column-1": "身份证号",
        "column-2": "手机号",
    }

    address = page.redirect_chain[-1][0]
    refused = clerk.post(address, {"first_row": 2, "column-0": "手机号", "column-2": "手机号"})
    assert refused.status_code == 422
    assert "“手机号”选了两列" in refused.content.decode()
    refused = clerk.post(address, {"first_row": 2, "column-0": "姓名"})
    assert "请指出哪一列是身份证号" in refused.content.decode()

    said = {"first_row": 2, "column-0": "姓名", "column-1": "身份证号", "column-2": ""}
    done = clerk.post(address, said, follow=True)
    assert "导入了 5 人" in done.content.decode()
    assert "这些列没有导入：备注" in done.content.decode()
    assert clerk.get(address).status_code == 302


def test_whoever_ticks_the_box_is_asked(clerk: Client, unrostered: Any) -> None:
    page = hand_in(clerk, unrostered, roster_workbook(PEOPLE[:3]), ask="on")
    assert page.context["form"]["column-1"].value() == "姓名"


def test_a_file_that_waits_for_its_columns_can_be_given_up(clerk: Client, unrostered: Any) -> None:
    hand_in(clerk, unrostered, strange_file())
    waiting = RosterImport.objects.get()
    page = clerk.post(reverse("roster-import-cancel", args=[waiting.pk]), follow=True)
    assert "没有指定各列就停下了" in page.content.decode()
    assert "接着导入" not in page.content.decode()


def test_a_large_file_shows_how_far_it_is_until_it_is_done(
    clerk: Client, unrostered: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as later:
        page = hand_in(clerk, unrostered, roster_workbook(PEOPLE))
    address = page.redirect_chain[-1][0]
    assert f"已处理 0 / {len(PEOPLE)} 行" in page.content.decode()
    assert page["Refresh"] == "3"
    assert "停止导入" in page.content.decode()

    for task in later:
        task()
    done = clerk.get(address)
    assert "Refresh" not in done
    assert f"导入了 {len(PEOPLE)} 人" in done.content.decode()
    assert "只列出前 100 人" in done.content.decode()


def test_an_import_is_stopped_and_gone_on_with(
    clerk: Client, unrostered: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as later:
        hand_in(clerk, unrostered, roster_workbook(PEOPLE))
    pk = RosterImport.objects.get().pk
    stopped = clerk.post(reverse("roster-import-cancel", args=[pk]), follow=True)
    assert "是您停下的" in stopped.content.decode()
    for task in later:
        task()
    assert unrostered.session.enrolments.count() == 0

    with django_capture_on_commit_callbacks(execute=True):
        clerk.post(reverse("roster-import-resume", args=[pk]))
    assert RosterImport.objects.get().status == ImportStatus.DONE
    assert unrostered.session.enrolments.count() == len(PEOPLE)


def test_an_import_that_stands_still_says_so_and_offers_to_go_on(
    clerk: Client, unrostered: Any, clock: Any
) -> None:
    page = hand_in(clerk, unrostered, roster_workbook(PEOPLE))
    clock.advance(minutes=3)
    page = clerk.get(page.redirect_chain[-1][0])
    assert "导入停住了" in page.content.decode()
    assert "接着导入" in page.content.decode()
    assert "Refresh" not in page


def test_the_roster_page_leads_to_every_file_and_to_the_export(clerk: Client, unrostered: Any) -> None:
    hand_in(clerk, unrostered, roster_workbook(PEOPLE[:5]))
    hand_in(clerk, unrostered, strange_file())
    page = clerk.get(reverse("roster", args=[unrostered.session.pk])).content.decode()
    for imported in RosterImport.objects.all():
        assert reverse("roster-import", args=[imported.pk]) in page
    assert "待指定各列" in page

    answer = clerk.get(reverse("roster-export", args=[unrostered.session.pk]))
    sheet = load_workbook(BytesIO(answer.content))["名册"]
    assert [sheet.cell(row, 2).value for row in range(3, 8)] == [person.name for person in PEOPLE[:5]]
