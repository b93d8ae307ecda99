from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.core.actor import SYSTEM
from training.core.errors import TrainingError
from training.programmes.preset_file import PresetError, load_preset, preset_names
from training.programmes.services import load_programme


class Command(BaseCommand):
    help = "按预设建立县域项目 / set up a programme from a preset or a YAML file"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("preset", help=f"{', '.join(preset_names())}, or the path of a YAML file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            programme = load_programme(load_preset(options["preset"]), actor=SYSTEM)
        except (PresetError, TrainingError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{programme.code} {programme.name}（id {programme.pk}）")
