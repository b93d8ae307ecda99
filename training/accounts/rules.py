"""Who may form an acceptance group, and who of it may sign. Plain functions over plain data."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from training.accounts.choices import Body

REQUIRED_BODIES: Final = (Body.COMMERCE, Body.FINANCE, Body.AUDIT)
"""宝丰附件3第七条（二）: 由商务、财政、审计等部门组成，并邀请纪检监察部门进行监督 (BF-39)."""
OBSERVING_BODIES: Final = frozenset({Body.DISCIPLINE})


@dataclass(frozen=True)
class Member:
    """`reviewed`: whether this person approved the dossier; `tied`: whether it is their own trainer's."""

    person: int
    body: Body
    reviewed: bool = False
    tied: bool = False

    @property
    def may_sign(self) -> bool:
        return self.body not in OBSERVING_BODIES and not self.reviewed and not self.tied


@dataclass(frozen=True)
class Composition:
    """`missing` are the bodies without anybody who may sign; a group signs only when there are none."""

    signers: tuple[Member, ...]
    observers: tuple[Member, ...]
    barred: tuple[Member, ...]
    missing: tuple[Body, ...]

    @property
    def is_quorate(self) -> bool:
        return not self.missing


def composition(
    members: Iterable[Member], *, required: Collection[Body] = REQUIRED_BODIES, third_party: bool = False
) -> Composition:
    """Who signs, who only watches, and which departments are missing.

    The union of the county's two annexes: the three departments always, 第三方 where the programme asks for it.
    """
    members = tuple(members)
    signers = tuple(member for member in members if member.may_sign)
    observers = tuple(member for member in members if member.body in OBSERVING_BODIES)
    wanted = (*required, *((Body.THIRD_PARTY,) if third_party else ()))
    present = {member.body for member in signers}
    return Composition(
        signers=signers,
        observers=observers,
        barred=tuple(m for m in members if m not in signers and m not in observers),
        missing=tuple(body for body in wanted if body not in present),
    )
