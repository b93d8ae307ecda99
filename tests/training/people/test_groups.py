"""学员类别: claimed by one, verified by another, never by an institution; and sensitive ones with care."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent, StoredFile
from training.demo.scenery import paper
from training.people.choices import ConsentPurpose, GroupEvidence, GroupStatus
from training.people.models import TraineeGroup
from training.people.queries import group_book, sensitive_codes, verified_groups, waiting_groups
from training.people.services import (
    add_group,
    decide_groups,
    note_groups,
    record_consent,
    withdraw_consent,
)

TODAY = date(2021, 5, 18)


def claim(trainee: Any, actor: Any, code: str = "leader", **given: Any) -> TraineeGroup:
    said: dict[str, Any] = {
        "evidence": GroupEvidence.LIST,
        "source": "农业农村局 2021 年名单",
        "as_of": TODAY,
        "valid_from": None,
        "valid_until": None,
        "file": None,
    }
    return add_group(trainee.pk, code=code, actor=actor, **(said | given))


@pytest.fixture
def bare(trainee: Any) -> Any:
    """Somebody of whom no roster has said anything."""
    trainee.groups.all().delete()
    return trainee


def test_a_roster_claims_the_groups_it_names(county: Any) -> None:
    places = {(place.trainee_id, place.group) for place in county.session.enrolments.all()}

    claims = TraineeGroup.objects.all()

    assert {(group.trainee_id, group.code) for group in claims} == {pair for pair in places if pair[1]}
    assert {(group.status, group.evidence, group.source, group.claimed_by) for group in claims} == {
        ("claimed", "roster", county.session.code, None)
    }


def test_a_second_roster_adds_nothing_that_is_known(county: Any) -> None:
    before = TraineeGroup.objects.count()
    said = [(place.trainee, place.group) for place in county.session.enrolments.select_related("trainee")]

    note_groups(said, source="x")

    assert TraineeGroup.objects.count() == before


def test_one_claims_and_another_verifies(bare: Any, township: Any, department: Any) -> None:
    group = claim(bare, township, valid_until=date(2022, 12, 31))

    assert verified_groups([bare.pk], TODAY) == set()
    assert decide_groups([group.pk], verify=True, actor=department) == 1

    assert verified_groups([bare.pk], TODAY) == {(bare.pk, "leader")}
    assert AuditEvent.objects.latest("pk").verb == "group.verified"


def test_an_influencer_is_known_by_the_account(bare: Any, township: Any, department: Any) -> None:
    """石城 三（三）: 农村网红; what proves it is the platform's account."""
    account = "抖音号 shicheng_bailian，粉丝 1.2 万"
    group = claim(bare, township, "influencer", evidence=GroupEvidence.ACCOUNT, source=account)

    decide_groups([group.pk], verify=True, actor=department)

    assert verified_groups([bare.pk], TODAY) == {(bare.pk, "influencer")}
    group.refresh_from_db()
    assert (group.get_evidence_display(), group.source) == ("平台账号", account)


def test_nobody_verifies_what_they_claimed(bare: Any, township: Any) -> None:
    group = claim(bare, township)

    assert not waiting_groups(township).filter(pk=group.pk).exists()
    with pytest.raises(ForbiddenError):
        decide_groups([group.pk], verify=True, actor=township)
    with pytest.raises(IntegrityError), transaction.atomic():
        TraineeGroup.objects.filter(pk=group.pk).update(decided_by=township.user_id)


@pytest.mark.parametrize(
    "role", [Role.INSTITUTION_HEAD, Role.INSTITUTION_CLERK, Role.BUREAU_HEAD, Role.AUDITOR, Role.FOLLOW_UP]
)
def test_only_townships_and_departments_verify(county: Any, bare: Any, township: Any, role: Role) -> None:
    group = claim(bare, township)

    with pytest.raises(ForbiddenError):
        decide_groups([group.pk], verify=True, actor=county.actor(role))


def test_a_township_verifies_its_own_people_only(bare: Any, township: Any, department: Any) -> None:
    group = claim(bare, department)
    bare.township = "小松镇"
    bare.save()

    with pytest.raises(NotFoundError):
        decide_groups([group.pk], verify=True, actor=township)


def test_a_batch_is_decided_whole_or_not_at_all(county: Any, trainee: Any, department: Any) -> None:
    first, second = TraineeGroup.objects.order_by("pk")[:2]
    decide_groups([second.pk], verify=True, actor=department)

    with pytest.raises(InvalidTransitionError):
        decide_groups([first.pk, second.pk], verify=True, actor=department)

    first.refresh_from_db()
    assert first.status == GroupStatus.CLAIMED
    waiting = list(waiting_groups(department))
    assert decide_groups([group.pk for group in waiting], verify=True, actor=department) == len(waiting)


def test_a_refusal_says_why_and_leaves_room_for_a_better_claim(
    bare: Any, township: Any, department: Any
) -> None:
    group = claim(bare, township)
    with pytest.raises(InvalidInputError):
        decide_groups([group.pk], verify=False, actor=department)

    decide_groups([group.pk], verify=False, reason="名单上没有此人", actor=department)

    group.refresh_from_db()
    assert (group.status, group.reason) == ("refused", "名单上没有此人")
    assert claim(bare, township).status == GroupStatus.CLAIMED


def test_a_verification_ends_with_its_validity(bare: Any, township: Any, department: Any) -> None:
    group = claim(bare, township)
    decide_groups([group.pk], verify=True, valid_until=TODAY + timedelta(days=30), actor=department)
    group.refresh_from_db()

    last = TODAY + timedelta(days=30)
    assert group.is_verified(last)
    assert group.has_expired(last + timedelta(days=1))
    assert verified_groups([bare.pk], last + timedelta(days=1)) == set()


def test_a_group_that_stands_is_not_claimed_twice(bare: Any, township: Any) -> None:
    claim(bare, township)

    with pytest.raises(InvalidInputError, match="已经登记"):
        claim(bare, township)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"code": "astronaut"}, "没有这个学员类别"),
        ({"as_of": date(2021, 5, 19)}, "不能晚于今天"),
        ({"valid_from": date(2021, 5, 1), "valid_until": date(2021, 4, 1)}, "早于有效期起"),
    ],
)
def test_a_wrong_claim_is_refused(bare: Any, township: Any, given: Any, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        claim(bare, township, **given)


def test_poverty_is_sensitive_and_farming_is_not(county: Any) -> None:
    book = group_book(county.programme.pk)

    assert sensitive_codes(book) == {"poor_household"}
    assert book["farmer"].name == "农民"


def test_the_audit_trail_does_not_say_which_group(bare: Any, township: Any) -> None:
    claim(bare, township, "poor_household")

    said = AuditEvent.objects.latest("pk")
    assert "poor" not in said.subject + str(said.details)
    assert "贫困" not in said.subject + str(said.details)


def test_taking_back_the_consent_deletes_the_entry_and_its_proof(
    bare: Any, township: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    record_consent(bare, given=True, purpose=ConsentPurpose.SENSITIVE, actor=township)
    sensitive = claim(bare, township, "poor_household", file=paper("脱贫户名单"))
    plain = claim(bare, township, "leader")
    file = Path(settings.MEDIA_ROOT) / sensitive.file.file.name
    assert file.exists()

    with django_capture_on_commit_callbacks(execute=True):
        withdraw_consent(bare, purpose=ConsentPurpose.SENSITIVE, actor=township)

    assert list(bare.groups.all()) == [plain]
    assert not file.exists()
    assert not StoredFile.objects.filter(pk=sensitive.file_id).exists()


def test_whoever_said_no_is_not_noted_again(bare: Any, township: Any) -> None:
    record_consent(bare, given=False, purpose=ConsentPurpose.SENSITIVE, actor=township)

    note_groups([(bare, "poor_household"), (bare, "farmer")], source="SC-1")

    assert [group.code for group in bare.groups.all()] == ["farmer"]
    with pytest.raises(InvalidInputError, match="不同意"):
        claim(bare, township, "poor_household")


def test_of_somebody_who_is_only_kept_nothing_new_is_noted(bare: Any, township: Any) -> None:
    bare.restricted_at = product_clock.now()
    bare.save()

    note_groups([(bare, "farmer")], source="SC-1")

    assert not bare.groups.exists()
    with pytest.raises(InvalidInputError):
        claim(bare, township)
