"""A separate answer, given once, changed at will, costing nobody anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.errors import ForbiddenError
from training.core.models import AuditEvent
from training.people.choices import ConsentPurpose
from training.people.models import Consent
from training.people.services import record_consent


@pytest.fixture
def trainee(county: Any) -> Any:
    return county.session.enrolments.first().trainee


def test_an_answer_is_kept_with_the_text_that_was_shown(county: Any, trainee: Any) -> None:
    consent = record_consent(trainee, given=True, actor=county.actor(Role.INSTITUTION_CLERK))

    assert (
        consent.given,
        consent.purpose,
        consent.text_version,
        consent.recorded_by,
        consent.withdrawn_at,
    ) == (
        True,
        "face",
        "2025-06",
        "邓经办",
        None,
    )
    assert AuditEvent.objects.latest("pk").verb == "consent.recorded"


def test_a_new_answer_withdraws_the_one_before_and_both_stay_on_record(county: Any, trainee: Any) -> None:
    clerk = county.actor(Role.INSTITUTION_CLERK)
    yes = record_consent(trainee, given=True, actor=clerk)
    no = record_consent(trainee, given=False, actor=clerk)

    yes.refresh_from_db()
    assert yes.withdrawn_at is not None
    assert list(Consent.objects.filter(withdrawn_at__isnull=True)) == [no]
    assert list(trainee.consents.order_by("pk").values_list("given", flat=True)) == [True, False]


def test_two_standing_answers_can_not_exist(county: Any, trainee: Any) -> None:
    record_consent(trainee, given=True, actor=county.actor(Role.INSTITUTION_CLERK))

    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(
            trainee=trainee,
            purpose=ConsentPurpose.FACE,
            given=False,
            text_version="x",
            recorded_at=product_clock.now(),
            recorded_by="x",
        )


def test_the_bureau_answers_for_nobody(county: Any, trainee: Any) -> None:
    with pytest.raises(ForbiddenError):
        record_consent(trainee, given=True, actor=county.actor(Role.BUREAU_REVIEWER))
    assert Consent.objects.count() == 0
