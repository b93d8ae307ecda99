"""Where something is done about an archive item, for whoever asks."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.permissions import may
from training.core.actor import Actor

OF_THE_OFFICE: Final = {"A1": "papers", "A2": "papers", "A3": "instructors"}
OF_THE_SESSION: Final = {"A6": "session-courseware", "A7": "roster", "A8": "register"}
BY_TELEPHONE: Final = frozenset({Role.TOWNSHIP, Role.FOLLOW_UP})
"""All they can do about an archive is to reach its people."""
ON_ITS_PAGE: Final = {"A4": "plan", "A5": "timetable", "A9": "evidence"}


def place_of(session: Any, item: str, actor: Actor) -> str:
    """A blank item is the grid of all of them; "" where it is not this person's to do.

    The session is read with its dossier.
    """
    if actor.role in BY_TELEPHONE:
        return f"{reverse('trainees')}?{urlencode({'session': session.code, 'phone': 'unverified'})}"
    if actor.role not in INSTITUTION_ROLES:
        return _at_the_bureau(session, item)
    if item in OF_THE_OFFICE:
        return reverse(OF_THE_OFFICE[item]) if may(actor, "institution.manage_papers") else ""
    if item in OF_THE_SESSION:
        return reverse(OF_THE_SESSION[item], args=[session.pk])
    anchor = ON_ITS_PAGE.get(item, "evidence") if item else "nine"
    return f"{reverse('session', args=[session.pk])}#{anchor}"


def _at_the_bureau(session: Any, item: str) -> str:
    dossier = getattr(session, "dossier", None)
    if dossier is None:
        return reverse("bureau-session", args=[session.pk])
    return f"{reverse('bureau-dossier', args=[dossier.pk])}#{item or 'nine'}"
