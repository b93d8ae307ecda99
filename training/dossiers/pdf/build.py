"""From facts to dossier.pdf."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from reportlab import rl_config
from reportlab.platypus import NextPageTemplate, PageBreak, Paragraph, Spacer

from training.dossiers import fonts
from training.dossiers.facts import DossierFacts
from training.dossiers.layout import all_files
from training.dossiers.pdf.attached import Originals
from training.dossiers.pdf.cover import Cover
from training.dossiers.pdf.finish import finish
from training.dossiers.pdf.frame import Document, Furniture, contents
from training.dossiers.pdf.parts import Writer
from training.dossiers.pdf.printed import long_day, span
from training.dossiers.pdf.seal_page import Signatory, seal_page
from training.dossiers.pdf.style import PART
from training.dossiers.seal import SealNote

# ASCII85 makes every picture a quarter larger. For the whole process, so that no thread sees it change.
rl_config.useA85 = 0


Progress = Callable[[str, int, int], None]
"""Told a step ("originals", "pages", "writing"), how many of it are done and of how many; stops by raising."""


@dataclass(frozen=True)
class Built:
    """What can be said of a written dossier: its pages, and the characters that no font has."""

    pages: int
    lacking: tuple[str, ...]


def write_pdf(
    facts: DossierFacts,
    seal: SealNote | None,
    fonts_dir: Path,
    target: Path,
    *,
    on_progress: Progress = lambda step, done, total: None,
) -> Built:
    """Write the dossier as PDF/A-1b; the same facts and seal give the same bytes. Without a seal it is a draft.

    Cuts the fonts into `fonts_dir` the first time (about 25 s). An original file that can't be shown is
    listed with the reason and never stops the rest. Pictures and attached pages stay on disk until the file
    is written: no more than one of them at a time is in memory.
    """
    fonts.register(fonts_dir)
    photos = frozenset(photo.attachment.sha256 for photo in facts.photos)
    with (
        TemporaryDirectory(prefix="yidang-", dir=target.parent) as directory,
        closing(Originals(Path(directory), photos)) as originals,
    ):
        attached = originals.read(all_files(facts), on_each=partial(on_progress, "originals"))
        writer = Writer(facts, attached, seal)
        own = Path(directory) / "own.pdf"
        used = _set_pages(facts, seal, writer, own, partial(on_progress, "pages"))
        on_progress("writing", 0, 1)
        placed = finish(
            own,
            target,
            title=_title(facts),
            author=facts.session.institution,
            subject=facts.session.code,
            at=facts.as_of.astimezone(writer.wall.zone),
            used=used,
        )
        originals.append_to(target, placed.originals)
    return Built(placed.pages, writer.lacking)


def _title(facts: DossierFacts) -> str:
    return f"培训档案 {facts.session.code} {facts.session.title}"


def _set_pages(
    facts: DossierFacts,
    seal: SealNote | None,
    writer: Writer,
    target: Path,
    on_page: Callable[[int, int], None],
) -> dict[str, set[int]]:
    """Write our own pages; gives which original is drawn on which of them."""
    document = Document(
        target,
        _cover(facts, seal, writer),
        _furniture(facts, seal, writer),
        _signatories(facts, seal, writer),
        title=_title(facts),
        on_page=on_page,
    )
    front = [Spacer(1, 1), NextPageTemplate("body"), PageBreak(), Paragraph("目录", PART), contents()]
    document.write([*front, *writer.volume(), *writer.story(), *seal_page(draft=seal is None)])
    return document.used


def _cover(facts: DossierFacts, seal: SealNote | None, writer: Writer) -> Cover:
    session, programme = facts.session, facts.programme
    completed = len({row.number for row in facts.completion if row.completed})
    return Cover(
        mark=programme.mark_text,
        programme=f"{programme.county}　{programme.name}",
        title=session.title,
        lines=(
            ("期　　号", f"{session.code}　第 {facts.version} 版"),
            ("培训机构", f"{session.institution}（{session.uscc}）"),
            ("培训类别", f"{session.category}　{session.class_type}　{session.form}"),
            ("培训时间", f"{span(session.first_day, session.last_day)}，{len(facts.registers)} 个半天"),
            ("培训地点", session.venue),
            ("资金渠道", session.fund_line),
            ("批准文号", f"{session.approval_number}　{session.approved_by}"),
            (
                "人次人数",
                f"名册 {len(facts.roster)} 人（人数），结业 {facts.renci} 人次 / {completed} 人（人数）",
            ),
        ),
        items=facts.items,
        verify_url=facts.verify_url,
        seal=seal,
        sealed_on=long_day(seal.sealed_at.astimezone(writer.wall.zone).date()) if seal else "",
    )


def _furniture(facts: DossierFacts, seal: SealNote | None, writer: Writer) -> Furniture:
    return Furniture(
        mark=facts.programme.mark_text,
        session=facts.session.code,
        phones="　".join(facts.programme.phones),
        printed=writer.wall.stamp(facts.as_of),
        verify_url=facts.verify_url,
        draft=seal is None,
    )


def _signatories(facts: DossierFacts, seal: SealNote | None, writer: Writer) -> dict[str, Signatory]:
    submitted = writer.wall.stamp(facts.submitted_at) if facts.submitted_at else ""
    return {
        "institution": Signatory(
            "培训机构（签章）", facts.session.institution, facts.submitted_by, submitted
        ),
        "bureau": Signatory(
            "商务主管部门（签章）",
            f"{facts.programme.county}商务局",
            seal.sealed_by if seal else "",
            writer.wall.stamp(seal.sealed_at) if seal else "",
        ),
    }
