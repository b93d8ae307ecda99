"""One way for a row to change its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.errors import InvalidTransitionError


class Lifecycle(ScopedModel):
    """A model with `status`; its TRANSITIONS table in `choices.py` is the whole truth."""

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]]
    status: str

    class Meta:
        abstract = True

    def may_enter(self, target: str) -> bool:
        return target in self.TRANSITIONS.get(self.status, frozenset())

    def enter(self, target: str) -> None:
        """Move to `target` if the table allows it; the caller holds the row lock."""
        if not self.may_enter(target):
            raise InvalidTransitionError(
                _("现在的状态是“%(status)s”，不能这样操作。请刷新页面看看最新情况。")
                % {"status": self.get_status_display()},  # type: ignore[attr-defined]
                start=self.status,
                target=target,
            )
        self.status = target
        self.save(update_fields=["status"])  # type: ignore[misc]
