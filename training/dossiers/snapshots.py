"""How archives stood when they were last checked: `ItemState` rows, for lists that are longer than a page.

Whatever is recorded about something an archive is made of marks its rows (`receivers`); whoever lists them lets
the marked ones be checked first, and time itself is caught up with by the minute's work. So the rows never say
anything else than a check would, which a test holds them to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.timezone import make_aware

from training.attendance.models import AttendanceEvent
from training.core import clock
from training.core.actor import Actor
from training.dossiers.choices import DossierStatus, Owes
from training.dossiers.missing import Finding, ItemResult
from training.dossiers.models import ItemState
from training.dossiers.queries import CLOSED, check_sessions
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession

BATCH: Final = 200
"""Sessions checked at a time: memory and locks are those of so many."""
OPEN: Final = Q(status__in=[SessionStatus.APPROVED, SessionStatus.RUNNING, SessionStatus.CLOSED]) & ~Q(
    dossier__status__in=[DossierStatus.SEALING, DossierStatus.SEALED]
)
"""Sessions whose archive can still change."""
LAST_EVENTS: Final = 1000
FIELDS: Final = (
    "complete",
    "findings",
    "owed_by",
    "since",
    "due_on",
    "rule_version",
)

AFFECTED_BY: Final[Mapping[str, str]] = {
    "scheduling.TrainingSession": "pk",
    "scheduling.Lesson": "lessons",
    "scheduling.ChangeRequest": "change_requests",
    "institutions.Institution": "institution",
    "institutions.Licence": "institution__licences",
    "institutions.Agreement": "agreement",
    "institutions.Instructor": "lessons__instructor",
    "institutions.InstructorProof": "lessons__instructor__proofs",
    "courses.Courseware": "courseware",
    "enrolment.Enrolment": "enrolments",
    "enrolment.RosterImport": "roster_imports",
    "enrolment.RosterChange": "roster_changes",
    "people.Trainee": "enrolments__trainee",
    "people.RightsRequest": "enrolments__trainee__rights_requests",
    "attendance.Correction": "corrections",
    "attendance.Completion": "enrolments__completion",
    "attendance.Exclusion": "enrolments__exclusions",
    "attendance.LostRange": "events__station__lost_ranges",
    "dossiers.Evidence": "evidence",
    "dossiers.Dossier": "dossier",
    "dossiers.RegisterAttestation": "register_attestations",
    "dossiers.SettledDoubt": "settled_doubts",
    "uploads.Reuse": "evidence__copies_of",
}
"""What a recorded act is about, and how a session leads to it. A test holds it against the models."""


@transaction.atomic(savepoint=False)
def mark(subject_type: str, subject_id: str) -> None:
    """Something was done about this row: what hangs on it is to be checked again. Two queries at most.

    Waits for a check that is under way before it looks which are marked already: those being checked are marked
    until it is through, and it has not seen what was done here.
    """
    if path := AFFECTED_BY.get(subject_type):
        sessions = TrainingSession.objects.filter(**{path: subject_id}).order_by().values("pk")
        rows = ItemState.objects.select_for_update().filter(training_session__in=sessions).order_by("pk")
        fresh = [pk for pk, stale in rows.values_list("pk", "stale") if not stale]
        if fresh:
            ItemState.objects.filter(pk__in=fresh).update(stale=True)


def mark_news() -> None:
    """The same for what stations have sent lately: no act is recorded then."""
    news: dict[int, datetime] = {}
    latest = AttendanceEvent.objects.order_by("-pk").values_list("training_session", "received_at")
    for session, received_at in latest[:LAST_EVENTS]:
        if session is not None:
            news[session] = max(received_at, news.get(session, received_at))
    checked = ItemState.objects.filter(training_session__in=news, stale=False)
    seen = checked.order_by().values_list("training_session").annotate(Max("checked_at"))
    late = [session for session, checked_at in seen if checked_at <= news[session]]
    if late:
        ItemState.objects.filter(training_session__in=late).update(stale=True)


def catch_up(actor: Actor, *, limit: int = BATCH) -> int:
    """Check what was marked, and what was never checked, of the open archives this actor sees; how many.

    Two queries where there is nothing to do. The pages that list the rows call it first.
    """
    states = ItemState.objects.filter(training_session=OuterRef("pk"))
    waits = TrainingSession.objects.visible_to(actor).filter(OPEN)
    waits = waits.filter(Exists(states.filter(stale=True)) | ~Exists(states)).order_by("pk")
    return check_again(list(waits.values_list("pk", flat=True)[:limit]))


def catch_up_with_today(*, limit: int = BATCH) -> int:
    """Check open archives that nobody has checked today: a day's passing makes things due. How many.

    What a sealed one lacks is kept no longer: it may name people, and nobody can do anything about it.
    """
    ItemState.objects.filter(complete=False, training_session__dossier__status=DossierStatus.SEALED).delete()
    midnight = make_aware(datetime.combine(clock.today(), time.min))
    checked = ItemState.objects.filter(training_session=OuterRef("pk"), checked_at__gte=midnight)
    rows = TrainingSession.objects.filter(OPEN).exclude(Exists(checked)).order_by("pk")
    return check_again(list(rows.values_list("pk", flat=True)[:limit]))


def batches(
    *, frozen: bool = False, unchecked_since: datetime | None = None, size: int = BATCH, after: int = 0
) -> Iterator[list[int]]:
    """Every archive's session `after` that id, so many at a time, in constant memory; `frozen`: also the sealed.

    `unchecked_since` leaves out what has been checked since then: where an earlier run broke off.
    """
    statuses = CLOSED | {SessionStatus.APPROVED, SessionStatus.RUNNING}
    rows = TrainingSession.objects.filter(Q(status__in=statuses) if frozen else OPEN).order_by("pk")
    if unchecked_since:
        checked = ItemState.objects.filter(
            training_session=OuterRef("pk"), stale=False, checked_at__gte=unchecked_since
        )
        rows = rows.exclude(Exists(checked))
    last = after
    while batch := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:size]):
        yield batch
        last = batch[-1]


def incomplete(sessions: Sequence[int]) -> list[tuple[str, bool]]:
    """Of the archives that were just checked those that lack something: (code, whether it is sealed)."""
    lacking = ItemState.objects.filter(training_session=OuterRef("pk"), complete=False)
    rows = TrainingSession.objects.filter(Exists(lacking), pk__in=sessions).order_by("pk")
    found = rows.values_list("code", "dossier__status")
    return [(code, status == DossierStatus.SEALED) for code, status in found]


@transaction.atomic
def check_again(sessions: Sequence[int]) -> int:
    """Check these archives and keep how they stand; how many. The number of queries is that of a batch.

    Locks their rows first, so that whoever marks one of them meanwhile marks it for the next time.
    """
    if not sessions:
        return 0
    locked = ItemState.objects.select_for_update().filter(training_session__in=sessions).order_by("pk")
    before = {(row.training_session_id, row.item): row for row in locked}
    today, at = clock.today(), clock.now()
    checked = check_sessions(TrainingSession.objects.filter(pk__in=sessions).order_by("pk"))
    now = [state for session, items in checked for state in states(session, items, today, before)]
    _keep(now, before, at)
    ItemState.objects.filter(training_session__in=sessions).update(checked_at=at, stale=False)
    return len(checked)


def _keep(now: Iterable[ItemState], before: dict[tuple[int, str], ItemState], at: datetime) -> None:
    """Write what differs; most of the time nothing does."""
    fresh, changed = [], []
    for state in now:
        was = before.pop((state.training_session_id, state.item), None)
        state.checked_at = at
        if was is None:
            fresh.append(state)
        elif any(getattr(was, name) != getattr(state, name) for name in FIELDS):
            state.pk = was.pk
            changed.append(state)
    ItemState.objects.bulk_create(fresh)
    ItemState.objects.bulk_update(changed, FIELDS)
    if before:
        ItemState.objects.filter(pk__in=[row.pk for row in before.values()]).delete()


def states(
    session: Any,
    items: Iterable[ItemResult],
    today: date,
    before: Mapping[tuple[int, str], ItemState],
) -> Iterator[ItemState]:
    """How a session's items stand, not saved; what was missing before is missing since then."""
    closed = session.status in CLOSED
    due_on = deadline(session)
    for item in items:
        owed = [finding for finding in item.findings if finding.is_due(today, closed=closed)]
        was = before.get((session.pk, item.code))
        yield ItemState(
            training_session=session,
            item=item.code,
            complete=item.complete,
            findings=[as_data(finding) for finding in item.findings],
            owed_by=" ".join(_owing(owed)),
            since=_since(owed, was, today),
            due_on=due_on,
            rule_version=item.version,
        )


def deadline(session: Any) -> date | None:
    """By when the archive is complete: so many days after the last class; the session is read with its lessons."""
    last = max((lesson.on for lesson in session.lessons.all()), default=None)
    return last + timedelta(days=session.rule_set.rules.archive.due_days) if last else None


def _owing(owed: Iterable[Finding]) -> list[str]:
    """What an item that the system fills lacks, the institution has to see to."""
    parties = {party for finding in owed for party in owes(finding)}
    return [party for party in Owes.values if party in parties]


def owes(finding: Finding) -> Collection[str]:
    """`Owes` codes."""
    return {*finding.supplied_by} & {*Owes.values} or {Owes.INSTITUTION.value}


def _since(owed: Sequence[Finding], was: ItemState | None, today: date) -> date | None:
    if not owed:
        return None
    noticed = was.since if was and was.since else today
    known = [finding.since for finding in owed if finding.since is not None]
    return min([noticed, *known])


def as_data(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "params": dict(finding.params),
        "since": finding.since.isoformat() if finding.since else None,
        "supplied_by": list(finding.supplied_by),
    }


def kept_items(session: Any) -> tuple[ItemResult, ...]:
    """A session's items as they stood, to be read in any language; it is read with `rule_set` and `item_states`."""
    demanded = {item.code: item for item in session.rule_set.rules.items_for(session.class_type)}
    kept = {state.item: state for state in session.item_states.all()}
    return tuple(
        ItemResult(
            code,
            item.title,
            item.clause,
            item.supplied_by,
            tuple(from_data(row, kept[code], item.clause) for row in kept[code].findings),
            kept[code].rule_version,
            kept[code].checked_at,
        )
        for code, item in demanded.items()
        if code in kept
    )


def with_kept_items(sessions: QuerySet[Any]) -> QuerySet[Any]:
    """Fetch with the sessions what `kept_items` reads, the dossier, and the institution with its standing."""
    return sessions.select_related("institution", "dossier").prefetch_related(
        "institution__licences", "rule_set", "item_states"
    )


def kept(sessions: QuerySet[Any], actor: Actor) -> list[tuple[TrainingSession, tuple[ItemResult, ...]]]:
    """One page of sessions, with institution and dossier, and their items as last checked; acts check again."""
    catch_up(actor)
    return [(session, kept_items(session)) for session in with_kept_items(sessions)]


def from_data(row: Mapping[str, Any], state: ItemState, clause: str) -> Finding:
    since = date.fromisoformat(row["since"]) if row["since"] else None
    suppliers = tuple(row["supplied_by"])
    return Finding(state.item, row["code"], clause, suppliers, row["params"], since, state.rule_version)


def owed_items(actor: Actor) -> QuerySet[Any]:
    """What is missing in open archives this actor sees and somebody can do something about; nearest due first."""
    owed: QuerySet[Any] = (
        ItemState.objects.visible_to(actor)
        .filter(
            training_session__in=TrainingSession.objects.filter(OPEN).values("pk"),
            complete=False,
        )
        .exclude(owed_by="")
    )
    return owed.order_by(F("due_on").asc(nulls_last=True), "training_session", "item")


def unreached_townships(session: TrainingSession) -> list[str]:
    """Those with people on the roster whose telephone nobody verified."""
    people = Enrolment.objects.filter(
        ON_ROSTER, training_session=session, trainee__phone_verified_at=None
    ).exclude(trainee__township="")
    return sorted(people.order_by().values_list("trainee__township", flat=True).distinct())
