"""People are told what concerns them, each once, in their own language, and by mail at most once an hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from tests.training.notifications.post_office import PostOffice, open_post_office
from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.models import User
from training.core.actor import SYSTEM
from training.core.errors import NotFoundError
from training.demo.people import synthetic_people
from training.notifications.choices import Kind
from training.notifications.models import Letterbox, Notification
from training.notifications.queries import inbox, notification_of
from training.notifications.services import choose_mail, mark_read, notify, notify_once, send_letters
from training.scheduling.services import approve_session, return_session, submit_session

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def tell(county: Any, roles: Any = BUREAU_ROLES, **more: Any) -> list[Notification]:
    return notify(
        Kind.SESSION_CANCELLED, county.session, roles=roles, actor=SYSTEM, session=str(county.session), **more
    )


def sentences(county: Any, role: Role) -> list[str]:
    return [row.sentence for row in inbox(county.actor(role))]


# Who is told


def test_a_session_on_its_way_tells_whoever_has_the_next_step(county: Any) -> None:
    code = str(county.session)
    submit_session(county.session.pk, actor=county.actor(HEAD))
    assert sentences(county, REVIEWER) == [f"石城县兴农电商培训中心提交了开班申请：{code}"]

    return_session(county.session.pk, reason="缺课件", actor=county.actor(REVIEWER))
    assert sentences(county, CLERK) == [f"商务局退回了开班申请，请按原因补正：{code}"]

    submit_session(county.session.pk, actor=county.actor(HEAD))
    approved = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    assert sentences(county, HEAD)[0] == f"已批准开班，文号{approved.approval_number}：{code}"
    assert len(sentences(county, REVIEWER)) == 2


def test_nobody_is_told_what_they_did_themselves(county: Any) -> None:
    notify(
        Kind.SESSION_CANCELLED,
        county.session,
        roles=INSTITUTION_ROLES,
        actor=county.actor(CLERK),
        session="x",
    )
    assert sentences(county, CLERK) == []
    assert sentences(county, HEAD) == ["培训已取消：x"]


def test_neither_another_institution_nor_another_county_hears_of_it(county: Any, other_county: Any) -> None:
    tell(county, frozenset(Role))

    assert Notification.objects.filter(membership__programme_id=other_county.programme.pk).count() == 0


def test_whoever_holds_two_of_the_roles_is_told_once_and_who_left_not_at_all(county: Any) -> None:
    county.user(REVIEWER).memberships.create(
        role=Role.BUREAU_HEAD, programme_id=county.programme.pk, workplace="商务局"
    )
    User.objects.filter(pk=county.user(Role.BUREAU_HEAD).pk).update(is_active=False)

    assert [row.membership.user for row in tell(county)] == [county.user(REVIEWER)]


def test_what_is_found_again_every_minute_is_told_once(county: Any) -> None:
    said = {"session": "x"}
    for _minute in range(3):
        notify_once(Kind.SESSION_CANCELLED, county.session, roles={HEAD}, actor=SYSTEM, **said)
    assert len(sentences(county, HEAD)) == 1


def test_a_sentence_without_its_words_is_never_written_down(county: Any) -> None:
    with pytest.raises(KeyError):
        notify(Kind.SESSION_APPROVED, county.session, roles={HEAD}, actor=SYSTEM, session="x")
    assert not Notification.objects.exists()


def test_everybody_reads_in_their_own_language(county: Any) -> None:
    row = tell(county, {HEAD})[0]
    with translation.override("en"):
        english = row.sentence
    assert row.sentence.startswith("培训已取消")
    assert str(county.session) in english


def test_what_somebody_else_was_told_does_not_exist(county: Any) -> None:
    row = tell(county, {HEAD})[0]

    with pytest.raises(NotFoundError):
        notification_of(row.pk, county.actor(CLERK))
    assert mark_read([row.pk], actor=county.actor(CLERK)) == 0
    assert mark_read(None, actor=county.actor(HEAD)) == 1


def test_with_the_role_goes_what_it_was_told(county: Any) -> None:
    tell(county, {HEAD})
    county.user(HEAD).memberships.all().delete()

    assert not Notification.objects.exists()


# Letters


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    """A mail server on a real socket, and the product's own mail settings pointing there."""
    with open_post_office() as office:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{office.port}"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.PUBLIC_URL = "https://peixun.example.cn"
        yield office


@pytest.fixture
def reachable(county: Any) -> Any:
    """The institution's head has a mail address; nobody else has one."""
    User.objects.filter(pk=county.user(HEAD).pk).update(email="principal@example.cn")
    return county


def text_of(letter: EmailMessage) -> str:
    return letter.get_content()


def test_one_letter_says_all_that_is_new(reachable: Any, post_office: PostOffice) -> None:
    for _time in range(3):
        tell(reachable, INSTITUTION_ROLES)

    assert send_letters(actor=SYSTEM) == 1

    [letter] = post_office.letters
    assert (letter["To"], letter["Subject"]) == ("principal@example.cn", "一期一档：3 条新消息")
    assert text_of(letter).count(f"培训已取消：{reachable.session}") == 3
    assert "https://peixun.example.cn/notifications/" in text_of(letter)
    assert Notification.objects.filter(mailed_at__isnull=False).count() == 3


def test_within_the_hour_nobody_gets_a_second_letter(
    reachable: Any, post_office: PostOffice, clock: Any
) -> None:
    tell(reachable, {HEAD})
    send_letters(actor=SYSTEM)
    tell(reachable, {HEAD})

    clock.advance(minutes=59)
    assert send_letters(actor=SYSTEM) == 0
    clock.advance(minutes=2)
    assert send_letters(actor=SYSTEM) == 1
    assert [letter["Subject"] for letter in post_office.letters] == ["一期一档：1 条新消息"] * 2


def test_what_was_read_on_the_page_is_not_mailed(reachable: Any, post_office: PostOffice) -> None:
    tell(reachable, {HEAD})
    mark_read(None, actor=reachable.actor(HEAD))

    assert send_letters(actor=SYSTEM) == 0
    assert post_office.letters == []


def test_a_person_may_switch_letters_off_and_on(reachable: Any, post_office: PostOffice) -> None:
    tell(reachable, {HEAD})
    choose_mail(wanted=False, actor=reachable.actor(HEAD))
    assert send_letters(actor=SYSTEM) == 0

    choose_mail(wanted=True, actor=reachable.actor(HEAD))
    assert send_letters(actor=SYSTEM) == 1


def test_nothing_is_mailed_where_no_server_is_set_up(reachable: Any, settings: Any) -> None:
    tell(reachable, {HEAD})
    settings.EMAIL_URL = ""

    assert send_letters(actor=SYSTEM) == 0
    assert not Letterbox.objects.exists()


@pytest.mark.parametrize("trouble", ["refuses", "is gone"])
def test_a_failing_server_is_tried_again_later_and_nothing_is_lost(
    reachable: Any, post_office: PostOffice, clock: Any, settings: Any, trouble: str
) -> None:
    tell(reachable, {HEAD})
    post_office.refuses = trouble == "refuses"
    port = settings.EMAIL_PORT
    settings.EMAIL_PORT = port if trouble == "refuses" else 1

    send_letters(actor=SYSTEM)
    assert Notification.objects.get().mailed_at is None
    assert send_letters(actor=SYSTEM) == 0  # not every minute

    post_office.refuses, settings.EMAIL_PORT = False, port
    clock.advance(minutes=3)
    send_letters(actor=SYSTEM)

    assert len(post_office.letters) == 1
    assert Letterbox.objects.get().failures == 0


def test_the_waits_grow_while_a_server_stays_away(reachable: Any, clock: Any, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    tell(reachable, {HEAD})

    waits = []
    for _try in range(10):
        send_letters(actor=SYSTEM)
        waits.append((Letterbox.objects.get().next_at - _now(clock)).total_seconds() // 60)
        clock.advance(hours=9)

    assert [round(wait + 1) for wait in waits] == [2, 4, 8, 16, 32, 64, 128, 256, 480, 480]


def _now(clock: Any) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(clock.path.read_text()))


def test_a_failing_server_never_stops_the_act(reachable: Any, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    submitted = submit_session(reachable.session.pk, actor=reachable.actor(HEAD))
    assert submitted.submitted_by == reachable.user(HEAD)


def test_no_letter_says_anything_about_a_trainee(reachable: Any, post_office: PostOffice) -> None:
    User.objects.update(email="everybody@example.cn")
    submit_session(reachable.session.pk, actor=reachable.actor(HEAD))
    approve_session(reachable.session.pk, actor=reachable.actor(REVIEWER))

    call_command("tick")

    said = "".join(text_of(letter) for letter in post_office.letters)
    assert "已批准开班" in said
    for person in synthetic_people(12, seed=7):
        assert person.name not in said
        assert person.id_number not in said
        assert person.phone not in said


def test_a_kind_that_only_a_later_version_knows_still_reads_as_something(county: Any) -> None:
    row = tell(county, {HEAD})[0]
    row.kind = "newer.kind"
    assert row.sentence == "一条消息"
