from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import datetime
from datetime import time as time_of_day
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import make_aware

from training.core import clock
from training.dossiers.snapshots import BATCH, batches, check_again, incomplete


class Command(BaseCommand):
    """Stopped at any moment, what was checked is kept: `--resume` goes on from there. Twice changes nothing."""

    help = "逐期重新核对培训档案 / check archives again, batch by batch"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="also those that are sealed, by their own rules"
        )
        parser.add_argument("--resume", action="store_true", help="leave out what has been checked today")
        parser.add_argument("--batch", type=int, default=BATCH, metavar="N", help="sessions at a time")

    def handle(self, *args: Any, batch: int, resume: bool, **options: Any) -> None:
        begun, done, lacking = time.monotonic(), 0, 0
        midnight = make_aware(datetime.combine(clock.today(), time_of_day.min))
        for sessions in batches(
            frozen=options["all"], unchecked_since=midnight if resume else None, size=batch
        ):
            done += check_again(sessions)
            found = incomplete(sessions)
            lacking += len(found)
            for code in (code for code, sealed in found if sealed):
                self.stdout.write(f"已封存而现在不齐全 / sealed and lacks something now: {code}")
            rate = done / max(time.monotonic() - begun, 1e-9)
            self.stdout.write(f"已核对 / checked {done} 期，每秒 / per second {rate:.0f}")
        self.stdout.write(f"完成 / done: {done} 期 / sessions，不齐全 / incomplete {lacking}")
