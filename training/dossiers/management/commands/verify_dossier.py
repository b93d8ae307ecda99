from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from training.dossiers.verify import main


class Command(BaseCommand):
    """The verifier that `yidang-verify` is, for those who have the server at hand."""

    help = "核验培训档案 / verify a dossier package (exit 0 only when everything holds)"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--lang", choices=["zh", "en"], default="zh")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(main([options["file"], "--lang", options["lang"]]))
