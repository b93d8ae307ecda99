"""The trail: who did what to which row, and who may read it."""

from __future__ import annotations

from typing import Any

from training.accounts.choices import Role
from training.core.actor import SYSTEM
from training.core.audit import record
from training.core.models import AuditEvent


def test_a_row_names_the_person_the_act_and_where_the_thing_belongs(county: Any) -> None:
    clerk = county.actor(Role.INSTITUTION_CLERK)

    event = record(clerk, "lesson.looked_at", county.session.lessons.first(), minutes=135)

    event.refresh_from_db()
    assert (event.user_id, event.actor_name, event.role) == (
        county.user(Role.INSTITUTION_CLERK).pk,
        "邓经办",
        "institution_clerk",
    )
    assert (event.verb, event.subject_type, event.subject, event.details) == (
        "lesson.looked_at",
        "scheduling.Lesson",
        "SC-2020-TR-F-001 #1 电商基础知识",
        {"minutes": 135},
    )
    assert (event.programme_id, event.institution_id) == (county.programme.pk, county.institution.pk)


def test_what_belongs_to_the_programme_alone_is_not_the_institutions_to_read(county: Any) -> None:
    event = record(SYSTEM, "trainee.looked_at", county.session.enrolments.first().trainee)

    assert (event.programme_id, event.institution_id) == (county.programme.pk, None)
    assert event in AuditEvent.objects.visible_to(county.actor(Role.AUDITOR))
    assert event not in AuditEvent.objects.visible_to(county.actor(Role.INSTITUTION_HEAD))


def test_a_whole_preparation_leaves_its_trail_in_order(approved: Any) -> None:
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))

    assert verbs == [
        "programme.loaded",
        "institution.registered",
        "institution.revised",
        "licence.added",
        "licence.added",
        "institution.submitted",
        "licence.verified",
        "licence.verified",
        "institution.scope_confirmed",
        "institution.admitted",
        "agreement.added",
        "agreement.confirmed",
        "instructor.added",
        "proof.added",
        "proof.verified",
        "instructor.added",
        "proof.added",
        "session.planned",
        "venue.added",
        "lesson.added",
        "lesson.added",
        "courseware.added",
        "courseware.added",
        "session.courseware_pinned",
        "session.budget_written",
        "witness.added",
        "roster.imported",
        "session.submitted",
        "session.approved",
        "proof.refused",
    ]
