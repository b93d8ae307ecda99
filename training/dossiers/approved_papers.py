"""The papers an archive goes by: those the bureau saw when it approved.

What was kept then stands, and nothing that comes later is put beside it; only where what of it still stands does
not reach does a later one count as well. What is refused counts nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from training.core import clock
from training.dossiers.models import ApprovedPaper
from training.dossiers.rules import LICENCE_KINDS
from training.institutions.models import Licence

SAID = ("kind", "number", "valid_from", "valid_until", "file_id")
"""What a paper says, as it was kept."""
DEMANDED = frozenset().union(*(kinds for _name, kinds in LICENCE_KINDS))


def licences_of(session: Any) -> list[Any]:
    """Of the session's institution; it is read with its licences, lessons and approved papers."""
    rows = list(session.institution.licences.all())
    days = {lesson.on for lesson in session.lessons.all()}
    demanded = [
        row
        for _name, kinds in LICENCE_KINDS
        for row in _chosen(session, [row for row in rows if row.kind in kinds], days)
    ]
    return demanded + _chosen(session, [row for row in rows if row.kind not in DEMANDED], ())


def proofs_of(session: Any, person: Any) -> list[Any]:
    """Of an instructor, for the days they teach in this session; read as above, with the proofs."""
    days = {lesson.on for lesson in session.lessons.all() if lesson.instructor_id == person.pk}
    return _chosen(session, person.proofs.all(), days)


def _chosen(session: Any, rows: Iterable[Any], days: Collection[date]) -> list[Any]:
    """Of papers that can stand in for each other on these days."""
    standing = [row for row in sorted(rows, key=lambda row: row.pk) if not row.refused_at]
    approved = [row for row in standing if as_kept(session, row)]
    seen = [row.span for row in approved if row.verified_at]
    reaches = all(any(span.covers(day) for span in seen) for day in days)
    return approved if approved and reaches else standing


def as_kept(session: Any, row: Any) -> ApprovedPaper | None:
    """None for what came later, or where nothing was kept."""
    owner = "licence_id" if isinstance(row, Licence) else "proof_id"
    return next((kept for kept in session.approved_papers.all() if getattr(kept, owner) == row.pk), None)


def is_altered(session: Any, row: Any) -> bool:
    """It is not what was kept. No act alters a paper: somebody did it past the system."""
    kept = as_kept(session, row)
    return kept is not None and any(getattr(row, name, None) != getattr(kept, name) for name in SAID)


def keep_papers(session: Any) -> None:
    """As the bureau sees them now; the second time only of instructors that have come since, and no licence."""
    had = list(session.approved_papers.select_related("proof"))
    at = clock.now()
    rows = (
        [] if had else [as_shown(session, at, licence=row) for row in standing(session.institution.licences)]
    )
    known = {paper.proof.instructor_id for paper in had if paper.proof}
    for person in dict.fromkeys(lesson.instructor for lesson in session.lessons.select_related("instructor")):
        if person.pk not in known:
            rows += [as_shown(session, at, proof=row) for row in standing(person.proofs)]
    ApprovedPaper.objects.bulk_create(rows)


def standing(papers: Any) -> list[Any]:
    return list(papers.filter(refused_at=None).select_related("file").order_by("pk"))


def as_shown(session: Any, at: datetime, *, licence: Any = None, proof: Any = None) -> ApprovedPaper:
    """Either, as it is now; not saved."""
    row = licence or proof
    return ApprovedPaper(
        training_session=session,
        licence=licence,
        proof=proof,
        sha256=row.file.sha256,
        kept_at=at,
        **{name: getattr(row, name, None) for name in SAID},
    )
