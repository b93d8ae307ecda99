"""The published document against the real application.

A fuzzer asks what the document allows, and what it does not; every answer must be one that the document
describes. Bounded, and the same every time: so many examples of each address, made from the schema alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.openapi import from_wsgi

from tests.training.api.conftest import issue
from tests.training.signing import enrol
from training.api import urls as api_urls
from training.api.openapi import OPERATIONS, document
from training.api.operations import ROOT
from training.attendance.models import HeldEnvelope
from training.attendance.package import build_package
from training.core import clock
from training.partners.models import PartnerUse
from training.wsgi import application

load_all_checks()
EXAMPLES = 25
OPEN = {"GET /time", "POST /stations/enrol"}
CONTRACT = Path(__file__).parents[2] / "contract"
UNSURE = CHECKS.get_by_names(["negative_data_rejection"])
"""Not asked of what is made wrong at random: the wrong part may be one that no request can carry. `cover` asks it."""
LENIENT = CHECKS.get_by_names(["negative_data_rejection", "positive_data_acceptance"])
"""Not asked of the station's API: it takes what stations of every age send as far as it can be read (a number for
a time), and what reads well may still be a wrong code."""
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def published(db: None) -> Iterator[Any]:
    """The document as the application serves it; as with Django's own client, the test's connection stays."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield from_wsgi("/api/v1/openapi.json", application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations(published: Any, tag: str) -> Iterator[APIOperation]:
    """What the document offers under that tag."""
    for found in published.get_all_operations():
        operation = found.ok()
        if operation.tags == [tag]:
            yield operation


def fuzz(operation: APIOperation, mode: GenerationMode, headers: dict[str, str], but: Any = None) -> None:
    """Any request that is right, or wrong somewhere; `but` are checks to leave out."""

    @bounded
    @given(operation.as_strategy(mode))
    def every_answer_is_described(case: Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=but)

    every_answer_is_described()


def cover(operation: APIOperation, headers: dict[str, str], but: Any = None) -> None:
    """The limits of every parameter, one by one, and every method that is not offered."""
    config = operation.schema.config.generation_for(operation=operation)
    for case in operation.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=config
    ):
        case.call_and_validate(headers=headers, excluded_checks=but)


def test_a_partner_gets_what_the_document_says(told: Any, published: Any) -> None:
    token = issue(told)
    headers = {"Authorization": f"Bearer {token.text}"}

    for operation in operations(published, "partner"):
        fuzz(operation, GenerationMode.POSITIVE, headers)
        fuzz(operation, GenerationMode.NEGATIVE, headers, UNSURE)
        cover(operation, headers)

    read = dict(PartnerUse.objects.values_list("resource", "answered"))
    assert read.keys() == {operation.name for operation in OPERATIONS if operation.tag == "partner"}
    assert min(read[name] for name in read.keys() - {"partner-session", "partner-timetable"}) > EXAMPLES
    assert sum(PartnerUse.objects.values_list("refused", flat=True)) > EXAMPLES


def test_a_stranger_gets_what_the_document_says(told: Any, published: Any) -> None:
    for operation in operations(published, "partner"):
        fuzz(operation, GenerationMode.POSITIVE, {"Authorization": "Bearer ydp_guessed"})

    assert not PartnerUse.objects.exists()


def test_a_station_gets_what_the_document_says(approved: Any, published: Any) -> None:
    signer = enrol(approved)

    for operation in operations(published, "station"):
        headers = {"Authorization": f"Bearer {signer.token}"} if operation.label not in OPEN else {}
        for mode in GenerationMode:
            fuzz(operation, mode, headers, LENIENT)
        cover(operation, headers, LENIENT)

    assert HeldEnvelope.objects.filter(station=signer.station).exists()


# The document itself, and the examples both halves of the program are held to


def validator(name: str) -> Draft202012Validator:
    """Of one schema of the document, with all that it refers to."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return Draft202012Validator(schema, validate_formats=True)


def examples() -> dict[str, dict[str, Any]]:
    """By name, from `tests/contract/`."""
    said = json.loads((CONTRACT / "envelopes.json").read_text(encoding="utf-8"))
    return {example["name"]: example for example in said["examples"]}


def fits(example: dict[str, Any]) -> bool:
    """Whether the document takes the envelope, and the event that its text is."""
    envelope = {key: example[key] for key in ("payload", "signature")}
    try:
        event = json.loads(example["payload"])
    except ValueError:
        return False
    return validator("Envelope").is_valid(envelope) and validator("Event").is_valid(event)


def test_the_document_is_one(published: Any) -> None:
    published.validate()

    assert published.raw_schema["openapi"] == "3.1.0"
    assert {found.ok().label for found in published.get_all_operations()} == {
        f"{operation.method.upper()} /{operation.path}" for operation in OPERATIONS
    }


def test_every_address_of_the_api_is_in_the_document() -> None:
    served = {pattern.name for pattern in api_urls.urlpatterns}

    assert {operation.name for operation in OPERATIONS} == served - {"api-openapi"}
    for operation in OPERATIONS:
        words = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "SC-1")
        assert reverse(operation.name, kwargs=words) == f"{ROOT}/{operation.path}".format(**words)


def test_everything_that_the_document_refers_to_is_in_it() -> None:
    text = json.dumps(document())

    schemas = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert schemas | {"Event"} == set(document()["components"]["schemas"])
    assert set(re.findall(r"#/components/headers/([\w-]+)", text)) == set(document()["components"]["headers"])


def test_the_examples_that_stations_are_held_to_fit_the_document() -> None:
    believed = {name for name, example in examples().items() if example["verdict"] != "malformed"}

    # The server reads a number that is written as text, to say that the text is not canonical.
    assert {name for name in believed if not fits(examples()[name])} == {"number_as_text"}


def test_what_the_examples_call_malformed_does_not_fit_it() -> None:
    malformed = {name for name, example in examples().items() if example["verdict"] == "malformed"}

    # No schema says how large a number may be that RFC 8785 can still write.
    assert {name for name in malformed if fits(examples()[name])} == {"huge_number"}


def test_the_package_a_station_gets_fits_the_document(approved: Any) -> None:
    package = build_package(enrol(approved).station, at=clock.now())

    assert validator("StationPackage").is_valid(package)
    del package["version"]
    assert not validator("StationPackage").is_valid(package)
