from typing import Any

from django.utils.translation import gettext_lazy as _

from training.core.errors import InvalidInputError


class ClashError(InvalidInputError):
    """The lesson can't be so; `findings` say why."""

    code = "clash"


class ChangedMeanwhileError(InvalidInputError):
    """Somebody else saved the lesson while this person looked at it; `version` is the one that stands now."""

    code = "changed_meanwhile"
    http_status = 409

    def __init__(self, lesson: Any, version: int) -> None:
        message = _("这个课次刚刚被别人改成了“%(lesson)s”，您的改动没有保存。仍要按您填的改，请再保存一次。")
        super().__init__(message % {"lesson": lesson}, version=version)


class GoneMeanwhileError(InvalidInputError):
    """Somebody else removed the lesson."""

    code = "gone_meanwhile"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("这个课次刚刚被别人删除了，您的改动没有保存。"))
