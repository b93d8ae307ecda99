"""The doubts about the people of one session, as the bureau works through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.core.actor import Actor
from training.dossiers.doubts import Doubt, doubts_of, settled_of
from training.dossiers.models import SettledDoubt
from training.dossiers.queries import with_archive
from training.scheduling.models import TrainingSession
from training.web.archives.forms import SettleForm


@dataclass(frozen=True)
class DoubtRow:
    doubt: Doubt
    settled: SettledDoubt | None
    form: SettleForm


def session_of(pk: int, actor: Actor) -> Any:
    """Read with what doubts are noticed by."""
    rows: Any = with_archive(TrainingSession.objects.all())
    return rows.fetch(actor, pk=pk)


def doubt_rows(session: Any, sent: SettleForm) -> list[DoubtRow]:
    """Those that nobody settled first; the form that was `sent` and refused stands with its doubt."""
    settled = {(row.kind, row.key): row for row in settled_of([session])}
    rows = [
        DoubtRow(doubt, settled.get((doubt.kind, doubt.key)), _form(doubt, sent))
        for doubt in doubts_of([session])[session.pk]
    ]
    return sorted(rows, key=lambda row: row.settled is not None)


def _form(doubt: Doubt, sent: SettleForm) -> SettleForm:
    named = {"kind": doubt.kind.value, "key": doubt.key}
    if sent.is_bound and {name: sent.data.get(name) for name in named} == named:
        return sent
    return SettleForm(initial=named, auto_id=f"{doubt.kind}-{doubt.key[:8]}-%s")
