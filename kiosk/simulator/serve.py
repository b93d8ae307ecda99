"""A simulated reader as a process: commands come as JSON lines, each is answered by one.

The first line out is `{"ready": true, "link": …}`, written once the device path or TCP port exists.
Commands: `{"lay": 0}` (a token reader's: `{"lay": "62E3086CED"}`), `{"lift": true}`, `{"baud": 9600}`,
`{"fault": "silence", "times": 1, "at": "READ"}` (`at` for cards only), `{"fault": null}`,
`{"unplug": true}`, `{"replug": true}`. What is laid lies there until it is lifted.
Ends with its standard input, with `--stay` only at SIGTERM or Ctrl-C; the device path goes with it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kiosk.idcard.cards import IdCard
from kiosk.idcard.frames import Command
from kiosk.simulator.cards import CardChip, FieldError, card_from_fields
from kiosk.simulator.device import BAUD_CODES, FAULT_KINDS, SimulatedDevice
from kiosk.simulator.reader import SimulatedReader
from kiosk.simulator.tokens import SimulatedTokenReader

Obey = Callable[[Any], None]
"""Carries out one command; raises CommandError."""


class CommandError(Exception):
    """This line is no command, or it can't be carried out."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input ends; 0 when all went well, 2 for bad arguments or people."""
    options = parse_arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that `with` takes the device path away
    try:
        device, obey, about = make_device(options)
        with device:
            say({"ready": True, "link": device.url, **about})
            if options.lay is not None:
                obey({"lay": options.lay})
            serve(obey)
            if options.stay:
                signal.pause()
    except KeyboardInterrupt:
        return 0
    except (OSError, ValueError, FieldError, CommandError) as error:
        say({"ok": False, "error": str(error)})
        return 2
    return 0


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="kiosk simulate reader", description="模拟读卡器 / a simulated card or token reader"
    )
    parser.add_argument(
        "--type",
        choices=["card", "token"],
        default="card",
        help="身份证或 125 kHz 令牌卡 / identity cards or 125 kHz tokens",
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--link", help="设备路径 / device path to create")
    place.add_argument("--tcp", metavar="HOST:PORT", help="串口服务器地址 / as a network converter")
    parser.add_argument("--people", type=Path, help="人员 JSON / JSON list of cards")
    parser.add_argument("--baud", type=int, choices=BAUD_CODES, help="波特率 / speak at this speed only")
    parser.add_argument("--lay", metavar="N", help="启动时放卡 / lay this card (number of it) at the start")
    parser.add_argument("--stay", action="store_true", help="输入结束后继续 / go on when the input ends")
    options = parser.parse_args(argv)
    if options.type == "card" and options.people is None:
        parser.error("--people: 身份证需要人员文件 / cards need a file of people")
    return options


def make_device(options: argparse.Namespace) -> tuple[SimulatedDevice, Obey, dict[str, int]]:
    """The device, who obeys for it, and what to say of it; raises as `load_people`."""
    address = options.link or f"socket://{options.tcp}"
    if options.type == "token":
        tokens = SimulatedTokenReader(address, baud=options.baud)
        return tokens, lambda command: obey_token(tokens, command), {}
    people, cards = load_people(options.people), SimulatedReader(address, baud=options.baud)
    if options.lay is not None:
        options.lay = int(options.lay)
    return cards, lambda command: obey_card(cards, people, command), {"people": len(people)}


def load_people(path: Path) -> list[IdCard]:
    """The cards of a people file; raises OSError, ValueError or FieldError, which names the person."""
    listed = json.loads(path.read_text(encoding="utf-8"))
    cards = []
    for index, fields in enumerate(listed):
        try:
            card = card_from_fields(fields)
            CardChip.of(card)  # says now, not at the desk, that a field is too long
        except FieldError as error:
            raise FieldError(f"person {index}: {error}") from error
        cards.append(card)
    return cards


def serve(obey: Obey) -> None:
    """Obey one line after the other; a bad one is answered, not fatal."""
    for line in filter(str.strip, sys.stdin):
        try:
            obey(json.loads(line))
        except (CommandError, ValueError) as error:
            say({"ok": False, "error": str(error)})
        else:
            say({"ok": True})


def obey_card(reader: SimulatedReader, people: list[IdCard], command: Any) -> None:
    """What a reader of identity cards is told."""
    match command:
        case {"lay": int(index)} if 0 <= index < len(people):
            reader.lay(people[index])
        case {"fault": kind} if kind in FAULT_KINDS:
            reader.fault(kind, command.get("times", 1), command_named(command.get("at")))
        case _:
            obey_any(reader, command)


def obey_token(reader: SimulatedTokenReader, command: Any) -> None:
    """What a token reader is told."""
    match command:
        case {"lay": str(number)}:
            reader.lay(bytes.fromhex(number))
        case {"fault": kind} if kind in FAULT_KINDS and kind != "pulled":
            reader.fault(kind, command.get("times", 1))
        case _:
            obey_any(reader, command)


def obey_any(device: SimulatedDevice, command: Any) -> None:
    """What every device is told."""
    match command:
        case {"lift": True}:
            device.lift()
        case {"fault": None}:
            device.fault(None)
        case {"baud": None}:
            device.baud = None
        case {"baud": int(baud)} if baud in BAUD_CODES:
            device.baud = baud
        case {"unplug": True}:
            device.unplug()
        case {"replug": True}:
            device.replug()
        case _:
            raise CommandError(f"not a command: {json.dumps(command, ensure_ascii=False)}")


def command_named(name: str | None) -> Command | None:
    """`READ` → the command; raises CommandError."""
    if name is None:
        return None
    try:
        return Command[name.upper()]
    except KeyError as error:
        raise CommandError(f"no such request: {name}") from error


def say(answer: dict[str, Any]) -> None:
    """One line out, at once."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
