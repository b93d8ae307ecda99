"""`python -m training.demo`: plays one session of the Shicheng preset through the real parts, then serves the site.

Prepares its own directory (`var/demo`), keys and database; the story itself is in `story.py`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

VAR = Path(__file__).resolve().parents[2] / "var" / "demo"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.demo")
    parser.add_argument("--once", action="store_true", help="exit after the story: 0 only if every step held")
    parser.add_argument("--port", type=int, default=8000, help="where the site is served")
    return parser.parse_args()


def prepare(port: int) -> None:
    """A fresh directory, keys, a clock, and the environment that every child process inherits."""
    shutil.rmtree(VAR, ignore_errors=True)
    VAR.mkdir(parents=True)
    from training.core.keys import write_keys  # noqa: PLC0415  slow import

    write_keys(VAR / "keys.env")
    (VAR / "clock").write_text("0", encoding="ascii")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "training.settings",
        "YIDANG_ENV_FILE": str(VAR / "keys.env"),
        "YIDANG_VAR_DIR": str(VAR),
        "YIDANG_CLOCK_FILE": str(VAR / "clock"),
        "YIDANG_FONTS_DIR": os.environ.get("YIDANG_FONTS_DIR", str(VAR.parent / "fonts")),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "ignore::UserWarning:face_recognition_models",
    }


def main() -> int:
    options = arguments()
    started = time.monotonic()
    prepare(options.port)
    import django  # noqa: PLC0415  after the environment is ready

    django.setup()
    from training.demo.stage import Clock, Processes, StageError  # noqa: PLC0415  after Django is ready
    from training.demo.story import Story  # noqa: PLC0415

    clock = Clock(VAR / "clock")
    with Processes(VAR) as processes:
        story = Story(VAR, clock, processes, port=options.port)
        try:
            story.play()
            story.summarise(seconds=time.monotonic() - started)
        except StageError as problem:
            print(f"✗ {problem}\n  日志在 {VAR}", file=sys.stderr)  # noqa: T201
            return 1
        if not options.once:
            clock.set(datetime.now(UTC))
            story.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
