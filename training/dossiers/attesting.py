"""签认: who stands for a half-day's register (A8): the instructor and the class manager.

On paper both sign, and the sheet comes back as a scan. Else the class manager attests the register by account,
and so does each instructor who has one; those without are named by it. An attestation is of the register as it was:
whatever changes it lets the attestation lapse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.permissions import demand
from training.attendance.choices import CorrectionSource, CorrectionStatus
from training.attendance.models import Correction
from training.attendance.queries.scans import scans_and_voids
from training.attendance.reckoning import Scan
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.dossiers.choices import AttestedAs, EvidenceKind
from training.dossiers.contents import HalfDayKey
from training.dossiers.facts import register_digest
from training.dossiers.models import Dossier, RegisterAttestation
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.scheduling.models import Lesson, TrainingSession

MANAGER = "manager"
"""In place of a name: whoever manages the class."""


@dataclass(frozen=True)
class Signatures:
    """Half-days whose signed sheet is on file, and of the others who has not attested the register as it is."""

    scanned: frozenset[HalfDayKey]
    unattested: Mapping[HalfDayKey, tuple[str, ...]]


@transaction.atomic
def attest_register(session_id: int, *, on: date, half_day: str, actor: Actor) -> RegisterAttestation:
    """The class manager, or an instructor of that half-day, stands for its register as it is now.

    Doing it twice changes nothing. Raises InvalidTransitionError before the half-day is over and once the
    archive is handed in.
    """
    demand(actor, "register.attest")
    lessons = lessons_of(session_id, on, half_day, actor)
    session: Any = TrainingSession.objects.select_for_update().get(pk=lessons[0].training_session_id)
    if max(lesson.ends_at for lesson in lessons) > clock.now():
        raise InvalidTransitionError(_("这个半天的课还没有上完，不能签认。"))
    dossier = Dossier.objects.filter(training_session=session).first()
    if dossier and not dossier.takes("A8"):
        raise InvalidTransitionError(_("档案已提交或已封存，签到名册不能再签认。"))
    digest = digests([session])[session.pk].get((on, half_day))
    if digest is None:
        raise InvalidInputError(_("这个半天还没有人签到。"))
    found, new = RegisterAttestation.objects.get_or_create(
        training_session=session,
        on=on,
        half_day=half_day,
        digest=digest,
        user_id=actor.person_id,
        defaults={"at": clock.now()},
        **_in_what_role(session, lessons, actor),
    )
    if new:
        record(actor, "register.attested", found, digest=digest)
    attestation: RegisterAttestation = found
    return attestation


def lessons_of(session_id: int, on: date, half_day: str, actor: Actor) -> list[Lesson]:
    """Of a half-day, as far as this person has to do with them; raises NotFoundError for none."""
    rows = Lesson.objects.visible_to(actor).filter(training_session=session_id, on=on)
    lessons = [lesson for lesson in rows.select_related("instructor") if lesson.half_day == half_day]
    if not lessons:
        raise NotFoundError
    return lessons


def _in_what_role(session: Any, lessons: Sequence[Any], actor: Actor) -> dict[str, Any]:
    if actor.role == Role.INSTRUCTOR:
        return {"role": AttestedAs.INSTRUCTOR, "instructor": lessons[0].instructor}
    if session.manager and session.manager.user_id != actor.user_id:
        raise ForbiddenError(_("这一期由%(name)s带班，请由其签认。") % {"name": session.manager.user})
    return {"role": AttestedAs.MANAGER}


def digests(sessions: Iterable[Any]) -> dict[int, dict[HalfDayKey, str]]:
    """session id -> half-day -> digest of its register as it is now; half-days nobody came to are not there."""
    sessions = list(sessions)
    places = Enrolment.objects.filter(ON_ROSTER, training_session__in=[session.pk for session in sessions])
    session_of = dict(places.order_by().values_list("pk", "training_session"))
    standing: dict[int, dict[HalfDayKey, list[Scan]]] = {
        session.pk: defaultdict(list) for session in sessions
    }
    for enrolment, scans in scans_and_voids(sessions).items():
        for scan in scans if enrolment in session_of else ():
            standing[session_of[enrolment]][scan.half_day].append(scan)
    return {
        session: {key: _digest(scans) for key, scans in half_days.items()}
        for session, half_days in standing.items()
    }


def _digest(scans: Iterable[Scan]) -> str:
    scans = list(scans)
    corrections = (scan.correction for scan in scans if scan.correction is not None)
    return register_digest((scan.digest for scan in scans if scan.digest), corrections)


def attestations(sessions: Iterable[Any]) -> dict[int, list[RegisterAttestation]]:
    """session id -> those that still hold: the register is what it was."""
    rows = RegisterAttestation.objects.filter(training_session__in=list(sessions))
    rows = rows.select_related("training_session", "user", "instructor")
    attested = list(rows)
    now = digests({row.training_session for row in attested}) if attested else {}
    held: dict[int, list[RegisterAttestation]] = defaultdict(list)
    for row in attested:
        if now[row.training_session_id].get((row.on, row.half_day)) == row.digest:
            held[row.training_session_id].append(row)
    return held


def signatures(sessions: Sequence[Any]) -> dict[int, Signatures]:
    """session id -> how its registers are signed; the sessions come from `with_archive`. Few queries in all."""
    held, sheets = attestations(sessions), _paper_sheets(sessions)
    lessons = [lesson for session in sessions for lesson in session.lessons.all()]
    accounts = Membership.objects.filter(
        instructor_id__in={lesson.instructor_id for lesson in lessons}, user__is_active=True
    )
    with_account = set(accounts.order_by().values_list("instructor_id", flat=True))
    return {
        session.pk: Signatures(
            _scanned(session, sheets), _unattested(session, held.get(session.pk, ()), with_account)
        )
        for session in sessions
    }


def _paper_sheets(sessions: Sequence[Any]) -> set[int]:
    """Lessons of which a signed paper sheet was keyed in and approved."""
    rows = Correction.objects.filter(
        training_session__in=[session.pk for session in sessions],
        source=CorrectionSource.PAPER,
        status=CorrectionStatus.APPROVED,
        evidence__isnull=False,
    )
    return set(rows.order_by().values_list("lesson", flat=True))


def _scanned(session: Any, sheets: Collection[int]) -> frozenset[HalfDayKey]:
    scans = {row.lesson_id for row in session.standing_evidence if row.kind == EvidenceKind.REGISTER_SCAN}
    return frozenset(
        (lesson.on, lesson.half_day)
        for lesson in session.lessons.all()
        if lesson.pk in scans or lesson.pk in sheets
    )


def _unattested(
    session: Any, held: Iterable[RegisterAttestation], with_account: Collection[int]
) -> dict[HalfDayKey, tuple[str, ...]]:
    """Half-day -> MANAGER, and names of instructors; half-days that everybody attested are not there."""
    done = {(row.on, row.half_day, row.instructor_id) for row in held}
    owed: dict[HalfDayKey, dict[str, None]] = defaultdict(dict)
    for lesson in session.lessons.all():
        key = lesson.on, lesson.half_day
        if (*key, None) not in done:
            owed[key][MANAGER] = None
        if lesson.instructor_id in with_account and (*key, lesson.instructor_id) not in done:
            owed[key][lesson.instructor.name] = None
    return {key: tuple(who) for key, who in owed.items()}
