"""One scan as two papers: whoever verifies one is shown the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.core.test_scoping import second_institution
from tests.training.web.conftest import browse
from training.accounts.choices import Role
from training.courses.services import add_courseware
from training.demo.scenery import paper
from training.institutions.choices import ProofKind
from training.institutions.models import Instructor, InstructorProof
from training.institutions.services import add_proof
from training.uploads.same_papers import with_uses

__all__ = ["browse"]

CLERK, REVIEWER = Role.INSTITUTION_CLERK, Role.BUREAU_REVIEWER
SCAN = paper("职称证书", "姓名：王思敏")
DOUBT = "不是同一持有人，请核对原件"


def prove(county: Any, instructor: Instructor) -> InstructorProof:
    return add_proof(
        instructor.pk,
        kind=ProofKind.TITLE,
        number="赣职 2020-0412",
        issuer="江西省人力资源和社会保障厅",
        valid_until=None,
        file=SCAN,
        actor=county.actor(CLERK),
    )


@pytest.fixture
def neighbour(approved: Any) -> Any:
    return second_institution(approved)


def uses(paper: Any, actor: Any) -> list[tuple[str, bool]]:
    return [(use.person, use.doubtful) for use in with_uses([paper], actor)[0].uses]


def test_one_scan_as_the_proof_of_two_people_is_doubtful(
    approved: Any, browse: Callable[..., Client]
) -> None:
    first, second = (prove(approved, instructor) for instructor in approved.instructors)

    assert uses(second, approved.actor(REVIEWER)) == [(first.instructor.name, True)]
    for role, address in [
        (REVIEWER, reverse("proofs")),
        (CLERK, reverse("instructor", args=[second.instructor_id])),
    ]:
        assert DOUBT in browse(role).get(address).content.decode()


def test_one_person_teaching_for_two_institutions_is_a_hint_for_the_bureau_alone(
    approved: Any, neighbour: Any, browse: Callable[..., Client]
) -> None:
    teacher = neighbour.instructors[0]
    teacher.name = approved.instructors[0].name
    teacher.save(update_fields=["name"])
    mine, theirs = prove(approved, approved.instructors[0]), prove(neighbour, teacher)

    assert uses(theirs, approved.actor(REVIEWER)) == [(mine.instructor.name, False)]
    assert uses(theirs, neighbour.actor(CLERK)) == []
    shown = browse(CLERK, neighbour).get(reverse("instructor", args=[teacher.pk])).content.decode()
    assert approved.institution.name not in shown


def test_another_institution_s_licence_is_doubtful_and_its_slides_are_not(
    approved: Any, neighbour: Any, browse: Callable[..., Client]
) -> None:
    mine, theirs = approved.institution.licences.first(), neighbour.institution.licences.first()
    theirs.file = mine.file
    theirs.save(update_fields=["file"])
    slides = [
        add_courseware(
            county.institution.pk, topic="开店", title="讲义", file=paper("讲义"), actor=county.actor(CLERK)
        )
        for county in (approved, neighbour)
    ]

    reviewer = approved.actor(REVIEWER)
    assert uses(theirs, reviewer) == [("", True)]
    assert uses(slides[1], reviewer) == [("", False)]
    shown = browse(REVIEWER).get(reverse("bureau-institution", args=[neighbour.institution.pk]))
    assert DOUBT in shown.content.decode()


def test_asking_costs_the_same_for_one_paper_and_for_many(
    approved: Any, django_assert_num_queries: Any
) -> None:
    actor, proofs = approved.actor(REVIEWER), [prove(approved, one) for one in approved.instructors]
    for papers in (proofs[:1], proofs):
        with django_assert_num_queries(4):
            with_uses(papers, actor)
    with django_assert_num_queries(0):
        assert with_uses([], actor) == []
