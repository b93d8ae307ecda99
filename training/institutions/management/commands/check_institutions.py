from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from training.institutions.services import settle_standings


class Command(BaseCommand):
    """To be run once a day, just after midnight."""

    help = "证照过期的机构自动暂停，补齐的自动恢复 / suspend institutions whose licences ran out, reinstate renewed ones"

    def handle(self, *args: Any, **options: Any) -> None:
        for institution in settle_standings():
            self.stdout.write(f"{institution.programme.county} {institution.name}")
        self.stdout.write("核对完毕 / done")
