"""The pool as its pages show it, in a number of queries that does not grow with the people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.permissions import may
from training.attendance.choices import EventKind
from training.attendance.models import AttendanceEvent
from training.core import clock
from training.core.actor import Actor
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.followup.models import Contact
from training.people.choices import GroupStatus
from training.people.models import Consent, Look, Trainee, TraineeGroup
from training.people.queries import (
    GroupWord,
    found,
    group_book,
    hidden_codes,
    may_see,
    sensitive_codes,
    verified_on,
    waiting_groups,
)
from training.people.queries import namesakes as all_namesakes
from training.programmes.queries import region_of, the_programme
from training.web.audit.words import ROLES

COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("性别"),
    gettext_lazy("身份证号"),
    gettext_lazy("手机号"),
    gettext_lazy("乡镇"),
    gettext_lazy("村（社区）"),
    gettext_lazy("文化程度"),
    gettext_lazy("工作单位（站点、企业）"),
    gettext_lazy("学员类别（敏感类别不列）"),
    gettext_lazy("参加期数"),
)


def book(actor: Actor) -> dict[str, GroupWord]:
    return group_book(the_programme(actor).pk)


def trainee_of(pk: int, actor: Actor) -> Trainee:
    trainee: Trainee = Trainee.objects.select_related("programme").fetch(actor, pk=pk)
    return trainee


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    enrolment: Enrolment = Enrolment.objects.select_related("trainee", "training_session").fetch(actor, pk=pk)
    return enrolment


def townships(actor: Actor) -> list[str]:
    rows = Trainee.objects.visible_to(actor).exclude(township="").order_by("township")
    return list(rows.values_list("township", flat=True).distinct())


def villages(actor: Actor, township: str) -> list[str]:
    """None until a township is chosen: a county has hundreds."""
    if not township:
        return []
    rows = Trainee.objects.visible_to(actor).filter(township=township).exclude(village="")
    return list(rows.order_by("village").values_list("village", flat=True).distinct())


def group_choices(words: Mapping[str, GroupWord], actor: Actor) -> list[tuple[str, str]]:
    """Sensitive ones only for those who need them: to filter by one is to be told who belongs to it."""
    return [(code, word.name) for code, word in words.items() if may_see(actor, word)]


def pool(
    actor: Actor,
    *,
    q: str = "",
    township: str = "",
    village: str = "",
    group: str = "",
    verification: str = "",
    consent: str = "",
    sessions: str = "",
    session: str = "",
    phone: str = "",
) -> QuerySet[Any]:
    """By name; an empty argument does not filter."""
    rows: QuerySet[Any] = Trainee.objects.visible_to(actor).filter(erased_at__isnull=True)
    if q:
        rows = found(rows, q, phones=may(actor, "trainee.contact"))
    if township:
        rows = rows.filter(township=township)
    if village:
        rows = rows.filter(village=village)
    rows = _in_group(rows, group, verification)
    if consent:
        purpose, _dash, answer = consent.rpartition("-")
        given = Consent.objects.filter(
            trainee=OuterRef("pk"), purpose=purpose, given=answer == "yes", withdrawn_at__isnull=True
        )
        rows = rows.filter(Exists(given))
    if sessions:
        on_roster = Exists(Enrolment.objects.filter(ON_ROSTER, trainee=OuterRef("pk")))
        rows = rows.filter(on_roster if sessions == "yes" else ~on_roster)
    if session:
        places = Enrolment.objects.filter(ON_ROSTER, training_session__code=session)
        rows = rows.filter(Exists(places.filter(trainee=OuterRef("pk"))))
    if phone:
        rows = rows.filter(phone_verified_at__isnull=phone == "unverified")
    return rows.order_by("name", "pk")


def _in_group(rows: QuerySet[Any], code: str, verification: str) -> QuerySet[Any]:
    groups = TraineeGroup.objects.filter(trainee=OuterRef("pk"))
    if code:
        groups = groups.filter(code=code).exclude(status__in=(GroupStatus.REFUSED, GroupStatus.WITHDRAWN))
    if verification == "none":
        return rows.filter(~Exists(groups))
    if verification:
        groups = groups.filter(WHERE[verification]())
    return rows.filter(Exists(groups)) if code or verification else rows


WHERE: dict[str, Any] = {
    "claimed": lambda: Q(status=GroupStatus.CLAIMED),
    "verified": lambda: verified_on(clock.today()),
    "expired": lambda: Q(status=GroupStatus.VERIFIED, valid_until__lt=clock.today()),
}


def with_groups(rows: QuerySet[Any], words: Mapping[str, GroupWord]) -> QuerySet[Any]:
    """Each with `shown_groups`, none of them sensitive, and `places`, the rosters they are on."""
    groups = TraineeGroup.objects.exclude(code__in=sensitive_codes(words)).exclude(
        status__in=(GroupStatus.REFUSED, GroupStatus.WITHDRAWN)
    )
    return rows.prefetch_related(
        Prefetch("groups", groups.order_by("code", "-pk"), "shown_groups"),
        Prefetch("enrolments", Enrolment.objects.filter(ON_ROSTER).only("trainee_id"), "places"),
    )


@dataclass(frozen=True)
class GroupLine:
    """One group of one person, in words."""

    group: TraineeGroup
    name: str
    sensitive: bool

    @property
    def state(self) -> str:
        """For the mark's colour."""
        return "overdue" if self.group.has_expired(clock.today()) else self.group.status

    @property
    def label(self) -> Any:
        return _("已过有效期") if self.state == "overdue" else self.group.get_status_display()


def lines_of(groups: Iterable[TraineeGroup], words: Mapping[str, GroupWord]) -> list[GroupLine]:
    unknown = {group.code: GroupWord(group.code, group.code, sensitive=True) for group in groups}
    known = unknown | dict(words)
    return [GroupLine(group, known[group.code].name, known[group.code].sensitive) for group in groups]


@dataclass(frozen=True)
class Row:
    trainee: Any
    groups: list[GroupLine]


def rows_of(trainees: Iterable[Any], words: Mapping[str, GroupWord]) -> list[Row]:
    return [Row(trainee, lines_of(trainee.shown_groups, words)) for trainee in trainees]


def file_lines(rows: QuerySet[Any], words: Mapping[str, GroupWord]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS, masked; thousands at a time."""
    for trainee in with_groups(rows, words).iterator(chunk_size=1000):
        yield (
            trainee.name,
            trainee.get_sex_display(),
            trainee.masked_id_number,
            trainee.masked_phone,
            trainee.township,
            trainee.village,
            trainee.get_education_display(),
            trainee.employer,
            _("、").join(line.name for line in lines_of(trainee.shown_groups, words)),
            len(trainee.places),
        )


# One person


@dataclass(frozen=True)
class Place:
    """One session that this person is or was on the roster of."""

    enrolment: Any
    group: str
    outcomes: list[Any]
    contacts: list[Any]
    owed: int

    @property
    def completion(self) -> Any:
        return getattr(self.enrolment, "completion", None)


@dataclass(frozen=True)
class TraineePage:
    trainee: Trainee
    groups: list[GroupLine]
    places: list[Place]
    answers: dict[str, Consent]
    requests: list[Any]
    sensitive: list[GroupLine] | None
    poor_village: bool

    @property
    def completed(self) -> int:
        return sum(place.enrolment.status == "completed" for place in self.places)


def trainee_page(trainee: Trainee, actor: Actor, *, sensitive: bool = False) -> TraineePage:
    """Everything of one person; sensitive groups only where the caller was asked for them and noted the look."""
    words = group_book(trainee.programme_id)
    groups = trainee.groups.select_related("claimed_by", "decided_by", "file")
    hidden = hidden_codes(actor, words) if sensitive else sensitive_codes(words)
    lines = [line for line in lines_of(groups, words) if line.group.code not in hidden]
    return TraineePage(
        trainee=trainee,
        groups=[line for line in lines if not line.sensitive],
        places=places_of(trainee, {code: word for code, word in words.items() if code not in hidden}),
        answers={consent.purpose: consent for consent in trainee.consents.filter(withdrawn_at__isnull=True)},
        requests=list(trainee.rights_requests.order_by("-pk")),
        sensitive=[line for line in lines if line.sensitive] if sensitive else None,
        poor_village=_in_poor_village(trainee),
    )


def _in_poor_village(trainee: Trainee) -> bool:
    """Whether the village is a listed poverty village today: of the place, not of the person."""
    village = region_of(trainee.programme, trainee.township, trainee.village) if trainee.village else None
    return village is not None and village.was_poor_on(clock.today())


def places_of(trainee: Trainee, words: Mapping[str, GroupWord]) -> list[Place]:
    """The newest first, `words` the groups to be shown. A roster is reached through the person who is on it."""
    rows = (
        trainee.enrolments.select_related("training_session__institution", "completion")
        .prefetch_related(
            "outcomes",
            "follow_ups",
            "training_session__lessons",
            Prefetch("follow_ups__contacts", Contact.objects.order_by("-made_at")),
        )
        .order_by("-training_session__pk", "-pk")
    )
    return [_place(row, words) for row in rows]


def _place(row: Any, words: Mapping[str, GroupWord]) -> Place:
    word = words.get(row.group)
    owed = [follow_up for follow_up in row.follow_ups.all() if follow_up.next_on is not None]
    contacts = [contact for follow_up in row.follow_ups.all() for contact in follow_up.contacts.all()]
    return Place(
        enrolment=row,
        group=word.name if word else "",
        outcomes=list(row.outcomes.all()),
        contacts=contacts,
        owed=len(owed),
    )


@dataclass(frozen=True)
class LookLine:
    look: Look
    role: Any


def looks(trainee: Trainee, actor: Actor) -> QuerySet[Look]:
    rows: QuerySet[Look] = Look.objects.visible_to(actor).filter(trainee=trainee).select_related("user")
    return rows


def look_lines(rows: Iterable[Look]) -> list[LookLine]:
    return [LookLine(look, ROLES.get(look.role, look.role)) for look in rows]


LOOK_COLUMNS = (
    gettext_lazy("时间"),
    gettext_lazy("查看人"),
    gettext_lazy("身份"),
    gettext_lazy("看了什么"),
    gettext_lazy("事由"),
)


def look_file(rows: Iterable[Look]) -> Iterator[tuple[Any, ...]]:
    for line in look_lines(rows):
        look = line.look
        at = f"{localtime(look.at):%Y-%m-%d %H:%M}"
        yield at, look.actor_name, line.role, look.get_kind_display(), look.reason


def forgotten(trainee: Trainee) -> QuerySet[Any]:
    """The stations' signed word that this person's portrait is gone from them."""
    events = AttendanceEvent.objects.filter(enrolment__trainee=trainee, kind=EventKind.FORGET)
    rows: QuerySet[Any] = events.select_related("station").order_by("-captured_at")
    return rows


# Work lists


def waiting(actor: Actor, *, q: str = "", township: str = "", group: str = "") -> QuerySet[Any]:
    rows = waiting_groups(actor)
    if q:
        rows = rows.filter(trainee__in=found(Trainee.objects.visible_to(actor), q).values("pk"))
    if township:
        rows = rows.filter(trainee__township=township)
    if group:
        rows = rows.filter(code=group)
    return rows


GROUP_COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("身份证号"),
    gettext_lazy("乡镇"),
    gettext_lazy("村（社区）"),
    gettext_lazy("学员类别"),
    gettext_lazy("依据"),
    gettext_lazy("来源"),
    gettext_lazy("填报时间"),
    gettext_lazy("填报人"),
)


def group_lines(lines: Iterable[GroupLine]) -> Iterator[tuple[Any, ...]]:
    """In the order of GROUP_COLUMNS, numbers masked."""
    for line in lines:
        group, trainee = line.group, line.group.trainee
        yield (
            trainee.name,
            trainee.masked_id_number,
            trainee.township,
            trainee.village,
            line.name,
            group.get_evidence_display(),
            group.source,
            f"{localtime(group.claimed_at):%Y-%m-%d %H:%M}",
            group.claimed_by or "",
        )


NAMESAKE_COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("乡镇"),
    gettext_lazy("村（社区）"),
    gettext_lazy("身份证号"),
    gettext_lazy("手机号"),
    gettext_lazy("参加期数"),
    gettext_lazy("登记时间"),
)


def namesake_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of NAMESAKE_COLUMNS, masked."""
    for row in rows.iterator(chunk_size=1000):
        at = f"{localtime(row.known_at):%Y-%m-%d}"
        yield row.name, row.township, row.village, row.masked_id_number, row.masked_phone, row.places, at


def namesakes(actor: Actor) -> QuerySet[Any]:
    """Each with its number of places on rosters, counted for the rows of the page only."""
    own = Enrolment.objects.filter(trainee=OuterRef("pk")).order_by().values("trainee")
    places = Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0)
    rows: QuerySet[Any] = all_namesakes(actor).annotate(places=places)
    return rows
