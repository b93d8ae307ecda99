"""The timetable on paper: A4, with the programme's mark and page x of y."""

from __future__ import annotations

from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate

from training.attendance.rules import hours
from training.core import clock
from training.dossiers import fonts
from training.dossiers.fonts import BOLD, REGULAR, visible
from training.dossiers.pdf.style import (
    BODY,
    BOTTOM,
    GREY,
    INK,
    LEFT,
    NOTE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    PART,
    RIGHT,
    RULE,
    SECTION,
    TOP,
    Column,
    paragraph,
    table,
)
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.queries import minutes_by_kind
from training.web.timetable.queries import lessons_of


class _Pages(Canvas):  # type: ignore[misc]
    """Draws mark, phones and page x of y on every page, once it knows how many there are."""

    def __init__(self, *args: Any, session: TrainingSession, mark: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._session, self._mark = session, mark
        self._waiting: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802
        self._waiting.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for state in self._waiting:
            self.__dict__.update(state)
            self._furniture(len(self._waiting))
            super().showPage()
        super().save()

    def _furniture(self, pages: int) -> None:
        rules, right = self._session.rule_set.rules, PAGE_WIDTH - RIGHT
        head, foot = PAGE_HEIGHT - TOP + 14, BOTTOM - 12
        printed = _("打印时间 %(at)s") % {
            "at": f"{clock.now().astimezone(ZoneInfo(rules.timezone)):%Y-%m-%d %H:%M}"
        }
        self.setStrokeColor(RULE)
        self.line(LEFT, head - 5, right, head - 5)
        self.line(LEFT, foot, right, foot)
        self.setFillColor(INK)
        self.setFont(BOLD, 8)
        self.drawString(LEFT, head, visible(self._mark))
        self.setFillColor(GREY)
        self.setFont(REGULAR, 8)
        self.drawRightString(right, head, visible(self._session.code))
        self.drawString(LEFT, foot - 12, visible(f"{'　'.join(map(str, rules.phones))}　{printed}"))
        self.drawRightString(
            right,
            foot - 12,
            _("第 %(page)s 页 / 共 %(pages)s 页") % {"page": self._pageNumber, "pages": pages},
        )


def timetable_sheet(session: TrainingSession) -> bytes:
    """One session's lessons by day, theory and practice apart."""
    fonts.register(Path(settings.FONTS_DIR))
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
        leftMargin=LEFT,
        rightMargin=RIGHT,
        topMargin=TOP,
        bottomMargin=BOTTOM,
        title=_("%(code)s课程安排") % {"code": session.code},
        lang="zh-CN",
        initialFontName=REGULAR,
    )
    lessons = lessons_of(session)
    mark = session.rule_set.rules.mark_at(lesson.venue.level for lesson in lessons)
    document.build(
        _body(session, lessons),
        canvasmaker=lambda *args, **said: _Pages(*args, session=session, mark=mark, **said),
    )
    return target.getvalue()


def _body(session: TrainingSession, lessons: list[Lesson]) -> list[Flowable]:
    body: list[Flowable] = [
        paragraph(_("课程安排"), PART),
        paragraph(f"{session.title}　{session.institution.name}", BODY),
        paragraph(_totals(session, lessons), NOTE),
    ]
    if not lessons:
        body.append(paragraph(_("这一期还没有课程安排。")))
    for on, rows in groupby(lessons, lambda lesson: lesson.on):
        body.append(paragraph(formats.date_format(on, "Y-m-d l"), SECTION))
        body += table(_columns(), [_cells(session, lesson) for lesson in rows])
    return body


def _totals(session: TrainingSession, lessons: list[Lesson]) -> str:
    minutes, unit = minutes_by_kind(lessons), session.rule_set.rules.attendance
    return _(
        "%(count)s 课次，%(total)s 学时：理论 %(theory)s，实操 %(practical)s（每学时 %(unit)s 分钟）"
    ) % {
        "count": len(lessons),
        "total": hours(sum(minutes.values()), unit),
        "theory": hours(minutes["theory"], unit),
        "practical": hours(minutes["practical"], unit),
        "unit": unit.unit_minutes,
    }


def _columns() -> list[Column]:
    return [
        Column(_("课次"), 32, "c"),
        Column(_("时间"), 70),
        Column(_("专题"), 0.4),
        Column(_("课型"), 34, "c"),
        Column(_("授课人"), 60),
        Column(_("场地"), 0.6),
    ]


def _cells(session: TrainingSession, lesson: Lesson) -> list[str]:
    zone = ZoneInfo(session.rule_set.rules.timezone)
    start, end = lesson.starts_at.astimezone(zone), lesson.ends_at.astimezone(zone)
    return [
        str(lesson.sequence),
        f"{start:%H:%M}–{end:%H:%M}",
        lesson.topic,
        _("实操") if lesson.practical else _("理论"),
        lesson.instructor.name,
        lesson.venue.name,
    ]
