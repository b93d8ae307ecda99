"""Search by name, pinyin or last four digits; namesakes; and whom nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.actor import SYSTEM
from training.core.models import AuditEvent
from training.demo.people import SyntheticPerson, synthetic_people
from training.people.models import NameWord, Trainee
from training.people.queries import found, namesakes, unplaced
from training.people.rules import Person
from training.people.services import forget_trainees, know_trainees
from training.people.services.pool import write_name_words


def known(programme: Any, *people: SyntheticPerson, **other: Any) -> list[Trainee]:
    rows = [
        Person(
            **{
                "name": person.name,
                "id_number": person.id_number,
                "sex": person.sex,
                "born_on": f"{person.id_number[6:10]}-{person.id_number[10:12]}-{person.id_number[12:14]}",
                "phone": person.phone,
                "township": person.township,
                "village": person.village,
            }
            | other
        )
        for person in people
    ]
    return [one.trainee for one in know_trainees(programme, rows)]


@pytest.fixture
def zeng(county: Any) -> Trainee:
    return known(county.programme, *synthetic_people(41, seed=3)[40:], name="曾晓明")[0]


@pytest.mark.parametrize(
    "q", ["曾晓明", "晓明", "曾", "zengxiaoming", "zeng xiaoming", "ZXM", "xm", "xiao", "cengx", "zēng"]
)
def test_a_person_is_found_by_name_and_by_how_it_is_typed(zeng: Trainee, q: str) -> None:
    assert zeng in found(Trainee.objects.all(), q)


@pytest.mark.parametrize("q", ["曾小明", "曾明", "xzm", "an", "%", "_", "zengxiaomingx", "'--"])
def test_a_person_is_not_found_by_what_is_not_theirs(zeng: Trainee, q: str) -> None:
    assert zeng not in found(Trainee.objects.all(), q)


def test_the_last_four_find_everybody_who_has_them(zeng: Trainee) -> None:
    tail = zeng.id_number[-4:]

    assert list(found(Trainee.objects.all(), tail)) == [zeng]
    assert list(found(Trainee.objects.all(), f" {tail.lower()} ")) == [zeng]
    assert tail not in zeng.tail_hash


def test_a_corrected_name_is_found_and_the_wrong_one_no_longer(zeng: Trainee) -> None:
    zeng.name = "曹晓明"
    zeng.save()
    write_name_words([zeng])

    assert zeng in found(Trainee.objects.all(), "caoxiaoming")
    assert zeng not in found(Trainee.objects.all(), "zengxiaoming")


@pytest.mark.parametrize("q", ["zengxiaoming", "晓明", "1234"])
def test_the_search_goes_through_an_index(zeng: Trainee, q: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite says how in words")

    plan = found(Trainee.objects.all(), q).order_by().explain()

    assert "SCAN people_trainee" not in plan
    assert "trainees_by_word" in plan or "trainees_by_last_four" in plan


def test_words_are_written_in_as_many_queries_for_one_as_for_many(county: Any) -> None:
    people = synthetic_people(60, seed=11)

    def count(some: list[SyntheticPerson]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            known(county.programme, *some)
        return len(queries)

    assert count(people[:1]) == count(people[1:31])
    assert NameWord.objects.filter(trainee__isnull=False).count() > 60


def test_same_name_same_village_another_number_is_shown_for_review(county: Any) -> None:
    one, two, three = synthetic_people(43, seed=5)[40:]
    same = {"name": "李秀英", "township": "琴江镇", "village": "大畲村"}
    twins = known(county.programme, one, two, **same)
    known(county.programme, three, **(same | {"village": "兰田村"}))

    assert list(namesakes(county.actor(Role.BUREAU_REVIEWER))) == twins
    assert list(namesakes(county.actor(Role.TOWNSHIP))) == twins


# Whom nobody needs any more


def test_whoever_is_on_no_roster_is_forgotten_after_the_time_is_up(county: Any, zeng: Trainee) -> None:
    later = product_clock.now() + timedelta(days=1)
    assert list(unplaced(SYSTEM, known_before=later)) == [zeng]
    assert list(unplaced(SYSTEM, known_before=product_clock.now() - timedelta(days=1))) == []

    assert forget_trainees(known_before=later, actor=SYSTEM) == 1

    assert not Trainee.objects.filter(pk=zeng.pk).exists()
    assert Trainee.objects.count() == county.session.enrolments.count()
    said = AuditEvent.objects.latest("pk")
    assert (said.verb, said.details) == ("trainees.forgotten", {"people": 1})


def test_the_command_only_lists_until_it_is_told_to_delete(county: Any, zeng: Trainee, clock: Any) -> None:
    clock.advance(days=400)
    said = StringIO()

    call_command("forget_trainees", days=365, stdout=said)
    assert "1" in said.getvalue()
    assert "曾晓明" not in said.getvalue()
    assert Trainee.objects.filter(pk=zeng.pk).exists()

    call_command("forget_trainees", days=365, delete=True, stdout=said)
    assert not Trainee.objects.filter(pk=zeng.pk).exists()


def test_the_command_refuses_to_forget_the_day_before_yesterday(county: Any) -> None:
    with pytest.raises(CommandError):
        call_command("forget_trainees", days=2, delete=True)
