"""Everything that is held about one person, for this person (PIPL art. 45): to read, and for a program."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

from django.template.loader import render_to_string
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from training.attendance.queries import completion_detail
from training.certificates.models import Certificate
from training.core import clock
from training.core.actor import Actor
from training.enrolment.models import Application
from training.people.models import Trainee
from training.people.queries import group_book
from training.selfservice.models import SelfLink
from training.web.audit.words import ROLES

Section = tuple[str, list[dict[str, Any]]]


def personal_copy(trainee: Trainee, actor: Actor) -> bytes:
    """A ZIP of the same content twice: JSON, and a page that any browser opens and prints."""
    sections = list(sections_of(trainee))
    made = {
        "made_at": _moment(clock.now()),
        "programme": trainee.programme.name,
        "handed_over_by": actor.name,
    }
    data = {"about": made, "held": dict(sections)}
    page = render_to_string("trainees/copy.html", {"sections": sections, "made": made, "trainee": trainee})
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_("个人信息副本.json"), json.dumps(data, ensure_ascii=False, indent=2))
        archive.writestr(_("个人信息副本.html"), page)
    return target.getvalue()


def sections_of(trainee: Trainee, *, masked: bool = False) -> Iterator[Section]:
    """What is held, by subject; `masked` hides the middle of the numbers, for a page on somebody's phone."""
    yield _("基本信息"), [_particulars(trainee, masked=masked)]
    yield _("学员类别"), list(_groups(trainee))
    yield _("单独同意"), list(_consents(trainee))
    yield _("参加的培训"), list(_places(trainee))
    yield _("签到"), list(_attendance(trainee))
    yield _("训后跟踪"), list(_contacts(trainee))
    yield _("就业创业成果"), list(_outcomes(trainee))
    yield _("农户网销"), list(_sales(trainee))
    yield _("电商人才"), list(_titles(trainee))
    yield _("用工对接会"), list(_fairs(trainee))
    yield _("结业证书"), list(_certificates(trainee))
    yield _("自己的页面"), list(_own_links(trainee))
    yield _("报名"), list(_applications(trainee, masked=masked))
    yield _("权利请求"), list(_requests(trainee))
    yield _("谁看过"), list(_looks(trainee))


def _moment(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _particulars(trainee: Trainee, *, masked: bool) -> dict[str, Any]:
    return {
        _("姓名"): trainee.name,
        _("身份证号"): trainee.masked_id_number if masked else trainee.id_number,
        _("性别"): trainee.get_sex_display(),
        _("出生日期"): trainee.born_on.isoformat(),
        _("手机号"): trainee.masked_phone if masked else trainee.phone,
        _("电话核实时间"): _moment(trainee.phone_verified_at),
        _("不再联系"): _("是") if trainee.do_not_contact else _("否"),
        _("乡镇"): trainee.township,
        _("村（社区）"): trainee.village,
        _("文化程度"): trainee.get_education_display(),
        _("工作单位（站点、企业）"): trainee.employer,
        _("单位统一社会信用代码"): trainee.employer_uscc,
        _("登记时间"): _moment(trainee.known_at),
        _("限制处理"): _moment(trainee.restricted_at),
    }


def _groups(trainee: Trainee) -> Iterator[dict[str, Any]]:
    words = group_book(trainee.programme_id)
    for group in trainee.groups.all():
        yield {
            _("学员类别"): words[group.code].name if group.code in words else group.code,
            _("状态"): group.get_status_display(),
            _("依据"): group.get_evidence_display(),
            _("来源"): group.source,
            _("数据截至"): group.as_of.isoformat(),
            _("有效期止"): group.valid_until.isoformat() if group.valid_until else "",
            _("填报时间"): _moment(group.claimed_at),
            _("核实时间"): _moment(group.decided_at),
            _("不符的原因"): group.reason,
        }


def _consents(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for consent in trainee.consents.select_related("text").order_by("pk"):
        yield {
            _("用途"): consent.get_purpose_display(),
            _("回答"): _("同意") if consent.given else _("不同意"),
            _("方式"): consent.get_channel_display(),
            _("见证人"): consent.witness,
            _("记录时间"): _moment(consent.recorded_at),
            _("撤回时间"): _moment(consent.withdrawn_at),
            _("告知书版本"): consent.text_version,
            _("告知书"): consent.text.body if consent.text else "",
        }


def _enrolments(trainee: Trainee) -> Iterable[Any]:
    rows = trainee.enrolments.select_related(
        "training_session__institution", "training_session__rule_set", "completion"
    )
    return rows.order_by("training_session__pk", "pk")


def _places(trainee: Trainee) -> Iterator[dict[str, Any]]:
    words = group_book(trainee.programme_id)
    for place in _enrolments(trainee):
        session, completion = place.training_session, getattr(place, "completion", None)
        yield {
            _("期号"): session.code,
            _("名称"): session.title,
            _("培训机构"): session.institution.name,
            _("名册序号"): place.number,
            _("学员类别"): words[place.group].name if place.group in words else place.group,
            _("状态"): place.get_status_display(),
            _("结业说明"): completion.explanation if completion else "",
        }


def _attendance(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for place in _enrolments(trainee):
        for line in completion_detail(place).lessons:
            yield {
                _("期号"): place.training_session.code,
                _("课次"): line.lesson.sequence,
                _("专题"): line.lesson.topic,
                _("应上课"): f"{_moment(line.lesson.starts_at)}–{localtime(line.lesson.ends_at):%H:%M}",
                _("签到"): _moment(line.presence.signed_in_at),
                _("签退"): _moment(line.presence.signed_out_at),
                _("有效分钟"): line.minutes,
            }


def _contacts(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for place in trainee.enrolments.prefetch_related("follow_ups__contacts"):
        for follow_up in place.follow_ups.all():
            for contact in follow_up.contacts.all():
                yield {
                    _("联系时间"): _moment(contact.made_at),
                    _("联系方式"): contact.get_method_display(),
                    _("结果"): contact.get_result_display(),
                    _("情况记录"): contact.note,
                }


def _outcomes(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for place in trainee.enrolments.prefetch_related("outcomes"):
        for outcome in place.outcomes.all():
            yield {
                _("成果类型"): outcome.get_kind_display(),
                _("开始日期"): outcome.started_on.isoformat(),
                _("用人单位、经营主体或学校"): outcome.organisation,
                _("岗位或专业"): outcome.post,
                _("店铺链接"): outcome.shop_url,
                _("说明"): outcome.description,
                _("状态"): outcome.get_status_display(),
            }


def _sales(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for row in trainee.household_sales.filter(withdrawn_at__isnull=True):
        yield {
            _("平台"): row.get_platform_display(),
            _("从哪个月"): f"{row.starts_on:%Y-%m}",
            _("几个月"): row.months,
            _("销售额（元）"): f"{row.amount_fen / 100:.2f}",
            _("卖什么"): row.product,
            _("销售数量"): row.amount_sold,
            _("增收（元）"): f"{row.gain_fen / 100:.2f}" if row.gain_fen is not None else "",
            _("数据来源"): row.source,
        }


def _titles(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for row in trainee.designations.select_related("region"):
        yield {
            _("称号"): row.get_kind_display(),
            _("村或乡镇"): row.region.name,
            _("认定日期"): row.from_on.isoformat(),
            _("撤销日期"): row.until_on.isoformat() if row.until_on else "",
        }


def _fairs(trainee: Trainee) -> Iterator[dict[str, Any]]:
    rows = trainee.fair_attendances.select_related("fair").prefetch_related("intentions__post__employer")
    for row in rows:
        yield {
            _("对接会"): row.fair.title,
            _("日期"): row.fair.on.isoformat(),
            _("依据"): str(row.source.label),
            _("签到时间"): _moment(row.signed_in_at),
            _("作废的原因"): row.void_reason,
            _("意向"): [
                f"{one.post.employer.name} {one.post.title} {one.get_status_display()}"
                for one in row.intentions.all()
            ],
        }


def _certificates(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for one in Certificate.objects.filter(enrolment__trainee=trainee).order_by("pk"):
        yield {
            _("证书编号"): one.number,
            _("姓名"): one.name,
            _("发证时间"): _moment(one.issued_at),
            _("状态"): one.get_status_display(),
            _("撤销或换发的原因"): one.end_reason,
        }


def _own_links(trainee: Trainee) -> Iterator[dict[str, Any]]:
    """When they were handed out and opened. What the person rated is kept without knowing whose it is."""
    links = SelfLink.objects.filter(enrolment__trainee=trainee).select_related("enrolment__training_session")
    for link in links.order_by("pk"):
        yield {
            _("期号"): link.enrolment.training_session.code,
            _("怎样交给本人"): link.get_channel_display(),
            _("发出时间"): _moment(link.issued_at),
            _("使用时间"): _moment(link.used_at),
            _("核对错误次数"): link.wrong_answers,
        }


def _applications(trainee: Trainee, *, masked: bool) -> Iterator[dict[str, Any]]:
    """What the same number put itself forward with, in this programme."""
    rows = Application.objects.filter(
        id_hash=trainee.id_hash, call__training_session__institution__programme=trainee.programme_id
    )
    for application in rows.select_related("call__training_session"):
        yield {
            _("期号"): application.call.training_session.code,
            _("报名时间"): _moment(application.applied_at),
            _("状态"): application.get_status_display(),
            _("手机号"): application.masked_phone if masked else application.phone,
            _("文化程度"): application.get_education_display(),
            _("工作单位（站点、企业）"): application.employer,
            _("原因"): application.reason,
        }


def _requests(trainee: Trainee) -> Iterator[dict[str, Any]]:
    for request in trainee.rights_requests.order_by("pk"):
        yield {
            _("请求"): request.get_kind_display(),
            _("本人的要求"): request.asked,
            _("收到日期"): request.received_on.isoformat(),
            _("答复期限"): request.due_on.isoformat(),
            _("状态"): request.get_status_display(),
            _("答复"): request.answer,
        }


def _looks(trainee: Trainee) -> Iterator[dict[str, Any]]:
    """By role: who receives personal information is told, which colleague it was is not."""
    for look in trainee.looks.all():
        yield {
            _("时间"): _moment(look.at),
            _("身份"): str(ROLES.get(look.role, look.role)),
            _("看了什么"): look.get_kind_display(),
            _("事由"): look.reason,
        }
