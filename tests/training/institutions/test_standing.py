"""An institution's life: submitted, admitted, suspended by itself or by the bureau, back again, removed."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.core import clock
from training.core.actor import SYSTEM
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.core.models import AuditEvent
from training.demo.scenery import FARMERS_PLAN, add_institution, add_instructors, paper
from training.institutions import services
from training.institutions.choices import INSTITUTION_TRANSITIONS, InstitutionStatus, LicenceKind
from training.institutions.models import Institution, InstructorProof, Licence
from training.institutions.queries import active_institutions
from training.programmes.models import RuleSet
from training.scheduling.services import approve_session, plan_session, submit_session

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
S = InstitutionStatus
ALLOWED = {
    (S.DRAFT, S.SUBMITTED),
    (S.SUBMITTED, S.ADMITTED),
    (S.SUBMITTED, S.DRAFT),
    (S.ADMITTED, S.SUSPENDED),
    (S.ADMITTED, S.REMOVED),
    (S.SUSPENDED, S.ADMITTED),
    (S.SUSPENDED, S.REMOVED),
}


def again(institution: Institution) -> Institution:
    return Institution.objects.get(pk=institution.pk)


def put(county: Any, status: str) -> Institution:
    Institution.objects.filter(pk=county.institution.pk).update(status=status)
    return again(county.institution)


@pytest.mark.parametrize(("start", "end"), list(itertools.product(S, S)))
def test_no_state_is_entered_but_from_where_the_table_says(start: str, end: str) -> None:
    assert (end in INSTITUTION_TRANSITIONS.get(start, ())) == ((start, end) in ALLOWED)


def plan(county: Any) -> Any:
    agreement = county.institution.agreements.get()
    return plan_session(
        county.institution.pk, agreement_id=agreement.pk, plan=FARMERS_PLAN, actor=county.actor(CLERK)
    )


def training_licence(county: Any) -> Licence:
    found: Licence = county.institution.licences.get(kind=LicenceKind.TRAINING)
    return found


def let_it_expire(county: Any, on: date = CLASS_DAY - timedelta(1)) -> None:
    Licence.objects.filter(pk=training_licence(county).pk).update(valid_until=on)


def hand_in(county: Any, **changes: Any) -> Licence:
    details = {
        "kind": LicenceKind.TRAINING,
        "number": "新证",
        "issuer": "县人社局",
        "valid_from": date(2021, 5, 1),
        "valid_until": date(2026, 4, 30),
        "file": paper("办学许可证"),
    } | changes
    return services.add_licence(county.institution.pk, actor=county.actor(CLERK), **details)


def test_a_licence_that_ran_out_stops_planning_whether_a_job_noticed_or_not(county: Any) -> None:
    plan(county)
    let_it_expire(county)

    assert again(county.institution).status == S.ADMITTED
    assert again(county.institution).standing == S.SUSPENDED
    with pytest.raises(InvalidInputError, match="培训资质证明在 2021-05-18 没有经商务局核验的有效证照"):
        plan(county)
    with pytest.raises(InvalidInputError, match="培训资质证明"):
        submit_session(county.session.pk, actor=county.actor(HEAD))


def test_a_licence_must_also_hold_on_the_day_of_the_class(county: Any, clock: Any) -> None:
    clock.advance(days=-10)
    let_it_expire(county)

    assert again(county.institution).works
    with pytest.raises(InvalidInputError, match="2021-05-18 没有"):
        submit_session(county.session.pk, actor=county.actor(HEAD))


def test_what_was_submitted_before_is_not_approved_after(county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    let_it_expire(county)

    with pytest.raises(InvalidInputError, match="培训资质证明"):
        approve_session(county.session.pk, actor=county.actor(REVIEWER))
    county.session.refresh_from_db()
    assert county.session.status == "submitted"


def test_the_daily_job_suspends_once_and_says_why(county: Any, capsys: Any) -> None:
    let_it_expire(county)

    call_command("check_institutions")
    call_command("check_institutions")

    found = again(county.institution)
    assert (found.status, found.suspended_for, found.reason) == (
        S.SUSPENDED,
        "expired",
        "证照过期：培训资质证明",
    )
    events = AuditEvent.objects.filter(verb="institution.suspended")
    assert [(event.actor_name, event.details["reason"]) for event in events] == [("系统", found.reason)]
    assert capsys.readouterr().out.count("石城县兴农电商培训中心") == 1


def test_renewed_papers_bring_it_back_when_they_are_verified_and_not_before(county: Any) -> None:
    let_it_expire(county)
    services.settle_standings()
    renewed = hand_in(county)
    assert again(county.institution).status == S.SUSPENDED

    services.verify_licence(renewed.pk, actor=county.actor(REVIEWER))

    assert again(county.institution).status == S.ADMITTED
    assert again(county.institution).reason == ""
    plan(county)


def test_a_sanction_does_not_end_by_papers(county: Any) -> None:
    services.suspend_institution(county.institution.pk, reason="虚报人次", actor=county.actor(CHIEF))
    services.verify_licence(hand_in(county).pk, actor=county.actor(REVIEWER))
    services.settle_standings()

    assert again(county.institution).status == S.SUSPENDED
    with pytest.raises(InvalidInputError, match="机构已暂停，不能开班。原因：虚报人次"):
        plan(county)
    services.reinstate_institution(county.institution.pk, reason="已整改", actor=county.actor(CHIEF))
    plan(county)


def test_reinstating_is_refused_while_papers_are_missing(county: Any) -> None:
    services.suspend_institution(county.institution.pk, reason="虚报人次", actor=county.actor(CHIEF))
    let_it_expire(county)

    with pytest.raises(InvalidInputError, match="还不能恢复，没有有效的：培训资质证明"):
        services.reinstate_institution(county.institution.pk, reason="已整改", actor=county.actor(CHIEF))


def test_a_licence_that_is_refused_later_counts_no_longer(county: Any) -> None:
    services.refuse_licence(training_licence(county).pk, reason="伪造", actor=county.actor(REVIEWER))

    assert again(county.institution).status == S.SUSPENDED
    with pytest.raises(InvalidInputError, match="请让机构重新上传"):
        services.verify_licence(training_licence(county).pk, actor=county.actor(REVIEWER))


def test_a_removed_institution_takes_no_task_and_keeps_its_archives(approved: Any) -> None:
    services.remove_institution(approved.institution.pk, reason="再次虚报", actor=approved.actor(CHIEF))

    with pytest.raises(InvalidInputError, match="机构已被清退，不能再开班"):
        plan(approved)
    with pytest.raises(InvalidInputError, match="不能再补交证照"):
        hand_in(approved)
    with pytest.raises(InvalidTransitionError):
        services.reinstate_institution(approved.institution.pk, reason="x", actor=approved.actor(CHIEF))
    approved.session.refresh_from_db()
    assert approved.session.status == "approved"


@pytest.mark.parametrize(
    "act",
    [services.return_institution, services.suspend_institution, services.remove_institution],
)
def test_every_step_against_an_institution_needs_a_reason(county: Any, act: Any) -> None:
    put(county, S.SUBMITTED if act is services.return_institution else S.ADMITTED)

    with pytest.raises(InvalidInputError, match="请写明原因"):
        act(county.institution.pk, reason="  ", actor=county.actor(CHIEF))


@pytest.mark.parametrize("role", [CLERK, HEAD, REVIEWER, Role.AUDITOR])
def test_only_the_bureau_s_head_suspends(county: Any, role: Role) -> None:
    with pytest.raises(TrainingError) as refused:
        services.suspend_institution(county.institution.pk, reason="x", actor=county.actor(role))

    assert refused.value.code == "forbidden"
    assert again(county.institution).status == S.ADMITTED


def fresh(county: Any) -> tuple[Institution, Any]:
    """One that the bureau has just registered, and its people."""
    institution, staff = add_institution(
        county.programme, name="新机构", uscc="91360825MA36DEMN7K", prefix="new-", bureau=county.actor(CHIEF)
    )
    Licence.objects.filter(institution=institution).update(verified_at=None, verified_by=None)
    Institution.objects.filter(pk=institution.pk).update(status=S.DRAFT)
    return again(institution), staff


def test_submitting_names_everything_that_is_missing(county: Any) -> None:
    institution, staff = fresh(county)
    institution.licences.all().delete()
    Institution.objects.filter(pk=institution.pk).update(business_scope="")

    with pytest.raises(InvalidInputError) as refused:
        services.submit_institution(institution.pk, actor=staff.actor(HEAD))

    assert (
        str(refused.value) == "还不能提交，缺：营业执照（或法人登记证书）、培训资质证明、经营（业务）范围。"
    )


def test_admission_waits_for_the_reviewer_to_verify_the_licences(county: Any) -> None:
    institution, staff = fresh(county)
    services.submit_institution(institution.pk, actor=staff.actor(HEAD))
    with pytest.raises(InvalidInputError, match="培训资质证明没有核验，或已过期"):
        services.admit_institution(institution.pk, actor=county.actor(CHIEF))

    for licence in institution.licences.all():
        services.verify_licence(licence.pk, actor=county.actor(REVIEWER))
    services.admit_institution(institution.pk, actor=county.actor(CHIEF))

    assert again(institution).status == S.ADMITTED


def test_admission_waits_for_as_many_qualified_instructors_as_the_rules_want(county: Any) -> None:
    institution, staff = fresh(county)
    body = county.session.rule_set.body
    wanted = body["institutions"] | {"min_instructors": 2}
    RuleSet.objects.filter(programme=county.programme).update(body=body | {"institutions": wanted})
    services.submit_institution(institution.pk, actor=staff.actor(HEAD))
    for licence in institution.licences.all():
        services.verify_licence(licence.pk, actor=county.actor(REVIEWER))

    with pytest.raises(InvalidInputError, match="资质已核验的授课人要 2 名，现有 0 名"):
        services.admit_institution(institution.pk, actor=county.actor(CHIEF))

    for person in add_instructors(institution, actor=staff.actor(CLERK)):
        InstructorProof.objects.filter(instructor=person).update(
            verified_at=clock.now(), verified_by=county.user(REVIEWER)
        )
    services.admit_institution(institution.pk, actor=county.actor(CHIEF))
    assert again(institution).status == S.ADMITTED


def test_what_was_returned_can_be_put_right_and_submitted_again(county: Any) -> None:
    institution, staff = fresh(county)
    services.submit_institution(institution.pk, actor=staff.actor(HEAD))
    services.return_institution(institution.pk, reason="范围没有写全", actor=county.actor(CHIEF))
    assert (again(institution).status, again(institution).reason) == (S.DRAFT, "范围没有写全")

    services.submit_institution(institution.pk, actor=staff.actor(HEAD))

    assert (again(institution).status, again(institution).reason) == (S.SUBMITTED, "")


def test_a_new_business_scope_has_to_be_confirmed_again(county: Any) -> None:
    before = again(county.institution)
    details = {name: getattr(before, name) for name in ("contact", "phone", "legal_person", "address")}
    said = {**details, "business_scope": before.business_scope}
    services.revise_details(before.pk, actor=county.actor(CLERK), **said)
    assert again(before).scope_confirmed_at

    services.revise_details(before.pk, actor=county.actor(CLERK), **said | {"business_scope": "卖货"})

    assert again(before).scope_confirmed_at is None


def test_only_those_count_that_may_work_and_hold_an_agreement(county: Any) -> None:
    """At midnight a licence runs out, and the county has one institution too few."""
    actor = county.actor(REVIEWER)
    assert [row.pk for row in active_institutions(county.programme, actor, CLASS_DAY)] == [
        county.institution.pk
    ]
    fresh(county)
    let_it_expire(county, CLASS_DAY)

    assert active_institutions(county.programme, actor, CLASS_DAY).count() == 1
    assert active_institutions(county.programme, actor, CLASS_DAY + timedelta(1)).count() == 0


def test_a_county_s_check_touches_no_institution_in_order(county: Any, other_county: Any) -> None:
    let_it_expire(county)

    changed = services.settle_standings(actor=SYSTEM)

    assert [row.pk for row in changed] == [county.institution.pk]
    assert again(other_county.institution).status == S.ADMITTED


def test_the_place_of_local_registration_is_read_from_the_code(county: Any) -> None:
    said = {"due_on": date(2021, 6, 30), "registered_on": date(2021, 5, 1), "resident": True}
    with pytest.raises(InvalidInputError, match="登记机关是 360825，不是本县的 360735"):
        services.note_local_registration(
            county.institution.pk, local_uscc="91360825MA36DEMN7K", actor=county.actor(REVIEWER), **said
        )

    services.note_local_registration(
        county.institution.pk, local_uscc="91360735MA37HGQN5Q", actor=county.actor(REVIEWER), **said
    )

    noted = again(county.institution)
    assert (noted.local_uscc, noted.resident) == ("91360735MA37HGQN5Q", True)
