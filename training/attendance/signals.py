"""What rooms above may want to hear of."""

from __future__ import annotations

from django.dispatch import Signal

completion_changed = Signal()
"""A correction or an exclusion after the close turned 结业 into 未达标 or back; sent inside the transaction, with `completion`."""
