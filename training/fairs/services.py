"""A fair from its plan to the day it counts, with its employers, posts, stations and papers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import PAPERS, PHOTOS, keep_upload
from training.core.refusals import InputError
from training.fairs.choices import CHANGEABLE, TAKES_SIGN_IN, FairStatus, PaperKind
from training.fairs.guards import demand_state
from training.fairs.models import STANDS, FairEmployer, FairPaper, FairPost, FairStep, JobFair
from training.fairs.queries import owed
from training.fairs.rules import (
    FairFacts,
    lacking_to_count,
    lacking_to_hold,
    lacking_to_register,
    lacking_to_report,
)
from training.institutions.models import Institution
from training.institutions.rules import check_uscc
from training.institutions.verdicts import the_reason
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.programmes.models import Programme
from training.programmes.queries import the_programme
from training.stations.choices import StationStatus
from training.stations.models import Station

NAMES_PEOPLE: Final = frozenset({PaperKind.SIGN_IN, PaperKind.RESULT})
"""Kept encrypted."""
OPEN_TO_EMPLOYERS: Final = CHANGEABLE | TAKES_SIGN_IN


# Its life


@transaction.atomic
def plan_fair(
    *,
    title: str,
    on: date,
    starts: time,
    ends: time,
    place: str,
    actor: Actor,
    township: str = "",
    note: str = "",
) -> JobFair:
    """A fair of this institution, or of the bureau where the actor works there."""
    demand(actor, "fair.manage")
    programme = the_programme(actor)
    starts_at, ends_at = _span(on, starts, ends)
    Programme.objects.select_for_update().get(pk=programme.pk)  # numbers are given one at a time
    fair: JobFair = JobFair.objects.create(
        programme=programme,
        institution=_organiser(actor),
        code=f"{programme.code}-DJ-{programme.job_fairs.count() + 1:02d}",
        title=title,
        on=on,
        starts_at=starts_at,
        ends_at=ends_at,
        place=place,
        township=township,
        note=note,
    )
    _note_step(fair, "", actor)
    record(actor, "fair.planned", fair)
    return fair


def _organiser(actor: Actor) -> Institution | None:
    if actor.role not in INSTITUTION_ROLES:
        return None
    institution: Institution = Institution.objects.visible_to(actor).get()
    return institution


def _span(on: date, starts: time, ends: time) -> tuple[datetime, datetime]:
    """Raises InvalidInputError unless it ends after it starts."""
    if ends <= starts:
        raise InvalidInputError(_("结束时间要晚于开始时间。"))
    zone = timezone.get_current_timezone()
    return datetime.combine(on, starts, zone), datetime.combine(on, ends, zone)


@transaction.atomic
def change_fair(
    fair_id: int,
    *,
    title: str,
    on: date,
    starts: time,
    ends: time,
    place: str,
    actor: Actor,
    township: str = "",
    note: str = "",
) -> JobFair:
    """Until it is held. Raises InvalidTransitionError afterwards."""
    demand(actor, "fair.manage")
    fair = _lock(fair_id, actor, CHANGEABLE)
    starts_at, ends_at = _span(on, starts, ends)
    new = {
        "title": title,
        "on": on,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "place": place,
        "township": township,
        "note": note,
    }
    changed = sorted(name for name, value in new.items() if getattr(fair, name) != value)
    for name, value in new.items():
        setattr(fair, name, value)
    fair.save(update_fields=list(new))
    if changed:
        record(actor, "fair.changed", fair, fields=changed)
    return fair


@transaction.atomic
def report_fair(fair_id: int, *, actor: Actor) -> JobFair:
    """报备. Raises InvalidInputError with what is missing."""
    demand(actor, "fair.report")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    _refuse(lacking_to_report(_facts(fair), clock.today()))
    _move(fair, FairStatus.REPORTED, actor)
    _tell(Kind.FAIR_REPORTED, fair, BUREAU_ROLES | {Role.TOWNSHIP, Role.FOLLOW_UP}, actor)
    record(actor, "fair.reported", fair)
    return fair


@transaction.atomic
def hold_fair(fair_id: int, *, actor: Actor) -> JobFair:
    """举办: its day has come."""
    demand(actor, "fair.manage")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    _refuse(lacking_to_hold(_facts(fair), clock.today()))
    _move(fair, FairStatus.HELD, actor)
    record(actor, "fair.held", fair)
    return fair


@transaction.atomic
def register_results(fair_id: int, *, visitors: int, summary: str, actor: Actor) -> JobFair:
    """登记结果; `visitors` is the head count of those who were trained by nobody here.

    From now on nobody signs in any more.
    """
    demand(actor, "fair.manage")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    _refuse(lacking_to_register(_facts(fair)))
    fair.visitors, fair.summary, fair.registered_by_id = visitors, summary, actor.person_id
    fair.save(update_fields=["visitors", "summary", "registered_by"])
    _move(fair, FairStatus.REGISTERED, actor)
    _tell(Kind.FAIR_REGISTERED, fair, BUREAU_ROLES, actor)
    record(actor, "fair.registered", fair, visitors=visitors)
    return fair


@transaction.atomic
def send_back(fair_id: int, *, reason: str, actor: Actor) -> JobFair:
    """The bureau does not believe the results: they are to be registered again."""
    demand(actor, "fair.confirm")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    said = the_reason(reason)
    fair.registered_by = None
    fair.save(update_fields=["registered_by"])
    _move(fair, FairStatus.HELD, actor, said)
    _tell(Kind.FAIR_RETURNED, fair, _organisers(fair), actor)
    record(actor, "fair.returned", fair, reason=said)
    return fair


@transaction.atomic
def count_fair(fair_id: int, *, actor: Actor) -> JobFair:
    """计入 (HD-03), by somebody of the bureau who did not register the results.

    Raises InvalidInputError while a check after 90 days is owed.
    """
    demand(actor, "fair.confirm")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    if fair.registered_by_id == actor.person_id:
        raise ForbiddenError(_("登记结果的人不能确认计入，请由商务局的另一位同事确认。"))
    _refuse(lacking_to_count(_facts(fair)))
    fair.confirmed_by_id, fair.confirmed_at = actor.person_id, clock.now()
    fair.save(update_fields=["confirmed_by", "confirmed_at"])
    _move(fair, FairStatus.COUNTED, actor)
    _tell(Kind.FAIR_COUNTED, fair, _organisers(fair), actor)
    record(actor, "fair.counted", fair)
    return fair


@transaction.atomic
def cancel_fair(fair_id: int, *, reason: str, actor: Actor) -> JobFair:
    """Before it is held, with the reason."""
    demand(actor, "fair.report")
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    said = the_reason(reason)
    _move(fair, FairStatus.CANCELLED, actor, said)
    record(actor, "fair.cancelled", fair, reason=said)
    return fair


def _move(fair: JobFair, target: FairStatus, actor: Actor, reason: str = "") -> None:
    """The one way on, with its row of history; the caller holds the lock."""
    start = fair.status
    fair.enter(target)
    _note_step(fair, start, actor, reason)


def _tell(kind: Kind, fair: JobFair, roles: Collection[Role], actor: Actor) -> None:
    notify(kind, fair, roles=roles, actor=actor, fair=str(fair))


def _organisers(fair: JobFair) -> Collection[Role]:
    return INSTITUTION_ROLES if fair.institution_id else BUREAU_ROLES


def _note_step(fair: JobFair, start: str, actor: Actor, reason: str = "") -> None:
    FairStep.objects.create(
        fair=fair, start=start, target=fair.status, at=clock.now(), by=actor.name, reason=reason[:200]
    )


def _lock(fair_id: int, actor: Actor, states: Collection[str]) -> JobFair:
    """Raises InvalidTransitionError unless the fair is in one of these states."""
    fair: JobFair = JobFair.objects.lock(actor, pk=fair_id)
    demand_state(fair, states)
    return fair


def _facts(fair: JobFair) -> FairFacts:
    return FairFacts(
        on=fair.on,
        employers=fair.employers.count(),
        posts=FairPost.objects.filter(employer__fair=fair).count(),
        came=fair.attendances.filter(STANDS).count(),
        present=fair.employers.filter(signed_in_at__isnull=False).count(),
        open_checks=owed(fair),
    )


def _refuse(lacking: Sequence[str]) -> None:
    if lacking:
        raise InvalidInputError(" ".join(lacking))


# Employers and posts


@transaction.atomic
def add_employer(
    fair_id: int, *, name: str, uscc: str, contact: str, phone: str, actor: Actor
) -> FairEmployer:
    """用人单位, once at a fair. Raises InvalidInputError for a wrong code or one that is there."""
    demand(actor, "fair.manage")
    fair = _lock(fair_id, actor, OPEN_TO_EMPLOYERS)
    code = _uscc(uscc)
    if fair.employers.filter(uscc=code).exists():
        raise InvalidInputError(_("这家单位已经登记过。"))
    employer: FairEmployer = FairEmployer.objects.create(
        fair=fair, name=name, uscc=code, contact=contact, phone=phone
    )
    record(actor, "fair.employer_added", employer)
    return employer


def _uscc(text: str) -> str:
    try:
        return check_uscc(text)
    except InputError as problem:
        raise InvalidInputError(problem.message) from problem


@transaction.atomic
def remove_employer(employer_id: int, *, actor: Actor) -> None:
    """With its posts; not once it came, and not where somebody wants one of its posts."""
    demand(actor, "fair.manage")
    employer: FairEmployer = FairEmployer.objects.select_related("fair").lock(actor, pk=employer_id)
    demand_state(employer.fair, CHANGEABLE)
    if employer.signed_in_at or employer.posts.filter(intentions__isnull=False).exists():
        raise InvalidInputError(_("这家单位已经到场，或已有人登记意向，不能删除。"))
    record(actor, "fair.employer_removed", employer)
    employer.posts.all().delete()
    employer.delete()


@transaction.atomic
def sign_in_employer(employer_id: int, *, actor: Actor) -> FairEmployer:
    """到场 of an employer, on the day of the fair or after. Twice changes nothing."""
    demand(actor, "fair.manage")
    employer: FairEmployer = FairEmployer.objects.select_related("fair").lock(actor, pk=employer_id)
    demand_state(employer.fair, TAKES_SIGN_IN)
    _refuse(lacking_to_hold(_facts(employer.fair), clock.today()))
    if employer.signed_in_at is None:
        employer.signed_in_at, employer.signed_in_by = clock.now(), actor.name
        employer.save(update_fields=["signed_in_at", "signed_in_by"])
        record(actor, "fair.employer_signed_in", employer)
    return employer


@transaction.atomic
def add_post(
    employer_id: int,
    *,
    title: str,
    openings: int,
    wage_from_fen: int,
    wage_to_fen: int,
    place: str,
    actor: Actor,
    poor_first: bool = False,
    requirements: str = "",
) -> FairPost:
    """岗位; wages are 分 a month."""
    demand(actor, "fair.manage")
    employer: FairEmployer = FairEmployer.objects.select_related("fair").lock(actor, pk=employer_id)
    demand_state(employer.fair, OPEN_TO_EMPLOYERS)
    if wage_to_fen < wage_from_fen:
        raise InvalidInputError(_("月薪上限不能低于下限。"))
    post: FairPost = FairPost.objects.create(
        employer=employer,
        title=title,
        openings=openings,
        wage_from_fen=wage_from_fen,
        wage_to_fen=wage_to_fen,
        place=place,
        poor_first=poor_first,
        requirements=requirements,
    )
    record(actor, "fair.post_added", post)
    return post


@transaction.atomic
def remove_post(post_id: int, *, actor: Actor) -> None:
    """Not where somebody wants it."""
    demand(actor, "fair.manage")
    post: FairPost = FairPost.objects.select_related("employer__fair").lock(actor, pk=post_id)
    demand_state(post.employer.fair, OPEN_TO_EMPLOYERS)
    if post.intentions.exists():
        raise InvalidInputError(_("已有人登记意向，不能删除。"))
    record(actor, "fair.post_removed", post)
    post.delete()


# Stations and papers


@transaction.atomic
def set_stations(fair_id: int, *, stations: Collection[Any], actor: Actor) -> JobFair:
    """Which stations take signatures at its door; they learn so with their next package.

    Only those that the actor sees and that are in use are taken.
    """
    demand(actor, "fair.manage")
    fair = _lock(fair_id, actor, OPEN_TO_EMPLOYERS)
    chosen = Station.objects.visible_to(actor).filter(pk__in=list(stations), status=StationStatus.ACTIVE)
    fair.stations.set(chosen)
    record(actor, "fair.stations_set", fair, stations=sorted(str(station.pk) for station in chosen))
    return fair


@transaction.atomic
def add_paper(
    fair_id: int, *, kind: str, file: tuple[str, bytes], actor: Actor, caption: str = ""
) -> FairPaper:
    """A photo or paper, until the fair is counted; lists of people are kept encrypted."""
    demand(actor, "fair.manage")
    fair = _lock(fair_id, actor, OPEN_TO_EMPLOYERS | {FairStatus.REGISTERED})
    stored = keep_upload(*file, allow=PAPERS | PHOTOS, actor=actor, sensitive=kind in NAMES_PEOPLE)
    paper: FairPaper = FairPaper.objects.create(
        fair=fair, kind=kind, caption=caption, file=stored, added_by=actor.name, added_at=clock.now()
    )
    record(actor, "fair.paper_added", paper, kind=kind, sha256=stored.sha256)
    return paper
