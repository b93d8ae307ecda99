"""What a reader's status byte (SW3) means, and what to do at the desk about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Wording(NamedTuple):
    """One text in both languages of the station."""

    chinese: str
    english: str


class SW3(IntEnum):
    """The statuses the dialogue decides by; `STATUSES` has them all."""

    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    UNKNOWN_ERROR = 0x24
    READ_FAILED = 0x41
    NO_RANDOM = 0x47
    SELF_TEST_FAILED = 0x60
    NOT_AUTHORISED = 0x66
    NO_CARD = 0x80
    SELECT_FAILED = 0x81
    OK = 0x90
    NO_SUCH_ITEM = 0x91
    FOUND = 0x9F


@dataclass(frozen=True)
class Status:
    """A status byte in words: its meaning, and what the desk should do."""

    code: int
    meaning: Wording
    advice: Wording


NOTHING = Wording("无需处理。", "Nothing to do.")
WAIT = Wording("请稍候,系统会自动重试。", "Wait: it is being tried again.")
LAY_AGAIN = Wording("请重新放卡,放稳后不要移动。", "Lift the card, lay it down again and keep it still.")
LAY_AGAIN_OR_WITNESS = Wording(
    "请重新放卡;仍然不行,请核对证件真伪,改用见证签到。",
    "Lay the card down again; if that fails, check that it is genuine and sign in by witness.",
)
OTHER_CARD = Wording(
    "请确认是居民身份证、港澳台居民居住证或外国人永久居留身份证,然后请重新放卡。",
    "Make sure it is a resident ID card, residence permit or permanent resident ID, and lay it again.",
)
REPLUG = Wording("请拔下读卡器,等十秒再插上。", "Unplug the reader, wait ten seconds and plug it in again.")
CALL_VENDOR = Wording("请联系读卡器厂家。", "Call the reader's vendor.")
TELL_SUPPORT = Wording("请记下代码并联系技术支持。", "Note the code and tell support.")

_TABLE: list[tuple[int, str, str, Wording]] = [
    (0x10, "接收业务终端数据的校验和错", "the reader got a wrong checksum from us", WAIT),
    (0x11, "接收业务终端数据的长度错", "the reader got a wrong length from us", WAIT),
    (0x21, "命令错误,包括数值或逻辑搭配错误", "command unknown or not allowed now", TELL_SUPPORT),
    (0x23, "越权操作", "operation beyond the reader's rights", CALL_VENDOR),
    (0x24, "无法识别的错误", "error the reader can't name", REPLUG),
    (0x31, "证/卡认证 SAM 失败", "the card did not accept the reader", LAY_AGAIN),
    (0x32, "SAM 认证证/卡失败", "the reader did not accept the card", LAY_AGAIN_OR_WITNESS),
    (0x33, "信息验证错误", "the card's data failed verification", LAY_AGAIN_OR_WITNESS),
    (0x37, "指纹信息验证错误", "the card's fingerprint data failed verification", LAY_AGAIN),
    (0x3F, "信息长度错误", "the card's data has a wrong length", LAY_AGAIN),
    (0x40, "无法识别的卡类型", "not a card this reader knows", OTHER_CARD),
    (0x41, "读证/卡操作失败", "reading failed: the card moved too soon", LAY_AGAIN),
    (0x47, "取随机数失败", "no random number from the card", LAY_AGAIN),
    (0x60, "SAM 自检失败,不能接收命令", "the reader failed its self-test", REPLUG),
    (0x66, "SAM 没经过授权,无法使用", "the reader's security module is not authorised", CALL_VENDOR),
    (0x80, "寻找证/卡失败", "no card found", LAY_AGAIN),
    (0x81, "选取证/卡失败", "selecting the card failed", LAY_AGAIN),
    (0x90, "操作成功", "done", NOTHING),
    (0x91, "证/卡中此项无内容", "the card has no such item", NOTHING),
    (0x9F, "寻找证/卡成功", "card found", NOTHING),
]
STATUSES = {code: Status(code, Wording(zh, en), advice) for code, zh, en, advice in _TABLE}
"""Every SW3 that may come over the line, after the vendors' common table."""


def describe(code: int) -> Status:
    """The status in words; one nobody has named yet is worth laying the card again."""
    unknown = Wording(f"未知状态 {code:02X}", f"unknown status {code:02X}")
    return STATUSES.get(code, Status(code, unknown, LAY_AGAIN))
