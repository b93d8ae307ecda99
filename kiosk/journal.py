"""The station's durable memory: sign first, commit, then show.

One SQLite file (WAL, synchronous FULL) and, beside it, the key that its personal columns are
encrypted with. An event is numbered, chained, signed and committed in one transaction, so a
power cut at any moment leaves it whole or absent. What has no receipt can't be deleted, by
triggers and not by good intentions.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pydantic import BaseModel, ConfigDict
from uuid6 import uuid7

from kiosk.clock import Clock
from kiosk.envelope import GENESIS, Enrolled, Envelope, Event, WitnessSaid, decode_sealing_key, sign
from kiosk.package import Package

DATABASE = "journal.sqlite3"
KEY = "journal.key"

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    signature TEXT NOT NULL,
    kind TEXT NOT NULL,
    session TEXT NOT NULL,
    lesson INTEGER,
    subject TEXT,      -- the enrolment, or a walk-in's keyed hash; never a number or a name
    status TEXT CHECK (status IN ('accepted', 'duplicate', 'held', 'refused')),
    reason TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    answered_at TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS events_open ON events (seq) WHERE status IS NULL;
CREATE INDEX IF NOT EXISTS events_subject ON events (session, subject);
CREATE TABLE IF NOT EXISTS photos (
    sha256 TEXT PRIMARY KEY,
    seq INTEGER NOT NULL REFERENCES events,
    jpeg BLOB NOT NULL,
    status TEXT CHECK (status IN ('accepted', 'duplicate', 'refused')),
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS portraits (
    enrolment INTEGER PRIMARY KEY, template BLOB NOT NULL, model TEXT NOT NULL, enrolled_at TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS portraits_go_with_a_record
    BEFORE DELETE ON portraits WHEN 'portrait' = (
        SELECT kind FROM events WHERE kind IN ('portrait', 'forget') AND subject = CAST(OLD.enrolment AS TEXT)
        ORDER BY seq DESC LIMIT 1)
    BEGIN SELECT RAISE(ABORT, 'no record'); END;
CREATE TRIGGER IF NOT EXISTS events_are_never_edited
    BEFORE UPDATE OF seq, event, digest, payload, signature, kind, session, lesson, subject ON events
    BEGIN SELECT RAISE(ABORT, 'an event is never edited'); END;
CREATE TRIGGER IF NOT EXISTS events_stay_until_received
    BEFORE DELETE ON events WHEN OLD.status IS NULL OR OLD.status = 'refused'
    BEGIN SELECT RAISE(ABORT, 'no receipt'); END;
CREATE TRIGGER IF NOT EXISTS photos_stay_until_received
    BEFORE DELETE ON photos WHEN OLD.status IS NULL OR OLD.status = 'refused'
    BEGIN SELECT RAISE(ABORT, 'no receipt'); END;
"""

Compose = Callable[[int, str], Event]
"""Makes an event of its sequence number and the digest of the one before."""


class JournalError(Exception):
    """The disk did not take it; nothing was recorded and nothing may be confirmed."""


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


class Journal:
    """Open `home`'s journal, making it if there is none. Safe to use from many threads."""

    def __init__(self, home: Path) -> None:
        self._lock = threading.RLock()
        self._package: Package | None = None
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._cipher = Fernet(_file_key(home))
            self._db = _connect(home / DATABASE)
        except (OSError, ValueError, sqlite3.Error) as error:
            raise JournalError(f"{home}: {error}") from error

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

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
        """Put a new package in place of the old; portraits without standing consent go at once.

        Each that goes leaves a signed `forget` event behind, in the same transaction. Raises
        PackageError and keeps the old one if the text isn't a package.
        """
        package = Package.parse(text)
        with self._lock:
            with self._writing():
                self._keep("package", text)
                forgotten = self._forget_portraits(clock, keep=package.consenting())
            self._package = package
            if forgotten:
                self._rows("PRAGMA wal_checkpoint(TRUNCATE)")  # gone from the write-ahead log too
        return package

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
        """When the server last answered."""
        raw = self._fact("contact_at")
        return datetime.fromisoformat(raw.decode()) if raw else None

    # What we saw

    def compose(self, clock: Clock, **fields: Any) -> Compose:
        """An event of this station, as of when it is numbered; raises JournalError before enrolment."""
        identity, offset = self.identity, self.clock_offset_ms
        if identity is None:
            raise JournalError("not enrolled")
        return lambda seq, prev: Event(
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

    # What the server has

    def pending(self, limit: int) -> list[Envelope]:
        """The oldest events without a receipt."""
        rows = self._rows(
            "SELECT payload, signature FROM events WHERE status IS NULL ORDER BY seq LIMIT ?", limit
        )
        return [Envelope(payload=payload, signature=signature) for payload, signature in rows]

    def keep_receipts(self, receipts: Iterable[Receipt]) -> int:
        """Write the answers down; returns how many were news. A second answer changes nothing."""
        now = datetime.now(UTC).isoformat()
        with self._writing():
            return sum(
                self._db.execute(
                    "UPDATE events SET status = ?, reason = ?, message = ?, answered_at = ?"
                    " WHERE digest = ? AND status IS NULL",
                    (receipt.status, receipt.reason, receipt.message, now, receipt.digest),
                ).rowcount
                for receipt in receipts
            )

    def held(self) -> list[Receipt]:
        """Events that the server holds or refused, oldest first: a person has to look at them."""
        rows = self._rows(
            "SELECT digest, status, reason, message FROM events"
            " WHERE status IN ('held', 'refused') ORDER BY seq"
        )
        return [Receipt(*row) for row in rows]

    def photos_pending(self, limit: int) -> list[Photo]:
        """Photos without a receipt whose signed event has one."""
        rows = self._rows(
            "SELECT sha256, jpeg FROM photos JOIN events USING (seq)"
            " WHERE photos.status IS NULL AND events.status IN ('accepted', 'duplicate', 'held')"
            " ORDER BY seq LIMIT ?",
            limit,
        )
        return [Photo(sha256, self._cipher.decrypt(jpeg)) for sha256, jpeg in rows]

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

    # Faces

    def keep_portrait(
        self, enrolment: int, portrait: Portrait, clock: Clock, witness: WitnessSaid | None = None
    ) -> bool:
        """Keep a consented template, in place of an older one, and sign that it is here.

        False, and nothing was kept, if no consent stands: it may have been withdrawn a moment ago.
        """
        numbers = ",".join(map(repr, portrait.template)).encode()
        with self._writing():
            package = self.package
            row = package.enrolment(enrolment) if package else None
            if package is None or row is None or enrolment not in package.consenting():
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

    # The file

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise JournalError(str(error)) from error

    def _fact(self, name: str) -> bytes | None:
        for (value,) in self._rows("SELECT value FROM facts WHERE name = ?", name):
            return self._decrypt(value)
        return None

    def _keep(self, name: str, value: bytes) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, self._cipher.encrypt(value))
        )

    def _decrypt(self, value: bytes) -> bytes:
        try:
            return self._cipher.decrypt(value)
        except InvalidToken as error:
            raise JournalError(f"{KEY} is not this journal's key") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, taken at once so that two programs can't both be the next in the chain.

        Inside another it is part of it.
        """
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._db.rollback()
                    raise
                self._db.commit()
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.rollback()
                raise JournalError(str(error)) from error


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
    os.chmod(path, 0o600)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")  # a template that goes is gone from the file too
    db.executescript(SCHEMA)
    return db


def _file_key(home: Path) -> bytes:
    """The journal's key, made (0600, on the disk) for a new journal and never for an old one."""
    path = home / KEY
    if path.exists() or (home / DATABASE).exists():
        return path.read_bytes()
    half_written = path.with_suffix(".new")
    with os.fdopen(os.open(half_written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key := Fernet.generate_key())
        file.flush()
        os.fsync(file.fileno())
    half_written.rename(path)
    return key
