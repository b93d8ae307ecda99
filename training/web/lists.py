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
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from training.web.gate import WorkRequest, needs

PAGE_SIZE = 20
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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


@dataclass(frozen=True)
class File:
    """What a list is called as a file; `lines` makes of all its rows the file's, in the order of `columns`."""

    name: str
    columns: Sequence[Any]
    lines: Callable[[Any], Iterable[Sequence[Any]]]


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
        return csv_response(self.file.name, self.file.columns, self.file.lines(self.rows))


class ListView:
    """A list as two views: itself the page, and `file`, exactly what the page's filters ask for."""

    def __init__(self, listing: Callable[..., Listing], act: str, template: str, export: str) -> None:
        update_wrapper(self, listing)
        self._listing, self._template, self._export = listing, template, export
        self._page = require_safe(needs(act)(self._shown))
        self.file = require_safe(needs(act)(self._file))

    def __call__(self, request: WorkRequest, **place: Any) -> HttpResponseBase:
        return self._page(request, **place)

    def _shown(self, request: WorkRequest, **place: Any) -> HttpResponse:
        export = reverse(self._export) if self._export else ""
        return self._listing(request, **place).page(request, self._template, export=export)

    def _file(self, request: WorkRequest, **place: Any) -> StreamingHttpResponse:
        return self._listing(request, **place).download()


def list_view(act: str, template: str, *, export: str = "") -> Callable[[Callable[..., Listing]], ListView]:
    """Makes both views of a function that says what is listed, for whoever may `act`.

    `export` names the URL of the file.
    """
    return lambda listing: ListView(listing, act, template, export)


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
