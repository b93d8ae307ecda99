"""The registration as an A4 sheet for the notice board: what it is, when, where, and the code to scan."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from training.dossiers import fonts
from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.paper_register import Code
from training.dossiers.pdf.style import BOTTOM, GREY, INK, LEFT, PAGE_HEIGHT, PAGE_WIDTH, WIDTH, paragraph
from training.web.registration.queries import PublicPage

QR_SIZE = 92 * mm
_TITLE = ParagraphStyle(
    "title", fontName=BOLD, fontSize=30, leading=40, alignment=TA_CENTER, textColor=INK, wordWrap="CJK"
)
_FACTS = ParagraphStyle("facts", fontName=REGULAR, fontSize=14, leading=23, textColor=INK, wordWrap="CJK")
_SMALL = ParagraphStyle(
    "small", parent=_FACTS, fontSize=10.5, leading=15, alignment=TA_CENTER, textColor=GREY
)


def address_of(page: PublicPage) -> str:
    server: str = settings.PUBLIC_URL.rstrip("/")
    return server + reverse("public-registration", args=[page.call.token])


def draw_poster(page: PublicPage) -> bytes:
    """One page of PDF; the code is drawn as squares and prints sharp."""
    fonts.register(Path(settings.FONTS_DIR))
    target = BytesIO()
    canvas = Canvas(target, (PAGE_WIDTH, PAGE_HEIGHT), initialFontName=REGULAR, invariant=1, lang="zh-CN")
    canvas.setTitle(f"报名 {page.session.code}")
    session, programme = page.session, page.session.institution.programme
    top = _put(canvas, programme.mark_text or programme.name, _SMALL, PAGE_HEIGHT - 18 * mm)
    top = _put(canvas, f"{session.title}　报名", _TITLE, top - 8 * mm)
    top = _put(canvas, "\n".join(_facts(page)), _FACTS, top - 6 * mm)
    code = Code(address_of(page), min(QR_SIZE, top - BOTTOM - 42 * mm))
    code.drawOn(canvas, (PAGE_WIDTH - code.width) / 2, top - 8 * mm - code.height)
    top = _put(canvas, "用手机扫码报名，免费培训", _TITLE, top - 12 * mm - code.height)
    _put(canvas, "\n".join(_foot(page)), _SMALL, top - 3 * mm)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _facts(page: PublicPage) -> list[str]:
    call = page.call
    lines = [f"招收：{page.session.audience}", f"名额：{call.places} 人"]
    lines += [
        f"时间：{meeting.on:%Y-%m-%d} {localtime(meeting.starts_at):%H:%M}–{localtime(meeting.ends_at):%H:%M}"
        for meeting in page.meetings[:6]
    ]
    lines += [f"地点：{place}" for place in dict.fromkeys(meeting.place for meeting in page.meetings)]
    lines += [f"报名截止：{localtime(call.closes_at):%Y-%m-%d %H:%M}"]
    return lines + ([call.note] if call.note else [])


def _foot(page: PublicPage) -> list[str]:
    session = page.session
    phones = "　".join(str(phone) for phone in session.institution.programme.phones)
    said = "不会用手机的，带身份证到乡镇政府或培训机构报名，效力一样。"
    return [
        said,
        address_of(page),
        f"{session.institution.name}　{session.code}",
        f"监督电话：{phones}" if phones else "",
    ]


def _put(canvas: Canvas, text: str, style: ParagraphStyle, top: float) -> float:
    """Write below `top`; gives where it ends."""
    block = paragraph(visible(text), style)
    _width, height = block.wrapOn(canvas, WIDTH, PAGE_HEIGHT)
    block.drawOn(canvas, LEFT, top - height)
    return float(top - height)
