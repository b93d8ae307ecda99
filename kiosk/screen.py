"""What the screen shows, as data; nothing is decided or recorded here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from kiosk import desk
from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.journal import Counts, Journal
from kiosk.messages import Message, say
from kiosk.package import Package
from kiosk.uplink import Uplink

ZONE = ZoneInfo("Asia/Shanghai")
"""One zone for the whole country; only what people read is in it."""


@dataclass(frozen=True)
class Screen:
    """What stands in the middle of the screen, and until when (monotonic seconds; None: for good)."""

    name: str
    message: Message
    person: dict[str, str] | None = None
    note: Message | None = None
    until: float | None = None


@dataclass(frozen=True)
class Condition:
    """How the station is at this moment, apart from what lies in its journal."""

    screen: Screen | None
    waiting: bool
    reader: Message
    face: str
    checks: desk.Checks
    banners: tuple[Message, ...]
    language: str
    voice: Literal["off", "page", "station"]
    may_enrol: bool


class Display:
    """Describes the station to the screen and to scripts; `uplink` is None while there is no server."""

    def __init__(self, journal: Journal, clock: Clock, camera: Camera) -> None:
        self._journal, self._clock, self._camera = journal, clock, camera
        self.uplink: Uplink | None = None

    def describe(self, now: Condition) -> dict[str, Any]:
        """Everything `/api/state` tells; raises JournalError."""
        screen = now.screen or self._at_rest(now)
        package, counts = self._journal.package, self._journal.counts()
        return {
            "screen": screen.name,
            "message": screen.message.as_json(),
            "note": screen.note.as_json() if screen.note else None,
            "person": screen.person,
            "lesson": self._lesson(package),
            "counts": self._count(package),
            **self._queue(counts, waiting=now.waiting),
            "online": bool(self.uplink and self.uplink.online),
            "refused": say(self.uplink.refused).as_json() if self.uplink and self.uplink.refused else None,
            "reader": now.reader.as_json(),
            "camera": {"state": self._camera.state, **say(f"camera_{self._camera.state}").as_json()},
            "face": now.face,
            "station": self._station(package),
            "programme": package.programme.model_dump(mode="json") if package else None,
            "package_version": package.version if package else None,
            "check": self._check(now.checks),
            "banners": [message.as_json() for message in now.banners],
            "may": sorted(package.station.may) if package else [],
            "language": now.language,
            "voice": now.voice,
            "may_enrol": now.may_enrol,
            "enrolled": self._journal.identity is not None,
        }

    def _at_rest(self, now: Condition) -> Screen:
        package = self._journal.package
        if self._journal.identity is None:
            return Screen("setup", say("not_enrolled"))
        if package is None:
            unreadable = self.uplink and self.uplink.package_unreadable
            return Screen("setup", say("package_unreadable" if unreadable else "no_package"))
        if not package.sessions:
            return Screen("setup", say("no_session"))
        if now.checks:
            return Screen("check", say("check_open"))
        no_cards = now.reader.code in ("reader_off", "reader_fault")
        return Screen("rest", say("welcome_no_reader" if no_cards else "welcome"))

    def _check(self, checks: desk.Checks) -> dict[str, Any] | None:
        """The check that ends first, and how many of those who are in have answered it."""
        check = min(checks.values(), key=lambda check: check.closes_at, default=None)
        if check is None:
            return None
        came = self._journal.attended(check.lesson.id)
        here = came.get("sign_in", set()) - came.get("sign_out", set())
        answered = self._journal.answered(check.lesson.id, check.opens_at)
        return {
            "lesson": check.lesson.id,
            "closes_at": check.closes_at.isoformat(),
            "here": len(here | answered),
            "answered": len(answered),
        }

    def _queue(self, counts: Counts, *, waiting: bool) -> dict[str, Any]:
        to_send = counts.pending + counts.photos_pending
        safe = counts.all_received and not waiting
        return {
            "events_total": counts.total,
            "pending": counts.pending,
            "photos_pending": counts.photos_pending,
            "held": counts.held,
            "queue": (say("queue", pending=to_send) if to_send else say("queue_empty")).as_json(),
            "held_message": say("held", held=counts.held).as_json() if counts.held else None,
            "safe_to_power_off": safe,
            "power": say("may_power_off" if safe else "keep_on").as_json(),
        }

    def _station(self, package: Package | None) -> dict[str, str]:
        known = package.station if package else self._journal.identity
        return {"name": known.name if known else "", "institution": known.institution if known else ""}

    def _lesson(self, package: Package | None) -> dict[str, Any] | None:
        found = desk.current(package.sessions, self._clock.now()) if package else None
        if found is None:
            return None
        session, lesson = found
        about = {"session": session.code, "title": session.title, "institution": session.institution}
        return lesson.model_dump(mode="json", exclude={"check_at"}) | about

    def _count(self, package: Package | None) -> dict[str, int]:
        found = desk.current(package.sessions, self._clock.now()) if package else None
        if found is None:
            return {"expected": 0, "signed_in": 0, "signed_out": 0, "walk_ins": 0}
        roster = {str(trainee.enrolment) for trainee in found[0].roster}
        came = self._journal.attended(found[1].id)
        signed_in, signed_out = came.get("sign_in", set()), came.get("sign_out", set())
        return {
            "expected": len(roster),
            "signed_in": len(signed_in & roster),
            "signed_out": len(signed_out & roster),
            "walk_ins": len(signed_in - roster),
        }


def greeting(place: desk.Place | None, card: desk.Card | None = None) -> dict[str, str] | None:
    """Who the screen greets; a walk-in is greeted by what the card says."""
    if place and place.trainee:
        return {"name": place.trainee.name, "number": str(place.trainee.number)}
    return {"name": card.name, "number": ""} if card else None


def in_words(moment: datetime, now: datetime) -> str:
    """`08:00` today, `03-14 08:00` on another day."""
    local = moment.astimezone(ZONE)
    return f"{local:%H:%M}" if local.date() == now.astimezone(ZONE).date() else f"{local:%m-%d %H:%M}"
