"""绩效自评: begun against one version of the library, scored line by line, then final."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from training.programmes.queries import the_programme
from training.reports.choices import EvaluationStatus
from training.reports.files import libraries
from training.reports.models import SelfEvaluation, SelfScore
from training.reports.queries import figure_of


@transaction.atomic
def begin_evaluation(*, title: str, library: str, as_of: date, actor: Actor) -> SelfEvaluation:
    """Raises InvalidInputError for a library there is not or a day that has not come."""
    demand(actor, "evaluation_self.write")
    if library not in libraries():
        raise InvalidInputError(_("没有这一版指标库。"))
    if as_of > clock.today():
        raise InvalidInputError(_("数据截至的日期还没有到。"))
    evaluation = SelfEvaluation.objects.create(
        programme=the_programme(actor),
        title=title.strip(),
        library=library,
        as_of=as_of,
        begun_by_id=actor.person_id,
        begun_at=clock.now(),
    )
    record(actor, "self_evaluation.begun", evaluation, library=library)
    return evaluation


@transaction.atomic
def score_line(
    evaluation_id: int, code: str, *, score: Decimal, note: str, evidence: Sequence[str] = (), actor: Actor
) -> SelfScore:
    """Score one line, again if need be. `evidence` are addresses of this site ("/…") or of papers elsewhere.

    Raises NotFoundError for a line the library has not, InvalidInputError for too many marks or marks
    without a word about why.
    """
    evaluation = _being_written(evaluation_id, actor)
    try:
        line = libraries()[evaluation.library].line(code)
    except KeyError as unknown:
        raise NotFoundError(code) from unknown
    if not 0 <= score <= line.weight:
        raise InvalidInputError(_("这一项是 0 至 %(full)s 分。") % {"full": line.weight})
    if not note.strip():
        raise InvalidInputError(_("请写明为什么是这个分。"))
    row, _new = SelfScore.objects.update_or_create(
        evaluation=evaluation,
        code=code,
        defaults={
            "score": score,
            "note": note.strip(),
            "evidence": [place.strip() for place in evidence if place.strip()],
            "figure": figure_of(line, evaluation),
            "scored_by_id": actor.person_id,
            "scored_at": clock.now(),
        },
    )
    record(actor, "self_evaluation.scored", evaluation, line=code, score=str(score))
    return row


@transaction.atomic
def finish_evaluation(evaluation_id: int, *, actor: Actor) -> SelfEvaluation:
    """Final: nothing changes any more. Raises InvalidInputError that names the lines without a score."""
    evaluation = _being_written(evaluation_id, actor)
    scored = set(evaluation.scores.values_list("code", flat=True))
    lines = libraries()[evaluation.library].lines
    open_lines = [line.code for line in lines if line.weight and line.code not in scored]
    if open_lines:
        raise InvalidInputError(_("还没有评分：%(lines)s。") % {"lines": "、".join(open_lines)})
    evaluation.finished_by_id, evaluation.finished_at = actor.person_id, clock.now()
    evaluation.save(update_fields=["finished_by", "finished_at"])
    evaluation.enter(EvaluationStatus.FINAL)
    record(actor, "self_evaluation.finished", evaluation)
    return evaluation


def _being_written(evaluation_id: int, actor: Actor) -> SelfEvaluation:
    evaluation: SelfEvaluation = SelfEvaluation.objects.lock(actor, pk=evaluation_id)
    demand(actor, "evaluation_self.write")
    if evaluation.status != EvaluationStatus.DRAFT:
        raise InvalidTransitionError(_("自评已经定稿，不再改。"))
    return evaluation
