from django.db import models
from django.utils.translation import gettext_lazy as _


class StationStatus(models.TextChoices):
    ACTIVE = "active", _("使用中")
    REVOKED = "revoked", _("已停用")


STATION_TRANSITIONS = {StationStatus.ACTIVE: frozenset({StationStatus.REVOKED})}
