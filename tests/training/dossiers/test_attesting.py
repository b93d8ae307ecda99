"""签认: who stands for a half-day's register, and that it is of the register as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import CLASS_DAY
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.attendance.models import Correction
from training.attendance.services import approve_corrections, propose_correction
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.dossiers.attesting import attest_register, attestations
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence
from training.dossiers.models import RegisterAttestation
from training.dossiers.queries import archive_contents, with_archive
from training.scheduling.models import TrainingSession

CLERK, HEAD, MANAGER, TEACHER = (
    Role.INSTITUTION_CLERK,
    Role.INSTITUTION_HEAD,
    Role.CLASS_MANAGER,
    Role.INSTRUCTOR,
)
AM, PM = (CLASS_DAY, "am"), (CLASS_DAY, "pm")


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    hold_and_close(approved, clock, absent={11, 12})
    RegisterAttestation.objects.all().delete()
    AuditEvent.objects.filter(verb="register.attested").delete()
    return approved


def attest(county: Any, role: Role, half_day: tuple[Any, str] = AM) -> RegisterAttestation:
    on, part = half_day
    return attest_register(county.session.pk, on=on, half_day=part, actor=county.actor(role))


def unattested(county: Any) -> dict[Any, Any]:
    [session] = with_archive(TrainingSession.objects.filter(pk=county.session.pk))
    contents = archive_contents([session])[session.pk]
    return {key: who for key, who in contents.unattested.items() if key not in contents.scanned}


def test_the_class_manager_and_an_instructor_with_an_account_attest_each_half_day(closed: Any) -> None:
    assert unattested(closed) == {AM: ("manager", "罗明远"), PM: ("manager",)}

    first = attest(closed, MANAGER)
    attest(closed, TEACHER)
    attest(closed, MANAGER, PM)

    assert unattested(closed) == {}
    assert [row.get_role_display() for row in attestations([closed.session])[closed.session.pk]] == [
        "班主任",
        "授课人",
        "班主任",
    ]
    assert attest(closed, MANAGER) == first
    assert AuditEvent.objects.filter(verb="register.attested").count() == 3


def test_what_changes_the_register_lets_the_attestation_of_that_half_day_lapse(closed: Any) -> None:
    attest(closed, MANAGER)
    attest(closed, MANAGER, PM)
    lesson, absent = closed.session.lessons.get(sequence=1), closed.session.enrolments.get(number=11)

    proposed = propose_correction(
        closed.session.pk, lesson_id=lesson.pk, enrolment_id=absent.pk, kind="sign_in", source="make_up",
        happened_at=lesson.starts_at, reason="没带卡", actor=closed.actor(CLERK),
    )  # fmt: skip
    assert Correction.objects.get() == proposed
    assert unattested(closed) == {AM: ("罗明远",)}
    approve_corrections([proposed.pk], actor=closed.actor(Role.BUREAU_REVIEWER))

    assert unattested(closed) == {AM: ("manager", "罗明远")}
    attest(closed, MANAGER)
    assert unattested(closed) == {AM: ("罗明远",)}


def test_a_scan_of_the_signed_sheet_stands_for_both(closed: Any) -> None:
    add_evidence(
        closed.session.pk, item="A8", kind=EvidenceKind.REGISTER_SCAN, caption="签字的名册",
        file=paper("签到名册"), lesson_id=closed.session.lessons.get(sequence=1).pk, actor=closed.actor(CLERK),
    )  # fmt: skip

    assert unattested(closed) == {PM: ("manager",)}


@pytest.mark.parametrize("role", [CLERK, HEAD, Role.BUREAU_REVIEWER])
def test_nobody_else_attests(closed: Any, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        attest(closed, role)
    assert not RegisterAttestation.objects.exists()


def test_an_instructor_attests_only_where_they_taught_and_a_stranger_finds_nothing(
    closed: Any, other_county: Any
) -> None:
    with pytest.raises(NotFoundError):
        attest(closed, TEACHER, PM)
    with pytest.raises(NotFoundError):
        attest_register(closed.session.pk, on=CLASS_DAY, half_day="am", actor=other_county.actor(MANAGER))


def test_where_somebody_has_charge_of_the_class_nobody_else_attests_for_them(closed: Any) -> None:
    other = Membership.objects.get(role=CLERK, institution_id=closed.institution.pk)
    TrainingSession.objects.update(manager=other)

    with pytest.raises(ForbiddenError):
        attest(closed, MANAGER)


def test_a_half_day_is_attested_when_it_is_over_and_somebody_came(approved: Any, clock: Any) -> None:
    with pytest.raises(InvalidTransitionError):
        attest(approved, MANAGER)
    clock.advance(days=1)
    with pytest.raises(InvalidInputError):
        attest(approved, MANAGER)
    with pytest.raises(NotFoundError):
        attest(approved, MANAGER, (CLASS_DAY + timedelta(days=9), "am"))
