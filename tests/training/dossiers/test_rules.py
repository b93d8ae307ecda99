"""Completeness, item by item: complete, or what is missing in the words that people read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.dossiers.rules import (
    CHECKS,
    ArchiveContents,
    Finding,
    InstructorOnFile,
    ItemResult,
    LessonHeld,
    PaperOnFile,
    PhotoOnFile,
    RosterEntry,
    check_archive,
    findings,
    is_complete,
)


@dataclass(frozen=True)
class Item:
    code: str
    title: str = "材料"
    clause: str = "附件2"
    supplied_by: tuple[str, ...] = ("institution",)


DAY, NEXT = date(2021, 3, 5), date(2021, 3, 6)
AM, PM = (DAY, "am"), (NEXT, "pm")
NINE = datetime(2021, 3, 5, 1, 0, tzinfo=UTC)
TWO = datetime(2021, 3, 6, 6, 0, tzinfo=UTC)
LUO, WANG = 1, 2
PROOF = PaperOnFile("qualification", "Z1", None, None)


def lesson(
    sequence: int, on: date, half_day: str, start: datetime, topic: str, instructor: int
) -> LessonHeld:
    return LessonHeld(sequence, on, half_day, start, start + timedelta(hours=2), topic, instructor)


WHOLE = ArchiveContents(
    agreement=PaperOnFile("agreement", "〔2021〕7号", date(2021, 3, 1), date(2022, 6, 30)),
    licences=(
        PaperOnFile("business", "B", date(2018, 1, 1), None),
        PaperOnFile("training", "T", date(2019, 1, 1), date(2021, 12, 31)),
    ),
    lessons=(
        lesson(1, DAY, "am", NINE, "电商基础知识", LUO),
        lesson(2, NEXT, "pm", TWO, "电商交易安全", WANG),
    ),
    instructors={
        LUO: InstructorOnFile("罗明远", "八年电商", (PROOF,)),
        WANG: InstructorOnFile("王思敏", "店主", (PROOF,)),
    },
    plan={"培训对象": "农民", "培训目标": "会用", "培训内容": "基础", "考核方式": "提问"},
    approved=True,
    topics_with_courseware=frozenset({"电商基础知识", "电商交易安全"}),
    roster=(
        RosterEntry(1, "许玉梅", True, True, frozenset({AM, PM})),
        RosterEntry(2, "周秀英", True, False, frozenset()),
    ),
    closed=True,
    photos=(PhotoOnFile(1, NINE + timedelta(minutes=30), "上午"), PhotoOnFile(2, TWO, "下午")),
)
ITEMS = tuple(Item(code) for code in CHECKS)

INSTRUCTORS = WHOLE.instructors
EXPIRED = PaperOnFile("qualification", "Z1", None, date(2021, 3, 4))

MISSING: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "no agreement": ("A1", {"agreement": None}, ["缺 A1：没有委托培训协议或下达培训任务的文件"]),
    "agreement over before the second day": (
        "A1",
        {"agreement": PaperOnFile("agreement", "〔2021〕7号", date(2021, 3, 1), DAY)},
        ["缺 A1：协议〔〔2021〕7号〕有效期至2021-03-05，不覆盖本期2021-03-06的课程"],
    ),
    "agreement not yet begun": (
        "A1",
        {"agreement": PaperOnFile("agreement", "7", NEXT, date(2022, 1, 1))},
        ["缺 A1：协议〔7〕有效期至2022-01-01，不覆盖本期2021-03-05的课程"],
    ),
    "no licence at all": ("A2", {"licences": ()}, ["缺 A2：没有营业执照", "缺 A2：没有培训资质证明"]),
    "no training licence": ("A2", {"licences": WHOLE.licences[:1]}, ["缺 A2：没有培训资质证明"]),
    "licence over before the last day": (
        "A2",
        {"licences": (WHOLE.licences[0], PaperOnFile("training", "T", date(2019, 1, 1), DAY))},
        ["缺 A2：培训资质证明已过期，不覆盖本期2021-03-06的课程"],
    ),
    "an instructor without a proof": (
        "A3",
        {"instructors": {**INSTRUCTORS, WANG: InstructorOnFile("王思敏", "店主", ())}},
        ["缺 A3：授课人王思敏（第2课次）无资质证明"],
    ),
    "an instructor with neither profile nor proof": (
        "A3",
        {"instructors": {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", " ", ())}},
        ["缺 A3：授课人罗明远（第1课次）没有基本情况", "缺 A3：授课人罗明远（第1课次）无资质证明"],
    ),
    "a proof that was over on the day": (
        "A3",
        {"instructors": {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (EXPIRED,))}},
        ["缺 A3：授课人罗明远的资质证明已过期，不覆盖2021-03-05的课程"],
    ),
    "a plan without goals": ("A4", {"plan": {**WHOLE.plan, "培训目标": "\n "}}, ["缺 A4：培训方案没有写培训目标"]),
    "not approved": ("A5", {"approved": False}, ["缺 A5：课程安排还没有经商务局批准"]),
    "a topic without courseware": (
        "A6",
        {"topics_with_courseware": frozenset({"电商基础知识"})},
        ["缺 A6：“电商交易安全”无课件"],
    ),
    "an empty roster": ("A7", {"roster": ()}, ["缺 A7：培训人员名册是空的"]),
    "people without a phone": (
        "A7",
        {"roster": tuple(replace(entry, phone=False) for entry in WHOLE.roster)},
        ["缺 A7：2人缺联系电话（许玉梅、周秀英）"],
    ),
    "not closed": ("A8", {"closed": False}, ["缺 A8：还没有结课，签到名册未定"]),
    "a half-day nobody signed in": (
        "A8",
        {"roster": (replace(WHOLE.roster[0], half_days=frozenset({AM})),)},
        ["缺 A8：2021-03-06下午无签到名册"],
    ),
    "a station with events still to come": (
        "A8",
        {"gaps": ("一号终端",)},
        ["A8：签到终端“一号终端”还有记录没有传到，请让它联网补传"],
    ),
    "somebody who counts and never signed in": (
        "A8",
        {"roster": (WHOLE.roster[0], replace(WHOLE.roster[1], completed=True))},
        ["A8：周秀英计入人次，但签到名册上没有签到"],
    ),
    "a half-day without a photo": ("A9", {"photos": WHOLE.photos[:1]}, ["缺 A9：2021-03-06下午应有现场照片1张，现有0张"]),
    "fewer photos than the programme asks": (
        "A9",
        {"photos_per_half_day": 2, "photos": (*WHOLE.photos, WHOLE.photos[0])},
        ["缺 A9：2021-03-06下午应有现场照片2张，现有1张"],
    ),
    "a photo taken after the lesson": (
        "A9",
        {"photos": (WHOLE.photos[0], PhotoOnFile(2, TWO + timedelta(hours=2, seconds=1), "散场"))},
        ["A9：照片“散场”不是在所属课次时间内拍的", "缺 A9：2021-03-06下午应有现场照片1张，现有0张"],
    ),
    "a photo without a caption": (
        "A9",
        {"photos": (WHOLE.photos[0], replace(WHOLE.photos[1], caption=" "))},
        ["A9：有照片没有写说明"],
    ),
    "a photo of no lesson": (
        "A9",
        {"photos": (WHOLE.photos[0], replace(WHOLE.photos[1], lesson=None))},
        ["缺 A9：2021-03-06下午应有现场照片1张，现有0张"],
    ),
}  # fmt: skip


def said(contents: ArchiveContents) -> dict[str, list[str]]:
    """item -> what is missing, for the items where something is."""
    return {
        item.code: [finding.message for finding in item.findings]
        for item in check_archive(contents, ITEMS)
        if not item.complete
    }


def test_a_whole_archive_lacks_nothing() -> None:
    results = check_archive(WHOLE, ITEMS)

    assert [(item.code, item.complete) for item in results] == [
        (f"A{number}", True) for number in range(1, 10)
    ]
    assert is_complete(results)
    assert findings(results) == []


@pytest.mark.parametrize(("item", "change", "messages"), MISSING.values(), ids=MISSING.keys())
def test_what_is_missing_is_named_and_no_other_item_minds(
    item: str, change: dict[str, Any], messages: list[str]
) -> None:
    contents = replace(WHOLE, **change)
    expected = {item: messages}
    if not contents.roster:
        expected["A8"] = ["缺 A8：2021-03-05上午无签到名册", "缺 A8：2021-03-06下午无签到名册"]

    assert said(contents) == expected
    assert not is_complete(check_archive(contents, ITEMS))


def test_a_session_without_lessons_says_so_once() -> None:
    assert said(replace(WHOLE, lessons=(), instructors={}, photos=())) == {"A5": ["缺 A5：没有课程安排"]}


@pytest.mark.parametrize("minutes", [0, 120])
def test_the_first_and_the_last_minute_of_a_lesson_are_inside_it(minutes: int) -> None:
    photos = (WHOLE.photos[0], PhotoOnFile(2, TWO + timedelta(minutes=minutes), "x"))
    assert said(replace(WHOLE, photos=photos)) == {}


def test_an_item_the_programme_adds_needs_a_file() -> None:
    extra = Item("X1", "满意度调查")

    assert check_archive(WHOLE, [extra])[0].findings == (
        Finding("X1", "no_files", "附件2", ("institution",), {}),
    )
    assert findings(check_archive(WHOLE, [extra]))[0].message == "缺 X1：没有材料"
    assert check_archive(replace(WHOLE, other_items={"X1": 1}), [extra]) == (
        ItemResult("X1", "满意度调查", "附件2", ("institution",), ()),
    )


def test_a_programme_that_demands_nothing_is_never_complete() -> None:
    assert not is_complete(check_archive(WHOLE, []))


def test_a_second_valid_paper_makes_up_for_an_expired_one() -> None:
    both = {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (EXPIRED, PROOF))}
    licences = (*WHOLE.licences, PaperOnFile("training", "old", date(2010, 1, 1), date(2012, 1, 1)))

    assert said(replace(WHOLE, instructors=both, licences=licences)) == {}


@given(st.lists(st.sampled_from(sorted(MISSING)), min_size=1, max_size=4))
def test_whatever_else_is_missing_each_gap_is_named_in_a_whole_sentence(what: list[str]) -> None:
    contents = WHOLE
    for name in what:
        item, change, _messages = MISSING[name]
        contents = replace(contents, **change)
        assert item in said(contents)
    assert all("%" not in finding.message for finding in findings(check_archive(contents, ITEMS)))
