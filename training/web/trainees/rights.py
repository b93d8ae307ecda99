"""Rights requests as their pages show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from training.attendance.queries import completion_detail
from training.core import clock
from training.core.actor import Actor
from training.people.choices import OPEN_REQUESTS, Education, RightsKind, RightsStatus
from training.people.models import RightsRequest, Trainee
from training.people.queries import answer_rule, found, is_named_elsewhere
from training.people.rules import Verdict, deletion_verdicts
from training.programmes.preset import RightsRule
from training.scheduling.choices import SessionStatus

IDENTITY_NOTE = _(
    "先弄清楚是不是本人，再给看、给改、给删。受托来办的，核对委托书和双方证件；不复印、不拍照身份证。"
)
ANSWER_NOTES = {
    RightsKind.COPY: _("先在上一页下载副本，当面交给本人或按本人说的方式交付，再写答复。"),
    RightsKind.EXPLAIN: _("先在上一页打印计算说明，给本人讲清楚，再写答复。"),
    RightsKind.CORRECT: _(
        "改前、改后和答复都留在这份请求里。已封存的培训档案仍是当时的姓名：档案和上面的签名不能改，以这份更正记录为凭。"
    ),
    RightsKind.DELETE: _("删除后找不回来。哪些删、哪些依法要留，上一页逐项写着，一并告诉本人。"),
    RightsKind.RESTRICT: _(
        "从现在起只保存：不联系、不更新、不登记类别，各项单独同意一并结束。签到和档案照常保存。"
    ),
}
WORDS = {
    "phone": _("手机号"),
    "groups": _("学员库里登记的学员类别和证明材料"),
    "agreement": _("各项单独同意（一并撤回；终端里的肖像下次联网时删除）"),
    "name": _("姓名"),
    "number": _("身份证号"),
    "place": _("乡镇、村"),
    "roster": _("名册上的姓名、号码、住址、类别"),
    "attendance": _("签到记录和签到名册、结业结果"),
    "outcome": _("回访记录和就业创业成果"),
    "answers": _("同意、撤回和权利请求的记录"),
    "trail": _("操作记录"),
}
REASONS = {
    "name": _(
        "名册是培训档案，按档案法第十四条、第二十一条不得改动、销毁；改为只保存、不再使用（个人信息保护法第四十七条第二款）"
    ),
    "number": _("同上：名册和签到名册要靠它对上本人"),
    "place": _("同上"),
    "roster": _("培训档案（九项之七），发过补贴的保存 30 年"),
    "attendance": _("培训档案（九项之八），发过补贴的保存 30 年"),
    "outcome": _("财政资金绩效的依据，随项目资料保存"),
    "answers": _("证明处理合法、答复及时，至少保存三年（个人信息保护法第五十六条）"),
    "trail": _("安全审计要求，改动、删除都查得出来（个人信息保护法第五十一条、第五十四条）"),
}
FIELDS = {
    "name": _("姓名"),
    "phone": _("手机号"),
    "township": _("乡镇"),
    "village": _("村（社区）"),
    "education": _("文化程度"),
    "employer": _("工作单位（站点、企业）"),
    "employer_uscc": _("单位统一社会信用代码"),
}


def request_of(pk: int, actor: Actor) -> RightsRequest:
    related = ("trainee__programme", "received_by", "handler")
    request: RightsRequest = RightsRequest.objects.select_related(*related).fetch(actor, pk=pk)
    return request


def listed(actor: Actor, *, q: str = "", kind: str = "", state: str = "") -> QuerySet[Any]:
    """What is due first; without a `state` those that wait."""
    rows = RightsRequest.objects.visible_to(actor).select_related("trainee", "handler")
    if q:
        rows = rows.filter(trainee__in=found(Trainee.objects.visible_to(actor), q).values("pk"))
    if kind:
        rows = rows.filter(kind=kind)
    if state in ("", "overdue"):
        rows = rows.filter(status__in=OPEN_REQUESTS)
    if state == "overdue":
        rows = rows.filter(due_on__lt=clock.today())
    if state in RightsStatus.values:
        rows = rows.filter(status=state)
    return rows.order_by("due_on", "pk")


COLUMNS = (
    _("姓名"),
    _("请求"),
    _("收到日期"),
    _("答复期限"),
    _("状态"),
    _("已超期"),
    _("经办"),
)


def file_lines(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS; without what was asked and answered, which are kept encrypted."""
    for row in rows:
        yield (
            row.trainee.name,
            row.get_kind_display(),
            row.received_on,
            row.due_on,
            row.get_status_display(),
            _("是") if row.is_overdue else "",
            row.handler or "",
        )


@dataclass(frozen=True)
class Item:
    """One thing that is held: what becomes of it, and why it stays."""

    what: Any
    stays: bool
    why: Any


@dataclass(frozen=True)
class Change:
    field: Any
    before: str
    after: str


@dataclass(frozen=True)
class RequestPage:
    term: RightsRule
    items: list[Item]
    changes: list[Change]
    sealed: list[str]


def page_of(request: RightsRequest) -> RequestPage:
    deletes = request.kind == RightsKind.DELETE
    return RequestPage(
        term=answer_rule(request.trainee, request.received_on),
        items=[_item(verdict) for verdict in _verdicts(request)] if deletes else [],
        changes=[
            Change(FIELDS[field], _shown(field, before), _shown(field, after))
            for field, (before, after) in json.loads(request.changes or "{}").items()
        ],
        sealed=_sealed(request.trainee) if request.kind == RightsKind.CORRECT else [],
    )


def _shown(field: str, value: str) -> str:
    return str(Education(value).label) if field == "education" and value else value


def _verdicts(request: RightsRequest) -> tuple[Verdict, ...]:
    """What was done, or what would be done now."""
    if request.status == RightsStatus.ANSWERED:
        return deletion_verdicts(on_record="roster" in request.kept)
    return deletion_verdicts(on_record=is_named_elsewhere(request.trainee))


def _item(verdict: Verdict) -> Item:
    return Item(WORDS[verdict.code], verdict.stays, REASONS.get(verdict.code, "") if verdict.stays else "")


def _sealed(trainee: Trainee) -> list[str]:
    """Sessions whose archive keeps the name as it was."""
    closed = (SessionStatus.ARCHIVED, SessionStatus.CLAIMED)
    rows = trainee.enrolments.filter(training_session__status__in=closed)
    return list(rows.order_by("pk").values_list("training_session__code", flat=True))


def explained(trainee: Trainee) -> Iterator[Any]:
    """Session by session; what was cancelled was never computed."""
    rows = trainee.enrolments.select_related("training_session__institution", "training_session__rule_set")
    held = rows.exclude(training_session__status=SessionStatus.CANCELLED)
    return (completion_detail(enrolment) for enrolment in held.order_by("training_session__pk"))
