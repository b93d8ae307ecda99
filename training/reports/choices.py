from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class TownReportStatus(models.TextChoices):
    OPEN = "open", _("填报中")
    SUBMITTED = "submitted", _("已报送")


class RollUpStatus(models.TextChoices):
    DRAWN_UP = "drawn_up", _("已汇总")
    SENT = "sent", _("已上报")


class DispatchMethod(models.TextChoices):
    """How a paper left the house."""

    PAPER = "paper", _("纸质公文")
    OFFICE_SYSTEM = "office_system", _("政务办公系统")
    MAIL = "mail", _("电子邮件")
    OTHER = "other", _("其他")


class MinistryStatus(models.TextChoices):
    """REPORTED is what a person says they did in the ministry's system; nothing here is connected to it."""

    LOCKED = "locked", _("已锁定，待报送")
    REPORTED = "reported", _("已报送")


class EvaluationStatus(models.TextChoices):
    DRAFT = "draft", _("填写中")
    FINAL = "final", _("已定稿")


class PhoneCheckStatus(models.TextChoices):
    CALLING = "calling", _("核实中")
    CLOSED = "closed", _("已结束")


class Stratum(models.TextChoices):
    """What the sample is spread over."""

    INSTITUTION = "institution", _("按机构")
    SESSION = "session", _("按期")
    CLASS_TYPE = "class_type", _("按班型")


class CallResult(models.TextChoices):
    CONFIRMED = "confirmed", _("本人确认参训")
    DENIED = "denied", _("否认参训")
    NO_SUCH_NUMBER = "no_such_number", _("空号或没有号码")
    WRONG_PERSON = "wrong_person", _("非本人")
    NO_ANSWER = "no_answer", _("未接通")
    REFUSED = "refused", _("拒答")


TOWN_REPORT_TRANSITIONS = {TownReportStatus.OPEN: frozenset({TownReportStatus.SUBMITTED})}
ROLL_UP_TRANSITIONS = {RollUpStatus.DRAWN_UP: frozenset({RollUpStatus.SENT})}
MINISTRY_TRANSITIONS = {MinistryStatus.LOCKED: frozenset({MinistryStatus.REPORTED})}
EVALUATION_TRANSITIONS = {EvaluationStatus.DRAFT: frozenset({EvaluationStatus.FINAL})}
PHONE_CHECK_TRANSITIONS = {PhoneCheckStatus.CALLING: frozenset({PhoneCheckStatus.CLOSED})}

UNREACHABLE: Final = frozenset({CallResult.NO_SUCH_NUMBER, CallResult.WRONG_PERSON, CallResult.REFUSED})
"""Another call would say the same: the next reserve of the stratum takes the place."""
MAX_TRIES: Final = 3
"""So often is somebody rung who does not answer, before the next reserve takes the place."""
