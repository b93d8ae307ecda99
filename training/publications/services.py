from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.core.refusals import InputError
from training.people.models import Trainee
from training.programmes.models import Programme
from training.programmes.queries import the_programme
from training.publications.choices import NOT_YET, PublicationKind, PublicationStatus
from training.publications.models import Publication, Table
from training.publications.queries import sessions_table
from training.publications.rules import Refused, refusals
from training.publications.sheet import read_table


class NamesPeopleError(TrainingError):
    """The table names people; `details["refused"]` says which columns and rows."""

    code = "names_people"
    http_status = 422


@transaction.atomic
def draft_sessions(*, actor: Actor) -> Publication:
    """拟稿 of the list of sessions held, from the facts as they are now; checked at once."""
    demand(actor, "publication.prepare")
    programme = the_programme(actor)
    title = _("已办培训一览（截至 %(day)s）") % {"day": clock.today().isoformat()}
    return _drafted(programme, PublicationKind.SESSIONS, title, sessions_table(programme), actor)


@transaction.atomic
def draft_table(*, title: str, file: tuple[str, bytes], actor: Actor) -> Publication:
    """拟稿 of any other table. Raises InvalidInputError for a file of no use."""
    demand(actor, "publication.prepare")
    try:
        table = read_table(file[1])
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code) from problem
    return _drafted(the_programme(actor), PublicationKind.TABLE, title.strip(), table, actor)


def _drafted(programme: Programme, kind: str, title: str, table: Table, actor: Actor) -> Publication:
    publication: Publication = Publication.objects.create(
        programme=programme,
        kind=kind,
        title=title,
        body=table.body,
        drafted_by_id=actor.user_id,
        drafted_at=clock.now(),
    )
    _check(publication)
    record(actor, "publication.drafted", publication, kind=kind, refused=len(publication.refused))
    return publication


def _check(publication: Publication) -> tuple[Refused, ...]:
    """审查 by the rule; what passes is checked, what does not stays a draft with what is wrong."""
    found = _refusals(publication)
    publication.refused = [asdict(one) for one in found]
    publication.checked_at = clock.now()
    publication.save(update_fields=["refused", "checked_at"])
    if not found and publication.status == PublicationStatus.DRAFT:
        publication.enter(PublicationStatus.CHECKED)
    return found


def _refusals(publication: Publication) -> tuple[Refused, ...]:
    names = Trainee.objects.filter(programme=publication.programme_id).values_list("name", flat=True)
    table = publication.table
    return refusals(publication.title, table.columns, table.rows, names=frozenset(names))


@transaction.atomic
def leave_out(publication_id: int, columns: Collection[str], *, actor: Actor) -> Publication:
    """Drop columns of a draft for good, and check it again."""
    demand(actor, "publication.prepare")
    publication: Publication = Publication.objects.lock(actor, pk=publication_id)
    if publication.status not in NOT_YET:
        raise InvalidTransitionError(_("发布以后不能再改，请重新拟稿。"))
    table = publication.table
    kept = [place for place, name in enumerate(table.columns) if name not in columns]
    if not kept:
        raise InvalidInputError(_("这样一列也不剩了。"))
    smaller = Table(
        tuple(table.columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in table.rows),
    )
    publication.body = smaller.body
    publication.save(update_fields=["body"])
    _check(publication)
    record(actor, "publication.columns_left_out", publication, count=len(table.columns) - len(kept))
    return publication


@transaction.atomic
def discard_draft(publication_id: int, *, actor: Actor) -> None:
    """What will not be published is not kept: it may name people."""
    demand(actor, "publication.prepare")
    publication: Publication = Publication.objects.lock(actor, pk=publication_id)
    if publication.status not in NOT_YET:
        raise InvalidTransitionError(_("已经发布过的不能删除，只能撤下。"))
    programme = publication.programme
    publication.delete()
    record(actor, "publication.discarded", programme)


def publish(publication_id: int, *, actor: Actor) -> Publication:
    """发布: from now on on the public page, as it is, with its hash and the time.

    It is checked once more: people may have become known since. Raises NamesPeopleError, and the attempt
    is on record.
    """
    demand(actor, "publication.publish")
    with transaction.atomic():
        publication: Publication = Publication.objects.lock(actor, pk=publication_id)
        found = _refusals(publication)
        if found:
            publication.refused = [asdict(one) for one in found]
            publication.save(update_fields=["refused"])
            record(actor, "publication.refused", publication, refused=len(found))
        else:
            _publish(publication, actor)
    if found:
        reasons = _("；").join(one.message for one in found[:5])
        raise NamesPeopleError(
            _("没有发布。公开的内容不能指出个人：%(reasons)s。") % {"reasons": reasons},
            refused=[asdict(one) for one in found],
        )
    return publication


def _publish(publication: Publication, actor: Actor) -> None:
    publication.sha256 = hashlib.sha256(publication.body.encode()).hexdigest()
    publication.published_by_id, publication.published_at = actor.user_id, clock.now()
    publication.save(update_fields=["sha256", "published_by", "published_at"])
    publication.enter(PublicationStatus.PUBLISHED)
    record(actor, "publication.published", publication, sha256=publication.sha256)


@transaction.atomic
def withdraw_publication(publication_id: int, *, reason: str, actor: Actor) -> Publication:
    """撤下: the page then says that it was withdrawn, when and why, and shows nothing of it any more."""
    demand(actor, "publication.withdraw")
    publication: Publication = Publication.objects.lock(actor, pk=publication_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明撤下的原因，会显示在公开页上。"))
    publication.enter(PublicationStatus.WITHDRAWN)
    publication.withdrawn_by_id, publication.withdrawn_at = actor.user_id, clock.now()
    publication.withdrawn_reason = reason.strip()
    publication.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_reason"])
    record(actor, "publication.withdrawn", publication, reason=publication.withdrawn_reason)
    return publication
