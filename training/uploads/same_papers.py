"""Licences, proofs, agreements and courseware whose scan is the very file of another.

Nothing is held up by it: whoever verifies the paper has the other one named before them, and decides there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from training.core.actor import Actor
from training.core.db import ScopedModel
from training.courses.models import Courseware
from training.institutions.models import Agreement, InstructorProof, Licence

Row = TypeVar("Row", bound=Any)


def _institution(paper: Any) -> str:
    return str(paper.institution_id)


def _anybody(_paper: Any) -> str:
    """Teaching with somebody else's slides is no deceit."""
    return ""


HOLDERS: Final[Mapping[type[ScopedModel], Callable[[Any], str]]] = {
    Licence: _institution,
    InstructorProof: lambda proof: str(proof.instructor.name),  # two institutions may share a teacher
    Agreement: _institution,
    Courseware: _anybody,
}
"""Whose paper it is: one scan as the same kind of paper of two holders is doubtful, everything else a hint."""


@dataclass(frozen=True)
class Use:
    """Another paper with the same file."""

    paper: Any
    doubtful: bool

    @property
    def institution(self) -> Any:
        owner = getattr(self.paper, "instructor", self.paper)
        return owner.institution

    @property
    def person(self) -> str:
        """Of an instructor's proof."""
        return str(self.paper.instructor.name) if hasattr(self.paper, "instructor") else ""


def with_uses(papers: list[Row], actor: Actor) -> list[Row]:
    """These, each with `uses`: the other papers with its file that this actor may see. A query for each kind."""
    found: dict[str, list[Any]] = defaultdict(list)
    digests = {paper.file.sha256 for paper in papers}
    for model in HOLDERS if digests else ():
        owner = "instructor__institution" if model is InstructorProof else "institution"
        rows = model.objects.visible_to(actor).filter(file__sha256__in=digests)
        for row in rows.select_related("file", owner).order_by("pk"):
            found[row.file.sha256].append(row)
    for paper in papers:
        paper.uses = [
            Use(other, _doubtful(paper, other)) for other in found[paper.file.sha256] if other != paper
        ]
    return papers


def _doubtful(paper: Any, other: Any) -> bool:
    holder = HOLDERS[type(paper)]
    return type(paper) is type(other) and holder(paper) != holder(other)
