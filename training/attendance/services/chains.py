"""How far each station's ledger is known to be whole."""

from __future__ import annotations

from typing import Any

from training.attendance.queries.chains import events_after_holes, unsettled
from training.stations.models import Station


def move_complete_to() -> int:
    """Note how far each station's ledger is without a hole; how many have moved.

    Nothing removes events, so what was complete once stays so; a row taken away by hand `check_integrity` finds.
    """
    ends = {station.pk: station for station in unsettled(Station.objects.values_list("pk", flat=True))}
    first_holes: dict[Any, int] = {}
    for station, before in events_after_holes(ends).values_list("station", "before"):
        first_holes.setdefault(station, before or 0)
    moved = [
        Station(pk=pk, complete_to=first_holes.get(pk, end.last))
        for pk, end in ends.items()
        if first_holes.get(pk, end.last) > end.complete_to
    ]
    Station.objects.bulk_update(moved, ["complete_to"])
    return len(moved)
