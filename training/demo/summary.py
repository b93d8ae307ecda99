"""What happened in the demo, read from the database and the files and from nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pikepdf

from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.core.actor import Actor
from training.dossiers.choices import DossierStatus
from training.dossiers.missing import findings
from training.dossiers.models import Dossier
from training.dossiers.queries import check_session
from training.followup.models import Contact
from training.outcomes.models import Outcome
from training.programmes.models import Programme
from training.reporting.queries import depths, indicators
from training.scheduling.models import TrainingSession


def indicator(programme: Programme, actor: Actor) -> dict[str, Any]:
    """The first target of the programme with its figure."""
    found = indicators(programme, actor)[0]
    return {"target": int(found.target or 0), "actual": found.actual, "formula": found.formula}


def describe(session_id: int, pdf: Path, *, actor: Actor) -> dict[str, Any]:
    """The figures of one session; `pdf` is its dossier."""
    session = TrainingSession.objects.select_related("institution__programme").get(pk=session_id)
    programme = session.institution.programme
    events = AttendanceEvent.objects.filter(training_session=session)
    signed = events.filter(held_reason="", enrolment__isnull=False)
    figures = depths(programme, actor)
    with pikepdf.open(pdf) as opened:
        pages = len(opened.pages)
    return {
        "programme": programme.code,
        "session": session.code,
        "rostered": session.enrolments.count(),
        "signed_in": signed.filter(kind="sign_in").count(),
        "signed_out": signed.filter(kind="sign_out").count(),
        "by_method": dict(Counter(signed.filter(kind="sign_in").values_list("method", flat=True))),
        "events_total": events.count(),
        "events_held": [
            *events.exclude(held_reason="").values_list("held_reason", flat=True),
            *HeldEnvelope.objects.values_list("reason", flat=True),
        ],
        "completed_renci": figures["completed"],
        "completed_renshu": figures["completed_people"],
        "missing_after": [finding.message for finding in findings(check_session(session))],
        "sealed": Dossier.objects.get(training_session=session).status == DossierStatus.SEALED,
        "dossier_pages": pages,
        "dossier_sha256": hashlib.sha256(pdf.read_bytes()).hexdigest(),
        "followups": Contact.objects.count(),
        "outcomes": Outcome.objects.count(),
        "indicator": indicator(programme, actor),
    }
