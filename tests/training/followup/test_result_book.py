"""The work list out as a workbook and back in: right lines count once, wrong ones come back marked."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import read
from training.followup.models import Contact, ContactImport, FollowUp
from training.followup.queries import open_follow_ups
from training.followup.result_book import (
    ASKED,
    COLUMNS,
    HEADING_ROW,
    OFFERS,
    result_book,
    take_results,
)

OFFICER = Role.FOLLOW_UP
FIRST = HEADING_ROW + 1


@pytest.fixture
def book(closed: Any) -> Any:
    rows = open_follow_ups(closed.actor(OFFICER)).filter(day=30).select_related("trainee")
    return load_workbook(BytesIO(result_book(rows)))


def fill(book: Any, row: int, **cells: str) -> None:
    words = {"联系日期": product_clock.today().isoformat(), "联系方式": "电话", "结果": "联系到本人"}
    for column, text in (words | cells).items():
        book.active.cell(row, COLUMNS.index(column) + 1, text)


def hand_in(closed: Any, book: Any, **said: Any) -> ContactImport:
    stream = BytesIO()
    book.save(stream)
    details = {"name": "回访.xlsx", "data": stream.getvalue(), "actor": closed.actor(OFFICER)}
    return take_results(closed.programme, **details | said)


def line(book: Any, row: int) -> dict[str, Any]:
    return dict(zip(COLUMNS, (cell.value for cell in book.active[row]), strict=False))


def test_the_list_goes_out_with_lists_to_choose_from_and_no_numbers(closed: Any, book: Any) -> None:
    sheet, first = book.active, FollowUp.objects.order_by("next_on", "pk").first()

    assert [cell.value for cell in sheet[HEADING_ROW]] == list(COLUMNS)
    assert sheet.max_row == HEADING_ROW + 10
    given = line(book, FIRST)
    assert (given["编号"], given["姓名"], given["电话"]) == (
        first.pk,
        first.trainee.name,
        first.trainee.masked_phone,
    )
    assert not any(given[column] for column in ASKED)
    offered = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert '"电话,上门,微信"' in offered
    assert len(offered) == len(OFFERS)


def test_a_name_that_looks_like_a_formula_stays_text(closed: Any) -> None:
    trainee = FollowUp.objects.first().trainee
    trainee.village = "=HYPERLINK(1)"
    trainee.save()

    book = load_workbook(BytesIO(result_book(open_follow_ups(closed.actor(OFFICER)))))

    cells = [
        cell for row in book.active.iter_rows(min_row=FIRST) for cell in row if cell.value == trainee.village
    ]
    assert len(cells) == 3
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)


def test_what_was_filled_in_is_written_down(closed: Any, book: Any) -> None:
    fill(book, FIRST, 提供的服务="开店指导、物流", 情况记录="在网上卖白莲", 阶段结论="创业")
    fill(book, FIRST + 1, 结果="无人接听")

    taken = hand_in(closed, book)

    assert (taken.accepted, taken.unchanged, taken.problems, taken.marked) == (2, 0, [], None)
    contact = Contact.objects.get(result="reached")
    assert (contact.guidance, contact.note, contact.conclusion) == (
        "shop,logistics",
        "在网上卖白莲",
        "started_up",
    )
    assert (contact.made_by, contact.follow_up.status) == (closed.user(OFFICER), "ended")


def test_handed_in_twice_it_counts_once(closed: Any, book: Any) -> None:
    fill(book, FIRST, 阶段结论="就业")
    hand_in(closed, book)
    fill(book, FIRST + 1)

    taken = hand_in(closed, book)

    assert (taken.accepted, taken.unchanged) == (1, 1)
    assert Contact.objects.count() == 2


def test_all_that_is_wrong_comes_back_at_once_and_marked_and_the_right_lines_stay(
    closed: Any, book: Any
) -> None:
    fill(book, FIRST)
    fill(book, FIRST + 1, 结果="聊得很好", 联系日期="昨天", 提供的服务="开店指导，算命")
    fill(book, FIRST + 2, 结果="无人接听", 阶段结论="失联")
    fill(book, FIRST + 3)
    book.active.cell(FIRST + 3, COLUMNS.index("姓名") + 1, "别人")
    fill(book, FIRST + 4, 编号="999999999")
    fill(book, FIRST + 5, 联系方式="")

    taken = hand_in(closed, book)

    assert taken.accepted == Contact.objects.count() == 1
    assert [(problem["row"], problem["column"]) for problem in taken.problems] == [
        (FIRST + 1, "联系日期"),
        (FIRST + 1, "结果"),
        (FIRST + 1, "提供的服务"),
        (FIRST + 2, "结果"),
        (FIRST + 3, "姓名"),
        (FIRST + 4, "编号"),
        (FIRST + 5, "联系方式"),
    ]
    marked = load_workbook(BytesIO(read(taken.marked)))
    red = {
        (cell.row, COLUMNS[cell.column - 1])
        for row in marked.active.iter_rows(min_row=FIRST)
        for cell in row
        if cell.fill.start_color.rgb == "FFFFC7CE"
    }
    assert red == {(problem["row"], problem["column"]) for problem in taken.problems}
    assert "失联要在三个不同的日子" in marked.active.cell(FIRST + 2, len(COLUMNS) + 1).value


def test_the_marked_copy_put_right_is_taken_as_a_whole(closed: Any, book: Any) -> None:
    fill(book, FIRST)
    fill(book, FIRST + 1, 结果="聊得很好")
    marked = load_workbook(BytesIO(read(hand_in(closed, book).marked)))
    fill(marked, FIRST + 1)

    taken = hand_in(closed, marked)

    assert (taken.accepted, taken.unchanged, taken.problems) == (1, 1, [])


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nothing", b"no workbook"])
def test_a_file_that_is_no_workbook_is_refused(closed: Any, data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        take_results(closed.programme, name="x.xlsx", data=data, actor=closed.actor(OFFICER))
    assert ContactImport.objects.count() == 0


def test_a_workbook_without_our_columns_or_with_nothing_filled_in_is_refused(closed: Any, book: Any) -> None:
    for wrong in (Workbook(), book):
        with pytest.raises(InvalidInputError):
            hand_in(closed, wrong)


def test_strangers_and_readers_hand_nothing_in(closed: Any, book: Any, other_county: Any) -> None:
    fill(book, FIRST)
    with pytest.raises(ForbiddenError):
        hand_in(closed, book, actor=closed.actor(Role.BUREAU_HEAD))
    taken = hand_in(other_county, book)

    assert [problem["column"] for problem in taken.problems] == ["编号"]
    assert Contact.objects.count() == 0
