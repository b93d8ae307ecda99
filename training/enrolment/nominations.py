"""A township's Excel file of people for a session: the right ones are nominated, the wrong ones come back marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.files import keep
from training.core.models import StoredFile
from training.core.refusals import InputError
from training.core.uploads import XLSX
from training.enrolment.choices import Source
from training.enrolment.columns import ID_NUMBER, TOWNSHIP
from training.enrolment.handed_in import expected_of
from training.enrolment.models import Application, NominationList, RegistrationCall
from training.enrolment.qualification import doubts_about
from training.enrolment.registration import application_from, open_call, own_township, vouched_for
from training.enrolment.roster_book import marked_copy
from training.enrolment.roster_file import Entry, Finding, RosterRow, read_roster
from training.enrolment.rules import APPLIED_BEFORE
from training.enrolment.sheets import ColumnsUnknownError, Layout, count_people, find_layout

MOST_ROWS = 500
"""No township sends more to one session; a person waits for the answer."""


@transaction.atomic
def nominate_list(call_id: int, *, name: str, data: bytes, actor: Actor) -> NominationList:
    """Nominate the right rows of a roster file and keep the marked copy of it where some are wrong.

    Whoever is nominated already stays so: the corrected file can be handed in again. Raises
    InvalidInputError where the file as a whole is of no use; nothing is kept then.
    """
    demand(actor, "registration.nominate")
    call, township = open_call(call_id, actor), own_township(actor)
    layout, entries = _read(call, name, data)
    _take_home(entries, township)
    people = [(entry, entry.person) for entry in entries if isinstance(entry.person, RosterRow)]
    rows = [
        application_from(call, person, Source.TOWNSHIP, actor=actor, **vouched_for(actor))
        for _entry, person in people
    ]
    fit = _sift([entry for entry, _person in people], rows, call, actor)
    Application.objects.bulk_create(fit)
    problems = [problem for entry in entries for problem in entry.problems]
    warnings = [warning for entry in entries for warning in entry.warnings]
    handed_in: NominationList = NominationList.objects.create(
        call=call,
        township=township,
        name=name[-200:],
        marked=_marked(name, data, layout, problems, warnings, actor) if problems else None,
        handed_in_at=clock.now(),
        handed_in_by=actor.name,
        accepted=len(fit),
        unchanged=sum(not entry.problems for entry, _person in people) - len(fit),
        problems=[finding.as_dict() for finding in problems],
        warnings=[finding.as_dict() for finding in warnings],
    )
    record(actor, "nominations.handed_in", handed_in, owner=call, accepted=len(fit), problems=len(problems))
    return handed_in


def _read(call: RegistrationCall, name: str, data: bytes) -> tuple[Layout, list[Entry]]:
    try:
        layout = find_layout(data)
        count = count_people(data, layout)
    except ColumnsUnknownError as unknown:
        message = _("%(problem)s请下载推荐名单模板，把人填进去再上传。")
        raise InvalidInputError(
            message % {"problem": unknown.message}, code=unknown.code, name=name
        ) from unknown
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code, name=name) from problem
    if count > MOST_ROWS:
        message = _("名单有 %(count)d 行，一次最多 %(limit)d 行，请分成几个文件上传。")
        raise InvalidInputError(
            message % {"count": count, "limit": MOST_ROWS}, code="too_many_rows", name=name
        )
    return layout, list(read_roster(data, layout, expected_of(call.training_session)))


def _take_home(entries: Sequence[Entry], township: str) -> None:
    """A blank township is the officer's own; somebody else's people are theirs to nominate."""
    other = _("这里写的是%(other)s，您只能推荐%(own)s的人。")
    masked = _("请填完整的身份证号。")
    for entry in entries:
        person = entry.person
        if person is None:
            continue
        if not isinstance(person, RosterRow):
            _refuse(entry, ID_NUMBER, "masked", masked)
        elif person.township not in ("", township):
            _refuse(entry, TOWNSHIP, "other_township", other % {"other": person.township, "own": township})
        else:
            entry.person = replace(person, township=township)


def _refuse(entry: Entry, column: str, code: str, message: str) -> None:
    entry.person = None
    entry.problems.append(Finding(entry.row, column, code, message))


def _sift(
    entries: Sequence[Entry], rows: Sequence[Application], call: RegistrationCall, actor: Actor
) -> list[Application]:
    """Those who are new and may go on; what speaks against the others is noted with their lines."""
    fit = []
    for entry, row, found in zip(entries, rows, doubts_about(rows, call, actor), strict=True):
        if any(doubt.code == APPLIED_BEFORE for doubt in found):
            continue
        for doubt in found:
            finding = Finding(entry.row, ID_NUMBER, doubt.code, doubt.message)
            (entry.problems if doubt.barred else entry.warnings).append(finding)
        if not any(doubt.barred for doubt in found):
            fit.append(row)
    return fit


def _marked(
    name: str,
    data: bytes,
    layout: Layout,
    problems: Sequence[Finding],
    warnings: Sequence[Finding],
    actor: Actor,
) -> StoredFile:
    marked = marked_copy(data, layout, problems=problems, warnings=warnings)
    return keep(name, marked, content_type=XLSX, actor=actor, sensitive=True)
