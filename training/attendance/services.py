from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from kiosk.envelope import Envelope, EnvelopeError, WalkIn, read_unverified, unseal_card
from training.accounts.permissions import demand
from training.attendance.choices import EventKind
from training.attendance.models import AttendanceEvent, Completion
from training.attendance.queries import lesson_time, minutes_by_lesson, register
from training.attendance.rules import completion
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.crypto import sealing_key
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Enrolment
from training.people.rules import mask_id_number
from training.people.services import id_hash
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession


@dataclass(frozen=True)
class RevealedCard:
    """What a walk-in's card says, for the eyes of the person who asked; kept nowhere."""

    name: str = field(repr=False)
    masked_number: str
    rosters: tuple[str, ...]
    """Codes of the programme's other sessions with this person on their roster."""


@transaction.atomic
def reveal_walk_in(event_id: int, *, actor: Actor) -> RevealedCard:
    """Open the sealed card data of somebody who is on no roster, and write down that it was opened.

    Raises InvalidInputError where nothing is sealed, or not for this server.
    """
    event: AttendanceEvent = AttendanceEvent.objects.fetch(actor, pk=event_id)
    demand(actor, "walk_in.reveal")
    card = _unsealed(event)
    number = str(card.get("number", ""))
    record(actor, "walk_in.revealed", event)
    return RevealedCard(
        str(card.get("name", "")), mask_id_number(number), _rosters_with(number, event, actor)
    )


def _unsealed(event: AttendanceEvent) -> dict[str, Any]:
    try:
        person = read_unverified(Envelope(payload=event.payload, signature=event.signature)).person
        if isinstance(person, WalkIn):
            return unseal_card(person, sealing_key())
    except (EnvelopeError, ValueError) as problem:
        raise InvalidInputError(
            _(
                "证件信息打不开：它不是为这台服务器封存的，或者内容已损坏。请系统管理员核对封存钥匙是否更换过。"
            )
        ) from problem
    raise InvalidInputError(_("这条记录里没有封存的证件信息。"))


def _rosters_with(number: str, event: AttendanceEvent, actor: Actor) -> tuple[str, ...]:
    """Only the codes: who came where is not this reviewer's question."""
    places = Enrolment.objects.visible_to(actor).filter(
        ON_ROSTER,
        trainee__id_hash=id_hash(number),
        training_session__institution__programme=event.station.institution.programme_id,
    )
    others = places.exclude(training_session=event.training_session_id)
    return tuple(others.order_by("training_session__code").values_list("training_session__code", flat=True))


def start_session_if_attended(session: TrainingSession) -> None:
    """已批准 → 培训中, once the first counted event has come; the caller holds the row lock."""
    if (
        session.status == SessionStatus.APPROVED
        and session.events.filter(held_reason="", kind=EventKind.SIGN_IN).exists()
    ):
        session.enter(SessionStatus.RUNNING)


def complete_enrolments(session: TrainingSession) -> list[Completion]:
    """Decide 结业/未达标 for everyone on the roster by the session's rule; the caller closes the session.

    Raises InvalidTransitionError before the last lesson has ended.
    """
    lessons = [lesson_time(lesson) for lesson in session.lessons.all()]
    now = clock.now()
    if not lessons or max(lesson.ends_at for lesson in lessons) > now:
        raise InvalidTransitionError(_("最后一次课还没有结束，不能结课。"))
    minutes = minutes_by_lesson(register(session))
    rule = session.rule_set.rules.attendance
    completions = []
    for enrolment in session.enrolments.filter(status=EnrolmentStatus.ENROLLED):
        with override(settings.LANGUAGE_CODE):  # the archive speaks the county's language, whoever closes
            result = completion(minutes.get(enrolment.pk, {}), lessons, rule)
        enrolment.enter(EnrolmentStatus.COMPLETED if result.completed else EnrolmentStatus.INCOMPLETE)
        completions.append(
            Completion(
                enrolment=enrolment,
                rule_set=session.rule_set,
                attended_minutes=result.attended_minutes,
                required_minutes=result.required_minutes,
                completed=result.completed,
                explanation=result.explanation,
                computed_at=now,
            )
        )
    return Completion.objects.bulk_create(completions)
