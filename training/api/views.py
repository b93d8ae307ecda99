"""HTTP for stations: enrol, fetch the package, hand in events and photos, tell how they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from kiosk.envelope import EPOCH, FAR, PRINTABLE_OR_EMPTY, Envelope
from kiosk.report import PROTOCOL, StationReport
from training.api.sealing import sealing_key
from training.attendance.ledger import receive
from training.attendance.package import build_package
from training.core import clock
from training.core.errors import InvalidInputError, TrainingError
from training.dossiers.collecting import keep_station_photo
from training.stations.services import (
    StationUnknownError,
    at_work,
    authenticate,
    enrol_station,
    keep_report,
    note_outdated,
)

if TYPE_CHECKING:
    from training.stations.models import Station

MAX_BATCH = 200
SPEAKS: Final = frozenset({str(PROTOCOL)})
"""What `Yidang-Protocol` may say; a station from before there was the header speaks 1."""
StationView = Callable[..., JsonResponse]
Moment = Annotated[AwareDatetime, Field(ge=EPOCH, lt=FAR)]


class UpgradeNeededError(TrainingError):
    code = "upgrade_needed"
    http_status = 426


class EnrolRequest(BaseModel):
    code: str = Field(max_length=64)
    public_key: str = Field(max_length=64)
    proof: str = Field(default="", max_length=128)
    software: str = Field(default="", max_length=64, pattern=PRINTABLE_OR_EMPTY)


class ReportRequest(StationReport):
    """The contract, with the times that a page can show."""

    at: Moment
    oldest_pending_at: Moment | None = None
    package_at: Moment | None = None


class EventsRequest(BaseModel):
    """A broken envelope must not spoil its batch, so anything that is an object comes through."""

    envelopes: list[Annotated[Envelope | dict[str, Any], Field(union_mode="left_to_right")]] = Field(
        max_length=MAX_BATCH
    )


def refusal(error: TrainingError) -> JsonResponse:
    body = {"code": error.code, "message": str(error), "details": error.details}
    # RFC 9110 15.5.22: whoever answers 426 says what to upgrade to.
    headers = {"Upgrade": f"yidang/{PROTOCOL}"} if error.http_status == UpgradeNeededError.http_status else {}
    return JsonResponse(body, status=error.http_status, headers=headers)


def demand_protocol(request: HttpRequest) -> None:
    """Raises UpgradeNeededError unless the caller speaks a protocol that the server still does."""
    if request.META.get("HTTP_YIDANG_PROTOCOL", "1") not in SPEAKS:
        text = _("签到程序与服务器的版本不合，请升级签到程序。记录仍在本机，没有丢失。")
        raise UpgradeNeededError(text, speaks=sorted(SPEAKS))


def answering(view: StationView) -> StationView:
    """No session and no form: refusals leave as JSON."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            return view(request, *args, **kwargs)
        except TrainingError as error:
            return refusal(error)

    return wrapped


def api(view: StationView) -> StationView:
    """For whoever speaks our protocol."""

    @answering
    @wraps(view)
    def wrapped(request: HttpRequest) -> JsonResponse:
        demand_protocol(request)
        return view(request)

    return wrapped


def for_stations(view: StationView) -> StationView:
    """The caller proves to be a station by its token; the view gets the station."""

    @answering
    @wraps(view)
    def wrapped(request: HttpRequest) -> JsonResponse:
        return view(request, authenticate(_token_of_ours(request)))

    return wrapped


def for_one_station_at_a_time(view: StationView) -> StationView:
    """As `for_stations`, in one transaction that holds the station's lock."""

    @answering
    @wraps(view)
    def wrapped(request: HttpRequest) -> JsonResponse:
        with at_work(_token_of_ours(request)) as station:
            return view(request, station)

    return wrapped


def _token_of_ours(request: HttpRequest) -> str:
    """The caller's token; a station that speaks another protocol is noted, and refused."""
    token = _token(request)
    try:
        demand_protocol(request)
    except UpgradeNeededError:
        note_outdated(authenticate(token))
        raise
    return token


def _token(request: HttpRequest) -> str:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _space, token = header.partition(" ")
    if scheme != "Bearer" or not token:
        raise StationUnknownError(_("本机没有登记，请联系商务局。记录仍在本机，没有丢失。"))
    return token


def _parse(model: type[BaseModel], body: bytes) -> Any:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problems = json.loads(error.json(include_url=False, include_input=False, include_context=False))
        raise InvalidInputError(_("请求的内容无法识别，请升级签到程序。"), problems=problems) from error


@require_GET
@api
def server_time(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"server_time": clock.now().isoformat()})


@require_POST
@api
def enrol(request: HttpRequest) -> JsonResponse:
    wanted = _parse(EnrolRequest, request.body)
    enrolled = enrol_station(
        wanted.code, public_key=wanted.public_key, proof=wanted.proof, software=wanted.software
    )
    body = {
        "station": str(enrolled.station.pk),
        "token": enrolled.token,
        "name": enrolled.station.name,
        "institution": enrolled.station.institution.name,
        "server_time": clock.now().isoformat(),
        "sealing_key": sealing_key(),
    }
    return JsonResponse(body, status=201)


@require_GET
@for_stations
def package(request: HttpRequest, station: Station) -> JsonResponse:
    return JsonResponse(build_package(station, at=clock.now()))


@require_POST
@for_one_station_at_a_time
def events(request: HttpRequest, station: Station) -> JsonResponse:
    envelopes = [_mended(raw) for raw in _parse(EventsRequest, request.body).envelopes]
    receipts = receive(station, envelopes, at=clock.now())
    return JsonResponse(
        {
            "server_time": clock.now().isoformat(),
            "receipts": [
                {
                    "digest": receipt.digest,
                    "status": receipt.status,
                    "reason": receipt.reason,
                    "message": receipt.message,
                }
                for receipt in receipts
            ],
        }
    )


def _mended(raw: Envelope | dict[str, Any]) -> Envelope:
    """A broken one is still an envelope, to be held with its reason."""
    if isinstance(raw, Envelope):
        return raw
    return Envelope.model_construct(
        payload=str(raw.get("payload", json.dumps(raw, ensure_ascii=False)))[:16_384],
        signature=str(raw.get("signature", ""))[:1024],
    )


@require_POST
@for_stations
def photos(request: HttpRequest, station: Station) -> JsonResponse:
    upload = request.FILES.get("photo")
    if upload is None:
        raise InvalidInputError(_("没有收到照片文件。"))
    kept, new = keep_station_photo(station, data=upload.read())
    body = {"sha256": kept.file.sha256, "status": "accepted" if new else "duplicate"}
    return JsonResponse(body, status=201 if new else 200)


@require_POST
@for_stations
def report(request: HttpRequest, station: Station) -> JsonResponse:
    keep_report(station, _parse(ReportRequest, request.body), at=clock.now())
    return JsonResponse({"server_time": clock.now().isoformat(), "protocol": PROTOCOL})
