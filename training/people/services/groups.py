"""学员类别: claimed by one, verified by another, never by an institution."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from training.accounts.choices import Department
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import PAPERS, discard, keep_upload
from training.people.choices import GroupEvidence, GroupStatus
from training.people.models import Trainee, TraineeGroup
from training.people.queries import barred_groups, group_book, is_concerned, standing_groups


def note_groups(said: Collection[tuple[Trainee, str]], *, source: str) -> None:
    """Claim what a roster says of people who are not known to belong there yet; nobody is its claimant.

    The caller was asked for its actor; a constant number of queries.
    """
    wanted = {(trainee.pk, code) for trainee, code in said if code}
    if not wanted:
        return
    people = {trainee.pk: trainee for trainee, _code in said}
    known = standing_groups(people)
    barred = barred_groups(people.values())
    TraineeGroup.objects.bulk_create(
        [
            TraineeGroup(
                trainee_id=trainee,
                code=code,
                evidence=GroupEvidence.ROSTER,
                source=source,
                as_of=clock.today(),
                claimed_at=clock.now(),
            )
            for trainee, code in sorted(wanted - known - barred)
        ],
        ignore_conflicts=True,  # another roster may say the same this very moment
    )


@transaction.atomic
def add_group(
    trainee_id: int,
    *,
    code: str,
    evidence: GroupEvidence,
    source: str,
    as_of: date,
    valid_from: date | None,
    valid_until: date | None,
    file: tuple[str, bytes] | None,
    actor: Actor,
) -> TraineeGroup:
    """Say that a person belongs to a group; somebody else verifies it."""
    demand(actor, "group.claim")
    trainee: Trainee = Trainee.objects.lock(actor, pk=trainee_id)
    _refuse_wrong_claim(trainee, code, as_of, valid_from, valid_until)
    group: TraineeGroup = TraineeGroup.objects.create(
        trainee=trainee,
        code=code,
        evidence=evidence,
        source=source,
        as_of=as_of,
        valid_from=valid_from,
        valid_until=valid_until,
        file=keep_upload(*file, allow=PAPERS, actor=actor, sensitive=True) if file else None,
        claimed_by_id=actor.user_id,
        claimed_at=clock.now(),
    )
    record(actor, "group.claimed", group)
    return group


def _refuse_wrong_claim(
    trainee: Trainee, code: str, as_of: date, valid_from: date | None, valid_until: date | None
) -> None:
    if code not in group_book(trainee.programme_id):
        raise InvalidInputError(_("项目规则里没有这个学员类别。"))
    if trainee.restricted_at:
        raise InvalidInputError(_("本人要求限制处理，只保存、不再使用，不能增加类别。"))
    if (trainee.pk, code) in barred_groups([trainee]):
        raise InvalidInputError(_("本人不同意登记特殊群体信息，这个类别不能登记。"))
    if (trainee.pk, code) in standing_groups([trainee.pk]):
        raise InvalidInputError(_("这个类别已经登记了，在等核实或仍在有效期内。"))
    if as_of > clock.today():
        raise InvalidInputError(_("数据截至日期不能晚于今天。"))
    if valid_from and valid_until and valid_until < valid_from:
        raise InvalidInputError(_("有效期止早于有效期起。"))


@transaction.atomic
def decide_groups(
    group_ids: Sequence[int],
    *,
    verify: bool,
    reason: str = "",
    valid_until: date | None = None,
    actor: Actor,
) -> int:
    """Verify claims, or find them not to hold, by somebody who did not make them; how many they were.

    All or none: a claim of one's own, or one that is decided already, refuses the lot.
    """
    demand(actor, "group.verify")
    if not group_ids:
        raise InvalidInputError(_("请先勾选要核实的人。"))
    if not verify and not reason.strip():
        raise InvalidInputError(_("请写明为什么不符。"))
    if valid_until and valid_until < clock.today():
        raise InvalidInputError(_("有效期止不能早于今天。"))
    groups = [TraineeGroup.objects.lock(actor, pk=pk) for pk in sorted(set(group_ids))]
    _refuse_other_departments(groups, actor)
    for group in groups:
        _decide(group, verify=verify, reason=reason.strip(), valid_until=valid_until, actor=actor)
    for group in groups:
        record(actor, "group.verified" if verify else "group.refused", group)
    return len(groups)


def _refuse_other_departments(groups: Sequence[TraineeGroup], actor: Actor) -> None:
    book = group_book(groups[0].trainee.programme_id)
    for group in groups:
        word = book.get(group.code)
        if word and not is_concerned(actor, word.department):
            told = {"group": word.name, "department": Department(word.department).label}
            raise ForbiddenError(_("“%(group)s”由%(department)s核实，不由您的部门核实。") % told)


def _decide(
    group: TraineeGroup, *, verify: bool, reason: str, valid_until: date | None, actor: Actor
) -> None:
    if actor.user_id is not None and group.claimed_by_id == actor.user_id:
        raise ForbiddenError(_("填报人不能核实自己填报的类别。"))
    group.enter(GroupStatus.VERIFIED if verify else GroupStatus.REFUSED)
    group.decided_by_id, group.decided_at = actor.user_id, clock.now()
    group.reason = "" if verify else reason
    group.valid_until = valid_until or group.valid_until
    group.save(update_fields=["decided_by", "decided_at", "reason", "valid_until"])


def drop_groups(rows: QuerySet[Any]) -> None:
    """Take these claims out of the pool together with what proved them.

    What a roster froze when the session was approved belongs to that archive and stays.
    """
    files = [group.file for group in rows.exclude(file=None).select_related("file")]
    rows.delete()
    for file in files:
        discard(file)
