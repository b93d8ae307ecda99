"""Counting all over again, row by row and past everything that is kept, to hold figures against."""

from __future__ import annotations

from typing import Any

from training.core.actor import SYSTEM, Actor
from training.programmes.models import Programme
from training.reporting.choices import Dimension, SliceKind, village_key
from training.reporting.depths import DEPTHS
from training.reporting.figures import Sheet, months, read, rows_behind
from training.reporting.places import as_places, places

Counted = dict[tuple[str, ...], tuple[int, int]]
Slices = set[tuple[str, str]] | None
ASKED = [dimension for dimension in Dimension if dimension != Dimension.FIRST_MONTH]


def kept(programme: Programme, actor: Actor = SYSTEM, among: Slices = None) -> Counted:
    """Slice kind, slice key, dimension, depth and key, to 人次 and 人数, as `read` has them."""
    return {
        (kind, own, dimension, depth, key): tuple(figure)
        for kind, own in among or slices(programme, actor)
        for (dimension, depth), figures in sheet_of(programme, actor, kind, own).items()
        for key, figure in figures.items()
    }


def sheet_of(programme: Programme, actor: Actor, kind: str, own: str) -> dict[tuple[str, str], Any]:
    sheet: Sheet = read(programme, actor, slice_kind=kind, slice_key=own, dimensions=ASKED)
    return {(dimension, depth): sheet.of(dimension, depth) for dimension in ASKED for depth in DEPTHS}


def recounted(programme: Programme, actor: Actor = SYSTEM, among: Slices = None) -> Counted:
    """The same from the rows behind each; thousands of queries, fewer `among` some slices."""
    counted: Counted = {}
    for kind, own in among or slices(programme, actor):
        for depth in DEPTHS:
            for dimension, key in keys(programme, actor):
                rows = rows_behind(
                    programme,
                    actor,
                    slice_kind=kind,
                    slice_key=own,
                    dimension=dimension,
                    key=key,
                    depth=depth,
                )
                people = [row.trainee_id for row in rows]
                if people:
                    counted[kind, own, dimension, depth, key] = len(people), len(set(people))
            _drop_months_outside(counted, kind, own, depth)
    return counted


def _drop_months_outside(counted: Counted, kind: str, own: str, depth: str) -> None:
    """The curve ends with the last month in which anybody was counted."""
    last = max((key[4] for key in counted if key[:4] == (kind, own, "month", depth)), default="")
    for key in [key for key in counted if key[:4] == (kind, own, "until", depth) and key[4] > last]:
        del counted[key]


def slices(programme: Programme, actor: Actor) -> set[tuple[str, str]]:
    every = list(as_places(places(programme, actor)))
    return {(SliceKind.PROGRAMME.value, "")} | {slice_ for place in every for slice_ in place.slices}


def keys(programme: Programme, actor: Actor) -> set[tuple[str, str]]:
    every = list(as_places(places(programme, actor)))
    simple = {key for place in every for key in place.keys}
    assert {key for dimension, key in simple if dimension == "village"} == {
        village_key(place.township, place.village) for place in every
    }
    dated = sorted(place.month for place in every if place.month)
    curve = months(dated[0], dated[-1]) if dated else []
    return simple | {("until", month) for month in curve}
