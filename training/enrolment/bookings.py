"""Hours taken: what a session that was handed in wants of the people on its roster.

The database refuses the second of two sessions that want the same person at the same time, so this also sees
what another request is saving at this moment; `noticing.around` says the same beforehand, and in words.
"""

from __future__ import annotations

from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Booking, Enrolment
from training.enrolment.noticing import around
from training.scheduling.choices import HOLDS_HOURS
from training.scheduling.errors import ClashError
from training.scheduling.lessons import refuse
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.triggers import NoOverlap

TRAINEE_FREE: Final = NoOverlap(
    "booking_trainee_free",
    "enrolment_booking",
    "trainee_id",
    apart="other.training_session_id <> NEW.training_session_id",
)
AT_ONCE: Final = 1000  # rows written by one statement


def book(session: TrainingSession) -> None:
    """Let the hours taken by the session be its roster × its live lessons, none unless it is in HOLDS_HOURS.

    The only place that writes them; what is right already stays untouched. May wait for another request, so
    it comes before the audit trail. Raises ClashError where somebody is taken.
    """
    if session.status not in HOLDS_HOURS:
        Booking.objects.filter(training_session=session).delete()
        return
    _let_go(session)
    try:
        with transaction.atomic():
            Booking.objects.bulk_create(_missing(session), batch_size=AT_ONCE)
    except IntegrityError as refused:
        if TRAINEE_FREE.name not in str(refused):
            raise
        _refuse(session)
        raise ClashError(_("名册上有人这段时间刚刚被排进别的班，请刷新后再办。")) from refused


def _let_go(session: TrainingSession) -> None:
    """Of who left the roster, and of lessons that are not held then any more."""
    place = Enrolment.objects.filter(ON_ROSTER, training_session=session, trainee=OuterRef("trainee"))
    lesson = Lesson.objects.filter(
        pk=OuterRef("lesson"), live=True, starts_at=OuterRef("starts_at"), ends_at=OuterRef("ends_at")
    )
    Booking.objects.filter(training_session=session).exclude(Exists(place), Exists(lesson)).delete()


def _missing(session: TrainingSession) -> list[Booking]:
    """In an order that is everybody's, so that two sessions wait for each other in one direction only."""
    taken = set(session.bookings.values_list("trainee", "lesson"))
    people = session.enrolments.filter(ON_ROSTER).order_by("trainee").values_list("trainee", flat=True)
    lessons = (
        session.lessons.filter(live=True).order_by("starts_at").values_list("pk", "starts_at", "ends_at")
    )
    return [
        Booking(training_session=session, trainee_id=person, lesson_id=pk, starts_at=starts, ends_at=ends)
        for person in people
        for pk, starts, ends in lessons
        if (person, pk) not in taken
    ]


def _refuse(session: TrainingSession) -> None:
    """In the words of the check that came before, told as to the session's own institution."""
    institution = session.institution
    reach = {
        "programme": frozenset({institution.programme_id}),
        "institution": frozenset({institution.pk}),
    }
    lessons = list(session.lessons.select_related("instructor", "venue"))
    refuse(around(session, lessons, Actor("", reach=reach)))
