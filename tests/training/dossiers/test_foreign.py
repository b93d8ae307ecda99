"""PDFs and pictures that other people's programs made, and what becomes of them in the dossier."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from PIL import Image

from tests.machine import POPPLER
from tests.training.dossiers.foreign_pdfs import HOSTILE, changed, scanned
from tests.training.dossiers.packages import build_pdf
from tests.training.dossiers.test_pdf import VALID, bookmarks, pages_of, preflight, text_of
from training.dossiers.facts import Attachment, DossierFacts
from training.dossiers.pdf.foreign import may_stand

pytestmark = pytest.mark.skipif(not POPPLER.here(), reason=POPPLER.message)

Build = Callable[..., bytes]


@pytest.fixture
def build(facts: DossierFacts, make_attachment: Callable[..., Attachment], fonts_dir: Path) -> Build:
    """A draft whose only originals are these: name -> bytes, all for A4."""

    def built(files: dict[str, bytes], content_type: str = "application/pdf") -> bytes:
        kept = tuple(make_attachment("A4", name, content, content_type) for name, content in files.items())
        return build_pdf(replace(facts, attachments=kept, photos=()), None, fonts_dir)

    return built


def page_after(pdf: bytes, title: str, tmp_path: Path) -> Image.Image:
    """The page that the contents give for an attachment, as poppler draws it."""
    number = next(
        n for n, page in enumerate(pages_of(pdf), 1) if title in page and n > 2 and "原件第" in page
    )
    path = tmp_path / "dossier.pdf"
    path.write_bytes(pdf)
    options = ["-r", "50", "-f", str(number), "-l", str(number), "-singlefile", "-png"]
    subprocess.run(["pdftoppm", *options, path, tmp_path / "page"], check=True)
    return Image.open(tmp_path / "page.png").convert("RGB")


def red_pixels(page: Image.Image) -> Any:
    """Their (row, column)."""
    colours = np.asarray(page).astype(int)
    return np.argwhere((colours[:, :, 0] > 230) & (colours[:, :, 1] < 60))


def red_corner(page: Image.Image) -> tuple[bool, bool]:
    """Whether the red lies in the (left, upper) half of the scan, which has a black border."""
    border = np.argwhere(np.asarray(page).max(axis=2) < 12)
    middle = (border.min(axis=0) + border.max(axis=0)) / 2
    down, across = red_pixels(page).mean(axis=0)
    return bool(across < middle[1]), bool(down < middle[0])


def test_whatever_is_handed_in_the_dossier_is_pdf_a(build: Build, tmp_path: Path) -> None:
    files = {f"{what}.pdf": make() for what, make in HOSTILE.items()}
    files |= {f"scan turned by {turned}.pdf": scanned(turned) for turned in (0, 90, 180, 270)}
    pdf = build(files)

    said = preflight(pdf, tmp_path)
    assert VALID in said, said
    shown = [page for page in pages_of(pdf) if "原件第" in page]
    assert len(shown) == len(files)


@pytest.mark.parametrize("what", HOSTILE)
def test_only_harmless_scans_stand_as_they_are(what: str) -> None:
    with pikepdf.open(BytesIO(HOSTILE[what]())) as hostile, pikepdf.open(BytesIO(scanned())) as harmless:
        assert [may_stand(pdf.pages[0]) for pdf in (hostile, harmless)] == [False, True]


@pytest.mark.parametrize(
    ("turned", "corner"),
    [(0, (True, True)), (90, (False, True)), (180, (False, False)), (270, (True, False))],
)
@pytest.mark.parametrize("box", [(0, 0, 595, 842), (-300, 50, 295, 892)])
def test_a_scan_stands_in_the_dossier_the_way_up_that_it_is_read(
    build: Build,
    tmp_path: Path,
    turned: int,
    corner: tuple[bool, bool],
    box: tuple[float, float, float, float],
) -> None:
    pdf = build({"scan.pdf": scanned(turned, box=box)})
    assert red_corner(page_after(pdf, "scan.pdf", tmp_path)) == corner


def test_what_a_scan_holds_is_not_packed_anew(build: Build) -> None:
    with pikepdf.open(BytesIO(scanned())) as pdf:
        picture = pdf.pages[0].Resources.XObject.Im0.read_raw_bytes()
    assert picture in build({"scan.pdf": scanned()})


def test_a_page_that_becomes_a_picture_can_still_be_searched(build: Build) -> None:
    page = next(p for p in pages_of(build({"agreement.pdf": changed(lambda pdf: None)})) if "原件第" in p)
    assert "Agreement 2021" in page


def test_a_stamp_on_a_page_is_seen(build: Build, tmp_path: Path) -> None:
    page = page_after(build({"stamped.pdf": HOSTILE["a stamp annotation"]()}), "stamped.pdf", tmp_path)
    assert len(red_pixels(page)) > 500


def test_nothing_of_a_foreign_pdf_but_its_pages_comes_in(build: Build) -> None:
    pdf = build({"with a script.pdf": HOSTILE["JavaScript"](), "with a file.pdf": HOSTILE["a file inside"]()})
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert not opened.attachments
        assert {"/OpenAction", "/AcroForm", "/OCProperties"}.isdisjoint(opened.Root.keys())
    assert b"app.alert" not in pdf


def photo_with_a_past(secret: str) -> bytes:
    """A photo with EXIF (place, device), XMP, a comment and a thumbnail's worth of it."""
    image = Image.new("RGB", (900, 600), "orange")
    exif = Image.Exif()
    exif[0x010F], exif[0x8298], exif[0x0112] = secret, secret, 6
    exif.get_ifd(0x8825)[1] = "N"
    target = BytesIO()
    image.save(target, "JPEG", exif=exif, comment=secret, xmp=f"<x:xmpmeta>{secret}</x:xmpmeta>".encode())
    assert target.getvalue().count(secret.encode()) >= 4
    return target.getvalue()


@pytest.mark.parametrize("as_photo", [True, False])
def test_a_photo_leaves_its_exif_and_xmp_behind_in_the_original(
    facts: DossierFacts,
    make_attachment: Callable[..., Attachment],
    fonts_dir: Path,
    as_photo: bool,
) -> None:
    secret = "SECRETCAMERA7Q"
    original = make_attachment("A9" if as_photo else "A2", "p.jpg", photo_with_a_past(secret), "image/jpeg")
    photos = (replace(facts.photos[0], attachment=original),) if as_photo else ()
    pdf = build_pdf(
        replace(facts, photos=photos, attachments=() if as_photo else (original,)), None, fonts_dir
    )

    with pikepdf.open(BytesIO(pdf)) as opened:
        (picture,) = [image for page in opened.pages for image in page.get_images().values()]
        content = picture.read_raw_bytes()
        assert picture.Width < picture.Height  # it was turned before its EXIF went
    assert secret.encode() not in pdf
    assert not any(mark in content for mark in (b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE"))


def test_a_heic_photo_from_a_phone_is_shown(build: Build, tmp_path: Path) -> None:
    target = BytesIO()
    Image.open(BytesIO(photo_with_a_past("x" * 12))).save(target, "HEIF")
    pdf = build({"IMG_0001.HEIC": target.getvalue()}, "image/heic")
    assert "图片损坏" not in text_of(pdf)
    page = page_after(pdf, "IMG_0001.HEIC", tmp_path)
    red, green, blue = page.getpixel((page.width // 2, page.height // 2))  # type: ignore[misc]
    assert red > 200 > green > 100 > blue


def test_every_attachment_has_its_bookmark(build: Build) -> None:
    pdf = build({"first.pdf": scanned(), "second.pdf": HOSTILE["CMYK"]()})
    assert [title for title, _page in bookmarks(pdf)].count("四、A4　培训方案") == 1
    with pikepdf.open(BytesIO(pdf)) as opened, opened.open_outline() as outline:
        part = next(entry for entry in outline.root if "A4" in entry.title)
        assert [entry.title for entry in part.children] == [
            "经费预算",
            "附件 1　first.pdf",
            "附件 2　second.pdf",
        ]
