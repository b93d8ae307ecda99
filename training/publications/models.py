"""公开: a table that the county puts on its public page, exactly as it was when somebody published it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.core.crypto import EncryptedTextField
from training.core.lifecycle import Lifecycle
from training.publications.choices import (
    NOT_YET,
    PUBLICATION_TRANSITIONS,
    PublicationKind,
    PublicationStatus,
)
from training.publications.rules import Refused


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def body(self) -> str:
        """Canonical JSON (RFC 8785): what is hashed, kept and handed out, byte for byte."""
        held: Any = {"columns": list(self.columns), "rows": [list(row) for row in self.rows]}
        return rfc8785.dumps(held).decode()

    @property
    def lines(self) -> list[list[tuple[str, str]]]:
        """Each row as (heading, cell) pairs."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


class Publication(Lifecycle):
    """One snapshot. `body` is its table as canonical JSON and lies encrypted, for a draft may name people;
    `refused` says what the check found, by column and row and never by content. `sha256` is of the JSON.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    TRANSITIONS = PUBLICATION_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="publications")
    kind = models.CharField(_("内容"), max_length=16, choices=PublicationKind)
    title = models.CharField(_("标题"), max_length=120)
    body = EncryptedTextField()
    refused = models.JSONField(default=list)
    status = models.CharField(
        _("状态"), max_length=16, choices=PublicationStatus, default=PublicationStatus.DRAFT
    )
    sha256 = models.CharField(max_length=64, blank=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField(_("拟稿时间"))
    checked_at = models.DateTimeField(_("审查时间"), null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(_("发布时间"), null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤下时间"), null=True)
    withdrawn_reason = models.CharField(_("撤下的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=NOT_YET) | ~Q(sha256="") & Q(published_at__isnull=False),
                name="published_with_hash_and_time",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def table(self) -> Table:
        held = json.loads(self.body)
        return Table(tuple(held["columns"]), tuple(tuple(row) for row in held["rows"]))

    @property
    def findings(self) -> list[Refused]:
        return [Refused(**one) for one in self.refused]
