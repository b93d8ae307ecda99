"""The wire format, held to the examples that the server's tests read too."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kiosk.envelope import (
    GENESIS,
    CardUsed,
    Enrolled,
    Envelope,
    EnvelopeError,
    Event,
    FaceResult,
    PhotoTaken,
    WalkIn,
    WitnessSaid,
    canonical,
    decode_sealing_key,
    decode_signing_key,
    encode_key,
    read_unverified,
    seal_card,
    sign,
    unseal_card,
    verify,
)

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64)

CONTRACT = Path(__file__).parents[1] / "contract"
ENVELOPES = json.loads((CONTRACT / "envelopes.json").read_text(encoding="utf-8"))
CHAINS = json.loads((CONTRACT / "chains.json").read_text(encoding="utf-8"))["chains"]
KEY = Ed25519PrivateKey.from_private_bytes(base64.b64decode(ENVELOPES["keys"]["signing_private"]))
PUBLIC = decode_signing_key(ENVELOPES["keys"]["signing_public"])
SEALING = X25519PrivateKey.from_private_bytes(base64.b64decode(ENVELOPES["keys"]["sealing_private"]))

whole = st.integers(0, 2**53 - 1)
digest = st.text("0123456789abcdef", min_size=64, max_size=64)
events = st.builds(
    Event,
    station=st.uuids(),
    seq=st.integers(1, 2**53 - 1),
    prev=digest,
    event=st.uuids(),
    kind=st.sampled_from(["sign_in", "sign_out", "check", "void", "photo", "portrait", "forget"]),
    session=WORDS,
    lesson=st.none() | whole,
    person=st.none() | st.builds(Enrolled, enrolment=whole) | st.just(WalkIn(sealed="c2VhbGVk")),
    method=st.none() | st.sampled_from(["card", "card+face", "witness", "paper"]),
    card=st.none()
    | st.builds(CardUsed, type=st.sampled_from(["citizen", "J", "I", "Y", "token"]), sam_id=WORDS),
    face=st.none()
    | st.builds(
        FaceResult,
        band=st.sampled_from(["pass", "ask", "no_match"]),
        distance=st.floats(0, 2),
        model=WORDS,
        threshold=st.floats(0, 1),
    ),
    witness=st.none() | st.builds(WitnessSaid, id=whole),
    photo=st.none() | st.builds(PhotoTaken, sha256=digest, size=st.integers(1, 2**53 - 1)),
    voids=st.none() | st.uuids(),
    captured_at=st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    boot=st.uuids(),
    monotonic_ms=whole,
    clock_offset_ms=st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
)


def verdict(envelope: Envelope) -> str:
    try:
        verify(envelope, PUBLIC)
    except EnvelopeError as error:
        return error.code
    return "ok"


def envelope_of(example: dict[str, Any]) -> Envelope:
    return Envelope(payload=example["payload"], signature=example["signature"])


@pytest.mark.parametrize("example", ENVELOPES["examples"], ids=lambda example: example["name"])
def test_both_sides_come_to_the_same_verdict(example: dict[str, Any]) -> None:
    envelope = envelope_of(example)

    assert (verdict(envelope), envelope.digest) == (example["verdict"], example["digest"])


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain["name"])
def test_a_chain_shows_what_is_missing_added_or_changed(chain: dict[str, Any]) -> None:
    digests = {0: GENESIS}
    for example in chain["envelopes"]:
        envelope = envelope_of(example)
        event = verify(envelope, PUBLIC)
        known = digests.get(event.seq)
        found = (
            "duplicate" if known == envelope.digest
            else "fork" if known
            else "gap" if event.seq - 1 not in digests
            else "ok" if event.prev == digests[event.seq - 1]
            else "broken"
        )  # fmt: skip
        digests.setdefault(event.seq, envelope.digest)
        assert found == example["verdict"]


def test_the_walk_in_of_the_examples_opens_with_the_servers_key() -> None:
    (example,) = [example for example in ENVELOPES["examples"] if example["name"] == "walk_in"]
    person = verify(envelope_of(example), PUBLIC).person

    assert isinstance(person, WalkIn)
    assert unseal_card(person, SEALING) == {
        "number": "360735199003079991", "name": "吴远航", "card_type": "citizen",
    }  # fmt: skip


@given(events)
def test_what_is_signed_is_what_is_read(event: Event) -> None:
    envelope = sign(event, KEY)

    assert verify(envelope, PUBLIC) == event
    assert canonical(read_unverified(envelope)) == envelope.payload


@given(event=events, data=st.data())
def test_no_changed_byte_goes_unnoticed(event: Event, data: st.DataObject) -> None:
    envelope = sign(event, KEY)
    payload = bytearray(envelope.payload.encode())
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    text = payload.decode(errors="replace")

    assert verdict(Envelope(payload=text[:16_384], signature=envelope.signature)) != "ok"


@given(payload=st.text(max_size=500), signature=st.binary(min_size=1, max_size=80))
def test_no_text_breaks_the_reader(payload: str, signature: bytes) -> None:
    envelope = Envelope(payload=payload, signature=base64.b64encode(signature).decode())

    assert verdict(envelope) == "malformed"


@given(
    st.dictionaries(st.sampled_from(["number", "name", "card_type"]), st.text(max_size=40)),
)
def test_only_the_server_opens_what_is_sealed(card: dict[str, str]) -> None:
    sealed = seal_card(card, SEALING.public_key())

    assert unseal_card(sealed, SEALING) == card
    with pytest.raises(EnvelopeError):
        unseal_card(sealed, X25519PrivateKey.generate())


def test_an_envelope_has_a_size_limit() -> None:
    with pytest.raises(ValidationError):
        Envelope(payload="x" * 16_385, signature="eA==")


def test_keys_travel_as_text() -> None:
    assert encode_key(decode_signing_key(ENVELOPES["keys"]["signing_public"])) == encode_key(KEY.public_key())
    assert encode_key(decode_sealing_key(ENVELOPES["keys"]["sealing_public"])) == encode_key(
        SEALING.public_key()
    )
    with pytest.raises(ValueError, match=r".*"):
        decode_signing_key("not a key")


def test_an_event_keeps_to_microseconds_and_utc() -> None:
    event = Event(
        station=UUID(int=1), seq=1, prev=GENESIS, event=UUID(int=2), kind="check", session="S",
        captured_at=datetime(2026, 3, 16, 0, 42, 11, 250_001, tzinfo=UTC), boot=UUID(int=3), monotonic_ms=1,
    )  # fmt: skip

    assert '"captured_at":"2026-03-16T00:42:11.250001Z"' in canonical(event)
