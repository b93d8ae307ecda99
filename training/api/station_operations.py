"""The station's API as the document describes it. The views stay as they are: `views.py` is the hot path."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from django.utils.translation import gettext_noop as _
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kiosk.envelope import Base64, Digest
from kiosk.package import Package
from training.api.operations import JSON, Answer, Operation
from training.api.views import EnrolRequest, EventsRequest, ReportRequest
from training.attendance.choices import HeldReason


class Refusal(BaseModel):
    """Why not: `code` is stable, `message` is for the screen of the station."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    details: dict[str, Any]


class ServerTime(BaseModel):
    server_time: AwareDatetime


class EnrolledStation(ServerTime):
    """All that a machine needs to be a station; the token is told once."""

    station: str
    token: str
    name: str
    institution: str
    sealing_key: Base64


class StationPackage(Package, ServerTime):
    """名册包, with the server's clock."""


class Receipt(BaseModel):
    """The station may forget the event that has one."""

    digest: Digest
    status: Literal["accepted", "duplicate", "held"]
    reason: Literal[""] | HeldReason
    message: str


class Receipts(ServerTime):
    receipts: list[Receipt]


class PhotoUpload(BaseModel):
    """A JPEG or PNG that a signed event of this station names by its SHA-256."""

    photo: Annotated[bytes, Field(json_schema_extra={"format": "binary"})]


class PhotoKept(BaseModel):
    sha256: Digest
    status: Literal["accepted", "duplicate"]


class ReportKept(ServerTime):
    protocol: int


class Protocol(BaseModel):
    """What every station says of itself."""

    protocol: Annotated[
        Literal["1"],
        Field(alias="Yidang-Protocol", description=_("协议版本；没有这一行的按 1")),
    ] = "1"


def _refused(about: str, *headers: str) -> Answer:
    return Answer(about, Refusal, JSON, headers)


UPGRADE: Final = {426: _refused(_("协议版本不合，请升级签到程序"), "Upgrade")}
WRONG_METHOD: Final = {405: Answer(_("方法不对"), None, "", ("Allow",))}
NOT_OURS: Final = {401: _refused(_("终端没有登记")), 403: _refused(_("终端已停用"))}
INVALID: Final = {422: _refused(_("内容无法识别"))}
TAKEN: Final = "stationToken"

OPERATIONS: Final = (
    Operation(
        name="api-time",
        path="time",
        tag="station",
        summary=_("服务器的时间"),
        headers=Protocol,
        answers={200: Answer(_("时间"), ServerTime), **WRONG_METHOD, **UPGRADE},
    ),
    Operation(
        name="api-enrol",
        path="stations/enrol",
        tag="station",
        method="post",
        summary=_("用登记码登记一台终端，或续用"),
        about=_(
            "`proof` 是用私钥对 `enrol:<登记码>:<公钥>` 的 Ed25519 签名（base64），登记码大写、不带横线。"
        ),
        headers=Protocol,
        body=EnrolRequest,
        answers={
            201: Answer(_("已登记"), EnrolledStation),
            400: _refused(_("登记码、公钥或签名不对")),
            **WRONG_METHOD,
            **INVALID,
            **UPGRADE,
        },
    ),
    Operation(
        name="api-report",
        path="stations/report",
        tag="station",
        method="post",
        summary=_("终端的状况"),
        headers=Protocol,
        body=ReportRequest,
        security=TAKEN,
        answers={200: Answer(_("已收到"), ReportKept), **NOT_OURS, **WRONG_METHOD, **INVALID, **UPGRADE},
    ),
    Operation(
        name="api-package",
        path="station/package",
        tag="station",
        summary=_("名册包：今后十四天的各期、名册、见证人"),
        about=_("没有身份证号：证件用各期自己的密钥算出的 HMAC 来对。"),
        headers=Protocol,
        security=TAKEN,
        answers={200: Answer(_("名册包"), StationPackage), **NOT_OURS, **WRONG_METHOD, **UPGRADE},
    ),
    Operation(
        name="api-events",
        path="station/events",
        tag="station",
        method="post",
        summary=_("交签名的记录，逐条有回执"),
        about=_(
            "一批最多 200 条。信封里是一条记录（Event）的规范 JSON（RFC 8785）和终端的 Ed25519 签名；"
            "坏的一条不影响同一批的其他条：照收，回执是 held 和原因。"
        ),
        headers=Protocol,
        body=EventsRequest,
        security=TAKEN,
        answers={200: Answer(_("回执"), Receipts), **NOT_OURS, **WRONG_METHOD, **INVALID, **UPGRADE},
    ),
    Operation(
        name="api-photos",
        path="station/photos",
        tag="station",
        method="post",
        summary=_("交一张现场照片"),
        headers=Protocol,
        body=PhotoUpload,
        body_type="multipart/form-data",
        security=TAKEN,
        answers={
            200: Answer(_("早已收到"), PhotoKept),
            201: Answer(_("已收到"), PhotoKept),
            **NOT_OURS,
            **WRONG_METHOD,
            409: _refused(_("提到这张照片的记录还没到，以后再交")),
            422: _refused(_("不是照片，或提到它的记录不作数")),
            **UPGRADE,
        },
    ),
)
