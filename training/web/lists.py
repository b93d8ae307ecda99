"""Lists: filters that live in the URL, pages, and the same rows as a file."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from training.core import clock
from training.core.actor import Actor
from training.web.gate import WorkRequest, about, needs

PAGE_SIZE = 20
CHUNK = 2000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ANY = ("", _("全部"))


def choose(label: Any, choices: Iterable[tuple[Any, Any]]) -> forms.ChoiceField:
    """A filter by one of these, or by none."""
    return forms.ChoiceField(label=label, required=False, choices=[ANY, *choices])


class FilterForm(forms.Form):
    """Search words and choices from the query string; what makes no sense there filters nothing."""

    q = forms.CharField(label=_("搜索"), required=False, max_length=64, widget=forms.SearchInput)

    def __init__(self, request: HttpRequest, **options: Any) -> None:
        super().__init__(request.GET, label_suffix="", **options)
        self.is_valid()
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def offer(self, **choices: Iterable[tuple[Any, Any]]) -> None:
        """What these filters can be set to, known only at the request."""
        for name, known in choices.items():
            self.fields[name].choices = [ANY, *known]  # type: ignore[attr-defined]
        self.full_clean()

    @property
    def chosen(self) -> dict[str, str]:
        """Every filter by name, empty where nothing was asked for."""
        return {name: self.value(name) for name in self.fields}

    @property
    def active(self) -> bool:
        return any(self.value(name) for name in self.fields)


def page_of(request: HttpRequest, rows: Any, *, size: int = PAGE_SIZE) -> Page[Any]:
    """The page of `rows` that the URL names; a number that does not exist gives the nearest."""
    page = Paginator(rows, size).get_page(request.GET.get("page"))
    page.shown = page.paginator.get_elided_page_range(page.number)  # type: ignore[attr-defined]
    return page


def figures_page(request: HttpRequest, template: str, lines: Sequence[Any], **context: Any) -> HttpResponse:
    """Statistics, fifty lines to a page, the last line (of all together) on each; `template` shows
    followup/_figures.html, and `context` says `by`, `columns`, `filters` and `export`.
    """
    page = page_of(request, lines[:-1], size=50)
    context |= {"page_obj": page, "lines": [*page.object_list, *lines[-1:]], "as_of": clock.now()}
    return render(request, template, context)


@dataclass(frozen=True)
class File:
    """What a list is called as a file; `lines` makes of all its rows the file's, in the order of `columns`."""

    name: str
    columns: Sequence[Any]
    lines: Callable[[Any], Iterable[Sequence[Any]]] = iter
    count: Callable[[Any], int] | None = None
    """How many lines come of all rows, where it is not one of each."""


@dataclass(frozen=True)
class Listing:
    """What a list holds for one request.

    `shown` makes of one page's rows what its template goes through; `beside` is what the page says besides.
    """

    rows: Any
    filters: FilterForm | None = None
    file: File | None = None
    shown: Callable[[Any], Iterable[Any]] = list
    size: int = PAGE_SIZE
    beside: dict[str, Any] = dataclasses.field(default_factory=dict)

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """`template` extends parts/list.html."""
        page = page_of(request, self.rows, size=self.size)
        rows = list(self.shown(page.object_list))
        context |= self.beside | {"filters": self.filters, "page_obj": page, "rows": rows}
        return render(request, template, context)

    def download(self) -> StreamingHttpResponse:
        assert self.file is not None, "this list has no file"  # noqa: S101  a slip of ours, not of a reader
        return download(self.file, self.rows)


class ListView:
    """A list as two views: itself the page, and `file`, exactly what the page's filters ask for."""

    def __init__(
        self,
        listing: Callable[..., Listing],
        gate: Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]],
        template: str,
        export: str,
    ) -> None:
        update_wrapper(self, listing)
        self.listing, self._template, self.export = listing, template, export
        self._page = require_safe(gate(self._shown))
        self.file = require_safe(gate(self._file))

    def __call__(self, request: WorkRequest, **place: Any) -> HttpResponseBase:
        return self._page(request, **place)

    def _shown(self, request: WorkRequest, *row: Any, **place: Any) -> HttpResponse:
        here = request.resolver_match.kwargs if request.resolver_match else {}
        export = reverse(self.export, kwargs=here) if self.export else ""
        return self.listing(request, *row, **place).page(request, self._template, export=export)

    def _file(self, request: WorkRequest, *row: Any, **place: Any) -> StreamingHttpResponse:
        return self.listing(request, *row, **place).download()


def list_view(
    act: str, template: str, *, export: str = "", of: Callable[[Any, Actor], Any] | None = None
) -> Callable[[Callable[..., Listing]], ListView]:
    """Makes both views of a function that says what is listed, for whoever may `act`.

    `export` names the URL of the file. `of` fetches the row whose list it is, as `about` does.
    """
    gate = about(of, act) if of else needs(act)
    return lambda listing: ListView(listing, gate, template, export)


def download(file: File, rows: Any) -> StreamingHttpResponse:
    """All of `rows` as a file that says in its name how many lines it holds, read so many at a time."""
    count = (file.count or _length)(rows)
    return csv_response(counted_name(file.name, count), file.columns, file.lines(streamed(rows)))


def _length(rows: Any) -> int:
    return rows.count() if isinstance(rows, QuerySet) else len(rows)


def counted_name(name: str, count: int) -> str:
    """Whoever has the file can tell from its name whether it is whole."""
    stem, _dot, ending = str(name).rpartition(".")
    return _t("%(name)s_%(count)s行.%(ending)s") % {"name": stem, "count": count, "ending": ending}


def streamed(rows: Any) -> Any:
    """A queryset that every loop reads anew, so many rows at a time, and nobody keeps; a list as it is."""
    if not isinstance(rows, QuerySet):
        return rows
    found = rows.all()
    found.__class__ = type("Streamed", (_InPieces, type(rows)), {})
    return found


class _InPieces:
    def __iter__(self) -> Iterator[Any]:
        return self.iterator(chunk_size=CHUNK)  # type: ignore[attr-defined, no-any-return]  # of a queryset


class _Echo:
    """A file that hands back what is written to it, for the csv module."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Rows as CSV with a BOM, so that Excel reads the Chinese; nothing in it runs as a formula."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def _lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow([str(word) for word in header])
    for row in rows:
        yield writer.writerow([_plain(cell) for cell in row])


def _plain(cell: Any) -> str:
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
