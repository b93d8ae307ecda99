"""The unified social credit code (统一社会信用代码, GB 32100)."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from training.core.refusals import InputError


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
