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
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from waitress.server import create_server  # type: ignore[import-untyped]

from kiosk.camera import Camera
from kiosk.clock import Clock
from kiosk.doctor import Finding, examine
from kiosk.face import FaceModel
from kiosk.idcard.cards import IdCard
from kiosk.idcard.reader import CardReader, ReaderError, read_one
from kiosk.journal import Journal, JournalError
from kiosk.messages import Message, say
from kiosk.package import PackageError
from kiosk.simulator import camera as simulated_camera
from kiosk.simulator import network as simulated_network
from kiosk.simulator import serve as simulated_reader
from kiosk.station import Station
from kiosk.uplink import AlreadyEnrolledError, RefusedError, Uplink, UplinkError, enrol, resend
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
        simulate = simulated_reader.main if arguments[1] == "reader" else simulated_network.main
        return simulate(arguments[2:])  # these have their own arguments and help
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
    with Journal(options.home) as journal:
        try:
            identity = enrol(options.server, options.code, journal, Clock())
        except AlreadyEnrolledError as error:
            raise CommandError(say("already_enrolled", name=error.name)) from error
        except RefusedError as error:
            raise CommandError(say("server_refused", detail=error)) from error
        except UplinkError as error:
            raise CommandError(say("server_unreachable", detail=error)) from error
    _print(say("enrolled", name=identity.name))
    return 0


# resend


def _resend(options: argparse.Namespace) -> int:
    with Journal(options.home) as journal:
        try:
            statuses = resend(journal, Clock())
        except UplinkError as error:
            raise CommandError(say("server_unreachable", detail=error)) from error
    if options.json:
        _print_json({"statuses": statuses})
    else:
        _print(say("resent", number=sum(statuses.values()), new=statuses.get("accepted", 0)))
    return 0


# run


def _run(options: argparse.Namespace) -> int:
    with Journal(options.home) as journal:
        clock, camera = Clock(), Camera(options.camera)
        model = FaceModel() if options.face and options.camera else None
        identity = journal.identity
        uplink = Uplink(journal, identity, clock, package_every=options.package_every) if identity else None
        station = Station(journal, clock, camera, model=model, uplink=uplink, has_reader=bool(options.reader))
        if uplink:
            uplink.on_change = station.refresh
        # The desk has no use for addresses, so nobody waits for them.
        reader = (
            CardReader(options.reader, station.on_reader_event, with_addresses=False)
            if options.reader
            else None
        )
        server = _listen(options.listen, station)
        parts = [part for part in (camera, model, uplink, station, reader) if part]
        for part in parts:
            part.start()
        _serve(server, station)
        for part in reversed(parts):
            part.stop()
    _print(say("stopping"))
    return 0


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
    try:
        card = read_one(options.port, options.timeout)
    except ReaderError as error:
        if options.json:
            _print_json(
                {"ok": False, "code": error.code, "message": error.message, "message_en": error.message_en}
            )
            return 1
        raise CommandError(say("no_card", detail=f"{error.message} / {error.message_en}")) from error
    fields = _fields(card, reveal=options.reveal)
    if options.json:
        _print_json(fields)
    else:
        for name, value in fields.items():
            print(f"{name:22} {value}")
    return 0


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
    findings = examine(options.home, reader=options.reader, camera=options.camera)
    wrong = [finding for finding in findings if finding.level == "error"]
    if options.json:
        _print_json({"ok": not wrong, "findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            _print_finding(finding)
        _print(say("unhealthy", number=len(wrong)) if wrong else say("healthy"))
    return 1 if wrong else 0


def _print_finding(finding: Finding) -> None:
    sign = {"ok": "✓", "warning": "!", "error": "✗"}[finding.level]
    value = f" [{finding.value}]" if finding.value is not None else ""
    print(f"{sign} {finding.part:8} {finding.zh} / {finding.en}{value}")


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


def _add_home(command: Any) -> None:
    home = os.environ.get("KIOSK_HOME")
    command.add_argument(
        "--home",
        type=Path,
        default=home,
        required=home is None,
        help="本机数据目录 / data directory ($KIOSK_HOME)",
    )


def _add_enrol(commands: Any) -> None:
    command = _command(
        commands, "enrol", _enrol, "用一次性登记码登记本机 / enrol this station with a one-time code"
    )
    command.add_argument("--server", required=True, help="服务器地址 / server address, https://…")
    command.add_argument("--code", required=True, help="一次性登记码 / one-time code")
    _add_home(command)


def _add_run(commands: Any) -> None:
    command = _command(commands, "run", _run, "开始签到 / run the sign-in desk")
    _add_home(command)
    command.add_argument("--reader", help="读卡器 / card reader: /dev/ttyUSB0, COM3, socket://…")
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


def _add_resend(commands: Any) -> None:
    command = _command(
        commands, "resend", _resend, "把全部记录重传一遍 / hand over every record again (server was restored)"
    )
    _add_home(command)
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")


def _add_read(commands: Any) -> None:
    command = _command(commands, "read", _read, "读一张卡并显示 / read one card and print it")
    command.add_argument("--port", required=True, help="读卡器 / card reader: /dev/ttyUSB0, COM3, socket://…")
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / print JSON")
    command.add_argument("--reveal", action="store_true", help="显示完整号码 / show whole numbers")
    command.add_argument("--timeout", type=float, default=10.0, help="最多等待的秒数 / seconds to wait")


def _add_doctor(commands: Any) -> None:
    command = _command(commands, "doctor", _doctor, "检查本机 / find what is wrong with this station")
    _add_home(command)
    command.add_argument("--reader", help="同时检查读卡器 / check this card reader too")
    command.add_argument("--camera", help="同时检查摄像头 / check this camera too")
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
