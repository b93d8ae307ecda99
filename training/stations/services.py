from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kiosk.envelope import decode_signing_key
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import TrainingError
from training.institutions.models import Institution
from training.stations.choices import StationStatus
from training.stations.models import Station, StationCode

CODE_LIFETIME: Final = timedelta(hours=24)
SEEN_EVERY: Final = timedelta(seconds=5)
CODE_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that reads like something else


class StationCodeError(TrainingError):
    """The one-time code can't be used; `code` says which way."""

    http_status = 400

    def __init__(self, code: str, message: object) -> None:
        super().__init__(message)
        self.code = code


class StationUnknownError(TrainingError):
    code = "station_unknown"
    http_status = 401


class StationRevokedError(TrainingError):
    code = "station_revoked"
    http_status = 403


@dataclass(frozen=True)
class EnrolledStation:
    station: Station
    token: str


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue_code(institution_id: int, *, station_name: str, actor: Actor) -> str:
    """A one-time code for one machine, valid 24 hours. Shown once: only its hash is kept."""
    demand(actor, "station.issue_code")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    text = "".join(secrets.choice(CODE_ALPHABET) for _place in range(12))
    issued = StationCode.objects.create(
        institution=institution,
        station_name=station_name,
        code_hash=_hash(text),
        issued_by=actor.name,
        expires_at=clock.now() + CODE_LIFETIME,
    )
    record(actor, "station.code_issued", issued)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


@transaction.atomic
def enrol_station(code: str, *, public_key: str, software: str) -> EnrolledStation:
    """Turn a machine that knows the code into a station; raises StationCodeError."""
    text = code.strip().upper().replace("-", "").replace(" ", "")
    issued = (
        StationCode.objects.select_for_update(of=("self",))
        .select_related("institution")
        .filter(code_hash=_hash(text))
        .first()
    )
    if issued is None:
        raise StationCodeError("code_invalid", _("登记码不对，请核对后重输。"))
    if issued.station_id is not None:
        raise StationCodeError("code_used", _("登记码已经用过，请向商务局要一个新的。"))
    if issued.expires_at < clock.now():
        raise StationCodeError("code_expired", _("登记码已过期，请向商务局要一个新的。"))
    try:
        decode_signing_key(public_key)
    except ValueError as problem:
        raise StationCodeError("key_invalid", _("终端的公钥无法识别，请重新安装签到程序。")) from problem
    if Station.objects.filter(public_key=public_key).exists():
        raise StationCodeError("key_invalid", _("这把公钥已经登记过，请重新安装签到程序。"))
    token = secrets.token_urlsafe(32)
    station = Station.objects.create(
        institution=issued.institution,
        name=issued.station_name,
        public_key=public_key,
        token_hash=_hash(token),
        software=software[:64],
        enrolled_at=clock.now(),
    )
    issued.station = station
    issued.save(update_fields=["station"])
    record(SYSTEM, "station.enrolled", station)
    return EnrolledStation(station, token)


def authenticate(token: str) -> Station:
    """The station that holds this token; raises StationUnknownError or StationRevokedError."""
    station: Station | None = (
        Station.objects.select_related("institution__programme").filter(token_hash=_hash(token)).first()
    )
    if station is None:
        raise StationUnknownError(_("本机没有登记，请联系商务局。记录仍在本机，没有丢失。"))
    if station.status == StationStatus.REVOKED:
        raise StationRevokedError(_("本机已停用，请联系商务局。记录仍在本机，没有丢失。"))
    _note_contact(station)
    return station


def _note_contact(station: Station) -> None:
    """To within `SEEN_EVERY`: a commit for each request would cost as much as what it came for."""
    now, seen = clock.now(), station.last_seen_at
    if seen is None or abs(now - seen) >= SEEN_EVERY:
        Station.objects.filter(pk=station.pk).update(last_seen_at=now)


@transaction.atomic
def revoke_station(station_id: str, *, actor: Actor) -> Station:
    """Stop believing a station from now on; what it signed before stays. Twice changes nothing."""
    demand(actor, "station.revoke")
    station: Station = Station.objects.lock(actor, pk=station_id)
    if station.status != StationStatus.REVOKED:
        station.enter(StationStatus.REVOKED)
        record(actor, "station.revoked", station)
    return station
