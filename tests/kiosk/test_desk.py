"""The desk's decisions, for any hour and any past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kiosk import desk
from kiosk.desk import (
    Check,
    Due,
    NotDue,
    check_on,
    current,
    due,
    photo_lesson,
    read_number,
    sign_out_closes,
    token_hash,
    tokens_given,
    with_answer,
)
from kiosk.envelope import CardUsed
from kiosk.package import Lesson, Package, Trainee, TrainingSession

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


def check_of(lesson: Lesson, minute: int) -> Check:
    opens_at = START + timedelta(minutes=minute)
    return Check(lesson, opens_at, opens_at + timedelta(minutes=10))


kinds = st.sets(st.sampled_from(["sign_in", "sign_out", "check", "attempt"])).map(frozenset)


@given(sessions, st.integers(0, 3), kinds, moments)
def test_a_check_is_answered_once_by_those_who_are_in_and_changes_nothing_for_the_others(
    session: TrainingSession, number: int, did: frozenset[str], now: datetime
) -> None:
    asked = session.lessons[number % len(session.lessons)]
    done = {asked.id: did}

    answer = due(session, done, now, Check(asked, now, now + timedelta(minutes=10)))

    if "sign_in" in did and not did & {"sign_out", "check"}:
        assert answer == Due("check", asked)
    else:
        usual = due(session, done, now)
        again = usual == NotDue("already_in", asked)
        assert answer == (NotDue("check_answered_already", asked) if again else usual)


def test_a_check_is_on_from_its_moment_for_so_many_minutes() -> None:
    drawn = START + timedelta(minutes=60)
    asked = HALF_DAYS.lessons[0].model_copy(update={"check_at": drawn})
    session = session_of(asked, HALF_DAYS.lessons[1])

    def on(minutes: float) -> Check | None:
        return check_on(session, START + timedelta(minutes=minutes), {})

    assert [on(59.99), on(70)] == [None, None]
    assert on(60) == on(69.99) == Check(asked, drawn, drawn + timedelta(minutes=10))


def test_a_check_that_a_witness_starts_later_asks_again_those_who_answered_the_first() -> None:
    drawn, by_hand = START + timedelta(minutes=60), START + timedelta(minutes=65)
    asked = HALF_DAYS.lessons[0].model_copy(update={"check_at": drawn})
    session = session_of(asked)

    check = check_on(session, START + timedelta(minutes=66), {asked.id: by_hand})

    assert check == Check(asked, by_hand, by_hand + timedelta(minutes=10))
    before = {asked.id: frozenset({"sign_in", "check"})}
    assert with_answer(before, check, answered=False) == {asked.id: frozenset({"sign_in"})}
    assert with_answer(before, check, answered=True) == before


@given(st.text(max_size=20))
def test_a_typed_number_is_a_number_with_its_check_digit_or_nothing(typed: str) -> None:
    number = read_number(typed)

    assert number is None or read_number(number) == number


def test_a_number_is_read_however_it_is_typed() -> None:
    for typed in ("11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"):
        assert read_number(typed) == "11010519491231002X"
    assert read_number("110105491231002") == "11010519491231002X"  # of the first generation
    assert read_number("110105194912310021") is None
    assert read_number("CHN110000000018") == read_number("CHN 1100 0000 0018")


def trainee(enrolment: int, *tokens: str) -> Trainee:
    return Trainee(enrolment=enrolment, number=enrolment, name="", match=str(enrolment), tokens=tokens)


def test_the_newest_binding_of_a_token_wins() -> None:
    session = HALF_DAYS.model_copy(update={"roster": (trainee(1, "aa", "bb"), trainee(2, "cc"))})

    before, newer = [("aa", 3), ("dd", 1), ("dd", 2)], [("bb", 2), ("bb", 3)]

    assert tokens_given(session, before, newer=newer) == {"aa": 1, "bb": 3, "cc": 2, "dd": 2}


def test_a_token_can_not_be_taken_for_a_number() -> None:
    assert token_hash(HALF_DAYS, "62E308") != HALF_DAYS.match("62E308")


def a_fair(*invited: str) -> TrainingSession:
    """A job fair from nine to twelve; it travels as one lesson with a negative number."""
    fair = TrainingSession(
        code="DJ-01", title="F", match_key="a2V5", fair=True, lessons=(lesson(-5, 0, 180),)
    )
    rows = [
        Trainee(enrolment=900 + n, number=n, name="甲", match=fair.match(who))
        for n, who in enumerate(invited)
    ]
    return fair.model_copy(update={"roster": tuple(rows)})


def lay(number: str, *sessions: TrainingSession, at: datetime) -> desk.Decision:
    package = Package.model_construct(sessions=sessions)
    card = desk.Card(CardUsed(type="citizen", sam_id=""), number, "甲")
    choices = [(place, {}) for place in desk.places(package, number, at)]
    return desk.admit(card, choices, portraits=frozenset(), can_see=False, now=at)


def test_at_a_job_fair_everybody_signs_in_whether_invited_or_not() -> None:
    fair = a_fair("one")

    for number, subject in (("one", "900"), ("stranger", fair.match("stranger"))):
        decision = lay(number, fair, at=START)
        assert isinstance(decision, desk.Record)
        assert (decision.code, decision.draft.kind, decision.draft.lesson.id) == ("signed_in", "sign_in", -5)
        assert decision.draft.place.subject == subject


def test_somebody_of_tomorrows_class_who_was_not_invited_comes_to_todays_fair_all_the_same() -> None:
    tomorrow = session_of(lesson(1, 24 * 60, 24 * 60 + 180))
    row = Trainee(enrolment=7, number=1, name="甲", match=tomorrow.match("one"))
    tomorrow = tomorrow.model_copy(update={"roster": (row,)})

    decision = lay("one", tomorrow, a_fair(), at=START)

    assert isinstance(decision, desk.Record)
    assert (decision.draft.place.session.code, decision.draft.person) == ("DJ-01", None)


def test_at_a_job_fair_photos_are_its_own_and_nobody_is_vouched_for() -> None:
    fair = a_fair("one")

    assert photo_lesson([fair], START) == (fair, fair.lessons[0])
    assert Package.model_construct(sessions=(fair,)).enrolment(900) is None
