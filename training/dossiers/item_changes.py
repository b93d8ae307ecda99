"""What an archive item says, as labelled facts, and how two states of it differ. Plain data in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import rfc8785
from django.utils.translation import gettext as _

Facts = Mapping[str, str]
"""Label -> what it says; a value that begins with OPAQUE is a digest of what is not to be repeated here."""

OPAQUE: Final = "#"


@dataclass(frozen=True)
class Change:
    """`before` and `after` are empty where the fact was not there."""

    kind: Literal["new", "gone", "changed"]
    label: str
    before: str = ""
    after: str = ""

    @property
    def message(self) -> str:
        if self.kind == "new":
            return _("新增：%(label)s") % {"label": self.label}
        if self.kind == "gone":
            return _("没有了：%(label)s") % {"label": self.label}
        if self.before.startswith(OPAQUE) or self.after.startswith(OPAQUE):
            return _("有改动：%(label)s") % {"label": self.label}
        return _("%(label)s：由“%(before)s”改为“%(after)s”") % {
            "label": self.label,
            "before": self.before,
            "after": self.after,
        }


def changes(before: Facts, after: Facts) -> tuple[Change, ...]:
    """In the order of what is there now, then what is gone."""
    now = [
        Change("new", label, after=value)
        if label not in before
        else Change("changed", label, before[label], value)
        for label, value in after.items()
        if before.get(label) != value
    ]
    gone = [Change("gone", label, before=value) for label, value in before.items() if label not in after]
    return (*now, *gone)


def digest(facts: Facts) -> str:
    """The same facts give the same digest, in whatever order they were read."""
    return hashlib.sha256(rfc8785.dumps(dict(facts))).hexdigest()


def opaque(*parts: object) -> str:
    """Stands for something that must be noticed when it changes and not be kept a second time."""
    return OPAQUE + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]
