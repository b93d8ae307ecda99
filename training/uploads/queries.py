"""Reading what comes in."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.uploads.models import Upload


def upload_of(pk: Any, actor: Actor) -> Upload:
    """Somebody's own upload; raises NotFoundError for everybody else's and when its time is over."""
    visible = Q(training_session=None) | Q(pk__in=Upload.objects.visible_to(actor))
    rows = Upload.objects.filter(visible, pk=pk, user=actor.user_id, expires_at__gt=clock.now())
    upload: Upload | None = rows.select_related("training_session", "lesson", "evidence__file").first()
    if upload is None:
        raise NotFoundError("upload")
    return upload
