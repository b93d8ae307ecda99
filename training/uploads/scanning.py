"""Reading a scanned paper register in the background: which page belongs to which half-day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from training.core import clock, files
from training.core.actor import SYSTEM
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession
from training.uploads.choices import Found
from training.uploads.models import RegisterScan, ScannedPage
from training.uploads.reading import read_codes


@dataclass(frozen=True)
class Place:
    """Where a code says its page belongs; `on` is None where it names no half-day of the session."""

    found: Found
    session: TrainingSession | None = None
    on: date | None = None
    half_day: str = ""


def read_scan(scan_id: int) -> int:
    """How many pages there are; raises OSError where the disk lost the file. Twice changes nothing."""
    scan: Any = RegisterScan.objects.select_related("file").fetch(SYSTEM, pk=scan_id)
    if scan.read_at is not None:
        return int(scan.pages.count())
    try:
        codes = list(read_codes(scan.file.content_type, files.read(scan.file)))
    except (OSError, RuntimeError, ValueError) as problem:
        _finish(scan, [], problem=_("打不开这个文件，请重新扫描：%(problem)s") % {"problem": problem})
        raise
    return _finish(scan, [place_of(texts, scan.institution_id) for texts in codes])


@transaction.atomic
def _finish(scan: RegisterScan, places: list[Place], problem: str = "") -> int:
    scan = RegisterScan.objects.lock(SYSTEM, pk=scan.pk)
    if scan.read_at is None:
        ScannedPage.objects.bulk_create(
            ScannedPage(
                scan=scan, number=number, found=place.found, training_session=place.session,
                on=place.on, half_day=place.half_day,
            )
            for number, place in enumerate(places, start=1)
        )  # fmt: skip
        scan.read_at, scan.problem = clock.now(), problem
        scan.save(update_fields=["read_at", "problem"])
    return len(places)


def place_of(texts: list[str], institution_id: int) -> Place:
    """What most codes on a page say; somebody else's session and one that never was look the same."""
    said = Counter(found for text in texts if (found := _read(text)))
    if not said:
        return Place(Found.UNREADABLE)
    (pk, half_day), _count = said.most_common(1)[0]
    session = TrainingSession.objects.filter(institution=institution_id, pk=pk).first()
    if session is None:
        return Place(Found.NOT_YOURS)
    on, half = _half_day(session, half_day)
    return Place(Found.OURS, session, on, half)


def _read(text: str) -> tuple[int, str] | None:
    """Session (0 for none) and half-day that a code of ours names, a row's or a page's; None of any other."""
    target, here = urlsplit(text), urlsplit(settings.PUBLIC_URL)
    if target.netloc != here.netloc:
        return None
    try:
        match = resolve(target.path.removeprefix(here.path.rstrip("/")))
    except Resolver404:
        return None
    if match.view_name not in ("register-paper", "register-row"):
        return None
    pk = match.kwargs["pk"]
    if match.view_name == "register-row":
        pk = Enrolment.objects.filter(pk=pk).values_list("training_session", flat=True).first() or 0
    return pk, parse_qs(target.query).get("half_day", [""])[0]


def _half_day(session: TrainingSession, said: str) -> tuple[date | None, str]:
    for lesson in session.lessons.all():
        if said == f"{lesson.on}-{lesson.half_day}":
            return lesson.on, str(lesson.half_day)
    return None, ""
