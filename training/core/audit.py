"""Writing the audit trail.

Every row carries the hash of the row before it in its programme's trail, and its own. The hashes are keyed,
so whoever can write to the database and nothing else can't make a changed trail look whole.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, Final

import rfc8785
from django.db import models, transaction

from training.core import clock
from training.core.actor import Actor
from training.core.crypto import keyed_hash
from training.core.models import AuditChain, AuditEvent

HASHED: Final = (
    "previous_hash",
    "user_id",
    "actor_name",
    "role",
    "verb",
    "subject_type",
    "subject_id",
    "subject",
    "programme_id",
    "institution_id",
    "details",
)
"""Besides `at`. Never another choice than this: rows written long ago are checked by it, and it made theirs."""


def row_hash(event: Any) -> str:
    """What the next row has to follow; of a model instance, also a migration's."""
    said = {name: getattr(event, name) for name in HASHED} | {"at": event.at.astimezone(UTC).isoformat()}
    return keyed_hash(rfc8785.dumps(said).decode(), purpose="audit")


def chain_proof(chain: Any) -> str:
    """Without it, a trail cut short and its chain set back would look whole."""
    return keyed_hash(f"{chain.programme}:{chain.length}:{chain.last_hash}", purpose="audit-end")


def extend(chain: Any, event: Any) -> None:
    """Put the event at the end of the chain, by its fields only; the caller saves both."""
    event.previous_hash = chain.last_hash
    event.row_hash = chain.last_hash = row_hash(event)
    chain.length += 1
    chain.proof = chain_proof(chain)


def id_at(subject: models.Model, dimension: str) -> int | None:
    """The programme, institution or instructor a row belongs to, by SCOPE and TAUGHT; None where it names none."""
    paths = getattr(subject, "SCOPE", {}) | {"instructor": getattr(subject, "TAUGHT", None)}
    path = paths.get(dimension)
    if path is None:
        return None
    value: Any = subject
    for step in path.split("__"):
        value = getattr(value, step, None)
    found: int | None = value.pk if isinstance(value, models.Model) else value
    return found


@transaction.atomic(savepoint=False)
def record(
    actor: Actor, verb: str, subject: models.Model, *, owner: Any = None, **details: Any
) -> AuditEvent:
    """Add one row: `verb` is `noun.done`, `details` are data without personal content.

    `owner` says where it belongs if the subject itself belongs nowhere, as an account does. Holds the lock
    of the programme's trail until the transaction ends, so it comes last: what waits for another lock
    after it makes the whole county wait along.
    """
    event = AuditEvent(
        at=clock.now(),
        user_id=actor.user_id,
        actor_name=actor.name,
        role=str(actor.role),
        verb=verb,
        subject_type=subject._meta.label,
        subject_id=str(subject.pk),
        subject=str(subject)[:200],
        programme_id=id_at(owner or subject, "programme"),
        institution_id=id_at(owner or subject, "institution"),
        details=json.loads(json.dumps(details)),  # as it comes back from the database: tuples are lists there
    )
    chain, _new = AuditChain.objects.select_for_update().get_or_create(programme=event.programme_id or 0)
    extend(chain, event)
    event.save()
    chain.save()
    return event
