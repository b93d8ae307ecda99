"""The rows behind a figure: as a page, as CSV and as a workbook, always the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, Final

from django.db.models import Min, Q, QuerySet
from django.http import FileResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook

from training.accounts.permissions import may
from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.people.rules import mask_name
from training.web.lists import FORMULA_STARTS, counted_name
from training.web.reporting.words import Names

CHUNK: Final = 2000
ENDINGS: Final = ("csv", "xlsx")
COLUMNS: Final = (
    gettext_lazy("姓名"),
    gettext_lazy("期号"),
    gettext_lazy("培训名称"),
    gettext_lazy("名册序号"),
    gettext_lazy("培训机构"),
    gettext_lazy("班型"),
    gettext_lazy("课程类别"),
    gettext_lazy("乡镇"),
    gettext_lazy("村"),
    gettext_lazy("状态"),
)
MINUTES: Final = (gettext_lazy("出勤分钟"), gettext_lazy("应到分钟"))
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Behind:
    """What a figure counts: `rows`, sorted for people, and in words which figure it is.

    `sensitive`: that somebody is among them says something of them that is not everybody's to know.
    `minutes`: what is counted are their minutes, so these are told of each. `one_each`: people are counted, so
    each is listed once, with the first of their places.
    """

    name: str
    formula: str
    rows: QuerySet[Any]
    sensitive: bool = False
    minutes: bool = False
    one_each: bool = False

    def found(self, q: str) -> QuerySet[Any]:
        """Those of the sessions that `q` finds."""
        session = "training_session"
        rows = self.rows
        if q:
            rows = rows.filter(
                Q(**{f"{session}__code__icontains": q})
                | Q(**{f"{session}__title__icontains": q})
                | Q(**{f"{session}__institution__name__icontains": q})
            )
        if self.one_each:
            firsts = rows.order_by().values("trainee").annotate(first=Min("pk")).values("first")
            rows = rows.model.objects.filter(pk__in=firsts)
        related = ["trainee", "training_session__institution", "training_session__dossier"]
        if self.minutes:
            related.append("completion")
        return rows.select_related(*related).order_by("-training_session_id", "number", "pk")

    @property
    def columns(self) -> tuple[Any, ...]:
        return (*COLUMNS, *MINUTES) if self.minutes else COLUMNS


@dataclass(frozen=True)
class Row:
    """A counted 人次; `name` is masked for those who need only the figure, and `page` is theirs to open."""

    enrolment: Enrolment
    name: str
    open_page: bool


def named(found: QuerySet[Any], page: Iterable[int], actor: Actor, *, sensitive: bool = False) -> list[Row]:
    """Those of `found` on a page that is known by its keys: sorting them all as whole rows takes much longer."""
    rows = found.filter(pk__in=list(page))
    full = shows_names(actor, sensitive=sensitive)
    return [Row(row, row.trainee.name if full else mask_name(row.trainee.name), full) for row in rows]


def shows_names(actor: Actor, *, sensitive: bool) -> bool:
    """Names in full are for those who phone people or verify what became of them."""
    return may(actor, "outcome.verify") and (not sensitive or may(actor, "trainee.view_sensitive"))


def lines(rows: QuerySet[Any], actor: Actor, names: Names, behind: Behind) -> Iterator[list[Any]]:
    """One for each of `rows`, in the order of `behind.columns`, read so many at a time."""
    full = shows_names(actor, sensitive=behind.sensitive)
    for row in rows.iterator(chunk_size=CHUNK):
        session, trainee = row.training_session, row.trainee
        yield [
            trainee.name if full else mask_name(trainee.name),
            session.code,
            session.title,
            row.number,
            session.institution.name,
            names.of("class_type", session.class_type),
            names.of("category", session.category),
            trainee.township,
            trainee.village,
            row.get_status_display(),
            *_minutes(row, behind),
        ]


def _minutes(row: Any, behind: Behind) -> tuple[int, ...]:
    return (row.completion.attended_minutes, row.completion.required_minutes) if behind.minutes else ()


def people(rows: QuerySet[Any]) -> int:
    return int(rows.order_by().values("trainee").distinct().count())


def file_name(behind: Behind, count: int, ending: str) -> str:
    return counted_name(f"{behind.name}.{ending}", count)


def _safe(cell: Any) -> Any:
    """Nothing that somebody typed runs as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def workbook(
    name: str, columns: Sequence[Any], rows: Iterable[Sequence[Any]], about: Iterable[tuple[str, Any]]
) -> FileResponse:
    """Rows as a workbook, written to disk as they come; a second sheet says what it holds."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("名单"))
    sheet.append([str(column) for column in columns])
    written = 0
    for row in rows:
        sheet.append([_safe(cell) for cell in row])
        written += 1
    note = book.create_sheet(_("说明"))
    for label, value in about:
        note.append([label, value])
    note.append([_("行数（不含表头）"), written])
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
