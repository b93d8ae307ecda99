"""The dossier (培训档案) of a session, and the evidence that belongs to no other room."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.dossiers.choices import DOSSIER_TRANSITIONS, DossierStatus, EvidenceKind

THROUGH_SESSION = {
    "programme": "training_session__institution__programme",
    "institution": "training_session__institution",
}


def new_public_token() -> str:
    """What the QR on the paper carries: names the dossier and nothing else."""
    return secrets.token_urlsafe(12)


class Dossier(Lifecycle):
    SCOPE = THROUGH_SESSION
    TRANSITIONS = DOSSIER_TRANSITIONS
    training_session = models.OneToOneField(
        "scheduling.TrainingSession", models.PROTECT, related_name="dossier"
    )
    status = models.CharField(
        _("状态"), max_length=16, choices=DossierStatus, default=DossierStatus.COLLECTING
    )
    public_token = models.CharField(max_length=24, unique=True, default=new_public_token)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    return_reason = models.TextField(_("退回原因"), blank=True)
    returned_items = models.JSONField(_("退回的项目"), default=list)
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    sealed_at = models.DateTimeField(_("封存时间"), null=True)
    seal_problem = models.TextField(_("封存未成的原因"), blank=True)
    pdf = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    package = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    pages = models.PositiveIntegerField(_("页数"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(sealed_by=F("submitted_by")), name="dossier_submitter_does_not_seal"
            ),
            models.CheckConstraint(
                condition=~Q(status=DossierStatus.SEALED)
                | Q(package__isnull=False, pdf__isnull=False, sealed_at__isnull=False),
                name="sealed_dossier_has_its_package",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code}"

    @property
    def is_frozen(self) -> bool:
        """Whether the package is made or being made, so that nothing it says may change."""
        return self.status in (DossierStatus.SEALING, DossierStatus.SEALED)


class Evidence(ScopedModel):
    """A file that was handed in or taken for one archive item. Never replaced: withdrawn with a reason."""

    SCOPE = THROUGH_SESSION
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="evidence"
    )
    item = models.CharField(_("档案项"), max_length=8)
    kind = models.CharField(_("种类"), max_length=16, choices=EvidenceKind)
    lesson = models.ForeignKey(
        "scheduling.Lesson",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="evidence",
        verbose_name=_("课次"),
    )
    caption = models.CharField(_("说明"), max_length=200)
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    event = models.OneToOneField(
        "attendance.AttendanceEvent", models.PROTECT, null=True, related_name="evidence"
    )
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤下时间"), null=True)
    withdrawn_reason = models.CharField(_("撤下原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["item", "taken_at", "pk"]

    def __str__(self) -> str:
        return self.caption
