"""What an archive goes by: the licences and proofs the bureau saw when it approved."""

from __future__ import annotations

import importlib
from datetime import date, time
from typing import Any

import pytest
from django.apps import apps

from tests.conftest import CLASS_DAY
from tests.training.reviews import stand_in
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.core import clock as product_clock
from training.demo.scenery import paper
from training.dossiers.compile import compile_facts
from training.dossiers.missing import findings
from training.dossiers.models import ApprovedPaper, Dossier
from training.dossiers.queries import check_session
from training.institutions.choices import LicenceKind, ProofKind
from training.institutions.models import Licence
from training.institutions.services import (
    add_instructor,
    add_licence,
    add_proof,
    refuse_licence,
    verify_licence,
    verify_proof,
)
from training.scheduling.changes import approve_lesson_change, request_lesson_change

CLERK, REVIEWER = Role.INSTITUTION_CLERK, Role.BUREAU_REVIEWER
SAID = (
    "training_session",
    "licence",
    "proof",
    "kind",
    "number",
    "valid_from",
    "valid_until",
    "file",
    "sha256",
)


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    hold_and_close(approved, clock)
    return approved


def lacking(county: Any) -> list[str]:
    return [finding.message for finding in findings(check_session(county.session)) if finding.item == "A2"]


def another_licence(county: Any, number: str = "91360735MA35NXTP4H-2") -> Licence:
    licence = add_licence(
        county.session.institution_id,
        kind=LicenceKind.BUSINESS,
        number=number,
        issuer="石城县市场监督管理局",
        valid_from=date(2020, 1, 1),
        valid_until=None,
        file=paper("营业执照", number),
        actor=county.actor(CLERK),
    )
    return verify_licence(licence.pk, actor=county.actor(REVIEWER))


def numbers(county: Any) -> list[str]:
    """As the dossier prints them, and as many originals as it prints."""
    said = compile_facts(Dossier.objects.get(), as_of=product_clock.now())
    assert len([file for file in said.attachments if file.item == "A2"]) == len(said.licences)
    return [licence.number for licence in said.licences]


def test_the_approval_keeps_what_the_bureau_saw(approved: Any) -> None:
    licences = list(approved.session.institution.licences.order_by("pk"))
    kept = ApprovedPaper.objects.filter(licence__isnull=False)

    assert [(row.licence, row.number, row.file, row.sha256) for row in kept] == [
        (licence, licence.number, licence.file, licence.file.sha256) for licence in licences
    ]
    assert [row.proof.instructor.name for row in ApprovedPaper.objects.filter(proof__isnull=False)] == [
        "罗明远",
        "王思敏",
    ]
    assert not ApprovedPaper.objects.filter(backfilled=True).exists()


def test_what_comes_later_is_not_put_beside_what_was_approved(closed: Any) -> None:
    before = numbers(closed)

    another_licence(closed)

    assert numbers(closed) == before


def test_where_an_approved_paper_was_refused_since_a_later_one_makes_up_for_it(closed: Any) -> None:
    first = Licence.objects.get(kind=LicenceKind.BUSINESS)
    assert lacking(closed) == []

    refuse_licence(first.pk, reason="年报异常", actor=closed.actor(REVIEWER))
    assert lacking(closed) == ["缺 A2：没有营业执照"]

    another_licence(closed, "NEW")
    assert lacking(closed) == []
    assert first.number not in numbers(closed)
    assert "NEW" in numbers(closed)


def test_a_paper_that_was_altered_past_the_system_is_named_until_the_bureau_refuses_it(closed: Any) -> None:
    first = Licence.objects.get(kind=LicenceKind.BUSINESS)
    Licence.objects.filter(pk=first.pk).update(number="OTHER")

    assert lacking(closed) == ["A2：〔OTHER〕已不是批准开班时留存的那一份，请商务局核对"]

    refuse_licence(first.pk, reason="不是原件", actor=closed.actor(REVIEWER))
    another_licence(closed)
    assert lacking(closed) == []


def test_an_approved_change_keeps_the_proofs_of_the_new_instructor_too(approved: Any) -> None:
    new = add_instructor(
        approved.session.institution_id, name="何志明", title="讲师", employer="县职校", phone="13900000000",
        profile="十年教学", actor=approved.actor(CLERK),
    )  # fmt: skip
    proof = add_proof(
        new.pk, kind=ProofKind.TEACHER, number="T-1", issuer="县教育局", valid_until=None,
        file=paper("教师资格证", "何志明"), actor=approved.actor(CLERK),
    )  # fmt: skip
    verify_proof(proof.pk, actor=approved.actor(REVIEWER))
    lesson = approved.session.lessons.get(sequence=2)
    before = ApprovedPaper.objects.count()

    change = request_lesson_change(
        lesson.pk, on=CLASS_DAY, start=time(14, 0), end=time(16, 15), instructor_id=new.pk,
        venue_id=lesson.venue_id, reason="换人", actor=approved.actor(CLERK),
    )  # fmt: skip
    approve_lesson_change(change.pk, actor=approved.actor(REVIEWER))

    assert ApprovedPaper.objects.count() == before + 1
    assert ApprovedPaper.objects.get(proof=proof).number == "T-1"


@pytest.mark.parametrize(("status", "kept"), [(None, True), ("collecting", True), ("sealed", False)])
def test_a_session_approved_before_papers_were_kept_gets_those_that_stand_marked_as_written_later(
    approved: Any, status: str | None, kept: bool
) -> None:
    migration: Any = importlib.import_module("training.dossiers.migrations.0009_earlier_papers")
    standing = ApprovedPaper.objects.filter(licence__refused_at=None, proof__refused_at=None)
    before = list(standing.order_by("pk").values_list(*SAID))
    ApprovedPaper.objects.all().delete()
    if status:
        sealed = {"pdf": stand_in(b"%PDF"), "package": stand_in(b"PK"), "sealed_at": product_clock.now()}
        Dossier.objects.create(training_session=approved.session, status=status, **sealed)

    migration.keep_earlier_papers(apps, None)

    assert list(ApprovedPaper.objects.order_by("pk").values_list(*SAID)) == (before if kept else [])
    assert not ApprovedPaper.objects.filter(backfilled=False).exists()
    assert {row.kept_at for row in ApprovedPaper.objects.all()} <= {
        approved.session.approved_timetable.kept_at
    }
