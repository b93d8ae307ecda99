"""The station's one screen, served to this machine and to nobody else."""
