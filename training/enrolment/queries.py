from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.models import Membership
from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.choices import ON_ROSTER, ApplicationStatus, CallStatus, ImportStatus
from training.enrolment.columns import (
    EDUCATION,
    EMPLOYER,
    EMPLOYER_USCC,
    GROUP,
    ID_NUMBER,
    NAME,
    PHONE,
    SEX_WORDS,
    TOWNSHIP,
    VILLAGE,
)
from training.enrolment.models import Application, Enrolment, RegistrationCall, RosterHeading, RosterImport
from training.institutions.models import Institution
from training.programmes.models import Programme
from training.programmes.queries import gazetteer
from training.scheduling.choices import EDITABLE, SessionStatus
from training.scheduling.models import Lesson, TrainingSession

STALLED_AFTER = timedelta(minutes=2)  # a chunk takes a second or two


def is_stalled(roster_import: RosterImport) -> bool:
    """It should be going on and nothing has moved: its worker died, or none is running."""
    running = roster_import.status == ImportStatus.RUNNING
    return running and clock.now() - roster_import.progressed_at > STALLED_AFTER


def first_day(session: TrainingSession) -> date:
    """Before there is a lesson, today."""
    first: Any = session.lessons.aggregate(first=Min("on"))["first"]
    return first or clock.today()


def remembered_headings(institution: Institution) -> dict[str, str]:
    """Heading words to our columns, as this institution said before; "" for what it does not want."""
    return dict(RosterHeading.objects.filter(institution=institution).values_list("word", "column"))


def places_elsewhere(session: TrainingSession, trainees: Collection[int]) -> QuerySet[Any]:
    """Places of these people on other rosters of the county, in the same category or at the same time."""
    same_time = Lesson.objects.filter(
        Exists(session.lessons.filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))),
        training_session=OuterRef("training_session"),
    )
    over = (SessionStatus.CANCELLED, SessionStatus.STOPPED)
    places: QuerySet[Any] = (
        Enrolment.objects.filter(ON_ROSTER, trainee__in=trainees)
        .exclude(training_session=session)
        .exclude(training_session__status__in=over)
        .annotate(same_time=Exists(same_time))
        .filter(Q(same_time=True) | Q(training_session__category=session.category))
        .select_related("training_session")
        .order_by("pk")
    )
    return places


def roster_texts(
    places: Iterable[Any], groups: Mapping[str, str], *, full: bool
) -> Iterator[tuple[str, ...]]:
    """Row by row in the order of `columns.COLUMNS`; numbers masked unless `full`, `groups` as the reader may see them."""
    for place in places:
        person = place.trainee
        yield (
            str(place.number),
            person.name,
            SEX_WORDS[person.sex],
            person.id_number if full else person.masked_id_number,
            person.phone if full else person.masked_phone,
            person.township,
            person.village,
            groups.get(place.group, ""),
            person.get_education_display(),
            person.employer,
            person.employer_uscc,
        )


# Registration


def calls(actor: Actor) -> QuerySet[Any]:
    """Registrations in sight. What they say is public, so a township sees all of its programme."""
    rows: QuerySet[Any] = RegistrationCall.objects.visible_to(actor)
    if actor.role == Role.TOWNSHIP:
        programmes = Programme.objects.visible_to(actor)
        rows = RegistrationCall.objects.filter(training_session__institution__programme__in=programmes)
    return rows.select_related("training_session__institution__programme", "training_session__rule_set")


def call_of(pk: int, actor: Actor) -> RegistrationCall:
    """Raises NotFoundError."""
    call: RegistrationCall | None = calls(actor).filter(pk=pk).first()
    if call is None:
        raise NotFoundError("enrolment.RegistrationCall", pk=pk)
    return call


def applications(actor: Actor) -> QuerySet[Any]:
    """Those of the actor's townships; an institution, which reaches no township, sees those of its own calls."""
    if actor.role in INSTITUTION_ROLES:
        return Application.objects.filter(call__in=RegistrationCall.objects.visible_to(actor))
    rows: QuerySet[Any] = Application.objects.visible_to(actor)
    return rows


def applications_in(call: RegistrationCall, actor: Actor) -> QuerySet[Any]:
    """In the order they came."""
    return applications(actor).filter(call=call)


def application_of(pk: int, actor: Actor) -> Application:
    """Raises NotFoundError."""
    rows = applications(actor).select_related(
        "call__training_session__institution__programme", "call__training_session__rule_set", "reviewed_by"
    )
    application: Application | None = rows.filter(pk=pk).first()
    if application is None:
        raise NotFoundError("enrolment.Application", pk=pk)
    return application


def takes_applications(call: RegistrationCall) -> bool:
    """The door is open, today is in its time, and the roster is not frozen."""
    if call.status != CallStatus.OPEN or call.training_session.status not in EDITABLE:
        return False
    return bool(call.opens_at <= clock.now() < call.closes_at)


def places_left(call: RegistrationCall) -> int:
    taken = call.applications.filter(status=ApplicationStatus.ACCEPTED).count()
    return max(0, call.places - taken)


def cells_of(application: Application) -> dict[str, str]:
    """An application as the cells of a roster's line."""
    return {
        NAME: application.name,
        ID_NUMBER: application.id_number,
        PHONE: application.phone,
        TOWNSHIP: application.township,
        VILLAGE: application.village,
        GROUP: application.group,
        EDUCATION: application.education,
        EMPLOYER: application.employer,
        EMPLOYER_USCC: application.employer_uscc,
    }


def townships(call: RegistrationCall) -> list[str]:
    """What an applicant may choose from: the county's list, else whose officers review and whoever has a quota."""
    programme = call.training_session.institution.programme
    places = gazetteer(programme)
    if places:
        return places.townships
    officers = Membership.objects.filter(role=Role.TOWNSHIP, programme_id=programme.pk)
    return sorted({*officers.values_list("township", flat=True), *call.quotas})
