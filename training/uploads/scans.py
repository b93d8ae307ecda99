"""Paper registers that came back: handed in as one scan, each page put into its archive by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock, files
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, TrainingError
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence
from training.institutions.models import Institution
from training.scheduling.choices import HalfDay
from training.scheduling.models import TrainingSession
from training.uploads.choices import Found
from training.uploads.models import RegisterScan, ScannedPage
from training.uploads.pages import page_alone


@dataclass(frozen=True)
class Destination:
    session_id: int
    on: date
    half_day: str


def add_scan(institution_id: int, *, file: tuple[str, bytes], device: str = "", actor: Actor) -> RegisterScan:
    """Keep the scan as it came; its codes are read in the background."""
    from training.uploads.tasks import read_scan  # noqa: PLC0415  the task calls back into this room

    demand(actor, "evidence.add")
    institution = Institution.objects.fetch(actor, pk=institution_id)
    checked = files.check(*file, allow=files.PAPERS)
    with transaction.atomic():
        stored = files.keep(*file, content_type=checked.content_type, actor=actor)
        scan: RegisterScan = RegisterScan.objects.create(
            institution=institution, file=stored, device=device[:200]
        )
        transaction.on_commit(partial(read_scan.enqueue, scan.pk))
        record(actor, "register_scan.added", scan, sha256=stored.sha256)
    return scan


def place_pages(scan_id: int, *, pages: Mapping[int, Destination], actor: Actor) -> tuple[int, list[str]]:
    """Put each page (by its id) into the archive it belongs to, as evidence of A8.

    Every page is judged by itself: gives how many were placed, and in words what stood in the way of others.
    """
    demand(actor, "evidence.add")
    scan = RegisterScan.objects.select_related("file").fetch(actor, pk=scan_id)
    data, placed, refused = files.read(scan.file), 0, []
    for page in scan.pages.filter(pk__in=pages, evidence=None, set_aside_at=None):
        try:
            _place(page, data, pages[page.pk], actor)
            placed += 1
        except TrainingError as refusal:
            refused.append(_("第 %(page)s 页：%(problem)s") % {"page": page.number, "problem": refusal})
    return placed, refused


def _place(page: Any, data: bytes, to: Destination, actor: Actor) -> None:
    if page.found == Found.NOT_YOURS:
        raise InvalidInputError(_("这一页不属于您的单位，不能归档。"))
    session: TrainingSession = TrainingSession.objects.fetch(
        actor, pk=to.session_id, institution=page.scan.institution_id
    )
    lesson = next((row for row in session.lessons.filter(on=to.on) if row.half_day == to.half_day), None)
    if lesson is None:
        raise InvalidInputError(_("这一期在那个半天没有课。"))
    with transaction.atomic():
        page.evidence = add_evidence(
            session.pk,
            item="A8",
            kind=EvidenceKind.REGISTER_SCAN,
            caption=_("纸质签到名册 %(on)s %(half_day)s")
            % {"on": f"{to.on:%Y-%m-%d}", "half_day": HalfDay(to.half_day).label},
            file=_page_file(page, data),
            lesson_id=lesson.pk,
            device=page.scan.device,
            actor=actor,
        )
        page.training_session, page.on, page.half_day = session, to.on, to.half_day
        page.save(update_fields=["evidence", "training_session", "on", "half_day"])


def _page_file(page: Any, data: bytes) -> tuple[str, bytes]:
    stored = page.scan.file
    alone = page_alone(stored.content_type, data, page.number)
    if alone is data:
        return stored.name, data
    return f"{PurePath(stored.name).stem[:150]}-{page.number}.pdf", alone


@transaction.atomic
def set_page_aside(page_id: int, *, actor: Actor) -> ScannedPage:
    """A cover sheet, a blank side, somebody else's: it stays in the scan and asks for nothing any more.

    Done again, it asks again.
    """
    demand(actor, "evidence.add")
    page: ScannedPage = ScannedPage.objects.lock(actor, pk=page_id)
    if page.evidence_id is not None:
        raise InvalidInputError(_("这一页已经归档。放错了的，请在那一期的页面上撤下。"))
    page.set_aside_at = clock.now() if page.set_aside_at is None else None
    page.save(update_fields=["set_aside_at"])
    aside = page.set_aside_at is not None
    record(actor, "register_scan.page_set_aside" if aside else "register_scan.page_taken_up", page)
    return page
