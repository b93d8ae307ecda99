"""Signing dossier.pdf: first the institution, then the bureau, each under a red stamp on the last page.

Both sign by incremental update, so the institution's signature still covers what it signed. The file stays
PDF/A-1b: pyHanko is kept from writing the XMP anew, and the stamps bring their fonts along. Signatures carry
their time and a random number: the same facts give the same PDF before it is signed, not after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import signers as pyhanko
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.stamp import StaticStampStyle

from training.core.content import CHUNK
from training.dossiers import fonts
from training.dossiers.loops import outside_any_loop
from training.dossiers.pdf.seal_page import SEAL_BOXES
from training.dossiers.signing_keys import Key
from training.dossiers.stamp import Stamp


@dataclass(frozen=True)
class PdfSigner:
    """Who signs in which field of the PDF (`institution` or `bureau`), with which key and when."""

    field: str
    key: Key
    name: str  # of the office or institution
    person: str  # who decided; the reason that PDF readers show
    at: datetime
    zone: ZoneInfo
    test: bool = False  # by the test CA: the stamp says so
    timestamper: TimeStamper | None = None

    @property
    def stamp(self) -> Stamp:
        moment = f"{self.at.astimezone(self.zone):%Y-%m-%d %H:%M}"
        return Stamp(self.name, "电子签章", moment, "测试证书，不作法律依据" if self.test else self.person)


def sign_in_place(pdf: BinaryIO, signers: Sequence[PdfSigner], *, fonts_dir: Path | None = None) -> None:
    """Sign one after the other, each in its box on the last page; raises SigningError, or OSError.

    The signatures are written behind what is there. The first one certifies the document: from then on only
    the other fields may be signed.
    """
    fonts.register(fonts_dir or fonts.default_fonts_dir())
    for turn, signer in enumerate(signers):
        writer = _Writer(pdf)
        if turn == 0:
            for each in signers:
                page, *box = SEAL_BOXES[each.field]
                spec = SigFieldSpec(each.field, on_page=page, box=tuple(box))  # type: ignore[arg-type]  # takes fractions
                append_signature_field(writer, spec)
        _sign(writer, signer, certify=turn == 0)


class _Writer(IncrementalPdfFileWriter):
    """Leaves the metadata as they are.

    pyHanko 0.38 (looked at 2026-11-22) writes the XMP anew with namespaces where PDFBox Preflight refuses
    them, and a ModDate in the document information that the XMP of an archived file then contradicts.
    """

    def _update_meta(self) -> None:
        pass


class _Signer(pyhanko.PdfSigner):
    """Signs at a given moment; pyHanko's own takes the computer's clock."""

    moment: datetime

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.moment
        return session


class _Picture(PdfContent):
    """The first page of a PDF as the appearance of a field."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self._page = page

    def render(self) -> bytes:
        drawn = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._page)))
        self.resources.xobject["/Stamp"] = drawn
        left, bottom, right, top = drawn.get_object()["/BBox"]
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/Stamp Do"


def _sign(writer: IncrementalPdfFileWriter, who: PdfSigner, *, certify: bool) -> None:
    _page, left, bottom, right, top = SEAL_BOXES[who.field]
    picture = _Picture(who.stamp.draw(right - left, top - bottom))
    meta = pyhanko.PdfSignatureMetadata(
        field_name=who.field,
        name=who.name,
        reason=who.person or None,
        md_algorithm="sha256",
        certify=certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    with who.key.open() as key:
        signer = _Signer(
            meta,
            signer=key,
            timestamper=who.timestamper,
            stamp_style=StaticStampStyle(background=picture, border_width=0),
        )
        signer.moment = who.at
        outside_any_loop(
            partial(signer.sign_pdf, writer, existing_fields_only=True, in_place=True, chunk_size=CHUNK)
        )
