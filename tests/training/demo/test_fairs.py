"""The fairs of made-up programmes: what they leave behind is what the services would have left."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.training.demo.test_seeding import written
from training.accounts.choices import Role
from training.fairs.choices import TOOK_PLACE, FairStatus
from training.fairs.models import FairAttendance, FairInvitation, Intention, JobFair, PlacementCheck
from training.fairs.queries import owed, reached
from training.integrity.checks import check_events

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("half_way", [False, True], ids=["over", "half-way"])
def test_who_came_to_the_fairs_signed_and_each_figure_is_a_recount(half_way: bool) -> None:
    programme, description, county = written("huidong", half_way=half_way)
    fairs = list(JobFair.objects.filter(programme=programme))

    assert {fair.on <= description.as_of for fair in fairs if fair.status in TOOK_PLACE} == {True}
    assert {fair.status for fair in fairs} >= ({"registered", "reported"} if half_way else {"counted"})
    assert [fault for looked in check_events(programme) for fault in looked.found] == []
    came = Counter(FairAttendance.objects.values_list("fair", flat=True))
    asked = Counter(FairInvitation.objects.values_list("fair", flat=True))
    signed = Counter(fair.pk for fair in fairs for _event in fair.events.all())
    assert came == signed
    assert all(came[fair.pk] == asked[fair.pk] - -(-asked[fair.pk] // 5) for fair in fairs if came[fair.pk])
    counted = [fair for fair in fairs if fair.status == FairStatus.COUNTED]
    assert [owed(fair) for fair in counted] == [0] * len(counted)
    rows = FairAttendance.objects.filter(fair__in=counted)
    found = reached(programme, county.actor(Role.BUREAU_HEAD))
    assert (found.fairs, found.attendances, found.people) == (
        len(counted),
        len(rows),
        len({row.trainee_id for row in rows}),
    )


def test_whoever_was_hired_is_asked_again_on_the_days_that_have_come() -> None:
    _programme, description, _county = written("shicheng", half_way=True)

    hired = Intention.objects.filter(status="hired")
    assert hired.count() * 2 == PlacementCheck.objects.count() > 0
    for check in PlacementCheck.objects.all():
        assert (check.found != "") == (check.due_on <= description.as_of)
