"""What the offices of all five counties show of a whole programme, each number against plain Python over its description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.web.test_seeded_numbers import Done, Seeded, done, later, sealed, seed_county, towns_of
from training.accounts.choices import Role
from training.demo.description import Description, places_of
from training.demo.offices import LABOUR, POOR_ABLE, POOR_AWAY, PRACTITIONERS, SAMPLE
from training.programmes.preset_file import preset_names

pytestmark = pytest.mark.django_db
RENCI = 320


# The same by other means


def poor_villages(it: Description) -> list[tuple[str, str]]:
    """Of each township the first and the fourth."""
    found = []
    for _town, own in groupby(places_of(it.preset), key=lambda place: place[0]):
        villages = list(own)
        found += [village for place, village in enumerate(villages) if place in (0, 3)]
    return found


def home(it: Description, one: Done) -> tuple[str, str]:
    person = it.people[one.place.person]
    return person.township, person.village


def titled(it: Description) -> dict[str, list[Any]]:
    """Places with somebody: three of every four, if anybody from there completed."""
    homes = {home(it, one) for one in done(it)}
    return {
        "backbone": [
            town for number, town in enumerate(towns_of(it), 1) if number % 4 and town in dict(homes)
        ],
        "talent": [
            village for number, village in enumerate(poor_villages(it), 1) if number % 4 and village in homes
        ],
    }


def firms(it: Description) -> list[bool]:
    """One every thirty days, each confirmed or not."""
    passed = (it.as_of - it.preset.window.starts_on).days
    return [number % 4 > 0 for number in range(1, passed) if 30 * number < passed]


def shops(it: Description) -> list[Done]:
    """The first confirmed one of each person, if three months after the one it opened in are over."""
    found: dict[int, Done] = {}
    for one in sorted(done(it), key=lambda one: (one.since, one.session.number)):
        if one.outcome == "started_up" and one.confirmed:
            found.setdefault(one.place.person, one)
    return [one for one in found.values() if later(one.since.replace(day=1), 4) <= it.as_of]


def complaints(it: Description) -> int:
    return -(-sum(session.was_held for session in it.sessions) // 12)


def town_reports(it: Description) -> Iterator[tuple[date, str, str]]:
    """Month, town and how it stands: of the programme's last three months, where the towns owe any."""
    monthly = [report for report in it.preset.reports if report.code == "town_monthly"]
    end = min(it.as_of, it.preset.window.ends_on).replace(day=1)
    for ago in range(3) if monthly else ():
        month = later(end, -ago)
        for place, town in enumerate(towns_of(it)):
            turn = (place + month.month) % 8
            yield month, town, {7: "missing", 6: "late"}.get(turn, "submitted")


def counts(it: Description) -> dict[str, int]:
    """By list, how many lines it has."""
    reports = list(town_reports(it))
    return {
        "certificates": len({one.session.number for one in done(it) if one.session in sealed(it)}),
        "complaints": complaints(it),
        "complaints?show=open": complaints(it) - (complaints(it) + 2) // 3,
        "enterprises": len(firms(it)),
        "enterprises?status=confirmed": sum(firms(it)),
        "designations": sum(map(len, titled(it).values())),
        **{
            f"designation-gaps?kind={kind}&state={state}": number
            for kind, places in (("talent", poor_villages(it)), ("backbone", towns_of(it)))
            for state, number in (
                ("all", len(places)),
                ("covered", len(titled(it)[kind])),
                ("", len(places) - len(titled(it)[kind])),
            )
        },
        "sales": len(shops(it)),
        "poor-villages": len(poor_villages(it)),
        "poor-villages?state=reached": len({home(it, one) for one in done(it)} & set(poor_villages(it))),
        "town-reports": len(reports),
        "town-reports?state=late": sum(state == "late" for _month, _town, state in reports),
        "town-reports?state=missing": sum(state == "missing" for _month, _town, state in reports),
        "roll-ups": len({month for month, _town, _state in reports}),
        "ministry-reports": 2 if it.preset.ministry_system else 0,
        "self-evaluations": 1,
        "phone-checks": 1,
        "publications": 1,
        "figure-rows?counted=people": len({one.place.person for one in done(it)}),
        "figure-rows": len(done(it)),
    }


def measured(it: Description, groups: tuple[str, ...]) -> dict[str, dict[str, tuple[int, int | None]]]:
    """Of the measures of places, firms and people: by reading the numerator and the denominator."""
    poor = set(poor_villages(it))
    there = [one for one in done(it) if home(it, one) in poor]
    theirs = [one for one in there if one.place.group in groups]
    base = len(poor) * (POOR_ABLE - POOR_AWAY)
    return {
        "companies_online": {"companies": (sum(firms(it)), None)},
        "village_talent": {"villages": (len(titled(it)["talent"]), len(poor))},
        "township_backbone": {"townships": (len(titled(it)["backbone"]), len(towns_of(it)))},
        "village_reach": {
            "villages": (len({home(it, one) for one in there}), len(poor)),
            "people": (len({one.place.person for one in there}), len(poor) * LABOUR),
        },
        "poor_training": {
            "people": (len({one.place.person for one in theirs}), base),
            "renci": (len(theirs), base),
        },
    }


def lines(client: Client, asked: str) -> int:
    name, _mark, query = asked.partition("?")
    page = client.get(f"{reverse(name)}?{query}")
    assert page.status_code == 200, asked
    return int(page.context["page_obj"].paginator.count)


@pytest.fixture(params=preset_names())
def whole(request: Any, clock: Any, settings: Any, tmp_path: Any) -> Seeded:
    """A county whose programme is over."""
    settings.MEDIA_ROOT = tmp_path
    return seed_county(RENCI, request.param)(None, clock)


def test_every_page_of_the_offices_has_the_numbers_of_the_description(whole: Seeded) -> None:
    it, client = whole.description, whole.browse()
    expected = counts(it)

    assert {asked: lines(client, asked) for asked in expected} == expected
    _indicators(client, it)
    _sales(client, it)
    _calls(client, it)
    _reported(client, it)
    _evaluated(client, it)


def _indicators(client: Client, it: Description) -> None:
    page = client.get(reverse("indicators")).context["page"]
    for row in page.targets:
        wanted = measured(it, row.indicator.rule.groups).get(row.indicator.rule.counted_by, {})
        told = {
            taking.code: (taking.part.numerator, taking.part.denominator)
            for taking, _lists in row.takings
            if taking.code in wanted
        }
        assert told == wanted, row.indicator.code
        for taking, lists in row.takings:
            if taking.code in wanted:
                assert (
                    client.get(lists.numerator).context["page_obj"].paginator.count == wanted[taking.code][0]
                )
    besides = {measure.clause: takings for measure, takings in page.besides}
    practitioners = {group.code for group in it.preset.groups if "从业" in group.name}
    [taking, lists] = besides["SC-11"][0]
    people = len({one.place.person for one in done(it) if one.place.group in practitioners})
    assert (taking.part.numerator, taking.part.denominator) == (people, PRACTITIONERS)
    assert client.get(lists.numerator).context["page_obj"].paginator.count == people


def _sales(client: Client, it: Description) -> None:
    page = client.get(reverse("sales"))

    sold = sum(100_000 + 1_000 * (one.session.number + 1) for one in shops(it))
    assert page.context["sold"][:2] == (len(shops(it)), sold)


def _calls(client: Client, it: Description) -> None:
    [check] = client.get(reverse("phone-checks")).context["page_obj"].object_list
    page = client.get(reverse("phone-check", args=[check.pk]))

    standing = page.context["standing"]
    assert (standing.frame, standing.redrawn) == (len(done(it)), True)
    assert check.size == min(SAMPLE, len(done(it)))
    for code, _word, number in standing.results:
        listed = client.get(reverse("phone-check", args=[check.pk]), {"result": code})
        assert listed.context["page_obj"].paginator.count == number


def _reported(client: Client, it: Description) -> None:
    """Two months are locked; what the ministry was told of the last adds up, and every line opens what it counts."""
    overview = client.get(reverse("reported-months")).context["page"]
    assert len(overview.months) == 2
    for row in overview.months:
        inside = [one for one in done(it) if f"{one.ended:%Y-%m}" == row.report.month]
        assert (row.reported.renci, row.now.renci) == (len(inside), len(inside))
    for report in client.get(reverse("ministry-reports")).context["page_obj"].object_list:
        page = client.get(reverse("ministry-report", args=[report.pk]))
        said = {row.said["code"]: row.said["value"] for row in page.context["lines"]}
        until = [one for one in done(it) if one.ended < later(report.month, 1)]
        assert said["renci_total"] == len(until)
        assert said["people_total"] == len({one.place.person for one in until})
        for row in page.context["lines"]:
            assert row.now is None
            if row.said["unit"] not in ("分", ""):
                listed = client.get(row.href).context["page_obj"].paginator.count
                assert listed == row.said["value"], row.said
        claims = [row for row in page.context["lines"] if row.said["code"] == "claimed_total"]
        [file] = [b"".join(client.get(row.href + "export/")).decode("utf-8-sig") for row in claims]
        sums = [Decimal(fen) for fen in re.findall(r" ([\d.]+) 元", file)]
        assert sum(sums) * 100 == claims[0].said["value"]


def _evaluated(client: Client, it: Description) -> None:
    [evaluation] = client.get(reverse("self-evaluations")).context["page_obj"].object_list
    page = client.get(reverse("self-evaluation", args=[evaluation.pk]))
    told = {row.line.code: row.score.figure for row in page.context["page"].lines if row.score}
    assert told["C1"] == f"{len(done(it))} 人次"
    assert told["B4"] == f"{len(sealed(it))} 期"
    for code, figure in told.items():
        if figure:
            listed = client.get(reverse("self-evaluation-figure", args=[evaluation.pk, code]))
            assert listed.context["page_obj"].paginator.count == int(figure.split()[0])


def test_the_county_s_month_is_what_happened_between_two_twentieths(
    clock: Any, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    county = seed_county(RENCI, "huidong")(None, clock)
    client = county.browse(Role.LEADING_GROUP)

    for roll_up in client.get(reverse("roll-ups")).context["page_obj"].object_list:
        page = client.get(reverse("roll-up", args=[roll_up.pk])).context["page"]
        silent = [
            town
            for month, town, state in town_reports(county.description)
            if (month, state) == (roll_up.month, "missing")
        ]
        assert sorted(roll_up.missing) == sorted(silent)
        assert page.to_send == []
        assert dict(page.county)["renci"] == sum(
            twentieth(roll_up.month, -1) < one.ended <= twentieth(roll_up.month, 0)
            for one in done(county.description)
        )


def twentieth(month: date, later_by: int) -> date:
    return later(month, later_by) + timedelta(days=19)
