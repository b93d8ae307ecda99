"""Rules on the way to the next version: one section after the other, each right in itself.

What is kept is the JSON of a preset. A section is taken only if it is right; that sections fit each other is asked
when all of it is looked at, because one can't be changed without the other for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from training.core.errors import NotFoundError
from training.programmes.errors import Loc, RulesRefusedError
from training.programmes.preset import Preset
from training.programmes.preset_file import checks, in_words
from training.programmes.schema import Section, key_of, sections

Body = dict[str, Any]
Problems = list[tuple[Loc, str]]


def section_called(name: str) -> Section:
    """Raises NotFoundError."""
    if name not in sections():
        raise NotFoundError(name)
    return sections()[name]


def checked(body: Mapping[str, Any]) -> Preset:
    """Raises RulesRefusedError with everything that is wrong, by its place in the whole."""
    try:
        return Preset.model_validate(body, context=checks(_document_file(body)))
    except ValidationError as refused:
        raise RulesRefusedError(
            [(_place(error["loc"]), in_words(error)) for error in refused.errors()]
        ) from None


def _document_file(body: Mapping[str, Any]) -> str:
    document = body.get("document")
    return str(document.get("file", "")) if isinstance(document, Mapping) else ""


def _place(loc: Loc) -> Loc:
    """Without the tags of unions."""
    return tuple(step for step in loc if not str(step).startswith("#"))


def problems_of(body: Mapping[str, Any]) -> Problems:
    try:
        checked(body)
    except RulesRefusedError as refused:
        return refused.problems
    return []


def with_section(body: Body, *, section: str, value: Any) -> Body:
    """Raises RulesRefusedError; places are relative to the section."""
    section_called(section)
    changed = body | {section: value}
    wrong = [(loc[1:], said) for loc, said in problems_of(changed) if loc[:1] == (section,)]
    if wrong:
        raise RulesRefusedError(wrong)
    kind: TypeAdapter[Any] = TypeAdapter(Preset.model_fields[section].rebuild_annotation())
    return body | {section: kind.dump_python(kind.validate_python(value), mode="json")}


def entries_of(body: Mapping[str, Any], section: str) -> list[Any]:
    return list(body.get(section) or ())


def position_of(body: Mapping[str, Any], section: str, key: str) -> int:
    """Raises NotFoundError for an entry that there is not, or no longer."""
    for position, entry in enumerate(entries_of(body, section)):
        if key_of(entry, position) == key:
            return position
    raise NotFoundError(section, key=key)


def entry_at(body: Mapping[str, Any], section: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = entries_of(body, section)[position_of(body, section, key)]
    return found


def with_entry(body: Body, *, section: str, key: str, entry: Any) -> Body:
    """In the place of the one with this key, at the end where it is blank; places are relative to the entry."""
    entries = entries_of(body, section)
    position = position_of(body, section, key) if key else len(entries)
    try:
        return with_section(
            body, section=section, value=[*entries[:position], entry, *entries[position + 1 :]]
        )
    except RulesRefusedError as refused:
        raise RulesRefusedError([(_inside(loc, position), said) for loc, said in refused.problems]) from None


def _inside(loc: Loc, position: int) -> Loc:
    """What is wrong with another entry is nobody's field here."""
    return loc[1:] if loc[:1] == (position,) else ()


def without_entry(body: Body, *, section: str, key: str) -> Body:
    entries = entries_of(body, section)
    del entries[position_of(body, section, key)]
    return with_section(body, section=section, value=entries)


def with_entry_moved_up(body: Body, *, section: str, key: str) -> Body:
    entries, position = entries_of(body, section), position_of(body, section, key)
    if position:
        entries.insert(position - 1, entries.pop(position))
    return with_section(body, section=section, value=entries)


def settled(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    silent: Sequence[str],
    fields: Sequence[str] = (),
    by: str = "",
    on: date | None = None,
    basis: str = "",
) -> list[dict[str, Any]]:
    """The confirmations of a rule after its values were edited.

    A value that changed, or that the document now gives, is no longer confirmed; `fields` are confirmed anew.
    """
    lasting = {name for name in silent if name not in fields and before.get(name) == after.get(name)}
    kept = [
        old | {"fields": [name for name in old["fields"] if name in lasting]}
        for old in before.get("confirmed") or ()
        if lasting & set(old["fields"])
    ]
    if not fields:
        return kept
    said = {"fields": list(fields), "confirmed_by": by, "confirmed_on": str(on), "basis": basis}
    return [*kept, said]
