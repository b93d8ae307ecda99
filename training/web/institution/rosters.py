"""What the pages about roster files show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.core import files
from training.core.actor import Actor
from training.enrolment.choices import ImportStatus
from training.enrolment.handed_in import layout_of
from training.enrolment.models import Enrolment, RosterImport
from training.enrolment.queries import is_stalled
from training.enrolment.roster_book import roster_template
from training.enrolment.sheets import ColumnPreview, preview
from training.people.rules import mask_id_number, mask_phone
from training.scheduling.models import TrainingSession

SHOWN = 100  # rows of each list; the marked workbook has them all


@dataclass(frozen=True)
class ImportResult:
    """The lists begin; how many there are in all stands in the import."""

    roster_import: RosterImport
    stalled: bool
    problems: Sequence[Mapping[str, Any]]
    warnings: Sequence[Mapping[str, Any]]
    accepted: Sequence[Enrolment]
    unused: Sequence[str]
    others: Sequence[str]

    @property
    def going(self) -> bool:
        """It moves by itself: the page asks again."""
        return self.roster_import.status == ImportStatus.RUNNING and not self.stalled

    @property
    def can_resume(self) -> bool:
        broken = self.roster_import.status in (ImportStatus.CANCELLED, ImportStatus.FAILED)
        return bool(self.roster_import.total) and (broken or self.stalled)


def import_of(pk: int, actor: Actor) -> RosterImport:
    found: RosterImport = RosterImport.objects.select_related(
        "training_session__rule_set", "file", "marked"
    ).fetch(actor, pk=pk)
    return found


def imports(session: TrainingSession) -> list[RosterImport]:
    """Newest first, without what was found in them."""
    rows = session.roster_imports.select_related("file").defer("problems", "warnings", "layout")
    return list(rows)


def import_result(imported: RosterImport) -> ImportResult:
    layout = layout_of(imported)
    return ImportResult(
        imported,
        stalled=is_stalled(imported),
        problems=imported.problems[:SHOWN],
        warnings=imported.warnings[:SHOWN],
        accepted=list(imported.places.select_related("trainee").order_by("number")[:SHOWN]),
        unused=layout.unused,
        others=layout.others,
    )


def empty_roster(session: TrainingSession) -> bytes:
    """The workbook to fill in, with this programme's groups to choose from."""
    return roster_template([group.name for group in session.rule_set.rules.groups])


def columns_of(imported: RosterImport) -> list[ColumnPreview]:
    """What a person needs to recognise the columns of a waiting file; long numbers masked."""
    found = preview(files.read(imported.file), layout_of(imported))
    return [replace(column, samples=[_masked(text) for text in column.samples]) for column in found]


def _masked(text: str) -> str:
    return re.sub(r"\d{11,}[Xx]?", _mask_number, text)


def _mask_number(found: re.Match[str]) -> str:
    number = found.group()
    return mask_phone(number) if len(number) == 11 else mask_id_number(number)
