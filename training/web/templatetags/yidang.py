"""What the templates of every area share."""

from __future__ import annotations

from typing import Any

from django import template

from training.accounts.permissions import may as actor_may
from training.core.actor import Actor

register = template.Library()


@register.filter
def may(actor: Actor, act: str) -> bool:
    """`{% if actor|may:"session.approve" %}`: whether this actor's role may do it."""
    return actor_may(actor, act)


@register.filter
def yuan(fen: int) -> str:
    """分 as 元: 1234500 → 12,345.00."""
    return f"{fen / 100:,.2f}"


@register.inclusion_tag("parts/nine_grid.html")
def nine_grid(items: Any, *, small: bool = False) -> dict[str, Any]:
    """九宫格: one cell an archive item, filled when complete; always in reading order A1…A9."""
    return {"items": items, "small": small}
