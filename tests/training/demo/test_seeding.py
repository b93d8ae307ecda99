"""A whole programme's data: every figure is what plain Python counts over the description it was made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from training.accounts.choices import Role
from training.attendance.models import Completion
from training.attendance.services.closing import completion_results
from training.core.actor import SYSTEM
from training.demo.description import Description, PlannedPlace, PlannedSession, describe, places_of
from training.demo.scenery import add_county_staff
from training.demo.seeding import seed
from training.enrolment.models import Enrolment
from training.integrity.checks import check_completion, check_events
from training.people.models import Trainee
from training.people.rules import check_id_number
from training.programmes.models import Programme
from training.programmes.preset_file import load_preset, preset_names
from training.programmes.services import load_programme
from training.reporting.choices import village_key
from training.reporting.depths import DEPTHS
from training.reporting.figures import read
from training.scheduling.models import TrainingSession

RENCI = 130
SEED = 20
DIMENSIONS = (
    "total",
    "class_type",
    "category",
    "fund_line",
    "township",
    "village",
    "group",
    "month",
    "until",
)


def written(preset: str, **wanted: Any) -> tuple[Programme, Description, Any]:
    description = describe(load_preset(preset), renci=RENCI, seed=SEED, **wanted)
    programme = load_programme(load_preset(preset), actor=SYSTEM)
    county = add_county_staff(programme, f"{preset}-", township=places_of(description.preset)[0][0])
    seed(programme, county, description, prefix=f"{preset}-")
    return programme, description, county


# Counting again, by hand

Counted = dict[tuple[str, str, str], tuple[int, int]]


def counted(description: Description) -> Counted:
    """Dimension, depth and key, to 人次 and 人数."""
    rows: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    months = sorted({month_of(session) for session in description.sessions})
    for session in description.sessions:
        for place in session.places:
            for depth in reached(description, session, place):
                for dimension, key in keys(description, session, place):
                    rows[dimension, depth, key].append(place.person)
                for month in months:
                    if month_of(session) <= month <= last_month(description, depth):
                        rows["until", depth, month].append(place.person)
    return {key: (len(people), len(set(people))) for key, people in rows.items()}


def month_of(session: PlannedSession) -> str:
    return f"{session.days[-1]:%Y-%m}"


def last_month(description: Description, depth: str) -> str:
    return max(
        month_of(session)
        for session in description.sessions
        for place in session.places
        if depth in reached(description, session, place)
    )


def reached(description: Description, session: PlannedSession, place: PlannedPlace) -> Iterator[str]:
    yield "planned"
    if not session.was_held:
        return
    if len(place.missed) < 2 * len(session.days):
        yield "attended"
    if 1 - len(place.missed) / (2 * len(session.days)) >= description.preset.attendance.completion_ratio:
        yield "completed"
        if session.status == "archived":
            yield "archived"


def keys(description: Description, session: PlannedSession, place: PlannedPlace) -> Iterator[tuple[str, str]]:
    person = description.people[place.person]
    yield "total", ""
    yield "class_type", session.class_type
    yield "category", session.category
    yield "fund_line", session.fund_line
    yield "township", person.township
    yield "village", village_key(person.township, person.village)
    yield "group", person.group
    yield "month", month_of(session)


def as_read(programme: Programme, actor: Any = SYSTEM, **slice_: str) -> Counted:
    sheet = read(programme, actor, dimensions=DIMENSIONS, **slice_)
    return {
        (dimension, depth, key): tuple(figure)
        for dimension in DIMENSIONS
        for depth in DEPTHS
        for key, figure in sheet.of(dimension, depth).items()
        if figure.renci
    }


def without_gaps(figures: Counted) -> Counted:
    """A curve also has the months in which nobody was taught, with the figure of the month before."""
    taught = {key for dimension, _depth, key in figures if dimension == "month"}
    return {where: figure for where, figure in figures.items() if where[0] != "until" or where[2] in taught}


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("half_way", [False, True], ids=["over", "half-way"])
@pytest.mark.django_db
def test_every_figure_is_what_the_description_says(preset: str, half_way: bool) -> None:
    programme, description, county = written(preset, half_way=half_way)

    expected = counted(description)

    assert without_gaps(as_read(programme, county.actor(Role.BUREAU_HEAD))) == expected
    assert expected["total", "planned", ""][0] == RENCI
    for township in {person.township for person in description.people}:
        own = [
            replace(
                session,
                places=tuple(
                    place for place in session.places if description.people[place.person].township == township
                ),
            )
            for session in description.sessions
        ]
        figures = as_read(programme, slice_kind="township", slice_key=township)
        shares = counted(replace(description, sessions=tuple(own)))
        assert {it: figure for it, figure in figures.items() if it[0] != "until"} == {
            it: figure for it, figure in shares.items() if it[0] != "until"
        }


@pytest.mark.django_db
def test_what_is_written_passes_the_nightly_checks() -> None:
    programme, _description, _county = written("shicheng", half_way=True)

    found = [
        fault for check in (check_events, check_completion) for it in check(programme) for fault in it.found
    ]

    assert found == []
    session = TrainingSession.objects.filter(institution__programme=programme, status="archived")[0]
    for enrolment, result in completion_results(session):
        row = Completion.objects.get(enrolment=enrolment)
        assert (row.completed, row.attended_minutes) == (result.completed, result.attended_minutes)
    kept = list(session.approved_papers.all())
    assert {paper.kept_at for paper in kept} == {session.approved_at}
    assert {paper.licence for paper in kept if paper.licence} == {*session.institution.licences.all()}
    teachers = {lesson.instructor for lesson in session.lessons.all()}
    assert {paper.proof.instructor for paper in kept if paper.proof} == teachers


@pytest.mark.parametrize("preset", preset_names())
def test_the_same_seed_describes_the_same_people_with_right_numbers(preset: str) -> None:
    rules = load_preset(preset)

    once, again, other = (describe(rules, renci=300, seed=seed) for seed in (1, 1, 2))

    assert once == again
    assert once.sessions != other.sessions
    assert sum(len(session.places) for session in once.sessions) == 300
    assert all(check_id_number(person.id_number) for person in once.people)
    assert all(person.id_number.startswith(rules.region_code) for person in once.people)
    starts = {(it.institution, it.room, day) for it in once.sessions for day in it.days}
    assert len(starts) == sum(len(it.days) for it in once.sessions), "one room, two classes on one day"


@pytest.mark.django_db
def test_half_of_the_programme_still_lies_ahead() -> None:
    description = describe(load_preset("shicheng"), renci=3000, seed=1, half_way=True)

    held = sum(session.was_held for session in description.sessions)

    assert 0.45 < held / len(description.sessions) < 0.55
    assert {session.status.value for session in description.sessions} == {
        "archived", "closed", "approved", "submitted", "draft",
    }  # fmt: skip


@pytest.mark.django_db
def test_where_real_people_are_registered_nothing_is_put(county: Any) -> None:
    before = (Trainee.objects.count(), Programme.objects.count(), Enrolment.objects.count())

    with pytest.raises(CommandError, match="已经有登记的学员"):
        call_command("seed_programme", "yongshun", renci=30, stdout=StringIO())

    assert (Trainee.objects.count(), Programme.objects.count(), Enrolment.objects.count()) == before


@pytest.mark.django_db
def test_beside_what_it_made_up_itself_it_puts_another() -> None:
    said = StringIO()
    call_command("seed_programme", "yongshun", renci=30, stdout=said)
    call_command(
        "seed_programme", "huidong", renci=30, half_way=True, password="a-word-for-the-test", stdout=said
    )

    assert "人次 / places on rosters: 30" in said.getvalue()
    assert Enrolment.objects.count() == 60
