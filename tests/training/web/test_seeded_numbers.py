"""The numbers on the pages of a seeded county, each against plain Python over the description it was made from."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.standing import Clock, stage
from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.demo.description import Description, PlannedPlace, PlannedSession, describe, places_of
from training.demo.scenery import add_county_staff
from training.demo.seeding import seed
from training.programmes.models import Programme
from training.programmes.preset_file import load_preset
from training.programmes.services import load_programme
from training.publications.services import draft_sessions, publish
from training.reporting.months import report_month, unreported
from training.reports.models import TownReport

RENCI = 320


@dataclass
class Seeded:
    programme: Programme
    staff: Any
    description: Description

    def browse(self, role: Role = Role.BUREAU_HEAD) -> Client:
        client = Client()
        client.force_login(self.staff.members[role].user)
        return client


def seed_county(renci: int, name: str = "huidong") -> Callable[[Any, Clock], Seeded]:
    def build(_nothing: Any, clock: Clock) -> Seeded:
        preset = load_preset(name)
        description = describe(preset, renci=renci, seed=8)
        clock.set(datetime.combine(description.as_of, time(4), tzinfo=UTC))
        programme = load_programme(preset, actor=SYSTEM)
        staff = add_county_staff(programme, "year-", township=places_of(preset)[0][0])
        seed(programme, staff, description, prefix="year-")
        return Seeded(programme, staff, description)

    return build


year = stage("year", seed_county(RENCI))


# The same by other means


@dataclass(frozen=True)
class Done:
    """A 人次, with who it is and what became of it: `shop` opened or `job` found, confirmed or not, since when."""

    session: PlannedSession
    place: PlannedPlace
    township: str
    outcome: str = ""
    confirmed: bool = False
    since: date = date.min

    @property
    def ended(self) -> date:
        return self.session.days[-1]


def done(description: Description) -> list[Done]:
    """Everybody who completed; of each session's one in ten has an outcome after the first contact."""
    found: list[Done] = []
    first = description.preset.follow_up.days[0]
    for session in description.sessions:
        own = [
            Done(session, place, description.people[place.person].township)
            for place in finished(description, session)
        ]
        told = session.days[-1] + timedelta(days=first) <= description.as_of
        for number, one in enumerate(own):
            nth, rest = divmod(number, 10)
            if told and not rest:
                since = one.ended + timedelta(days=first)
                kind = ("started_up", "employed")[nth % 2]
                one = Done(session, one.place, one.township, kind, bool(nth % 3), since)
            found.append(one)
    return found


def finished(description: Description, session: PlannedSession) -> Iterator[PlannedPlace]:
    lessons = 2 * len(session.days)
    for place in session.places if session.was_held else ():
        if 1 - len(place.missed) / lessons >= description.preset.attendance.completion_ratio:
            yield place


def due(description: Description) -> list[tuple[Done, date]]:
    return [
        (one, one.ended + timedelta(days=days))
        for one in done(description)
        for days in description.preset.follow_up.days
    ]


def towns_of(description: Description) -> list[str]:
    return list(dict.fromkeys(town for town, _village in places_of(description.preset)))


def later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return (
        next(
            date(year, month + 1, last)
            for last in range(day.day, 27, -1)
            if last <= _days_in(year, month + 1)
        )
        if day.day > 28
        else date(year, month + 1, day.day)
    )


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def cohort(description: Description, kind: str) -> dict[str, set[int]]:
    """People by side: whose half year is over, whose outcome of this kind was confirmed in it, and the others."""
    promised = {it.code for it in description.preset.class_types if it.required_rates}
    base = promised or {it.code for it in description.preset.class_types}
    rows = [one for one in done(description) if one.session.class_type in base]
    outcomes = [one for one in done(description) if one.outcome == kind and one.confirmed]
    over = [one for one in rows if later(one.ended, 6) <= description.as_of]
    reached = {
        one.place.person
        for one in over
        for other in outcomes
        if other.place.person == one.place.person
        and one.session.days[0] <= other.since <= later(one.ended, 6)
    }
    elapsed = {one.place.person for one in over}
    return {
        "denominator": elapsed,
        "numerator": reached,
        "not_yet": {one.place.person for one in rows} - elapsed,
    }


def sealed(description: Description) -> list[PlannedSession]:
    return [session for session in description.sessions if session.status == "archived"]


Count = Callable[[Description], int]
LISTS: dict[str, Count] = {
    "bureau-sessions": lambda it: len(it.sessions),
    "trainees": lambda it: len(it.people),
    "bureau-institutions": lambda it: 1 + max(session.institution for session in it.sessions),
    "bureau-institutions?standing=counted": lambda it: (
        1 + max(session.institution for session in it.sessions)
        if it.as_of <= it.preset.window.ends_on
        else 0  # their agreements have run out
    ),
    "claims?status=handed_in": lambda it: len(sealed(it)),
    "followups?due=all": lambda it: len(due(it)),
    "followups?due=done": lambda it: sum(day <= it.as_of for _one, day in due(it)),
    "outcomes": lambda it: sum(bool(one.outcome) for one in done(it)),
    "outcomes?status=standing&grade=AB": lambda it: sum(one.confirmed for one in done(it)),
    **{
        f"outcome-people?kind={kind}&side={side}": lambda it, kind=kind, side=side: len(
            cohort(it, kind)[side]
        )
        for kind in ("started_up", "employed")
        for side in ("numerator", "denominator", "not_yet")
    },
    "figure-rows?depth=planned": lambda it: sum(len(session.places) for session in it.sessions),
    "figure-rows": lambda it: len(done(it)),
    "figure-rows?counted=people": lambda it: len({one.place.person for one in done(it)}),
    "figure-rows?depth=archived": lambda it: sum(one.session.status == "archived" for one in done(it)),
    "figure-rows?dimension=group&key=poor_household": lambda it: sum(
        one.place.group == "poor_household" for one in done(it)
    ),
}


@pytest.mark.parametrize("asked", LISTS)
def test_a_list_and_its_file_hold_what_the_description_has(asked: str, year: Seeded) -> None:
    name, _mark, query = asked.partition("?")
    client = year.browse()

    page = client.get(f"{reverse(name)}?{query}")

    expected = LISTS[asked](year.description)
    assert page.context["page_obj"].paginator.count == expected
    found = re.search(r'href="([^"]*export[^"]*|[^"]*/csv/[^"]*)"', page.content.decode())
    if found and expected:
        file = b"".join(client.get(unescape(found[1]))).decode("utf-8-sig")
        assert len(list(csv.reader(file.splitlines()))) == expected + 1


def test_rates_come_with_the_numerator_and_the_denominator_of_the_description(year: Seeded) -> None:
    page = year.browse().get(reverse("outcome-rates"))

    for line, kind in zip(page.context["rates"], ("started_up", "employed"), strict=False):
        sides = cohort(year.description, kind)
        assert (line.rate.achieved, line.rate.due, line.rate.waiting) == tuple(
            len(sides[side]) for side in ("numerator", "denominator", "not_yet")
        )


@pytest.mark.parametrize("by", ["township", "class_type", "category", "group", "session"])
def test_statistics_of_the_follow_up_add_up_to_what_is_owed_and_done(by: str, year: Seeded) -> None:
    text = year.browse(Role.FOLLOW_UP).get(reverse("followup-statistics-export"), {"by": by})
    [head, *rows] = csv.reader(b"".join(text).decode("utf-8-sig").splitlines())
    rows = [row for row in rows if row[0] != "合计"]

    owed, made = len(due(year.description)), LISTS["followups?due=done"](year.description)
    sums = {name: sum(int(row[head.index(name)]) for row in rows) for name in ("应联系", "已联系")}
    assert sums == {"应联系": owed, "已联系": made}


def test_money_is_that_of_the_sealed_sessions(year: Seeded) -> None:
    page = year.browse().get(reverse("dashboard")).context["page"]

    claimed = Counter(
        one.session.fund_line for one in done(year.description) if one.session.status == "archived"
    )
    hours = Counter[str]()
    for one in done(year.description):
        if one.session.status == "archived":
            hours[one.session.fund_line] += 135 * (2 * len(one.session.days) - len(one.place.missed))
    unit = year.description.preset.attendance.unit_minutes
    for money in page.money:
        line = money.spent
        assert line.claimed_renci == claimed[line.line.code]
        assert line.person_days == pytest.approx(hours[line.line.code] / (8 * unit))


def test_a_reported_month_is_the_description_s(year: Seeded) -> None:
    by_month = Counter(f"{one.ended:%Y-%m}" for one in done(year.description))
    head = year.staff.actor(Role.BUREAU_HEAD)
    month = next(
        month for month, _renci in by_month.most_common() if month in unreported(year.programme, head)
    )
    report_month(year.programme.pk, month, actor=head)

    client = year.browse()
    page = client.get(reverse("reported-month", args=[month])).context["page"]

    [row] = [row for row in page.figures if row.depth == "结业"]
    assert row.month.renci == by_month[month]
    assert row.until.renci == sum(count for other, count in by_month.items() if other <= month)
    assert page.differences == page.moved == []
    for href, figure in ((row.month_rows, row.month), (row.until_rows, row.until)):
        assert client.get(href).context["page_obj"].paginator.count == figure.renci
        assert client.get(href + "&counted=people").context["page_obj"].paginator.count == figure.people


def test_town_reports_are_the_description_s(year: Seeded) -> None:
    rows = done(year.description)
    client = year.browse()

    for report in TownReport.objects.all():
        theirs = [one for one in rows if one.township == report.township and one.ended <= report.due_on]
        page = client.get(reverse("town-report", args=[report.pk])).context["page"]
        inside = [one for one in theirs if one.ended >= report.starts_on]
        lines = {line.metric.code: line for line in page.lines}
        assert not page.changed
        assert (lines["renci"].period, lines["renci"].total) == (len(inside), len(theirs))
        here = [
            session
            for session in year.description.sessions
            if session.was_held
            and report.starts_on <= session.days[-1] <= report.due_on
            and towns_of(year.description)[session.institution] == report.township
        ]
        assert lines["sessions"].period == len(here)
        assert lines["people"].total == len({one.place.person for one in theirs})
        poor = [one for one in theirs if one.place.group == "poor_household"]
        assert lines["poor_renci"].total == lines["poor_declared_renci"].total == len(poor)


def test_what_is_published_adds_up_to_the_sessions_held(year: Seeded) -> None:
    made = draft_sessions(actor=year.staff.actor(Role.BUREAU_REVIEWER))
    publish(made.pk, actor=year.staff.actor(Role.BUREAU_HEAD))

    page = Client().get(reverse("portal-programme", args=[year.programme.code])).content.decode()

    held = [session for session in year.description.sessions if session.was_held]
    renci = Counter(one.session.number for one in done(year.description))
    cells = [unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", page)]
    for session in held[:50]:
        assert str(renci[session.number]) in cells


@pytest.mark.long
def test_ten_thousand_places_add_up(clock: Clock, db: None) -> None:
    county = seed_county(10_000)(None, clock)
    rows = done(county.description)

    page = county.browse().get(reverse("dashboard")).context["page"]

    told = {depth.code: tuple(depth.tally) for depth, _href in page.depths}
    assert told["planned"][0] == 10_000
    assert told["completed"] == (len(rows), len({one.place.person for one in rows}))
    assert county.browse().get(reverse("followups") + "?due=all").context[
        "page_obj"
    ].paginator.count == 3 * len(rows)
