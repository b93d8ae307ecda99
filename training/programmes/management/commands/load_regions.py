from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.core.actor import SYSTEM
from training.core.errors import TrainingError
from training.programmes.errors import RegionsRefusedError
from training.programmes.models import Programme
from training.programmes.preset_file import located
from training.programmes.region_file import COLUMNS
from training.programmes.services import load_regions


class Command(BaseCommand):
    help = f"导入行政区划名单 / load a county's list of places from CSV: {', '.join(COLUMNS)}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("programme", help="项目代码 / code of the programme")
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="名单从哪里来 / whose list it is")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = Programme.objects.filter(code=options["programme"]).first()
        if programme is None:
            raise CommandError(f"没有项目 {options['programme']} / no such programme")
        try:
            data = options["file"].read_bytes()
            count = load_regions(programme.pk, data=data, source=options["source"], actor=SYSTEM)
        except OSError as missing:
            raise CommandError(str(missing)) from missing
        except RegionsRefusedError as refused:
            raise CommandError("\n".join(located(*problem) for problem in refused.problems)) from refused
        except TrainingError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{programme.code}：{count}")
