"""Original files inside the PDF: images as pages, PDFs page by page, the rest by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image as Pillow
from PIL import ImageOps
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, PageBreak

from training.dossiers.facts import Attachment
from training.dossiers.pdf.frame import BODY_HEIGHT, Document, Placement
from training.dossiers.pdf.style import NOTE, RULE, SECTION, WIDTH, Column, Heading, paragraph, table

_CAPTION = 46.0
"""What the caption above a placed page takes of the page's height, in points."""
_PAGE_PIXELS = 2480  # A4 at 300 dpi is 2480 by 3508
_PHOTO_PIXELS = 1400
_UNREADABLE = (
    pikepdf.PdfError,
    pikepdf.PasswordError,
    OSError,
    RuntimeError,
    ValueError,
    SyntaxError,
    Pillow.DecompressionBombError,
)


class Attached:
    """One original file of the archive and how it comes into the PDF."""

    def __init__(self, number: int, attachment: Attachment) -> None:
        self.number = number
        self.file = attachment

    @cached_property
    def pdf(self) -> pikepdf.Pdf | None:
        """The file as an open PDF; None when it is none, is encrypted or can't be read."""
        if self.file.content_type != "application/pdf":
            return None
        try:
            opened = pikepdf.open(BytesIO(self.file.read()))
            return None if opened.is_encrypted else _flattened(opened)
        except _UNREADABLE:
            return None

    @cached_property
    def image(self) -> ImageReader | None:
        if not self.file.content_type.startswith("image/"):
            return None
        return read_image(self.file, _PAGE_PIXELS)

    @property
    def manner(self) -> str:
        """How the reader of the PDF finds it, in words."""
        if self.pdf:
            return f"附后 {len(self.pdf.pages)} 页"
        if self.image:
            return "附后 1 页"
        if self.file.content_type == "application/pdf":
            return "PDF 已加密或损坏，未并入；原件在包内"
        if self.file.content_type.startswith("image/"):
            return "图片损坏，未并入；原件在包内"
        return "原件在包内"

    def pages(self) -> list[Flowable]:
        """Its pages, each under a caption; nothing for a file that can't be shown."""
        if self.image:
            return [*self._caption(1, 1), Placeholder(self.image)]
        if not self.pdf:
            return []
        count = len(self.pdf.pages)
        flowables: list[Flowable] = []
        for index in range(count):
            flowables += [*self._caption(index + 1, count), Placeholder((self.number, index))]
        return flowables

    def _caption(self, page: int, count: int) -> list[Flowable]:
        title = f"附件 {self.number}　{self.file.name}"
        heading = Heading(title, 1) if page == 1 else paragraph(title, SECTION)
        note = f"{self.file.item} 原件第 {page} / {count} 页　SHA-256 {self.file.sha256[:16]}…"
        return [PageBreak(), heading, paragraph(note, NOTE)]


class Placeholder(Flowable):  # type: ignore[misc]
    """A framed page of an original: an image, or room for page (attachment number, index) of a PDF."""

    def __init__(self, content: ImageReader | tuple[int, int]) -> None:
        super().__init__()
        self._content = content

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        self.width, self.height = WIDTH, min(available_height, BODY_HEIGHT - _CAPTION)
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setStrokeColor(RULE)
        self.canv.setLineWidth(0.5)
        self.canv.rect(0, 0, self.width, self.height)
        inset, width, height = 3, self.width - 6, self.height - 6
        if isinstance(self._content, tuple):
            x, y = self.canv.absolutePosition(inset, inset)
            document: Document = self.canv._doctemplate  # noqa: SLF001
            document.placements[self._content] = Placement(document.page, x, y, width, height)
        else:
            self.canv.drawImage(
                self._content, inset, inset, width, height, preserveAspectRatio=True, anchor="n"
            )


class Picture(Flowable):  # type: ignore[misc]
    """A picture as large as fits into `width` by `height` points, uncropped."""

    def __init__(self, image: ImageReader, width: float, height: float) -> None:
        super().__init__()
        own_width, own_height = image.getSize()
        scale = min(width / own_width, height / own_height)
        self.width, self.height = own_width * scale, own_height * scale
        self._image = image

    def draw(self) -> None:
        self.canv.drawImage(self._image, 0, 0, self.width, self.height)


def read_image(attachment: Attachment, pixels: int = _PHOTO_PIXELS) -> ImageReader | None:
    """The picture upright, on white, no larger than print needs; None when it can't be read."""
    try:
        with Pillow.open(BytesIO(attachment.read())) as opened:
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((pixels, pixels * 2))
            flat = Pillow.new("RGB", upright.size, "white")
            has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            layer = upright.convert("RGBA" if has_alpha else "RGB")
            flat.paste(layer, mask=layer if has_alpha else None)
    except _UNREADABLE:
        return None
    target = BytesIO()
    flat.save(target, "JPEG", quality=85)
    return ImageReader(BytesIO(target.getvalue()))


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


def _flattened(pdf: pikepdf.Pdf) -> pikepdf.Pdf | None:
    """The PDF with stamps and filled-in fields on its pages, each of which can be placed; None without pages."""
    pdf.generate_appearance_streams()
    pdf.flatten_annotations("print")
    forms = [page.as_form_xobject() for page in pdf.pages]
    return pdf if forms else None


def lay_over(pdf: pikepdf.Pdf, sources: Sequence[Attached], placements: dict[Any, Placement]) -> None:
    """Put each page of the attached PDFs into its place."""
    for attached in sources:
        if not attached.pdf:
            continue
        for index, original in enumerate(attached.pdf.pages):
            place = placements[attached.number, index]
            _lay_over(pdf, pdf.pages[place.page - 1], original, place)


def _lay_over(pdf: pikepdf.Pdf, page: pikepdf.Page, original: pikepdf.Page, place: Placement) -> None:
    """Like `Page.add_overlay`, but with a name that is not random: same facts, same bytes."""
    box = pikepdf.Rectangle(place.x, place.y, place.x + place.width, place.y + place.height)
    form = pdf.copy_foreign(original.as_form_xobject())
    name = page.add_resource(form, pikepdf.Name.XObject, pikepdf.Name.Original)
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(
        b"Q\n"
        + page.calc_form_xobject_placement(
            form, name, box, invert_transformations=True, allow_shrink=True, allow_expand=True
        )
    )
    page.contents_coalesce()


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1_048_576:.1f} MB" if count >= 1_048_576 else f"{max(count / 1024, 0.1):.1f} KB"
