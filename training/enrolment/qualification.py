"""What is known of the people behind applications, read for `rules.doubts` in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES
from training.core.actor import Actor
from training.enrolment.choices import LIVE, ON_ROSTER, EnrolmentStatus
from training.enrolment.models import Application, Enrolment, RegistrationCall
from training.enrolment.queries import first_day
from training.enrolment.rules import Candidate, Demands, Doubt, Elsewhere, doubts
from training.people.models import Trainee
from training.people.rules import check_id_number
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson, TrainingSession

OVER = (SessionStatus.CANCELLED, SessionStatus.STOPPED)


def doubts_about(rows: Sequence[Application], call: RegistrationCall, actor: Actor) -> list[list[Doubt]]:
    """What speaks against each of these applications for one call, in the order given; also of unsaved ones.

    The session of another institution is not named to an institution.
    """
    session = call.training_session
    demands, on = demands_of(session), first_day(session)
    hashes = {row.id_hash for row in rows}
    pool, standing = _pool(session, hashes), _standing(session, hashes)
    first, elsewhere = _first_applications(call, hashes), _elsewhere(session, hashes, actor)

    def candidate(row: Application) -> Candidate:
        known = pool.get(row.id_hash)
        return Candidate(
            age=check_id_number(row.id_number).age_on(on),
            name=row.name,
            phone=row.phone,
            group=row.group,
            known_name=known.name if known else None,
            known_phone=known.phone if known else None,
            on_roster=row.id_hash in standing and row.enrolment_id is None,
            earlier=row.id_hash in first and (row.pk is None or first[row.id_hash] < row.pk),
            elsewhere=tuple(elsewhere[row.id_hash]),
        )

    return [doubts(candidate(row), demands) for row in rows]


def demands_of(session: TrainingSession) -> Demands:
    rules = session.rule_set.rules
    return Demands(
        min_age=rules.eligibility.min_age,
        category=session.category,
        suits={group.code: group.categories for group in rules.groups},
    )


def _pool(session: TrainingSession, hashes: Iterable[str]) -> dict[str, Trainee]:
    known = Trainee.objects.filter(programme=session.institution.programme_id, id_hash__in=list(hashes))
    return {trainee.id_hash: trainee for trainee in known.only("id_hash", "name", "phone")}


def _standing(session: TrainingSession, hashes: Iterable[str]) -> set[str]:
    places = session.enrolments.filter(ON_ROSTER, trainee__id_hash__in=list(hashes))
    return set(places.values_list("trainee__id_hash", flat=True))


def _first_applications(call: RegistrationCall, hashes: Iterable[str]) -> dict[str, int]:
    """For each person, the first of their applications for this call that still stands."""
    rows = call.applications.filter(status__in=LIVE, id_hash__in=list(hashes)).order_by("-pk")
    return dict(rows.values_list("id_hash", "pk"))


def _elsewhere(
    session: TrainingSession, hashes: Iterable[str], actor: Actor
) -> defaultdict[str, list[Elsewhere]]:
    found: defaultdict[str, list[Elsewhere]] = defaultdict(list)
    people = list(hashes)
    for at, other in [*_places(session, people), *_applications(session, people)]:
        found[at].append(_told(session, other, actor))
    return found


def _places(session: TrainingSession, hashes: Sequence[str]) -> Iterator[tuple[str, Any]]:
    rows = Enrolment.objects.filter(
        ON_ROSTER,
        trainee__id_hash__in=hashes,
        training_session__institution__programme=session.institution.programme_id,
    )
    for row in _of_other_sessions(rows, session, "training_session").select_related("trainee"):
        row.other, row.completed = row.training_session, row.status == EnrolmentStatus.COMPLETED
        yield row.trainee.id_hash, row


def _applications(session: TrainingSession, hashes: Sequence[str]) -> Iterator[tuple[str, Any]]:
    rows = Application.objects.filter(
        id_hash__in=hashes,
        status__in=LIVE,
        enrolment=None,
        call__training_session__institution__programme=session.institution.programme_id,
    )
    for row in _of_other_sessions(rows, session, "call__training_session"):
        row.other, row.completed = row.call.training_session, False
        yield row.id_hash, row


def _of_other_sessions(rows: QuerySet[Any], session: TrainingSession, path: str) -> QuerySet[Any]:
    """With `same_time`: whether a lesson there overlaps one of this session."""
    overlaps = Lesson.objects.filter(
        Exists(session.lessons.filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))),
        training_session=OuterRef(path),
    )
    others: QuerySet[Any] = (
        rows.exclude(**{path: session})
        .exclude(**{f"{path}__status__in": OVER})
        .annotate(same_time=Exists(overlaps))
        .select_related(path)
    )
    return others


def _told(session: TrainingSession, row: Any, actor: Actor) -> Elsewhere:
    other = row.other
    hidden = actor.role in INSTITUTION_ROLES and other.institution_id != session.institution_id
    return Elsewhere(
        label=_("另一家机构的一期培训") if hidden else other.code,
        same_time=row.same_time,
        same_class_type=other.class_type == session.class_type,
        completed=row.completed,
        only_applied=isinstance(row, Application),
    )
