"""The document in the words and tables of a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from training.api.openapi import document
from training.api.operations import ROOT
from training.api.problems import CODES

PREFIX: Final = "#/components/schemas/"


@dataclass(frozen=True)
class Field:
    """`type_of` in words; `links` are the schemas it is made of."""

    name: str
    type_of: str
    links: tuple[str, ...]
    required: bool
    about: str


@dataclass(frozen=True)
class Address:
    name: str
    tag: str
    method: str
    path: str
    summary: str
    about: str
    security: str
    deprecated: bool
    parameters: tuple[Field, ...]
    body: str
    answers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Schema:
    name: str
    about: str
    fields: tuple[Field, ...]
    words: str


@dataclass(frozen=True)
class Section:
    tag: str
    about: str
    addresses: tuple[Address, ...]


def sections() -> list[Section]:
    """The addresses by whom they are for."""
    rows = list(_addresses())
    return [
        Section(tag["name"], tag["description"], tuple(row for row in rows if row.tag == tag["name"]))
        for tag in document()["tags"]
    ]


def schemas() -> list[Schema]:
    return [_schema(name, said) for name, said in document()["components"]["schemas"].items()]


def problems() -> list[tuple[str, int, str]]:
    """Code, status, what to do: each problem's `type` leads to its line here."""
    return [(code, status, gettext(words)) for code, (status, words) in CODES.items()]


def _addresses() -> Iterator[Address]:
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            yield _address(method, path, said)


def _address(method: str, path: str, said: dict[str, Any]) -> Address:
    return Address(
        name=said["operationId"],
        tag=said["tags"][0],
        method=method.upper(),
        path=ROOT + path,
        summary=said["summary"],
        about=said.get("description", ""),
        security=next((key for need in said["security"] for key in need), ""),
        deprecated=said.get("deprecated", False),
        parameters=tuple(_parameter(row) for row in said["parameters"]),
        body=_body(said.get("requestBody", {})),
        answers=tuple((status, row["description"], _body(row)) for status, row in said["responses"].items()),
    )


def _body(said: dict[str, Any]) -> str:
    """The name of the schema of what travels; blank where nothing does."""
    for content in said.get("content", {}).values():
        return _name(content["schema"])
    return ""


def _parameter(said: dict[str, Any]) -> Field:
    words, links = type_in_words(said["schema"])
    return Field(said["name"], words, links, said["required"], said["description"])


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).removeprefix(PREFIX)


def _schema(name: str, said: dict[str, Any]) -> Schema:
    needed = said.get("required", ())
    fields = tuple(
        Field(field, *type_in_words(words), field in needed, words.get("description", ""))
        for field, words in said.get("properties", {}).items()
    )
    words = "" if fields else type_in_words(said)[0]
    return Schema(name, said.get("description", ""), fields, words)


def type_in_words(said: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A JSON schema in a few words, and the names of the schemas it refers to."""
    if "$ref" in said:
        return "", (_name(said),)
    if "enum" in said or "const" in said:
        return " | ".join(str(value) for value in said.get("enum", [said.get("const")])), ()
    if "anyOf" in said:
        parts = [type_in_words(part) for part in said["anyOf"]]
        links = tuple(link for _words, found in parts for link in found)
        return " | ".join(words for words, _links in parts if words), links
    if said.get("type") == "array":
        words, links = type_in_words(said.get("items", {}))
        return f"array {words}".strip(), links
    kind = said.get("format") or said.get("type", "any")
    limits = [
        f"{name} {said[name]}"
        for name in ("minimum", "maximum", "maxLength", "maxItems", "pattern")
        if name in said
    ]
    return " ".join([kind, *limits]), ()
