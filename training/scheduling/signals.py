"""What rooms above may want to hear of."""

from __future__ import annotations

from typing import Any, cast

from django.dispatch import Signal

session_entered = Signal()
"""A `session` is in another state than before; sent inside the transaction, before the audit trail."""

session_approved = Signal()
"""A session was approved and its roster is frozen; sent inside the transaction, with `session`."""

change_approved = Signal()
"""A lesson of this `session` is from now on another than was approved with it; sent inside the transaction."""

lessons_weighed = Signal()
"""Lessons of a `session` are about to be kept, or the session to be handed in or approved: `lessons`, `actor`.

Receivers answer with the `Finding`s of their rooms; what one of them refuses is refused.
"""

session_doubted = Signal()
"""A session is about to be approved by `actor`: receivers answer with what to ask about first, in words."""


def answers(signal: Signal, **about: Any) -> list[Any]:
    """Of all receivers, in a row."""
    return [answer for _receiver, said in signal.send(None, **about) for answer in cast("list[Any]", said)]
