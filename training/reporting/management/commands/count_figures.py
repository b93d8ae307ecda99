from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from training.programmes.models import Programme
from training.reporting.counting import rebuild
from training.reporting.models import Figure


class Command(BaseCommand):
    """Not needed in daily work: `tick` keeps up. Each programme waits while its figures are counted."""

    help = "全部统计数从名册重新数一遍，有出入的改正 / count every figure anew from the rosters, say what differed"

    def handle(self, *args: Any, **options: Any) -> None:
        for programme in Programme.objects.order_by("pk"):
            before = _said(programme)
            places = rebuild(programme)
            differ = len(before ^ _said(programme))
            self.stdout.write(f"{programme.code}: {places} 人次 / places, 出入 / differ {differ}")


def _said(programme: Programme) -> set[tuple[Any, ...]]:
    """Which figure says what."""
    rows = Figure.objects.filter(programme=programme)
    return set(rows.values_list("slice_kind", "slice_key", "dimension", "key", "depth", "renci", "people"))
