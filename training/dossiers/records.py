"""What the system keeps that answers an item a programme adds, where its rules let that do (`Item.filled_by`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as named

from training.assessment.models import Evaluation
from training.attendance.models import Completion
from training.dossiers.facts import RecordTable
from training.followup.models import Contact

Rows = Iterator[tuple[str, ...]]


def count_records(sessions: Sequence[Any]) -> dict[str, dict[int, int]]:
    """Kind -> session id -> how many; one query for each kind that any of their rules mentions."""
    kinds = {
        kind
        for session in sessions
        for item in session.rule_set.rules.items_for(session.class_type)
        for kind in item.filled_by
    }
    return {kind: _counted(KEPT[kind], PATHS[kind], sessions) for kind in sorted(kinds)}


def _counted(kept: Callable[[], QuerySet[Any]], path: str, sessions: Sequence[Any]) -> dict[int, int]:
    rows = kept().filter(**{f"{path}__in": [session.pk for session in sessions]})
    return dict(rows.order_by().values_list(path).annotate(Count("pk")))


def record_tables(session: Any) -> Iterator[RecordTable]:
    """Those of one session, for each item that they answer."""
    for item in session.rule_set.rules.items_for(session.class_type):
        for kind in item.filled_by:
            title, columns, read = TABLES[kind]
            rows = tuple(read(KEPT[kind]().filter(**{PATHS[kind]: session.pk})))
            if rows:
                yield RecordTable(item.code, str(title), tuple(map(str, columns)), rows)


def _evaluations(rows: QuerySet[Any]) -> Rows:
    for row in rows.select_related("instructor").order_by("pk"):
        scores = _("；").join(f"{question} {mean}" for question, mean in row.questions)
        yield (
            row.instructor.name,
            str(row.get_source_display()),
            str(row.answers),
            str(row.mean),
            scores,
            row.remark,
            _day(row.recorded_at),
        )


def _completions(rows: QuerySet[Any]) -> Rows:
    for row in rows.select_related("enrolment__trainee").order_by("enrolment__number"):
        yield str(row.enrolment.number), row.enrolment.trainee.name, row.explanation


def _follow_ups(rows: QuerySet[Any]) -> Rows:
    related = rows.select_related("follow_up__enrolment__trainee")
    for row in related.order_by("follow_up__enrolment__number", "made_at", "pk"):
        place = row.follow_up.enrolment
        yield (
            str(place.number),
            place.trainee.name,
            _day(row.made_at),
            str(row.get_method_display()),
            str(row.get_result_display()),
        )


def _day(at: Any) -> str:
    return localdate(at).isoformat()


KEPT: Final[Mapping[str, Callable[[], QuerySet[Any]]]] = {
    "evaluations": lambda: Evaluation.objects.filter(replaced_at=None),
    "completions": lambda: Completion.objects.filter(completed=True),
    "follow_ups": Contact.objects.all,
}
PATHS: Final[Mapping[str, str]] = {
    "evaluations": "training_session",
    "completions": "enrolment__training_session",
    "follow_ups": "follow_up__enrolment__training_session",
}
TABLES: Final[Mapping[str, tuple[Promise, tuple[Promise, ...], Callable[[QuerySet[Any]], Rows]]]] = {
    "evaluations": (
        named("授课人评价"),
        (
            named("授课人"),
            named("谁评的"),
            named("份数"),
            named("平均分"),
            named("各项"),
            named("意见"),
            named("登记"),
        ),
        _evaluations,
    ),
    "completions": (named("结业名单"), (named("序号"), named("姓名"), named("怎样算出")), _completions),
    "follow_ups": (
        named("训后跟踪记录"),
        (named("序号"), named("姓名"), named("日期"), named("方式"), named("结果")),
        _follow_ups,
    ),
}
"""Title, columns and rows of each kind."""
