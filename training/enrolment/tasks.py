from __future__ import annotations

import logging

from django.utils import translation
from django_tasks import task

from training.core.actor import SYSTEM
from training.enrolment.services import fail_import, mark_ahead, take_rows

logger = logging.getLogger(__name__)


@task()
def take_roster(import_id: int, language: str) -> None:
    """Read a roster file to its end; what is found is written down in the language of whoever handed it in."""
    with translation.override(language):
        try:
            take_rows(import_id, actor=SYSTEM)
            mark_ahead(import_id, actor=SYSTEM)
        except Exception as problem:  # whatever it was, a person must see it and be able to go on
            logger.exception("roster import %s broke off", import_id)
            fail_import(import_id, problem=type(problem).__name__, actor=SYSTEM)
            raise
