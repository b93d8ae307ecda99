"""The data files of this room: the mapping for the ministry's form and the library of self-evaluation."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from training.reports.figures import COUNTY_BY_CODE

DATA = Path(__file__).parent / "data"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MappedLine(_Strict):
    """`figure` blank: the system registers nothing of the kind. `field` is the other side's name, if known."""

    code: str
    name: str
    figure: str = ""
    part: Literal["period", "total"]
    field: str = ""


class Mapping(_Strict):
    version: str
    lines: tuple[MappedLine, ...]

    @model_validator(mode="after")
    def names_what_exists(self) -> Self:
        unknown = {line.figure for line in self.lines} - {"", *COUNTY_BY_CODE}
        if unknown or len({line.code for line in self.lines}) != len(self.lines):
            raise ValueError(f"unknown or repeated: {sorted(unknown)}")
        return self


class LibraryLine(_Strict):
    """A heading has no weight. `page` names the address where the evidence usually lies."""

    code: str
    parent: str
    text: str
    weight: Decimal
    evidence: tuple[str, ...] = ()
    metric: str = ""
    page: str = ""


class Library(_Strict):
    version: str
    name: str
    batch: str
    province: str
    source: str
    lines: tuple[LibraryLine, ...]

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        unknown = {line.metric for line in self.lines} - {"", *COUNTY_BY_CODE}
        if unknown or self.full_marks != 100:
            raise ValueError(f"weights {self.full_marks}, unknown {sorted(unknown)}")
        return self

    @property
    def full_marks(self) -> Decimal:
        return sum((line.weight for line in self.lines), Decimal(0))

    def line(self, code: str) -> LibraryLine:
        """A line that is scored; raises KeyError."""
        return {line.code: line for line in self.lines if line.weight}[code]


@cache
def mapping() -> Mapping:
    return Mapping.model_validate(_read("ministry.yaml"))


@cache
def libraries() -> dict[str, Library]:
    """By version. A new year's list is one more file `library*.yaml`; older evaluations keep theirs."""
    found = (Library.model_validate(_read(path.name)) for path in sorted(DATA.glob("library*.yaml")))
    return {library.version: library for library in found}


def _read(name: str) -> object:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
