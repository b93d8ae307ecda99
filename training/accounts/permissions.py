"""Who may do what: one table, after domain.md §4.4. What is not here nobody may do."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from training.accounts.choices import (
    BUREAU_ROLES,
    FINANCE_ROLES,
    INSTITUTION_ROLES,
    SEES_TRAINEE_POOL,
    Role,
)
from training.core.actor import Actor
from training.core.errors import ForbiddenError

READERS: Final = frozenset({Role.SUPERVISOR, Role.AUDITOR})
OVERSEERS: Final = READERS | {Role.LEADING_GROUP, Role.ACCEPTANCE}
"""Who reads what is paid for and how far the county is, besides those who approve and pay."""

MAY: Final[dict[str, frozenset[Role]]] = {
    "programme.view": frozenset(Role) - INSTITUTION_ROLES - {Role.ADMIN, Role.FOLLOW_UP},
    "rules.draft": BUREAU_ROLES,
    "rules.change": frozenset({Role.BUREAU_HEAD}),
    "region.manage": BUREAU_ROLES,
    "archive.view": BUREAU_ROLES | FINANCE_ROLES | OVERSEERS,
    "archive.todo": INSTITUTION_ROLES | BUREAU_ROLES,
    "institution.manage_papers": INSTITUTION_ROLES - {Role.CLASS_MANAGER},
    "institution.register": BUREAU_ROLES,
    "institution.submit": frozenset({Role.INSTITUTION_HEAD}),
    "institution.verify": BUREAU_ROLES,
    "institution.admit": frozenset({Role.BUREAU_HEAD}),
    "institution.sanction": frozenset({Role.BUREAU_HEAD}),
    "agreement.view": INSTITUTION_ROLES | BUREAU_ROLES | FINANCE_ROLES | OVERSEERS,
    "agreement.confirm": frozenset({Role.BUREAU_HEAD}),
    "instructor.suspend": frozenset({Role.BUREAU_HEAD}),
    "instructor.view": INSTITUTION_ROLES | BUREAU_ROLES | FINANCE_ROLES | OVERSEERS,
    "evaluation.view": INSTITUTION_ROLES | BUREAU_ROLES | READERS,
    "evaluation.record": INSTITUTION_ROLES,
    "evaluation.give": BUREAU_ROLES,
    "proof.verify": BUREAU_ROLES,
    "course.view": INSTITUTION_ROLES | BUREAU_ROLES | FINANCE_ROLES | OVERSEERS,
    "outline.manage": INSTITUTION_ROLES - {Role.CLASS_MANAGER},
    "outline.approve": BUREAU_ROLES,
    "courseware.approve": BUREAU_ROLES,
    "session.plan": INSTITUTION_ROLES,
    "venue.view": INSTITUTION_ROLES | BUREAU_ROLES | READERS,
    "venue.manage": INSTITUTION_ROLES | BUREAU_ROLES,
    "timetable.view": INSTITUTION_ROLES | BUREAU_ROLES | READERS,
    "session.submit": frozenset({Role.INSTITUTION_HEAD}),
    "session.approve": BUREAU_ROLES,
    "session.close": INSTITUTION_ROLES,
    "session.call_off": BUREAU_ROLES | {Role.INSTITUTION_HEAD},
    "session.stop": frozenset({Role.BUREAU_HEAD}),
    "change.view": INSTITUTION_ROLES | BUREAU_ROLES | READERS,
    "change.request": INSTITUTION_ROLES,
    "change.decide": BUREAU_ROLES,
    "call_list.view": INSTITUTION_ROLES | BUREAU_ROLES,
    "roster.import": INSTITUTION_ROLES,
    "registration.view": INSTITUTION_ROLES | BUREAU_ROLES | {Role.TOWNSHIP, Role.AUDITOR},
    "registration.open": INSTITUTION_ROLES,
    "registration.apply_for": INSTITUTION_ROLES,
    "registration.accept": INSTITUTION_ROLES,
    "registration.nominate": frozenset({Role.TOWNSHIP}),
    "registration.review": BUREAU_ROLES | {Role.TOWNSHIP},
    "registration.withdraw": INSTITUTION_ROLES | BUREAU_ROLES | {Role.TOWNSHIP},
    "trainee.view": SEES_TRAINEE_POOL | {Role.TOWNSHIP},
    "trainee.view_sensitive": frozenset({Role.TOWNSHIP, Role.DATA_DEPARTMENT, Role.PRIVACY_OFFICER}),
    "trainee.view_looks": frozenset({Role.PRIVACY_OFFICER, Role.AUDITOR}),
    "trainee.reveal": frozenset({Role.BUREAU_REVIEWER}),
    "trainee.contact": frozenset({Role.TOWNSHIP, Role.FOLLOW_UP, Role.PRIVACY_OFFICER}),
    "group.claim": frozenset({Role.TOWNSHIP, Role.DATA_DEPARTMENT, Role.FOLLOW_UP}),
    "group.verify": frozenset({Role.TOWNSHIP, Role.DATA_DEPARTMENT}),
    "consent.record": INSTITUTION_ROLES | {Role.TOWNSHIP, Role.FOLLOW_UP, Role.PRIVACY_OFFICER},
    "consent.withdraw": INSTITUTION_ROLES
    | BUREAU_ROLES
    | {Role.TOWNSHIP, Role.FOLLOW_UP, Role.PRIVACY_OFFICER},
    "consent_text.view": INSTITUTION_ROLES | SEES_TRAINEE_POOL | {Role.TOWNSHIP},
    "consent_text.publish": frozenset({Role.PRIVACY_OFFICER}),
    "rights.view": frozenset({Role.BUREAU_HEAD, Role.PRIVACY_OFFICER, Role.AUDITOR}),
    "rights.receive": BUREAU_ROLES | {Role.TOWNSHIP, Role.FOLLOW_UP, Role.PRIVACY_OFFICER},
    "rights.handle": frozenset({Role.PRIVACY_OFFICER}),
    "station.issue_code": BUREAU_ROLES,
    "station.revoke": BUREAU_ROLES,
    "station.view": BUREAU_ROLES | INSTITUTION_ROLES | READERS,
    "register.view": BUREAU_ROLES | INSTITUTION_ROLES | FINANCE_ROLES | OVERSEERS,
    "correction.propose": INSTITUTION_ROLES,
    "correction.decide": BUREAU_ROLES | {Role.INSTITUTION_HEAD},
    "lost_range.propose": INSTITUTION_ROLES | BUREAU_ROLES,
    "lost_range.decide": frozenset({Role.BUREAU_HEAD}),
    "evidence.add": INSTITUTION_ROLES,
    "reuse.view": BUREAU_ROLES | READERS | INSTITUTION_ROLES,
    "reuse.decide": BUREAU_ROLES,
    "dossier.submit": frozenset({Role.INSTITUTION_HEAD}),
    "dossier.review": BUREAU_ROLES,
    "dossier.view": INSTITUTION_ROLES | BUREAU_ROLES | FINANCE_ROLES | OVERSEERS,
    "dossier.draft": INSTITUTION_ROLES | BUREAU_ROLES,
    "dossier.unseal": frozenset({Role.BUREAU_HEAD}),
    "certificate.view": INSTITUTION_ROLES | BUREAU_ROLES | READERS,
    "certificate.issue": INSTITUTION_ROLES,
    "certificate.print": INSTITUTION_ROLES,
    "certificate.reissue": INSTITUTION_ROLES,
    "certificate.revoke": BUREAU_ROLES,
    "complaint.view": BUREAU_ROLES | {Role.AUDITOR},
    "complaint.assign": frozenset({Role.BUREAU_HEAD}),
    "complaint.handle": BUREAU_ROLES,
    "publication.view": BUREAU_ROLES | READERS,
    "publication.prepare": BUREAU_ROLES,
    "publication.publish": frozenset({Role.BUREAU_HEAD}),
    "publication.withdraw": frozenset({Role.BUREAU_HEAD}),
    "self_link.view": BUREAU_ROLES | {Role.FOLLOW_UP},
    "self_link.issue": frozenset({Role.FOLLOW_UP, Role.BUREAU_REVIEWER}),
    "claim.create": frozenset({Role.INSTITUTION_HEAD}),
    "claim.submit": frozenset({Role.INSTITUTION_HEAD}),
    "claim.view": INSTITUTION_ROLES | BUREAU_ROLES | FINANCE_ROLES | OVERSEERS,
    "trace.view": BUREAU_ROLES | {Role.AUDITOR},
    "attendance.view_events": BUREAU_ROLES | READERS,
    "walk_in.reveal": BUREAU_ROLES,
    "followup.view": BUREAU_ROLES | {Role.FOLLOW_UP},
    "followup.log": frozenset({Role.FOLLOW_UP}),
    "followup.assign": BUREAU_ROLES | {Role.FOLLOW_UP},
    "outcome.view": INSTITUTION_ROLES | BUREAU_ROLES | READERS | {Role.FOLLOW_UP},
    "outcome.claim": INSTITUTION_ROLES | {Role.FOLLOW_UP},
    "outcome.add_evidence": INSTITUTION_ROLES | BUREAU_ROLES | {Role.FOLLOW_UP},
    "outcome.verify": BUREAU_ROLES | {Role.FOLLOW_UP},
    "outcome.confirm": BUREAU_ROLES,
    "rate.view": INSTITUTION_ROLES | BUREAU_ROLES | FINANCE_ROLES | OVERSEERS | {Role.FOLLOW_UP},
    "sales.view": BUREAU_ROLES | {Role.FOLLOW_UP, Role.AUDITOR},
    "sales.record": frozenset({Role.FOLLOW_UP}),
    "enterprise.view": BUREAU_ROLES | READERS | {Role.FOLLOW_UP},
    "enterprise.claim": frozenset({Role.FOLLOW_UP}),
    "enterprise.confirm": BUREAU_ROLES,
    "designation.view": BUREAU_ROLES | {Role.FOLLOW_UP, Role.TOWNSHIP, Role.AUDITOR},
    "designation.grant": BUREAU_ROLES,
    "fair.view": BUREAU_ROLES | INSTITUTION_ROLES | OVERSEERS | {Role.TOWNSHIP, Role.FOLLOW_UP},
    "fair.view_people": BUREAU_ROLES | INSTITUTION_ROLES | OVERSEERS | {Role.FOLLOW_UP},
    "fair.manage": BUREAU_ROLES | INSTITUTION_ROLES,
    "fair.report": BUREAU_ROLES | {Role.INSTITUTION_HEAD},
    "fair.confirm": BUREAU_ROLES,
    "fair.intend": BUREAU_ROLES | INSTITUTION_ROLES | {Role.FOLLOW_UP},
    "fair.follow": frozenset({Role.FOLLOW_UP}),
    "indicator.view": BUREAU_ROLES | FINANCE_ROLES | OVERSEERS | {Role.FOLLOW_UP},
    "report.view": BUREAU_ROLES | OVERSEERS,
    "town_report.view": BUREAU_ROLES | READERS | {Role.LEADING_GROUP, Role.TOWNSHIP},
    "town_report.write": frozenset({Role.TOWNSHIP}),
    "roll_up.view": BUREAU_ROLES | READERS | {Role.LEADING_GROUP},
    "roll_up.draw_up": frozenset({Role.LEADING_GROUP}),
    "ministry.view": BUREAU_ROLES | OVERSEERS,
    "ministry.report": BUREAU_ROLES | {Role.LEADING_GROUP},
    "evaluation_self.view": BUREAU_ROLES | OVERSEERS,
    "evaluation_self.write": BUREAU_ROLES | {Role.LEADING_GROUP},
    "phone_check.view": BUREAU_ROLES | OVERSEERS,
    "phone_check.make": BUREAU_ROLES,
    "meeting.view": BUREAU_ROLES | OVERSEERS,
    "meeting.record": BUREAU_ROLES | {Role.LEADING_GROUP},
    "dashboard.view": BUREAU_ROLES
    | FINANCE_ROLES
    | OVERSEERS
    | INSTITUTION_ROLES
    | {Role.FOLLOW_UP, Role.TOWNSHIP},
    "stated.enter": BUREAU_ROLES,
    "month.report": frozenset({Role.BUREAU_HEAD}),
    "account.view": frozenset({Role.ADMIN, Role.BUREAU_HEAD}),
    "account.manage": frozenset({Role.ADMIN, Role.BUREAU_HEAD}),
    "account.open": frozenset({Role.ADMIN}),
    "second_factor.forget": frozenset({Role.ADMIN}),
    "token.view": frozenset({Role.BUREAU_HEAD, Role.AUDITOR}),
    "token.manage": frozenset({Role.BUREAU_HEAD}),
    "integrity.view": BUREAU_ROLES | {Role.AUDITOR},
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
