"""What anybody may read without an account: a county's programme, and nobody's name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from training.accounts.choices import Role
from training.publications.services import draft_sessions, publish, withdraw_publication


@pytest.fixture
def published(closed: Any) -> Any:
    head = closed.actor(Role.BUREAU_HEAD)
    closed.publication = publish(draft_sessions(actor=head).pk, actor=head)
    return closed


def page_of(county: Any, **asked: str) -> Any:
    return Client().get(reverse("portal-programme", args=[county.programme.code]), asked)


def test_the_county_s_page_is_the_same_for_whoever_is_signed_in(
    county: Any, browse: Callable[..., Client]
) -> None:
    """Caches may keep it for everybody."""
    address = reverse("portal-programme", args=[county.programme.code])

    assert browse(Role.BUREAU_HEAD).get(address).content == page_of(county).content


def test_the_root_lists_every_county_s_programme(county: Any, other_county: Any) -> None:
    shown = Client().get(reverse("portal")).content.decode()

    for one in (county, other_county):
        assert reverse("portal-programme", args=[one.programme.code]) in shown


def test_a_programme_shows_mark_phones_what_is_taught_and_the_admitted_institutions(published: Any) -> None:
    shown = page_of(published).content.decode()

    for said in (
        published.programme.name,
        "全国电子商务进农村综合示范项目",
        "0791",
        "农民",
        published.institution.name,
        "1 期，结业 10 人次",
        published.session.code,
        published.publication.sha256[:16],
    ):
        assert said in shown, said


def test_nobody_is_named_on_it(published: Any) -> None:
    shown = page_of(published).content.decode()

    for place in published.session.enrolments.select_related("trainee"):
        assert place.trainee.name not in shown
        assert place.trainee.masked_phone not in shown
    for said in (published.institution.phone, published.institution.contact, published.session.class_manager):
        assert not said or said not in shown


@pytest.mark.parametrize("where", ["portal", "portal-programme", "portal-publication"])
def test_caches_may_keep_it_and_no_cookie_is_set(published: Any, where: str) -> None:
    code = published.programme.code
    ids = {"portal": [], "portal-programme": [code], "portal-publication": [code, published.publication.pk]}

    answer = Client().get(reverse(where, args=ids[where]))

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=300"
    assert not answer.cookies


def test_the_language_is_part_of_the_address(published: Any) -> None:
    assert "已办培训" in page_of(published, lang="zh-hans").content.decode()
    assert 'lang="en"' in page_of(published, lang="en").content.decode()
    assert page_of(published, lang="xx").status_code == 200


def test_whoever_asked_for_english_stays_in_it_from_page_to_page(published: Any) -> None:
    client, seen = Client(), set[str]()
    waiting = [reverse("portal") + "?lang=en"]
    while waiting:
        address = waiting.pop()
        page = client.get(address)
        seen.add(address)
        if page.status_code != 200 or not page["Content-Type"].startswith("text/html"):
            continue
        text = page.content.decode()
        assert '<html lang="en"' in text, address
        links = {
            unescape(href) for href in re.findall(r'<a [^>]*href="(/(?:p|t|c|d|s|r|verify)\b[^"#]*)', text)
        }
        assert [href for href in links if "lang=en" not in href] == []
        forms = re.findall(r'<form[^>]*action="(/[^"]+)"', text)
        assert [it for it in forms if "lang=en" not in it and it != reverse("set_language")] == []
        waiting += links - seen - set(waiting)
    assert len(seen) > 6


def test_only_what_somebody_published_stands_there(closed: Any) -> None:
    draft_sessions(actor=closed.actor(Role.BUREAU_REVIEWER))

    shown = page_of(closed).content.decode()

    assert "还没有发布" in shown
    assert closed.session.code not in shown


def test_the_file_has_the_hash_that_the_page_says(published: Any) -> None:
    address = [published.programme.code, published.publication.pk]
    data = Client().get(reverse("portal-publication-file", args=address)).content

    page = Client().get(reverse("portal-publication", args=address)).content.decode()

    assert hashlib.sha256(data).hexdigest() in page


def test_what_was_withdrawn_says_so_with_the_reason_and_shows_nothing_of_it(published: Any) -> None:
    withdraw_publication(published.publication.pk, reason="人次核减", actor=published.actor(Role.BUREAU_HEAD))
    address = [published.programme.code, published.publication.pk]

    page = Client().get(reverse("portal-publication", args=address)).content.decode()

    assert "人次核减" in page
    assert published.session.title not in page
    assert Client().get(reverse("portal-publication-file", args=address)).status_code == 404


def test_another_county_s_publication_and_an_unknown_county_do_not_exist(
    published: Any, other_county: Any
) -> None:
    other = [other_county.programme.code, published.publication.pk]

    assert Client().get(reverse("portal-publication", args=other)).status_code == 404
    assert Client().get(reverse("portal-programme", args=["NO-SUCH"])).status_code == 404


def test_a_program_that_reads_without_end_is_slowed_down(limits: None, db: None) -> None:
    answers = [Client().get(reverse("portal")).status_code for _n in range(301)]

    assert answers == [200] * 300 + [429]


def test_the_page_costs_the_same_for_one_session_and_for_many(
    published: Any, django_assert_max_num_queries: Any
) -> None:
    """A snapshot is read whole: its rows cost nothing."""
    with django_assert_max_num_queries(10):
        page_of(published)
