"""What a page links to opens for whoever sees the page."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from training.accounts.choices import Role


class Hrefs(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


def kind(address: str) -> str | None:
    try:
        name = resolve(address.partition("?")[0]).view_name
    except Resolver404:
        return None
    return None if name.startswith("admin:") else name


def walk(client: Client) -> Iterator[tuple[str, str, int]]:
    """One address of each kind, breadth first from home: where it stood, the address, the answer's status."""
    ahead, known = deque([("", reverse("home"))]), set[str]()
    while ahead:
        page, address = ahead.popleft()
        name = kind(address)
        if name is None or name in known:
            continue
        known.add(name)
        answer = client.get(address)
        yield page, address, answer.status_code
        if (
            answer.status_code == 200
            and answer["Content-Type"].startswith("text/html")
            and not answer.streaming
        ):
            ahead.extend(
                (address, urldefrag(urljoin(address, href)).url)
                for href in Hrefs(answer.content.decode()).found
                if not href.startswith(("http:", "https:", "mailto:", "tel:"))
            )


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_no_page_leads_to_one_that_its_reader_may_not_see(
    handed_in: Any, browse: Callable[..., Client], role: Role
) -> None:
    answers = list(walk(browse(role)))

    assert len(answers) > 1
    assert [answer for answer in answers if answer[2] not in (200, 302)] == []
