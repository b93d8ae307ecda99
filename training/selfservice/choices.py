from django.db import models
from django.utils.translation import gettext_lazy as _


class LinkChannel(models.TextChoices):
    OFFICER = "officer", _("跟踪服务人员发给本人")
    SLIP = "slip", _("结课打印的二维码")


class LinkState(models.TextChoices):
    """Why a link opens, or no longer does."""

    OPEN = "open", _("还没有用")
    USED = "used", _("已用过")
    EXPIRED = "expired", _("已过期")
    REPLACED = "replaced", _("已发新的")
    LOCKED = "locked", _("核对错误太多，已锁")


class CourseQuestion(models.TextChoices):
    """What a trainee scores of the class, from 1 (很差) to 5 (很好)."""

    USEFUL = "useful", _("学了用得上")
    ORGANISED = "organised", _("安排合理")
    PLACE = "place", _("场地和设备")
