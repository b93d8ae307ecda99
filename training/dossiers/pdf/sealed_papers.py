"""Papers about a sealed version: the list it is handed over with, and what a later check of it found."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer

from training.dossiers import fonts
from training.dossiers.four_properties import FourProperties
from training.dossiers.pdf.session_papers import PaperFacts, Sheet, check, head, opinions
from training.dossiers.pdf.style import NOTE, PAGE_HEIGHT, SECTION, Column, fields, paragraph, table

SEALED_PAGE = "扫码核对本期封存的档案。核对页不含任何人的个人信息。"


@dataclass(frozen=True)
class TransferPaper:
    """移交清单, two copies; `digests` are labels with hexadecimal digits."""

    facts: PaperFacts
    number: str
    about: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str, str], ...]  # name, what it is, size
    digests: tuple[tuple[str, str], ...]
    handed_by: str
    taken_by: str


@dataclass(frozen=True)
class PropertyPaper:
    """四性检测报告 of a check made after the seal; `report` None where the package could not be opened."""

    facts: PaperFacts
    about: tuple[tuple[str, str], ...]
    report: FourProperties | None
    problem: str


def build_transfer_list(paper: TransferPaper, fonts_dir: Path) -> bytes:
    """The same facts give the same bytes."""
    return _built(
        paper.facts,
        "移交清单",
        [*_copy(paper, "第一份　移交单位存"), *_copy(paper, "第二份　接收单位存")],
        fonts_dir,
    )


def build_property_report(paper: PropertyPaper, fonts_dir: Path) -> bytes:
    """The same facts give the same bytes."""
    story = [*head("四性检测报告", paper.facts, f"{paper.facts.county}　{paper.facts.programme}")]
    story += fields(paper.about)
    if paper.problem:
        story.append(paragraph(paper.problem, SECTION))
    if paper.report:
        story += _properties(paper.report)
    return _built(paper.facts, "四性检测报告", [*story, *check(paper.facts, SEALED_PAGE)], fonts_dir)


def _built(facts: PaperFacts, name: str, story: list[Flowable], fonts_dir: Path) -> bytes:
    fonts.register(fonts_dir)
    target = BytesIO()
    Sheet(target, facts, name).write(story)
    return target.getvalue()


def _copy(paper: TransferPaper, which: str) -> list[Flowable]:
    columns = [Column("文件", 0.4), Column("内容", 0.6), Column("大小", 90, "r")]
    return [
        CondPageBreak(PAGE_HEIGHT / 2),
        *head("电子档案移交清单", paper.facts, f"编号　{paper.number}　　{which}"),
        *fields(paper.about),
        paragraph("移交的文件", SECTION),
        *table(columns, list(paper.files)),
        paragraph("散列（接收时逐个核对）", SECTION),
        *(paragraph(f"{label}　{digits}", NOTE) for label, digits in paper.digests),
        Spacer(1, 8),
        KeepTogether(
            [
                paragraph("交接", SECTION),
                opinions((("移交人", paper.handed_by), ("接收人", paper.taken_by))),
            ]
        ),
        *check(paper.facts, SEALED_PAGE),
    ]


def _properties(report: FourProperties) -> list[Flowable]:
    columns = [Column("结果", 52, "c"), Column("检测项", 0.5), Column("方法和发现", 0.5)]
    story: list[Flowable] = [paragraph(f"依据　{report.standard}", NOTE)]
    for each in report.properties:
        rows = [(line.result, line.what, "\n".join([line.method, *line.findings])) for line in each.checks]
        story += [paragraph(each.name, SECTION), *table(columns, rows)]
    return story
