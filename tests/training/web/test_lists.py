"""Every list as a file: it holds as many lines as its name says, and is read in pieces."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from training.people.models import Trainee
from training.web.lists import File, ListView, download, streamed

pytestmark = pytest.mark.django_db
COUNT = re.compile(r"_(\d+)行\.csv")


def list_views(patterns: Any = None) -> Iterator[ListView]:
    for it in get_resolver().url_patterns if patterns is None else patterns:
        if not isinstance(it, URLPattern):
            yield from list_views(it.url_patterns)
        elif isinstance(it.callback, ListView) and not it.pattern.converters:
            yield it.callback


NEEDS_A_DRAFT = "rule-draft-archives-export"
EXPORTS = sorted({view.export for view in list_views() if view.export} - {NEEDS_A_DRAFT})


def content(answer: Any) -> list[list[str]]:
    return list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines()))


@pytest.mark.parametrize("export", EXPORTS)
def test_a_list_s_file_says_in_its_name_how_many_lines_it_holds(export: str, closed: Any) -> None:
    seen = 0
    for member in (*closed.county_staff.members.values(), *closed.institution_staff.members.values()):
        client = Client()
        client.force_login(member.user)
        answer = client.get(reverse(export))
        if answer.status_code == 200:
            said = COUNT.search(unquote(answer["Content-Disposition"]))
            assert said, answer["Content-Disposition"]
            assert len(content(answer)) == int(said[1]) + 1  # the columns' names
            seen += 1
    assert seen


def test_a_file_keeps_no_rows_and_asks_once_however_often_it_says_so(
    closed: Any, django_assert_num_queries: Any
) -> None:
    rows: QuerySet[Trainee] = Trainee.objects.order_by("pk").select_related("programme")
    kept: list[Any] = []

    def lines(found: Any) -> Iterator[tuple[str]]:
        kept.append(found)
        return ((row.name,) for row in found)

    with django_assert_num_queries(2):  # how many, and which
        names = content(download(File("名单.csv", ("姓名",), lines), rows))

    assert [name for [name] in names[1:]] == [row.name for row in rows]
    assert kept[0]._result_cache is None
    assert streamed([1, 2]) == [1, 2]
