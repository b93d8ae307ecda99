"""The papers around a session, for signing, posting and handing out: application, approval, notice, roster.

Plain facts in, A4 pages out; what may be printed for whom the caller has decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)

from training.dossiers import fonts
from training.dossiers.facts import CostLine
from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.budget import budget_table
from training.dossiers.pdf.paged import Paged
from training.dossiers.pdf.paper_register import Code
from training.dossiers.pdf.style import (
    BODY,
    BOTTOM,
    FONT,
    GREY,
    INK,
    LEFT,
    NOTE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    RULE,
    SECTION,
    TOP,
    WARNING,
    WIDTH,
    Column,
    fields,
    paragraph,
    table,
)

TITLE = BODY.clone("paper-title", fontName=BOLD, fontSize=18, leading=27, alignment=TA_CENTER, spaceAfter=3)
UNDER_TITLE = BODY.clone("paper-number", alignment=TA_CENTER, spaceAfter=10)
LETTER = BODY.clone("paper-letter", fontSize=11, leading=19, firstLineIndent=22, spaceAfter=5)
GREETING = LETTER.clone("paper-greeting", firstLineIndent=0)
QR_SIZE = 24 * mm
SIGNATURE_HEIGHT = 62.0
"""Room for a stamp over a signature, in points."""


@dataclass(frozen=True)
class PaperFacts:
    """What every paper says of its programme and session."""

    mark: str
    phones: str
    printed: str
    county: str
    programme: str
    code: str
    title: str
    institution: str
    state: str  # a warning when the session is off: 已取消
    verify_url: str  # "" while there is no approval


@dataclass(frozen=True)
class LessonLine:
    sequence: int
    on: str
    time: str
    topic: str
    instructor: str
    venue: str
    hours: str


@dataclass(frozen=True)
class ApplicationPaper:
    """开班申请表; `opinions` are who said what and when, as far as they have."""

    facts: PaperFacts
    about: tuple[tuple[str, str], ...]
    plan: tuple[tuple[str, str], ...]
    lessons: tuple[LessonLine, ...]
    opinions: tuple[tuple[str, str], ...]
    budget: tuple[CostLine, ...] = ()


@dataclass(frozen=True)
class ApprovalPaper:
    facts: PaperFacts
    number: str
    approved_on: str
    people: int
    lessons: tuple[LessonLine, ...]
    changed: bool  # the timetable has been changed with the bureau's consent since


@dataclass(frozen=True)
class NoticePaper:
    """开班通知 to trainees; no lesson's instructor, nothing about anybody."""

    facts: PaperFacts
    number: str
    lessons: tuple[LessonLine, ...]
    address: tuple[str, ...]
    bring: tuple[str, ...]
    contact: str


@dataclass(frozen=True)
class RosterLine:
    number: str
    name: str
    sex: str
    id_number: str
    phone: str
    home: str
    group: str


@dataclass(frozen=True)
class RosterPaper:
    """`board` is for posting: numbers masked, no telephone; otherwise as the reader may see them."""

    facts: PaperFacts
    lines: tuple[RosterLine, ...]
    changes: str
    board: bool


Paper = ApplicationPaper | ApprovalPaper | NoticePaper | RosterPaper


def build_paper(paper: Paper, fonts_dir: Path) -> bytes:
    """The same facts give the same bytes."""
    fonts.register(fonts_dir)
    name, story = _written(paper)
    target = BytesIO()
    Sheet(target, paper.facts, name).write(story)
    return target.getvalue()


def _written(paper: Paper) -> tuple[str, list[Flowable]]:
    if isinstance(paper, ApplicationPaper):
        return "开班申请表", _application(paper)
    if isinstance(paper, ApprovalPaper):
        return "开班批准通知", _approval(paper)
    if isinstance(paper, NoticePaper):
        return "开班通知", _notice(paper)
    return "培训人员名册", _roster(paper)


class Sheet(Paged):
    """Pages n of N, each saying what it belongs to: paper comes apart."""

    def __init__(self, target: BytesIO, facts: PaperFacts, name: str, total: int = 0) -> None:
        super().__init__(
            target,
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            initialFontName=REGULAR,  # else an unused Helvetica comes in, not embedded
            initialFontSize=9,
            invariant=1,
            title=f"{name} {facts.code}",
            lang="zh-CN",
        )
        self.facts, self.name, self.total = facts, name, total
        frame = Frame(LEFT, BOTTOM, WIDTH, PAGE_HEIGHT - TOP - BOTTOM, 0, 0, 0, 0)
        self.addPageTemplates(
            [PageTemplate("sheet", [frame], onPage=lambda canvas, _: self._furnish(canvas))]
        )

    def _furnish(self, canvas: Canvas) -> None:
        top, foot, right = PAGE_HEIGHT - TOP + 14, BOTTOM - 12, PAGE_WIDTH - RIGHT
        canvas.setStrokeColor(RULE)
        canvas.line(LEFT, top - 5, right, top - 5)
        canvas.line(LEFT, foot, right, foot)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 8)
        canvas.drawString(LEFT, top, visible(self.facts.mark))
        canvas.setFont(REGULAR, 8)
        canvas.drawRightString(right, top, visible(f"{self.name}　{self.facts.code}"))
        canvas.drawRightString(right, foot - 12, f"第 {self.page} 页 / 共 {self.total} 页")
        canvas.setFillColor(GREY)
        if self.facts.phones:
            canvas.drawString(LEFT, foot - 12, visible(f"监督电话 {self.facts.phones}"))
        canvas.drawString(LEFT, foot - 23, visible(f"打印时间 {self.facts.printed}"))


def head(title: str, facts: PaperFacts, under: str) -> list[Flowable]:
    off = [paragraph(f"注意：本期{facts.state}。", WARNING)] if facts.state else []
    return [paragraph(title, TITLE), paragraph(under, UNDER_TITLE), *off]


def _timetable(lessons: Sequence[LessonLine], *, taught_by: bool = True) -> list[Flowable]:
    columns = [
        Column("课次", 30, "c"),
        Column("日期", 62, "c"),
        Column("时间", 72, "c"),
        Column("专题", 0.5),
        *([Column("授课人", 56, "c")] if taught_by else []),
        Column("地点", 0.5),
        *([Column("学时", 32, "c")] if taught_by else []),
    ]
    rows = [
        (
            str(lesson.sequence),
            lesson.on,
            lesson.time,
            lesson.topic,
            *([lesson.instructor] if taught_by else []),
            lesson.venue,
            *([lesson.hours] if taught_by else []),
        )
        for lesson in lessons
    ]
    return table(columns, rows)


def _application(paper: ApplicationPaper) -> list[Flowable]:
    facts = paper.facts
    return [
        *head("开班申请表", facts, f"{facts.county}　{facts.programme}"),
        *fields(paper.about),
        paragraph("培训方案", SECTION),
        *fields(paper.plan, across=1),
        paragraph("课程安排", SECTION),
        *_timetable(paper.lessons),
        *([paragraph("经费预算", SECTION), *budget_table(paper.budget)] if paper.budget else []),
        Spacer(1, 8),
        KeepTogether([paragraph("审批", SECTION), opinions(paper.opinions)]),
        *check(facts),
    ]


def opinions(said_by: Sequence[tuple[str, str]]) -> Table:
    """One box for each hand it goes through, with room for a signature and a stamp."""
    rows = [
        [who, paragraph(f"{said}\n\n签字（盖章）：＿＿＿＿＿＿＿＿　＿＿＿年＿＿月＿＿日")]
        for who, said in said_by
    ]
    style = TableStyle(
        [
            FONT,
            ("FONTSIZE", (0, 0), (-1, -1), 9),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("GRID", (0, 0), (-1, -1), 0.4, RULE),
            ("BOX", (0, 0), (-1, -1), 0.8, INK),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ]
    )
    return Table(rows, [90, WIDTH - 90], [SIGNATURE_HEIGHT] * len(rows), style=style)


def _approval(paper: ApprovalPaper) -> list[Flowable]:
    facts = paper.facts
    text = (
        f"你单位报来的“{facts.title}”（期号 {facts.code}）开班申请收悉。经审核，同意开班，名册 {paper.people} 人，"
        "课程安排如下。"
    )
    return [
        *head(f"关于同意“{facts.title}”开班的通知", facts, paper.number),
        paragraph(f"{facts.institution}：", GREETING),
        paragraph(text, LETTER),
        *_timetable(paper.lessons),
        *([paragraph("课程安排已按批准的变更更新。", NOTE)] if paper.changed else []),
        Spacer(1, 8),
        paragraph(
            "请按批准的时间、地点、授课人和名册组织培训。需要变更的，在该课次开始以前申请，经同意后执行；"
            "学员本人签到、签退；结课以后按一期一档整理档案。",
            LETTER,
        ),
        Spacer(1, 24),
        paragraph(f"{facts.county}商务局（盖章）", _RIGHT),
        paragraph(paper.approved_on, _RIGHT),
        *check(facts),
    ]


_RIGHT = LETTER.clone("paper-right", alignment=2, firstLineIndent=0)


def _notice(paper: NoticePaper) -> list[Flowable]:
    facts = paper.facts
    bring = [paragraph(f"{n}. {text}", GREETING) for n, text in enumerate(paper.bring, 1)]
    return [
        *head("开班通知", facts, f"{facts.title}　{facts.code}"),
        paragraph("各位学员：", GREETING),
        paragraph(
            f"由{facts.institution}承办的“{facts.title}”已经{facts.county}商务局批准（{paper.number}），"
            "请按下面的时间、地点参加。",
            LETTER,
        ),
        *_timetable(paper.lessons, taught_by=False),
        Spacer(1, 6),
        *[paragraph(line, NOTE) for line in paper.address],
        paragraph("请带好、请注意", SECTION),
        *bring,
        paragraph("联系电话", SECTION),
        paragraph(paper.contact, GREETING),
        *([paragraph(f"监督电话：{facts.phones}", GREETING)] if facts.phones else []),
        Spacer(1, 16),
        paragraph(facts.institution, _RIGHT),
        *check(facts),
    ]


def _roster(paper: RosterPaper) -> list[Flowable]:
    facts = paper.facts
    columns = [
        Column("序号", 32, "c"),
        Column("姓名", 0.3),
        Column("性别", 32, "c"),
        Column("身份证号", 108, "c"),
        *([] if paper.board else [Column("联系电话", 80, "c")]),
        Column("乡镇、村", 0.7 if paper.board else 0.4),
        *([] if paper.board else [Column("学员类别", 0.3)]),
    ]
    rows = [
        (
            line.number,
            line.name,
            line.sex,
            line.id_number,
            *([] if paper.board else [line.phone]),
            line.home,
            *([] if paper.board else [line.group]),
        )
        for line in paper.lines
    ]
    return [
        *head("培训人员名册", facts, f"{facts.title}　{facts.institution}　共 {len(rows)} 人"),
        *table(columns, rows, row_height=18),
        Spacer(1, 6),
        paragraph(paper.changes, NOTE),
        *check(facts),
    ]


SESSION_PAGE = "扫码核对本期培训的批准文号、时间和地点。核对页不含任何人的个人信息。"


def check(facts: PaperFacts, what: str = SESSION_PAGE) -> list[Flowable]:
    """Where anybody can see whether the paper is true; `what` says what that page shows."""
    if not facts.verify_url:
        return []
    said = paragraph(what + "\n" + facts.verify_url, NOTE)
    box = Table([[Code(facts.verify_url, QR_SIZE), said]], [QR_SIZE + 10, WIDTH - QR_SIZE - 10])
    box.setStyle(
        TableStyle([FONT, ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    )
    return [KeepTogether([Spacer(1, 12), box])]
