"""Every page of the site with a whole county's data behind it, against a tenth of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import chain, islice
from typing import Any
from urllib.parse import urldefrag, urljoin

from benchmarks.door import BenchmarkError
from benchmarks.measure import Comparison, Result, series
from benchmarks.office import Office
from benchmarks.whole_county import WholeCounty, found_county

SIZES = {"rounds": 3, "trainees": 50_000, "sessions": 2_000, "roles": None}
TINY = {"rounds": 1, "trainees": 40, "sessions": 20, "roles": 1}
SHARE = 10
GOAL_MILLISECONDS = 300.0
GOAL_GROWTH = 1.5
SLOWEST = 8
LOGGED_OUT = frozenset({"logout"})

Kind = tuple[str, str]
"""A role and the name of an address."""


class Hrefs(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


def run(office: Office, rounds: int, trainees: int, sessions: int, roles: int | None) -> Result:
    """The same pages of the same county, before and after it has grown to ten times its size.

    `roles`: so many of them look at it, None for all.
    """
    from django.core.management import call_command  # noqa: PLC0415  after Django is ready

    call_command("collectstatic", verbosity=0, interactive=False)
    county = found_county()
    county.grow(trainees=trainees // SHARE, sessions=sessions // SHARE)
    tenth = visit(county, rounds, roles)
    county.grow(trainees=trainees - trainees // SHARE, sessions=sessions - sessions // SHARE)
    whole = visit(county, rounds, roles)
    both = sorted(tenth.keys() & whole.keys())
    if not both:
        raise BenchmarkError("no page could be reached")
    small = series([median_of(tenth[kind]) for kind in both], "ms")
    large = series([median_of(whole[kind]) for kind in both], "ms")
    return Result(
        "scale",
        f"{len(both)} kinds of page, each as the roles that reach it by their links see it: server time of the "
        f"request, middleware and templates included, with {trainees:,} trainees and {sessions:,} sessions.",
        f"the same pages of the same county with {trainees // SHARE:,} trainees and {sessions // SHARE:,} sessions, "
        "same process and database, earlier in the same run",
        {"whole county": large, "a tenth": small},
        [
            Comparison(
                "all pages, whole / a tenth",
                series([sum(large.values) / sum(small.values)], "×"),
                GOAL_GROWTH,
            ),
            Comparison("slowest page", series([max(large.values)], "ms"), GOAL_MILLISECONDS),
            Comparison("page by page, whole / a tenth", large.over(small)),
        ],
        {"rounds": rounds, "trainees": trainees, "sessions": sessions},
        [
            *(f"slowest: {said(kind, tenth, whole)}" for kind in heaviest(both, whole)),
            *(f"grows most: {said(kind, tenth, whole)}" for kind in steepest(both, tenth, whole)),
        ],
    )


def median_of(values: list[float]) -> float:
    return series(values, "ms").median


def heaviest(kinds: list[Kind], whole: dict[Kind, list[float]]) -> list[Kind]:
    return sorted(kinds, key=lambda kind: -median_of(whole[kind]))[:SLOWEST]


def steepest(kinds: list[Kind], tenth: dict[Kind, list[float]], whole: dict[Kind, list[float]]) -> list[Kind]:
    return sorted(kinds, key=lambda kind: median_of(tenth[kind]) / median_of(whole[kind]))[:SLOWEST]


def said(kind: Kind, tenth: dict[Kind, list[float]], whole: dict[Kind, list[float]]) -> str:
    role, name = kind
    return f"{name} ({role}) {median_of(tenth[kind]):.0f} → {median_of(whole[kind]):.0f} ms"


def visit(county: WholeCounty, rounds: int, roles: int | None) -> dict[Kind, list[float]]:
    """Milliseconds of every kind of page a role can reach from its home, one page of each kind."""
    return dict(
        chain.from_iterable(pages_of(role, user, rounds) for role, user in islice(county.people(), roles))
    )


def pages_of(role: str, user: Any, rounds: int) -> Iterator[tuple[Kind, list[float]]]:
    """Breadth first along the links, so the page that is timed is one that somebody would open."""
    from django.conf import settings  # noqa: PLC0415  after Django is ready
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    settings.SECOND_FACTOR = False  # signing in is not what is timed
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    ahead, seen, done = [reverse("home")], {reverse("home")}, set[str]()
    while ahead:
        address = ahead.pop(0)
        name = name_of(address)
        if name is None or name in done:
            continue
        done.add(name)
        answer = client.get(address)
        if not is_page(answer):
            continue
        yield (role, name), [timed(client, address) for _round in range(rounds)]
        fresh = [link for link in links(answer, address) if link not in seen]
        seen.update(fresh)
        ahead.extend(fresh)


def timed(client: Any, address: str) -> float:
    started = time.perf_counter()
    answer = client.get(address)
    milliseconds = 1000 * (time.perf_counter() - started)
    if answer.status_code != 200:
        raise BenchmarkError(f"{address} answers {answer.status_code}")
    return milliseconds


def is_page(answer: Any) -> bool:
    """Not a file, a refusal or a way elsewhere."""
    return (
        answer.status_code == 200
        and answer["Content-Type"].startswith("text/html")
        and not answer.has_header("Content-Disposition")
    )


def name_of(address: str) -> str | None:
    from django.urls import Resolver404, resolve  # noqa: PLC0415  after Django is ready

    try:
        name = resolve(address.partition("?")[0]).view_name
    except Resolver404:
        return None
    return None if name in LOGGED_OUT or name.startswith("admin:") else name


def links(answer: Any, address: str) -> Iterator[str]:
    for href in Hrefs(answer.content.decode()).found:
        if not href.startswith(("#", "http:", "https:", "mailto:", "tel:")):
            yield urldefrag(urljoin(address, href)).url
