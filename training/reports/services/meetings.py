"""领导小组会议."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.programmes.queries import the_programme
from training.reports.models import Meeting


@transaction.atomic
def record_meeting(
    *,
    held_on: date,
    title: str,
    place: str,
    attendees: str,
    agenda: str,
    decisions: str,
    minutes: tuple[str, bytes] | None = None,
    actor: Actor,
) -> Meeting:
    """Raises InvalidInputError for a day that has not come or a file that is no paper."""
    demand(actor, "meeting.record")
    if held_on > clock.today():
        raise InvalidInputError(_("会议日期还没有到，开完再登记。"))
    meeting = Meeting.objects.create(
        programme=the_programme(actor),
        held_on=held_on,
        title=title.strip(),
        place=place.strip(),
        attendees=attendees.strip(),
        agenda=agenda.strip(),
        decisions=decisions.strip(),
        minutes=keep_upload(*minutes, allow=PAPERS, actor=actor) if minutes else None,
        recorded_by_id=actor.person_id,
        recorded_at=clock.now(),
    )
    record(actor, "meeting.recorded", meeting)
    return meeting
