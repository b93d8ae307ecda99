"""`python -m training.demo`: plays one session of the Shicheng preset through the real parts, then serves the site.

Prepares its own directory (`var/demo`), keys and database; the story itself is in `story.py`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

VAR = Path(__file__).resolve().parents[2] / "var" / "demo"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.demo")
    parser.add_argument("--once", action="store_true", help="exit after the story: 0 only if every step held")
    parser.add_argument("--var", type=Path, default=VAR, help="directory of the demo's own, emptied first")
    parser.add_argument("--port", type=int, default=8000, help="where the site is served")
    return parser.parse_args()


def prepare(var: Path, port: int) -> None:
    """A fresh directory, keys, a clock, and the environment that every child process inherits."""
    if var.exists() and any(var.iterdir()) and not (var / "clock").exists():
        raise SystemExit(f"{var} 不是演示用过的目录，不清空。请换一个 --var。")
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    from training.core.keys import write_keys  # noqa: PLC0415  slow import

    write_keys(var / "keys.env")
    (var / "clock").write_text("0", encoding="ascii")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "training.settings",
        "YIDANG_ENV_FILE": str(var / "keys.env"),
        "YIDANG_VAR_DIR": str(var),
        "YIDANG_CLOCK_FILE": str(var / "clock"),
        "YIDANG_FONTS_DIR": os.environ.get("YIDANG_FONTS_DIR", str(var.parent / "fonts")),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "SECOND_FACTOR": "off",  # whoever tries the demo has no telephone set up
        "PYTHONWARNINGS": "ignore::UserWarning:face_recognition_models",
    }


def main() -> int:
    options = arguments()
    started = time.monotonic()
    var = options.var.resolve()
    prepare(var, options.port)
    import django  # noqa: PLC0415  after the environment is ready

    django.setup()
    from training.demo.stage import Clock, Processes, StageError  # noqa: PLC0415  after Django is ready
    from training.demo.story import Story  # noqa: PLC0415

    clock = Clock(var / "clock")
    with Processes(var) as processes:
        story = Story(var, clock, processes, port=options.port)
        try:
            story.play()
            story.summarise(seconds=time.monotonic() - started)
        except StageError as problem:
            print(f"✗ {problem}\n  日志在 {var}", file=sys.stderr)  # noqa: T201
            return 1
        if not options.once:
            story.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
