from django.db import models
from django.utils.translation import gettext_lazy as _


class ClaimStatus(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")


CLAIM_TRANSITIONS = {ClaimStatus.DRAFT: frozenset({ClaimStatus.SUBMITTED})}
