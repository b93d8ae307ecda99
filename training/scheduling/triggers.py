"""No two rows on top of each other, on SQLite: it has no exclusion constraints, so triggers refuse.

On PostgreSQL migrations do it. Here a migration would not do: Django changes a table of SQLite by building it
anew, and the triggers would go with the old one. So they are taken off before every migration and put on
after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


@dataclass(frozen=True)
class NoOverlap:
    """Two rows of `table` with the same `column` may not be at the same time.

    `name` is what refuses, also on PostgreSQL. `apart` says in SQL which `other` rows `NEW` is held against,
    `while_set` a column without which a row holds nothing.
    """

    name: str
    table: str
    column: str
    apart: str = "other.id IS NOT NEW.id"
    while_set: str = ""

    @property
    def triggers(self) -> dict[str, str]:
        """SQL by the trigger's name."""
        return {f"{self.name}_{event}": self._trigger(event) for event in ("insert", "update")}

    def _trigger(self, event: str) -> str:
        holds = f"NEW.{self.while_set}" if self.while_set else "1"
        other = f"other.{self.while_set}" if self.while_set else "1"
        return f"""
CREATE TRIGGER {self.name}_{event} BEFORE {event} ON {self.table} WHEN {holds}
BEGIN
    SELECT RAISE(ABORT, '{self.name}') WHERE EXISTS (
        SELECT 1 FROM {self.table} AS other
        WHERE {other} AND other.{self.column} = NEW.{self.column} AND {self.apart}
            AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
    );
END
"""  # noqa: S608  names of ours


LESSONS: Final = tuple(
    NoOverlap(name, "scheduling_lesson", column, while_set="live")
    for name, column in {
        "lesson_instructor_free": "instructor_id",
        "lesson_person_free": "person",
        "lesson_venue_free": "venue_id",
        "lesson_session_free": "training_session_id",
    }.items()
)


def guard(app: AppConfig, rules: Iterable[NoOverlap]) -> None:
    """Let the triggers of `rules` follow the migrations of the app whose tables they are about."""
    pre_migrate.connect(partial(take_off, rules=rules), sender=app, weak=False)
    post_migrate.connect(partial(put_on, rules=rules), sender=app, weak=False)


def take_off(using: str, rules: Iterable[NoOverlap], **_said: Any) -> None:
    """Before a migration."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in (name for rule in rules for name in rule.triggers):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def put_on(using: str, rules: Iterable[NoOverlap], **said: Any) -> None:
    """After a migration, if it left the columns that they look at."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    take_off(using, rules, **said)
    with connection.cursor() as cursor:
        for rule in rules:
            rows = cursor.execute(f"PRAGMA table_info({rule.table})").fetchall()
            if {rule.column, rule.while_set or rule.column} <= {row[1] for row in rows}:
                for trigger in rule.triggers.values():
                    cursor.execute(trigger)
