"""What the blank paper register says, read for the PDF that draws it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime

from training.dossiers.pdf.paper_register import PaperLine, PaperRegister, PaperSheet, build_paper_register
from training.scheduling.models import TrainingSession
from training.web.attendance.queries import half_days_of, roster_of


def blank_sheets(session: TrainingSession) -> bytes:
    """The PDF for all half-days; each row's code opens the page where it is keyed in."""
    lessons, roster = list(session.lessons.select_related("venue")), roster_of(session)
    rules, server = session.rule_set.rules, settings.PUBLIC_URL.rstrip("/")
    sheets = [
        PaperSheet(
            on=on,
            half_day=half_day,
            lessons=tuple(
                f"{localtime(lesson.starts_at):%H:%M}–{localtime(lesson.ends_at):%H:%M}　{lesson.topic}　{lesson.instructor}"
                for lesson in lessons
                if (lesson.on, lesson.half_day) == (on, half_day)
            ),
            lines=tuple(
                PaperLine(
                    row.number, row.trainee.name, row.trainee.masked_id_number,
                    f"{server}{reverse('register-row', args=[row.pk])}?half_day={on}-{half_day}",
                )
                for row in roster
            ),
            url=f"{server}{reverse('register-paper', args=[session.pk])}?half_day={on}-{half_day}",
        )
        for on, half_day in half_days_of(session)
    ]  # fmt: skip
    register = PaperRegister(
        mark=rules.mark_at(lesson.venue.level for lesson in lessons),
        session=session.code,
        title=session.title,
        institution=session.institution.name,
        phones="　".join(map(str, rules.phones)),
        sheets=tuple(sheets),
    )
    return build_paper_register(register, Path(settings.FONTS_DIR))
