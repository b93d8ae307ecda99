"""Planning a session and taking it through approval."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.accounts.queries import class_managers
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.courses.choices import TEACHABLE, CoursewareStatus, OutlineStatus
from training.courses.models import Courseware, Outline
from training.institutions.guards import demand_agreement, demand_standing
from training.institutions.models import Agreement, Institution
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.scheduling.choices import EDITABLE, TAKES_COURSEWARE, SessionStatus
from training.scheduling.handing_in import gaps
from training.scheduling.lessons import editable, refuse, refuse_what_can_not_be, weigh
from training.scheduling.models import Lesson, TrainingSession, Witness
from training.scheduling.queries import check
from training.scheduling.rule_changes import demand_current_rules
from training.scheduling.signals import answers, session_approved, session_doubted

TWO_PLACES = frozenset({"instructor_taken", "instructor_elsewhere"})
PLAN_FIELDS = (
    "title",
    "category",
    "class_type",
    "form",
    "audience",
    "goals",
    "content",
    "assessment",
    "class_manager",
    "uses_face",
)
OPTIONAL_FIELDS: Final = (
    "manager_id",
    "delivery",
    "other_forms",
    "organiser_department",
    "township",
    "external_funding",
)
"""A plan may leave these out; a revision that does leaves them as they were."""


@transaction.atomic
def plan_session(
    institution_id: int, *, agreement_id: int, plan: Mapping[str, Any], actor: Actor
) -> TrainingSession:
    """Open a draft. `plan` holds PLAN_FIELDS; codes are those of the rule set in force today.

    It may name an approved outline of the institution by `outline_id`, and have OPTIONAL_FIELDS.
    """
    demand(actor, "session.plan")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    demand_standing(institution)
    agreement = Agreement.objects.fetch(actor, pk=agreement_id, institution=institution)
    rule_set = rule_set_on(institution.programme, clock.today(), actor=actor)
    _refuse_other_line(plan["class_type"], rule_set.rules, agreement)
    demand_agreement(agreement, plan["class_type"], rule_set.rules)
    number = (institution.training_sessions.aggregate(last=Max("number"))["last"] or 0) + 1
    session: TrainingSession = TrainingSession.objects.create(
        institution=institution,
        agreement=agreement,
        rule_set=rule_set,
        number=number,
        code=_session_code(institution, agreement, plan["category"]),
        created_by_id=actor.user_id,
        outline=_outline(plan, institution, actor),
        **{name: plan[name] for name in PLAN_FIELDS},
    )
    _take_optional(session, plan, actor)
    record(actor, "session.planned", session)
    return session


def _take_optional(session: TrainingSession, plan: Mapping[str, Any], actor: Actor) -> None:
    given = {name: plan[name] for name in OPTIONAL_FIELDS if name in plan}
    for name, value in given.items():
        setattr(session, name, value)
    known = {form.code for form in session.rule_set.rules.forms}
    if not known.issuperset(session.other_forms):
        raise InvalidInputError(_("其他培训形式里有本项目没有的形式。"))
    own = class_managers(actor).filter(institution_id=session.institution_id)
    if given.get("manager_id") and not own.filter(pk=given["manager_id"]).exists():
        raise InvalidInputError(_("带班的人不是本机构的班主任。"))
    session.save(update_fields=given)


def _outline(plan: Mapping[str, Any], institution: Institution, actor: Actor) -> Outline | None:
    """The version a session is pinned to; a later one does not change what was planned by this."""
    if not plan.get("outline_id"):
        return None
    own = {"pk": plan["outline_id"], "course__institution": institution}
    outline: Outline = Outline.objects.select_related("course").fetch(actor, **own)
    if outline.status != OutlineStatus.APPROVED:
        raise InvalidInputError(_("“%(outline)s”的大纲还没有批准，不能用来开班。") % {"outline": outline})
    if outline.course.retired_at is not None:
        raise InvalidInputError(_("课程“%(course)s”已停用，不能用来开班。") % {"course": outline.course})
    if outline.course.category != plan["category"]:
        raise InvalidInputError(_("大纲“%(outline)s”是另一个课程类别的。") % {"outline": outline})
    return outline


def _refuse_other_line(class_type: str, rules: Preset, agreement: Agreement) -> None:
    """One fund line a session: a class that one line pays for is not held under another's agreement."""
    kind = rules.class_type(class_type)
    if kind.fund_line != agreement.fund_line.code:
        raise InvalidInputError(
            _("“%(kind)s”由“%(line)s”支付，所选协议的资金条线是“%(other)s”。")
            % {
                "kind": kind.name,
                "line": rules.fund_line(kind.fund_line).name,
                "other": agreement.fund_line.name,
            }
        )


def _session_code(institution: Institution, agreement: Agreement, category: str) -> str:
    """SC-2020-RC-F-001: programme, line, category letter, running number in the programme."""
    prefix = f"{institution.programme.code}-{agreement.fund_line.code[:2].upper()}-{category[:1].upper()}-"
    taken = TrainingSession.objects.filter(code__startswith=prefix).values_list("code", flat=True)
    number = max((int(code.removeprefix(prefix)) for code in taken), default=0) + 1
    return f"{prefix}{number:03d}"


@transaction.atomic
def revise_plan(session_id: int, *, plan: Mapping[str, Any], actor: Actor) -> TrainingSession:
    """A draft or returned plan, from here on under the rules that are in force today."""
    session = editable(session_id, actor)
    session.rule_set = rule_set_on(session.institution.programme, clock.today(), actor=actor)
    _refuse_other_line(plan["class_type"], session.rule_set.rules, session.agreement)
    demand_agreement(session.agreement, plan["class_type"], session.rule_set.rules)
    for name in PLAN_FIELDS:
        setattr(session, name, plan[name])
    session.outline = _outline(plan, session.institution, actor)
    session.save(update_fields=[*PLAN_FIELDS, "outline", "rule_set"])
    _take_optional(session, plan, actor)
    record(actor, "session.plan_revised", session)
    return session


@transaction.atomic
def pin_courseware(session_id: int, courseware_ids: Iterable[int], *, actor: Actor) -> TrainingSession:
    """These versions, and only these, are what the session is taught with; until it is archived.

    Later than the plan, because a session that was approved without courseware must still be able to
    complete its archive.
    """
    demand(actor, "session.plan")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status not in TAKES_COURSEWARE:
        raise InvalidTransitionError(_("本期已归档，课件不能再换。"))
    dossier = getattr(session, "dossier", None)
    if dossier is not None and dossier.spares("A6"):
        raise InvalidTransitionError(_("商务局没有退回培训材料（A6），课件不能再换。"))
    chosen = Courseware.objects.visible_to(actor).filter(
        pk__in=list(courseware_ids), institution=session.institution_id
    )
    _refuse_unfit(chosen, session)
    session.courseware.set(chosen)
    record(actor, "session.courseware_pinned", session, courseware=[row.pk for row in chosen])
    return session


def _refuse_unfit(chosen: Iterable[Courseware], session: TrainingSession) -> None:
    """What the session was pinned to before stays usable, whatever became of the rules since."""
    demanded = session.rule_set.rules.planning.courseware_approval
    fit = {CoursewareStatus.APPROVED} if demanded else TEACHABLE
    pinned = set(session.courseware.values_list("pk", flat=True))
    for piece in chosen:
        if piece.status not in fit and piece.pk not in pinned:
            raise InvalidInputError(
                _("课件“%(piece)s”%(status)s，不能用于本期。")
                % {"piece": piece, "status": piece.get_status_display()}
            )


@transaction.atomic
def add_witness(session_id: int, *, name: str, post: str, pin: str, actor: Actor) -> Witness:
    """Name someone who may vouch at the station; the PIN is kept as a salted hash."""
    session = editable(session_id, actor)
    if not (pin.isascii() and pin.isdigit() and 6 <= len(pin) <= 12):
        raise InvalidInputError(_("见证码要 6 至 12 位数字。"))
    witness: Witness = Witness.objects.create(
        training_session=session, name=name, post=post, pin_hash=make_password(pin, hasher="pbkdf2_sha256")
    )
    record(actor, "witness.added", witness)
    return witness


@transaction.atomic
def submit_session(session_id: int, *, actor: Actor) -> TrainingSession:
    """开班申请. Raises InvalidInputError naming everything that is missing."""
    demand(actor, "session.submit")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status in EDITABLE:
        demand_current_rules(session, actor)
    lessons = _lessons(session)
    if found := gaps(session, lessons):
        raise InvalidInputError("\n".join(found))
    refuse_what_can_not_be(lessons, actor)
    session.submitted_by_id = actor.user_id
    session.submitted_at = clock.now()
    session.save(update_fields=["submitted_by", "submitted_at"])
    session.enter(SessionStatus.SUBMITTED)
    institution = session.institution.name
    _tell(Kind.SESSION_SUBMITTED, session, BUREAU_ROLES, actor=actor, institution=institution)
    record(actor, "session.submitted", session, rules=session.rule_set.version)
    return session


def _lessons(session: TrainingSession) -> list[Lesson]:
    """With all that they are judged by."""
    rows = session.lessons.select_related("instructor", "venue").prefetch_related("instructor__proofs")
    lessons = list(rows)
    for lesson in lessons:
        lesson.training_session = session
    return lessons


@transaction.atomic
def return_session(session_id: int, *, reason: str, actor: Actor) -> TrainingSession:
    """退回补正, with what is to be put right."""
    demand(actor, "session.approve")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明退回原因，让机构知道改什么。"))
    session.return_reason = reason.strip()
    session.reviewed_by = session.reviewed_at = None
    session.save(update_fields=["return_reason", "reviewed_by", "reviewed_at"])
    session.enter(SessionStatus.RETURNED)
    _tell(Kind.SESSION_RETURNED, session, INSTITUTION_ROLES, actor=actor)
    record(actor, "session.returned", session, reason=session.return_reason)
    return session


@transaction.atomic
def approve_session(session_id: int, *, actor: Actor) -> TrainingSession:
    """批准开班: freezes the roster and lets the institution's stations fetch it.

    What the software noticed when this person decided goes into the trail. Where the programme wants the
    head for a plan with doubts, the reviewer's consent only puts it before the head: the session that comes
    back is still SUBMITTED. Raises ClashError for people or an instructor who are to be in two places.
    """
    demand(actor, "session.approve")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if actor.user_id is not None and actor.user_id == session.submitted_by_id:
        raise ForbiddenError(_("提交人不能批准自己的申请。"))
    if actor.user_id is not None and actor.user_id == session.reviewed_by_id:
        raise ForbiddenError(_("您已经审核同意，请另一人批准。"))
    if session.reviewed_by_id is not None and actor.role != Role.BUREAU_HEAD:
        raise ForbiddenError(_("审核员已经同意，等负责人批准。"))
    if not session.may_enter(SessionStatus.APPROVED):
        session.enter(SessionStatus.APPROVED)  # says in words why not
    demand_standing(session.institution, session.lessons.values_list("on", flat=True))
    lessons = _lessons(session)
    elsewhere = [finding for said in check(lessons, actor) for finding in said if finding.code in TWO_PLACES]
    refuse([*elsewhere, *weigh(lessons, actor)])
    doubts = answers(session_doubted, session=session, actor=actor)
    if _needs_head(session, doubts):
        return _consent(session, doubts, actor)
    session.approved_by_id = actor.user_id
    session.approved_at = clock.now()
    session.approval_number = (
        f"{session.institution.programme.county}商务培〔{clock.today().year}〕{session.pk}号"
    )
    session.return_reason = ""
    session.save(update_fields=["approved_by", "approved_at", "approval_number", "return_reason"])
    session.enter(SessionStatus.APPROVED)
    session_approved.send(TrainingSession, session=session)
    _tell(Kind.SESSION_APPROVED, session, INSTITUTION_ROLES, actor=actor, number=session.approval_number)
    record(actor, "session.approved", session, number=session.approval_number, doubts=doubts)
    return session


def _needs_head(session: TrainingSession, doubts: list[str]) -> bool:
    """审核员, and 负责人 where there are doubts and the rules say so: nobody has consented yet, and there is something to it."""
    if session.reviewed_by_id is not None:
        return False
    return bool(doubts) and session.rule_set.rules.planning.head_approves_flagged


def _consent(session: TrainingSession, doubts: list[str], actor: Actor) -> TrainingSession:
    """The first of two: the head must be another person, so a head who was faster leaves it to the reviewer."""
    if actor.role == Role.BUREAU_HEAD:
        raise InvalidTransitionError(_("系统看到有疑问的地方，要先由审核员审核同意，再由负责人批准。"))
    session.reviewed_by_id = actor.person_id
    session.reviewed_at = clock.now()
    session.save(update_fields=["reviewed_by", "reviewed_at"])
    _tell(Kind.SESSION_REVIEWED, session, {Role.BUREAU_HEAD}, actor=actor)
    record(actor, "session.reviewed", session, doubts=doubts)
    return session


def _tell(
    kind: Kind, session: TrainingSession, roles: Collection[Role], *, actor: Actor, **more: str
) -> None:
    notify(kind, session, roles=roles, actor=actor, session=str(session), **more)
