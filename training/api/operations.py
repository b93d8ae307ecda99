"""What the API offers, said once: addresses are served from it and the document is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final, Literal

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.http import http_date
from pydantic import BaseModel

VERSION: Final = "v1"
ROOT: Final = f"/api/{VERSION}"
JSON: Final = "application/json"

Tag = Literal["station", "partner"]


@dataclass(frozen=True)
class Deprecated:
    """An address on its way out: announced `on`, gone `gone_on`, with what to ask instead."""

    on: date
    gone_on: date
    instead: str

    def announce(self, response: HttpResponse) -> None:
        """RFC 9745 and RFC 8594: what a client's log can pick up."""
        announced, gone = (
            int(datetime.combine(day, time(), UTC).timestamp()) for day in (self.on, self.gone_on)
        )
        response.headers["Deprecation"] = f"@{announced}"
        response.headers["Sunset"] = http_date(gone)
        response.headers["Link"] = f'<{self.instead}>; rel="successor-version"'


@dataclass(frozen=True)
class Answer:
    """One status; `body` None means there is none."""

    about: str
    body: type[BaseModel] | None = None
    content_type: str = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address; `path` is below `ROOT`, with `{names}` that `in_path` describes."""

    name: str
    path: str
    tag: Tag
    summary: str | Promise
    answers: Mapping[int, Answer]
    method: Literal["get", "post"] = "get"
    about: str = ""
    in_path: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_type: str = JSON
    security: str = ""
    deprecated: Deprecated | None = None
    view: Callable[..., HttpResponse] | None = field(default=None, compare=False)

    @property
    def models(self) -> list[tuple[type[BaseModel], Literal["validation", "serialization"]]]:
        """Every type that travels, each the way it does."""
        taken: list[Any] = [self.in_path, self.query, self.headers, self.body]
        given = [answer.body for answer in self.answers.values()]
        return [
            *((model, "validation") for model in taken if model),
            *((model, "serialization") for model in given if model),
        ]
