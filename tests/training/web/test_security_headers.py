"""What every answer carries, whoever makes it and however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse
from PIL import Image

from tests.training.api.conftest import issue
from tests.training.core.test_pictures import telephone_picture
from tests.training.signing import enrol
from tests.training.web.test_url_matrix import named_patterns
from training.accounts.choices import Role
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def policy(response: HttpResponse) -> dict[str, str]:
    """The content security policy, directive by directive."""
    parts = response["Content-Security-Policy"].split(";")
    return dict(part.strip().partition(" ")[::2] for part in parts if part.strip())


def is_guarded(response: HttpResponse, where: str) -> None:
    assert {name: response.get(name) for name in ALWAYS} == ALWAYS, where
    assert "camera=()" in response["Permissions-Policy"], where
    said = policy(response)
    assert said["default-src"] in ("'self'", "'none'"), where
    assert said["frame-ancestors"] in ("'self'", "'none'"), where
    assert not any("unsafe" in words for words in said.values()), where
    assert "Strict-Transport-Security" not in response, where


def addresses() -> Iterator[str]:
    """Every address; where an id is needed, one of nothing."""
    for pattern in named_patterns():
        for args in ([], [1], [str(UUID(int=1))], ["x"], ["x", 1], [1, 1], ["x", "x"], [1, "x"]):
            try:
                yield reverse(pattern.name, args=args)
                break
            except NoReverseMatch:
                continue
        else:
            raise AssertionError(pattern.name)


@pytest.mark.parametrize("role", [None, Role.BUREAU_HEAD, Role.INSTITUTION_CLERK])
def test_every_address_answers_guarded(
    county: Any, client: Client, browse: Callable[..., Client], role: Role | None
) -> None:
    someone = browse(role) if role else client
    someone.raise_request_exception = False
    asked = list(addresses())

    for address in asked:
        is_guarded(someone.get(address), address)
    assert len(asked) > 150


def test_refusals_mistakes_files_and_the_api_are_guarded_too(
    closed: Any, client: Client, browse: Callable[..., Client]
) -> None:
    clerk = browse(Role.INSTITUTION_CLERK)
    signer, token = enrol(closed), issue(closed)
    picture = closed.session.evidence.first()
    answers = {
        "404": client.get("/nowhere"),
        "api 404": client.get("/api/v1/nowhere"),
        "api 405": client.delete("/api/v1/time"),
        "api 401": client.get("/api/v1/station/package"),
        "package": client.get("/api/v1/station/package", headers={"Authorization": f"Bearer {signer.token}"}),
        "partner": client.get("/api/v1/partner/sessions", headers={"Authorization": f"Bearer {token.text}"}),
        "403": clerk.get(reverse("bureau-queue")),
        "csrf": Client(enforce_csrf_checks=True).post(reverse("login"), {}),
        "picture": clerk.get(reverse("file", args=["evidence", picture.pk])),
        "download": clerk.get(reverse("file", args=["evidence", picture.pk]) + "?download"),
        "roster": clerk.get(reverse("roster-export", args=[closed.session.pk])),
        "list": clerk.get(reverse("sessions-export")),
        "static": client.get("/static/yidang/yidang.css"),
        "admin": client.get("/admin/"),
    }

    for name, response in answers.items():
        is_guarded(response, name)
    assert policy(answers["partner"])["default-src"] == "'none'"


def test_over_https_the_browser_is_told_to_stay_there(db: None, client: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600

    for address in ("/", "/api/v1/time", "/static/yidang/yidang.css", "/nowhere"):
        response = client.get(address, secure=True)
        assert response["Strict-Transport-Security"] == "max-age=31536000", address


def test_a_picture_is_shown_without_place_and_owner_and_handed_over_as_it_came(
    approved: Any, browse: Callable[..., Client]
) -> None:
    original = telephone_picture()
    evidence = add_evidence(
        approved.session.pk,
        item="A9",
        kind=EvidenceKind.PHOTO,
        caption="现场",
        file=("现场.jpg", original),
        lesson_id=approved.session.lessons.first().pk,
        actor=approved.actor(Role.INSTITUTION_CLERK),
    )
    client = browse(Role.INSTITUTION_CLERK)
    address = reverse("file", args=["evidence", evidence.pk])

    shown, kept = client.get(address), client.get(address + "?download")

    with Image.open(BytesIO(shown.getvalue())) as image:
        assert dict(image.getexif()) == {}
        assert image.height > image.width
    assert kept.getvalue() == original
    assert shown["Content-Disposition"].startswith("inline")
    assert kept["Content-Disposition"].startswith("attachment")
