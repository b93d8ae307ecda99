"""What a preset is made of, read off its schema: sections, their fields, and what each field holds.

The pages that show and edit rules are made from this, so that a new rule has its form as soon as it is in the
schema.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Le, MaxLen, MinLen
from pydantic.fields import FieldInfo

from training.programmes.preset import Preset
from training.programmes.rule import Model, Rule

IDENTITY: Final = ("code", "name", "county", "province", "region_code", "timezone")
"""What a programme is, the same in all its versions."""

REFERENCES: Final[Mapping[str, str]] = {
    "categories": "categories",
    "class_types": "class_types",
    "class_type": "class_types",
    "fund_line": "fund_lines",
    "groups": "groups",
    "parent": "targets",
}
"""Fields that hold codes of another section's entries."""

WHERE_IT_STANDS: Final = frozenset(Rule.model_fields)


@dataclass(frozen=True)
class Field:
    """One field of a model.

    `kind`: str, int, float, bool, date, a Model, or Literal with its `choices`; `many` of them when it is a
    tuple. `nullable` says that None is a value, `required` that it can't be left blank. `share` is a ratio that
    people read as a percentage, `money` is in fen.
    """

    name: str
    kind: Any
    choices: tuple[str, ...] = ()
    many: bool = False
    nullable: bool = False
    required: bool = True
    default: Any = None
    share: bool = False
    max_length: int | None = None

    @property
    def money(self) -> bool:
        return self.name.endswith("_fen")

    @property
    def is_model(self) -> bool:
        return isinstance(self.kind, type) and issubclass(self.kind, Model)


@dataclass(frozen=True)
class Section:
    """`many`: a list of entries. `required`: there must be at least one, or the rule itself."""

    name: str
    model: type[Model]
    many: bool
    required: bool


@cache
def sections() -> Mapping[str, Section]:
    """In the order of the file."""
    found = {}
    for name, info in Preset.model_fields.items():
        field = _field(name, info)
        if name not in IDENTITY and field.is_model:
            required = info.is_required() and (not field.many or _has(info.metadata, MinLen))
            found[name] = Section(name, field.kind, field.many, required)
    return found


@cache
def fields_of(model: type[Model]) -> tuple[Field, ...]:
    """Those that hold what is demanded; where it stands (`Rule`'s own) is left out."""
    skipped = WHERE_IT_STANDS if issubclass(model, Rule) else frozenset()
    ordered = sorted(model.model_fields, key=lambda name: name != "code")
    return tuple(_field(name, model.model_fields[name]) for name in ordered if name not in skipped)


def key_of(entry: Any, position: int) -> str:
    """By what an entry of a list is known while others come and go: its code or level, else its place."""
    for name in ("code", "level"):
        value = entry.get(name) if isinstance(entry, Mapping) else getattr(entry, name, None)
        if value:
            return str(value)
    return str(position)


def _field(name: str, info: FieldInfo) -> Field:
    kind, many, nullable, metadata = _unwrapped(info.annotation, list(info.metadata))
    choices = tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()
    longest = [limit.max_length for limit in metadata if isinstance(limit, MaxLen)]
    return Field(
        name=name,
        kind=Literal if choices else kind,
        choices=choices,
        many=many,
        nullable=nullable,
        required=_is_required(info, kind, many=many, nullable=nullable, metadata=metadata),
        default=None if info.is_required() else info.get_default(call_default_factory=True),
        share=kind is float and any(isinstance(limit, Le) and limit.le == 1 for limit in metadata),
        max_length=longest[0] if longest and not many else None,
    )


def _is_required(info: FieldInfo, kind: Any, *, many: bool, nullable: bool, metadata: list[Any]) -> bool:
    """Numbers and codes always say something; words and lists may be blank where the schema has a default."""
    if many:
        return _has(metadata, MinLen)
    blank = kind is bool or nullable or (kind is str and info.get_default() == "")
    return not blank


def _unwrapped(annotation: Any, metadata: list[Any]) -> tuple[Any, bool, bool, list[Any]]:
    """The kind at the bottom of Annotated, tuple and None; limits are those of the list where it is one."""
    many = nullable = False
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
            metadata = metadata if many else metadata + _limits(arguments[1:])
        elif origin is tuple:
            annotation, many = arguments[0], True
        elif origin in (Union, types.UnionType):
            annotation = next(each for each in arguments if each is not types.NoneType)
            nullable = True
        else:
            return annotation, many, nullable, metadata


def _limits(metadata: tuple[Any, ...]) -> list[Any]:
    return [each for info in metadata for each in (info.metadata if isinstance(info, FieldInfo) else [info])]


def _has(metadata: list[Any], limit: type) -> bool:
    return any(isinstance(each, limit) for each in metadata)
