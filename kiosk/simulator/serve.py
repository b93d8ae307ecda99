"""A simulated reader as a process: commands come as JSON lines, each is answered by one.

The first line out is `{"ready": true, …}`, written once the device path exists. Commands:
`{"lay": 0}`, `{"lift": true}`, `{"fault": "silence", "times": 1, "at": "READ"}`, `{"fault": null}`,
`{"unplug": true}`, `{"replug": true}`. Ends with its standard input, with `--stay` only at SIGTERM or
Ctrl-C; the device path goes with it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kiosk.idcard.cards import IdCard
from kiosk.idcard.frames import Command
from kiosk.simulator.cards import CardChip, FieldError, card_from_fields
from kiosk.simulator.reader import BAUD_CODES, FAULT_KINDS, SimulatedReader


class CommandError(Exception):
    """This line is no command, or it can't be carried out."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until standard input ends; 0 when all went well, 2 for bad arguments or people."""
    options = parse_arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that `with` takes the device path away
    try:
        people = load_people(options.people)
        reader = SimulatedReader(options.link, baud=options.baud)
        with reader:
            say({"ready": True, "link": reader.url, "people": len(people)})
            if options.lay is not None:
                obey(reader, people, {"lay": options.lay})
            serve(reader, people)
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
        prog="kiosk simulate", description="模拟读卡器 / a simulated card reader"
    )
    parser.add_argument("--link", type=Path, required=True, help="设备路径 / device path to create")
    parser.add_argument("--people", type=Path, required=True, help="人员 JSON / JSON list of cards")
    parser.add_argument("--baud", type=int, choices=BAUD_CODES, help="波特率 / answer at this speed only")
    parser.add_argument("--lay", type=int, metavar="N", help="启动时放卡 / lay this card at the start")
    parser.add_argument("--stay", action="store_true", help="输入结束后继续 / go on when the input ends")
    return parser.parse_args(argv)


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


def serve(reader: SimulatedReader, people: list[IdCard]) -> None:
    """Obey one line after the other; a bad one is answered, not fatal."""
    for line in filter(str.strip, sys.stdin):
        try:
            obey(reader, people, json.loads(line))
        except (CommandError, ValueError) as error:
            say({"ok": False, "error": str(error)})
        else:
            say({"ok": True})


def obey(reader: SimulatedReader, people: list[IdCard], command: Any) -> None:
    """Carry out one command; raises CommandError."""
    match command:
        case {"lay": int(index)} if 0 <= index < len(people):
            reader.lay(people[index])
        case {"lift": True}:
            reader.lift()
        case {"fault": None}:
            reader.fault(None)
        case {"fault": kind} if kind in FAULT_KINDS:
            reader.fault(kind, command.get("times", 1), command_named(command.get("at")))
        case {"unplug": True}:
            reader.unplug()
        case {"replug": True}:
            reader.replug()
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
