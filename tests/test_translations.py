"""Everything people read can be read in English, and says the same there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "training" / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}

HAN = re.compile(r"[\u3400-\u9fff]+")
PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0-9.]*[a-z]|%%|</?[a-z]+>")
# Figures that decide a subsidy keep their Chinese name beside the English one; so do columns of a file.
GLOSSES = {"人次", "人数", "姓名", "身份证号", "手机号", "示例"}
# The name of the system, and of the language one is about to choose.
SAME_IN_BOTH = {"一期一档", "中文"}
# Shown when nothing can be relied on, translations included.
PLAIN = {"500.html"}

TRANSLATED = re.compile(
    r"""{%\s*blocktrans(?:late)?\b.*?%}.*?{%\s*endblocktrans(?:late)?\s*%}"""
    r"""|{%\s*trans(?:late)?\s+(?:"[^"]*"|'[^']*').*?%}"""
    r"""|_\((?:"[^"]*"|'[^']*')\)""",
    re.DOTALL,
)
UNSEEN = re.compile(
    r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}|{%\s*(?:el)?if\b.*?%}|<!--.*?-->", re.DOTALL
)

Sentence = tuple[str | None, str]  # context, Chinese


@cache
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def entries() -> list[Message]:
    return [message for message in catalogue() if message.id]


def forms(text: object) -> list[str]:
    """Singular and plural, or the one there is."""
    return list(text) if isinstance(text, list | tuple) else [str(text)]


def pairs() -> Iterator[tuple[str, str]]:
    """Chinese and English of all that is translated."""
    for message in entries():
        yield from ((zh, en) for zh, en in zip(forms(message.id), forms(message.string), strict=True) if en)


def templates() -> list[Path]:
    return sorted(path for path in (ROOT / "templates").rglob("*.*") if path.suffix in {".html", ".txt"})


def as_python(template: Path) -> bytes:
    """The template's messages as calls, unindented: what is between them is no program."""
    calls = templatize(template.read_text(encoding="utf-8"))
    return "\n".join(line.lstrip() for line in calls.splitlines()).encode()


def sources() -> Iterator[tuple[Path, bytes]]:
    for module in sorted((ROOT / "training").rglob("*.py")):
        yield module, module.read_bytes()
    for template in templates():
        yield template, as_python(template)


@cache
def used() -> dict[Sentence, str]:
    """Every sentence that asks to be translated, and a place where it stands."""
    return {
        (context, forms(message)[0]): f"{path.relative_to(ROOT)}:{line}"
        for path, source in sources()
        for line, message, _comments, context in extract("python", BytesIO(source), KEYWORDS)
    }


def test_the_sources_hold_sentences_to_translate():
    assert len(used()) > 800
    assert used()[None, "没有找到"].startswith("templates/404.html:")
    assert used()[None, "没有填手机号。"].startswith("training/people/rules.py:")


def test_every_sentence_has_an_english_one():
    english = {(m.context, forms(m.id)[0]) for m in entries() if all(forms(m.string))}

    assert {what: where for what, where in used().items() if what not in english} == {}


def test_no_sentence_is_kept_that_nobody_says_any_more():
    assert [
        message.id for message in entries() if (message.context, forms(message.id)[0]) not in used()
    ] == []
    assert list(catalogue().obsolete) == []


def test_nothing_in_the_catalogue_is_a_guess():
    assert not catalogue().fuzzy, "Babel compiles no catalogue that is marked fuzzy"
    assert [message.id for message in entries() if message.fuzzy] == []


def test_both_languages_name_the_same_values():
    different = {
        chinese: english
        for chinese, english in pairs()
        if set(PLACEHOLDER.findall(chinese)) != set(PLACEHOLDER.findall(english))
    }

    assert different == {}


def test_english_is_written_without_chinese_characters():
    left = {english: found for _chinese, english in pairs() if (found := set(HAN.findall(english)) - GLOSSES)}

    assert left == {}


def test_a_full_stop_stays_a_full_stop_and_no_space_hangs_over():
    wrong = {
        chinese: english
        for chinese, english in pairs()
        if (chinese.endswith("。") and not english.endswith("."))
        or (HAN.search(chinese) and english != english.strip())
    }

    assert wrong == {}


@pytest.mark.parametrize("template", templates(), ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_that_is_not_translated(template: Path):
    if template.name in PLAIN:
        return

    said = HAN.findall(UNSEEN.sub("", TRANSLATED.sub("", template.read_text(encoding="utf-8"))))

    assert set(said) <= SAME_IN_BOTH


def test_the_catalogue_compiles_to_what_is_served():
    compiled = BytesIO()

    write_mo(compiled, catalogue())

    assert [(message.id, errors) for message, errors in catalogue().check()] == []
    compiled.seek(0)
    served = GNUTranslations(compiled)
    assert served.gettext("没有找到") == "Not found"
    assert served.ngettext("%(n)s 期", "%(n)s 期", 2) == "%(n)s sessions"
