"""How papers print dates, times, half-days and digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from training.dossiers.facts import HalfDayRegister

HALF_DAYS = {"am": "上午", "pm": "下午"}


@dataclass(frozen=True)
class Wall:
    """The clock on the county's wall."""

    zone: ZoneInfo

    def clock(self, at: datetime | None) -> str:
        """Hours and minutes on the wall of the county; a dash for none."""
        return f"{at.astimezone(self.zone):%H:%M}" if at else "—"

    def stamp(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"


def half_day(register: HalfDayRegister) -> str:
    return f"{register.on} {HALF_DAYS[register.half_day]}"


def span(first: date, last: date) -> str:
    return long_day(first) if first == last else f"{long_day(first)} 至 {long_day(last)}"


def whole_digest(digest: str) -> str:
    """All 64 digits on two equal lines."""
    return f"{digest[:32]}\n{digest[32:]}"


def long_day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
