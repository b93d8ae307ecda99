"""How far the follow-up has come, by class, place, group and result; every figure opens the list it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.permissions import may
from training.core.actor import Actor
from training.followup.choices import Conclusion, ContactResult, FollowUpStatus
from training.followup.models import TO_DO, FollowUp
from training.institutions.models import Institution
from training.institutions.queries import rules_today
from training.people.models import Trainee
from training.people.queries import group_book, sensitive_codes
from training.programmes.queries import the_programme
from training.scheduling.models import TrainingSession

DIMENSIONS: Final[Mapping[str, Promise]] = {
    "township": gettext_lazy("乡镇"),
    "village": gettext_lazy("村（社区）"),
    "session": gettext_lazy("期"),
    "class_type": gettext_lazy("班型"),
    "category": gettext_lazy("课程类别"),
    "group": gettext_lazy("学员类别"),
    "institution": gettext_lazy("培训机构"),
    "result": gettext_lazy("最近一次结果"),
    "status": gettext_lazy("状态"),
}
PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "township": ("trainee__township",),
    "village": ("trainee__township", "trainee__village"),
    "session": ("enrolment__training_session",),
    "class_type": ("enrolment__training_session__class_type",),
    "category": ("enrolment__training_session__category",),
    "group": ("enrolment__group",),
    "institution": ("institution",),
    "result": ("last_result",),
    "status": ("status",),
}
FIGURES: Final[Mapping[str, Promise]] = {
    "planned": gettext_lazy("应联系"),
    "due": gettext_lazy("已到期"),
    "done": gettext_lazy("已联系"),
    "overdue": gettext_lazy("超期"),
    "served": gettext_lazy("提供过服务"),
    **{choice.value: choice.label for choice in Conclusion},
    "denied": gettext_lazy("否认参训"),
}
LEADS_TO: Final[Mapping[str, Mapping[str, str]]] = {
    "planned": {"due": "all"},
    "due": {"due": "due"},
    "done": {"due": "done"},
    "overdue": {"due": "overdue"},
    "served": {"due": "all", "served": "yes"},
    **{choice.value: {"due": "all", "conclusion": choice.value} for choice in Conclusion},
    "denied": {"due": "all", "result": ContactResult.DENIED.value},
}


@dataclass(frozen=True)
class Figure:
    name: str
    count: int
    href: str


@dataclass(frozen=True)
class Line:
    label: str
    figures: tuple[Figure, ...]


def _counted(today: date) -> dict[str, Count]:
    silent = Q(trainee__in=Trainee.objects.filter(do_not_contact=True).values("pk"))
    wanted = {
        "planned": Q(),
        "due": Q(due_on__lte=today),
        "done": Q(done_at__isnull=False),
        "overdue": TO_DO & Q(next_on__lt=today) & ~silent,
        "served": Q(served=True),
        **{choice.value: Q(conclusion=choice) for choice in Conclusion},
        "denied": Q(last_result=ContactResult.DENIED),
    }
    return {f"n_{name}": Count("pk", filter=condition) for name, condition in wanted.items()}


def table(actor: Actor, *, by: str, today: date, township: str = "") -> list[Line]:
    """A line for each value of `by` and one for all together, in one query; stages are counted, not people."""
    rows = FollowUp.objects.visible_to(actor)
    if township:
        rows = rows.filter(trainee__in=Trainee.objects.filter(township=township).values("pk"))
    counts = _counted(today)
    found = list(rows.order_by().values_list(*PATHS[by]).annotate(**counts))
    width, called = len(PATHS[by]), names(by, actor)
    lines = [
        (_label(by, row[:width], called), _chosen(by, row[:width], actor), row[width:])
        for row in sorted(found, key=lambda row: tuple(map(str, row[:width])))
    ]
    whole = tuple(map(sum, zip(*(numbers for _l, _c, numbers in lines), strict=True)))
    place = {"township": township} if township else {}
    if whole:
        lines.append((_("合计"), place, whole))
    return [_line(label, chosen, numbers) for label, chosen, numbers in lines]


def _line(label: str, chosen: Mapping[str, str] | None, numbers: Iterable[int]) -> Line:
    listed = reverse("followups")
    return Line(
        label,
        tuple(
            Figure(
                name,
                count,
                "" if chosen is None else f"{listed}?{urlencode({**LEADS_TO[name], **chosen})}",
            )
            for name, count in zip(FIGURES, numbers, strict=True)
        ),
    )


def _label(by: str, key: tuple[Any, ...], called: Mapping[str, str]) -> str:
    if by == "village":
        return " ".join(filter(None, key)) or _("没有填")
    if by == "result" and not key[0]:
        return _("还没有联系")
    return called.get(str(key[0]), str(key[0])) or _("没有填")


def _chosen(by: str, key: tuple[Any, ...], actor: Actor) -> dict[str, str] | None:
    """What the list is asked for; None where it can't be asked for, or not by this actor."""
    if by == "status" or not all(key) or (by == "group" and key[0] in hidden_groups(actor)):
        return None
    return dict(zip(("township", "village") if by == "village" else (by,), map(str, key), strict=True))


def names(by: str, actor: Actor) -> dict[str, str]:
    """What the values of a dimension are called; empty where they are names themselves."""
    programme = the_programme(actor)
    if by in ("class_type", "category"):
        rules = rules_today(programme, actor)
        return {row.code: row.name for row in (rules.class_types if by == "class_type" else rules.categories)}
    if by == "group":
        return {code: word.name for code, word in group_book(programme.pk).items()}
    if by == "session":
        sessions = TrainingSession.objects.visible_to(actor).values_list("pk", "code")
        return {str(pk): code for pk, code in sessions}
    if by == "institution":
        return {str(pk): name for pk, name in Institution.objects.visible_to(actor).values_list("pk", "name")}
    choices = {"result": ContactResult, "status": FollowUpStatus}.get(by)
    return {code: str(label) for code, label in choices.choices} if choices else {}


def hidden_groups(actor: Actor) -> frozenset[str]:
    """Groups that this actor may not ask for: to filter by one is to be told who belongs to it."""
    if may(actor, "trainee.view_sensitive"):
        return frozenset()
    return sensitive_codes(group_book(the_programme(actor).pk))


def as_rows(lines: Iterable[Line]) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of `FIGURES` behind the label."""
    for line in lines:
        yield (line.label, *(figure.count for figure in line.figures))
