"""The OpenAPI 3.1 document, made from the types that the views read and write with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_noop as _
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from kiosk.envelope import Event
from training.api.operations import ROOT, VERSION, Answer, Operation
from training.api.partner.views import OPERATIONS as PARTNER_OPERATIONS
from training.api.station_operations import OPERATIONS as STATION_OPERATIONS

OPERATIONS: Final[tuple[Operation, ...]] = (*STATION_OPERATIONS, *PARTNER_OPERATIONS)
REF: Final = "#/components/schemas/{model}"

WORDS: Final = frozenset({"description", "summary"})

TAGS: Final = {
    "partner": _("读取数据（合作单位）：数字与公开事项，不含任何个人信息"),
    "station": _("签到终端"),
}
SECURITY: Final = {
    "partnerToken": {
        "type": "http",
        "scheme": "bearer",
        "description": _("商务局负责人在“数据接口”里签发，按用途，最长一年"),
    },
    "stationToken": {"type": "http", "scheme": "bearer", "description": _("登记终端时得到")},
}
HEADERS: Final[dict[str, tuple[str, str]]] = {
    "ETag": (_("内容的标记；下次用 If-None-Match 带来，没有变化就答 304"), r"^W/\"[0-9a-f]+\"$"),
    "Cache-Control": (_("只供本凭证缓存，用前要问"), r"^private, no-cache$"),
    "RateLimit-Policy": (_("每分钟可以读几次"), r"^\"token\";q=\d+;w=60$"),
    "RateLimit": (_("这一分钟还剩几次，几秒后重新计"), r"^\"token\";r=\d+;t=\d+$"),
    "Retry-After": (_("几秒以后再来"), r"^\d+$"),
    "WWW-Authenticate": (_("怎样证明身份"), r"^Bearer"),
    "Allow": (_("可以用的方法"), r"^[A-Z, ]+$"),
    "Upgrade": (_("服务器说的协议"), r"^yidang/\d+$"),
}
OPTIONAL_HEADERS: Final = frozenset({"RateLimit", "RateLimit-Policy"})
"""Absent where counting is switched off."""


def document() -> dict[str, Any]:
    """The whole of it, in the language of whoever asks."""
    return _document(get_language() or settings.LANGUAGE_CODE)


@cache
def _document(language: str) -> dict[str, Any]:
    with override(language):
        said: dict[str, Any] = _in_words(_untranslated())
    return said


def _in_words(part: Any) -> Any:
    """Descriptions and summaries in the language that is active."""
    if isinstance(part, dict):
        return {
            key: gettext(value) if key in WORDS and isinstance(value, str) and value else _in_words(value)
            for key, value in part.items()
        }
    return [_in_words(entry) for entry in part] if isinstance(part, list) else part


def _untranslated() -> dict[str, Any]:
    refs, definitions = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {"title": "一期一档 Yidang", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": ROOT}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": _paths(refs),
        "components": {
            "schemas": definitions,
            "securitySchemes": SECURITY,
            "headers": {
                name: {
                    "description": about,
                    "required": name not in OPTIONAL_HEADERS,
                    "schema": {"type": "string", "pattern": pattern},
                }
                for name, (about, pattern) in HEADERS.items()
            },
        },
    }


_ABOUT: Final = _(
    "签到终端的接口与合作单位读取数据的接口。同一版本（v1）之内只增不改：新的地址、新的字段、新的代码值随时可能出现，"
    "不认识的请忽略；要取消的，先在应答里用 Deprecation 与 Sunset 说明，至少六个月。"
)

Refs = Mapping[Any, dict[str, Any]]
"""By model and direction."""


def _schemas() -> tuple[Refs, dict[str, Any]]:
    """Reference of each model in each direction, and all definitions by name."""
    wanted: set[tuple[type[BaseModel], JsonSchemaMode]] = {(Event, "validation")}
    wanted |= {pair for operation in OPERATIONS for pair in operation.models}
    ordered = sorted(wanted, key=lambda pair: (pair[0].__module__, pair[0].__qualname__, pair[1]))
    refs, schema = models_json_schema(ordered, ref_template=REF)
    definitions: dict[str, Any] = schema["$defs"]
    for operation in OPERATIONS:  # said field by field, as parameters
        for model in (operation.in_path, operation.query, operation.headers):
            definitions.pop(model.__name__ if model else "", None)
    # What the signed text says inside is a type of its own.
    definitions["Envelope"]["properties"]["payload"] |= {
        "contentMediaType": "application/json",
        "contentSchema": refs[Event, "validation"],
    }
    return refs, definitions


def _paths(refs: Refs) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/{operation.path}", {})[operation.method] = _operation(operation, refs)
    return paths


def _operation(operation: Operation, refs: Refs) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": str(operation.summary),
        "parameters": list(_parameters(operation)),
        "responses": {str(status): _answer(answer, refs) for status, answer in operation.answers.items()},
        "security": [{operation.security: []}] if operation.security else [],
    }
    if operation.about:
        said["description"] = operation.about
    if operation.body:
        content = {operation.body_type: {"schema": refs[operation.body, "validation"]}}
        said["requestBody"] = {"required": True, "content": content}
    if operation.deprecated:
        said["deprecated"] = True
    return said


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for place, model in (
        ("path", operation.in_path),
        ("query", operation.query),
        ("header", operation.headers),
    ):
        if model:
            yield from _fields(place, model)


def _fields(place: str, model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=REF)
    for name, words in schema.get("properties", {}).items():
        about = words.pop("description", "")
        words.pop("title", None)
        if words.get("default", ...) is None:
            del words["default"]
        required = name in schema.get("required", ())
        yield {"name": name, "in": place, "required": required, "description": about, "schema": words}


def _answer(answer: Answer, refs: Refs) -> dict[str, Any]:
    said: dict[str, Any] = {"description": answer.about}
    if answer.headers:
        said["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in answer.headers}
    if answer.body:
        said["content"] = {answer.content_type: {"schema": refs[answer.body, "serialization"]}}
    return said
