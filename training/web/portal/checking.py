"""Checking a stranger's file: in a process of its own with limits, from a temporary file, nothing kept.

The file never is in memory, so the page waits for the answer; few are checked at a time, and a turn is taken
before the file is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from training.core.errors import InvalidInputError, TrainingError
from training.dossiers.signatories import trusted_certificates

AT_ONCE: Final = 2
"""On one machine, in all its processes."""
_MEMORY_MB: Final = 2048
_SECONDS: Final = 300


class BusyError(TrainingError):
    """As many files are being checked as may be; none was read."""

    code = "busy"
    http_status = 503

    def __init__(self) -> None:
        super().__init__(_("正在核验别人的文件，请过几分钟再试，或用 yidang-verify 在自己的电脑上核验。"))


@dataclass(frozen=True)
class CheckedFile:
    """`report` is what `yidang-verify --json` says."""

    name: str
    sha256: str
    report: dict[str, Any]


@contextmanager
def turn() -> Iterator[None]:
    """Whoever holds one may read a file and have it checked; raises BusyError. It ends with the process."""
    folder = settings.VAR_DIR / "checking"
    folder.mkdir(exist_ok=True)
    for number in range(AT_ONCE):
        with (folder / str(number)).open("w") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
    raise BusyError


def check_file(upload: TemporaryUploadedFile) -> CheckedFile:
    """Raises InvalidInputError where no report could be made in time."""
    with open(upload.temporary_file_path(), "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        kind = "pdf" if file.read(4) == b"%PDF" else "zip"
    with _laid_out(Path(upload.temporary_file_path()), kind) as (path, trust):
        return CheckedFile(upload.name or path.name, sha256, _run(path, trust))


@contextmanager
def _laid_out(uploaded: Path, kind: str) -> Iterator[tuple[Path, list[Path]]]:
    """The file under a plain name, which the report repeats, and the CAs to believe."""
    with TemporaryDirectory(prefix="yidang-check-") as directory:
        path = Path(directory) / f"dossier.{kind}"
        path.symlink_to(uploaded)
        trust = []
        for number, certificate in enumerate(trusted_certificates()):
            trust.append(Path(directory) / f"ca-{number}.pem")
            trust[-1].write_bytes(certificate)
        yield path, trust


def _run(path: Path, trust: list[Path]) -> dict[str, Any]:
    language = "en" if (get_language() or "").startswith("en") else "zh"
    command = [sys.executable, "-m", "training.dossiers.verify", "--json", "--lang", language]
    command += ["--memory", str(_MEMORY_MB), *(word for ca in trust for word in ("--trust", str(ca)))]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(settings.BASE_DIR), "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(  # noqa: S603  our own module, no shell
            [*command, str(path)], capture_output=True, timeout=_SECONDS, check=False, env=environment
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as problem:
        raise InvalidInputError(
            _("这个文件在网页上核验不了（太大或结构异常）。请用 yidang-verify 在电脑上核验。")
        ) from problem
    return report
