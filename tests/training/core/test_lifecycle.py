"""Every lifecycle, spelt out again: the tables in `choices.py` may lose nothing and gain nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.apps import apps

from training.core.errors import InvalidTransitionError
from training.core.lifecycle import Lifecycle

ALLOWED = {
    "institutions.Institution": {
        ("draft", "submitted"),
        ("submitted", "admitted"),
        ("submitted", "draft"),
        ("admitted", "suspended"),
        ("admitted", "removed"),
        ("suspended", "admitted"),
        ("suspended", "removed"),
    },
    "attendance.Exclusion": {
        ("proposed", "excluded"),
        ("proposed", "declined"),
        ("excluded", "appealed"),
        ("appealed", "upheld"),
        ("appealed", "reinstated"),
    },
    "stations.Station": {("active", "revoked")},
    "certificates.Certificate": {("valid", "replaced"), ("valid", "revoked")},
    "complaints.Complaint": {
        ("received", "assigned"),
        ("assigned", "examining"),
        ("examining", "answered"),
        ("answered", "archived"),
    },
    "publications.Publication": {
        ("draft", "checked"),
        ("checked", "published"),
        ("published", "withdrawn"),
    },
    "reports.TownReport": {("open", "submitted")},
    "reports.RollUp": {("drawn_up", "sent")},
    "reports.MinistryReport": {("locked", "reported")},
    "reports.SelfEvaluation": {("draft", "final")},
    "reports.PhoneCheck": {("calling", "closed")},
    "scheduling.TrainingSession": {
        ("draft", "submitted"),
        ("draft", "cancelled"),
        ("submitted", "approved"),
        ("submitted", "returned"),
        ("submitted", "cancelled"),
        ("returned", "submitted"),
        ("returned", "cancelled"),
        ("approved", "running"),
        ("approved", "cancelled"),
        ("running", "closed"),
        ("running", "stopped"),
        ("closed", "archived"),
        ("archived", "claimed"),
        ("archived", "closed"),
        ("claimed", "closed"),
    },
    "enrolment.Enrolment": {
        ("enrolled", "completed"),
        ("enrolled", "incomplete"),
        ("enrolled", "withdrawn"),
        ("completed", "incomplete"),
        ("completed", "excluded"),
        ("excluded", "completed"),
        ("incomplete", "completed"),
    },
    "enrolment.RosterImport": {
        ("waiting", "running"),
        ("waiting", "cancelled"),
        ("running", "done"),
        ("running", "cancelled"),
        ("running", "failed"),
        ("cancelled", "running"),
        ("failed", "running"),
    },
    "uploads.Reuse": {
        ("open", "not_allowed"),
        ("open", "legitimate"),
        ("not_allowed", "legitimate"),
        ("legitimate", "not_allowed"),
    },
    "attendance.Correction": {
        ("proposed", "approved"),
        ("proposed", "declined"),
        ("proposed", "withdrawn"),
    },
    "attendance.LostRange": {
        ("proposed", "approved"),
        ("proposed", "declined"),
        ("proposed", "withdrawn"),
    },
    "fairs.JobFair": {
        ("planned", "reported"),
        ("planned", "cancelled"),
        ("reported", "held"),
        ("reported", "cancelled"),
        ("held", "registered"),
        ("registered", "counted"),
        ("registered", "held"),
    },
    "fairs.Intention": {
        ("wanted", "interview"),
        ("wanted", "hired"),
        ("wanted", "not_hired"),
        ("interview", "hired"),
        ("interview", "not_hired"),
    },
    "followup.FollowUp": {
        ("waiting", "contacted"),
        ("waiting", "concluded"),
        ("contacted", "serving"),
        ("contacted", "concluded"),
        ("serving", "concluded"),
        ("concluded", "ended"),
    },
    "followup.Referral": {("open", "helped"), ("open", "failed")},
    "outcomes.Outcome": {
        ("claimed", "evidenced"),
        ("claimed", "rejected"),
        ("claimed", "withdrawn"),
        ("evidenced", "verified"),
        ("evidenced", "rejected"),
        ("evidenced", "withdrawn"),
        ("verified", "confirmed"),
        ("verified", "rejected"),
        ("verified", "withdrawn"),
        ("confirmed", "recheck_due"),
        ("confirmed", "lapsed"),
        ("recheck_due", "valid"),
        ("recheck_due", "lapsed"),
        ("valid", "lapsed"),
    },
    "outcomes.EnterpriseOutcome": {
        ("claimed", "confirmed"),
        ("claimed", "rejected"),
        ("confirmed", "revoked"),
    },
    "dossiers.DossierVersion": {
        ("queued", "running"),
        ("queued", "cancelled"),
        ("queued", "failed"),
        ("running", "done"),
        ("running", "failed"),
        ("running", "cancelled"),
    },
    "dossiers.Dossier": {
        ("collecting", "submitted"),
        ("submitted", "returned"),
        ("submitted", "sealing"),
        ("returned", "submitted"),
        ("sealing", "sealed"),
        ("sealing", "submitted"),
        ("sealed", "submitted"),
    },
    "claims.Claim": {("draft", "submitted"), ("submitted", "withdrawn"), ("withdrawn", "submitted")},
    "people.TraineeGroup": {
        ("claimed", "refused"),
        ("claimed", "verified"),
        ("claimed", "withdrawn"),
        ("verified", "withdrawn"),
    },
    "people.RightsRequest": {
        ("received", "checked"),
        ("received", "refused"),
        ("received", "withdrawn"),
        ("checked", "answered"),
        ("checked", "refused"),
        ("checked", "withdrawn"),
    },
    "institutions.Agreement": {
        ("draft", "in_force"),
        ("in_force", "fulfilled"),
        ("in_force", "superseded"),
        ("in_force", "terminated"),
    },
    "institutions.Instructor": {("active", "suspended"), ("suspended", "active")},
    "courses.Outline": {
        ("draft", "submitted"),
        ("submitted", "approved"),
        ("submitted", "returned"),
        ("returned", "submitted"),
    },
    "courses.Courseware": {
        ("kept", "submitted"),
        ("kept", "withdrawn"),
        ("submitted", "approved"),
        ("submitted", "returned"),
        ("submitted", "withdrawn"),
        ("returned", "withdrawn"),
        ("approved", "withdrawn"),
    },
    "scheduling.ChangeRequest": {
        ("requested", "approved"),
        ("requested", "declined"),
        ("requested", "withdrawn"),
    },
    "enrolment.RegistrationCall": {
        ("open", "closed"),
        ("open", "paused"),
        ("paused", "closed"),
        ("paused", "open"),
        ("closed", "open"),
    },
    "enrolment.Application": {
        ("received", "qualified"),
        ("received", "refused"),
        ("received", "withdrawn"),
        ("qualified", "accepted"),
        ("qualified", "refused"),
        ("qualified", "waiting"),
        ("qualified", "withdrawn"),
        ("waiting", "accepted"),
        ("waiting", "refused"),
        ("waiting", "withdrawn"),
        ("accepted", "withdrawn"),
    },
}


def statuses(label: str) -> list[str]:
    return [value for value, _label in apps.get_model(label)._meta.get_field("status").choices]


def moves() -> Iterator[tuple[str, str, str]]:
    for label in ALLOWED:
        for start in statuses(label):
            for target in statuses(label):
                yield label, start, target


def test_every_model_with_a_lifecycle_is_in_this_test() -> None:
    assert {model._meta.label for model in apps.get_models() if issubclass(model, Lifecycle)} == set(ALLOWED)


@pytest.mark.parametrize(("label", "start", "target"), list(moves()))
def test_only_these_moves_are_allowed(db: None, label: str, start: str, target: str) -> None:
    row: Any = apps.get_model(label)(pk=0, status=start)  # nothing hangs on it
    allowed = (start, target) in ALLOWED[label]
    row.save = lambda **fields: None  # the table is what is tested; the next test saves

    with nullcontext() if allowed else pytest.raises(InvalidTransitionError):
        row.enter(target)

    assert row.status == (target if allowed else start)
    assert row.may_enter("no such state") is False


def test_a_move_is_written_and_writes_nothing_else(county: Any) -> None:
    session = county.session
    session.title = "not saved"

    session.enter("submitted")

    session.refresh_from_db()
    assert (session.status, session.title) == ("submitted", "农民电商知识普及培训班")


def test_a_refused_move_says_where_things_stand(county: Any) -> None:
    with pytest.raises(InvalidTransitionError) as refused:
        county.session.enter("closed")

    assert str(refused.value) == "现在的状态是“草稿”，不能这样操作。请刷新页面看看最新情况。"
    assert refused.value.details == {"start": "draft", "target": "closed"}
    county.session.refresh_from_db()
    assert county.session.status == "draft"
