"""What a check found, and how a list of findings is read by people and by scripts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Literal

Level = Literal["ok", "warning", "error"]
SIGNS: dict[Level, str] = {"ok": "✓", "warning": "!", "error": "✗"}

PARTS = {
    "settings": ("设置", "Settings"),
    "key": ("登记", "Enrolment"),
    "files": ("钥匙和文件", "Key and files"),
    "journal": ("本机数据", "Journal"),
    "package": ("名册", "Roster"),
    "queue": ("待上传", "Queue"),
    "held": ("待核对", "To be checked"),
    "tidy": ("清理", "Tidying"),
    "server": ("服务器", "Server"),
    "clock": ("时钟", "Clock"),
    "jumps": ("时钟跳变", "Clock jumps"),
    "zone": ("时区", "Time zone"),
    "disk": ("磁盘空间", "Disk space"),
    "write": ("磁盘写入", "Disk writes"),
    "port": ("串口", "Serial port"),
    "reader": ("读卡器", "Card reader"),
    "token": ("令牌卡读卡器", "Token reader"),
    "camera": ("摄像头", "Camera"),
    "light": ("光线", "Light"),
    "sharpness": ("清晰度", "Sharpness"),
    "face": ("人脸模型", "Face model"),
    "photo": ("芯片照片", "Chip photo"),
}
"""Codes of the parts that are looked at, and what people call them."""

Row = tuple[str, str, str, str]
HEAD: tuple[Row, Row] = (("部件", "", "情况", "怎么办"), ("Part", "", "What", "What to do"))


@dataclass(frozen=True)
class Finding:
    """One part's state; `value` is for scripts, the sentences for people, `next_*` says what to do now."""

    part: str
    level: Level
    zh: str
    en: str
    value: str | int | float | None = None
    next_zh: str = ""
    next_en: str = ""

    def as_json(self) -> dict[str, str | int | float | None]:
        """For `--json`."""
        return asdict(self)


def table(findings: Iterable[Finding]) -> str:
    """Two lines for each, Chinese and English, in columns that are straight where letters are two wide."""
    rows = list(chain(HEAD, *map(_rows, findings)))
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _rows(finding: Finding) -> tuple[Row, Row]:
    zh, en = PARTS[finding.part]
    return (zh, SIGNS[finding.level], finding.zh, finding.next_zh), (en, "", finding.en, finding.next_en)


def _line(row: Row, widths: Sequence[int]) -> str:
    cells = [cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)]
    return "  ".join(cells).rstrip()


def width(text: str) -> int:
    """Columns it takes in a terminal: Chinese two, accents none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
