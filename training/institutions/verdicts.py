"""What every decision about a paper or an institution has in common: a reason, a verdict, a code that can be one."""

from __future__ import annotations

from typing import TypeVar

from django.utils.translation import gettext as _

from training.core import clock
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.core.refusals import InputError
from training.institutions.models import InstructorProof, Licence
from training.institutions.rules import check_uscc

AnyPaper = TypeVar("AnyPaper", Licence, InstructorProof)
VERDICT = ["verified_by", "verified_at", "refused_by", "refused_at", "refusal"]


def the_reason(reason: str) -> str:
    """Raises InvalidInputError for none."""
    if not reason.strip():
        raise InvalidInputError(_("请写明原因，对方会看到。"))
    return reason.strip()


def good_uscc(code: str) -> str:
    try:
        return check_uscc(code)
    except InputError as problem:
        raise InvalidInputError(problem.message) from problem


def mark_verified(paper: AnyPaper, actor: Actor) -> bool:
    """False if it was verified before. Raises InvalidInputError for one that was refused."""
    if paper.refused_at:
        raise InvalidInputError(_("这份材料已经核验为不通过，请让机构重新上传。"))
    if paper.verified_at:
        return False
    paper.verified_by_id, paper.verified_at = actor.user_id, clock.now()
    paper.save(update_fields=VERDICT)
    return True


def mark_refused(paper: AnyPaper, reason: str, actor: Actor) -> None:
    """Also of one that was verified: what comes out later counts as well."""
    paper.refusal = the_reason(reason)
    paper.refused_by_id, paper.refused_at = actor.user_id, clock.now()
    paper.verified_by, paper.verified_at = None, None
    paper.save(update_fields=VERDICT)
