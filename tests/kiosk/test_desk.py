"""The desk's decisions, for any hour and any past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kiosk.desk import Due, NotDue, current, due, photo_lesson, sign_out_closes
from kiosk.package import Lesson, TrainingSession

START = datetime(2026, 3, 16, 1, tzinfo=UTC)


def lesson(number: int, start: int, end: int) -> Lesson:
    starts_at, ends_at = START + timedelta(minutes=start), START + timedelta(minutes=end)
    return Lesson(
        id=number, sequence=number, on=START.date(), half_day="am", starts_at=starts_at, ends_at=ends_at, topic=""
    )  # fmt: skip


def session_of(*lessons: Lesson) -> TrainingSession:
    return TrainingSession(code="S", title="S", match_key="a2V5", lessons=lessons)


HALF_DAYS = session_of(lesson(1, 0, 180), lesson(2, 300, 480))
BACK_TO_BACK = session_of(lesson(1, 0, 90), lesson(2, 100, 190))

sessions = st.lists(st.integers(10, 200), min_size=2, max_size=8).map(
    lambda steps: session_of(
        *(
            lesson(number, sum(steps[: 2 * number]), sum(steps[: 2 * number + 1]))
            for number in range(len(steps) // 2)
        )
    )
)
moments = st.integers(-300, 2000).map(lambda minutes: START + timedelta(minutes=minutes))
pasts = st.dictionaries(
    st.integers(0, 3), st.sampled_from([frozenset({"sign_in"}), frozenset({"sign_in", "sign_out"})])
)


@given(sessions, pasts, moments)
def test_nobody_signs_in_twice_or_out_without_having_been_in(
    session: TrainingSession, done: dict[int, frozenset[str]], now: datetime
) -> None:
    answer = due(session, done, now)

    if isinstance(answer, Due):
        kinds = done.get(answer.lesson.id, frozenset())
        assert ("sign_in" in kinds, "sign_out" in kinds) == (answer.kind == "sign_out", False)


@given(sessions, moments)
def test_whoever_comes_in_time_signs_in_and_can_sign_out(session: TrainingSession, now: datetime) -> None:
    answer = due(session, {}, now)

    if isinstance(answer, Due):
        assert answer.lesson.starts_at - session.sign_in_opens <= now < answer.lesson.ends_at
        done = {answer.lesson.id: frozenset({"sign_in"})}
        assert due(session, done, answer.lesson.ends_at) == Due("sign_out", answer.lesson)


@given(sessions, moments)
def test_any_moment_has_a_current_lesson(session: TrainingSession, now: datetime) -> None:
    found = current([session], now)

    assert found is not None
    running = [lesson for lesson in session.lessons if lesson.starts_at <= now < lesson.ends_at]
    assert not running or found[1] in running
    assert photo_lesson([session], now) in (None, found)


def test_between_two_lessons_the_first_card_signs_out_and_the_second_signs_in() -> None:
    now, here = START + timedelta(minutes=88), {1: frozenset({"sign_in"})}
    first = due(BACK_TO_BACK, here, now)

    assert first == Due("sign_out", BACK_TO_BACK.lessons[0])
    assert due(BACK_TO_BACK, {1: frozenset({"sign_in", "sign_out"})}, now) == Due(
        "sign_in", BACK_TO_BACK.lessons[1]
    )


def test_who_forgot_to_sign_out_at_noon_signs_in_after_lunch() -> None:
    afternoon = START + timedelta(minutes=290)

    assert due(HALF_DAYS, {1: frozenset({"sign_in"})}, afternoon) == Due("sign_in", HALF_DAYS.lessons[1])


def test_sign_out_after_the_last_lesson_ends_in_the_evening() -> None:
    last = HALF_DAYS.lessons[1]
    done = {2: frozenset({"sign_in"})}

    assert sign_out_closes(HALF_DAYS, last) == last.ends_at + timedelta(hours=6)
    assert due(HALF_DAYS, done, last.ends_at + timedelta(hours=5)) == Due("sign_out", last)
    assert due(HALF_DAYS, done, last.ends_at + timedelta(hours=7)) == NotDue("session_over")
