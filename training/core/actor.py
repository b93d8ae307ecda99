"""Who asks. Every read and every change takes an actor; what they may see is in their reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


class All:
    """The reach of someone who sees every object of a dimension."""

    def __repr__(self) -> str:
        return "ALL"


ALL: Final = All()
Reach = Mapping[str, frozenset[int] | frozenset[str] | All]


@dataclass(frozen=True)
class Actor:
    """A person at work in one role, or the system.

    `reach` holds, for each dimension (`programme`, `county`, `institution`, `trainee`, `township`, `town`,
    `instructor`), the ids
    (of townships and of `town`, whose reports, the names) that may be seen, or ALL. A dimension that is not mentioned means nothing is
    visible. `account` is the administrators' own: the programmes whose accounts they look after.
    `department` is which of the county's a data department is, `device` what they work at (`User-Agent`).
    """

    name: str
    role: str = ""
    user_id: int | None = None
    reach: Reach = field(default_factory=dict)
    department: str = ""
    device: str = ""

    @property
    def person_id(self) -> int:
        """The account that answers for an act; raises LookupError for the program itself."""
        if self.user_id is None:
            raise LookupError("this act needs a person")
        return self.user_id


SYSTEM: Final = Actor(
    "系统",
    "system",
    None,
    {"programme": ALL, "county": ALL, "institution": ALL, "trainee": ALL, "township": ALL, "town": ALL},
)
"""The program itself: scheduled work, and what a station's signed event sets off."""

NOBODY: Final = Actor("")
