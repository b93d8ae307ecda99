"""How far the follow-up has come, by class, place, group and result; every figure opens the list it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core.actor import Actor
from training.followup.choices import (
    Conclusion,
    ContactResult,
    FollowUpStatus,
    Guidance,
    ReferralStatus,
)
from training.followup.models import TO_DO, Contact, FollowUp, Referral
from training.institutions.models import Institution
from training.institutions.queries import rules_today
from training.people.choices import Education
from training.people.models import Trainee
from training.people.queries import group_book, hidden_codes
from training.programmes.queries import the_programme
from training.scheduling.models import TrainingSession

DIMENSIONS: Final[Mapping[str, Promise]] = {
    "township": gettext_lazy("乡镇"),
    "village": gettext_lazy("村（社区）"),
    "session": gettext_lazy("期"),
    "class_type": gettext_lazy("班型"),
    "category": gettext_lazy("课程类别"),
    "group": gettext_lazy("学员类别"),
    "education": gettext_lazy("文化程度"),
    "employer": gettext_lazy("工作单位（站点、企业）"),
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
    "education": ("trainee__education",),
    "employer": ("trainee__employer",),
    "institution": ("institution",),
    "result": ("last_result",),
    "status": ("status",),
}
COUNTED_ONLY: Final = frozenset({"status", "education", "employer"})
"""What the list of follow-ups can't be narrowed to."""
FIGURES: Final[Mapping[str, Promise]] = {
    "planned": gettext_lazy("应联系"),
    "due": gettext_lazy("已到期"),
    "done": gettext_lazy("已联系"),
    "overdue": gettext_lazy("超期"),
    "served": gettext_lazy("提供过服务"),
    **{choice.value: choice.label for choice in Conclusion},
    "denied": gettext_lazy("否认参训"),
}
UNITS: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("阶段（一人在一期里有几个）"),
    "people": gettext_lazy("人（每人只计最近的结论）"),
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


def table(actor: Actor, *, by: str, today: date, township: str = "", unit: str = "") -> list[Line]:
    """A line for each value of `by` and one for all together, in one query; `unit` is one of `UNITS`."""
    rows = _of_township(FollowUp.objects.visible_to(actor), "trainee", township)
    if unit == "people":
        rows = one_each(rows)
    counts = _counted(today)
    found = list(rows.order_by().values_list(*PATHS[by]).annotate(**counts))
    width, called = len(PATHS[by]), names(by, actor)
    lines = [
        (label_of(by, row[:width], called), chosen_of(by, row[:width], actor), row[width:])
        for row in sorted(found, key=lambda row: tuple(map(str, row[:width])))
    ]
    whole = tuple(map(sum, zip(*(numbers for _l, _c, numbers in lines), strict=True)))
    place = {"township": township} if township else {}
    if whole:
        lines.append((_("合计"), place, whole))
    asked = {"unit": unit} if unit else {}
    return [_line(label, chosen, numbers, asked) for label, chosen, numbers in lines]


def _of_township(rows: QuerySet[Any], path: str, township: str) -> QuerySet[Any]:
    if not township:
        return rows
    return rows.filter(**{f"{path}__in": Trainee.objects.filter(township=township).values("pk")})


def one_each(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of each person's stages the latest that has a conclusion; the latest of all where none has one."""
    others = FollowUp.objects.filter(trainee=OuterRef("trainee"), programme=OuterRef("programme"))
    later = Q(due_on__gt=OuterRef("due_on")) | Q(due_on=OuterRef("due_on"), pk__gt=OuterRef("pk"))
    concluded = others.exclude(conclusion="")
    return rows.filter(
        (~Q(conclusion="") & ~Exists(concluded.filter(later)))
        | (Q(conclusion="") & ~Exists(concluded) & ~Exists(others.filter(later)))
    )


@dataclass(frozen=True)
class Service:
    """A kind of guidance: how many got it, asked for it themselves, were sent to somebody for it, were helped."""

    label: str
    figures: tuple[Figure, ...]


SERVICES: Final[Mapping[str, Promise]] = {
    "given": gettext_lazy("提供过（阶段）"),
    "people": gettext_lazy("提供过（人）"),
    "wanted": gettext_lazy("本人需要（阶段）"),
    "referred": gettext_lazy("转介（件）"),
    "helped": gettext_lazy("办成（件）"),
}


def services(actor: Actor, *, township: str = "") -> list[Service]:
    """后续实践引导和服务 by kind (石城 附件2 项目3 四是), in two queries."""
    person = "follow_up__trainee"
    contacts = _of_township(Contact.objects.visible_to(actor), person, township)
    given = {code: Q(guidance__contains=code) for code in Guidance.values}
    wanted = {code: Q(wants__contains=code) for code in Guidance.values}
    counted = contacts.exclude(guidance="", wants="").aggregate(
        **{f"given_{code}": Count("follow_up", filter=said, distinct=True) for code, said in given.items()},
        **{f"people_{code}": Count(person, filter=said, distinct=True) for code, said in given.items()},
        **{f"wanted_{code}": Count("follow_up", filter=said, distinct=True) for code, said in wanted.items()},
    )
    referrals = _of_township(Referral.objects.visible_to(actor), f"contact__{person}", township).order_by()
    sent = Counter(referrals.values_list("purpose", "status"))
    return [_service(Guidance(code), counted, sent, township) for code in Guidance.values]


def _service(
    kind: Guidance, counted: Mapping[str, int], sent: Mapping[tuple[str, str], int], township: str
) -> Service:
    place = {"township": township} if township else {}
    listed = f"{reverse('followups')}?{urlencode({'due': 'all', 'guidance': kind.value, **place})}"
    asked = f"{reverse('followups')}?{urlencode({'due': 'all', 'wants': kind.value, **place})}"
    referred = {"purpose": kind.value, **place}
    every = f"{reverse('followup-referrals')}?{urlencode({**referred, 'status': 'all'})}"
    helped = (
        f"{reverse('followup-referrals')}?{urlencode({**referred, 'status': ReferralStatus.HELPED.value})}"
    )
    numbers = (
        (counted[f"given_{kind}"], listed),
        (counted[f"people_{kind}"], ""),
        (counted[f"wanted_{kind}"], asked),
        (sum(sent.get((kind.value, status), 0) for status in ReferralStatus.values), every),
        (sent.get((kind.value, ReferralStatus.HELPED.value), 0), helped),
    )
    return Service(
        str(kind.label),
        tuple(Figure(name, count, href) for name, (count, href) in zip(SERVICES, numbers, strict=True)),
    )


def _line(
    label: str, chosen: Mapping[str, str] | None, numbers: Iterable[int], asked: Mapping[str, str]
) -> Line:
    listed = reverse("followups")
    return Line(
        label,
        tuple(
            Figure(
                name,
                count,
                "" if chosen is None else f"{listed}?{urlencode({**LEADS_TO[name], **asked, **chosen})}",
            )
            for name, count in zip(FIGURES, numbers, strict=True)
        ),
    )


def label_of(by: str, key: tuple[Any, ...], called: Mapping[str, str]) -> str:
    if by == "village":
        return " ".join(filter(None, key)) or _("没有填")
    if by == "result" and not key[0]:
        return _("还没有联系")
    return called.get(str(key[0]), str(key[0])) or _("没有填")


def chosen_of(by: str, key: tuple[Any, ...], actor: Actor) -> dict[str, str] | None:
    """What the list is asked for; None where it can't be asked for, or not by this actor."""
    if by in COUNTED_ONLY or not all(key) or (by == "group" and key[0] in hidden_groups(actor)):
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
    choices = {"result": ContactResult, "status": FollowUpStatus, "education": Education}.get(by)
    return {code: str(label) for code, label in choices.choices} if choices else {}


def hidden_groups(actor: Actor) -> frozenset[str]:
    """Groups that this actor may not ask for: to filter by one is to be told who belongs to it."""
    return hidden_codes(actor, group_book(the_programme(actor).pk))


def as_rows(lines: Iterable[Line]) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of `FIGURES` behind the label."""
    for line in lines:
        yield (line.label, *(figure.count for figure in line.figures))
