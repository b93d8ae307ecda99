"""What the software noticed about a dossier that lies at the bureau: where a person should look first.

No verdict: each is said in words with its count, and the rules may ask for a second person because of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import ngettext_lazy

from training.attendance.choices import CorrectionKind, CorrectionSource, CorrectionStatus, Method
from training.attendance.models import AttendanceEvent, Correction
from training.complaints.choices import WEIGHS
from training.complaints.models import Complaint
from training.dossiers.models import Evidence, ReviewRound
from training.dossiers.queries import DOUBTFUL_COPY
from training.dossiers.signals import denials_told
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.followup.choices import ContactResult
from training.scheduling.models import TrainingSession
from training.scheduling.signals import answers

WEIGHTS: Final = {
    "denied": 4,
    "denied_follow_up": 4,
    "complaint": 3,
    "reuse": 3,
    "shared_phones": 3,
    "voids": 2,
    "paper": 2,
    "make_up": 2,
    "clock": 2,
    "held": 1,
    "witness": 1,
}
"""How much each counts where the queue is put in order of risk; being returned before counts nothing."""

WORDS: Final[dict[str, Promise]] = {
    "complaint": ngettext_lazy("%(count)s 件举报还没有答复", "%(count)s 件举报还没有答复", "count"),
    "denied_follow_up": ngettext_lazy(
        "%(count)s 人在回访中否认参训", "%(count)s 人在回访中否认参训", "count"
    ),
    "reuse": ngettext_lazy(
        "%(count)s 份材料与别处的相同，还没有认可", "%(count)s 份材料与别处的相同，还没有认可", "count"
    ),
    "denied": ngettext_lazy("电话核实时 %(count)s 人否认参训", "电话核实时 %(count)s 人否认参训", "count"),
    "shared_phones": ngettext_lazy(
        "%(count)s 人与同班的人共用手机号", "%(count)s 人与同班的人共用手机号", "count"
    ),
    "voids": ngettext_lazy("作废了 %(count)s 条签到记录", "作废了 %(count)s 条签到记录", "count"),
    "paper": ngettext_lazy("纸质补录 %(count)s 次", "纸质补录 %(count)s 次", "count"),
    "make_up": ngettext_lazy("补签 %(count)s 次", "补签 %(count)s 次", "count"),
    "clock": ngettext_lazy("%(count)s 条记录的终端时钟不准", "%(count)s 条记录的终端时钟不准", "count"),
    "held": ngettext_lazy("%(count)s 条记录没有计入", "%(count)s 条记录没有计入", "count"),
    "witness": ngettext_lazy("%(count)s 次由见证人放行", "%(count)s 次由见证人放行", "count"),
    "returned": ngettext_lazy("退回过 %(count)s 次", "退回过 %(count)s 次", "count"),
}


@dataclass(frozen=True)
class Risk:
    code: str
    count: int

    @property
    def weight(self) -> int:
        return WEIGHTS.get(self.code, 0)

    @property
    def message(self) -> str:
        return str(WORDS[self.code] % {"count": self.count})


def score(risks: Iterable[Risk]) -> int:
    """For an order, not for people: a kind of finding weighs the same whether it is there once or often."""
    return sum(risk.weight for risk in risks)


def risks_of(sessions: Collection[int]) -> dict[int, tuple[Risk, ...]]:
    """Session id -> what was noticed, the heaviest first; a constant number of queries."""
    found: dict[int, list[Risk]] = defaultdict(list)
    for code, read in READS.items():
        for session, count in read(sessions):
            if count:
                found[session].append(Risk(code, count))
    return {pk: tuple(sorted(found[pk], key=lambda risk: -risk.weight)) for pk in sessions}


def _corrections(wanted: Q) -> Callable[[Collection[int]], Iterable[tuple[int, int]]]:
    def read(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
        rows = Correction.objects.filter(
            wanted, training_session__in=sessions, status=CorrectionStatus.APPROVED
        )
        return _counted(rows)

    return read


def _events(wanted: Q) -> Callable[[Collection[int]], Iterable[tuple[int, int]]]:
    def read(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
        return _counted(AttendanceEvent.objects.filter(wanted, training_session__in=sessions))

    return read


def _counted(rows: Any) -> Iterable[tuple[int, int]]:
    counted: Iterable[tuple[int, int]] = (
        rows.order_by().values_list("training_session").annotate(Count("pk", distinct=True))
    )
    return counted


def _shared_phones(sessions: Collection[int]) -> Iterator[tuple[int, int]]:
    """Numbers lie encrypted: only here, side by side, can they be compared."""
    rows = Enrolment.objects.filter(ON_ROSTER, training_session__in=sessions)
    said = rows.order_by("training_session").values_list("training_session", "trainee__phone")
    for session, people in groupby(said, key=lambda row: row[0]):
        owners = Counter(phone for _session, phone in people if phone)
        yield session, sum(count for count in owners.values() if count > 1)


def _denied_follow_up(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
    """People, not calls: who says so twice is one."""
    rows = Enrolment.objects.filter(
        training_session__in=sessions, follow_ups__contacts__result=ContactResult.DENIED
    )
    return _counted(rows)


def _complaints(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
    return _counted(Complaint.objects.filter(WEIGHS, training_session__in=sessions))


def _reused(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
    return _counted(Evidence.objects.filter(DOUBTFUL_COPY, training_session__in=sessions, withdrawn_at=None))


def _returned(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
    rows = ReviewRound.objects.filter(dossier__training_session__in=sessions, returned_at__isnull=False)
    counted: Iterable[tuple[int, int]] = (
        rows.order_by().values_list("dossier__training_session").annotate(Count("pk"))
    )
    return counted


def _denied(sessions: Collection[int]) -> Iterable[tuple[int, int]]:
    """The rooms above know; people, not calls: who says so twice is one."""
    told = {(session, person) for session, person, _call in answers(denials_told, sessions=sessions)}
    return Counter(session for session, _person in told).items()


READS: Final[dict[str, Callable[[Collection[int]], Iterable[tuple[int, int]]]]] = {
    "denied": _denied,
    "denied_follow_up": _denied_follow_up,
    "complaint": _complaints,
    "reuse": _reused,
    "shared_phones": _shared_phones,
    "voids": _corrections(Q(kind=CorrectionKind.VOID)),
    "paper": _corrections(Q(source=CorrectionSource.PAPER) & ~Q(kind=CorrectionKind.VOID)),
    "make_up": _corrections(Q(source=CorrectionSource.MAKE_UP) & ~Q(kind=CorrectionKind.VOID)),
    "clock": _events(Q(held_reason="") & Q(notes__icontains="clock")),
    "held": _events(~Q(held_reason="")),
    "witness": _events(Q(held_reason="", method=Method.WITNESS)),
    "returned": _returned,
}


def flagged(session: TrainingSession) -> tuple[Risk, ...]:
    """What makes one dossier a case for a second person, where the rules say so."""
    return tuple(risk for risk in risks_of([session.pk])[session.pk] if risk.weight)
