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
from kiosk.screen import ZONE
from kiosk.station import Station

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
DONE_ALL_THE_SAME = ("walk_in", "not_confirmed", "token_awaited", "look")
"""Messages that call for somebody, or to wait, although what was asked was done."""
LONGEST_WAIT = 20.0
"""Seconds a request for the next state may wait for one."""

Pin = Annotated[str, Field(min_length=1, max_length=32, repr=False)]
OptionalPin = Annotated[str, Field(max_length=32, repr=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Decision(_Body):
    """A witness says yes or no to the person who waits."""

    pin: Pin
    decision: Literal["allow", "refuse"]


class About(_Body):
    """A witness and the trainee meant."""

    pin: Pin
    enrolment: int


class Vouching(_Body):
    """One witness, or two, for somebody who has no card that can be read."""

    pin: Pin
    second_pin: OptionalPin = ""
    assisted: bool = False


class Known(Vouching):
    """Found on the roster."""

    enrolment: int
    reason: Literal["no_card", "card_unreadable", "other"]


class Typed(Vouching):
    """Found by the number on the card."""

    number: Annotated[str, Field(max_length=64, repr=False)]


class PinOnly(_Body):
    """A witness."""

    pin: Pin


class Shot(_Body):
    """A class photo; with a PIN it names its witness."""

    pin: OptionalPin = ""


class Token(_Body):
    """What a keyboard reader typed."""

    text: Annotated[str, Field(min_length=1, max_length=64, repr=False)]


class Invitation(_Body):
    """Where to enrol, and the one-time code."""

    server: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[str, Field(min_length=1, max_length=64)]


class Language(_Body):
    """The language shown first."""

    language: Literal["zh", "en"]


class Nothing(_Body):
    """No details needed."""


BodyT = TypeVar("BodyT", bound=_Body)


def create_app(station: Station) -> Flask:
    """The application for one station."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = 16_384
    app.add_template_filter(lambda moment: f"{moment.astimezone(ZONE):%H:%M}", "local")
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

    @app.get("/knows")
    def knows() -> str:
        return render_template(
            "knows.html", chapters=station.knows(), state=station.state(), language=_language(station)
        )

    @app.get("/paper")
    def paper() -> str:
        return render_template("paper.html", language=_language(station))

    @app.get("/api/state")
    def state() -> Response:
        """The screen as data; `?after=VERSION` waits for something newer."""
        after = request.args.get("after", -1, type=int)
        return jsonify(station.state(after, LONGEST_WAIT if "after" in request.args else 0.0))


def _language(station: Station) -> Literal["zh", "en"]:
    """As the link says, else as the screen does."""
    asked = request.args.get("language", station.state()["language"])
    return "en" if asked == "en" else "zh"


def _add_actions(app: Flask, station: Station) -> None:
    _add_visits(app, station)
    _add_witness_actions(app, station)

    @app.post("/api/enrol")
    def enrol() -> Response:
        body = _read(Invitation)
        return _answer(station.enrol(body.server, body.code))

    @app.post("/api/language")
    def language() -> Response:
        station.use_language(_read(Language).language)
        return _answer(say("language_changed"))

    @app.post("/api/speak")
    def speak() -> Response:
        _read(Nothing)
        station.speak()
        return jsonify(ok=True)


def _add_visits(app: Flask, station: Station) -> None:
    """What a trainee, or whoever stands at the screen, may do."""

    @app.post("/api/without-face")
    def without_face() -> Response:
        _read(Nothing)
        return _answer(station.without_face())

    @app.post("/api/token")
    def token() -> Response:
        return _answer(station.type_token(_read(Token).text))

    @app.post("/api/photo")
    def photo() -> Response:
        return _answer(station.take_photo(_read(Shot).pin))


def _add_witness_actions(app: Flask, station: Station) -> None:
    """What takes a PIN."""

    @app.post("/api/witness")
    def witness() -> Response:
        body = _read(Decision)
        return _answer(station.decide(body.pin, allow=body.decision == "allow"))

    @app.post("/api/witness-sign")
    def witness_sign() -> Response:
        return _answer(station.vouch(**_read(Known).model_dump()))

    @app.post("/api/number")
    def number() -> Response:
        return _answer(station.vouch_by_number(**_read(Typed).model_dump()))

    @app.post("/api/roster")
    def roster() -> Response:
        message, rows = station.roster(_read(PinOnly).pin)
        return _answer(message, roster=rows)

    @app.post("/api/portrait")
    def portrait() -> Response:
        body = _read(About)
        return _answer(station.enrol_portrait(body.enrolment, body.pin))

    @app.post("/api/bind")
    def bind() -> Response:
        body = _read(About)
        return _answer(station.give_token(body.enrolment, body.pin))

    @app.post("/api/check")
    def check() -> Response:
        return _answer(station.start_check(_read(PinOnly).pin))

    @app.post("/api/retry")
    def retry() -> Response:
        return _answer(station.retry_refused(_read(PinOnly).pin))

    @app.post("/api/paper")
    def paper_register() -> Response:
        message, printed = station.paper(_read(PinOnly).pin)
        html = render_template("sheets.html", sheets=printed) if printed else ""
        return _answer(message, html=html)


def _read(kind: type[BodyT]) -> BodyT:
    """The request's body; anything else is a 400."""
    try:
        return kind.model_validate_json(request.get_data() or b"{}")
    except ValidationError:
        abort(400)


def _answer(message: Message, **more: Any) -> Response:
    """200 for what was done, 409 for what was not; the words are in `message` either way."""
    done = message.tone in ("done", "rest") or message.code in DONE_ALL_THE_SAME
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
