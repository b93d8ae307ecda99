"""HTTP between station and server, as the contract has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from qsessions.models import Session

from kiosk.enrolment import prove as kiosk_prove
from kiosk.envelope import decode_sealing_key, encode_key
from kiosk.report import StationReport
from tests.conftest import CLASS_DAY
from tests.training.reports import make_report
from tests.training.signing import (
    Signer,
    append,
    attend,
    enrol,
    photograph,
    picture,
    prove,
    scan,
    send,
)
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.core.models import StoredFile
from training.demo.scenery import WITNESS_PIN
from training.dossiers.models import Evidence
from training.people.services import record_consent
from training.scheduling.services import approve_session, submit_session
from training.stations.models import Station
from training.stations.services import issue_code, issue_renewal_code, revoke_station

TIME, ENROL, REPORT, PACKAGE, EVENTS, PHOTOS = (
    f"/api/v1/{path}"
    for path in (
        "time",
        "stations/enrol",
        "stations/report",
        "station/package",
        "station/events",
        "station/photos",
    )
)


@pytest.fixture
def signer(approved: Any) -> Signer:
    return enrol(approved)


def bearer(signer: Signer) -> dict[str, str]:
    return {"Authorization": f"Bearer {signer.token}"}


def post_json(client: Client, url: str, body: Any, signer: Signer | None = None) -> HttpResponse:
    headers = bearer(signer) if signer else {}
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(url, data, content_type="application/json", headers=headers)


def post_events(client: Client, signer: Signer, envelopes: Any = None) -> HttpResponse:
    chosen = signer.chain if envelopes is None else envelopes
    body = {"envelopes": [{"payload": e.payload, "signature": e.signature} for e in chosen]}
    return post_json(client, EVENTS, body, signer)


def post_photo(client: Client, signer: Signer, data: bytes) -> HttpResponse:
    upload = SimpleUploadedFile("photo.jpg", data, content_type="image/jpeg")
    return client.post(PHOTOS, {"photo": upload}, headers=bearer(signer))


def is_refusal(response: HttpResponse, status: int, code: str) -> None:
    """The shape of every error: a code for machines, Chinese for people, details as data."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    assert set(body) == {"code", "message", "details"}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in body["message"])
    assert isinstance(body["details"], dict)


# Anybody


def test_the_time_is_told_to_everyone_and_moves_with_the_countys_clock(client: Client, clock: Any) -> None:
    first = client.get(TIME)
    clock.advance(hours=5)
    second = client.get(TIME)

    assert set(first.json()) == {"server_time"}
    told = [datetime.fromisoformat(answer.json()["server_time"]) for answer in (first, second)]
    assert told[0].utcoffset() == timedelta(0)
    assert timedelta(hours=5) <= told[1] - told[0] < timedelta(hours=5, minutes=1)


# Enrolling


def enrol_body(code: str, key: Ed25519PrivateKey | None = None, **changes: Any) -> dict[str, Any]:
    key = key or Ed25519PrivateKey.generate()
    public_key = encode_key(key.public_key())
    proof = prove(code, key)
    return {"code": code, "public_key": public_key, "proof": proof, "software": "kiosk 0.1", **changes}


@pytest.fixture
def code(county: Any) -> str:
    return issue_code(
        county.institution.pk, station_name="一号终端", actor=county.actor(Role.BUREAU_REVIEWER)
    )


def test_a_code_enrols_and_the_answer_is_all_a_station_needs(client: Client, county: Any, code: str) -> None:
    response = post_json(client, ENROL, enrol_body(code))

    body = response.json()
    assert response.status_code == 201
    assert set(body) == {"station", "token", "name", "institution", "server_time", "sealing_key"}
    assert (body["station"], body["name"], body["institution"]) == (
        str(Station.objects.get().pk),
        "一号终端",
        county.institution.name,
    )
    assert decode_sealing_key(body["sealing_key"])
    assert client.get(PACKAGE, headers={"Authorization": f"Bearer {body['token']}"}).status_code == 200


def test_a_wrong_code_a_used_one_an_expired_one_and_a_bad_key_are_told_apart(
    client: Client, clock: Any, county: Any, code: str
) -> None:
    is_refusal(post_json(client, ENROL, enrol_body("2222-2222-2222")), 400, "code_invalid")
    is_refusal(post_json(client, ENROL, enrol_body(code, public_key="no key")), 400, "key_invalid")
    is_refusal(post_json(client, ENROL, enrol_body(code, proof="")), 400, "proof_wrong")
    assert post_json(client, ENROL, enrol_body(code)).status_code == 201
    is_refusal(post_json(client, ENROL, enrol_body(code)), 400, "code_used")

    late = issue_code(county.institution.pk, station_name="二号", actor=county.actor(Role.BUREAU_HEAD))
    clock.advance(hours=25)
    is_refusal(post_json(client, ENROL, enrol_body(late)), 400, "code_expired")
    assert Station.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"code": 1}',
        b'{"code": "x"}',
        b"\xff\xfe",
        b'{"code":"\\ud800","public_key":""}',
    ],
)
def test_what_is_no_request_is_refused_without_a_trace(client: Client, county: Any, body: bytes) -> None:
    is_refusal(post_json(client, ENROL, body), 422, "invalid_input")
    assert Station.objects.count() == 0


def test_a_station_from_before_there_were_proofs_is_told_what_is_missing(client: Client, code: str) -> None:
    body = enrol_body(code)
    del body["proof"]

    is_refusal(post_json(client, ENROL, body), 400, "proof_wrong")


def test_the_station_program_s_own_proof_is_one(client: Client, code: str) -> None:
    key = Ed25519PrivateKey.generate()

    answer = post_json(client, ENROL, enrol_body(code, key, proof=kiosk_prove(f" {code.lower()}", key)))

    assert answer.status_code == 201


def test_a_renewed_station_goes_on_with_its_new_token_only(client: Client, approved: Any) -> None:
    signer = enrol(approved)
    code = issue_renewal_code(str(signer.station.pk), actor=approved.actor(Role.BUREAU_HEAD))

    body = post_json(client, ENROL, enrol_body(code, signer.key)).json()

    assert (body["station"], body["name"]) == (str(signer.station.pk), signer.station.name)
    is_refusal(client.get(PACKAGE, headers=bearer(signer)), 401, "station_unknown")
    signer.token = body["token"]
    assert client.get(PACKAGE, headers=bearer(signer)).status_code == 200
    lesson = approved.session.lessons.first()
    scan(signer, "sign_in", lesson, approved.session.enrolments.first(), lesson.starts_at)
    assert [receipt["status"] for receipt in post_events(client, signer).json()["receipts"]] == ["accepted"]


def test_a_replaced_station_hears_that_it_is_out_of_use(client: Client, approved: Any) -> None:
    old = enrol(approved)
    code = issue_renewal_code(str(old.station.pk), actor=approved.actor(Role.BUREAU_HEAD))

    body = post_json(client, ENROL, enrol_body(code)).json()

    assert body["station"] != str(old.station.pk)
    is_refusal(client.get(PACKAGE, headers=bearer(old)), 403, "station_revoked")


# Which language is spoken


def test_every_address_refuses_a_protocol_that_the_server_does_not_speak(
    client: Client, signer: Signer, code: str
) -> None:
    strange = {"Yidang-Protocol": "0"}
    answers = [
        client.get(TIME, headers=strange),
        client.post(ENROL, enrol_body(code), content_type="application/json", headers=strange),
        client.get(PACKAGE, headers=strange | bearer(signer)),
        client.post(EVENTS, {"envelopes": []}, "application/json", headers=strange | bearer(signer)),
        client.post(PHOTOS, headers=strange | bearer(signer)),
        client.post(REPORT, {}, content_type="application/json", headers=strange | bearer(signer)),
    ]

    for answer in answers:
        is_refusal(answer, 426, "upgrade_needed")
        assert answer["Upgrade"] == "yidang/1"
    assert Station.objects.count() == 1


@pytest.mark.parametrize("said", ["", "2", "1.0", "一", "1, 2"])
def test_only_the_protocol_s_own_number_will_do(client: Client, db: None, said: str) -> None:
    assert client.get(TIME, headers={"Yidang-Protocol": said}).status_code == 426


def test_a_station_from_before_the_header_speaks_the_first_protocol(client: Client, signer: Signer) -> None:
    assert client.get(PACKAGE, headers=bearer(signer)).status_code == 200
    assert client.get(PACKAGE, headers={"Yidang-Protocol": "1"} | bearer(signer)).status_code == 200


def test_a_station_turned_away_for_its_protocol_is_remembered_until_it_reports_again(
    client: Client, signer: Signer
) -> None:
    client.get(PACKAGE, headers={"Yidang-Protocol": "0"} | bearer(signer))
    signer.station.refresh_from_db()
    assert signer.station.report == {"unreadable": True}

    post_report(client, signer)
    signer.station.refresh_from_db()
    assert signer.station.report["unreadable"] is False


# How the station is


def post_report(client: Client, signer: Signer, **changes: Any) -> HttpResponse:
    return post_json(client, REPORT, make_report().model_dump(mode="json") | changes, signer)


def test_a_report_is_kept_and_answered_with_the_time(client: Client, clock: Any, signer: Signer) -> None:
    answer = post_report(client, signer, pending=7, something_newer="ignored")

    signer.station.refresh_from_db()
    assert answer.status_code == 200
    assert set(answer.json()) == {"server_time", "protocol"}
    assert answer.json()["protocol"] == 1
    assert StationReport.model_validate(signer.station.report) == make_report(pending=7)
    assert abs(signer.station.reported_at - signer.station.last_seen_at) < timedelta(seconds=5)
    assert "something_newer" not in signer.station.report


@pytest.mark.parametrize(
    "changes",
    [
        {"pending": -1},
        {"camera": "broken"},
        {"at": "2021-05-18T08:00:00"},
        {"at": "0001-01-01T00:00:00+00:00"},
        {"package_at": "9999-12-31T23:59:59+00:00"},
        {"software": "x" * 65},
        {"boot": None},
    ],
)
def test_what_is_no_report_changes_nothing(client: Client, signer: Signer, changes: dict[str, Any]) -> None:
    is_refusal(post_report(client, signer, **changes), 422, "invalid_input")

    signer.station.refresh_from_db()
    assert (signer.station.report, signer.station.reported_at) == ({}, None)


# Who is calling

CALLS = {
    "package": lambda client, headers: client.get(PACKAGE, headers=headers),
    "events": lambda client, headers: client.post(
        EVENTS, {"envelopes": []}, content_type="application/json", headers=headers
    ),
    "photos": lambda client, headers: client.post(PHOTOS, headers=headers),
    "report": lambda client, headers: client.post(
        REPORT, make_report().model_dump(mode="json"), content_type="application/json", headers=headers
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_without_a_token_of_ours_nobody_is_let_in(client: Client, signer: Signer, call: Any) -> None:
    is_refusal(call(client, {}), 401, "station_unknown")
    for header in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer guessed",
        "Basic eDp5",
        f"bearer {signer.token}",
        "Bearer 钥匙",
    ):
        is_refusal(call(client, {"Authorization": header}), 401, "station_unknown")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_revoked_station_is_told_so_and_nothing_it_sends_is_taken(
    client: Client, approved: Any, signer: Signer, call: Any
) -> None:
    head = approved.actor(Role.BUREAU_HEAD)
    revoke_station(str(signer.station.pk), reason="终端丢失", actor=head)

    is_refusal(call(client, bearer(signer)), 403, "station_revoked")

    lesson = approved.session.lessons.first()
    scan(signer, "sign_in", lesson, approved.session.enrolments.first(), lesson.starts_at)
    is_refusal(post_events(client, signer), 403, "station_revoked")
    assert (AttendanceEvent.objects.count(), HeldEnvelope.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("post", TIME),
        ("get", ENROL),
        ("post", PACKAGE),
        ("get", EVENTS),
        ("get", REPORT),
        ("put", EVENTS),
        ("delete", EVENTS),
        ("get", PHOTOS),
    ],
)
def test_each_address_knows_its_one_method(client: Client, signer: Signer, method: str, url: str) -> None:
    response = getattr(client, method)(url, headers=bearer(signer))

    assert response.status_code == 405
    assert "station" not in response.content.decode()


# The package


def test_the_package_is_what_the_contract_says(client: Client, approved: Any, signer: Signer) -> None:
    people = list(approved.session.enrolments.select_related("trainee"))
    clerk = approved.actor(Role.INSTITUTION_CLERK)
    record_consent(people[0].trainee, given=True, actor=clerk)
    record_consent(people[1].trainee, given=False, actor=clerk)
    record_consent(people[2].trainee, given=True, actor=clerk)
    record_consent(people[2].trainee, given=False, actor=clerk)

    body = client.get(PACKAGE, headers=bearer(signer)).json()

    lessons = list(approved.session.lessons.all())
    witness = approved.session.witnesses.get()
    (session,) = body.pop("sessions")
    match_key = base64.b64decode(session.pop("match_key"))
    roster = session.pop("roster")
    assert len(bytes.fromhex(body.pop("version"))) == 32
    assert datetime.fromisoformat(body.pop("server_time"))
    assert body == {
        "station": {
            "id": str(signer.station.pk),
            "name": "一号终端",
            "institution": approved.institution.name,
            "may": ["bind", "photo", "portrait", "witness"],
        },
        "programme": {
            "code": "SC-2020",
            "name": approved.programme.name,
            "mark_text": "全国电子商务进农村综合示范项目",
            "phones": ["江西省商务厅 0791-86246339", "石城县商务局 0797-5792681"],
        },
    }
    assert session == {
        "code": "SC-2020-TR-F-001",
        "title": "农民电商知识普及培训班",
        "institution": approved.institution.name,
        "face": {
            "enabled": True,
            "pass_below": 0.4,
            "ask_below": 0.5,
            "challenge": False,
            "second_look": 0,
        },
        "sign_in_opens_minutes": 60,
        "sign_out_opens_minutes": 30,
        "check_minutes": 10,
        "witnesses": [
            {"id": witness.pk, "name": "温支书", "post": "琴江镇长江村党支部书记", "pin": witness.pin_hash}
        ],
        "lessons": [
            {
                "id": lesson.pk,
                "sequence": number,
                "on": CLASS_DAY.isoformat(),
                "half_day": half_day,
                "starts_at": start,
                "ends_at": end,
                "topic": topic,
                "instructor": instructor,
                "venue": "石城县电商公共服务中心三楼教室",
                "check_at": None,
            }
            for lesson, number, half_day, start, end, topic, instructor in (
                (
                    lessons[0],
                    1,
                    "am",
                    "2021-05-18T01:00:00+00:00",
                    "2021-05-18T03:15:00+00:00",
                    "电商基础知识",
                    "罗明远",
                ),
                (
                    lessons[1],
                    2,
                    "pm",
                    "2021-05-18T06:00:00+00:00",
                    "2021-05-18T08:15:00+00:00",
                    "电商交易安全",
                    "王思敏",
                ),
            )
        ],
    }
    assert roster == [
        {
            "enrolment": person.pk,
            "number": person.number,
            "name": person.trainee.name,
            "match": hmac.new(match_key, person.trainee.id_number.encode(), hashlib.sha256).hexdigest(),
            "face_consent": person == people[0],
            "tokens": [],
        }
        for person in people
    ]


def test_no_identity_number_no_phone_and_no_pin_travels(
    client: Client, approved: Any, signer: Signer
) -> None:
    text = client.get(PACKAGE, headers=bearer(signer)).content.decode()

    assert WITNESS_PIN not in text
    for person in approved.session.enrolments.select_related("trainee"):
        assert person.trainee.id_number not in text
        assert person.trainee.phone not in text
        assert person.trainee.id_hash not in text


def test_a_package_holds_only_the_stations_own_institution(
    client: Client, signer: Signer, other_county: Any
) -> None:
    submit_session(other_county.session.pk, actor=other_county.actor(Role.INSTITUTION_HEAD))
    approve_session(other_county.session.pk, actor=other_county.actor(Role.BUREAU_REVIEWER))
    theirs = enrol(other_county)

    packages = [client.get(PACKAGE, headers=bearer(station)).json() for station in (signer, theirs)]

    assert [[session["code"] for session in package["sessions"]] for package in packages] == [
        ["SC-2020-TR-F-001"],
        ["YF-2020-TR-F-001"],
    ]
    keys = [package["sessions"][0]["match_key"] for package in packages]
    assert keys[0] != keys[1]
    matches = [{person["match"] for person in package["sessions"][0]["roster"]} for package in packages]
    assert not matches[0] & matches[1]  # the same people, and no way to tell from the two packages


def test_a_session_that_is_not_approved_does_not_travel(client: Client, county: Any) -> None:
    assert client.get(PACKAGE, headers=bearer(enrol(county))).json()["sessions"] == []


@pytest.mark.parametrize(("days", "travels"), [(-15, False), (-14, True), (0, True), (1, True), (2, False)])
def test_a_session_travels_from_two_weeks_before_to_a_day_after(
    client: Client, clock: Any, signer: Signer, days: int, travels: bool
) -> None:
    clock.advance(days=days)

    assert bool(client.get(PACKAGE, headers=bearer(signer)).json()["sessions"]) is travels


def test_the_version_changes_with_the_content_and_not_with_the_time(
    client: Client, clock: Any, approved: Any, signer: Signer
) -> None:
    def version() -> str:
        return str(client.get(PACKAGE, headers=bearer(signer)).json()["version"])

    first = version()
    clock.advance(minutes=5)
    assert version() == first

    trainee = approved.session.enrolments.first().trainee
    record_consent(trainee, given=True, actor=approved.actor(Role.INSTITUTION_CLERK))
    assert version() != first


# Events


def test_each_envelope_gets_its_receipt_in_order(client: Client, approved: Any, signer: Signer) -> None:
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.all()[:2])
    attend(signer, lesson, people)
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, session="nowhere")

    first, again = post_events(client, signer).json(), post_events(client, signer).json()

    digests = [envelope.digest for envelope in signer.chain]
    accepted = {"status": "accepted", "reason": "", "message": ""}
    held = {"status": "held", "reason": "unknown_session", "message": "没有这一期，或不属于本终端的机构"}
    duplicate = {"status": "duplicate", "reason": "", "message": ""}
    assert set(first) == {"server_time", "receipts"}
    assert first["receipts"] == [
        {"digest": digest, **receipt}
        for digest, receipt in zip(digests, [accepted] * 4 + [held], strict=True)
    ]
    assert again["receipts"] == [
        {"digest": digest, **receipt}
        for digest, receipt in zip(digests, [duplicate] * 4 + [held], strict=True)
    ]


def test_two_hundred_go_and_two_hundred_and_one_do_not(client: Client, approved: Any, signer: Signer) -> None:
    lesson, person = approved.session.lessons.first(), approved.session.enrolments.first()
    for second in range(201):
        scan(signer, "sign_in", lesson, person, lesson.starts_at + timedelta(seconds=second))

    is_refusal(post_events(client, signer), 422, "invalid_input")
    assert AttendanceEvent.objects.count() == 0

    answer = post_events(client, signer, signer.chain[:200]).json()
    assert [receipt["status"] for receipt in answer["receipts"]] == ["accepted"] * 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"envelopes": {}}', b'{"envelopes": ["x"]}', b'{"envelopes": [null]}']
)
def test_a_batch_that_is_none_is_refused(client: Client, signer: Signer, body: bytes) -> None:
    is_refusal(post_json(client, EVENTS, body, signer), 422, "invalid_input")
    assert HeldEnvelope.objects.count() == 0


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"payload": "x"},
        {"payload": 7, "signature": None},
        {"payload": "x", "signature": "not base64!"},
        {"payload": "x" * 20_000, "signature": "AAAA"},
        {"payload": "\0", "signature": "\0"},
        {"payload": "x", "signature": "AAAA", "extra": {}},
    ],
)
def test_a_broken_envelope_is_held_and_does_not_spoil_its_batch(
    client: Client, approved: Any, signer: Signer, broken: dict[str, Any]
) -> None:
    lesson = approved.session.lessons.first()
    sound = scan(signer, "sign_in", lesson, approved.session.enrolments.first(), lesson.starts_at)
    body = {"envelopes": [broken, {"payload": sound.payload, "signature": sound.signature}]}

    answers = [post_json(client, EVENTS, body, signer).json()["receipts"] for _time in range(2)]

    assert [[(r["status"], r["reason"]) for r in receipts] for receipts in answers] == [
        [("held", "malformed"), ("accepted", "")],
        [("held", "malformed"), ("duplicate", "")],
    ]
    assert (AttendanceEvent.objects.count(), HeldEnvelope.objects.count()) == (1, 1)


# Photos


def test_a_photo_before_its_event_is_told_to_come_again(
    client: Client, approved: Any, signer: Signer
) -> None:
    jpeg = photograph(signer, approved.session.lessons.first())

    is_refusal(post_photo(client, signer, jpeg), 409, "photo_event_unknown")
    assert (Evidence.objects.count(), StoredFile.objects.filter(name__endswith=".jpg").count()) == (0, 0)

    send(signer)
    first, again = post_photo(client, signer, jpeg), post_photo(client, signer, jpeg)
    digest = hashlib.sha256(jpeg).hexdigest()
    assert (first.status_code, first.json()) == (201, {"sha256": digest, "status": "accepted"})
    assert (again.status_code, again.json()) == (200, {"sha256": digest, "status": "duplicate"})
    assert Evidence.objects.count() == 1


def test_another_stations_photo_is_not_taken_from_this_one(
    client: Client, approved: Any, signer: Signer
) -> None:
    jpeg = photograph(signer, approved.session.lessons.first())
    send(signer)

    is_refusal(post_photo(client, enrol(approved, "二号终端"), jpeg), 409, "photo_event_unknown")
    assert Evidence.objects.count() == 0


def test_a_photo_whose_event_is_held_is_refused_for_good(
    client: Client, approved: Any, signer: Signer
) -> None:
    lesson, jpeg = approved.session.lessons.first(), picture(5)
    taken = {"sha256": hashlib.sha256(jpeg).hexdigest(), "size": len(jpeg)}
    append(signer, "photo", lesson.starts_at, session="nowhere", lesson=lesson.pk, photo=taken)
    send(signer)

    is_refusal(post_photo(client, signer, jpeg), 422, "photo_event_held")


def test_a_photo_that_is_no_jpeg_is_refused_even_if_it_was_signed_for(
    client: Client, approved: Any, signer: Signer
) -> None:
    lesson, text = approved.session.lessons.first(), b"<script>no picture</script>"
    taken = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
    append(signer, "photo", lesson.starts_at, session=approved.session.code, lesson=lesson.pk, photo=taken)
    send(signer)

    is_refusal(post_photo(client, signer, text), 422, "invalid_input")
    assert Evidence.objects.count() == 0


def test_a_photo_request_without_a_photo_is_refused(client: Client, signer: Signer) -> None:
    is_refusal(client.post(PHOTOS, {"other": "x"}, headers=bearer(signer)), 422, "invalid_input")


def test_nothing_of_a_station_needs_a_session_or_a_form_token(approved: Any, signer: Signer) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert post_events(strict, signer).status_code == 200
    assert not Session.objects.exists()
