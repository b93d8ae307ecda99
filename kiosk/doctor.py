"""What is wrong with this station, asked before class and not during it.

Each check looks at one part and answers with a finding; none changes anything.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.idcard.dialogue import ReaderEvent, ReaderFault, ReaderReady
from kiosk.idcard.reader import CardReader
from kiosk.journal import DATABASE, Journal, JournalError
from kiosk.package import PackageError
from kiosk.uplink import Server, UplinkError

Level = Literal["ok", "warning", "error"]

FREE_BYTES = 500_000_000
"""Below this a class day with photos may not fit."""
OFFSET_MS = 120_000
"""Two minutes off is enough to make people late who were not."""
STALE = timedelta(days=3)
"""A station works at least so long without the server; then somebody should ask why."""


@dataclass(frozen=True)
class Finding:
    """One part's state; `value` is for scripts, the sentences for people."""

    part: str
    level: Level
    zh: str
    en: str
    value: str | int | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """For `--json`."""
        return asdict(self)


def examine(home: Path, *, reader: str | None, camera: str | None) -> list[Finding]:
    """All findings, in the order a person would look."""
    findings = [*_journal(home), _disk(home)]
    if reader:
        findings.append(_reader(reader))
    if camera:
        findings.append(_camera(camera))
    return findings


def _journal(home: Path) -> Iterator[Finding]:
    """Key, enrolment, package, queue, server and clock; none of it if there is no journal."""
    if not (home / DATABASE).exists():
        yield Finding("key", "error", "还没有登记：没有本机数据", "Not enrolled: no data here", str(home))
        return
    try:
        with Journal(home) as journal:
            yield _key(journal)
            yield _package(journal)
            yield _queue(journal)
            yield from _server(journal)
    except (JournalError, PackageError) as error:
        yield Finding("journal", "error", "本机数据打不开", "The station's data can't be opened", str(error))


def _key(journal: Journal) -> Finding:
    identity = journal.identity
    if identity is None:
        return Finding("key", "error", "还没有登记", "Not enrolled")
    fingerprint = journal.signing_key.public_key().public_bytes_raw().hex()[:16]
    return Finding("key", "ok", f"已登记为“{identity.name}”", f"Enrolled as “{identity.name}”", fingerprint)


def _package(journal: Journal) -> Finding:
    package = journal.package
    if package is None:
        return Finding("package", "error", "还没有取得名册", "No roster yet")
    people = sum(len(session.roster) for session in package.sessions)
    return Finding(
        "package",
        "ok" if people else "warning",
        f"{len(package.sessions)} 个培训期，名册 {people} 人",
        f"{len(package.sessions)} session(s), {people} on the roster",
        package.version,
    )


def _queue(journal: Journal) -> Finding:
    counts = journal.counts()
    waiting = counts.pending + counts.photos_pending
    level: Level = "warning" if waiting or counts.held else "ok"
    zh = f"共 {counts.total} 条，待上传 {waiting} 条，待核对 {counts.held} 条"
    en = f"{counts.total} events, {waiting} to upload, {counts.held} to be checked"
    return Finding("queue", level, zh, en, waiting)


def _server(journal: Journal) -> Iterator[Finding]:
    clock, offsets, identity = Clock(), list[int](), journal.identity
    if identity is None:
        return
    server = Server(identity.server, clock=clock, on_contact=offsets.append)
    try:
        server.time()
    except UplinkError as error:
        yield _offline(journal, clock, str(error))
    else:
        yield Finding("server", "ok", "连得上服务器", "The server answers", identity.server)
        yield from map(_offset, offsets)
    finally:
        server.close()


def _offline(journal: Journal, clock: Clock, detail: str) -> Finding:
    since = journal.contact_at
    lost = since is None or clock.now() - since > STALE
    zh, en = "连不上服务器，签到照常，记录留在本机", "No server; signing in goes on and is kept here"
    return Finding("server", "error" if lost else "warning", zh, en, detail)


def _offset(offset_ms: int) -> Finding:
    level: Level = "ok" if abs(offset_ms) < OFFSET_MS else "error"
    seconds = round(offset_ms / 1000)
    return Finding("clock", level, f"与服务器相差 {seconds} 秒", f"{seconds} s from the server", offset_ms)


def _disk(home: Path) -> Finding:
    there = next(path for path in (home, *home.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    level: Level = "ok" if free >= FREE_BYTES else "error"
    return Finding("disk", level, f"剩余 {free // 10**6} MB", f"{free // 10**6} MB free", free)


def _reader(url: str) -> Finding:
    heard: list[ReaderEvent] = []
    with CardReader(url, heard.append):
        _wait_for(lambda: any(isinstance(event, ReaderReady | ReaderFault) for event in heard), 8.0)
    for event in heard:
        if isinstance(event, ReaderReady):
            return Finding("reader", "ok", "读卡器正常", "The reader answers", event.sam_id)
        if isinstance(event, ReaderFault):
            return Finding("reader", "error", event.message, event.message_en, event.code)
    return Finding("reader", "error", "读卡器没有反应", "The reader does not answer", url)


def _camera(source: str) -> Finding:
    camera = Camera(source, stale_seconds=3.0)
    camera.start()
    try:
        frame = camera.next_frame(0, 4.0)
    finally:
        camera.stop()
    if frame is None:
        return Finding("camera", "error", "摄像头没有画面", "The camera gives no picture", source)
    size = f"{frame.image.shape[1]}×{frame.image.shape[0]}"
    return Finding("camera", "ok", f"摄像头正常，{size}", f"The camera works, {size}", size)


def _wait_for(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
