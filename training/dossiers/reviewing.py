"""Submitting a dossier, and the bureau's check of it (lifecycle F, 提交 to 齐全)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, TrainingError
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.dossiers.queries import check_session
from training.dossiers.rules import findings
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.models import TrainingSession


class IncompleteDossierError(TrainingError):
    """档案不全，不予以补贴: `details["findings"]` names every missing thing. There is no override."""

    code = "dossier_incomplete"
    http_status = 409


def demand_complete(session: TrainingSession) -> None:
    """Raises IncompleteDossierError naming everything that is missing."""
    missing = findings(check_session(session))
    if missing:
        messages = [finding.message for finding in missing]
        raise IncompleteDossierError(
            _("档案不全，不予以补贴：%(missing)s。") % {"missing": "；".join(messages)}, findings=messages
        )


@transaction.atomic
def submit_dossier(session_id: int, *, actor: Actor) -> Dossier:
    """机构自检后提交商务局核验; refused while anything is missing."""
    demand(actor, "dossier.submit")
    dossier: Dossier = Dossier.objects.lock(actor, training_session=session_id)
    demand_complete(dossier.training_session)
    dossier.submitted_by_id = actor.user_id
    dossier.submitted_at = clock.now()
    dossier.save(update_fields=["submitted_by", "submitted_at"])
    dossier.enter(DossierStatus.SUBMITTED)
    institution = dossier.training_session.institution.name
    tell(Kind.DOSSIER_SUBMITTED, dossier, BUREAU_ROLES, actor=actor, institution=institution)
    record(actor, "dossier.submitted", dossier)
    return dossier


@transaction.atomic
def return_dossier(dossier_id: int, *, items: Sequence[str], reason: str, actor: Actor) -> Dossier:
    """退回补正 single items, with the reason."""
    demand(actor, "dossier.review")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if not reason.strip() or not items:
        raise InvalidInputError(_("请选择退回的项目并写明原因。"))
    dossier.return_reason = reason.strip()
    dossier.returned_items = list(items)
    dossier.save(update_fields=["return_reason", "returned_items"])
    dossier.enter(DossierStatus.RETURNED)
    tell(Kind.DOSSIER_RETURNED, dossier, INSTITUTION_ROLES, actor=actor, items=" ".join(items))
    record(actor, "dossier.returned", dossier, items=list(items), reason=dossier.return_reason)
    return dossier


def tell(kind: Kind, dossier: Dossier, roles: Collection[Role], *, actor: Actor, **more: str) -> None:
    session = dossier.training_session
    notify(kind, session, roles=roles, actor=actor, session=str(session), **more)
