"""What the program tells people (消息), and how each of them wants to hear of it outside it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core.db import REACHED_THROUGH_OWNER, ScopedModel
from training.notifications.choices import Kind


class Notification(ScopedModel):
    """One sentence for one person in the role they hold; it goes when the role ends.

    `about_type` and `about_id` name the row it is about: which page that is depends on the role.
    """

    SCOPE = REACHED_THROUGH_OWNER
    membership = models.ForeignKey("accounts.Membership", models.CASCADE, related_name="notifications")
    kind = models.CharField(gettext_lazy("事项"), max_length=32, choices=Kind)
    params = models.JSONField(default=dict)
    about_type = models.CharField(max_length=64)
    about_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(gettext_lazy("时间"))
    read_at = models.DateTimeField(gettext_lazy("读过的时间"), null=True)
    mailed_at = models.DateTimeField(gettext_lazy("发邮件的时间"), null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["membership", "read_at"], name="unread_by_membership")]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """In the language of whoever reads it."""
        return str(Kind(self.kind).label) % self.params if self.kind in Kind.values else _("一条消息")


class Letterbox(ScopedModel):
    """Whether and when a person may be written to by mail.

    No letter leaves before `next_at`: an hour after the last, longer after each of `failures` in a row.
    """

    SCOPE = REACHED_THROUGH_OWNER
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="letterbox")
    wants_mail = models.BooleanField(gettext_lazy("邮件提醒"), default=True)
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.user)
