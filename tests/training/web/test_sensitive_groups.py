"""Who is shown that somebody is disabled or poor, page by page, and that each look is on record."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.training.enrolment.applicants import HERE, apply, open_call
from tests.training.web.test_trainees import body
from training.accounts.choices import Role
from training.core.models import AuditEvent
from training.enrolment.services import export_roster
from training.people.choices import LookKind
from training.people.models import Look

Browse = Callable[..., Client]
NAME = "具备条件贫困户"


def poor(county: Any) -> list[str]:
    """Who on the roster is written down as poor; each page that says so shows all of them."""
    places = county.session.enrolments.filter(group="poor_household")
    return sorted(places.values_list("trainee__name", flat=True))


def looks() -> list[tuple[str, str]]:
    rows = Look.objects.filter(kind=LookKind.SENSITIVE).values_list("trainee__name", "role")
    return sorted(rows)


def roster_column(data: bytes) -> list[Any]:
    sheet = load_workbook(BytesIO(data))["名册"]
    return [cell for row in sheet.iter_rows(values_only=True) for cell in row]


def test_whoever_writes_the_roster_reads_the_group_and_each_page_is_on_record(
    county: Any, browse: Browse
) -> None:
    client, once = browse(Role.INSTITUTION_CLERK), [(name, "institution_clerk") for name in poor(county)]

    assert once
    assert f"<td>{NAME}</td>" in body(client.get(reverse("roster", args=[county.session.pk])))
    assert looks() == once
    assert NAME in roster_column(export_roster(county.session.pk, actor=county.actor(Role.INSTITUTION_CLERK)))
    assert looks() == sorted(2 * once)
    assert AuditEvent.objects.filter(verb="sensitive_group.viewed").count() == 2


def test_once_it_is_handed_in_the_institution_reads_it_no_longer(submitted: Any, browse: Browse) -> None:
    client, session = browse(Role.INSTITUTION_CLERK), submitted.session
    place = session.enrolments.filter(group="poor_household").first()

    assert NAME not in body(client.get(reverse("roster", args=[session.pk])))
    assert NAME not in body(client.get(reverse("enrolment-history", args=[place.pk])))
    assert not looks()


@pytest.mark.parametrize("role", [Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.AUDITOR, Role.LEADING_GROUP])
def test_the_bureau_and_those_who_only_read_never_see_it(submitted: Any, browse: Browse, role: Role) -> None:
    shown = body(browse(role).get(reverse("bureau-session", args=[submitted.session.pk])))

    assert NAME not in shown.split('id="roster"')[1]
    assert "敏感类别不列" in shown
    assert not looks()


def test_the_papers_leave_it_out_too(submitted: Any, pdf_text: Any, browse: Browse, tmp_path: Any) -> None:
    paper = tmp_path / "roster.pdf"
    address = reverse("print-roster", args=[submitted.session.pk])
    paper.write_bytes(browse(Role.BUREAU_REVIEWER).get(address).content)

    assert NAME not in pdf_text(paper)
    assert not looks()


def test_of_those_who_apply_the_township_and_the_institution_read_it(county: Any, browse: Browse) -> None:
    call = open_call(county)
    application, _receipt = apply(call, HERE[0])
    application.group = "poor_household"
    application.save(update_fields=["group"])
    pages = [
        reverse("registration-call", args=[call.pk]),
        reverse("application", args=[application.pk]),
    ]

    for role, shown in (
        (Role.TOWNSHIP, True),
        (Role.INSTITUTION_CLERK, True),
        (Role.BUREAU_REVIEWER, False),
        (Role.AUDITOR, False),
    ):
        before = AuditEvent.objects.latest("pk").pk
        client = browse(role)
        assert [f">{NAME}</" in body(client.get(page)) for page in pages] == [shown, shown]
        seen = AuditEvent.objects.filter(verb="sensitive_group.viewed", pk__gt=before)
        assert [event.details for event in seen] == [{"applications": [application.pk]}] * (2 if shown else 0)
