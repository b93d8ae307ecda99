"""A station's day against a server that commits: its own connection, real transactions, real PostgreSQL.

Inside a test's transaction the database never sees a station's transaction begin or end. It did not see
that Django can't begin one inside a psycopg pipeline, and that every sign-in was answered 500.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import Clock
from kiosk.enrolment import prove
from kiosk.envelope import Envelope, encode_key
from kiosk.journal import Photo
from kiosk.server import Server
from tests.training.signing import Signer, attend, photograph
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.dossiers.models import Evidence
from training.stations.models import Station
from training.stations.services import issue_code

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        "TEST_POSTGRES_URL" not in os.environ, reason="real commits: TEST_POSTGRES_URL is not set"
    ),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def joined(approved: Any, live_server: Any) -> Iterator[tuple[Server, Signer]]:
    """The machine typed its code in; the server knows it from now on."""
    bureau = approved.actor(Role.BUREAU_REVIEWER)
    code = issue_code(approved.institution.pk, station_name="一号终端", actor=bureau)
    key = Ed25519PrivateKey.generate()
    with closing(Server(live_server.url, clock=Clock())) as stranger:
        welcome = stranger.enrol(code, encode_key(key.public_key()), prove(code, key))
    signer = Signer(Station.objects.get(pk=welcome.station), welcome.token, key)
    with closing(Server(live_server.url, welcome.token, clock=Clock())) as server:
        yield server, signer


def answers(server: Server, envelopes: list[Envelope]) -> list[str]:
    return [receipt.status for receipt in server.events(envelopes)]


def test_a_station_joins_fetches_signs_people_in_photographs_and_signs_them_out(
    approved: Any, joined: tuple[Server, Signer], clock: Any
) -> None:
    server, signer = joined
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.all())

    (session,) = json.loads(server.package())["sessions"]
    assert len(session["roster"]) == len(people)

    scans = attend(signer, lesson, people)
    clock.set(lesson.ends_at)
    came, left = scans[: len(people)], scans[len(people) :]
    assert answers(server, came) == ["accepted"] * len(people)

    jpeg = photograph(signer, lesson)
    taken = signer.chain[-1]
    assert answers(server, [*left, taken]) == ["accepted"] * (len(people) + 1)
    assert server.photo(Photo(json.loads(taken.payload)["photo"]["sha256"], jpeg)) == "accepted"

    assert AttendanceEvent.objects.count() == len(scans) + 1
    assert not HeldEnvelope.objects.exists()
    assert Evidence.objects.get().file.sha256 == json.loads(taken.payload)["photo"]["sha256"]


def test_what_was_answered_is_in_the_database_and_sent_again_is_a_duplicate(
    approved: Any, joined: tuple[Server, Signer], clock: Any
) -> None:
    server, signer = joined
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.all())[:3]
    scans = attend(signer, lesson, people)
    clock.set(lesson.ends_at)

    assert answers(server, scans) == ["accepted"] * 6
    assert answers(server, scans) == ["duplicate"] * 6
    assert AttendanceEvent.objects.count() == 6


def test_a_broken_envelope_is_held_and_the_rest_of_its_batch_is_kept(
    approved: Any, joined: tuple[Server, Signer], clock: Any
) -> None:
    server, signer = joined
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.all())[:2]
    scans = attend(signer, lesson, people)
    clock.set(lesson.ends_at)
    forged = Envelope(payload=scans[1].payload, signature=scans[0].signature)

    assert answers(server, [scans[0], forged]) == ["accepted", "held"]
    assert (AttendanceEvent.objects.count(), HeldEnvelope.objects.count()) == (1, 1)
