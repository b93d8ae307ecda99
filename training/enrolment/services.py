from __future__ import annotations

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.files import keep
from training.core.refusals import InputError
from training.core.uploads import XLSX
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment, RosterImport
from training.enrolment.roster_file import ID_NUMBER, NAME, RosterRow, read_roster
from training.people.models import Trainee
from training.people.rules import check_phone
from training.people.services import know_trainee
from training.scheduling.choices import EDITABLE, SessionStatus
from training.scheduling.models import TrainingSession


@transaction.atomic
def import_roster(session_id: int, *, name: str, data: bytes, actor: Actor) -> RosterImport:
    """Take the right rows of a roster file onto the roster and keep the wrong ones with their reasons.

    A person already on the roster is a problem row, not a second place, so handing in the corrected
    file again is safe. The file itself is kept encrypted. Raises InvalidInputError when the file as
    a whole can't be read; nothing is kept then.
    """
    demand(actor, "roster.import")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in EDITABLE:
        raise InvalidTransitionError(_("名册已随开班申请提交并冻结，不能再导入。"))
    rules = session.rule_set.rules
    try:
        roster = read_roster(
            data,
            groups=rules.group_words,
            on=session.lessons.aggregate(first=Min("on"))["first"] or clock.today(),
            min_age=rules.eligibility.min_age,
        )
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code, name=name) from problem
    accepted, problems = 0, [problem.as_dict() for problem in roster.problems]
    number = session.enrolments.aggregate(last=Max("number"))["last"] or 0
    on_roster = set(
        session.enrolments.exclude(status=EnrolmentStatus.WITHDRAWN).values_list("trainee_id", flat=True)
    )
    for row in roster.rows:
        try:
            trainee = _trainee(session, row)
            if trainee.pk in on_roster:
                text = _("%(name)s已经在本期名册上，没有重复导入。") % {"name": row.name}
                raise InputError("already_on_roster", text)  # noqa: TRY301  both refusals become a problem row
        except InputError as problem:
            column = NAME if problem.code == "name_differs" else ID_NUMBER
            problems.append(
                {"row": row.row, "column": column, "code": problem.code, "message": problem.message}
            )
            continue
        number += 1
        Enrolment.objects.create(
            training_session=session, trainee=trainee, number=number, group=row.group or ""
        )
        on_roster.add(trainee.pk)
        accepted += 1
    stored = keep(name, data, content_type=XLSX, actor=actor, sensitive=True)
    roster_import: RosterImport = RosterImport.objects.create(
        training_session=session,
        file=stored,
        imported_at=clock.now(),
        imported_by=actor.name,
        accepted=accepted,
        problems=sorted(problems, key=lambda problem: problem["row"]),
    )
    record(actor, "roster.imported", roster_import, accepted=accepted, problems=len(problems))
    return roster_import


def _trainee(session: TrainingSession, row: RosterRow) -> Trainee:
    return know_trainee(
        session.institution.programme,
        row.id_number,
        name=row.name,
        sex=row.sex,
        born_on=row.born_on,
        phone=row.phone,
        township=row.township,
        village=row.village,
    )


@transaction.atomic
def correct_phone(enrolment_id: int, *, phone: str, actor: Actor) -> Enrolment:
    """Put right how a trainee is reached. The roster is frozen, a telephone number is not part of who is on it."""
    demand(actor, "roster.import")
    enrolment: Enrolment = Enrolment.objects.fetch(actor, pk=enrolment_id)
    if enrolment.training_session.status in (SessionStatus.ARCHIVED, SessionStatus.CLAIMED):
        raise InvalidTransitionError(_("档案已封存，名册不能再改。"))
    try:
        enrolment.trainee.phone = check_phone(phone)
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code) from problem
    enrolment.trainee.save(update_fields=["phone"])
    record(actor, "trainee.phone_corrected", enrolment)
    return enrolment


@transaction.atomic
def withdraw_enrolment(enrolment_id: int, *, actor: Actor) -> Enrolment:
    """Take a person off a roster that is not frozen yet. Asking twice changes nothing."""
    demand(actor, "roster.import")
    enrolment: Enrolment = Enrolment.objects.lock(actor, pk=enrolment_id)
    if enrolment.training_session.status not in EDITABLE:
        raise InvalidTransitionError(_("名册已冻结，不能再删人。"))
    if enrolment.status != EnrolmentStatus.WITHDRAWN:
        enrolment.enter(EnrolmentStatus.WITHDRAWN)
        record(actor, "enrolment.withdrawn", enrolment)
    return enrolment
