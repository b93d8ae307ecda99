"""结业证书 as A4 pages across, one for each person. Plain facts in, PDF/A-1b out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from training.dossiers import fonts
from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.finish import finish
from training.dossiers.pdf.paper_register import Code
from training.dossiers.pdf.style import BODY, GREY, INK, RULE, paragraph

PAGE_WIDTH, PAGE_HEIGHT = landscape(A4)
MARGIN: Final = 12 * mm
INSIDE: Final = 34 * mm
QR_SIZE: Final = 26 * mm
_MARK = BODY.clone("certificate-mark", fontName=BOLD, fontSize=13, leading=18, alignment=TA_CENTER)
_TITLE = BODY.clone("certificate-title", fontName=BOLD, fontSize=40, leading=54, alignment=TA_CENTER)
_TEXT = BODY.clone("certificate-text", fontSize=17, leading=33, firstLineIndent=34)
_NAME = BODY.clone("certificate-name", fontName=BOLD, fontSize=22, leading=32)
_SIGNED = BODY.clone("certificate-signed", fontSize=14, leading=24, alignment=TA_RIGHT)
_SMALL = BODY.clone("certificate-small", fontSize=9, leading=13.5, textColor=GREY)
_FOOT = _SMALL.clone("certificate-foot", alignment=TA_CENTER)


@dataclass(frozen=True)
class CertificatePaper:
    """What stands on one page; `check_url` is in the QR, `edition` says that an earlier paper is void."""

    mark: str
    phones: str
    programme: str
    name: str
    days: str
    title: str
    session_code: str
    hours: str
    institution: str
    issued_on: str
    number: str
    check_code: str
    check_page: str
    check_url: str
    edition: int


def build_certificates(papers: Sequence[CertificatePaper], fonts_dir: Path, *, at: datetime) -> bytes:
    """The same facts give the same bytes; `at` is the time that the document says it was made."""
    fonts.register(fonts_dir)
    target = BytesIO()
    canvas = Canvas(target, (PAGE_WIDTH, PAGE_HEIGHT), initialFontName=REGULAR, invariant=1, lang="zh-CN")
    for one in papers:
        _draw(canvas, one)
        canvas.showPage()
    canvas.save()
    first = papers[0]
    about = f"结业证书 {first.session_code}" if len(papers) > 1 else f"结业证书 {first.number}"
    return _archival(target.getvalue(), title=about, author=first.institution, subject=first.title, at=at)


def _archival(drawn: bytes, *, title: str, author: str, subject: str, at: datetime) -> bytes:
    with TemporaryDirectory() as directory:
        source, target = Path(directory, "drawn.pdf"), Path(directory, "archival.pdf")
        source.write_bytes(drawn)
        finish(source, target, title=title, author=author, subject=subject, at=at, used={})
        return target.read_bytes()


def _draw(canvas: Canvas, one: CertificatePaper) -> None:
    _frame(canvas)
    top = _put(canvas, one.mark or one.programme, _MARK, PAGE_HEIGHT - MARGIN - 12 * mm)
    top = _put(canvas, "结业证书", _TITLE, top - 2 * mm)
    top = _put(canvas, one.name, _NAME, top - 6 * mm)
    _put(canvas, _sentence(one), _TEXT, top - 2 * mm)
    _put_check(canvas, one)
    signed = f"{one.institution}（盖章）\n{one.issued_on}"
    _put(canvas, signed, _SIGNED, MARGIN + 44 * mm)
    if one.phones:
        _put(canvas, f"监督电话　{one.phones}", _FOOT, MARGIN + 9 * mm)


def _sentence(one: CertificatePaper) -> str:
    return (
        f"于 {one.days} 参加{one.programme}“{one.title}”（期号 {one.session_code}），"
        f"共 {one.hours} 学时，按考勤规则达到结业要求，准予结业。"
    )


def _put_check(canvas: Canvas, one: CertificatePaper) -> None:
    code, bottom = Code(one.check_url, QR_SIZE), MARGIN + 17 * mm
    code.drawOn(canvas, INSIDE, bottom)
    lines = [
        f"证书编号　{one.number}",
        f"校验码　{one.check_code}",
        f"扫码或在 {one.check_page} 查验真伪",
        "查验只显示隐去名字的姓名，不显示证件号码",
    ]
    if one.edition > 1:
        lines.append(f"第 {one.edition} 次发放，以前的证书作废")
    block = paragraph("\n".join(visible(line) for line in lines), _SMALL)
    _width, height = block.wrapOn(canvas, 92 * mm, QR_SIZE * 2)
    block.drawOn(canvas, INSIDE + QR_SIZE + 5 * mm, bottom + (QR_SIZE - height) / 2)


def _frame(canvas: Canvas) -> None:
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(2.2)
    canvas.rect(MARGIN, MARGIN, PAGE_WIDTH - 2 * MARGIN, PAGE_HEIGHT - 2 * MARGIN)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.6)
    inner = MARGIN + 2 * mm
    canvas.rect(inner, inner, PAGE_WIDTH - 2 * inner, PAGE_HEIGHT - 2 * inner)


def _put(canvas: Canvas, text: str, style: object, top: float) -> float:
    """Write below `top`; gives where it ends."""
    block = paragraph(text, style)
    _width, height = block.wrapOn(canvas, PAGE_WIDTH - 2 * INSIDE, PAGE_HEIGHT)
    block.drawOn(canvas, INSIDE, top - height)
    return float(top - height)
