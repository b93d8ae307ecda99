"""What was not held as approved stands in the dossier: A5 says how, A7 lists who came and left."""

from __future__ import annotations

import subprocess
from datetime import time
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.conftest import CLASS_DAY
from tests.machine import POPPLER
from tests.training.dossiers.packages import build_pdf
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.core import clock as product_clock
from training.dossiers.compile import compile_facts
from training.dossiers.models import Dossier
from training.enrolment.roster_changes import remove_person
from training.scheduling.changes import approve_lesson_change, decline_change, request_lesson_change
from training.scheduling.services import approve_session, submit_session

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER


def move_afternoon(county: Any, start: time, end: time) -> Any:
    lesson = county.session.lessons.get(sequence=2)
    return request_lesson_change(
        lesson.pk,
        on=CLASS_DAY,
        start=start,
        end=end,
        instructor_id=lesson.instructor_id,
        venue_id=lesson.venue_id,
        reason="停电",
        actor=county.actor(CLERK),
    )


def test_changes_and_the_change_list_of_the_roster_stand_in_the_dossier(
    county: Any, clock: Any, tmp_path: Path
) -> None:
    submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    refused = move_afternoon(county, time(17, 0), time(19, 15))
    decline_change(refused.pk, reason="太晚", actor=county.actor(REVIEWER))
    wanted = move_afternoon(county, time(14, 30), time(16, 45))
    approve_lesson_change(wanted.pk, actor=county.actor(REVIEWER))
    gone = county.session.enrolments.get(number=12)
    remove_person(gone.pk, reason="住院", actor=county.actor(CLERK))
    hold_and_close(county, clock)

    facts = compile_facts(Dossier.objects.get(training_session=county.session), as_of=product_clock.now())

    venue = "石城县电商公共服务中心三楼教室"
    assert facts.changes == (
        f"“电商交易安全”：原批准 2021-05-18 14:00–16:15，授课人王思敏，{venue}；"
        f"变更为 2021-05-18 14:30–16:45，授课人王思敏，{venue}。原因：停电。"
        "邓经办申请，温审核于 2021-05-18 08:40 批准。",
    )
    [change] = facts.roster_changes
    assert (change.kind, change.number, change.name, change.reason, change.made_by, change.approved_by) == (
        "退出", 12, gone.trainee.name, "住院", "邓经办", "",
    )  # fmt: skip
    assert 12 not in {row.number for row in facts.roster}
    if POPPLER.here():
        path = tmp_path / "dossier.pdf"
        path.write_bytes(build_pdf(facts, None, Path(settings.FONTS_DIR)))
        text = subprocess.run(
            ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert "批准以后的增减" in text
        assert "机构自行增减" in text
        assert "无变更" not in text
