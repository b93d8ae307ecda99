"""补贴申领表: what is asked for, how it adds up, and whose completions are counted. Plain facts in, A4 pages out."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from reportlab.platypus import Flowable, KeepTogether, Spacer

from training.dossiers import fonts
from training.dossiers.pdf.session_papers import PaperFacts, Sheet, check, head, opinions
from training.dossiers.pdf.style import NOTE, SECTION, Column, fields, paragraph, table


@dataclass(frozen=True)
class ClaimLine:
    number: str
    name: str
    id_number: str  # masked
    explanation: str


@dataclass(frozen=True)
class ClaimPaper:
    """`opinions` are who said what and when, as far as they have."""

    facts: PaperFacts
    about: tuple[tuple[str, str], ...]
    sums: tuple[tuple[str, str], ...]
    manifest_sha256: str
    lines: tuple[ClaimLine, ...]
    opinions: tuple[tuple[str, str], ...]


def build_claim_paper(paper: ClaimPaper, fonts_dir: Path) -> bytes:
    """The same facts give the same bytes."""
    fonts.register(fonts_dir)
    pages, _draft = _built(paper, 0)
    return _built(paper, pages)[1]


def _built(paper: ClaimPaper, total: int) -> tuple[int, bytes]:
    target = BytesIO()
    sheet = Sheet(target, paper.facts, "补贴申领表", total)
    sheet.build(_written(paper))
    return sheet.page, target.getvalue()


def _written(paper: ClaimPaper) -> list[Flowable]:
    facts = paper.facts
    columns = [
        Column("序号", 32, "c"),
        Column("姓名", 0.3),
        Column("身份证号", 118, "c"),
        Column("怎样算出", 0.7),
    ]
    rows = [(line.number, line.name, line.id_number, line.explanation) for line in paper.lines]
    return [
        *head("补贴申领表", facts, f"{facts.county}　{facts.programme}"),
        *fields(paper.about),
        paragraph("申领金额", SECTION),
        *fields(paper.sums),
        paragraph("申领金额 = 结业人次 × 协议每人次单价。每期每个资金条线只申领一次。", NOTE),
        paragraph(f"档案清单 SHA-256　{paper.manifest_sha256}", NOTE),
        Spacer(1, 8),
        KeepTogether([paragraph("审批", SECTION), opinions(paper.opinions)]),
        *check(facts, "扫码核对本期封存的档案。核对页不含任何人的个人信息。"),
        paragraph("计入人次的学员", SECTION),
        *table(columns, rows),
    ]
