"""A one-time code makes a station once; the same machine may come again, another may not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.enrolment import AlreadyEnrolledError, Invitation, InvitationError, enrol, prove
from kiosk.envelope import encode_key
from kiosk.journal import Journal
from kiosk.server import RefusedError, UplinkError

INVITATION = Invitation("https://peixun.example.gov.cn", "ABCD-EFGH-2345")


@pytest.fixture
def qr_picture(tmp_path: Path) -> Callable[[str], Path]:
    """An image file, as of a screenshot of the server's page, with this text in a QR code."""

    def draw(text: str) -> Path:
        path = tmp_path / "登记码.png"
        segno.make(text, micro=False).save(str(path), scale=8, border=6)
        return path

    return draw


def test_a_code_works_once(county: Any, journal: Journal, tmp_path: Path) -> None:
    with Journal(tmp_path / "second") as second:
        with pytest.raises(RefusedError) as refusal:
            enrol(county.address, "4711-0815", second, Clock())
        assert refusal.value.code == "code_invalid"
        assert second.identity is None


def test_the_proof_is_the_keys_signature_over_the_plain_code_and_the_key(journal: Journal) -> None:
    key = journal.signing_key
    public = encode_key(key.public_key())

    for typed in ("abcd-efgh-2345", " ABCD EFGH 2345", "ABCDEFGH2345"):
        signature = base64.b64decode(prove(typed, key))
        key.public_key().verify(signature, f"enrol:ABCDEFGH2345:{public}".encode())


def test_a_renewed_station_stays_the_same_with_a_new_token(county: Any, journal: Journal) -> None:
    before, key = journal.identity, journal.signing_key.private_bytes_raw()
    package = journal.package

    renewed = enrol(county.address, "RENE-WAL2", journal, Clock())

    assert before is not None
    assert renewed.station == before.station
    assert (renewed.token != before.token, renewed.token) == (True, county.token)
    assert journal.identity == renewed
    assert journal.signing_key.private_bytes_raw() == key
    assert journal.package == package


def test_a_home_that_is_a_stations_does_not_become_anothers(county: Any, journal: Journal) -> None:
    before = journal.identity
    county.codes.add("NEW1-CODE")

    with pytest.raises(AlreadyEnrolledError) as trouble:
        enrol(county.address, "NEW1-CODE", journal, Clock())

    assert trouble.value.name == "琴江镇签到终端 1"
    assert journal.identity == before


def test_another_machine_with_a_renewing_code_is_another_station(
    county: Any, journal: Journal, tmp_path: Path
) -> None:
    with Journal(tmp_path / "second") as second:
        new = enrol(county.address, "RENE-WAL2", second, Clock())

    assert journal.identity is not None
    assert new.station != journal.identity.station


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense", "http://[::1", "ftp://x"])
def test_no_server_is_an_error_with_a_name(address: str, tmp_path: Path) -> None:
    with Journal(tmp_path / "home") as journal, pytest.raises(UplinkError):
        enrol(address, "code", journal, Clock())


# The QR code


def test_an_invitation_is_read_from_a_picture(qr_picture: Callable[[str], Path]) -> None:
    path = qr_picture(f"yidang-enrol:{INVITATION.server}|{INVITATION.code}")

    assert Invitation.from_picture(path) == INVITATION


def test_an_invitation_held_to_the_camera_is_read(qr_picture: Callable[[str], Path], tmp_path: Path) -> None:
    code = cv2.imdecode(
        np.fromfile(qr_picture(f"yidang-enrol:{INVITATION.server}|{INVITATION.code}"), np.uint8),
        cv2.IMREAD_COLOR,
    )
    scene = np.full((720, 1280, 3), 120, np.uint8)
    scene[100 : 100 + code.shape[0], 300 : 300 + code.shape[1]] = code
    turned = cv2.warpAffine(scene, cv2.getRotationMatrix2D((640, 360), 12, 0.9), (1280, 720))
    film = cv2.VideoWriter(str(tmp_path / "qr.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (1280, 720))
    for _frame in range(20):
        film.write(turned)
    film.release()
    camera = Camera(str(tmp_path / "qr.avi"))
    camera.start()

    assert Invitation.from_camera(camera, within=10) == INVITATION
    camera.stop()


def test_a_picture_without_a_code_says_so(tmp_path: Path) -> None:
    (tmp_path / "grey.png").write_bytes(
        cv2.imencode(".png", np.full((200, 200, 3), 90, np.uint8))[1].tobytes()
    )
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")

    for name in ("grey.png", "empty.png", "text.png"):
        with pytest.raises(InvitationError) as trouble:
            Invitation.from_picture(tmp_path / name)
        assert trouble.value.code == "qr_none"
    with pytest.raises(OSError, match="nowhere"):
        Invitation.from_picture(tmp_path / "nowhere.png")


@pytest.mark.parametrize(
    "text", ["https://example.org", "yidang-enrol:", "yidang-enrol:|X", "yidang-enrol:https://x|"]
)
def test_another_qr_code_is_not_ours(text: str) -> None:
    with pytest.raises(InvitationError) as trouble:
        Invitation.parse(text)
    assert trouble.value.code == "qr_foreign"


@given(server=st.text(min_size=1), code=st.text(min_size=1).filter(lambda text: "|" not in text))
def test_what_was_written_is_read(server: str, code: str) -> None:
    assert Invitation.parse(f"yidang-enrol:{server}|{code}") == Invitation(server, code)
