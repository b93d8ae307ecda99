"""The register both ways, what it says beside a time, and why somebody completed or did not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kiosk.envelope import WitnessSaid
from tests.training.signing import Signer, append, attend, enrol, scan, send
from training.accounts.choices import Role
from training.attendance.choices import MARKS, CorrectionSource, Flag
from training.attendance.queries import completion_detail, session_register
from training.attendance.services import approve_corrections, propose_correction
from training.core.errors import NotFoundError
from training.scheduling.models import Lesson

REVIEWER, CLERK = Role.BUREAU_REVIEWER, Role.INSTITUTION_CLERK


def lesson_line(county: Any, person: Any, number: int = 0) -> Any:
    page = session_register(county.session, county.actor(REVIEWER)).lessons[number]
    return next(line for line in page.lines if line.enrolment.pk == person.pk)


def make_up(county: Any, lesson: Lesson, person: Any, *kinds: str) -> None:
    made = [
        propose_correction(
            county.session.pk,
            lesson_id=lesson.pk,
            enrolment_id=person.pk,
            kind=kind,
            happened_at=lesson.ends_at if kind == "sign_out" else lesson.starts_at,
            reason="忘了带证",
            actor=county.actor(CLERK),
        ).pk
        for kind in kinds
    ]
    approve_corrections(made, actor=county.actor(REVIEWER))


@pytest.fixture
def over(approved: Any, clock: Any) -> Any:
    """Ten minutes after the last lesson."""
    clock.set(approved.session.lessons.last().ends_at + timedelta(minutes=10))
    return approved


def test_each_lesson_and_each_half_day_says_who_was_there_and_for_how_long(
    over: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    attend(signer, lesson, people[:3])
    scan(signer, "check", lesson, people[0], lesson.starts_at + timedelta(minutes=60))
    send(signer, at=lesson.ends_at + timedelta(minutes=1))

    found = session_register(over.session, over.actor(REVIEWER))

    assert [page.present for page in found.half_days] == [3, 0]
    assert [(page.lesson.sequence, page.present, page.checked) for page in found.lessons] == [
        (1, 3, True),
        (2, 0, False),
    ]
    assert [(line.enrolment.number, line.minutes) for line in found.lessons[0].lines[:4]] == [
        (1, 135),
        (2, 135),
        (3, 135),
        (4, 0),
    ]
    assert found.lessons[0].lines[1].flags == ("late", "absent_in_check")


def test_a_check_that_a_witness_began_counts_as_held_though_nobody_answered(
    over: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    attend(signer, lesson, people[:1])
    begun = {"person": None, "method": None, "card": None, "witness": WitnessSaid(id=1)}
    scan(signer, "check", lesson, people[0], lesson.starts_at + timedelta(minutes=60), **begun)
    receipts = send(signer, at=lesson.ends_at + timedelta(minutes=1))

    found = session_register(over.session, over.actor(REVIEWER)).lessons[0]

    assert {receipt.status for receipt in receipts} == {"accepted"}
    assert found.checked
    assert "absent_in_check" in found.lines[0].flags


def test_a_check_about_nobody_and_without_a_witness_is_held(
    signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    nobody = {"person": None, "method": None, "card": None}
    scan(signer, "check", lesson, people[0], lesson.starts_at + timedelta(minutes=60), **nobody)

    (receipt,) = send(signer, at=lesson.ends_at)

    assert (receipt.status, receipt.reason) == ("held", "not_on_roster")


def test_a_stranger_has_no_register(approved: Any, other_county: Any) -> None:
    with pytest.raises(NotFoundError):
        session_register(approved.session, other_county.actor(REVIEWER))


@pytest.mark.parametrize(
    ("witness", "card", "flags"),
    [
        (WitnessSaid(id=1, reason="no_card"), False, ("one_witness",)),
        (WitnessSaid(id=1, second=1, reason="no_card"), False, ("one_witness",)),
        (WitnessSaid(id=1, second=2, reason="no_card"), False, ()),
        (WitnessSaid(id=1, reason="face_differs"), True, ()),
        (WitnessSaid(id=1, second=2, reason="no_card", assisted=True), False, ("assisted",)),
    ],
)
def test_what_a_witness_did_is_said(
    approved: Any,
    signer: Signer,
    lesson: Lesson,
    people: list[Any],
    witness: WitnessSaid,
    card: bool,
    flags: tuple[str, ...],
) -> None:
    said = {"method": "witness", "witness": witness} | ({} if card else {"card": None})
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, **said)
    send(signer, at=lesson.starts_at)

    assert lesson_line(approved, people[0]).flags == flags


def test_what_is_worth_a_look_in_an_event_is_said_of_its_person_only(
    approved: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at, clock_offset_ms=120_001)
    scan(signer, "sign_in", lesson, people[1], lesson.starts_at)
    send(signer, at=lesson.starts_at)

    assert lesson_line(approved, people[0]).flags == ("clock",)
    assert lesson_line(approved, people[1]).flags == ()


def test_every_flag_and_every_mark_has_a_word() -> None:
    assert all(str(Flag(flag).label) for flag in Flag.values)
    assert {source: str(word) for source, word in MARKS.items()} == {
        CorrectionSource.MAKE_UP: "补",
        CorrectionSource.PAPER: "纸",
    }


def test_completion_is_explained_in_full_and_lesson_by_lesson(
    over: Any, signer: Signer, lesson: Lesson, people: list[Any]
) -> None:
    afternoon = over.session.lessons.last()
    scan(signer, "sign_in", lesson, people[0], lesson.starts_at + timedelta(minutes=16))
    scan(signer, "sign_out", lesson, people[0], lesson.ends_at)
    scan(signer, "sign_in", afternoon, people[0], afternoon.starts_at)
    send(signer, at=afternoon.starts_at)
    before = completion_detail(people[0])
    make_up(over, afternoon, people[0], "sign_out")
    after = completion_detail(people[0])

    assert before.sentence == "6 学时中 3 学时 = 50.0 % < 80 %，迟到 1 次，缺签退 1 次"
    assert [(row.lesson.sequence, row.minutes, row.counts, row.flags) for row in before.lessons] == [
        (1, 119, True, ("late", "came_late")),
        (2, 0, False, ("no_sign_out",)),
    ]
    assert after.sentence == "6 学时中 6 学时 = 100.0 % ≥ 80 %，迟到 1 次，补签 1 次"
    assert after.result.completed
    assert [row.kind for row in after.corrections] == ["sign_out"]


def test_somebody_who_never_came_is_told_so(over: Any, people: list[Any]) -> None:
    detail = completion_detail(people[0])
    assert (detail.sentence, len(detail.lessons)) == ("6 学时中 0 学时 = 0.0 % < 80 %", 2)


@pytest.mark.parametrize("count", [1, 12])
def test_a_register_takes_a_constant_number_of_queries(
    over: Any,
    signer: Signer,
    lesson: Lesson,
    people: list[Any],
    count: int,
    django_assert_num_queries: Any,
) -> None:
    attend(signer, lesson, people[:count])
    append(signer, "void", lesson.ends_at, session=over.session.code, voids=signer.station.pk)
    send(signer)
    send(again := enrol(over, "二号终端"), [])
    attend(again, lesson, people[:count])
    send(again)
    make_up(over, over.session.lessons.last(), people[0], "sign_in")
    actor = over.actor(REVIEWER)

    with django_assert_num_queries(8):
        found = session_register(over.session, actor)
        assert found.half_days[0].present == count
        assert found.session.institution.programme.name
        assert all(page.lesson.venue.name and page.lesson.instructor.name for page in found.lessons)
        assert all(line.enrolment.trainee.name for page in found.lessons for line in page.lines)
