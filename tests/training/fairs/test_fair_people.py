"""Who is expected, who came by which evidence, and whether who was hired still works there."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kiosk.package import Package
from tests.training.fairs.scenes import (
    CLERK,
    FAIR_DAY,
    OFFICER,
    given_station,
    hire,
    hold,
    lay,
    o_clock,
    paper_list,
    place,
    receive,
)
from tests.training.signing import append, enrol, picture
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.attendance.package import build_package
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.files import read
from training.demo.people import synthetic_people
from training.dossiers.collecting import keep_station_photo
from training.fairs import people, services
from training.fairs.choices import Found, IntentionStatus
from training.fairs.models import FairAttendance, FairInvitation, FairPost, JobFair, PlacementCheck
from training.fairs.queries import candidates, checks_owed, fairs, invitations, strangers
from training.integrity.checks import check_events
from training.people.models import Trainee

STRANGER = synthetic_people(40, seed=31)[-1].id_number


def came(fair: JobFair) -> list[tuple[int, str]]:
    """Roster number and what the attendance stands on."""
    return sorted((row.enrolment.number, row.source) for row in fair.attendances.select_related("enrolment"))


# Expected


def test_only_who_completed_and_may_be_called_is_invited_and_once(make_fair: Any, closed: Any) -> None:
    fair, actor = make_fair(), closed.actor(CLERK)
    Trainee.objects.filter(pk=place(closed, 2).trainee_id).update(do_not_contact=True)
    everybody = list(closed.session.enrolments.values_list("pk", flat=True))
    assert [row.number for row in candidates(fair, actor).order_by("number")] == [1, 3, 4, 5, 6, 7, 8, 9, 10]

    assert people.invite(fair.pk, everybody, actor=actor) == 9
    assert people.invite(fair.pk, everybody, actor=actor) == 0

    assert {row.enrolment.number for row in invitations(actor)} == {1, 3, 4, 5, 6, 7, 8, 9, 10}
    assert list(candidates(fair, actor)) == []


def test_the_list_stands_once_the_fair_is_held(fair: Any, closed: Any) -> None:
    people.uninvite(fair.invitations.first().pk, actor=closed.actor(CLERK))
    services.hold_fair(fair.pk, actor=closed.actor(CLERK))

    with pytest.raises(InvalidTransitionError):
        people.invite(fair.pk, [place(closed, 5).pk], actor=closed.actor(CLERK))
    with pytest.raises(InvalidTransitionError):
        people.uninvite(fair.invitations.first().pk, actor=closed.actor(CLERK))
    assert FairInvitation.objects.count() == 2


# At the station


def test_the_station_takes_the_fair_along_and_its_list_without_a_number(fair: Any, closed: Any) -> None:
    signer = given_station(fair, closed)

    package = build_package(signer.station, at=o_clock(8))

    (told,) = (session for session in package["sessions"] if session["code"] == fair.code)
    assert (told["fair"], told["face"], told["witnesses"]) == (True, {"enabled": False}, [])
    assert [lesson["id"] for lesson in told["lessons"]] == [-fair.pk]
    assert {row["enrolment"] for row in told["roster"]} == {place(closed, n).pk for n in (1, 2, 3)}
    number = place(closed, 1).trainee.id_number
    assert number not in str(package)
    read = next(one for one in Package.model_validate(package).sessions if one.fair)
    assert read.by_match[read.match(number)].enrolment == place(closed, 1).pk


def test_who_signs_in_at_the_door_is_on_the_register_once_however_often(fair: Any, closed: Any) -> None:
    one, other = given_station(fair, closed), given_station(fair, closed, "二号")
    lay(one, fair, place(closed, 1), o_clock(9, 10))
    lay(other, fair, place(closed, 1), o_clock(9, 5))
    lay(one, fair, place(closed, 1), o_clock(12), kind="sign_out")

    assert receive(one) == [("accepted", ""), ("accepted", "")]
    assert receive(one) == [("duplicate", ""), ("duplicate", "")]
    receive(other)

    (row,) = fair.attendances.all()
    assert (row.trainee, row.signed_in_at, row.station) == (
        place(closed, 1).trainee, o_clock(9, 5), other.station,
    )  # fmt: skip
    assert AttendanceEvent.objects.get(digest=row.digest).fair == fair


def test_a_trained_walk_in_is_matched_and_a_stranger_only_counted(fair: Any, closed: Any) -> None:
    signer = given_station(fair, closed)
    lay(signer, fair, place(closed, 4).trainee.id_number)
    lay(signer, fair, STRANGER, o_clock(9, 6))
    never_completed = place(closed, 11).trainee.id_number
    lay(signer, fair, never_completed, o_clock(9, 7))

    assert receive(signer) == [("accepted", "")] * 3

    assert came(fair) == [(4, "station")]
    assert strangers(fair) == 2
    assert not Trainee.objects.filter(name="甲").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lesson": 1}, "unknown_lesson"),
        ({"card": None, "method": "witness"}, "not_at_a_fair"),
        ({"kind": "check"}, "not_at_a_fair"),
        ({"session": "SC-2020-DJ-99"}, "unknown_session"),
        ({"captured_at": o_clock(9, days=1)}, "outside_lesson"),
    ],
)
def test_what_is_wrong_at_the_door_is_held_and_nobody_came(
    fair: Any, closed: Any, change: dict[str, Any], reason: str
) -> None:
    signer = given_station(fair, closed)
    lay(signer, fair, place(closed, 1), **change)

    assert receive(signer) == [("held", reason)]

    assert came(fair) == []


def test_who_is_on_no_list_has_no_place_to_sign_in_by(fair: Any, closed: Any) -> None:
    signer = given_station(fair, closed)
    lay(signer, fair, place(closed, 9))

    assert receive(signer) == [("held", "not_on_roster")]


def test_a_station_that_was_not_given_the_fair_can_not_speak_of_it(fair: Any, closed: Any) -> None:
    signer = given_station(fair, closed)
    services.set_stations(fair.pk, stations=[], actor=closed.actor(CLERK))
    lay(signer, fair, place(closed, 1))

    assert receive(signer) == [("held", "unknown_session")]
    assert fair.code not in str(build_package(signer.station, at=o_clock(8)))


def test_once_the_results_are_registered_the_door_is_closed(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock, 1)
    late = given_station_late(fair, closed)
    lay(late, fair, place(closed, 2))

    assert receive(late) == [("held", "fair_not_open")]
    assert came(fair) == [(1, "station")]


def given_station_late(fair: JobFair, county: Any) -> Any:
    """The station was at the door and comes back to the network too late."""
    signer = enrol(county, "断网的终端")
    fair.stations.add(signer.station)
    return signer


def test_the_events_of_a_fair_are_as_they_were_signed(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock, 1, 2)
    assert [found for looked in check_events(closed.programme) for found in looked.found] == []

    JobFair.objects.filter(pk=fair.pk).update(code="SC-2020-DJ-77")
    problems = [found.problem for looked in check_events(closed.programme) for found in looked.found]
    assert problems == ["记录的 对接会 与终端签名的不同"] * 2


# A sign-in that was wrong


def test_a_wrong_sign_in_is_voided_with_a_reason_and_who_comes_later_counts(fair: Any, closed: Any) -> None:
    signer, actor = given_station(fair, closed), closed.actor(CLERK)
    lay(signer, fair, place(closed, 1), o_clock(8, 50))
    receive(signer)
    with pytest.raises(InvalidInputError, match="请写明原因"):
        people.void_attendance(fair.attendances.get().pk, reason=" ", actor=actor)
    assert came(fair) == [(1, "station")]

    people.void_attendance(fair.attendances.get().pk, reason="儿子替她刷的卡", actor=actor)

    voided = fair.attendances.get()
    assert (voided.voided_by, voided.void_reason) == (str(closed.user(CLERK)), "儿子替她刷的卡")
    assert AttendanceEvent.objects.get(digest=voided.digest).held_reason == ""
    assert [row.came for row in fairs(actor)] == [0]
    assert not invitations(actor).get(trainee=voided.trainee).came
    assert strangers(fair) == 0
    with pytest.raises(InvalidTransitionError, match="已经作废"):
        people.void_attendance(voided.pk, reason="再一次", actor=actor)
    with pytest.raises(InvalidTransitionError, match="已经作废"):
        people.record_intention(voided.pk, post_id=FairPost.objects.first().pk, actor=actor)

    lay(signer, fair, place(closed, 1), o_clock(9, 30))
    receive(signer)

    assert [row.came for row in fairs(actor)] == [1]
    assert fair.attendances.get(voided_at=None).signed_in_at == o_clock(9, 30)


def test_what_was_signed_before_it_was_voided_is_the_mistake_itself(fair: Any, closed: Any) -> None:
    one, other = given_station(fair, closed), given_station(fair, closed, "断网的终端")
    lay(one, fair, place(closed, 1), o_clock(8, 50))
    lay(other, fair, place(closed, 1), o_clock(8, 51))
    receive(one)
    people.void_attendance(fair.attendances.get().pk, reason="拿错了卡", actor=closed.actor(CLERK))

    assert receive(other) == [("accepted", "")]

    assert fair.attendances.get().voided_at is not None
    paper_list(fair, closed, place(closed, 1).trainee.id_number)
    assert fair.attendances.get(voided_at=None).source == "paper"


def test_who_wants_a_post_is_not_voided_and_after_the_results_nobody_is(
    fair: Any, closed: Any, clock: Any
) -> None:
    signer, actor = given_station(fair, closed), closed.actor(CLERK)
    lay(signer, fair, place(closed, 3))
    receive(signer)
    row = fair.attendances.get()
    wanted = people.record_intention(row.pk, post_id=FairPost.objects.first().pk, actor=actor)
    with pytest.raises(InvalidInputError, match="登记了意向"):
        people.void_attendance(row.pk, reason="拿错了卡", actor=actor)
    people.settle_intention(wanted.pk, status=IntentionStatus.NOT_HIRED, actor=actor)
    people.void_attendance(row.pk, reason="拿错了卡，意向也记错了", actor=actor)
    with pytest.raises(ForbiddenError):
        people.void_attendance(row.pk, reason="", actor=closed.actor(OFFICER))

    hold(fair, closed, clock, 1)
    with pytest.raises(InvalidTransitionError, match="已登记结果"):
        people.void_attendance(fair.attendances.get(voided_at=None).pk, reason="拿错了卡", actor=actor)


# Photos of the station


def test_a_photo_that_the_station_takes_at_the_door_is_a_paper_of_the_fair(
    fair: Any, closed: Any, clock: Any
) -> None:
    signer, jpeg = given_station(fair, closed), picture(7)
    taken = {"sha256": sha256(jpeg).hexdigest(), "size": len(jpeg)}
    append(signer, "photo", o_clock(9, 30), session=fair.code, lesson=-fair.pk, photo=taken)
    assert receive(signer) == [("accepted", "")]
    hold(fair, closed, clock, 1)  # the picture itself may come when the door is shut

    first, again = (keep_station_photo(signer.station, data=jpeg) for _twice in (1, 2))

    (photo,) = fair.papers.all()
    assert (first, again) == ((photo, True), (photo, False))
    assert (photo.kind, photo.taken_at, photo.added_by) == ("photo", o_clock(9, 30), "对接会终端")
    assert (photo.file.sha256, read(photo.file)) == (taken["sha256"], jpeg)
    assert AttendanceEvent.objects.get(digest=photo.digest).fair == fair


# By a paper list


def test_a_paper_list_is_marked_as_one_with_its_scan(fair: Any, closed: Any) -> None:
    numbers = [place(closed, number).trainee.id_number for number in (2, 5, 11)]

    assert paper_list(fair, closed, *numbers, STRANGER) == (2, [numbers[2][-4:], STRANGER[-4:]])

    assert came(fair) == [(2, "paper"), (5, "paper")]
    (sheet,) = {row.paper for row in fair.attendances.all()}
    assert (sheet.kind, sheet.file.sensitive) == ("sign_in", True)


def test_who_signed_in_at_a_station_is_not_registered_again_by_paper(fair: Any, closed: Any) -> None:
    signer = given_station(fair, closed)
    lay(signer, fair, place(closed, 1))
    receive(signer)

    assert paper_list(fair, closed, place(closed, 1).trainee.id_number)[0] == 0
    assert came(fair) == [(1, "station")]


def test_a_signature_that_comes_after_the_paper_list_takes_its_place_and_the_scan_stays(
    fair: Any, closed: Any
) -> None:
    signer = given_station(fair, closed)
    paper_list(fair, closed, place(closed, 1).trainee.id_number)
    lay(signer, fair, place(closed, 1))
    receive(signer)

    (row,) = fair.attendances.all()
    assert (row.source, row.paper is not None) == ("station", True)


@pytest.mark.parametrize("numbers", ["", "360735199003071", "11010519491231002Y"])
def test_a_paper_list_with_a_wrong_number_registers_nobody(fair: Any, closed: Any, numbers: str) -> None:
    with pytest.raises(InvalidInputError):
        paper_list(fair, closed, place(closed, 1).trainee.id_number, numbers) if numbers else paper_list(
            fair, closed
        )
    assert not fair.attendances.exists()
    assert not fair.papers.exists()


def test_an_attendance_stands_on_a_signature_or_a_paper(fair: Any, closed: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FairAttendance.objects.create(
            fair=fair, trainee=place(closed, 1).trainee, enrolment=place(closed, 1), registered_at=o_clock(9)
        )


# Intentions and placements


def test_a_post_of_another_fair_can_not_be_wanted(fair: Any, closed: Any, clock: Any, make_fair: Any) -> None:
    hold(fair, closed, clock, 1)
    other = make_fair(on=FAIR_DAY + timedelta(days=3))
    employer = services.add_employer(
        other.pk, name="x", uscc="91350100M000100Y43", contact="x", phone="1", actor=closed.actor(CLERK)
    )
    terms = {"openings": 1, "wage_from_fen": 1, "wage_to_fen": 1, "place": "x"}
    post = services.add_post(employer.pk, title="x", **terms, actor=closed.actor(CLERK))

    with pytest.raises(NotFoundError):
        people.record_intention(fair.attendances.get().pk, post_id=post.pk, actor=closed.actor(CLERK))


def test_being_hired_says_since_when_and_opens_two_checks(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock, 1)
    attendance, actor = fair.attendances.get(), closed.actor(CLERK)
    post = FairPost.objects.first()
    wanted = people.record_intention(attendance.pk, post_id=post.pk, actor=actor)
    with pytest.raises(InvalidInputError, match="上岗日期"):
        people.settle_intention(wanted.pk, status="hired", actor=actor)
    people.settle_intention(wanted.pk, status="interview", actor=actor)
    assert not PlacementCheck.objects.exists()

    people.settle_intention(wanted.pk, status="hired", hired_on=FAIR_DAY, actor=actor)

    assert list(PlacementCheck.objects.values_list("day", "due_on")) == [
        (30, FAIR_DAY + timedelta(days=30)),
        (90, FAIR_DAY + timedelta(days=90)),
    ]


def test_a_placement_is_checked_by_a_follow_up_officer_when_it_is_due(
    fair: Any, closed: Any, clock: Any
) -> None:
    hold(fair, closed, clock, 1)
    hire(fair.attendances.get(), closed)
    check, officer = PlacementCheck.objects.get(day=30), closed.actor(OFFICER)
    with pytest.raises(ForbiddenError):
        people.check_placement(check.pk, found=Found.STILL, actor=closed.actor(CLERK))
    with pytest.raises(InvalidInputError, match="还没到"):
        people.check_placement(check.pk, found=Found.STILL, actor=officer)
    clock.set(o_clock(9, days=40))
    today = FAIR_DAY + timedelta(days=40)
    assert list(checks_owed(officer, today)) == [check]

    people.check_placement(check.pk, found=Found.STILL, actor=officer)

    assert list(checks_owed(officer, today)) == []
    with pytest.raises(InvalidTransitionError):
        people.check_placement(check.pk, found=Found.LEFT, actor=officer)


def test_who_has_left_is_not_asked_again(fair: Any, closed: Any, clock: Any) -> None:
    hold(fair, closed, clock, 1)
    hire(fair.attendances.get(), closed)
    clock.set(o_clock(9, days=40))

    people.check_placement(
        PlacementCheck.objects.get(day=30).pk, found=Found.LEFT, actor=closed.actor(OFFICER)
    )

    assert list(PlacementCheck.objects.values_list("day", "found")) == [(30, "left")]
    services.count_fair(fair.pk, actor=closed.actor(Role.BUREAU_REVIEWER))


def test_nobody_of_another_county_sees_the_fair(fair: Any, other_county: Any) -> None:
    for role in (Role.BUREAU_HEAD, Role.INSTITUTION_CLERK, Role.FOLLOW_UP):
        with pytest.raises(NotFoundError):
            JobFair.objects.fetch(other_county.actor(role), pk=fair.pk)
