"""What is missing in an archive, by name: each finding says it, who can do something about it, and by which rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

NAMED = 5
"""So many people a message names; it counts the rest."""


@dataclass(frozen=True)
class Gap:
    """What a check found. `since`: the first day on which it was missing, None from the beginning."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    since: date | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is missing; `message` names it. `version` is of the rule set that demands it."""

    item: str
    code: str
    clause: str
    supplied_by: tuple[str, ...]
    params: Mapping[str, str | int]
    since: date | None = None
    version: int = 0

    @property
    def message(self) -> str:
        """In the reader's language: `params` hold codes where there are words for them."""
        said = {name: _in_words(name, value) for name, value in self.params.items()}
        return str(MESSAGES[self.code]) % {"item": self.item, **said}

    def is_due(self, today: date, *, closed: bool) -> bool:
        """Whether somebody can do something about it yet: a class that is still to come has no photos."""
        if closed or self.code not in AFTER_CLASS:
            return True
        return self.since is not None and self.since < today


@dataclass(frozen=True)
class ItemResult:
    code: str
    title: str
    clause: str
    supplied_by: tuple[str, ...]
    findings: tuple[Finding, ...]
    version: int = 0
    checked_at: datetime | None = None

    @property
    def complete(self) -> bool:
        return not self.findings


MESSAGES = {
    "no_agreement": _("缺 %(item)s：没有委托培训协议或下达培训任务的文件"),
    "agreement_draft": _("缺 %(item)s：协议〔%(number)s〕还没有经商务局确认生效"),
    "agreement_dates": _("缺 %(item)s：协议〔%(number)s〕有效期至%(until)s，不覆盖本期%(day)s的课程"),
    "agreement_not_begun": _("缺 %(item)s：协议〔%(number)s〕%(from)s起生效，不覆盖本期%(day)s的课程"),
    "agreement_party": _("%(item)s：协议〔%(number)s〕写的是%(other)s，不是%(institution)s"),
    "agreement_line": _("%(item)s：协议〔%(number)s〕的资金条线与本期班型的不一致"),
    "no_licence": _("缺 %(item)s：没有%(kind)s"),
    "licence_expired": _("缺 %(item)s：%(kind)s已过期，不覆盖本期%(day)s的课程"),
    "licence_later": _("缺 %(item)s：%(kind)s%(from)s才起有效，不覆盖本期%(day)s的课程"),
    "licence_unverified": _("%(item)s：%(kind)s已上传，待商务局核验"),
    "paper_changed": _("%(item)s：〔%(number)s〕已不是批准开班时留存的那一份，请商务局核对"),
    "uscc": _("%(item)s：统一社会信用代码%(uscc)s有误，请对照营业执照改正"),
    "no_scope": _("缺 %(item)s：机构没有填经营（业务）范围"),
    "scope_unreviewed": _("%(item)s：经营（业务）范围与培训是否相符，待商务局核对"),
    "no_profile": _("缺 %(item)s：授课人%(name)s（第%(lessons)s课次）没有基本情况"),
    "no_proof": _("缺 %(item)s：授课人%(name)s（第%(lessons)s课次）无资质证明"),
    "proof_expired": _("缺 %(item)s：授课人%(name)s的资质证明已过期，不覆盖%(day)s的课程"),
    "proof_later": _("缺 %(item)s：授课人%(name)s的资质证明%(from)s才发，不覆盖%(day)s的课程"),
    "proof_unverified": _("%(item)s：授课人%(name)s（第%(lessons)s课次）的资质证明已上传，待商务局核验"),
    "plan_field": _("缺 %(item)s：培训方案没有写%(field)s"),
    "plan_late": _("%(item)s：培训方案%(submitted)s提交，晚于批准开班的%(approved)s"),
    "no_lessons": _("缺 %(item)s：没有课程安排"),
    "not_approved": _("缺 %(item)s：课程安排还没有经商务局批准"),
    "lesson_time": _("%(item)s：第%(lesson)s课次实际时间与批准不一致且无变更批复"),
    "lesson_instructor": _("%(item)s：第%(lesson)s课次实际授课人与批准不一致且无变更批复"),
    "lesson_venue": _("%(item)s：第%(lesson)s课次实际地点与批准不一致且无变更批复"),
    "lesson_topic": _("%(item)s：第%(lesson)s课次实际上的是“%(topic)s”，批准的是“%(was)s”，且无变更批复"),
    "hours_differ": _("%(item)s：课程安排合计%(held)s学时，批准的是%(approved)s学时，且无变更批复"),
    "lesson_added": _("%(item)s：第%(lesson)s课次不在批准的课程安排里"),
    "lesson_dropped": _("%(item)s：批准的第%(lesson)s课次没有上，且无变更批复"),
    "no_courseware": _("缺 %(item)s：“%(topic)s”无课件"),
    "courseware_unapproved": _("%(item)s：“%(topic)s”的课件“%(title)s”还没有经商务局审定"),
    "courseware_lost": _("缺 %(item)s：“%(topic)s”的课件“%(title)s”没有存下原文件"),
    "no_roster": _("缺 %(item)s：培训人员名册是空的"),
    "roster_field": _("缺 %(item)s：%(count)s人缺%(field)s（%(names)s）"),
    "phone_shared": _("%(item)s：%(count)s人共用一个联系电话（%(names)s），请更正"),
    "phone_rate": _(
        "%(item)s：电话核实率%(rate)s%%，低于规定的%(need)s%%，还有%(count)s人没有核实（%(names)s）"
    ),
    "not_closed": _("缺 %(item)s：还没有结课，签到名册未定"),
    "no_register": _("缺 %(item)s：%(day)s%(half_day)s无签到名册"),
    "open_corrections": _("%(item)s：有%(count)s条更正等待核准，请先核准、不予核准或撤回"),
    "chain_gap": _("%(item)s：签到终端“%(station)s”还有记录没有传到，请让它联网补传"),
    "register_unsigned": _("缺 %(item)s：%(day)s%(half_day)s的签到名册没有%(who)s的签认或签字扫描件"),
    "register_unscanned": _("缺 %(item)s：%(day)s%(half_day)s的签到名册没有授课人和班主任签字的扫描件"),
    "not_in_register": _("%(item)s：%(names)s计入人次，但签到名册上没有签到"),
    "not_on_roster": _("%(item)s：%(names)s有签到，但不在名册上"),
    "count_differs": _("%(item)s：%(names)s名册上的结业情况与签到计算的不一致"),
    "no_photo": _("缺 %(item)s：%(day)s%(half_day)s应有现场照片%(need)s张，现有%(have)s张"),
    "photos_on_the_way": _("%(item)s：签到终端还有%(count)s张照片没有传到，请让它联网补传"),
    "photo_outside": _("%(item)s：照片“%(caption)s”不是在所属课次时间内拍的"),
    "photo_untitled": _("%(item)s：第%(lesson)s课次有照片没有写说明"),
    "photo_caption": _("%(item)s：照片“%(caption)s”的说明没有写%(part)s"),
    "photo_reused": _("%(item)s：照片“%(caption)s”要由商务局核对后才能用，也可以撤下换一张"),
    "file_reused": _("%(item)s：材料“%(caption)s”与别处的相同，要由商务局核对后才能用，也可以撤下换一份"),
    "denied": _("%(item)s：%(count)s人否认参训，请商务局查明：属实的作废签到，不属实的写明理由"),
    "clash": _("%(item)s：%(names)s同一时间在两处有签到，请商务局核对：不实的作废签到，其余写明理由"),
    "twin": _("%(item)s：%(names)s姓名和电话都相同，请商务局核对是不是同一个人用了两个证件"),
    "no_files": _("缺 %(item)s：没有材料"),
}
SUPPLIED_BY: Mapping[str, tuple[str, ...]] = {
    "agreement_draft": ("bureau",),
    "agreement_dates": ("bureau", "institution"),
    "agreement_not_begun": ("bureau", "institution"),
    "agreement_party": ("bureau", "institution"),
    "agreement_line": ("bureau", "institution"),
    "licence_unverified": ("bureau",),
    "paper_changed": ("bureau",),
    "proof_unverified": ("bureau",),
    "no_scope": ("institution",),
    "scope_unreviewed": ("bureau",),
    "plan_late": ("bureau",),
    "no_lessons": ("institution",),
    "not_approved": ("bureau",),
    "lesson_time": ("bureau", "institution"),
    "lesson_instructor": ("bureau", "institution"),
    "lesson_venue": ("bureau", "institution"),
    "lesson_topic": ("bureau", "institution"),
    "hours_differ": ("bureau", "institution"),
    "lesson_added": ("bureau", "institution"),
    "lesson_dropped": ("bureau", "institution"),
    "courseware_unapproved": ("bureau",),
    "no_roster": ("institution",),
    "roster_field": ("institution",),
    "phone_shared": ("institution",),
    "phone_rate": ("township", "follow_up"),
    "not_closed": ("institution",),
    "no_register": ("institution",),
    "open_corrections": ("institution", "bureau"),
    "chain_gap": ("institution",),
    "register_unsigned": ("institution",),
    "register_unscanned": ("institution",),
    "not_in_register": ("institution",),
    "not_on_roster": ("institution",),
    "count_differs": ("institution", "bureau"),
    "no_photo": ("institution",),
    "photos_on_the_way": ("institution",),
    "photo_outside": ("institution",),
    "photo_untitled": ("institution",),
    "photo_caption": ("institution",),
    "photo_reused": ("institution", "bureau"),
    "file_reused": ("institution", "bureau"),
    "denied": ("bureau",),
    "clash": ("bureau", "institution"),
    "twin": ("bureau", "institution"),
}
"""Who can do something about it, where that is not simply whoever supplies the item."""
AFTER_CLASS = frozenset(
    {"not_closed", "no_register", "no_photo", "not_in_register", "register_unsigned", "register_unscanned"}
)
"""These fill themselves once the class is held: before that nobody has to do anything."""

HALF_DAYS = {"am": _("上午"), "pm": _("下午")}
WORDS: Mapping[str, Mapping[str, Any]] = {
    "half_day": HALF_DAYS,
    "who": {"manager": _("班主任")},
    "kind": {"business": _("营业执照"), "training": _("培训资质证明")},
    "field": {
        "audience": _("培训对象"),
        "goals": _("培训目标"),
        "content": _("培训内容"),
        "form": _("培训形式"),
        "hours": _("学时"),
        "assessment": _("考核方式"),
        "budget": _("经费预算"),
        "name": _("姓名"),
        "id_number": _("证件号码"),
        "phone": _("联系电话"),
        "group": _("学员类别"),
        "address": _("住址（乡镇、村）"),
    },
    "part": {"persons": _("人物"), "background": _("背景"), "photographer": _("摄影者")},
}


def _in_words(name: str, value: str | int) -> str | int:
    return str(WORDS[name].get(str(value), value)) if name in WORDS else value


def named(people: Sequence[str]) -> dict[str, str | int]:
    """How a message speaks of them: the first few by name, and how many they are."""
    return {"count": len(people), "names": gettext("、").join(people[:NAMED])}


def findings(results: Iterable[ItemResult]) -> list[Finding]:
    """All that is missing, item by item; an archive is complete when there is nothing."""
    return [finding for result in results for finding in result.findings]
