"""Courseware: what is taught with, version by version."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel


class Courseware(ScopedModel):
    """课件. A new version is a new row, so a session stays pinned to the bytes it used."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="courseware")
    topic = models.CharField(_("专题"), max_length=64)
    title = models.CharField(_("课件名称"), max_length=120)
    version = models.PositiveIntegerField(_("版本"), default=1)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["topic", "title", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "topic", "title", "version"], name="courseware_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"
