from __future__ import annotations

import logging

from django_tasks import task

# What looks at pixels is imported by who does so: OpenCV takes 26 MB of every process.
logger = logging.getLogger(__name__)


@task()
def look_at_evidence(evidence_id: int) -> None:
    """Make the thumbnail of what was handed in, and notice where else it stands."""
    from training.uploads.noticing import look_at  # noqa: PLC0415

    pairs = look_at(evidence_id)
    logger.info("evidence %s: %s pairs noticed", evidence_id, pairs)


@task()
def read_scan(scan_id: int) -> None:
    """Find out where the pages of a scanned paper register belong."""
    from training.uploads.scanning import read_scan as read  # noqa: PLC0415

    pages = read(scan_id)
    logger.info("scan %s: %s pages read", scan_id, pages)
