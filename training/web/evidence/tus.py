"""The tus resumable upload protocol 1.0: core, creation, expiration, checksum, termination.

Its packages for Django keep the state of an upload in the cache or want the whole of the REST framework; what
is left without them is this page.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.utils.translation import gettext as _

from training.core.errors import InvalidInputError, TrainingError
from training.uploads.models import Upload
from training.uploads.parts import ALGORITHMS, Checksum
from training.uploads.services import MAX_SIZE

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,expiration,checksum,termination"
PIECE: Final = "application/offset+octet-stream"
_METADATA: Final = re.compile(r"([A-Za-z0-9_-]+)(?: ([A-Za-z0-9+/=]*))?")
View = Callable[..., HttpResponseBase]


def speaks_tus(view: View) -> View:
    """Says the version, and answers refusals in a sentence and not with a page. Stands before the gate."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = _answered(view, request, *args, **kwargs)
        answer["Tus-Resumable"] = VERSION
        answer["Cache-Control"] = "no-store"
        return answer

    return wrapped


def hears_tus(view: View) -> View:
    """Refuses whoever speaks another version, or none. Stands behind the gate: strangers learn nothing."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("OPTIONS", "GET") and request.headers.get("Tus-Resumable") != VERSION:
            return HttpResponse(status=412, headers={"Tus-Version": VERSION})
        return view(request, *args, **kwargs)

    return wrapped


def _answered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    try:
        return view(request, *args, **kwargs)
    except TrainingError as refusal:
        answer = HttpResponse(
            str(refusal), status=refusal.http_status, content_type="text/plain; charset=utf-8"
        )
        if "retry_after" in refusal.details:
            answer["Retry-After"] = refusal.details["retry_after"]
        return answer


def options() -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(MAX_SIZE),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return HttpResponse(status=204, headers=headers)


def number(request: HttpRequest, header: str) -> int:
    """Raises InvalidInputError for what is no number."""
    said = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,15}", said, re.ASCII):
        raise InvalidInputError(_("请求缺少 %(header)s，请刷新页面再传。") % {"header": header})
    return int(said)


def metadata(request: HttpRequest) -> dict[str, str]:
    """What the sender says of the file; raises InvalidInputError for what can't be read."""
    said: dict[str, str] = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        match = _METADATA.fullmatch(pair.strip())
        try:
            key, value = match.groups()  # type: ignore[union-attr]
            said[key] = base64.b64decode(value or "", validate=True).decode()
        except (AttributeError, binascii.Error, UnicodeDecodeError) as unreadable:
            raise InvalidInputError(_("读不懂文件的说明，请刷新页面再传。")) from unreadable
    return said


def checksum(request: HttpRequest) -> Checksum | None:
    """Raises InvalidInputError for an algorithm that was never offered."""
    said = request.headers.get("Upload-Checksum")
    if said is None:
        return None
    algorithm, _space, digest = said.partition(" ")
    try:
        if algorithm in ALGORITHMS:
            return Checksum(algorithm, base64.b64decode(digest, validate=True))
    except binascii.Error:
        pass
    raise InvalidInputError(_("读不懂这一段的校验值，请刷新页面再传。"))


def body(request: HttpRequest) -> Callable[[int], bytes]:
    """The body piece by piece; where the line breaks, it ends, and what came is kept."""

    def read(size: int) -> bytes:
        try:
            return request.read(size)
        except UnreadablePostError:
            return b""

    return read


def state(upload: Upload, *, status: int = 200) -> HttpResponse:
    headers = {
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.size),
        "Upload-Expires": http_date(upload.expires_at.astimezone(UTC).timestamp()),
    }
    return HttpResponse(status=status, headers=headers)
