"""The typefaces of the dossier: Noto Sans SC, and after it those that have the rarer characters of names.

ReportLab reads TrueType outlines only and no variable fonts, so the weights are cut once from Google's variable
files (about 13 s each) and kept in a cache directory. Everything is embedded by subset, with a right text layer.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics, ttfonts

REGULAR = "NotoSansSC-Regular"
BOLD = "NotoSansSC-Bold"
_WEIGHTS = {REGULAR: 400, BOLD: 700}
_LAYOUT_TABLES = ("BASE", "GDEF", "GPOS", "GSUB", "vhea", "vmtx")  # ReportLab uses none of them
_AFTER_SC = ("TC", "JP")  # what Noto Sans SC lacks and these have: 2 000 characters, 𠮷 and 𡋾 among them
RARE_FONTS: Final = (
    Path("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"),
    Path("/usr/share/fonts/truetype/BabelStoneHan.ttf"),
    Path("/usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf"),
)
"""Where Debian puts fonts-hanazono and fonts-babelstone-han; those that are there come last in the chain."""


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
    wanted = {name: fonts_dir / f"{name}-{_edition('SC')}.ttf" for name in _WEIGHTS}
    for name, path in wanted.items():
        if not path.exists():
            _cut(name, path, "SC", _WEIGHTS[name])
    return wanted


def register(fonts_dir: Path) -> None:
    """Make both weights known to ReportLab; the second call in a process changes nothing."""
    if BOLD in pdfmetrics.getRegisteredFontNames():
        return
    for name, path in prepare(fonts_dir).items():
        pdfmetrics.registerFont(_EmbeddedFont(name, path, fonts_dir))
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)


def missing_characters(text: str) -> set[str]:
    """Those characters of `text` that no font of the chain can show; the fonts are registered."""
    rare = set(text) - _own()
    return {character for character in rare - _rare() if not character.isspace()} if rare else rare


def visible(text: str) -> str:
    """`text` with each character that no font has written as 〔U+20BB7〕, so that none is lost."""
    for character in sorted(missing_characters(text)):
        text = text.replace(character, f"〔U+{ord(character):04X}〕")
    return text


def _source(script: str) -> Path:
    return (
        Path(str(files("justmytype_intl_cjk")))
        / f"fonts/ofl/notosans{script.lower()}/NotoSans{script}[wght].ttf"
    )


@cache
def _edition(script: str) -> str:
    with _source(script).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


@cache
def _own() -> frozenset[str]:
    """What the first font has, in either weight; ReportLab has read it already."""
    return frozenset(map(chr, pdfmetrics.getFont(REGULAR).face.charToGlyph))


@cache
def _covered(script: str) -> frozenset[str]:
    return _characters(_source(script))


def _characters(path: Path) -> frozenset[str]:
    from fontTools import ttLib  # noqa: PLC0415  as below

    with ttLib.TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def _rare() -> frozenset[str]:
    """What the fonts after the first have."""
    beside = [_covered(script) for script in _AFTER_SC]
    return frozenset().union(*beside, *(_characters(path) for path in RARE_FONTS if path.exists()))


def _after(name: str, fonts_dir: Path) -> list[tuple[str, Path]]:
    """The chain behind the weight `name`: font names and files, cut when they are not there yet."""
    chain, had = [], _covered("SC")
    for script in _AFTER_SC:
        rare = f"NotoSans{script}Rare-{name.rpartition('-')[2]}"
        path = fonts_dir / f"{rare}-{_edition(script)}.ttf"
        if not path.exists():
            _cut(rare, path, script, _WEIGHTS[name], only=_covered(script) - had)
        had |= _covered(script)
        chain.append((rare, path))
    return chain + [(path.stem, path) for path in RARE_FONTS if path.exists()]


def _cut(name: str, path: Path, script: str, weight: int, only: frozenset[str] = frozenset()) -> None:
    """Write the static weight `name` to `path`, whole or not at all; with `only` those characters and a space."""
    from fontTools import subset, ttLib  # noqa: PLC0415  10 MB, once in the life of an installation
    from fontTools.varLib import instancer  # noqa: PLC0415

    with ttLib.TTFont(_source(script), recalcTimestamp=False) as font:
        for table in _LAYOUT_TABLES:
            if table in font:
                del font[table]
        if only:
            subsetter = subset.Subsetter(subset.Options(notdef_outline=True, name_IDs=["*"]))
            subsetter.populate(text=" " + "".join(sorted(only)))
            subsetter.subset(font)
        instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
        for name_id in (1, 4, 6):  # ReportLab tells fonts apart by the name inside the file
            font["name"].setName(name, name_id, 3, 1, 0x409)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            font.save(part)
    Path(part.name).chmod(0o644)  # another account of this machine may run the worker
    os.replace(part.name, path)


class _Font(ttfonts.TTFont):  # type: ignore[misc]
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


_A_FONT = 1 << 16
"""More subsets than one font can have: subset 65536 is the first of the second font in the chain."""


class _EmbeddedFont(_Font):
    """A font that hands the characters it lacks to the fonts behind it, wherever ReportLab draws text.

    ReportLab asks a font for pieces of text by subset and later for the name of each subset: a subset of
    another font does as well. The fonts behind are read when the first character needs them.
    """

    def __init__(self, name: str, path: Path, fonts_dir: Path) -> None:
        super().__init__(name, str(path))
        self._fonts_dir = fonts_dir
        self._behind: list[_Font] | None = None

    @property
    def behind(self) -> list[_Font]:
        """The chain, whose widths this font then answers for too."""
        if self._behind is None:
            chain = _after(self.fontName, self._fonts_dir)
            self._behind = [_Font(name, str(path), asciiReadable=False) for name, path in chain]
            for font in reversed(self._behind):
                widths = font.face.charWidths
                self.face.charWidths |= {code: widths[code] for code in widths if chr(code) not in _own()}
        return self._behind

    def stringWidth(self, text: str, size: float, encoding: str = "utf-8") -> float:  # noqa: N802
        if isinstance(text, str) and self._behind is None and not _own().issuperset(text):
            _ = self.behind
        return float(super().stringWidth(text, size, encoding))

    def splitString(self, text: str, doc: Any, encoding: str = "utf-8") -> list[tuple[int, bytes]]:  # noqa: N802
        if isinstance(text, bytes):
            text = text.decode(encoding)
        if _own().issuperset(text):
            return list(super().splitString(text, doc))
        pieces: list[tuple[int, bytes]] = []
        for number, run in groupby(text, self._number):
            if number:
                split = self.behind[number - 1].splitString("".join(run), doc)
                pieces += [(number * _A_FONT + subset, content) for subset, content in split]
            else:
                pieces += super().splitString("".join(run), doc)
        return pieces

    def getSubsetInternalName(self, subset: int, doc: Any) -> str:  # noqa: N802
        number, own = divmod(subset, _A_FONT)
        if number:
            return str(self.behind[number - 1].getSubsetInternalName(own, doc))
        return str(super().getSubsetInternalName(own, doc))

    def _number(self, character: str) -> int:
        """0 for this font, n for the n-th behind it; this font too when none has the character."""
        if character in _own():
            return 0
        code = ord(character)
        chain = enumerate(self.behind, 1)
        return next((number for number, font in chain if code in font.face.charToGlyph), 0)


def _utf16(match: re.Match[str]) -> str:
    return f"<{chr(int(match[1], 16)).encode('utf-16-be').hex().upper()}>"
