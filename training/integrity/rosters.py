"""Rosters that approval froze, against what was kept of them and the changes that took effect since.

A sealed one is in its package as well; until then this is the only second place where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import rfc8785
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from training.core.crypto import keyed_hash
from training.enrolment.choices import EnrolmentStatus, RosterChangeKind
from training.enrolment.models import Enrolment, RosterChange
from training.integrity.checks import Found, Looked
from training.integrity.choices import Part
from training.integrity.models import ApprovedRoster
from training.programmes.models import Programme
from training.scheduling.models import TrainingSession

SESSIONS = 50
"""So many at a time, each with everybody on its roster."""
Places = Mapping[str, Sequence[Any]]


def approved_roster(session: TrainingSession, rows: Iterable[Enrolment]) -> ApprovedRoster:
    """These on its roster; not saved."""
    places = {str(row.pk): _place(row) for row in rows}
    return ApprovedRoster(training_session=session, places=places, proof=roster_proof(session.pk, places))


def roster_proof(session_id: int, places: Places) -> str:
    said = rfc8785.dumps({"session": session_id, "places": dict(places)}).decode()
    return keyed_hash(said, purpose="approved-roster")


def _place(row: Any) -> list[Any]:
    return [row.number, row.trainee.id_hash]


def _read(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With the people, of whom nothing is decrypted."""
    return rows.select_related("trainee").defer("trainee__id_number", "trainee__phone")


def check_roster(programme: Programme) -> Iterator[Looked]:
    """Every session that was ever approved, ended early or not."""
    sessions = TrainingSession.objects.filter(
        institution__programme=programme, approved_at__isnull=False
    ).select_related("approved_roster")
    places = Prefetch("enrolments", _read(Enrolment.objects.select_related("training_session")))
    changes = _read(RosterChange.objects.filter(effective_at__isnull=False))
    rows = sessions.order_by("pk").prefetch_related(
        places, Prefetch("roster_changes", changes.order_by("effective_at", "pk"))
    )
    for session in rows.iterator(chunk_size=SESSIONS):
        yield Looked(Part.ROSTERS, tuple(_roster_faults(session)))


def _roster_faults(session: Any) -> Iterator[Found]:
    kept: ApprovedRoster | None = getattr(session, "approved_roster", None)
    if kept is None or kept.proof != roster_proof(session.pk, kept.places):
        yield Found(Part.ROSTERS, session, _("批准时留存的名册被删，或被改过"))
        return
    should, rows = _expected(session, kept.places), {str(row.pk): row for row in session.enrolments.all()}
    for pk in should.keys() - rows.keys():
        yield Found(
            Part.ROSTERS, session, _("名册上第 %(number)s 号的记录没有了") % {"number": should[pk][0]}
        )
    for pk, row in rows.items():
        stands = row.status != EnrolmentStatus.WITHDRAWN
        if stands != (pk in should):
            said = _("没有增减手续就上了名册") if stands else _("没有增减手续就退出了名册")
            yield Found(Part.ROSTERS, row, said)
        elif stands and should[pk] != _place(row):
            yield Found(Part.ROSTERS, row, _("序号或身份证号与批准的名册不同"))


def _expected(session: Any, approved: Places) -> dict[str, list[Any]]:
    """Approved, with those who were added and without those who left; an added one's number is not kept."""
    should = {pk: list(place) for pk, place in approved.items()}
    rows = {row.pk: row for row in session.enrolments.all()}
    for change in session.roster_changes.all():
        if change.kind == RosterChangeKind.REMOVED:
            should.pop(str(change.enrolment_id), None)
        elif change.enrolment_id in rows:
            place = rows[change.enrolment_id]
            should[str(change.enrolment_id)] = [place.number, change.trainee.id_hash]
    return should
