"""What stands in the way of a change, asked by more than one service."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from training.core.errors import InvalidTransitionError
from training.fairs.models import JobFair


def demand_state(fair: JobFair, states: Collection[str]) -> None:
    """Raises InvalidTransitionError unless the fair is in one of these states."""
    if fair.status not in states:
        raise InvalidTransitionError(
            _("对接会现在是“%(status)s”，不能再这样改。") % {"status": fair.get_status_display()}
        )
