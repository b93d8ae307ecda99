"""The door: wrong passwords, the second factor, and where one is signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from qsessions.models import Session

from training.accounts.choices import Role
from training.web.account.sessions import SEEN_AT, SIGNED_IN_AT

PASSWORD = "Shicheng-2021-desk"


def code_of(device: TOTPDevice, *, step: int = 0) -> str:
    """What the telephone shows, or will show `step` half-minutes from now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift + step)
    totp.time = now().timestamp()
    return f"{totp.token():06d}"


@pytest.fixture
def knock(county):
    """Signs in by the form as this role; returns the client and the last answer."""

    def sign_in(role: Role, password: str = PASSWORD, client: Client | None = None):
        user = county.user(role)
        user.set_password(PASSWORD)
        user.save()
        client = client or Client(
            headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"}
        )
        answer = client.post(reverse("login"), {"username": user.username, "password": password})
        return user, client, answer

    return sign_in


def set_up(client: Client, user) -> list[str]:
    """Set the telephone up as a person would; returns the recovery codes."""
    client.get(reverse("second-factor-setup"))
    device = TOTPDevice.objects.get(user=user, confirmed=False)
    page = client.post(reverse("second-factor-setup"), {"code": code_of(device)})
    return page.context["codes"]


def test_the_sixth_guess_is_not_looked_at_even_if_it_is_right(knock):
    client = Client()
    for _guess in range(5):
        _user, _client, answer = knock(Role.INSTITUTION_CLERK, "wrong", client)
    assert answer.status_code == 429

    _user, _client, answer = knock(Role.INSTITUTION_CLERK, PASSWORD, client)

    assert answer.status_code == 429
    assert "十五分钟" in answer.content.decode()
    assert client.get(reverse("home")).status_code == 302


def test_a_guesser_elsewhere_does_not_lock_the_owner_out(knock):
    guesser = Client(REMOTE_ADDR="10.9.9.9")
    for _guess in range(6):
        knock(Role.INSTITUTION_CLERK, "wrong", guesser)

    _user, client, answer = knock(Role.INSTITUTION_CLERK)

    assert answer.status_code == 302
    assert client.get(reverse("home")).status_code == 200


@pytest.mark.parametrize(("proxies", "locked"), [(None, True), (1, False)])
def test_behind_our_proxy_the_address_is_the_caller_s_and_without_one_it_can_not_be_made_up(
    knock, settings, proxies, locked
):
    settings.AXES_IPWARE_PROXY_COUNT = proxies
    settings.AXES_IPWARE_META_PRECEDENCE_ORDER = (
        ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if proxies else ["REMOTE_ADDR"]
    )
    for guess in range(6):
        knock(
            Role.INSTITUTION_CLERK, "wrong", Client(headers={"x-forwarded-for": f"10.9.9.{guess}, 10.0.0.1"})
        )

    _user, _client, answer = knock(
        Role.INSTITUTION_CLERK, PASSWORD, Client(headers={"x-forwarded-for": "10.9.9.99, 10.0.0.1"})
    )

    assert (answer.status_code == 429) is locked


def test_roles_that_approve_set_up_a_code_before_they_see_anything(knock, settings):
    settings.SECOND_FACTOR = True
    user, client, _answer = knock(Role.BUREAU_HEAD)

    assert client.get(reverse("bureau-queue"), follow=True).redirect_chain[-1][0] == reverse(
        "second-factor-setup"
    )
    codes = set_up(client, user)

    assert len(codes) == 10
    assert client.get(reverse("bureau-queue")).status_code == 200


def test_roles_that_do_not_approve_may_do_without_or_choose_it(knock, settings):
    settings.SECOND_FACTOR = True
    user, client, _answer = knock(Role.INSTITUTION_CLERK)
    assert client.get(reverse("sessions")).status_code == 200
    set_up(client, user)

    _user, client, _answer = knock(Role.INSTITUTION_CLERK)

    assert client.get(reverse("sessions"))["Location"] == reverse("second-factor")


def test_each_recovery_code_opens_once(knock, settings):
    settings.SECOND_FACTOR = True
    user, client, _answer = knock(Role.BUREAU_HEAD)
    codes = set_up(client, user)

    opened = []
    for code in (codes[0], codes[1], codes[0]):
        _user, client, _answer = knock(Role.BUREAU_HEAD)
        client.post(reverse("second-factor"), {"code": code})
        opened.append(client.get(reverse("bureau-queue")).status_code == 200)

    assert opened == [True, True, False]


def test_a_wrong_code_says_what_to_do_and_opens_nothing(knock, settings):
    settings.SECOND_FACTOR = True
    user, client, _answer = knock(Role.BUREAU_HEAD)
    set_up(client, user)
    _user, client, _answer = knock(Role.BUREAU_HEAD)

    page = client.post(reverse("second-factor"), {"code": "000000"})

    assert "动态码不对" in page.content.decode()
    assert client.get(reverse("bureau-queue"))["Location"] == reverse("second-factor")


def test_a_password_alone_does_not_replace_the_telephone(knock, settings):
    settings.SECOND_FACTOR = True
    user, client, _answer = knock(Role.BUREAU_HEAD)
    set_up(client, user)
    _user, thief, _answer = knock(Role.BUREAU_HEAD)

    assert thief.get(reverse("second-factor-setup"))["Location"] == reverse("second-factor")


def test_a_lost_telephone_is_removed_and_set_up_anew(knock, settings):
    settings.SECOND_FACTOR = True
    user, client, _answer = knock(Role.BUREAU_HEAD)
    set_up(client, user)
    call_command("reset_second_factor", user.username)

    _user, client, _answer = knock(Role.BUREAU_HEAD)

    assert client.get(reverse("bureau-queue"), follow=True).redirect_chain[-1][0] == reverse(
        "second-factor-setup"
    )


def test_one_can_leave_before_giving_the_code(knock, settings):
    settings.SECOND_FACTOR = True
    _user, client, _answer = knock(Role.BUREAU_HEAD)

    assert client.post(reverse("logout"))["Location"] == reverse("login")


def test_the_account_page_lists_browsers_and_ends_the_others(knock):
    _user, lost, _answer = knock(Role.INSTITUTION_CLERK)
    _user, here, _answer = knock(Role.INSTITUTION_CLERK)
    sessions = here.get(reverse("security")).context["sessions"]
    assert ["Firefox" in row.device for row in sessions] == [True, True]

    here.post(reverse("sign-out-elsewhere"))

    assert lost.get(reverse("home")).status_code == 302
    assert here.get(reverse("home")).status_code == 200


def test_one_browser_alone_can_be_ended_by_a_name_that_opens_nothing(knock):
    _user, lost, _answer = knock(Role.INSTITUTION_CLERK)
    _user, here, _answer = knock(Role.INSTITUTION_CLERK)
    page = here.get(reverse("security"))
    other = next(row for row in page.context["sessions"] if not row.here)
    assert lost.session.session_key not in page.content.decode()

    stranger = knock(Role.AUDITOR)[1]
    assert stranger.post(reverse("sign-out-browser", args=[other.name])).status_code == 404
    here.post(reverse("sign-out-browser", args=[other.name]))

    assert lost.get(reverse("home")).status_code == 302
    assert here.get(reverse("home")).status_code == 200
    assert here.post(reverse("sign-out-browser", args=[other.name])).status_code == 404


def test_everywhere_means_here_as_well_when_one_says_so(knock):
    _user, lost, _answer = knock(Role.INSTITUTION_CLERK)
    _user, here, _answer = knock(Role.INSTITUTION_CLERK)

    assert here.post(reverse("sign-out-elsewhere"), {"here": "yes"})["Location"] == reverse("login")

    assert [client.get(reverse("home")).status_code for client in (lost, here)] == [302, 302]


def test_a_session_ends_when_nobody_clicks_and_goes_on_while_somebody_does(knock):
    _user, client, _answer = knock(Role.INSTITUTION_CLERK)
    session = Session.objects.get()
    assert timedelta(minutes=59) < session.expire_date - now() <= timedelta(minutes=60)

    wind_back(client, minutes=59)
    assert client.get(reverse("home")).status_code == 200
    assert Session.objects.get().expire_date - now() > timedelta(minutes=59)

    wind_back(client, minutes=61)
    assert client.get(reverse("home"))["Location"].startswith(reverse("login"))


def test_a_busy_session_ends_after_a_working_day(knock):
    _user, client, _answer = knock(Role.INSTITUTION_CLERK)
    for _half_hour in range(23):
        wind_back(client, minutes=30)
        assert client.get(reverse("home")).status_code == 200

    wind_back(client, minutes=31)

    assert client.get(reverse("home"))["Location"] == f"{reverse('login')}?next={reverse('home')}"
    assert Session.objects.count() == 0


def test_clicks_within_a_minute_write_nothing(knock):
    _user, client, _answer = knock(Role.INSTITUTION_CLERK)
    client.get(reverse("home"))
    before = Session.objects.get().updated_at

    client.get(reverse("home"))

    assert Session.objects.get().updated_at == before


def wind_back(client: Client, *, minutes: int) -> None:
    """As if the last click had been so many minutes ago."""
    ago = timedelta(minutes=minutes)
    store = client.session
    for moment in (SIGNED_IN_AT, SEEN_AT):
        store[moment] -= ago.total_seconds()
    store.save()
    row = Session.objects.get(session_key=store.session_key)
    Session.objects.filter(pk=row.pk).update(expire_date=now() + timedelta(minutes=60) - ago)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("lotus-2021", ""),
        ("lotus-202", "10"),
        ("password1234", "常见"),
        ("2021051820", "数字"),
        ("sc-2020-clerk", "相似"),
    ],
)
def test_a_new_password_is_long_uncommon_and_nobody_s_name(knock, password: str, says: str):
    _user, client, _answer = knock(Role.INSTITUTION_CLERK)
    form = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}

    answer = client.post(reverse("password"), form, follow=True)

    assert bool(answer.redirect_chain) == (not says)
    assert says in answer.content.decode()


def test_pages_forbid_scripts_that_are_not_ours(knock):
    _user, client, _answer = knock(Role.INSTITUTION_CLERK)
    policy = client.get(reverse("home"))["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
