"""A fair from its plan to the day it counts: who may do what when, and what is missing."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.training.fairs.scenes import (
    CLERK,
    FAIR_DAY,
    HEAD,
    OFFICER,
    ORCHARD,
    hire,
    hold,
    o_clock,
    offer,
    place,
    plan,
)
from training.accounts.choices import Role
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
)
from training.core.files import read
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.fairs import people, services
from training.fairs.choices import FairStatus
from training.fairs.models import FairStep, JobFair, PlacementCheck
from training.fairs.queries import confirmed_fairs, fair_attendances, reached
from training.notifications.queries import inbox

REVIEWER, BUREAU_HEAD = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD


def test_fairs_are_numbered_and_belong_to_whoever_plans_them(closed: Any, clock: Any) -> None:
    ours, countys = plan(closed), plan(closed, role=REVIEWER)

    assert [fair.code for fair in (ours, countys)] == ["SC-2020-DJ-01", "SC-2020-DJ-02"]
    assert (ours.institution, countys.institution) == (closed.institution, None)
    with pytest.raises(NotFoundError):
        services.report_fair(countys.pk, actor=closed.actor(HEAD))


def test_a_fair_is_reported_before_its_day_with_posts_and_by_the_head(closed: Any, clock: Any) -> None:
    fair = plan(closed)
    with pytest.raises(InvalidInputError, match="还没有用人单位"):
        services.report_fair(fair.pk, actor=closed.actor(HEAD))
    offer(fair, closed)
    with pytest.raises(ForbiddenError):
        services.report_fair(fair.pk, actor=closed.actor(CLERK))
    clock.set(o_clock(9, days=1))
    with pytest.raises(InvalidInputError, match="日期已经过去"):
        services.report_fair(fair.pk, actor=closed.actor(HEAD))
    assert JobFair.objects.get().status == FairStatus.PLANNED

    clock.set(o_clock(7))
    services.report_fair(fair.pk, actor=closed.actor(HEAD))

    assert list(FairStep.objects.values_list("start", "target", "by")) == [
        ("", "planned", str(closed.user(CLERK))),
        ("planned", "reported", str(closed.user(HEAD))),
    ]


def test_a_fair_that_ends_before_it_starts_is_refused(closed: Any) -> None:
    with pytest.raises(InvalidInputError, match="结束时间要晚于开始时间"):
        plan(closed, ends=time(8))
    assert not JobFair.objects.exists()


def test_results_need_somebody_from_both_sides(fair: Any, closed: Any) -> None:
    actor = closed.actor(CLERK)
    services.hold_fair(fair.pk, actor=actor)

    with pytest.raises(InvalidInputError, match=r"没有一家用人单位.*没有学员签到"):
        services.register_results(fair.pk, visitors=0, summary="", actor=actor)

    assert JobFair.objects.get().status == FairStatus.HELD


def test_only_what_the_bureau_confirmed_counts_and_in_both_readings(
    fair: Any, closed: Any, clock: Any
) -> None:
    bureau = closed.actor(REVIEWER)
    hold(fair, closed, clock, 1, 2)
    assert reached(closed.programme, bureau) == (nothing := reached(closed.programme, bureau))
    assert (nothing.fairs, nothing.attendances, nothing.people) == (0, 0, 0)

    services.count_fair(fair.pk, actor=bureau)
    again = plan(closed, on=FAIR_DAY + timedelta(days=7))
    offer(again, closed)
    people.invite(again.pk, [place(closed, number).pk for number in (1, 4)], actor=closed.actor(CLERK))
    services.report_fair(again.pk, actor=closed.actor(HEAD))
    second_fair(again, closed, clock)
    services.count_fair(again.pk, actor=bureau)

    counted = reached(closed.programme, bureau)
    assert (counted.fairs, counted.attendances, counted.people) == (2, 4, 3)
    assert confirmed_fairs(closed.programme, bureau).count() == 2
    assert fair_attendances(closed.programme, bureau).values("trainee").distinct().count() == 3
    assert reached(closed.programme, closed.actor(CLERK)) == counted


def second_fair(again: JobFair, county: Any, clock: Any) -> None:
    """A week later; numbers 1 and 4 are on the paper list."""
    clock.set(o_clock(9, days=7))
    numbers = [place(county, number).trainee.id_number for number in (1, 4)]
    actor = county.actor(CLERK)
    people.register_paper_list(again.pk, numbers="\n".join(numbers), sheet=paper("签到表"), actor=actor)
    services.sign_in_employer(again.employers.first().pk, actor=actor)
    services.hold_fair(again.pk, actor=actor)
    services.register_results(again.pk, visitors=0, summary="", actor=actor)


def test_whoever_registered_the_results_does_not_confirm_them(closed: Any, clock: Any) -> None:
    clock.set(o_clock(7))
    fair = plan(closed, role=REVIEWER)
    offer_by(fair, closed, REVIEWER)
    services.report_fair(fair.pk, actor=closed.actor(REVIEWER))
    clock.set(o_clock(10))
    actor = closed.actor(REVIEWER)
    numbers = place(closed, 1).trainee.id_number
    people.register_paper_list(fair.pk, numbers=numbers, sheet=paper("签到表"), actor=actor)
    services.sign_in_employer(fair.employers.first().pk, actor=actor)
    services.hold_fair(fair.pk, actor=actor)
    services.register_results(fair.pk, visitors=0, summary="", actor=actor)

    with pytest.raises(ForbiddenError, match="另一位同事"):
        services.count_fair(fair.pk, actor=actor)
    with pytest.raises(ForbiddenError):
        services.count_fair(fair.pk, actor=closed.actor(OFFICER))
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFair.objects.filter(pk=fair.pk).update(confirmed_by=actor.person_id)
    assert JobFair.objects.get().status == FairStatus.REGISTERED

    assert services.count_fair(fair.pk, actor=closed.actor(BUREAU_HEAD)).status == FairStatus.COUNTED


def offer_by(fair: JobFair, county: Any, role: Role) -> None:
    employer = services.add_employer(fair.pk, **ORCHARD, actor=county.actor(role))
    terms = {"openings": 1, "wage_from_fen": 1, "wage_to_fen": 1, "place": "x"}
    services.add_post(employer.pk, title="客服", **terms, actor=county.actor(role))


def test_the_bureau_sends_results_back_and_they_are_registered_again(
    fair: Any, closed: Any, clock: Any
) -> None:
    hold(fair, closed, clock)
    with pytest.raises(InvalidInputError):
        services.send_back(fair.pk, reason=" ", actor=closed.actor(REVIEWER))

    services.send_back(fair.pk, reason="签到表看不清", actor=closed.actor(REVIEWER))

    fair.refresh_from_db()
    assert (fair.status, fair.registered_by) == (FairStatus.HELD, None)
    assert fair.steps.last().reason == "签到表看不清"
    services.register_results(fair.pk, visitors=1, summary="", actor=closed.actor(CLERK))


def test_a_fair_with_hired_people_counts_only_after_ninety_days(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock, 1)
    hire(fair.attendances.get(), closed)
    with pytest.raises(InvalidInputError, match="还有 1 人没有 90 天复核"):
        services.count_fair(fair.pk, actor=closed.actor(REVIEWER))

    clock.set(o_clock(9, days=91))
    for check in PlacementCheck.objects.all():
        people.check_placement(check.pk, found="still", actor=closed.actor(OFFICER))
    services.count_fair(fair.pk, actor=closed.actor(REVIEWER))

    assert JobFair.objects.get().status == FairStatus.COUNTED


def test_a_cancelled_fair_says_why_and_takes_nothing_more(fair: Any, closed: Any) -> None:
    with pytest.raises(InvalidInputError):
        services.cancel_fair(fair.pk, reason="", actor=closed.actor(HEAD))
    services.cancel_fair(fair.pk, reason="场地停电", actor=closed.actor(HEAD))

    with pytest.raises(InvalidTransitionError):
        services.add_employer(fair.pk, **ORCHARD, actor=closed.actor(CLERK))
    assert FairStep.objects.last().reason == "场地停电"


def test_an_employer_is_there_once_with_a_right_code(closed: Any) -> None:
    fair, actor = plan(closed), closed.actor(CLERK)
    services.add_employer(fair.pk, **ORCHARD, actor=actor)

    for changes, why in (({}, "已经登记过"), ({"uscc": "91360735MA35NXTP4X"}, "校验位不对")):
        with pytest.raises(InvalidInputError, match=why):
            services.add_employer(fair.pk, **ORCHARD | changes, actor=actor)

    assert fair.employers.count() == 1


def test_an_employer_that_came_stays(fair: Any, closed: Any) -> None:
    actor, employer = closed.actor(CLERK), fair.employers.first()
    services.sign_in_employer(employer.pk, actor=actor)
    first = fair.employers.first().signed_in_at
    services.sign_in_employer(employer.pk, actor=actor)

    assert fair.employers.first().signed_in_at == first
    with pytest.raises(InvalidInputError):
        services.remove_employer(employer.pk, actor=actor)
    services.remove_employer(fair.employers.last().pk, actor=actor)
    assert fair.employers.count() == 1


def test_lists_of_people_are_kept_encrypted_and_photos_are_not(fair: Any, closed: Any) -> None:
    for kind, sensitive in (("sign_in", True), ("result", True), ("notice", False)):
        kept = services.add_paper(fair.pk, kind=kind, file=paper(kind), actor=closed.actor(CLERK))
        assert (kept.file.sensitive, read(kept.file)) == (sensitive, paper(kind)[1])


def test_every_step_is_on_the_audit_trail(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock)
    services.count_fair(fair.pk, actor=closed.actor(REVIEWER))

    verbs = (
        AuditEvent.objects.filter(subject_type="fairs.JobFair").order_by("pk").values_list("verb", flat=True)
    )
    assert [verb for verb in verbs if verb != "fair.stations_set"] == [
        "fair.planned",
        "fair.invited",
        "fair.reported",
        "fair.held",
        "fair.registered",
        "fair.counted",
    ]


def test_whose_turn_it_is_is_told(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock)
    services.send_back(fair.pk, reason="签到表看不清", actor=closed.actor(REVIEWER))

    def told(role: Role) -> list[str]:
        return [row.sentence for row in inbox(closed.actor(role)) if row.about_type == "fairs.JobFair"]

    assert told(Role.TOWNSHIP) == [f"用工对接会已报备：{fair}"]
    assert told(BUREAU_HEAD) == [
        f"用工对接会已登记结果，等另一个人确认计入：{fair}",
        f"用工对接会已报备：{fair}",
    ]
    assert told(HEAD) == [f"商务局退回了对接会的结果，请重新登记：{fair}"]
