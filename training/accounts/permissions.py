"""Who may do what: one table, after domain.md §4.4. What is not here nobody may do."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from training.accounts.choices import BUREAU_ROLES, FINANCE_ROLES, INSTITUTION_ROLES, Role
from training.core.actor import Actor
from training.core.errors import ForbiddenError

READERS: Final = frozenset({Role.SUPERVISOR, Role.AUDITOR})

MAY: Final[dict[str, frozenset[Role]]] = {
    "programme.view": frozenset(Role) - INSTITUTION_ROLES - {Role.ADMIN, Role.FOLLOW_UP},
    "archive.view": BUREAU_ROLES | FINANCE_ROLES | READERS,
    "institution.manage_papers": INSTITUTION_ROLES - {Role.CLASS_MANAGER},
    "institution.register": BUREAU_ROLES,
    "institution.admit": frozenset({Role.BUREAU_HEAD}),
    "proof.verify": BUREAU_ROLES,
    "session.plan": INSTITUTION_ROLES,
    "session.submit": frozenset({Role.INSTITUTION_HEAD}),
    "session.approve": BUREAU_ROLES,
    "session.close": INSTITUTION_ROLES,
    "roster.import": INSTITUTION_ROLES,
    "consent.record": INSTITUTION_ROLES,
    "station.issue_code": BUREAU_ROLES,
    "station.revoke": BUREAU_ROLES,
    "station.view": BUREAU_ROLES | INSTITUTION_ROLES | READERS,
    "register.view": BUREAU_ROLES | INSTITUTION_ROLES | READERS,
    "correction.propose": INSTITUTION_ROLES,
    "correction.decide": BUREAU_ROLES | {Role.INSTITUTION_HEAD},
    "lost_range.propose": INSTITUTION_ROLES | BUREAU_ROLES,
    "lost_range.decide": frozenset({Role.BUREAU_HEAD}),
    "evidence.add": INSTITUTION_ROLES,
    "dossier.submit": frozenset({Role.INSTITUTION_HEAD}),
    "dossier.review": BUREAU_ROLES,
    "claim.create": frozenset({Role.INSTITUTION_HEAD}),
    "attendance.view_events": BUREAU_ROLES | READERS,
    "walk_in.reveal": BUREAU_ROLES,
    "followup.log": frozenset({Role.FOLLOW_UP}),
    "outcome.verify": BUREAU_ROLES | {Role.FOLLOW_UP},
    "indicator.view": BUREAU_ROLES | READERS | {Role.FOLLOW_UP},
    "account.view": frozenset({Role.ADMIN, Role.BUREAU_HEAD}),
    "account.manage": frozenset({Role.ADMIN, Role.BUREAU_HEAD}),
    "account.open": frozenset({Role.ADMIN}),
    "second_factor.forget": frozenset({Role.ADMIN}),
    "audit.view": frozenset(
        {Role.ADMIN, Role.BUREAU_HEAD, Role.PRIVACY_OFFICER, Role.AUDITOR, Role.INSTITUTION_HEAD}
    ),
}


def may(actor: Actor, act: str) -> bool:
    return actor.role in MAY[act]


def demand(actor: Actor, act: str) -> None:
    """Raises ForbiddenError unless this actor's role may do `act`."""
    if not may(actor, act):
        raise ForbiddenError(_("这一步不由您的岗位办理。"), act=act, role=actor.role)
