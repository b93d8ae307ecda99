"""What the tests need of the machine beyond Python, and the Debian packages that bring it."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

JAVA = Path("/usr/share/java")
PREFLIGHT_JARS = [
    JAVA / f"{name}.jar"
    for name in (
        "preflight",
        "pdfbox2",
        "fontbox2",
        "xmpbox",
        "commons-logging",
        "javax.activation",
        "jaxb-api",
    )
]


@dataclass(frozen=True)
class Need:
    """`here()` says whether the machine has it; without it `what` can't run."""

    name: str
    packages: tuple[str, ...]
    what: str
    here: Callable[[], bool]

    @property
    def message(self) -> str:
        return f"{self.name} is not on this machine ({self.what}): apt-get install {' '.join(self.packages)}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


CHROMIUM = Need("chromium", ("chromium",), "browser tests", lambda: bool(shutil.which("chromium")))
LIBATOMIC = Need(
    "libatomic", ("libatomic1",), "browser tests: Playwright's driver", lambda: _loads("libatomic.so.1")
)
POPPLER = Need(
    "pdftotext",
    ("poppler-utils",),
    "tests of PDF pages and their text layer",
    lambda: bool(shutil.which("pdftotext")),
)
PREFLIGHT = Need(
    "Apache PDFBox Preflight",
    (
        "default-jre-headless",
        "libpdfbox2-java",
        "libcommons-logging-java",
        "libactivation-java",
        "libjaxb-api-java",
        "libjaxb-java",
    ),
    "the independent check of PDF/A",
    lambda: bool(shutil.which("java")) and all(jar.exists() for jar in PREFLIGHT_JARS),
)
COMPILER = Need(
    "cc",
    ("gcc", "libc6-dev"),
    "tests of the chip photo decoder and of power cuts",
    lambda: bool(shutil.which("cc")),
)
SOFTHSM_MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
SOFTHSM = Need(
    "SoftHSM",
    ("softhsm2",),
    "tests of signing keys in a token (PKCS #11)",
    lambda: bool(shutil.which("softhsm2-util")) and SOFTHSM_MODULE.exists(),
)
NEEDS = (CHROMIUM, COMPILER, LIBATOMIC, POPPLER, PREFLIGHT, SOFTHSM)


def missing() -> list[Need]:
    """What is not here."""
    return [need for need in NEEDS if not need.here()]
