"""Outcomes by class, place and group (永顺: 按贫困户等类别统计); every number of outcomes opens the list it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core import clock
from training.core.actor import Actor
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.outcomes.choices import COUNTED_GRADES, STANDING, UNDECIDED, OutcomeKind
from training.outcomes.models import Outcome
from training.outcomes.queries import overdue_on
from training.web.followup import statistics
from training.web.followup.statistics import Figure, Line, chosen_of, label_of, names

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "group": ("group",),
    "township": ("trainee__township",),
    "village": ("trainee__township", "trainee__village"),
    "session": ("training_session",),
    "class_type": ("training_session__class_type",),
    "category": ("training_session__category",),
    "institution": ("training_session__institution",),
}
DIMENSIONS: Final[Mapping[str, Promise]] = {by: statistics.DIMENSIONS[by] for by in PATHS}
COUNTED: Final = Q(status__in=STANDING, grade__in=COUNTED_GRADES)
FIGURES: Final[Mapping[str, Promise]] = {
    "completed": gettext_lazy("结业（人）"),
    "people": gettext_lazy("有成果（人）"),
    **{kind.value: kind.label for kind in OutcomeKind},
    "overdue": gettext_lazy("其中复核超期"),
    "undecided": gettext_lazy("待核实、认定"),
}
LEADS_TO: Final[Mapping[str, Mapping[str, str]]] = {
    **{kind.value: {"kind": kind.value, "status": "standing", "grade": "AB"} for kind in OutcomeKind},
    "overdue": {"status": "overdue", "grade": "AB"},
    "undecided": {"status": "undecided"},
}


def table(actor: Actor, *, by: str) -> list[Line]:
    """A line for each value of `by` and one for all, in two queries.

    People are counted once in a line, and once in the whole; of outcomes those that are 认定有效 with grade A or B.
    """
    counts = {
        "people": Count("enrolment__trainee", filter=COUNTED, distinct=True),
        **{f"n_{kind}": Count("pk", filter=COUNTED & Q(kind=kind)) for kind in OutcomeKind.values},
        "overdue": Count("pk", filter=COUNTED & overdue_on(clock.today())),
        "undecided": Count("pk", filter=Q(status__in=UNDECIDED)),
    }
    completed = Enrolment.objects.visible_to(actor).filter(status=EnrolmentStatus.COMPLETED).order_by()
    outcomes = Outcome.objects.visible_to(actor).order_by()
    people = Count("trainee", distinct=True)
    numbers: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(FIGURES))
    width, called = len(PATHS[by]), names(by, actor)
    for *key, count in completed.values_list(*PATHS[by]).annotate(n=people):
        numbers[tuple(key)][0] = count
    for row in outcomes.values_list(*(f"enrolment__{path}" for path in PATHS[by])).annotate(**counts):
        numbers[row[:width]][1:] = row[width:]
    lines = [
        _line(label_of(by, key, called), chosen_of(by, key, actor), numbers[key])
        for key in sorted(numbers, key=lambda key: tuple(map(str, key)))
    ]
    whole = [completed.aggregate(n=people)["n"], *outcomes.aggregate(**counts).values()]
    return [*lines, _line(_("合计"), {}, whole)] if lines else []


def _line(label: str, chosen: Mapping[str, str] | None, numbers: Sequence[int]) -> Line:
    return Line(
        label,
        tuple(
            Figure(name, count, _listed(name, chosen)) for name, count in zip(FIGURES, numbers, strict=True)
        ),
    )


def _listed(name: str, chosen: Mapping[str, str] | None) -> str:
    """ "" for people, who may have several outcomes each, and for what this actor may not ask for."""
    if chosen is None or name not in LEADS_TO:
        return ""
    return f"{reverse('outcomes')}?{urlencode({**LEADS_TO[name], **chosen})}"
