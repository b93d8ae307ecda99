"""How a machine becomes a station, and how a station gets a new token: a one-time code and its own key."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.envelope import encode_key
from kiosk.journal import Identity, Journal
from kiosk.server import Server

QR_PREFIX = "yidang-enrol:"


class AlreadyEnrolledError(Exception):
    """This home belongs to a station already, and the code was not for it; `name` says which it is."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class InvitationError(Exception):
    """There is no invitation to be read; `code` is `qr_none` (no QR code) or `qr_foreign` (another one)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Invitation:
    """Where to enrol, and the one-time code: what the QR code on the server's page says."""

    server: str
    code: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `yidang-enrol:<server>|<code>`; raises InvitationError."""
        server, bar, code = text.removeprefix(QR_PREFIX).rpartition("|")
        if not text.startswith(QR_PREFIX) or not bar or not server or not code:
            raise InvitationError("qr_foreign")
        return cls(server, code)

    @classmethod
    def from_picture(cls, path: Path) -> Self:
        """From an image file; raises InvitationError or OSError."""
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
        text = read_qr(image) if image is not None else ""
        if not text:
            raise InvitationError("qr_none")
        return cls.parse(text)

    @classmethod
    def from_camera(cls, camera: Camera, within: float) -> Self:
        """Watch a running camera for so many seconds; raises InvitationError."""
        seen, end = 0, time.monotonic() + within
        while (left := end - time.monotonic()) > 0 and (frame := camera.next_frame(seen, left)):
            seen = frame.number
            if text := read_qr(frame.image):
                return cls.parse(text)
        raise InvitationError("qr_none")


def read_qr(image: cv2.typing.MatLike) -> str:
    """What a QR code in the picture says; empty if there is none to be read."""
    try:
        text, _corners, _straight = cv2.QRCodeDetector().detectAndDecode(image)
    except cv2.error:  # it gives up on some pictures with an exception
        return ""
    return text


def prove(code: str, key: Ed25519PrivateKey) -> str:
    """That who types this code holds this key: its signature over both, as base64."""
    plain = code.strip().upper().replace("-", "").replace(" ", "")
    text = f"enrol:{plain}:{encode_key(key.public_key())}"
    return base64.b64encode(key.sign(text.encode())).decode()


def enrol(address: str, code: str, journal: Journal, clock: Clock) -> Identity:
    """Make this journal a station's, or give its station a new token. The key is on the disk before.

    A journal that is a station's stays that one's: AlreadyEnrolledError if the code was for another. Raises
    RefusedError (`code_invalid`, `code_used`, `proof_wrong`, …), UplinkError.
    """
    before, key = journal.identity, journal.signing_key
    server = Server(address, clock=clock)
    try:
        welcome = server.enrol(code, encode_key(key.public_key()), prove(code, key))
    finally:
        server.close()
    if before and before.station != welcome.station:
        raise AlreadyEnrolledError(before.name)
    identity = Identity(server=address, **welcome.model_dump())
    journal.keep_identity(identity)
    return identity
