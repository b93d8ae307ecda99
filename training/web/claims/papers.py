"""补贴申领表, read for the PDF that draws it; in the county's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.dossiers.pdf.claim_paper import ClaimLine, ClaimPaper, build_claim_paper
from training.dossiers.pdf.session_papers import PaperFacts
from training.web.claims.queries import counted


@override(settings.LANGUAGE_CODE)
def claim_form(claim: Claim, *, actor: Actor) -> bytes:
    """It names people, so each one that is printed is on record."""
    dossier: Any = claim.dossier
    session, programme = dossier.training_session, dossier.training_session.institution.programme
    people = counted(claim)
    facts = PaperFacts(
        mark=programme.mark_text,
        phones="　".join(programme.phones),
        printed=_stamp(clock.now()),
        county=programme.county,
        programme=programme.name,
        code=session.code,
        title=session.title,
        institution=session.institution.name,
        state="",
        verify_url=settings.PUBLIC_URL.rstrip("/") + reverse("public-dossier", args=[dossier.public_token]),
    )
    about = (
        ("期　　号", session.code),
        ("培训名称", session.title),
        ("培训机构", session.institution.name),
        ("信用代码", session.institution.uscc),
        ("协议文件", session.agreement.number),
        ("资金条线", claim.fund_line.name),
        ("批准文号", session.approval_number),
        ("档案封存", f"{dossier.sealed_by}　{_stamp(dossier.sealed_at)}"),
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
        "at": _stamp(claim.submitted_at),
    }


def _stamp(at: Any) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""
