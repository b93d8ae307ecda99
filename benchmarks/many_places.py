"""A county with places on rosters by the million, multiplied inside the database from one row of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.whole_county import WholeCounty, found_county

A_SESSION = 50
"""People on a roster."""
NEWCOMERS = 0.8
"""Of the places, those of people who have no other."""
TOWNSHIPS, VILLAGES, DAYS = 20, 10, 300
GROUPS = ("farmer", "farmer", "cooperative", "leader", "poor_household")
CLASS_TYPES = ("general", "practical", "entrepreneurship_employment")
CATEGORIES = ("farmer", "cooperative", "leader")


@dataclass
class Multiplied:
    """How many of each were made; the `first_…` are where they begin, for their ids follow each other."""

    county: WholeCounty
    patterns: dict[str, Any] = field(default_factory=dict)
    trainees: int = 0
    sessions: int = 0
    places: int = 0
    first_trainee: int = 0
    first_session: int = 0

    def grow_to(self, places: int) -> None:
        """Archived sessions, and one place in fifteen that did not reach the hours.

        There are no events: whoever completed counts as having come, and the ledger is not asked.
        """
        from django.db import connection, transaction  # noqa: PLC0415  after Django is ready

        with transaction.atomic():
            self._add_trainees(int(places * NEWCOMERS))
            self._add_sessions(places // A_SESSION)
            self._add_places(places)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the database would do it by itself, some minutes later

    def _add_trainees(self, until: int) -> None:
        ids = multiply(
            self.patterns["trainee"],
            range(self.trainees, until),
            id_hash="'made-' || series.n",
            township=f"'乡镇' || (series.n % {TOWNSHIPS})",
            village=f"'村' || (series.n / {TOWNSHIPS} % {VILLAGES})",
        )
        self.first_trainee = self.first_trainee or ids.start
        self.trainees = until

    def _add_sessions(self, until: int) -> None:
        houses = self.county.houses
        for number, house in enumerate(houses):
            ids = multiply(
                house.pattern,
                range(
                    self.sessions + share(until - self.sessions, number, len(houses)),
                    self.sessions + share(until - self.sessions, number + 1, len(houses)),
                ),
                code=f"'{house.pattern.code}-' || series.n",
                number="series.n + 100",
                status="'archived'",
                closed_at="CURRENT_TIMESTAMP",
                class_type=one_of(CLASS_TYPES),
                category=one_of(CATEGORIES),
            )
            self.first_session = self.first_session or ids.start
            multiply(
                house.pattern.lessons.order_by("pk")[0],
                ids,
                training_session_id="series.n",
                on=a_day(),
                live="false",  # nobody asks whether it clashes
            )
        self.sessions = until

    def _add_places(self, until: int) -> None:
        multiply(
            self.patterns["place"],
            range(self.places, until),
            training_session_id=f"{self.first_session} + series.n / {A_SESSION}",
            trainee_id=f"{self.first_trainee} + series.n % {int(until * NEWCOMERS)}",
            number=f"series.n % {A_SESSION} + 1",
            group=one_of(GROUPS),
            status="CASE WHEN series.n % 15 = 0 THEN 'incomplete' ELSE 'completed' END",
        )
        self.places = until


def found(code: str) -> Multiplied:
    """The county with nobody in it but the person whose row is multiplied."""
    from training.enrolment.models import Enrolment  # noqa: PLC0415  after Django is ready

    county = found_county(code)
    [person] = county._trainees(1)  # noqa: SLF001  the county's own way to know people
    county.known.append(person)
    pattern = county.houses[0].pattern
    place = Enrolment.objects.create(training_session=pattern, trainee=person, number=1, group="farmer")
    return Multiplied(county, {"trainee": person, "place": place})


def multiply(row: Any, numbers: range, **columns: str) -> range:
    """Copy a row for each of the numbers; `columns` are SQL over `series.n`, the rest is as in the row.

    Gives the ids of the copies. Raises AssertionError where somebody else wrote to the table meanwhile.
    """
    from django.db import connection  # noqa: PLC0415  after Django is ready

    model, quote = type(row), connection.ops.quote_name
    if not numbers:
        return range(0)
    names = [column.column for column in model._meta.concrete_fields if not column.primary_key]
    said = {name: columns.get(name, f"pattern.{quote(name)}") for name in names}
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quote, said))})"  # noqa: S608  nothing in it is a reader's
            f" WITH RECURSIVE series(n) AS (SELECT {numbers.start}"
            f" UNION ALL SELECT n + 1 FROM series WHERE n + 1 < {numbers.stop})"
            f" SELECT {', '.join(said.values())} FROM series, {table} pattern WHERE pattern.id = {row.pk}"
            " ORDER BY series.n"
        )
    last = model.objects.order_by("-pk").values_list("pk", flat=True)[0]
    ids = range(last - len(numbers) + 1, last + 1)
    assert model.objects.filter(pk__gte=ids.start).count() == len(ids)  # noqa: S101  ids that follow each other
    return ids


def share(whole: int, number: int, parts: int) -> int:
    """Where the part of that number begins."""
    return whole * number // parts


def one_of(words: Sequence[str]) -> str:
    cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
    return f"CASE series.n % {len(words)} {cases} END"


def a_day() -> str:
    from django.db import connection  # noqa: PLC0415  after Django is ready

    if connection.vendor == "postgresql":
        return f"DATE '2021-03-08' + (series.n % {DAYS})::int"
    return f"date('2021-03-08', '+' || (series.n % {DAYS}) || ' days')"
