"""Files piece by piece over a line that breaks: the tus protocol as a client on the wire meets it."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.training.signing import picture
from tests.training.uploads.scenes import jpeg, scene
from training.accounts.choices import Role
from training.core.files import read as read_file
from training.demo.scenery import paper
from training.dossiers.models import Evidence
from training.uploads import parts
from training.uploads.errors import WrongOffsetError
from training.uploads.models import Upload
from training.uploads.services import take_piece

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"


def said(**metadata: Any) -> str:
    return ",".join(
        f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in metadata.items()
    )


def begin(client: Client, county: Any, data: bytes, **changes: Any) -> Any:
    lesson = county.session.lessons.first()
    about = {
        "filename": "上午.jpg",
        "item": "A9",
        "kind": "photo",
        "lesson": lesson.pk,
        "caption": "上午实操",
    }
    headers = TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": said(**about | changes)}
    return client.post(reverse("uploads", args=[county.session.pk]), headers=headers)


def send(client: Client, address: str, piece: bytes, offset: int, **headers: str) -> Any:
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": PIECE} | headers
    return client.patch(address, piece, content_type=PIECE, headers=headers)


def offset_of(client: Client, address: str) -> int:
    return int(client.head(address, headers=TUS)["Upload-Offset"])


@pytest.fixture
def clerk(closed: Any, browse: Callable[..., Client]) -> Client:
    return browse(CLERK)


def parts_left() -> list[str]:
    """Uploads of which some piece lies in the storage."""
    try:
        return default_storage.listdir("parts")[0]
    except FileNotFoundError:
        return []


def test_the_server_says_what_it_speaks(closed: Any, clerk: Client) -> None:
    answer = clerk.options(reverse("uploads", args=[closed.session.pk]))

    assert (answer.status_code, answer["Tus-Version"], answer["Tus-Max-Size"]) == (204, "1.0.0", "52428800")
    assert answer["Tus-Extension"] == "creation,expiration,checksum,termination"


def test_a_whole_file_becomes_evidence_with_its_very_bytes(closed: Any, clerk: Client) -> None:
    data = picture(101)
    began = begin(clerk, closed, data, sha256=hashlib.sha256(data).hexdigest())
    assert (began.status_code, began["Upload-Offset"]) == (201, "0")

    sent = send(clerk, began["Location"], data, 0)

    assert (sent.status_code, sent["Upload-Offset"]) == (204, str(len(data)))
    evidence = Evidence.objects.get(caption="上午实操")
    assert read_file(evidence.file) == data
    assert (evidence.file.name, evidence.file.uploaded_by, evidence.item) == ("上午.jpg", "邓经办", "A9")
    assert parts_left() == []
    assert "已收下" in clerk.get(began["Location"]).content.decode()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 2000), max_size=6), twice=st.booleans())
def test_however_a_file_is_cut_it_comes_whole(
    closed: Any, clerk: Client, cuts: list[int], twice: bool
) -> None:
    data = picture(102)
    address = begin(clerk, closed, data, caption=f"切成{cuts}{twice}")["Location"]
    places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]

    for start, end in pairwise(places):
        assert offset_of(clerk, address) == start
        assert send(clerk, address, data[start:end], start).status_code == 204
        if twice and end < len(data):  # the answer was lost, and the sender sends again
            assert send(clerk, address, data[start:end], start).status_code == 409

    upload = Upload.objects.get(pk=address.rstrip("/").rpartition("/")[2])
    assert upload.evidence is not None
    assert read_file(upload.evidence.file) == data
    upload.delete()
    Evidence.objects.filter(pk=upload.evidence_id).delete()


def test_a_piece_that_two_lines_bring_counts_once(closed: Any, clerk: Client) -> None:
    """The slow one began where the file went on then, and ends after the other: as on two machines."""
    data = picture(111)
    address = begin(clerk, closed, data)["Location"]
    slow = Upload.objects.get()
    pieces = iter([data[:400], data[400:900], b""])

    def read(_size: int) -> bytes:
        piece = next(pieces)
        if piece.startswith(data[400:900]):
            assert send(clerk, address, data[:700], 0).status_code == 204
        return piece

    with pytest.raises(WrongOffsetError):
        take_piece(slow, read, offset=0, actor=closed.actor(CLERK))

    assert offset_of(clerk, address) == 700
    send(clerk, address, data[700:], 700)
    assert read_file(Evidence.objects.get(caption="上午实操").file) == data


def test_a_piece_that_a_crash_left_uncounted_is_sent_again(closed: Any, clerk: Client) -> None:
    data = picture(112)
    address = begin(clerk, closed, data)["Location"]
    parts.save(Upload.objects.get().pk, 0, BytesIO(b"half of it"))

    assert offset_of(clerk, address) == 0
    send(clerk, address, data, 0)
    assert read_file(Evidence.objects.get(caption="上午实操").file) == data


def test_a_whole_file_is_handed_in_by_one_request_and_by_the_next_after_a_crash(
    closed: Any, clerk: Client, clock: Any
) -> None:
    data = picture(113)
    address = begin(clerk, closed, data)["Location"]
    send(clerk, address, data[:-1], 0)
    Upload.objects.update(handing_in_since=clock.now())  # somebody else is at it, or has died over it

    assert send(clerk, address, data[-1:], len(data) - 1).status_code == 423
    assert send(clerk, address, b"", len(data)).status_code == 423
    clock.advance(minutes=3)
    assert send(clerk, address, b"", len(data)).status_code == 204
    assert read_file(Evidence.objects.get(caption="上午实操").file) == data


def test_a_file_of_which_a_piece_was_lost_is_not_taken(closed: Any, clerk: Client) -> None:
    data = picture(114)
    address = begin(clerk, closed, data)["Location"]
    send(clerk, address, data[:500], 0)
    parts.drop(Upload.objects.get().pk)
    send(clerk, address, data[500:], 500)

    assert "不一致，请再传一次" in clerk.get(address).content.decode()


def test_a_piece_that_came_otherwise_than_it_was_sent_is_not_kept(closed: Any, clerk: Client) -> None:
    data = picture(103)
    address = begin(clerk, closed, data)["Location"]
    digest = base64.b64encode(hashlib.sha256(data[:500]).digest()).decode()

    refused = send(clerk, address, b"x" + data[1:500], 0, **{"Upload-Checksum": f"sha256 {digest}"})
    assert (refused.status_code, offset_of(clerk, address)) == (460, 0)

    assert send(clerk, address, data[:500], 0, **{"Upload-Checksum": f"sha256 {digest}"}).status_code == 204
    assert send(clerk, address, data[500:], 500, **{"Upload-Checksum": "md5 AAAA"}).status_code == 422
    assert offset_of(clerk, address) == 500


def test_a_file_that_is_unsound_stays_explained_until_it_was_read(closed: Any, clerk: Client) -> None:
    address = begin(clerk, closed, b"MZ not a photo", filename="假.jpg")["Location"]
    assert send(clerk, address, b"MZ not a photo", 0).status_code == 204

    page = clerk.get(reverse("evidence-add", args=[closed.session.pk])).content.decode()
    assert "没有收下：" in page
    assert "“假.jpg”的内容不是这里能用的格式" in page
    assert not Evidence.objects.filter(caption="上午实操").exists()

    clerk.post(reverse("upload-drop", args=[Upload.objects.get().pk]))
    assert "假.jpg" not in clerk.get(reverse("evidence-add", args=[closed.session.pk])).content.decode()


def test_what_comes_otherwise_than_its_sender_counted_is_not_taken(closed: Any, clerk: Client) -> None:
    data = picture(104)
    address = begin(clerk, closed, data, sha256="0" * 64)["Location"]
    send(clerk, address, data, 0)

    assert "不一致，请再传一次" in clerk.get(address).content.decode()


def test_the_same_file_twice_in_one_place_is_kept_once(closed: Any, clerk: Client) -> None:
    for _time in range(2):
        address = begin(clerk, closed, picture(105))["Location"]
        send(clerk, address, picture(105), 0)

    assert "内容完全相同" in clerk.get(address).content.decode()
    assert Evidence.objects.filter(caption="上午实操").count() == 1


@pytest.mark.parametrize(
    ("changes", "length", "status"),
    [
        ({"caption": " "}, "10", 422),
        ({"kind": "novel"}, "10", 422),
        ({"lesson": "x"}, "10", 422),
        ({"lesson": "999999"}, "10", 404),
        ({}, "0", 422),
        ({}, "-1", 422),
        ({}, "", 422),
        ({}, str(60 * 1024 * 1024), 413),
    ],
)
def test_what_can_not_be_begun_says_why(
    closed: Any, clerk: Client, changes: dict[str, str], length: str, status: int
) -> None:
    about = {"filename": "a.jpg", "item": "A9", "kind": "photo", "caption": "x"} | changes
    headers = TUS | {"Upload-Length": length, "Upload-Metadata": said(**about)}

    answer = clerk.post(reverse("uploads", args=[closed.session.pk]), headers=headers)

    assert (answer.status_code, Upload.objects.count()) == (status, 0)
    assert answer.content


def test_the_protocol_is_held_to(closed: Any, clerk: Client) -> None:
    data = picture(106)
    address = begin(clerk, closed, data)["Location"]

    assert clerk.patch(address, data, content_type=PIECE, headers={"Upload-Offset": "0"}).status_code == 412
    assert (
        clerk.patch(
            address, data, content_type="text/plain", headers=TUS | {"Upload-Offset": "0"}
        ).status_code
        == 415
    )
    assert send(clerk, address, data, 7).status_code == 409
    assert clerk.delete(address, headers=TUS).status_code == 204
    assert clerk.head(address, headers=TUS).status_code == 404


def test_nobody_goes_on_with_somebody_else_s_file(
    closed: Any, clerk: Client, browse: Callable[..., Client]
) -> None:
    address = begin(clerk, closed, picture(107))["Location"]

    assert browse(HEAD).head(address, headers=TUS).status_code == 404
    assert send(browse(HEAD), address, picture(107), 0).status_code == 404
    assert browse(Role.BUREAU_REVIEWER).delete(address, headers=TUS).status_code == 404
    assert offset_of(clerk, address) == 0


def test_what_nobody_goes_on_with_is_forgotten_row_and_bytes(closed: Any, clerk: Client, clock: Any) -> None:
    address = begin(clerk, closed, picture(108))["Location"]
    send(clerk, address, picture(108)[:100], 0)
    assert len(parts_left()) == 1
    Upload.objects.update(expires_at=Upload.objects.get().created_at + timedelta(minutes=5))
    clock.advance(minutes=6)

    assert clerk.head(address, headers=TUS).status_code == 404
    call_command("tidy_uploads")

    assert (Upload.objects.count(), parts_left()) == (0, [])


def test_whoever_has_too_many_open_is_told_to_finish_some(
    closed: Any, clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.uploads.services.OPEN_AT_ONCE", 1)
    begin(clerk, closed, picture(109))

    answer = begin(clerk, closed, picture(110))

    assert (answer.status_code, answer.content.decode()) == (
        429,
        "您有 1 个文件还没有传完，请先传完或取消几个。",
    )


def test_a_heic_photo_keeps_its_bytes_and_is_shown_as_a_jpeg(closed: Any, clerk: Client) -> None:
    target = BytesIO()
    scene(3).save(target, "HEIF")
    address = begin(clerk, closed, target.getvalue(), filename="IMG_0001.HEIC")["Location"]
    send(clerk, address, target.getvalue(), 0)
    evidence = Evidence.objects.get(caption="上午实操")

    shown = clerk.get(reverse("file", args=["evidence", evidence.pk]))
    kept = clerk.get(reverse("file", args=["evidence", evidence.pk]), {"download": ""})

    assert (evidence.file.content_type, shown["Content-Type"]) == ("image/heic", "image/jpeg")
    assert Image.open(BytesIO(shown.getvalue())).size == (1280, 960)
    assert kept.getvalue() == target.getvalue()


def test_when_the_camera_took_it_counts(closed: Any, clerk: Client) -> None:
    exif = Image.Exif()
    exif._ifds[0x8769] = {0x9003: "2021:05:18 09:12:33"}
    data = jpeg(scene(4), exif=exif)
    send(clerk, begin(clerk, closed, data)["Location"], data, 0)

    taken_at = Evidence.objects.get(caption="上午实操").taken_at
    assert taken_at is not None
    assert taken_at.isoformat() == "2021-05-18T01:12:33+00:00"


LICENCE = {
    "kind": "training",
    "number": "教民 136 号",
    "issuer": "石城县人力资源和社会保障局",
    "valid_from": "2020-01-01",
    "valid_until": "",
}
TELEPHONE = "Mozilla/5.0 (Linux; Android 11; ELE-AL00) Mobile"


def begin_file(client: Client, name: str, data: bytes) -> str:
    headers = TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": said(filename=name)}
    began = client.post(reverse("file-uploads"), headers=headers)
    assert began.status_code == 201
    return began["Location"]


def named(address: str) -> str:
    """As the page's script says in the form where its file is."""
    return f"file:{address.rstrip('/').rpartition('/')[2]}"


def test_a_scan_for_a_form_comes_piece_by_piece_and_is_known_by_its_telephone(
    closed: Any, clerk: Client
) -> None:
    name, data = paper("办学许可证")
    address = begin_file(clerk, name, data)
    send(clerk, address, data[:300], 0)
    assert (offset_of(clerk, address), send(clerk, address, data[300:], 300).status_code) == (300, 204)
    form = LICENCE | {"resumed": named(address)}

    wrong = clerk.post(reverse("licence-add"), form | {"number": ""})
    assert wrong.status_code == 422
    kept = clerk.post(reverse("licence-add"), form, headers={"User-Agent": TELEPHONE})

    licence = closed.institution.licences.get(number="教民 136 号")
    assert (kept.status_code, read_file(licence.file), licence.file.name) == (302, data, name)
    assert licence.file.device == TELEPHONE


def test_a_form_finds_no_file_that_is_not_whole_or_is_somebody_else_s(
    closed: Any, clerk: Client, browse: Callable[..., Client]
) -> None:
    name, data = paper("办学许可证")
    address = begin_file(clerk, name, data)
    send(clerk, address, data[:300], 0)
    form = LICENCE | {"resumed": named(address)}
    assert clerk.post(reverse("licence-add"), form).status_code == 422

    send(clerk, address, data[300:], 300)
    assert browse(HEAD).post(reverse("licence-add"), form).status_code == 422
    assert browse(HEAD).head(address, headers=TUS).status_code == 404
    for nonsense in ("file:", "file:x", f"file:{closed.session.pk}"):
        assert clerk.post(reverse("licence-add"), LICENCE | {"resumed": nonsense}).status_code == 422
    assert not closed.institution.licences.filter(number="教民 136 号").exists()


def test_a_file_that_its_form_never_came_for_is_forgotten(closed: Any, clerk: Client, clock: Any) -> None:
    name, data = paper("办学许可证")
    send(clerk, begin_file(clerk, name, data), data, 0)
    assert len(parts_left()) == 1
    clock.advance(hours=3)
    call_command("tidy_uploads")
    assert (Upload.objects.count(), parts_left()) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_a_line_that_breaks_loses_nothing_that_had_come(closed: Any, clerk: Client, live_server: Any) -> None:
    data = jpeg(scene(5))
    address = begin(clerk, closed, data)["Location"]
    clerk.get(reverse("security"))
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in clerk.cookies.items())
    token = "a" * 32
    cookies += f"; csrftoken={token}"
    host = urlsplit(live_server.url).netloc
    head = (
        f"PATCH {address} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\nX-CSRFToken: {token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: {PIECE}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection(
        (urlsplit(live_server.url).hostname, urlsplit(live_server.url).port)
    ) as line:
        line.sendall(head.encode() + data[:70_000])

    deadline = time.monotonic() + 10
    while offset_of(clerk, address) < 70_000 and time.monotonic() < deadline:
        time.sleep(0.05)

    assert offset_of(clerk, address) == 70_000
    assert send(clerk, address, data[70_000:], 70_000).status_code == 204
    assert read_file(Evidence.objects.get(caption="上午实操").file) == data
