"""One trainee's hour on one page, from the approval to the money: each step with who, when and where to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from training.attendance.choices import CorrectionStatus
from training.attendance.models import AttendanceEvent, Completion, Correction
from training.attendance.queries import LessonDetail, completion_detail, prove
from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.dossiers.choices import DossierStatus
from training.enrolment.models import Enrolment, RosterChange
from training.people.services import note_page
from training.scheduling.models import Lesson


@dataclass(frozen=True)
class Line:
    """`digest` of a signed record; `odd` needs a person."""

    text: str
    href: str = ""
    digest: str = ""
    odd: bool = False


@dataclass(frozen=True)
class Step:
    """`who` and `at` are of the act that made it so; a step that did not happen has `missing`."""

    title: str
    who: str
    at: datetime | None
    href: str
    lines: tuple[Line, ...]
    missing: str = ""


@dataclass(frozen=True)
class Trace:
    enrolment: Enrolment
    lesson: Lesson
    lessons: tuple[Lesson, ...]
    steps: tuple[Step, ...]
    at: datetime


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    related = ("trainee", "training_session__institution__programme", "training_session__rule_set")
    more = ("training_session__approved_by", "training_session__agreement__fund_line")
    enrolment: Enrolment = Enrolment.objects.select_related(*related, *more).fetch(actor, pk=pk)
    return enrolment


def trace(enrolment: Enrolment, lesson: str, *, actor: Actor) -> Trace:
    """The first lesson where none is named; writes down that this actor looked at this person."""
    lessons = tuple(enrolment.training_session.lessons.select_related("instructor", "venue"))
    if not lessons:
        raise NotFoundError("lesson")
    hour = next((row for row in lessons if str(row.pk) == lesson), lessons[0])
    made = Trace(enrolment, hour, lessons, tuple(_steps(enrolment, hour, actor)), clock.now())
    note_page(enrolment.trainee, actor=actor)
    return made


def _steps(enrolment: Enrolment, lesson: Lesson, actor: Actor) -> Iterator[Step]:
    yield _approval(enrolment, lesson)
    yield _roster(enrolment)
    yield _events(enrolment, lesson)
    yield _register(enrolment, lesson)
    yield _completion(enrolment)
    yield _dossier(enrolment)
    yield _claim(enrolment, actor)


def _approval(enrolment: Enrolment, lesson: Lesson) -> Step:
    session: Any = enrolment.training_session
    starts, ends = localtime(lesson.starts_at), localtime(lesson.ends_at)
    planned = f"{lesson.on} {starts:%H:%M}–{ends:%H:%M} {lesson.topic} · {lesson.instructor.name} · {lesson.venue.name}"
    return Step(
        _("批准开班"),
        str(session.approved_by or ""),
        session.approved_at,
        reverse("bureau-session", args=[session.pk]),
        (
            Line(_("批准文号 %(number)s") % {"number": session.approval_number or "—"}),
            Line(_("第%(sequence)s课次：%(planned)s") % {"sequence": lesson.sequence, "planned": planned}),
        ),
        missing="" if session.approval_number else _("没有批准"),
    )


def _roster(enrolment: Enrolment) -> Step:
    """Frozen by the approval; a change since then is said with its reason."""
    session: Any = enrolment.training_session
    changes = RosterChange.objects.filter(enrolment=enrolment, effective_at__isnull=False)
    lines = [
        Line(
            _("名册第 %(number)s 号，%(status)s") % {"number": enrolment.number, "status": _status(enrolment)}
        )
    ]
    lines += [
        Line(
            _("批准后%(kind)s：%(reason)s（%(who)s，%(at)s）")
            % {
                "kind": change.get_kind_display(),
                "reason": change.reason,
                "who": change.made_by,
                "at": _moment(change.effective_at),
            },
            odd=True,
        )
        for change in changes.select_related("made_by").order_by("effective_at")
    ] or [Line(_("批准时就在名册上，此后没有增减"))]
    return Step(
        _("培训人员名册"),
        str(session.approved_by or ""),
        session.approved_at,
        reverse("bureau-session", args=[session.pk]) + "#roster",
        tuple(lines),
    )


def _status(enrolment: Any) -> str:
    return str(enrolment.get_status_display())


def _moment(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else "—"


def _events(enrolment: Enrolment, lesson: Lesson) -> Step:
    events = list(
        AttendanceEvent.objects.filter(enrolment=enrolment, lesson=lesson)
        .select_related("station", "training_session", "lesson")
        .order_by("captured_at", "seq")
    )
    corrected = Correction.objects.filter(
        enrolment=enrolment, lesson=lesson, status=CorrectionStatus.APPROVED
    )
    lines = [_event_line(event) for event in events]
    lines += [
        Line(
            _("%(kind)s %(at)s：%(reason)s（%(proposer)s提出，%(decider)s核准）")
            % {
                "kind": row.get_kind_display(),
                "at": _moment(row.happened_at),
                "reason": row.reason,
                "proposer": row.proposed_by,
                "decider": row.decided_by,
            },
            odd=True,
        )
        for row in corrected.select_related("proposed_by", "decided_by")
    ]
    first = events[0] if events else None
    return Step(
        _("签名记录"),
        str(first.station.name) if first else "",
        first.captured_at if first else None,
        reverse("attendance-person", args=[enrolment.pk]),
        tuple(lines),
        missing="" if lines else _("这一课次没有任何签到记录"),
    )


def _event_line(event: AttendanceEvent) -> Line:
    proof = prove(event)
    said: Any = event
    words = _("%(at)s %(kind)s %(method)s · %(station)s 第 %(seq)s 号 · %(proof)s") % {
        "at": f"{localtime(event.captured_at):%H:%M:%S}",
        "kind": said.get_kind_display(),
        "method": said.get_method_display(),
        "station": event.station.name,
        "seq": event.seq,
        "proof": _("签名有效") if proof.signature_ok else _("签名验证不通过"),
    }
    if event.held_reason:
        words = _("%(words)s · 没有计入：%(reason)s") % {
            "words": words,
            "reason": said.get_held_reason_display(),
        }
    return Line(
        words,
        reverse("bureau-event", args=[event.pk]),
        event.digest,
        odd=bool(event.held_reason) or not proof.signature_ok,
    )


def _register(enrolment: Enrolment, lesson: Lesson) -> Step:
    detail = completion_detail(enrolment)
    row = next((row for row in detail.lessons if row.lesson.pk == lesson.pk), None)
    href = reverse("register", args=[enrolment.training_session_id])
    if row is None or row.presence.signed_in_at is None:
        return Step(_("签到名册"), "", None, href, (), missing=_("签到名册上这一课次没有签到"))
    return Step(_("签到名册"), _("系统按签名记录汇总"), None, href, (_register_line(row),))


def _register_line(row: LessonDetail) -> Line:
    times = (
        f"{localtime(at):%H:%M}" if at else "—"
        for at in (row.presence.signed_in_at, row.presence.signed_out_at)
    )
    return Line(
        _("%(times)s，有效 %(minutes)s 分钟，%(verdict)s")
        % {
            "times": "–".join(times),
            "minutes": row.minutes,
            "verdict": _("这一课次计入") if row.counts else _("这一课次不计"),
        },
        odd=not row.counts,
    )


def _completion(enrolment: Enrolment) -> Step:
    found = Completion.objects.filter(enrolment=enrolment).select_related("rule_set").first()
    href = reverse("attendance-person", args=[enrolment.pk])
    if found is None:
        return Step(_("结业规则"), "", None, href, (), missing=_("还没有结课"))
    rule = _("规则第 %(version)s 版") % {"version": found.rule_set.version}
    return Step(
        _("结业规则"),
        _("系统按规则计算"),
        found.computed_at,
        href,
        (Line(found.explanation, odd=not found.completed), Line(rule)),
    )


def _dossier(enrolment: Enrolment) -> Step:
    dossier: Any = getattr(enrolment.training_session, "dossier", None)
    if dossier is None:
        href = reverse("bureau-session", args=[enrolment.training_session_id])
        return Step(_("培训档案"), "", None, href, (), missing=_("还没有结课"))
    href = reverse("bureau-dossier", args=[dossier.pk])
    if dossier.status != DossierStatus.SEALED:
        return Step(
            _("培训档案"), "", None, href, (), missing=_("还没有封存：%s") % dossier.get_status_display()
        )
    sealed = Line(_("清单 SHA-256"), href, dossier.manifest_sha256)
    return Step(_("培训档案"), str(dossier.sealed_by), dossier.sealed_at, href, (sealed,))


def _claim(enrolment: Enrolment, actor: Actor) -> Step:
    claims = Claim.objects.visible_to(actor).filter(dossier__training_session=enrolment.training_session_id)
    claim: Any = claims.select_related("created_by", "fund_line").first()
    completion = Completion.objects.filter(enrolment=enrolment, completed=True).exists()
    if claim is None:
        return Step(_("补贴申领"), "", None, reverse("claims"), (), missing=_("还没有申领"))
    counted = _("本人计入 1 人次") if completion else _("本人没有结业，不计入")
    return Step(
        _("补贴申领"),
        str(claim.created_by),
        claim.created_at,
        reverse("claim", args=[claim.pk]),
        (
            Line(
                _("%(line)s：%(renci)s 人次 × %(price).2f 元 = %(amount).2f 元，%(status)s")
                % {
                    "line": claim.fund_line.name,
                    "renci": claim.renci,
                    "price": claim.unit_price_fen / 100,
                    "amount": claim.amount_fen / 100,
                    "status": claim.get_status_display(),
                },
                reverse("claim", args=[claim.pk]),
            ),
            Line(counted, odd=not completion),
        ),
    )
