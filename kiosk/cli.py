"""`kiosk`: the station's command line. Every failure is a sentence and an exit code.

0: done. 1: it could not be done, and the sentence says what to do. 2: wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from waitress.server import create_server  # type: ignore[import-untyped]

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.doctor import Finding, Parts, examine, table
from kiosk.enrolment import AlreadyEnrolledError, Invitation, InvitationError, enrol
from kiosk.face import FaceModel
from kiosk.idcard.cards import IdCard
from kiosk.idcard.dialogue import ReaderEvent
from kiosk.idcard.photo import Library, LibraryDecoder, NoDecoder, PhotoDecoder, PhotoError
from kiosk.idcard.ports import AUTO, Port, Ports, ReaderError
from kiosk.idcard.reader import CardReader, Driver, TokenReader, read_one, read_token
from kiosk.idcard.tokens import mask_token
from kiosk.journal import Identity, Journal
from kiosk.messages import Message, say
from kiosk.package import PackageError
from kiosk.server import RefusedError, UplinkError
from kiosk.settings import PhotoSettings, SettingsError, StationSettings, load_settings
from kiosk.simulator import camera as simulated_camera
from kiosk.station import Station
from kiosk.store import JournalError
from kiosk.uplink import Uplink, resend
from kiosk.voice import Voice
from kiosk.web.app import LOCAL_HOSTS, create_app


class CommandError(Exception):
    """The command can't be carried out; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["simulate"] and arguments[1:2] in (["reader"], ["network"]):
        # These have their own arguments and help. The reader needs a Unix terminal: nobody else shall.
        name = "serve" if arguments[1] == "reader" else "network"
        simulate: Callable[[Sequence[str]], int] = import_module(f"kiosk.simulator.{name}").main
        return simulate(arguments[2:])
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except CommandError as error:
        return _fail(error.message)
    except (JournalError, PackageError) as error:
        return _fail(say("journal_broken", detail=error))
    except KeyboardInterrupt:
        return 1


def _settings(home: Path | None) -> StationSettings:
    if home is None:
        return StationSettings()
    try:
        return load_settings(home)
    except SettingsError as error:
        raise CommandError(
            say("settings_wrong", file=error.file, place=error.place, zh=error.zh, en=error.en)
        ) from error


def _chosen(flag: str | None, setting: str | None) -> str | None:
    """What the command line says goes first, even if that is nothing."""
    return (setting if flag is None else flag) or None


def _ports(settings: StationSettings) -> Ports:
    return Ports(settings.reader.allow, reserved=filter(None, [settings.token.url]))


def _decoder(photo: PhotoSettings) -> PhotoDecoder:
    if photo.library is None:
        return NoDecoder()
    return LibraryDecoder(
        Library(photo.library, photo.symbol, photo.call, photo.mode, photo.channels, photo.flip)
    )


def _fail(message: Message) -> int:
    _print(message, file=sys.stderr)
    return 1


def _print(message: Message, file: Any = None) -> None:
    advice = f"\n  {message.next_zh} / {message.next_en}" if message.next_zh else ""
    print(f"{message.zh} / {message.en}{advice}", file=file or sys.stdout, flush=True)


def _print_json(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str), flush=True)


# enrol


def _enrol(options: argparse.Namespace) -> int:
    invitation = _invitation(options)
    with Journal(options.home) as journal:
        renewed = journal.identity is not None
        try:
            identity = enrol(invitation.server, invitation.code, journal, Clock())
        except AlreadyEnrolledError as error:
            raise CommandError(say("already_enrolled", name=error.name)) from error
        except RefusedError as error:
            raise CommandError(_refusal(error, journal.identity)) from error
        except UplinkError as error:
            raise CommandError(say("server_unreachable", detail=error)) from error
    _print(say("renewed" if renewed else "enrolled", name=identity.name))
    return 0


def _refusal(error: RefusedError, identity: Identity | None) -> Message:
    if error.turned_away:
        return say(error.turned_away)
    message = say("server_refused", detail=error)
    if identity is None:
        return message
    known = say("already_enrolled", name=identity.name)
    return replace(message, next_zh=f"{known.zh}；{known.next_zh}", next_en=f"{known.en}. {known.next_en}")


def _invitation(options: argparse.Namespace) -> Invitation:
    """From the arguments, a picture, or whatever is held to the camera."""
    if options.qr is None:
        return Invitation(
            options.server or options.wrong("--code 要和 --server 一起写 / --code needs --server"),
            options.code,
        )
    try:
        return Invitation.from_picture(Path(options.qr)) if options.qr else _seen_invitation(options)
    except InvitationError as error:
        raise CommandError(say(error.code)) from error
    except OSError as error:
        raise CommandError(say("file_unreadable", detail=error)) from error


def _seen_invitation(options: argparse.Namespace) -> Invitation:
    camera = Camera(_chosen(options.camera, _settings(options.home).camera.source) or "0")
    camera.start()
    try:
        return Invitation.from_camera(camera, within=options.timeout)
    finally:
        camera.stop()


# resend


def _resend(options: argparse.Namespace) -> int:
    with Journal(options.home) as journal:
        try:
            sent = resend(journal, Clock())
        except RefusedError as error:
            raise CommandError(say(error.turned_away or "server_refused", detail=error)) from error
        except UplinkError as error:
            raise CommandError(say("server_unreachable", detail=error)) from error
    if options.json:
        _print_json({"statuses": sent.events, "photos": sent.photos})
        return 0
    new, new_photos = sent.events["accepted"], sent.photos["accepted"]
    _print(
        say("resent", number=sent.events.total(), new=new, photos=sent.photos.total(), new_photos=new_photos)
    )
    return 0


# run


def _run(options: argparse.Namespace) -> int:
    settings = _settings(options.home)
    source = _chosen(options.camera, settings.camera.source)
    with Journal(options.home) as journal:
        clock, camera = Clock(), Camera(source)
        model = FaceModel() if options.face and source else None
        photos = _decoder(settings.photo)
        connect = partial(_connect, journal, clock, options.package_every)
        uplink = connect(journal.identity) if journal.identity else None
        urls = Urls(
            _chosen(options.reader, settings.reader.url), _chosen(options.token_reader, settings.token.url)
        )
        station = Station(
            journal,
            clock,
            camera,
            model=model,
            photos=photos,
            uplink=uplink,
            has_reader=bool(urls.cards),
            connect=connect,
            voice=Voice(wanted=settings.voice.enabled),
            wedge=settings.token.format,
        )
        readers = _readers(urls, station.on_reader_event, settings.reader.allow)
        server = _listen(options.listen, station)
        parts = [part for part in (camera, model, uplink, station, *readers) if part]
        for part in parts:
            part.start()
        _serve(server, station)
        for part in reversed(parts):
            part.stop()
        photos.stop()
    _print(say("stopping"))
    return 0


def _connect(journal: Journal, clock: Clock, package_every: float, identity: Identity) -> Uplink:
    return Uplink(journal, identity, clock, package_every=package_every)


class Urls(NamedTuple):
    """Where the desk's readers are."""

    cards: str | None
    tokens: str | None


def _readers(urls: Urls, on_event: Callable[[ReaderEvent], None], allow: list[str] | None) -> list[Driver]:
    readers: list[Driver] = []
    ports = Ports(allow, reserved=filter(None, [urls.tokens]))
    if urls.cards:  # the desk has no use for addresses, so nobody waits for them
        readers.append(CardReader(urls.cards, on_event, ports, with_addresses=False))
    if urls.tokens:
        readers.append(TokenReader(urls.tokens, on_event, ports))
    return readers


def _listen(address: str, station: Station) -> Any:
    host, _, port = address.rpartition(":")
    if host not in LOCAL_HOSTS or not port.isdecimal():
        raise CommandError(say("listen_not_local", detail=address))
    try:
        # One thread per request that waits for news, and some to spare for the witness.
        return create_server(create_app(station), host=host.strip("[]"), port=int(port), threads=12)
    except OSError as error:
        raise CommandError(say("listen_taken", detail=address)) from error


def _serve(server: Any, station: Station) -> None:
    """Serve until SIGTERM or Ctrl-C."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        # Answers those who wait for news; in a thread, as a signal may come while a lock is held.
        threading.Thread(target=station.stop).start()
        raise SystemExit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with suppress(SystemExit):
        _print(say("serving", address=f"http://{server.effective_host}:{server.effective_port}/"))
        server.run()
    server.close()


# read


def _read(options: argparse.Namespace) -> int:
    settings = _settings(options.home)
    if options.ports:
        return _list_ports(_ports(settings), as_json=options.json)
    wants_token = options.token or not (options.port or settings.reader.url)
    url = options.port or (settings.token.url if wants_token else settings.reader.url)
    if url is None:
        raise CommandError(say("no_port_set"))
    try:
        if wants_token:
            token = read_token(url, options.timeout)
            fields: dict[str, object] = {"token": token if options.reveal else mask_token(token)}
        else:
            card = read_one(url, options.timeout, _ports(settings))
            decoder = _photo_facts(card, _decoder(settings.photo), str(settings.photo.library or ""))
            fields = _fields(card, reveal=options.reveal) | {"photo_decoder": decoder}
    except ReaderError as error:
        return _not_read(error, as_json=options.json)
    if options.json:
        _print_json(fields)
    else:
        for name, value in fields.items():
            print(f"{name:22} {value}")
    return 0


def _not_read(error: ReaderError, *, as_json: bool) -> int:
    if not as_json:
        raise CommandError(say("no_card", detail=f"{error.message} / {error.message_en}")) from error
    _print_json({"ok": False, "code": error.code, "message": error.message, "message_en": error.message_en})
    return 1


def _photo_facts(card: IdCard, decoder: PhotoDecoder, library: str) -> dict[str, object]:
    """Whether this card's photo can be decoded here, and if not, why; never the photo."""
    facts: dict[str, object] = {"library": library, "decoded": True}
    try:
        decoder.decode(card.photo)
    except PhotoError as error:
        said = {"message": error.wording.chinese, "message_en": error.wording.english}
        return facts | {"decoded": False, "code": error.code, "status": error.status, **said}
    finally:
        decoder.stop()
    return facts


def _list_ports(ports: Ports, *, as_json: bool) -> int:
    listed = ports.listed()
    if as_json:
        _print_json([asdict(port) | {"may_probe": ports.may_probe(port)} for port in listed])
        return 0
    for port in listed:
        print(_port_line(port, may_probe=ports.may_probe(port)))
    if not listed:
        _print(say("no_ports"))
    return 0


def _port_line(port: Port, *, may_probe: bool) -> str:
    probe = "可探测 / may be probed" if may_probe else "不探测 / left alone"
    return f"{'✓' if may_probe else '-'} {port.device:16} {probe}  {port.description}  {port.by_id}".rstrip()


def _fields(card: IdCard, *, reveal: bool) -> dict[str, object]:
    """Every field of the card; numbers masked unless `reveal`, the photo by its size only."""
    fields = asdict(card) | {"photo": len(card.photo), "expires": card.valid_until is not None}
    fields |= {"sex_name": card.sex_name, "ethnicity_name": card.ethnicity_name}
    fields["masked_number"] = card.masked_number
    if not reveal:
        fields["number"] = card.masked_number
        fields["previous_number"] = "*" * len(card.previous_number)
        fields["permit_number"] = "*" * len(card.permit_number)
    return fields


# doctor


def _doctor(options: argparse.Namespace) -> int:
    settings, findings = _examined_settings(options.home)
    parts = Parts(
        reader=_chosen(options.reader, settings.reader.url),
        token=_chosen(options.token_reader, settings.token.url),
        camera=_chosen(options.camera, settings.camera.source),
        face=options.face,
        ports=_ports(settings),
        photos=_decoder(settings.photo),
    )
    findings += examine(options.home, parts)
    wrong = [finding for finding in findings if finding.level == "error"]
    if options.json:
        _print_json({"ok": not wrong, "findings": [finding.as_json() for finding in findings]})
    else:
        print(table(findings))
        _print(say("unhealthy", number=len(wrong)) if wrong else say("healthy"))
    return 1 if wrong else 0


def _examined_settings(home: Path) -> tuple[StationSettings, list[Finding]]:
    """The settings, or none and what is wrong with them: the rest is looked at all the same."""
    try:
        return _settings(home), []
    except CommandError as error:
        said = error.message
        return StationSettings(), [
            Finding("settings", "error", said.zh, said.en, None, said.next_zh, said.next_en)
        ]


# simulate


def _film(options: argparse.Namespace) -> int:
    try:
        simulated_camera.film(options.out, options.face, seconds=options.seconds)
    except KeyError as error:
        raise CommandError(say("face_unknown", detail=options.face)) from error
    except OSError as error:
        raise CommandError(say("file_trouble", detail=error)) from error
    _print(say("video_written", path=options.out))
    return 0


# The arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk", description="签到终端 / The sign-in station")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_enrol(commands)
    _add_run(commands)
    _add_resend(commands)
    _add_read(commands)
    _add_doctor(commands)
    _add_simulate(commands)
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], about: str) -> Any:
    command = commands.add_parser(name, help=about, description=about)
    command.set_defaults(command=run)
    return command


def _add_home(command: Any, *, required: bool = True) -> None:
    home = os.environ.get("KIOSK_HOME")
    command.add_argument(
        "--home",
        type=Path,
        default=home,
        required=required and home is None,
        help="本机数据目录 / data directory ($KIOSK_HOME)",
    )


def _add_enrol(commands: Any) -> None:
    command = _command(
        commands, "enrol", _enrol, "用一次性登记码登记本机 / enrol this station with a one-time code"
    )
    command.add_argument("--server", help="服务器地址 / server address, https://…")
    way = command.add_mutually_exclusive_group(required=True)
    way.add_argument("--code", help="一次性登记码 / one-time code")
    way.add_argument(
        "--qr",
        nargs="?",
        const="",
        metavar="IMAGE",
        help="从图片读登记二维码；不写图片就用摄像头 / read the QR code from an image, or from the camera",
    )
    command.add_argument("--camera", help="摄像头 / camera for --qr, 0 if none is set")
    command.add_argument(
        "--timeout", type=float, default=60.0, help="等二维码的秒数 / seconds to wait for it"
    )
    _add_home(command)
    command.set_defaults(wrong=command.error)


def _add_run(commands: Any) -> None:
    command = _command(commands, "run", _run, "开始签到 / run the sign-in desk")
    _add_home(command)
    command.add_argument("--reader", help="读卡器 / card reader: /dev/ttyUSB0, COM3, socket://…, auto")
    command.add_argument(
        "--token-reader", type=_named_port, metavar="PORT", help="令牌卡读卡器端口 / port of a token reader"
    )
    command.add_argument("--camera", help="摄像头编号、地址或视频文件 / camera index, URL or video file")
    command.add_argument(
        "--listen", default="127.0.0.1:8765", help="屏幕地址，仅限本机 / loopback address of the screen"
    )
    command.add_argument(
        "--face",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="培训期允许时是否刷脸 / face check where the programme allows it",
    )
    command.add_argument(
        "--package-every",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="多久更新一次名册 / how often to fetch the roster",
    )


def _named_port(url: str) -> str:
    """A token reader can't be asked what it is, so nobody may look for it."""
    if url == AUTO:
        raise argparse.ArgumentTypeError("请写明端口 / name its port")
    return url


def _add_resend(commands: Any) -> None:
    command = _command(
        commands, "resend", _resend, "把全部记录重传一遍 / hand over every record again (server was restored)"
    )
    _add_home(command)
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")


def _add_read(commands: Any) -> None:
    command = _command(commands, "read", _read, "读一张卡并显示 / read one card or token and print it")
    command.add_argument("--port", help="端口 / port: /dev/ttyUSB0, COM3, socket://…, auto")
    command.add_argument("--token", action="store_true", help="读令牌卡 / read a token card, 125 kHz")
    command.add_argument("--ports", action="store_true", help="列出端口 / list ports; which may be probed")
    _add_home(command, required=False)
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")
    command.add_argument("--reveal", action="store_true", help="显示完整号码 / show whole numbers")
    command.add_argument("--timeout", type=float, default=10.0, help="最多等待的秒数 / seconds to wait")


def _add_doctor(commands: Any) -> None:
    command = _command(commands, "doctor", _doctor, "检查本机 / find what is wrong with this station")
    _add_home(command)
    command.add_argument("--reader", help="检查这个读卡器 / check this card reader")
    command.add_argument(
        "--token-reader", metavar="PORT", help="检查这个令牌卡读卡器 / check this token reader"
    )
    command.add_argument("--camera", help="检查这个摄像头 / check this camera")
    command.add_argument(
        "--face",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="检查人脸模型 / check the face model, where there is a camera",
    )
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")


def _add_simulate(commands: Any) -> None:
    about = "模拟硬件 / stand-ins for the hardware"
    kinds = commands.add_parser("simulate", help=about, description=about).add_subparsers(
        required=True, metavar="WHAT"
    )
    kinds.add_parser("reader", help="模拟读卡器 / a card reader", add_help=False)
    kinds.add_parser("network", help="模拟网线 / a cable to the server", add_help=False)
    command = _command(kinds, "camera", _film, "生成摄像头视频 / make a video to use as a camera")
    command.add_argument("--out", type=Path, required=True, help="视频文件 / video file (.avi)")
    command.add_argument("--face", required=True, help="astronaut, grace_hopper, both, nobody")
    command.add_argument("--seconds", type=float, default=5.0, help="时长（秒）/ length in seconds")


if __name__ == "__main__":
    sys.exit(main())
