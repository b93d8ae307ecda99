from __future__ import annotations

from django_tasks import task

from training.core.actor import SYSTEM
from training.notifications.services import write_to


@task()
def write_letter(user_id: int) -> None:
    """One person's letter; a mail server that does not answer keeps a worker waiting, never a page."""
    write_to(user_id, actor=SYSTEM)
