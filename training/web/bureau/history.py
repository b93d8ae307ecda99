"""The audit trail in people's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import Role
from training.core.actor import Actor
from training.core.models import AuditEvent

VERBS: Mapping[str, Any] = {
    "claim.created": _("申领补贴"),
    "claim.refused": _("申领被拒绝"),
    "dossier.returned": _("退回补正"),
    "dossier.seal_failed": _("封存未成"),
    "dossier.sealed": _("封存完成"),
    "dossier.sealing": _("开始封存"),
    "dossier.submitted": _("提交核验"),
    "evidence.added": _("补充材料"),
    "evidence.photo_received": _("收到终端照片"),
    "evidence.withdrawn": _("撤下材料"),
    "proof.added": _("提交资质证明"),
    "proof.verified": _("核验资质证明"),
    "session.approved": _("批准开班"),
    "session.cancelled": _("取消"),
    "session.closed": _("结课"),
    "session.courseware_pinned": _("确定课件"),
    "session.plan_revised": _("修改计划"),
    "session.planned": _("制定计划"),
    "session.returned": _("退回开班申请"),
    "session.submitted": _("提交开班申请"),
    "station.code_issued": _("签发登记码"),
    "station.enrolled": _("登记"),
    "station.permitted": _("改变权限"),
    "station.renewal_code_issued": _("签发续用码"),
    "station.renewed": _("换新口令"),
    "station.revoked": _("停用"),
    "walk_in.revealed": _("查看证件信息"),
}
SPEAKS_FOR_ITSELF = frozenset(
    {
        "attendance.AttendanceEvent",
        "dossiers.Dossier",
        "scheduling.TrainingSession",
        "stations.Station",
        "stations.StationCode",
    }
)
ROLES = dict(Role.choices) | {"system": _("系统")}


@dataclass(frozen=True)
class Deed:
    at: datetime
    who: str
    role: Any
    what: Any
    subject: str  # empty for what the page itself is about
    reason: str


def deeds(subjects: Iterable[models.Model], actor: Actor) -> list[Deed]:
    """What was done to these rows, newest first."""
    rows = list(subjects)
    if not rows:
        return []
    about = reduce(or_, (Q(subject_type=row._meta.label, subject_id=str(row.pk)) for row in rows))
    return [_deed(event) for event in AuditEvent.objects.visible_to(actor).filter(about)]


def _deed(event: AuditEvent) -> Deed:
    reason = event.details.get("reason") or event.details.get("problem") or ""
    return Deed(
        at=event.at,
        who=event.actor_name,
        role=ROLES.get(event.role, event.role),
        what=VERBS.get(event.verb, event.verb),
        subject="" if event.subject_type in SPEAKS_FOR_ITSELF else event.subject,
        reason=str(reason),
    )
