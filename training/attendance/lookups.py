"""The ledger's two questions to the database, for a batch at a time.

Written out in SQL, because the object mapper takes longer to put these two together than everything else
takes that a sign-in needs (`benchmarks/sign_in.py`). Read only; nobody's reach is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

EVENTS: Final = """
    SELECT station_id = %s, digest, payload FROM attendance_attendanceevent
    WHERE (station_id = %s AND seq IN ({seqs})) OR event_id IN ({ids})
"""
PLACES: Final = """
    SELECT 'session', id, id, code, status FROM scheduling_trainingsession
    WHERE institution_id = %s AND code IN ({codes})
    UNION ALL
    SELECT 'lesson', id, training_session_id, CAST("on" AS text), '' FROM scheduling_lesson
    WHERE id IN ({lessons})
    UNION ALL
    SELECT 'enrolment', id, training_session_id, '', status FROM enrolment_enrolment
    WHERE id IN ({enrolments})
"""
Place = tuple[str, int, int, str, str]
"""What it is, its id and its session's; a session's code or a lesson's day (ISO 8601); its status."""


def known_events(
    station: UUID, *, seqs: Collection[int], ids: Collection[UUID]
) -> Iterator[tuple[bool, str, str]]:
    """(is this station's, digest, payload) of what is in the ledger under any of these."""
    me = _uuid(station)
    sql = EVENTS.format(seqs=_marks(seqs), ids=_marks(ids))
    for mine, digest, payload in _rows(sql, [me, me, *seqs, *map(_uuid, ids)]):
        yield bool(mine), digest, payload


def places(
    institution: int, *, codes: Collection[str], lessons: Collection[int], enrolments: Collection[int]
) -> list[Place]:
    """This institution's sessions with these codes, and whatever these lessons and enrolments are."""
    sql = PLACES.format(lessons=_marks(lessons), enrolments=_marks(enrolments), codes=_marks(codes))
    return _rows(sql, [institution, *codes, *lessons, *enrolments])


def _rows(sql: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[Any] = cursor.fetchall()
    return found


def _marks(values: Collection[Any]) -> str:
    """Nothing is in a list of NULL."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def _uuid(value: UUID) -> Any:
    """As this database keeps it."""
    return UUIDField().get_db_prep_value(value, connection)
