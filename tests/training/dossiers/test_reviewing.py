"""The bureau's check, round by round: what is accepted stays so, what is returned is all that may be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.training.dossiers.conftest import jpeg
from tests.training.reviews import pass_review, review_and_seal
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.attendance.choices import CorrectionKind
from training.attendance.services import propose_correction
from training.core import clock
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.models import AuditEvent
from training.demo.scenery import paper
from training.dossiers.choices import Decision, DossierStatus, EvidenceKind
from training.dossiers.collecting import add_evidence, withdraw_evidence
from training.dossiers.item_changes import OPAQUE, changes, digest, opaque
from training.dossiers.models import Dossier, Evidence, ItemReview, ReviewRound
from training.dossiers.reviewing import (
    Place,
    UnreviewedDossierError,
    accept_item,
    confirm_dossier,
    return_dossier,
    return_item,
    submit_dossier,
)
from training.dossiers.risks import risks_of
from training.dossiers.rounds import standing
from training.dossiers.sealing import seal_dossier
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, verify_proof
from training.people.models import Trainee
from training.scheduling.services import pin_courseware

HEAD, CLERK, REVIEWER, CHIEF = (
    Role.INSTITUTION_HEAD,
    Role.INSTITUTION_CLERK,
    Role.BUREAU_REVIEWER,
    Role.BUREAU_HEAD,
)


@pytest.fixture
def submitted(approved: Any, clock: Any) -> Any:
    """The nine items are complete and the dossier lies at the bureau."""
    hold_and_close(approved, clock, absent={11, 12})
    prove(approved)
    submit_dossier(approved.session.pk, actor=approved.actor(HEAD))
    return approved


def prove(county: Any, number: str = "电商师 2020-3607-0999") -> None:
    proof = add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number=number,
        issuer="江西省职业技能鉴定指导中心",
        valid_until=None,
        file=paper("电子商务师资格证书", "姓名：王思敏"),
        actor=county.actor(CLERK),
    )
    verify_proof(proof.pk, actor=county.actor(REVIEWER))


def dossier_of(county: Any) -> Dossier:
    return Dossier.objects.get(training_session=county.session)


def accept(county: Any, *items: str, role: Role = REVIEWER) -> None:
    for item in items:
        accept_item(dossier_of(county).pk, item=item, actor=county.actor(role))


def send_back(county: Any, item: str = "A9", reason: str = "照片太暗") -> Dossier:
    return_item(dossier_of(county).pk, item=item, reason=reason, actor=county.actor(REVIEWER))
    return return_dossier(dossier_of(county).pk, actor=county.actor(REVIEWER))


def give(county: Any, item: str, caption: str = "补拍的照片") -> Evidence:
    lesson = county.session.lessons.first() if item == "A9" else None
    return add_evidence(
        county.session.pk,
        item=item,
        kind=EvidenceKind.PHOTO if item == "A9" else EvidenceKind.OTHER,
        caption=caption,
        file=("补拍.jpg", jpeg(caption)) if item == "A9" else paper(caption),
        lesson_id=lesson.pk if lesson else None,
        actor=county.actor(CLERK),
    )


def rule(county: Any, second_person: str) -> None:
    rule_set = county.session.rule_set
    rule_set.body["review"]["second_person"] = second_person
    rule_set.save()
    county.session.refresh_from_db()


ITEMS = [f"A{number}" for number in range(1, 10)]


# Items


def test_a_dossier_is_sealed_only_when_every_item_was_accepted_in_this_round(submitted: Any) -> None:
    accept(submitted, *ITEMS[:-1])

    with pytest.raises(UnreviewedDossierError) as refused:
        seal_dossier(dossier_of(submitted).pk, actor=submitted.actor(REVIEWER))

    assert refused.value.details == {"items": ["A9"]}
    assert dossier_of(submitted).status == DossierStatus.SUBMITTED
    accept(submitted, "A9")
    assert seal_dossier(dossier_of(submitted).pk, actor=submitted.actor(REVIEWER)).status == "sealing"


def test_accepting_twice_changes_nothing_and_a_change_of_mind_is_on_record(submitted: Any) -> None:
    pk, reviewer = dossier_of(submitted).pk, submitted.actor(REVIEWER)
    accept(submitted, "A9")
    trail = AuditEvent.objects.count()

    accept(submitted, "A9")
    assert AuditEvent.objects.count() == trail

    return_item(pk, item="A9", reason="照片太暗", actor=reviewer)
    accept(submitted, "A9")
    verbs = AuditEvent.objects.filter(verb__startswith="item.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["item.accepted", "item.returned", "item.accepted"]
    assert ItemReview.objects.count() == 1


def test_a_return_needs_a_reason_and_an_item_that_exists(submitted: Any) -> None:
    pk, reviewer = dossier_of(submitted).pk, submitted.actor(REVIEWER)

    for item, reason in (("A9", " "), ("A99", "照片太暗")):
        with pytest.raises(InvalidInputError):
            return_item(pk, item=item, reason=reason, actor=reviewer)
    with pytest.raises(InvalidInputError):
        return_dossier(pk, actor=reviewer)
    assert ItemReview.objects.count() == 0


def test_a_place_is_kept_on_a_paper_of_that_item_and_nowhere_else(submitted: Any) -> None:
    pk, reviewer = dossier_of(submitted).pk, submitted.actor(REVIEWER)
    photo = Evidence.objects.filter(item="A9").first()
    key = f"evidence-{photo.pk}"

    for item, place in (
        ("A3", Place(key)),
        ("A9", Place(key, x=1001, y=5)),
        ("A9", Place(key, x=5)),
    ):
        with pytest.raises(InvalidInputError):
            return_item(pk, item=item, reason="太暗", place=place, actor=reviewer)
    marked = return_item(pk, item="A9", reason="太暗", place=Place(key, x=250, y=1000), actor=reviewer)

    assert (marked.file_id, marked.x, marked.y, marked.page) == (photo.file_id, 250, 1000, None)
    for broken in ({"x": None}, {"x": 1001}, {"file": None}, {"reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ItemReview.objects.update(**broken)


def test_what_changes_after_it_was_accepted_must_be_accepted_again(submitted: Any) -> None:
    accept(submitted, *ITEMS)
    Evidence.objects.filter(item="A9").update(caption="换了说明")

    found = standing(dossier_of(submitted))
    assert [(item.code, item.stale) for item in found.open_items] == [("A9", True)]
    with pytest.raises(UnreviewedDossierError):
        seal_dossier(dossier_of(submitted).pk, actor=submitted.actor(REVIEWER))


# Back and forth


def test_of_a_returned_dossier_only_what_was_returned_may_be_changed(submitted: Any) -> None:
    returned = send_back(submitted)

    assert (returned.status, returned.returned_items, returned.return_reason) == (
        "returned",
        ["A9"],
        "A9 照片太暗",
    )
    plan = Evidence.objects.filter(training_session=submitted.session).exclude(item="A9").first()
    with pytest.raises(InvalidTransitionError) as refused:
        give(submitted, "A4")
    assert str(refused.value) == "商务局只退回了 A9，A4 不在其中，不能改动。"
    if plan:
        with pytest.raises(InvalidTransitionError):
            withdraw_evidence(plan.pk, reason="x", actor=submitted.actor(CLERK))
    with pytest.raises(InvalidTransitionError):
        pin_courseware(submitted.session.pk, [], actor=submitted.actor(CLERK))
    with pytest.raises(InvalidTransitionError):
        propose_correction(
            submitted.session.pk,
            enrolment_id=submitted.session.enrolments.last().pk,
            lesson_id=submitted.session.lessons.first().pk,
            kind=CorrectionKind.SIGN_IN,
            happened_at=submitted.session.lessons.first().starts_at,
            reason="忘记刷卡",
            actor=submitted.actor(CLERK),
        )
    assert give(submitted, "A9").pk


def test_the_next_round_carries_over_what_is_the_same_and_shows_what_is_not(submitted: Any) -> None:
    accept(submitted, *ITEMS[:-1])
    send_back(submitted)
    give(submitted, "A9")
    submit_dossier(submitted.session.pk, actor=submitted.actor(HEAD))

    found = standing(dossier_of(submitted))
    assert [item.code for item in found.open_items] == ["A9"]
    assert all(item.review.carried for item in found.items if item.code != "A9")
    assert [(change.kind, "补拍的照片" in change.label) for change in found.of("A9").changed] == [
        ("new", True)
    ]
    assert found.of("A9").before.reason == "照片太暗"
    assert [round.number for round in ReviewRound.objects.filter(returned_at__isnull=False)] == [1]


def test_an_accepted_item_that_changed_meanwhile_is_looked_at_again(submitted: Any) -> None:
    """A proof hangs on the instructor, not on this archive: it can come at any time, and is noticed."""
    accept(submitted, *ITEMS[:-1])
    send_back(submitted)
    give(submitted, "A9")
    prove(submitted, "赣职 2021-1")
    submit_dossier(submitted.session.pk, actor=submitted.actor(HEAD))

    found = standing(dossier_of(submitted))
    assert [item.code for item in found.open_items] == ["A3", "A9"]
    assert {change.kind for change in found.of("A3").changed} == {"new"}


# Two people


def test_where_the_rules_say_so_somebody_else_confirms_before_the_seal(submitted: Any) -> None:
    rule(submitted, "always")
    pk = dossier_of(submitted).pk
    accept(submitted, *ITEMS)
    with pytest.raises(UnreviewedDossierError) as refused:
        seal_dossier(pk, actor=submitted.actor(CHIEF))
    assert "另一人复核" in str(refused.value)
    with pytest.raises(ForbiddenError):
        confirm_dossier(pk, actor=submitted.actor(REVIEWER))

    confirm_dossier(pk, actor=submitted.actor(CHIEF))
    trail = AuditEvent.objects.count()
    confirm_dossier(pk, actor=submitted.actor(CHIEF))

    assert AuditEvent.objects.count() == trail
    assert seal_dossier(pk, actor=submitted.actor(REVIEWER)).status == DossierStatus.SEALING


def test_nobody_confirms_what_is_not_accepted_or_what_they_accepted_a_part_of(submitted: Any) -> None:
    rule(submitted, "always")
    pk = dossier_of(submitted).pk
    accept(submitted, *ITEMS[1:])
    with pytest.raises(UnreviewedDossierError):
        confirm_dossier(pk, actor=submitted.actor(CHIEF))
    accept(submitted, "A1", role=CHIEF)
    for role in (REVIEWER, CHIEF):
        with pytest.raises(ForbiddenError):
            confirm_dossier(pk, actor=submitted.actor(role))


def test_a_judgement_after_the_confirmation_takes_it_back(submitted: Any) -> None:
    rule(submitted, "always")
    pass_review(submitted)
    return_item(dossier_of(submitted).pk, item="A9", reason="再看", actor=submitted.actor(REVIEWER))

    assert ReviewRound.objects.get().confirmed_at is None


def test_the_submitter_neither_judges_nor_confirms_whatever_the_role(submitted: Any) -> None:
    two_hats = replace(submitted.actor(REVIEWER), user_id=submitted.user(HEAD).pk)
    pk = dossier_of(submitted).pk

    for act in (
        lambda: accept_item(pk, item="A1", actor=two_hats),
        lambda: return_item(pk, item="A1", reason="x", actor=two_hats),
        lambda: confirm_dossier(pk, actor=two_hats),
        lambda: return_dossier(pk, actor=two_hats),
    ):
        with pytest.raises(ForbiddenError):
            act()
    assert ItemReview.objects.count() == 0


def test_the_database_itself_wants_two_people(submitted: Any) -> None:
    pass_review(submitted)
    submitter, reviewer = submitted.user(HEAD), submitted.user(REVIEWER)

    for broken in (
        {"confirmed_by": reviewer},
        {"reviewed_by": submitter},
        {"confirmed_by": submitter},
        {"returned_by": submitter},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewRound.objects.update(**broken)


def test_a_second_person_is_wanted_for_what_the_software_noticed(submitted: Any) -> None:
    assert risks_of([submitted.session.pk]) == {submitted.session.pk: ()}
    assert not standing(dossier_of(submitted)).wants_second_person
    for trainee in Trainee.objects.order_by("pk")[:3]:
        trainee.phone = "13800000000"
        trainee.save()

    found = standing(dossier_of(submitted))
    assert [risk.message for risk in found.risks] == ["3 人与同班的人共用手机号"]
    assert found.wants_second_person
    rule(submitted, "never")
    assert not standing(dossier_of(submitted)).wants_second_person


def test_the_whole_way_leaves_one_round_and_its_reviewers(submitted: Any) -> None:
    review_and_seal(submitted)

    running = ReviewRound.objects.get()
    assert (running.number, running.reviewed_by) == (1, submitted.user(REVIEWER))
    assert set(running.reviews.values_list("decision", flat=True)) == {Decision.ACCEPTED}
    assert running.submitted_at <= clock.now()


# What an item says

FACTS = st.dictionaries(st.text(min_size=1), st.text())


@given(FACTS, FACTS)
def test_there_are_changes_exactly_where_the_digest_differs(
    before: dict[str, str], after: dict[str, str]
) -> None:
    found = changes(before, after)

    assert bool(found) == (digest(before) != digest(after))
    assert {change.label for change in found} == {
        label for label in before.keys() | after.keys() if before.get(label) != after.get(label)
    }
    assert all(change.message for change in found)


def test_what_is_kept_as_a_digest_is_never_repeated() -> None:
    before, after = {"名册第3号": opaque("甲", "1380")}, {"名册第3号": opaque("甲", "1390")}

    (change,) = changes(before, after)

    assert change.message == "有改动：名册第3号"
    assert OPAQUE not in change.message
