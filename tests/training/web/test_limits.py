"""How often one address may ask for what needs no account."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import dossier_of
from training.core.limits import TooManyRequestsError, caller, take


def answers(client: Client, address: str, times: int, data: Any = None) -> list[int]:
    ask = client.get if data is None else client.post
    return [ask(address, data).status_code for _time in range(times)]


def test_one_password_is_not_tried_on_a_whole_county(county: Any, client: Client, limits: None) -> None:
    address = reverse("login")

    tried = [
        client.post(address, {"username": f"clerk-{number}", "password": "Sommer-2021!"})
        for number in range(102)
    ]

    assert [answer.status_code for answer in tried] == [200] * 100 + [429] * 2
    assert 1 <= int(tried[-1]["Retry-After"]) <= 600
    assert "操作太频繁" in tried[-1].content.decode()
    assert client.get(address).status_code == 200
    assert client.post(address, {}, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_the_tokens_of_papers_are_not_to_be_guessed(closed: Any, client: Client, limits: None) -> None:
    assert answers(client, reverse("public-dossier", args=["guess"]), 121) == [404] * 120 + [429]
    true = reverse("public-dossier", args=[dossier_of(closed).public_token])
    assert client.get(true).status_code == 429
    assert client.get(true, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_neither_are_invitations(db: None, client: Client, limits: None) -> None:
    assert answers(client, reverse("invitation", args=["guess"]), 61) == [404] * 60 + [429]


def test_each_who_has_an_allowance_of_their_own(limits: None) -> None:
    left = [take("a", "one", limit=2, seconds=60), take("a", "two", limit=2, seconds=60)]
    left += [take("b", "one", limit=2, seconds=60), take("a", "one", limit=2, seconds=60)]

    assert [allowance.remaining for allowance in left if allowance] == [1, 1, 1, 0]
    with pytest.raises(TooManyRequestsError) as refused:
        take("a", "one", limit=2, seconds=60)
    assert (refused.value.http_status, refused.value.allowance.limit) == (429, 2)
    assert take("a", "two", limit=2, seconds=60) is not None


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ],
)
def test_a_household_with_many_addresses_is_one(rf: Any, address: str, who: str) -> None:
    assert caller(rf.get("/", REMOTE_ADDR=address)) == who


def test_what_a_caller_says_of_itself_is_not_believed(rf: Any) -> None:
    request = rf.get("/", REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": "198.51.100.1"})

    assert caller(request) == "192.0.2.7"
