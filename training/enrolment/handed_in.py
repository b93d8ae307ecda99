"""The file that somebody handed in: what it is read by, where the people stand in it, and its marked copy.

Apart from the queries, since writing workbooks takes 20 MB that the worker building archives has no use for.
"""

from __future__ import annotations

from training.core import files
from training.enrolment.models import RosterImport
from training.enrolment.queries import first_day
from training.enrolment.roster_book import marked_copy
from training.enrolment.roster_file import Expected, Finding
from training.enrolment.sheets import Layout, find_layout
from training.programmes.queries import gazetteer
from training.scheduling.models import TrainingSession


def expected_of(session: TrainingSession) -> Expected:
    """What its roster is read by."""
    rules, on = session.rule_set.rules, first_day(session)
    current = frozenset(rules.group_words_on(on))
    places = gazetteer(session.institution.programme)
    return Expected(
        rules.group_words, on, rules.eligibility.min_age, current, places.spell if places else None
    )


def layout_of(roster_import: RosterImport) -> Layout:
    """Where the people stand in the file; imports of earlier versions did not write it down."""
    if roster_import.layout:
        return Layout.from_json(roster_import.layout)
    return find_layout(files.read(roster_import.file))


def marked_roster(roster_import: RosterImport) -> bytes:
    """The file as handed in, what is wrong in red, what is doubtful in amber, and a column that says what to do."""
    if roster_import.marked:
        return files.read(roster_import.marked)
    return marked_copy(
        files.read(roster_import.file),
        layout_of(roster_import),
        problems=[Finding(**row) for row in roster_import.problems],
        warnings=[Finding(**row) for row in roster_import.warnings],
    )
