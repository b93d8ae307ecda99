"""What the papers around a session say, read for the PDF that draws them; in the county's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.attendance.rules import hours
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidTransitionError
from training.dossiers.compile import cost_lines
from training.dossiers.pdf.printed import long_day
from training.dossiers.pdf.session_papers import (
    ApplicationPaper,
    ApprovalPaper,
    LessonLine,
    NoticePaper,
    Paper,
    PaperFacts,
    RosterLine,
    RosterPaper,
    build_paper,
)
from training.enrolment.choices import ON_ROSTER, RosterChangeKind
from training.enrolment.models import Enrolment
from training.enrolment.permissions import group_names, may_see_numbers
from training.enrolment.roster_changes import changes_in_force, frozen_size
from training.enrolment.services import note_groups_shown
from training.scheduling.choices import ChangeStatus, SessionStatus
from training.scheduling.models import TrainingSession
from training.scheduling.queries import other_forms
from training.scheduling.verification import token_of

OFF: Final = frozenset({SessionStatus.CANCELLED, SessionStatus.STOPPED})


def session_of(pk: int, actor: Actor) -> Any:
    """With all that any of the papers says."""
    people = Enrolment.objects.filter(ON_ROSTER).select_related("trainee").order_by("number")
    related = ("institution__programme", "agreement__fund_line", "rule_set", "submitted_by", "approved_by")
    rows = TrainingSession.objects.select_related(*related, "reviewed_by").prefetch_related(
        "lessons__instructor", "lessons__venue", "budget_lines", Prefetch("enrolments", people, "on_roster")
    )
    return rows.fetch(actor, pk=pk)


def _made(paper: Paper) -> bytes:
    return build_paper(paper, Path(settings.FONTS_DIR))


def _facts(session: Any) -> PaperFacts:
    return paper_facts(
        session,
        state=session.get_status_display() if session.status in OFF else "",
        verify_url=_verify_url(session) if session.approval_number else "",
    )


def dossier_facts(dossier: Any) -> PaperFacts:
    """Of a paper about a dossier: its code leads to the dossier's public page."""
    site = settings.PUBLIC_URL.rstrip("/")
    page = reverse("public-dossier", args=[dossier.public_token])
    return paper_facts(dossier.training_session, verify_url=site + page)


def paper_facts(session: Any, *, verify_url: str, state: str = "") -> PaperFacts:
    programme = session.institution.programme
    return PaperFacts(
        mark=programme.mark_text,
        phones="　".join(programme.phones),
        printed=stamp(clock.now()),
        county=programme.county,
        programme=programme.name,
        code=session.code,
        title=session.title,
        institution=session.institution.name,
        state=state,
        verify_url=verify_url,
    )


def _verify_url(session: TrainingSession) -> str:
    site: str = settings.PUBLIC_URL.rstrip("/")
    return site + reverse("public-session", args=[session.code, token_of(session)])


def stamp(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _lessons(session: Any) -> tuple[LessonLine, ...]:
    rule = session.rule_set.rules.attendance
    return tuple(
        LessonLine(
            lesson.sequence,
            f"{lesson.on}",
            f"{localtime(lesson.starts_at):%H:%M}–{localtime(lesson.ends_at):%H:%M}",
            lesson.topic,
            lesson.instructor.name,
            lesson.venue.name,
            hours(lesson.minutes, rule),
        )
        for lesson in session.lessons.all()
    )


@override(settings.LANGUAGE_CODE)
def application(session: Any) -> bytes:
    """开班申请/审批表; while it is a draft, for signing before it is handed in."""
    rules = session.rule_set.rules
    total = hours(sum(lesson.minutes for lesson in session.lessons.all()), rules.attendance)
    about = (
        ("期　　号", session.code),
        ("培训名称", session.title),
        ("培训机构", session.institution.name),
        ("信用代码", session.institution.uscc),
        ("课程类别", rules.category(session.category).name),
        ("班　　型", rules.class_type(session.class_type).name),
        ("培训形式", rules.form(session.form).name),
        ("学　　时", total),
        ("资金条线", session.agreement.fund_line.name),
        ("协议文件", session.agreement.number),
        ("名册人数", _by_group(session)),
        ("班 主 任", session.class_manager),
        *_besides(session),
    )
    plan = (
        ("培训对象", session.audience),
        ("培训目标", session.goals),
        ("培训内容", session.content),
        ("考核方式", session.assessment),
    )
    return _made(
        ApplicationPaper(
            _facts(session), about, plan, _lessons(session), tuple(_opinions(session)), cost_lines(session)
        )
    )


def _besides(session: Any) -> Iterator[tuple[str, str]]:
    """What a plan may leave out, as far as it doesn't."""
    facts = (
        ("授课方式", session.get_delivery_display()),
        ("其他形式", other_forms(session)),
        ("主办单位", session.organiser_department),
        ("举办乡镇", session.township),
        ("其他经费", session.external_funding),
    )
    return ((label, said) for label, said in facts if said)


def _by_group(session: Any) -> str:
    names = {group.code: group.name for group in session.rule_set.rules.groups}
    counted = Counter(names.get(place.group, _("未分类")) for place in session.on_roster)
    parts = "、".join(f"{name} {count}" for name, count in counted.most_common())
    return f"{len(session.on_roster)} 人（{parts}）" if parts else "0 人"


def _opinions(session: Any) -> Iterator[tuple[str, str]]:
    yield "培训机构", _said("提交申请", session.submitted_by, session.submitted_at)
    yield "商务局审核员", _said("审核同意", session.reviewed_by, session.reviewed_at)
    approved = _said("批准开班", session.approved_by, session.approved_at)
    number = f"　批准文号 {session.approval_number}" if session.approval_number else ""
    yield "商务局批准", approved + number


def _said(what: str, who: Any, at: datetime | None) -> str:
    return f"{who}　{stamp(at)}　{what}（系统记录）" if who else ""


def _demand_approved(session: Any) -> None:
    if not session.approval_number:
        raise InvalidTransitionError(_("还没有批准，没有可打印的通知。"))


@override(settings.LANGUAGE_CODE)
def approval(session: Any) -> bytes:
    """批准通知. Raises InvalidTransitionError before there is an approval."""
    _demand_approved(session)
    changed = session.change_requests.filter(status=ChangeStatus.APPROVED, lesson__isnull=False).exists()
    return _made(
        ApprovalPaper(
            _facts(session),
            session.approval_number,
            long_day(localtime(session.approved_at).date()),
            len(session.on_roster),
            _lessons(session),
            changed,
        )
    )


@override(settings.LANGUAGE_CODE)
def notice(session: Any) -> bytes:
    """开班通知 for trainees: time, place, what to bring, whom to call."""
    _demand_approved(session)
    lessons = session.lessons.all()
    venues = {lesson.venue.name: lesson.venue.address for lesson in lessons}
    return _made(
        NoticePaper(
            _facts(session),
            session.approval_number,
            _lessons(session),
            tuple(f"{name}：{address}" for name, address in venues.items()),
            tuple(_bring(session, lessons)),
            _contact(session),
        )
    )


def _bring(session: Any, lessons: Iterable[Any]) -> Iterator[str]:
    yield "带本人身份证，进教室刷证签到，离开前签退；不能由别人代签。"
    if any(lesson.practical for lesson in lessons):
        yield "有实操课，请带能上网的手机。"
    if session.uses_face:
        yield "人脸比对须本人单独同意，不同意的只刷身份证，签到效力一样。"
    yield "有事不能来的，请在开课前告诉培训机构。"


def _contact(session: Any) -> str:
    institution = session.institution
    phone = f"　{institution.phone}" if institution.phone else ""
    return f"{institution.name}　班主任 {session.class_manager}{phone}"


@override(settings.LANGUAGE_CODE)
def roster(session: Any, actor: Actor) -> bytes:
    """培训人员名册; numbers in full only for `may_see_numbers`, and each such paper is on record."""
    full = may_see_numbers(actor, session)
    lines = tuple(_lines(session, group_names(session, actor), full=full))
    made = _made(RosterPaper(_facts(session), lines, _changes(session), board=False))
    note_groups_shown(session, session.on_roster, actor=actor)
    record(actor, "roster.exported", session, full=full, form="pdf")
    return made


@override(settings.LANGUAGE_CODE)
def roster_board(session: Any) -> bytes:
    """For posting: masked numbers, no telephones and no groups, whoever prints it."""
    return _made(
        RosterPaper(_facts(session), tuple(_lines(session, {}, full=False)), _changes(session), board=True)
    )


def _lines(session: Any, names: Mapping[str, str], *, full: bool) -> Iterator[RosterLine]:
    for place in session.on_roster:
        person = place.trainee
        yield RosterLine(
            str(place.number),
            person.name,
            person.get_sex_display(),
            person.id_number if full else person.masked_id_number,
            person.phone if full else person.masked_phone,
            f"{person.township} {person.village}",
            names.get(place.group, ""),
        )


def _changes(session: TrainingSession) -> str:
    """What happened to the roster since it was approved."""
    kinds = list(changes_in_force(session).values_list("kind", flat=True))
    if not session.approval_number:
        return "名册还没有经商务局批准。"
    if not kinds:
        return "名册与批准时相同。"
    added = kinds.count(RosterChangeKind.ADDED)
    frozen = frozen_size(session)
    return f"批准时 {frozen} 人，其后增加 {added} 人、退出 {len(kinds) - added} 人，原因见增减记录。"
