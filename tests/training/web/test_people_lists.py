"""Lists of people: found by name, pinyin and last four digits, taken along as a file, as cheap for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.enrolment.applicants import HERE, apply, open_call
from tests.training.web.conftest import claim_shop
from tests.training.web.test_trainees import body, count
from training.accounts.choices import Role
from training.core import clock
from training.core.models import AuditEvent
from training.demo.people import synthetic_people
from training.demo.scenery import roster_workbook
from training.enrolment.choices import RosterChangeKind
from training.enrolment.models import RosterChange
from training.enrolment.services import import_roster
from training.people.choices import LookKind, RightsChannel, RightsKind
from training.people.models import Look, Trainee
from training.people.services import receive_request

Browse = Callable[..., Client]


@pytest.fixture
def someone(county: Any) -> Any:
    return Trainee.objects.get(name="张𬭎")


def ways(person: Any) -> list[str]:
    return ["zhanghong", "zh", "张𬭎", person.id_number[-4:]]


@pytest.mark.parametrize("role", [Role.INSTITUTION_CLERK, Role.CLASS_MANAGER])
def test_a_roster_is_searched_in_every_way(county: Any, someone: Any, browse: Browse, role: Role) -> None:
    client, address = browse(role), reverse("roster", args=[county.session.pk])

    for q in [*ways(someone), someone.phone[-4:], someone.village]:
        assert someone.name in body(client.get(address, {"q": q})), q
    assert someone.name not in body(client.get(address, {"q": "wangwu"}))


def test_a_frozen_roster_is_searched_too(county: Any, someone: Any, browse: Browse) -> None:
    client, address = browse(Role.BUREAU_REVIEWER), reverse("roster-changes", args=[county.session.pk])

    for q in ways(someone):
        assert someone.name in body(client.get(address, {"q": q})), q
    assert "没有符合条件的人" in body(client.get(address, {"q": "wangwu"}))


def test_outcomes_and_whom_they_are_of(county: Any, someone: Any, browse: Browse) -> None:
    place = county.session.enrolments.get(trainee=someone)
    county.session.enrolments.filter(pk=place.pk).update(status="completed")
    outcome = claim_shop(county, number=place.number)
    client = browse(Role.BUREAU_REVIEWER)

    for q in ways(someone):
        found = client.get(reverse("outcomes"), {"q": q, "status": "all"})
        assert str(outcome.enrolment.trainee) in body(found), q
    assert someone.name not in body(client.get(reverse("outcomes"), {"q": "wangwu", "status": "all"}))


def test_applicants_are_found_by_pinyin_and_the_last_four(county: Any, browse: Browse) -> None:
    call = open_call(county)
    application, _receipt = apply(call, HERE[0])
    address = reverse("registration-call", args=[call.pk])
    clerk, auditor = browse(Role.INSTITUTION_CLERK), browse(Role.AUDITOR)

    for q in (application.name, application.id_number[-4:], application.phone[-4:]):
        assert application.name in body(clerk.get(address, {"q": q})), q
    assert application.name in body(auditor.get(address, {"q": application.id_number[-4:]}))
    assert application.name not in body(auditor.get(address, {"q": application.phone[-4:]}))


def test_instructors_and_accounts_are_found_by_pinyin(county: Any, browse: Browse) -> None:
    client = browse(Role.BUREAU_HEAD)

    for q in ("luomingyuan", "lmy", "mingyuan", "罗明远"):
        assert "罗明远" in body(client.get(reverse("instructor-pool"), {"q": q})), q
    assert "罗明远" not in body(client.get(reverse("instructor-pool"), {"q": "wangsimin"}))
    name = str(county.user(Role.INSTITUTION_CLERK))
    assert name in body(client.get(reverse("accounts"), {"q": name}))


def test_a_townships_officer_finds_by_the_telephone_and_the_bureau_does_not(
    county: Any, someone: Any, browse: Browse
) -> None:
    person = Trainee.objects.filter(township="琴江镇").first()
    end = {"q": person.phone[-4:]}

    assert person.name in body(browse(Role.TOWNSHIP).get(reverse("trainees"), end))
    assert person.name not in body(browse(Role.BUREAU_REVIEWER).get(reverse("trainees"), end))


# Files


def test_what_waits_to_be_verified_leaves_as_a_file_and_each_look_is_kept(
    county: Any, browse: Browse
) -> None:
    file = body(browse(Role.DATA_DEPARTMENT).get(reverse("trainee-groups-export")))

    poor = county.session.enrolments.filter(group="poor_household").count()
    assert file.count("具备条件贫困户") == poor > 0
    assert Look.objects.filter(kind=LookKind.SENSITIVE, reason="导出").count() == poor


def test_namesakes_looks_and_requests_leave_as_files(county: Any, someone: Any, browse: Browse) -> None:
    twin = Trainee.objects.exclude(pk=someone.pk).first()
    Trainee.objects.filter(pk__in=[someone.pk, twin.pk]).update(has_namesake=True)
    receive_request(
        someone.pk,
        kind=RightsKind.COPY,
        channel=RightsChannel.IN_PERSON,
        asked="看看",
        received_on=clock.today(),
        actor=county.actor(Role.PRIVACY_OFFICER),
    )
    officer = browse(Role.PRIVACY_OFFICER)
    officer.get(reverse("trainee", args=[someone.pk]))

    namesakes = body(officer.get(reverse("namesakes-export")))
    assert (someone.masked_id_number in namesakes, someone.id_number in namesakes) == (True, False)
    assert AuditEvent.objects.filter(verb="trainees.exported").latest("pk").details == {
        "people": 2,
        "filters": ["namesakes"],
    }
    assert "学员页面" in body(officer.get(reverse("trainee-looks-export", args=[someone.pk])))
    requests = body(officer.get(reverse("rights-export")))
    assert ("张𬭎,查阅、复制" in requests, "看看" in requests) == (True, False)


def change_roster(county: Any, many: int) -> None:
    places = county.session.enrolments.select_related("trainee")[:many]
    RosterChange.objects.bulk_create(
        RosterChange(
            training_session=county.session,
            kind=RosterChangeKind.REMOVED,
            trainee=place.trainee,
            enrolment=place,
            reason="生病",
            made_by=county.user(Role.INSTITUTION_CLERK),
            made_at=clock.now(),
            effective_at=clock.now(),
        )
        for place in places
    )


def test_the_change_list_leaves_as_a_file(county: Any, browse: Browse) -> None:
    change_roster(county, 2)

    file = body(browse(Role.BUREAU_REVIEWER).get(reverse("roster-changes-export", args=[county.session.pk])))
    assert file.count("生病") == 2


# As cheap for many


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("rights", Role.PRIVACY_OFFICER),
        ("rights-export", Role.PRIVACY_OFFICER),
        ("namesakes-export", Role.BUREAU_REVIEWER),
        ("trainee-groups-export", Role.DATA_DEPARTMENT),
    ],
)
def test_lists_of_people_cost_the_same_at_one_and_at_thirty(
    county: Any, browse: Browse, name: str, role: Role
) -> None:
    client = browse(role)
    ask(county, 1)
    few = count(client, reverse(name))

    more = roster_workbook(synthetic_people(40, seed=21))
    import_roster(county.session.pk, name="补充.xlsx", data=more, actor=county.actor(Role.INSTITUTION_CLERK))
    Trainee.objects.update(has_namesake=True)
    ask(county, 29)

    assert count(client, reverse(name)) == few


def ask(county: Any, many: int) -> None:
    Trainee.objects.filter(pk__in=[row.pk for row in Trainee.objects.all()[:2]]).update(has_namesake=True)
    for trainee in Trainee.objects.order_by("pk")[:many]:
        receive_request(
            trainee.pk,
            kind=RightsKind.COPY,
            channel=RightsChannel.IN_PERSON,
            asked="看看",
            received_on=clock.today(),
            actor=county.actor(Role.PRIVACY_OFFICER),
        )


def test_one_persons_looks_cost_the_same_at_one_and_at_thirty(
    county: Any, someone: Any, browse: Browse
) -> None:
    client, address = browse(Role.AUDITOR), reverse("trainee-looks", args=[someone.pk])

    def looked(many: int) -> int:
        Look.objects.bulk_create(
            Look(trainee=someone, kind=LookKind.PAGE, at=clock.now(), actor_name="温", role="auditor")
            for _n in range(many)
        )
        return count(client, address)

    assert looked(1) == looked(29)


def test_a_change_list_costs_the_same_at_one_and_at_many(county: Any, browse: Browse) -> None:
    client, address = browse(Role.BUREAU_REVIEWER), reverse("roster-changes", args=[county.session.pk])
    change_roster(county, 1)
    few = count(client, address)
    change_roster(county, 12)

    assert count(client, address) == few
