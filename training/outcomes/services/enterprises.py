"""Firms that went online: each counted once, by its USCC."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.institutions.verdicts import good_uscc, the_reason
from training.outcomes.choices import EnterpriseStatus, Platform
from training.outcomes.models import EnterpriseOutcome
from training.people.models import Trainee
from training.programmes.models import Programme


@transaction.atomic
def claim_enterprise(
    programme_id: int,
    *,
    name: str,
    uscc: str,
    before: str,
    after: str,
    platform: Platform,
    online_on: date,
    file: tuple[str, bytes],
    shop_url: str = "",
    trainee_id: int | None = None,
    actor: Actor,
) -> EnterpriseOutcome:
    """What a firm was and what changed, with evidence; refused where the firm is registered already."""
    demand(actor, "enterprise.claim")
    programme: Programme = Programme.objects.fetch(actor, pk=programme_id)
    code = good_uscc(uscc)
    if online_on > clock.today():
        raise InvalidInputError(_("触网日期不能晚于今天。"))
    trainee = Trainee.objects.fetch(actor, pk=trainee_id) if trainee_id else None
    enterprise = EnterpriseOutcome(
        programme=programme,
        name=name.strip(),
        uscc=code,
        before=before.strip(),
        after=after.strip(),
        platform=platform,
        shop_url=shop_url,
        online_on=online_on,
        trainee=trainee,
        file=keep_upload(*file, allow=PAPERS, actor=actor, sensitive=True),
        claimed_by_id=actor.person_id,
        claimed_at=clock.now(),
    )
    _save_once(enterprise)
    record(actor, "enterprise.claimed", enterprise)
    return enterprise


def _save_once(enterprise: EnterpriseOutcome) -> None:
    try:
        with transaction.atomic():
            enterprise.save()
    except IntegrityError as twice:
        raise InvalidInputError(
            _("统一社会信用代码 %(code)s 的企业已经登记过，一家企业只计一次。") % {"code": enterprise.uscc}
        ) from twice


@transaction.atomic
def decide_enterprise(
    enterprise_id: int, *, accept: bool, actor: Actor, reason: str = ""
) -> EnterpriseOutcome:
    """认定 or 不予认定 by the bureau, never by whoever registered it; a refusal says why."""
    demand(actor, "enterprise.confirm")
    enterprise: EnterpriseOutcome = EnterpriseOutcome.objects.lock(actor, pk=enterprise_id)
    if enterprise.claimed_by_id == actor.user_id:
        raise ForbiddenError(_("申报人不能认定自己申报的企业。"))
    _decide(enterprise, EnterpriseStatus.CONFIRMED if accept else EnterpriseStatus.REJECTED, reason, actor)
    record(actor, "enterprise.confirmed" if accept else "enterprise.rejected", enterprise)
    return enterprise


@transaction.atomic
def revoke_enterprise(enterprise_id: int, *, reason: str, actor: Actor) -> EnterpriseOutcome:
    """A firm that should not have counted; its code may be registered again."""
    demand(actor, "enterprise.confirm")
    enterprise: EnterpriseOutcome = EnterpriseOutcome.objects.lock(actor, pk=enterprise_id)
    _decide(enterprise, EnterpriseStatus.REVOKED, reason, actor)
    record(actor, "enterprise.revoked", enterprise)
    return enterprise


def _decide(enterprise: EnterpriseOutcome, status: EnterpriseStatus, reason: str, actor: Actor) -> None:
    enterprise.reason = "" if status == EnterpriseStatus.CONFIRMED else the_reason(reason)
    enterprise.enter(status)
    enterprise.decided_by_id, enterprise.decided_at = actor.person_id, clock.now()
    enterprise.save(update_fields=["decided_by", "decided_at", "reason"])
