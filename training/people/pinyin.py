"""Names as people type them on a keyboard: in full, from the given name on, or by first letters.

曾小明 is found by "zengxiaoming", "xiaoming", "zxm", "xm", and because 曾 is also read so, by "ceng…".
Words are of a–z and 0–9 only, so that a database in any language sorts them alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import combinations, islice, product

LONGEST = 64  # characters of a word
MOST = 24  # ways to read a name that has several
TOP = "z" * LONGEST


@cache
def readings(sign: str) -> tuple[str, ...]:
    """How one character may be typed, the likeliest first; () for what nobody types."""
    from pypinyin import Style, pinyin  # noqa: PLC0415  its dictionaries take 57 MB, which few processes need

    found = pinyin(sign, style=Style.NORMAL, heteronym=True, errors="ignore")
    if found:
        return tuple(dict.fromkeys(_letters(word) for word in found[0]))
    if letters := _letters(sign):
        return (letters,)
    return (f"u{ord(sign):x}",) if unicodedata.category(sign)[0] == "L" else ()


def _letters(text: str) -> str:
    """Lower-case a–z and digits; tones go, ü is typed as v."""
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).lower())
    return re.sub(r"[^a-z0-9]", "", apart.replace("u\u0308", "v"))


def name_words(name: str) -> frozenset[str]:
    """Every word that should find this name."""
    signs = [found for sign in name if (found := readings(sign))]
    ways = (way for start in range(len(signs)) for way in islice(_ways(signs[start:]), MOST))
    return frozenset(word[:LONGEST] for way in ways for word in ("".join(way), "".join(s[0] for s in way)))


@lru_cache(maxsize=8192)
def is_called(name: str, text: str) -> bool:
    """Whether a name sounds as somebody typed it; for lists short enough to be compared one by one."""
    word = typed(text)
    return bool(word) and any(one.startswith(word) for one in name_words(name))


def _ways(signs: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Readings of the whole, those with the fewest unusual ones first; at most two are unusual at once."""
    for unusual in range(3):
        for places in combinations(range(len(signs)), unusual):
            yield from product(*(s[1:] if at in places else s[:1] for at, s in enumerate(signs)))


def typed(text: str) -> str:
    """What to look for when somebody typed this: Chinese by its likeliest reading; "" if nothing is left."""
    composed = unicodedata.normalize("NFC", text)  # a tone mark typed apart goes with its letter
    return "".join(found[0] for sign in composed if (found := readings(sign)))[:LONGEST]


def word_range(text: str) -> tuple[str, str] | None:
    """From and to, both included: the words that begin as `text` sounds; None for what is no word."""
    word = typed(text)
    return (word, word + TOP) if word else None


def is_chinese(text: str) -> bool:
    return any(unicodedata.category(sign) == "Lo" for sign in text)
