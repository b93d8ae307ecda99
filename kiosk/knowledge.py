"""What this device knows, for anybody who asks: counts, ages and rules, and nobody's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk.clock import Clock
from kiosk.faults import free_bytes
from kiosk.journal import EVENTS_STAY, PHOTOS_STAY, PORTRAITS_STAY, Journal
from kiosk.package import Package, TrainingSession
from kiosk.screen import ZONE
from kiosk.server import SOFTWARE


@dataclass(frozen=True)
class Fact:
    """One line in both languages; `advice` is what to do about it. `wrong`: somebody should."""

    label: tuple[str, str]
    value: tuple[str, str]
    advice: tuple[str, str] = ("", "")
    wrong: bool = False


@dataclass(frozen=True)
class Chapter:
    """Facts that belong together."""

    title: tuple[str, str]
    facts: list[Fact] = field(default_factory=list)


def chapters(journal: Journal, clock: Clock) -> list[Chapter]:
    """Everything, as of now; raises JournalError."""
    package, now = journal.package, clock.now()
    return [
        Chapter(("培训期和名册", "Sessions and rosters"), list(_rosters(package))),
        Chapter(("人脸与发卡", "Faces and cards given"), list(_templates(journal, package))),
        Chapter(("签到记录", "Records"), list(_records(journal))),
        Chapter(("与服务器", "The server"), list(_contact(journal, now))),
        Chapter(("本机", "This machine"), list(_machine(journal))),
        Chapter(("什么时候删除", "What is deleted when"), list(_deletion())),
    ]


def _same(text: str) -> tuple[str, str]:
    return text, text


def _rosters(package: Package | None) -> Iterator[Fact]:
    for session in package.sessions if package else ():
        yield Fact(_same(f"{session.code} {session.title}"), _roster(session))
    if not package or not package.sessions:
        yield Fact(("培训期", "Sessions"), ("没有", "none"))


def _roster(session: TrainingSession) -> tuple[str, str]:
    people, lessons = len(session.roster), len(session.lessons)
    agreed = sum(trainee.face_consent for trainee in session.roster)
    return (
        f"{lessons} 个课次，名册 {people} 人，其中 {agreed} 人同意刷脸",
        f"{lessons} lessons, {people} on the roster, {agreed} of them agreed to a face check",
    )


def _templates(journal: Journal, package: Package | None) -> Iterator[Fact]:
    templates, agreed = len(journal.portraits()), len(package.consenting()) if package else 0
    yield Fact(
        ("头像模板", "Face templates"),
        (
            f"{templates} 个，每人一个；同意刷脸的共 {agreed} 人。只有数字，没有照片",
            f"{templates}, one each; {agreed} people agreed. Numbers only, no pictures",
        ),
    )
    cards = (
        sum(len(trainee.tokens) for session in package.sessions for trainee in session.roster)
        if package
        else 0
    )
    own = sum(len(journal.bound(session.code, newer=True)) for session in package.sessions) if package else 0
    yield Fact(
        ("发出的卡", "Cards given"),
        (f"名册上 {cards} 张，本机新发 {own} 张", f"{cards} on the rosters, {own} given here since"),
    )


def _records(journal: Journal) -> Iterator[Fact]:
    counts = journal.counts()
    yield Fact(("记录", "Records"), (f"共 {counts.total} 条", f"{counts.total} in all"))
    waiting = counts.pending + counts.photos_pending
    yield Fact(
        ("待上传", "To upload"),
        (
            f"{counts.pending} 条，照片 {counts.photos_pending} 张",
            f"{counts.pending}, and {counts.photos_pending} photos",
        ),
        ("联网后自动上传", "They go up when there is a network") if waiting else ("", ""),
    )
    for (status, reason, message), number in _reasons(journal).items():
        why = message or reason
        yield Fact(
            ("需要核对", "To be checked") if status == "held" else ("服务器不收", "Refused"),
            (f"{number} 条：{why}", f"{number}: {reason or message}"),
            ADVICE[status],
            wrong=True,
        )


ADVICE = {
    "held": ("已在服务器上，商务局能看到原因，本机不用处理", "The server has it; the bureau sees why. Nothing to do here"),
    "refused": (
        "记录仍在本机。先重试；还是不收，请联系技术人员，不要删除数据",
        "Still kept here. Try again; if it is refused once more, ask for support and delete nothing",
    ),
}  # fmt: skip


def _reasons(journal: Journal) -> Counter[tuple[str, str, str]]:
    return Counter((receipt.status, receipt.reason, receipt.message) for receipt in journal.held())


def _contact(journal: Journal, now: datetime) -> Iterator[Fact]:
    identity, package = journal.identity, journal.package
    yield Fact(("服务器", "Server"), _same(identity.server if identity else "—"))
    yield Fact(("最近联系", "Last contact"), _when(journal.contact_at, now))
    offset = journal.clock_offset_ms
    yield Fact(
        ("时间相差", "Clock offset"),
        ("还不知道", "not known yet")
        if offset is None
        else (f"{-offset / 1000 + 0.0:+.1f} 秒", f"{-offset / 1000 + 0.0:+.1f} s"),
    )
    yield Fact(("名册版本", "Roster version"), _same(package.version[:12] if package else "—"))
    yield Fact(("名册下载于", "Roster fetched"), _when(journal.package_at, now))


def _machine(journal: Journal) -> Iterator[Fact]:
    identity, free = journal.identity, free_bytes(journal.home) // 10**6
    yield Fact(("名称", "Name"), _same(identity.name if identity else "—"))
    yield Fact(("编号", "Station"), _same(str(identity.station) if identity else "—"))
    yield Fact(("公钥指纹", "Key fingerprint"), _same(fingerprint(journal) if identity else "—"))
    yield Fact(("程序", "Program"), _same(SOFTWARE))
    yield Fact(("磁盘剩余", "Free disk"), _same(f"{free} MB"))
    jumps = journal.jumps()
    yield Fact(("时间被调过", "Clock set"), (f"{len(jumps)} 次", f"{len(jumps)} times"))


def fingerprint(journal: Journal) -> str:
    """The first eight bytes of the station's public key, to be read out over the telephone."""
    digits = journal.signing_key.public_key().public_bytes_raw().hex()[:16]
    return " ".join(digits[place : place + 4] for place in range(0, 16, 4))


def _deletion() -> Iterator[Fact]:
    yield Fact(
        ("头像模板", "Face templates"),
        (
            f"撤回同意、名册上没有这个人、停用刷脸，立即删除；结课 {PORTRAITS_STAY.days} 天后一律删除。删除留有签名记录",
            "At once when consent is withdrawn, the person is off the roster or face checks are switched off; "
            f"{PORTRAITS_STAY.days} days after the last lesson at the latest. Each deletion leaves a signed record",
        ),
    )
    yield Fact(
        ("课堂照片", "Class photos"),
        (f"服务器收到 {PHOTOS_STAY.days} 天后", f"{PHOTOS_STAY.days} days after the server has them"),
    )
    yield Fact(
        ("签到记录", "Records"),
        (
            f"服务器收到 {EVENTS_STAY.days} 天后；没收到的一直留着。记录里没有身份证号和姓名",
            f"{EVENTS_STAY.days} days after the server has them, never before. They hold no number and no name",
        ),
    )
    yield Fact(
        ("名册", "Rosters"),
        ("下载新名册时换掉旧的", "Replaced by the next one"),
    )


def _when(moment: datetime | None, now: datetime) -> tuple[str, str]:
    """`2026-03-16 08:30（2 小时前）`."""
    if moment is None:
        return "还没有", "never"
    age_zh, age_en = _age(now - moment)
    local = f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"
    return f"{local}（{age_zh}）", f"{local} ({age_en})"


def _age(age: timedelta) -> tuple[str, str]:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} 分钟前", f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} 小时前", f"{minutes // 60} h ago"
    return f"{minutes // 1440} 天前", f"{minutes // 1440} days ago"
