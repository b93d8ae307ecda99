from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from training.core.actor import SYSTEM
from training.enrolment.retention import forget_applications


class Command(BaseCommand):
    """Run every night: what applicants wrote is deleted APPLICATION_DAYS after the session was closed."""

    help = "删除早已结课、没有录取的报名 / delete applications that brought nobody onto a roster"

    def handle(self, *args: Any, **options: Any) -> None:
        count = forget_applications(actor=SYSTEM)
        self.stdout.write(f"删除了 {count} 份报名 / {count} applications deleted")
