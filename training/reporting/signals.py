"""What rooms above are asked."""

from __future__ import annotations

from django.dispatch import Signal

month_measured = Signal()
"""A `month` ("YYYY-MM") of a `programme` is reported, or held against its report: receivers answer with the
`Measured` of their rooms, which are frozen with it.
"""
