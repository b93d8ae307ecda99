"""Figures that are kept are what a recount says, whatever happened; and everybody reads their own."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command

from tests.training.reporting.recounting import kept, recounted
from tests.training.signing import enrol, hold_and_close, scan, send
from training.accounts.choices import Role
from training.attendance.services import approve_corrections, propose_correction
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.demo.people import synthetic_people
from training.demo.scenery import plan_farmers_session, roster_workbook
from training.enrolment.models import Enrolment
from training.enrolment.services import import_roster
from training.reporting import counting, figures
from training.reporting.counting import AFFECTED_BY, mark_news, refresh
from training.reporting.models import CountedPlace, Figure, PendingCount
from training.scheduling.models import TrainingSession

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def both(county: Any, actor: Actor = SYSTEM) -> tuple[Any, Any]:
    refresh()
    return kept(county.programme, actor), recounted(county.programme, actor)


def test_from_the_roster_to_the_seal_what_is_kept_is_what_a_recount_says(approved: Any, clock: Any) -> None:
    planned, again = both(approved)
    assert planned == again
    assert planned["programme", "", "total", "planned", ""] == (12, 12)

    hold_and_close(approved, clock, absent={10, 11, 12})
    closed, again = both(approved)
    assert closed == again
    assert closed["programme", "", "total", "completed", ""] == (9, 9)

    TrainingSession.objects.filter(pk=approved.session.pk).update(status="archived")
    record(SYSTEM, "dossier.sealed", approved.session.dossier)
    sealed, again = both(approved)
    assert sealed == again
    assert sealed["programme", "", "total", "archived", ""] == (9, 9)


def test_a_person_in_two_sessions_is_two_attendances_and_one_person(approved: Any, clock: Any) -> None:
    another_session(approved, on=date(2021, 7, 12), people=8)

    counted, again = both(approved)

    assert counted == again
    assert counted["programme", "", "total", "planned", ""] == (20, 12)
    curve = {
        key[4]: figure for key, figure in counted.items() if key[:4] == ("programme", "", "until", "planned")
    }
    assert curve == {"2021-05": (12, 12), "2021-06": (12, 12), "2021-07": (20, 12)}


def test_what_a_station_sends_late_is_noticed_by_the_minute_s_work(approved: Any, clock: Any) -> None:
    refresh()
    signer = enrol(approved)
    lesson, place = approved.session.lessons.first(), approved.session.enrolments.first()
    clock.set(lesson.starts_at - timedelta(minutes=5))
    send(signer, [scan(signer, "sign_in", lesson, place, clock.now())])
    refresh()  # the station's own acts are on record, what it sends is not

    assert mark_news() == 1
    assert mark_news() == 0

    now, again = both(approved)
    assert now == again
    assert now["programme", "", "total", "attended", ""] == (1, 1)


def test_a_correction_that_counts_counts_at_once(approved: Any, clock: Any) -> None:
    hold_and_close(approved, clock, absent={12})
    before, _again = both(approved)
    place = approved.session.enrolments.get(number=12)
    for lesson in approved.session.lessons.all():
        for kind, at in (("sign_in", lesson.starts_at), ("sign_out", lesson.ends_at)):
            made = propose_correction(
                approved.session.pk,
                lesson_id=lesson.pk,
                enrolment_id=place.pk,
                kind=kind,
                source="make_up",
                happened_at=at,
                reason="终端没电",
                actor=approved.actor(CLERK),
            )
            approve_corrections([made.pk], actor=approved.actor(REVIEWER))

    after, again = both(approved)

    assert after == again
    assert before["programme", "", "total", "completed", ""] == (11, 11)
    assert after["programme", "", "total", "completed", ""] == (12, 12)


def test_an_institution_and_a_township_read_their_own(approved: Any, clock: Any) -> None:
    hold_and_close(approved, clock)
    refresh()

    for role in (CLERK, Role.TOWNSHIP, Role.BUREAU_HEAD, Role.FOLLOW_UP):
        actor = approved.actor(role)
        assert kept(approved.programme, actor) == recounted(approved.programme, actor), role
    town = figures.read(approved.programme, approved.actor(Role.TOWNSHIP))
    assert 0 < town.total().people < 12
    other = figures.read(
        approved.programme, approved.actor(Role.TOWNSHIP), slice_kind="township", slice_key="小松镇"
    )
    assert other.total("planned") == (0, 0)


def test_another_county_s_figures_do_not_exist(approved: Any, other_county: Any) -> None:
    refresh()
    stranger = other_county.actor(Role.BUREAU_HEAD)

    assert figures.read(approved.programme, stranger).total("planned") == (0, 0)
    assert not figures.rows_behind(approved.programme, stranger, depth="planned").exists()
    assert figures.read(other_county.programme, stranger).total("planned") == (12, 12)


def test_reading_is_one_query_however_much_there_is(approved: Any, django_assert_num_queries: Any) -> None:
    refresh()
    with django_assert_num_queries(1):
        sheet = figures.read(
            approved.programme, approved.actor(REVIEWER), dimensions=["total", "village", "until", "group"]
        )
        sheet.of("until", "planned")
        sheet.total()


def test_it_says_as_of_when_and_how_much_is_waiting(approved: Any, clock: Any) -> None:
    refresh()
    settled = figures.standing(approved.programme)
    assert settled.pending == 0
    marked = clock.now()
    record(SYSTEM, "session.noted", approved.session)
    clock.advance(hours=1)

    waiting = figures.standing(approved.programme)

    assert waiting.pending == 1
    assert abs(waiting.as_of - marked) < timedelta(minutes=1)
    assert figures.standing(approved.programme).as_of < clock.now()


def test_a_mark_that_comes_while_a_session_is_counted_is_not_lost(approved: Any, monkeypatch: Any) -> None:
    record(SYSTEM, "session.noted", approved.session)
    count = counting.count_sessions

    def and_meanwhile(*args: Any, **said: Any) -> None:
        count(*args, **said)
        Enrolment.objects.filter(pk=approved.session.enrolments.first().pk).update(status="withdrawn")
        record(SYSTEM, "enrolment.withdrawn", approved.session)
        monkeypatch.undo()

    monkeypatch.setattr(counting, "count_sessions", and_meanwhile)
    refresh()

    assert kept(approved.programme) == recounted(approved.programme)


def test_counting_everything_anew_says_what_differed_and_puts_it_right(approved: Any) -> None:
    before, _again = both(approved)
    Figure.objects.filter(slice_kind="programme", dimension="total").update(renci=999)

    said = [StringIO(), StringIO()]
    for out in said:
        call_command("count_figures", stdout=out)

    assert kept(approved.programme) == before
    assert [out.getvalue() for out in said] == [
        "SC-2020: 12 人次 / places, 出入 / differ 2\n",  # what it was and what it is
        "SC-2020: 12 人次 / places, 出入 / differ 0\n",
    ]
    assert (CountedPlace.objects.count(), PendingCount.objects.count()) == (12, 0)


def test_every_way_from_an_act_to_its_sessions_leads_somewhere() -> None:
    for label, path in AFFECTED_BY.items():
        model: Any = TrainingSession
        for name in path.split("__") if path != "pk" else ():
            model = model._meta.get_field(name).related_model
        assert model._meta.label == label


def another_session(county: Any, on: date, people: int) -> Any:
    clerk = county.actor(CLERK)
    session, _venue = plan_farmers_session(
        county.institution, county.session.agreement, county.instructors[:1] * 2, on=on, actor=clerk
    )
    roster = roster_workbook(synthetic_people(people, seed=7))
    import_roster(session.pk, name="名册.xlsx", data=roster, actor=clerk)
    return session
