"""The county's list of places and what rosters, accounts and people say of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.training.enrolment.rosters import workbook
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.queries import actor_for
from training.demo.people import synthetic_people
from training.enrolment.services import import_roster
from training.people.models import Trainee
from training.programmes.services import load_regions
from training.web.people.forms import CountyAccountForm

LIST = "代码,名称\n360735100,琴江镇\n360735100201,大畲村\n360735101,小松镇\n360735101201,石田村\n"
PEOPLE = synthetic_people(4, seed=99)


@pytest.fixture
def listed(county: Any) -> Any:
    load_regions(
        county.programme.pk,
        data=LIST.encode(),
        source="县民政局名录",
        actor=county.actor(Role.BUREAU_REVIEWER),
    )
    return county


def hand_in(county: Any, *places: tuple[str, str]) -> Any:
    rows = [
        [person.name, person.id_number, township, village]
        for person, (township, village) in zip(PEOPLE, places, strict=False)
    ]
    data = workbook(*rows, header=["姓名", "身份证号", "乡镇", "村（社区）"])
    return import_roster(
        county.session.pk, name="名册.xlsx", data=data, actor=county.actor(Role.INSTITUTION_CLERK)
    )


def homes(count: int) -> list[tuple[str, str]]:
    by_name = {person.name: number for number, person in enumerate(PEOPLE)}
    rows = Trainee.objects.filter(name__in=[person.name for person in PEOPLE[:count]])
    return [(row.township, row.village) for row in sorted(rows, key=lambda row: by_name[row.name])]


def test_a_roster_is_written_down_as_the_list_spells_it(listed: Any) -> None:
    done = hand_in(listed, ("琴江", "大畲"), ("小松镇", "石田村委会"))

    assert homes(2) == [("琴江镇", "大畲村"), ("小松镇", "石田村")]
    assert [warning for warning in done.warnings if warning["code"] == "unknown_place"] == []


def test_a_place_that_is_not_listed_is_kept_and_said(listed: Any) -> None:
    done = hand_in(listed, ("琴江镇", "大余村"), ("大由乡", "濯龙村"))

    found = [warning for warning in done.warnings if warning["code"] == "unknown_place"]
    assert [(warning["column"], warning["message"][:7]) for warning in found] == [
        ("村（社区）", "“大余村”不在"),
        ("乡镇", "“大由乡”不在"),
    ]
    assert (done.accepted, homes(2)) == (2, [("琴江镇", "大余村"), ("大由乡", "濯龙村")])


def test_without_a_list_everything_is_taken_as_it_is_written(county: Any) -> None:
    done = hand_in(county, ("琴江", "大畲"))

    assert homes(1) == [("琴江", "大畲")]
    assert done.warnings == []


def test_a_list_that_comes_later_finds_those_who_were_there(county: Any) -> None:
    officer = county.user(Role.TOWNSHIP).memberships.get()
    Membership.objects.filter(pk=officer.pk).update(township="琴江")
    hand_in(county, ("琴江", "大畲"))

    load_regions(
        county.programme.pk, data=LIST.encode(), source="名录", actor=county.actor(Role.BUREAU_REVIEWER)
    )

    assert homes(1) == [("琴江镇", "大畲村")]
    officer.refresh_from_db()
    assert PEOPLE[0].name in [row.name for row in Trainee.objects.visible_to(actor_for(officer))]


def form(county: Any, township: str) -> CountyAccountForm:
    said = {
        "display_name": "廖乡干",
        "username": "liao",
        "role": "township",
        "programme_id": county.programme.pk,
        "workplace": "镇政府",
        "township": township,
    }
    made = CountyAccountForm(said)
    made.offer([county.programme], whole=False)
    return made


def test_an_officer_is_of_a_township_of_the_list(listed: Any) -> None:
    assert [choice[0] for choice in form(listed, "").fields["township"].choices] == ["", "琴江镇", "小松镇"]
    assert form(listed, "琴江镇").is_valid()
    assert "township" in form(listed, "大由乡").errors


def test_the_bureau_is_told_that_there_is_no_list_until_there_is(county: Any, client: Any) -> None:
    client.force_login(county.user(Role.BUREAU_REVIEWER))
    assert "行政区划未导入" in client.get(reverse("home")).content.decode()

    load_regions(
        county.programme.pk, data=LIST.encode(), source="名录", actor=county.actor(Role.BUREAU_REVIEWER)
    )

    assert "行政区划未导入" not in client.get(reverse("home")).content.decode()
