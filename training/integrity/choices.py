from django.db import models
from django.utils.translation import gettext_lazy as _


class Part(models.TextChoices):
    """What a night's run goes through, in this order."""

    FILES = "files", _("文件")
    ORPHANS = "orphans", _("磁盘上的文件")
    EVENTS = "events", _("签到事件")
    ROSTERS = "rosters", _("名册")
    COMPLETION = "completion", _("结业")
    PACKAGES = "packages", _("封存的档案")
    DEEDS = "deeds", _("办理结果")
    AUDIT = "audit", _("操作记录")
