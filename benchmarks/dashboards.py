"""Figures and dashboards of a county with ten thousand, a hundred thousand and a million places on rosters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.completeness import counted
from benchmarks.door import BenchmarkError
from benchmarks.many_places import Multiplied, found
from benchmarks.measure import Comparison, Result, Series, series
from benchmarks.office import Office

SIZES = {"places": (10_000, 110_000, 1_000_000), "rounds": 15, "export": 110_000}
"""The export is of everybody on a roster, so that it holds 100,000 rows at least."""
TINY = {"places": (100, 200, 400), "rounds": 1, "export": 200}
GOAL_GROWTH = 1.3
GOAL_MEGABYTES = 100.0
PAGES = ("dashboard", "indicators")
RECOUNTED = ("total", "class_type", "township", "month")
"""Dimensions that the baseline counts; a dashboard shows more."""
ENDINGS = ("csv", "xlsx")


@dataclass
class Seen:
    """What was found at one size; milliseconds, but for `rebuilt`, which is seconds."""

    places: int
    pages: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, set[int]] = field(default_factory=dict)
    read: list[float] = field(default_factory=list)
    recounted: list[float] = field(default_factory=list)
    refreshed: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    rebuilt: float = 0.0


def run(office: Office, places: Sequence[int], rounds: int, export: int) -> Result:
    """The same pages of the same county as it grows, and the same figures counted from the rows."""
    from django.conf import settings  # noqa: PLC0415  after Django is ready
    from django.core.management import call_command  # noqa: PLC0415

    settings.SECOND_FACTOR = False  # signing in is not what is timed
    call_command("collectstatic", verbosity=0, interactive=False)
    made = found("PLACES")
    seen, exports = [], {}
    for size in places:
        made.grow_to(size)
        seen.append(look(made, rounds))
        if size >= export and not exports:
            exports = {ending: exported(made, ending) for ending in ENDINGS}
    few, many = seen[0], seen[-1]
    return Result(
        result_name(),
        f"The county's dashboard and its indicators with {few.places:,} to {many.places:,} places on rosters: server "
        "time of the request, middleware and templates included, and of `figures.read` alone.",
        "the same figures counted from the rows (`figures.rows_behind`: 人次 and 人数 by "
        f"{', '.join(RECOUNTED)}, at one depth), and the same county when it was smaller; same process and database",
        dict(figures(seen))
        | {f"export {ending}": series([it["seconds"]], "s") for ending, it in exports.items()},
        [*comparisons(few, many), *memory(exports)],
        {"places": list(places), "rounds": rounds, "export": export},
        [*notes(seen, exports)],
    )


def result_name() -> str:
    """Each database keeps its own result: one does not write over the other's."""
    from django.db import connection  # noqa: PLC0415  after Django is ready

    return "dashboards" if connection.vendor == "sqlite" else f"dashboards-{connection.vendor}"


def figures(seen: Sequence[Seen]) -> Iterator[tuple[str, Series]]:
    for it in seen:
        size = f"{it.places:,} places"
        for page, times in it.pages.items():
            yield f"{page}, {size}", series(times, "ms")
        yield f"figures.read, {size}", series(it.read, "ms")
        yield f"recount, {size}", series(it.recounted, "ms")
        yield f"a session counted anew, {size}", series(it.refreshed, "ms")
        yield f"measures taken, {size}", series(it.taken, "ms")
        yield f"everything counted anew, {size}", series([it.rebuilt], "s")


def comparisons(few: Seen, many: Seen) -> Iterator[Comparison]:
    for page in PAGES:
        growth = series([median(many.pages[page]) / median(few.pages[page])], "×")
        yield Comparison(f"{page}, most / fewest places", growth, GOAL_GROWTH)
        counts = few.queries[page] | many.queries[page]
        yield Comparison(f"queries of {page}, most / least", series([max(counts) / min(counts)], "×"), 1.0)
    yield Comparison(
        "figures.read, most / fewest places", series([median(many.read) / median(few.read)], "×"), GOAL_GROWTH
    )
    yield Comparison(
        "recount, most / fewest places", series([median(many.recounted) / median(few.recounted)], "×")
    )
    yield Comparison(
        "recount / figures.read, most places",
        series([median(many.recounted) / median(many.read)], "×"),
        1.0,
        "more",
    )
    yield Comparison(
        "measures taken, most / fewest places", series([median(many.taken) / median(few.taken)], "×")
    )
    yield Comparison(
        "a session counted anew, most / fewest places",
        series([median(many.refreshed) / median(few.refreshed)], "×"),
    )


def memory(exports: dict[str, dict[str, Any]]) -> Iterator[Comparison]:
    for ending, it in exports.items():
        grown = series([it["megabytes"] - it["before"]], "MB")
        yield Comparison(f"memory that {it['rows']:,} rows as {ending} take", grown, GOAL_MEGABYTES)


def notes(seen: Sequence[Seen], exports: dict[str, dict[str, Any]]) -> Iterator[str]:
    for page in PAGES:
        counts = sorted(set().union(*(it.queries[page] for it in seen)))
        yield f"queries of {page}: {', '.join(map(str, counts))}"
    for it in exports.values():
        yield f"{it['file']}: {it['rows']:,} rows, most memory {it['megabytes']:.0f} MB, {it['before']:.0f} MB idle"
    if not exports:
        yield "The exports were not measured: no county of this run was large enough."


def median(values: Sequence[float]) -> float:
    return series(values, "").median


# One size


def look(made: Multiplied, rounds: int) -> Seen:
    from training.accounts.choices import Role  # noqa: PLC0415  after Django is ready
    from training.reporting.counting import rebuild, refresh  # noqa: PLC0415
    from training.reporting.measuring import take  # noqa: PLC0415

    programme, head = made.county.programme, made.county.staff.members[Role.BUREAU_HEAD]
    seen = Seen(made.places)
    started = time.perf_counter()
    rebuild(programme)
    seen.rebuilt = time.perf_counter() - started
    actor = made.county.staff.actor(Role.BUREAU_HEAD)
    refresh()
    for _round in range(rounds):
        for page in PAGES:
            milliseconds, queries = visited(head.user, page)
            seen.pages.setdefault(page, []).append(milliseconds)
            seen.queries.setdefault(page, set()).add(queries)
        seen.read.append(timed(lambda: read(programme, actor)))
        seen.refreshed.append(count_one(made))
    for _round in range(max(1, rounds // 5)):
        seen.recounted.append(timed(lambda: recount(programme, actor)))
        seen.taken.append(timed(lambda: take(programme)))
    return seen


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def visited(user: Any, page: str) -> tuple[float, int]:
    """Milliseconds and queries of the page, asked for once before so that nothing is made for the first time."""
    from django.test import Client  # noqa: PLC0415  after Django is ready
    from django.urls import reverse  # noqa: PLC0415

    client, address = Client(SERVER_NAME="127.0.0.1"), reverse(page)
    client.force_login(user)
    for _warm in range(2):
        with counted() as queries:
            started = time.perf_counter()
            answer = client.get(address)
            milliseconds = 1000 * (time.perf_counter() - started)
    if answer.status_code != 200:
        raise BenchmarkError(f"{address} answers {answer.status_code}")
    return milliseconds, queries[0]


def read(programme: Any, actor: Any) -> Any:
    from training.reporting.figures import read as read_figures  # noqa: PLC0415  after Django is ready

    return read_figures(programme, actor, dimensions=RECOUNTED)


def recount(programme: Any, actor: Any) -> list[Any]:
    """What `read` gives at one depth, from the rows."""
    from django.db.models import Count, Max  # noqa: PLC0415  after Django is ready

    from training.reporting.figures import rows_behind  # noqa: PLC0415

    rows = rows_behind(programme, actor)
    both = {"renci": Count("pk"), "people": Count("trainee", distinct=True)}
    return [
        rows.aggregate(**both),
        list(rows.values_list("training_session__class_type").annotate(**both)),
        list(rows.values_list("trainee__township").annotate(**both)),
        list(
            rows.annotate(last_on=Max("training_session__lessons__on"))
            .values_list("last_on")
            .annotate(**both)
        ),
    ]


def count_one(made: Multiplied) -> float:
    """Milliseconds until a session of which somebody withdrew is counted."""
    from training.core.actor import SYSTEM  # noqa: PLC0415  after Django is ready
    from training.core.audit import record  # noqa: PLC0415
    from training.enrolment.models import Enrolment  # noqa: PLC0415
    from training.reporting.counting import refresh  # noqa: PLC0415

    place = Enrolment.objects.exclude(status="withdrawn").order_by("-pk")[0]
    Enrolment.objects.filter(pk=place.pk).update(status="withdrawn")
    record(SYSTEM, "enrolment.withdrawn", place)
    return timed(refresh)


# Exports, in a process of their own


def exported(made: Multiplied, ending: str) -> dict[str, Any]:
    """Rows, seconds and the most memory, in MB, of a process that streams everybody on the county's rosters to nowhere."""
    from django.conf import settings  # noqa: PLC0415  after Django is ready

    from training.accounts.choices import Role  # noqa: PLC0415

    user = made.county.staff.members[Role.BUREAU_HEAD].user
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-W", "ignore", "-m", "benchmarks.exporting", str(user.pk), ending],
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", settings.SETTINGS_MODULE)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
