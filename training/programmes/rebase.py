"""Two people's changes of the same rules put together: pure, over the JSON of presets.

A change is kept wherever nobody else changed the same thing. Where both did, and said otherwise, what was
adopted stands, and the place is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from training.programmes.draft import Body
from training.programmes.schema import key_of

GONE: Final = object()
"""Stands where something is not, or no longer, there."""
Path = tuple[str, ...]


@dataclass
class Merge:
    """`body` is the draft on the new version; `met` the places where own edits gave way to adopted ones."""

    body: Body = field(default_factory=dict)
    met: list[Path] = field(default_factory=list)


def rebased(draft: Body, *, on: Body, base: Body) -> Merge:
    """The edits that lead from `base` to `draft`, made again `on` what others have adopted since."""
    merge = Merge()
    merge.body = _put_together(base, draft, on, (), merge.met)
    return merge


def _put_together(base: Any, own: Any, others: Any, path: Path, met: list[Path]) -> Any:
    if own in (base, others):
        return others
    if others == base:
        return own
    if all(isinstance(value, Mapping) for value in (base, own, others)):
        return _fields(base, own, others, path, met)
    if all(_has_keys(value) for value in (base, own, others)):
        return list(_fields(_by_key(base), _by_key(own), _by_key(others), path, met).values())
    met.append(path)
    return others


def _fields(
    base: Mapping[str, Any], own: Mapping[str, Any], others: Mapping[str, Any], path: Path, met: list[Path]
) -> dict[str, Any]:
    """In the order of what was adopted, with what only the draft has behind it."""
    found = {
        name: _put_together(
            base.get(name, GONE), own.get(name, GONE), others.get(name, GONE), (*path, name), met
        )
        for name in dict.fromkeys([*others, *own, *base])
    }
    return {name: value for name, value in found.items() if value is not GONE}


def _has_keys(value: Any) -> bool:
    return isinstance(value, list) and len(_by_key(value)) == len(value)


def _by_key(entries: list[Any]) -> dict[str, Any]:
    return {
        key_of(entry, position): entry for position, entry in enumerate(entries) if isinstance(entry, Mapping)
    }
