from django.db import models
from django.utils.translation import gettext_lazy as _


class StationStatus(models.TextChoices):
    ACTIVE = "active", _("使用中")
    REVOKED = "revoked", _("已停用")


STATION_TRANSITIONS = {StationStatus.ACTIVE: frozenset({StationStatus.REVOKED})}


class Permission(models.TextChoices):
    """What a station may do besides taking cards; the values are those of `kiosk.package.Permission`."""

    WITNESS = "witness", _("见证签到")
    PORTRAIT = "portrait", _("登记头像")
    PHOTO = "photo", _("课堂照片")
    BIND = "bind", _("发卡")
