"""What rooms above may want to hear of; each is sent inside the transaction."""

from __future__ import annotations

from django.dispatch import Signal

evidence_added = Signal()
"""A file was handed in for an archive item, or a station's photo came; sent with `evidence`."""

unsealing = Signal()
"""The bureau opens a sealed `dossier` again; whoever can't have that raises a TrainingError."""

sealed = Signal()
"""A `dossier` has been sealed, for the first time or again."""

denials_told = Signal()
"""Of these `sessions`: receivers answer with (session id, enrolment id, call id) of who denies having been there."""

evidence_withdrawn = Signal()
"""A person took a file out of an archive; sent inside the transaction, with `evidence`."""
