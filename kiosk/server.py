"""The server as a station sees it: one method per request, every answer checked, two kinds of error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from kiosk.clock import Clock
from kiosk.envelope import Envelope
from kiosk.journal import Photo, Receipt
from kiosk.report import PROTOCOL, StationReport

SOFTWARE = "yidang-kiosk/0.1.0"
BATCH = 200
"""So many events the server takes at once."""
REPORT_PATH = "/api/v1/stations/report"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class UplinkError(Exception):
    """No usable answer: no network, a captive portal, a server at fault. Try again later.

    `status` is HTTP's, None when there was no answer at all.
    """

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class RefusedError(UplinkError):
    """The server understood and said no; `code` is its word for why."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message or code, status)
        self.code = code
        self.message = message

    @property
    def turned_away(self) -> str:
        """The message of the screen if it is this station that is refused and not what it sent, else empty."""
        return {401: "station_unknown", 403: "station_revoked", 426: "upgrade_needed"}.get(
            self.status or 0, ""
        )


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Refusal(_Answer):
    code: str
    message: str = ""


class Welcome(_Answer):
    """What an enrolled station is told once."""

    station: UUID
    token: str
    name: str
    institution: str = ""
    sealing_key: str


class _Receipt(_Answer):
    digest: str
    status: Literal["accepted", "duplicate", "held"]
    reason: str = ""
    message: str = ""


class _Receipts(_Answer):
    receipts: Annotated[list[_Receipt], Field(max_length=BATCH)]


class _PhotoReceipt(_Answer):
    sha256: str
    status: Literal["accepted", "duplicate"]


SLOWEST_MS = 20_000
"""The offset is known to half the time an answer took; a lid closed meanwhile would make it nonsense."""


class _ServerTime(_Answer):
    server_time: AwareDatetime


AnswerT = TypeVar("AnswerT", bound=_Answer)


class Server:
    """The server's interface; every method raises UplinkError or RefusedError.

    `on_contact` gets the offset of the server's clock, in milliseconds, whenever it is measured.
    """

    def __init__(
        self, address: str, token: str = "", *, clock: Clock, on_contact: Callable[[int], None] | None = None
    ) -> None:
        headers = {"User-Agent": SOFTWARE, "Yidang-Protocol": str(PROTOCOL)}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT)
        except httpx.InvalidURL as error:
            raise UplinkError(str(error)) from error
        self._clock = clock
        self._on_contact = on_contact

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def enrol(self, code: str, public_key: str, proof: str) -> Welcome:
        """Trade a one-time code for a token; `proof` shows that the key is ours."""
        body = {"code": code, "public_key": public_key, "proof": proof, "software": SOFTWARE}
        return _parse(Welcome, self._ask("POST", "/api/v1/stations/enrol", json=body))

    def time(self) -> None:
        """Measure the offset and nothing else."""
        _parse(_ServerTime, self._ask("GET", "/api/v1/time"))

    def package(self) -> bytes:
        """The package's text, not looked into."""
        return self._ask("GET", "/api/v1/station/package").content

    def events(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Hand over a batch."""
        body = {"envelopes": [envelope.model_dump() for envelope in envelopes]}
        answer = _parse(_Receipts, self._ask("POST", "/api/v1/station/events", json=body))
        return [Receipt(**receipt.model_dump()) for receipt in answer.receipts]

    def photo(self, photo: Photo) -> str:
        """Hand over a class photo whose event the server has; accepted or duplicate."""
        files = {"photo": (f"{photo.sha256}.jpg", photo.jpeg, "image/jpeg")}
        answer = _parse(_PhotoReceipt, self._ask("POST", "/api/v1/station/photos", files=files))
        if answer.sha256 != photo.sha256:
            raise UplinkError("the receipt is for another photo")
        return answer.status

    def report(self, report: StationReport) -> bool:
        """Tell how the station is; False if this server does not ask."""
        headers = {"Content-Type": "application/json"}
        try:
            answer = self._ask("POST", REPORT_PATH, content=report.model_dump_json(), headers=headers)
            _parse(_ServerTime, answer)
        except UplinkError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        asked_at, ticks = self._clock.now(), self._clock.monotonic_ms()
        try:
            response = self._http.request(method, path, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UplinkError(str(error) or type(error).__name__) from error
        if not response.is_success:
            raise _refusal(response)
        took_ms = self._clock.monotonic_ms() - ticks
        if took_ms <= SLOWEST_MS:
            self._measure(response, asked_at.timestamp() * 1000 + took_ms / 2)
        return response

    def _measure(self, response: httpx.Response, midway_ms: float) -> None:
        """Server clock minus ours, taking the answer to have been written half-way."""
        try:
            server_time = _ServerTime.model_validate_json(response.content).server_time
        except ValidationError:
            return
        if self._on_contact:
            self._on_contact(round(server_time.timestamp() * 1000 - midway_ms))


def _refusal(response: httpx.Response) -> UplinkError:
    """What a bad status means: only our own server's words count as a refusal."""
    status = response.status_code
    try:
        refusal = _Refusal.model_validate_json(response.content)
    except ValidationError:  # a proxy, or a hotel's log-in page
        return UplinkError(f"HTTP {status}", status)
    if response.is_server_error or status in (408, 429):
        return UplinkError(f"HTTP {status} {refusal.code}", status)
    return RefusedError(status, refusal.code, refusal.message)


def _parse(kind: type[AnswerT], response: httpx.Response) -> AnswerT:
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        raise UplinkError(f"not our server's answer: {response.url.path}") from error
