"""The second factor at the door: a code from the telephone (TOTP, RFC 6238), or one written down.

The devices are django-otp's; wrong codes are slowed down there.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp import match_token, user_has_device
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from training.accounts.models import User
from training.accounts.trail import record_account
from training.core.actor import Actor
from training.core.errors import InvalidInputError

RECOVERY_CODES: Final = 10
PENDING: Final = "second_factor_pending"
"""Session key: this account has a device, so a code is asked for whatever its role."""


@receiver(user_logged_in)
def note_device(request: HttpRequest, user: User, **_signal: object) -> None:
    request.session[PENDING] = user_has_device(user)


def device_in_preparation(user: User) -> TOTPDevice:
    """The device this person is about to set up: the same one until it is confirmed."""
    device, _created = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "TOTP"})
    return device


@transaction.atomic
def confirm_device(user: User, code: str, *, actor: Actor) -> tuple[Device, list[str]]:
    """Take the prepared device into use; returns it and the recovery codes, which are shown once.

    Raises InvalidInputError while the code is not the telephone's.
    """
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or not device.verify_token(code):
        raise InvalidInputError(_("动态码不对。请核对手机时间是否准确，再输入最新的六位数字。"))
    TOTPDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed = True
    device.save()
    codes = _new_recovery_codes(user)
    record_account(actor, "second_factor.confirmed", user)
    return device, codes


def _new_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    written_down = StaticDevice.objects.create(user=user, name="recovery")
    codes = [StaticToken.random_token() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=written_down, token=code) for code in codes)
    return codes


def match_code(user: User, code: str) -> Device:
    """The device that this code is of; a recovery code is used up. Raises InvalidInputError."""
    device = match_token(user, code.replace(" ", ""))
    if device is None:
        raise InvalidInputError(_("动态码不对，或刚才输错太多次。请等手机换出下一个码再试。"))
    return device


def has_device(user: User) -> bool:
    return bool(user_has_device(user))


@transaction.atomic
def remove_devices(user: User, *, actor: Actor) -> None:
    """A lost telephone: the next sign-in sets a new one up."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    record_account(actor, "second_factor.removed", user)
