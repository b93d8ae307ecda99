"""dossier.pdf: facts in, bytes out."""

from training.dossiers.pdf.build import build_pdf

__all__ = ["build_pdf"]
