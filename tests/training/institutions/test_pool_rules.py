"""Papers and their days, rates an agreement must set, who may teach: plain data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.institutions.choices import REQUIRED_LICENCES
from training.institutions.rules import (
    Span,
    TaskLine,
    Teaching,
    certificate_key,
    covered_until,
    lacking,
    local_registration,
    missing_rates,
    runs_out,
    teaching_fault,
)

DAY = date(2021, 5, 18)
days = st.dates(date(2021, 1, 1), date(2021, 3, 31))
spans = st.builds(
    lambda start, length, endless: Span("x", start, None if endless else start + timedelta(length)),
    days,
    st.integers(0, 20),
    st.booleans(),
)


@given(st.lists(spans, max_size=5), days)
def test_cover_lasts_as_long_as_every_day_is_covered_by_something(found: list[Span], day: date) -> None:
    """The plain way: walk day by day."""
    walk, last = day, None
    while any(span.covers(walk) for span in found):
        if any(span.covers(walk) and span.ends_on is None for span in found):
            last = date.max
            break
        walk, last = walk + timedelta(1), walk

    assert covered_until(found, day) == last


def span(kind: str, until: date | None = None, since: date = date(2019, 1, 1)) -> Span:
    return Span(kind, since, until)


@pytest.mark.parametrize(
    ("papers", "missing"),
    [
        ([], ["营业执照（或法人登记证书）", "培训资质证明"]),
        ([span("business"), span("training")], []),
        ([span("social_body"), span("training")], []),
        ([span("business"), span("training", DAY)], []),
        ([span("business"), span("training", DAY - timedelta(1))], ["培训资质证明"]),
        ([span("business"), span("training", since=DAY + timedelta(1))], ["培训资质证明"]),
        ([span("other"), span("training")], ["营业执照（或法人登记证书）"]),
    ],
)
def test_what_is_lacking_is_named(papers: list[Span], missing: list[str]) -> None:
    assert [str(name) for name in lacking(papers, REQUIRED_LICENCES, DAY)] == missing


@pytest.mark.parametrize(("left", "warned"), [(61, False), (60, True), (0, True)])
def test_sixty_days_ahead_somebody_is_told(left: int, warned: bool) -> None:
    papers = [span("business"), span("training", DAY + timedelta(left))]

    assert bool(runs_out(papers, REQUIRED_LICENCES, DAY)) == warned


def test_a_renewal_that_follows_at_once_ends_the_warning() -> None:
    old = span("training", DAY + timedelta(10))
    new = span("training", DAY + timedelta(400), since=DAY + timedelta(11))

    assert runs_out([span("business"), old, new], REQUIRED_LICENCES, DAY) == []


@pytest.mark.parametrize(
    ("changes", "code", "left"),
    [
        ({}, "no_date", 0),
        ({"code": "91441323MA35NXTP4H"}, "local", 0),
        ({"registered_on": DAY}, "registered", 0),
        ({"due_on": DAY}, "due", 0),
        ({"due_on": DAY - timedelta(3)}, "overdue", 3),
        ({"required": False}, "not_required", 0),
        ({"required": False, "due_on": DAY + timedelta(9)}, "due", 9),
    ],
)
def test_local_registration_is_due_overdue_or_done(changes: dict, code: str, left: int) -> None:
    facts = {
        "required": True,
        "code": "91360735MA35NXTP4H",
        "region": "441323",
        "due_on": None,
        "registered_on": None,
        "today": DAY,
    }
    found = local_registration(**facts | changes)

    assert (found.code, found.days) == (code, left)


REQUIRED = {"employment": ("创业率", "就业率")}


@pytest.mark.parametrize(
    ("given_rates", "missing"),
    [
        (set(), [("employment", "创业率"), ("employment", "就业率")]),
        ({("employment", "创业率")}, [("employment", "就业率")]),
        ({("employment", "创业率"), ("", "就业率")}, []),
        ({("general", "创业率"), ("", "就业率")}, [("employment", "创业率")]),
    ],
)
def test_a_rate_for_all_class_types_or_for_this_one_will_do(given_rates: set, missing: list) -> None:
    assert missing_rates(["general", "employment"], REQUIRED, given_rates) == missing


def test_a_task_costs_its_renci_times_its_price() -> None:
    assert TaskLine("general", 300, 39_950).amount_fen == 11_985_000


@pytest.mark.parametrize(
    "typed", ["电商师 2019-3607-0182", "电商师２０１９３６０７０１８２", "电商师2019/3607/0182"]
)
def test_a_certificate_has_one_key_however_its_number_is_typed(typed: str) -> None:
    assert certificate_key(typed) == "电商师201936070182"


@pytest.mark.parametrize(
    ("person", "says"),
    [
        (Teaching("甲", "", [span("title")]), ""),
        (Teaching("甲", "", [span("title", DAY)]), ""),
        (Teaching("甲", "", [span("title", DAY - timedelta(1))]), "不覆盖 2021-05-18"),
        (Teaching("甲", "", []), "还没有资质证明"),
        (Teaching("甲", "", [], refused=1), "没有通过商务局核验"),
        (Teaching("甲", "体罚学员", [span("title")]), "暂停授课：体罚学员"),
    ],
)
def test_who_may_not_teach_is_told_why(person: Teaching, says: str) -> None:
    fault = teaching_fault(person, DAY)

    assert says in fault
    assert bool(fault) == bool(says)
