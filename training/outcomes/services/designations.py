"""Who is a village's 电商扶贫人才 or a township's 电商骨干人才, and since when."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.core.files import PAPERS, keep_upload
from training.enrolment.choices import EnrolmentStatus
from training.institutions.verdicts import the_reason
from training.outcomes.choices import DesignationKind
from training.outcomes.models import Designation
from training.people.models import Trainee
from training.programmes.choices import RegionLevel
from training.programmes.models import Region

PLACE: Final = {DesignationKind.TALENT: RegionLevel.VILLAGE, DesignationKind.BACKBONE: RegionLevel.TOWNSHIP}


@transaction.atomic
def designate(
    trainee_id: int,
    *,
    kind: DesignationKind,
    region_id: int,
    from_on: date,
    basis: str,
    file: tuple[str, bytes] | None = None,
    actor: Actor,
) -> Designation:
    """Give somebody who completed the title for one village or township."""
    demand(actor, "designation.grant")
    trainee: Trainee = Trainee.objects.fetch(actor, pk=trainee_id)
    region: Region = Region.objects.fetch(actor, pk=region_id)
    _refuse_impossible(trainee, DesignationKind(kind), region, from_on)
    designation = Designation(
        trainee=trainee,
        kind=kind,
        region=region,
        from_on=from_on,
        basis=basis.strip(),
        file=keep_upload(*file, allow=PAPERS, actor=actor, sensitive=True) if file else None,
        designated_by_id=actor.person_id,
        designated_at=clock.now(),
    )
    try:
        with transaction.atomic():
            designation.save()
    except IntegrityError as twice:
        raise InvalidInputError(_("这个人在这里已有这个称号。")) from twice
    record(actor, "designation.granted", designation, region=region.code)
    return designation


def _refuse_impossible(trainee: Trainee, kind: DesignationKind, region: Region, from_on: date) -> None:
    if not trainee.enrolments.filter(status=EnrolmentStatus.COMPLETED).exists():
        raise InvalidInputError(_("只有结业的学员才能认定为电商人才。"))
    if region.programme_id != trainee.programme_id or region.level != PLACE[kind]:
        raise InvalidInputError(_("电商扶贫人才按村认定，电商骨干人才按乡镇认定，请重新选择地方。"))
    if from_on > clock.today():
        raise InvalidInputError(_("认定日期不能晚于今天。"))


@transaction.atomic
def revoke_designation(designation_id: int, *, on: date, reason: str, actor: Actor) -> Designation:
    """The title ends with the day before `on`; the place may be without anybody then."""
    demand(actor, "designation.grant")
    designation: Designation = Designation.objects.lock(actor, pk=designation_id)
    if designation.until_on:
        raise InvalidTransitionError(_("这个称号已经撤销。"))
    if not designation.from_on <= on <= clock.today():
        raise InvalidInputError(_("撤销日期要在认定日期以后、不晚于今天。"))
    designation.reason = the_reason(reason)
    designation.until_on, designation.revoked_by_id = on, actor.person_id
    designation.save(update_fields=["until_on", "revoked_by", "reason"])
    record(actor, "designation.revoked", designation)
    return designation
