"""From facts to dossier.pdf."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
from reportlab import rl_config
from reportlab.platypus import NextPageTemplate, PageBreak, Paragraph, Spacer

from training.dossiers import fonts
from training.dossiers.facts import DossierFacts
from training.dossiers.layout import all_files
from training.dossiers.pdf.attached import Attached, lay_over
from training.dossiers.pdf.cover import Cover
from training.dossiers.pdf.finish import finish
from training.dossiers.pdf.frame import Document, Furniture, contents
from training.dossiers.pdf.parts import Writer, long_day, span
from training.dossiers.pdf.style import PART
from training.dossiers.seal import SealNote

# ASCII85 makes every picture a quarter larger. For the whole process, so that no thread sees it change.
rl_config.useA85 = 0


def build_pdf(facts: DossierFacts, seal: SealNote | None, fonts_dir: Path) -> bytes:
    """The dossier; the same facts and seal give the same bytes.

    Cuts the fonts into `fonts_dir` the first time (about 25 s). An original file that can't be shown is
    listed with the reason and never stops the rest.
    """
    fonts.register(fonts_dir)
    attached = [Attached(number, file) for number, file in enumerate(all_files(facts), 1)]
    writer = Writer(facts, attached, seal)
    target = BytesIO()
    title = f"培训档案 {facts.session.code} {facts.session.title}"
    document = Document(target, _cover(facts, seal, writer), _furniture(facts, writer), title=title)
    heading = Paragraph("目录", PART)
    front = [Spacer(1, 1), NextPageTemplate("body"), PageBreak(), heading, contents()]
    document.multiBuild([*front, *writer.story()])

    def overlay(pdf: pikepdf.Pdf) -> None:
        lay_over(pdf, attached, document.placements)

    return finish(
        target.getvalue(),
        title=title,
        author=facts.session.institution,
        subject=facts.session.code,
        at=facts.as_of.astimezone(writer.zone),
        lay_over=overlay,
        own=not any(a.pdf for a in attached),
    )


def _cover(facts: DossierFacts, seal: SealNote | None, writer: Writer) -> Cover:
    session, programme = facts.session, facts.programme
    completed = len({row.number for row in facts.completion if row.completed})
    return Cover(
        mark=programme.mark_text,
        programme=f"{programme.county}　{programme.name}",
        title=session.title,
        lines=(
            ("期　　号", session.code),
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
        sealed_on=long_day(seal.sealed_at.astimezone(writer.zone).date()) if seal else "",
    )


def _furniture(facts: DossierFacts, writer: Writer) -> Furniture:
    return Furniture(
        mark=facts.programme.mark_text,
        session=facts.session.code,
        phones="　".join(facts.programme.phones),
        printed=writer.stamp(facts.as_of),
    )
