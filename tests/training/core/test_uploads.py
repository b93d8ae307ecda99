import hashlib
import struct
import zlib
from datetime import datetime, timedelta, timezone
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from PIL import Image

from training.core.uploads import DOCUMENTS, JPEG, MB, PDF, PNG, XLSX, UploadError, check_upload

EVERYTHING = DOCUMENTS | {XLSX}


def pdf(pages: int = 2, **options: object) -> bytes:
    document, stream = pikepdf.new(), BytesIO()
    for _ in range(pages):
        document.add_blank_page()
    document.save(stream, **options)
    return stream.getvalue()


def image(form: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    stream = BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(stream, form, **options)
    return stream.getvalue()


def exif(*, orientation: int = 1, taken: str | None = None, offset: str | None = None) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    details = {0x9003: taken, 0x9011: offset}
    data._ifds[0x8769] = {tag: value for tag, value in details.items() if value}
    return data


def xlsx() -> bytes:
    stream = BytesIO()
    Workbook().save(stream)
    return stream.getvalue()


def claims_pixels(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises a huge picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def refusal(name: str, data: bytes, allow: frozenset[str] = EVERYTHING) -> UploadError:
    with pytest.raises(UploadError) as refused:
        check_upload(name, data, allow=allow)
    assert "请" in refused.value.message
    assert name in refused.value.message
    return refused.value


def test_a_pdf_says_its_pages_and_its_hash() -> None:
    data = pdf(3)
    checked = check_upload("协议.pdf", data, allow={PDF})
    assert (checked.content_type, checked.size, checked.page_count) == (PDF, len(data), 3)
    assert checked.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(("form", "kind"), [("JPEG", JPEG), ("PNG", PNG)])
def test_the_kind_comes_from_the_content_and_not_from_the_name(form: str, kind: str) -> None:
    checked = check_upload("扫描件.pdf", image(form), allow=DOCUMENTS)
    assert (checked.content_type, checked.width, checked.height) == (kind, 40, 30)


def test_a_workbook_is_accepted() -> None:
    assert check_upload("名册", xlsx(), allow={XLSX}).content_type == XLSX


def test_a_photo_says_when_it_was_taken_with_the_cameras_offset() -> None:
    data = image("JPEG", exif=exif(taken="2021:05:07 09:12:33", offset="+08:00"))
    zone = timezone(timedelta(hours=8))
    taken_at = check_upload("a.jpg", data, allow={JPEG}).taken_at
    assert taken_at == datetime(2021, 5, 7, 9, 12, 33, tzinfo=zone)


def test_a_photo_without_an_offset_gives_the_cameras_own_time() -> None:
    taken_at = check_upload(
        "a.jpg", image("JPEG", exif=exif(taken="2021:05:07 09:12:33")), allow={JPEG}
    ).taken_at
    assert taken_at is not None
    assert (taken_at.isoformat(), taken_at.tzinfo) == ("2021-05-07T09:12:33", None)


@pytest.mark.parametrize("taken", [None, "0000:00:00 00:00:00", "yesterday"])
def test_a_photo_with_a_nonsense_date_has_none(taken: str | None) -> None:
    assert check_upload("a.jpg", image("JPEG", exif=exif(taken=taken)), allow={JPEG}).taken_at is None


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))]
)
def test_width_and_height_are_those_of_the_upright_picture(orientation: int, size: tuple[int, int]) -> None:
    checked = check_upload("a.jpg", image("JPEG", exif=exif(orientation=orientation)), allow={JPEG})
    assert (checked.width, checked.height) == size


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("空.pdf", b"", "empty_file"),
        ("假.pdf", b"this is not a PDF", "wrong_kind"),
        ("假.jpg", b"MZ" + b"\0" * 100, "wrong_kind"),
        ("手机.heic", b"\0\0\0\x18ftypheic" + b"\0" * 50, "heic"),
        ("锁.pdf", pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
        ("限制.pdf", pdf(encryption=pikepdf.Encryption(owner="o", user="")), "encrypted"),
        ("半.pdf", pdf(30)[:900], "broken"),
        ("头.pdf", b"%PDF-1.7\n", "broken"),
        ("零页.pdf", pdf(0), "broken"),
        ("半.jpg", image("JPEG", (400, 300))[:-3000], "broken"),
        ("半.png", image("PNG", (400, 300))[:-3000], "broken"),
        ("头.jpg", b"\xff\xd8\xff", "broken"),
        ("炸弹.png", claims_pixels(30_000, 30_000), "too_many_pixels"),
        ("大.png", claims_pixels(9_000, 9_000), "too_many_pixels"),
        ("坏.xlsx", b"PK\x03\x04", "broken"),
        ("坏.xlsx", xlsx()[:3000], "broken"),
    ],
)
def test_each_bad_file_has_its_code_and_says_what_to_do(name: str, data: bytes, code: str) -> None:
    assert refusal(name, data).code == code


def test_a_pdf_that_is_none_is_said_so() -> None:
    assert "不是 PDF 文件" in refusal("资质.pdf", b"<html>").message


def test_a_kind_that_is_not_wanted_here_names_those_that_are() -> None:
    refused = refusal("名册.xlsx", xlsx(), DOCUMENTS)
    assert refused.code == "wrong_kind"
    assert refused.message.endswith("请换成：PDF、JPG 照片、PNG 图片。")


@pytest.mark.parametrize(
    ("name", "data", "megabytes"),
    [
        ("照片.jpg", image("JPEG") + bytes(100 * MB), 20),
        ("扫描.pdf", pdf() + bytes(51 * MB), 50),
        ("名册.xlsx", xlsx() + bytes(11 * MB), 10),
    ],
)
def test_a_file_that_is_too_large_says_the_limit_and_how_to_shrink_it(
    name: str, data: bytes, megabytes: int
) -> None:
    refused = refusal(name, data)
    assert refused.code == "too_large"
    assert f"上限 {megabytes} MB" in refused.message


SAMPLES = [pdf(), image("JPEG", exif=exif(taken="2021:05:07 09:12:33")), image("PNG"), xlsx()]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # a damaged date is no reason to refuse a photo
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=5))
def test_a_damaged_file_is_accepted_or_refused_but_nothing_else(
    sample: bytes, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        checked = check_upload("a", bytes(data), allow=EVERYTHING)
    except UploadError:
        return
    assert checked.size == len(data)
