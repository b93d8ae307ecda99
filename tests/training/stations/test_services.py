"""One-time codes, and which machines are believed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.envelope import encode_key
from kiosk.report import StationReport
from tests.training.reports import make_report
from tests.training.signing import Signer, enrol, enrol_with, prove, scan, send, statuses
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.stations.choices import StationStatus
from training.stations.models import Station, StationCode
from training.stations.services import (
    StationCodeError,
    StationRevokedError,
    StationUnknownError,
    at_work,
    authenticate,
    enrol_station,
    issue_code,
    issue_renewal_code,
    keep_report,
    permit,
    revoke_station,
)


def new_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public(key: Ed25519PrivateKey) -> str:
    return encode_key(key.public_key())


@pytest.fixture
def code(county: Any) -> str:
    return issue_code(
        county.institution.pk, station_name="一号终端", actor=county.actor(Role.BUREAU_REVIEWER)
    )


@pytest.fixture
def renewal(county: Any) -> Any:
    """A renewal code for a signer's station."""

    def issue(signer: Signer, role: Role = Role.BUREAU_REVIEWER) -> str:
        return issue_renewal_code(str(signer.station.pk), actor=county.actor(role))

    return issue


def test_a_code_makes_one_machine_a_station_of_its_institution(county: Any, code: str) -> None:
    key = new_key()

    enrolled = enrol_with(code, key)

    station = Station.objects.get()
    assert enrolled.station == station
    assert (station.name, station.institution, station.public_key, station.software, station.status) == (
        "一号终端",
        county.institution,
        public(key),
        "test",
        StationStatus.ACTIVE,
    )
    assert authenticate(enrolled.token) == station


def test_neither_the_code_nor_the_token_is_stored(code: str) -> None:
    enrolled = enrol_with(code, new_key())

    stored = str([*Station.objects.values(), *StationCode.objects.values(), *AuditEvent.objects.values()])
    assert enrolled.token not in stored
    assert code not in stored
    assert code.replace("-", "") not in stored


def test_a_code_may_be_typed_in_small_letters_and_without_dashes(code: str) -> None:
    assert enrol_with(f" {code.lower().replace('-', ' ')} ", new_key()).station.pk


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda clock, code: "2222-2222-2222", "code_invalid"),
        (lambda clock, code: "", "code_invalid"),
        (lambda clock, code: enrol_with(code, new_key()) and code, "code_used"),
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
        enrol_with(tried, new_key())

    assert refused.value.code == refusal
    assert list(Station.objects.values()) == before


def test_a_code_still_works_in_its_last_hour(clock: Any, code: str) -> None:
    clock.advance(hours=23, minutes=59)

    assert enrol_with(code, new_key()).station.name == "一号终端"


@pytest.mark.parametrize("key", ["", "short", "A" * 44, "钥匙", "AAAA", "A" * 64])
def test_a_key_that_is_none_is_refused_and_the_code_stays_good(code: str, key: str) -> None:
    if key == "A" * 44:
        key = "A" * 43 + "!"
    with pytest.raises(StationCodeError) as refused:
        enrol_station(code, public_key=key, proof="", software="")

    assert refused.value.code == "key_invalid"
    assert Station.objects.count() == 0
    assert enrol_with(code, new_key()).station.pk


@pytest.mark.parametrize(
    "proof",
    [
        lambda code, key: "",
        lambda code, key: "no base64",
        lambda code, key: "签名",
        lambda code, key: prove(code, new_key()),
        lambda code, key: prove("2222-2222-2222", key),
        lambda code, key: base64.b64encode(key.sign(f"enrol:{code}:{public(key)}".encode())).decode(),
    ],
    ids=["none", "no base64", "no ASCII", "another key", "another code", "the code with its dashes"],
)
def test_who_cannot_sign_with_the_key_does_not_have_it(code: str, proof: Any) -> None:
    key = new_key()
    with pytest.raises(StationCodeError) as refused:
        enrol_station(code, public_key=public(key), proof=proof(code, key), software="")

    assert refused.value.code == "proof_wrong"
    assert Station.objects.count() == 0
    assert enrol_with(code, key).station.pk


def test_one_key_is_one_station(county: Any, code: str) -> None:
    key = new_key()
    enrol_with(code, key)
    another = issue_code(county.institution.pk, station_name="二号终端", actor=county.actor(Role.BUREAU_HEAD))

    with pytest.raises(StationCodeError) as refused:
        enrol_with(another, key)

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
        issue_renewal_code(str(signer.station.pk), actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        permit(str(signer.station.pk), may=[], actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        revoke_station(str(signer.station.pk), reason="丢失", actor=county.actor(role))

    assert StationCode.objects.count() == codes
    assert authenticate(signer.token) == signer.station


def test_another_countys_bureau_can_do_none_of_it(county: Any, other_county: Any) -> None:
    signer = enrol(county)
    stranger = other_county.actor(Role.BUREAU_HEAD)

    with pytest.raises(NotFoundError):
        issue_code(county.institution.pk, station_name="x", actor=stranger)
    with pytest.raises(NotFoundError):
        issue_renewal_code(str(signer.station.pk), actor=stranger)
    with pytest.raises(NotFoundError):
        permit(str(signer.station.pk), may=[], actor=stranger)
    with pytest.raises(NotFoundError):
        revoke_station(str(signer.station.pk), reason="丢失", actor=stranger)

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

    revoke_station(str(signer.station.pk), reason="终端丢失", actor=head)
    trail = AuditEvent.objects.count()
    revoke_station(str(signer.station.pk), reason="又一次", actor=head)

    with pytest.raises(StationRevokedError):
        authenticate(signer.token)
    assert AttendanceEvent.objects.get().held_reason == ""
    assert AuditEvent.objects.count() == trail
    assert AuditEvent.objects.get(verb="station.revoked").details == {"reason": "终端丢失"}


def test_revoking_takes_a_reason(county: Any) -> None:
    signer = enrol(county)

    with pytest.raises(InvalidInputError):
        revoke_station(str(signer.station.pk), reason=" ", actor=county.actor(Role.BUREAU_HEAD))

    assert authenticate(signer.token) == signer.station


# Renewing


def test_the_machine_that_holds_the_key_stays_the_station_and_gets_a_new_token(
    county: Any, renewal: Any
) -> None:
    signer = enrol(county)

    again = enrol_with(renewal(signer), signer.key)

    assert again.station == signer.station
    assert authenticate(again.token) == signer.station
    with pytest.raises(StationUnknownError):
        authenticate(signer.token)
    assert AuditEvent.objects.filter(verb="station.renewed", subject_id=str(signer.station.pk)).count() == 1


def test_another_machine_takes_the_place_of_the_old_one(county: Any, renewal: Any) -> None:
    signer = enrol(county)
    permit(str(signer.station.pk), may=["witness"], actor=county.actor(Role.BUREAU_HEAD))

    new = enrol_with(renewal(signer), new_key())

    signer.station.refresh_from_db()
    assert new.station.replaces == signer.station
    assert (new.station.name, new.station.institution, new.station.may) == (
        signer.station.name,
        signer.station.institution,
        ["witness"],
    )
    assert signer.station.status == StationStatus.REVOKED
    assert authenticate(new.token) == new.station
    with pytest.raises(StationRevokedError):
        authenticate(signer.token)
    verbs = AuditEvent.objects.filter(subject_type="stations.Station").values_list("verb", "subject_id")
    assert ("station.revoked", str(signer.station.pk)) in verbs
    assert ("station.enrolled", str(new.station.pk)) in verbs


def test_a_station_is_replaced_once(county: Any, renewal: Any) -> None:
    signer = enrol(county)
    first, second = renewal(signer), renewal(signer)
    enrol_with(first, new_key())

    for key in (new_key(), signer.key):
        with pytest.raises(StationCodeError) as refused:
            enrol_with(second, key)
        assert refused.value.code == "code_invalid"
    assert Station.objects.count() == 2


def test_a_renewal_code_does_not_serve_a_station_of_another_name(county: Any, renewal: Any) -> None:
    first, second = enrol(county, "一号终端"), enrol(county, "二号终端")

    with pytest.raises(StationCodeError) as refused:
        enrol_with(renewal(first), second.key)

    assert refused.value.code == "key_invalid"
    assert authenticate(first.token) == first.station


def test_a_station_out_of_use_is_not_renewed(county: Any, renewal: Any) -> None:
    signer = enrol(county)
    issued = renewal(signer)
    revoke_station(str(signer.station.pk), reason="终端丢失", actor=county.actor(Role.BUREAU_HEAD))

    with pytest.raises(InvalidTransitionError):
        renewal(signer)
    with pytest.raises(StationCodeError):
        enrol_with(issued, signer.key)


def test_a_machine_whose_welcome_got_lost_asks_again_with_the_same_code(county: Any, code: str) -> None:
    key = new_key()
    lost = enrol_with(code, key)

    again = enrol_with(code, key)

    assert again.station == lost.station
    assert authenticate(again.token) == again.station
    with pytest.raises(StationUnknownError):
        authenticate(lost.token)
    with pytest.raises(StationCodeError) as refused:
        enrol_with(code, new_key())
    assert refused.value.code == "code_used"


# What it may do, and how it is


def test_a_station_may_what_the_bureau_says(county: Any) -> None:
    station, head = enrol(county).station, county.actor(Role.BUREAU_HEAD)
    assert station.may == ["witness", "portrait", "photo", "bind"]

    permit(str(station.pk), may=["photo", "witness"], actor=head)
    permit(str(station.pk), may=["witness", "photo"], actor=head)

    station.refresh_from_db()
    assert station.may == ["witness", "photo"]
    assert AuditEvent.objects.get(verb="station.permitted").details == {
        "may": ["witness", "photo"],
        "before": ["witness", "portrait", "photo", "bind"],
    }
    with pytest.raises(InvalidInputError):
        permit(str(station.pk), may=["fly"], actor=head)


def test_the_last_report_is_kept_in_one_statement(
    county: Any, clock: Any, django_assert_num_queries: Any
) -> None:
    station = enrol(county).station
    keep_report(station, make_report(held=1), at=datetime(2021, 5, 18, 0, 0, tzinfo=UTC))

    with django_assert_num_queries(1):
        keep_report(station, make_report(software="kiosk 0.2"), at=datetime(2021, 5, 18, 0, 1, tzinfo=UTC))

    station.refresh_from_db()
    assert StationReport.model_validate(station.report) == make_report(software="kiosk 0.2")
    assert (station.reported_at, station.software) == (
        datetime(2021, 5, 18, 0, 1, tzinfo=UTC),
        "kiosk 0.2",
    )


def test_a_report_is_kept_though_its_text_holds_nul_and_its_numbers_are_mad(county: Any) -> None:
    station = enrol(county).station

    keep_report(station, make_report(reader_detail="05\0.03", disk_free=10**60), at=station.enrolled_at)

    station.refresh_from_db()
    assert (station.report["reader_detail"], station.report["disk_free"]) == ("05.03", 2**53)


# Contact


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


def test_a_station_at_work_is_known_locked_and_noted_in_one_statement(
    clock: Any, county: Any, django_assert_num_queries: Any
) -> None:
    signer = enrol(county)
    clock.advance(hours=1)

    # Between a savepoint and its release, because a test is a transaction already.
    with django_assert_num_queries(3), at_work(signer.token) as station:
        found = (station.pk, station.institution_id, station.public_key)

    assert found == (signer.station.pk, county.institution.pk, signer.station.public_key)
    assert station.name == signer.station.name  # fetched when it is asked for
    signer.station.refresh_from_db()
    assert signer.station.last_seen_at - signer.station.enrolled_at > timedelta(minutes=59)


def test_nobody_works_with_a_token_that_is_unknown_or_revoked(clock: Any, county: Any) -> None:
    signer = enrol(county)
    revoke_station(str(signer.station.pk), reason="丢失", actor=county.actor(Role.BUREAU_HEAD))
    seen = Station.objects.get().last_seen_at
    clock.advance(hours=1)

    with pytest.raises(StationRevokedError), at_work(signer.token):
        pass
    with pytest.raises(StationUnknownError), at_work("guessed"):
        pass
    assert Station.objects.get().last_seen_at == seen


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
