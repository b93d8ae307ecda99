"""An institution's licences: handed in by the institution, verified or refused by the bureau."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES
from training.accounts.permissions import demand
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.core.files import PAPERS, keep_upload
from training.institutions.choices import InstitutionStatus, LicenceKind
from training.institutions.models import Institution, Licence
from training.institutions.services.standing import settle
from training.institutions.verdicts import mark_refused, mark_verified
from training.notifications.choices import Kind
from training.notifications.services import notify


@transaction.atomic
def add_licence(
    institution_id: int,
    *,
    kind: LicenceKind,
    number: str,
    issuer: str,
    valid_from: date,
    valid_until: date | None,
    file: tuple[str, bytes],
    actor: Actor,
) -> Licence:
    """Counts once the bureau has verified it."""
    demand(actor, "institution.manage_papers")
    institution: Institution = Institution.objects.fetch(actor, pk=institution_id)
    if institution.status == InstitutionStatus.REMOVED:
        raise InvalidInputError(_("机构已被清退，不能再补交证照。"))
    if valid_until and valid_until < valid_from:
        raise InvalidInputError(_("有效期止不能早于有效期起。"))
    licence: Licence = Licence.objects.create(
        institution=institution,
        kind=kind,
        number=number,
        issuer=issuer,
        valid_from=valid_from,
        valid_until=valid_until,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
    )
    record(actor, "licence.added", licence)
    return licence


@transaction.atomic
def verify_licence(licence_id: int, *, actor: Actor) -> Licence:
    """The bureau has looked at it; an institution that was suspended for the lack of it is back at once.

    Asking twice changes nothing.
    """
    demand(actor, "institution.verify")
    licence: Licence = Licence.objects.lock(actor, pk=licence_id)
    if mark_verified(licence, actor):
        record(actor, "licence.verified", licence)
        settle(licence.institution_id, actor=actor)
    return licence


@transaction.atomic
def refuse_licence(licence_id: int, *, reason: str, actor: Actor) -> Licence:
    """It does not count, from now on; an institution that stood on it is suspended at once."""
    demand(actor, "institution.verify")
    licence: Licence = Licence.objects.lock(actor, pk=licence_id)
    mark_refused(licence, reason, actor)
    notify(Kind.LICENCE_REFUSED, licence, roles=INSTITUTION_ROLES, actor=actor, paper=str(licence))
    record(actor, "licence.refused", licence, reason=licence.refusal)
    settle(licence.institution_id, actor=actor)
    return licence
