"""What the station remembers and how it stands with the server."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.clock import Clock
from kiosk.doctor.findings import Finding, Level
from kiosk.journal import Identity, Journal
from kiosk.messages import say
from kiosk.package import PackageError
from kiosk.report import PROTOCOL
from kiosk.server import RefusedError, Server, UplinkError
from kiosk.store import DATABASE, KEY, JournalError

OFFSET_MS = 120_000
"""Two minutes off is enough to make people late who were not."""
NOTICED_OFFSET_MS = 30_000
STALE = timedelta(days=3)
"""A station works at least so long without the server; then somebody should ask why."""
UNTIDIED = timedelta(days=2)
RECENTLY = timedelta(days=7)

ENROL = ("向商务局要登记码，运行 kiosk enrol", "Ask the bureau for a code and run kiosk enrol")
NETWORK = ("连上网络，会自己上传", "Connect to the network; it goes by itself")
SET_CLOCK = (
    "对时：timedatectl、chronyc；已有记录不要动",
    "Set the clock (timedatectl, chronyc); leave the records alone",
)


def look(home: Path) -> Iterator[Finding]:
    """Key, roster, queue, server and clock; only that there is nothing, if there is no journal."""
    if not (home / DATABASE).exists():
        what = ("还没有登记：没有本机数据", "Not enrolled: no data here")
        yield Finding("key", "error", *what, str(home), *ENROL)
        return
    yield from _files(home)
    try:
        with Journal(home) as journal:
            yield from _journal(journal)
    except JournalError as error:
        message = say("journal_broken", detail=error)
        what = ("本机数据打不开", "The station's data can't be opened")
        yield Finding("journal", "error", *what, str(error), message.next_zh, message.next_en)


def _journal(journal: Journal) -> Iterator[Finding]:
    clock = Clock()
    yield _enrolment(journal)
    yield _package(journal, clock.now())
    yield _queue(journal, clock.now())
    yield _held(journal)
    yield _tidy(journal, clock.now())
    if identity := journal.identity:
        yield from _server(journal, identity, clock)
    yield _jumps(journal, clock.now())


# On this machine


def _files(home: Path) -> Iterator[Finding]:
    """Whether others on this machine can read what is secret; Windows has no such modes."""
    if os.name != "posix":
        return
    modes = {
        path: stat.S_IMODE(path.stat().st_mode)
        for path in (home, home / KEY, home / DATABASE)
        if path.exists()
    }
    open_to_others = [path for path, mode in modes.items() if mode & 0o077]
    if not open_to_others:
        yield Finding("files", "ok", "只有本账户能读", "For this account only")
        return
    names = " ".join(map(str, open_to_others))
    what = ("别的账户也能打开", "Other accounts can open them")
    yield Finding("files", "error", *what, names, f"chmod go-rwx {names}", f"chmod go-rwx {names}")


def _enrolment(journal: Journal) -> Finding:
    identity = journal.identity
    if identity is None:
        return Finding("key", "error", "还没有登记", "Not enrolled", None, *ENROL)
    fingerprint = journal.signing_key.public_key().public_bytes_raw().hex()[:16]
    zh, en = (
        f"已登记为“{identity.name}”，钥匙 {fingerprint}",
        f"Enrolled as “{identity.name}”, key {fingerprint}",
    )
    return Finding("key", "ok", zh, en, fingerprint)


def _package(journal: Journal, now: datetime) -> Finding:
    try:
        package, fetched_at = journal.package, journal.package_at
    except PackageError as error:
        message = say("package_unreadable")
        return Finding(
            "package", "error", message.zh, message.en, str(error), message.next_zh, message.next_en
        )
    if package is None:
        message = say("no_package")
        return Finding("package", "error", message.zh, message.en, None, message.next_zh, message.next_en)
    people = sum(len(session.roster) for session in package.sessions)
    old = fetched_at is not None and now - fetched_at > STALE
    age = _age(now - fetched_at) if fetched_at else ("未知", "unknown")
    zh = f"{len(package.sessions)} 个培训期，名册 {people} 人，{age[0]}更新，版本 {package.version[:8]}"
    en = f"{len(package.sessions)} session(s), {people} on the roster, updated {age[1]}, version {package.version[:8]}"
    advice = (
        NETWORK
        if old
        else ("", "")
        if people
        else ("请培训机构确认开班和名册", "Ask the institution for its roster")
    )
    return Finding("package", "ok" if people and not old else "warning", zh, en, package.version, *advice)


def _queue(journal: Journal, now: datetime) -> Finding:
    counts, oldest = journal.counts(), journal.oldest_pending_at
    waiting = counts.pending + counts.photos_pending
    zh = f"共 {counts.total} 条，待上传 {counts.pending} 条、照片 {counts.photos_pending} 张"
    en = f"{counts.total} events, {counts.pending} and {counts.photos_pending} photo(s) to upload"
    if not waiting or oldest is None:
        return Finding("queue", "ok", zh, en, waiting)
    age = _age(now - oldest)
    level: Level = "error" if now - oldest > STALE else "warning"
    return Finding(
        "queue", level, f"{zh}，最早的在{age[0]}", f"{en}, the oldest from {age[1]}", waiting, *NETWORK
    )


def _held(journal: Journal) -> Finding:
    counts = journal.counts()
    if not counts.held:
        return Finding("held", "ok", "没有", "Nothing", 0)
    zh = f"{counts.held} 条，其中服务器不收的 {counts.refused} 条"
    en = f"{counts.held}, of which the server would not take {counts.refused}"
    if counts.refused:
        advice = (
            "升级后运行 kiosk resend；仍不收，联系技术人员",
            "After an upgrade run kiosk resend; else ask for support",
        )
    else:
        advice = ("记录已收到，请商务局看原因", "They were received; the bureau sees the reasons")
    return Finding("held", "warning", zh, en, counts.held, *advice)


def _tidy(journal: Journal, now: datetime) -> Finding:
    megabytes = round((journal.home / DATABASE).stat().st_size / 1e6, 1)
    tidied_at = journal.tidied_at
    if tidied_at and now - tidied_at < UNTIDIED:
        age = _age(now - tidied_at)
        return Finding(
            "tidy",
            "ok",
            f"{age[0]}清理过，数据 {megabytes} MB",
            f"Done {age[1]}, {megabytes} MB kept",
            megabytes,
        )
    if journal.counts().total == 0:
        return Finding("tidy", "ok", "没有要清理的", "Nothing to tidy", megabytes)
    zh, en = f"很久没有清理，数据 {megabytes} MB", f"Not done for long, {megabytes} MB kept"
    return Finding(
        "tidy", "warning", zh, en, megabytes, "签到程序开着就会自己清理", "kiosk run does it while it runs"
    )


# The server and the time


def _server(journal: Journal, identity: Identity, clock: Clock) -> Iterator[Finding]:
    offsets: list[int] = []
    server = Server(identity.server, identity.token, clock=clock, on_contact=offsets.append)
    try:
        server.time()
        server.package()
    except RefusedError as error:
        yield _refused(error)
    except UplinkError as error:
        yield _offline(journal, clock, str(error))
    else:
        zh, en = f"连得上，认得本机，协议 {PROTOCOL}", f"It answers and knows us, protocol {PROTOCOL}"
        yield Finding("server", "ok", zh, en, identity.server)
    finally:
        server.close()
    yield _offset(offsets[0] if offsets else None, journal.clock_offset_ms)


def _refused(error: RefusedError) -> Finding:
    message = say(error.turned_away or "server_refused", detail=error)
    return Finding("server", "error", message.zh, message.en, error.code, message.next_zh, message.next_en)


def _offline(journal: Journal, clock: Clock, detail: str) -> Finding:
    since = journal.contact_at
    lost = since is None or clock.now() - since > STALE
    zh, en = "连不上，签到照常，记录留在本机", "No answer; signing in goes on and is kept here"
    advice = (
        "检查网络和网址；要网页登录的网络先用浏览器登录",
        "Check the network and the address; log in with a browser where that is asked",
    )
    return Finding("server", "error" if lost else "warning", zh, en, detail, *advice)


def _offset(measured: int | None, remembered: int | None) -> Finding:
    offset_ms = remembered if measured is None else measured
    if offset_ms is None:
        what = ("还没有与服务器对过", "Not compared with the server yet")
        return Finding("clock", "warning", *what, None, *NETWORK)
    when = ("", "") if measured is not None else ("（上次联系时）", " (at the last contact)")
    seconds = round(offset_ms / 1000)
    zh, en = f"与服务器相差 {seconds} 秒{when[0]}", f"{seconds} s from the server{when[1]}"
    if abs(offset_ms) < NOTICED_OFFSET_MS:
        return Finding("clock", "ok", zh, en, offset_ms)
    level: Level = "error" if abs(offset_ms) >= OFFSET_MS else "warning"
    return Finding("clock", level, zh, en, offset_ms, *SET_CLOCK)


def _jumps(journal: Journal, now: datetime) -> Finding:
    jumps = journal.jumps()
    if not jumps:
        return Finding("jumps", "ok", "没有", "None", 0)
    age = _age(now - jumps[0].at)
    zh = f"共 {len(jumps)} 次，最近一次在{age[0]}，{jumps[0].seconds:+.0f} 秒"
    en = f"{len(jumps)}, the last {age[1]}, {jumps[0].seconds:+.0f} s"
    if abs(now - jumps[0].at) > RECENTLY:
        return Finding("jumps", "ok", zh, en, len(jumps))
    advice = (
        "记录里都有注明，不用改；常发生就换主板电池、装 chrony",
        "Every record says so, change nothing; if it is frequent, a new board battery and chrony help",
    )
    return Finding("jumps", "warning", zh, en, len(jumps), *advice)


def _age(passed: timedelta) -> tuple[str, str]:
    """`3 天前`, `3 days ago`; what lies ahead is told as now."""
    for unit, zh, en in ((86400, "天", "day(s)"), (3600, "小时", "hour(s)"), (60, "分钟", "minute(s)")):
        if passed.total_seconds() >= unit:
            number = int(passed.total_seconds() // unit)
            return f" {number} {zh}前", f"{number} {en} ago"
    return "刚才", "just now"
