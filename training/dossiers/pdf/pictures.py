"""Pictures on their way into the PDF: made small and anonymous, then kept on disk until they are placed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count, groupby
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import pikepdf
from pikepdf import Name
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

register_heif_opener()

UNREADABLE_PICTURE = (OSError, ValueError, SyntaxError, RuntimeError, Image.DecompressionBombError)
_COLOURS = {"L": b"/DeviceGray", "RGB": b"/DeviceRGB"}


@dataclass(frozen=True)
class Jpeg:
    """A baseline JPEG of our own making: grey or sRGB, with nothing in it but the picture."""

    data: bytes
    width: int
    height: int
    mode: str  # "L" | "RGB"


def shrunk(content: bytes, width: int, height: int) -> Jpeg:
    """The picture upright, on white, no larger than `width` by `height` pixels, without EXIF, XMP or profile.

    Raises one of UNREADABLE_PICTURE.
    """
    with Image.open(BytesIO(content)) as opened:
        turned = opened.getexif().get(0x0112, 1) >= 5  # lies on its side
        # A JPEG is decoded at a half, a quarter or an eighth: a 48-megapixel photo takes no 150 MB.
        opened.draft("RGB", (height, width) if turned else (width, height))
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((width, height))
        return encoded(_flat(upright))


def encoded(image: Image.Image, quality: int = 80) -> Jpeg:
    """A grey or colour image as JPEG; the caller sees to its size."""
    target = BytesIO()
    bare = Image.new(image.mode, image.size)
    bare.paste(image)  # a new image carries none of the old one's information
    bare.save(target, "JPEG", quality=quality)
    return Jpeg(target.getvalue(), image.width, image.height, image.mode)


def _flat(image: Image.Image) -> Image.Image:
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(layer, mask=layer)
    return flat


@dataclass(frozen=True)
class _Kept:
    """An object on disk: its dictionary, with a %d for each object it names, and where its bytes are."""

    head: bytes
    names: tuple[int, ...]
    length: int


class Scratch:
    """Objects for a PDF, kept on disk until it is there: one of them at a time is in memory.

    Copying them from one PDF into another would keep all of them: pikepdf 10 (looked at 2026-11-22) reads what
    it copies.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._kept: list[_Kept] = []

    def close(self) -> None:
        self._file.close()

    def add(self, head: bytes, data: bytes, names: tuple[int, ...] = ()) -> int:
        """Keep a stream; gives its place. `head` has the inside of its dictionary but for /Length."""
        self._file.write(data)
        self._kept.append(_Kept(head, names, len(data)))
        return len(self._kept) - 1

    def add_picture(self, picture: Jpeg) -> int:
        head = (
            b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace%b/Filter/DCTDecode"
        )
        return self.add(head % (picture.width, picture.height, _COLOURS[picture.mode]), picture.data)

    def append_to(self, path: Path, known: Mapping[int, int]) -> None:
        """Write everything behind the PDF in `path`, as an incremental update.

        `known` are places and the numbers of the objects that they replace; the others get new ones.
        """
        if not self._kept:
            return
        with pikepdf.open(path, access_mode=pikepdf.AccessMode.stream) as pdf:
            size, trailer = int(pdf.trailer.Size), _trailer(pdf)
        fresh = count(size)
        numbers = [known[place] if place in known else next(fresh) for place in range(len(self._kept))]
        self._file.seek(0)
        with path.open("r+b") as target:
            target.seek(-64, SEEK_END)
            before = int(target.read().rpartition(b"startxref")[2].split()[0])
            offsets = {
                number: self._write(target, number, kept, numbers)
                for number, kept in zip(numbers, self._kept, strict=True)
            }
            start = target.tell()
            target.write(b"xref\n")
            target.writelines(_sections(offsets))
            last = (next(fresh), trailer, before, start)
            target.write(b"trailer\n<</Size %d%b/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % last)

    def _write(self, target: BinaryIO, number: int, kept: _Kept, numbers: Sequence[int]) -> int:
        """Gives where it begins."""
        offset = target.tell()
        head = kept.head % tuple(numbers[place] for place in kept.names)
        target.write(b"%d 0 obj\n<<%b/Length %d>>\nstream\n" % (number, head, kept.length))
        target.write(self._file.read(kept.length))
        target.write(b"\nendstream\nendobj\n")
        return offset


def _trailer(pdf: pikepdf.Pdf) -> bytes:
    """What an update's trailer takes over."""
    keys = ("/Root", "/Info", "/ID")
    return b"".join(Name(key).unparse() + b" " + pdf.trailer[key].unparse() for key in keys)


def _sections(offsets: Mapping[int, int]) -> Iterator[bytes]:
    """The lines of a cross-reference table, numbers that follow each other together."""
    numbers = sorted(offsets)
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        section = [number for _, number in run]
        yield b"%d %d\n" % (section[0], len(section))
        yield from (b"%010d 00000 n \n" % offsets[number] for number in section)
