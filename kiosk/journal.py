"""The station's durable memory: sign first, commit, then show.

An event is numbered, chained, signed and committed in one transaction, so a power cut at any
moment leaves it whole or absent. What is kept how long is decided here too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pydantic import BaseModel, ConfigDict
from uuid6 import uuid7

from kiosk.clock import JUMP_SECONDS, Clock, Jump
from kiosk.envelope import GENESIS, Enrolled, Envelope, Event, WitnessSaid, decode_sealing_key, sign
from kiosk.package import Package, TrainingSession
from kiosk.store import JournalError, Store

PORTRAITS_STAY = timedelta(days=7)
"""After the session's last lesson (domain rule: 期 closes + 7 days); network or not."""
PHOTOS_STAY = timedelta(days=30)
"""After the receipts of photo and event; so long a server restored from a backup can have them again."""
EVENTS_STAY = timedelta(days=400)
"""After the receipt: a class year and the audit that follows it."""

Compose = Callable[[int, str], Event]
"""Makes an event of its sequence number and the digest of the one before."""


class Identity(BaseModel):
    """Who this station is. The signing key is made here and leaves only as its public half."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: str
    station: UUID
    token: str
    name: str
    institution: str
    sealing_key: str

    @property
    def sealing(self) -> X25519PublicKey:
        """The server's key for what only the server may read."""
        return decode_sealing_key(self.sealing_key)


@dataclass(frozen=True)
class Receipt:
    """The server's answer for one event; `refused` is our word for an envelope it won't take."""

    digest: str
    status: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Photo:
    """A class photo that waits to be uploaded."""

    sha256: str
    jpeg: bytes


@dataclass(frozen=True)
class Portrait:
    """A face template, made with consent; 128 numbers, no image."""

    template: tuple[float, ...]
    model: str


@dataclass(frozen=True)
class Counts:
    """The queue in numbers; `held` counts what the server holds and what it refused."""

    total: int
    pending: int
    held: int
    refused: int
    photos_pending: int

    @property
    def all_received(self) -> bool:
        """Everything this station knows, the server has."""
        return self.pending == self.refused == self.photos_pending == 0


@dataclass(frozen=True)
class Tidied:
    """What `Journal.tidy` let go of: pictures whose bytes went, events, and face templates."""

    photos: int = 0
    events: int = 0
    portraits: int = 0


class Journal(Store):
    """The journal of one station."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._package: Package | None = None
        self._watched: UUID | None = None

    # Who we are

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """This station's own key, made on the first call and on disk before it is used."""
        with self._writing():
            if (raw := self._fact("signing_key")) is None:
                raw = Ed25519PrivateKey.generate().private_bytes_raw()
                self._keep("signing_key", raw)
        return Ed25519PrivateKey.from_private_bytes(raw)

    @property
    def identity(self) -> Identity | None:
        """None until the station is enrolled."""
        raw = self._fact("identity")
        return Identity.model_validate_json(raw) if raw else None

    def keep_identity(self, identity: Identity) -> None:
        """Remember who the server says we are."""
        with self._writing():
            self._keep("identity", identity.model_dump_json().encode())

    # What the server told us

    @property
    def package(self) -> Package | None:
        """The last package that parsed, or None."""
        with self._lock:
            if self._package is None and (raw := self._fact("package")):
                self._package = Package.parse(raw)
            return self._package

    def keep_package(self, text: bytes, clock: Clock) -> Package:
        """Put a new package in place of the old; portraits that may not stay go at once.

        Each that goes leaves a signed `forget` event behind, in the same transaction. Raises
        PackageError and keeps the old one if the text isn't a package.
        """
        package = Package.parse(text)
        with self._lock:
            with self._writing():
                self._keep("package", text)
                self._keep("package_at", clock.now().isoformat().encode())
                forgotten = self._forget_portraits(clock, keep=_may_stay(package, clock.now()))
            self._package = package
            if forgotten:
                self._scrub()
        return package

    @property
    def package_at(self) -> datetime | None:
        """When the server last gave us a package that parsed, by our clock."""
        return self._moment("package_at")

    @property
    def clock_offset_ms(self) -> int | None:
        """Server clock minus ours at the last contact."""
        raw = self._fact("clock_offset_ms")
        return int(raw) if raw else None

    def keep_contact(self, offset_ms: int, at: datetime) -> None:
        """Remember a contact with the server and the offset measured in it."""
        with self._writing():
            self._keep("clock_offset_ms", str(offset_ms).encode())
            self._keep("contact_at", at.isoformat().encode())

    @property
    def contact_at(self) -> datetime | None:
        """When the server last answered, by our clock."""
        return self._moment("contact_at")

    def _moment(self, fact: str) -> datetime | None:
        raw = self._fact(fact)
        return datetime.fromisoformat(raw.decode()) if raw else None

    # What we saw

    def compose(self, clock: Clock, **fields: Any) -> Compose:
        """An event of this station, as of when it is numbered; raises JournalError before enrolment."""
        identity, offset = self.identity, self.clock_offset_ms
        if identity is None:
            raise JournalError("not enrolled")

        def make(seq: int, prev: str) -> Event:
            self.watch(clock)
            return Event(
                station=identity.station,
                seq=seq,
                prev=prev,
                event=uuid7(),
                captured_at=clock.now(),
                boot=clock.boot,
                monotonic_ms=clock.monotonic_ms(),
                clock_offset_ms=offset,
                **fields,
            )

        return make

    def append(self, compose: Compose, *, subject: str | None = None, photo: bytes | None = None) -> Event:
        """Number, chain, sign and commit one event; it is on the disk when this returns.

        `compose` gets the sequence number and the digest of the event before. Raises JournalError,
        and then nothing was recorded.
        """
        key = self.signing_key
        with self._writing():
            last = self._db.execute("SELECT seq, digest FROM events ORDER BY seq DESC LIMIT 1").fetchone()
            seq, prev = last or (0, GENESIS)
            event = compose(seq + 1, prev)
            self._insert(event, sign(event, key), subject)
            if photo is not None and event.photo is not None:
                self._db.execute(
                    "INSERT OR IGNORE INTO photos (sha256, seq, jpeg) VALUES (?, ?, ?)",
                    (event.photo.sha256, event.seq, self._cipher.encrypt(photo)),
                )
        return event

    def _insert(self, event: Event, envelope: Envelope, subject: str | None) -> None:
        self._db.execute(
            "INSERT INTO events (seq, event, digest, payload, signature, kind, session, lesson, subject)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.seq,
                str(event.event),
                envelope.digest,
                envelope.payload,
                envelope.signature,
                event.kind,
                event.session,
                event.lesson,
                subject,
            ),
        )

    def envelopes(self, after: int = 0) -> list[Envelope]:
        """All events in order, from behind sequence number `after`."""
        rows = self._rows("SELECT payload, signature FROM events WHERE seq > ? ORDER BY seq", after)
        return [Envelope(payload=payload, signature=signature) for payload, signature in rows]

    def history(self, session: str, subject: str) -> dict[int, frozenset[str]]:
        """What this person did in each lesson of the session, on this station: kinds by lesson."""
        rows = self._rows(
            "SELECT lesson, kind FROM events WHERE session = ? AND subject = ? AND lesson IS NOT NULL",
            session,
            subject,
        )
        done: dict[int, frozenset[str]] = {}
        for lesson, kind in rows:
            done[lesson] = done.get(lesson, frozenset()) | {kind}
        return done

    def attended(self, lesson: int) -> dict[str, set[str]]:
        """Subjects by kind of event in this lesson, walk-ins included."""
        rows = self._rows(
            "SELECT DISTINCT kind, subject FROM events WHERE lesson = ? AND subject IS NOT NULL", lesson
        )
        came: dict[str, set[str]] = {}
        for kind, subject in rows:
            came.setdefault(kind, set()).add(subject)
        return came

    def answered(self, lesson: int, since: datetime) -> set[str]:
        """Subjects who answered a check in this lesson from then on."""
        rows = self._rows(
            "SELECT subject, json_extract(payload, '$.captured_at') FROM events"
            " WHERE lesson = ? AND kind = 'check' AND subject IS NOT NULL",
            lesson,
        )
        return {subject for subject, at in rows if datetime.fromisoformat(at) >= since}

    def checks_begun(self) -> dict[int, datetime]:
        """When witnesses last started a check, by lesson: the `check` that is nobody's answer."""
        rows = self._rows(
            "SELECT lesson, json_extract(payload, '$.captured_at') FROM events"
            " WHERE kind = 'check' AND subject IS NULL AND lesson IS NOT NULL ORDER BY seq"
        )
        return {lesson: datetime.fromisoformat(at) for lesson, at in rows}

    def bound(self, session: str, *, newer: bool) -> list[tuple[str, int]]:
        """Tokens and whom they were given to here, oldest first: what the package can't know yet (`newer`),
        because its receipt came later or has not come, or the rest."""
        package_at = self.package_at
        rows = self._rows(
            "SELECT json_extract(payload, '$.token'), CAST(subject AS INTEGER) FROM events WHERE kind = 'bind' AND session = ?"
            " AND (answered_at IS NULL OR answered_at > ?) = ? ORDER BY seq",
            session,
            package_at.isoformat() if package_at else "",
            newer,
        )
        return [(token, enrolment) for token, enrolment in rows]

    def probe(self) -> None:
        """Whether the disk takes anything, asked by writing; raises JournalError."""
        with self._writing():
            self._keep("probe", os.urandom(16))

    # Its clock

    def watch(self, clock: Clock) -> Jump | None:
        """Write down that the wall clock was set since the last look. Nothing is corrected."""
        with self._lock:
            jump = clock.look() or self._back_at_start(clock)
            if jump:
                with self._writing():
                    row = (jump.at.isoformat(), jump.seconds, jump.kind)
                    self._db.execute("INSERT INTO jumps (at, seconds, kind) VALUES (?, ?, ?)", row)
        return jump

    def _back_at_start(self, clock: Clock) -> Jump | None:
        """Asked once per start: whether time now is before the last event."""
        if self._watched == clock.boot:
            return None
        self._watched = clock.boot
        last = self._rows(
            "SELECT json_extract(payload, '$.captured_at') FROM events ORDER BY seq DESC LIMIT 1"
        )
        for (captured_at,) in last:
            behind = (clock.now() - datetime.fromisoformat(captured_at)).total_seconds()
            if behind < -JUMP_SECONDS:
                clock.jumped = Jump(clock.now(), round(behind, 3), "start")
                return clock.jumped
        return None

    def jumps(self) -> list[Jump]:
        """Every time the wall clock was set, newest first."""
        rows = self._rows("SELECT at, seconds, kind FROM jumps ORDER BY rowid DESC")
        return [Jump(datetime.fromisoformat(at), seconds, kind) for at, seconds, kind in rows]

    # What the server has

    def pending(self, limit: int) -> list[Envelope]:
        """The oldest events without a receipt."""
        rows = self._rows(
            "SELECT payload, signature FROM events WHERE status IS NULL ORDER BY seq LIMIT ?", limit
        )
        return [Envelope(payload=payload, signature=signature) for payload, signature in rows]

    def keep_receipts(self, receipts: Iterable[Receipt], at: datetime | None = None) -> int:
        """Write the answers of `at` (now) down; returns how many were news. A second answer changes nothing."""
        answered_at = (at or datetime.now(UTC)).isoformat()
        with self._writing():
            return sum(
                self._db.execute(
                    "UPDATE events SET status = ?, reason = ?, message = ?, answered_at = ?"
                    " WHERE digest = ? AND status IS NULL",
                    (receipt.status, receipt.reason, receipt.message, answered_at, receipt.digest),
                ).rowcount
                for receipt in receipts
            )

    def held(self) -> list[Receipt]:
        """What the server holds or refused, oldest first, then refused photos: a person has to look at them."""
        rows = self._rows(
            "SELECT digest, status, reason, message FROM events WHERE status IN ('held', 'refused')"
            " ORDER BY seq"
        )
        photos = self._rows("SELECT sha256, status, reason FROM photos WHERE status = 'refused' ORDER BY seq")
        return [Receipt(*row) for row in rows + photos]

    def retry_refused(self) -> int:
        """Put what the server refused into the queue again, unchanged; returns how many."""
        with self._writing():
            events = self._db.execute(
                "UPDATE events SET status = NULL, reason = '', message = '', answered_at = NULL"
                " WHERE status = 'refused'"
            )
            photos = self._db.execute("UPDATE photos SET status = NULL, reason = '' WHERE status = 'refused'")
            return events.rowcount + photos.rowcount

    def photos_pending(self) -> list[str]:
        """The digests of photos without a receipt whose signed event has one, oldest first."""
        rows = self._rows(
            "SELECT sha256 FROM photos JOIN events USING (seq)"
            " WHERE photos.status IS NULL AND events.status IN ('accepted', 'duplicate', 'held')"
            " ORDER BY seq"
        )
        return [sha256 for (sha256,) in rows]

    def photos(self) -> list[str]:
        """The digests of all photos whose picture is still here, oldest first."""
        return [
            sha256
            for (sha256,) in self._rows("SELECT sha256 FROM photos WHERE length(jpeg) > 0 ORDER BY seq")
        ]

    def photo(self, sha256: str) -> Photo | None:
        """The picture, as long as it is kept."""
        for (jpeg,) in self._rows("SELECT jpeg FROM photos WHERE sha256 = ? AND length(jpeg) > 0", sha256):
            return Photo(sha256, self._decrypt(jpeg))
        return None

    def keep_photo_receipt(self, sha256: str, status: str, reason: str = "") -> None:
        """The server has this photo, or won't take it (`refused`)."""
        with self._writing():
            self._db.execute(
                "UPDATE photos SET status = ?, reason = ? WHERE sha256 = ? AND status IS NULL",
                (status, reason, sha256),
            )

    def counts(self) -> Counts:
        """The queue in numbers."""
        ((total, pending, held, refused),) = self._rows(
            "SELECT count(*), count(*) FILTER (WHERE status IS NULL),"
            " count(*) FILTER (WHERE status IN ('held', 'refused')),"
            " count(*) FILTER (WHERE status = 'refused') FROM events"
        )
        ((photos, photos_refused),) = self._rows(
            "SELECT count(*) FILTER (WHERE status IS NULL), count(*) FILTER (WHERE status = 'refused') FROM photos"
        )
        return Counts(total, pending, held + photos_refused, refused + photos_refused, photos)

    @property
    def oldest_pending_at(self) -> datetime | None:
        """When the oldest event was seen that waits itself or whose photo waits."""
        ((captured_at,),) = self._rows(
            "SELECT min(json_extract(payload, '$.captured_at')) FROM events"
            " WHERE status IS NULL OR seq IN (SELECT seq FROM photos WHERE status IS NULL)"
        )
        return datetime.fromisoformat(captured_at) if captured_at else None

    # What may go

    def tidy(self, clock: Clock) -> Tidied:
        """Let go of what is received and old, and of templates whose time is over; not twice the same.

        Events go from the beginning of the chain only, so that what stays is a chain.
        """
        now, package = clock.now(), self.package
        with self._lock:
            with self._writing():
                gone = self._forget_portraits(clock, _may_stay(package, now)) if package else set()
                photos = self._empty_photos(before=now - PHOTOS_STAY)
                tidied = Tidied(photos, self._drop_events(before=now - EVENTS_STAY), len(gone))
                self._db.execute("DELETE FROM jumps WHERE at < ?", ((now - EVENTS_STAY).isoformat(),))
                self._keep("tidied_at", now.isoformat().encode())
            if tidied != Tidied():
                self._scrub()
        return tidied

    @property
    def tidied_at(self) -> datetime | None:
        """When the journal was last tidied."""
        return self._moment("tidied_at")

    def _empty_photos(self, before: datetime) -> int:
        return self._db.execute(
            "UPDATE photos SET jpeg = x'' WHERE length(jpeg) > 0 AND status IN ('accepted', 'duplicate')"
            " AND seq IN (SELECT seq FROM events WHERE answered_at < ?)",
            (before.isoformat(),),
        ).rowcount

    def _drop_events(self, before: datetime) -> int:
        """The stretch before the first event that must stay; the last one of all always does."""
        ((stays,),) = self._rows(
            "SELECT min(seq) FROM events WHERE status IS NULL OR status = 'refused' OR answered_at >= ?"
            " OR seq = (SELECT max(seq) FROM events)"
            " OR seq IN (SELECT seq FROM photos WHERE status IS NULL OR status = 'refused')"
            " OR (kind = 'portrait' AND subject IN (SELECT CAST(enrolment AS TEXT) FROM portraits))",
            before.isoformat(),
        )
        if stays is None:
            return 0
        self._db.execute("DELETE FROM photos WHERE seq < ?", (stays,))
        return self._db.execute("DELETE FROM events WHERE seq < ?", (stays,)).rowcount

    # Faces

    def keep_portrait(
        self, enrolment: int, portrait: Portrait, clock: Clock, witness: WitnessSaid | None = None
    ) -> bool:
        """Keep a consented template, in place of an older one, and sign that it is here.

        False, and nothing was kept, if no consent stands (it may have been withdrawn a moment ago) or the
        session is long over.
        """
        numbers = ",".join(map(repr, portrait.template)).encode()
        with self._writing():
            package = self.package
            row = package.enrolment(enrolment) if package else None
            if package is None or row is None or enrolment not in _may_stay(package, clock.now()):
                return False
            event = self._record_template("portrait", enrolment, row[0].code, clock, witness=witness)
            self._db.execute(
                "INSERT OR REPLACE INTO portraits (enrolment, template, model, enrolled_at) VALUES (?, ?, ?, ?)",
                (enrolment, self._cipher.encrypt(numbers), portrait.model, event.captured_at.isoformat()),
            )
        return True

    def portrait(self, enrolment: int) -> Portrait | None:
        """The template of this trainee, if there is one."""
        rows = self._rows("SELECT template, model FROM portraits WHERE enrolment = ?", enrolment)
        for template, model in rows:
            numbers = self._cipher.decrypt(template).decode().split(",")
            return Portrait(tuple(map(float, numbers)), model)
        return None

    def portraits(self) -> set[int]:
        """Enrolments that have a template here."""
        return {enrolment for (enrolment,) in self._rows("SELECT enrolment FROM portraits")}

    def _forget_portraits(self, clock: Clock, keep: set[int]) -> set[int]:
        gone = self.portraits() - keep
        for enrolment in sorted(gone):
            made = self._rows(
                "SELECT session FROM events WHERE kind = 'portrait' AND subject = ? ORDER BY seq DESC LIMIT 1",
                str(enrolment),
            )
            for (session,) in made:  # none if it was made by a version that did not record it
                self._record_template("forget", enrolment, session, clock)
            self._db.execute("DELETE FROM portraits WHERE enrolment = ?", (enrolment,))
        return gone

    def _record_template(
        self, kind: Literal["portrait", "forget"], enrolment: int, session: str, clock: Clock, **fields: Any
    ) -> Event:
        about = {"kind": kind, "session": session, "person": Enrolled(enrolment=enrolment), **fields}
        return self.append(self.compose(clock, **about), subject=str(enrolment))


def _may_stay(package: Package, now: datetime) -> set[int]:
    """Enrolments whose template may be here: consent stands, and the session is not long over."""
    over = (session for session in package.sessions if _is_over(session, now))
    return package.consenting() - {trainee.enrolment for session in over for trainee in session.roster}


def _is_over(session: TrainingSession, now: datetime) -> bool:
    ends = [lesson.ends_at for lesson in session.lessons]
    return bool(ends) and max(ends) + PORTRAITS_STAY < now
