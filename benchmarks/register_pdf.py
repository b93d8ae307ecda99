"""A roster of thousands on paper: our tables beside the least that ReportLab can do, WeasyPrint and fpdf2."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from reportlab.pdfgen.canvas import Canvas
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from benchmarks.measure import Comparison, Result, series
from training.dossiers import fonts
from training.dossiers.fonts import BOLD, REGULAR, default_fonts_dir
from training.dossiers.pdf.session_papers import PaperFacts, RosterLine, RosterPaper, build_paper
from training.dossiers.pdf.style import BOTTOM, LEFT, PAGE_HEIGHT, PAGE_WIDTH, TOP, WIDTH

SIZES = {"rows": 3000, "rounds": 5}
TINY = {"rows": 40, "rounds": 1}
HEADER = ("序号", "姓名", "性别", "身份证号", "联系电话", "乡镇、村", "学员类别")
WIDTHS = (32.0, 80.0, 32.0, 108.0, 80.0, 92.0, 63.0)
ROW, SIZE = 18.0, 8.5
NAMES = "王桂花 李建国 张𬭎 刘铁柱 陈春燕 杨志强 司马䶮 赵大海 周秋菊 吴长根".split()  # noqa: SIM905
Line = tuple[str, ...]


def lines(count: int) -> list[Line]:
    return [
        (
            str(n), NAMES[n % 10], "女" if n % 2 else "男", f"3607**********{n:04d}", f"138****{n % 10000:04d}",
            "琴江镇城北社区", "农民",
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def run(rows: int, rounds: int) -> Result:
    """In turns, after one of each that does not count."""
    fonts.register(default_fonts_dir())
    people = lines(rows)
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    pages: dict[str, bytes] = {}
    for turn in range(rounds + 1):
        for name, write in WAYS.items():
            started = time.perf_counter()
            pages[name] = write(people)
            if turn:
                found[name].append(time.perf_counter() - started)
    figures = {name: series(values, "s") for name, values in found.items()}
    ours, floor = figures["roster paper"], figures["ReportLab canvas"]
    weasy, fpdf = figures["WeasyPrint"], figures["fpdf2"]
    return Result(
        "register_pdf",
        "A Chinese roster as a PDF with lines, a header on each page and page n of N: `build_paper`, which is "
        "the table of every paper and of the dossier, with the same font and the same cells as the others.",
        "the same cells and lines drawn straight onto a ReportLab canvas (`drawString`, `line`), which is the "
        "floor; WeasyPrint from HTML; fpdf2 with `cell`",
        figures,
        [
            Comparison("ours / ReportLab canvas", ours.over(floor), 1.5),
            Comparison("WeasyPrint / ours", weasy.over(ours), 8.0, better="more"),
            Comparison("fpdf2 / ours", fpdf.over(ours)),
        ],
        {"rows": rows, "rounds": rounds, "bytes": {name: len(content) for name, content in pages.items()}},
    )


def ours(people: list[Line]) -> bytes:
    facts = PaperFacts(
        "全国电子商务进农村综合示范项目", "0797-5700000", "2021-03-20 10:30", "石城县", "项目", "SC-2020-001",
        "农民电商知识普及培训班", "石城县兴农电商培训中心", "", "",
    )  # fmt: skip
    return build_paper(
        RosterPaper(
            facts, tuple(RosterLine(*line) for line in people), "名册自批准以后没有增减。", board=False
        ),
        default_fonts_dir(),
    )


def canvas(people: list[Line]) -> bytes:
    """Nothing but strings and lines: no measuring, no layout, page n of N known beforehand."""
    target = BytesIO()
    sheet = Canvas(target, (PAGE_WIDTH, PAGE_HEIGHT), initialFontName=REGULAR, invariant=1)
    a_page = int((PAGE_HEIGHT - TOP - BOTTOM) // ROW) - 1
    starts = range(0, len(people), a_page)
    for page, start in enumerate(starts, 1):
        _canvas_page(sheet, people[start : start + a_page], f"第 {page} 页 / 共 {len(starts)} 页")
    sheet.save()
    return target.getvalue()


def _canvas_page(sheet: Canvas, people: list[Line], number: str) -> None:
    y = PAGE_HEIGHT - TOP
    lefts = [LEFT + sum(WIDTHS[:n]) for n in range(len(WIDTHS) + 1)]
    for index, line in enumerate([HEADER, *people]):
        sheet.setFont(REGULAR if index else BOLD, SIZE)
        for left, text in zip(lefts, line, strict=False):
            sheet.drawString(left + 4, y - 12, text)
        y -= ROW
        sheet.line(LEFT, y, LEFT + WIDTH, y)
    for left in lefts:
        sheet.line(left, PAGE_HEIGHT - TOP, left, y)
    sheet.drawRightString(LEFT + WIDTH, 40, number)
    sheet.showPage()


def weasyprint(people: list[Line]) -> bytes:
    """With the cut font file, so that it does not have to look for one."""
    files = fonts.prepare(default_fonts_dir())
    faces = "".join(
        f"@font-face {{ font-family: Noto; font-weight: {weight}; src: url({files[name].as_uri()}) }}"
        for name, weight in ((REGULAR, 400), (BOLD, 700))
    )
    page = (
        "@page { size: A4; margin: 24mm 18mm 22mm 20mm; @bottom-right { font: 8pt Noto; content: '第 ' "
        "counter(page) ' 页 / 共 ' counter(pages) ' 页' } } body { font: 8.5pt Noto } table { width: 100%; "
        "border-collapse: collapse; table-layout: fixed } td, th { border: .4pt solid #c3ccd6; padding: 3pt 4pt }"
    )
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in people)
    head = "".join(f"<th>{cell}</th>" for cell in HEADER)
    settings = FontConfiguration()
    document = HTML(string=f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    style = CSS(string=faces + page, font_config=settings)
    content: bytes = document.write_pdf(stylesheets=[style], font_config=settings)
    return content


def fpdf2(people: list[Line]) -> bytes:
    pdf = FPDF(unit="pt", format="A4")
    for name, style in ((REGULAR, ""), (BOLD, "B")):
        pdf.add_font("Noto", style, str(fonts.prepare(default_fonts_dir())[name]))
    pdf.set_margins(LEFT, TOP, LEFT)
    pdf.set_auto_page_break(auto=False)
    a_page = int((PAGE_HEIGHT - TOP - BOTTOM) // ROW) - 1
    for start in range(0, len(people), a_page):
        pdf.add_page()
        for index, line in enumerate([HEADER, *people[start : start + a_page]]):
            pdf.set_font("Noto", "" if index else "B", SIZE)
            for width, text in zip(WIDTHS, line, strict=True):
                pdf.cell(width, ROW, text, border=1)
            pdf.ln(ROW)
    return bytes(pdf.output())


WAYS: dict[str, Callable[[list[Line]], bytes]] = {
    "roster paper": ours,
    "ReportLab canvas": canvas,
    "fpdf2": fpdf2,
    "WeasyPrint": weasyprint,
}


def main() -> None:
    """The four files side by side, to be looked at."""
    folder = Path(tempfile.mkdtemp())
    for name, write in WAYS.items():
        (folder / f"{name}.pdf").write_bytes(write(lines(100)))
    print(folder)  # noqa: T201


if __name__ == "__main__":
    main()
