"""The blank paper register as it comes out of the printer: rendered by poppler, read by OpenCV."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import date
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pytest

from tests.machine import POPPLER
from training.dossiers.fonts import default_fonts_dir
from training.dossiers.pdf.paper_register import (
    ROW_HEIGHT,
    PaperLine,
    PaperRegister,
    PaperSheet,
    build_paper_register,
)
from training.dossiers.pdf.style import PAGE_WIDTH, RIGHT

PAGE = "https://yidang.shicheng.gov.example/attendance/sessions/123/paper/"
A4 = (595, 842)  # points
LONG_NAME = "阿卜杜热合曼·麦麦提敏·图尔荪"
MORNING, AFTERNOON = (
    ("09:00–10:30　电商基础知识　李老师", "10:40–12:00　" + "农产品上行与品牌建设、" * 8 + "完　王思敏"),
    ("14:30–17:30　开网店　王思敏",),
)


def sheet(half_day: str, lessons: tuple[str, ...], people: int) -> PaperSheet:
    return PaperSheet(
        on=date(2021, 5, 18),
        half_day=half_day,
        lessons=lessons,
        lines=tuple(
            PaperLine(
                number,
                LONG_NAME if number == 60 else "张𬭎",
                f"3607**********{number:04d}",
                f"{PAGE}?half_day=2021-05-18-{half_day}&row={1000 + number}",
            )
            for number in range(1, people + 1)
        ),
    )


def printed(*sheets: PaperSheet) -> bytes:
    register = PaperRegister(
        mark="全国电子商务进农村综合示范项目",
        session="SC-2020-NM-P-001",
        title="农民电商普及班",
        institution="石城县兴农电商培训中心",
        phones="0797-5712345　0797-5700000",
        sheets=sheets,
    )
    return build_paper_register(register, default_fonts_dir())


@pytest.fixture(scope="module")
def two_half_days() -> bytes:
    return printed(sheet("am", MORNING, 60), sheet("pm", AFTERNOON, 60))


@pytest.fixture
def read_pages(tmp_path: Path, pdf_text: Callable[[Path], str]) -> Callable[[bytes], list[str]]:
    def read(pdf: bytes) -> list[str]:
        path = tmp_path / "paper.pdf"
        path.write_bytes(pdf)
        return ["".join(page.split()) for page in pdf_text(path).split("\f")[:-1]]

    return read


def test_every_page_says_what_it_belongs_to_and_is_numbered_within_its_half_day(
    two_half_days: bytes, read_pages: Callable[[bytes], list[str]]
) -> None:
    pages = read_pages(two_half_days)

    for half_day, page in zip(["上午"] * 4 + ["下午"] * 4, pages, strict=True):
        for said in (
            f"签到名册（纸质）2021-05-18{half_day}",
            "SC-2020-NM-P-001农民电商普及班石城县兴农电商培训中心名册60人",
            "全国电子商务进农村综合示范项目",
            "监督电话0797-5712345",
            *("序号", "姓名", "身份证号", "签到时间", "签到签名", "签退时间", "签退签名", "补录码"),
            "班主任（签字）：",
        ):
            assert said in page
    assert [page[page.index("05-18第") + 5 :][:8] for page in pages] == [
        f"第{number}页/共4页" for _half_day in range(2) for number in range(1, 5)
    ]


def test_everybody_has_one_row_in_each_half_day_and_no_name_or_lesson_is_cut(
    two_half_days: bytes, read_pages: Callable[[bytes], list[str]]
) -> None:
    pages = read_pages(two_half_days)

    for half in (pages[:4], pages[4:]):
        text = "".join(half)
        assert [text.count(f"3607**********{number:04d}") for number in range(1, 61)] == [1] * 60
        assert text.count("张𬭎") == 59
        assert all(part in text for part in ("阿卜杜热合曼", "麦麦提敏", "图尔荪"))
    assert all("品牌建设、完王思敏" in page for page in pages[:4])
    assert all("开网店王思敏" in page for page in pages[4:])


def test_the_paper_is_a4_with_its_fonts_inside_and_the_same_every_time(two_half_days: bytes) -> None:
    with pikepdf.open(BytesIO(two_half_days)) as pdf:
        sizes = {tuple(round(float(side)) for side in page.mediabox[2:]) for page in pdf.pages}
        names = {str(font.BaseFont) for page in pdf.pages for font in page.resources.Font.values()}
    assert sizes == {A4}
    assert all("NotoSansSC" in name for name in names)
    assert two_half_days == printed(sheet("am", MORNING, 60), sheet("pm", AFTERNOON, 60))


def test_a_phone_reads_off_each_row_where_it_is_keyed_in(two_half_days: bytes, tmp_path: Path) -> None:
    if not POPPLER.here():
        pytest.skip(POPPLER.message)
    path = tmp_path / "paper.pdf"
    path.write_bytes(two_half_days)
    options = ["-r", "300", "-f", "1", "-l", "1", "-gray", "-singlefile", "-png"]
    subprocess.run(["pdftoppm", *options, path, tmp_path / "page"], check=True)

    said = [qr_text(cell) for cell in last_cells(cv2.imread(str(tmp_path / "page.png"), 0))]

    assert said == [f"{PAGE}?half_day=2021-05-18-am&row={1000 + number}" for number in range(1, 17)]


def last_cells(page: Any) -> list[Any]:
    """What stands in the last column of the table, row by row, without its lines."""
    right = round(page.shape[1] * (1 - float(RIGHT) / PAGE_WIDTH))
    left = right - round(15 * 300 / 25.4)  # the column is 15 mm wide
    rules = np.flatnonzero(page[:, left + 8] < 240)
    lines = [int(y) for y, before in zip(rules, [0, *rules[:-1]], strict=True) if y - before > 8]
    rows = [(top, end) for top, end in pairwise(lines) if abs(end - top - float(ROW_HEIGHT) * 300 / 72) < 4]
    return [page[top + 6 : end - 4, left + 6 : right - 8] for top, end in rows]


def qr_text(cell: Any) -> str:
    framed = cv2.copyMakeBorder(cell, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255)
    near = cv2.resize(framed, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return str(cv2.QRCodeDetector().detectAndDecode(near)[0])


def test_a_roster_of_nobody_and_a_session_without_lessons_still_print(
    read_pages: Callable[[bytes], list[str]],
) -> None:
    (nobody,) = read_pages(printed(sheet("am", MORNING, 0)))
    (no_lessons,) = read_pages(printed())

    assert "名册0人" in nobody
    assert "第1页/共1页" in nobody
    assert no_lessons == "这一期还没有课程安排。"
