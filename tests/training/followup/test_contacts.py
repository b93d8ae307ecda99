"""A plan from its opening to its end: what was said, what was given, who is lost, what people say of themselves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    TrainingError,
)
from training.core.models import AuditEvent
from training.dossiers.risks import risks_of
from training.followup.models import Contact, FollowUp, Referral
from training.followup.queries import open_follow_ups
from training.followup.services import (
    close_referral,
    follow_changed_completion,
    log_contact,
    take_answer,
    view_phone,
)
from training.people.services import stop_contact

OFFICER = Role.FOLLOW_UP


def stage_of(county: Any, number: int = 1, day: int = 30) -> FollowUp:
    return FollowUp.objects.get(enrolment__training_session=county.session, enrolment__number=number, day=day)


def log(county: Any, stage: FollowUp | None = None, result: str = "reached", **said: Any) -> Contact:
    stage = stage or stage_of(county)
    details = {"method": "phone", "result": result, "actor": county.actor(OFFICER)}
    return log_contact(stage.pk, **details | said)


def state() -> list[Any]:
    models = (FollowUp, Contact, Referral, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def refused(county: Any, **said: Any) -> str:
    """The words of the refusal; nothing has changed."""
    before = state()
    with pytest.raises(TrainingError) as refusal:
        log(county, **said)
    assert state() == before
    return str(refusal.value)


def test_a_plan_opens_by_the_programmes_days_and_knows_where_it_belongs(closed: Any) -> None:
    stages = FollowUp.objects.filter(enrolment__number=1)

    closing = product_clock.today()
    assert [(row.day, row.due_on, row.next_on, row.status) for row in stages] == [
        (day, closing + timedelta(day), closing + timedelta(day), "waiting") for day in (30, 90, 180)
    ]
    assert {(row.trainee, row.programme, row.institution) for row in stages} == {
        (stages[0].enrolment.trainee, closed.programme, closed.institution)
    }


def test_a_stage_goes_from_waiting_to_its_end(closed: Any) -> None:
    stage = stage_of(closed)

    log(closed, stage, "no_answer")
    stage.refresh_from_db()
    assert (stage.status, stage.last_result, stage.next_on) == ("waiting", "no_answer", stage.due_on)

    agreed = product_clock.today() + timedelta(7)
    log(closed, stage, "reached", next_on=agreed)
    stage.refresh_from_db()
    assert (stage.status, stage.next_on, bool(stage.done_at)) == ("contacted", agreed, True)

    given = log(closed, stage, "reached", method="visit", guidance=["shop", "loan"], next_on=agreed)
    stage.refresh_from_db()
    assert (stage.status, stage.served) == ("serving", True)
    assert given.get_guidance_display() == "开店指导、贷款对接"

    log(closed, stage, "reached", conclusion="started_up")
    stage.refresh_from_db()
    assert (stage.status, stage.conclusion, stage.next_on) == ("ended", "started_up", None)
    assert "已经结束" in refused(closed, stage=stage)


def test_a_conclusion_with_another_day_agreed_is_not_the_end(closed: Any) -> None:
    stage = stage_of(closed)
    log(closed, stage, conclusion="farming", next_on=product_clock.today() + timedelta(9))

    stage.refresh_from_db()
    assert stage.status == "concluded"
    log(closed, stage)
    stage.refresh_from_db()
    assert stage.status == "ended"


def test_a_try_in_vain_leaves_the_agreed_day_as_it_was(closed: Any) -> None:
    stage, agreed = stage_of(closed), product_clock.today() + timedelta(2)
    log(closed, stage, guidance=["shop"], next_on=agreed)
    log(closed, stage, "no_answer")

    stage.refresh_from_db()
    assert (stage.status, stage.next_on) == ("serving", agreed)


def test_a_referral_is_asked_after_and_its_answer_ends_the_stage(closed: Any) -> None:
    stage = stage_of(closed)
    contact = log(closed, stage, conclusion="started_up", referred_to="县邮储银行", referred_for="loan")
    stage.refresh_from_db()
    assert stage.status == "concluded"

    referral = contact.referrals.get()
    close_referral(referral.pk, helped=True, answer="贷到五万", actor=closed.actor(OFFICER))

    stage.refresh_from_db()
    referral.refresh_from_db()
    assert (stage.status, referral.status, referral.answer) == ("ended", "helped", "贷到五万")
    with pytest.raises(InvalidTransitionError):
        close_referral(referral.pk, helped=False, answer="", actor=closed.actor(OFFICER))


def test_lost_only_after_three_tries_on_three_days(closed: Any, clock: Any) -> None:
    stage = stage_of(closed)
    assert "还差 2 天" in refused(closed, stage=stage, result="no_answer", conclusion="lost")

    log(closed, stage, "no_answer")
    log(closed, stage, "switched_off")  # the same day
    assert "还差 2 天" in refused(closed, stage=stage, result="no_answer", conclusion="lost")
    clock.advance(days=1)
    log(closed, stage, "not_home", method="visit")
    assert "还差 1 天" in refused(
        closed, stage=stage, result="no_answer", conclusion="lost", on=clock_day(-1)
    )
    clock.advance(days=1)
    log(closed, stage, "wrong_number", conclusion="lost")

    stage.refresh_from_db()
    assert (stage.status, stage.conclusion, stage.done_at, stage.next_on) == ("ended", "lost", None, None)


def clock_day(days: int) -> date:
    return product_clock.today() + timedelta(days)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"result": "reached", "conclusion": "lost"}, "已经联系到人"),
        ({"result": "no_answer", "conclusion": "employed"}, "还没有联系到人"),
        ({"on": date(2031, 1, 1)}, "不能晚于今天"),
        ({"on": date(2021, 5, 1)}, "不能早于结课"),
        ({"next_on": date(2021, 5, 1)}, "已经过去"),
        ({"referred_to": "县邮储银行"}, "两样都填"),
        ({"referred_for": "loan"}, "两样都填"),
    ],
)
def test_what_contradicts_itself_is_refused(closed: Any, said: dict[str, Any], word: str) -> None:
    assert word in refused(closed, **said)


def test_the_same_contact_sent_twice_is_one(closed: Any) -> None:
    key = uuid4()
    first = log(closed, note="想开网店", guidance=["shop"], key=key)
    before = state()

    assert log(closed, note="想开网店", guidance=["shop"], key=key) == first
    assert state() == before
    assert "内容与现在填的不同" in refused(closed, note="另一回事", key=key)


def test_a_stage_that_ended_still_knows_the_contact_that_ended_it(closed: Any) -> None:
    """The line broke before the answer came: the phone sends it again."""
    key = uuid4()
    first = log(closed, conclusion="employed", key=key)

    assert log(closed, conclusion="employed", key=key) == first


def test_an_earlier_day_does_not_become_the_last_result(closed: Any, clock: Any) -> None:
    clock.advance(days=3)
    stage = stage_of(closed)
    log(closed, stage, "no_answer")
    log(closed, stage, "wrong_number", on=clock_day(-2))

    stage.refresh_from_db()
    assert stage.last_result == "no_answer"
    assert [contact.result for contact in stage.contacts.all()] == ["no_answer", "wrong_number"]


def test_who_wants_no_contact_is_on_no_list_and_can_not_be_written_to(closed: Any) -> None:
    stage = stage_of(closed)
    owed = open_follow_ups(closed.actor(OFFICER)).count()
    stop_contact(stage.trainee_id, reason="不要再打", actor=closed.actor(OFFICER))

    assert open_follow_ups(closed.actor(OFFICER)).count() == owed - 3
    assert "本人要求不再联系" in refused(closed, stage=stage)
    with pytest.raises(InvalidTransitionError):
        view_phone(stage.enrolment_id, actor=closed.actor(OFFICER))


def test_a_denial_is_a_doubt_about_the_session_at_the_bureau(closed: Any) -> None:
    assert "denied_follow_up" not in {risk.code for risk in risks_of([closed.session.pk])[closed.session.pk]}

    log(closed, result="denied")
    log(closed, stage_of(closed, day=90), result="denied")  # the same person again
    log(closed, stage_of(closed, number=2), result="denied")

    found = {risk.code: risk for risk in risks_of([closed.session.pk])[closed.session.pk]}
    assert found["denied_follow_up"].message == "2 人在回访中否认参训"
    assert found["denied_follow_up"].weight > 0


def test_who_no_longer_completed_is_owed_nothing_and_again_when_they_did(closed: Any) -> None:
    enrolment = stage_of(closed).enrolment
    log(closed, result="no_answer")
    days = closed.session.rule_set.rules.follow_up.days

    enrolment.enter("incomplete")
    follow_changed_completion(enrolment, days=days, at=closed.session.closed_at)
    assert list(enrolment.follow_ups.values_list("day", "next_on")) == [(30, None)]

    enrolment.enter("completed")
    follow_changed_completion(enrolment, days=days, at=closed.session.closed_at)
    assert all(stage.next_on == stage.due_on for stage in enrolment.follow_ups.all())
    assert enrolment.follow_ups.count() == 3


def test_others_do_nothing_here(closed: Any, other_county: Any) -> None:
    before = state()
    for role in (Role.INSTITUTION_HEAD, Role.BUREAU_HEAD, Role.AUDITOR):
        with pytest.raises(ForbiddenError):
            log(closed, actor=closed.actor(role))
    with pytest.raises(NotFoundError):
        log(closed, actor=other_county.actor(OFFICER))
    assert state()[:3] == before[:3]


# What trainees say of themselves


def answer(county: Any, days: int = 0, **said: Any) -> Contact:
    at = county.session.closed_at + timedelta(days)
    return take_answer(
        stage_of(county).enrolment, **{"situation": "", "wants": [], "note": "", "at": at} | said
    )


def test_a_trainees_own_answer_settles_what_is_due_and_nothing_else(closed: Any) -> None:
    contact = answer(closed, days=91, situation="employed", note="在工业园上班")

    assert (contact.method, contact.made_by, contact.conclusion) == ("self", None, "employed")
    stages = FollowUp.objects.filter(enrolment__number=1).values_list("day", "status", "conclusion")
    assert list(stages) == [(30, "ended", "employed"), (90, "ended", "employed"), (180, "waiting", "")]


def test_who_wants_something_is_on_the_work_list_the_same_day(closed: Any) -> None:
    contact = answer(closed, days=30, situation="started_up", wants=["loan", "design"])

    stage = stage_of(closed)
    assert contact.get_wants_display() == "贷款对接、美工"
    assert (stage.status, stage.next_on) == ("concluded", stage.due_on)


def test_an_answer_before_anything_is_due_leaves_the_stage_owed(closed: Any) -> None:
    answer(closed, days=2, situation="employed")

    stage = stage_of(closed)
    assert (stage.status, stage.done_at, stage.contacts.count()) == ("waiting", None, 1)


@pytest.mark.parametrize("said", [{"situation": "lost"}, {"situation": "?"}, {"wants": ["gold"]}])
def test_other_words_are_refused(closed: Any, said: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        answer(closed, **said)
    assert Contact.objects.count() == 0


def test_who_is_not_followed_up_has_nothing_to_answer(closed: Any) -> None:
    absent = closed.session.enrolments.get(number=11)
    with pytest.raises(InvalidInputError):
        take_answer(absent, situation="", wants=[], note="", at=closed.session.closed_at)
