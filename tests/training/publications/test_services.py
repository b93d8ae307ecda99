"""From a draft to the public page and off it again."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import Workbook

from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.models import AuditEvent
from training.publications.choices import PublicationStatus
from training.publications.models import Publication
from training.publications.queries import closed_since, newest_list
from training.publications.services import (
    NamesPeopleError,
    discard_draft,
    draft_sessions,
    draft_table,
    leave_out,
    publish,
    withdraw_publication,
)

ALLOWED = {
    ("draft", "checked"),
    ("checked", "published"),
    ("published", "withdrawn"),
}


def workbook(*rows: tuple[Any, ...]) -> tuple[str, bytes]:
    book, target = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(target)
    return "表.xlsx", target.getvalue()


def naming(county: Any) -> Publication:
    person = county.session.enrolments.get(number=1).trainee
    rows = ("期号", "姓名", "身份证号", "贫困户", "人次"), ("01", person.name, person.id_number, "是", 1)
    return draft_table(title="公示", file=workbook(*rows), actor=county.actor(Role.BUREAU_REVIEWER))


def test_the_list_of_sessions_is_drafted_from_the_facts_and_names_nobody(closed: Any) -> None:
    publication = draft_sessions(actor=closed.actor(Role.BUREAU_REVIEWER))

    assert publication.status == PublicationStatus.CHECKED
    session = closed.session
    expected = (
        session.code, session.title, "农民", closed.institution.name, "2021-05-18", "10", "整理中",
    )  # fmt: skip
    assert [row[:2] + row[3:] for row in publication.table.rows] == [expected[:2] + expected[3:]]
    assert publication.refused == []


def test_ac25_a_table_that_names_people_is_not_published_and_the_attempt_is_on_record(closed: Any) -> None:
    publication = naming(closed)

    with pytest.raises(NamesPeopleError) as refused:
        publish(publication.pk, actor=closed.actor(Role.BUREAU_HEAD))

    publication.refresh_from_db()
    assert publication.status == PublicationStatus.DRAFT
    assert [one["column"] for one in refused.value.details["refused"]] == ["姓名", "身份证号", "贫困户"]
    assert "“身份证号”：这一列是身份证件号码" in str(refused.value)
    assert AuditEvent.objects.filter(verb="publication.refused").count() == 1
    assert newest_list(closed.programme) is None


def test_a_draft_that_names_people_lies_encrypted(closed: Any) -> None:
    naming(closed)
    person = closed.session.enrolments.get(number=1).trainee

    (stored,) = Publication.objects.extra(select={"raw": "body"}).values_list("raw", flat=True)
    trail = " ".join(f"{event.subject} {event.details}" for event in AuditEvent.objects.all())

    assert person.id_number not in stored
    assert person.id_number not in trail


def test_what_names_people_is_not_shown_inside_the_house_either(closed: Any, browse: Any) -> None:
    publication = naming(closed)
    person = closed.session.enrolments.get(number=1).trainee

    for role in (Role.BUREAU_HEAD, Role.AUDITOR):
        shown = browse(role, closed).get(reverse("publication", args=[publication.pk])).content.decode()
        assert "审查不通过" in shown
        assert person.id_number not in shown
        assert person.name not in shown


def test_with_the_named_columns_left_out_it_passes_and_is_published_with_its_hash(closed: Any) -> None:
    publication = leave_out(
        naming(closed).pk, ["姓名", "身份证号", "贫困户"], actor=closed.actor(Role.BUREAU_REVIEWER)
    )
    assert publication.status == PublicationStatus.CHECKED

    published = publish(publication.pk, actor=closed.actor(Role.BUREAU_HEAD))

    assert published.table.columns == ("期号", "人次")
    assert published.sha256 == hashlib.sha256(published.body.encode()).hexdigest()
    assert published.published_at is not None
    with pytest.raises(InvalidTransitionError):
        discard_draft(published.pk, actor=closed.actor(Role.BUREAU_HEAD))


def test_only_the_head_publishes(closed: Any) -> None:
    publication = draft_sessions(actor=closed.actor(Role.BUREAU_REVIEWER))

    with pytest.raises(ForbiddenError):
        publish(publication.pk, actor=closed.actor(Role.BUREAU_REVIEWER))

    publication.refresh_from_db()
    assert publication.status == PublicationStatus.CHECKED


def test_what_was_published_is_withdrawn_with_a_reason_and_the_list_is_owed_again(closed: Any) -> None:
    head = closed.actor(Role.BUREAU_HEAD)
    assert closed_since(closed.programme, newest_list(closed.programme)) == 1
    publication = publish(draft_sessions(actor=head).pk, actor=head)
    assert closed_since(closed.programme, newest_list(closed.programme)) == 0

    with pytest.raises(InvalidInputError):
        withdraw_publication(publication.pk, reason=" ", actor=head)
    withdraw_publication(publication.pk, reason="人次有误", actor=head)

    assert newest_list(closed.programme) is None
    verbs = list(AuditEvent.objects.filter(verb__startswith="publication.").values_list("verb", flat=True))
    assert verbs == ["publication.withdrawn", "publication.published", "publication.drafted"]


@pytest.mark.parametrize(
    "rows", [(), (("期号",),), (("期号", ""), ("1", "x")), (("期号", "期号"), ("1", "2"))]
)
def test_a_file_without_a_plain_table_is_refused(closed: Any, rows: Any) -> None:
    with pytest.raises(InvalidInputError):
        draft_table(title="x", file=workbook(*rows), actor=closed.actor(Role.BUREAU_REVIEWER))
    assert not Publication.objects.exists()


@pytest.mark.parametrize("start", PublicationStatus)
@pytest.mark.parametrize("target", PublicationStatus)
def test_only_these_moves_are_allowed(start: str, target: str) -> None:
    assert Publication(status=start).may_enter(target) == ((start, target) in ALLOWED)
