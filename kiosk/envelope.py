"""The one wire format: an attendance event, signed by the station that saw it.

An event is made once and never edited. Its payload is canonical JSON (RFC 8785), signed with the
station's Ed25519 key and chained to the station's previous event by digest and sequence number,
so that a removed, added or changed event shows. Both the station and the server read this module
and nothing else of each other; the examples in `tests/contract/` hold both to it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

EPOCH, FAR = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A station whose clock battery died starts in 1970: its events count as evidence all the same."""

GENESIS = "0" * 64
"""`prev` of a station's first event."""

SEALING_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
"""RFC 9180: only the server can open what a station seals for it."""

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: PostgreSQL refuses NUL in text, and a log line is a line."""
PRINTABLE_OR_EMPTY = r"^[^\x00-\x1f\x7f]*$"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class EnvelopeError(Exception):
    """The envelope can't be believed; `code` says why and is stable.

    Codes: `malformed` (not our JSON, or a field is wrong), `not_canonical` (same data, other
    bytes), `bad_signature`.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Enrolled(_Part):
    """Somebody on the roster."""

    enrolment: int


class WalkIn(_Part):
    """Somebody who is not: the card's data, sealed so that only the server can read it."""

    sealed: Base64


def _later(default: Any) -> Any:
    """A field that came after the first stations: left out while it says nothing, so that every text
    signed before it is still its own canonical text."""
    return Field(default=default, exclude_if=lambda value: value == default)


class CardUsed(_Part):
    """`token` is a card that only stands for its holder; `sam_id` is empty if the reader has none."""

    type: Literal["citizen", "J", "I", "Y", "token"]
    sam_id: str = Field(max_length=64, pattern=PRINTABLE_OR_EMPTY)


class FaceResult(_Part):
    """What the comparison on the station gave. No image and no template, ever.

    `against`: the portrait enrolled with consent, or the photo of the card's chip. `challenge`: whether
    the head turned as asked; a sign of a person who can hear, not a proof of life.
    """

    band: Literal["pass", "ask", "no_match"]
    distance: float
    model: str = Field(max_length=64, pattern=PRINTABLE)
    threshold: float
    against: Literal["portrait", "chip"] | None = _later(None)
    challenge: Literal["passed", "failed"] | None = _later(None)


WitnessReason = Literal["no_card", "card_unreadable", "face_differs", "face_unseen", "second_look", "other"]


class WitnessSaid(_Part):
    """Who vouched for the person; `id` is the witness in the station's package.

    `second` is the other pair of eyes where there was one; `assisted`: somebody helped the trainee
    through the steps, which must be said.
    """

    id: int
    second: int | None = _later(None)
    reason: WitnessReason | None = _later(None)
    assisted: bool = _later(False)


class PhotoTaken(_Part):
    """A class photo, bound to the lesson by being named in a signed event."""

    sha256: Digest
    size: int = Field(gt=0)


class Event(BaseModel):
    """One thing a station saw or did.

    `check` is an answer to a check in mid-class (随堂抽查); `attempt` a visit that nobody confirmed.
    `portrait` and `forget` say that the face template of the `person` came to be on this station and
    that it is deleted; the template itself is in no event. `bind` says that a witness gave the `person`
    a card whose number has the keyed hash `token`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1] = 1
    station: UUID
    seq: int = Field(ge=1, le=2**53 - 1)
    prev: Digest
    event: UUID
    kind: Literal["sign_in", "sign_out", "check", "attempt", "void", "photo", "portrait", "forget", "bind"]
    session: str = Field(max_length=64, pattern=PRINTABLE)
    lesson: int | None = None
    person: Enrolled | WalkIn | None = None
    method: Literal["card", "card+face", "witness", "paper"] | None = None
    card: CardUsed | None = None
    face: FaceResult | None = None
    witness: WitnessSaid | None = None
    photo: PhotoTaken | None = None
    voids: UUID | None = None
    token: Digest | None = _later(None)
    captured_at: Annotated[AwareDatetime, Field(ge=EPOCH, lt=FAR)]
    boot: UUID
    monotonic_ms: int = Field(ge=0)
    clock_offset_ms: int | None = None
    """Server clock minus station clock at the last contact; None before the first."""


class Envelope(BaseModel):
    """What travels and what is kept: the payload's exact text and its signature."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payload: str = Field(max_length=16_384)
    signature: Base64

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: what the next event's `prev` must be."""
        return hashlib.sha256(self.payload.encode()).hexdigest()


def canonical(event: Event) -> str:
    """The one text of this event (RFC 8785)."""
    return rfc8785.dumps(event.model_dump(mode="json")).decode()


def sign(event: Event, key: Ed25519PrivateKey) -> Envelope:
    """Put the event into its envelope."""
    payload = canonical(event)
    return Envelope(payload=payload, signature=base64.b64encode(key.sign(payload.encode())).decode())


def read_unverified(envelope: Envelope) -> Event:
    """The event inside, believed by nobody yet; raises EnvelopeError."""
    try:
        event = Event.model_validate_json(envelope.payload)
    except ValidationError as error:
        first = error.errors()[0]
        raise EnvelopeError("malformed", f"{first['loc']}: {first['msg']}") from error
    try:
        text = canonical(event)
    except rfc8785.CanonicalizationError as error:  # a number that JSON can't carry safely
        raise EnvelopeError("malformed", str(error)) from error
    if text != envelope.payload:
        raise EnvelopeError("not_canonical", "the payload is not its own canonical text")
    return event


def verify(envelope: Envelope, key: Ed25519PublicKey) -> Event:
    """The event inside, signed by the holder of `key`; raises EnvelopeError."""
    event = read_unverified(envelope)
    try:
        key.verify(base64.b64decode(envelope.signature, validate=True), envelope.payload.encode())
    except (InvalidSignature, binascii.Error) as error:
        raise EnvelopeError("bad_signature", "the signature is not this station's") from error
    return event


def encode_key(key: Ed25519PublicKey | X25519PublicKey) -> str:
    """A public key as base64 of its 32 raw bytes."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def decode_signing_key(text: str) -> Ed25519PublicKey:
    """The station's public key from `encode_key`'s text; raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def decode_sealing_key(text: str) -> X25519PublicKey:
    """The server's sealing key from `encode_key`'s text; raises ValueError."""
    return X25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def seal_card(card: dict[str, Any], key: X25519PublicKey) -> WalkIn:
    """Lock a walk-in's card data for the server (HPKE, RFC 9180)."""
    return WalkIn(sealed=base64.b64encode(SEALING_SUITE.encrypt(rfc8785.dumps(card), key)).decode())


def unseal_card(walk_in: WalkIn, key: X25519PrivateKey) -> dict[str, Any]:
    """The walk-in's card data; raises EnvelopeError(`malformed`) if it was sealed for another."""
    try:
        data = json.loads(SEALING_SUITE.decrypt(base64.b64decode(walk_in.sealed), key))
    except (InvalidTag, ValueError) as error:
        raise EnvelopeError("malformed", "the sealed card data can't be opened") from error
    if not isinstance(data, dict):
        raise EnvelopeError("malformed", "the sealed card data is not an object")
    return data
