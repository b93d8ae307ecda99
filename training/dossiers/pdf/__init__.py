"""dossier.pdf: facts in, bytes out."""

from training.dossiers.pdf.build import build_pdf
from training.dossiers.pdf.seal_page import SEAL_BOXES

__all__ = ["SEAL_BOXES", "build_pdf"]
