from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.core.actor import SYSTEM
from training.dossiers.property_checks import check_yearly
from training.integrity.choices import Part
from training.integrity.models import IntegrityRun
from training.integrity.services import check_integrity

TELLS_EVERY = 1000


class Command(BaseCommand):
    """To be run every night. Doing it again finds the same again."""

    help = "核对全部数据和文件有没有被改、被删 / check that no row and no file was changed or lost"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"四性检测 / four properties checked again: {check_yearly()}")
        runs = check_integrity(self._progress, actor=SYSTEM)
        for run in runs:
            self.stdout.write(_line(run))
            for finding in run.findings.all():
                self.stdout.write(f"  ✗ {finding.get_part_display()} {finding.about}：{finding.problem}")
        found = sum(run.found for run in runs)
        if found:
            raise CommandError(f"有 {found} 处对不上 / {found} faults")
        self.stdout.write("全部对得上 / everything as it was kept")

    def _progress(self, part: str, done: int) -> None:
        if done % TELLS_EVERY == 0:
            self.stdout.write(f"… {Part(part).label} {done}")


def _line(run: IntegrityRun) -> str:
    counted = "，".join(f"{Part(part).label} {count}" for part, count in run.counted.items())
    return f"{run.programme}：{counted}"
