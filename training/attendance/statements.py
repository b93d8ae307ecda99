"""What the ledger says to the database for a batch: one question, one insert.

Written out in SQL, because the object mapper takes longer to put such statements together than everything
else takes that a sign-in needs, and each trip to the server costs as much again (`benchmarks/sign_in.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from training.attendance.models import AttendanceEvent

KNOWN: Final = """
    SELECT 'event', seq, CASE WHEN station_id = %s THEN 1 ELSE 0 END, digest, payload
    FROM attendance_attendanceevent
    WHERE (station_id = %s AND seq IN ({seqs})) OR event_id IN ({ids})
    UNION ALL
    SELECT 'session', id, id, code, status FROM scheduling_trainingsession
    WHERE institution_id = %s AND code IN ({codes})
    UNION ALL
    SELECT 'lesson', id, training_session_id, CAST("on" AS text), '' FROM scheduling_lesson
    WHERE id IN ({lessons})
    UNION ALL
    SELECT 'enrolment', id, training_session_id, '', status FROM enrolment_enrolment
    WHERE id IN ({enrolments})
"""
COLUMNS: Final = [field for field in AttendanceEvent._meta.concrete_fields if not field.primary_key]

Known = tuple[str, int, int, str, str]
"""An event: its number, whether it is this station's (1 or 0), digest, payload. A session: its id twice,
code, status. A lesson: its id, its session's, its day (ISO 8601), "". An enrolment: its id, its session's,
"", status."""


def ask(
    station: UUID,
    institution: int,
    *,
    seqs: Collection[int],
    ids: Collection[UUID],
    codes: Collection[str],
    lessons: Collection[int],
    enrolments: Collection[int],
) -> list[Known]:
    """What is in the ledger at these numbers and under these event ids, whichever station's; this
    institution's sessions with these codes; and whatever these lessons and enrolments are."""
    sql = KNOWN.format(
        seqs=_marks(seqs),
        ids=_marks(ids),
        codes=_marks(codes),
        lessons=_marks(lessons),
        enrolments=_marks(enrolments),
    )
    me = _uuid(station)
    values = [me, me, *seqs, *map(_uuid, ids), institution, *codes, *lessons, *enrolments]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[Known] = cursor.fetchall()
    return found


def insert(rows: Sequence[AttendanceEvent]) -> None:
    """All of them in one statement; raises IntegrityError. The rows do not learn their keys."""
    row = f"({_marks(COLUMNS)})"
    names = ", ".join(str(field.column) for field in COLUMNS)
    sql = f"INSERT INTO attendance_attendanceevent ({names}) VALUES {', '.join([row] * len(rows))}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                field.get_db_prep_save(getattr(row, field.attname), connection)
                for row in rows
                for field in COLUMNS
            ],
        )


def _marks(values: Collection[Any]) -> str:
    """Nothing is in a list of NULL."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def _uuid(value: UUID) -> Any:
    """As this database keeps it."""
    return AttendanceEvent._meta.get_field("event_id").get_db_prep_value(value, connection)
