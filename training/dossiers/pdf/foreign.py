"""Pages of PDFs that somebody else made: which may stand in an archive PDF as they are, and a picture of the rest.

What may stand is a list of what is harmless, not of what is not: scans, that is pictures and lines. Whatever has
fonts, transparency, layers, forms, annotations or a colour space that PDF/A-1b may refuse becomes a picture with
its text laid invisibly behind, however well the file claims to behave.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Stream

from training.dossiers.pdf.pictures import Jpeg, Scratch, encoded

UNREADABLE_PDF: Final = (
    pikepdf.PdfError,
    pikepdf.PasswordError,
    pypdfium2.PdfiumError,
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
)
DPI: Final = 200
_OPERATORS = frozenset("q Q cm w J j M d re m l c v y h f F f* S s B B* b b* n W W* g G rg RG Do".split())  # noqa: SIM905
_FILTERS = frozenset({"/DCTDecode", "/FlateDecode", "/CCITTFaxDecode"})
_DEVICE = frozenset({"/DeviceGray", "/DeviceRGB"})
_OF_IMAGES = frozenset(
    [
        "/Type",
        "/Subtype",
        "/Width",
        "/Height",
        "/BitsPerComponent",
        "/ColorSpace",
        "/Filter",
        "/DecodeParms",
        "/Length",
        "/Name",
        "/Decode",
        "/ImageMask",
        "/Intent",
    ]
)
_OF_RESOURCES = frozenset(
    {"/XObject", "/ProcSet", "/Font", "/ExtGState", "/ColorSpace", "/Properties", "/Pattern"}
)
_MOST_WORDS = 400
_LARGEST = 32767  # ISO 19005-1, 6.1.12
_LONGEST = 14400  # points; ISO 32000-1, annex C

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Final[Matrix] = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True)
class Word:
    """A run of text and its box, in shares of the page's width and height from the lower left."""

    text: str
    x: float
    y: float
    width: float
    height: float


def may_stand(page: pikepdf.Page) -> bool:
    """Whether the page is a scan that PDF/A-1b takes as it is."""
    try:
        resources = page.obj.get("/Resources", Dictionary())
        harmless = not page.obj.get("/Annots") and "/Group" not in page.obj and "/UserUnit" not in page.obj
        box = [float(side) for side in page.cropbox]
        harmless = harmless and 1 < box[2] - box[0] < _LONGEST and 1 < box[3] - box[1] < _LONGEST
        only_pictures = set(resources.keys()) <= _OF_RESOURCES and all(
            not resources.get(kind) for kind in _OF_RESOURCES - {"/XObject", "/ProcSet"}
        )
        pictures = resources.get("/XObject", Dictionary())
        return (
            harmless
            and only_pictures
            and all(_is_plain(pictures[name]) for name in pictures.keys())  # noqa: SIM118  a PDF dictionary
            and _draws_pictures(page)
        )
    except UNREADABLE_PDF:
        return False


def _draws_pictures(page: pikepdf.Page) -> bool:
    """Only lines, rectangles and pictures, in grey or RGB, with balanced states."""
    depth = 0
    names = page.obj.get("/Resources", Dictionary()).get("/XObject", Dictionary())
    for instruction in pikepdf.parse_content_stream(page):
        operands, word = list(instruction.operands), str(instruction.operator)
        if word not in _OPERATORS or (word == "Do" and operands[0] not in names):
            return False
        if any(abs(number) > _LARGEST for number in operands if isinstance(number, int | float | Decimal)):
            return False
        depth += {"q": 1, "Q": -1}.get(word, 0)
        if not 0 <= depth < 20:
            return False
    return depth == 0


def _is_plain(image: Any) -> bool:
    """A picture of grey or sRGB pixels, one, two, four or eight bits each, without a mask."""
    if not isinstance(image, Stream) or image.get("/Subtype") != Name.Image:
        return False
    packed = image.get("/Filter", Array())
    filters = list(packed) if isinstance(packed, Array) else [packed]
    stencil = bool(image.get("/ImageMask", False))
    return (
        set(image.keys()) <= _OF_IMAGES
        and {str(name) for name in filters} <= _FILTERS
        and not image.get("/Interpolate", False)
        and (stencil or str(image.get("/ColorSpace")) in _DEVICE)
        and int(image.get("/BitsPerComponent", 1)) in ((1,) if stencil else (1, 2, 4, 8))
    )


def seen(page: pikepdf.Page) -> tuple[float, float, Matrix]:
    """Width and height as the page is looked at, and the matrix from its own space to the unit square."""
    x1, y1, x2, y2 = (float(side) for side in page.cropbox)
    width, height = x2 - x1, y2 - y1
    across: tuple[float, float, float] = (1 / width, 0, -x1 / width)  # of x and y, and what is added
    up: tuple[float, float, float] = (0, 1 / height, -y1 / height)
    for _quarter in range(_turned(page) // 90 % 4):
        across, up = up, (-across[0], -across[1], 1 - across[2])
        width, height = height, width
    return width, height, (across[0], up[0], across[1], up[1], across[2], up[2])


def keep_form(page: pikepdf.Page, scratch: Scratch) -> int:
    """Keep what a page that may stand shows, in its own space and unturned; gives the form's place."""
    pictures = page.obj.get("/Resources", Dictionary()).get("/XObject", Dictionary())
    names = list(pictures.keys())
    places = tuple(scratch.add(*_raw(pictures[name])) for name in names)
    named = b"".join(Name(name).unparse() + b" %d 0 R" for name in names)
    box = b" ".join(b"%.4f" % float(side) for side in page.cropbox)
    head = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources<</XObject<<" % box + named + b">>>>"
    content = b"\n".join(part.read_bytes() for part in _contents(page))
    return scratch.add(head + b"/Filter/FlateDecode", zlib.compress(content), places)


def _raw(picture: Any) -> tuple[bytes, bytes]:
    """A picture's dictionary and its bytes as they are packed."""
    keys = (key for key in picture.keys() if key != "/Length")  # noqa: SIM118  a PDF dictionary
    head = b"".join(Name(key).unparse() + b" " + _direct(picture[key]) for key in keys)
    return head, picture.read_raw_bytes()


def _direct(value: Any) -> bytes:
    """As it is written, nothing in it by reference."""
    return (
        pikepdf.Object.unparse(value, resolved=True)
        if isinstance(value, pikepdf.Object)
        else str(value).encode()
    )


def _contents(page: pikepdf.Page) -> list[Any]:
    contents = page.obj.get("/Contents", Array())
    return list(contents) if isinstance(contents, Array) else [contents]


def _turned(page: pikepdf.Page) -> int:
    """Degrees clockwise, its own or the page tree's."""
    node: Any = page.obj
    while node is not None and "/Rotate" not in node:
        node = node.get("/Parent")
    return int(node.Rotate) if node is not None else 0


class Renderer:
    """A PDF whose pages are drawn as pictures."""

    def __init__(self, content: bytes) -> None:
        self._pdf = pypdfium2.PdfDocument(content)
        if self._pdf.get_formtype():
            self._pdf.init_forms()

    def close(self) -> None:
        self._pdf.close()

    def picture(self, number: int, width: float, height: float) -> tuple[Jpeg, tuple[Word, ...]]:
        """Page `number` from 0 as it fits into a box of so many points, and its words."""
        with closing(self._pdf[number]) as page:
            own_width, own_height = page.get_size()
            scale = min(width / own_width, height / own_height) * DPI / 72
            bitmap = page.render(scale=scale, may_draw_forms=True, rev_byteorder=True)
            image = bitmap.to_pil().convert("RGB")
            bitmap.close()
            return encoded(image), tuple(_words(page)) if not page.get_rotation() else ()


def _words(page: pypdfium2.PdfPage) -> Iterator[Word]:
    """The text by lines, as far as anybody would look for it."""
    left, bottom, right, top = page.get_bbox()
    width, height = right - left, top - bottom
    with closing(page.get_textpage()) as text:
        for number in range(min(text.count_rects(), _MOST_WORDS)):
            x1, y1, x2, y2 = text.get_rect(number)
            inside = left <= x1 < x2 <= right and bottom <= y1 < y2 <= top
            if inside and (said := text.get_text_bounded(x1, y1, x2, y2).strip()):
                said = " ".join(said.split())[:500]
                yield Word(
                    said, (x1 - left) / width, (y1 - bottom) / height, (x2 - x1) / width, (y2 - y1) / height
                )
