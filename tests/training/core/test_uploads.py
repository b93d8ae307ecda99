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

from training.core import pdf_safety
from training.core.uploads import DOCUMENTS, HEIC, JPEG, MB, PDF, PNG, XLSX, UploadError, check_upload

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


@pytest.mark.parametrize(("form", "kind"), [("JPEG", JPEG), ("PNG", PNG), ("HEIF", HEIC)])
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
        ("手机.heic", b"\0\0\0\x18ftypheic" + b"\0" * 50, "broken"),
        ("半.heic", image("HEIF", (400, 300))[:-3000], "broken"),
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
    assert refused.message.endswith("请换成：PDF、JPG 照片、PNG 图片、HEIC 照片。")


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


def telephone(place: dict[int, object] | None = None) -> bytes:
    """As a telephone writes it: which camera, when, and (within a metre) where."""
    data = exif(taken="2021:05:07 09:12:33", offset="+08:00")
    data[0x010F], data[0x0110] = "HUAWEI\0", "ELE-AL00"
    data._ifds[0x8825] = place or {1: "N", 2: (26.0, 19.0, 30.12), 3: "E", 4: (116.0, 20.0, 44.9)}
    return image("JPEG", exif=data)


def test_a_photo_says_which_camera_took_it_and_where_to_a_kilometre() -> None:
    checked = check_upload("a.jpg", telephone(), allow={JPEG})
    assert (checked.camera, checked.place) == ("HUAWEI ELE-AL00", (26.33, 116.35))


def test_a_heic_photo_says_what_its_camera_wrote() -> None:
    details = exif(taken="2021:05:07 09:12:33", offset="+08:00")
    checked = check_upload("IMG_1.HEIC", image("HEIF", exif=details.tobytes()), allow={HEIC})
    assert checked.taken_at is not None
    assert (checked.content_type, checked.taken_at.isoformat()) == (HEIC, "2021-05-07T09:12:33+08:00")


@pytest.mark.parametrize(
    "place",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (260.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
        {2: (1.0, 2.0)},
        {1: "N"},
    ],
)
def test_a_place_that_makes_no_sense_is_none(place: dict[int, object]) -> None:
    assert check_upload("a.jpg", telephone(place), allow={JPEG}).place is None


def saved(document: pikepdf.Pdf) -> bytes:
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def page_of_paper() -> pikepdf.Pdf:
    document = pikepdf.new()
    document.add_blank_page()
    return document


def with_script() -> bytes:
    document = page_of_paper()
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    return saved(document)


def with_named_script() -> bytes:
    document = page_of_paper()
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=document.make_stream(b"app.alert(1)"))
    names = pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("x"), document.make_indirect(script)]))
    document.Root.Names = pikepdf.Dictionary(JavaScript=names)
    return saved(document)


def with_launch() -> bytes:
    document = page_of_paper()
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
    button = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action
    )
    document.pages[0].Annots = pikepdf.Array([button])
    return saved(document)


def with_attachment(name: str, data: bytes) -> bytes:
    document = page_of_paper()
    document.attachments[name] = data
    return saved(document)


def swelling() -> bytes:
    """Some hundred kilobytes that unpack to more than the limit, where the parser must unpack them: an object stream."""
    packed = zlib.compress(b" " * (pdf_safety.MAX_UNPACKED + 1), 9)
    head = b"%PDF-1.5\n1 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Subtype/Image/Length "
    return head + str(len(packed)).encode() + b">>\nstream\n" + packed + b"\nendstream\nendobj\n%%EOF"


def with_huge_picture() -> bytes:
    document = page_of_paper()
    picture = document.make_stream(b"", Subtype=pikepdf.Name.Image, Width=60_000, Height=60_000)
    document.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
    return saved(document)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (with_script(), "active_content"),
        (with_named_script(), "active_content"),
        (with_launch(), "active_content"),
        (with_attachment("发票.exe", b"x"), "embedded_program"),
        (with_attachment("照片.jpg", b"MZ\x90\0" + bytes(99)), "embedded_program"),
        (swelling(), "bomb"),
        (with_huge_picture(), "bomb"),
        (pdf(pdf_safety.MAX_PAGES + 1), "too_many_pages"),
    ],
    ids=["open", "named", "launch", "program by name", "program by content", "swells", "picture", "pages"],
)
def test_a_pdf_that_is_more_than_paper_is_refused(data: bytes, code: str) -> None:
    assert refusal("扫描.pdf", data).code == code


def test_an_electronic_invoice_may_carry_its_xml() -> None:
    data = with_attachment("invoice.xml", b"<?xml version='1.0'?><invoice/>")
    assert check_upload("发票.pdf", data, allow={PDF}).page_count == 1


SAMPLES = [pdf(), image("JPEG", exif=exif(taken="2021:05:07 09:12:33")), image("PNG"), image("HEIF"), xlsx()]


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
