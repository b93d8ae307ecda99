"""A township's Excel file: right rows nominated, wrong ones marked, handed in again without harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from openpyxl import load_workbook

from tests.training.enrolment.applicants import CLERK, HERE, OFFICER, PEOPLE, open_call, row_of
from tests.training.enrolment.rosters import changed, line, workbook
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import read
from training.core.models import StoredFile
from training.demo.scenery import TOWNSHIP
from training.enrolment.choices import ApplicationStatus, Source
from training.enrolment.models import Application, NominationList
from training.enrolment.nominations import MOST_ROWS, nominate_list
from training.people.services import know_trainees

STRANGER = next(person for person in PEOPLE if person.township != TOWNSHIP)


@pytest.fixture
def unrostered(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)


@pytest.fixture
def opened(unrostered: Any) -> Any:
    return open_call(unrostered)


def hand_in(county: Any, call: Any, *rows: list[object], **said: Any) -> NominationList:
    return nominate_list(call.pk, name="推荐.xlsx", data=workbook(*rows, **said), actor=county.actor(OFFICER))


def codes(handed_in: NominationList) -> list[tuple[int, str, str]]:
    return [(found["row"], found["column"], found["code"]) for found in handed_in.problems]


def test_right_rows_are_nominated_for_the_officer_s_own_township(unrostered: Any, opened: Any) -> None:
    taken = hand_in(unrostered, opened, line(HERE[0]), changed(HERE[1], "乡镇", ""))

    assert (taken.accepted, taken.unchanged, taken.problems, taken.marked) == (2, 0, [], None)
    people = Application.objects.order_by("pk")
    assert [(one.id_number, one.township, one.source, one.status) for one in people] == [
        (person.id_number, TOWNSHIP, Source.TOWNSHIP, ApplicationStatus.QUALIFIED) for person in HERE[:2]
    ]
    assert {one.reviewed_by for one in people} == {unrostered.user(OFFICER)}


def test_wrong_rows_come_back_marked_and_take_no_right_one_with_them(unrostered: Any, opened: Any) -> None:
    know_trainees(unrostered.programme, [row_of(HERE[2], opened)])
    taken = hand_in(
        unrostered,
        opened,
        line(HERE[0]),
        changed(HERE[1], "身份证号", "123"),
        line(replace(HERE[2], name="李四海")),
        line(STRANGER),
        line(HERE[0]),
    )

    assert taken.accepted == Application.objects.count() == 1
    assert codes(taken) == [
        (3, "身份证号", "length"),
        (4, "身份证号", "name_differs"),
        (5, "乡镇", "other_township"),
        (6, "身份证号", "duplicate"),
    ]
    sheet = load_workbook(BytesIO(read(taken.marked)))["名册"]
    marked = {(row, cell.column) for row in range(2, 7) for cell in sheet[row] if cell.fill.fill_type}
    assert marked == {(3, 4), (4, 4), (5, 6), (6, 4)}
    assert HERE[1].name not in str(taken.problems)


def test_the_corrected_file_is_handed_in_again_and_nobody_applies_twice(unrostered: Any, opened: Any) -> None:
    hand_in(unrostered, opened, line(HERE[0]), changed(HERE[1], "身份证号", "1"))
    again = hand_in(unrostered, opened, line(HERE[0]), line(HERE[1]))

    assert (again.accepted, again.unchanged, again.problems) == (1, 1, [])
    assert Application.objects.count() == 2


def test_a_file_that_is_of_no_use_keeps_nothing(unrostered: Any, opened: Any) -> None:
    for rows, header, said in (
        ([["甲", "乙"]], ["大名", "号"], "模板"),
        ([], ["姓名", "身份证号"], "没有学员"),
        ([[person.name, "1"] for person in PEOPLE * 9], ["姓名", "身份证号"], f"最多 {MOST_ROWS} 行"),
    ):
        with pytest.raises(InvalidInputError, match=said):
            hand_in(unrostered, opened, *rows, header=header)
    assert (
        NominationList.objects.count(),
        Application.objects.count(),
        StoredFile.objects.filter(name="推荐.xlsx").count(),
    ) == (0, 0, 0)


def test_only_a_township_nominates(unrostered: Any, opened: Any) -> None:
    with pytest.raises(ForbiddenError):
        nominate_list(opened.pk, name="x.xlsx", data=workbook(line(HERE[0])), actor=unrostered.actor(CLERK))
    assert Application.objects.count() == 0


def test_the_marked_copy_is_encrypted_and_goes_with_the_applications(
    unrostered: Any, opened: Any, clock: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.APPLICATION_DAYS = 10
    taken = hand_in(unrostered, opened, line(HERE[0]), changed(HERE[1], "身份证号", "1"))
    place = Path(django_settings.MEDIA_ROOT) / taken.marked.file.name
    assert place.read_bytes().startswith(b"gAAAA")

    clock.advance(days=40)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("forget_applications")

    assert (NominationList.objects.count(), Application.objects.count()) == (0, 0)
    assert not StoredFile.objects.filter(pk=taken.marked_id).exists()
    assert not place.exists()
