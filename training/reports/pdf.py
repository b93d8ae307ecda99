"""A4 papers of the reports: plain parts in, pages n of N out, each with the programme's mark and the print time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from reportlab.platypus import Flowable, KeepTogether, Spacer

from training.dossiers import fonts
from training.dossiers.pdf.session_papers import PaperFacts, Sheet, head, opinions
from training.dossiers.pdf.style import BODY, NOTE, SECTION, WARNING, Column, fields, paragraph, table


@dataclass(frozen=True)
class Text:
    """A heading and what was written under it; `warns` prints it in red."""

    heading: str
    text: str
    warns: bool = False


@dataclass(frozen=True)
class Facts:
    heading: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """`widths` of its columns as a share of the page, or in points where above 1."""

    heading: str
    columns: tuple[tuple[str, float], ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Signatures:
    """Boxes to sign and stamp: (who, what the system knows)."""

    heading: str
    boxes: tuple[tuple[str, str], ...]


Part = Text | Facts | Grid | Signatures


@dataclass(frozen=True)
class ReportPaper:
    facts: PaperFacts
    name: str
    under: str
    parts: tuple[Part, ...]


def build(paper: ReportPaper, fonts_dir: Path) -> bytes:
    """The same paper gives the same bytes."""
    fonts.register(fonts_dir)
    story = [*head(paper.name, paper.facts, paper.under)]
    for part in paper.parts:
        story += _drawn(part)
    target = BytesIO()
    Sheet(target, paper.facts, paper.name).write(story)
    return target.getvalue()


def _drawn(part: Part) -> Sequence[Flowable]:
    title = [paragraph(part.heading, SECTION)] if part.heading else []
    if isinstance(part, Text):
        return [
            *title,
            *[paragraph(line, WARNING if part.warns else BODY) for line in part.text.splitlines()],
        ]
    if isinstance(part, Facts):
        return [*title, *fields(part.pairs)]
    if isinstance(part, Signatures):
        return [Spacer(1, 8), KeepTogether([*title, opinions(part.boxes)])]
    columns = [Column(name, width) for name, width in part.columns]
    grid = table(columns, list(part.rows), total=part.total or None)
    return [*title, *grid, *([paragraph(part.note, NOTE)] if part.note else [])]
