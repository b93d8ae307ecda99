"""Rules of this house that no linter knows, read off the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from training.accounts.permissions import MAY

ROOT = Path(__file__).parents[1]
HOUSE = sorted(path for room in ("training", "kiosk") for path in (ROOT / room).rglob("*.py"))

# Not set off by a person: a machine that proves itself otherwise, a step of a caller that was asked
# for its actor already, the background, or a question that changes nothing.
WITHOUT_ACTOR = {
    "accounts.add_member",
    "attendance.complete_enrolments",
    "attendance.completion_results",
    "attendance.demand_attended",
    "attendance.move_complete_to",
    "dossiers.abandon_seal",
    "dossiers.completed_count",
    "dossiers.demand_complete",
    "dossiers.demand_reviewed",
    "dossiers.finish_seal",
    "dossiers.keep_station_photo",
    "dossiers.seal_key",
    "followup.follow_changed_completion",
    "followup.open_follow_ups",
    "followup.take_answer",
    "followup.tried_on",
    "partners.authenticate",
    "partners.note_use",
    "people.drop_groups",
    "people.know_trainees",
    "people.mark_namesakes",
    "people.note_groups",
    "people.write_name_words",
    "stations.at_work",
    "stations.authenticate",
    "stations.enrol_station",
    "stations.keep_report",
    "stations.note_outdated",
}

DOSSIER_SERVICES = {ROOT / f"training/dossiers/{part}.py" for part in ("collecting", "reviewing", "sealing")}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def assigned(node: ast.AST) -> Iterator[ast.expr]:
    """The single targets of an assignment of any form, unpacking included."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        yield from target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def calls(path: Path, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if getattr(called, "attr", getattr(called, "id", None)) == function:
                yield node


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def test_a_state_is_written_in_one_place_only() -> None:
    writers = {
        name(path)
        for path in HOUSE
        if path.is_relative_to(ROOT / "training")
        for node in ast.walk(tree(path))
        for target in assigned(node)
        if isinstance(target, ast.Attribute) and target.attr == "status"
    }
    assert writers == {"training/core/lifecycle.py"}


def test_no_query_writes_a_state_past_the_lifecycle() -> None:
    writers = [
        f"{name(path)}:{call.lineno}"
        for path in HOUSE
        if path.is_relative_to(ROOT / "training")
        for function in ("update", "bulk_update")
        for call in calls(path, function)
        if any(keyword.arg == "status" for keyword in call.keywords)
        or any(isinstance(part, ast.Constant) and part.value == "status" for part in ast.walk(call))
    ]
    assert writers == []


def test_the_station_knows_neither_django_nor_the_backend() -> None:
    known = {
        (name(path), module)
        for path in HOUSE
        if path.is_relative_to(ROOT / "kiosk")
        for module in imports(path)
        if module.partition(".")[0] in ("django", "training")
    }
    assert known == set()


def test_the_backend_knows_of_the_station_only_the_wire_format() -> None:
    known = {
        module
        for path in HOUSE
        if path.is_relative_to(ROOT / "training")
        for module in imports(path)
        if module.partition(".")[0] == "kiosk"
    }
    assert known <= {"kiosk.envelope", "kiosk.package", "kiosk.report"}


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = re.compile(r"utils?|helpers?|misc|common|tools?|\w+2")
    assert [name(path) for path in HOUSE if drawers.fullmatch(path.stem)] == []


def test_every_service_takes_the_person_who_asks() -> None:
    without = {
        f"{path.relative_to(ROOT).parts[1]}.{function.name}"
        for path in HOUSE
        if path.name == "services.py" or path.parent.name == "services" or path in DOSSIER_SERVICES
        for function in tree(path).body
        if isinstance(function, ast.FunctionDef)
        and not function.name.startswith("_")
        and "actor" not in {argument.arg for argument in function.args.kwonlyargs}
    }
    assert without == WITHOUT_ACTOR


def test_every_act_that_is_asked_for_is_in_the_table() -> None:
    in_code = {
        argument.value
        for path in HOUSE
        for function in ("demand", "may")
        for call in calls(path, function)
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }
    in_templates = {
        act
        for template in (ROOT / "templates").rglob("*.html")
        for act in re.findall(r"""\|may:["']([^"']+)""", template.read_text(encoding="utf-8"))
    }
    assert in_code | in_templates <= set(MAY)
    assert {act for act in MAY if not act.partition(".")[2].startswith("view")} <= in_code


def test_time_is_asked_for_in_one_place_only() -> None:
    """`now` and `today` of anything but our own clock would not move with the demonstration that moves it."""
    asked = {
        name(path)
        for path in HOUSE
        if path.is_relative_to(ROOT / "training")
        for function in ("now", "today", "utcnow")
        for call in calls(path, function)
        if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "clock")
    }
    assert {file for file in asked if not file.startswith("training/demo/")} == {"training/core/clock.py"}
