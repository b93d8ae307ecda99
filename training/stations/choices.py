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


class Severity(models.TextChoices):
    """URGENT stands in the way of a class or puts records or the law at risk; NOTICE is worth a look."""

    URGENT = "urgent", _("需要处理")
    NOTICE = "notice", _("留意")


class Reader(models.TextChoices):
    """`reader` of a `kiosk.report.StationReport`."""

    READY = "reader_ready", _("正常")
    STARTING = "reader_starting", _("正在连接")
    FAULT = "reader_fault", _("没有反应")
    OFF = "reader_off", _("没有接")


class Camera(models.TextChoices):
    """`camera` of a `kiosk.report.StationReport`."""

    LIVE = "live", _("有画面")
    STARTING = "starting", _("正在打开")
    STOPPED = "stopped", _("没有画面")
    OFF = "off", _("没有接")


class Face(models.TextChoices):
    """`face` of a `kiosk.report.StationReport`."""

    READY = "ready", _("可用")
    LOADING = "loading", _("正在加载")
    OFF = "off", _("不用")


class CodeState(models.TextChoices):
    """What became of a one-time code."""

    WAITING = "waiting", _("未用")
    USED = "used", _("已用")
    EXPIRED = "expired", _("已过期")
