from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.assessment.choices import QUESTIONS, Source
from training.assessment.models import Evaluation
from training.assessment.rules import CENT, is_score
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.enrolment.choices import ON_ROSTER
from training.institutions.models import Instructor
from training.scheduling.choices import WAS_APPROVED
from training.scheduling.models import TrainingSession


@transaction.atomic
def record_evaluation(
    session_id: int,
    *,
    instructor_id: int,
    source: Source,
    answers: int,
    scores: Mapping[str, Decimal],
    remark: str = "",
    actor: Actor,
) -> Evaluation:
    """What was thought of an instructor after a class; again replaces what was said before, which stays.

    `scores` are averages from 1 to 5 for every question of this source; `answers` how many papers came back,
    at most as many as there are people on the roster. Raises InvalidInputError.
    """
    if source == Source.BUREAU:
        demand(actor, "evaluation.give")
    else:
        demand(actor, "evaluation.record")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    instructor: Instructor = Instructor.objects.fetch(actor, pk=instructor_id)
    _refuse_untaught(session, instructor)
    _refuse_impossible(session, source, answers, scores)
    session.evaluations.filter(instructor=instructor, source=source, replaced_at=None).update(
        replaced_at=clock.now()
    )
    evaluation: Evaluation = Evaluation.objects.create(
        training_session=session,
        instructor=instructor,
        source=source,
        answers=answers,
        scores={question.value: str(scores[question].quantize(CENT)) for question in QUESTIONS[source]},
        remark=remark.strip(),
        recorded_by_id=actor.person_id,
        recorded_at=clock.now(),
    )
    record(actor, "evaluation.recorded", evaluation, source=source.value, answers=answers)
    return evaluation


def _refuse_untaught(session: TrainingSession, instructor: Instructor) -> None:
    taught = session.lessons.filter(instructor=instructor, ends_at__lte=clock.now())
    if session.status not in WAS_APPROVED or not taught.exists():
        raise InvalidInputError(_("%(name)s在本期还没有上完课，课后才能评价。") % {"name": instructor.name})


def _refuse_impossible(
    session: TrainingSession, source: Source, answers: int, scores: Mapping[str, Decimal]
) -> None:
    people = session.enrolments.filter(ON_ROSTER).count()
    if source == Source.TRAINEES and not 0 < answers <= people:
        raise InvalidInputError(_("收回份数要在 1 到名册人数 %(people)s 之间。") % {"people": people})
    for question in QUESTIONS[source]:
        if question not in scores or not is_score(scores[question]):
            raise InvalidInputError(
                _("“%(question)s”的平均分要在 1 到 5 之间。") % {"question": question.label}
            )
