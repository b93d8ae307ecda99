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
from training.complaints.queries import open_complaints
from training.core import clock
from training.core.actor import Actor
from training.courses.choices import CoursewareStatus, OutlineStatus
from training.courses.models import Courseware, Outline
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.enrolment.choices import CallStatus
from training.fairs.queries import checks_owed, to_confirm
from training.followup.choices import ReferralStatus
from training.followup.models import Referral
from training.followup.queries import open_follow_ups
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Institution
from training.institutions.queries import proofs_to_verify, standing_fault
from training.outcomes.choices import UNDECIDED
from training.outcomes.models import Outcome
from training.outcomes.queries import to_recheck
from training.people.queries import open_requests, overdue_requests, waiting_groups
from training.programmes.choices import RegionLevel
from training.programmes.models import Region
from training.reports.queries import overdue_obligations
from training.reports.rules import MEETINGS, MIDTERM
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.uploads.choices import ReuseStatus
from training.web.archives import queries as archives
from training.web.archives.forms import Due
from training.web.attendance.forms import Trouble, Waits
from training.web.attendance.queries import lost_to_decide, search_corrections, unsaid
from training.web.changes.queries import waiting as changes_waiting
from training.web.evidence.queries import open_pairs
from training.web.institution.queries import Todo, sessions_to_do
from training.web.institutions.forms import Alert
from training.web.institutions.queries import (
    endings,
    enough_institutions,
    institution_rows,
    stranded_sessions,
)
from training.web.instructors.queries import unjudged
from training.web.people.forms import NO_FACTOR
from training.web.people.queries import listed
from training.web.registration import queries as registration
from training.web.registration.queries import Show
from training.web.reports.queries import listed_towns
from training.web.reports.standing import TownState
from training.web.stations.queries import in_need
from training.web.teaching.forms import When
from training.web.teaching.queries import fault_of
from training.web.teaching.queries import lessons as taught_lessons


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
        return [
            *_standing(actor),
            *_stations(actor),
            *_numbers(actor),
            *_for_institution(actor),
            *_archives(actor),
            *_registration(actor, Show.TO_ACCEPT),
            *_returned_outlines(actor),
            *_corrections(actor),
            *_unjudged(actor),
        ]
    if actor.role == Role.INSTRUCTOR:
        return _for_instructor(actor)
    if actor.role in BUREAU_ROLES:
        return [
            *_stations(actor),
            *_numbers(actor),
            *_for_bureau(actor),
            *_archives(actor),
            *_registration(actor, Show.TO_REVIEW),
            *_overdue_rights(actor),
            *_complaints(actor),
            *_fairs(actor),
            *_unjudged(actor),
            *_obligations(actor),
        ]
    if actor.role == Role.TOWNSHIP:
        return [
            *_for_township(actor),
            *_archives(actor),
            _groups(actor),
            *_town_reports(actor, TownState.OPEN),
        ]
    if actor.role == Role.DATA_DEPARTMENT:
        return [_groups(actor)]
    if actor.role == Role.PRIVACY_OFFICER:
        return _for_privacy_officer(actor)
    if actor.role == Role.FOLLOW_UP:
        return [*_for_follow_up(actor), *_archives(actor)]
    if actor.role in READERS:
        return _for_auditor(actor)
    if actor.role in FINANCE_ROLES:
        return _for_finance(actor)
    if actor.role == Role.LEADING_GROUP:
        return [*_town_reports(actor), *_obligations(actor), _sealed(actor)]
    if actor.role == Role.ACCEPTANCE:
        return [_sealed(actor)]
    if actor.role == Role.ADMIN:
        return _for_administrator(actor)
    return []


def _unjudged(actor: Actor) -> list[Waiting]:
    """Only when there are any."""
    count = unjudged(actor).count()
    ours = may(actor, "evaluation.give")
    hint = _("每期结课后给授课人评分") if ours else _("收回的学员问卷，登记份数和平均分")
    return [Waiting(count, _("授课人待评价的期"), hint, reverse("evaluations-owed"))] if count else []


def _for_instructor(actor: Actor) -> list[Waiting]:
    fault, ahead = fault_of(actor), taught_lessons(actor, when=When.AHEAD).count()
    address = f"{reverse('taught-lessons')}?when={When.AHEAD}"
    rows = [
        Waiting(int(bool(fault)), _("现在不能授课"), fault, reverse("own-record")),
        Waiting(ahead, _("还没上的课"), _("时间、场地和名册人数"), address),
    ]
    return [row for row in rows if row.count] or rows[1:]


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
        Todo.ARCHIVE: _("补齐档案各项，由机构负责人提交商务局核验"),
        Todo.CLAIM: _("档案已封存，可以申领补贴"),
    }
    address = reverse("sessions")
    return [
        Waiting(sessions_to_do(actor, todo).count(), str(todo.label), hint, f"{address}?todo={todo.value}")
        for todo, hint in hints.items()
    ]


def _for_bureau(actor: Actor) -> list[Waiting]:
    sessions = TrainingSession.objects.visible_to(actor).filter(status=SessionStatus.SUBMITTED)
    return [
        Waiting(sessions.count(), _("开班申请待审批"), _("批准，或写明原因退回"), reverse("bureau-queue")),
        *_courses(actor),
        *_changes(actor),
        *_corrections(actor),
        _dossiers(actor, DossierStatus.SUBMITTED, _("培训档案待核验"), _("逐项核验，齐全真实的封存")),
        *_held(actor),
        *_reuses(actor),
        *_regions(actor),
        *_institutions(actor),
        _outcomes(actor),
        *_rechecks(actor),
    ]


def _regions(actor: Actor) -> list[Waiting]:
    """Until the county has given its list; then townships and villages are held against it."""
    if Region.objects.visible_to(actor).exclude(level=RegionLevel.COUNTY).exists():
        return []
    hint = _("导入乡镇、村名单以后，名册上的地名按名单核对")
    return [Waiting(1, _("行政区划未导入"), hint, reverse("regions"))]


def _reuses(actor: Actor) -> list[Waiting]:
    """Only when there are any: they stand in the way of A9."""
    count = open_pairs(actor)
    listed = f"{reverse('reuses')}?status={ReuseStatus.OPEN.value}"
    row = Waiting(count, _("重复使用的材料待核对"), _("同一文件或同一画面用在两处，并排看了再定"), listed)
    return [row] if count else []


def _courses(actor: Actor) -> list[Waiting]:
    """Only when there are any: most days nobody hands in an outline or courseware."""
    outlines = Outline.objects.visible_to(actor).filter(status=OutlineStatus.SUBMITTED)
    courseware = Courseware.objects.visible_to(actor).filter(status=CoursewareStatus.SUBMITTED)
    rows = [
        Waiting(
            outlines.count(),
            _("培训大纲待审批"),
            _("批准，或写明原因退回；批准的版本用来开班"),
            f"{reverse('outlines')}?status={OutlineStatus.SUBMITTED.value}",
        ),
        Waiting(
            courseware.count(),
            _("课件待审定"),
            _("审定，或写明原因退回"),
            f"{reverse('courseware')}?status={CoursewareStatus.SUBMITTED.value}",
        ),
    ]
    return [row for row in rows if row.count]


def _returned_outlines(actor: Actor) -> list[Waiting]:
    count = Outline.objects.visible_to(actor).filter(status=OutlineStatus.RETURNED).count()
    listed = f"{reverse('outlines')}?status={OutlineStatus.RETURNED.value}"
    row = Waiting(count, _("培训大纲被退回"), _("按商务局写的原因改好，再提交"), listed)
    return [row] if count and may(actor, "outline.manage") else []


def _institutions(actor: Actor) -> list[Waiting]:
    """Whoever waits to be admitted; the rest only when there is any."""
    rows = institution_rows(actor)
    listed = reverse("bureau-institutions")
    submitted = sum(row.standing == InstitutionStatus.SUBMITTED for row in rows)
    have, need = enough_institutions(actor)
    others = [
        Waiting(
            need - have,
            _("培训机构家数不足"),
            _("证照和协议都有效的 %(have)s 家，要求 %(need)s 家以上") % {"have": have, "need": need},
            f"{listed}?standing=admitted",
        ),
        Waiting(
            stranded_sessions(rows, actor),
            _("机构已暂停、还没上完的期"),
            _("暂停前批准的，请逐期决定"),
            f"{listed}?standing=suspended",
        ),
        *(
            Waiting(
                sum(alert in row.alerts for row in rows), str(alert.label), hint, f"{listed}?alert={alert}"
            )
            for alert, hint in (
                (Alert.VERIFY, _("打开扫描件核对，核验后才算数")),
                (Alert.AGREEMENT, _("双方签署的由负责人确认生效")),
                (Alert.EXPIRING, _("提醒机构提前换证，到期自动暂停")),
                (Alert.LOCAL, _("中标后要在当地登记注册")),
            )
        ),
        Waiting(
            proofs_to_verify(actor).count(),
            _("授课人资质证明待核验"),
            _("打开扫描件核对，或写明不通过的原因"),
            f"{reverse('proofs')}?state=pending",
        ),
    ]
    waits = Waiting(
        submitted, _("培训机构待入库"), _("证照有效的由负责人入库"), f"{listed}?standing=submitted"
    )
    return [waits, *(row for row in others if row.count > 0)]


def _standing(actor: Actor) -> list[Waiting]:
    """What stands between the institution and its next class; nothing when all is well."""
    if not may(actor, "institution.manage_papers"):
        return []
    institution = Institution.objects.visible_to(actor).prefetch_related("licences").first()
    if institution is None:
        return []
    fault, papers = standing_fault(institution), reverse("papers")
    ending = len(endings(actor))
    rows = [
        Waiting(int(bool(fault)), _("本机构现在不能开班"), fault, papers),
        Waiting(
            ending, _("证照、协议和证明将到期"), _("提前换好、上传，接续有效"), reverse("papers-expiring")
        ),
    ]
    return [row for row in rows if row.count]


def _archives(actor: Actor) -> list[Waiting]:
    """Only where something is missing that this side can do something about; what is overdue apart."""
    late, all_of_them = archives.overdue(actor), archives.todo(actor).count()
    listed = reverse("archive-todo")
    rows = [
        Waiting(
            late, _("档案已过期限"), _("先补逾期的，缺什么、由谁补都列出来了"), f"{listed}?due={Due.OVERDUE}"
        ),
        Waiting(all_of_them, _("档案缺材料的期"), _("到期以前补齐，到期前系统会提醒"), listed),
    ]
    return [row for row in rows if row.count]


def _changes(actor: Actor) -> list[Waiting]:
    """Only where some wait: most sessions are held as approved."""
    count = changes_waiting(actor).count()
    listed = f"{reverse('changes')}?status=requested"
    hint = _("课前要有答复，课次一开始就不能再变更")
    return [Waiting(count, _("变更申请待审"), hint, listed)] if count else []


def _dossiers(actor: Actor, status: DossierStatus, what: str, hint: str) -> Waiting:
    count = Dossier.objects.visible_to(actor).filter(status=status).count()
    listed = f"{reverse('bureau-sessions')}?dossier={status.value}"
    return Waiting(count, what, hint, reverse("desk") if status == DossierStatus.SUBMITTED else listed)


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
    undecided = Outcome.objects.visible_to(actor).filter(status__in=UNDECIDED)
    others = undecided.exclude(claimed_by=actor.user_id)
    listed = f"{reverse('outcomes')}?status=undecided"
    return Waiting(others.count(), _("成果待核实"), _("别人申报的就业创业成果"), listed)


def _rechecks(actor: Actor) -> list[Waiting]:
    count = to_recheck(actor, clock.today()).count()
    listed = reverse("outcome-rechecks")
    return [Waiting(count, _("成果待复核"), _("认定满 90 天，看看是否还在"), listed)] if count else []


def _fairs(actor: Actor) -> list[Waiting]:
    """Only where some wait; nobody confirms results that they registered themselves."""
    count = to_confirm(actor).count()
    listed = f"{reverse('fairs')}?status=registered"
    hint = _("90 天复核完、材料相符才计入")
    return [Waiting(count, _("对接会待确认计入"), hint, listed)] if count else []


def _placements(actor: Actor) -> list[Waiting]:
    """Only where some are due."""
    count = checks_owed(actor, clock.today()).count()
    hint = _("问是否仍在岗；90 天复核完对接会才能计入")
    return [Waiting(count, _("对接会录用待复核"), hint, reverse("fair-placements"))] if count else []


def _for_township(actor: Actor) -> list[Waiting]:
    listed = reverse("registration")
    return [
        Waiting(
            registration.waiting(actor, Show.TO_REVIEW).count(),
            _("报名待资格审核"),
            _("本乡镇的人自己报的名，核对后通过或写明原因"),
            f"{listed}?show={Show.TO_REVIEW.value}",
        ),
        Waiting(
            registration.calls(actor, status=CallStatus.OPEN).count(),
            _("正在报名的班"),
            _("可以推荐本乡镇的人，单个填或上传名单"),
            f"{listed}?status={CallStatus.OPEN.value}",
        ),
    ]


def _registration(actor: Actor, show: Show) -> list[Waiting]:
    """Only when somebody has applied."""
    hints = {
        Show.TO_REVIEW: _("没有填乡镇的报名由商务局审核"),
        Show.TO_ACCEPT: _("资格已通过，录取后进名册；提交开班申请以前办完"),
    }
    what = {Show.TO_REVIEW: _("报名待资格审核"), Show.TO_ACCEPT: _("报名待录取")}
    count, listed = registration.waiting(actor, show).count(), f"{reverse('registration')}?show={show.value}"
    return [Waiting(count, what[show], hints[show], listed)] if count else []


def _for_follow_up(actor: Actor) -> list[Waiting]:
    today = clock.today()
    owed = open_follow_ups(actor)
    overdue, due = owed.filter(next_on__lt=today), owed.filter(next_on=today)
    listed = reverse("followups")
    return [
        Waiting(overdue.count(), _("回访已超期"), _("先联系超期最久的"), f"{listed}?due=overdue"),
        Waiting(due.count(), _("今天应回访"), _("电话、上门或微信"), f"{listed}?due=today"),
        Waiting(
            Referral.objects.visible_to(actor).filter(status=ReferralStatus.OPEN).count(),
            _("转介等回音"),
            _("问一问办得怎么样，记下回音"),
            reverse("followup-referrals"),
        ),
        _outcomes(actor),
        *_rechecks(actor),
        *_placements(actor),
    ]


def _for_auditor(actor: Actor) -> list[Waiting]:
    return [_sealed(actor), *_held(actor)]


def _obligations(actor: Actor) -> list[Waiting]:
    """Only where the county's document wants them and they are late."""
    said = {
        MIDTERM: Waiting(
            1,
            _("中期评估还没有做"),
            _("项目实施过半；做一份绩效自评并定稿"),
            reverse("self-evaluations"),
        ),
        MEETINGS: Waiting(
            1, _("半年没有开领导小组会议"), _("每两个季度至少一次；开过的请登记"), reverse("meetings")
        ),
    }
    late = overdue_obligations(actor)
    return [row for code, row in said.items() if code in late]


def _town_reports(actor: Actor, *also: TownState) -> list[Waiting]:
    """Those that are overdue and, for whoever writes them, those that are due; only where there are any."""
    said = {
        TownState.MISSING: (_("乡镇月报未报"), _("过了期限还没有报；补报的标“迟报”")),
        TownState.OPEN: (_("乡镇月报待报"), _("数据已填好，写上文字就可以报送")),
    }
    rows = [
        Waiting(
            listed_towns(actor, state=state).count(), *said[state], f"{reverse('town-reports')}?state={state}"
        )
        for state in (TownState.MISSING, *also)
    ]
    return [row for row in rows if row.count]


def _sealed(actor: Actor) -> Waiting:
    return _dossiers(actor, DossierStatus.SEALED, _("已封存的档案"), _("可查看、下载和独立验证"))


def _for_finance(actor: Actor) -> list[Waiting]:
    handed_in = Claim.objects.visible_to(actor).filter(status=ClaimStatus.SUBMITTED)
    hint = _("每一笔都点得开档案和证据")
    return [
        Waiting(
            handed_in.count(), _("补贴申领"), hint, f"{reverse('claims')}?status={ClaimStatus.SUBMITTED}"
        ),
        _sealed(actor),
    ]


def _groups(actor: Actor) -> Waiting:
    return Waiting(
        waiting_groups(actor).count(),
        _("学员类别待核实"),
        _("对照名单或证件核实；核实了的，批准开班时才算数"),
        reverse("trainee-groups"),
    )


def _for_privacy_officer(actor: Actor) -> list[Waiting]:
    listed = reverse("rights")
    return [
        Waiting(
            overdue_requests(actor).count(),
            _("权利请求已超期"),
            _("先办超期最久的，答复里说明为什么晚了"),
            f"{listed}?state=overdue",
        ),
        Waiting(
            open_requests(actor).count(), _("权利请求待答复"), _("先核对身份，再在期限前答复本人"), listed
        ),
    ]


def _overdue_rights(actor: Actor) -> list[Waiting]:
    """Only when something is late: answering is the privacy officer's work, seeing to it the head's."""
    if not may(actor, "rights.view"):
        return []
    count = overdue_requests(actor).count()
    listed = f"{reverse('rights')}?state=overdue"
    hint = _("本人要求查阅、更正、删除的，已过答复期限，请督促个人信息保护负责人")
    return [Waiting(count, _("权利请求已超期"), hint, listed)] if count else []


def _complaints(actor: Actor) -> list[Waiting]:
    """Only when there are any."""
    count = open_complaints(actor).count()
    listed = f"{reverse('complaints')}?show=open"
    return [Waiting(count, _("意见、举报没有答复"), _("分办、核查、按期答复"), listed)] if count else []


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
