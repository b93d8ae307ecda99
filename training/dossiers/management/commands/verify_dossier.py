from __future__ import annotations

import sys

from django.core.management.base import BaseCommand

from training.dossiers.verify import main


class Command(BaseCommand):
    """The verifier that `yidang-verify` is, for those who have the server at hand; its options are the same."""

    help = "核验培训档案 / verify a dossier package (exit 0 only when everything holds)"

    def run_from_argv(self, argv: list[str]) -> None:
        """All that follows the command's name is the verifier's; none of it is Django's."""
        sys.exit(main(argv[2:]))
