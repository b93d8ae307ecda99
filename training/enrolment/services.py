from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.files import keep, read
from training.core.refusals import InputError
from training.core.uploads import XLSX
from training.enrolment.choices import ON_ROSTER, ApplicationStatus, EnrolmentStatus, ImportStatus
from training.enrolment.columns import REQUIRED, heading_word
from training.enrolment.handed_in import expected_of, marked_roster
from training.enrolment.models import Enrolment, RosterHeading, RosterImport
from training.enrolment.permissions import group_names, may_see_numbers, shown_groups
from training.enrolment.placing import Placed, place
from training.enrolment.queries import remembered_headings, roster_texts
from training.enrolment.roster_book import FULL_NOTE, MASKED_NOTE, roster_book
from training.enrolment.roster_file import Entry, read_roster
from training.enrolment.sheets import ColumnsUnknownError, Layout, count_people, find_layout
from training.enrolment.text_tables import as_workbook
from training.people.models import PHONE_FIELDS
from training.people.rules import check_phone
from training.people.services import note_shown
from training.scheduling.choices import EDITABLE, SessionStatus
from training.scheduling.models import TrainingSession

AT_ONCE = 200  # lines that nobody waits for; more are read in the background
CHUNK = 500  # lines that are kept together


@transaction.atomic
def import_roster(
    session_id: int, *, name: str, data: bytes, actor: Actor, ask: bool = False
) -> RosterImport:
    """Take the right rows of a roster file onto the roster and keep the wrong ones with their reasons.

    Up to `AT_ONCE` lines are dealt with when this returns, more go on in the background. Where the columns
    are not recognised, or with `ask`, the import waits for `map_columns`. A person already on the roster
    stays where they are, so handing in the corrected file again is safe. The file itself is kept encrypted.
    Raises InvalidInputError when the file as a whole can't be read; nothing is kept then.
    """
    demand(actor, "roster.import")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in EDITABLE:
        raise InvalidTransitionError(_("名册已随开班申请提交并冻结，不能再导入。"))
    try:
        name, data = as_workbook(name, data)
        layout, asked = _layout(session, data, ask=ask)
        total = 0 if asked else count_people(data, layout)
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code, name=name) from problem
    now = clock.now()
    imported: RosterImport = RosterImport.objects.create(
        training_session=session,
        file=keep(name, data, content_type=XLSX, actor=actor, sensitive=True),
        layout=layout.as_json(),
        imported_at=now,
        imported_by=actor.name,
        progressed_at=now,
    )
    if not asked:
        _start(imported, layout, total, actor=actor)
    return imported


def _layout(session: TrainingSession, data: bytes, *, ask: bool) -> tuple[Layout, bool]:
    """Where the people stand, and whether a person must say more."""
    try:
        return find_layout(data, remembered_headings(session.institution)), ask
    except ColumnsUnknownError as unknown:
        return unknown.guess, True


@transaction.atomic
def map_columns(import_id: int, *, columns: Mapping[str, int], first_row: int, actor: Actor) -> RosterImport:
    """What a person says of a waiting file: our column names to 0-based indexes, and where the people begin.

    Remembered for the institution's next files. Raises InvalidInputError where nobody could be found so.
    """
    imported = _locked(import_id, actor)
    if imported.status != ImportStatus.WAITING:
        raise InvalidTransitionError(_("这份名册的各列已经指定过了。"))
    if missing := [column for column in REQUIRED if column not in columns]:
        raise InvalidInputError(_("请指出哪一列是%(columns)s。") % {"columns": _("、").join(missing)})
    asked = Layout.from_json(imported.layout)
    layout = replace(asked, columns=dict(columns), first_row=first_row)
    try:
        total = count_people(read(imported.file), layout)
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code) from problem
    _remember(imported.training_session, layout)
    record(actor, "roster.columns_mapped", imported, columns=sorted(columns))
    _start(imported, layout, total, actor=actor)
    return imported


def _remember(session: TrainingSession, layout: Layout) -> None:
    column_at = {index: column for column, index in layout.columns.items()}
    said = {
        heading_word(text): column_at.get(index, "")
        for index, text in reversed([*enumerate(layout.headings)])
    }
    RosterHeading.objects.bulk_create(
        [
            RosterHeading(institution=session.institution, word=word, column=said[word])
            for word in said
            if word
        ],
        update_conflicts=True,
        unique_fields=["institution", "word"],
        update_fields=["column"],
    )


def _start(imported: RosterImport, layout: Layout, total: int, *, actor: Actor) -> None:
    imported.layout, imported.total = layout.as_json(), total
    imported.save(update_fields=["layout", "total"])
    imported.enter(ImportStatus.RUNNING)
    if total <= AT_ONCE:
        take_rows(imported.pk, actor=actor)
        imported.refresh_from_db()
    else:
        record(actor, "roster.handed_in", imported, lines=total)
        _enqueue(imported)


def _enqueue(imported: RosterImport) -> None:
    from training.enrolment.tasks import take_roster  # noqa: PLC0415  the task calls back into this module

    transaction.on_commit(partial(take_roster.enqueue, imported.pk, get_language() or ""))


def take_rows(import_id: int, *, actor: Actor) -> None:
    """Go on where the import stands, until every line is dealt with or somebody has stopped it.

    Each chunk is kept whole or not at all, with how far it goes. So this may be called again after it
    died, or twice at once: nobody gets a second place.
    """
    imported: RosterImport = RosterImport.objects.select_related("training_session__rule_set", "file").fetch(
        actor, pk=import_id
    )
    layout, done = Layout.from_json(imported.layout), imported.done
    entries = read_roster(read(imported.file), layout, expected_of(imported.training_session))
    rest = islice(entries, done, None)
    while chunk := list(islice(rest, CHUNK)):
        if not _take_chunk(import_id, chunk, after=done, actor=actor):
            return
        done += len(chunk)


def mark_ahead(import_id: int, *, actor: Actor) -> None:
    """Make the marked copy of a finished file now, if there is anything to mark: a large one takes a while."""
    imported: RosterImport = RosterImport.objects.select_related("file").fetch(actor, pk=import_id)
    findings = imported.problems or imported.warnings
    if imported.status != ImportStatus.DONE or imported.marked_id or not findings:
        return
    marked = keep(imported.file.name, marked_roster(imported), content_type=XLSX, actor=actor, sensitive=True)
    imported.marked = marked
    imported.save(update_fields=["marked"])


@transaction.atomic
def _take_chunk(import_id: int, chunk: Sequence[Entry], *, after: int, actor: Actor) -> bool:
    """Whether the import goes on behind these lines."""
    imported: RosterImport = RosterImport.objects.lock(actor, pk=import_id)
    if imported.status != ImportStatus.RUNNING or imported.done != after:
        return False  # stopped, or another worker has these lines
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=imported.training_session_id)
    if session.status not in EDITABLE:
        _break_off(imported, _("名册在导入途中随开班申请提交并冻结了。"), actor=actor)
        return False
    _note(imported, place(session, chunk, source=imported), lines=len(chunk))
    if imported.done < imported.total:
        return True
    imported.enter(ImportStatus.DONE)
    record(actor, "roster.imported", imported, accepted=imported.accepted, problems=len(imported.problems))
    return False


def _note(imported: RosterImport, placed: Placed, *, lines: int) -> None:
    imported.done += lines
    imported.accepted += placed.accepted
    imported.unchanged += placed.unchanged
    imported.problems += [finding.as_dict() for finding in placed.problems]
    imported.warnings += [finding.as_dict() for finding in placed.warnings]
    imported.progressed_at = clock.now()
    imported.save(update_fields=["done", "accepted", "unchanged", "problems", "warnings", "progressed_at"])


def _break_off(imported: RosterImport, failure: str, *, actor: Actor) -> None:
    imported.failure = failure
    imported.save(update_fields=["failure"])
    imported.enter(ImportStatus.FAILED)
    record(actor, "roster.import_failed", imported, done=imported.done)


@transaction.atomic
def fail_import(import_id: int, *, problem: str, actor: Actor) -> None:
    """Write down that the import broke off; what it has taken so far stays."""
    imported: RosterImport = RosterImport.objects.lock(actor, pk=import_id)
    if imported.status == ImportStatus.RUNNING:
        _break_off(imported, problem, actor=actor)


@transaction.atomic
def cancel_import(import_id: int, *, actor: Actor) -> RosterImport:
    """Stop after the lines that are being read right now; whoever is on the roster stays there."""
    imported = _locked(import_id, actor)
    imported.enter(ImportStatus.CANCELLED)
    record(actor, "roster.import_cancelled", imported, done=imported.done)
    return imported


@transaction.atomic
def resume_import(import_id: int, *, actor: Actor) -> RosterImport:
    """Go on with an import that was stopped, broke off or lost its worker."""
    imported = _locked(import_id, actor)
    if not imported.total:
        raise InvalidTransitionError(_("还没有指定各列就停止了，请重新上传。"))
    imported.progressed_at, imported.failure = clock.now(), ""
    imported.save(update_fields=["progressed_at", "failure"])
    if imported.status != ImportStatus.RUNNING:
        imported.enter(ImportStatus.RUNNING)
    record(actor, "roster.import_resumed", imported, done=imported.done)
    _enqueue(imported)
    return imported


def _locked(import_id: int, actor: Actor) -> RosterImport:
    demand(actor, "roster.import")
    imported: RosterImport = RosterImport.objects.lock(actor, pk=import_id)
    return imported


@transaction.atomic
def export_roster(session_id: int, *, actor: Actor) -> bytes:
    """The roster in force, in the shape of the template; numbers in full only for `may_see_numbers`, on record."""
    demand(actor, "register.view")
    session: TrainingSession = TrainingSession.objects.select_related("rule_set").fetch(actor, pk=session_id)
    full, names = may_see_numbers(actor, session), group_names(session, actor)
    places = list(session.enrolments.filter(ON_ROSTER).select_related("trainee"))
    groups = [group.name for group in session.rule_set.rules.groups]
    note = FULL_NOTE if full else MASKED_NOTE
    book = roster_book(roster_texts(places, names, full=full), groups=groups, note=note)
    note_groups_shown(session, places, actor=actor)
    record(actor, "roster.exported", session, full=full)
    return book


def note_groups_shown(session: TrainingSession, places: Iterable[Enrolment], *, actor: Actor) -> None:
    """Write down whose sensitive groups this roster shows the actor, if it shows any."""
    shown = shown_groups(session, actor)
    people = [place.trainee for place in places if place.group in shown]
    note_shown(people, actor=actor, reason=session.code)


@transaction.atomic
def correct_phone(enrolment_id: int, *, phone: str, actor: Actor) -> Enrolment:
    """Put right how a trainee is reached. The roster is frozen, a telephone number is not part of who is on it."""
    demand(actor, "roster.import")
    enrolment: Enrolment = Enrolment.objects.fetch(actor, pk=enrolment_id)
    if enrolment.training_session.status in (SessionStatus.ARCHIVED, SessionStatus.CLAIMED):
        raise InvalidTransitionError(_("档案已封存，名册不能再改。"))
    try:
        enrolment.trainee.set_phone(check_phone(phone))
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code) from problem
    enrolment.trainee.save(update_fields=PHONE_FIELDS)
    record(actor, "trainee.phone_corrected", enrolment)
    return enrolment


@transaction.atomic
def withdraw_enrolment(enrolment_id: int, *, reason: str, actor: Actor) -> Enrolment:
    """Take a person off a roster that is not frozen yet. Asking twice changes nothing."""
    demand(actor, "roster.import")
    enrolment: Enrolment = Enrolment.objects.lock(actor, pk=enrolment_id)
    if enrolment.training_session.status not in EDITABLE:
        raise InvalidTransitionError(_("名册已冻结，不能再删人。"))
    return take_off_roster(enrolment, reason=reason, actor=actor)


def take_off_roster(enrolment: Enrolment, *, reason: str, actor: Actor) -> Enrolment:
    """退班, whoever has found that it may be; the caller holds the row's lock. Asking twice changes nothing.

    The application that brought the person here ends with it.
    """
    if enrolment.status == EnrolmentStatus.WITHDRAWN:
        return enrolment
    if not reason.strip():
        raise InvalidInputError(_("请写明退出原因。"))
    enrolment.withdrawn_at, enrolment.withdrawn_by = clock.now(), actor.name
    enrolment.withdraw_reason = reason.strip()
    enrolment.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
    enrolment.enter(EnrolmentStatus.WITHDRAWN)
    for application in enrolment.applications.filter(status=ApplicationStatus.ACCEPTED):
        application.enter(ApplicationStatus.WITHDRAWN)
    record(actor, "enrolment.withdrawn", enrolment, reason=enrolment.withdraw_reason)
    return enrolment
