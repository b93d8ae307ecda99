"""From scans to minutes, from minutes to 结业."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.attendance.reckoning import LessonTime, Scan, effective_minutes
from training.attendance.rules import (
    CompletionResult,
    Presence,
    Tally,
    check_moment,
    completion,
    hours,
    in_full,
    presence,
    tally,
)

DAY = date(2021, 5, 18)
MORNING = (DAY, "am")
NINE = datetime(2021, 5, 18, 1, 0, tzinfo=UTC)  # 09:00 in the county


@dataclass(frozen=True)
class Rule:
    unit_minutes: int = 45
    lesson_ratio: float = 0.8
    completion_ratio: float = 0.8
    late_tolerance_minutes: int = 15
    early_tolerance_minutes: int = 10
    require_sign_out: bool = True
    check_share: float = 0
    check_required: bool = False


RULE = Rule()
LENIENT = replace(RULE, require_sign_out=False)


def at(minutes: float) -> datetime:
    """`minutes` after nine."""
    return NINE + timedelta(minutes=minutes)


def lesson(number: int, start: float, end: float) -> LessonTime:
    return LessonTime(number, number, DAY, "am", at(start), at(end))


def scan(kind: str, minutes: float, digest: str = "", method: str = "card") -> Scan:
    return Scan(kind, at(minutes), method, digest or f"{kind}@{minutes}", MORNING)


FIRST = lesson(1, 0, 90)
SECOND = lesson(2, 100, 190)


@pytest.mark.parametrize(
    ("entered", "left", "minutes"),
    [
        (-5, 90, 90),
        (0, 90, 90),
        (15, 90, 90),  # tolerated to the second
        (15.02, 90, 74),  # and then the whole lateness counts
        (30, 90, 60),
        (-5, 80, 90),
        (-5, 79.98, 79),
        (-5, 200, 90),
        (15, 80, 90),
        (30, 60, 30),
        (90, 120, 0),
        (-60, -30, 0),
        (100, 120, 0),
    ],
)
def test_minutes_are_the_overlap_with_the_lesson_less_what_is_tolerated(
    entered: float, left: float, minutes: int
) -> None:
    assert effective_minutes(FIRST, at(entered), at(left), RULE) == minutes


def test_without_a_sign_in_there_are_no_minutes() -> None:
    assert effective_minutes(FIRST, None, at(90), RULE) == 0
    assert effective_minutes(FIRST, None, None, LENIENT) == 0


def test_a_missing_sign_out_costs_the_lesson_only_where_the_rule_demands_one() -> None:
    assert effective_minutes(FIRST, at(0), None, RULE) == 0
    assert effective_minutes(FIRST, at(0), None, LENIENT) == 90


def test_nobody_who_never_came_is_present() -> None:
    assert presence([], [FIRST], RULE) == Presence(None, None, "", (), {1: 0})


def test_the_first_sign_in_and_the_last_sign_out_count_for_every_lesson_of_the_half_day() -> None:
    scans = [
        scan("sign_out", 190, "d"),
        scan("sign_in", -5, "a"),
        scan("sign_in", 40, "b"),
        scan("sign_out", 60, "c"),
    ]

    assert presence(scans, [FIRST, SECOND], RULE) == Presence(
        signed_in_at=at(-5),
        signed_out_at=at(190),
        method="card",
        digests=("a", "b", "c", "d"),
        minutes={1: 90, 2: 90},
    )


def test_a_sign_out_before_the_sign_in_is_evidence_and_nothing_else() -> None:
    found = presence([scan("sign_out", -20, "a"), scan("sign_in", 0, "b")], [FIRST], RULE)

    assert (found.signed_in_at, found.signed_out_at, found.method) == (at(0), None, "card")
    assert (found.digests, found.minutes, found.flags) == (("a", "b"), {1: 0}, ("no_sign_out",))


def test_the_same_person_seen_by_two_stations_is_one_attendance_with_two_pieces_of_evidence() -> None:
    one = [scan("sign_in", -5, "one-in"), scan("sign_out", 90, "one-out")]
    other = [scan("sign_in", -4, "two-in"), scan("sign_out", 89, "two-out")]

    both = presence([*one, *other], [FIRST], RULE)

    assert both == replace(presence(one, [FIRST], RULE), digests=("one-in", "two-in", "two-out", "one-out"))


def test_a_face_a_witness_and_a_card_alone_count_equally() -> None:
    results = {
        method: presence([scan("sign_in", 0, method=method), scan("sign_out", 90)], [FIRST], RULE).minutes
        for method in ("card", "card+face", "witness")
    }
    assert results == {"card": {1: 90}, "card+face": {1: 90}, "witness": {1: 90}}


times = st.integers(-120, 400).map(float)
kinds = st.sampled_from(["sign_in", "sign_out"])
scans = st.lists(st.tuples(kinds, times, st.sampled_from(["card", "card+face", "witness"])), max_size=8).map(
    lambda rows: [
        scan(kind, minute, f"{number:02}", method) for number, (kind, minute, method) in enumerate(rows)
    ]
)
rules = st.builds(
    Rule,
    late_tolerance_minutes=st.integers(0, 60),
    early_tolerance_minutes=st.integers(0, 60),
    require_sign_out=st.booleans(),
)


@given(scans, rules)
def test_minutes_are_never_negative_and_never_more_than_the_lesson(found: list[Scan], rule: Rule) -> None:
    for attended in presence(found, [FIRST, SECOND], rule).minutes.values():
        assert 0 <= attended <= 90


@given(scans, rules, st.randoms(use_true_random=False))
def test_the_order_in_which_scans_arrive_never_matters(found: list[Scan], rule: Rule, chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert presence(shuffled, [FIRST, SECOND], rule) == presence(found, [FIRST, SECOND], rule)


@given(scans, rules, st.integers(0, 300))
def test_a_second_sign_in_changes_nothing_but_the_evidence(found: list[Scan], rule: Rule, later: int) -> None:
    before = presence(found, [FIRST, SECOND], rule)
    assume(before.signed_in_at is not None)
    again = Scan("sign_in", before.signed_in_at + timedelta(minutes=later), "witness", "zz", MORNING)

    after = presence([*found, again], [FIRST, SECOND], rule)

    assert replace(after, digests=()) == replace(before, digests=())
    assert sorted(after.digests) == sorted([*before.digests, "zz"])


@given(scans, rules, kinds, times)
def test_one_more_scan_never_takes_minutes_away(
    found: list[Scan], rule: Rule, kind: str, minute: float
) -> None:
    assume(rule.require_sign_out or any(one.kind == "sign_out" for one in found))
    before = presence(found, [FIRST, SECOND], rule)
    assume(rule.require_sign_out or before.signed_out_at is not None)

    after = presence([*found, scan(kind, minute, "zz")], [FIRST, SECOND], rule)

    assert all(after.minutes[number] >= minutes for number, minutes in before.minutes.items())


# Flags


def in_and_out(entered: float, left: float | None, **more: object) -> list[Scan]:
    left_scan = [] if left is None else [replace(scan("sign_out", left), **more)]
    return [replace(scan("sign_in", entered), **more), *left_scan]


@pytest.mark.parametrize(
    ("entered", "left", "flags"),
    [
        (0, 190, {}),
        (15, 180, {}),  # tolerated
        (16, 190, {1: ("came_late",)}),
        (0, 179, {2: ("left_early",)}),
        (0, None, {1: ("no_sign_out",), 2: ("no_sign_out",)}),
        (20, 60, {1: ("came_late", "left_early")}),
        (95, 190, {}),  # for the second lesson only, and in time
        (0, 95, {}),
        (120, 190, {2: ("came_late",)}),
    ],
)
def test_the_register_says_of_each_lesson_what_was_missed_of_it(
    entered: float, left: float | None, flags: dict[int, tuple[str, ...]]
) -> None:
    found = presence(in_and_out(entered, left), [FIRST, SECOND], RULE)

    assert found.lesson_flags == flags
    assert set(found.flags) == {flag for row in flags.values() for flag in row}


def test_nothing_is_missing_from_a_lesson_that_is_not_over() -> None:
    assert presence(in_and_out(0, None), [FIRST, SECOND], RULE, as_of=at(80)).flags == ()
    assert presence(in_and_out(0, None), [FIRST, SECOND], RULE, as_of=at(90)).lesson_flags == {
        1: ("no_sign_out",)
    }


def test_the_same_step_at_two_stations_is_flagged_and_another_door_for_the_way_out_is_not() -> None:
    entered, left = scan("sign_in", 0), scan("sign_out", 90)
    by_two_doors = [replace(entered, station="front"), replace(left, station="back")]
    twice = [*by_two_doors, replace(entered, at=at(1), station="back")]

    assert presence(by_two_doors, [FIRST], RULE).flags == ()
    assert presence(twice, [FIRST], RULE).flags == ("second_station",)


def test_a_correction_marks_the_time_it_gives_and_is_no_signed_event() -> None:
    by_hand = Scan("sign_out", at(90), "paper", "", MORNING, correction=7, mark="paper")

    found = presence([scan("sign_in", 0, "a"), by_hand], [FIRST], RULE)

    assert (found.in_mark, found.out_mark, found.marks) == ("", "paper", ("paper",))
    assert (found.digests, found.corrections, found.minutes) == (("a",), (7,), {1: 90})


def test_what_was_taken_back_counts_for_nothing_and_is_said() -> None:
    taken_back = Scan("void", at(0), "card", "", MORNING, flags=("assisted",))

    assert presence([taken_back], [FIRST], RULE).flags == ("voided",)
    assert presence([taken_back], [FIRST], RULE).minutes == {1: 0}


# Checks in mid-class

STRICT = replace(RULE, check_required=True)


def checked_in(lesson_id: int, minutes: float, digest: str = "check") -> Scan:
    return replace(scan("check", minutes, digest), lesson=lesson_id)


def test_whoever_does_not_answer_a_check_was_not_in_that_lesson_where_the_rule_says_so() -> None:
    found = [*in_and_out(0, 190), checked_in(1, 40)]

    assert presence(found, [FIRST, SECOND], STRICT, checked={1, 2}).minutes == {1: 90, 2: 0}
    assert presence(found, [FIRST, SECOND], STRICT, checked={1}).minutes == {1: 90, 2: 90}
    assert presence(found, [FIRST, SECOND], RULE, checked={1, 2}).minutes == {1: 90, 2: 90}
    assert presence(found, [FIRST, SECOND], RULE, checked={1, 2}).lesson_flags == {2: ("absent_in_check",)}


def test_an_approved_explanation_stands_for_the_answer() -> None:
    explained = Scan("check", at(40), "make_up", "", MORNING, lesson=1, correction=3, mark="make_up")

    found = presence([*in_and_out(0, 90), explained], [FIRST], STRICT, checked={1})

    assert (found.minutes, found.flags, found.marks) == ({1: 90}, (), ("make_up",))


def test_nobody_who_never_came_is_absent_from_a_check() -> None:
    assert presence([], [FIRST], STRICT, checked={1}).flags == ()


KEY = b"a key"
shares = st.integers(0, 100).map(lambda percent: percent / 100)


@given(st.integers(0, 40), shares, st.binary(min_size=1, max_size=32))
def test_so_many_lessons_have_a_check_and_each_in_its_middle(count: int, share: float, key: bytes) -> None:
    lessons = [lesson(number, 100 * number, 100 * number + 90) for number in range(1, count + 1)]

    moments = check_moment(key, lessons, replace(RULE, check_share=share), "SC-1")

    assert len(moments) == -(-round(100 * share) * count // 100)
    for one in lessons:
        if one.id in moments:
            inside = (moments[one.id] - one.starts_at) / (one.ends_at - one.starts_at)
            assert 0.2 <= inside < 0.8 + 1e-9
            assert moments[one.id].microsecond == 0


def test_the_draw_is_the_same_whenever_it_is_asked_and_another_for_another_session_or_key() -> None:
    lessons = [lesson(number, 100 * number, 100 * number + 90) for number in range(1, 21)]
    rule = replace(RULE, check_share=0.1)
    drawn = check_moment(KEY, lessons, rule, "SC-1")

    assert drawn == check_moment(KEY, list(reversed(lessons)), rule, "SC-1")
    assert len({tuple(sorted(check_moment(KEY, lessons, rule, f"SC-{n}"))) for n in range(20)}) > 10
    assert drawn != check_moment(b"another", lessons, rule, "SC-1")


# Completion


def test_eighty_percent_of_the_hours_completes_and_the_sentence_says_so() -> None:
    five = [lesson(number, 100 * number, 100 * number + 45) for number in range(1, 6)]
    four_of_five = dict.fromkeys(range(1, 5), 45)

    assert completion(four_of_five, five, RULE) == CompletionResult(
        180, 225, True, "4 / 5 学时 = 80.0 % ≥ 80 %，结业"
    )


def test_three_quarters_does_not_complete_and_the_sentence_says_so() -> None:
    four = [lesson(number, 100 * number, 100 * number + 45) for number in range(1, 5)]

    assert completion({1: 45, 2: 45, 3: 45}, four, RULE) == CompletionResult(
        135, 180, False, "3 / 4 学时 = 75.0 % < 80 %，未达标"
    )


@pytest.mark.parametrize(("minutes", "attended"), [(72, 90), (71, 0), (90, 90), (0, 0)])
def test_a_lesson_counts_whole_from_eighty_percent_of_it_and_not_at_all_below(
    minutes: int, attended: int
) -> None:
    assert completion({1: minutes}, [FIRST], RULE).attended_minutes == attended


def test_minutes_of_another_sessions_lesson_count_for_nothing() -> None:
    assert completion({7: 90}, [FIRST], RULE).attended_minutes == 0


def test_a_session_without_lessons_completes_nobody() -> None:
    assert completion({}, [], RULE) == CompletionResult(0, 0, False, "0 / 0 学时 = 0.0 % < 80 %，未达标")


@given(st.integers(1, 100), st.integers(1, 20))
def test_whoever_reaches_a_threshold_exactly_has_reached_it(percent: int, parts: int) -> None:
    rule = replace(RULE, lesson_ratio=percent / 100, completion_ratio=percent / 100)
    whole = lesson(1, 0, 100 * parts)
    hundred = [lesson(number, 10 * number, 10 * number + parts) for number in range(100)]

    assert completion({1: percent * parts}, [whole], rule).completed
    assert completion(dict.fromkeys(range(percent), parts), hundred, rule).completed
    assert not completion(dict.fromkeys(range(percent - 1), parts), hundred, rule).completed


@given(st.dictionaries(st.integers(1, 6), st.integers(0, 45)), st.integers(1, 6), st.integers(0, 45))
def test_more_attendance_never_uncompletes_anyone(minutes: dict[int, int], number: int, extra: int) -> None:
    six = [lesson(n, 50 * n, 50 * n + 45) for n in range(1, 7)]
    more = {**minutes, number: max(minutes.get(number, 0), extra)}

    before, after = completion(minutes, six, RULE), completion(more, six, RULE)

    assert after.attended_minutes >= before.attended_minutes
    assert after.completed >= before.completed
    assert Fraction(before.attended_minutes) <= before.required_minutes == 270


@pytest.mark.parametrize(("minutes", "shown"), [(0, "0"), (45, "1"), (135, "3"), (100, "2.2"), (30, "0.7")])
def test_hours_are_shown_without_a_needless_decimal(minutes: int, shown: str) -> None:
    assert hours(minutes, RULE) == shown


def test_the_sentence_in_full_says_what_cost_hours_and_what_was_put_right() -> None:
    eight = [lesson(number, 300 * number, 300 * number + 180) for number in range(1, 9)]
    result = completion(dict.fromkeys(range(1, 8), 180), eight, RULE)

    assert in_full(result, Tally(came_late=2, no_sign_out=1, make_up=1), RULE) == (
        "32 学时中 28 学时 = 87.5 % ≥ 80 %，迟到 2 次，缺签退 1 次，补签 1 次"
    )
    assert in_full(result, Tally(), RULE) == "32 学时中 28 学时 = 87.5 % ≥ 80 %"
    assert (
        in_full(completion({}, eight, RULE), Tally(left_early=3, absent_in_check=1, paper=2), RULE)
        == "32 学时中 0 学时 = 0.0 % < 80 %，早退 3 次，抽查缺席 1 次，纸质补录 2 次"
    )


def test_lateness_is_counted_by_lessons_and_a_missing_sign_out_by_half_days() -> None:
    morning = presence(in_and_out(20, None), [FIRST, SECOND], RULE)

    assert tally([morning, morning], ["make_up", "paper", "paper"]) == Tally(
        came_late=2, no_sign_out=2, make_up=1, paper=2
    )
