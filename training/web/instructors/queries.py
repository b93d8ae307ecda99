"""师资库 as its pages show it, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.choices import BUREAU_ROLES, Role
from training.accounts.models import Membership
from training.accounts.permissions import may
from training.assessment.choices import Source
from training.assessment.models import Evaluation
from training.assessment.queries import Overall, is_below, overall, rated_below, standing_evaluations
from training.assessment.rules import ANONYMOUS_FROM
from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.enrolment.choices import ON_ROSTER
from training.institutions.choices import InstructorStatus
from training.institutions.models import Institution, Instructor, InstructorProof
from training.institutions.queries import (
    account_of_instructor,
    covers,
    others_with_same_certificate,
    presented_twice,
    rules_today,
    teaching_fault,
    warning_limit,
)
from training.people.queries import called
from training.programmes.queries import the_programme
from training.scheduling.choices import TAKES_ATTENDANCE
from training.scheduling.models import Lesson, TrainingSession
from training.uploads.same_papers import with_uses
from training.web.bureau.history import Deed, deeds
from training.web.instructors.forms import ProofState, Queued


def instructor_of(pk: int, actor: Actor) -> Instructor:
    instructor: Instructor = (
        Instructor.objects.select_related("institution__programme")
        .prefetch_related("proofs__file", "proofs__verified_by")
        .fetch(actor, pk=pk)
    )
    return instructor


def proof_of(pk: int, actor: Actor) -> InstructorProof:
    proof: InstructorProof = InstructorProof.objects.select_related("instructor").fetch(actor, pk=pk)
    return proof


def topics(actor: Actor) -> list[str]:
    """Every topic of the rules in force, each once."""
    rules = rules_today(the_programme(actor), actor)
    return list(dict.fromkeys(topic.name for category in rules.categories for topic in category.topics))


def institutions(actor: Actor) -> QuerySet[Any]:
    return Institution.objects.visible_to(actor).order_by("name")


# The lists


def listed(
    actor: Actor, *, q: str = "", domain: str = "", state: str = "", institution: str = ""
) -> QuerySet[Any]:
    """By name; an empty argument does not filter."""
    own = InstructorProof.objects.filter(instructor=OuterRef("pk"))
    rows: QuerySet[Any] = Instructor.objects.visible_to(actor).annotate(
        twice=Exists(own.filter(presented_twice(), refused_at=None)), taught=Count("lessons")
    )
    if q:
        rows = rows.filter(called(rows, q) | Q(title__icontains=q) | Q(employer__icontains=q))
    if domain:
        rows = rows.filter(pk__in=_who_teach(actor, domain))
    if institution:
        rows = rows.filter(institution=institution)
    if state == ProofState.LOW:
        floor = _floor(actor)
        rows = rows.filter(pk__in=rated_below(floor, actor) if floor else ())
    else:
        rows = _in_state(rows, state, own)
    return rows.select_related("institution").prefetch_related("proofs").order_by("name", "pk")


def _floor(actor: Actor) -> float | None:
    return rules_today(the_programme(actor), actor).institutions.instructor_floor


def _who_teach(actor: Actor, domain: str) -> list[int]:
    """SQLite can't look into a JSON list by value; there are some hundreds of instructors."""
    rows = Instructor.objects.visible_to(actor).values_list("pk", "domains")
    return [pk for pk, domains in rows if domain in domains]


def _in_state(rows: QuerySet[Any], state: str, own: QuerySet[Any]) -> QuerySet[Any]:
    standing = own.filter(covers(clock.today(), field_from=False), refused_at=None)
    beyond = standing.filter(Q(valid_until=None) | Q(valid_until__gt=warning_limit()))
    conditions = {
        ProofState.PENDING: Q(Exists(own.filter(verified_at=None, refused_at=None))),
        ProofState.VERIFIED: Q(Exists(standing.filter(verified_at__isnull=False))),
        ProofState.EXPIRING: Q(Exists(standing)) & ~Q(Exists(beyond)),
        ProofState.NOTHING: ~Q(Exists(standing)),
        ProofState.TWICE: Q(twice=True),
        ProofState.SUSPENDED: Q(status=InstructorStatus.SUSPENDED),
    }
    return rows.filter(conditions[ProofState(state)]) if state else rows


@dataclass(frozen=True)
class Row:
    """`fault`: why they can't teach today, in words; "" if they can."""

    instructor: Any
    fault: str

    @property
    def pending(self) -> int:
        return sum(not proof.verified_at and not proof.refused_at for proof in self.instructor.proofs.all())

    @property
    def verified(self) -> int:
        return sum(bool(proof.verified_at) for proof in self.instructor.proofs.all())


def shown(people: Iterable[Instructor]) -> list[Row]:
    today = clock.today()
    return [Row(person, teaching_fault(person, today)) for person in people]


COLUMNS = (
    gettext_lazy("姓名"),
    gettext_lazy("职称"),
    gettext_lazy("工作单位"),
    gettext_lazy("培训机构"),
    gettext_lazy("来源"),
    gettext_lazy("授课类型"),
    gettext_lazy("能讲的专题"),
    gettext_lazy("已核验证明"),
    gettext_lazy("待核验证明"),
    gettext_lazy("授课课次"),
    gettext_lazy("能否授课"),
)


def lines(people: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The same people for a file, in the order of COLUMNS; no telephone numbers."""
    for row in shown(people):
        person = row.instructor
        yield (
            person.name,
            person.title,
            person.employer,
            person.institution.name,
            person.get_source_display(),
            person.get_teaches_display(),
            _("、").join(person.domains),
            row.verified,
            row.pending,
            person.taught,
            row.fault or _("能"),
        )


def proofs(actor: Actor, *, q: str = "", state: str = "") -> QuerySet[Any]:
    """By default all, those nobody has looked at first and of them the longest waiting."""
    rows: QuerySet[Any] = InstructorProof.objects.visible_to(actor).annotate(twice=presented_twice())
    if q:
        rows = rows.filter(
            Q(number__icontains=q)
            | called(rows, q, name="instructor__name")
            | Q(instructor__institution__name__icontains=q)
        )
    states = {
        Queued.PENDING: Q(verified_at=None, refused_at=None),
        Queued.VERIFIED: Q(verified_at__isnull=False),
        Queued.REFUSED: Q(refused_at__isnull=False),
    }
    if state:
        rows = rows.filter(states[Queued(state)])
    waits = Count("pk", filter=states[Queued.PENDING])
    related = ("instructor__institution", "verified_by", "refused_by", "file")
    found: QuerySet[Any] = rows.annotate(waits=waits).select_related(*related)
    return found.order_by("-waits", "pk")


PROOF_COLUMNS = (
    gettext_lazy("证书"),
    gettext_lazy("编号"),
    gettext_lazy("发证机关"),
    gettext_lazy("有效期止"),
    gettext_lazy("授课人"),
    gettext_lazy("培训机构"),
    gettext_lazy("核验"),
    gettext_lazy("未通过的原因"),
)


def proof_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The same proofs for a file, in the order of PROOF_COLUMNS."""
    for proof in rows:
        yield (
            proof.get_kind_display(),
            proof.number,
            proof.issuer,
            proof.valid_until or _("长期"),
            proof.instructor.name,
            proof.instructor.institution.name,
            proof.state.label,
            proof.refusal,
        )


# One instructor


@dataclass(frozen=True)
class Taught:
    """What they taught in one session, with what was thought of it."""

    session: Any
    lessons: int
    evaluations: list[Evaluation]


@dataclass(frozen=True)
class InstructorPage:
    instructor: Any
    fault: str
    proofs: list[InstructorProof]
    others: list[Any]
    ahead: list[Lesson]
    taught: list[Taught]
    overall: list[Overall]
    floor: float | None
    """Where one of `overall` is below it, the score that the rules want at least."""
    history: list[Deed]
    account: Membership | None


def instructor_page(instructor: Instructor, actor: Actor) -> InstructorPage:
    proofs = with_uses(list(instructor.proofs.select_related("file")), actor)
    evaluations = _shown_to(actor, standing_evaluations(actor).filter(instructor=instructor))
    lessons: QuerySet[Any] = Lesson.objects.visible_to(actor).filter(instructor=instructor)
    approved = lessons.filter(training_session__status__in=TAKES_ATTENDANCE, ends_at__gt=clock.now())
    thought, floor = overall(evaluations), _floor(actor)
    return InstructorPage(
        instructor=instructor,
        fault=teaching_fault(instructor, clock.today()),
        proofs=proofs,
        others=list(others_with_same_certificate(instructor, actor)),
        ahead=list(approved.select_related("training_session")),
        taught=_taught(lessons, evaluations),
        overall=thought,
        floor=floor if is_below(floor, thought) else None,
        history=deeds([instructor, *proofs], actor),
        account=account_of_instructor(instructor) if may(actor, "instructor.invite") else None,
    )


def _shown_to(actor: Actor, evaluations: QuerySet[Any]) -> list[Evaluation]:
    """To the instructor themself what nobody can be recognised in; to everybody else all."""
    if actor.role != Role.INSTRUCTOR:
        return list(evaluations)
    return list(evaluations.filter(source=Source.TRAINEES, answers__gte=ANONYMOUS_FROM))


def _taught(lessons: QuerySet[Any], evaluations: list[Evaluation]) -> list[Taught]:
    over = lessons.filter(ends_at__lte=clock.now())
    counts = dict(over.order_by().values_list("training_session").annotate(Count("pk")))
    sessions = TrainingSession.objects.filter(pk__in=counts)
    return [
        Taught(
            session,
            counts[session.pk],
            [row for row in evaluations if row.training_session_id == session.pk],
        )
        for session in sessions
    ]


# Evaluations of one session


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related("institution").fetch(actor, pk=pk)
    return session


@dataclass(frozen=True)
class Judged:
    """A teacher of the session; `over` once they have held a lesson."""

    instructor: Any
    lessons: list[int]
    over: bool
    trainees: Evaluation | None
    bureau: Evaluation | None


def judged(session: TrainingSession, actor: Actor) -> list[Judged]:
    """Everybody in the timetable, by their first lesson."""
    now = clock.now()
    lessons = list(session.lessons.select_related("instructor"))
    evaluations = list(standing_evaluations(actor).filter(training_session=session))

    def said(person: Instructor, source: Source) -> Evaluation | None:
        return next(
            (row for row in evaluations if row.instructor_id == person.pk and row.source == source), None
        )

    return [
        Judged(
            person,
            [lesson.sequence for lesson in lessons if lesson.instructor_id == person.pk],
            any(lesson.instructor_id == person.pk and lesson.ends_at <= now for lesson in lessons),
            said(person, Source.TRAINEES),
            said(person, Source.BUREAU),
        )
        for person in dict.fromkeys(lesson.instructor for lesson in lessons)
    ]


REMINDED_FOR = timedelta(days=90)
"""Nobody is asked any more what they thought of a class that was closed longer ago."""


def unjudged(actor: Actor, *, q: str = "") -> QuerySet[Any]:
    """Closed sessions with a teacher of whom the actor's side has said nothing yet, the longest waiting first."""
    missing = Exists(_without_score(actor).filter(training_session=OuterRef("pk")))
    rows: QuerySet[Any] = TrainingSession.objects.visible_to(actor).filter(
        missing, closed_at__gte=clock.now() - REMINDED_FOR
    )
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    return rows.select_related("institution").order_by("closed_at", "pk")


def _without_score(actor: Actor) -> QuerySet[Any]:
    """Lessons whose instructor has no standing evaluation of that session by the actor's side."""
    source = Source.BUREAU if actor.role in BUREAU_ROLES else Source.TRAINEES
    said = Evaluation.objects.filter(
        training_session=OuterRef("training_session"),
        instructor=OuterRef("instructor"),
        source=source,
        replaced_at=None,
    )
    return Lesson.objects.filter(~Exists(said), ends_at__lte=clock.now())


@dataclass(frozen=True)
class Unjudged:
    session: Any
    teachers: list[str]


def unjudged_rows(actor: Actor, sessions: Iterable[TrainingSession]) -> list[Unjudged]:
    sessions = list(sessions)
    found = _without_score(actor).filter(training_session__in=sessions)
    names: dict[int, dict[str, None]] = {}
    for session, name in found.values_list("training_session", "instructor__name"):
        names.setdefault(session, {})[name] = None
    return [Unjudged(session, list(names[session.pk])) for session in sessions]


UNJUDGED_COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("期"),
    gettext_lazy("培训机构"),
    gettext_lazy("结课日期"),
    gettext_lazy("还没评的授课人"),
)


def unjudged_lines(rows: Iterable[Unjudged]) -> Iterator[tuple[Any, ...]]:
    """In the order of UNJUDGED_COLUMNS."""
    for row in rows:
        session = row.session
        yield (
            session.code,
            session.title,
            session.institution.name,
            f"{localtime(session.closed_at):%Y-%m-%d}",
            _("、").join(row.teachers),
        )


def teacher_of(session: TrainingSession, pk: int) -> Instructor:
    """Raises NotFoundError for somebody who is not in the timetable."""
    instructor: Instructor | None = Instructor.objects.filter(
        pk=pk, lessons__training_session=session
    ).first()
    if instructor is None:
        raise NotFoundError("institutions.Instructor", pk=pk)
    return instructor


def people(session: TrainingSession) -> int:
    return session.enrolments.filter(ON_ROSTER).count()


def earlier(session: TrainingSession, instructor: Instructor, source: Source) -> dict[str, Any]:
    """What stands, to start a correction from."""
    row = session.evaluations.filter(instructor=instructor, source=source, replaced_at=None).first()
    if row is None:
        return {}
    scores = {code: Decimal(value) for code, value in row.scores.items()}
    return {"answers": row.answers, "remark": row.remark} | scores
