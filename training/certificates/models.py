"""结业证书: what a person who completed carries away, and whether it still holds."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.certificates.choices import CERTIFICATE_TRANSITIONS, CertificateStatus
from training.core.lifecycle import Lifecycle


class Certificate(Lifecycle):
    """One edition of a person's certificate, with the words that are printed on it frozen.

    The check code that goes with `number` is computed (`rules.check_code`), so no column gives it away.
    """

    SCOPE = {
        "programme": "enrolment__training_session__institution__programme",
        "institution": "enrolment__training_session__institution",
    }
    TRANSITIONS = CERTIFICATE_TRANSITIONS
    enrolment = models.ForeignKey("enrolment.Enrolment", models.PROTECT, related_name="certificates")
    number = models.CharField(_("证书编号"), max_length=64, unique=True)
    edition = models.PositiveSmallIntegerField(_("第几次发"), default=1)
    name = models.CharField(_("姓名"), max_length=64)
    title = models.CharField(_("培训名称"), max_length=120)
    institution = models.CharField(_("培训机构"), max_length=120)
    hours = models.CharField(_("学时"), max_length=16)
    first_on = models.DateField(_("开始日期"))
    last_on = models.DateField(_("结束日期"))
    status = models.CharField(
        _("状态"), max_length=16, choices=CertificateStatus, default=CertificateStatus.VALID
    )
    issued_at = models.DateTimeField(_("发证时间"))
    ended_at = models.DateTimeField(_("撤销或换发时间"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField(_("撤销或换发的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["enrolment__number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(status=CertificateStatus.VALID),
                name="one_valid_certificate_a_place",
            ),
            models.UniqueConstraint(fields=["enrolment", "edition"], name="certificate_edition_once"),
        ]

    def __str__(self) -> str:
        return self.number
