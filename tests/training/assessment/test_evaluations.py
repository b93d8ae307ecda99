"""Averages, weighted by how many answered; and what the record of them refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.assessment.choices import QUESTIONS, Source
from training.assessment.models import Evaluation
from training.assessment.queries import overall
from training.assessment.rules import is_score, weighted_mean
from training.assessment.services import record_evaluation
from training.core.errors import InvalidInputError, TrainingError

scores = st.decimals(1, 5, places=2)


@given(st.lists(st.tuples(st.integers(1, 500), scores), min_size=1))
def test_the_mean_lies_between_the_lowest_and_the_highest(parts: list[tuple[int, Decimal]]) -> None:
    mean = weighted_mean(parts)

    assert mean is not None
    assert min(score for _count, score in parts) <= mean <= max(score for _count, score in parts)


def test_a_full_class_weighs_more_than_a_small_one() -> None:
    assert weighted_mean([(30, Decimal(5)), (10, Decimal(3))]) == Decimal("4.50")
    assert weighted_mean([]) is None


@pytest.mark.parametrize(("value", "good"), [("0.99", False), ("1", True), ("5", True), ("5.01", False)])
def test_scores_go_from_one_to_five(value: str, good: bool) -> None:
    assert is_score(Decimal(value)) == good


@pytest.fixture
def held(approved: Any, clock: Any) -> Any:
    hold_and_close(approved, clock, absent=(11, 12))
    return approved


def judge(county: Any, role: Role, source: Source, **changes: Any) -> Evaluation:
    said = {
        "instructor_id": county.instructors[0].pk,
        "source": source,
        "answers": 10,
        "scores": dict.fromkeys(QUESTIONS[source], Decimal(4)),
    }
    return record_evaluation(county.session.pk, actor=county.actor(role), **said | changes)


def test_trainees_and_bureau_are_never_mixed(held: Any) -> None:
    papers = judge(held, Role.CLASS_MANAGER, Source.TRAINEES)
    bureau = judge(held, Role.BUREAU_REVIEWER, Source.BUREAU, answers=1)

    found = overall([papers, bureau])
    assert [(row.source, row.sessions, row.answers) for row in found] == [
        (Source.TRAINEES, 1, 10),
        (Source.BUREAU, 1, 1),
    ]


@pytest.mark.parametrize(
    ("role", "source"),
    [(Role.CLASS_MANAGER, Source.BUREAU), (Role.BUREAU_HEAD, Source.TRAINEES), (Role.AUDITOR, Source.BUREAU)],
)
def test_each_side_speaks_for_itself(held: Any, role: Role, source: Source) -> None:
    with pytest.raises(TrainingError) as refused:
        judge(held, role, source)

    assert refused.value.code == "forbidden"
    assert not Evaluation.objects.exists()


def test_a_question_left_out_and_more_papers_than_people_are_refused(held: Any) -> None:
    with pytest.raises(InvalidInputError, match="平均分要在 1 到 5 之间"):
        judge(held, Role.CLASS_MANAGER, Source.TRAINEES, scores={})
    with pytest.raises(InvalidInputError, match="收回份数要在 1 到名册人数 12 之间"):
        judge(held, Role.CLASS_MANAGER, Source.TRAINEES, answers=13)


def test_only_one_stands_at_a_time_says_the_database(held: Any) -> None:
    first = judge(held, Role.CLASS_MANAGER, Source.TRAINEES)
    second = judge(held, Role.CLASS_MANAGER, Source.TRAINEES, answers=11)
    first.refresh_from_db()
    assert (first.replaced_at is None, second.replaced_at is None) == (False, True)

    with pytest.raises(IntegrityError), transaction.atomic():
        Evaluation.objects.filter(pk=first.pk).update(replaced_at=None)
