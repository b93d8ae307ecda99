from django.db import models
from django.utils.translation import gettext_lazy as _


class CertificateStatus(models.TextChoices):
    VALID = "valid", _("有效")
    REPLACED = "replaced", _("已换发")
    REVOKED = "revoked", _("已撤销")


CERTIFICATE_TRANSITIONS = {
    CertificateStatus.VALID: frozenset({CertificateStatus.REPLACED, CertificateStatus.REVOKED}),
}
"""What was revoked never comes back: whoever completes after all gets another edition."""
