"""A row that nothing depends on. Its table is made by `migrate --run-syncdb`."""

from __future__ import annotations

from django.db import models


class Row(models.Model):
    body = models.TextField()
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.pk)
