"""What rooms above may want to know of."""

from __future__ import annotations

from django.dispatch import Signal

regions_loaded = Signal()
"""`programme` has a list of places, or a longer one; inside the transaction that loaded it."""
