"""Becoming a station at its own screen, and writing down what a station sees.

Before there is an identity nothing can be recorded; with it comes the uplink.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.enrolment import AlreadyEnrolledError, Invitation, InvitationError, enrol
from kiosk.face import FaceModel
from kiosk.front import Front
from kiosk.journal import Identity, Journal
from kiosk.messages import Message, say
from kiosk.screen import Screen
from kiosk.server import RefusedError, UplinkError
from kiosk.store import JournalError
from kiosk.uplink import Uplink
from kiosk.voice import Voice

QR_SECONDS = 2.0
"""The camera is watched for a QR code in stretches of so long."""


class Joining(Front):
    """`connect` makes the uplink of a machine that is enrolled at the screen; without it that can't be."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        camera: Camera,
        *,
        model: FaceModel | None,
        uplink: Uplink | None,
        has_reader: bool,
        connect: Callable[[Identity], Uplink] | None,
        voice: Voice | None,
    ) -> None:
        super().__init__(journal, clock, camera, model=model, has_reader=has_reader, voice=voice)
        self._connect = connect
        self._own_uplink: Uplink | None = None
        self._identity: Identity | None = journal.identity
        if uplink:
            self._attach(uplink)

    def start(self) -> None:
        """Let time pass; a machine that is no station yet watches for a QR code."""
        super().start()
        if self._may_enrol():
            threading.Thread(target=self._watch_for_invitation, name="setup", daemon=True).start()

    def stop(self) -> None:
        """End; whatever was recorded is on the disk already."""
        super().stop()
        if self._own_uplink:
            self._own_uplink.stop()

    def _may_enrol(self) -> bool:
        """A machine that is none yet, or one whose token is no longer good: a revoked one stays revoked."""
        unknown = self._uplink is not None and self._uplink.refused == "station_unknown"
        return self._connect is not None and (self._identity is None or unknown)

    def enrol(self, server: str, code: str) -> Message:
        """Trade a one-time code for a place among the stations and begin to talk to the server.

        May take as long as the network does.
        """
        if self._connect is None or not self._may_enrol():
            return say("already_enrolled", name=self._identity.name if self._identity else "")
        with self._lock:
            self._show(Screen("setup", say("enrolling")))
        try:
            identity = enrol(server.strip(), code.strip(), self._journal, self._clock)
        except AlreadyEnrolledError as error:
            return self._tell(say("already_enrolled", name=error.name))
        except RefusedError as error:
            return self._tell(say("server_refused", detail=error))
        except UplinkError as error:
            return self._tell(say("server_unreachable", detail=error))
        except JournalError:
            return self._tell_not_recorded()
        self._begin(identity, self._connect)
        return self._tell(say("enrolled", name=identity.name))

    def _begin(self, identity: Identity, connect: Callable[[Identity], Uplink]) -> None:
        before, uplink = self._uplink, connect(identity)
        with self._lock:
            self._identity, self._own_uplink = identity, uplink
            self._attach(uplink)
        uplink.start()
        if before:
            before.stop()

    def _attach(self, uplink: Uplink) -> None:
        uplink.on_change, uplink.describe = self.refresh, self.hardware
        self._uplink = self._display.uplink = uplink

    def _watch_for_invitation(self) -> None:
        """A QR code held to the camera is as good as the form; each is tried once, unless there is no network."""
        tried: Invitation | None = None
        while self._identity is None and not self._stop.wait(0.2):
            with suppress(InvitationError):
                invitation = Invitation.from_camera(self._camera, QR_SECONDS)
                if invitation != tried and self._identity is None:
                    answer = self.enrol(invitation.server, invitation.code)
                    tried = None if answer.code == "server_unreachable" else invitation
                    self._stop.wait(QR_SECONDS)

    # The ledger

    def _record(
        self, fields: dict[str, Any], *, subject: str | None = None, photo: bytes | None = None
    ) -> None:
        """On the disk when this returns; raises JournalError."""
        compose = self._journal.compose(self._clock, **fields)
        self._journal.append(compose, subject=subject, photo=photo)
        self._faults.unwritable = False
        self._wake_uplink()

    def _tell_not_recorded(self, person: dict[str, str] | None = None) -> Message:
        """Said to whoever stands there, and to everybody until the disk takes something again."""
        self._faults.unwritable = True
        return self._tell(say("not_recorded"), person)

    def _wake_uplink(self) -> None:
        if self._uplink:
            self._uplink.wake()
