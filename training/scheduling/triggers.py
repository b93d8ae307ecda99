"""No two lessons on top of each other, on SQLite: it has no exclusion constraints, so triggers refuse.

On PostgreSQL migration 0007 does it. Here a migration would not do: Django changes a table of SQLite by
building it anew, and the triggers would go with the old one. So they are taken off before every migration
and put on after it.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

TABLE: Final = "scheduling_lesson"
NO_OVERLAP: Final = {
    "lesson_instructor_free": "instructor_id",
    "lesson_venue_free": "venue_id",
    "lesson_session_free": "training_session_id",
}
"""Name of what refuses, also on PostgreSQL, to the column of which two lessons may not have the same."""

TRIGGER: Final = """
CREATE TRIGGER {name}_{event} BEFORE {event} ON {table} WHEN NEW.live
BEGIN
    SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
        SELECT 1 FROM {table} AS other
        WHERE other.live AND other.{column} = NEW.{column} AND other.id IS NOT NEW.id
            AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
    );
END
"""


def take_off(using: str, **_said: Any) -> None:
    """Before a migration; receiver of `pre_migrate`."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in NO_OVERLAP:
                for event in ("insert", "update"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name}_{event}")


def put_on(using: str, **said: Any) -> None:
    """After a migration, if it left a table with `live`; receiver of `post_migrate`."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    take_off(using, **said)
    with connection.cursor() as cursor:
        if not any(row[1] == "live" for row in cursor.execute(f"PRAGMA table_info({TABLE})").fetchall()):
            return
        for name, column in NO_OVERLAP.items():
            for event in ("insert", "update"):
                cursor.execute(TRIGGER.format(name=name, event=event, table=TABLE, column=column))
