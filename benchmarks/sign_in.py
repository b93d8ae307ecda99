"""One sign-in per request on the server, against the least Django can do with a request and a row."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.client import Connection, demand_accepted, encode, post_all
from benchmarks.measure import Comparison, Result, Series, series
from benchmarks.office import Office

SIZES = {"rounds": 9, "stations": 4, "each": 100}
TINY = {"rounds": 1, "stations": 2, "each": 2}
EVENTS = "/api/v1/station/events"
PATHS = {"bare view": "/bare/row/", "bare view, the site's middleware": "/housed/row/", "sign-in": EVENTS}


def run(office: Office, rounds: int, stations: int, each: int) -> Result:
    """All three take the same bytes over the same connections, in turns; the order changes every round."""
    rates: dict[str, list[float]] = {name: [] for name in PATHS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            bodies = queues(office, Path(folder) / str(number), stations, each)
            one_round(office, bodies, rates, turn=number)
    figures = {name: series(values, "requests/s") for name, values in rates.items()}
    return result(figures, {"rounds": rounds, "stations": stations, "each": each})


def result(figures: dict[str, Series], sizes: dict[str, int]) -> Result:
    sign_in, bare, housed = (
        figures["sign-in"],
        figures["bare view"],
        figures["bare view, the site's middleware"],
    )
    return Result(
        "sign_in",
        f"POST {EVENTS} with one signed sign-in: token, signature, chain, roster, lesson, ledger row, receipt; "
        f"{sizes['stations']} stations at once.",
        "a Django view without middleware that stores the same body in one row: same gunicorn, database, bytes, "
        "connections",
        figures,
        [
            Comparison("sign-ins / bare view", sign_in.over(bare), 0.4, "more"),
            Comparison("sign-ins / bare view behind the site's middleware", sign_in.over(housed)),
        ],
        sizes,
        ["Client, server and database share the machine's cores."],
    )


def queues(office: Office, folder: Path, stations: int, each: int) -> list[dict[str, list[bytes]]]:
    """For each station, new in every round, its requests by target."""
    made = []
    for number in range(stations):
        with office.enrol(folder / str(number)) as journal:
            office.sign_in(journal, each)
            token = journal.identity.token if journal.identity else ""
            envelopes = journal.envelopes()
        made.append({name: [encode(path, [one], token) for one in envelopes] for name, path in PATHS.items()})
    return made


def one_round(
    office: Office, bodies: list[dict[str, list[bytes]]], rates: dict[str, list[float]], *, turn: int
) -> None:
    connections = [Connection(office.url) for _station in bodies]
    # Both workers have their database connections before the clock runs.
    post_all(
        connections, [[body["bare view"][0], body["bare view, the site's middleware"][0]] for body in bodies]
    )
    names = list(PATHS)
    for name in names[turn % len(names) :] + names[: turn % len(names)]:
        requests = [body[name] for body in bodies]
        seconds, answers = post_all(connections, requests)
        rates[name].append(len(answers) / seconds)
        if name == "sign-in":
            demand_accepted(answers, len(answers))
    for connection in connections:
        connection.close()
