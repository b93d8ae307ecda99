"""What is shown of a picture: the picture, upright, and nothing its camera wrote."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from training.core.pictures import LONGEST, shown_as, shown_copy

UPRIGHT_AFTER_A_QUARTER_TURN = 6
GPS, MAKER, ARTIST = 0x8825, 0x010F, 0x013B


def telephone_picture(kind: str = "JPEG", size: tuple[int, int] = (3000, 400), mode: str = "RGB") -> bytes:
    """Lying on its side, with place, maker and owner in it; the left half is white."""
    image = Image.new(mode, size)
    image.paste(Image.new(mode, (size[0] // 2, size[1]), "white"))
    exif = Image.Exif()
    exif[MAKER], exif[ARTIST], exif[0x0112] = "Huawei", "张三的手机", UPRIGHT_AFTER_A_QUARTER_TURN
    exif.get_ifd(GPS)[2] = (26.0, 19.0, 30.0)
    target = BytesIO()
    further: dict[str, Any] = {"comment": b"secret"} if kind == "JPEG" else {}
    image.save(target, kind, exif=exif, xmp=b"<x:xmpmeta>secret</x:xmpmeta>", **further)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_nothing_that_the_camera_wrote_is_shown(kind: str) -> None:
    original = telephone_picture(kind)
    assert b"Huawei" in original

    shown = shown_copy(original)

    with Image.open(BytesIO(shown)) as image:
        assert image.format == kind
        assert dict(image.getexif()) == {}
        assert not {"exif", "xmp", "comment"} & image.info.keys()
    assert b"secret" not in shown
    assert b"Huawei" not in shown


def test_it_stands_upright_and_is_no_larger_than_it_needs_to_be() -> None:
    with Image.open(BytesIO(shown_copy(telephone_picture()))) as image:
        assert image.size == (round(400 * LONGEST / 3000), LONGEST)
        top, bottom = image.getpixel((50, 100)), image.getpixel((50, LONGEST - 100))

    assert (min(top), max(bottom)) == (255, 0)  # type: ignore[type-var]


def test_a_small_picture_keeps_its_size_and_a_printer_s_colours_become_a_screen_s() -> None:
    with Image.open(BytesIO(shown_copy(telephone_picture(size=(320, 240), mode="CMYK")))) as image:
        assert (image.size, image.mode) == ((240, 320), "RGB")


def test_a_heic_photo_is_shown_as_a_jpeg() -> None:
    target = BytesIO()
    Image.new("RGB", (320, 240), "white").save(target, "HEIF")

    with Image.open(BytesIO(shown_copy(target.getvalue()))) as image:
        assert (image.format, image.size) == ("JPEG", (320, 240))
    assert (shown_as("image/heic"), shown_as("image/png")) == ("image/jpeg", "image/png")
