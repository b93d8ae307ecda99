"""The register for a pen: a page for each half-day, and codes that say which row was meant."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
import segno

from kiosk.enrolment import read_qr
from kiosk.package import Package
from kiosk.paper import ROWS, row_address, sheets

SERVER = "https://train.example.cn"


def test_each_half_day_of_the_day_has_its_own_pages_with_everybody_once(package: Package) -> None:
    session = package.sessions[0]
    many = session.model_copy(
        update={
            "roster": tuple(
                session.roster[0].model_copy(update={"enrolment": 900 - number, "number": number})
                for number in range(1, 2 * ROWS + 2)
            )
        }
    )

    printed = sheets(package.programme, many, many.lessons[0], SERVER)

    assert [(sheet.lessons[0].half_day, sheet.page, sheet.pages) for sheet in printed] == [
        ("am", 1, 3), ("am", 2, 3), ("am", 3, 3), ("pm", 1, 3), ("pm", 2, 3), ("pm", 3, 3),
    ]  # fmt: skip
    assert [row.number for sheet in printed[:3] for row in sheet.rows] == list(range(1, 2 * ROWS + 2))


def test_the_code_of_a_row_is_where_that_row_is_keyed_in(package: Package) -> None:
    session = package.sessions[0]
    lesson, enrolment = session.lessons[0], session.roster[0].enrolment
    address = row_address(SERVER, lesson, enrolment)
    (sheet, _afternoon) = sheets(package.programme, session, lesson, SERVER)

    assert address == f"{SERVER}/attendance/rows/{enrolment}/?half_day={lesson.on}-am"
    assert sheet.rows[0].code == segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, border=2
    )
    assert read_qr(picture(address)) == address
    assert not re.search("陈小满|3607", sheet.rows[0].code)


def picture(words: str) -> Any:
    rows = segno.make(words, error="m", micro=False).matrix_iter(scale=4, border=4)
    return cv2.cvtColor(255 - 255 * np.array(list(rows), np.uint8), cv2.COLOR_GRAY2BGR)
