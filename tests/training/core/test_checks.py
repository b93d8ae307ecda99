"""The system checks: they pass, and each of them notices its fault."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from training.core.checks import every_model_states_its_scope, signatures_are_real, the_clock_is_real
from training.scheduling.models import Venue


def test_the_project_passes_every_check() -> None:
    assert run_checks() == []


def test_a_model_without_a_scope_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Venue, "SCOPE")

    assert [(problem.id, problem.obj) for problem in every_model_states_its_scope(None)] == [
        ("training.E001", Venue)
    ]


@pytest.mark.parametrize("path", ["nowhere", "institution__nowhere", "name__institution", "lessons", ""])
def test_a_scope_that_leads_nowhere_is_an_error(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(Venue, "SCOPE", {"institution": path})

    assert [(problem.id, problem.obj) for problem in every_model_states_its_scope(None)] == [
        ("training.E002", Venue)
    ]


@pytest.mark.parametrize(("file", "warnings"), [("", []), ("/tmp/clock", ["training.W001"])])
def test_a_deployment_with_a_moved_clock_is_warned(settings: Any, file: str, warnings: list[str]) -> None:
    settings.CLOCK_FILE = file

    assert [problem.id for problem in the_clock_is_real(None)] == warnings


@pytest.mark.parametrize(("file", "warnings"), [("", ["training.W002"]), ("/etc/yidang/signing.toml", [])])
def test_a_deployment_that_signs_with_the_test_ca_is_warned(
    settings: Any, file: str, warnings: list[str]
) -> None:
    settings.SIGNING_FILE = file

    assert [problem.id for problem in signatures_are_real(None)] == warnings
