"""What people ask of those who hold their data: due, checked, answered, and what stays."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from training.people.choices import (
    OPEN_REQUESTS,
    RIGHTS_TRANSITIONS,
    ConsentPurpose,
    Education,
    IdentityCheck,
    RightsChannel,
    RightsKind,
    RightsStatus,
)
from training.people.models import Consent, RightsRequest, Trainee
from training.people.queries import found, open_requests, overdue_requests, standing_answers
from training.people.rules import Person, answer_due_on, deletion_verdicts
from training.people.services import (
    add_group,
    answer_request,
    check_identity,
    correct_particulars,
    delete_particulars,
    know_trainees,
    receive_request,
    record_consent,
    refuse_request,
    restrict_use,
    take_back_request,
    withdraw_consent,
)

TODAY = date(2021, 5, 18)


def receive(trainee: Any, kind: RightsKind, actor: Any, received_on: date = TODAY) -> RightsRequest:
    return receive_request(
        trainee.pk,
        kind=kind,
        channel=RightsChannel.IN_PERSON,
        asked="把我的信息给我看看",
        received_on=received_on,
        actor=actor,
    )


def checked(trainee: Any, kind: RightsKind, officer: Any) -> RightsRequest:
    request = receive(trainee, kind, officer)
    return check_identity(request.pk, identity=IdentityCheck.CARD, actor=officer)


@pytest.fixture
def stranger(county: Any, trainee: Any) -> Trainee:
    """Somebody in the pool who is on no roster."""
    trainee.enrolments.all().delete()
    trainee.refresh_from_db()
    return trainee


# Due


@pytest.mark.parametrize(
    ("received_on", "due_on"),
    [
        (date(2021, 5, 18), date(2021, 6, 8)),  # fifteen working days
        (date(2021, 9, 17), date(2021, 10, 14)),  # 中秋, a Saturday worked for it, 国庆
        (date(2021, 2, 10), date(2021, 3, 9)),  # 春节
    ],
)
def test_the_day_of_the_answer_counts_working_days(received_on: date, due_on: date) -> None:
    assert answer_due_on(received_on, 15) == due_on


@given(st.dates(date(2021, 1, 1), date(2024, 12, 1)))
def test_an_answer_is_due_within_the_thirty_days_of_the_standard_but_for_long_holidays(day: date) -> None:
    due = answer_due_on(day, 15)

    assert timedelta(days=17) <= due - day <= timedelta(days=32)
    assert answer_due_on(day + timedelta(days=1), 15) >= due


def test_what_is_late_shows_as_overdue(trainee: Any, officer: Any, county: Any, clock: Any) -> None:
    request = receive(trainee, RightsKind.COPY, officer)
    head = county.actor(Role.BUREAU_HEAD)
    clock.advance(days=21)
    assert not overdue_requests(head).exists()

    clock.advance(days=1)
    assert list(overdue_requests(head)) == [request]
    request.refresh_from_db()
    assert request.is_overdue


def test_nothing_is_received_tomorrow(trainee: Any, officer: Any) -> None:
    with pytest.raises(InvalidInputError):
        receive(trainee, RightsKind.COPY, officer, TODAY + timedelta(days=1))


# Who


def test_whoever_meets_the_person_may_write_it_down_and_only_the_officer_handles_it(
    county: Any, trainee: Any
) -> None:
    for role in (Role.TOWNSHIP, Role.FOLLOW_UP, Role.BUREAU_REVIEWER):
        request = receive(trainee, RightsKind.COPY, county.actor(role))
        with pytest.raises(ForbiddenError):
            check_identity(request.pk, identity=IdentityCheck.CARD, actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        receive(trainee, RightsKind.COPY, county.actor(Role.INSTITUTION_CLERK))


def test_another_county_s_officer_finds_neither_person_nor_request(
    trainee: Any, officer: Any, other_county: Any
) -> None:
    request = receive(trainee, RightsKind.COPY, officer)
    theirs = other_county.actor(Role.PRIVACY_OFFICER)

    with pytest.raises(NotFoundError):
        receive(trainee, RightsKind.COPY, theirs)
    with pytest.raises(NotFoundError):
        check_identity(request.pk, identity=IdentityCheck.CARD, actor=theirs)


def test_nothing_is_done_before_it_is_clear_who_asks(trainee: Any, officer: Any) -> None:
    request = receive(trainee, RightsKind.DELETE, officer)

    with pytest.raises(InvalidTransitionError):
        delete_particulars(request.pk, answer="已删除", actor=officer)

    trainee.refresh_from_db()
    assert trainee.phone


def test_a_request_is_answered_by_what_it_asks_for(trainee: Any, officer: Any) -> None:
    request = checked(trainee, RightsKind.COPY, officer)

    with pytest.raises(InvalidTransitionError):
        delete_particulars(request.pk, answer="已删除", actor=officer)
    with pytest.raises(InvalidInputError):
        answer_request(request.pk, answer="  ", actor=officer)
    assert answer_request(request.pk, answer="副本已当面交付", actor=officer).status == "answered"


# Correct


def test_a_correction_keeps_before_and_after_and_the_person_is_found_by_the_new_name(
    trainee: Any, officer: Any
) -> None:
    request = checked(trainee, RightsKind.CORRECT, officer)
    before = trainee.name

    done = correct_particulars(
        request.pk,
        name="曾晓明",
        phone="13907970009",
        township=trainee.township,
        village=trainee.village,
        answer="按身份证改好",
        actor=officer,
    )

    trainee.refresh_from_db()
    assert (trainee.name, trainee.phone) == ("曾晓明", "13907970009")
    assert f'"{before}", "曾晓明"' in done.changes
    assert trainee in found(Trainee.objects.all(), "zxm")
    said = AuditEvent.objects.latest("pk")
    assert said.details == {"kind": "correct", "fields": ["name", "phone"]}


def test_a_changed_phone_has_to_be_verified_again(trainee: Any, officer: Any) -> None:
    trainee.phone_verified_at = product_clock.now()
    trainee.save()
    request = checked(trainee, RightsKind.CORRECT, officer)

    correct_particulars(
        request.pk,
        name=trainee.name,
        phone="13907970009",
        township="琴江镇",
        village="",
        answer="好",
        actor=officer,
    )

    trainee.refresh_from_db()
    assert trainee.phone_verified_at is None


def test_schooling_and_employer_are_put_right_and_what_is_not_said_stays(trainee: Any, officer: Any) -> None:
    request = checked(trainee, RightsKind.CORRECT, officer)
    before = (trainee.name, trainee.phone, trainee.township)

    done = correct_particulars(
        request.pk,
        education=Education.COLLEGE,
        employer="大畲村电商服务站",
        employer_uscc="91350100M000100Y43",
        answer="按毕业证和营业执照改好",
        actor=officer,
    )

    trainee.refresh_from_db()
    assert (trainee.education, trainee.employer) == ("college", "大畲村电商服务站")
    assert trainee.employer_uscc == "91350100M000100Y43"
    assert (trainee.name, trainee.phone, trainee.township) == before
    assert sorted(json.loads(done.changes)) == ["education", "employer", "employer_uscc"]


@pytest.mark.parametrize(
    "said",
    [
        {"name": "=1+1"},
        {"name": "曾晓明", "phone": "123"},
        {"name": ""},
        {"employer": "大畲村电商服务站", "employer_uscc": "91350100M000100Y44"},
        {},
    ],
)
def test_a_correction_that_is_wrong_itself_changes_nothing(
    trainee: Any, officer: Any, said: dict[str, str]
) -> None:
    request = checked(trainee, RightsKind.CORRECT, officer)

    with pytest.raises(InvalidInputError):
        correct_particulars(request.pk, answer="好", actor=officer, **said)

    request.refresh_from_db()
    assert request.status == RightsStatus.CHECKED


# Delete


def test_of_somebody_on_a_roster_the_archive_stays_and_the_rest_goes(trainee: Any, officer: Any) -> None:
    number, name = trainee.id_number, trainee.name
    record_consent(trainee, given=True, purpose=ConsentPurpose.IMAGE, actor=officer)
    request = checked(trainee, RightsKind.DELETE, officer)

    done = delete_particulars(request.pk, answer="按清单办理", actor=officer)

    trainee.refresh_from_db()
    assert (trainee.phone, trainee.do_not_contact, trainee.erased_at) == ("", True, None)
    assert trainee.restricted_at is not None
    assert (trainee.name, trainee.id_number) == (name, number)
    assert not trainee.groups.exists()
    assert standing_answers(trainee) == {}
    assert trainee.enrolments.exists()
    assert {"roster", "attendance", "name"} <= set(done.kept)


def test_of_somebody_on_no_roster_nothing_leads_back(stranger: Trainee, officer: Any) -> None:
    number, name = stranger.id_number, stranger.name
    request = checked(stranger, RightsKind.DELETE, officer)

    done = delete_particulars(request.pk, answer="已删除", actor=officer)

    stranger.refresh_from_db()
    assert stranger.erased_at is not None
    assert (stranger.name, stranger.id_number, stranger.tail_hash) == ("（已删除）", "", "")
    assert stranger not in found(Trainee.objects.all(), name)
    assert stranger not in found(Trainee.objects.all(), number[-4:])
    assert done.kept == ["answers", "trail"]
    with pytest.raises(InvalidTransitionError):
        receive(stranger, RightsKind.COPY, officer)


def test_whoever_was_deleted_and_comes_again_is_a_new_row(stranger: Trainee, officer: Any) -> None:
    person = Person(
        stranger.name, stranger.id_number, stranger.sex, stranger.born_on, stranger.phone, "琴江镇", "大畲村"
    )  # fmt: skip
    delete_particulars(checked(stranger, RightsKind.DELETE, officer).pk, answer="已删除", actor=officer)

    (known,) = know_trainees(stranger.programme, [person])

    assert known.trainee.pk != stranger.pk
    assert known.agrees


@pytest.mark.parametrize("on_record", [True, False])
def test_every_thing_held_either_goes_or_stays(on_record: bool) -> None:
    verdicts = deletion_verdicts(on_record=on_record)

    codes = [verdict.code for verdict in verdicts]
    assert len(codes) == len(set(codes))
    assert ("name", on_record) in {(verdict.code, verdict.stays) for verdict in verdicts}


# Restrict


def test_of_somebody_whose_data_are_only_kept_a_new_roster_takes_nothing_in(
    trainee: Any, officer: Any, township: Any
) -> None:
    restrict_use(checked(trainee, RightsKind.RESTRICT, officer).pk, answer="只保存", actor=officer)
    person = Person(
        trainee.name, trainee.id_number, trainee.sex, trainee.born_on, "13907970009", "小松镇", "丹溪村"
    )  # fmt: skip

    know_trainees(trainee.programme, [person])

    trainee.refresh_from_db()
    assert (trainee.phone == "13907970009", trainee.township) == (False, "琴江镇")
    with pytest.raises(InvalidInputError):
        add_group(
            trainee.pk, code="leader", evidence="list", source="x", as_of=TODAY, valid_from=None,
            valid_until=None, file=None, actor=township,
        )  # fmt: skip


# Any order of steps

STEPS = {
    "check": lambda pk, actor: check_identity(pk, identity=IdentityCheck.CALL_BACK, actor=actor),
    "answer": lambda pk, actor: answer_request(pk, answer="好", actor=actor),
    "delete": lambda pk, actor: delete_particulars(pk, answer="好", actor=actor),
    "restrict": lambda pk, actor: restrict_use(pk, answer="好", actor=actor),
    "refuse": lambda pk, actor: refuse_request(pk, reason="不是本人", actor=actor),
    "take back": lambda pk, actor: take_back_request(pk, reason="不要了", actor=actor),
}
ANSWERS = {"copy": "answer", "explain": "answer", "delete": "delete", "restrict": "restrict"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(ANSWERS)),
    steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6),
)
def test_whatever_is_tried_in_whatever_order_the_request_keeps_to_its_life(
    trainee: Any, officer: Any, kind: str, steps: list[str]
) -> None:
    request = receive(trainee, RightsKind(kind), officer)
    state = request.status
    for step in steps:
        before = state
        try:
            STEPS[step](request.pk, officer)
        except TrainingError:
            worked = False
        else:
            worked = True
        request.refresh_from_db()
        state = request.status
        assert (state != before) == worked
        assert not worked or state in RIGHTS_TRANSITIONS[before]
        assert (state == RightsStatus.ANSWERED) <= (request.identity != "")
        if step in ANSWERS.values() and worked:
            assert before == RightsStatus.CHECKED
            assert step == ANSWERS[kind]
    assert (request in open_requests(officer)) == (state in OPEN_REQUESTS)
    assert (request.answered_at is None) == (state in OPEN_REQUESTS)


ANSWERED = st.tuples(
    st.sampled_from(sorted(ConsentPurpose.values)), st.sampled_from(["yes", "no", "withdraw"])
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANSWERED, max_size=8))
def test_whatever_people_answer_and_take_back_each_purpose_stands_by_itself(
    trainee: Any, officer: Any, said: list[tuple[str, str]]
) -> None:
    Consent.objects.all().delete()
    standing: dict[str, bool] = {}
    for purpose, answer in said:
        if answer == "withdraw":
            withdraw_consent(trainee, purpose=ConsentPurpose(purpose), actor=officer)
            standing.pop(purpose, None)
        else:
            record_consent(trainee, given=answer == "yes", purpose=ConsentPurpose(purpose), actor=officer)
            standing[purpose] = answer == "yes"

    assert {purpose: one.given for purpose, one in standing_answers(trainee).items()} == standing
    assert Consent.objects.filter(trainee=trainee).count() == sum(answer != "withdraw" for _p, answer in said)
    answered = {consent.purpose: consent.text.purpose for consent in Consent.objects.select_related("text")}
    assert all(purpose == text for purpose, text in answered.items())
    trainee.refresh_from_db()
    calls = [answer for purpose, answer in said if purpose == "follow_up"]
    if calls and calls[-1] == "yes":
        assert not trainee.do_not_contact
