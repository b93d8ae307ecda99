"""The public page that the code on a printed approval leads to: found by whoever holds the paper."""

from __future__ import annotations

from hmac import compare_digest

from training.core.actor import SYSTEM
from training.core.crypto import keyed_hash
from training.core.errors import NotFoundError
from training.scheduling.models import TrainingSession


def token_of(session: TrainingSession) -> str:
    """Nobody can guess it from the code; it needs no column, so papers of older sessions have one too."""
    return keyed_hash(session.code, purpose="public-session")[:20]


def approved_session(code: str, token: str) -> TrainingSession:
    """Raises NotFoundError for a token nobody was given and for what was never approved."""
    related = ("institution__programme", "rule_set")
    session: TrainingSession = TrainingSession.objects.select_related(*related).fetch(SYSTEM, code=code)
    if not compare_digest(token_of(session), token) or not session.approval_number:
        raise NotFoundError("scheduling.TrainingSession", code=code)
    return session
