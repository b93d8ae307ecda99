"""Completeness, item by item: complete, or what is missing in the words that people read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from training.dossiers.contents import (
    ArchiveContents,
    Courseware,
    Demands,
    InstructorOnFile,
    LessonApproved,
    LessonHeld,
    OpenDoubt,
    PaperOnFile,
    PhotoOnFile,
    RosterEntry,
)
from training.dossiers.missing import AFTER_CLASS, MESSAGES, SUPPLIED_BY, Finding, ItemResult, findings
from training.dossiers.rules import CHECKS, check_archive


@dataclass(frozen=True)
class Item:
    code: str
    title: str = "材料"
    clause: str = "附件2"
    supplied_by: tuple[str, ...] = ("institution",)
    filled_by: tuple[str, ...] = ()


DAY, NEXT = date(2021, 3, 5), date(2021, 3, 6)
AM, PM = (DAY, "am"), (NEXT, "pm")
NINE = datetime(2021, 3, 5, 1, 0, tzinfo=UTC)
TWO = datetime(2021, 3, 6, 6, 0, tzinfo=UTC)
HOURS = timedelta(hours=2)
LUO, WANG = 1, 2
HALL, OTHER_HALL = 7, 8
PROOF = PaperOnFile("qualification", "Z1", None, None)


def lesson(
    sequence: int, on: date, half_day: str, start: datetime, topic: str, instructor: int
) -> LessonHeld:
    return LessonHeld(sequence, on, half_day, start, start + HOURS, topic, instructor, HALL)


WHOLE = ArchiveContents(
    agreement=PaperOnFile("agreement", "〔2021〕7号", date(2021, 3, 1), date(2022, 6, 30)),
    agreement_with="兴农中心",
    institution="兴农中心",
    agreement_line="training",
    uscc="91360735MA35NXTP4H",
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
    plan={"audience": "农民", "goals": "会用", "content": "基础", "assessment": "提问"},
    planned_on=date(2021, 2, 20),
    approved=True,
    approved_on=date(2021, 2, 25),
    approved_lessons={
        1: LessonApproved(NINE, NINE + HOURS, LUO, HALL, "电商基础知识"),
        2: LessonApproved(TWO, TWO + HOURS, WANG, HALL, "电商交易安全"),
    },
    courseware=(
        Courseware("电商基础知识", "第一课", "ab" * 32),
        Courseware("电商交易安全", "第二课", "cd" * 32),
    ),
    roster=(
        RosterEntry(1, "许玉梅", "13900000001", True, frozenset({AM, PM}), counted=True),
        RosterEntry(2, "周秀英", "13900000002", False, frozenset(), counted=False),
    ),
    closed=True,
    photos=(PhotoOnFile(1, NINE + timedelta(minutes=30), "上午"), PhotoOnFile(2, TWO, "下午")),
    demands=Demands(fund_line="training", open_doubts=("reuse", "denied", "clash", "twin")),
)
ITEMS = tuple(Item(code) for code in CHECKS)

INSTRUCTORS = WHOLE.instructors
EXPIRED = PaperOnFile("qualification", "Z1", None, date(2021, 3, 4))
UNSEEN = replace(PROOF, verified=False)
ALTERED = replace(PROOF, altered=True)
APPROVED = WHOLE.approved_lessons or {}


def demanding(**demands: Any) -> dict[str, Any]:
    return {"demands": replace(WHOLE.demands, **demands)}


def everybody(**fields: Any) -> dict[str, Any]:
    return {"roster": tuple(replace(entry, **fields) for entry in WHOLE.roster)}


def second_lesson(**terms: Any) -> dict[str, Any]:
    """As approved; it was held otherwise."""
    return {"approved_lessons": {**APPROVED, 2: replace(APPROVED[2], **terms)}}


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
        ["缺 A1：协议〔7〕2021-03-06起生效，不覆盖本期2021-03-05的课程"],
    ),
    "agreement that nobody confirmed": (
        "A1",
        {"agreement": PaperOnFile("agreement", "7", DAY, None, verified=False)},
        ["缺 A1：协议〔7〕还没有经商务局确认生效"],
    ),
    "agreement with somebody else": (
        "A1",
        {"agreement_with": "别家"},
        ["A1：协议〔〔2021〕7号〕写的是别家，不是兴农中心"],
    ),
    "agreement of another fund line": (
        "A1",
        {"agreement_line": "station"},
        ["A1：协议〔〔2021〕7号〕的资金条线与本期班型的不一致"],
    ),
    "no licence at all": ("A2", {"licences": ()}, ["缺 A2：没有营业执照", "缺 A2：没有培训资质证明"]),
    "no training licence": ("A2", {"licences": WHOLE.licences[:1]}, ["缺 A2：没有培训资质证明"]),
    "licence over before the last day": (
        "A2",
        {"licences": (WHOLE.licences[0], PaperOnFile("training", "T", date(2019, 1, 1), DAY))},
        ["缺 A2：培训资质证明已过期，不覆盖本期2021-03-06的课程"],
    ),
    "a licence that nobody verified": (
        "A2",
        {"licences": (replace(WHOLE.licences[0], verified=False), WHOLE.licences[1])},
        ["A2：营业执照已上传，待商务局核验"],
    ),
    "a licence that is not what was approved": (
        "A2",
        {"licences": (replace(WHOLE.licences[0], altered=True), WHOLE.licences[1])},
        ["A2：〔B〕已不是批准开班时留存的那一份，请商务局核对"],
    ),
    "a code with a wrong digit": (
        "A2",
        {"uscc": "91360735MA35NXTP4A"},
        ["A2：统一社会信用代码91360735MA35NXTP4A有误，请对照营业执照改正"],
    ),
    "a licence that was issued later": (
        "A2",
        {"licences": (WHOLE.licences[0], PaperOnFile("training", "T", NEXT, None))},
        ["缺 A2：培训资质证明2021-03-06才起有效，不覆盖本期2021-03-05的课程"],
    ),
    "a business scope that nobody compared with the training": (
        "A2",
        {"scope_reviewed": False},
        ["A2：经营（业务）范围与培训是否相符，待商务局核对"],
    ),
    "no business scope": ("A2", {"scope": " ", "scope_reviewed": False}, ["缺 A2：机构没有填经营（业务）范围"]),
    "a proof that was issued after the class": (
        "A3",
        {"instructors": {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (replace(PROOF, valid_from=NEXT),))}},
        ["缺 A3：授课人罗明远的资质证明2021-03-06才发，不覆盖2021-03-05的课程"],
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
    "a proof that nobody verified": (
        "A3",
        {"instructors": {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (UNSEEN,))}},
        ["A3：授课人罗明远（第1课次）的资质证明已上传，待商务局核验"],
    ),
    "a proof that is verified and was over, and one that holds and is not": (
        "A3",
        {"instructors": {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (EXPIRED, UNSEEN))}},
        ["A3：授课人罗明远（第1课次）的资质证明已上传，待商务局核验"],
    ),
    "a proof that is not what was approved": (
        "A3",
        {"instructors": {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (ALTERED,))}},
        ["A3：〔Z1〕已不是批准开班时留存的那一份，请商务局核对"],
    ),
    "a register that the class manager did not attest": (
        "A8",
        {"unattested": {AM: ("manager", "罗明远")}, **demanding(register_signatures="scan_or_account")},
        [
            "缺 A8：2021-03-05上午的签到名册没有班主任的签认或签字扫描件",
            "缺 A8：2021-03-05上午的签到名册没有罗明远的签认或签字扫描件",
        ],
    ),
    "a register whose signed sheet is not there": (
        "A8",
        {"scanned": frozenset({PM}), **demanding(register_signatures="scan")},
        ["缺 A8：2021-03-05上午的签到名册没有授课人和班主任签字的扫描件"],
    ),
    "a plan without goals": ("A4", {"plan": {**WHOLE.plan, "goals": "\n "}}, ["缺 A4：培训方案没有写培训目标"]),
    "a plan without the budget that is asked for": (
        "A4",
        {"plan": {**WHOLE.plan, "budget": ""}, **demanding(budget=True)},
        ["缺 A4：培训方案没有写经费预算"],
    ),
    "a plan that came after the approval": (
        "A4",
        {"planned_on": date(2021, 2, 26)},
        ["A4：培训方案2021-02-26提交，晚于批准开班的2021-02-25"],
    ),
    "not approved": ("A5", {"approved": False}, ["缺 A5：课程安排还没有经商务局批准"]),
    "another place": (
        "A5",
        second_lesson(venue=OTHER_HALL),
        ["A5：第2课次实际地点与批准不一致且无变更批复"],
    ),
    "another time and instructor": (
        "A5",
        second_lesson(starts_at=TWO - HOURS, ends_at=TWO, instructor=LUO),
        ["A5：第2课次实际时间与批准不一致且无变更批复", "A5：第2课次实际授课人与批准不一致且无变更批复"],
    ),
    "another topic": (
        "A5",
        second_lesson(topic="客服服务"),
        ["A5：第2课次实际上的是“电商交易安全”，批准的是“客服服务”，且无变更批复"],
    ),
    "a shorter lesson": (
        "A5",
        second_lesson(ends_at=TWO + timedelta(minutes=150)),
        ["A5：第2课次实际时间与批准不一致且无变更批复", "A5：课程安排合计5.3学时，批准的是6学时，且无变更批复"],
    ),
    "a lesson more": (
        "A5",
        {"approved_lessons": {1: APPROVED[1]}},
        ["A5：第2课次不在批准的课程安排里", "A5：课程安排合计5.3学时，批准的是2.7学时，且无变更批复"],
    ),
    "a lesson less": (
        "A5",
        {"approved_lessons": {**APPROVED, 3: APPROVED[2]}},
        ["A5：批准的第3课次没有上，且无变更批复", "A5：课程安排合计5.3学时，批准的是8学时，且无变更批复"],
    ),
    "a topic without courseware": (
        "A6",
        {"courseware": WHOLE.courseware[:1]},
        ["缺 A6：“电商交易安全”无课件"],
    ),
    "courseware without its bytes": (
        "A6",
        {"courseware": (WHOLE.courseware[0], replace(WHOLE.courseware[1], sha256=""))},
        ["缺 A6：“电商交易安全”的课件“第二课”没有存下原文件"],
    ),
    "courseware that the bureau should have approved": (
        "A6",
        demanding(courseware_approval=True) | {
            "courseware": (replace(WHOLE.courseware[0], approved=True), WHOLE.courseware[1])
        },
        ["A6：“电商交易安全”的课件“第二课”还没有经商务局审定"],
    ),
    "an empty roster": ("A7", {"roster": ()}, ["缺 A7：培训人员名册是空的"]),
    "people without a phone": ("A7", everybody(phone=""), ["缺 A7：2人缺联系电话（许玉梅、周秀英）"]),
    "people without a group where it is asked": (
        "A7",
        demanding(roster_fields=("phone", "group")) | everybody(group=""),
        ["缺 A7：2人缺学员类别（许玉梅、周秀英）"],
    ),
    "people without a card number where it is asked": (
        "A7",
        demanding(roster_fields=("name", "id_number")) | everybody(id_number=False),
        ["缺 A7：2人缺证件号码（许玉梅、周秀英）"],
    ),
    "somebody who may be there under two documents": (
        "A7",
        {"doubts": (OpenDoubt("twin", "A7", "许玉梅"), OpenDoubt("twin", "A7", "许玉梅"))},
        ["A7：许玉梅、许玉梅姓名和电话都相同，请商务局核对是不是同一个人用了两个证件"],
    ),
    "somebody counted at two places": (
        "A8",
        {"doubts": (OpenDoubt("clash", "A8", "许玉梅"),)},
        ["A8：许玉梅同一时间在两处有签到，请商务局核对：不实的作废签到，其余写明理由"],
    ),
    "people who deny having been there, not by name": (
        "A8",
        {"doubts": (OpenDoubt("denied", "A8", "许玉梅"),)},
        ["A8：1人否认参训，请商务局查明：属实的作废签到，不属实的写明理由"],
    ),
    "a paper that is used elsewhere": (
        "A4",
        {"doubts": (OpenDoubt("reuse", "A4", "盖章方案"),)},
        ["A4：材料“盖章方案”与别处的相同，要由商务局核对后才能用，也可以撤下换一份"],
    ),
    "one phone of too many": (
        "A7",
        demanding(shared_phone_limit=1) | everybody(phone="13900000001"),
        ["A7：2人共用一个联系电话（许玉梅、周秀英），请更正"],
    ),
    "phones that nobody called": (
        "A7",
        demanding(phone_verified_rate=0.8) | {
            "roster": (replace(WHOLE.roster[0], phone_verified=True), WHOLE.roster[1])
        },
        ["A7：电话核实率50%，低于规定的80%，还有1人没有核实（周秀英）"],
    ),
    "not closed": ("A8", {"closed": False}, ["缺 A8：还没有结课，签到名册未定"]),
    "a half-day nobody signed in": (
        "A8",
        {"roster": (replace(WHOLE.roster[0], half_days=frozenset({AM})),)},
        ["缺 A8：2021-03-06下午无签到名册"],
    ),
    "a correction nobody decided": (
        "A8",
        {"open_corrections": 2},
        ["A8：有2条更正等待核准，请先核准、不予核准或撤回"],
    ),
    "a station with events still to come": (
        "A8",
        {"gaps": ("一号终端",)},
        ["A8：签到终端“一号终端”还有记录没有传到，请让它联网补传"],
    ),
    "somebody who counts and never signed in": (
        "A8",
        {"roster": (WHOLE.roster[0], replace(WHOLE.roster[1], completed=True, counted=True))},
        ["A8：周秀英计入人次，但签到名册上没有签到"],
    ),
    "somebody who signed in and has no place": (
        "A8",
        {"strangers": ("罗石生",)},
        ["A8：罗石生有签到，但不在名册上"],
    ),
    "a roster that counts otherwise than the register": (
        "A8",
        {"roster": (replace(WHOLE.roster[0], counted=False), WHOLE.roster[1])},
        ["A8：许玉梅名册上的结业情况与签到计算的不一致"],
    ),
    "a half-day without a photo": ("A9", {"photos": WHOLE.photos[:1]}, ["缺 A9：2021-03-06下午应有现场照片1张，现有0张"]),
    "fewer photos than the programme asks": (
        "A9",
        demanding(photos_per_half_day=2) | {"photos": (*WHOLE.photos, WHOLE.photos[0])},
        ["缺 A9：2021-03-06下午应有现场照片2张，现有1张"],
    ),
    "photos that a station still has": (
        "A9",
        {"photos_on_the_way": 3},
        ["A9：签到终端还有3张照片没有传到，请让它联网补传"],
    ),
    "a photo that was used elsewhere": (
        "A9",
        {"doubts": (OpenDoubt("reuse", "A9", "上午"),)},
        ["A9：照片“上午”要由商务局核对后才能用，也可以撤下换一张"],
    ),
    "a photo taken after the lesson": (
        "A9",
        {"photos": (WHOLE.photos[0], PhotoOnFile(2, TWO + timedelta(hours=2, seconds=1), "散场"))},
        ["A9：照片“散场”不是在所属课次时间内拍的", "缺 A9：2021-03-06下午应有现场照片1张，现有0张"],
    ),
    "a photo that a station took in the break, and none in class": (
        "A9",
        {"photos": (WHOLE.photos[0], PhotoOnFile(2, TWO - timedelta(minutes=1), "课前", by_station=True))},
        ["缺 A9：2021-03-06下午应有现场照片1张，现有0张"],
    ),
    "a photo without a caption": (
        "A9",
        {"photos": (WHOLE.photos[0], replace(WHOLE.photos[1], caption=" "))},
        ["A9：第2课次有照片没有写说明"],
    ),
    "a caption that does not say who is in it": (
        "A9",
        demanding(caption_parts=("persons",)) | {
            "photos": (replace(WHOLE.photos[0], persons="全班"), WHOLE.photos[1])
        },
        ["A9：照片“下午”的说明没有写人物"],
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


def found(contents: ArchiveContents) -> list[Finding]:
    return findings(check_archive(contents, ITEMS))


def test_a_whole_archive_lacks_nothing() -> None:
    results = check_archive(WHOLE, ITEMS)

    assert [(item.code, item.complete) for item in results] == [
        (f"A{number}", True) for number in range(1, 10)
    ]
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


def test_a_session_without_lessons_says_so_once() -> None:
    assert said(replace(WHOLE, lessons=(), instructors={}, photos=())) == {"A5": ["缺 A5：没有课程安排"]}


@pytest.mark.parametrize("minutes", [0, 120])
def test_the_first_and_the_last_minute_of_a_lesson_are_inside_it(minutes: int) -> None:
    photos = (WHOLE.photos[0], PhotoOnFile(2, TWO + timedelta(minutes=minutes), "x"))
    assert said(replace(WHOLE, photos=photos)) == {}


def test_an_item_the_programme_adds_needs_a_file() -> None:
    extra = Item("X1", "满意度调查")

    assert check_archive(WHOLE, [extra], version=3)[0].findings == (
        Finding("X1", "no_files", "附件2", ("institution",), {}, version=3),
    )
    assert findings(check_archive(WHOLE, [extra]))[0].message == "缺 X1：没有材料"
    assert check_archive(replace(WHOLE, other_items={"X1": 1}), [extra]) == (
        ItemResult("X1", "满意度调查", "附件2", ("institution",), ()),
    )


def test_what_the_system_keeps_answers_an_added_item_where_the_rules_let_it() -> None:
    kept = replace(WHOLE, records={"evaluations": 2})

    assert [item.complete for item in check_archive(kept, [Item("X1", filled_by=("evaluations",))])] == [True]
    assert [item.complete for item in check_archive(kept, [Item("X1", filled_by=("follow_ups",))])] == [False]
    assert [item.complete for item in check_archive(kept, [Item("X1")])] == [False]


def test_every_item_says_by_which_rules_and_when_it_was_checked() -> None:
    [item] = check_archive(WHOLE, [Item("A1")], version=3, at=NINE)

    assert (item.version, item.checked_at) == (3, NINE)


def test_a_stations_photo_out_of_time_stands_in_nobodys_way() -> None:
    early = PhotoOnFile(1, NINE - timedelta(minutes=1), "课前", by_station=True)

    assert said(replace(WHOLE, photos=(*WHOLE.photos, early))) == {}
    assert list(said(replace(WHOLE, photos=(*WHOLE.photos, replace(early, by_station=False))))) == ["A9"]


def test_a_second_valid_paper_makes_up_for_an_expired_one() -> None:
    both = {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (EXPIRED, PROOF))}
    licences = (*WHOLE.licences, PaperOnFile("training", "old", date(2010, 1, 1), date(2012, 1, 1)))

    assert said(replace(WHOLE, instructors=both, licences=licences)) == {}


def test_a_register_needs_no_account_where_its_signed_sheet_is_there() -> None:
    unattested = {AM: ("manager",), PM: ("manager",)}
    demanded = demanding(register_signatures="scan_or_account")

    contents = replace(WHOLE, unattested=unattested, scanned=frozenset({AM, PM}), **demanded)
    assert findings(check_archive(contents, ITEMS)) == []
    assert findings(check_archive(replace(WHOLE, unattested=unattested), ITEMS)) == []


def test_two_papers_that_cover_the_days_together_are_enough() -> None:
    halves = (
        PaperOnFile("training", "old", None, DAY),
        PaperOnFile("training", "new", NEXT, None),
    )

    assert said(replace(WHOLE, licences=(WHOLE.licences[0], *halves))) == {}


def test_where_nothing_was_kept_of_what_was_approved_nothing_is_held_against_it() -> None:
    assert said(replace(WHOLE, approved_lessons=None)) == {}


# Who, since when, by which rules


def test_what_only_the_bureau_can_do_is_not_asked_of_the_institution() -> None:
    unseen = {**INSTRUCTORS, LUO: InstructorOnFile("罗明远", "八年", (UNSEEN,))}

    assert [finding.supplied_by for finding in found(replace(WHOLE, instructors=unseen))] == [("bureau",)]


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("agreement over before the second day", NEXT),
        ("licence over before the last day", NEXT),
        ("a proof that was over on the day", DAY),
        ("another place", NEXT),
        ("a topic without courseware", NEXT),
        ("a half-day nobody signed in", NEXT),
        ("not closed", NEXT),
        ("a half-day without a photo", NEXT),
        ("people without a phone", None),
    ],
)
def test_what_is_missing_says_since_when(name: str, since: date | None) -> None:
    assert [finding.since for finding in found(replace(WHOLE, **MISSING[name][1]))] == [since]


@pytest.mark.parametrize(
    ("today", "closed", "due"),
    [(DAY, False, False), (NEXT, False, False), (NEXT + timedelta(days=1), False, True), (DAY, True, True)],
)
def test_a_class_that_is_still_to_come_owes_no_photos(today: date, closed: bool, due: bool) -> None:
    """`NEXT` is the day of the class: until it is over somebody may still take one."""
    [no_photo] = found(replace(WHOLE, photos=WHOLE.photos[:1]))

    assert no_photo.is_due(today, closed=closed) is due


def test_an_expired_licence_is_due_before_the_class() -> None:
    [expired] = found(replace(WHOLE, **MISSING["licence over before the last day"][1]))

    assert expired.is_due(date(2021, 1, 1), closed=False)


def test_every_finding_carries_the_version_that_demands_it() -> None:
    results = check_archive(replace(WHOLE, agreement=None, roster=()), ITEMS, version=7)

    assert {item.version for item in results} == {7}
    assert {finding.version for finding in findings(results)} == {7}


def test_every_message_is_reached_by_a_case_of_this_test() -> None:
    reached = {
        finding.code for _i, change, _m in MISSING.values() for finding in found(replace(WHOLE, **change))
    }

    assert set(MESSAGES) - reached == {"no_lessons", "no_files"}
    assert set(SUPPLIED_BY) | AFTER_CLASS <= set(MESSAGES)


def test_a_finding_is_said_in_the_language_of_whoever_reads_it() -> None:
    """Its parameters are codes where there is a word for them; nothing is frozen in the language of the check."""
    [no_photo] = found(replace(WHOLE, photos=WHOLE.photos[:1]))

    assert no_photo.params["half_day"] == "pm"
    with translation.override("en"):
        assert "下午" not in no_photo.message


# Whatever is taken away is named, and with it back nothing is


def without(items: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return items[:index] + items[index + 1 :]


TAKEN_AWAY: dict[str, Callable[[ArchiveContents, int], ArchiveContents]] = {
    "A1": lambda whole, n: replace(whole, agreement=None),
    "A2": lambda whole, n: replace(whole, licences=without(whole.licences, n % 2)),
    "A3": lambda whole, n: replace(
        whole,
        instructors={**whole.instructors, (LUO, WANG)[n % 2]: InstructorOnFile("谁", "简介", ())},
    ),
    "A4": lambda whole, n: replace(whole, plan={**whole.plan, list(whole.plan)[n % 4]: " "}),
    "A5": lambda whole, n: replace(
        whole,
        approved_lessons={
            key: terms for key, terms in (whole.approved_lessons or {}).items() if key != n % 2 + 1
        },
    ),
    "A6": lambda whole, n: replace(whole, courseware=without(whole.courseware, n % 2)),
    "A7": lambda whole, n: replace(
        whole,
        roster=tuple(
            replace(entry, phone="" if number == n % 2 else entry.phone)
            for number, entry in enumerate(whole.roster)
        ),
    ),
    "A8": lambda whole, n: replace(
        whole,
        roster=(
            replace(whole.roster[0], half_days=whole.roster[0].half_days - {(AM, PM)[n % 2]}),
            whole.roster[1],
        ),
    ),
    "A9": lambda whole, n: replace(whole, photos=without(whole.photos, n % 2)),
}


@given(st.sets(st.sampled_from(sorted(TAKEN_AWAY)), min_size=1), st.integers(0, 7))
def test_whatever_is_taken_away_is_named_and_put_back_it_is_not(items: set[str], which: int) -> None:
    contents = WHOLE
    for item in sorted(items):
        contents = TAKEN_AWAY[item](contents, which)

    assert items == set(said(contents))
    assert all(finding.supplied_by and finding.clause for finding in found(contents))

    back = replace(
        contents,
        **{name: getattr(WHOLE, name) for name in (
            "agreement", "licences", "instructors", "plan", "approved_lessons", "courseware", "roster", "photos",
        )},
    )  # fmt: skip
    assert said(back) == {}


@given(st.lists(st.sampled_from(sorted(MISSING)), min_size=1, max_size=4))
def test_whatever_else_is_missing_each_gap_is_named_in_a_whole_sentence(what: list[str]) -> None:
    """Changes to the same part replace one another, so each is looked for when it is made."""
    contents = WHOLE
    for name in what:
        item, change, _messages = MISSING[name]
        contents = replace(contents, **change)
        assert item in said(contents)
    assert all("%(" not in finding.message for finding in found(contents))
