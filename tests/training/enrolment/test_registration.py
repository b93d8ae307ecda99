"""From 报名 to 入册: what is kept, who decides, who sees it, and what is never told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.training.enrolment.applicants import (
    CLERK,
    HERE,
    OFFICER,
    PEOPLE,
    REVIEWER,
    apply,
    open_call,
    qualify,
    row_of,
)
from training.accounts.choices import Role
from training.core import clock as now_clock
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.demo.scenery import TOWNSHIP
from training.enrolment.choices import ApplicationStatus, CallStatus, EnrolmentStatus, Source
from training.enrolment.models import Application, RegistrationCall
from training.enrolment.queries import applications, calls, places_left
from training.enrolment.registration import (
    accept,
    apply_for,
    apply_oneself,
    find_own,
    nominate,
    open_registration,
    review,
    set_registration,
    withdraw_application,
    withdraw_own,
)
from training.enrolment.services import withdraw_enrolment
from training.people.services import know_trainees
from training.scheduling.services import submit_session

STATUS = ApplicationStatus


@pytest.fixture
def unrostered(make_county: Callable[..., Any]) -> Any:
    return make_county(people=0)


@pytest.fixture
def opened(unrostered: Any) -> RegistrationCall:
    return open_call(unrostered)


def states(call: RegistrationCall) -> list[str]:
    return list(call.applications.order_by("pk").values_list("status", flat=True))


# The door


def test_opening_again_changes_what_is_said_and_keeps_the_link(unrostered: Any, opened: Any) -> None:
    again = open_call(unrostered, places=3, quotas={TOWNSHIP: 2})

    assert (again.pk, again.token) == (opened.pk, opened.token)
    assert (again.places, again.quotas) == (3, {TOWNSHIP: 2})
    assert len({open_call(unrostered).token for _time in range(3)}) == 1


def test_a_registration_that_ends_before_it_begins_is_refused(unrostered: Any) -> None:
    now = now_clock.now()
    with pytest.raises(InvalidInputError, match="晚于"):
        open_registration(
            unrostered.session.pk, opens_at=now, closes_at=now, places=1, actor=unrostered.actor(CLERK)
        )
    assert RegistrationCall.objects.count() == 0


@pytest.mark.parametrize("role", [REVIEWER, OFFICER, Role.AUDITOR])
def test_only_the_institution_opens(unrostered: Any, opened: Any, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        set_registration(opened.pk, status=CallStatus.CLOSED, actor=unrostered.actor(role))
    opened.refresh_from_db()
    assert opened.status == CallStatus.OPEN


@pytest.mark.parametrize("how", ["paused", "closed", "too early", "too late", "frozen"])
def test_a_closed_door_takes_nobody(county: Any, clock: Any, how: str) -> None:
    call = open_call(county)
    if how in CallStatus.values:
        set_registration(call.pk, status=how, actor=county.actor(CLERK))
    elif how == "too early":
        open_call(county, opens_at=now_clock.now() + timedelta(hours=1))
    elif how == "too late":
        clock.advance(days=10)
    else:
        submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))

    with pytest.raises(InvalidTransitionError):
        apply(call, PEOPLE[0])
    with pytest.raises(InvalidTransitionError):
        nominate(call.pk, person=row_of(HERE[0], call), actor=county.actor(OFFICER))
    assert Application.objects.count() == 0


def test_a_frozen_roster_is_not_opened_again(county: Any) -> None:
    call = open_call(county)
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))

    with pytest.raises(InvalidTransitionError, match="名册变更"):
        open_call(county)
    set_registration(call.pk, status=CallStatus.CLOSED, actor=county.actor(CLERK))
    with pytest.raises(InvalidTransitionError, match="名册变更"):
        set_registration(call.pk, status=CallStatus.OPEN, actor=county.actor(CLERK))


# What is kept, and what nobody learns


def test_what_somebody_wrote_is_kept_encrypted_and_waits_for_review(opened: Any) -> None:
    person = PEOPLE[0]
    application, receipt = apply(opened, person)

    assert (application.status, application.source) == (STATUS.RECEIVED, Source.SELF)
    assert (application.name, application.id_number, application.phone) == (
        person.name,
        person.id_number,
        person.phone,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM enrolment_application")
        raw = str(cursor.fetchall())
    assert person.name in raw
    for secret in (person.id_number, person.phone, receipt, receipt.replace("-", "")):
        assert secret not in raw
    assert person.name not in str(AuditEvent.objects.filter(verb="application.received").values())


def test_applying_asks_the_same_of_the_database_whoever_it_is(county: Any) -> None:
    """Known, standing on this roster, applied before, or never heard of: the same statements, no look at the pool."""
    call = open_call(county)
    known = county.session.enrolments.select_related("trainee").first().trainee
    apply(call, PEOPLE[1])

    def statements(person: Any) -> list[str]:
        """Without what is said in them."""
        with CaptureQueriesContext(connection) as asked:
            apply_oneself(call.token, person=person, group_consent=True)
        told = (re.split("VALUES|WHERE|SET", query["sql"])[0] for query in asked)
        return [sql for sql in told if "SAVEPOINT" not in sql]

    stranger = row_of(PEOPLE[2], call)
    on_roster = replace(stranger, name=known.name, id_number=known.id_number, phone=known.phone)
    # Whoever looks after applications from a place is told once, until they have read it.
    statements(replace(row_of(PEOPLE[3], call), township=stranger.township, village=stranger.village))
    first = statements(stranger)
    assert statements(on_roster) == statements(row_of(PEOPLE[1], call)) == first
    assert not any("people_trainee" in sql for sql in first)


def test_a_receipt_finds_its_own_application_and_only_with_the_phone(opened: Any) -> None:
    first, receipt = apply(opened, PEOPLE[0])
    second, other = apply(opened, PEOPLE[1])
    end, other_end = PEOPLE[0].phone[-4:], PEOPLE[1].phone[-4:]

    assert find_own(receipt, end) == first
    assert find_own(f" {receipt.lower().replace('-', '')} ", end) == first
    assert find_own(other, other_end) == second
    assert find_own(receipt, "0000" if end != "0000" else "1111") is None
    assert find_own("", end) is None


def test_somebody_takes_their_application_back_themselves(opened: Any) -> None:
    application, receipt = apply(opened, PEOPLE[0])
    end = PEOPLE[0].phone[-4:]

    assert withdraw_own(receipt, "x") is None
    for _time in range(2):
        assert withdraw_own(receipt, end) == application
    application.refresh_from_db()
    assert (application.status, application.reason) == (STATUS.WITHDRAWN, "本人撤回")
    assert AuditEvent.objects.filter(verb="application.withdrawn").count() == 1


# Review


def test_a_township_reviews_its_own_people_and_the_bureau_all(unrostered: Any, opened: Any) -> None:
    mine, _receipt = apply(opened, HERE[0])
    stranger = next(person for person in PEOPLE if person.township != TOWNSHIP)
    theirs, _receipt = apply(opened, stranger)
    both = [mine.pk, theirs.pk]

    assert review(opened.pk, both, qualified=True, actor=unrostered.actor(OFFICER)) == [mine]
    assert states(opened) == [STATUS.QUALIFIED, STATUS.RECEIVED]
    assert review(opened.pk, both, qualified=True, actor=unrostered.actor(REVIEWER)) == [theirs]
    assert states(opened) == [STATUS.QUALIFIED] * 2


def test_a_refusal_says_why_and_an_institution_reviews_nobody(unrostered: Any, opened: Any) -> None:
    application, _receipt = apply(opened, HERE[0])
    with pytest.raises(InvalidInputError, match="原因"):
        review(opened.pk, [application.pk], qualified=False, reason=" ", actor=unrostered.actor(OFFICER))
    with pytest.raises(ForbiddenError):
        review(opened.pk, [application.pk], qualified=True, actor=unrostered.actor(CLERK))
    assert states(opened) == [STATUS.RECEIVED]

    review(opened.pk, [application.pk], qualified=False, reason="不是本县人", actor=unrostered.actor(OFFICER))
    application.refresh_from_db()
    assert (application.status, application.reason) == (STATUS.REFUSED, "不是本县人")
    assert application.reviewed_by == unrostered.user(OFFICER)


# Nomination


def test_a_township_s_word_is_the_review(unrostered: Any, opened: Any) -> None:
    person = row_of(HERE[0], opened)
    application = nominate(opened.pk, person=person, actor=unrostered.actor(OFFICER))

    assert (application.source, application.status) == (Source.TOWNSHIP, STATUS.QUALIFIED)
    assert (application.township, application.reviewed_by) == (TOWNSHIP, unrostered.user(OFFICER))
    with pytest.raises(InvalidInputError, match="更早的报名"):
        nominate(opened.pk, person=person, actor=unrostered.actor(OFFICER))
    assert Application.objects.count() == 1


def test_whoever_stands_on_the_roster_is_not_nominated(county: Any) -> None:
    call = open_call(county)
    known = county.session.enrolments.select_related("trainee").first().trainee
    person = replace(row_of(HERE[0], call), name=known.name, id_number=known.id_number)
    with pytest.raises(InvalidInputError, match="已经在本期名册上"):
        nominate(call.pk, person=person, actor=county.actor(OFFICER))
    assert Application.objects.count() == 0


def test_an_institution_writes_down_who_called_and_the_township_reviews(unrostered: Any, opened: Any) -> None:
    application = apply_for(opened.pk, person=row_of(HERE[0], opened), actor=unrostered.actor(CLERK))

    assert (application.source, application.status) == (Source.INSTITUTION, STATUS.RECEIVED)
    qualify(unrostered, application, role=OFFICER)
    assert states(opened) == [STATUS.QUALIFIED]


# Onto the roster


def test_reviewed_people_come_onto_the_roster_in_order_until_it_is_full(unrostered: Any) -> None:
    call = open_call(unrostered, places=2)
    people = [apply(call, person)[0] for person in PEOPLE[:4]]
    qualify(unrostered, *people[:3])

    result = accept(call.pk, [one.pk for one in people], actor=unrostered.actor(CLERK))

    assert (result.accepted, result.waiting, result.refused) == (people[:2], people[2:3], [])
    assert states(call) == [STATUS.ACCEPTED, STATUS.ACCEPTED, STATUS.WAITING, STATUS.RECEIVED]
    places = unrostered.session.enrolments.order_by("number").select_related("trainee")
    assert [(place.number, place.trainee.id_number, place.group) for place in places] == [
        (number, person.id_number, person.group) for number, person in enumerate(PEOPLE[:2], 1)
    ]
    assert places_left(call) == 0


def test_a_place_that_becomes_free_goes_to_whoever_waits(unrostered: Any) -> None:
    call = open_call(unrostered, places=1)
    first, second = (apply(call, person)[0] for person in PEOPLE[:2])
    qualify(unrostered, first, second)
    clerk = unrostered.actor(CLERK)
    accept(call.pk, [first.pk, second.pk], actor=clerk)
    place = unrostered.session.enrolments.get()

    withdraw_enrolment(place.pk, reason="外出务工", actor=clerk)
    assert states(call) == [STATUS.WITHDRAWN, STATUS.WAITING]
    place.refresh_from_db()
    assert (place.status, place.withdraw_reason, place.withdrawn_by) == (
        EnrolmentStatus.WITHDRAWN,
        "外出务工",
        clerk.name,
    )
    assert place.withdrawn_at is not None

    assert accept(call.pk, [second.pk], actor=clerk).accepted == [second]
    assert states(call) == [STATUS.WITHDRAWN, STATUS.ACCEPTED]


def test_the_roster_s_own_rules_decide_and_nobody_is_placed_twice(unrostered: Any, opened: Any) -> None:
    first, second = (apply(opened, PEOPLE[0])[0] for _time in range(2))
    renamed, _receipt = apply(opened, replace(PEOPLE[1], name="张三丰"))
    know_trainees(unrostered.programme, [row_of(PEOPLE[1], opened)])
    qualify(unrostered, first, second, renamed)

    result = accept(opened.pk, [first.pk, second.pk, renamed.pk], actor=unrostered.actor(CLERK))

    assert [row.pk for row in result.accepted] == [first.pk]
    assert [row.pk for row, _why in result.refused] == [second.pk, renamed.pk]
    assert "已经在本期名册上" in result.refused[0][1]
    assert "已登记的姓名" in result.refused[1][1]
    assert PEOPLE[1].name not in result.refused[1][1]
    assert unrostered.session.enrolments.count() == 1
    assert states(opened) == [STATUS.ACCEPTED, STATUS.QUALIFIED, STATUS.QUALIFIED]


def test_nobody_comes_onto_a_frozen_roster_this_way(county: Any) -> None:
    call = open_call(county)
    application, receipt = apply(call, PEOPLE[0])
    qualify(county, application)
    taken, own = apply(call, PEOPLE[1])
    qualify(county, taken)
    accept(call.pk, [taken.pk], actor=county.actor(CLERK))
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    before = list(county.session.enrolments.values_list("pk", "status"))

    with pytest.raises(InvalidTransitionError, match="名册变更"):
        accept(call.pk, [application.pk], actor=county.actor(CLERK))
    with pytest.raises(InvalidTransitionError, match="联系培训机构"):
        withdraw_own(own, PEOPLE[1].phone[-4:])
    assert list(county.session.enrolments.values_list("pk", "status")) == before
    assert states(call) == [STATUS.QUALIFIED, STATUS.ACCEPTED]
    assert withdraw_own(receipt, PEOPLE[0].phone[-4:]).status == STATUS.WITHDRAWN


def test_taking_back_an_accepted_application_frees_the_place(unrostered: Any, opened: Any) -> None:
    application, _receipt = apply(opened, HERE[0])
    qualify(unrostered, application)
    accept(opened.pk, [application.pk], actor=unrostered.actor(CLERK))

    with pytest.raises(InvalidInputError, match="原因"):
        withdraw_application(application.pk, reason="", actor=unrostered.actor(OFFICER))
    withdraw_application(application.pk, reason="生病", actor=unrostered.actor(OFFICER))

    place = unrostered.session.enrolments.get()
    assert (place.status, place.withdraw_reason) == (EnrolmentStatus.WITHDRAWN, "生病")
    assert states(opened) == [STATUS.WITHDRAWN]


# Who sees what


def test_a_township_sees_the_calls_of_its_programme_and_its_own_people(
    unrostered: Any, opened: Any, other_county: Any
) -> None:
    mine, _receipt = apply(opened, HERE[0])
    elsewhere, _receipt = apply(opened, next(p for p in PEOPLE if p.township != TOWNSHIP))
    strange = open_call(other_county)
    apply(strange, HERE[0])

    def seen(role: Role, at: Any = unrostered) -> tuple[list[Any], list[Any]]:
        actor = at.actor(role)
        return list(calls(actor)), list(applications(actor).order_by("pk"))

    assert seen(OFFICER) == ([opened], [mine])
    assert seen(CLERK) == seen(REVIEWER) == ([opened], [mine, elsewhere])
    assert seen(Role.FINANCE_REVIEWER) == ([opened], [])
    assert seen(OFFICER, other_county)[0] == [strange]


def test_a_foreign_application_does_not_exist(unrostered: Any, opened: Any, other_county: Any) -> None:
    application, _receipt = apply(opened, PEOPLE[0])
    for role in (CLERK, OFFICER, REVIEWER):
        with pytest.raises(NotFoundError):
            withdraw_application(application.pk, reason="x", actor=other_county.actor(role))
    assert states(opened) == [STATUS.RECEIVED]


# No longer than needed


def test_applications_that_led_nowhere_go_some_time_after_the_session(
    county: Any, clock: Any, settings: Any
) -> None:
    settings.APPLICATION_DAYS = 30
    call = open_call(county)
    kept, gone = (apply(call, person)[0] for person in PEOPLE[:2])
    qualify(county, kept)
    accept(call.pk, [kept.pk], actor=county.actor(CLERK))

    clock.advance(days=39)  # the registration ended 29 days ago, the class before that
    call_command("forget_applications")
    assert list(call.applications.all()) == [kept, gone]

    clock.advance(days=2)
    call_command("forget_applications")
    assert list(call.applications.all()) == [kept]
    forgotten = AuditEvent.objects.get(verb="applications.forgotten")
    assert forgotten.details == {"applications": 1, "lists": 0}
    assert PEOPLE[1].name not in str(AuditEvent.objects.values_list("subject", "details"))


def test_after_a_session_is_closed_the_days_count_from_there(taught_long_ago: Any, settings: Any) -> None:
    call, clock = taught_long_ago
    settings.APPLICATION_DAYS = 30
    clock.advance(days=29)
    call_command("forget_applications")
    assert call.applications.count() == 1
    clock.advance(days=2)
    call_command("forget_applications")
    assert call.applications.count() == 0


@pytest.fixture
def taught_long_ago(county: Any, clock: Any) -> Any:
    """Closed just now; the registration ended long before."""
    call = open_call(county, closes_at=now_clock.now() + timedelta(minutes=1))
    apply(call, PEOPLE[0])
    clock.advance(days=60)
    county.session.closed_at = now_clock.now()
    county.session.save(update_fields=["closed_at"])
    return call, clock
