from django.db import models
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    SIGN_IN = "sign_in", _("签到")
    SIGN_OUT = "sign_out", _("签退")
    CHECK = "check", _("随堂抽查")
    ATTEMPT = "attempt", _("未确认")
    VOID = "void", _("作废")
    PHOTO = "photo", _("拍照")
    PORTRAIT = "portrait", _("登记肖像")
    FORGET = "forget", _("删除肖像")
    BIND = "bind", _("发卡")


TEMPLATE_KINDS = (EventKind.PORTRAIT, EventKind.FORGET)
"""A face template came to be on a station, or is deleted there: kept as proof, never attendance."""


class Method(models.TextChoices):
    CARD = "card", _("身份证")
    CARD_FACE = "card+face", _("身份证+人脸")
    WITNESS = "witness", _("见证")
    PAPER = "paper", _("纸质")
    MAKE_UP = "make_up", _("补签")


class HeldReason(models.TextChoices):
    """Why an event does not count (yet). Nothing that arrives is thrown away."""

    MALFORMED = "malformed", _("内容不完整，无法识别")
    NOT_CANONICAL = "not_canonical", _("内容不是规范格式，可能被改动过")
    BAD_SIGNATURE = "bad_signature", _("签名不是这台终端的")
    WRONG_STATION = "wrong_station", _("事件不是这台终端产生的")
    FORK = "fork", _("同一序号出现了两个不同的事件")
    EVENT_REUSED = "event_reused", _("事件编号重复而内容不同")
    CHAIN_BROKEN = "chain_broken", _("与上一条事件接不上")
    UNKNOWN_SESSION = "unknown_session", _("没有这一期，或不属于本终端的机构")
    SESSION_NOT_OPEN = "session_not_open", _("这一期没有批准或已经结课")
    UNKNOWN_LESSON = "unknown_lesson", _("没有这个课次")
    NOT_ON_ROSTER = "not_on_roster", _("不在本期名册")
    OUTSIDE_LESSON = "outside_lesson", _("不在课次当天")
    FAIR_NOT_OPEN = "fair_not_open", _("对接会没有报备，或已经登记结果")
    NOT_AT_A_FAIR = "not_at_a_fair", _("对接会只收刷身份证的签到、签退")


class Note(models.TextChoices):
    """What is worth a look though the event counts."""

    GAP = "gap", _("收到时，前面还有未到的事件")
    LATE = "late", _("断网补传，晚到超过一小时")
    CLOCK = "clock", _("终端时钟与服务器相差超过两分钟")
    CLOCK_JUMP = "clock_jump", _("终端时钟在两条记录之间跳动过")


class Flag(models.TextChoices):
    """What the register says beside a person's times; the first three are a `Note` of an event behind them."""

    LATE = "late", _("断网补传")
    CLOCK = "clock", _("终端时钟不准")
    CLOCK_JUMP = "clock_jump", _("终端时钟跳动")
    CAME_LATE = "came_late", _("迟到")
    LEFT_EARLY = "left_early", _("早退")
    NO_SIGN_OUT = "no_sign_out", _("缺签退")
    ABSENT_IN_CHECK = "absent_in_check", _("抽查缺席")
    SECOND_STATION = "second_station", _("在两台终端签到")
    ASSISTED = "assisted", _("他人协助")
    ONE_WITNESS = "one_witness", _("无证件，仅一人见证")
    VOIDED = "voided", _("有记录被作废")


class CorrectionKind(models.TextChoices):
    """What a correction says happened, or unsays."""

    SIGN_IN = "sign_in", _("补签到")
    SIGN_OUT = "sign_out", _("补签退")
    CHECK = "check", _("抽查缺席说明")
    VOID = "void", _("作废")


class CorrectionSource(models.TextChoices):
    """Where it was written down before it came here; it stays visible in the register for ever."""

    MAKE_UP = "make_up", _("补签")
    PAPER = "paper", _("纸质签到表")


MARKS = {CorrectionSource.MAKE_UP: _("补"), CorrectionSource.PAPER: _("纸")}
"""The one character that stands beside a time which no station signed."""

METHOD_OF = {CorrectionSource.MAKE_UP: Method.MAKE_UP, CorrectionSource.PAPER: Method.PAPER}


class CorrectionStatus(models.TextChoices):
    PROPOSED = "proposed", _("待核准")
    APPROVED = "approved", _("已核准")
    DECLINED = "declined", _("不予核准")
    WITHDRAWN = "withdrawn", _("已撤回")


CORRECTION_TRANSITIONS = {
    CorrectionStatus.PROPOSED: frozenset(
        {CorrectionStatus.APPROVED, CorrectionStatus.DECLINED, CorrectionStatus.WITHDRAWN}
    ),
}
"""An approved correction is as final as an event; a wrong one is answered by another."""


class ExclusionStatus(models.TextChoices):
    """剔除 and 申诉: what may still happen to a completion."""

    PROPOSED = "proposed", _("待决定")
    DECLINED = "declined", _("不予剔除")
    EXCLUDED = "excluded", _("已剔除")
    APPEALED = "appealed", _("申诉中")
    UPHELD = "upheld", _("申诉不成立，维持剔除")
    REINSTATED = "reinstated", _("申诉成立，已恢复")


EXCLUSION_TRANSITIONS = {
    ExclusionStatus.PROPOSED: frozenset({ExclusionStatus.EXCLUDED, ExclusionStatus.DECLINED}),
    ExclusionStatus.EXCLUDED: frozenset({ExclusionStatus.APPEALED}),
    ExclusionStatus.APPEALED: frozenset({ExclusionStatus.UPHELD, ExclusionStatus.REINSTATED}),
}
EXCLUSION_OVER = frozenset({ExclusionStatus.DECLINED, ExclusionStatus.REINSTATED})
"""The place counts as it would without it; another may be proposed."""
