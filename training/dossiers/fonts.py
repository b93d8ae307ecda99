"""The typeface of the dossier: Noto Sans SC, embedded by subset, with a right text layer.

ReportLab reads TrueType outlines only and no variable fonts, so the regular and the bold weight are cut
once from Google's variable file (about 13 s each) and kept in a cache directory.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fontTools import ttLib
from fontTools.varLib import instancer
from reportlab.pdfbase import pdfmetrics, ttfonts

REGULAR = "NotoSansSC-Regular"
BOLD = "NotoSansSC-Bold"
_WEIGHTS = {REGULAR: 400, BOLD: 700}
_LAYOUT_TABLES = ("BASE", "GDEF", "GPOS", "GSUB", "vhea", "vmtx")  # ReportLab uses none of them


def default_fonts_dir() -> Path:
    """`YIDANG_FONTS_DIR`, or a place in the user's cache."""
    if chosen := os.environ.get("YIDANG_FONTS_DIR"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yidang" / "fonts"


def prepare(fonts_dir: Path) -> dict[str, Path]:
    """The cut weights by font name, cutting those that are not there yet.

    Two processes may do so at once: each writes a file of its own and the last one's equal copy stays.
    """
    fonts_dir.mkdir(parents=True, exist_ok=True)
    edition = hashlib.sha256(_source().read_bytes()).hexdigest()[:12]
    wanted = {name: fonts_dir / f"{name}-{edition}.ttf" for name in _WEIGHTS}
    for name, path in wanted.items():
        if not path.exists():
            _cut(name, path)
    return wanted


def register(fonts_dir: Path) -> None:
    """Make both weights known to ReportLab; the second call in a process changes nothing."""
    if BOLD in pdfmetrics.getRegisteredFontNames():
        return
    for name, path in prepare(fonts_dir).items():
        pdfmetrics.registerFont(_EmbeddedFont(name, str(path)))
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)


def missing_characters(text: str) -> set[str]:
    """Those characters of `text` that the font can't show."""
    return {character for character in set(text) - _covered() if not character.isspace()}


def visible(text: str) -> str:
    """`text` with each character that the font lacks written as 〔U+20BB7〕, so that none is lost."""
    for character in sorted(missing_characters(text)):
        text = text.replace(character, f"〔U+{ord(character):04X}〕")
    return text


def _source() -> Path:
    return Path(str(files("justmytype_intl_cjk"))) / "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"


@cache
def _covered() -> frozenset[str]:
    with ttLib.TTFont(_source(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def _cut(name: str, path: Path) -> None:
    """Write the static weight `name` to `path`, whole or not at all."""
    with ttLib.TTFont(_source(), recalcTimestamp=False) as font:
        for table in _LAYOUT_TABLES:
            if table in font:
                del font[table]
        instancer.instantiateVariableFont(font, {"wght": _WEIGHTS[name]}, inplace=True)
        for name_id in (1, 4, 6):  # ReportLab tells fonts apart by the name inside the file
            font["name"].setName(name, name_id, 3, 1, 0x409)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            font.save(part)
    Path(part.name).chmod(0o644)  # another account of this machine may run the worker
    os.replace(part.name, path)


class _EmbeddedFont(ttfonts.TTFont):  # type: ignore[misc]
    """A TrueType font whose text layer also holds characters above U+FFFF.

    ReportLab 5.1.0 (looked at 2026-11-22, `makeToUnicodeCMap`) writes 𬭎 as <2CB4E>; the PDF specification
    (ISO 32000-1, 9.10.3) asks for UTF-16BE, <D872DF4E>, and readers otherwise copy another character. Remove
    this class when `tests/training/dossiers/test_fonts.py` passes with plain `TTFont`.
    """

    def addObjects(self, doc: Any) -> None:  # noqa: N802
        super().addObjects(doc)
        for name, cmap in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                cmap.content = re.sub(r"<([0-9A-F]{5,6})>$", _utf16, cmap.content, flags=re.MULTILINE)


def _utf16(match: re.Match[str]) -> str:
    return f"<{chr(int(match[1], 16)).encode('utf-16-be').hex().upper()}>"
