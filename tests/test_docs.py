"""The documentation speaks of what is there: words, dependencies, settings, commands and links."""

from __future__ import annotations

import ast
import re
import tomllib
import unicodedata
from pathlib import Path

import pytest
from django.apps import apps

from kiosk.cli import main as kiosk

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DOCUMENTS = sorted((ROOT / "training" / "programmes" / "presets" / "documents").glob("*.txt"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NOT_IN_GLOSSARY: frozenset[str] = frozenset()
"""Models that need no word of their own."""


def first_columns(text: str) -> list[list[str]]:
    """The words in backticks in the first column of every table row; rows without any are left out."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    return [words for row in rows if (words := re.findall(r"`([^`]+)`", row))]


def section(text: str, heading: str) -> str:
    """What stands under `## heading`."""
    return text.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


def glossary() -> list[tuple[str, str]]:
    """(code name, where) of each row."""
    row = re.compile(r"^\| `([^`]+)` \|[^|]+\|[^|]+\| `([^`]+)` \|", re.MULTILINE)
    return row.findall((DOCS / "glossary.md").read_text(encoding="utf-8"))


def our_models() -> set[str]:
    return {model._meta.label for model in apps.get_models() if model.__module__.startswith("training.")}


def test_every_model_is_in_the_glossary_and_every_model_named_there_exists():
    labels = {config.label for config in apps.get_app_configs()}
    named = {f"{where}.{code}" for code, where in glossary() if where in labels and code[0].isupper()}
    assert named == our_models() - NOT_IN_GLOSSARY


def test_the_glossary_is_sorted_by_code_name_and_names_each_once():
    codes = [code for code, _where in glossary()]
    assert codes == sorted(set(codes), key=str.lower)


def test_every_module_that_the_glossary_names_exists():
    labels = {config.label for config in apps.get_app_configs()}
    modules = {where for _code, where in glossary()} - labels
    paths = [module if module.startswith("kiosk.") else f"training.{module}" for module in modules]
    assert [path for path in paths if not (ROOT / f"{path.replace('.', '/')}.py").exists()] == []


def direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    return {re.match(r"[\w.-]+", wanted)[0].lower() for group in groups for wanted in group}


def test_the_dependencies_page_and_pyproject_name_the_same_packages():
    page = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    assert {name for row in first_columns(page) for name in row} == direct_dependencies()


def settings_from_environment() -> set[str]:
    """The first argument of every `env.…("NAME", …)` in the settings."""
    tree = ast.parse((ROOT / "training/settings.py").read_text(encoding="utf-8"))
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def test_the_operator_guide_names_every_setting_and_no_other():
    guide = section((DOCS / "operator-guide.md").read_text(encoding="utf-8"), "Settings")
    assert {name for row in first_columns(guide) for name in row} == settings_from_environment()


def commands(capsys: pytest.CaptureFixture[str], *before: str) -> set[str]:
    """The subcommands that the program's own help lists."""
    with pytest.raises(SystemExit):
        kiosk([*before, "--help"])
    return set(re.findall(r"^    (\w+)\s", capsys.readouterr().out, re.MULTILINE))


def test_the_guides_name_every_command_of_the_station_and_no_other(capsys):
    guide = section((DOCS / "operator-guide.md").read_text(encoding="utf-8"), "Install a station")
    named = {words[0] for words in first_columns(guide)}
    simple = commands(capsys) - {"simulate"}
    simulated = {f"simulate {what}" for what in commands(capsys, "simulate")}
    said = {name for name in simple | simulated if any(word.startswith(f"kiosk {name}") for word in named)}
    assert said == simple | simulated
    assert len(named) == len(said)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_the_code_names_no_page_that_is_not_here():
    sources = [
        path for folder in ("training", "kiosk", "benchmarks") for path in (ROOT / folder).rglob("*.py")
    ]
    named = {
        (str(path.relative_to(ROOT)), page)
        for path in sources
        for page in re.findall(r"[\w/-]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert [
        (source, page) for source, page in named if not any(ROOT.glob(f"[!.]*/**/{Path(page).name}"))
    ] == []


def test_the_architecture_page_names_every_room_and_every_area_of_screens():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = {folder.parent.name for folder in (ROOT / "training").glob("*/__init__.py")}
    areas = {folder.parent.name for folder in (ROOT / "training/web").glob("*/urls.py")}
    assert rooms | areas == {name for name in rooms | areas if f"`{name}`" in page or f"`web/{name}" in page}


def test_every_decision_is_in_the_index():
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (DOCS / "decisions/README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))


ROWS = {"SC": 54, "YS": 36, "JK": 23, "BF": 61, "HD": 42}
"""How many requirements were read out of each county's document."""


def requirements() -> list[list[str]]:
    """Number, quotation, state, where, tests."""
    page = (DOCS / "requirements.md").read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if re.match(r"\| [A-Z]{2}-\d\d \|", line)
    ]


def test_every_requirement_of_the_five_documents_has_one_row():
    wanted = [f"{county}-{number:02d}" for county, count in ROWS.items() for number in range(1, count + 1)]
    assert [row[0] for row in requirements()] == wanted


def plain(text: str) -> str:
    """Without spaces, and every comma of one width: the documents mix them."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def test_every_quotation_of_a_requirement_stands_in_a_document():
    documents = plain("".join(path.read_text(encoding="utf-8") for path in DOCUMENTS))
    assert [row[0] for row in requirements() if plain(row[1]) not in documents] == []


def test_what_is_said_to_be_there_names_its_tests_and_they_exist():
    for number, _quotation, state, _where, cell in requirements():
        tests = re.findall(r"`([^`]+)::([^`]+)`", cell)
        assert tests or state in ("后续", "培训之外"), number
        for file, name in tests:
            path = ROOT / (file if file.startswith("tests/") else f"tests/training/{file}")
            assert f"def test_{name}(" in path.read_text(encoding="utf-8"), number
