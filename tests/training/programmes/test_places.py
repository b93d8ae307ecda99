"""Place names as people write them, against the county's list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.programmes.places import PlaceList, Spelling

LIST = PlaceList(
    [
        ("琴江镇", ""),
        ("琴江镇", "大畲村"),
        ("琴江镇", "兴隆社区"),
        ("琴江镇", "兴隆村"),
        ("小松镇", ""),
        ("小松镇", "大畲村"),
        ("小松乡", ""),
        ("横江镇", "村"),
    ]
)


@pytest.mark.parametrize(
    ("said", "spelt"),
    [
        (("琴江镇", "大畲村"), ("琴江镇", "大畲村")),
        (("琴江", "大畲"), ("琴江镇", "大畲村")),
        (("琴 江 镇", "大畲村村民委员会"), ("琴江镇", "大畲村")),
        (("琴江镇", ""), ("琴江镇", "")),
        (("", "大畲"), ("", "大畲")),
        (("横江", "村"), ("横江镇", "村")),
    ],
)
def test_a_place_that_is_one_of_the_list_is_written_as_it_is_there(said: Any, spelt: Any) -> None:
    assert LIST.spell(*said) == Spelling(*spelt)


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        (("小松", ""), "小松"),  # 镇 and 乡 are both there
        (("琴江乡", ""), "琴江乡"),  # another kind is another place
        (("琴江", "兴隆"), "兴隆"),  # the village or the community
        (("高田镇", "大畲村"), "高田镇"),
        (("琴江镇", "胜江村"), "胜江村"),
    ],
)
def test_what_the_list_does_not_have_stays_and_is_named(said: Any, unknown: str) -> None:
    found = LIST.spell(*said)

    assert found.unknown == unknown
    assert found.village == said[1]


@given(st.text("琴江小松镇乡村大畲 ", max_size=6), st.text("大畲兴隆村社区", max_size=6))
def test_spelling_twice_is_spelling_once(township: str, village: str) -> None:
    once = LIST.spell(township, village)

    assert LIST.spell(once.township, once.village) == once
