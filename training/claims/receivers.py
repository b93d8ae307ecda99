"""What the dossier's room tells, and what it means for money that is asked on it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from training.claims.choices import WITH_INSTITUTION
from training.claims.models import Claim
from training.core.errors import InvalidTransitionError
from training.dossiers.models import Dossier
from training.dossiers.signals import sealed, unsealing
from training.scheduling.choices import SessionStatus


@receiver(unsealing)
def refuse_under_a_claim(dossier: Dossier, **_said: Any) -> None:
    """Money that has been asked for stands on what was sealed: it is withdrawn first, by whoever asked.

    A claim that is still the institution's own stays and waits: it can't be handed in before the dossier is
    sealed again, and then only with that dossier's figures.
    """
    if Claim.objects.filter(dossier=dossier).exclude(status__in=WITH_INSTITUTION).exists():
        raise InvalidTransitionError(_("这一期已经提交补贴申领，不能解封。请机构先撤回申领。"))


@receiver(sealed)
def claimed_again(dossier: Dossier, **_said: Any) -> None:
    """A dossier that is sealed anew finds the claim it had."""
    if Claim.objects.filter(dossier=dossier).exists():
        dossier.training_session.refresh_from_db()
        dossier.training_session.enter(SessionStatus.CLAIMED)
