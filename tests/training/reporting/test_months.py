"""A reported month stays as it was reported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import approved
from tests.standing import stage
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.attendance.services import approve_corrections, propose_correction
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.models import AuditEvent
from training.reporting import counting, figures
from training.reporting.choices import Dimension
from training.reporting.measuring import take
from training.reporting.models import MonthReport, ReportedFigure
from training.reporting.months import (
    differences,
    measures_of,
    moved,
    report_month,
    reported_totals,
    supplement_month,
    unreported,
)

HEAD, REVIEWER = Role.BUREAU_HEAD, Role.BUREAU_REVIEWER


def in_june(approved: Any, clock: Any) -> Any:
    """The session of May is closed with one short of the threshold; it is June."""
    hold_and_close(approved, clock, absent={12})
    clock.set(datetime(2021, 6, 2, 2, tzinfo=UTC))
    return approved


june = stage("june", in_june, after=approved)


def make_up(county: Any) -> None:
    """Number 12 was there after all: every lesson, on paper, by two people. One more 人次 in May."""
    clerk, reviewer = county.actor(Role.INSTITUTION_CLERK), county.actor(REVIEWER)
    place = county.session.enrolments.get(number=12)
    for lesson in county.session.lessons.all():
        for kind, at in (("sign_in", lesson.starts_at), ("sign_out", lesson.ends_at)):
            made = propose_correction(
                county.session.pk, lesson_id=lesson.pk, enrolment_id=place.pk, kind=kind, happened_at=at,
                reason="终端没电，纸质签到", actor=clerk,
            )  # fmt: skip
            approve_corrections([made.pk], actor=reviewer)


def report(county: Any, month: str = "2021-05") -> MonthReport:
    return report_month(county.programme.pk, month, actor=county.actor(HEAD))


def test_a_report_holds_the_figures_of_the_month_of_every_slice(june: Any) -> None:
    made = report(june)

    rows = {
        (row.slice_kind, row.dimension, row.depth): (row.renci, row.people)
        for row in ReportedFigure.objects.filter(report=made, slice_kind__in=["programme", "institution"])
    }
    assert rows["programme", "month", "completed"] == (11, 11)
    assert rows["programme", "until", "planned"] == (12, 12)
    assert rows["institution", "month", "completed"] == (11, 11)
    assert (made.reported_by, made.number, made.reason) == (june.user(HEAD), 0, "")
    assert AuditEvent.objects.filter(verb="month.reported").get().details == {"month": "2021-05", "number": 0}


def test_what_changes_later_is_a_difference_and_the_report_stays(june: Any) -> None:
    made = report(june)
    assert differences(made) == []

    make_up(june)
    counting.refresh()

    found = {
        (row.slice_kind, row.dimension, row.depth): (row.reported.renci, row.now.renci, row.renci)
        for row in differences(made)
    }
    assert found["programme", "month", "completed"] == (11, 12, 1)
    assert found["programme", "until", "completed"] == (11, 12, 1)
    assert ("programme", "month", "planned") not in found
    assert reported_totals(june.programme, june.actor(HEAD))["2021-05"] == (11, 11)
    sheet = figures.read(june.programme, june.actor(HEAD), dimensions=[Dimension.MONTH])
    assert sheet.of(Dimension.MONTH)["2021-05"] == (12, 12)


def test_a_supplement_has_a_reason_and_leaves_the_report_alone(june: Any) -> None:
    made = report(june)
    make_up(june)
    kept = list(made.figures.order_by("pk").values())
    with pytest.raises(InvalidInputError, match="请写明补报的原因"):
        supplement_month(june.programme.pk, "2021-05", reason=" ", actor=june.actor(HEAD))

    added = supplement_month(june.programme.pk, "2021-05", reason="纸质签到补录", actor=june.actor(HEAD))

    assert (added.number, added.reason) == (1, "纸质签到补录")
    assert list(made.figures.order_by("pk").values()) == kept
    assert differences(added) == []
    assert reported_totals(june.programme, june.actor(HEAD))["2021-05"] == (12, 12)
    with pytest.raises(InvalidTransitionError, match="与上次报的数一样"):
        supplement_month(june.programme.pk, "2021-05", reason="再报", actor=june.actor(HEAD))


def test_a_month_is_reported_once(june: Any) -> None:
    report(june)

    with pytest.raises(InvalidTransitionError, match="已经报过"):
        report(june)


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2021-06", "还没有过完"),
        ("2030-01", "还没有过完"),
        ("2021-13", "没有“2021-13”"),
        ("2019-01", "在项目期以前"),
    ],
)
def test_only_a_month_that_is_over_and_in_the_programme_is_reported(
    june: Any, month: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        report(june, month)


def test_a_month_that_was_not_reported_has_no_supplement(june: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="还没有报过"):
        supplement_month(june.programme.pk, "2021-05", reason="补", actor=june.actor(HEAD))


@pytest.mark.parametrize("role", [REVIEWER, Role.FOLLOW_UP, Role.FINANCE_REVIEWER, Role.INSTITUTION_HEAD])
def test_only_the_head_of_the_bureau_reports(june: Any, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        report_month(june.programme.pk, "2021-05", actor=june.actor(role))


def test_months_of_the_programme_that_are_over_wait_to_be_reported(june: Any) -> None:
    before = unreported(june.programme, june.actor(HEAD))
    report(june)

    assert (before[0], before[-1]) == ("2020-04", "2021-05")
    assert unreported(june.programme, june.actor(HEAD)) == before[:-1]


def test_every_measure_is_frozen_with_the_month_and_shows_what_has_changed(june: Any) -> None:
    made = report(june)
    frozen = measures_of(made)

    assert {"target:renci", "completion_rate", "follow_up", "curve:started_up"} <= {
        code for code, _ in frozen
    }
    assert frozen["report:renci", "period"].told == "11"
    assert frozen["completion_rate", "roster"].told == "11 ÷ 12"
    assert moved(made) == []

    make_up(june)
    counting.refresh()
    take(june.programme)

    found = {(row.now.code, row.now.reading): row for row in moved(made) if row.now}
    assert found["completion_rate", "roster"].now.told == "12 ÷ 12"
    assert found["report:renci", "total"].reported.told == "11"
    assert measures_of(made) == frozen
