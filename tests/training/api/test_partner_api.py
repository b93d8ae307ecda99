"""What partners read: figures and public facts of what their token is for, and nothing of anybody."""

from __future__ import annotations

import json
import re
from copy import copy
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models.base import ModelState
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.training.api.conftest import Ask, issue, take_through
from training.accounts.choices import Role
from training.api.openapi import PARTNER_OPERATIONS
from training.api.operations import Deprecated
from training.api.partner.cells import withheld
from training.api.partner.door import READS_A_MINUTE
from training.api.partner.queries import cursor_of
from training.api.partner.wire import PAGE_SIZE, without_numbers
from training.api.problems import CODES
from training.demo.scenery import FARMERS_PLAN, add_institution
from training.enrolment.models import Enrolment
from training.institutions.models import Instructor
from training.partners.choices import Purpose
from training.partners.models import PartnerUse
from training.partners.services import revoke_token
from training.people.models import Trainee
from training.scheduling.models import TrainingSession
from training.scheduling.services import plan_session

ADDRESSES = [
    "token",
    "programme",
    "institutions",
    "instructors",
    "sessions",
    "sessions/SC-2020-TR-F-001",
    "sessions/SC-2020-TR-F-001/timetable",
    "statistics?by=category",
    "statistics?by=class_type",
    "statistics?by=group",
    "statistics?by=township",
    "indicators",
    "dossiers",
    "claims",
]
PURPOSE = {
    "programme": Purpose.PROGRAMME,
    "institutions": Purpose.INSTITUTIONS,
    "instructors": Purpose.INSTRUCTORS,
    "sessions": Purpose.SESSIONS,
    "statistics": Purpose.STATISTICS,
    "indicators": Purpose.INDICATORS,
    "dossiers": Purpose.DOSSIERS,
    "claims": Purpose.CLAIMS,
}


def is_problem(response: Any, status: int, code: str) -> None:
    """The shape of every refusal (RFC 9457)."""
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert CODES[code][0] == status
    assert any("\u4e00" <= sign <= "\u9fff" for sign in body["title"])
    assert body["type"] == f"{reverse('api-docs')}#{code}"


# What is told


def test_a_session_is_told_by_its_figures(told: Any, ask: Ask) -> None:
    token = issue(told)

    body = ask(token, "sessions").json()

    (session,) = body["items"]
    assert body["next"] is None
    assert session == ask(token, f"sessions/{told.session.code}").json()
    assert {
        name: session[name] for name in ("code", "title", "status", "first_on", "last_on", "lessons")
    } == {
        "code": "SC-2020-TR-F-001",
        "title": "农民电商知识普及培训班",
        "status": "claimed",
        "first_on": "2021-05-18",
        "last_on": "2021-05-18",
        "lessons": 2,
    }
    assert session["category"] == {"code": "farmer", "name": "农民"}
    assert (session["planned"], session["attended"], session["completed"]) == (
        {"renci": 40, "people": 40},
        {"renci": 39, "people": 39},
        {"renci": 39, "people": 39},
    )


def test_the_timetable_names_its_instructors_by_number(told: Any, ask: Ask) -> None:
    token = issue(told)

    lessons = ask(token, f"sessions/{told.session.code}/timetable").json()["items"]
    known = {row["id"] for row in ask(token, "instructors").json()["items"]}

    assert [(row["sequence"], row["starts_at"], row["topic"]) for row in lessons] == [
        (1, "2021-05-18T01:00:00Z", "电商基础知识"),
        (2, "2021-05-18T06:00:00Z", "电商交易安全"),
    ]
    assert {row["instructor"] for row in lessons} == known == {row.pk for row in told.instructors}


def test_a_sealed_dossier_is_told_by_its_fingerprints_and_an_open_one_by_what_it_has(
    told: Any, ask: Ask
) -> None:
    dossier = told.session.dossier

    (row,) = ask(issue(told), "dossiers").json()["items"]

    assert (row["status"], row["items_complete"], row["items"], row["pages"]) == ("sealed", 9, 9, 9)
    assert (row["manifest_sha256"], row["pdf_sha256"]) == ("ab" * 32, dossier.pdf.sha256)


def test_money_and_indicators_come_with_what_they_are_made_of(told: Any, ask: Ask) -> None:
    token = issue(told)

    (claim,) = ask(token, "claims").json()["items"]
    indicators = ask(token, "indicators").json()
    (renci,) = [row for row in indicators["items"] if row["code"] == "renci"]

    assert claim["amount_fen"] == claim["renci"] * claim["unit_price_fen"] == 39 * 40_000
    assert (renci["actual"], renci["target"], renci["percent"]) == (39, "2000", "2.0")
    assert "结业" in renci["formula"]
    assert indicators["as_of"].endswith("Z")


def test_the_rules_in_force_are_told_with_their_version_and_what_is_unconfirmed(told: Any, ask: Ask) -> None:
    facts = ask(issue(told), "programme").json()

    assert (facts["code"], facts["region_code"], facts["rules_version"]) == ("SC-2020", "360735", 1)
    assert "topic_match.min_share" in facts["unconfirmed"]
    assert {"code": "farmer", "name": "农民"} in facts["categories"]


def test_a_plan_that_nobody_approved_is_not_there(told: Any, ask: Ask) -> None:
    clerk = told.actor(Role.INSTITUTION_CLERK)
    draft = plan_session(
        told.institution.pk,
        agreement_id=told.session.agreement_id,
        plan=FARMERS_PLAN,
        actor=clerk,
    )
    token = issue(told)

    assert [row["code"] for row in ask(token, "sessions").json()["items"]] == [told.session.code]
    is_problem(ask(token, f"sessions/{draft.code}"), 404, "not_found")
    is_problem(ask(token, f"sessions/{draft.code}/timetable"), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=claimed", 1),
        ("status=running", 0),
        ("category=farmer&class_type=general", 1),
        ("category=fisher", 0),
        ("since=2021-05-18&until=2021-05-18", 1),
        ("since=2021-05-19", 0),
        ("until=2021-05-17", 0),
        ("institution=9007199254740992", 0),
    ],
)
def test_sessions_are_found_by_what_they_are(told: Any, ask: Ask, query: str, found: int) -> None:
    assert len(ask(issue(told), f"sessions?{query}").json()["items"]) == found


@pytest.mark.parametrize(
    "query",
    ["class_type=%00", "stauts=claimed", "status=", "status=nowhere", "since=yesterday", "since=0", "since=20210518", "since=2021-02-30", "institution=0", "cursor=-", "status=draft&status=claimed"],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused_and_not_passed_over(told: Any, ask: Ask, query: str) -> None:
    response = ask(issue(told), f"sessions?{query}")

    is_problem(response, 422, "invalid_input")
    assert response.json()["details"]["problems"]


# Nobody's data


def personal(county: Any) -> set[str]:
    """Whatever must never leave: of trainees, instructors, witnesses and staff."""
    people = Trainee.objects.filter(programme=county.programme)
    said = {word for row in people for word in (row.name, row.id_number, row.phone, row.village)}
    said |= {word for row in Instructor.objects.all() for word in (row.name, row.phone)}
    said |= {"温支书", "邓经办", "陈校长", "赖局长"}
    return said - {""}


def test_no_answer_holds_anything_of_a_person(told: Any, ask: Ask) -> None:
    Trainee.objects.filter(pk=Trainee.objects.first().pk).update(village="长江村")
    secrets = personal(told)
    told.session.title = "普及班 联系电话13907970001 360735199001011234"
    told.session.save()
    token = issue(told)

    answers = {address: ask(token, address) for address in ADDRESSES}

    assert len(secrets) > 100
    for address, response in answers.items():
        text = response.content.decode()
        assert response.status_code == 200, address
        assert [word for word in secrets if word in text] == [], address
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), address
        assert not re.search(r"(?<![\da-f])\d{17}[\dX](?![\da-f])", text), address  # no hash is one
    assert "普及班 联系电话＊＊＊ ＊＊＊" in answers["sessions"].content.decode()


def test_every_address_is_read_in_these_tests() -> None:
    read = {address.partition("?")[0].replace("SC-2020-TR-F-001", "{code}") for address in ADDRESSES}

    assert {operation.path for operation in PARTNER_OPERATIONS} == {f"partner/{path}" for path in read}


def test_the_groups_and_townships_of_a_few_people_are_withheld(told: Any, ask: Ask) -> None:
    token = issue(told)

    for by in ("group", "township"):
        body = ask(token, f"statistics?by={by}").json()
        shown = [row for row in body["items"] if row["people"] is not None]
        assert body["total"]["people"] == 39
        assert all(row["people"] >= body["smallest_cell"] == 10 for row in shown)
        assert body["withheld"] == len(body["items"]) - len(shown) > 1
        assert {row["renci"] for row in body["items"] if row["people"] is None} == {None}


def test_of_a_county_of_a_few_not_even_the_total_is_told(make_county: Any, clock: Any, ask: Ask) -> None:
    county = take_through(make_county(people=9), clock)

    body = ask(issue(county), "statistics").json()

    assert (body["total"]["renci"], body["total"]["people"]) == (None, None)
    assert [row["people"] for row in body["items"]] == [None]


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 60), max_size=8), st.integers(2, 20))
def test_what_is_withheld_can_not_be_found_by_subtraction(people: dict[str, int], smallest: int) -> None:
    hidden = withheld(people, smallest=smallest)

    assert all(people[cell] >= smallest for cell in people.keys() - hidden)
    assert hidden == withheld(dict(reversed(people.items())), smallest=smallest)
    if hidden and hidden != people.keys():
        assert len(hidden) > 1
        assert sum(people[cell] for cell in hidden) >= smallest


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("三楼教室 13907970001", "三楼教室 ＊＊＊"),
        ("老周36073519900101123x", "老周＊＊＊"),
        ("360735900101123。", "＊＊＊。"),
        ("批次 20210518001、编号 3607350000001", "批次 20210518001、编号 3607350000001"),
    ],
)
def test_numbers_of_people_that_somebody_typed_are_blotted_out(typed: str, shown: str) -> None:
    assert without_numbers(typed) == shown


# For whom


def test_a_token_opens_what_it_was_issued_for_and_nothing_else(told: Any, ask: Ask) -> None:
    for purpose in Purpose:
        token = issue(told, purpose)
        opened = {address for address in ADDRESSES if ask(token, address).status_code == 200}
        expected = {
            address for address in ADDRESSES if PURPOSE.get(re.split(r"[/?]", address)[0]) in (None, purpose)
        }
        assert opened == expected
    is_problem(ask(issue(told, Purpose.CLAIMS), "sessions"), 403, "purpose_missing")


def test_whoever_has_no_token_of_ours_reads_nothing(told: Any, ask: Ask, clock: Any) -> None:
    good = issue(told)
    revoked = issue(told)
    revoke_token(revoked.token.pk, reason="合作结束", actor=told.actor(Role.BUREAU_HEAD))

    for address in ADDRESSES:
        for text in ("", "x", good.text[:-1], good.text + "x", good.token.prefix, revoked.text):
            response = ask(text, address)
            is_problem(response, 401, "token_unknown")
            assert response["WWW-Authenticate"].startswith("Bearer")
        is_problem(Client().get(f"/api/v1/partner/{address}"), 401, "token_unknown")
    clock.advance(days=91)
    is_problem(ask(good, "token"), 401, "token_unknown")


def test_the_last_day_of_a_token_is_a_day_of_it(told: Any, ask: Ask, clock: Any) -> None:
    token = issue(told)

    clock.advance(days=90)

    assert ask(token, "token").json()["expires_on"] == token.token.expires_on.isoformat()


def test_another_county_is_not_there(told: Any, other_county: Any, ask: Ask) -> None:
    stranger = issue(other_county)

    assert ask(stranger, "programme").json()["code"] == "YF-2020"
    for address in ("sessions", "dossiers", "claims"):
        assert ask(stranger, address).json()["items"] == []
    is_problem(ask(stranger, f"sessions/{told.session.code}"), 404, "not_found")
    assert ask(stranger, f"sessions?institution={told.institution.pk}").json()["items"] == []
    assert [row["name"] for row in ask(stranger, "institutions").json()["items"]] == [
        other_county.institution.name
    ]


def test_a_token_for_one_institution_reads_of_that_one(told: Any, ask: Ask) -> None:
    other, _staff = add_institution(
        told.programme,
        name="石城县振兴学校",
        uscc="91350100M000100Y43",
        prefix="second-",
        bureau=told.actor(Role.BUREAU_HEAD),
    )
    wide = {Purpose.PROGRAMME, Purpose.INDICATORS}
    token = issue(told, *(set(Purpose) - wide), institution_id=other.pk)

    assert [row["id"] for row in ask(token, "institutions").json()["items"]] == [other.pk]
    assert ask(token, "sessions").json()["items"] == []
    assert ask(token, "statistics").json()["items"] == []
    assert ask(token, "token").json()["institution"] == other.name


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed(told: Any, method: str) -> None:
    token = issue(told)
    headers = {"Authorization": f"Bearer {token.text}"}

    for address in ADDRESSES:
        response = getattr(Client(), method)(f"/api/v1/partner/{address}", headers=headers)
        is_problem(response, 405, "method_not_allowed")
        assert response["Allow"] == "GET, HEAD"


# Page by page


def test_pages_follow_each_other_and_nothing_is_told_twice(told: Any, ask: Ask) -> None:
    first = TrainingSession.objects.get()
    for number in range(2, 2 * PAGE_SIZE + 2):
        TrainingSession.objects.create(
            institution=first.institution,
            agreement=first.agreement,
            rule_set=first.rule_set,
            number=number,
            code=f"SC-{number}",
            status="approved",
            approved_at=first.approved_at,
            category="farmer",
        )
    token, seen, cursor, pages = issue(told), [], "0", 0

    while cursor:
        body = ask(token, "sessions", {"cursor": cursor}).json()
        seen += [row["id"] for row in body["items"]]
        cursor, pages = body["next"], pages + 1

    assert pages == 3
    assert seen == sorted(TrainingSession.objects.values_list("pk", flat=True))


@given(st.integers(0, 2**53))
def test_a_cursor_is_where_the_page_ended(pk: int) -> None:
    assert int(cursor_of(pk), 36) == pk
    assert re.fullmatch(r"[0-9a-z]{1,12}", cursor_of(pk))


def add_rows(county: Any, count: int) -> None:
    """So many more sessions like the one there is, each on a day of its own, with its dossier and its claim."""
    first = county.session
    lessons, places = list(first.lessons.all()), list(first.enrolments.all()[:3])
    for number in range(count):
        later = timedelta(days=number + 1)
        session = another(first, number=100 + number, code=f"SC-N-{number}")
        for lesson in lessons:
            another(
                lesson,
                training_session=session,
                on=lesson.on + later,
                starts_at=lesson.starts_at + later,
                ends_at=lesson.ends_at + later,
            )
        for place in places:
            another(place, training_session=session)
        dossier = another(first.dossier, training_session=session, public_token=f"token-{number}")
        another(first.dossier.claims.get(), dossier=dossier)


def another(row: Any, **changes: Any) -> Any:
    """A copy of the row, saved, with these changes."""
    copied = copy(row)
    copied.pk, copied._state = None, ModelState()
    for name, value in changes.items():
        setattr(copied, name, value)
    copied.save(force_insert=True)
    return copied


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("token", 2), ("programme", 4), ("institutions", 4), ("instructors", 4), ("sessions", 6),
        ("statistics", 6), ("indicators", 6), ("dossiers", 34), ("claims", 3),
    ],
)  # fmt: skip
def test_a_page_costs_the_same_for_one_row_and_for_thirty(
    told: Any, ask: Ask, address: str, queries: int, django_assert_num_queries: Any
) -> None:
    token = issue(told)
    ask(token, address)  # the day's count has its row
    with django_assert_num_queries(queries):
        assert ask(token, address).status_code == 200
    add_rows(told, 29)
    with django_assert_num_queries(queries):
        assert ask(token, address).status_code == 200


# Again and again


def test_what_has_not_changed_is_not_told_again(told: Any, ask: Ask, clock: Any) -> None:
    token = issue(told)
    for address in ADDRESSES:
        first = ask(token, address)
        clock.advance(minutes=5)
        again = ask(token, address, If_None_Match=first["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"]), address

    before = ask(token, "sessions")
    Enrolment.objects.filter(training_session=told.session, number=1).update(status="completed")
    after = ask(token, "sessions", If_None_Match=before["ETag"])

    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]
    assert after["Cache-Control"] == "private, no-cache"
    assert set(after["Vary"].split(", ")) >= {"Authorization", "Accept-Language"}


def test_whoever_asks_too_often_is_told_when_to_come_back(told: Any, ask: Ask, limits: None) -> None:
    token, other = issue(told), issue(told)

    answers = [ask(token, "token") for _time in range(READS_A_MINUTE + 1)]

    allowed = [response for response in answers if response.status_code == 200]
    assert allowed[0]["RateLimit-Policy"] == '"token";q=120;w=60'
    assert re.fullmatch(r'"token";r=119;t=\d+', allowed[0]["RateLimit"])
    is_problem(answers[-1], 429, "too_many_requests")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert ask(other, "token").status_code == 200


def test_whoever_guesses_tokens_is_slowed_down_and_the_others_are_not(
    told: Any, ask: Ask, limits: None
) -> None:
    answers = [ask(f"guess {number}", "token").status_code for number in range(40)]

    assert answers == [401] * 30 + [429] * 10
    assert ask(issue(told), "token").status_code == 200


def test_every_use_is_counted_by_day_and_by_what_was_read(told: Any, ask: Ask, clock: Any) -> None:
    token = issue(told, Purpose.SESSIONS)
    ask(token, "sessions")
    ask(token, "sessions", If_None_Match=ask(token, "sessions")["ETag"])
    ask(token, "sessions?x=1")
    ask(token, "claims")
    clock.advance(days=1)
    ask(token, "token")

    uses = PartnerUse.objects.order_by("on", "resource").values_list("on", "resource", "answered", "refused")
    assert list(uses) == [
        (date(2021, 5, 18), "partner-claims", 0, 1),
        (date(2021, 5, 18), "partner-sessions", 3, 1),
        (date(2021, 5, 19), "partner-token", 1, 0),
    ]


# On its way out


def test_an_address_on_its_way_out_says_since_when_and_until_when() -> None:
    response: Any = {}

    class Response:
        headers = response

    Deprecated(date(2027, 1, 1), date(2027, 1, 1) + timedelta(days=200), "/api/v2/partner/sessions").announce(
        Response()  # type: ignore[arg-type]
    )

    assert response == {
        "Deprecation": "@1798761600",
        "Sunset": "Tue, 20 Jul 2027 00:00:00 GMT",
        "Link": '</api/v2/partner/sessions>; rel="successor-version"',
    }


def test_an_address_that_is_not_there_is_a_problem_like_any_other(client: Client, db: None) -> None:
    for address in ("/api/", "/api/v1/", "/api/v2/partner/sessions", "/api/v1/partner/people"):
        is_problem(client.get(address), 404, "not_found")


def test_what_is_told_is_json_that_any_program_reads(told: Any, ask: Ask) -> None:
    assert json.loads(ask(issue(told), "sessions").content)["as_of"].endswith("Z")
