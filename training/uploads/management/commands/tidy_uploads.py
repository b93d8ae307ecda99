from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from training.core import clock
from training.core.actor import SYSTEM
from training.core.files import sweep
from training.uploads.noticing import not_looked_at
from training.uploads.services import forget_stale_uploads
from training.uploads.tasks import look_at_evidence

UNUSED = timedelta(days=1)
"""A version that was being made when the machine stopped may have left a file."""


class Command(BaseCommand):
    """Run every night. Doing it twice changes nothing."""

    help = "清理过期的续传文件和没有用上的成品文件，补看没有看过的照片 / drop stale uploads and unused products, look at pictures nobody looked at"

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweep(before=clock.now() - UNUSED)
        stale = forget_stale_uploads(actor=SYSTEM)
        waiting = not_looked_at()
        for evidence_id in waiting:
            look_at_evidence.enqueue(evidence_id)
        self.stdout.write(f"清理 / dropped {stale + swept}, 待看 / to look at {len(waiting)}")
