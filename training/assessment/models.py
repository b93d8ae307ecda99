"""What trainees and the bureau thought of a class. Counts and averages only: nobody who answered is in it."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.assessment.choices import QUESTIONS, Question, Source
from training.core.db import ScopedModel, TaughtQuerySet


class Evaluation(ScopedModel):
    """One instructor in one session, by the trainees' questionnaires together or by the bureau.

    `scores` holds an average from 1 to 5 with two decimals under each question's code, as text. A correction
    is a new row; the one it replaces stays.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    TAUGHT = "instructor"
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="evaluations"
    )
    instructor = models.ForeignKey("institutions.Instructor", models.PROTECT, related_name="evaluations")
    source = models.CharField(_("谁评的"), max_length=16, choices=Source)
    answers = models.PositiveIntegerField(_("收回份数"))
    scores = models.JSONField(_("平均分"))
    remark = models.CharField(_("意见"), max_length=500, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))
    replaced_at = models.DateTimeField(_("更正时间"), null=True, blank=True)
    objects = TaughtQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_session", "instructor", "source"],
                condition=Q(replaced_at=None),
                name="evaluation_stands_once",
            ),
            models.CheckConstraint(condition=Q(answers__gt=0), name="evaluation_has_answers"),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.instructor} {self.get_source_display()}"

    @property
    def questions(self) -> list[tuple[str, Decimal]]:
        """Each question with its average, in the order they are asked."""
        return [
            (str(question.label), Decimal(self.scores[question]))
            for question in QUESTIONS[Source(self.source)]
            if question in self.scores
        ]

    @property
    def mean(self) -> Decimal:
        """Of all its questions."""
        values = [Decimal(value) for code, value in self.scores.items() if code in Question.values]
        return (sum(values, Decimal(0)) / len(values)).quantize(Decimal("0.01"))
