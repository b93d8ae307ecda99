"""Reading what comes in."""

from __future__ import annotations

from typing import Any

from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.uploads.models import Upload


def upload_of(pk: Any, actor: Actor) -> Upload:
    """Somebody's own upload; raises NotFoundError for everybody else's and when its time is over."""
    upload: Upload = Upload.objects.select_related("training_session", "lesson", "evidence__file").fetch(
        actor, pk=pk, user=actor.user_id
    )
    if upload.expires_at <= clock.now():
        raise NotFoundError("upload")
    return upload
