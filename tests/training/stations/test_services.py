"""One-time codes, and which machines are believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.envelope import encode_key
from tests.training.signing import enrol, scan, send, statuses
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.core.errors import ForbiddenError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.stations.choices import StationStatus
from training.stations.models import Station, StationCode
from training.stations.services import (
    StationCodeError,
    StationRevokedError,
    StationUnknownError,
    authenticate,
    enrol_station,
    issue_code,
    revoke_station,
)


def new_key() -> str:
    return encode_key(Ed25519PrivateKey.generate().public_key())


@pytest.fixture
def code(county: Any) -> str:
    return issue_code(
        county.institution.pk, station_name="一号终端", actor=county.actor(Role.BUREAU_REVIEWER)
    )


def test_a_code_makes_one_machine_a_station_of_its_institution(county: Any, code: str) -> None:
    key = new_key()

    enrolled = enrol_station(code, public_key=key, software="kiosk 0.1")

    station = Station.objects.get()
    assert enrolled.station == station
    assert (station.name, station.institution, station.public_key, station.software, station.status) == (
        "一号终端",
        county.institution,
        key,
        "kiosk 0.1",
        StationStatus.ACTIVE,
    )
    assert authenticate(enrolled.token) == station


def test_neither_the_code_nor_the_token_is_stored(code: str) -> None:
    enrolled = enrol_station(code, public_key=new_key(), software="")

    stored = str([*Station.objects.values(), *StationCode.objects.values(), *AuditEvent.objects.values()])
    assert enrolled.token not in stored
    assert code not in stored
    assert code.replace("-", "") not in stored


def test_a_code_may_be_typed_in_small_letters_and_without_dashes(code: str) -> None:
    assert enrol_station(f" {code.lower().replace('-', ' ')} ", public_key=new_key(), software="").station.pk


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda clock, code: "2222-2222-2222", "code_invalid"),
        (lambda clock, code: "", "code_invalid"),
        (lambda clock, code: enrol_station(code, public_key=new_key(), software="") and code, "code_used"),
        (lambda clock, code: clock.advance(hours=24, seconds=5) or code, "code_expired"),
    ],
    ids=["unknown", "empty", "used", "expired"],
)
def test_a_code_that_is_wrong_used_or_expired_enrols_nobody(
    clock: Any, code: str, spoil: Any, refusal: str
) -> None:
    tried = spoil(clock, code)
    before = list(Station.objects.values())

    with pytest.raises(StationCodeError) as refused:
        enrol_station(tried, public_key=new_key(), software="")

    assert refused.value.code == refusal
    assert list(Station.objects.values()) == before


def test_a_code_still_works_in_its_last_hour(clock: Any, code: str) -> None:
    clock.advance(hours=23, minutes=59)

    assert enrol_station(code, public_key=new_key(), software="").station.name == "一号终端"


@pytest.mark.parametrize("key", ["", "short", "A" * 44, "钥匙", "AAAA", "A" * 64])
def test_a_key_that_is_none_is_refused_and_the_code_stays_good(code: str, key: str) -> None:
    if key == "A" * 44:
        key = "A" * 43 + "!"
    with pytest.raises(StationCodeError) as refused:
        enrol_station(code, public_key=key, software="")

    assert refused.value.code == "key_invalid"
    assert Station.objects.count() == 0
    assert enrol_station(code, public_key=new_key(), software="").station.pk


def test_one_key_is_one_station(county: Any, code: str) -> None:
    key = new_key()
    enrol_station(code, public_key=key, software="")
    another = issue_code(county.institution.pk, station_name="二号终端", actor=county.actor(Role.BUREAU_HEAD))

    with pytest.raises(StationCodeError) as refused:
        enrol_station(another, public_key=key, software="")

    assert refused.value.code == "key_invalid"
    assert Station.objects.count() == 1


@pytest.mark.parametrize(
    "role", [Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.FOLLOW_UP, Role.AUDITOR]
)
def test_only_the_bureau_issues_codes_and_revokes(county: Any, role: Role) -> None:
    signer = enrol(county)
    codes = StationCode.objects.count()

    with pytest.raises(ForbiddenError):
        issue_code(county.institution.pk, station_name="x", actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        revoke_station(str(signer.station.pk), actor=county.actor(role))

    assert StationCode.objects.count() == codes
    assert authenticate(signer.token) == signer.station


def test_another_countys_bureau_can_do_neither(county: Any, other_county: Any) -> None:
    signer = enrol(county)
    stranger = other_county.actor(Role.BUREAU_HEAD)

    with pytest.raises(NotFoundError):
        issue_code(county.institution.pk, station_name="x", actor=stranger)
    with pytest.raises(NotFoundError):
        revoke_station(str(signer.station.pk), actor=stranger)

    assert authenticate(signer.token) == signer.station


def test_a_token_nobody_was_given_is_unknown(county: Any) -> None:
    enrol(county)

    with pytest.raises(StationUnknownError):
        authenticate("guessed")


def test_revoking_stops_a_station_and_keeps_what_it_signed_before(approved: Any) -> None:
    signer = enrol(approved)
    lesson = approved.session.lessons.first()
    scan(signer, "sign_in", lesson, approved.session.enrolments.first(), lesson.starts_at)
    assert statuses(send(signer)) == [("accepted", "")]
    head = approved.actor(Role.BUREAU_HEAD)

    revoke_station(str(signer.station.pk), actor=head)
    trail = AuditEvent.objects.count()
    revoke_station(str(signer.station.pk), actor=head)

    with pytest.raises(StationRevokedError):
        authenticate(signer.token)
    assert AttendanceEvent.objects.get().held_reason == ""
    assert AuditEvent.objects.count() == trail


def test_hearing_from_a_station_is_noted(clock: Any, county: Any) -> None:
    signer = enrol(county)
    clock.advance(hours=1)
    authenticate(signer.token)

    signer.station.refresh_from_db()
    assert signer.station.last_seen_at - signer.station.enrolled_at > timedelta(minutes=59)


def test_a_station_that_asks_again_at_once_is_noted_once(
    clock: Any, county: Any, django_assert_num_queries: Any
) -> None:
    signer = enrol(county)
    authenticate(signer.token)

    with django_assert_num_queries(1):
        authenticate(signer.token)
    clock.advance(seconds=6)
    with django_assert_num_queries(2):
        authenticate(signer.token)


@pytest.mark.parametrize("start", StationStatus)
@pytest.mark.parametrize("target", StationStatus)
def test_a_station_only_ever_goes_from_active_to_revoked(county: Any, start: str, target: str) -> None:
    station = enrol(county).station
    Station.objects.filter(pk=station.pk).update(status=start)
    station.refresh_from_db()

    if (start, target) == ("active", "revoked"):
        station.enter(target)
    else:
        with pytest.raises(InvalidTransitionError):
            station.enter(target)

    station.refresh_from_db()
    assert station.status == ("revoked" if (start, target) == ("active", "revoked") else start)
