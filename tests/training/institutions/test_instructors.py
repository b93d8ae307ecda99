"""Who may be put into a timetable, and who may not any more."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.core.errors import InvalidInputError
from training.demo.scenery import paper
from training.institutions import services
from training.institutions.choices import ProofKind
from training.institutions.models import Instructor, InstructorProof
from training.institutions.queries import others_with_same_certificate
from training.scheduling.lessons import add_lesson
from training.scheduling.models import Venue
from training.scheduling.services import submit_session

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
DETAILS = {"name": "董老师", "title": "讲师", "employer": "县职校", "phone": "", "profile": "直播带货"}


def newcomer(county: Any, **changes: Any) -> Instructor:
    return services.add_instructor(county.institution.pk, actor=county.actor(CLERK), **DETAILS | changes)


def prove(county: Any, person: Instructor, until: date | None = None, number: str = "9号") -> Any:
    return services.add_proof(
        person.pk,
        kind=ProofKind.TITLE,
        number=number,
        issuer="省人社厅",
        valid_until=until,
        file=paper("职称证书"),
        actor=county.actor(CLERK),
    )


def teach(county: Any, person: Instructor, on: date = CLASS_DAY + timedelta(1)) -> Any:
    return add_lesson(
        county.session.pk,
        on=on,
        start=time(9),
        end=time(10, 30),
        topic="电商基础知识",
        instructor_id=person.pk,
        venue_id=Venue.objects.filter(institution=county.institution).first().pk,
        actor=county.actor(CLERK),
    )


def test_without_a_proof_nobody_joins_the_timetable(county: Any) -> None:
    person = newcomer(county)
    with pytest.raises(InvalidInputError, match="授课人董老师还没有资质证明"):
        teach(county, person)

    prove(county, person)

    assert teach(county, person).instructor == person


def test_a_proof_must_cover_the_day(county: Any) -> None:
    person = newcomer(county)
    prove(county, person, until=CLASS_DAY)

    with pytest.raises(InvalidInputError, match="资质证明不覆盖 2021-05-19"):
        teach(county, person)
    assert county.session.lessons.count() == 2


def test_a_refused_proof_proves_nothing(county: Any) -> None:
    person = newcomer(county)
    proof = prove(county, person)
    services.refuse_proof(proof.pk, reason="姓名不符", actor=county.actor(REVIEWER))

    with pytest.raises(InvalidInputError, match="没有通过商务局核验"):
        teach(county, person)


def test_a_suspended_instructor_is_out_until_reinstated(county: Any) -> None:
    person = county.instructors[0]
    services.suspend_instructor(person.pk, reason="照本宣科", actor=county.actor(CHIEF))
    with pytest.raises(InvalidInputError, match="已被商务局暂停授课：照本宣科"):
        teach(county, person)

    services.reinstate_instructor(person.pk, reason="已培训", actor=county.actor(CHIEF))

    assert teach(county, person).instructor == person


def test_what_happened_since_the_timetable_was_made_is_seen_when_it_is_handed_in(county: Any) -> None:
    services.suspend_instructor(county.instructors[1].pk, reason="照本宣科", actor=county.actor(CHIEF))

    with pytest.raises(InvalidInputError, match="授课人王思敏已被商务局暂停授课"):
        submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session.refresh_from_db()
    assert county.session.status == "draft"


def test_domains_are_topics_of_the_programme(county: Any) -> None:
    assert newcomer(county, domains=["电商基础知识"]).domains == ["电商基础知识"]

    with pytest.raises(InvalidInputError, match="“占星术”不是本项目的专题"):
        newcomer(county, domains=["占星术"])


def test_a_verdict_is_one_and_a_later_one_takes_its_place(county: Any) -> None:
    proof = prove(county, newcomer(county))
    services.verify_proof(proof.pk, actor=county.actor(REVIEWER))
    services.verify_proof(proof.pk, actor=county.actor(CHIEF))
    assert InstructorProof.objects.get(pk=proof.pk).verified_by == county.user(REVIEWER)

    services.refuse_proof(proof.pk, reason="查无此证", actor=county.actor(CHIEF))

    refused = InstructorProof.objects.get(pk=proof.pk)
    assert (refused.verified_at, refused.state, refused.refusal) == (None, "refused", "查无此证")


def test_one_certificate_at_two_institutions_is_noticed_and_another_county_s_is_not(
    county: Any, other_county: Any, make_second: Any
) -> None:
    second = make_second(county)
    bureau = county.actor(REVIEWER)

    assert [row.institution for row in others_with_same_certificate(county.instructors[0], bureau)] == [
        second
    ]
