"""A roster file with everything wrong that real ones and attackers have, handed in on the real page."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.training.enrolment.rosters import as_text, changed, drawn, line, workbook
from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.demo.scenery import plan_farmers_session, roster_workbook
from training.enrolment.models import Enrolment, RosterImport
from training.enrolment.services import import_roster
from training.people.models import Trainee

PEOPLE = synthetic_people(30, seed=8)
FULL_WIDTH = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}


@pytest.fixture
def unrostered(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)


@pytest.fixture
def clerk(unrostered: Any) -> Client:
    client = Client()
    client.force_login(unrostered.user(Role.INSTITUTION_CLERK))
    return client


def hand_in(client: Client, county: Any, data: bytes, name: str = "名册.xlsx") -> Any:
    address = reverse("roster", args=[county.session.pk])
    return client.post(address, {"file": SimpleUploadedFile(name, data)}, follow=True)


def taught_at_the_same_time(county: Any, person: Any) -> None:
    """The person stands on another roster of the institution, on the same day."""
    clerk = county.actor(Role.INSTITUTION_CLERK)
    other, _venue = plan_farmers_session(
        county.institution,
        county.session.agreement,
        county.instructors[::-1],
        on=date(2021, 5, 18),
        actor=clerk,
    )
    import_roster(other.pk, name="x.xlsx", data=roster_workbook([person]), actor=clerk)


def draw_everything(sheet: Worksheet) -> None:
    """Title and a heading of two merged lines; then one line for each thing that goes wrong; then nothing much."""
    sheet.append(["石城县 2021 年农村电商培训班 学员名册"])
    sheet.merge_cells("A1:H1")
    sheet.append(["序号", "学员", None, "证件号码", "联系", "住址", None, "人员类别"])
    sheet.append([None, "姓名", "性别", None, "电话", "乡镇", "村", None])
    for merged in ("A2:A3", "B2:C2", "D2:D3", "F2:G2", "H2:H3"):
        sheet.merge_cells(merged)
    person = iter(PEOPLE)
    sheet.append(line(next(person)))  # 4: right
    wide = next(person)
    sheet.append(changed(wide, "身份证号", wide.id_number.translate(FULL_WIDTH)))  # 5: right
    eaten = next(person)
    sheet.append(
        changed(eaten, "身份证号", float(eaten.id_number[:15] + "000"))
    )  # 6: Excel ate the last digits
    sheet.append(changed(next(person), "姓名", '=HYPERLINK("http://x","y")'))  # 7
    sheet.append(changed(next(person), "村（社区）", "+cmd|' /C calc'!A0"))  # 8
    sheet.append([])  # 9
    first = PEOPLE[0]
    sheet.append(line(first))  # 10: the same person again
    sheet.append(changed(next(person), "手机号", "１３９-０７９７-０００１"))  # 11: right
    sheet.append(changed(next(person), "学员类别", "火星人"))  # 12
    sheet.append(line(next(person)))  # 13: right, but on another roster of the same day
    sheet.append(["合计", "6 人"])  # 14
    sheet.append(["填表人：邓经办"])  # 15
    for row in range(16, 400):
        sheet.cell(row, 8, " ")


def test_right_lines_come_in_and_every_wrong_one_is_named_and_marked(clerk: Client, unrostered: Any) -> None:
    taught_at_the_same_time(unrostered, PEOPLE[7])
    page = hand_in(clerk, unrostered, as_text(drawn(draw_everything)))

    imported = RosterImport.objects.latest("pk")
    found = [(problem["row"], problem["column"], problem["code"]) for problem in imported.problems]
    assert found == [
        (6, "身份证号", "excel_number"),
        (7, "姓名", "formula"),
        (8, "村（社区）", "formula"),
        (10, "身份证号", "duplicate"),
        (12, "学员类别", "unknown_group"),
    ]
    assert [(warning["row"], warning["code"]) for warning in imported.warnings] == [(13, "elsewhere")]
    assert "上课时间重叠" in imported.warnings[0]["message"]
    assert (imported.total, imported.accepted) == (9, 4)
    text = page.content.decode()
    assert "5 处没有导入" in text
    assert "导入了 4 人" in text
    numbers = set(unrostered.session.enrolments.values_list("trainee__name", flat=True))
    assert numbers == {PEOPLE[at].name for at in (0, 1, 5, 7)}

    marked = clerk.get(reverse("roster-marked", args=[imported.pk]))
    sheet = load_workbook(BytesIO(marked.content)).active
    assert {cell.coordinate for row in sheet for cell in row if cell.fill.fill_type} == {
        "D6", "B7", "G8", "D10", "H12", "B13",
    }  # fmt: skip
    assert all(cell.data_type != "f" for row in sheet for cell in row)
    again = hand_in(clerk, unrostered, marked.content)
    assert "导入了 0 人" in again.content.decode()
    assert unrostered.session.enrolments.count() == 4


def bomb() -> bytes:
    """A hundred kilobytes that unpack to a hundred megabytes and more."""
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(workbook(line(PEOPLE[0])))) as whole,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for entry in whole.infolist():
            out.writestr(entry.filename, whole.read(entry))
        out.writestr("xl/media/image1.png", bytes(101 * 1024 * 1024))
    return target.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    target = BytesIO(workbook(line(PEOPLE[0])))
    with zipfile.ZipFile(target, "a") as book:
        book.writestr(name, content)
    return target.getvalue()


def far_apart() -> bytes:
    """Two cells that ask for a rectangle of half a terabyte."""

    def draw(sheet: Worksheet) -> None:
        sheet["A1"] = "姓名"
        sheet["XFD1048576"] = "身份证号"

    return drawn(draw)


USELESS = {
    "a bomb": (bomb, "解压后过大"),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"x"), "带有宏"),
    "cells far apart": (far_apart, "范围过大"),
    "cut in half": (lambda: workbook(line(PEOPLE[0]))[:900], "损坏"),
    "an old workbook": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(900), "旧格式"),
    "a web page": (lambda: "<html><table><tr><td>姓名</td></tr></table></html>".encode(), "不是 Excel"),
    "nothing": (lambda: b"", "空的"),
    "a heading alone": (lambda: workbook(), "没有学员"),
}


@pytest.mark.parametrize("what", USELESS)
def test_a_file_that_is_of_no_use_is_refused_with_what_to_do_and_nothing_is_kept(
    clerk: Client, unrostered: Any, what: str
) -> None:
    make, words = USELESS[what]
    page = hand_in(clerk, unrostered, make())

    assert page.status_code == 422
    assert words in page.content.decode()
    assert (RosterImport.objects.count(), Enrolment.objects.count(), Trainee.objects.count()) == (0, 0, 0)


def test_ten_thousand_people_leave_as_a_file_and_are_read_back_whole(clerk: Client, unrostered: Any) -> None:
    people = synthetic_people(10_000, seed=3)
    rows = [line(person, number) for number, person in enumerate(people, 1)]
    Trainee.objects.bulk_create(
        Trainee(
            programme=unrostered.programme,
            name=person.name,
            id_number=person.id_number,
            id_hash=person.id_number,
            sex=person.sex,
            born_on=date(1980, 1, 1),
            phone=person.phone,
            township=person.township,
            village=person.village,
            education="junior",
            employer=f"{person.village}电商服务站",
            employer_uscc="91350100M000100Y43",
        )
        for person in people
    )
    Enrolment.objects.bulk_create(
        Enrolment(training_session=unrostered.session, trainee=trainee, number=number, group=person.group)
        for number, (trainee, person) in enumerate(
            zip(Trainee.objects.order_by("pk"), people, strict=True), 1
        )
    )
    answer = clerk.get(reverse("roster-export", args=[unrostered.session.pk]))

    sheet = load_workbook(BytesIO(answer.content), read_only=True)["名册"]
    written = [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert written == rows
