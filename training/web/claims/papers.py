"""补贴申领表, read for the PDF that draws it; in the county's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.claims.models import Claim
from training.core.actor import Actor
from training.core.audit import record
from training.dossiers.pdf.claim_paper import ClaimLine, ClaimPaper, build_claim_paper
from training.web.claims.queries import counted
from training.web.printing.papers import dossier_facts, stamp


@override(settings.LANGUAGE_CODE)
def claim_form(claim: Claim, *, actor: Actor) -> bytes:
    """It names people, so each one that is printed is on record."""
    dossier: Any = claim.dossier
    session = dossier.training_session
    people = counted(claim)
    facts = dossier_facts(dossier)
    about = (
        ("期　　号", session.code),
        ("培训名称", session.title),
        ("培训机构", session.institution.name),
        ("信用代码", session.institution.uscc),
        ("协议文件", session.agreement.number),
        ("资金条线", claim.fund_line.name),
        ("批准文号", session.approval_number),
        ("档案封存", f"{dossier.sealed_by}　{stamp(dossier.sealed_at)}"),
    )
    sums = (
        ("结业人次", f"{claim.renci} 人次"),
        ("结业人数", f"{len({place.trainee_id for place in people})} 人"),
        ("每人次单价", f"{claim.unit_price_fen / 100:,.2f} 元"),
        ("申领金额", f"{claim.amount_fen / 100:,.2f} 元"),
    )
    said = (
        ("培训机构", _handed_in(claim)),
        ("商务局审核", ""),
        ("财政复核", ""),
    )
    lines = tuple(
        ClaimLine(
            str(place.number),
            place.trainee.name,
            place.trainee.masked_id_number,
            place.completion.explanation,
        )
        for place in people
    )
    made = build_claim_paper(
        ClaimPaper(facts, about, sums, dossier.manifest_sha256, lines, said), Path(settings.FONTS_DIR)
    )
    record(actor, "claim.printed", claim)
    return made


def _handed_in(claim: Any) -> str:
    if not claim.submitted_at:
        return ""
    return _("%(who)s　%(at)s　提交申领（系统记录）") % {
        "who": claim.submitted_by,
        "at": stamp(claim.submitted_at),
    }
