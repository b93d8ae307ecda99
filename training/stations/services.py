from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from kiosk.envelope import decode_signing_key
from kiosk.report import StationReport
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.institutions.models import Institution
from training.stations.choices import Permission, StationStatus
from training.stations.models import Station, StationCode

NEEDED: Final = ("id", "institution_id", "public_key", "status")
HEARD: Final = (
    f"UPDATE stations_station SET last_seen_at = %s WHERE token_hash = %s RETURNING {', '.join(NEEDED)}"  # noqa: S608
)
CODE_LIFETIME: Final = timedelta(hours=24)
SEEN_EVERY: Final = timedelta(seconds=5)
MOST: Final = 2**53  # the largest whole number that JSON carries safely
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


def issue_code(institution_id: int, *, station_name: str, actor: Actor) -> str:
    """A one-time code for one machine, valid 24 hours. Shown once: only its hash is kept."""
    demand(actor, "station.issue_code")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    return _issue(institution, station_name, None, actor)


def issue_renewal_code(station_id: str, *, actor: Actor) -> str:
    """A code for a station that is there, for the machine that holds its key or for one to take its place.

    Raises InvalidTransitionError for a station that is no longer in use.
    """
    demand(actor, "station.issue_code")
    station: Station = Station.objects.select_related("institution").fetch(actor, pk=station_id)
    if station.status != StationStatus.ACTIVE:
        raise InvalidTransitionError(_("这台终端已经停用，不能续用。请登记一台新终端。"))
    return _issue(station.institution, station.name, station, actor)


@transaction.atomic
def _issue(institution: Institution, station_name: str, renews: Station | None, actor: Actor) -> str:
    text = "".join(secrets.choice(CODE_ALPHABET) for _place in range(12))
    issued = StationCode.objects.create(
        institution=institution,
        station_name=station_name,
        code_hash=_hash(text),
        issued_by=actor.name,
        expires_at=clock.now() + CODE_LIFETIME,
        renews=renews,
    )
    record(actor, "station.renewal_code_issued" if renews else "station.code_issued", issued)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


@transaction.atomic
def enrol_station(code: str, *, public_key: str, proof: str, software: str) -> EnrolledStation:
    """Turn a machine that knows the code into a station; raises StationCodeError.

    `proof` is the base64 signature by the private half over `enrol:<code>:<public_key>`, the code in
    capitals without dashes and spaces. A machine whose key is that of the station the code is for gets a
    new token, the old one is dead at once; so does one that asks again because the answer was lost.
    """
    text = code.strip().upper().replace("-", "").replace(" ", "")
    issued = _usable(text)
    _demand_proof(f"enrol:{text}:{public_key}", public_key, proof)
    known = issued.station or issued.renews
    if known is not None and known.public_key == public_key:
        return _renew(issued, known, software)
    if issued.station is not None:
        raise StationCodeError("code_used", _("登记码已经用过，请向商务局要一个新的。"))
    if Station.objects.filter(public_key=public_key).exists():
        raise StationCodeError("key_invalid", _("这把公钥已经登记过，请重新安装签到程序。"))
    return _welcome(issued, public_key, software)


def _usable(text: str) -> StationCode:
    """The code, locked, whether used or not; raises StationCodeError."""
    related = ("institution", "station__institution", "renews__institution")
    issued: StationCode | None = (
        StationCode.objects.select_for_update(of=("self",))
        .select_related(*related)
        .filter(code_hash=_hash(text))
        .first()
    )
    if issued is None:
        raise StationCodeError("code_invalid", _("登记码不对，请核对后重输。"))
    if issued.expires_at < clock.now():
        raise StationCodeError("code_expired", _("登记码已过期，请向商务局要一个新的。"))
    return issued


def _demand_proof(text: str, public_key: str, proof: str) -> None:
    """Nobody enrols with a key they only heard of."""
    try:
        key = decode_signing_key(public_key)
    except ValueError as problem:
        raise StationCodeError("key_invalid", _("终端的公钥无法识别，请重新安装签到程序。")) from problem
    try:
        key.verify(base64.b64decode(proof, validate=True), text.encode())
    except (InvalidSignature, binascii.Error, ValueError) as problem:
        raise StationCodeError(
            "proof_wrong", _("终端没有证明公钥是它自己的，请升级或重新安装签到程序。")
        ) from problem


def _renew(issued: StationCode, station: Station, software: str) -> EnrolledStation:
    if station.status != StationStatus.ACTIVE:
        raise _not_in_use()
    token = secrets.token_urlsafe(32)
    station.token_hash, station.software = _hash(token), software[:64]
    station.save(update_fields=["token_hash", "software"])
    issued.station = station
    issued.save(update_fields=["station"])
    record(SYSTEM, "station.renewed", station)
    return EnrolledStation(station, token)


def _welcome(issued: StationCode, public_key: str, software: str) -> EnrolledStation:
    token, old = secrets.token_urlsafe(32), _replaced(issued)
    station = Station.objects.create(
        institution=issued.institution,
        name=issued.station_name,
        public_key=public_key,
        token_hash=_hash(token),
        software=software[:64],
        enrolled_at=clock.now(),
        replaces=old,
        **({"may": old.may} if old else {}),
    )
    issued.station = station
    issued.save(update_fields=["station"])
    record(SYSTEM, "station.enrolled", station, **({"replaces": str(old.pk)} if old else {}))
    return EnrolledStation(station, token)


def _replaced(issued: StationCode) -> Station | None:
    """The station whose place the machine takes: from now on it is believed no longer."""
    if issued.renews is None:
        return None
    old: Station = Station.objects.lock(SYSTEM, pk=issued.renews_id)
    if old.status != StationStatus.ACTIVE:
        raise _not_in_use()
    old.enter(StationStatus.REVOKED)
    record(SYSTEM, "station.revoked", old, reason=str(_("由另一台机器接替")))
    return old


def _not_in_use() -> StationCodeError:
    return StationCodeError(
        "code_invalid", _("登记码所续用的终端已经停用，请向商务局要一个登记新终端的登记码。")
    )


def authenticate(token: str) -> Station:
    """The station that holds this token; raises StationUnknownError or StationRevokedError."""
    stations = Station.objects.select_related("institution__programme")
    station = _in_use(stations.filter(token_hash=_hash(token)).first())
    _note_contact(station)
    return station


@contextmanager
def at_work(token: str) -> Iterator[Station]:
    """The station that holds this token, and nobody else with it until the block ends.

    One transaction: what the block did is undone when it raises. Raises as `authenticate` does. Only what
    the ledger needs of the row is there; the rest is fetched when it is asked for.
    """
    with transaction.atomic():
        yield _in_use(_heard(token))


def _heard(token: str) -> Station | None:
    """Writing the contact down takes the row's lock: one trip to the database does both."""
    with connection.cursor() as cursor:
        cursor.execute(HEARD, [connection.ops.adapt_datetimefield_value(clock.now()), _hash(token)])
        row = cursor.fetchone()
    if row is None:
        return None
    return Station.from_db(connection.alias, NEEDED, [Station._meta.pk.to_python(row[0]), *row[1:]])


def _in_use(station: Station | None) -> Station:
    if station is None:
        raise StationUnknownError(_("本机没有登记，请联系商务局。记录仍在本机，没有丢失。"))
    if station.status == StationStatus.REVOKED:
        raise StationRevokedError(_("本机已停用，请联系商务局。记录仍在本机，没有丢失。"))
    return station


def _note_contact(station: Station) -> None:
    """To within `SEEN_EVERY`: a commit for each request would cost as much as what it came for."""
    now, seen = clock.now(), station.last_seen_at
    if seen is None or abs(now - seen) >= SEEN_EVERY:
        Station.objects.filter(pk=station.pk).update(last_seen_at=now)


def keep_report(station: Station, report: StationReport, *, at: datetime) -> None:
    """How the station says it is, in place of what it said before. One statement and no lock: the
    ledger may be busy with the same station."""
    said = {name: _storable(value) for name, value in report.model_dump(mode="json").items()}
    Station.objects.filter(pk=station.pk).update(
        report=said, reported_at=at, software=said["software"] or station.software
    )


def _storable(value: Any) -> Any:
    """PostgreSQL's text holds everything but NUL, and no page shows a number beyond `MOST`."""
    if isinstance(value, str):
        return value.replace("\0", "")
    return max(-MOST, min(value, MOST)) if isinstance(value, int) else value


def note_outdated(station: Station) -> None:
    """The station speaks a language that the server no longer does: it can't say so itself."""
    if not station.report.get("unreadable"):
        Station.objects.filter(pk=station.pk).update(report=station.report | {"unreadable": True})


@transaction.atomic
def permit(station_id: str, *, may: Collection[str], actor: Actor) -> Station:
    """What the station may do besides taking cards; it learns so with its next package.

    `may` holds values of `Permission`; raises InvalidInputError for any other.
    """
    demand(actor, "station.issue_code")
    station: Station = Station.objects.lock(actor, pk=station_id)
    if unknown := set(may) - set(Permission.values):
        raise InvalidInputError(_("没有这样的权限。"), unknown=sorted(unknown))
    before, wanted = station.may, [act for act in Permission.values if act in may]
    if set(before) != set(wanted):
        station.may = wanted
        station.save(update_fields=["may"])
        record(actor, "station.permitted", station, may=wanted, before=before)
    return station


@transaction.atomic
def revoke_station(station_id: str, *, reason: str, actor: Actor) -> Station:
    """Stop believing a station from now on; what it signed before stays. Twice changes nothing."""
    demand(actor, "station.revoke")
    station: Station = Station.objects.lock(actor, pk=station_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明停用的原因。"))
    if station.status != StationStatus.REVOKED:
        station.enter(StationStatus.REVOKED)
        record(actor, "station.revoked", station, reason=reason.strip())
    return station
