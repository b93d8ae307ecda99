"""Lists: filters that live in the URL, pages, and the same rows as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

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
