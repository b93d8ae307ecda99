"""抽查电话核实: drawn so that anybody can draw it again, rung by a person, with replacements in the drawn order."""

from __future__ import annotations

import secrets
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.people.services.looks import show_phone
from training.programmes.queries import the_programme
from training.reports.choices import (
    MAX_TRIES,
    UNREACHABLE,
    CallResult,
    PhoneCheckStatus,
    Stratum,
)
from training.reports.models import PhoneCall, PhoneCheck, PhoneCheckLine
from training.reports.queries import draw_again, frame_of
from training.reports.rules import Drawn, frame_hash, sample_size


@transaction.atomic
def draw_sample(
    *,
    title: str,
    stratum: str,
    margin_percent: int | None,
    size: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    seed: str = "",
    actor: Actor,
) -> PhoneCheck:
    """Draw from everybody who completed; `size`, or what `margin_percent` asks for at 95 %.

    Without a `seed` a random one is made, and written down with the frame before anybody is rung. Raises
    InvalidInputError for an empty frame.
    """
    demand(actor, "phone_check.make")
    programme = the_programme(actor)
    frame = frame_of(programme, Stratum(stratum), starts_on, ends_on)
    if not frame:
        raise InvalidInputError(_("这段时间没有结业、可以联系的学员。"))
    if size is None and margin_percent is None:
        raise InvalidInputError(_("请填样本量，或允许的误差。"))
    wanted = min(size or sample_size(len(frame), margin_percent or 10), len(frame))
    check = PhoneCheck.objects.create(
        programme=programme,
        title=title.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        stratum=stratum,
        size=wanted,
        margin_percent=None if size else margin_percent,
        seed=seed.strip() or secrets.token_hex(8),
        frame=frame,
        frame_hash=frame_hash([(pk, name) for pk, name in frame]),
        drawn_by_id=actor.person_id,
        drawn_at=clock.now(),
    )
    PhoneCheckLine.objects.bulk_create(_line(check, drawn) for drawn in draw_again(check))
    record(actor, "phone_check.drawn", check, seed=check.seed, frame=check.frame_hash, size=wanted)
    return check


def _line(check: PhoneCheck, drawn: Drawn) -> PhoneCheckLine:
    return PhoneCheckLine(
        phone_check=check,
        enrolment_id=drawn.enrolment,
        stratum=drawn.stratum,
        rank=drawn.rank,
        reserve=drawn.reserve,
        called_up_at=None if drawn.reserve else check.drawn_at,
    )


@transaction.atomic
def show_number(line_id: int, *, actor: Actor) -> str:
    """The telephone number in clear, for ringing now. Every look is on record, with the person's other looks."""
    line = _callable_line(line_id, actor)
    return show_phone(
        line.enrolment.trainee_id, reason=f"{line.phone_check}", act="phone_check.make", actor=actor
    )


@transaction.atomic
def log_call(line_id: int, *, result: str, note: str = "", actor: Actor) -> PhoneCheckLine:
    """What came of one call. Nobody reached for good: the next reserve of the stratum takes the place.

    A denial marks the session and is told to the bureau's head at once.
    """
    line = _callable_line(line_id, actor)
    if result not in CallResult.values:
        raise InvalidInputError(_("请选择结果。"))
    if result == CallResult.DENIED and not note.strip():
        raise InvalidInputError(_("否认参训的，请照原话写下本人怎么说。"))
    PhoneCall.objects.create(
        line=line, result=result, note=note.strip(), made_by_id=actor.person_id, made_at=clock.now()
    )
    line.tries += 1
    if result != CallResult.NO_ANSWER or line.tries >= MAX_TRIES:
        line.result = result
    line.save(update_fields=["tries", "result"])
    if line.result in UNREACHABLE | {CallResult.NO_ANSWER}:
        _call_up_reserve(line)
    if result == CallResult.DENIED:
        _mark(line, actor)
    record(actor, "phone_check.called", line.phone_check, line=line.pk, result=result)
    return line


def _callable_line(line_id: int, actor: Actor) -> PhoneCheckLine:
    rows = PhoneCheckLine.objects.select_related("phone_check__programme", "enrolment__training_session")
    line: PhoneCheckLine = rows.lock(actor, pk=line_id)
    demand(actor, "phone_check.make")
    if line.phone_check.status != PhoneCheckStatus.CALLING:
        raise InvalidTransitionError(_("这次核实已经结束。"))
    if line.called_up_at is None:
        raise InvalidTransitionError(_("备选的人只能按抽中的次序递补，还没有轮到。"))
    if line.result:
        raise InvalidTransitionError(_("这个人已经有结果了。"))
    return line


def _call_up_reserve(line: PhoneCheckLine) -> None:
    """The first that waits in the stratum; none where all are used up."""
    waiting = PhoneCheckLine.objects.filter(
        phone_check=line.phone_check_id, stratum=line.stratum, reserve=True, called_up_at=None
    )
    following = waiting.order_by("rank").first()
    if following is not None:
        following.called_up_at, following.replaces = clock.now(), line
        following.save(update_fields=["called_up_at", "replaces"])


def _mark(line: PhoneCheckLine, actor: Actor) -> None:
    session = line.enrolment.training_session
    notify(Kind.ATTENDANCE_DENIED, session, roles={Role.BUREAU_HEAD}, actor=actor, session=str(session))


@transaction.atomic
def close_check(check_id: int, *, actor: Actor) -> PhoneCheck:
    """No more calls. Raises InvalidTransitionError while somebody who was called up has no result."""
    check: PhoneCheck = PhoneCheck.objects.lock(actor, pk=check_id)
    demand(actor, "phone_check.make")
    waiting = check.lines.filter(called_up_at__isnull=False, result="").count()
    if waiting:
        raise InvalidTransitionError(_("还有 %(count)s 人没有结果，打完再结束。") % {"count": waiting})
    check.closed_at = clock.now()
    check.save(update_fields=["closed_at"])
    check.enter(PhoneCheckStatus.CLOSED)
    record(actor, "phone_check.closed", check)
    return check
