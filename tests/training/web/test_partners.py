"""The pages of the bureau's head for tokens of other systems."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.api.conftest import issue
from training.accounts.choices import Role
from training.api.problems import CODES
from training.partners.choices import Purpose, Resource
from training.partners.models import PartnerToken
from training.partners.services import authenticate, note_use, revoke_token

HEAD = Role.BUREAU_HEAD


def text(response: Any) -> str:
    return str(response.content.decode())


def form(**changes: Any) -> dict[str, Any]:
    return {
        "partner": "赣州市商务局",
        "contact": "数据科",
        "reason": "市级汇总",
        "purposes": [Purpose.SESSIONS, Purpose.INDICATORS],
        "institution_id": "",
        "expires_on": "2021-12-31",
    } | changes


def test_the_head_issues_a_token_and_sees_it_once(county: Any, browse: Callable[..., Client]) -> None:
    client = browse(HEAD)

    page = text(client.post(reverse("token-issue"), form()))

    token = PartnerToken.objects.get()
    start = page.index(token.prefix)
    whole = page[start : page.index("<", start)]
    assert authenticate(whole) == token
    assert (token.purposes, token.expires_on, token.institution) == (
        ["sessions.read", "indicators.read"],
        date(2021, 12, 31),
        None,
    )
    assert f'Authorization: Bearer {whole}" http://testserver/api/v1/partner/token' in page.replace(
        "&quot;", '"'
    )
    for name, args in (("tokens", []), ("token", [token.pk]), ("token-issue", [])):
        assert whole not in text(client.get(reverse(name, args=args)))


def test_the_page_with_the_token_is_kept_by_nobody(county: Any, browse: Callable[..., Client]) -> None:
    response = browse(HEAD).post(reverse("token-issue"), form())

    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "wrong",
    [{"purposes": []}, {"expires_on": "2022-06-01"}, {"expires_on": "2021-01-01"}, {"partner": ""}],
)
def test_a_form_that_can_not_be_comes_back_with_what_was_typed(
    county: Any, browse: Callable[..., Client], wrong: dict[str, Any]
) -> None:
    response = browse(HEAD).post(reverse("token-issue"), form(**wrong))

    assert response.status_code == 422
    assert "市级汇总" in text(response)
    assert not PartnerToken.objects.exists()


def test_the_head_revokes_with_a_reason_and_the_page_says_so(
    county: Any, browse: Callable[..., Client]
) -> None:
    issued, client = issue(county), browse(HEAD)
    address = reverse("token-revoke", args=[issued.token.pk])

    assert client.post(address, {"reason": ""}).status_code == 422
    page = text(client.post(address, {"reason": "合作结束"}, follow=True))

    assert "由赖局长停用：合作结束" in page
    assert "停用数据接口凭证" in page
    assert PartnerToken.objects.get().revoked_reason == "合作结束"


def test_a_token_s_page_tells_what_was_read_and_how_often(county: Any, browse: Callable[..., Client]) -> None:
    token = issue(county, Purpose.SESSIONS).token
    note_use(token, Resource.SESSIONS)
    note_use(token, Resource.CLAIMS, refused=True)

    for role in (HEAD, Role.AUDITOR):
        page = text(browse(role).get(reverse("token", args=[token.pk])))
        assert str(Resource.SESSIONS.label) in page
        assert str(Resource.CLAIMS.label) in page
        assert ("token-revoke" in page or "/revoke/" in page) == (role == HEAD)


def test_the_list_finds_and_exports_what_it_shows(county: Any, browse: Callable[..., Client]) -> None:
    head, client = county.actor(HEAD), browse(HEAD)
    used = issue(county, Purpose.CLAIMS, partner="县财政局").token
    note_use(used, Resource.CLAIMS)
    gone = issue(county, Purpose.SESSIONS).token
    revoke_token(gone.pk, reason="合作结束", actor=head)

    def found(query: str) -> list[str]:
        lines = client.get(reverse("tokens-export") + query)
        content = b"".join(lines.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
        shown = text(client.get(reverse("tokens") + query))
        rows = list(csv.reader(content))[1:]
        assert all(row[1] in shown for row in rows)
        return [row[0] for row in rows]

    assert found("") == ["赣州市商务局", "县财政局"]
    assert found("?q=财政") == ["县财政局"]
    assert found("?state=revoked") == ["赣州市商务局"]
    assert found("?state=active") == ["县财政局"]
    assert found("?state=expired") == []
    assert found("?purpose=claims.read") == ["县财政局"]


def test_an_empty_list_says_what_it_is_for(county: Any, browse: Callable[..., Client]) -> None:
    assert "签发凭证" in text(browse(HEAD).get(reverse("tokens")))
    assert "没有符合条件" in text(browse(HEAD).get(reverse("tokens") + "?q=x"))


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_costs_the_same_however_long(
    county: Any, browse: Callable[..., Client], count: int, django_assert_num_queries: Any
) -> None:
    for _number in range(count):
        note_use(issue(county).token, Resource.SESSIONS)
    client = browse(HEAD)

    with django_assert_num_queries(9):
        assert client.get(reverse("tokens")).status_code == 200


def test_the_documentation_is_for_everybody_and_names_every_address(client: Client, db: None) -> None:
    page = text(client.get(reverse("api-docs")))

    for words in ("/api/v1/partner/sessions", "/api/v1/station/events", "openapi.json", "ydp_", "Sunset"):
        assert (words in page) == (words != "ydp_"), words
    for code in CODES:  # where the `type` of a problem leads
        assert f'id="{code}"' in page
    assert "<script" not in page
    assert "style=" not in page
