from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from training.accounts.models import User
from training.core.actor import SYSTEM
from training.core.errors import TrainingError
from training.demo.description import describe, places_of
from training.demo.scenery import add_county_staff
from training.demo.seeding import demand_nobody_real, seed
from training.programmes.preset_file import load_preset, preset_names
from training.programmes.services import load_programme


class Command(BaseCommand):
    """Everything or nothing; on the same seed the same people and the same figures."""

    help = (
        "放进一个项目全程的合成数据：机构、名册、签到、结业、跟踪、成果、报表、证书；有真实学员的库里不放 / "
        "a whole programme's synthetic data; refused where real people are registered"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("preset", choices=preset_names())
        parser.add_argument(
            "--renci", type=int, default=10_000, help="名册人次 / places on rosters (default 10000)"
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--half-way", action="store_true", help="项目期过了一半 / half of its time is over"
        )
        parser.add_argument(
            "--password", default="", help="各账号的密码；不写就都不能登录 / without it nobody can sign in"
        )

    def handle(
        self, *, preset: str, renci: int, seed: int, half_way: bool, password: str, **_more: Any
    ) -> None:
        try:
            self._seed(preset, renci, seed, half_way=half_way)
        except TrainingError as refused:
            raise CommandError(str(refused)) from refused
        prefix = f"{preset}-"
        made = User.objects.filter(username__startswith=prefix)
        made.update(password=make_password(password or None))
        self.stdout.write(f"账号 / accounts: {prefix}head, {prefix}reviewer … ({made.count()})")

    @transaction.atomic
    def _seed(self, name: str, renci: int, number: int, *, half_way: bool) -> None:
        demand_nobody_real()
        preset = load_preset(name)
        description = describe(preset, renci=renci, seed=number, half_way=half_way)
        programme = load_programme(preset, actor=SYSTEM)
        [(township, _village), *_others] = places_of(preset)
        county = add_county_staff(programme, f"{name}-", township=township)
        done = seed(programme, county, description, prefix=f"{name}-", tell=self.stdout.write)
        self.stdout.write(f"人次 / places on rosters: {done.places}")
