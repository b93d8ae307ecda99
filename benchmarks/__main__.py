"""`python -m benchmarks [NAME …]`: measure, write `benchmarks/results/`, say what was found."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import (
    accuracy,
    completeness,
    dashboards,
    dossier,
    drain,
    face,
    memory,
    queue,
    register_pdf,
    roster,
    scale,
    sign_in,
    tap,
    verify,
)
from benchmarks.measure import Result, machine, write
from benchmarks.office import Office, open_office

RESULTS = Path(__file__).parent / "results"
AT_THE_DOOR: dict[str, Any] = {"memory": memory, "tap": tap, "queue": queue, "face": face}
IN_THE_ARCHIVE: dict[str, Any] = {"verify": verify, "register_pdf": register_pdf}
ON_THE_SERVER: dict[str, Any] = {
    "sign_in": sign_in,
    "drain": drain,
    "roster": roster,
    "scale": scale,
    "completeness": completeness,
    "dossier": dossier,
    "dashboards": dashboards,
}
NAMES = (*AT_THE_DOOR, *IN_THE_ARCHIVE, *ON_THE_SERVER, "accuracy")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all by default")
    parser.add_argument(
        "--faces",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="labelled pictures for `accuracy` (see benchmarks/accuracy.py); may be given again",
    )
    parser.add_argument(
        "--database-url",
        default=os.environ.get("TEST_POSTGRES_URL", ""),
        help="a PostgreSQL to make a database on ($TEST_POSTGRES_URL); SQLite without one",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="directory to write to")
    parser.add_argument(
        "--tiny", action="store_true", help="so few repetitions that the figures mean nothing"
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if "accuracy" in options.names and not options.faces:
        parser.error("accuracy needs pictures: --faces DIR")
    if missing := [str(folder) for folder in options.faces if not folder.is_dir()]:
        parser.error(f"no such directory: {', '.join(missing)}")
    return options


def main() -> None:
    options = arguments()
    for result in results(options):
        write(options.results, result)
        say(result)


def results(options: argparse.Namespace) -> Iterator[Result]:
    """One after the other, never two at once."""
    wanted = options.names or NAMES
    if "accuracy" in wanted and options.faces:
        here = machine()
        result = accuracy.run(options.faces)
        result.surroundings = surroundings(here)
        yield result
    with ExitStack() as stack:
        without_office = AT_THE_DOOR | IN_THE_ARCHIVE
        for name in filter(wanted.__contains__, without_office):
            yield measured(without_office[name], options)
        if any(name in ON_THE_SERVER for name in wanted):
            office = stack.enter_context(open_office(options.database_url))
            for name in filter(wanted.__contains__, ON_THE_SERVER):
                yield measured(ON_THE_SERVER[name], options, office)


def measured(benchmark: Any, options: argparse.Namespace, office: Office | None = None) -> Result:
    run: Callable[..., Result] = benchmark.run
    here = machine()
    result = run(*([office] if office else []), **(benchmark.TINY if options.tiny else benchmark.SIZES))
    result.surroundings = surroundings(here) | (office.surroundings if office else {})
    return result


def surroundings(before: dict[str, Any]) -> dict[str, Any]:
    return before | {"load_average_after": machine()["load_average"]}


def say(result: Result) -> None:
    for comparison in result.comparisons:
        met = {True: "✓", False: "✗", None: " "}[comparison.met]
        line = f"{met} {result.name}: {comparison.what}: {comparison.found} [{comparison.goal_in_words}]"
        print(line, flush=True)  # noqa: T201  what the command is for


if __name__ == "__main__":
    main()
