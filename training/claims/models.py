"""补贴申领: the money asked for one session, which can exist only on a sealed dossier."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from training.claims.choices import CLAIM_TRANSITIONS, ClaimStatus
from training.core.lifecycle import Lifecycle


class Claim(Lifecycle):
    """One per session and fund line, ever, and only on a sealed dossier (`triggers`). Amounts in 分."""

    SCOPE = {
        "programme": "dossier__training_session__institution__programme",
        "institution": "dossier__training_session__institution",
    }
    TRANSITIONS = CLAIM_TRANSITIONS
    dossier = models.ForeignKey("dossiers.Dossier", models.PROTECT, related_name="claims")
    fund_line = models.ForeignKey("programmes.FundLine", models.PROTECT, related_name="claims")
    status = models.CharField(_("状态"), max_length=16, choices=ClaimStatus, default=ClaimStatus.DRAFT)
    renci = models.PositiveIntegerField(_("人次"))
    unit_price_fen = models.PositiveIntegerField(_("每人次单价"))
    amount_fen = models.PositiveBigIntegerField(_("申领金额"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("申领时间"))
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "fund_line"], name="one_claim_per_session_and_fund_line"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_fen=F("renci") * F("unit_price_fen")), name="claim_amount_adds_up"
            ),
            models.CheckConstraint(
                condition=models.Q(status=ClaimStatus.DRAFT)
                | models.Q(submitted_by__isnull=False, submitted_at__isnull=False),
                name="claim_was_handed_in_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=ClaimStatus.WITHDRAWN) | ~models.Q(withdrawn_reason=""),
                name="claim_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier} {self.amount_fen}"
