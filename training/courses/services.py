"""Writing courses, taking an outline through approval, keeping courseware."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.files import PAPERS, keep_upload
from training.courses.choices import OUTLINE_EDITABLE, OUTLINE_OPEN, CoursewareStatus, OutlineStatus
from training.courses.models import Course, Courseware, Outline, OutlineRow
from training.courses.rules import OutlineLine
from training.institutions.models import Institution
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.programmes.queries import rule_set_on

COURSE_FIELDS = ("title", "category", "objective", "groups", "class_types")


# Courses


@transaction.atomic
def add_course(institution_id: int, *, course: Mapping[str, Any], actor: Actor) -> Course:
    """A course with a first, empty version of its outline. `course` holds COURSE_FIELDS."""
    demand(actor, "outline.manage")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    _refuse_twin(institution, course["title"])
    made: Course = Course.objects.create(
        institution=institution, **{name: course[name] for name in COURSE_FIELDS}
    )
    Outline.objects.create(course=made, version=1)
    record(actor, "course.added", made)
    return made


@transaction.atomic
def revise_course(course_id: int, *, course: Mapping[str, Any], actor: Actor) -> Course:
    """What an approved outline says stays as it is: topics and hours are the outline's."""
    demand(actor, "outline.manage")
    kept: Course = Course.objects.lock(actor, pk=course_id)
    _refuse_twin(kept.institution, course["title"], besides=kept.pk)
    if course["category"] != kept.category and kept.outlines.filter(status=OutlineStatus.APPROVED).exists():
        raise InvalidInputError(_("大纲已按原来的类别批准，类别不能再改。请另建一门课程。"))
    for name in COURSE_FIELDS:
        setattr(kept, name, course[name])
    kept.save(update_fields=list(COURSE_FIELDS))
    record(actor, "course.revised", kept)
    return kept


@transaction.atomic
def retire_course(course_id: int, *, actor: Actor) -> Course:
    """停用: no new session is planned by it; those that were stay as they are. Twice changes nothing."""
    demand(actor, "outline.manage")
    course: Course = Course.objects.lock(actor, pk=course_id)
    if course.outlines.filter(status=OutlineStatus.SUBMITTED).exists():
        raise InvalidTransitionError(_("大纲正在审批，等有了结果再停用。"))
    if course.retired_at is None:
        course.retired_at = clock.now()
        course.save(update_fields=["retired_at"])
        record(actor, "course.retired", course)
    return course


@transaction.atomic
def restore_course(course_id: int, *, actor: Actor) -> Course:
    """恢复使用, with the outlines it had."""
    demand(actor, "outline.manage")
    course: Course = Course.objects.lock(actor, pk=course_id)
    if course.retired_at is not None:
        course.retired_at = None
        course.save(update_fields=["retired_at"])
        record(actor, "course.restored", course)
    return course


def _refuse_twin(institution: Institution, title: str, besides: int = 0) -> None:
    if institution.courses.filter(title=title).exclude(pk=besides).exists():
        raise InvalidInputError(_("已经有一门叫“%(title)s”的课程。") % {"title": title})


# Outlines


@transaction.atomic
def draft_outline(course_id: int, *, actor: Actor) -> Outline:
    """The next version, with the rows of the last to start from; the one already at work if there is one."""
    demand(actor, "outline.manage")
    course: Course = Course.objects.lock(actor, pk=course_id)
    if course.retired_at is not None:
        raise InvalidTransitionError(_("课程已停用，先恢复使用再改大纲。"))
    newest: Outline | None = course.outlines.order_by("-version").first()
    if newest and newest.status in OUTLINE_OPEN:
        return newest
    outline: Outline = Outline.objects.create(course=course, version=newest.version + 1 if newest else 1)
    if newest:
        _put(outline, newest.rows.all())
    record(actor, "outline.drafted", outline)
    return outline


def _put(outline: Outline, lines: Any) -> None:
    outline.rows.all().delete()
    OutlineRow.objects.bulk_create(
        OutlineRow(
            outline=outline,
            sequence=sequence,
            topic=line.topic,
            hours=line.hours,
            practical=line.practical,
            method=line.method,
            aims=line.aims,
        )
        for sequence, line in enumerate(lines, 1)
    )


def _locked_outline(outline_id: int, actor: Actor) -> Outline:
    outline: Outline = Outline.objects.select_related("course__institution").lock(actor, pk=outline_id)
    return outline


@transaction.atomic
def write_outline(
    outline_id: int,
    *,
    lines: Sequence[OutlineLine],
    changes: str = "",
    file: tuple[str, bytes] | None = None,
    actor: Actor,
) -> Outline:
    """These rows, and only these; without a new file the attached one stays.

    Raises InvalidInputError for a topic that stands there twice in the same way, and
    InvalidTransitionError once the version was handed in: an approved one is never edited.
    """
    demand(actor, "outline.manage")
    outline = _locked_outline(outline_id, actor)
    if outline.status not in OUTLINE_EDITABLE:
        raise InvalidTransitionError(_("这一版大纲已经提交，不能再改。要改动请另起新版本。"))
    _refuse_twice(lines)
    _put(outline, lines)
    outline.changes = changes.strip()
    if file:
        outline.file = keep_upload(*file, allow=PAPERS, actor=actor)
    outline.save(update_fields=["changes", "file"])
    record(actor, "outline.written", outline, rows=len(lines))
    return outline


def _refuse_twice(lines: Sequence[OutlineLine]) -> None:
    for key, count in Counter(line.key for line in lines).items():
        if count > 1:
            twin = next(line for line in lines if line.key == key)
            raise InvalidInputError(_("%(line)s写了两行，请合并成一行。") % {"line": str(twin)})


@transaction.atomic
def submit_outline(outline_id: int, *, actor: Actor) -> Outline:
    """送审, to the bureau. Raises InvalidInputError for one without a topic."""
    demand(actor, "outline.manage")
    outline = _locked_outline(outline_id, actor)
    if not outline.rows.exists():
        raise InvalidInputError(_("还不能提交：大纲里一个专题也没有。"))
    outline.submitted_by_id = actor.user_id
    outline.submitted_at = clock.now()
    outline.save(update_fields=["submitted_by", "submitted_at"])
    outline.enter(OutlineStatus.SUBMITTED)
    institution = outline.course.institution.name
    _tell(Kind.OUTLINE_SUBMITTED, outline, BUREAU_ROLES, actor, outline=str(outline), institution=institution)
    record(actor, "outline.submitted", outline)
    return outline


@transaction.atomic
def return_outline(outline_id: int, *, reason: str, actor: Actor) -> Outline:
    """Back to the institution, with what is to be put right."""
    demand(actor, "outline.approve")
    outline = _locked_outline(outline_id, actor)
    outline.return_reason = _reason(reason)
    outline.save(update_fields=["return_reason"])
    outline.enter(OutlineStatus.RETURNED)
    _tell(Kind.OUTLINE_RETURNED, outline, INSTITUTION_ROLES, actor, outline=str(outline))
    record(actor, "outline.returned", outline, reason=outline.return_reason)
    return outline


@transaction.atomic
def approve_outline(outline_id: int, *, actor: Actor) -> Outline:
    """From here on sessions may be planned by it. Never by whoever handed it in."""
    demand(actor, "outline.approve")
    outline = _locked_outline(outline_id, actor)
    if actor.user_id is not None and actor.user_id == outline.submitted_by_id:
        raise ForbiddenError(_("提交人不能批准自己的大纲。"))
    outline.approved_by_id = actor.user_id
    outline.approved_at = clock.now()
    outline.return_reason = ""
    outline.save(update_fields=["approved_by", "approved_at", "return_reason"])
    outline.enter(OutlineStatus.APPROVED)
    _tell(Kind.OUTLINE_APPROVED, outline, INSTITUTION_ROLES, actor, outline=str(outline))
    record(actor, "outline.approved", outline)
    return outline


def _tell(
    kind: Kind, subject: Outline | Courseware, roles: Collection[Role], actor: Actor, **params: str
) -> None:
    notify(kind, subject, roles=roles, actor=actor, **params)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidInputError(_("请写明原因，让机构知道改什么。"))
    return reason.strip()


# Courseware


@transaction.atomic
def add_courseware(
    institution_id: int, *, topic: str, title: str, file: tuple[str, bytes], actor: Actor
) -> Courseware:
    """Keep a piece of courseware; the same topic and title again becomes the next version.

    Where the programme wants courseware approved, it goes to the bureau at once.
    """
    demand(actor, "session.plan")
    institution: Institution = Institution.objects.lock(actor, pk=institution_id)
    return _keep(institution, topic, title, file, actor)


@transaction.atomic
def add_version(courseware_id: int, *, file: tuple[str, bytes], actor: Actor) -> Courseware:
    """The next version of a piece of courseware, also from the instructor who teaches with it."""
    demand(actor, "courseware.add")
    piece: Courseware = Courseware.objects.fetch(actor, pk=courseware_id)
    institution = Institution.objects.lock(SYSTEM, pk=piece.institution_id)
    return _keep(institution, piece.topic, piece.title, file, actor)


def _keep(
    institution: Institution, topic: str, title: str, file: tuple[str, bytes], actor: Actor
) -> Courseware:
    newest = institution.courseware.filter(topic=topic, title=title).aggregate(newest=Max("version"))[
        "newest"
    ]
    planning = rule_set_on(institution.programme, clock.today(), actor=actor).rules.planning
    courseware: Courseware = Courseware.objects.create(
        institution=institution,
        topic=topic,
        title=title,
        version=(newest or 0) + 1,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
        status=CoursewareStatus.SUBMITTED if planning.courseware_approval else CoursewareStatus.KEPT,
    )
    if courseware.status == CoursewareStatus.SUBMITTED:
        _tell_the_bureau(courseware, actor)
    record(actor, "courseware.added", courseware)
    return courseware


@transaction.atomic
def submit_courseware(courseware_id: int, *, actor: Actor) -> Courseware:
    """Ask the bureau to approve what was uploaded before the programme asked for that."""
    demand(actor, "session.plan")
    courseware: Courseware = Courseware.objects.lock(actor, pk=courseware_id)
    courseware.enter(CoursewareStatus.SUBMITTED)
    _tell_the_bureau(courseware, actor)
    record(actor, "courseware.submitted", courseware)
    return courseware


def _tell_the_bureau(courseware: Courseware, actor: Actor) -> None:
    said = {"courseware": str(courseware), "institution": courseware.institution.name}
    _tell(Kind.COURSEWARE_SUBMITTED, courseware, BUREAU_ROLES, actor, **said)


@transaction.atomic
def approve_courseware(courseware_id: int, *, actor: Actor) -> Courseware:
    """审定: from now on it may be pinned where the rules demand that."""
    demand(actor, "courseware.approve")
    return _decide(courseware_id, CoursewareStatus.APPROVED, "", actor)


@transaction.atomic
def return_courseware(courseware_id: int, *, reason: str, actor: Actor) -> Courseware:
    """Not to be taught with; what is put right is the next version."""
    demand(actor, "courseware.approve")
    return _decide(courseware_id, CoursewareStatus.RETURNED, _reason(reason), actor)


def _decide(courseware_id: int, to: CoursewareStatus, reason: str, actor: Actor) -> Courseware:
    courseware: Courseware = Courseware.objects.lock(actor, pk=courseware_id)
    courseware.decided_by_id = actor.user_id
    courseware.decided_at = clock.now()
    courseware.reason = reason
    courseware.save(update_fields=["decided_by", "decided_at", "reason"])
    courseware.enter(to)
    approved = to == CoursewareStatus.APPROVED
    told = Kind.COURSEWARE_APPROVED if approved else Kind.COURSEWARE_RETURNED
    _tell(told, courseware, INSTITUTION_ROLES, actor, courseware=str(courseware))
    record(actor, "courseware.approved" if approved else "courseware.returned", courseware, reason=reason)
    return courseware


@transaction.atomic
def withdraw_courseware(courseware_id: int, *, reason: str, actor: Actor) -> Courseware:
    """No session will be taught with it any more; refused while one is pinned to it. The file stays."""
    demand(actor, "session.plan")
    courseware: Courseware = Courseware.objects.lock(actor, pk=courseware_id)
    if pinned := courseware.training_sessions.order_by("pk").values_list("code", flat=True):
        raise InvalidInputError(
            _("这一版已经用于%(sessions)s，不能撤下。") % {"sessions": _("、").join(pinned)}
        )
    courseware.reason = _reason(reason)
    courseware.save(update_fields=["reason"])
    courseware.enter(CoursewareStatus.WITHDRAWN)
    record(actor, "courseware.withdrawn", courseware, reason=courseware.reason)
    return courseware
