"""What the server makes of what a station sends. Real keys, the real wire format, no mock anywhere."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kiosk.envelope import GENESIS, Enrolled, Envelope, WitnessSaid, seal_card, sign, unseal_card
from tests.training.signing import (
    Signer,
    append,
    attend,
    enrol,
    make_event,
    photograph,
    scan,
    send,
    statuses,
)
from training.accounts.choices import Role
from training.attendance.ledger import receive
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.attendance.queries import counted_scans, prove, register, templates
from training.dossiers.services import close_session
from training.enrolment.services import withdraw_enrolment
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson
from training.scheduling.services import approve_session, submit_session
from training.stations.services import at_work

ACCEPTED, DUPLICATE = ("accepted", ""), ("duplicate", "")


def held(reason: str) -> tuple[str, str]:
    return "held", reason


def ledger() -> list[tuple[Any, ...]]:
    """Everything that is stored about events, in full."""
    return [
        *AttendanceEvent.objects.order_by("pk").values_list(),
        *HeldEnvelope.objects.order_by("pk").values_list(),
    ]


def forge(envelope: Envelope, **changes: Any) -> Envelope:
    return envelope.model_copy(update=changes)


def template(signer: Signer, kind: str, lesson: Lesson, person: Any) -> Envelope:
    """A face template came to be on the station, or is deleted there."""
    about = Enrolled(enrolment=person.pk)
    return append(signer, kind, lesson.starts_at, session=lesson.training_session.code, person=about)


def give_card(signer: Signer, lesson: Lesson, person: Any, **fields: Any) -> Envelope:
    """A witness gives somebody a token card."""
    about = {
        "session": lesson.training_session.code,
        "person": Enrolled(enrolment=person.pk),
        "token": "ab" * 32,
        "witness": WitnessSaid(id=1),
    }
    return append(signer, "bind", lesson.starts_at, **about | fields)


# Accepted


def test_a_signed_event_is_stored_as_received_and_answered(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    envelope = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)

    receipts = send(signer, at=lesson.starts_at)

    assert [(r.digest, r.status, r.reason, r.message) for r in receipts] == [
        (envelope.digest, "accepted", "", "")
    ]
    (event,) = AttendanceEvent.objects.all()
    assert (event.payload, event.signature) == (envelope.payload, envelope.signature)
    assert (event.station, event.seq, event.prev, event.kind, event.method) == (
        signer.station,
        1,
        GENESIS,
        "sign_in",
        "card",
    )
    assert (event.training_session, event.lesson, event.enrolment) == (
        lesson.training_session,
        lesson,
        people[0],
    )
    assert (event.captured_at, event.received_at) == (lesson.starts_at, lesson.starts_at)
    assert (event.held_reason, event.notes) == ("", [])
    assert prove(event).signature_ok
    assert prove(event).chain_ok


def test_a_replayed_batch_is_all_duplicates_and_changes_nothing(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    attend(signer, lesson, people)
    assert statuses(send(signer)) == [ACCEPTED] * 24
    before = ledger()

    assert statuses(send(signer)) == [DUPLICATE] * 24
    assert ledger() == before


def test_what_is_held_is_held_again_for_a_station_that_lost_the_answer(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    scan(signer, "sign_in", lesson, people[1], lesson.starts_at + timedelta(days=3))
    expected = [ACCEPTED, held("outside_lesson")]
    assert statuses(send(signer)) == expected

    assert statuses(send(signer)) == [DUPLICATE, held("outside_lesson")]


def test_an_envelope_twice_in_one_batch_is_stored_once(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    envelope = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)

    assert statuses(send(signer, [envelope, envelope])) == [ACCEPTED, ACCEPTED]
    assert AttendanceEvent.objects.count() == 1


@pytest.mark.parametrize("count", [1, 24])
def test_a_batch_takes_two_statements_however_many_are_in_it(
    signer: Signer, lesson: Lesson, people: list[Any], count: int, django_assert_num_queries: Any
) -> None:
    attend(signer, lesson, people)

    with at_work(signer.token) as station, django_assert_num_queries(2):
        assert statuses(receive(station, signer.chain[:count], at=lesson.ends_at)) == [ACCEPTED] * count


def test_an_empty_batch_is_answered_with_nothing(signer: Signer) -> None:
    assert send(signer, []) == []


def test_every_kind_of_event_is_accepted(signer: Signer, lesson: Lesson, people: list[Any]) -> None:
    wrong = UUID(int=7)
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, event=wrong)
    scan(signer, "sign_out", lesson, people[0], lesson.ends_at)
    photograph(signer, lesson)
    append(signer, "attempt", lesson.starts_at, session=lesson.training_session.code)
    scan(signer, "check", lesson, people[0], lesson.starts_at)
    give_card(signer, lesson, people[0])
    append(signer, "void", lesson.ends_at, session=lesson.training_session.code, voids=wrong)
    template(signer, "portrait", lesson, people[0])
    template(signer, "forget", lesson, people[0])

    assert statuses(send(signer)) == [ACCEPTED] * 9


# Order and chain


def test_out_of_order_is_noted_as_a_gap_and_the_gap_closes(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    one, two, three = (scan(signer, "sign_in", lesson, who, lesson.starts_at) for who in people[:3])

    assert statuses(send(signer, [three])) == [ACCEPTED]
    third = AttendanceEvent.objects.get()
    assert third.notes == ["gap"]
    assert prove(third).chain_ok is None

    assert statuses(send(signer, [two, one])) == [ACCEPTED, ACCEPTED]
    assert [prove(event).chain_ok for event in AttendanceEvent.objects.order_by("seq")] == [True, True, True]
    assert [event.notes for event in AttendanceEvent.objects.order_by("seq")] == [[], [], ["gap"]]


def test_a_fork_is_held_and_the_first_stands(signer: Signer, lesson: Lesson, people: list[Any]) -> None:
    first = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    signer.chain.clear()
    second = scan(signer, "sign_in", lesson, people[1], lesson.starts_at)

    assert statuses(send(signer, [first])) == [ACCEPTED]
    assert statuses(send(signer, [second])) == [held("fork")]
    assert statuses(send(signer, [second, first])) == [held("fork"), DUPLICATE]
    assert AttendanceEvent.objects.get().enrolment == people[0]
    assert list(HeldEnvelope.objects.values_list("payload", "signature", "reason")) == [
        (second.payload, second.signature, "fork")
    ]


@pytest.mark.parametrize("first_to_arrive", [1, 2])
def test_an_event_that_names_another_predecessor_is_held(
    signer: Signer, lesson: Lesson, people: list[Any], first_to_arrive: int
) -> None:
    one = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    two = scan(signer, "sign_in", lesson, people[1], lesson.starts_at, prev="ab" * 32)
    ordered = [one, two] if first_to_arrive == 1 else [two, one]

    assert [statuses(send(signer, [envelope])) for envelope in ordered] == [
        [ACCEPTED],
        [held("chain_broken")],
    ]
    assert AttendanceEvent.objects.get().seq == first_to_arrive


def test_a_first_event_must_begin_the_chain(signer: Signer, lesson: Lesson, people: list[Any]) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, prev="ab" * 32)

    assert statuses(send(signer)) == [held("chain_broken")]


def test_an_event_id_used_twice_is_held(signer: Signer, lesson: Lesson, people: list[Any]) -> None:
    twice = UUID(int=7)
    for person in people[:2]:
        scan(signer, "sign_in", lesson, person, lesson.starts_at, event=twice)

    assert statuses(send(signer)) == [ACCEPTED, held("event_reused")]
    assert AttendanceEvent.objects.get().enrolment == people[0]


# Not to be believed


def test_another_key_is_a_bad_signature(signer: Signer, lesson: Lesson, people: list[Any]) -> None:
    event = make_event(signer, "sign_in", lesson.starts_at, session=lesson.training_session.code)
    false = sign(event, Ed25519PrivateKey.generate())

    assert statuses(send(signer, [false])) == [held("bad_signature")]
    assert AttendanceEvent.objects.count() == 0
    assert HeldEnvelope.objects.get().payload == false.payload


def test_a_signature_damaged_on_the_way_does_not_keep_the_sound_envelope_out(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    sound = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    damaged = forge(sound, signature=base64.b64encode(bytes(64)).decode())

    assert statuses(send(signer, [damaged])) == [held("bad_signature")]
    assert statuses(send(signer, [damaged, sound])) == [held("bad_signature"), ACCEPTED]
    assert statuses(send(signer, [sound])) == [DUPLICATE]
    assert (AttendanceEvent.objects.count(), HeldEnvelope.objects.count()) == (1, 1)


def test_the_same_data_in_other_bytes_is_not_canonical(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    sound = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    spaced = json.dumps(json.loads(sound.payload))
    signature = base64.b64encode(signer.key.sign(spaced.encode())).decode()

    assert statuses(send(signer, [Envelope(payload=spaced, signature=signature)])) == [held("not_canonical")]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: "not JSON",
        lambda data: "[]",
        lambda data: "\0",
        lambda data: rfc8785.dumps({**data, "v": 2}).decode(),
        lambda data: rfc8785.dumps({**data, "seq": 0}).decode(),
        lambda data: rfc8785.dumps({**data, "kind": "dance"}).decode(),
        lambda data: rfc8785.dumps({**data, "captured_at": "2021-05-18T09:00:00"}).decode(),
        lambda data: rfc8785.dumps({**data, "session": "\0"}).decode(),
        lambda data: rfc8785.dumps({**data, "extra": 1}).decode(),
        lambda data: rfc8785.dumps({key: data[key] for key in data if key != "station"}).decode(),
        lambda data: json.dumps({**data, "lesson": 2**70}, separators=(",", ":"), sort_keys=True),
    ],
    ids=[
        "text", "list", "nul", "version", "seq", "kind", "no-zone", "control-character", "extra", "missing",
        "huge-number",
    ],
)  # fmt: skip
def test_what_is_no_event_is_held_as_malformed_and_spoils_nothing_beside_it(
    signer: Signer, lesson: Lesson, people: list[Any], damage: Callable[[dict[str, Any]], str]
) -> None:
    sound = scan(signer, "sign_in", lesson, people[0], lesson.starts_at)
    payload = damage(json.loads(sound.payload))
    signature = base64.b64encode(signer.key.sign(payload.encode())).decode()
    broken = Envelope(payload=payload, signature=signature)

    assert statuses(send(signer, [broken, sound])) == [held("malformed"), ACCEPTED]
    assert statuses(send(signer, [broken, sound])) == [held("malformed"), DUPLICATE]
    assert (AttendanceEvent.objects.count(), HeldEnvelope.objects.count()) == (1, 1)


def test_another_stations_event_is_not_taken_from_this_one(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    other = enrol(approved, "二号终端")
    theirs = scan(other, "sign_in", lesson, people[0], lesson.starts_at)
    claimed = sign(
        make_event(signer, "sign_in", lesson.starts_at, session="x", station=other.station.pk), signer.key
    )

    assert statuses(send(signer, [theirs, claimed])) == [held("bad_signature"), held("wrong_station")]
    assert AttendanceEvent.objects.count() == 0

    assert statuses(send(other)) == [ACCEPTED]
    assert statuses(send(signer, [theirs])) == [held("bad_signature")]


# Believed, kept, and not counted


def test_an_unknown_session_is_held(signer: Signer, lesson: Lesson, people: list[Any]) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, session="XX-0000-XX-X-999")

    assert statuses(send(signer)) == [held("unknown_session")]


def test_another_institutions_session_looks_exactly_like_one_that_does_not_exist(
    signer: Signer, other_county: Any, lesson: Lesson
) -> None:
    submit_session(other_county.session.pk, actor=other_county.actor(Role.INSTITUTION_HEAD))
    approve_session(other_county.session.pk, actor=other_county.actor(Role.BUREAU_REVIEWER))
    their_lesson = other_county.session.lessons.first()
    their_person = other_county.session.enrolments.first()
    scan(signer, "sign_in", their_lesson, their_person, their_lesson.starts_at)
    scan(signer, "sign_in", their_lesson, their_person, their_lesson.starts_at, session="XX-0000-XX-X-999")

    receipts = send(signer)

    assert statuses(receipts) == [held("unknown_session")] * 2
    assert {receipt.message for receipt in receipts} == {"没有这一期，或不属于本终端的机构"}
    stored = AttendanceEvent.objects.values_list("training_session", "lesson", "enrolment")
    assert list(stored) == [(None, None, None)] * 2
    assert counted_scans([other_county.session]) == {}


def test_somebody_of_another_session_is_not_on_this_roster(
    signer: Signer, other_county: Any, lesson: Lesson
) -> None:
    scan(signer, "sign_in", lesson, other_county.session.enrolments.first(), lesson.starts_at)

    assert statuses(send(signer)) == [held("not_on_roster")]
    assert AttendanceEvent.objects.get().enrolment is None


def test_a_walk_in_is_kept_with_the_sealed_card_that_only_the_server_opens(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    key = X25519PrivateKey.from_private_bytes(base64.b64decode(settings.SEALING_KEY))
    card = {"name": "张𬭎", "id_number": "11010519491231002X"}
    walk_in = seal_card(card, key.public_key())
    scan(signer, "sign_in", lesson, walk_in, lesson.starts_at)

    assert statuses(send(signer)) == [held("not_on_roster")]
    event = AttendanceEvent.objects.get()
    assert (event.training_session, event.lesson, event.enrolment) == (lesson.training_session, lesson, None)
    assert "11010519491231002X" not in event.payload
    assert unseal_card(walk_in, key) == card
    assert counted_scans([lesson.training_session]) == {}


@pytest.mark.parametrize("hours", [-24, 15, 24 * 30])
def test_a_scan_on_another_day_than_the_lesson_is_held(
    signer: Signer, lesson: Lesson, people: list[Any], hours: int
) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at + timedelta(hours=hours))

    assert statuses(send(signer)) == [held("outside_lesson")]


@pytest.mark.parametrize("chosen", [None, 10**9])
def test_a_lesson_that_is_not_there_is_held(
    signer: Signer, lesson: Lesson, people: list[Any], chosen: int | None
) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, lesson=chosen)

    assert statuses(send(signer)) == [held("unknown_lesson")]


def test_a_lesson_of_another_session_is_held(
    signer: Signer, other_county: Any, lesson: Lesson, people: list[Any]
) -> None:
    scan(
        signer, "sign_in", lesson, people[0], lesson.starts_at, lesson=other_county.session.lessons.first().pk
    )

    assert statuses(send(signer)) == [held("unknown_lesson")]
    assert AttendanceEvent.objects.get().lesson is None


def test_before_approval_nothing_counts(county: Any) -> None:
    signer, lesson = enrol(county), county.session.lessons.first()
    attend(signer, lesson, county.session.enrolments.all()[:1])

    assert statuses(send(signer)) == [held("session_not_open")] * 2
    assert counted_scans([county.session]) == {}


def test_after_closing_a_late_event_is_kept_and_changes_no_result(
    approved: Any, clock: Any, signer: Signer, people: list[Any]
) -> None:
    lessons = list(approved.session.lessons.all())
    for lesson in lessons:
        attend(signer, lesson, people[:10])
    send(signer)
    clock.set(lessons[-1].ends_at + timedelta(hours=1))
    close_session(approved.session.pk, actor=approved.actor(Role.INSTITUTION_CLERK))
    before = register(approved.session)

    late = attend(signer, lessons[0], people[10:])

    assert statuses(send(signer, late)) == [held("session_not_open")] * 4
    assert register(approved.session) == before


def test_an_answer_to_a_check_needs_its_lesson_and_its_person_as_a_sign_in_does(
    signer: Signer, lesson: Lesson, people: list[Any], other_county: Any
) -> None:
    stranger = other_county.session.enrolments.first()
    scan(signer, "check", lesson, people[0], lesson.starts_at)
    scan(signer, "check", lesson, stranger, lesson.starts_at)
    scan(signer, "check", lesson, people[0], lesson.starts_at, lesson=None)
    scan(signer, "check", lesson, people[0], lesson.starts_at + timedelta(days=1))

    assert statuses(send(signer)) == [
        ACCEPTED,
        held("not_on_roster"),
        held("unknown_lesson"),
        held("outside_lesson"),
    ]


def test_a_visit_that_nobody_confirmed_is_evidence_and_nothing_else(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    scan(signer, "attempt", lesson, people[0], lesson.starts_at, method=None)
    append(signer, "attempt", lesson.starts_at, session=lesson.training_session.code)

    assert statuses(send(signer)) == [ACCEPTED] * 2
    assert counted_scans([approved.session]) == {}


def test_a_card_is_given_to_somebody_on_the_roster_by_a_witness(
    signer: Signer, lesson: Lesson, people: list[Any], other_county: Any
) -> None:
    give_card(signer, lesson, people[0])
    give_card(signer, lesson, other_county.session.enrolments.first())
    give_card(signer, lesson, people[0], token=None)
    give_card(signer, lesson, people[0], witness=None)

    assert statuses(send(signer)) == [
        ACCEPTED,
        held("not_on_roster"),
        held("malformed"),
        held("malformed"),
    ]
    assert AttendanceEvent.objects.count() == 4


# Templates: proof, never attendance


@pytest.mark.parametrize("kind", ["portrait", "forget"])
def test_the_record_of_a_template_counts_for_nothing_and_starts_no_session(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any], kind: str
) -> None:
    before = register(approved.session)
    template(signer, kind, lesson, people[0])

    assert statuses(send(signer)) == [ACCEPTED]

    event = AttendanceEvent.objects.get()
    assert (event.kind, event.enrolment, event.lesson, event.method) == (kind, people[0], None, "")
    assert counted_scans([approved.session]) == {}
    assert register(approved.session) == before
    approved.session.refresh_from_db()
    assert approved.session.status == SessionStatus.APPROVED


def test_a_template_s_record_is_believed_before_approval_and_for_whoever_left_the_roster(county: Any) -> None:
    signer, lesson = enrol(county), county.session.lessons.first()
    person = county.session.enrolments.first()
    withdraw_enrolment(person.pk, reason="不来了", actor=county.actor(Role.INSTITUTION_CLERK))
    template(signer, "forget", lesson, person)
    scan(signer, "sign_in", lesson, person, lesson.starts_at)

    assert statuses(send(signer)) == [ACCEPTED, held("session_not_open")]
    assert list(AttendanceEvent.objects.values_list("enrolment", flat=True)) == [person.pk, None]


def test_a_template_of_somebody_who_was_never_on_the_roster_is_held(
    signer: Signer, other_county: Any, lesson: Lesson
) -> None:
    template(signer, "forget", lesson, other_county.session.enrolments.first())
    append(signer, "forget", lesson.starts_at, session=lesson.training_session.code)
    append(signer, "forget", lesson.starts_at, session=other_county.session.code)

    assert statuses(send(signer)) == [held("not_on_roster")] * 2 + [held("unknown_session")]
    assert templates(lesson.training_session) == []


def test_each_station_s_templates_are_told_apart_and_the_last_record_counts(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    second = enrol(approved, "二号终端")
    for kind in ("portrait", "forget", "portrait"):
        template(signer, kind, lesson, people[1])
    for kind in ("portrait", "forget"):
        template(second, kind, lesson, people[0])
    template(second, "forget", lesson, people[2])
    send(signer)
    send(second)

    assert [
        (row.enrolment, row.station.name, row.made and row.made.seq, row.forgotten and row.forgotten.seq)
        for row in templates(approved.session)
    ] == [(people[0], "二号终端", 1, 2), (people[1], "一号终端", 3, None), (people[2], "二号终端", None, 3)]


# Notes: it counts, and somebody should look


@pytest.mark.parametrize(("minutes", "notes"), [(0, []), (60, []), (61, ["late"])])
def test_what_arrives_more_than_an_hour_late_says_so_and_counts(
    signer: Signer, lesson: Lesson, people: list[Any], minutes: int, notes: list[str]
) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at)

    assert statuses(send(signer, at=lesson.starts_at + timedelta(minutes=minutes))) == [ACCEPTED]
    assert AttendanceEvent.objects.get().notes == notes


@pytest.mark.parametrize(
    ("offset_ms", "notes"), [(None, []), (120_000, []), (-120_001, ["clock"]), (86_400_000, ["clock"])]
)
def test_a_clock_more_than_two_minutes_off_says_so_and_counts(
    signer: Signer, lesson: Lesson, people: list[Any], offset_ms: int | None, notes: list[str]
) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, clock_offset_ms=offset_ms)

    assert statuses(send(signer, at=lesson.starts_at)) == [ACCEPTED]
    assert AttendanceEvent.objects.get().notes == notes


# Voids


def test_a_void_takes_its_event_out_of_the_register_and_out_of_nothing_else(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    wrong, right = UUID(int=1), UUID(int=2)
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, event=wrong)
    scan(signer, "sign_in", lesson, people[1], lesson.starts_at, event=right)
    append(signer, "void", lesson.starts_at, session=lesson.training_session.code, voids=wrong)
    send(signer)

    assert set(counted_scans([approved.session])) == {people[1].pk}
    assert AttendanceEvent.objects.count() == 3


def test_a_void_that_names_another_session_voids_nothing(
    make_county: Any, signer: Signer, lesson: Lesson, people: list[Any], other_county: Any
) -> None:
    """Alone or listed together with the session the void stands in, the result is the same."""
    submit_session(other_county.session.pk, actor=other_county.actor(Role.INSTITUTION_HEAD))
    approve_session(other_county.session.pk, actor=other_county.actor(Role.BUREAU_REVIEWER))
    event = UUID(int=1)
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, event=event)
    send(signer)
    stranger = enrol(other_county)
    append(stranger, "void", lesson.starts_at, session=other_county.session.code, voids=event)
    assert statuses(send(stranger)) == [ACCEPTED]

    alone = counted_scans([lesson.training_session])
    together = counted_scans([lesson.training_session, other_county.session])

    assert set(alone) == {people[0].pk}
    assert alone == together


# However it arrives


@st.composite
def deliveries(draw: st.DrawFn, length: int) -> list[list[int]]:
    """The indices 0…length-1, each at least once, in any order, in any batches."""
    order = draw(
        st.permutations([*range(length), *draw(st.lists(st.integers(0, length - 1), max_size=length))])
    )
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=4)))
    return [list(order[start:end]) for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def counted(session: Any) -> Any:
    return [
        (page.on, page.half_day, [(line.enrolment.pk, line.presence) for line in page.lines])
        for page in register(session)
    ]


def arrived() -> list[tuple[Any, ...]]:
    """The ledger without what depends on when things came: row numbers, times of receipt and notes."""
    fields = (
        "station", "seq", "event_id", "digest", "prev", "payload", "signature", "kind", "method", "training_session",
        "lesson", "enrolment", "voids", "captured_at", "held_reason",
    )  # fmt: skip
    return list(AttendanceEvent.objects.order_by("station", "seq").values_list(*fields))


@pytest.fixture
def whole_chain(approved: Any, signer: Signer, people: list[Any]) -> Signer:
    """Twelve events: three people in the morning, two in the afternoon, a void, an unknown session."""
    first, second = approved.session.lessons.all()
    attend(signer, first, people[:3])
    attend(signer, second, people[1:3])
    voided = json.loads(signer.chain[0].payload)["event"]
    append(signer, "void", first.ends_at, session=approved.session.code, voids=UUID(voided))
    scan(signer, "sign_in", first, people[0], first.starts_at, session="nowhere")
    return signer


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=deliveries(12))
def test_the_way_a_chain_arrives_never_changes_the_ledger_or_the_register(
    approved: Any, whole_chain: Signer, batches: list[list[int]]
) -> None:
    AttendanceEvent.objects.all().delete()
    send(whole_chain)
    expected, expected_register = arrived(), counted(approved.session)
    AttendanceEvent.objects.all().delete()

    for batch in batches:
        send(whole_chain, [whole_chain.chain[index] for index in batch])

    assert arrived() == expected
    assert counted(approved.session) == expected_register
    assert HeldEnvelope.objects.count() == 0
    assert all(prove(event).chain_ok for event in AttendanceEvent.objects.all())


# Locks


@pytest.mark.postgres
@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="row locks: TEST_POSTGRES_URL is not set")
@pytest.mark.django_db(transaction=True)
def test_the_second_batch_of_one_station_waits_for_the_first(approved: Any, signer: Signer) -> None:
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.all())
    first = attend(signer, lesson, people[:3])
    second = attend(signer, lesson, people[3:6])

    def rival(envelopes: Sequence[Envelope]) -> list[tuple[str, str]]:
        try:
            return statuses(send(signer, envelopes))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            send(signer, first)
            waiting = pool.submit(rival, [*first, *second])
            wait([waiting], timeout=0.5)  # time enough to overtake, if nothing stops it
            assert not waiting.done()
        assert waiting.result(timeout=10) == [DUPLICATE] * 6 + [ACCEPTED] * 6
    assert [event.notes for event in AttendanceEvent.objects.order_by("seq")] == [[]] * 12
