"""Every list of the site asks the database as much for thirty rows as for one, as a page and as a file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.paginator import Page
from django.db import connection
from django.db.models import Field, Model, UniqueConstraint
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from tests.training.web import (
    test_archives,
    test_attendance,
    test_bureau,
    test_county,
    test_desk,
    test_fairs,
    test_institution,
    test_institutions,
    test_stations,
    test_trainees,
)
from tests.training.web.test_url_matrix import ROWS, Row, ids_of, world  # noqa: F401  the fixture
from training.accounts.choices import Role
from training.attendance.choices import HeldReason
from training.attendance.models import HeldEnvelope
from training.core import clock
from training.integrity.choices import Part
from training.integrity.models import IntegrityRun
from training.outcomes.choices import OutcomeStatus
from training.outcomes.models import Outcome
from training.partners.models import PartnerToken
from training.people.choices import LookKind
from training.programmes.models import Region
from training.scheduling.models import Lesson
from training.stations.models import Station
from training.web import lists

pytestmark = pytest.mark.django_db

# Thirty of what there is one of


def days_apart(moment: date) -> Callable[[int], date]:
    return lambda number: moment - timedelta(days=number)


def apart(row: Any) -> dict[str, Callable[[int], Any]]:
    """Lessons of the same people at the same place are on days of their own; other rows may be at the same time."""
    times = ("on", "starts_at", "ends_at") if isinstance(row, Lesson) else ()
    return {name: days_apart(getattr(row, name)) for name in times}


def copies(original: Model, **differing: Callable[[int], Any]) -> None:
    """Twenty-nine more; `differing` says by field what each has of its own, beside what must be unique."""
    differing = apart(original) | differing
    for number in range(1, 30):
        copied(original, number, **{name: make(number) for name, make in differing.items()})


def copied(original: Model, number: int, **values: Any) -> Model:
    copy = type(original)._base_manager.get(pk=original.pk)
    copy._state.adding = True
    copy.pk = original._meta.pk.get_default()
    for field in unique_fields(type(original)):
        if field.name not in values and (value := getattr(original, field.name)) is not None:
            values[field.name] = another(field, value, number)
    for name, value in values.items():
        setattr(copy, name, value)
    copy.save(force_insert=True)
    return copy


def unique_fields(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """One field of each rule that no two rows have the same, rather a word or a number than another row."""
    yield from (field for field in model._meta.concrete_fields if field.unique and not field.primary_key)
    for rule in model._meta.constraints:
        if isinstance(rule, UniqueConstraint) and rule.fields:
            fields = [model._meta.get_field(name) for name in rule.fields]
            yield min(reversed(fields), key=lambda field: (bool(field.is_relation), bool(field.choices)))


def another(field: Field[Any, Any], value: Any, number: int) -> Any:
    match value:
        case Model():
            return copied(value, number)
        case str():
            end = f"-{number}"
            return value[: (field.max_length or 1000) - len(end)] + end
        case int():
            return value + 100 + number
        case UUID():
            return uuid4()
        case datetime() | date():
            return value + timedelta(days=number)
    raise TypeError(f"no other {field}")


# Lists whose rows are not of one table


def place_of(county: Any) -> Any:
    return county.session.enrolments.select_related("trainee").get(number=1)


def neighbour(county: Any, number: int) -> Any:
    """Somebody else on the roster, from a township of their own."""
    place = place_of(county)
    return copied(place, number, trainee=copied(place.trainee, number, township=f"第{number}乡"))


def elsewhere(county: Any, number: int) -> Model:
    """The same person in another session."""
    return copied(place_of(county), number, training_session=copied(county.session, number))


def more_who_completed(county: Any) -> None:
    copies(place_of(county).completion, enrolment=lambda number: neighbour(county, number))


FIRST: dict[str, Callable[[Any], Any]] = {
    "bureau-held": lambda county: county.session.events.update(held_reason=HeldReason.FORK),
    "bureau-refused": lambda county: HeldEnvelope.objects.create(
        station=Station.objects.first(), digest="x", reason=HeldReason.MALFORMED, received_at=clock.now()
    ),
    "integrity-run": lambda county: IntegrityRun.objects.latest("pk").findings.create(
        part=Part.FILES, about="x", problem="x"
    ),
    "outcome-rechecks": lambda county: Outcome.objects.update(status=OutcomeStatus.RECHECK_DUE),
    "poor-villages": lambda county: Region.objects.filter(level="village").update(poor_from=date(2020, 1, 1)),
    "token": lambda county: PartnerToken.objects.get().uses.create(on=clock.today(), resource="sessions"),
    "trainee-looks": lambda county: place_of(county).trainee.looks.create(
        kind=LookKind.PAGE, at=clock.now(), actor_name="x", role=Role.AUDITOR
    ),
}
"""Where the world has none yet."""
MORE: dict[str, Callable[[Any], Any]] = {
    "accounts": lambda county: copies(
        county.user(Role.INSTITUTION_CLERK).memberships.get(),
        user=lambda number: copied(county.user(Role.INSTITUTION_CLERK), number),
        institution_id=lambda _number: county.institution.pk,
        township=lambda _number: "",
    ),
    "bureau-institutions": lambda county: copies(county.institution),
    "certificates": lambda county: copies(
        place_of(county).certificates.get(), enrolment=lambda number: elsewhere(county, number)
    ),
    "evaluations-owed": lambda county: copies(
        county.session.lessons.first(),
        training_session=lambda number: copied(county.session, number),
    ),
    "followup-statistics": lambda county: [
        copied(place_of(county).follow_ups.first(), number, enrolment=place, trainee=place.trainee)
        for number in range(1, 30)
        if (place := neighbour(county, number))
    ],
    "outcome-statistics": lambda county: copies(
        place_of(county).outcomes.get(), enrolment=lambda number: neighbour(county, number)
    ),
    "outcome-people": more_who_completed,
    "rate-enrolments": more_who_completed,
    "own-links": lambda county: [elsewhere(county, number) for number in range(1, 30)],
    "poor-villages": lambda county: copies(Region.objects.filter(level="village").first()),
}
"""Twenty-nine more, where it takes more than the same row again."""

# The lists


def addresses(patterns: Any = None) -> Iterator[URLPattern]:
    for it in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(it, URLPattern):
            yield it
        elif it.app_name != "admin":
            yield from addresses(it.url_patterns)


def is_list(view: Any) -> bool:
    """Whether it turns pages, itself or by a function beside it."""
    function = inspect.unwrap(view)
    if isinstance(view, lists.ListView) or not inspect.isfunction(function):
        return isinstance(view, lists.ListView)
    called = [function.__globals__.get(name) for name in function.__code__.co_names]
    beside = [it for it in called if inspect.isfunction(it) and it.__module__ == function.__module__]
    names = {name for it in (function, *beside) for name in it.__code__.co_names}
    turning = (lists.page_of, lists.figures_page, lists.Listing)
    return any(function.__globals__.get(name) in turning for name in names)


ASKED = {
    "followup-statistics": "?by=township",
    "outcome-people": "?side=not_yet&class_type=general",
    "outcome-statistics": "?by=township",
}
"""What the page is asked for, where it shows nothing or one line otherwise."""
IN_THEIR_OWN_FILES = {
    "archive-todo": test_archives.test_the_list_takes_as_many_queries_for_one_as_for_thirty,
    "bureau-queue": test_bureau.test_lists_ask_a_constant_number_of_questions,
    "bureau-sessions": test_bureau.test_lists_ask_a_constant_number_of_questions,
    "chains": test_attendance.test_the_page_of_the_chains_asks_a_constant_number_of_questions,
    "clashes": test_attendance.test_the_page_of_clashes_asks_a_constant_number_of_questions,
    "desk": test_desk.test_the_queue_asks_a_constant_number_of_questions,
    "fair-placements": test_fairs.test_the_lists_ask_the_same_of_the_database_however_long,
    "figure-rows": test_county.test_the_list_behind_a_figure_asks_a_constant_number_of_questions,
    "indicator-enrolments": test_county.test_the_list_behind_a_figure_asks_a_constant_number_of_questions,
    "namesakes": test_trainees.test_a_list_costs_the_same_for_many,
    "papers-expiring": test_institutions.test_lists_ask_the_database_as_often_for_thirty_as_for_one,
    "rule-draft-archives": test_archives.test_what_other_rules_would_mean_takes_as_many_queries_for_one_as_for_thirty,
    "self-evaluation-figure": test_county.test_the_list_behind_a_figure_asks_a_constant_number_of_questions,
    "sessions": test_institution.test_the_list_asks_the_database_as_often_for_thirty_sessions_as_for_one,
    "stations": test_stations.test_the_fleet_asks_a_constant_number_of_questions,
    "target-enrolments": test_county.test_the_list_behind_a_figure_asks_a_constant_number_of_questions,
    "trainee-groups": test_trainees.test_a_list_costs_the_same_for_many,
}
"""Those that only a longer story fills, and the test that does."""
PAGES = {row.name: row for row in ROWS if not row.post and not row.name.endswith("-export")}
LISTS = {it.name for it in addresses() if it.name in PAGES and is_list(it.callback)}
READERS = (Role.BUREAU_HEAD, Role.INSTITUTION_HEAD, Role.FOLLOW_UP, Role.TOWNSHIP, Role.AUDITOR)
"""Whom most lists are for, so that the right person knocks first."""


def test_what_is_tested_elsewhere_is_a_list() -> None:
    assert IN_THEIR_OWN_FILES.keys() <= LISTS


def rows_of(answer: Any) -> Any:
    """All that the page is a page of; none if it is no list, or an empty one."""
    pages = ((answer.context or {}).get(name) for name in ("page_obj", "page", "jumps"))
    page = next((it for it in pages if isinstance(it, Page)), None)
    return [] if page is None else page.paginator.object_list


def whoever_sees_it(row: Row, address: str, browse: Callable[..., Client]) -> Client:
    for role in sorted(row.roles - {Role.ADMIN}, key=lambda role: (role not in READERS, role)):
        client = browse(role)
        if rows_of(client.get(address)):
            return client
    pytest.fail(f"nobody sees a row of {row.name}")


def asked(client: Client, address: str) -> int:
    """How many questions the database is asked for it, once what changed was looked at."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return len(queries)


@pytest.mark.parametrize("name", sorted(LISTS - IN_THEIR_OWN_FILES.keys()))
def test_a_list_asks_as_much_for_thirty_rows_as_for_one(
    name: str,
    world: Any,  # noqa: F811
    browse: Callable[..., Client],
) -> None:
    row = PAGES[name]
    address = reverse(name, args=ids_of(world)[row.about]) + ASKED.get(name, "")
    FIRST.get(name, id)(world)
    client = whoever_sees_it(row, address, browse)
    few, rows = asked(client, address), rows_of(client.get(address))
    before = len(rows)

    MORE.get(name, lambda _world: copies(rows[0]))(world)

    assert asked(client, address) == few
    assert len(rows_of(client.get(address))) == before + 29
