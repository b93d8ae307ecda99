"""What an institution, an agreement and an instructor must be able to show. Plain data in, words out.

The unified social credit code (统一社会信用代码) is that of GB 32100.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from training.core.refusals import InputError

WARNING_DAYS = 60
"""So long before a paper runs out its holder is told; renewing a licence takes weeks."""


class UsccError(InputError):
    """Codes: missing, length, check_digit, characters."""


def check_uscc(text: str) -> str:
    """The code as 18 capital letters and digits. Raises `UsccError`."""
    code = "".join(unicodedata.normalize("NFKC", text or "").split()).replace("-", "").upper()
    if not code:
        raise UsccError("missing", _("没有填统一社会信用代码，请按营业执照录入 18 位代码。"))
    try:
        return str(uscc.validate(code))
    except InvalidLength as wrong:
        raise UsccError(
            "length",
            _("统一社会信用代码应为 18 位，这里有 %(count)d 位，请对照营业执照核对。") % {"count": len(code)},
        ) from wrong
    except InvalidChecksum as wrong:
        raise UsccError(
            "check_digit",
            _("统一社会信用代码校验位不对，至少有一位录错了，请对照营业执照逐位核对。"),
        ) from wrong
    except ValidationError as wrong:
        raise UsccError(
            "characters",
            _(
                "统一社会信用代码里有不允许的字符：前 8 位中第 3 至 8 位是数字，"
                "全码不含字母 I、O、Z、S、V，请对照营业执照核对。"
            ),
        ) from wrong


# Papers and their days


@dataclass(frozen=True)
class Span:
    """A paper that counts, of some kind; None is an open end."""

    kind: str
    starts_on: date | None
    ends_on: date | None

    def covers(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day <= self.ends_on
        )


def covered_until(spans: Iterable[Span], day: date) -> date | None:
    """The last day of unbroken cover from `day` on: `date.max` for 长期, None where `day` is not covered."""
    end: date | None = None
    for span in sorted(spans, key=lambda span: span.starts_on or date.min):
        reached = end + timedelta(days=1) if end and end < date.max else day
        if span.covers(day) or (end and (span.starts_on or date.min) <= reached):
            end = max(end or date.min, span.ends_on or date.max)
    return end


Required = Sequence[tuple[Any, Collection[str]]]


def lacking(spans: Sequence[Span], required: Required, day: date) -> list[Any]:
    """Names of the required papers that nothing covers on `day`, each as any one of its kinds."""
    return [
        name for name, kinds in required if not any(span.kind in kinds and span.covers(day) for span in spans)
    ]


def runs_out(spans: Sequence[Span], required: Required, day: date) -> list[tuple[Any, date]]:
    """The required papers whose cover ends within WARNING_DAYS, and when: (name, last day)."""
    limit = day + timedelta(days=WARNING_DAYS)
    ends = ((name, covered_until((s for s in spans if s.kind in kinds), day)) for name, kinds in required)
    return [(name, end) for name, end in ends if end is not None and end <= limit]


@dataclass(frozen=True)
class LocalRegistration:
    """Whether a winner has registered in the county (惠东 三（六）: 项目中标后，须在当地登记注册)."""

    code: str  # "not_required" | "local" | "registered" | "due" | "overdue" | "no_date"
    days: int = 0  # left, or past

    @property
    def well(self) -> bool:
        return self.code in ("not_required", "local", "registered")


def local_registration(
    *, required: bool, code: str, region: str, due_on: date | None, registered_on: date | None, today: date
) -> LocalRegistration:
    """`code` is the institution's USCC: its 3rd to 8th digits say where it was registered."""
    if not required and due_on is None:
        return LocalRegistration("not_required")
    if code[2:8] == region:
        return LocalRegistration("local")
    if registered_on:
        return LocalRegistration("registered")
    if due_on is None:
        return LocalRegistration("no_date")
    left = (due_on - today).days
    return LocalRegistration("due", left) if left >= 0 else LocalRegistration("overdue", -left)


# Agreements


@dataclass(frozen=True)
class TaskLine:
    """人次 of one class type at a price in 分."""

    class_type: str
    renci: int
    unit_price_fen: int

    @property
    def amount_fen(self) -> int:
        return self.renci * self.unit_price_fen


RateKey = tuple[str, str]
"""(class type, or "" for all of them; the rate's name)."""


def missing_rates(
    class_types: Iterable[str], required: Mapping[str, Sequence[str]], given: Collection[RateKey]
) -> list[tuple[str, str]]:
    """(class type, rate) that the agreement must set and doesn't.

    石城 附件2 项目3 四是: 对于创业就业型培训，应对培训机构设立创业率、就业率等验收指标.
    """
    return [
        (kind, rate)
        for kind in dict.fromkeys(class_types)
        for rate in required.get(kind, ())
        if (kind, rate) not in given and ("", rate) not in given
    ]


# Instructors


def certificate_key(number: str) -> str:
    """One certificate has one key, however its number is typed."""
    plain = unicodedata.normalize("NFKC", number)
    return "".join(letter for letter in plain if letter.isalnum()).upper()


@dataclass(frozen=True)
class Teaching:
    """An instructor as the timetable sees them; `proofs` are those that were not refused."""

    name: str
    suspended: str  # the reason, "" if not suspended
    proofs: Sequence[Span]
    refused: int = 0


def teaching_fault(person: Teaching, on: date) -> str:
    """Why this instructor can't teach on that day, with what to do; "" if they can."""
    said = {"name": person.name, "day": f"{on:%Y-%m-%d}"}
    if person.suspended:
        return _("授课人%(name)s已被商务局暂停授课：%(why)s。请换一位授课人。") % {
            **said,
            "why": person.suspended,
        }
    if any(proof.covers(on) for proof in person.proofs):
        return ""
    if person.proofs:
        return _("授课人%(name)s的资质证明不覆盖 %(day)s。请先上传有效的证明，或换一位授课人。") % said
    if person.refused:
        return _("授课人%(name)s的资质证明没有通过商务局核验。请先上传有效的证明，或换一位授课人。") % said
    return _("授课人%(name)s还没有资质证明。请先上传，或换一位授课人。") % said
