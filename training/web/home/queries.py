"""What waits for whom."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, FINANCE_ROLES, INSTITUTION_ROLES, AccountState, Role
from training.accounts.permissions import READERS, may
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.claims.choices import ClaimStatus
from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.followup.choices import OutcomeStatus
from training.followup.models import Outcome
from training.followup.queries import open_follow_ups
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Institution
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.web.attendance.forms import Trouble, Waits
from training.web.attendance.queries import lost_to_decide, search_corrections, unsaid
from training.web.institution.queries import Todo, sessions_to_do
from training.web.people.forms import NO_FACTOR
from training.web.people.queries import listed
from training.web.stations.queries import in_need


@dataclass(frozen=True)
class Waiting:
    """So many of something; `href` shows exactly them."""

    count: int
    what: str
    hint: str
    href: str


def waiting_for(actor: Actor) -> list[Waiting]:
    """By role, in the order in which work goes on; what stands in the way of the next class first."""
    if actor.role in INSTITUTION_ROLES:
        return [*_stations(actor), *_numbers(actor), *_for_institution(actor), *_corrections(actor)]
    if actor.role in BUREAU_ROLES:
        return [*_stations(actor), *_numbers(actor), *_for_bureau(actor)]
    if actor.role == Role.FOLLOW_UP:
        return _for_follow_up(actor)
    if actor.role in READERS:
        return _for_auditor(actor)
    if actor.role in FINANCE_ROLES:
        return _for_finance(actor)
    if actor.role == Role.ADMIN:
        return _for_administrator(actor)
    return []


def _stations(actor: Actor) -> list[Waiting]:
    """Only when something is wrong: a station that is well is nobody's work."""
    count = in_need(actor)
    listed = f"{reverse('stations')}?status=active&health=urgent"
    hint = _("课前处理还来得及，点开看是哪一台、怎么办")
    return [Waiting(count, _("签到终端要处理"), hint, listed)] if count else []


def _numbers(actor: Actor) -> list[Waiting]:
    """Only when something is missing, as with the stations."""
    listed = reverse("chains")
    holes = len(unsaid(actor))
    lost = lost_to_decide(actor).count() if may(actor, "lost_range.decide") else 0
    rows = [
        Waiting(
            holes,
            _("终端记录缺号"),
            _("先让终端联网补传；确实传不上来的，作缺号说明"),
            f"{listed}?show={Trouble.UNSAID.value}",
        ),
        Waiting(
            lost,
            _("缺号说明待核准"),
            _("别人提出的，核准或写明不予核准"),
            f"{listed}?show={Trouble.FOR_ME.value}",
        ),
    ]
    return [row for row in rows if row.count]


def _corrections(actor: Actor) -> list[Waiting]:
    if not may(actor, "correction.decide"):
        return []
    count = search_corrections(actor, waits=Waits.FOR_ME).count()
    listed = f"{reverse('corrections')}?waits={Waits.FOR_ME.value}"
    return [Waiting(count, _("更正待核准"), _("别人提出的补签、纸质补录和作废"), listed)]


def _for_institution(actor: Actor) -> list[Waiting]:
    hints = {
        Todo.DRAFT: _("填好课程、名册和见证人，由机构负责人提交"),
        Todo.RETURNED: _("按商务局写的原因改好，再提交"),
        Todo.CLOSE: _("最后一次课已经结束，结课后才算人次"),
        Todo.ARCHIVE: _("补齐九项，由机构负责人提交商务局核验"),
        Todo.CLAIM: _("档案已封存，可以申领补贴"),
    }
    address = reverse("sessions")
    return [
        Waiting(sessions_to_do(actor, todo).count(), str(todo.label), hint, f"{address}?todo={todo.value}")
        for todo, hint in hints.items()
    ]


def _for_bureau(actor: Actor) -> list[Waiting]:
    sessions = TrainingSession.objects.visible_to(actor).filter(status=SessionStatus.SUBMITTED)
    institutions = Institution.objects.visible_to(actor).filter(status=InstitutionStatus.SUBMITTED)
    listed = reverse("bureau-sessions")
    return [
        Waiting(
            sessions.count(), _("开班申请待审批"), _("批准，或写明原因退回"), f"{listed}?status=submitted"
        ),
        *_corrections(actor),
        _dossiers(actor, DossierStatus.SUBMITTED, _("培训档案待核验"), _("逐项核验，齐全真实的封存")),
        *_held(actor),
        Waiting(
            institutions.count(),
            _("培训机构待入库"),
            _("证照有效的由负责人入库"),
            reverse("bureau-institutions"),
        ),
        _outcomes(actor),
    ]


def _dossiers(actor: Actor, status: DossierStatus, what: str, hint: str) -> Waiting:
    count = Dossier.objects.visible_to(actor).filter(status=status).count()
    return Waiting(count, what, hint, f"{reverse('bureau-sessions')}?dossier={status.value}")


def _held(actor: Actor) -> list[Waiting]:
    events = AttendanceEvent.objects.visible_to(actor).exclude(held_reason="")
    refused = HeldEnvelope.objects.visible_to(actor)
    return [
        Waiting(
            events.count(),
            _("签到记录没有计入"),
            _("签名有效，但人、时间或地点对不上"),
            reverse("bureau-held"),
        ),
        Waiting(
            refused.count(), _("签到记录不可信"), _("签名或内容有问题，没有入账"), reverse("bureau-refused")
        ),
    ]


def _outcomes(actor: Actor) -> Waiting:
    """Nobody verifies what they claimed themselves."""
    claimed = Outcome.objects.visible_to(actor).filter(status=OutcomeStatus.CLAIMED)
    others = claimed.exclude(claimed_by=actor.user_id)
    listed = f"{reverse('outcomes')}?status=claimed"
    return Waiting(others.count(), _("成果待核实"), _("别人申报的就业创业成果"), listed)


def _for_follow_up(actor: Actor) -> list[Waiting]:
    today = clock.today()
    owed = open_follow_ups(actor)
    overdue, due = owed.filter(due_on__lt=today), owed.filter(due_on=today)
    listed = reverse("followups")
    return [
        Waiting(overdue.count(), _("回访已超期"), _("先联系超期最久的"), f"{listed}?due=overdue"),
        Waiting(due.count(), _("今天应回访"), _("电话、上门或微信"), f"{listed}?due=today"),
        _outcomes(actor),
    ]


def _for_auditor(actor: Actor) -> list[Waiting]:
    sealed = _dossiers(actor, DossierStatus.SEALED, _("已封存的档案"), _("可查看、下载和独立验证"))
    return [sealed, *_held(actor)]


def _for_finance(actor: Actor) -> list[Waiting]:
    handed_in = Claim.objects.visible_to(actor).filter(status=ClaimStatus.SUBMITTED)
    hint = _("每一笔都点得开档案和证据")
    return [
        Waiting(handed_in.count(), _("补贴申领"), hint, reverse("bureau-claims")),
        _dossiers(actor, DossierStatus.SEALED, _("已封存的档案"), _("可查看、下载和独立验证")),
    ]


def _for_administrator(actor: Actor) -> list[Waiting]:
    address = reverse("accounts")
    return [
        Waiting(
            listed(actor, state=AccountState.INVITED).count(),
            _("账号还没设密码"),
            _("链接过期或丢了的，再发一个"),
            f"{address}?state={AccountState.INVITED.value}",
        ),
        Waiting(
            listed(actor, state=NO_FACTOR).count(),
            _("该设动态码还没设"),
            _("审批、封存和管账号的岗位，下次登录时会要求设置"),
            f"{address}?state={NO_FACTOR}",
        ),
    ]
