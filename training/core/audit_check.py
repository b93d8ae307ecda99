"""Mismatch out whether the audit trail is still as it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from training.core.audit import chain_proof, row_hash
from training.core.models import AuditChain, AuditEvent


class Fault(models.TextChoices):
    CHANGED = "changed", _("改过")
    INSERTED = "inserted", _("不是系统写的")
    REMOVED = "removed", _("之前有记录被删")
    CUT = "cut", _("末尾有记录被删")
    CHAIN = "chain", _("链尾被改过或删掉")


@dataclass(frozen=True)
class Mismatch:
    """`event` is the row itself, for REMOVED the one after the gap; None where no row is left to name."""

    fault: Fault
    programme: int
    event: AuditEvent | None = None


@dataclass(frozen=True)
class Trail:
    """One programme's trail as it stands: so many rows, the last one's hash to note down elsewhere."""

    programme: int
    rows: int
    last_hash: str
    mismatches: list[Mismatch]


def check_trails() -> Iterator[Trail]:
    """Every programme's, first that of the rows that belong to none."""
    written = AuditEvent.objects.order_by().values_list("programme_id", flat=True).distinct()
    chains = AuditChain.objects.values_list("programme", flat=True)
    for programme in sorted({*chains, *(found or 0 for found in written)}):
        yield check_trail(programme)


def check_trail(programme: int) -> Trail:
    """`programme` 0 is the trail of what belongs to none. Rows added meanwhile are left for the next time."""
    rows = AuditEvent.objects.filter(programme_id=programme or None).order_by("pk")
    with transaction.atomic():
        chain = AuditChain.objects.select_for_update().filter(programme=programme).first()
        newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
    rows = rows.filter(pk__lte=newest)
    sound = chain is not None and chain.proof == chain_proof(chain)
    mismatches = [] if sound else [Mismatch(Fault.CHAIN, programme)]
    mismatches += _faults(programme, rows, chain.last_hash if chain and sound else None)
    return Trail(programme, rows.count(), chain.last_hash if chain else "", mismatches)


def _faults(programme: int, rows: Any, end: str | None) -> Iterator[Mismatch]:
    """Rows between two genuine ones are judged by what the later one follows; `end` None: nobody knows."""
    last, suspects = "", list[AuditEvent]()
    for event in rows.iterator():
        if event.row_hash != row_hash(event):
            suspects.append(event)
        elif event.previous_hash != last and _is_copy(event, rows):
            yield Mismatch(Fault.INSERTED, programme, event)
        else:
            yield from _judge(programme, suspects, inserted=event.previous_hash == last)
            if not suspects and event.previous_hash != last:
                yield Mismatch(Fault.REMOVED, programme, event)
            last, suspects = event.row_hash, []
    yield from _judge(programme, suspects, inserted=end == last)
    if not suspects and end not in (None, last):
        yield Mismatch(Fault.CUT, programme)


def _judge(programme: int, suspects: Iterable[AuditEvent], *, inserted: bool) -> Iterator[Mismatch]:
    fault = Fault.INSERTED if inserted else Fault.CHANGED
    yield from (Mismatch(fault, programme, event) for event in suspects)


def _is_copy(event: AuditEvent, rows: Any) -> bool:
    """A genuine row stands once."""
    copied: bool = rows.filter(row_hash=event.row_hash, pk__lt=event.pk).exists()
    return copied
