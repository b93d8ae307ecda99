"""Fairs as their pages show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.choices import INSTITUTION_ROLES
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.choices import POOR, poor
from training.fairs import queries as room
from training.fairs.choices import IntentionStatus
from training.fairs.clashes import lessons_beside
from training.fairs.models import (
    STANDS,
    FairAttendance,
    FairEmployer,
    FairInvitation,
    FairPost,
    Intention,
    JobFair,
    PlacementCheck,
)
from training.people.queries import whose
from training.programmes.queries import newest, the_programme
from training.stations.choices import StationStatus
from training.stations.models import Station

FAIR_COLUMNS = (
    gettext_lazy("编号"),
    gettext_lazy("名称"),
    gettext_lazy("日期"),
    gettext_lazy("地点"),
    gettext_lazy("主办"),
    gettext_lazy("状态"),
    gettext_lazy("用人单位"),
    gettext_lazy("参加对接的学员（人次）"),
    gettext_lazy("录用"),
    gettext_lazy("其中建档立卡（已核实）"),
    gettext_lazy("未参训来客"),
)
PERSON_COLUMNS = (gettext_lazy("姓名"), gettext_lazy("乡镇"), gettext_lazy("村（社区）"))
EXPECTED_COLUMNS = (
    gettext_lazy("对接会"),
    *PERSON_COLUMNS,
    gettext_lazy("结业的期"),
    gettext_lazy("邀请人"),
    gettext_lazy("是否到场"),
)
ATTENDANCE_COLUMNS = (
    gettext_lazy("对接会"),
    gettext_lazy("日期"),
    *PERSON_COLUMNS,
    gettext_lazy("结业的期"),
    gettext_lazy("依据"),
    gettext_lazy("签到时间"),
    gettext_lazy("在邀请名单上"),
    gettext_lazy("意向和结果"),
    gettext_lazy("作废的原因"),
)
PLACEMENT_COLUMNS = (
    gettext_lazy("应复核日期"),
    gettext_lazy("上岗后天数"),
    *PERSON_COLUMNS,
    gettext_lazy("单位"),
    gettext_lazy("岗位"),
    gettext_lazy("对接会"),
    gettext_lazy("结果"),
)


# One of each, for the gate


def fair_of(pk: int, actor: Actor) -> JobFair:
    """For reading: a township's officer knows of every fair that was reported."""
    fair: JobFair | None = room.fairs(actor).filter(pk=pk).first()
    if fair is None:
        raise NotFoundError(JobFair._meta.label)
    return fair


def employer_of(pk: int, actor: Actor) -> FairEmployer:
    employer: FairEmployer = FairEmployer.objects.select_related("fair").fetch(actor, pk=pk)
    return employer


def post_of(pk: int, actor: Actor) -> FairPost:
    post: FairPost = FairPost.objects.select_related("employer__fair").fetch(actor, pk=pk)
    return post


def invitation_of(pk: int, actor: Actor) -> FairInvitation:
    invitation: FairInvitation = FairInvitation.objects.select_related("fair").fetch(actor, pk=pk)
    return invitation


def attendance_of(pk: int, actor: Actor) -> FairAttendance:
    attendance: FairAttendance = FairAttendance.objects.select_related("fair", "trainee").fetch(actor, pk=pk)
    return attendance


def intention_of(pk: int, actor: Actor) -> Intention:
    related = ("attendance__fair", "attendance__trainee", "post__employer")
    intention: Intention = Intention.objects.select_related(*related).fetch(actor, pk=pk)
    return intention


def check_of(pk: int, actor: Actor) -> PlacementCheck:
    rows: Any = room.placement_checks(actor)
    check: PlacementCheck = rows.fetch(actor, pk=pk)
    return check


# Fairs


def fairs(actor: Actor, *, q: str = "", status: str = "", by: str = "") -> QuerySet[Any]:
    rows = room.fairs(actor)
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(place__icontains=q) | Q(code__icontains=q))
    if status:
        rows = rows.filter(status=status)
    if by:
        rows = rows.filter(institution__isnull=by == "bureau")
    return rows


def fair_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of FAIR_COLUMNS."""
    for fair in rows:
        yield (
            fair.code,
            fair.title,
            fair.on.isoformat(),
            fair.place,
            organiser(fair),
            fair.get_status_display(),
            fair.employed,
            fair.came,
            fair.hired,
            fair.hired_poor,
            "" if fair.visitors is None else fair.visitors,
        )


def organiser(fair: JobFair) -> str:
    return fair.institution.name if fair.institution else _("商务局")


@dataclass(frozen=True)
class Owed:
    """Targets of the programme about fairs; None: it sets none, or they are not this reader's."""

    fairs: Any
    people: Any


def targets(actor: Actor) -> Owed:
    if actor.role in INSTITUTION_ROLES:  # the county's targets are not held against one organiser's fairs
        return Owed(None, None)
    rules = newest(the_programme(actor), actor).rules
    by_count = {target.counted_by: target for target in rules.targets}
    return Owed(by_count.get("job_fairs"), by_count.get("fair_trainees"))


def reached(actor: Actor) -> room.Reach:
    return room.reached(the_programme(actor), actor)


@dataclass(frozen=True)
class FairPage:
    """`came` are attendances (one a trainee), of which `by_paper` stand on a paper list alone.

    `poor` is what the programme calls its registered poor, None where it knows none; of the `intentions` of
    each state the second number is theirs.
    """

    fair: Any
    employers: list[Any]
    invited: int
    came: int
    came_poor: int
    by_paper: int
    unlisted: int
    voided: int
    strangers: int
    posts: int
    poor: str | None
    intentions: dict[str, tuple[int, int]]
    checks: dict[int, tuple[int, int]]
    owed: int
    papers: list[Any]
    steps: list[Any]
    stations: list[Any]
    beside: list[str]

    @property
    def organiser(self) -> str:
        return organiser(self.fair)

    @property
    def results(self) -> list[tuple[Any, int, int]]:
        """State, intentions, those of the poor."""
        return [(status.label, *self.intentions.get(status, (0, 0))) for status in IntentionStatus]

    @property
    def still(self) -> list[tuple[int, int, int]]:
        """Days, still there, asked."""
        return [(day, *self.checks[day]) for day in sorted(self.checks)]


def fair_page(fair: JobFair, actor: Actor) -> FairPage:
    posts = FairPost.objects.annotate(wanted=Count("intentions"))
    employers = list(fair.employers.prefetch_related(Prefetch("posts", posts)))
    listed = FairInvitation.objects.filter(fair=fair, trainee=OuterRef("trainee"))
    counted = fair.attendances.aggregate(
        came=Count("pk", filter=STANDS),
        came_poor=Count("pk", filter=STANDS & poor("enrolment")),
        by_paper=Count("pk", filter=STANDS & Q(digest="")),
        unlisted=Count("pk", filter=Q(STANDS, ~Exists(listed))),
        voided=Count("pk", filter=~STANDS),
    )
    return FairPage(
        fair=fair,
        employers=employers,
        invited=fair.invitations.count(),
        **counted,
        strangers=room.strangers(fair),
        posts=sum(len(employer.posts.all()) for employer in employers),
        poor=next((it.name for it in newest(fair.programme, actor).rules.groups if it.code == POOR), None),
        intentions=_intentions(fair),
        checks=room.still_employed(fair),
        owed=room.owed(fair),
        papers=list(fair.papers.select_related("file")),
        steps=list(fair.steps.order_by("-pk")),
        stations=list(fair.stations.select_related("institution")),
        beside=lessons_beside(fair, actor),
    )


def _intentions(fair: JobFair) -> dict[str, tuple[int, int]]:
    rows = Intention.objects.filter(attendance__fair=fair).order_by().values_list("status")
    theirs = Count("pk", filter=poor("attendance__enrolment"))
    return {status: (all_, of_poor) for status, all_, of_poor in rows.annotate(Count("pk"), poor=theirs)}


def stations(actor: Actor) -> list[Any]:
    rows = Station.objects.visible_to(actor).filter(status=StationStatus.ACTIVE)
    return list(rows.select_related("institution").order_by("institution__name", "name"))


def posts(fair: JobFair) -> list[Any]:
    """The registered poor's first."""
    rows = FairPost.objects.filter(employer__fair=fair).select_related("employer")
    return list(rows.order_by("-poor_first", "employer", "pk"))


# People


def fair_choices(actor: Actor) -> list[Any]:
    return list(JobFair.objects.visible_to(actor).only("pk", "code", "title"))


def _townships(rows: QuerySet[Any], path: str) -> list[str]:
    names = rows.exclude(**{path: ""}).order_by(path).values_list(path, flat=True)
    return list(names.distinct())


def townships_met(actor: Actor) -> list[str]:
    return _townships(FairAttendance.objects.visible_to(actor), "trainee__township")


def townships_expected(actor: Actor) -> list[str]:
    return _townships(FairInvitation.objects.visible_to(actor), "trainee__township")


def expected(
    actor: Actor, *, q: str = "", fair: str = "", township: str = "", came: str = ""
) -> QuerySet[Any]:
    rows = _of(room.invitations(actor), "", q=q, fair=fair, township=township)
    return rows.filter(came=came == "yes") if came else rows


def _of(rows: QuerySet[Any], path: str, *, q: str, fair: str, township: str) -> QuerySet[Any]:
    """Narrowed by what the lists of people have in common; `path` leads to the trainee and the fair."""
    if q:
        rows = rows.filter(**{f"{path}trainee__in": whose(q)})
    if fair:
        rows = rows.filter(**{f"{path}fair": fair})
    if township:
        rows = rows.filter(**{f"{path}trainee__township": township})
    return rows


def expected_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of EXPECTED_COLUMNS."""
    for row in rows:
        yield (
            row.fair,
            *_person(row.trainee),
            row.enrolment.training_session.code,
            row.invited_by,
            _("是") if row.came else _("否"),
        )


def _person(trainee: Any) -> tuple[str, str, str]:
    return trainee.name, trainee.township, trainee.village


def attendances(
    actor: Actor,
    *,
    q: str = "",
    fair: str = "",
    township: str = "",
    source: str = "",
    listed: str = "",
    voided: str = "",
    counted: str = "",
) -> QuerySet[Any]:
    """`counted`: only what counts, as attendances, or with one row a person; `voided`: what somebody voided."""
    rows = _of(room.attendances(actor), "", q=q, fair=fair, township=township)
    rows = rows.exclude(STANDS) if voided else rows.filter(STANDS)
    if source:
        rows = rows.filter(digest="") if source == "paper" else rows.exclude(digest="")
    if listed:
        rows = rows.filter(expected=listed == "yes")
    if counted:
        rows = rows.filter(pk__in=_counted(actor, once=counted == "people").values("pk"))
    wanted = Intention.objects.select_related("post__employer")
    return rows.prefetch_related(Prefetch("intentions", wanted))


def _counted(actor: Actor, *, once: bool) -> QuerySet[Any]:
    counting = room.fair_attendances(the_programme(actor), actor).order_by()
    if not once:
        return counting
    earlier = counting.filter(trainee=OuterRef("trainee"), pk__lt=OuterRef("pk"))
    return counting.filter(~Exists(earlier))


def attendance_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of ATTENDANCE_COLUMNS."""
    for row in rows:
        yield (
            row.fair,
            row.fair.on.isoformat(),
            *_person(row.trainee),
            row.enrolment.training_session.code,
            row.source.label,
            f"{localtime(row.signed_in_at):%H:%M}" if row.signed_in_at else "",
            _("是") if row.expected else _("否"),
            _("；").join(_wanted(intention) for intention in row.intentions.all()),
            row.void_reason,
        )


def _wanted(intention: Any) -> str:
    return _("%(employer)s %(post)s：%(result)s") % {
        "employer": intention.post.employer.name,
        "post": intention.post.title,
        "result": intention.get_status_display(),
    }


def placements(
    actor: Actor, *, today: date, q: str = "", fair: str = "", township: str = "", due: str = ""
) -> QuerySet[Any]:
    """`due` is one of the filter's words; what is due comes first."""
    rows = room.placement_checks(actor)
    when = {
        "": Q(found="", due_on__lte=today),
        "coming": Q(found="", due_on__gt=today),
        "done": ~Q(found=""),
        "all": Q(),
    }
    return _of(rows.filter(when[due]), "intention__attendance__", q=q, fair=fair, township=township)


def placement_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of PLACEMENT_COLUMNS."""
    for row in rows:
        intention = row.intention
        yield (
            row.due_on.isoformat(),
            row.day,
            *_person(intention.attendance.trainee),
            intention.post.employer.name,
            intention.post.title,
            intention.attendance.fair,
            row.get_found_display(),
        )


def candidates(
    fair: JobFair, actor: Actor, *, q: str = "", township: str = "", group: str = "", category: str = ""
) -> QuerySet[Any]:
    rows = room.candidates(fair, actor)
    if q:
        rows = rows.filter(trainee__in=whose(q))
    if township:
        rows = rows.filter(trainee__township=township)
    if group:
        rows = rows.filter(group=group)
    if category:
        rows = rows.filter(training_session__category=category)
    return rows


def candidate_choices(fair: JobFair, actor: Actor) -> dict[str, Any]:
    """What the candidates can be narrowed to."""
    rules = newest(fair.programme, actor).rules
    return {
        "townships": _townships(room.candidates(fair, actor), "trainee__township"),
        "groups": list(group_names(fair, actor).items()),
        "categories": [(category.code, category.name) for category in rules.categories],
    }


def group_names(fair: JobFair, actor: Actor) -> dict[str, str]:
    """Without the sensitive ones: a fair is not what they are known for."""
    return {
        group.code: group.name for group in newest(fair.programme, actor).rules.groups if not group.sensitive
    }
