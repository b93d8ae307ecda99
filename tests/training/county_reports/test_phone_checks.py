"""A sample that anybody can draw again, rung in the drawn order; a denial marks the session."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.dossiers.risks import risks_of
from training.notifications.models import Notification
from training.people.models import Look, Trainee
from training.reports.choices import MAX_TRIES, CallResult, Stratum
from training.reports.models import PhoneCheck, PhoneCheckLine
from training.reports.queries import draw_again
from training.reports.rules import (
    RESERVES,
    Confirmation,
    StratumResult,
    confirmation,
    draw,
    frame_hash,
    sample_size,
    shares,
    weighted_percent,
)
from training.reports.services.phone_checks import (
    close_check,
    draw_sample,
    log_call,
    show_number,
)

REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
frames = st.lists(
    st.tuples(st.integers(1, 10_000), st.sampled_from("甲乙丙丁")),
    unique_by=lambda entry: entry[0],
    max_size=60,
)
sizes = st.integers(1, 70)
seeds = st.text(max_size=12)


# The draw


@given(frames, sizes, seeds)
def test_whoever_draws_again_gets_the_same_people_in_the_same_order(frame: Any, size: int, seed: str) -> None:
    assert draw(frame, size=size, seed=seed) == draw(list(reversed(frame)), size=size, seed=seed)
    assert frame_hash(frame) == frame_hash(list(reversed(frame)))


@given(frames, sizes, seeds)
def test_each_stratum_has_its_share_and_reserves_stand_behind(frame: Any, size: int, seed: str) -> None:
    drawn = draw(frame, size=size, seed=seed)
    strata = Counter(stratum for _pk, stratum in frame)
    taken = Counter(line.stratum for line in drawn if not line.reserve)
    wanted = min(size, len(frame))

    assert len({line.enrolment for line in drawn}) == len(drawn)
    assert taken.total() == wanted
    for name, people in strata.items():
        assert abs(taken[name] - wanted * people / len(frame)) <= max(1, len(strata))
        assert taken[name] >= (1 if wanted >= len(strata) else 0)
        ranks = [line.rank for line in drawn if line.stratum == name]
        assert ranks == [*range(1, min(people, taken[name] * (1 + RESERVES)) + 1)]


def test_another_seed_gives_another_sample() -> None:
    frame = [(pk, "甲") for pk in range(1, 200)]

    first, second = (draw(frame, size=20, seed=seed) for seed in ("2021-05", "2021-06"))

    assert {line.enrolment for line in first} != {line.enrolment for line in second}


def test_shares_are_in_proportion_with_one_at_least() -> None:
    assert shares({"甲": 90, "乙": 9, "丙": 1}, 10) == {"甲": 8, "乙": 1, "丙": 1}
    assert shares({"甲": 3, "乙": 1}, 10) == {"甲": 3, "乙": 1}


@pytest.mark.parametrize(
    ("people", "margin", "size"), [(10_000, 10, 96), (10_000, 5, 370), (50, 10, 34), (0, 10, 0)]
)
def test_the_sample_is_as_large_as_the_formula_says(people: int, margin: int, size: int) -> None:
    assert sample_size(people, margin) == size


def test_the_rate_is_of_those_who_were_reached_and_comes_with_its_interval() -> None:
    rate = confirmation({"confirmed": 18, "denied": 2, "no_answer": 7, "refused": 3})

    assert (rate.reached, rate.percent) == (20, 90.0)
    assert rate.interval is not None
    assert (round(rate.interval.low, 3), round(rate.interval.high, 3)) == (0.699, 0.972)
    assert confirmation({"no_answer": 4}).interval is None


# The calls


@pytest.fixture
def check(closed: Any) -> PhoneCheck:
    """Four of the ten who completed, each with reserves behind."""
    return draw_sample(
        title="抽查",
        stratum=Stratum.SESSION,
        margin_percent=None,
        size=3,
        seed="88",
        actor=closed.actor(REVIEWER),
    )


def waiting(check: PhoneCheck) -> list[PhoneCheckLine]:
    return list(check.lines.filter(called_up_at__isnull=False, result="").order_by("stratum", "rank"))


def test_only_who_completed_and_may_be_rung_is_drawn_and_the_draw_is_on_record(
    closed: Any, check: PhoneCheck
) -> None:
    assert len(check.frame) == 10
    assert frame_hash([(pk, name) for pk, name in check.frame]) == check.frame_hash
    again = [(line.enrolment, line.stratum, line.rank, line.reserve) for line in draw_again(check)]
    assert again == list(
        check.lines.order_by("stratum", "rank").values_list("enrolment", "stratum", "rank", "reserve")
    )
    said = AuditEvent.objects.get(verb="phone_check.drawn").details
    assert said == {"seed": "88", "frame": check.frame_hash, "size": 3}


def test_who_wants_no_calls_is_not_drawn(closed: Any) -> None:
    Trainee.objects.filter(enrolments__training_session=closed.session, enrolments__number__lte=5).update(
        do_not_contact=True
    )

    check = draw_sample(
        title="x", stratum=Stratum.CLASS_TYPE, margin_percent=10, actor=closed.actor(REVIEWER)
    )

    assert len(check.frame) == 5


def test_a_line_of_the_list_that_was_exchanged_shows_when_it_is_drawn_again(
    closed: Any, check: PhoneCheck, browse: Any
) -> None:
    address = reverse("phone-check", args=[check.pk])
    assert "人和次序都一样" in browse(REVIEWER).get(address).content.decode()
    drawn = set(check.lines.values_list("enrolment", flat=True))
    stranger = next(pk for pk, _stratum in check.frame if pk not in drawn)

    check.lines.filter(rank=1).update(enrolment=stranger)

    assert "重抽的结果和名单不一样" in browse(REVIEWER).get(address).content.decode()


@pytest.mark.parametrize("result", ["no_such_number", "wrong_person", "refused"])
def test_who_can_not_be_reached_is_replaced_by_the_next_reserve_in_the_drawn_order(
    closed: Any, check: PhoneCheck, result: str
) -> None:
    first, *others = waiting(check)

    log_call(first.pk, result=result, actor=closed.actor(REVIEWER))

    assert [line.rank for line in waiting(check)] == [*(line.rank for line in others), 4]
    assert check.lines.get(rank=4).replaces == first


def test_nobody_answers_three_times_before_a_reserve_takes_the_place(closed: Any, check: PhoneCheck) -> None:
    first = waiting(check)[0]
    for tries in range(1, MAX_TRIES + 1):
        assert (first.pk in {line.pk for line in waiting(check)}, len(waiting(check))) == (True, 3)
        log_call(first.pk, result=CallResult.NO_ANSWER, actor=closed.actor(REVIEWER))
        first.refresh_from_db()
        assert first.tries == tries

    assert (first.result, [line.rank for line in waiting(check)]) == ("no_answer", [2, 3, 4])


def test_a_reserve_is_not_rung_before_its_turn(closed: Any, check: PhoneCheck) -> None:
    with pytest.raises(InvalidTransitionError, match="次序递补"):
        log_call(check.lines.get(rank=5).pk, result="confirmed", actor=closed.actor(REVIEWER))


def test_a_denial_needs_its_words_marks_the_session_and_is_told_to_the_head(
    closed: Any, check: PhoneCheck, browse: Any
) -> None:
    first, reviewer = waiting(check)[0], closed.actor(REVIEWER)
    with pytest.raises(InvalidInputError):
        log_call(first.pk, result=CallResult.DENIED, actor=reviewer)
    before = {risk.code for risk in risks_of([closed.session.pk])[closed.session.pk]}

    log_call(first.pk, result=CallResult.DENIED, note="说那天在外地打工", actor=reviewer)

    risks = {risk.code: risk for risk in risks_of([closed.session.pk])[closed.session.pk]}
    assert "denied" not in before
    assert (risks["denied"].count, risks["denied"].message) == (1, "电话核实时 1 人否认参训")
    told = Notification.objects.filter(kind="attendance.denied")
    assert [row.membership.role for row in told] == [CHIEF]
    page = browse(REVIEWER).get(reverse("bureau-session", args=[closed.session.pk])).content.decode()
    assert "电话核实时 1 人否认参训，请调查。" in page


def test_the_list_is_masked_and_the_number_is_seen_only_with_the_look_on_record(
    closed: Any, check: PhoneCheck, browse: Any
) -> None:
    line = waiting(check)[0]
    person = line.enrolment.trainee
    pages = [reverse("phone-check", args=[check.pk]), reverse("phone-check-line", args=[line.pk])]
    for address in pages:
        page = browse(REVIEWER).get(address).content.decode()
        assert person.phone not in page
        assert person.name not in page
    assert not Look.objects.filter(kind="phone").exists()

    shown = browse(REVIEWER).post(reverse("phone-check-number", args=[line.pk])).content.decode()

    assert person.phone in shown
    look = Look.objects.get(kind="phone")
    assert (look.trainee, look.reason) == (person, "抽查")
    assert AuditEvent.objects.filter(verb="phone.revealed").count() == 1


def test_a_check_ends_when_everybody_has_a_result_and_then_nobody_is_rung(
    closed: Any, check: PhoneCheck
) -> None:
    reviewer = closed.actor(REVIEWER)
    with pytest.raises(InvalidTransitionError, match="3 人没有结果"):
        close_check(check.pk, actor=reviewer)
    first, *_others = lines = waiting(check)
    for line in lines:
        log_call(line.pk, result=CallResult.CONFIRMED, actor=reviewer)

    assert close_check(check.pk, actor=reviewer).status == "closed"
    for act in (
        lambda: log_call(first.pk, result="confirmed", actor=reviewer),
        lambda: show_number(first.pk, actor=reviewer),
    ):
        with pytest.raises(InvalidTransitionError):
            act()


def test_the_institution_never_learns_whom_the_bureau_rings(
    closed: Any, check: PhoneCheck, browse: Any
) -> None:
    head = closed.actor(Role.INSTITUTION_HEAD)
    assert not PhoneCheck.objects.visible_to(head).exists()
    assert not PhoneCheckLine.objects.visible_to(head).exists()
    with pytest.raises(NotFoundError):
        show_number(waiting(check)[0].pk, actor=head)
    with pytest.raises(ForbiddenError):
        show_number(waiting(check)[0].pk, actor=closed.actor(Role.AUDITOR))
    assert browse(Role.INSTITUTION_HEAD).get(reverse("phone-check", args=[check.pk])).status_code == 404


def test_the_record_says_how_it_was_drawn_and_what_came_of_it(
    closed: Any, check: PhoneCheck, browse: Any, tmp_path: Any, pdf_text: Any
) -> None:
    log_call(waiting(check)[0].pk, result=CallResult.CONFIRMED, actor=closed.actor(REVIEWER))
    said = {}
    for name in ("print-call-sheet", "print-call-record"):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(browse(REVIEWER).get(reverse(name, args=[check.pk])).content)
        said[name] = "".join(pdf_text(file).split())

    assert check.frame_hash in said["print-call-record"]
    assert "100.0%（1/1）" in said["print-call-record"]
    assert "20.7%–100.0%" in said["print-call-record"]
    assert "怎样问" in said["print-call-sheet"]
    for person in Trainee.objects.all():
        assert person.phone not in said["print-call-sheet"] + said["print-call-record"]


def test_what_it_takes_to_draw_again_leaves_as_a_file_without_a_name(
    closed: Any, check: PhoneCheck, browse: Any
) -> None:
    response = browse(REVIEWER).get(reverse("phone-check-proof", args=[check.pk]))
    said = response.json()

    again = draw([tuple(entry) for entry in said["frame"]], size=said["size"], seed=said["seed"])
    assert [[it.enrolment, it.stratum, it.rank, it.reserve] for it in again] == said["drawn"]
    assert not [person.name for person in Trainee.objects.all() if person.name in response.content.decode()]


def test_strata_weigh_as_much_as_they_are_of_the_frame() -> None:
    large = StratumResult("甲", 900, 10, Confirmation(10, 0))
    small = StratumResult("乙", 100, 10, Confirmation(5, 5))

    assert weighted_percent([large, small]) == 95.0
    assert confirmation({"confirmed": 15, "denied": 5}).percent == 75.0
    assert weighted_percent([large, StratumResult("丙", 100, 3, Confirmation(0, 0))]) is None
