"""The to-do list of archives, the grid on every page, reminders, and what other rules would mean."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import hand_in_proof
from training.accounts.choices import Role
from training.core import clock as product_clock
from training.core.actor import SYSTEM
from training.demo.scenery import TOWNSHIP
from training.dossiers import snapshots
from training.dossiers.models import ItemState, RegisterAttestation
from training.dossiers.reviewing import submit_dossier
from training.institutions.services import verify_proof
from training.notifications.models import Notification
from training.people.models import Trainee
from training.programmes.models import RuleDraft, RuleSet
from training.programmes.services import save_entry, save_section
from training.scheduling.models import TrainingSession
from training.web.desk.waiting import lying
from training.web.notifications.watch import warn_of_due_archives, warn_of_waiting_reviews

CLERK, HEAD, MANAGER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.CLASS_MANAGER
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
NO_PROOF = "缺 A3：授课人王思敏（第2课次）无资质证明"
UNSEEN = "A3：授课人王思敏（第2课次）的资质证明已上传，待商务局核验"

Browse = Callable[..., Client]


def listed(client: Client, **query: str) -> list[list[str]]:
    """Each session's code with what is owed of it."""
    rows = client.get(reverse("archive-todo"), query).context["rows"]
    return [[row.session.code, *(owed.finding.message for owed in row.owed)] for row in rows]


def exported(client: Client, **query: str) -> list[list[str]]:
    body = b"".join(client.get(reverse("archive-todo-export"), query).streaming_content)  # type: ignore[attr-defined]
    return list(csv.reader(body.decode("utf-8-sig").splitlines()))[1:]


# The list


def test_the_institution_is_told_what_it_owes_with_deadline_and_place(closed: Any, browse: Browse) -> None:
    page = browse(CLERK).get(reverse("archive-todo"))
    text = page.content.decode()

    assert listed(browse(CLERK)) == [[closed.session.code, NO_PROOF]]
    assert f'href="{reverse("instructors")}">{NO_PROOF}' in text
    assert "2021-06-17" in text
    assert "由谁补：培训机构" in text


def test_once_handed_in_it_waits_for_the_bureau(closed: Any, browse: Browse) -> None:
    assert listed(browse(REVIEWER)) == []
    hand_in_proof(closed)

    assert listed(browse(CLERK)) == []
    assert listed(browse(REVIEWER)) == [[closed.session.code, UNSEEN]]
    assert listed(browse(CLERK), who="bureau") == [[closed.session.code, UNSEEN]]


def test_a_class_manager_is_not_asked_for_the_office_s_papers(closed: Any, browse: Browse) -> None:
    assert listed(browse(MANAGER)) == []
    closed.session.evidence.update(caption="")
    ItemState.objects.update(stale=True)

    assert [row[0] for row in listed(browse(MANAGER))] == [closed.session.code]


def test_filters_live_in_the_address_and_the_file_has_the_same_rows(closed: Any, browse: Browse) -> None:
    client, code = browse(CLERK), closed.session.code

    assert [row[0] for row in listed(client, item="A3", due="later", q="农民")] == [code]
    assert listed(client, item="A9") == listed(client, due="overdue") == listed(client, q="没有") == []
    assert [row[:1] + row[4:6] for row in exported(client, item="A3")] == [[code, "A3", NO_PROOF]]
    assert exported(client, item="A9") == []
    assert "每位授课人的基本情况和资质证明" in exported(client)[0][8]
    assert exported(client)[0][9] == "1"
    chosen = [
        row[0] for row in listed(browse(REVIEWER), who="anybody", institution=str(closed.institution.pk))
    ]
    assert chosen == [code]


def test_the_institution_is_not_offered_other_institutions(closed: Any, browse: Browse) -> None:
    assert "institution" not in browse(CLERK).get(reverse("archive-todo")).context["filters"].fields
    assert "institution" in browse(REVIEWER).get(reverse("archive-todo")).context["filters"].fields


def test_what_is_overdue_says_for_how_long(closed: Any, clock: Any, browse: Browse) -> None:
    clock.advance(days=40)
    call_command("tick")
    text = browse(CLERK).get(reverse("archive-todo"), {"due": "overdue"}).content.decode()

    assert "已逾期" in text
    assert NO_PROOF in text


def copies(county: Any, count: int) -> None:
    """More closed sessions with the same lessons, without anything else."""
    lessons = list(county.session.lessons.all())
    for number in range(count):
        session = TrainingSession.objects.get(pk=county.session.pk)
        session.pk, session.number, session.code = None, 100 + number, f"COPY-{number:02d}"
        session.save()
        for lesson in lessons:
            lesson.pk, lesson.training_session, lesson.live = None, session, False
            lesson.save()


QUERIES = 17


@pytest.mark.parametrize("count", [0, 29])
def test_the_list_takes_as_many_queries_for_one_as_for_thirty(
    closed: Any, browse: Browse, count: int, django_assert_num_queries: Any
) -> None:
    copies(closed, count)
    client = browse(CLERK)
    assert client.get(reverse("archive-todo")).context["page_obj"].paginator.count == count + 1

    with django_assert_num_queries(QUERIES):
        client.get(reverse("archive-todo"))


# The grid


@pytest.mark.parametrize("place", ["sessions", "session", "archive-todo", "home"])
def test_the_institution_sees_the_grid_wherever_a_session_is(closed: Any, browse: Browse, place: str) -> None:
    address = reverse(place, args=[closed.session.pk] if place == "session" else [])
    text = browse(CLERK).get(address).content.decode()

    assert "9 项中 8 项齐全，缺 A3" in text
    assert "✓" in text


def test_the_bureau_sees_it_too(closed: Any, browse: Browse) -> None:
    hand_in_proof(closed)
    for place in ("bureau-sessions", "archive-todo", "home"):
        assert "9 项中 8 项齐全，缺 A3" in browse(REVIEWER).get(reverse(place)).content.decode(), place


def test_every_cell_leads_to_where_something_can_be_done(closed: Any, browse: Browse) -> None:
    text = browse(CLERK).get(reverse("session", args=[closed.session.pk])).content.decode()
    session = [closed.session.pk]

    for href in (
        reverse("papers"),
        reverse("instructors"),
        reverse("session-courseware", args=session),
        reverse("roster", args=session),
        reverse("register", args=session),
        f"{reverse('session', args=session)}#timetable",
    ):
        assert f'<h3><a href="{href}">' in text, href


# Reminders


def told(kind: str) -> list[tuple[str, Any]]:
    rows = Notification.objects.filter(kind=kind).order_by("pk")
    return sorted((row.membership.role, row.params.get("days", 0)) for row in rows)


def test_whoever_owes_something_is_reminded_at_each_step_and_once_a_step(closed: Any, clock: Any) -> None:
    call_command("tick")
    assert told("archive.due") == []

    clock.advance(days=16)  # thirty after the class it is due: fourteen are left
    for _minute in range(2):
        call_command("tick")
    assert told("archive.due") == [(role, 14) for role in sorted([CLERK, HEAD, MANAGER])]

    clock.advance(days=8)
    call_command("tick")
    assert sorted(days for _role, days in told("archive.due")) == [7] * 3 + [14] * 3
    assert told("archive.overdue") == []

    clock.advance(days=8)
    for _minute in range(2):
        call_command("tick")
    assert [role for role, _days in told("archive.overdue")] == sorted([CLERK, HEAD, MANAGER])


def test_the_bureau_is_reminded_of_what_it_owes_and_of_a_whole_archive_only_who_hands_it_in(
    closed: Any, clock: Any
) -> None:
    proof = hand_in_proof(closed)
    clock.advance(days=20)
    call_command("tick")
    assert {role for role, _days in told("archive.due")} == {REVIEWER, CHIEF}

    Notification.objects.all().delete()
    proof.verified_at = closed.session.closed_at
    proof.save()
    ItemState.objects.update(stale=True)
    for _minute in range(2):
        call_command("tick")
    assert told("archive.due") == []
    assert told("archive.to_hand_in") == [(HEAD, 0)]


def test_a_programme_that_reminds_nobody_reminds_nobody(closed: Any, clock: Any) -> None:
    body = closed.session.rule_set.body
    body["archive"]["remind_days"] = []
    type(closed.session.rule_set).objects.update(body=body)
    clock.advance(days=20)
    call_command("tick")

    assert warn_of_due_archives() == 0


# What other rules would mean


def draft(county: Any, section: str, value: dict[str, Any]) -> None:
    body = county.session.rule_set.body[section] | value
    save_section(county.programme.pk, section, body, actor=county.actor(REVIEWER))


def effects(client: Client, **query: str) -> list[tuple[str, list[str], list[str]]]:
    rows = client.get(reverse("rule-draft-archives"), query).context["rows"]
    return [(row.session.code, [f.message for f in row.more], [f.message for f in row.less]) for row in rows]


def test_stricter_rules_show_which_archives_would_lack_what(complete: Any, browse: Browse) -> None:
    client, code = browse(CHIEF), complete.session.code
    draft(complete, "photos", {"min_per_half_day": 2})
    before = list(ItemState.objects.values())

    [(session, more, less)] = effects(client)
    page = client.get(reverse("rule-draft-archives")).content.decode()

    assert (session, less) == (code, [])
    assert more == [
        "缺 A9：2021-05-18上午应有现场照片2张，现有1张",
        "缺 A9：2021-05-18下午应有现场照片2张，现有1张",
    ]
    assert "变为不齐全" in page
    assert "1 期由齐全变为不齐全" in page
    assert list(ItemState.objects.values()) == before
    assert effects(client, then="complete") == effects(client, whose="follows") == []


def test_milder_rules_show_what_would_no_longer_be_asked(closed: Any, browse: Browse) -> None:
    RuleDraft.objects.all().delete()
    items = [item for item in closed.session.rule_set.body["items"] if item["code"] != "A3"]
    save_section(closed.programme.pk, "items", items, actor=closed.actor(REVIEWER))

    assert effects(browse(CHIEF)) == [(closed.session.code, [], [NO_PROOF])]
    assert "变为齐全" in browse(CHIEF).get(reverse("rule-draft-archives")).content.decode()


def test_a_new_item_is_missing_everywhere(closed: Any, browse: Browse) -> None:
    entry = {
        "code": "X1",
        "title": "满意度调查",
        "supplied_by": ["institution"],
        "source": "待确认",
        "note": "试",
    }
    save_entry(closed.programme.pk, "items", "", entry, actor=closed.actor(REVIEWER))

    assert [more for _code, more, _less in effects(browse(CHIEF))] == [["缺 X1：没有材料"]]


def test_rules_that_no_check_reads_concern_no_archive(closed: Any, browse: Browse) -> None:
    draft(closed, "follow_up", {"days": [30, 60]})
    page = browse(CHIEF).get(reverse("rule-draft-archives"))

    assert page.context["found"].looked_at == 0
    assert "对现有的档案没有影响" in page.content.decode()


@pytest.mark.parametrize("count", [0, 29])
def test_what_other_rules_would_mean_takes_as_many_queries_for_one_as_for_thirty(
    complete: Any, browse: Browse, count: int, django_assert_num_queries: Any
) -> None:
    draft(complete, "photos", {"min_per_half_day": 2})
    copies(complete, count)
    client = browse(CHIEF)
    client.get(reverse("rule-draft-archives"))

    with django_assert_num_queries(43):
        page = client.get(reverse("rule-draft-archives"))
    assert page.context["found"].looked_at == count + 1


def test_without_a_draft_there_is_no_such_page(closed: Any, browse: Browse) -> None:
    assert browse(CHIEF).get(reverse("rule-draft-archives")).status_code == 404


def test_deadlines_come_from_the_rules(closed: Any, browse: Browse) -> None:
    state = ItemState.objects.first() or (browse(CLERK).get(reverse("home")) and ItemState.objects.first())
    last = max(lesson.on for lesson in closed.session.lessons.all())

    assert state is not None
    assert state.due_on == last + timedelta(days=closed.session.rule_set.rules.archive.due_days)


# Whose it is to do


def ask_for_phones(county: Any) -> None:
    """The rules want every telephone verified, which townships and the follow-up staff do."""
    rules = county.session.rule_set
    rules.body["archive"]["phone_verified_rate"] = 1
    RuleSet.objects.filter(pk=rules.pk).update(body=rules.body)


@pytest.fixture
def unreached(closed: Any) -> Any:
    ask_for_phones(closed)
    snapshots.mark("scheduling.TrainingSession", str(closed.session.pk))
    return closed


def messages(client: Client) -> list[str]:
    return [message for _code, *said in listed(client) for message in said]


def test_a_township_sees_what_its_own_people_lack_and_names_nobody_elses(
    unreached: Any, browse: Browse
) -> None:
    people = [place.trainee for place in unreached.session.enrolments.order_by("number")]
    ours = [one.name for one in people if one.township == TOWNSHIP]
    client = browse(Role.TOWNSHIP)

    [message] = messages(client)
    assert f"还有{len(ours)}人没有核实（{'、'.join(ours[:5])}）" in message
    page = client.get(reverse("archive-todo")).content.decode()
    assert not any(one.name in page for one in people if one.township != TOWNSHIP)
    assert f"{reverse('trainees')}?session={unreached.session.code}&amp;phone=unverified" in page
    assert reverse("bureau-dossier", args=[unreached.session.dossier.pk]) not in page


def test_a_township_whose_people_were_all_reached_owes_nothing(unreached: Any, browse: Browse) -> None:
    Trainee.objects.filter(township=TOWNSHIP).update(phone_verified_at=product_clock.now())

    assert messages(browse(Role.TOWNSHIP)) == []


def test_the_follow_up_staff_see_the_telephones_and_nothing_else(unreached: Any, browse: Browse) -> None:
    [message] = messages(browse(Role.FOLLOW_UP))

    assert message.startswith("A7：电话核实率0%")


def test_a_class_manager_sees_the_classes_they_are_in_charge_of_and_those_nobody_is(
    closed: Any, browse: Browse
) -> None:
    county = closed
    RegisterAttestation.objects.all().delete()
    snapshots.mark("scheduling.TrainingSession", str(county.session.pk))
    assert len(listed(browse(Role.CLASS_MANAGER))) == 1

    county.session.manager = county.institution_staff.members[CLERK]
    county.session.save(update_fields=["manager"])
    assert listed(browse(Role.CLASS_MANAGER)) == []


def test_reminders_go_to_whoever_owes_and_of_the_townships_to_those_with_people_to_reach(
    unreached: Any, clock: Any
) -> None:
    snapshots.catch_up(SYSTEM)
    clock.advance(days=20)
    warn_of_due_archives()

    told = Notification.objects.filter(kind="archive.due").values_list(
        "membership__role", "membership__township"
    )
    assert {(Role.TOWNSHIP, TOWNSHIP), (Role.FOLLOW_UP, "")} < set(told)
    assert warn_of_due_archives() == 0

    other = unreached.county_staff.members[Role.TOWNSHIP]
    Trainee.objects.filter(township=other.township).update(phone_verified_at=product_clock.now())
    clock.advance(days=8)
    warn_of_due_archives()
    latest = Notification.objects.filter(kind="archive.due", params__days=7)
    assert Role.TOWNSHIP not in set(latest.values_list("membership__role", flat=True))


def test_of_a_class_somebody_is_in_charge_of_no_other_class_manager_is_reminded(
    closed: Any, clock: Any
) -> None:
    closed.session.manager = closed.institution_staff.members[CLERK]
    closed.session.save(update_fields=["manager"])
    snapshots.catch_up(SYSTEM)
    clock.advance(days=20)
    warn_of_due_archives()

    told = set(Notification.objects.filter(kind="archive.due").values_list("membership__role", flat=True))
    assert (CLERK in told, MANAGER in told) == (True, False)


# The bureau's own deadline


def test_the_bureau_is_reminded_of_its_term_before_it_ends_and_when_it_has(closed: Any, clock: Any) -> None:
    verify_proof(hand_in_proof(closed).pk, actor=closed.actor(REVIEWER))
    submit_dossier(closed.session.pk, actor=closed.actor(HEAD))
    [row] = lying(SYSTEM)

    def told(kind: str) -> set[tuple[str, Any]]:
        rows = Notification.objects.filter(kind=kind)
        return {(role, said.get("days")) for role, said in rows.values_list("membership__role", "params")}

    assert warn_of_waiting_reviews() == 0
    clock.advance(days=(row.due_on - product_clock.today()).days - 1)
    warn_of_waiting_reviews()
    assert told("dossier.review_due") == {(REVIEWER, 1), (CHIEF, 1)}
    clock.advance(days=2)
    warn_of_waiting_reviews()
    assert told("dossier.review_overdue") == {(REVIEWER, None), (CHIEF, None)}
    assert warn_of_waiting_reviews() == 0
