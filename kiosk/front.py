"""The half of the station that faces people: what the screen shows now, until when, and who hears of it.

Whoever shows something holds the lock; whoever waits for news is told when the picture changed.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from kiosk import desk
from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.face import FaceModel
from kiosk.faults import Faults
from kiosk.idcard.dialogue import ReaderFault, ReaderReady
from kiosk.journal import Journal
from kiosk.messages import Message, say
from kiosk.package import Package
from kiosk.screen import Condition, Display, Screen
from kiosk.store import JournalError
from kiosk.uplink import Hardware, Uplink
from kiosk.voice import Voice

SHOWN_SECONDS = {"done": 3.0, "note": 4.0, "person": 8.0}


class Front:
    """Methods may be called from any thread."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        camera: Camera,
        *,
        model: FaceModel | None,
        has_reader: bool,
        voice: Voice | None,
    ) -> None:
        self._journal, self._clock, self._camera, self._model = journal, clock, camera, model
        self._display, self._faults = Display(journal, clock, camera), Faults(journal, clock)
        self._voice = voice or Voice(wanted=False)
        self._uplink: Uplink | None = None
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._stop = threading.Event()
        self._reader = say("reader_starting" if has_reader else "reader_off")
        self._reader_detail = ""
        self._token_fault: Message | None = None
        self._waiting: desk.Draft | None = None
        self._begun = journal.checks_begun()
        self._screen: Screen | None = None
        self._language = "zh"
        self._version, self._state = 0, dict[str, Any]()

    def start(self) -> None:
        """Let time pass: messages fade."""
        threading.Thread(target=self._tick, name="station", daemon=True).start()

    def stop(self) -> None:
        """Answer those who wait for news, and be silent."""
        with self._news:
            self._stop.set()
            self._news.notify_all()
        self._voice.hush()

    def state(self, after: int = -1, within: float = 0.0) -> dict[str, Any]:
        """The screen as data; waits up to `within` seconds for a version newer than `after`."""
        with self._news:
            self._news.wait_for(lambda: self._version > after or self._stop.is_set(), within)
            return {"version": self._version, "now": self._clock.now().isoformat(), **self._state}

    def refresh(self) -> None:
        """Something elsewhere changed: the queue, the package, the camera."""
        with self._lock, suppress(JournalError):  # a disk that fails is told when it matters
            self._publish()

    def use_language(self, language: str) -> None:
        """`zh` or `en`."""
        with self._lock:
            self._language = language
            self._publish()

    def speak(self) -> None:
        """Say aloud what the screen shows, for a browser that has no voice."""
        with self._lock:
            message, person = self._state["message"], self._state["person"] or {}
            if message["tone"] != "rest":
                words = filter(None, (message[self._language], person.get("name")))
                self._voice.say(", ".join(words), self._language)

    def hardware(self) -> Hardware:
        """How the parts are, for the report to the server."""
        return Hardware(
            reader=self._reader.code,
            reader_detail=self._reader_detail,
            camera=self._camera.state,
            face=self._face_state(),
            chip_photo=self._reads_photos,
        )

    # What is shown

    def _publish(self) -> None:
        with self._news:
            state = self._describe()
            if state != self._state:
                self._state, self._version = state, self._version + 1
                self._news.notify_all()

    def _describe(self) -> dict[str, Any]:
        package = self._journal.package
        condition = Condition(
            screen=self._screen,
            waiting=self._waiting is not None,
            reader=self._reader,
            face=self._face_state(),
            checks=self._checks(package) if package else {},
            banners=self._banners(),
            language=self._language,
            voice="off" if not self._voice.wanted else "station" if self._voice.able else "page",
            may_enrol=self._may_enrol(),
        )
        return self._display.describe(condition) | self._chip_photo_state()

    def _face_state(self) -> Literal["off", "loading", "ready"]:
        if self._model is None or self._model.failed or self._camera.state == "off":
            return "off"
        return "ready" if self._model.ready else "loading"

    def _banners(self) -> tuple[Message, ...]:
        """What stands until it is mended, the gravest first."""
        refused = [say(self._uplink.refused)] if self._uplink and self._uplink.refused else []
        faults = [part for part in (self._reader, self._token_fault) if part and part.tone == "person"]
        banners = [*refused, *faults, *self._faults.banners()]
        return tuple(sorted(banners, key=lambda message: message.code != "disk_unwritable"))

    def _checks(self, package: Package) -> desk.Checks:
        return desk.checks_on(package.sessions, self._clock.now(), self._begun)

    def _may_enrol(self) -> bool:
        return False

    @property
    def _reads_photos(self) -> bool:
        return False

    def _chip_photo_state(self) -> dict[str, Any]:
        return {}

    def _on_reader(self, event: ReaderFault | ReaderReady) -> None:
        fault = None
        if isinstance(event, ReaderFault):
            fault = replace(say("reader_fault"), next_zh=event.message, next_en=event.message_en)
        if event.device == "token":
            self._token_fault = fault
        else:
            self._reader = fault or say("reader_ready")
            self._reader_detail = event.code if isinstance(event, ReaderFault) else event.sam_id

    def _show(self, screen: Screen) -> Message:
        self._screen = screen
        self._publish()
        return screen.message

    def _tell(
        self, message: Message, person: dict[str, str] | None = None, note: Message | None = None
    ) -> Message:
        """Say it for a while; a visit that waits for a person goes on waiting behind it."""
        with self._lock:
            if self._waiting is not None and self._screen is not None:
                return self._show(replace(self._screen, message=message))
            until = time.monotonic() + SHOWN_SECONDS.get(message.tone, 4.0)
            return self._show(Screen("told", message, person, note, until))

    def _tick(self) -> None:
        while not self._stop.wait(0.2):
            with self._lock, suppress(JournalError):
                if self._screen and self._screen.until and time.monotonic() >= self._screen.until:
                    self._screen = None
                    self._time_is_up()
                self._faults.probe()
                self._publish()

    def _time_is_up(self) -> None:
        """What was on the screen has gone."""
