"""The package as the server makes it is the package as the station reads it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kiosk.envelope import Enrolled, WitnessSaid
from kiosk.package import Package
from tests.training.signing import append, enrol, send
from training.attendance.package import build_package
from training.enrolment.models import Enrolment

EIGHT_IN_THE_MORNING = datetime(2021, 5, 18, 0, 0, tzinfo=UTC)


def test_what_the_server_sends_the_station_can_read(approved):
    station = enrol(approved).station

    text = json.dumps(build_package(station, at=EIGHT_IN_THE_MORNING))
    package = Package.model_validate_json(text)

    session = package.sessions[0]
    enrolment = Enrolment.objects.select_related("trainee").order_by("number").first()
    assert [trainee.number for trainee in session.roster] == list(range(1, 13))
    assert session.roster[0].match == session.match(enrolment.trainee.id_number)
    assert enrolment.trainee.id_number not in text
    assert len(package.version) == len(hashlib.sha256().hexdigest())


def test_cards_that_were_given_checks_and_the_ways_of_the_face_travel_too(approved, clock):
    """The last to be given a card has it; a card that was taken back is nobody's."""
    session = approved.session
    body = session.rule_set.body
    body["attendance"] |= {"check_share": 0.5, "check_minutes": 7}
    body["face"] |= {"challenge": True, "second_look": 0.05}
    session.rule_set.save()
    signer, lesson = enrol(approved), session.lessons.first()
    first, second, third = session.enrolments.all()[:3]
    one, two, three = (digit * 64 for digit in "abc")
    wrong = UUID(int=7)
    given = [(first, one, {}), (first, two, {}), (second, one, {}), (third, three, {"event": wrong})]
    for number, (person, token, fields) in enumerate(given):
        append(
            signer, "bind", lesson.starts_at + timedelta(seconds=number), session=session.code,
            person=Enrolled(enrolment=person.pk), token=token, witness=WitnessSaid(id=1), **fields,
        )  # fmt: skip
    append(signer, "void", lesson.ends_at, session=session.code, voids=wrong)
    send(signer)

    package = Package.model_validate(build_package(signer.station, at=EIGHT_IN_THE_MORNING))

    there = package.sessions[0]
    assert [trainee.tokens for trainee in there.roster[:3]] == [(two,), (one,), ()]
    assert (there.check_minutes, there.face.challenge, there.face.second_look) == (7, True, 0.05)
    (checked,) = (row for row in there.lessons if row.check_at)
    assert checked.starts_at < checked.check_at < checked.ends_at
    assert build_package(signer.station, at=EIGHT_IN_THE_MORNING)["version"] == package.version
