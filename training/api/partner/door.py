"""The way in for partners: who asks, how often, for what; and how the answer leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ConfigDict, ValidationError

from training.api.operations import JSON, Answer, Deprecated, Operation
from training.api.problems import CONTENT_TYPE, Problem, problem, problem_of
from training.core.errors import InvalidInputError, TrainingError
from training.core.limits import Allowance, caller, take
from training.partners.choices import Purpose, Resource
from training.partners.errors import TokenUnknownError
from training.partners.models import PartnerToken
from training.partners.permissions import demand_purpose
from training.partners.services import authenticate, note_use

READS_A_MINUTE: Final = 120
"""Of one token."""
GUESSES, GUESSES_SECONDS = 30, 300
"""Wrong tokens from one address."""
LIMIT_HEADERS: Final = ("RateLimit", "RateLimit-Policy")
SAFE: Final = ("GET", "HEAD")

OPERATIONS: Final[list[Operation]] = []
Reads = Callable[..., BaseModel]


class NoQuery(BaseModel):
    """A filter that does not exist is refused: it would be taken for one that holds."""

    model_config = ConfigDict(extra="forbid")


def reads(
    resource: Resource,
    path: str,
    purpose: Purpose | None,
    answer: type[BaseModel],
    *,
    query: type[BaseModel] = NoQuery,
    in_path: type[BaseModel] | None = None,
    deprecated: Deprecated | None = None,
) -> Callable[[Reads], Callable[..., HttpResponse]]:
    """Serve `view(token, query, **in_path)` at `path`, to tokens issued for `purpose`; None is for any."""

    def decorate(view: Reads) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def wrapped(request: HttpRequest, **found: str) -> HttpResponse:
            if request.method not in SAFE:
                title = _("这个地址只能读取。")
                response = problem(405, "method_not_allowed", title, headers={"Allow": ", ".join(SAFE)})
            else:
                response = _serve(request, operation, purpose, view, found)
            if deprecated:
                deprecated.announce(response)
            return response

        operation = Operation(
            name=resource.value,
            path=path,
            tag="partner",
            summary=resource.label,
            about=(view.__doc__ or "").strip(),
            answers=_answers(answer, found_by_name=in_path is not None),
            in_path=in_path,
            query=query,
            security="partnerToken",
            deprecated=deprecated,
            view=wrapped,
        )
        OPERATIONS.append(operation)
        return wrapped

    return decorate


def _answers(answer: type[BaseModel], *, found_by_name: bool) -> dict[int, Answer]:
    def refused(about: str, *headers: str) -> Answer:
        return Answer(about, Problem, CONTENT_TYPE, headers)

    return {
        200: Answer(gettext_noop("内容"), answer, JSON, ("ETag", "Cache-Control", *LIMIT_HEADERS)),
        304: Answer(
            gettext_noop("与 If-None-Match 所说的相同，没有变化"), None, "", ("ETag", *LIMIT_HEADERS)
        ),
        401: refused(gettext_noop("没有凭证，或凭证无效、到期、停用"), "WWW-Authenticate"),
        403: refused(gettext_noop("凭证不是为这项用途签发的"), *LIMIT_HEADERS),
        **(
            {404: refused(gettext_noop("没有这一期，或不在凭证的范围内"), *LIMIT_HEADERS)}
            if found_by_name
            else {}
        ),
        405: refused(gettext_noop("只能 GET"), "Allow"),
        422: refused(gettext_noop("查询条件不对"), *LIMIT_HEADERS),
        429: refused(gettext_noop("读得太频繁"), "Retry-After"),
    }


def _serve(
    request: HttpRequest, operation: Operation, purpose: Purpose | None, view: Reads, found: dict[str, str]
) -> HttpResponse:
    try:
        token = _token_of(request)
        allowance = take("partner", str(token.pk), limit=READS_A_MINUTE, seconds=60)
    except TrainingError as refusal:
        return problem_of(refusal)
    try:
        if purpose:
            demand_purpose(token, purpose)
        response = _answer(request, view(token, *_asked(request, operation, found)))
    except TrainingError as refusal:
        response = problem_of(refusal)
    note_use(token, Resource(operation.name), refused=response.status_code >= 400)
    _tell_limit(response, allowance)
    return response


def _token_of(request: HttpRequest) -> PartnerToken:
    """Raises TokenUnknownError, or TooManyRequestsError where somebody goes on guessing."""
    scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        return authenticate(text if scheme.lower() == "bearer" else "")
    except TokenUnknownError:
        take("partner-guess", caller(request), limit=GUESSES, seconds=GUESSES_SECONDS)
        raise


def _asked(request: HttpRequest, operation: Operation, found: dict[str, str]) -> list[BaseModel]:
    """Query and, where the address has any, what stands in it; raises InvalidInputError."""
    said = {name: values[0] if len(values) == 1 else values for name, values in request.GET.lists()}
    wanted: list[tuple[type[BaseModel], Any]] = [(operation.query or NoQuery, said)]
    if operation.in_path:
        wanted.append((operation.in_path, found))
    try:
        return [model.model_validate_strings(words) for model, words in wanted]
    except ValidationError as wrong:
        problems = json.loads(wrong.json(include_url=False, include_input=False, include_context=False))
        raise InvalidInputError(_("查询条件不对，请对照接口文档。"), problems=problems) from wrong


def _answer(request: HttpRequest, body: BaseModel) -> HttpResponse:
    """JSON with an ETag of everything but the hour it was asked at; 304 for whoever has it already."""
    same = body.model_dump_json(exclude={"as_of"}).encode()
    etag = f'W/"{hashlib.sha256(same).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    response = HttpResponse(body.model_dump_json(), content_type=JSON, headers=headers)
    patch_vary_headers(response, ("Authorization", "Accept-Language"))
    return get_conditional_response(request, etag=etag, response=response) or response


def _tell_limit(response: HttpResponse, allowance: Allowance | None) -> None:
    """As draft-ietf-httpapi-ratelimit-headers has it."""
    if allowance:
        response.headers["RateLimit-Policy"] = f'"token";q={allowance.limit};w=60'
        response.headers["RateLimit"] = f'"token";r={allowance.remaining};t={allowance.seconds}'
