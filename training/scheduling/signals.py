"""What rooms above may want to hear of."""

from __future__ import annotations

from django.dispatch import Signal

session_approved = Signal()
"""A session was approved and its roster is frozen; sent inside the transaction, with `session`."""
