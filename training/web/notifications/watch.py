"""What nobody does and somebody should hear of: papers that run out, stations, archives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Exists, Min, OuterRef
from django.utils.timezone import localdate, localtime

from training.accounts.choices import AT_INSTITUTION, BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.core import clock
from training.core.actor import SYSTEM
from training.dossiers.choices import DossierStatus, Owes
from training.dossiers.models import ItemState
from training.dossiers.snapshots import owed_items, unreached_townships
from training.institutions.choices import AgreementStatus, InstitutionStatus
from training.institutions.models import Agreement, Institution, InstructorProof
from training.institutions.queries import active_institutions, rules_today
from training.notifications.choices import Kind
from training.notifications.services import notify_once
from training.programmes.models import Programme
from training.scheduling.models import TrainingSession
from training.scheduling.turns import working_days_between
from training.stations.choices import StationStatus
from training.uploads.choices import ReuseStatus
from training.uploads.models import Reuse
from training.web.desk.waiting import lying
from training.web.stations.queries import fleet

RUNS_OUT_SOON: Final = timedelta(days=30)
REMINDED: Final[Mapping[Owes, frozenset[Role]]] = {
    Owes.INSTITUTION: INSTITUTION_ROLES,
    Owes.BUREAU: BUREAU_ROLES,
    Owes.FOLLOW_UP: frozenset({Role.FOLLOW_UP}),
}
PAPER_STEPS: Final = (30, 7)
"""Days before the end at which a licence or an agreement is spoken of."""
REVIEW_STEPS: Final = (3, 1)
"""Working days before the bureau's term for a dossier ends at which it is reminded."""
BEFORE_CLASS: Final = timedelta(hours=24)
FAR_AHEAD: Final = timedelta(days=120)
"""No programme's reminders begin earlier than that."""
JUST_PASSED: Final = timedelta(days=7)
"""So long a deadline that has passed is still noticed, should nothing have run on the day."""


def warn_of_ending_papers() -> int:
    """Both sides, a month and a week before a required licence or an agreement ends and nothing follows it."""
    today, told = clock.today(), 0
    for row in Institution.objects.filter(status=InstitutionStatus.ADMITTED).prefetch_related("licences"):
        for paper, day in row.expiring:
            told += _say(Kind.LICENCE_EXPIRING, row, day, today, institution=row.name, paper=str(paper))
    ends = Agreement.objects.filter(
        status=AgreementStatus.IN_FORCE, valid_until__range=(today, today + RUNS_OUT_SOON)
    )
    for agreement in ends.select_related("institution"):
        said = {"institution": agreement.institution.name, "agreement": str(agreement)}
        told += _say(Kind.AGREEMENT_EXPIRING, agreement, agreement.valid_until, today, **said)
    return told


def _say(kind: Kind, subject: Any, day: date, today: date, **said: str) -> int:
    """At each step once; nothing while the day is far."""
    steps = [days for days in PAPER_STEPS if days >= (day - today).days]
    if not steps:
        return 0
    roles = INSTITUTION_ROLES | BUREAU_ROLES
    return len(notify_once(kind, subject, roles=roles, actor=SYSTEM, day=f"{day}", days=min(steps), **said))


def warn_of_too_few_institutions() -> int:
    """The bureau, once a month while it runs, of a programme with fewer working institutions than it wants."""
    today, told = clock.today(), 0
    for programme in Programme.objects.all():
        rules = rules_today(programme, SYSTEM)
        have = active_institutions(programme, SYSTEM, today).count()
        if have < rules.min_institutions and rules.window.starts_on <= today <= rules.window.ends_on:
            need = rules.min_institutions
            said: dict[str, Any] = {"month": f"{today:%Y-%m}", "have": have, "need": need}
            told += len(
                notify_once(Kind.INSTITUTIONS_TOO_FEW, programme, roles=BUREAU_ROLES, actor=SYSTEM, **said)
            )
    return told


def warn_of_expiring_proofs() -> int:
    """Each institution, and the instructor, once for each of their proofs; how many people were told."""
    today = clock.today()
    ends = InstructorProof.objects.filter(
        verified_at__isnull=False, valid_until__range=(today, today + RUNS_OUT_SOON)
    )
    return sum(
        len(
            notify_once(
                Kind.PROOF_EXPIRING,
                proof.instructor,
                roles=AT_INSTITUTION,
                actor=SYSTEM,
                name=proof.instructor.name,
                day=f"{proof.valid_until}",
            )
        )
        for proof in ends.select_related("instructor__institution")
    )


def warn_of_stations() -> int:
    """Both sides, once a class, of a station that stands in its way; how many people were told."""
    now = clock.now()
    return sum(
        len(
            notify_once(
                Kind.STATION_ALARM,
                row.station,
                roles=INSTITUTION_ROLES | BUREAU_ROLES,
                actor=SYSTEM,
                station=row.station.name,
                at=f"{localtime(row.next_lesson_at):%m-%d %H:%M}",
            )
        )
        for row in fleet(SYSTEM, status=StationStatus.ACTIVE)
        if row.urgent and row.next_lesson_at and now < row.next_lesson_at <= now + BEFORE_CLASS
    )


def warn_of_due_archives() -> int:
    """Whoever owes an archive something, at each step before its deadline and once when that has passed."""
    today, owing = clock.today(), defaultdict(list)
    near = (today - JUST_PASSED, today + FAR_AHEAD)
    for state in (
        owed_items(SYSTEM)
        .filter(due_on__range=near)
        .select_related("training_session__institution")
        .prefetch_related("training_session__rule_set")
    ):
        owing[state.training_session].append(state)
    return sum(_remind(session, states, today) for session, states in owing.items())


def _remind(session: TrainingSession, states: Sequence[ItemState], today: date) -> int:
    """How many people were told; each step is told once."""
    due_on = states[0].due_on
    assert due_on is not None  # noqa: S101  they were found by it
    left = (due_on - today).days
    steps = [days for days in session.rule_set.rules.archive.remind_days if days >= left]
    said: dict[str, Any] = {"session": str(session), "day": f"{due_on}"}
    if left < 0:
        return _tell_owing(Kind.ARCHIVE_OVERDUE, session, states, said)
    return _tell_owing(Kind.ARCHIVE_DUE, session, states, said | {"days": min(steps)}) if steps else 0


def _tell_owing(
    kind: Kind, session: TrainingSession, states: Sequence[ItemState], said: Mapping[str, Any]
) -> int:
    """Of the townships only those that have people to reach."""
    owing = {party for state in states for party in state.owed_by.split()}
    roles = frozenset[Role]().union(*(REMINDED[Owes(party)] for party in owing - {Owes.TOWNSHIP}))
    told = notify_once(kind, session, roles=roles, actor=SYSTEM, **said)
    for township in unreached_townships(session) if Owes.TOWNSHIP in owing else ():
        told += notify_once(kind, session, roles={Role.TOWNSHIP}, actor=SYSTEM, of_township=township, **said)
    return len(told)


def warn_of_archives_to_hand_in() -> int:
    """The head of the institution, once before the deadline, of an archive that lacks nothing and lies there still."""
    today = clock.today()
    lacking = ItemState.objects.filter(training_session=OuterRef("pk"), complete=False)
    whole = TrainingSession.objects.filter(~Exists(lacking), dossier__status=DossierStatus.COLLECTING)
    near = whole.annotate(due_on=Min("item_states__due_on")).filter(
        due_on__range=(today - JUST_PASSED, today + FAR_AHEAD)
    )
    told = 0
    for session in near.select_related("institution").prefetch_related("rule_set"):
        left = (session.due_on - today).days
        if any(days >= left for days in session.rule_set.rules.archive.remind_days):
            said = {"session": str(session), "day": f"{session.due_on}"}
            head = {Role.INSTITUTION_HEAD}
            told += len(notify_once(Kind.ARCHIVE_TO_HAND_IN, session, roles=head, actor=SYSTEM, **said))
    return told


def warn_of_waiting_reviews() -> int:
    """The bureau, some working days before its term for a dossier ends and once when it has; how many were told."""
    today = clock.today()
    near = {
        row.session: row
        for row in lying(SYSTEM)
        if today - JUST_PASSED <= row.due_on and working_days_between(today, row.due_on) <= max(REVIEW_STEPS)
    }
    sessions = TrainingSession.objects.in_bulk(near)
    return sum(_press(sessions[pk], row.due_on, today) for pk, row in near.items())


def _press(session: TrainingSession, due_on: date, today: date) -> int:
    said: dict[str, Any] = {"session": str(session), "day": f"{due_on}"}
    kind = Kind.REVIEW_OVERDUE
    if today <= due_on:
        left = working_days_between(today, due_on)
        kind, said["days"] = Kind.REVIEW_DUE, min(days for days in REVIEW_STEPS if days >= left)
    return len(notify_once(kind, session, roles=BUREAU_ROLES, actor=SYSTEM, **said))


def warn_of_reuses() -> int:
    """Of a session once a day: the bureau, and the institution where both places are its own."""
    rows = Reuse.objects.filter(status=ReuseStatus.OPEN, noticed_at__gte=clock.now() - JUST_PASSED)
    found: dict[tuple[TrainingSession, date], bool] = {}
    for row in rows.select_related("copy__training_session__institution"):
        about = row.copy.training_session, localdate(row.noticed_at)
        found[about] = found.get(about, False) or row.institution_id is not None
    return sum(
        len(
            notify_once(
                Kind.REUSE_NOTICED,
                session,
                roles=BUREAU_ROLES | INSTITUTION_ROLES if theirs else BUREAU_ROLES,
                actor=SYSTEM,
                session=str(session),
                day=f"{day}",
            )
        )
        for (session, day), theirs in found.items()
    )


def warn_of_everything() -> int:
    """How many people were told."""
    return (
        warn_of_ending_papers()
        + warn_of_too_few_institutions()
        + warn_of_expiring_proofs()
        + warn_of_stations()
        + warn_of_due_archives()
        + warn_of_archives_to_hand_in()
        + warn_of_waiting_reviews()
        + warn_of_reuses()
    )
