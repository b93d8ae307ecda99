"""What people ask of those who hold their data: written down, due, answered (PIPL arts. 44–50)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _
from stdnum.cn.uscc import is_valid as is_uscc

from training.accounts.choices import Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.refusals import InputError
from training.notifications.choices import Kind
from training.notifications.services import notify_waiting
from training.people.choices import IdentityCheck, RightsChannel, RightsKind, RightsStatus
from training.people.models import PHONE_FIELDS, NameWord, RightsRequest, Trainee
from training.people.queries import answer_rule, is_named_elsewhere
from training.people.rules import answer_due_on, check_name, check_phone, deletion_verdicts
from training.people.services.consents import end_all_consents
from training.people.services.groups import drop_groups
from training.people.services.pool import mark_namesakes, write_name_words

ERASED = "（已删除）"
"""Stands where the name stood."""


@transaction.atomic
def receive_request(
    trainee_id: int, *, kind: RightsKind, channel: RightsChannel, asked: str, received_on: date, actor: Actor
) -> RightsRequest:
    """Write down what a person asks for; from the day it came the time for the answer runs."""
    demand(actor, "rights.receive")
    trainee: Trainee = Trainee.objects.fetch(actor, pk=trainee_id)
    return _received(trainee, kind, channel, asked, received_on, actor)


@transaction.atomic
def ask_oneself(trainee: Trainee, *, kind: RightsKind, asked: str, actor: Actor) -> RightsRequest:
    """The person asks on their own page; the caller made sure that it is them.

    Whoever answers is told, and for a correction the officers of the township too: they know the village.
    Raises InvalidInputError for nothing said.
    """
    if not asked.strip():
        raise InvalidInputError(_("请写明您的要求。"))
    roles = {Role.PRIVACY_OFFICER} | ({Role.TOWNSHIP} if kind == RightsKind.CORRECT else set())
    notify_waiting(Kind.RIGHTS_RECEIVED, trainee, roles=roles, township=trainee.township, actor=actor)
    return _received(trainee, kind, RightsChannel.ONLINE, asked, clock.today(), actor)


def _received(
    trainee: Trainee, kind: RightsKind, channel: RightsChannel, asked: str, received_on: date, actor: Actor
) -> RightsRequest:
    if received_on > clock.today():
        raise InvalidInputError(_("收到日期不能晚于今天。"))
    if trainee.erased_at:
        raise InvalidTransitionError(_("这个人的信息已经删除，没有可以再办的。"))
    request: RightsRequest = RightsRequest.objects.create(
        trainee=trainee,
        kind=kind,
        channel=channel,
        asked=asked.strip(),
        received_on=received_on,
        due_on=answer_due_on(received_on, answer_rule(trainee, received_on).answer_working_days),
        received_by_id=actor.user_id,
    )
    record(actor, "rights.received", request, due=request.due_on.isoformat())
    return request


@transaction.atomic
def check_identity(request_id: int, *, identity: IdentityCheck, actor: Actor) -> RightsRequest:
    """Somebody made sure that it is the person who asks; whoever did handles the request from here on."""
    request = _handled(request_id, actor)
    request.enter(RightsStatus.CHECKED)
    request.identity, request.handler_id = identity, actor.user_id
    request.save(update_fields=["identity", "handler"])
    record(actor, "rights.identity_checked", request, identity=identity)
    return request


@transaction.atomic
def answer_request(request_id: int, *, answer: str, actor: Actor) -> RightsRequest:
    """The copy is handed over, or the explanation given; for what changes data there are services of their own."""
    request = _handled(request_id, actor, RightsKind.COPY, RightsKind.EXPLAIN)
    return _answered(request, answer, actor)


class Particulars(TypedDict, total=False):
    """What may be put right; the identity number is another person's business: a new row."""

    name: str
    phone: str
    township: str
    village: str
    education: str
    employer: str
    employer_uscc: str


PARTICULARS: Final = tuple(Particulars.__annotations__)


@transaction.atomic
def correct_particulars(
    request_id: int, *, answer: str, actor: Actor, **said: Unpack[Particulars]
) -> RightsRequest:
    """Put right what the person says is wrong; before, after and reason stay with the request.

    What is not said stays as it is. Sealed dossiers keep the name they were sealed with: they are archives, and
    what was signed under it.
    """
    request = _handled(request_id, actor, RightsKind.CORRECT)
    trainee: Trainee = Trainee.objects.lock(actor, pk=request.trainee_id)
    changes = {
        field: [getattr(trainee, field), value]
        for field, value in _checked_particulars(said).items()
        if value != getattr(trainee, field)
    }
    if not changes:
        raise InvalidInputError(_("没有改动。没有什么要改的，请写明原因，不予办理。"))
    if "phone" in changes:
        trainee.set_phone(changes["phone"][1])
    for field, (_before, value) in changes.items():
        setattr(trainee, field, value)
    known_as = {trainee.name, *changes.get("name", ())}
    trainee.save(update_fields={*changes, *PHONE_FIELDS})
    mark_namesakes(trainee.programme, known_as)
    if "name" in changes:
        write_name_words([trainee])
    request.changes = json.dumps(changes, ensure_ascii=False)
    return _answered(request, answer, actor, fields=sorted(changes))


def _checked_particulars(said: Particulars) -> dict[str, str]:
    plain = {field: str(value).strip() for field, value in said.items()}
    try:
        if "name" in plain:
            plain["name"] = check_name(plain["name"])
        if plain.get("phone"):
            plain["phone"] = check_phone(plain["phone"])
    except InputError as problem:
        raise InvalidInputError(problem.message, code=problem.code) from problem
    if plain.get("employer_uscc") and not is_uscc(plain["employer_uscc"]):
        raise InvalidInputError(_("单位的统一社会信用代码不对，请对照营业执照核对；不知道的可以不填。"))
    return plain


@transaction.atomic
def delete_particulars(request_id: int, *, answer: str, actor: Actor) -> RightsRequest:
    """Delete what may be deleted; what stays is written down item by item and from now on only kept.

    Whoever is on no roster becomes a row without a person: nothing in it leads back.
    """
    request = _handled(request_id, actor, RightsKind.DELETE)
    trainee: Trainee = Trainee.objects.lock(actor, pk=request.trainee_id)
    on_record = is_named_elsewhere(trainee)
    end_all_consents(trainee, actor=actor)
    drop_groups(trainee.groups.all())
    trainee.refresh_from_db()
    _empty(trainee, on_record=on_record)
    request.trainee = trainee
    request.kept = [verdict.code for verdict in deletion_verdicts(on_record=on_record) if verdict.stays]
    return _answered(request, answer, actor, kept=request.kept)


def _empty(trainee: Trainee, *, on_record: bool) -> None:
    trainee.set_phone("")
    trainee.education = trainee.employer = trainee.employer_uscc = ""
    trainee.do_not_contact = True
    trainee.restricted_at = trainee.restricted_at or clock.now()
    name = trainee.name
    if not on_record:
        trainee.name = ERASED
        trainee.id_number = trainee.tail_hash = trainee.township = trainee.village = ""
        trainee.id_hash = f"erased-{trainee.pk}"
        trainee.born_on = trainee.born_on.replace(month=1, day=1)
        trainee.erased_at = clock.now()
        trainee.has_namesake = False
        NameWord.objects.filter(trainee=trainee).delete()
    trainee.save()
    mark_namesakes(trainee.programme, {name})


@transaction.atomic
def restrict_use(request_id: int, *, answer: str, actor: Actor) -> RightsRequest:
    """From now on only kept: not called, nothing new taken in, every agreement ended."""
    request = _handled(request_id, actor, RightsKind.RESTRICT)
    trainee: Trainee = Trainee.objects.lock(actor, pk=request.trainee_id)
    end_all_consents(trainee, actor=actor)
    Trainee.objects.filter(pk=trainee.pk).update(do_not_contact=True, restricted_at=clock.now())
    return _answered(request, answer, actor)


@transaction.atomic
def refuse_request(request_id: int, *, reason: str, actor: Actor) -> RightsRequest:
    """Not done, for a reason that the person is told (PIPL art. 50)."""
    request = _handled(request_id, actor)
    _end(request, RightsStatus.REFUSED, reason, actor)
    record(actor, "rights.refused", request, kind=request.kind)
    return request


@transaction.atomic
def take_back_request(request_id: int, *, reason: str, actor: Actor) -> RightsRequest:
    """The person no longer asks for it."""
    request = _handled(request_id, actor)
    _end(request, RightsStatus.WITHDRAWN, reason, actor)
    record(actor, "rights.withdrawn", request, kind=request.kind)
    return request


def _handled(request_id: int, actor: Actor, *kinds: RightsKind) -> RightsRequest:
    demand(actor, "rights.handle")
    request: RightsRequest = RightsRequest.objects.lock(actor, pk=request_id)
    if kinds and request.kind not in kinds:
        raise InvalidTransitionError(_("这份请求不是这样办的，请回到它的页面。"))
    return request


def _answered(request: RightsRequest, answer: str, actor: Actor, **details: Any) -> RightsRequest:
    _end(request, RightsStatus.ANSWERED, answer, actor)
    record(actor, "rights.answered", request, kind=request.kind, **details)
    return request


def _end(request: RightsRequest, status: RightsStatus, said: str, actor: Actor) -> None:
    if not said.strip():
        raise InvalidInputError(_("请写明答复本人的话。"))
    request.enter(status)
    request.answer, request.answered_at = said.strip(), clock.now()
    request.handler_id = actor.user_id
    request.save(update_fields=["answer", "answered_at", "handler", "changes", "kept"])
