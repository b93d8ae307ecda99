"""What went wrong, as RFC 9457 has it."""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, Field

from training.core.errors import TrainingError
from training.core.limits import TooManyRequestsError

CONTENT_TYPE: Final = "application/problem+json"


CODES: Final[dict[str, tuple[int, str]]] = {
    "token_unknown": (401, _("凭证抄错、到期或停用，找签发的商务局。")),
    "purpose_missing": (403, _("这一项不在凭证的用途里，请商务局另行签发。")),
    "not_found": (404, _("没有这一期、不在凭证的范围内，或地址不对。")),
    "method_not_allowed": (405, _("只能读取。")),
    "invalid_input": (422, _("条件写错，details.problems 说是哪一个。")),
    "too_many_requests": (429, _("等 Retry-After 说的秒数再来。")),
}
"""What partners can meet, and what to do about it."""


class Problem(BaseModel):
    """A refusal: `code` for machines, `title` for people, `details` as data."""

    type: str = Field(description=_("说明这一类问题的网页"))
    title: str = Field(description=_("一句话，给人看"))
    status: int = Field(description=_("HTTP 状态码"))
    code: str = Field(description=_("稳定的代码，给程序判断"))
    details: dict[str, Any] = Field(default_factory=dict, description=_("有关的数据"))


def problem(
    status: int,
    code: str,
    title: str,
    *,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    body = Problem(
        type=f"{reverse('api-docs')}#{code}",
        title=title,
        status=status,
        code=code,
        details=json.loads(json.dumps(details or {}, default=str)),
    )
    text = body.model_dump_json(exclude_defaults=True)
    return HttpResponse(text, content_type=CONTENT_TYPE, status=status, headers=headers)


def problem_of(error: TrainingError) -> HttpResponse:
    """The refusal as it leaves, with the headers that its status calls for."""
    headers = {"WWW-Authenticate": 'Bearer realm="partner"'} if error.http_status == 401 else {}
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(error.allowance.seconds)
    return problem(error.http_status, error.code, str(error), details=error.details, headers=headers)
