"""What one version of the rules says otherwise than another: pure, by path, with the values themselves.

Two presets are equal exactly when there is no change between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from training.programmes.preset import Preset
from training.programmes.rule import Model

ORDER = "order"
"""The last step of a path where the same entries stand in another order."""


@dataclass(frozen=True)
class Step:
    """A field `of` a model, or an `entry` of a list, as it is called in a path."""

    name: str
    of: type[Model] | None = None
    entry: Model | None = None


@dataclass(frozen=True)
class Change:
    """None: it is not there."""

    steps: tuple[Step, ...]
    before: Any
    after: Any

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    @property
    def section(self) -> str:
        return self.steps[0].name


Steps = tuple[Step, ...]


def changes(before: Preset, after: Preset) -> list[Change]:
    return list(_of_models(before, after, ()))


def _of_models(before: Model, after: Model, steps: Steps) -> Iterator[Change]:
    model = type(before)
    for name in model.model_fields:
        yield from _of_values(getattr(before, name), getattr(after, name), (*steps, Step(name, of=model)))


def _of_values(before: Any, after: Any, steps: Steps) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Model) and type(before) is type(after):
        yield from _of_models(before, after, steps)
    elif _are_entries(before, after):
        yield from _of_entries(before, after, steps)
    else:
        yield Change(steps, before, after)


def _are_entries(*values: Any) -> bool:
    """Two lists, of models as far as there is anything in them."""
    return all(isinstance(value, tuple) for value in values) and all(
        isinstance(entry, Model) for value in values for entry in value
    )


def _of_entries(before: Sequence[Model], after: Sequence[Model], steps: Steps) -> Iterator[Change]:
    old, new = _by_name(before), _by_name(after)
    for name in [*old, *(name for name in new if name not in old)]:
        entry = new.get(name) or old[name]
        yield from _of_values(old.get(name), new.get(name), (*steps, Step(name, entry=entry)))
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield Change((*steps, Step(ORDER)), tuple(old.values()), tuple(new.values()))


def _by_name(entries: Sequence[Model]) -> dict[str, Model]:
    names = [_name_of(entry, position) for position, entry in enumerate(entries)]
    if len(set(names)) < len(names):
        names = [str(position) for position in range(len(entries))]
    return dict(zip(names, entries, strict=True))


def _name_of(entry: Model, position: int) -> str:
    """Codes where there are any; else the word that it is about, so that one more in front moves nothing."""
    words = (getattr(entry, name, None) for name in ("code", "level", "word", "label", "name"))
    return next((str(word) for word in words if word), str(position))
