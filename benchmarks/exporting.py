"""`python -m benchmarks.exporting USER ENDING`: one export, streamed to nowhere, and what it took; as JSON."""

from __future__ import annotations

import json
import sys
import time
from email.message import Message
from pathlib import Path
from typing import Any


def main(user: int, ending: str) -> dict[str, Any]:
    import django  # noqa: PLC0415  the settings come from the environment

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from training.accounts.models import User  # noqa: PLC0415

    settings.SECOND_FACTOR = False
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(pk=user))
    client.get(reverse("indicator-enrolments", args=["planned"]))  # whatever a server has loaded by then
    before, started = megabytes(), time.perf_counter()
    answer = client.get(reverse("indicator-export", args=["planned", ending]))
    lines = size = 0
    for piece in answer.streaming_content:
        lines += piece.count(b"\n")
        size += len(piece)
    return {
        "status": answer.status_code,
        "file": file_name(answer["Content-Disposition"]),
        "rows": lines - 1 if ending == "csv" else rows_said(file_name(answer["Content-Disposition"])),
        "bytes": size,
        "seconds": time.perf_counter() - started,
        "before": before,
        "megabytes": megabytes(),
    }


def megabytes() -> float:
    """The most this process has ever held; the system's own count, for `getrusage` goes on from the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(kilobytes) * 1024 / 1_000_000


def file_name(disposition: str) -> str:
    said = Message()
    said["Content-Disposition"] = disposition
    return said.get_filename() or ""


def rows_said(name: str) -> int:
    """How many rows the file's name says it holds."""
    return int("".join(filter(str.isdigit, name.rpartition("_")[2])))


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2]), ensure_ascii=False))  # noqa: T201  read by `dashboards`
