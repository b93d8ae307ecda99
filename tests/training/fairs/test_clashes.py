"""A fair beside a class: each is told of the other, and neither stops the other."""

from __future__ import annotations

from datetime import time
from typing import Any

from tests.conftest import CLASS_DAY
from tests.training.fairs.scenes import plan
from tests.training.signing import enrol
from training.accounts.choices import Role
from training.fairs.clashes import fairs_beside, lessons_beside
from training.fairs.services import cancel_fair, set_stations
from training.scheduling.choices import SessionStatus
from training.scheduling.lessons import weigh
from training.scheduling.services import submit_session

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD


def lessons(county: Any) -> list[Any]:
    found = list(county.session.lessons.select_related("instructor", "venue"))
    for lesson in found:
        lesson.training_session = county.session
    return found


def fair_in_the_classroom(county: Any, **changes: Any) -> Any:
    return plan(county, **{"on": CLASS_DAY, "place": lessons(county)[0].venue.name} | changes)


def test_a_class_is_told_of_the_fair_in_its_room_and_the_fair_of_the_class(county: Any) -> None:
    fair = fair_in_the_classroom(county)
    room = lessons(county)[0].venue.name

    assert [finding.message for finding in fairs_beside(lessons(county))] == [
        f"{CLASS_DAY} 09:00–12:00 {room}有用工对接会。"
    ]
    assert lessons_beside(fair, county.actor(CLERK)) == [
        f"{county.session.code} 第1课次这段时间在{room}上课。"
    ]
    assert [finding.code for finding in weigh(lessons(county), county.actor(CLERK))] == ["fair_at_venue"]


def test_it_is_a_remark_and_no_refusal(county: Any) -> None:
    fair_in_the_classroom(county)

    assert submit_session(county.session.pk, actor=county.actor(HEAD)).status == SessionStatus.SUBMITTED


def test_another_time_another_place_and_a_cancelled_fair_are_nothing(county: Any) -> None:
    fair_in_the_classroom(county, starts=time(11, 15), ends=time(14))
    fair_in_the_classroom(county, place="琴江镇广场")
    gone = fair_in_the_classroom(county)
    cancel_fair(gone.pk, reason="不办了", actor=county.actor(HEAD))

    assert fairs_beside(lessons(county)) == []
    assert fairs_beside([]) == []


def test_stations_that_are_all_at_a_fair_are_missed_in_class(county: Any) -> None:
    station = enrol(county).station
    fair = fair_in_the_classroom(county, place="琴江镇广场")
    assert fairs_beside(lessons(county)) == []

    set_stations(fair.pk, stations=[station.pk], actor=county.actor(CLERK))

    assert [finding.message for finding in fairs_beside(lessons(county))] == [
        f"{CLASS_DAY} 09:00–12:00 本机构在用的 1 台签到终端都在用工对接会上。"
    ]
    (said,) = lessons_beside(fair, county.actor(CLERK))
    assert said.endswith("而机构在用的签到终端都选给了对接会。")

    enrol(county, name="二号终端")
    assert fairs_beside(lessons(county)) == []
