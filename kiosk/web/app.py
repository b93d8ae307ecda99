"""The screen's page and the small JSON interface under it.

Other web pages open on the same machine must not be able to drive the desk or read who signed in:
the host name is checked against rebinding, the origin and the content type against forged requests.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.messages import Message, say
from kiosk.station import Station

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
LONGEST_WAIT = 20.0
"""Seconds a request for the next state may wait for one."""

Pin = Annotated[str, Field(min_length=1, max_length=32)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Decision(_Body):
    """A witness says yes or no to the person who waits."""

    pin: Pin
    decision: Literal["allow", "refuse"]


class Vouching(_Body):
    """A witness and the trainee meant."""

    pin: Pin
    enrolment: int


class PinOnly(_Body):
    """A witness."""

    pin: Pin


class Shot(_Body):
    """A class photo; with a PIN it names its witness."""

    pin: str = ""


class Language(_Body):
    """The language shown first."""

    language: Literal["zh", "en"]


BodyT = TypeVar("BodyT", bound=_Body)


def create_app(station: Station) -> Flask:
    """The application for one station."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = 16_384
    app.before_request(_only_this_machine)
    app.after_request(_keep_in)
    app.register_error_handler(HTTPStatus.BAD_REQUEST, lambda _error: _refuse("request_wrong", 400))
    app.register_error_handler(HTTPStatus.FORBIDDEN, lambda _error: _refuse("not_local", 403))
    _add_pages(app, station)
    _add_actions(app, station)
    return app


def _add_pages(app: Flask, station: Station) -> None:
    @app.get("/")
    def page() -> str:
        return render_template("station.html")

    @app.get("/api/state")
    def state() -> Response:
        """The screen as data; `?after=VERSION` waits for something newer."""
        after = request.args.get("after", -1, type=int)
        return jsonify(station.state(after, LONGEST_WAIT if "after" in request.args else 0.0))

    @app.get("/api/held")
    def held() -> Response:
        return jsonify(held=station.held())


def _add_actions(app: Flask, station: Station) -> None:
    @app.post("/api/witness")
    def witness() -> Response:
        body = _read(Decision)
        return _answer(station.decide(body.pin, allow=body.decision == "allow"))

    @app.post("/api/witness-sign")
    def witness_sign() -> Response:
        body = _read(Vouching)
        return _answer(station.vouch(body.enrolment, body.pin))

    @app.post("/api/roster")
    def roster() -> Response:
        message, rows = station.roster(_read(PinOnly).pin)
        return _answer(message, roster=rows)

    @app.post("/api/portrait")
    def portrait() -> Response:
        body = _read(Vouching)
        return _answer(station.enrol_portrait(body.enrolment, body.pin))

    @app.post("/api/photo")
    def photo() -> Response:
        return _answer(station.take_photo(_read(Shot).pin))

    @app.post("/api/language")
    def language() -> Response:
        station.use_language(_read(Language).language)
        return _answer(say("language_changed"))


def _read(kind: type[BodyT]) -> BodyT:
    """The request's body; anything else is a 400."""
    try:
        return kind.model_validate_json(request.get_data() or b"{}")
    except ValidationError:
        abort(400)


def _answer(message: Message, **more: Any) -> Response:
    """200 for what was done, 409 for what was not; the words are in `message` either way."""
    done = message.tone in ("done", "rest") or message.code in ("walk_in", "not_confirmed")
    response = jsonify(ok=done, code=message.code, message=message.as_json(), **more)
    response.status_code = 200 if done else 409
    return response


def _refuse(code: str, status: int) -> tuple[Response, int]:
    message = say(code)
    return jsonify(code=code, message=message.zh, details={"en": message.en}), status


def _only_this_machine() -> None:
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    origin = request.headers.get("Origin")
    if host not in LOCAL_HOSTS or (origin is not None and urlsplit(origin).netloc != request.host):
        abort(403)
    if request.method == "POST" and request.mimetype != "application/json":
        abort(403)


def _keep_in(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
