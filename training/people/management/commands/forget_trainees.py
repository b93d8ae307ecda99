from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.core import clock
from training.core.actor import SYSTEM
from training.people.queries import unplaced
from training.people.services import forget_trainees

LEAST_DAYS = 30


class Command(BaseCommand):
    help = (
        "列出（加 --delete 则删除）登记满若干天而不在任何名册上的学员 / people whom no roster needs any more"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=365, help="登记满多少天（至少 30），默认 365")
        parser.add_argument("--delete", action="store_true", help="真的删除；不加只列出")

    def handle(self, *, days: int, delete: bool, **_options: Any) -> None:
        if days < LEAST_DAYS:
            raise CommandError(f"至少 {LEAST_DAYS} 天：名册可能还在准备。")
        known_before = clock.now() - timedelta(days=days)
        if delete:
            gone = forget_trainees(known_before=known_before, actor=SYSTEM)
            self.stdout.write(f"已删除 {gone} 人。")
            return
        rows = unplaced(SYSTEM, known_before=known_before).select_related("programme")
        for trainee in rows:
            self.stdout.write(f"{trainee.programme.code} #{trainee.pk} {trainee.known_at:%Y-%m-%d}")
        self.stdout.write(f"共 {len(rows)} 人，没有删除；加 --delete 删除。")
