"""What a page links to opens for whoever sees the page."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from benchmarks.scale import is_page, links, name_of
from training.accounts.choices import Role


def walk(client: Client) -> Iterator[tuple[str, str, int]]:
    """One address of each kind, breadth first from home: where it stood, the address, the answer's status."""
    ahead, known = deque([("", reverse("home"))]), set[str]()
    while ahead:
        page, address = ahead.popleft()
        name = name_of(address)
        if name is None or name in known:
            continue
        known.add(name)
        answer = client.get(address)
        yield page, address, answer.status_code
        if is_page(answer):
            ahead.extend((address, link) for link in links(answer, address))


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_no_page_leads_to_one_that_its_reader_may_not_see(
    handed_in: Any, browse: Callable[..., Client], role: Role
) -> None:
    answers = list(walk(browse(role)))

    assert len(answers) > 1
    assert [answer for answer in answers if answer[2] not in (200, 302)] == []
