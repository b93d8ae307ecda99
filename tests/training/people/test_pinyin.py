"""A name is found however somebody types it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.people.pinyin import LONGEST, MOST, name_words, typed, word_range

names = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("曾小明", {"zengxiaoming", "cengxiaoming", "xiaoming", "ming", "zxm", "xm"}),
        ("吕布", {"lvbu", "bu", "lb"}),
        ("欧阳娜娜", {"ouyangnana", "oynn", "nana"}),
        ("张𬭎", {"zhanghong", "zh"}),
        ("䶮海生", {"yanhaisheng", "yhs"}),
        ("买买提·艾力", {"maimaitiaili", "aili", "mmtal"}),
        ("John Smith", {"johnsmith", "smith"}),
    ],
)
def test_a_name_has_these_words_among_others(name: str, words: set[str]) -> None:
    assert words <= name_words(name)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Zēng Xiǎomíng", "zengxiaoming"),
        ("lǚbù", "lvbu"),
        ("LÜ", "lv"),
        ("ｗａｎｇ", "wang"),
        ("小明", "xiaoming"),
        ("linyu", "linyu"),
        ("%_·", ""),
    ],
)
def test_what_is_typed_becomes_a_word(text: str, word: str) -> None:
    assert typed(text) == word


@given(names)
def test_whoever_types_a_name_or_its_end_finds_it(name: str) -> None:
    words = name_words(name)

    for start in range(len(name)):
        span = word_range(name[start:])
        assert span is not None
        assert any(span[0] <= word <= span[1] for word in words)


@given(names, st.data())
def test_whoever_types_the_beginning_of_a_reading_finds_it(name: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(sorted(name_words(name))))
    beginning = word[: data.draw(st.integers(1, len(word)))]

    span = word_range(beginning)

    assert span is not None
    assert span[0] <= word <= span[1]


@given(st.text(max_size=50))
def test_words_are_short_plain_and_few_whatever_the_name(name: str) -> None:
    words = name_words(name)

    assert all(re.fullmatch(r"[a-z0-9]+", word) and len(word) <= LONGEST for word in words)
    assert len(words) <= 2 * MOST * max(len(name) * 18, 1)  # one sign may stand for a few letters (㍿, ﷺ)


@given(st.text())
def test_what_is_typed_twice_over_stays_the_same(text: str) -> None:
    assert typed(typed(text)) == typed(text)
