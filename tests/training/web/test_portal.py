"""What anyone who holds the paper may see, and nothing more."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import dossier_of
from training.accounts.choices import Role
from training.dossiers.sealing import seal_dossier


def public_page(county: Any) -> Any:
    return Client().get(reverse("public-dossier", args=[dossier_of(county).public_token]))


def test_an_unsealed_dossier_says_that_it_may_still_change(closed: Any) -> None:
    shown = public_page(closed).content.decode()

    assert closed.session.code in shown
    assert "这份档案还没有封存" in shown
    assert "清单 SHA-256" not in shown


def test_a_sealed_dossier_shows_the_fingerprints_to_compare(
    handed_in: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        seal_dossier(dossier_of(handed_in).pk, actor=handed_in.actor(Role.BUREAU_REVIEWER))
    dossier = dossier_of(handed_in)
    shown = public_page(handed_in).content.decode()

    assert dossier.manifest_sha256 in shown
    assert dossier.pdf.sha256 in shown
    assert f"yidang-verify {handed_in.session.code}.zip" in shown


def test_the_counts_say_which_of_the_two_they_are(closed: Any) -> None:
    found = public_page(closed).context["found"]

    assert (found.renci, found.renshu) == (10, 10)


def test_nobody_on_the_roster_is_named(closed: Any) -> None:
    shown = public_page(closed).content.decode()

    for enrolment in closed.session.enrolments.all():
        trainee = enrolment.trainee
        assert trainee.name not in shown
        assert trainee.masked_id_number not in shown
        assert trainee.masked_phone not in shown


def test_the_mark_and_the_supervision_phones_are_the_programmes(closed: Any) -> None:
    shown = public_page(closed).content.decode()

    assert closed.programme.mark_text in shown
    assert all(phone in shown for phone in closed.programme.phones)


def test_a_token_that_nobody_was_given_is_not_found(closed: Any) -> None:
    answer = Client().get(reverse("public-dossier", args=["AAAAAAAAAAAAAAAA"]))

    assert answer.status_code == 404
    assert "这份档案不是由本系统出具的" in answer.content.decode()


def test_the_page_has_both_languages(closed: Any) -> None:
    address = reverse("public-dossier", args=[dossier_of(closed).public_token])

    assert '<html lang="en">' in Client().get(address, headers={"accept-language": "en"}).content.decode()
