"""Rules in people's words: what sections and fields are called, and how a value is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.accounts.choices import Department
from training.programmes.changes import ORDER, Step, changes
from training.programmes.money import wan
from training.programmes.preset import Preset
from training.programmes.rule import Clause, Confirmation, Model
from training.programmes.schema import REFERENCES, Field, fields_of

Words = str | Promise

SECTIONS: Final[Mapping[str, Words]] = {
    "document": gettext_lazy("依据文件"),
    "window": gettext_lazy("项目期"),
    "phases": gettext_lazy("实施阶段"),
    "mark": gettext_lazy("标识文字"),
    "place_marks": gettext_lazy("各级场所的标识"),
    "phones": gettext_lazy("监督电话"),
    "fund_lines": gettext_lazy("资金条线"),
    "fund_shares": gettext_lazy("资金比例"),
    "ineligible_costs": gettext_lazy("不予支出的项目"),
    "fee_standard": gettext_lazy("补贴标准"),
    "targets": gettext_lazy("任务指标"),
    "aims": gettext_lazy("培训要求"),
    "categories": gettext_lazy("课程类别和专题"),
    "topic_match": gettext_lazy("专题比例"),
    "groups": gettext_lazy("培训对象"),
    "forms": gettext_lazy("培训形式"),
    "class_types": gettext_lazy("班型"),
    "institutions": gettext_lazy("机构家数和讲师评价"),
    "institution_kinds": gettext_lazy("承办单位"),
    "claim_modes": gettext_lazy("申请资金的方式"),
    "items": gettext_lazy("每期档案"),
    "rules": gettext_lazy("其他规定"),
    "notices": gettext_lazy("公示和公告"),
    "acceptance": gettext_lazy("验收"),
    "reports": gettext_lazy("报送"),
    "attendance": gettext_lazy("考勤"),
    "photos": gettext_lazy("现场照片"),
    "archive": gettext_lazy("交齐档案"),
    "planning": gettext_lazy("开班申请"),
    "review": gettext_lazy("档案核验"),
    "eligibility": gettext_lazy("学员条件"),
    "face": gettext_lazy("人脸比对"),
    "follow_up": gettext_lazy("训后跟踪"),
    "rights": gettext_lazy("个人信息权利请求"),
    "ministry_system": gettext_lazy("商务部系统"),
}

FIELDS: Final[Mapping[str, Words]] = {
    # where it stands
    "source": gettext_lazy("出处"),
    "also": gettext_lazy("其他条文"),
    "unconfirmed": gettext_lazy("条文没有给出的值"),
    "confirmed": gettext_lazy("本县确认"),
    "note": gettext_lazy("说明"),
    "place": gettext_lazy("位置"),
    "Clause.text": gettext_lazy("原文"),
    "fields": gettext_lazy("确认的内容"),
    "confirmed_by": gettext_lazy("确认人"),
    "confirmed_on": gettext_lazy("确认日期"),
    "basis": gettext_lazy("确认依据"),
    # what it says
    "code": gettext_lazy("代码"),
    "name": gettext_lazy("名称"),
    "file": gettext_lazy("文件名"),
    "title": gettext_lazy("标题"),
    "number": gettext_lazy("号码"),
    "Document.number": gettext_lazy("文号"),
    "FeeStandard.number": gettext_lazy("文号"),
    "issuer": gettext_lazy("发文单位"),
    "issued_on": gettext_lazy("发文日期"),
    "starts_on": gettext_lazy("开始日期"),
    "ends_on": gettext_lazy("截止日期"),
    "due_on": gettext_lazy("完成期限"),
    "text": gettext_lazy("文字"),
    "level": gettext_lazy("场所级别"),
    "plaque": gettext_lazy("另挂的牌子"),
    "label": gettext_lazy("单位"),
    "total_fen": gettext_lazy("合计"),
    "central_fen": gettext_lazy("中央资金"),
    "province_fen": gettext_lazy("省级资金"),
    "upper_fen": gettext_lazy("上级资金（文件没有分中央和省）"),
    "county_fen": gettext_lazy("县级资金"),
    "social_fen": gettext_lazy("社会资金"),
    "claimable": gettext_lazy("可以申领补贴"),
    "part_fen": gettext_lazy("部分"),
    "whole_fen": gettext_lazy("总额"),
    "at_least": gettext_lazy("不低于"),
    "at_most": gettext_lazy("不高于"),
    "printed": gettext_lazy("文件印的比例"),
    "fund_line": gettext_lazy("资金条线"),
    "alternative": gettext_lazy("或者按"),
    "alternatives": gettext_lazy("要求和替代材料"),
    "metric": gettext_lazy("指标"),
    "value": gettext_lazy("目标值"),
    "up_to": gettext_lazy("至多"),
    "unit": gettext_lazy("计量单位"),
    "per": gettext_lazy("每个什么都要有（例如：乡镇）"),
    "measure": gettext_lazy("怎样计数"),
    "counted_by": gettext_lazy("由系统怎样算出"),
    "groups": gettext_lazy("只计这些学员类别"),
    "new_only": gettext_lazy("只计本项目新增的"),
    "parent": gettext_lazy("上级指标"),
    "class_type": gettext_lazy("只计这个班型"),
    "denominator": gettext_lazy("分母"),
    "readings": gettext_lazy("文件可以理解成的算法"),
    "growth": gettext_lazy("是同比增长"),
    "base_year": gettext_lazy("基年"),
    "base_value": gettext_lazy("基年数值"),
    "weight": gettext_lazy("文件怎样写"),
    "topics": gettext_lazy("专题"),
    "aliases": gettext_lazy("别名"),
    "word": gettext_lazy("别的叫法"),
    "sensitive": gettext_lazy("敏感信息（只给有需要的岗位看）"),
    "verified_by": gettext_lazy("由哪个部门核实"),
    "valid_from": gettext_lazy("从哪天起用"),
    "valid_until": gettext_lazy("用到哪天"),
    "categories": gettext_lazy("适合的课程类别"),
    "min_share": gettext_lazy("本类别专题不少于全部课时的"),
    "required_rates": gettext_lazy("协议要写明的比率"),
    "min_count": gettext_lazy("至少几家"),
    "min_instructors": gettext_lazy("入库前至少几名资质已核验的授课人"),
    "instructor_floor": gettext_lazy("授课人平均评分低于多少提醒（1 至 5 分）"),
    "supplied_by": gettext_lazy("由谁提供"),
    "class_types": gettext_lazy("只有这些班型要"),
    "working_days": gettext_lazy("公示多少个工作日"),
    "within_working_days": gettext_lazy("多少个工作日内公告"),
    "by_day": gettext_lazy("次月几日前公告"),
    "members": gettext_lazy("参加单位"),
    "invited": gettext_lazy("可以邀请的"),
    "observers": gettext_lazy("监督的"),
    "reporter": gettext_lazy("由谁报送"),
    "recipients": gettext_lazy("报给谁"),
    "months": gettext_lazy("哪几个月报"),
    "due_day": gettext_lazy("当月几日前"),
    "unit_minutes": gettext_lazy("多少分钟为 1 学时"),
    "lesson_ratio": gettext_lazy("一课次有效时间不少于"),
    "completion_ratio": gettext_lazy("全期学时不少于"),
    "late_tolerance_minutes": gettext_lazy("迟到多少分钟以内不扣"),
    "early_tolerance_minutes": gettext_lazy("早退多少分钟以内不扣"),
    "require_sign_out": gettext_lazy("要签退"),
    "check_share": gettext_lazy("随堂抽查的课次"),
    "check_minutes": gettext_lazy("抽查几分钟内应答"),
    "check_required": gettext_lazy("抽查不在的，这一课次不计"),
    "make_up_share": gettext_lazy("不经商务局的补签不超过名册的"),
    "min_per_half_day": gettext_lazy("每半天至少几张"),
    "caption_parts": gettext_lazy("照片说明要写"),
    "filled_by": gettext_lazy("系统里的哪些记录可以代替材料"),
    "open_doubts": gettext_lazy("没有核对就不算齐全的疑点"),
    "retention": gettext_lazy("档案保管期限"),
    "register_signatures": gettext_lazy("签到名册怎样签字"),
    "due_days": gettext_lazy("最后一天课后多少天内交齐"),
    "remind_days": gettext_lazy("到期前多少天提醒"),
    "roster_fields": gettext_lazy("名册上每个人都要有"),
    "phone_verified_rate": gettext_lazy("电话核实过的不少于名册的"),
    "shared_phone_limit": gettext_lazy("一个电话最多几人共用"),
    "lead_working_days": gettext_lazy("最晚提前几个工作日"),
    "lead_is_limit": gettext_lazy("提交晚了的不能提交"),
    "min_trainees": gettext_lazy("每期名册最少多少人"),
    "max_trainees": gettext_lazy("每期名册最多多少人"),
    "budget_required": gettext_lazy("开班要有经费预算"),
    "roster_change_share": gettext_lazy("批准后不经商务局的名册增减不超过名册的"),
    "head_approves_flagged": gettext_lazy("系统有疑问的开班申请要商务局负责人复核"),
    "outline_required": gettext_lazy("开班要有批准的大纲"),
    "courseware_approval": gettext_lazy("课件要先批准"),
    "seats_are_limit": gettext_lazy("名册人数超过场地容量的不能提交"),
    "travel_kmh": gettext_lazy("授课人转场按每小时多少公里"),
    "answer_working_days": gettext_lazy("收到后几个工作日内答复"),
    "ReviewRule.working_days": gettext_lazy("收到档案后多少个工作日内核验"),
    "appeal_days": gettext_lazy("剔除后多少天内可以申诉"),
    "second_person": gettext_lazy("封存前要不要另一人复核"),
    "min_age": gettext_lazy("开课当天不小于多少周岁"),
    "enabled": gettext_lazy("启用人脸比对"),
    "pass_below": gettext_lazy("距离小于它为相符"),
    "ask_below": gettext_lazy("距离不小于它为不相符"),
    "challenge": gettext_lazy("要按提示转头"),
    "second_look": gettext_lazy("相符的也由人抽看"),
    "days": gettext_lazy("结业后第几天"),
    "outcome_months": gettext_lazy("成果统计窗口（结业后几个月内）"),
    ORDER: gettext_lazy("次序"),
}
"""By the field's name, by `Model.name` where the same name is another thing elsewhere."""

CHOICES: Final[Mapping[str, Words]] = {
    **{department.value: department.label for department in Department},
    "county": gettext_lazy("县级"),
    "town": gettext_lazy("镇级"),
    "village": gettext_lazy("村级"),
    "main": gettext_lazy("为主"),
    "emphasis": gettext_lazy("着重、重点"),
    "renci": gettext_lazy("人次（来一期算一次）"),
    "people": gettext_lazy("人数（不同的人）"),
    "start_up_rate": gettext_lazy("创业转化率（跟踪期满的结业学员）"),
    "employment_rate": gettext_lazy("就业率（跟踪期满的结业学员）"),
    "shop_growth": gettext_lazy("开店转化率比基年增长"),
    "village_reach": gettext_lazy("贫困村普及率"),
    "poor_training": gettext_lazy("贫困人口培训率"),
    "companies_online": gettext_lazy("触网企业家数"),
    "village_talent": gettext_lazy("有电商扶贫人才的贫困村"),
    "township_backbone": gettext_lazy("有电商骨干人才的乡镇"),
    "job_fairs": gettext_lazy("对接会场次"),
    "fair_trainees": gettext_lazy("参加对接会的学员"),
    "stated": gettext_lazy("由有关部门提供数据"),
    "institution": gettext_lazy("培训机构"),
    "bureau": gettext_lazy("商务局"),
    "system": gettext_lazy("系统自动生成"),
    "name": gettext_lazy("姓名"),
    "phone": gettext_lazy("联系电话"),
    "group": gettext_lazy("学员类别"),
    "address": gettext_lazy("住址（乡镇、村）"),
    "id_number": gettext_lazy("证件号码"),
    "persons": gettext_lazy("人物"),
    "background": gettext_lazy("背景"),
    "photographer": gettext_lazy("摄影者"),
    "evaluations": gettext_lazy("评价记录"),
    "completions": gettext_lazy("结业名单"),
    "follow_ups": gettext_lazy("训后跟踪记录"),
    "reuse": gettext_lazy("与别处相同的材料"),
    "none": gettext_lazy("不要求"),
    "scan": gettext_lazy("授课人、班主任签字的扫描件"),
    "scan_or_account": gettext_lazy("签字的扫描件，或用账号签认"),
    "denied": gettext_lazy("否认参训"),
    "clash": gettext_lazy("一人两处"),
    "twin": gettext_lazy("姓名、电话都相同"),
    "permanent": gettext_lazy("永久"),
    "years_30": gettext_lazy("30 年"),
    "years_10": gettext_lazy("10 年"),
    "never": gettext_lazy("不要"),
    "when_flagged": gettext_lazy("系统提示有疑点的才要"),
    "always": gettext_lazy("每一期都要"),
}

NAMING: Final = ("title", "metric", "name", "label", "word", "text")
"""Fields that an entry is called by, the first that it has."""

Names = Mapping[str, Mapping[str, str]]
"""Of each section that others refer to: code to name."""


def section_name(section: str) -> str:
    return str(SECTIONS.get(section, section))


def field_name(model: type[Model], name: str) -> str:
    """A field that nobody has named yet is called by its name in the file."""
    return str(FIELDS.get(f"{model.__name__}.{name}", FIELDS.get(name, name)))


def choice_name(code: str) -> str:
    return str(CHOICES.get(code, code))


def entry_name(entry: Any) -> str:
    """What an entry of a list is called; of a preset's or of a draft's."""
    known = entry if isinstance(entry, Mapping) else entry.__dict__
    for name in NAMING:
        if known.get(name):
            code = f"{known['code']} " if name == "title" and str(known.get("code", ""))[:1] in "AX" else ""
            return f"{code}{known[name]}"
    return choice_name(str(known.get("level") or known.get("code") or ""))


def names_in(rules: Mapping[str, Any]) -> Names:
    """Of a draft's body, which may lack anything."""
    return {
        section: {str(entry.get("code")): entry_name(entry) for entry in rules.get(section) or ()}
        for section in set(REFERENCES.values())
    }


def say(field: Field, value: Any, names: Names) -> str:
    """One value of a field, as people read it."""
    if value is None or value in ("", ()) or value == []:
        return _("没有")
    if field.many:
        return _("、").join(_say_one(field, each, names) for each in value)
    return _say_one(field, value, names)


def _say_one(field: Field, value: Any, names: Names) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if field.share:
        return _("%(share)s %%") % {"share": percent(value)}
    if field.money:
        return _("%(amount)s 万元") % {"amount": wan(value)}
    if field.is_model:
        more = _("；").join(details(field.kind, value, names))
        name = entry_name(value)
        return _("%(name)s（%(more)s）") % {"name": name, "more": more} if more else name
    if field.name in REFERENCES:
        return names.get(REFERENCES[field.name], {}).get(value, str(value))
    return choice_name(value) if field.choices else _plainly(value)


def _plainly(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def percent(share: float) -> str:
    return f"{(Decimal(str(share)) * 100).normalize():f}"


def summary(model: type[Model], value: Any, names: Names) -> Iterator[str]:
    """What an entry says, field by field, without what it leaves out; of a preset's or of a draft's."""
    return _summary(model, value, names, without=frozenset())


def details(model: type[Model], value: Any, names: Names) -> Iterator[str]:
    """The same of an entry of a list without its code and what it is called by."""
    known = value if isinstance(value, Mapping) else value.__dict__
    naming = next((name for name in NAMING if known.get(name)), "level")
    return _summary(model, value, names, without=frozenset({"code", naming}))


def _summary(model: type[Model], value: Any, names: Names, *, without: frozenset[str]) -> Iterator[str]:
    known = value if isinstance(value, Mapping) else value.__dict__
    for field in fields_of(model):
        said = known.get(field.name)
        if field.name not in without and said not in (None, "", (), [], False, field.default):
            yield _("%(field)s：%(value)s") % {
                "field": field_name(model, field.name),
                "value": say(field, said, names),
            }


# Changes


@dataclass(frozen=True)
class Said:
    """A change in words. `path` is blank where a whole section changed, a value where there was, or is, nothing."""

    section: str
    path: str
    before: str
    after: str


def changes_in_words(before: Preset, after: Preset) -> list[Said]:
    old, new = names_in(before.model_dump(mode="json")), names_in(after.model_dump(mode="json"))
    return [
        Said(
            section_name(change.section),
            _(" › ").join(_step(step) for step in change.steps[1:]),
            _value(change.steps, change.before, old),
            _value(change.steps, change.after, new),
        )
        for change in changes(before, after)
    ]


def _step(step: Step) -> str:
    if step.entry is not None:
        return str(step.entry) if isinstance(step.entry, Clause | Confirmation) else entry_name(step.entry)
    return field_name(step.of or Model, step.name)


def _value(steps: Sequence[Step], value: Any, names: Names) -> str:
    if value is None:
        return ""
    if isinstance(value, Clause | Confirmation):
        return str(value)
    last = steps[-1]
    if isinstance(value, Model):
        saying = details if last.entry is not None else summary
        return _("；").join(saying(type(value), value, names)) or entry_name(value)
    if last.name == ORDER:
        return _("、").join(map(entry_name, value))
    fields = {field.name: field for field in fields_of(last.of)} if last.of else {}
    if last.name in fields:
        return say(fields[last.name], value, names)
    return _where_it_stands(last, value)


def _where_it_stands(step: Step, value: Any) -> str:
    """Of a rule's own fields, and of what is in no section."""
    if isinstance(value, tuple):
        return _("、").join(field_name(step.of or Model, name) for name in value)
    return _plainly(value)
