from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from training.attendance.services.chains import move_complete_to
from training.core import clock
from training.core.actor import SYSTEM
from training.dossiers.snapshots import catch_up, catch_up_with_today, mark_news
from training.institutions.services import settle_standings
from training.notifications.services import send_letters
from training.outcomes.services import open_rechecks
from training.reporting import counting
from training.reporting.measuring import take_all
from training.reports.services.town_reports import open_due_reports, remind_towns
from training.scheduling.running import begin_due_sessions
from training.uploads.services import forget_stale_uploads
from training.web.notifications.watch import warn_of_everything


class Command(BaseCommand):
    """To be run every minute, or left running with `--every`. Doing it twice changes nothing."""

    help = "到点的事：开课、核对档案、到期与终端提醒、发邮件 / what is due: classes begin, archives, reminders, letters"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="again and again, until stopped")

    def handle(self, *args: Any, every: float | None, **options: Any) -> None:
        self._once()
        while every:
            time.sleep(every)
            self._once()

    def _once(self) -> None:
        begun = begin_due_sessions(actor=SYSTEM)
        move_complete_to()
        mark_news()
        checked = catch_up(SYSTEM) + catch_up_with_today()
        open_due_reports(actor=SYSTEM)
        open_rechecks(clock.today(), actor=SYSTEM)
        settle_standings()
        told = warn_of_everything()
        told += remind_towns(actor=SYSTEM)
        counting.mark_news()
        counted = counting.refresh()
        take_all()
        forget_stale_uploads(actor=SYSTEM)
        letters = send_letters(actor=SYSTEM)
        self.stdout.write(
            f"开课 / begun {begun}, 档案核对 / archives checked {checked}, 统计 / sessions counted {counted}, "
            f"提醒 / told {told}, 邮件 / letters {letters}"
        )
