"""A .csv is read like the workbook it was saved from, whatever a Chinese Excel wrote it in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.accounts.choices import Role
from training.core.errors import InvalidInputError
from training.demo.people import synthetic_people
from training.enrolment.services import import_roster
from training.enrolment.sheets import RosterFileError
from training.enrolment.text_tables import as_workbook

CLERK = Role.INSTITUTION_CLERK


def table(people: Any, separator: str = ",") -> str:
    lines = [("姓名", "身份证号", "手机号", "乡镇")]
    lines += [(one.name, one.id_number, one.phone, one.township) for one in people]
    return "\r\n".join(separator.join(line) for line in lines)


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8-sig", ","), ("gb18030", ","), ("utf-8", "\t"), ("gb18030", ";")]
)
def test_a_csv_puts_its_people_on_the_roster(county: Any, encoding: str, separator: str) -> None:
    people = synthetic_people(3, seed=40)
    data = table(people, separator).encode(encoding)

    imported = import_roster(county.session.pk, name="名册.CSV", data=data, actor=county.actor(CLERK))

    assert imported.file.name == "名册.xlsx"
    new = list(county.session.enrolments.order_by("-number")[:3])
    assert {place.trainee.id_number for place in new} == {one.id_number for one in people}


@pytest.mark.parametrize("data", [b"\xff\xfe\x81", "姓名\x00,身份证号\n".encode(), b""])
def test_what_is_no_table_is_refused_and_says_what_to_do(county: Any, data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        import_roster(county.session.pk, name="名册.csv", data=data, actor=county.actor(CLERK))
    assert county.session.roster_imports.count() == 1


@pytest.mark.parametrize("name", ["名册.xls", "名册.et"])
def test_an_old_workbook_is_told_how_to_be_saved(county: Any, name: str) -> None:
    data = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    with pytest.raises(InvalidInputError, match="另存为“Excel 工作簿"):
        import_roster(county.session.pk, name=name, data=data, actor=county.actor(CLERK))


def test_too_long_a_table_is_refused_before_it_is_a_workbook() -> None:
    with pytest.raises(RosterFileError) as refused:
        as_workbook("名册.csv", b"a,b\n" * 20_000)
    assert refused.value.code == "too_many_rows"


@given(st.binary(max_size=300))
def test_any_bytes_give_a_workbook_or_a_refusal(data: bytes) -> None:
    try:
        name, made = as_workbook("x.csv", data)
    except RosterFileError:
        return
    assert data.startswith(b"PK") or (name == "x.xlsx" and made.startswith(b"PK"))
