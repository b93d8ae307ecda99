"""意见与举报: what anybody may tell the bureau, and what it answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from training.complaints.choices import (
    COMPLAINT_TRANSITIONS,
    UNANSWERED,
    ComplaintKind,
    ComplaintStatus,
    Verdict,
)
from training.core import clock
from training.core.crypto import EncryptedTextField
from training.core.lifecycle import Lifecycle


class Complaint(Lifecycle):
    """One ticket. Who said it is nobody's account; what they said and how to reach them lie encrypted.

    No institution has any reach to it, also where it is about its own session. Whoever holds the ticket and
    its secret code reads the answer; only the hash of both together is kept.
    """

    SCOPE = {"programme": "programme", "county": "programme"}
    TRANSITIONS = COMPLAINT_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="complaints")
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, null=True, related_name="complaints"
    )
    kind = models.CharField(_("类型"), max_length=16, choices=ComplaintKind)
    ticket = models.CharField(_("受理编号"), max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    said = EncryptedTextField(_("内容"))
    contact = EncryptedTextField(_("联系方式"), blank=True)
    status = models.CharField(
        _("状态"), max_length=16, choices=ComplaintStatus, default=ComplaintStatus.RECEIVED
    )
    received_at = models.DateTimeField(_("登记时间"))
    due_on = models.DateField(_("答复期限"))
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField(_("分办时间"), null=True)
    found = EncryptedTextField(_("核查情况（内部）"), blank=True)
    verdict = models.CharField(_("核查结论"), max_length=16, choices=Verdict, blank=True)
    reply = EncryptedTextField(_("答复"), blank=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    replied_at = models.DateTimeField(_("答复时间"), null=True)
    archived_at = models.DateTimeField(_("归档时间"), null=True)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["status", "due_on"], name="complaints_by_due_date")]

    def __str__(self) -> str:
        return self.ticket

    @property
    def is_open(self) -> bool:
        return self.status in UNANSWERED

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_on < clock.today()
