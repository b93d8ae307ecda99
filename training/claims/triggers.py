"""No claim without a sealed dossier, whoever writes the row: the database itself refuses.

On PostgreSQL migration 0004 puts the triggers on. On SQLite they go with the table that Django builds anew to
change it, so they are taken off before every migration and put on after it.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

NAME: Final = "claim_needs_sealed_dossier"
WHEN: Final = {
    "insert": "INSERT ON claims_claim",
    "update": "UPDATE OF dossier_id, amount_fen, status ON claims_claim",
}
"""Making one, handing one in and changing what it asks for; taking one back is always allowed."""

SQLITE: Final = """
CREATE TRIGGER {name}_{event} BEFORE {on} WHEN NEW.status <> 'withdrawn'
BEGIN
    SELECT RAISE(ABORT, '{name}') WHERE NOT EXISTS (
        SELECT 1 FROM dossiers_dossier WHERE id = NEW.dossier_id AND status = 'sealed'
    );
END
"""


def take_off(using: str, **_said: Any) -> None:
    """Before a migration; receiver of `pre_migrate`."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for event in WHEN:
                cursor.execute(f"DROP TRIGGER IF EXISTS {NAME}_{event}")


def put_on(using: str, **said: Any) -> None:
    """After a migration, if both tables are there; receiver of `post_migrate`."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    take_off(using, **said)
    if {"claims_claim", "dossiers_dossier"} <= set(connection.introspection.table_names()):
        with connection.cursor() as cursor:
            for event, on in WHEN.items():
                cursor.execute(SQLITE.format(name=NAME, event=event, on=on))
