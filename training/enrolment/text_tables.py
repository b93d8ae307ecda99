"""A roster handed in as .csv becomes the .xlsx that everything else reads, keeps and gives back."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from training.core.workbooks import MAX_PACKED
from training.enrolment.sheets import HEADING_WITHIN, MAX_COLUMNS, MAX_ROWS, RosterFileError

ENCODINGS: Final = ("utf-8-sig", "gb18030")  # Excel's “CSV UTF-8”, and its plain CSV on a Chinese computer
LONGEST: Final = MAX_ROWS + 10 * HEADING_WITHIN  # rows, with room for titles and blank ones


def as_workbook(name: str, data: bytes) -> tuple[str, bytes]:
    """(name, bytes) of the same table as .xlsx, every cell as text; what is not called .csv stays as it is.

    Raises RosterFileError with code broken or too_many_rows.
    """
    if not name.lower().endswith(".csv") or data.startswith(b"PK"):
        return name, data
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名册")
    try:
        for row in _rows(data):
            sheet.append(row)
    except (csv.Error, IllegalCharacterError) as wrong:
        raise _broken() from wrong
    target = BytesIO()
    book.save(target)
    return f"{name[:-4]}.xlsx", target.getvalue()


def _rows(data: bytes) -> list[list[str]]:
    text = _text(data)
    reader = csv.reader(StringIO(text), delimiter=_delimiter(text))
    rows = [row[:MAX_COLUMNS] for row in islice(reader, LONGEST + 1)]
    if len(rows) > LONGEST:
        said = _("名册超过 %(limit)d 行，请分成几个文件上传。") % {"limit": MAX_ROWS}
        raise RosterFileError("too_many_rows", said)
    return rows


def _text(data: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return data[:MAX_PACKED].decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _broken()


def _delimiter(text: str) -> str:
    """Whichever of the usual ones stands most often in the first lines."""
    top = "".join(islice(StringIO(text), HEADING_WITHIN))
    return max(",\t;", key=top.count)


def _broken() -> RosterFileError:
    return RosterFileError(
        "broken",
        _("这个 .csv 文件读不出来。请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（.xlsx）”后再上传。"),
    )
