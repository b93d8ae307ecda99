"""Figures that are ready to be read, and the rows behind each.

`rows_behind` is the definition of every figure: lists, exports and recounts go through it. What `read` answers was
counted beforehand (`counting`): it is what those rows were when their sessions were last counted, and `standing`
says as of when that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet

from training.core import clock
from training.core.actor import ALL, Actor
from training.enrolment.models import Enrolment
from training.programmes.models import Programme
from training.reporting.choices import Dimension, SliceKind, village_of
from training.reporting.depths import DEPTHS
from training.reporting.models import Figure, PendingCount
from training.reporting.places import as_places, places
from training.reporting.tallying import Tally, tally
from training.scheduling.models import TrainingSession


@dataclass(frozen=True)
class Sheet:
    """The figures of one slice, by (dimension, depth) and key; what was not asked for is empty."""

    tallies: Mapping[tuple[str, str], Mapping[str, Tally]]

    def of(self, dimension: str, depth: str = "completed") -> dict[str, Tally]:
        """Key to tally, keys in order; only keys that have something to count.

        Of `until` every month from the first to the last in which anybody was counted.
        """
        if dimension == Dimension.UNTIL:
            return _until(self.of(Dimension.FIRST_MONTH, depth))
        return dict(sorted(self.tallies.get((dimension, depth), {}).items()))

    def total(self, depth: str = "completed") -> Tally:
        return self.of(Dimension.TOTAL, depth).get("", Tally())


@dataclass(frozen=True)
class Standing:
    """What figures can be said of: all that was recorded before `as_of`. `pending` sessions wait to be counted."""

    as_of: datetime
    pending: int


def standing(programme: Programme) -> Standing:
    """One query; with nothing waiting the figures are those of this moment."""
    waiting = PendingCount.objects.filter(programme=programme).aggregate(
        since=Min("marked_at"), sessions=Count("training_session", distinct=True)
    )
    return Standing(waiting["since"] or clock.now(), waiting["sessions"])


def read(
    programme: Programme,
    actor: Actor,
    *,
    slice_kind: str = SliceKind.PROGRAMME,
    slice_key: str = "",
    dimensions: Collection[str] = (),
) -> Sheet:
    """One slice's figures at every depth, as far as this actor sees its rows, the totals always: one query.

    An institution's or a township's people, asking for the programme, get their own. What is kept for no
    slice (an institution within one township) is counted on the spot, which takes longer.
    """
    kept = {Dimension.FIRST_MONTH if it == Dimension.UNTIL else Dimension(it) for it in dimensions}
    kept.add(Dimension.TOTAL)
    own = _kept_slice(programme, actor, slice_kind, slice_key)
    if own is None:
        return _counted_now(programme, actor, slice_kind, slice_key)
    rows = Figure.objects.filter(programme=programme, slice_kind=own[0], slice_key=own[1], dimension__in=kept)
    return _sheet(
        (dimension, depth, key, Tally(renci, people))
        for dimension, depth, key, renci, people in rows.values_list(
            "dimension", "depth", "key", "renci", "people"
        )
    )


def _sheet(figures: Iterable[tuple[str, str, str, Tally]]) -> Sheet:
    tallies: dict[tuple[str, str], dict[str, Tally]] = {}
    for dimension, depth, key, figure in figures:
        tallies.setdefault((dimension, depth), {})[key] = figure
    return Sheet(tallies)


def _counted_now(programme: Programme, actor: Actor, kind: str, key: str) -> Sheet:
    rows = places(programme, actor).filter(_SLICES[kind](key))
    counted = tally(as_places(rows), len(DEPTHS))
    names = list(DEPTHS)
    return _sheet(
        (dimension, names[depth], cell_key, figure)
        for ((slice_kind, slice_key, dimension, cell_key), depth), figure in counted.items()
        if (slice_kind, slice_key) == (kind, key)
    )


def _kept_slice(programme: Programme, actor: Actor, kind: str, key: str) -> tuple[str, str] | None:
    """The slice that holds exactly what this actor sees of the one asked for."""
    if not _reaches(actor, "programme", programme.pk):
        return None
    if actor.reach.get("institution") is ALL:
        return kind, key
    for own_kind, dimension in ((SliceKind.INSTITUTION, "institution"), (SliceKind.TOWNSHIP, "township")):
        reach = actor.reach.get(dimension)
        if reach is None or reach is ALL or (isinstance(reach, frozenset) and len(reach) != 1):
            continue
        [own_key] = map(str, reach)  # type: ignore[arg-type]  # ALL is out
        if kind == SliceKind.PROGRAMME or (kind, key) == (own_kind, own_key):
            return own_kind, own_key
        return None
    return None


def _reaches(actor: Actor, dimension: str, what: Any) -> bool:
    reach = actor.reach.get(dimension, frozenset())
    return reach is ALL or what in reach  # type: ignore[operator]  # ALL is out


def _until(first_seen: Mapping[str, Tally]) -> dict[str, Tally]:
    dated = sorted(month for month in first_seen if month)
    if not dated:
        return {}
    every = months(dated[0], dated[-1])
    steps = [first_seen.get(month, Tally()) for month in every]
    renci, people = accumulate(it.renci for it in steps), accumulate(it.people for it in steps)
    sums = map(Tally, renci, people)
    return dict(zip(every, sums, strict=True))


def months(first: str, last: str) -> list[str]:
    """ "YYYY-MM" of each month, both ends included."""
    (year, month), (last_year, last_month) = _split(first), _split(last)
    count = 12 * (last_year - year) + last_month - month + 1
    return [f"{year + (month - 1 + n) // 12}-{(month - 1 + n) % 12 + 1:02}" for n in range(count)]


def _split(month: str) -> tuple[int, int]:
    """Raises ValueError for what is no "YYYY-MM"."""
    day = date.fromisoformat(f"{month}-01")
    return day.year, day.month


# The definition


def rows_behind(
    programme: Programme,
    actor: Actor,
    *,
    slice_kind: str = SliceKind.PROGRAMME,
    slice_key: str = "",
    dimension: str = Dimension.TOTAL,
    key: str = "",
    depth: str = "completed",
) -> QuerySet[Enrolment]:
    """The enrolments that this figure counts, as far as this actor sees them.

    KeyError for a depth or dimension there is not; no rows for a key there is not. Not sorted.
    """
    within = DEPTHS[depth] & _SLICES[slice_kind](slice_key) & _DIMENSIONS[dimension](key)
    return places(programme, actor).filter(within)


def of_slice(kind: str, key: str) -> Q:
    """The enrolments that belong to a slice."""
    return _SLICES[kind](key)


def _ended(month: str) -> Q:
    """In a session whose last lesson lies in that month; blank: in one without lessons."""
    if not month:
        return Q(training_session__lessons__isnull=True)
    return _last_on(month, "last_on__gte", "last_on__lt")


def _ended_until(month: str) -> Q:
    return _last_on(month, "last_on__lt")


def _last_on(month: str, *bounds: str) -> Q:
    try:
        year, number = _split(month)
    except ValueError:
        return _NONE
    days = {
        "last_on__gte": date(year, number, 1),
        "last_on__lt": date(year + number // 12, number % 12 + 1, 1),
    }
    sessions = TrainingSession.objects.order_by().annotate(last_on=Max("lessons__on"))
    return Q(training_session__in=sessions.filter(**{name: days[name] for name in bounds}).values("pk"))


def _of_institution(key: str) -> Q:
    return Q(training_session__institution=key) if key.isdecimal() else _NONE


def _of_village(key: str) -> Q:
    township, village = village_of(key)
    return Q(trainee__township=township, trainee__village=village)


_NONE: Final = Q(pk__in=())
_SLICES: Final[Mapping[str, Callable[[str], Q]]] = {
    SliceKind.PROGRAMME: lambda _key: Q(),
    SliceKind.INSTITUTION: _of_institution,
    SliceKind.TOWNSHIP: lambda key: Q(trainee__township=key),
    SliceKind.FUND_LINE: lambda key: Q(training_session__agreement__fund_line__code=key),
}
_DIMENSIONS: Final[Mapping[str, Callable[[str], Q]]] = {
    Dimension.TOTAL: lambda _key: Q(),
    Dimension.CLASS_TYPE: lambda key: Q(training_session__class_type=key),
    Dimension.CATEGORY: lambda key: Q(training_session__category=key),
    Dimension.FUND_LINE: _SLICES[SliceKind.FUND_LINE],
    Dimension.INSTITUTION: _of_institution,
    Dimension.TOWNSHIP: _SLICES[SliceKind.TOWNSHIP],
    Dimension.VILLAGE: _of_village,
    Dimension.GROUP: lambda key: Q(group=key),
    Dimension.MONTH: _ended,
    Dimension.UNTIL: _ended_until,
}
