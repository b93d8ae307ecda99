from __future__ import annotations

import logging

from django_tasks import task

from training.uploads.noticing import look_at as _look_at
from training.uploads.scanning import read_scan as _read_scan

logger = logging.getLogger(__name__)


@task()
def look_at_evidence(evidence_id: int) -> None:
    """Make the thumbnail of what was handed in, and notice where else it stands."""
    pairs = _look_at(evidence_id)
    logger.info("evidence %s: %s pairs noticed", evidence_id, pairs)


@task()
def read_scan(scan_id: int) -> None:
    """Find out where the pages of a scanned paper register belong."""
    pages = _read_scan(scan_id)
    logger.info("scan %s: %s pages read", scan_id, pages)
