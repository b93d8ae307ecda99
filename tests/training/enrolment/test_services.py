"""Rosters on their way into the database: what is right is kept, what is wrong is named, nothing leaks."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from training.core.models import AuditEvent, StoredFile
from training.demo.people import SyntheticPerson, synthetic_people
from training.demo.scenery import roster_workbook
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment, RosterImport
from training.enrolment.services import correct_phone, import_roster, withdraw_enrolment
from training.people.models import Trainee

CLERK = Role.INSTITUTION_CLERK
PEOPLE = synthetic_people(16, seed=7)  # the county's roster is the first twelve


def hand_in(county: Any, people: list[SyntheticPerson] | bytes, role: Role = CLERK) -> RosterImport:
    data = people if isinstance(people, bytes) else roster_workbook(people)
    return import_roster(county.session.pk, name="名册.xlsx", data=data, actor=county.actor(role))


def names(county: Any) -> list[str]:
    return [e.trainee.name for e in county.session.enrolments.exclude(status=EnrolmentStatus.WITHDRAWN)]


def stored() -> list[Any]:
    models = (Trainee, Enrolment, RosterImport, StoredFile, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_roster_becomes_people_and_places_in_its_own_order(county: Any) -> None:
    assert [(e.number, e.trainee.name, e.group) for e in county.session.enrolments.all()] == [
        (number, person.name, person.group) for number, person in enumerate(PEOPLE[:12], 1)
    ]
    assert "䶮海生" in names(county)
    assert "张𬭎" in names(county)
    first = county.session.enrolments.first().trainee
    assert (first.id_number, first.phone, first.township, first.village) == (
        PEOPLE[0].id_number,
        PEOPLE[0].phone,
        PEOPLE[0].township,
        PEOPLE[0].village,
    )


def test_handing_the_same_file_in_again_changes_nobodys_place(county: Any) -> None:
    before = list(county.session.enrolments.values())

    again = hand_in(county, PEOPLE[:12])

    assert list(county.session.enrolments.values()) == before
    assert again.accepted == 0
    assert [problem["code"] for problem in again.problems] == ["already_on_roster"] * 12
    assert again.problems[0]["message"] == f"{PEOPLE[0].name}已经在本期名册上，没有重复导入。"


def test_a_corrected_file_adds_only_who_was_missing(county: Any) -> None:
    wrong = replace(
        PEOPLE[13], id_number=PEOPLE[13].id_number[:-1] + ("0" if PEOPLE[13].id_number[-1] != "0" else "1")
    )

    partly = hand_in(county, [PEOPLE[12], wrong, PEOPLE[14]])
    assert (partly.accepted, [(p["column"], p["code"]) for p in partly.problems]) == (
        2,
        [("身份证号", "check_digit")],
    )

    corrected = hand_in(county, PEOPLE[12:15])
    assert corrected.accepted == 1
    assert names(county) == [person.name for person in [*PEOPLE[:13], PEOPLE[14], PEOPLE[13]]]
    assert [e.number for e in county.session.enrolments.all()] == list(range(1, 16))


def test_each_wrong_row_is_named_and_the_right_ones_stay(county: Any) -> None:
    excel_number = replace(PEOPLE[13], id_number="1.1011E+17")
    short = replace(PEOPLE[14], id_number="36073519800101")
    twice = PEOPLE[12]

    result = hand_in(county, [PEOPLE[12], excel_number, short, twice, PEOPLE[15]])

    assert result.accepted == 2
    assert [problem["code"] for problem in result.problems] == ["excel_number", "length", "duplicate"]
    assert [problem["row"] for problem in result.problems] == sorted(
        problem["row"] for problem in result.problems
    )
    assert names(county)[12:] == [PEOPLE[12].name, PEOPLE[15].name]


def renamed_docx() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    return target.getvalue()


def empty_sheet() -> bytes:
    target = BytesIO()
    Workbook().save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (renamed_docx(), "word_file"),
        (empty_sheet(), "empty_sheet"),
        (b"", "empty_file"),
        (b"%PDF-1.4", "not_workbook"),
    ],
    ids=["docx", "empty sheet", "no bytes", "pdf"],
)
def test_a_file_that_is_no_roster_is_refused_whole_and_nothing_of_it_is_kept(
    county: Any, data: bytes, code: str
) -> None:
    before = stored()

    with pytest.raises(InvalidInputError) as refused:
        hand_in(county, data)

    assert refused.value.details == {"code": code, "name": "名册.xlsx"}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in str(refused.value))
    assert stored() == before


@pytest.mark.parametrize("role", [Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.FOLLOW_UP, Role.AUDITOR])
def test_only_the_institution_imports_and_removes(county: Any, role: Role) -> None:
    before = stored()

    with pytest.raises(ForbiddenError):
        hand_in(county, PEOPLE[12:], role)
    with pytest.raises(ForbiddenError):
        withdraw_enrolment(county.session.enrolments.first().pk, actor=county.actor(role))
    assert stored() == before


def test_another_institution_finds_neither_the_session_nor_the_place(county: Any, other_county: Any) -> None:
    before, stranger = stored(), other_county.actor(CLERK)

    with pytest.raises(NotFoundError):
        import_roster(county.session.pk, name="x.xlsx", data=roster_workbook(PEOPLE[12:]), actor=stranger)
    with pytest.raises(NotFoundError):
        withdraw_enrolment(county.session.enrolments.first().pk, actor=stranger)
    assert stored() == before


def test_a_person_of_two_counties_is_two_rows_that_do_not_know_each_other(
    county: Any, other_county: Any
) -> None:
    ours, theirs = (c.session.enrolments.first().trainee for c in (county, other_county))

    assert (ours.id_number, ours.id_hash) == (theirs.id_number, theirs.id_hash)
    assert (ours.programme, theirs.programme) == (county.programme, other_county.programme)
    assert ours.pk != theirs.pk


def test_whoever_is_withdrawn_may_come_back_and_gets_a_new_number(county: Any) -> None:
    first = county.session.enrolments.first()

    withdraw_enrolment(first.pk, actor=county.actor(CLERK))
    trail = AuditEvent.objects.count()
    withdraw_enrolment(first.pk, actor=county.actor(CLERK))
    assert AuditEvent.objects.count() == trail
    assert first.trainee.name not in names(county)

    assert hand_in(county, PEOPLE[:12]).accepted == 1
    back = county.session.enrolments.get(trainee=first.trainee, status=EnrolmentStatus.ENROLLED)
    assert back.number == 13


def test_the_roster_file_is_kept_encrypted(county: Any) -> None:
    kept = county.session.roster_imports.get().file

    assert kept.sensitive
    with kept.file.open("rb") as raw:
        assert not raw.read().startswith(b"PK")


def test_a_phone_can_be_put_right_after_the_roster_is_frozen(approved: Any) -> None:
    place = approved.session.enrolments.first()

    with pytest.raises(InvalidInputError, match="11 位"):
        correct_phone(place.pk, phone="12345", actor=approved.actor(Role.INSTITUTION_CLERK))
    correct_phone(place.pk, phone="138 0000 1111", actor=approved.actor(Role.INSTITUTION_CLERK))

    place.trainee.refresh_from_db()
    assert place.trainee.phone == "13800001111"


def test_a_roster_of_another_session_can_not_rename_a_person(county: Any) -> None:
    place = county.session.enrolments.select_related("trainee").first()
    person = synthetic_people(12, seed=7)[0]
    renamed = roster_workbook([replace(person, name="赖改名")])

    done = import_roster(
        county.session.pk, name="名册.xlsx", data=renamed, actor=county.actor(Role.INSTITUTION_CLERK)
    )

    place.trainee.refresh_from_db()
    assert place.trainee.name == person.name
    assert [(problem["column"], problem["code"]) for problem in done.problems] == [("姓名", "name_differs")]
