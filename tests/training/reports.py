"""A station's word about itself, for tests: well, unless said otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kiosk.report import StationReport

MORNING = datetime(2021, 5, 18, 0, 40, tzinfo=UTC)  # 08:40 in the county, twenty minutes before class


def make_report(**fields: Any) -> StationReport:
    """`fields` override anything."""
    well = {
        "at": MORNING,
        "boot": UUID(int=1),
        "software": "yidang-kiosk/0.1.0",
        "reader": "reader_ready",
        "reader_detail": "05.03-20200000-0000000001-0000000001",
        "camera": "live",
        "face": "ready",
        "disk_free": 20 * 10**9,
        "clock_offset_ms": 40,
        "events_total": 96,
        "pending": 0,
        "photos_pending": 0,
        "held": 0,
        "refused": 0,
        "package_version": "a" * 64,
        "package_at": MORNING,
    }
    return StationReport(**well | fields)
