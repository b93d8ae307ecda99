"""Reading job fairs: what counts, who is expected, who came, who still works there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from training.accounts.choices import Role
from training.core.actor import ALL, Actor
from training.enrolment.choices import EnrolmentStatus, poor
from training.enrolment.models import Enrolment
from training.fairs.choices import FairStatus, Found, IntentionStatus
from training.fairs.models import (
    STANDS,
    FairAttendance,
    FairEmployer,
    FairInvitation,
    Intention,
    JobFair,
    PlacementCheck,
)

LAST_CHECK = 90


def confirmed_fairs(programme: Any, actor: Actor) -> QuerySet[Any]:
    """对接会场次 (HD-03): only fairs whose results the bureau has confirmed."""
    return JobFair.objects.visible_to(actor).filter(programme=programme, status=FairStatus.COUNTED)


def fair_attendances(programme: Any, actor: Actor) -> QuerySet[Any]:
    """参加对接: a row for each trainee at each confirmed fair, of trainees with a completed session.

    Its rows are the attendances (人次); `.values("trainee").distinct()` are the people (HD-03, G14).
    """
    return FairAttendance.objects.visible_to(actor).filter(
        STANDS, _has_completed(), fair__programme=programme, fair__status=FairStatus.COUNTED
    )


def _has_completed() -> Exists:
    """参训学员: only who completed a session, and still has."""
    places = Enrolment.objects.filter(
        trainee=OuterRef("trainee"),
        status=EnrolmentStatus.COMPLETED,
        training_session__institution__programme=OuterRef("fair__programme"),
    )
    return Exists(places)


@dataclass(frozen=True)
class Reach:
    """The two readings of HD-03, and how many fairs; the stricter of the two is `people`."""

    fairs: int
    attendances: int
    people: int


def reached(programme: Any, actor: Actor) -> Reach:
    counted = fair_attendances(programme, actor).aggregate(
        rows=Count("pk"), people=Count("trainee", distinct=True)
    )
    return Reach(confirmed_fairs(programme, actor).count(), counted["rows"], counted["people"])


def announced(actor: Actor) -> QuerySet[Any]:
    """The fairs this actor may know of: a township's officer the whole county's, but nobody who goes there."""
    if actor.role == Role.TOWNSHIP:
        actor = replace(actor, reach={**actor.reach, "institution": ALL})
        return JobFair.objects.visible_to(actor).exclude(status=FairStatus.PLANNED)
    return JobFair.objects.visible_to(actor)


def fairs(actor: Actor) -> QuerySet[Any]:
    """With the numbers of employers, of trainees who `came`, of those who were `hired`, and of the poor among them."""
    found: QuerySet[Any] = (
        announced(actor)
        .select_related("institution", "programme")
        .annotate(
            employed=_number(FairEmployer, "fair"),
            came=_number(FairAttendance, "fair", STANDS),
            hired=_number(Intention, "attendance__fair", HIRED),
            hired_poor=_number(Intention, "attendance__fair", HIRED, poor("attendance__enrolment")),
        )
        .order_by("-on", "-pk")
    )
    return found


HIRED = Q(status=IntentionStatus.HIRED)


def _number(model: Any, fair: str, *wanted: Q) -> Coalesce:
    """How many rows of `model` hang on the fair in question."""
    rows = model.objects.filter(*wanted, **{fair: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(rows.values(fair).annotate(number=Count("pk")).values("number")), 0)


def to_confirm(actor: Actor) -> QuerySet[Any]:
    """Results that this person may confirm: somebody else registered them."""
    registered = JobFair.objects.visible_to(actor).filter(status=FairStatus.REGISTERED)
    return registered.exclude(registered_by=actor.user_id)


def candidates(fair: JobFair, actor: Actor) -> QuerySet[Any]:
    """Places of trainees who completed and may be asked to come, each person's latest; not those who are.

    Nobody who wants no calls, and nobody whose particulars are only kept.
    """
    places = Enrolment.objects.visible_to(actor).filter(
        status=EnrolmentStatus.COMPLETED, training_session__institution__programme=fair.programme_id
    )
    newer = places.filter(trainee=OuterRef("trainee"), pk__gt=OuterRef("pk"))
    there = FairInvitation.objects.filter(fair=fair, trainee=OuterRef("trainee"))
    return (
        places.filter(
            ~Exists(newer),
            ~Exists(there),
            trainee__do_not_contact=False,
            trainee__restricted_at=None,
            trainee__erased_at=None,
        )
        .select_related("trainee", "training_session")
        .order_by("trainee__township", "trainee__village", "trainee__name", "pk")
    )


def invitations(actor: Actor) -> QuerySet[Any]:
    """Who is expected at any fair; `came` says whether they did."""
    came = FairAttendance.objects.filter(STANDS, fair=OuterRef("fair"), trainee=OuterRef("trainee"))
    found: QuerySet[Any] = (
        FairInvitation.objects.visible_to(actor)
        .annotate(came=Exists(came))
        .select_related("fair", "trainee", "enrolment__training_session")
        .order_by("-fair__on", "fair", "trainee__township", "trainee__village", "trainee__name", "pk")
    )
    return found


def attendances(actor: Actor) -> QuerySet[Any]:
    """Everybody who came to any fair, voided rows too; `expected` says whether they were on its list."""
    asked = FairInvitation.objects.filter(fair=OuterRef("fair"), trainee=OuterRef("trainee"))
    found: QuerySet[Any] = (
        FairAttendance.objects.visible_to(actor)
        .annotate(expected=Exists(asked))
        .select_related(
            "fair__institution", "trainee", "enrolment__training_session", "station", "paper__file"
        )
        .order_by("-fair__on", "fair", "pk")
    )
    return found


def strangers(fair: JobFair) -> int:
    """Cards that were laid at the door by people who are no trainees of ours: counted, and not looked at."""
    mine = FairAttendance.objects.filter(digest=OuterRef("digest")).exclude(digest="")
    rows = fair.events.filter(kind="sign_in", held_reason="")  # the ledger's
    found: int = rows.filter(~Exists(mine), payload__contains='"sealed":').count()
    return found


def owed(fair: JobFair) -> int:
    """How many of the checks after 90 days nobody has answered yet; who wants no calls keeps no fair open."""
    rows = PlacementCheck.objects.filter(intention__attendance__fair=fair, day=LAST_CHECK, found="")
    return rows.filter(intention__attendance__trainee__do_not_contact=False).count()


def placement_checks(actor: Actor) -> QuerySet[Any]:
    """Who was hired and is to be asked whether they still work there, the longest overdue first."""
    related = ("intention__attendance__trainee", "intention__attendance__fair", "intention__post__employer")
    found: QuerySet[Any] = (
        PlacementCheck.objects.visible_to(actor)
        .select_related(*related, "intention__attendance__enrolment__training_session", "checked_by")
        .order_by(F("checked_at").asc(nulls_first=True), "due_on", "pk")
    )
    return found


def checks_owed(actor: Actor, today: date) -> QuerySet[Any]:
    """Those whose day has come; nobody is asked who wants no calls."""
    return placement_checks(actor).filter(
        found="", due_on__lte=today, intention__attendance__trainee__do_not_contact=False
    )


def still_employed(fair: JobFair) -> dict[int, tuple[int, int]]:
    """Days after the hiring -> (still there, asked)."""
    rows = PlacementCheck.objects.filter(intention__attendance__fair=fair).exclude(found="").order_by()
    counted = rows.values("day").annotate(asked=Count("pk"), there=Count("pk", filter=Q(found=Found.STILL)))
    return {row["day"]: (row["there"], row["asked"]) for row in counted}
