"""dossier.pdf: facts in, a file out."""
