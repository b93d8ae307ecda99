"""Original files inside the PDF: pictures as pages, PDFs page by page, the rest by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, PageBreak

from training.dossiers.facts import Attachment
from training.dossiers.fonts import REGULAR, missing_characters, visible
from training.dossiers.pdf.foreign import (
    DPI,
    IDENTITY,
    UNREADABLE_PDF,
    Matrix,
    Renderer,
    Word,
    keep_form,
    may_stand,
    seen,
)
from training.dossiers.pdf.frame import BODY_HEIGHT, Document
from training.dossiers.pdf.pictures import UNREADABLE_PICTURE, Jpeg, Scratch, shrunk
from training.dossiers.pdf.style import NOTE, RULE, SECTION, WIDTH, Column, Heading, paragraph, table

_CAPTION = 46.0
"""What the caption above a placed page takes of the page's height, in points."""
_INSET = 3.0
BOX = (WIDTH - 2 * _INSET, BODY_HEIGHT - _CAPTION - 2 * _INSET)
"""Width and height that a placed page may take, in points."""
PHOTO_BOX = ((WIDTH - 12) / 2, (WIDTH - 12) / 2 * 0.75)
_PHOTO_DPI = 250
_BROKEN = "PDF 已加密或损坏，未并入；原件在包内"
_BROKEN_PICTURE = "图片损坏，未并入；原件在包内"
_KEPT = "原件在包内"
_INVISIBLE = 3  # text rendering mode, ISO 32000-1, 9.3.6


@dataclass(frozen=True)
class Leaf:
    """One page or picture of an original, ready on disk: what to call it and what to lay behind it."""

    name: str  # of the XObject, the same for the same facts
    width: float  # only the proportion to the height counts
    height: float
    to_unit: Matrix = IDENTITY  # from its own space to the unit square
    words: tuple[Word, ...] = ()

    def fitted(self, width: float, height: float) -> tuple[float, float]:
        """As large as fits into the box, in points."""
        scale = min(width / self.width, height / self.height)
        return self.width * scale, self.height * scale


@dataclass(frozen=True)
class Attached:
    """One original file of the archive and how it comes into the PDF."""

    number: int
    file: Attachment
    leaves: tuple[Leaf, ...] = ()
    trouble: str = ""  # why it is not shown

    @property
    def title(self) -> str:
        """What its first page is headed with."""
        return f"附件 {self.number}　{self.file.name}"

    @property
    def manner(self) -> str:
        """How the reader of the PDF finds it, in words."""
        return self.trouble or (f"附后 {len(self.leaves)} 页" if self.leaves else _KEPT)

    def pages(self) -> list[Flowable]:
        """Its pages, each under a caption; nothing for a file that can't be shown."""
        count, title = len(self.leaves), self.title
        note = f"{self.file.item} 原件第 %d / {count} 页　SHA-256 {self.file.sha256[:16]}…"
        flowables: list[Flowable] = []
        for number, leaf in enumerate(self.leaves, 1):
            head = Heading(title, 1) if number == 1 else _line(title, SECTION)
            flowables += [PageBreak(), head, _line(note % number, NOTE), FramedLeaf(leaf)]
        return flowables


class Originals:
    """The originals of one dossier: each is read once and kept in `directory` in the form that is placed."""

    def __init__(self, directory: Path, photos: frozenset[str]) -> None:
        self._photos = photos  # by SHA-256: these are shown small
        self._scratch = Scratch(directory / "originals")
        self._places: dict[str, int] = {}  # name -> place in the scratch file

    def read(
        self, files: Sequence[Attachment], *, on_each: Callable[[int, int], None] = lambda done, total: None
    ) -> list[Attached]:
        """All of them; one that can't be shown says why and never stops the rest."""
        return [
            self._take(number, file, partial(on_each, number, len(files)))
            for number, file in enumerate(files, 1)
        ]

    def _take(self, number: int, file: Attachment, tick: Callable[[], None]) -> Attached:
        tick()
        try:
            if file.content_type.startswith("image/"):
                return Attached(number, file, (self._picture(number, file),))
            if file.content_type == "application/pdf":
                return Attached(number, file, tuple(self._pages(number, file.read(), tick)))
        except (*UNREADABLE_PICTURE, *UNREADABLE_PDF):
            return Attached(
                number, file, trouble=_BROKEN if file.content_type == "application/pdf" else _BROKEN_PICTURE
            )
        return Attached(number, file)

    def _picture(self, number: int, file: Attachment) -> Leaf:
        box, dpi = (PHOTO_BOX, _PHOTO_DPI) if file.sha256 in self._photos else (BOX, DPI)
        picture = shrunk(file.read(), *(round(side * dpi / 72) for side in box))
        return self._keep(f"/Original{number}", picture)

    def close(self) -> None:
        self._scratch.close()

    def _keep(self, name: str, picture: Jpeg, words: tuple[Word, ...] = ()) -> Leaf:
        self._places[name] = self._scratch.add_picture(picture)
        return Leaf(name, picture.width, picture.height, words=words)

    def _pages(self, number: int, content: bytes, tick: Callable[[], None]) -> list[Leaf]:
        leaves = []
        with pikepdf.open(BytesIO(content)) as pdf, ExitStack() as rendering:
            if pdf.is_encrypted or not pdf.pages:
                raise pikepdf.PdfError
            drawn: Renderer | None = None
            for index, page in enumerate(pdf.pages):
                tick()
                name = f"/Original{number}p{index + 1}"
                if may_stand(page):
                    self._places[name] = keep_form(page, self._scratch)
                    leaves.append(Leaf(name, *seen(page)))
                else:
                    drawn = drawn or rendering.enter_context(closing(Renderer(content)))
                    leaves.append(self._keep(name, *drawn.picture(index, *BOX)))
        return leaves

    def append_to(self, path: Path, numbers: Mapping[str, int]) -> None:
        """Write them behind the PDF in `path`, each by its name in place of the object of that number."""
        self._scratch.append_to(path, {self._places[name]: number for name, number in numbers.items()})


def _line(text: str, style: ParagraphStyle) -> Flowable:
    fits = stringWidth(visible(text), style.fontName, style.fontSize) <= WIDTH
    return OneLine(text, style) if fits else paragraph(text, style)


class OneLine(Flowable):  # type: ignore[misc]
    """A line that need not be broken, which is many times faster than a paragraph."""

    def __init__(self, text: str, style: ParagraphStyle) -> None:
        super().__init__()
        self._text, self._style = visible(text), style
        self.width, self.height = WIDTH, style.leading
        self.spaceBefore, self.spaceAfter = style.spaceBefore, style.spaceAfter

    def draw(self) -> None:
        if not self.canv._doctemplate.drawing:  # noqa: SLF001  see `Paged`
            return
        style = self._style
        self.canv.setFont(style.fontName, style.fontSize)
        self.canv.setFillColor(style.textColor)
        self.canv.drawString(0, style.leading - style.fontSize, self._text)


class DrawnLeaf(Flowable):  # type: ignore[misc]
    """A picture or page of an original, as large as fits into `width` by `height` points, uncropped."""

    def __init__(self, leaf: Leaf, width: float, height: float) -> None:
        super().__init__()
        self._leaf = leaf
        self.width, self.height = leaf.fitted(width, height)

    def draw(self) -> None:
        draw_leaf(self.canv, self._leaf, 0, 0, self.width, self.height)


class FramedLeaf(Flowable):  # type: ignore[misc]
    """A page of an original in a frame that fills the rest of the page."""

    def __init__(self, leaf: Leaf) -> None:
        super().__init__()
        self._leaf = leaf

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        self.width, self.height = WIDTH, min(available_height, BODY_HEIGHT - _CAPTION)
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setStrokeColor(RULE)
        self.canv.setLineWidth(0.5)
        self.canv.rect(0, 0, self.width, self.height)
        width, height = self._leaf.fitted(self.width - 2 * _INSET, self.height - 2 * _INSET)
        draw_leaf(
            self.canv, self._leaf, (self.width - width) / 2, self.height - _INSET - height, width, height
        )


def draw_leaf(canvas: Any, leaf: Leaf, x: float, y: float, width: float, height: float) -> None:
    """Draw by name what stands behind the pages when they are written, over its words."""
    document: Document = canvas._doctemplate  # noqa: SLF001
    if not document.drawing:
        return
    document.used[leaf.name].add(document.page)
    text = canvas.beginText()
    text.setTextRenderMode(_INVISIBLE)
    for word in leaf.words:
        _lay_behind(text, word, x, y, width, height)
    text.setTextRenderMode(0)
    text.setHorizScale(100)
    if leaf.words:
        canvas.drawText(text)
    a, b, c, d, e, f = leaf.to_unit
    canvas.saveState()
    canvas.transform(a * width, b * height, c * width, d * height, x + e * width, y + f * height)
    canvas._code.append(f"{leaf.name} Do")  # noqa: SLF001  ReportLab would want the picture itself
    canvas.restoreState()


def _lay_behind(text: Any, word: Word, x: float, y: float, width: float, height: float) -> None:
    """For search and for copying; it is as wide as what is seen."""
    said = "".join(c for c in word.text if c.isprintable())
    said = said.translate(dict.fromkeys(map(ord, missing_characters(said))))
    size = max(word.height * height, 1)
    natural = stringWidth(said, REGULAR, size)
    if not natural:
        return
    text.setFont(REGULAR, size)
    text.setHorizScale(100 * word.width * width / natural)
    text.setTextOrigin(x + word.x * width, y + word.y * height)
    text.textOut(said)


def listing(attached: Sequence[Attached]) -> list[Flowable]:
    """The part's original files, by name."""
    if not attached:
        return []
    columns = [
        Column("附件", 30, "c"),
        Column("文件名", 0.58),
        Column("上传人", 52, "c"),
        Column("大小", 48, "r"),
        Column("SHA-256（前16位）", 92, "c"),
        Column("收录方式", 0.42),
    ]
    rows = [
        (str(a.number), a.file.name, a.file.uploaded_by, size(a.file.size), a.file.sha256[:16], a.manner)
        for a in attached
    ]
    return [paragraph("原始文件", SECTION), *table(columns, rows)]


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1_048_576:.1f} MB" if count >= 1_048_576 else f"{max(count / 1024, 0.1):.1f} KB"
