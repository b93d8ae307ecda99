"""A station's requests go past what only people need, and no further."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_station_gets_an_answer_with_its_length_and_no_cookie(client: Client) -> None:
    response = client.get("/api/v1/time")

    assert response.status_code == 200
    assert response["Content-Length"] == str(len(response.content))
    assert not response.cookies
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_address_that_is_none_is_not_found(client: Client) -> None:
    assert client.get("/api/v1/nothing").status_code == 404


def test_a_refusal_is_in_the_language_the_station_asks_for_whoever_came_before(client: Client) -> None:
    english = client.get("/api/v1/station/package", headers={"Accept-Language": "en"})
    chinese = client.get("/api/v1/station/package")

    assert (english.status_code, chinese.status_code) == (401, 401)
    assert "本机没有登记" in chinese.json()["message"]
    assert english.json()["message"] != chinese.json()["message"]


def test_where_https_is_demanded_it_is_demanded_of_stations(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/api/v1/time").status_code == 301


def test_people_still_meet_what_stands_behind_it(client: Client) -> None:
    assert client.get(reverse("home")).headers["Location"].startswith(reverse("login"))
