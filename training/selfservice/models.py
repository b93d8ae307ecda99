"""The trainee's own page: links that open once, and what trainees said of the class and who taught it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.db import ScopedModel
from training.selfservice.choices import LinkChannel, LinkState
from training.selfservice.rules import link_state


class SelfLink(ScopedModel):
    """A link for one person about one session. Only the hash of its token is kept.

    It opens once, after the last four of the identity number or the phone; `wrong_answers` counts the misses.
    What it opened lasts until `closed_at`, or for `rules.VISIT` after `used_at`. No institution sees these: it
    could answer in its trainees' place.
    """

    SCOPE = {
        "programme": "enrolment__training_session__institution__programme",
        "county": "enrolment__training_session__institution__programme",
    }
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="self_links")
    token_hash = models.CharField(max_length=64, unique=True)
    channel = models.CharField(_("怎样交给本人"), max_length=16, choices=LinkChannel)
    issued_at = models.DateTimeField(_("发出时间"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(_("有效期止"))
    used_at = models.DateTimeField(_("使用时间"), null=True)
    replaced_at = models.DateTimeField(_("作废时间"), null=True)
    closed_at = models.DateTimeField(_("退出时间"), null=True)
    wrong_answers = models.PositiveSmallIntegerField(_("核对错误次数"), default=0)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(used_at=None, replaced_at=None),
                name="one_unused_self_link_a_place",
            )
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.get_channel_display()}"

    @property
    def state(self) -> LinkState:
        return link_state(self, clock.now())


class Rating(ScopedModel):
    """What one trainee thought of the class (no instructor) or of one who taught it. Nobody's name is in it.

    `ballot` is a keyed hash of who answered about what: it lets a person answer once, or again in place of
    it, and tells nobody without our key whose it is. Only the day is kept.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    training_session = models.ForeignKey("scheduling.TrainingSession", models.PROTECT, related_name="ratings")
    instructor = models.ForeignKey(
        "institutions.Instructor", models.PROTECT, null=True, related_name="ratings"
    )
    ballot = models.CharField(max_length=64, unique=True)
    scores = models.JSONField(_("各项 1–5 分"))
    rated_on = models.DateField(_("日期"))

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.training_session} {self.instructor or ''}"
