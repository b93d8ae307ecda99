"""A roster of ten thousand: from the file as handed in to places on the roster, every row checked."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.door import BenchmarkError
from benchmarks.measure import Comparison, Result, series
from benchmarks.office import CLASS_DAY, Office

SIZES = {"rounds": 3, "people": 10_000}
TINY = {"rounds": 1, "people": 300}
PLANNING = datetime(2021, 5, 10, 1, 0, tzinfo=UTC)
GOAL_SECONDS = 10.0  # of ten thousand rows
_numbers = count(1)


@dataclass
class Class:
    """A session that is still being planned, of a county of its own: nobody in it is known yet."""

    session: Any
    clerk: Any


def run(office: Office, rounds: int, people: int) -> Result:
    """Both ways take the same file into counties that are new every round, in turns."""
    data = roster(people)
    seconds: dict[str, list[float]] = {"import": [], "plain": []}
    with planning_clock():
        for number in range(rounds):
            ways = {"import": service, "plain": plain}
            for name in sorted(ways, reverse=bool(number % 2)):
                seconds[name].append(ways[name](open_class(), data, people))
    ours, theirs = (
        series([people / value for value in seconds[name]], "rows/s") for name in ("import", "plain")
    )
    return Result(
        "roster",
        f"{people:,} rows of an .xlsx → encrypted people and places on the roster, in chunks: workbook measured, "
        "columns found, every cell checked, duplicates in the file and on other rosters, namesakes, progress.",
        "`openpyxl.load_workbook` of the same file + one `bulk_create` of the same people and one of their places, "
        "encrypted and hashed the same way, no checks; same process, same database",
        {"import": ours, "plain": theirs},
        [
            Comparison(
                f"{people:,} rows", series(seconds["import"], "s"), GOAL_SECONDS * people / SIZES["people"]
            ),
            Comparison("import / plain", ours.over(theirs), 0.5, "more"),
        ],
        {"rounds": rounds, "people": people},
        [
            "The copy with the wrong cells marked is made afterwards, in the background, where something is wrong."
        ],
    )


def roster(people: int) -> bytes:
    from training.demo.people import synthetic_people  # noqa: PLC0415  after Django is ready
    from training.demo.scenery import roster_workbook  # noqa: PLC0415

    found = synthetic_people(people, seed=11)
    # A county has more villages than the ten of the synthetic people, so fewer people of one name in each.
    return roster_workbook(
        [replace(person, village=f"{person.village}{number % 500}组") for number, person in enumerate(found)]
    )


@contextmanager
def planning_clock() -> Iterator[None]:
    """Within the programme's years, as when the office was furnished."""
    from django.conf import settings  # noqa: PLC0415  after Django is ready

    with tempfile.NamedTemporaryFile("w", suffix="-clock", encoding="ascii", delete=False) as file:
        file.write(str((PLANNING - datetime.now(UTC)).total_seconds()))
    before, settings.CLOCK_FILE = settings.CLOCK_FILE, file.name
    try:
        yield
    finally:
        settings.CLOCK_FILE = before
        Path(file.name).unlink()


def open_class() -> Class:
    from training.accounts.choices import Role  # noqa: PLC0415  after Django is ready
    from training.core.actor import SYSTEM  # noqa: PLC0415
    from training.demo import scenery  # noqa: PLC0415
    from training.programmes.preset_file import load_preset  # noqa: PLC0415
    from training.programmes.services import load_programme  # noqa: PLC0415

    name = f"R{next(_numbers)}"
    programme = load_programme(
        load_preset("shicheng").model_copy(update={"code": name, "county": f"{name}县"}), actor=SYSTEM
    )
    county = scenery.add_county_staff(programme, f"{name}-")
    institution, staff = scenery.add_institution(
        programme,
        name=f"{name}培训中心",
        uscc="91360735MA35NXTP4H",
        prefix=f"{name}-",
        bureau=county.actor(Role.BUREAU_HEAD),
    )
    clerk = staff.actor(Role.INSTITUTION_CLERK)
    agreement = scenery.add_training_agreement(institution, actor=clerk)
    instructors = scenery.add_instructors(institution, actor=clerk)
    session, _venue = scenery.plan_farmers_session(
        institution, agreement, instructors, on=CLASS_DAY, actor=clerk
    )
    return Class(session, clerk)


def service(opened: Class, data: bytes, people: int) -> float:
    """The request of a person and the work of a worker, one after the other."""
    from training.core.actor import SYSTEM  # noqa: PLC0415  after Django is ready
    from training.enrolment.services import import_roster, take_rows  # noqa: PLC0415

    started = time.perf_counter()
    imported = import_roster(opened.session.pk, name="名册.xlsx", data=data, actor=opened.clerk)
    take_rows(imported.pk, actor=SYSTEM)
    seconds = time.perf_counter() - started
    imported.refresh_from_db()
    demand(imported.accepted, people)
    return seconds


def plain(opened: Class, data: bytes, people: int) -> float:
    """What one writes in an afternoon."""
    from django.db import transaction  # noqa: PLC0415  after Django is ready
    from openpyxl import load_workbook  # noqa: PLC0415

    from training.enrolment.models import Enrolment  # noqa: PLC0415
    from training.people.models import Trainee  # noqa: PLC0415

    started = time.perf_counter()
    rows = list(load_workbook(BytesIO(data)).active.iter_rows(min_row=3, values_only=True))
    with transaction.atomic():
        trainees = Trainee.objects.bulk_create([trainee(opened, row) for row in rows])
        places = Enrolment.objects.bulk_create(
            [
                Enrolment(training_session=opened.session, trainee=person, number=row[0], group=row[7])
                for person, row in zip(trainees, rows, strict=True)
            ]
        )
    seconds = time.perf_counter() - started
    demand(len(places), people)
    return seconds


def trainee(opened: Class, row: tuple[Any, ...]) -> Any:
    from training.people.models import Trainee  # noqa: PLC0415  after Django is ready
    from training.people.services import id_hash  # noqa: PLC0415

    _number, name, sex, id_number, phone, township, village, _group, *_occupation = row
    return Trainee(
        programme=opened.session.institution.programme,
        name=name,
        id_number=id_number,
        id_hash=id_hash(id_number),
        sex={"男": "male", "女": "female"}[sex],
        born_on=datetime.strptime(id_number[6:14], "%Y%m%d").date(),  # noqa: DTZ007  a date
        phone=phone,
        township=township,
        village=village,
    )


def demand(found: int, wanted: int) -> None:
    if found != wanted:
        raise BenchmarkError(f"{found} of {wanted} people are on the roster")
