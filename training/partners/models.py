"""Tokens by which other systems read figures, and the log of what they read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.db import ScopedModel
from training.partners.choices import Resource, TokenState


class PartnerToken(ScopedModel):
    """数据接口凭证: what one partner may read, for how long. Only the token's hash is kept.

    `purposes` holds values of `Purpose`; with an `institution`, only that one's data. `prefix` is the
    beginning of the token, by which people tell one from another.
    """

    SCOPE = {"programme": "programme", "institution": "institution"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="partner_tokens")
    institution = models.ForeignKey(
        "institutions.Institution",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="partner_tokens",
        verbose_name=_("只限一家机构的数据"),
    )
    partner = models.CharField(_("使用单位"), max_length=120)
    contact = models.CharField(_("联系人"), max_length=64)
    reason = models.CharField(_("用途说明"), max_length=200)
    purposes = models.JSONField(_("可以读取"))
    prefix = models.CharField(_("凭证开头"), max_length=16)
    token_hash = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("签发时间"))
    expires_on = models.DateField(_("有效期止"))
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(_("停用时间"), null=True)
    revoked_reason = models.CharField(_("停用原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoked_reason="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoked_reason="")),
                name="revoked_token_says_who_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.prefix}…"

    @property
    def state(self) -> TokenState:
        if self.revoked_at:
            return TokenState.REVOKED
        return TokenState.ACTIVE if clock.today() <= self.expires_on else TokenState.EXPIRED


class PartnerUse(ScopedModel):
    """How often a token read one thing on one day: what was handed to whom, without a row for every call."""

    SCOPE = {"programme": "token__programme", "institution": "token__institution"}
    token = models.ForeignKey(PartnerToken, models.CASCADE, related_name="uses")
    on = models.DateField(_("日期"))
    resource = models.CharField(_("内容"), max_length=32, choices=Resource)
    answered = models.PositiveIntegerField(_("读取次数"), default=0)
    refused = models.PositiveIntegerField(_("被拒次数"), default=0)

    class Meta:
        ordering = ["-on", "resource"]
        constraints = [
            models.UniqueConstraint(fields=["token", "on", "resource"], name="one_count_a_day_and_resource")
        ]

    def __str__(self) -> str:
        return f"{self.token} {self.on} {self.resource}"
