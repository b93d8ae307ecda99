"""The audit trail and stored files: about anything, so they know only labels."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import REACHED_THROUGH_OWNER, ScopedModel


class AuditEvent(ScopedModel):
    """Who did what to which row, and when. Append-only."""

    SCOPE = {"programme": "programme_id", "institution": "institution_id"}
    at = models.DateTimeField(_("时间"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(_("操作人"), max_length=64)
    role = models.CharField(_("身份"), max_length=32)
    verb = models.CharField(_("动作"), max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    subject = models.CharField(_("对象"), max_length=200)
    programme_id = models.PositiveBigIntegerField(null=True)
    institution_id = models.PositiveBigIntegerField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject}"


class StoredFile(ScopedModel):
    """A file exactly as received. Sensitive ones lie encrypted on the disk; the hash is of the original."""

    SCOPE = REACHED_THROUGH_OWNER
    name = models.CharField(_("文件名"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(_("大小"))
    sha256 = models.CharField(max_length=64, db_index=True)
    sensitive = models.BooleanField(default=False)
    uploaded_by = models.CharField(_("上传人"), max_length=64)
    uploaded_at = models.DateTimeField(_("上传时间"))
    file = models.FileField(upload_to="files/%Y/%m")

    def __str__(self) -> str:
        return self.name
