"""The package as the server makes it is the package as the station reads it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.envelope import encode_key
from kiosk.package import Package
from training.accounts.choices import Role
from training.attendance.package import build_package
from training.enrolment.models import Enrolment
from training.stations.services import enrol_station, issue_code

EIGHT_IN_THE_MORNING = datetime(2021, 5, 18, 0, 0, tzinfo=UTC)


def test_what_the_server_sends_the_station_can_read(approved):
    code = issue_code(approved.institution.pk, station_name="一号", actor=approved.actor(Role.BUREAU_HEAD))
    key = encode_key(Ed25519PrivateKey.generate().public_key())
    station = enrol_station(code, public_key=key, software="test").station

    text = json.dumps(build_package(station, at=EIGHT_IN_THE_MORNING))
    package = Package.model_validate_json(text)

    session = package.sessions[0]
    enrolment = Enrolment.objects.select_related("trainee").order_by("number").first()
    assert [trainee.number for trainee in session.roster] == list(range(1, 13))
    assert session.roster[0].match == session.match(enrolment.trainee.id_number)
    assert enrolment.trainee.id_number not in text
    assert len(package.version) == len(hashlib.sha256().hexdigest())
