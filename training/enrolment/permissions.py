from __future__ import annotations

from training.accounts.permissions import may
from training.core.actor import Actor
from training.people.queries import is_concerned
from training.programmes.preset import Group
from training.scheduling.choices import EDITABLE
from training.scheduling.models import TrainingSession


def may_see_numbers(actor: Actor, session: TrainingSession) -> bool:
    """Identity numbers in full: whoever is still writing the roster, and the bureau that approves it.

    The institution sees them masked once it has submitted.
    """
    writing = session.status in EDITABLE and may(actor, "roster.import")
    return writing or may(actor, "session.approve")


def may_see_group(actor: Actor, session: TrainingSession, group: Group) -> bool:
    """Whether who is in this group may be read by name: like numbers, a sensitive one is the
    institution's to see only while it writes the roster, else only whoever needs it for verifying.
    """
    if not group.sensitive or (session.status in EDITABLE and may(actor, "roster.import")):
        return True
    return may(actor, "trainee.view_sensitive") and is_concerned(actor, group.verified_by or "")


def shown_groups(session: TrainingSession, actor: Actor) -> frozenset[str]:
    """Codes of the sensitive groups that this actor is shown by name: each look at them goes on record."""
    groups = session.rule_set.rules.groups
    return frozenset(
        group.code for group in groups if group.sensitive and may_see_group(actor, session, group)
    )


def group_names(session: TrainingSession, actor: Actor) -> dict[str, str]:
    """By code, what this actor reads beside a person; "" for a sensitive group that is not theirs to see."""
    groups = session.rule_set.rules.groups
    return {group.code: group.name if may_see_group(actor, session, group) else "" for group in groups}
