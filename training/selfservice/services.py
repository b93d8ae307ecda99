from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.followup.services import take_answer
from training.people.choices import ConsentPurpose, RightsKind
from training.people.models import Consent, RightsRequest, Trainee
from training.people.services import ask_oneself, note_own_page, withdraw_own_consent
from training.scheduling.models import TrainingSession
from training.selfservice.choices import CourseQuestion, LinkChannel, LinkState
from training.selfservice.models import Rating, SelfLink
from training.selfservice.queries import QUESTIONS_OF_INSTRUCTORS, own_actor, taught_by
from training.selfservice.rules import LIFETIME, ballot, knows, link_state, token_hash


@dataclass(frozen=True)
class NewLink:
    """`token` is nowhere else: only its hash is kept."""

    link: SelfLink
    token: str


# Handing links out


@transaction.atomic
def issue_link(enrolment_id: int, *, actor: Actor) -> NewLink:
    """A link for one person; what they had and did not use is void. Raises for who did not complete."""
    demand(actor, "self_link.issue")
    enrolment: Enrolment = Enrolment.objects.select_related("trainee").fetch(actor, pk=enrolment_id)
    (made,) = _issued([enrolment], LinkChannel.OFFICER, actor)
    record(actor, "self_link.issued", enrolment, channel=LinkChannel.OFFICER.value)
    return made


@transaction.atomic
def issue_slips(session_id: int, *, actor: Actor) -> list[NewLink]:
    """One for everybody who completed, to be printed and handed out when the class is closed."""
    demand(actor, "self_link.issue")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    completed = session.enrolments.filter(status=EnrolmentStatus.COMPLETED).select_related("trainee")
    made = _issued(completed.order_by("number"), LinkChannel.SLIP, actor)
    if not made:
        raise InvalidTransitionError(_("这一期还没有结业的学员，结课以后再打印。"))
    record(actor, "self_links.printed", session, count=len(made))
    return made


def _issued(enrolments: Iterable[Enrolment], channel: LinkChannel, actor: Actor) -> list[NewLink]:
    places = list(enrolments)
    if any(place.status != EnrolmentStatus.COMPLETED for place in places):
        raise InvalidTransitionError(_("只有结业的学员才发自己的页面。"))
    now = clock.now()
    unused = SelfLink.objects.filter(enrolment__in=places, used_at=None, replaced_at=None)
    unused.update(replaced_at=now)
    tokens = [secrets.token_urlsafe(16) for _place in places]
    links = [
        SelfLink(
            enrolment=place,
            token_hash=token_hash(token),
            channel=channel,
            issued_at=now,
            issued_by_id=actor.user_id,
            expires_at=now + LIFETIME,
        )
        for place, token in zip(places, tokens, strict=True)
    ]
    made = SelfLink.objects.bulk_create(links)
    return [NewLink(link, token) for link, token in zip(made, tokens, strict=True)]


# The person comes


def open_link(token: str, last_four: str, *, actor: Actor | None = None) -> SelfLink | None:
    """Use the link up, if it is open and these are the last four of the number or the phone.

    None for everything else alike: a token that nobody was given, one that is over, wrong digits. A miss
    counts, and after `MOST_WRONG_ANSWERS` the link stays shut.
    """
    with transaction.atomic():
        rows = SelfLink.objects.select_for_update(of=("self",)).filter(token_hash=token_hash(token))
        found: SelfLink | None = rows.first()
        if found is None or link_state(found, clock.now()) != LinkState.OPEN:
            return None
        trainee = found.enrolment.trainee
        if trainee.erased_at or not knows(last_four, id_number=trainee.id_number, phone=trainee.phone):
            SelfLink.objects.filter(pk=found.pk).update(wrong_answers=F("wrong_answers") + 1)
            return None
        found.used_at = clock.now()
        found.save(update_fields=["used_at"])
        record(actor or own_actor(found), "self_link.opened", found.enrolment)
    return found


@transaction.atomic
def close_visit(link: SelfLink, *, actor: Actor) -> None:
    """The person leaves: whoever takes the phone next sees nothing."""
    link.closed_at = clock.now()
    link.save(update_fields=["closed_at"])
    record(actor, "self_link.closed", link.enrolment)


def look_at_own(link: SelfLink, *, actor: Actor) -> Trainee:
    """What is held is about to be shown; the look is on record."""
    trainee: Trainee = link.enrolment.trainee
    note_own_page(trainee, actor=actor)
    return trainee


# What the person says and asks


@transaction.atomic
def answer_survey(link: SelfLink, *, situation: str, wants: Sequence[str], note: str, actor: Actor) -> None:
    """近况: settles what follow-up is due, as the person's own word."""
    take_answer(link.enrolment, situation=situation, wants=wants, note=note.strip(), at=clock.now())
    record(actor, "own_survey.answered", link.enrolment)


@transaction.atomic
def rate(
    link: SelfLink, *, course: Mapping[str, int], instructors: Mapping[int, Mapping[str, int]], actor: Actor
) -> int:
    """Scores from 1 to 5 of the class and of who taught it; again takes the place of before. How many kept.

    Neither the rows nor the trail say who gave which. Raises InvalidInputError.
    """
    session = link.enrolment.training_session
    taught = {person.pk for person in taught_by(session)}
    if not set(instructors) <= taught:
        raise InvalidInputError(_("这位老师没有在本期上课。"))
    given: list[tuple[int | None, Mapping[str, int], Sequence[str]]] = []
    if course:
        given.append((None, course, CourseQuestion.values))
    given += [(pk, scores, QUESTIONS_OF_INSTRUCTORS) for pk, scores in instructors.items() if scores]
    for about, scores, questions in given:
        _refuse_wrong_scores(scores, questions)
        Rating.objects.update_or_create(
            ballot=ballot(link.enrolment_id, about),
            defaults={
                "training_session": session,
                "instructor_id": about,
                "scores": dict(scores),
                "rated_on": clock.today(),
            },
        )
    record(actor, "own_rating.given", session, count=len(given))
    return len(given)


def _refuse_wrong_scores(scores: Mapping[str, int], questions: Sequence[str]) -> None:
    if set(scores) - set(questions) or any(not 1 <= value <= 5 for value in scores.values()):
        raise InvalidInputError(_("每一项请选 1 到 5 分。"))


def ask(link: SelfLink, *, kind: RightsKind, asked: str, actor: Actor) -> RightsRequest:
    """更正, 删除 and the rest of what a person may ask for: a request with its due date."""
    return ask_oneself(link.enrolment.trainee, kind=kind, asked=asked, actor=actor)


def withdraw(link: SelfLink, *, purpose: ConsentPurpose, actor: Actor) -> Consent | None:
    """撤回同意, at once and without a reason."""
    return withdraw_own_consent(link.enrolment.trainee, purpose=purpose, actor=actor)
