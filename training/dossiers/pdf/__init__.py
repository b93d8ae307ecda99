"""dossier.pdf: facts in, bytes out."""

from .build import build_pdf

__all__ = ["build_pdf"]
