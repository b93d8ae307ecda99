"""The audit trail and stored files: about anything, so they know only labels."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.core.db import REACHED_THROUGH_OWNER, AdministeredQuerySet, ScopedModel


class AuditEvent(ScopedModel):
    """Who did what to which row, and when. Append-only; `training.core.audit` writes it and links it up."""

    SCOPE = {"programme": "programme_id", "institution": "institution_id"}
    ADMINISTERED = Q(subject_type="accounts.User") | Q(verb="programme.loaded")
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
    previous_hash = models.CharField(max_length=64, blank=True)
    row_hash = models.CharField(max_length=64)
    objects = AdministeredQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
            models.Index(fields=["programme_id", "id"], name="audit_by_programme"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject}"


class AuditChain(ScopedModel):
    """Where one programme's trail ends; 0 is the trail of what belongs to none. Locked while a row is added."""

    SCOPE = REACHED_THROUGH_OWNER
    programme = models.PositiveBigIntegerField(primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)
    proof = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.programme}: {self.length}"


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
    device = models.CharField(_("上传设备"), max_length=200, blank=True)
    file = models.FileField(upload_to="files/%Y/%m")

    def __str__(self) -> str:
        return self.name
