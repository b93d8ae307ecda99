"""The files that stand behind each archive item, of a session that was read `with_archive`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet, prefetch_related_objects

from training.core.models import StoredFile
from training.core.uploads import IMAGES
from training.dossiers.approved_papers import licences_of, proofs_of
from training.dossiers.choices import EvidenceKind

PICTURES: Final = IMAGES


@dataclass(frozen=True)
class ItemPaper:
    """`kind` and `pk` are what its address is made of; `owner` is the row that holds the file."""

    kind: str
    owner: Any
    title: str

    @property
    def pk(self) -> int:
        found: int = self.owner.pk
        return found

    @property
    def file(self) -> StoredFile:
        found: StoredFile = self.owner.file
        return found

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.pk}"

    @property
    def is_picture(self) -> bool:
        return self.file.content_type in PICTURES

    @property
    def is_class_photo(self) -> bool:
        return self.kind == "evidence" and self.owner.kind == EvidenceKind.PHOTO

    @property
    def is_pdf(self) -> bool:
        return self.file.content_type == "application/pdf"


def with_papers(sessions: QuerySet[Any]) -> QuerySet[Any]:
    """Fetch with the sessions the files that `item_papers` names; on top of `with_archive`."""
    return sessions.select_related("agreement__file").prefetch_related(
        "institution__licences__file", "lessons__instructor__proofs__file", "courseware__file"
    )


def item_papers(session: Any) -> dict[str, list[ItemPaper]]:
    """Item code -> its files, in the order of the item; what was refused or withdrawn is not there."""
    prefetch_related_objects(session.standing_evidence, "file", "lesson")
    found: dict[str, list[ItemPaper]] = defaultdict(list)
    for item, paper in _papers(session):
        found[item].append(paper)
    return found


def _papers(session: Any) -> Iterator[tuple[str, ItemPaper]]:
    yield "A1", ItemPaper("agreement", session.agreement, str(session.agreement.number))
    for licence in licences_of(session):
        yield "A2", ItemPaper("licence", licence, str(licence))
    for person in dict.fromkeys(lesson.instructor for lesson in session.lessons.all()):
        for proof in proofs_of(session, person):
            yield "A3", ItemPaper("proof", proof, f"{person.name} {proof}")
    for piece in session.courseware.all():
        yield "A6", ItemPaper("courseware", piece, f"{piece.topic} {piece}")
    for evidence in session.standing_evidence:
        yield evidence.item, ItemPaper("evidence", evidence, evidence.caption)
