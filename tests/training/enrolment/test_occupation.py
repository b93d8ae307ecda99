"""文化程度 and 工作单位 on the way from a roster, or a form, into the pool and out again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.training.enrolment.rosters import workbook
from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.enrolment.columns import EDUCATION, EMPLOYER, EMPLOYER_USCC
from training.enrolment.services import export_roster, import_roster
from training.people.models import Trainee
from training.people.queries import found, namesakes
from training.people.rules import Person
from training.people.services import know_trainees

HEADER = ["姓名", "身份证号", "乡镇", "村", "学历", "工作单位/站点/企业", "统一社会信用代码", "手机号"]
USCC = "91350100M000100Y43"
PEOPLE = synthetic_people(6, seed=4242)


def hand_in(county: Any, *said: tuple[str, str, str]) -> Any:
    rows = [
        [one.name, one.id_number, one.township, one.village, *cells, one.phone]
        for one, cells in zip(PEOPLE, said, strict=False)
    ]
    data = workbook(*rows, header=HEADER)
    clerk = county.actor(Role.INSTITUTION_CLERK)
    return import_roster(county.session.pk, name="名册.xlsx", data=data, actor=clerk)


def known(number: int) -> Any:
    return Trainee.objects.get(name=PEOPLE[number].name, village=PEOPLE[number].village)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("初中", "junior"),
        ("高中毕业", "senior"),
        ("中专", "senior"),
        ("大学本科", "bachelor"),
        ("小学及以下", "primary"),
        ("高中（中专、职高）", "senior"),
        ("本科及以上", "bachelor"),
        ("", ""),
    ],
)
def test_an_education_is_read_by_the_words_that_rosters_use(county: Any, word: str, code: str) -> None:
    done = hand_in(county, (word, "", ""))

    assert (known(0).education, done.warnings) == (code, [])


def test_what_cannot_be_read_is_left_out_and_nobody_is_turned_away(county: Any) -> None:
    done = hand_in(county, ("学富五车", "大畲村电商服务站", "91350100M000100Y44"))

    person = known(0)
    assert (person.education, person.employer, person.employer_uscc) == ("", "大畲村电商服务站", "")
    assert [(warning["column"], warning["code"]) for warning in done.warnings] == [
        (EDUCATION, "education"),
        (EMPLOYER_USCC, "uscc"),
    ]
    assert done.accepted == 1


def test_a_formula_is_no_employer(county: Any) -> None:
    done = hand_in(county, ("", "+HYPERLINK(1)", ""))

    assert [(problem["column"], problem["code"]) for problem in done.problems] == [(EMPLOYER, "formula")]
    assert done.accepted == 0


def test_a_newer_roster_that_is_silent_takes_nothing_away(county: Any) -> None:
    hand_in(county, ("大专", "石城县赣江源米业", USCC))
    hand_in(county, ("", "", ""))

    person = known(0)
    assert (person.education, person.employer, person.employer_uscc) == ("college", "石城县赣江源米业", USCC)


def test_what_was_exported_is_read_again(county: Any) -> None:
    hand_in(county, ("大专", "石城县赣江源米业", USCC))
    clerk = county.actor(Role.INSTITUTION_CLERK)

    again = import_roster(
        county.session.pk, name="again.xlsx", data=export_roster(county.session.pk, actor=clerk), actor=clerk
    )

    assert (again.problems, again.warnings, known(0).education) == ([], [], "college")


def test_the_telephones_last_four_find_a_person_for_whoever_may_call(county: Any) -> None:
    hand_in(county, ("", "", ""))
    end = PEOPLE[0].phone[-4:]

    assert list(found(Trainee.objects.all(), end)) == []
    assert known(0) in found(Trainee.objects.all(), end, phones=True)
    Trainee.objects.update(do_not_contact=True)
    assert list(found(Trainee.objects.all(), end, phones=True)) == []


def person(number: int, **said: str) -> Person:
    one = PEOPLE[number]
    born = one.id_number[6:14]
    facts = {"name": "温同名", "township": "琴江镇", "village": "大畲村", **said}
    return Person(
        id_number=one.id_number,
        sex=one.sex,
        born_on=date(int(born[:4]), int(born[4:6]), int(born[6:])),
        phone="",
        **facts,
    )


def test_namesakes_are_marked_as_people_come_move_and_leave(county: Any) -> None:
    def listed() -> list[str]:
        return [trainee.village for trainee in namesakes(county.actor(Role.BUREAU_REVIEWER))]

    know_trainees(county.programme, [person(0)])
    assert listed() == []
    know_trainees(county.programme, [person(1)])
    assert listed() == ["大畲村", "大畲村"]
    know_trainees(county.programme, [person(1, village="兴隆村"), person(2, village="")])
    assert listed() == []
    know_trainees(county.programme, [person(3, village="兴隆村")])
    assert listed() == ["兴隆村", "兴隆村"]
