"""The trail's page: who reads what of it, and that every act has its words."""

from __future__ import annotations

import ast
import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.accounts.services import add_member
from training.attendance.choices import CorrectionStatus
from training.attendance.services.two_people import NOUNS
from training.core import clock as our_clock
from training.core.audit import record
from training.core.models import AuditEvent
from training.institutions.models import Licence
from training.web.audit.words import LOOKS, SENSITIVE, VERBS

ROOT = Path(__file__).parents[3]
HEAD, CLERK, CHIEF = Role.INSTITUTION_HEAD, Role.INSTITUTION_CLERK, Role.BUREAU_HEAD
BUILT = {f"{noun}.{done}" for noun in NOUNS.values() for done in CorrectionStatus.values}
"""What `two_people` puts together from a noun and what was done."""


def written_verbs() -> Iterator[str]:
    """The second argument of every `record(actor, …)` in the source; of a choice between two, both."""
    for path in (ROOT / "training").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 3:
                continue
            if getattr(node.func, "id", getattr(node.func, "attr", "")) not in ("record", "record_account"):
                continue
            verb = node.args[1]
            for part in (verb.body, verb.orelse) if isinstance(verb, ast.IfExp) else (verb,):
                if isinstance(part, ast.Constant):
                    yield part.value
                elif path.name not in ("two_people.py", "trail.py"):
                    raise AssertionError(f"{path}:{node.lineno} builds its verb; write it out")


def test_every_act_that_is_recorded_has_its_words_in_training_web_audit_words() -> None:
    written = {*written_verbs(), *BUILT}
    assert written - set(VERBS) == set()
    assert set(VERBS) - written == set()


def test_no_two_acts_read_the_same() -> None:
    words = [str(word) for word in VERBS.values()]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_every_look_at_what_is_masked_counts_as_sensitive() -> None:
    assert {"file.opened", "walk_in.revealed", "phone.viewed", "roster.exported"} <= SENSITIVE
    assert all(verb.endswith(LOOKS) for verb in SENSITIVE)


def read(client: Client, **query: Any) -> list[AuditEvent]:
    page = client.get(reverse("audit"), query)
    assert page.status_code == 200
    return [entry.event for entry in page.context["rows"]]


@pytest.fixture
def root(county: Any) -> Client:
    member = add_member("root", display_name="管理员", role=Role.ADMIN, workplace="县信息中心")
    client = Client()
    client.force_login(member.user)
    client.get(reverse("security"))
    return client


def test_the_bureau_s_head_and_the_auditor_read_all_of_their_county(
    approved: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    for role in (CHIEF, Role.AUDITOR):
        events = read(browse(role))
        assert {event.programme_id for event in events} == {approved.programme.pk}
        assert "session.approved" in {event.verb for event in events}


def test_the_institution_s_head_reads_what_concerns_the_institution_but_not_what_the_audit_looked_at(
    approved: Any, browse: Callable[..., Client]
) -> None:
    licence = Licence.objects.first()
    record(approved.actor(Role.AUDITOR), "file.opened", licence)
    record(approved.actor(Role.BUREAU_REVIEWER), "file.opened", licence)

    events = read(browse(HEAD))

    assert {event.institution_id for event in events} == {approved.institution.pk}
    assert [event.role for event in events if event.verb == "file.opened"] == ["bureau_reviewer"]


def test_an_administrator_reads_of_accounts_and_of_nothing_else(root: Client, approved: Any) -> None:
    root.post(reverse("account-link", args=[approved.user(CLERK).pk]))

    events = read(root)

    assert [event.verb for event in events] == ["account.link_issued", "programme.loaded"]
    assert approved.session.code not in root.get(reverse("audit")).content.decode()


def test_the_trail_is_searched_by_person_act_thing_and_day(
    approved: Any, browse: Callable[..., Client], clock: Any
) -> None:
    clock.advance(days=2)
    record(approved.actor(CLERK), "phone.viewed", approved.session.enrolments.first())
    record(approved.actor(CLERK), "venue.added", approved.session.lessons.first().venue)
    client = browse(CHIEF)
    today = our_clock.today()

    assert {event.actor_name for event in read(client, q="邓经办")} == {"邓经办"}
    assert {event.actor_name for event in read(client, q="sc-2020-clerk")} == {"邓经办"}
    assert {event.verb for event in read(client, verb="session.approved")} == {"session.approved"}
    assert [event.verb for event in read(client, verb="sensitive")] == ["phone.viewed"]
    assert {event.verb for event in read(client, since=today)} == {"phone.viewed", "venue.added"}
    assert read(client, since=today, until=today - timedelta(days=1)) == []
    assert "session.approved" in {event.verb for event in read(client, until=today - timedelta(days=1))}
    assert {event.subject for event in read(client, subject=approved.session.code, verb="session.submitted")}
    assert "没有这样的记录" in client.get(reverse("audit"), {"subject": "无"}).content.decode()


def test_what_makes_no_sense_filters_nothing(approved: Any, browse: Callable[..., Client]) -> None:
    client = browse(CHIEF)

    assert len(read(client, since="昨天", verb="nonsense", page="x")) == len(read(client))


def test_the_page_speaks_in_words_and_gives_the_reason(county: Any, browse: Callable[..., Client]) -> None:
    record(county.actor(CHIEF), "session.returned", county.session, reason="课表与场地不符")

    page = browse(CHIEF).get(reverse("audit")).content.decode()

    assert "退回开班申请" in page
    assert "课表与场地不符" in page
    assert "session.returned" not in page.replace('value="session.returned"', "")


def test_what_is_listed_is_exported_with_its_hashes(approved: Any, browse: Callable[..., Client]) -> None:
    answer = browse(Role.AUDITOR).get(reverse("audit-export"), {"verb": "session.approved"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")

    header, line = csv.reader(StringIO(text))

    event = AuditEvent.objects.get(verb="session.approved")
    assert (header[0], header[-1]) == ("时间", "本条散列")
    assert line[1:7] == [
        "温审核",
        "sc-2020-reviewer",
        "商务局审核员",
        "批准开班",
        "session.approved",
        event.subject,
    ]
    assert line[-2:] == [event.previous_hash, event.row_hash]


@pytest.mark.parametrize("more", [0, 30])
def test_a_long_trail_asks_no_more_often_than_a_short_one(
    county: Any, browse: Callable[..., Client], django_assert_num_queries: Any, more: int
) -> None:
    client = browse(CHIEF)
    for _number in range(more):
        record(county.actor(CLERK), "venue.added", county.session.lessons.first().venue)

    with django_assert_num_queries(9):
        client.get(reverse("audit"))
