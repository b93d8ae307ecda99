"""The machine under the station: its disk and its time zone."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from kiosk.doctor.findings import Finding, Level

FREE_BYTES = 500_000_000
"""Below this a class day with photos may not fit."""
SLOW_FSYNC_MS = 200.0
"""Everybody who lays a card waits for one of these."""
COUNTRY_OFFSET = timedelta(hours=8)


def look(home: Path) -> Iterator[Finding]:
    """Room, writing speed, and the zone."""
    yield _room(home)
    if home.is_dir():
        yield _writing(home)
    yield _zone(datetime.now(UTC).astimezone().utcoffset() or timedelta())


def _room(home: Path) -> Finding:
    there = next(path for path in (home, *home.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    zh, en = f"剩余 {free // 10**6} MB", f"{free // 10**6} MB free"
    if free >= FREE_BYTES:
        return Finding("disk", "ok", zh, en, free)
    advice = (
        "清理系统日志和浏览器缓存，不要碰数据目录",
        "Clear logs and browser caches, never the data directory",
    )
    return Finding("disk", "error", zh, en, free, *advice)


def _writing(home: Path) -> Finding:
    try:
        took_ms = fsync_ms(home)
    except OSError as error:
        what = ("数据目录写不进去", "The data directory can't be written")
        advice = (
            "检查磁盘是否已满、只读，目录属主是否正确",
            "Is the disk full or read-only? Who owns the directory?",
        )
        return Finding("write", "error", *what, error.strerror, *advice)
    level: Level = "ok" if took_ms < SLOW_FSYNC_MS else "warning"
    advice = (
        ("", "") if level == "ok" else ("磁盘太慢，请换固态硬盘", "The disk is slow: use a solid-state one")
    )
    return Finding(
        "write", level, f"落盘 {took_ms:.1f} 毫秒", f"{took_ms:.1f} ms to the disk", took_ms, *advice
    )


def fsync_ms(folder: Path, times: int = 5) -> float:
    """Milliseconds until four kilobytes are on the disk, the median of some tries; raises OSError."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _try in range(times):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return round(median(taken), 1)


def _zone(offset: timedelta) -> Finding:
    hours = offset.total_seconds() / 3600
    zh, en = f"系统时区 UTC{hours:+g}", f"The system's zone is UTC{hours:+g}"
    if offset == COUNTRY_OFFSET:
        return Finding("zone", "ok", zh, en, hours)
    advice = (
        "签到不受影响；看日志不便：timedatectl set-timezone Asia/Shanghai",
        "Signing in does not mind, who reads logs does: timedatectl set-timezone Asia/Shanghai",
    )
    return Finding("zone", "warning", zh, en, hours, *advice)
