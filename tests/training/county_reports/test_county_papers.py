"""What the county reports of itself: the ministry's figures, the self-evaluation, the leading group's meetings."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from training.accounts.choices import Role
from training.core import clock as county_clock
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.demo.scenery import TOWNSHIP, paper
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.programmes.preset_file import load_preset
from training.reporting.months import report_month
from training.reports.figures import Span, counted
from training.reports.files import libraries, mapping
from training.reports.models import Meeting, MinistryReport, PhoneCheck, RollUp, SelfEvaluation
from training.reports.rules import overdue
from training.reports.services.evaluations import begin_evaluation, finish_evaluation, score_line
from training.reports.services.meetings import record_meeting
from training.reports.services.ministry import lock_month, mark_reported

OFFICE, REVIEWER = Role.LEADING_GROUP, Role.BUREAU_REVIEWER
MAY = date(2021, 5, 1)


# The figures


def test_a_town_counts_its_own_people_and_the_classes_held_in_it(closed: Any) -> None:
    done = Enrolment.objects.filter(status=EnrolmentStatus.COMPLETED)
    towns = set(done.values_list("trainee__township", flat=True))
    days = {"programme": closed.programme, "starts_on": date(2021, 4, 21), "ends_on": date(2021, 5, 20)}

    county = counted(Span(**days))
    by_town = {town: counted(Span(**days, township=town)) for town in towns}

    assert (county["sessions"], county["renci"], county["people"]) == (1, 10, 10)
    assert {town: figures["renci"] for town, figures in by_town.items()} == {
        town: done.filter(trainee__township=town).count() for town in towns
    }
    assert {town for town, figures in by_town.items() if figures["sessions"]} == {TOWNSHIP}


def test_what_ended_before_or_after_the_days_is_not_theirs(closed: Any) -> None:
    for starts_on, ends_on in ((date(2021, 5, 19), date(2021, 6, 20)), (date(2021, 4, 1), date(2021, 5, 17))):
        assert set(counted(Span(closed.programme, starts_on, ends_on)).values()) == {0}


# The ministry's system


@pytest.fixture
def locked(closed: Any, clock: Any) -> MinistryReport:
    clock.advance(days=20)
    report_month(closed.programme.pk, "2021-05", actor=closed.actor(Role.BUREAU_HEAD))
    return lock_month(MAY, actor=closed.actor(REVIEWER))


def values(report: MinistryReport) -> dict[str, Any]:
    return {line["code"]: line["value"] for line in report.lines}


def test_the_system_is_called_as_the_document_calls_it_and_unknown_fields_stay_blank(
    locked: MinistryReport,
) -> None:
    assert locked.system == "商务部农村电子商务信息系统"
    assert {line["field"] for line in locked.lines} == {""}
    assert (values(locked)["renci_month"], values(locked)["people_total"]) == (10, 10)
    assert values(locked)["paid_total"] is None
    assert all(line["formula"] for line in locked.lines)


def test_a_month_that_has_not_ended_is_not_locked_and_none_twice(closed: Any, clock: Any) -> None:
    reviewer = closed.actor(REVIEWER)
    with pytest.raises(InvalidInputError):
        lock_month(MAY, actor=reviewer)
    clock.advance(days=20)
    with pytest.raises(InvalidTransitionError, match="还没有报送锁定"):
        lock_month(MAY, actor=reviewer)
    report_month(closed.programme.pk, "2021-05", actor=closed.actor(Role.BUREAU_HEAD))
    lock_month(MAY, actor=reviewer)

    with pytest.raises(InvalidTransitionError):
        lock_month(MAY, actor=reviewer)


def test_ac50_what_changes_afterwards_is_a_difference_and_the_locked_figure_stays(
    closed: Any, locked: MinistryReport, browse: Callable[..., Any]
) -> None:
    before = values(locked)
    gone = Enrolment.objects.filter(status=EnrolmentStatus.COMPLETED).first()
    Enrolment.objects.filter(pk=gone.pk).update(status=EnrolmentStatus.INCOMPLETE)

    locked.refresh_from_db()
    page = browse(REVIEWER).get(reverse("ministry-report", args=[locked.pk])).content.decode()

    assert values(locked) == before
    assert page.count("现为 9") == 3


def test_ac50_the_three_files_hold_the_locked_figures_with_their_formulas(
    closed: Any, locked: MinistryReport, browse: Callable[..., Any]
) -> None:
    client = browse(REVIEWER)
    files = {
        kind: client.get(reverse(f"ministry-{kind}", args=[locked.pk])) for kind in ("csv", "xlsx", "json")
    }

    csv = b"".join(files["csv"]).decode("utf-8-sig").splitlines()
    sheet = load_workbook(BytesIO(files["xlsx"].content))["数据"]
    said = json.loads(files["json"].content)
    assert said["lines"] == locked.lines
    assert said["status"] == "locked"
    assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        line["value"] if line["value"] is not None else None for line in locked.lines
    ]
    assert len(csv) == 1 + len(mapping().lines)


def test_ac50_reported_is_what_a_person_says_with_a_receipt(
    closed: Any, locked: MinistryReport, browse: Callable[..., Any]
) -> None:
    client = browse(OFFICE)
    page = client.get(reverse("ministry-report", args=[locked.pk])).content.decode()
    assert "还没有报送" in page
    assert "已连接" not in page

    for wrong in ({"on": date(2021, 6, 1), "receipt": " "}, {"on": date(2022, 1, 1), "receipt": "1"}):
        with pytest.raises(InvalidInputError):
            mark_reported(locked.pk, **wrong, actor=closed.actor(OFFICE))
    client.post(
        reverse("ministry-reported", args=[locked.pk]), {"on": "2021-06-07", "receipt": "HZ-2021-0607"}
    )

    locked.refresh_from_db()
    assert (locked.status, locked.receipt, str(locked.reported_by)) == (
        "reported",
        "HZ-2021-0607",
        closed.actor(OFFICE).name,
    )
    with pytest.raises(InvalidTransitionError):
        mark_reported(locked.pk, on=date(2021, 6, 7), receipt="2", actor=closed.actor(OFFICE))


# Self-evaluation


@pytest.fixture
def evaluation(closed: Any) -> SelfEvaluation:
    return begin_evaluation(
        title="2021 年自评", library="suggestion-1", as_of=date(2021, 5, 18), actor=closed.actor(REVIEWER)
    )


def scored_lines() -> list[Any]:
    return [line for line in libraries()["suggestion-1"].lines if line.weight]


def test_the_library_adds_up_and_says_whose_it_is() -> None:
    library = libraries()["suggestion-1"]
    assert library.full_marks == 100
    assert "非官方" in library.source
    parents = {line.code for line in library.lines}
    assert {line.parent for line in library.lines} <= parents | {""}


def test_a_score_stays_within_the_line_and_says_why(closed: Any, evaluation: SelfEvaluation) -> None:
    for wrong in ({"score": Decimal("99"), "note": "x"}, {"score": Decimal("1"), "note": " "}):
        with pytest.raises(InvalidInputError):
            score_line(evaluation.pk, "A1", **wrong, actor=closed.actor(REVIEWER))
    assert not evaluation.scores.exists()


def test_a_line_keeps_what_the_system_counted_and_leads_to_its_evidence(
    closed: Any, evaluation: SelfEvaluation, browse: Callable[..., Any]
) -> None:
    client = browse(REVIEWER)
    place = reverse("bureau-session", args=[closed.session.pk])
    client.post(
        reverse("self-evaluation-score", args=[evaluation.pk, "C1"]),
        {"score": "15", "note": "已完成", "evidence": f"{place}\n县商务局档案室 2 号柜"},
    )

    row = evaluation.scores.get()
    assert (row.figure, row.evidence) == ("10 人次", [place, "县商务局档案室 2 号柜"])
    page = client.get(reverse("self-evaluation", args=[evaluation.pk])).content.decode()
    assert f'<a href="{place}">' in page


def test_it_is_final_only_when_every_line_has_its_score_and_then_stands(
    closed: Any, evaluation: SelfEvaluation, browse: Callable[..., Any], tmp_path: Any, pdf_text: Any
) -> None:
    reviewer = closed.actor(REVIEWER)
    first, *others = scored_lines()
    for line in others:
        score_line(evaluation.pk, line.code, score=line.weight, note="x", actor=reviewer)
    with pytest.raises(InvalidInputError, match=first.code):
        finish_evaluation(evaluation.pk, actor=reviewer)
    score_line(evaluation.pk, first.code, score=Decimal("2.5"), note="缺需求调查", actor=reviewer)
    assert finish_evaluation(evaluation.pk, actor=reviewer).status == "final"

    with pytest.raises(InvalidTransitionError):
        score_line(evaluation.pk, first.code, score=Decimal("5"), note="x", actor=reviewer)
    file = tmp_path / "evaluation.pdf"
    file.write_bytes(browse(REVIEWER).get(reverse("print-self-evaluation", args=[evaluation.pk])).content)
    assert "97.5 / 100" in pdf_text(file)


# Meetings


def test_a_meeting_is_kept_with_its_minutes_and_found_by_what_was_decided(
    closed: Any, browse: Callable[..., Any]
) -> None:
    record_meeting(
        held_on=date(2021, 5, 10),
        title="第一次会议",
        place="县政府",
        attendees="商务局、财政局",
        agenda="培训进度",
        decisions="六月底前完成三期",
        minutes=paper("会议纪要"),
        actor=closed.actor(OFFICE),
    )
    client, meeting = browse(OFFICE), Meeting.objects.get()

    assert len(client.get(reverse("meetings"), {"q": "六月底"}).context["rows"]) == 1
    assert client.get(reverse("meetings"), {"q": "没有这句"}).context["rows"] == []
    assert client.get(reverse("file", args=["minutes", meeting.pk])).status_code == 200
    assert client.get(reverse("print-meeting", args=[meeting.pk])).content.startswith(b"%PDF")


def test_a_meeting_that_has_not_been_held_is_not_recorded_and_readers_record_none(closed: Any) -> None:
    said = {"title": "x", "place": "", "attendees": "x", "agenda": "x", "decisions": "x"}
    with pytest.raises(InvalidInputError):
        record_meeting(held_on=date(2021, 6, 1), **said, actor=closed.actor(OFFICE))
    with pytest.raises(ForbiddenError):
        record_meeting(held_on=date(2021, 5, 1), **said, actor=closed.actor(Role.AUDITOR))
    assert not Meeting.objects.exists()


def test_a_programme_past_its_half_is_owed_an_evaluation_and_a_meeting_every_two_quarters() -> None:
    """金口河 四（三） (JK-11), 惠东 六（二） (HD-41)."""
    jinkouhe, huidong = load_preset("jinkouhe"), load_preset("huidong")
    assert overdue(jinkouhe, date(2018, 9, 1), evaluated_on=None, met_on=None) == frozenset()
    assert overdue(jinkouhe, date(2019, 6, 1), evaluated_on=date(2018, 9, 1), met_on=None) == {"midterm"}
    assert overdue(jinkouhe, date(2019, 6, 1), evaluated_on=date(2019, 5, 1), met_on=None) == frozenset()
    assert overdue(huidong, date(2020, 6, 30), evaluated_on=None, met_on=None) == frozenset()
    assert overdue(huidong, date(2020, 8, 1), evaluated_on=None, met_on=None) == {"meetings"}
    assert overdue(huidong, date(2020, 8, 1), evaluated_on=None, met_on=date(2020, 3, 1)) == frozenset()
    assert overdue(huidong, date(2021, 8, 1), evaluated_on=None, met_on=None) == frozenset()  # it is over


def test_what_is_late_of_the_counties_obligations_waits_at_home(towns: Any, clock: Any) -> None:
    clock.set(datetime(2020, 8, 3, 1, tzinfo=UTC))

    for role in (OFFICE, Role.BUREAU_HEAD):
        waiting = {row.what: row.href for row in towns.browse(role).get(reverse("home")).context["waiting"]}
        assert waiting["半年没有开领导小组会议"] == reverse("meetings")


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("meetings", 12),
        ("self-evaluations", 10),
        ("phone-checks", 9),
        ("ministry-reports", 9),
        ("roll-ups", 12),
    ],
)
def test_a_list_asks_as_much_for_one_row_as_for_thirty(
    closed: Any,
    browse: Callable[..., Any],
    django_assert_num_queries: DjangoAssertNumQueries,
    name: str,
    queries: int,
) -> None:
    client = browse(OFFICE)
    for count in (1, 15):
        for number in range(count):
            fill(name, closed, number + count)
        client.get(reverse(name))
        with django_assert_num_queries(queries):
            client.get(reverse(name))


def fill(name: str, county: Any, number: int) -> None:
    user, now = county.user(OFFICE), county_clock.now()
    month = date(2000 + number, 1, 1)
    owned = {"programme": county.programme}
    make = {
        "meetings": lambda: Meeting.objects.create(
            **owned,
            held_on=month,
            title="x",
            attendees="x",
            agenda="x",
            decisions="x",
            recorded_by=user,
            recorded_at=now,
        ),
        "self-evaluations": lambda: SelfEvaluation.objects.create(
            **owned, title="x", library="suggestion-1", as_of=month, begun_by=user, begun_at=now
        ),
        "phone-checks": lambda: PhoneCheck.objects.create(
            **owned,
            title="x",
            stratum="session",
            size=1,
            seed="x",
            frame=[],
            frame_hash="x",
            drawn_by=user,
            drawn_at=now,
        ),
        "ministry-reports": lambda: MinistryReport.objects.create(
            **owned, month=month, system="x", mapping="x", locked_by=user, locked_at=now
        ),
        "roll-ups": lambda: RollUp.objects.create(
            **owned, month=month, summary="x", drawn_up_by=user, drawn_up_at=now
        ),
    }
    make[name]()
