"""The file under the journal: SQLite (WAL, synchronous FULL) and the key of its personal columns.

What has no receipt can't be deleted, by triggers and not by good intentions.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken

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
    jpeg BLOB NOT NULL,  -- emptied some time after its receipt
    status TEXT CHECK (status IN ('accepted', 'duplicate', 'refused')),
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS portraits (
    enrolment INTEGER PRIMARY KEY, template BLOB NOT NULL, model TEXT NOT NULL, enrolled_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS jumps (
    at TEXT NOT NULL, seconds REAL NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('running', 'start'))
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
CREATE TRIGGER IF NOT EXISTS photos_stay_whole_until_received
    BEFORE UPDATE OF jpeg ON photos WHEN OLD.status IS NULL OR OLD.status = 'refused'
    BEGIN SELECT RAISE(ABORT, 'no receipt'); END;
"""


class JournalError(Exception):
    """The disk did not take it; nothing was recorded and nothing may be confirmed."""


class Store:
    """Open `home`'s file, making it if there is none. Safe to use from many threads.

    Raises JournalError, as every method does.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._lock = threading.RLock()
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
        """To be called while writing."""
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

    def _scrub(self) -> None:
        """What was deleted is gone from the write-ahead log too, and its room is given back.

        Not while writing: it would commit.
        """
        with self._lock:
            try:  # as a script, because `execute` gives back one page and stops
                self._db.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise JournalError(str(error)) from error


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
    os.chmod(path, 0o600)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # for a new file; changes nothing in an old one
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
    _sync_directory(home)
    return key


def _sync_directory(home: Path) -> None:
    """So that a power cut does not take the new name away; Windows has no such call."""
    if hasattr(os, "O_DIRECTORY"):
        directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
