"""What the pages of evidence show: files on their way, pairs that look the same, scanned registers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy as _

from training.core import clock, files
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.core.models import StoredFile
from training.scheduling.models import TrainingSession
from training.uploads.choices import BOTH_STAND, Found, ReuseStatus
from training.uploads.models import Picture, RegisterScan, Reuse, ScannedPage, Upload
from training.uploads.pages import draw_page

REUSE_COLUMNS = (
    _("状态"), _("相同之处"), _("后用于"), _("说明"), _("先用于"), _("说明"), _("发现时间"), _("理由"),
)  # fmt: skip


def unfinished(session: TrainingSession, actor: Actor) -> list[Upload]:
    """What this person began here and what was not taken, newest first."""
    rows = Upload.objects.visible_to(actor).filter(
        training_session=session, user=actor.user_id, evidence=None, expires_at__gt=clock.now()
    )
    return list(rows)


def thumbnail_of(pk: int, actor: Actor) -> Picture:
    """By the evidence it is of."""
    picture: Picture = Picture.objects.select_related("thumbnail").fetch(actor, evidence=pk)
    return picture


def bytes_of(stored: StoredFile | None) -> tuple[str, bytes]:
    """Content type and bytes; raises NotFoundError where there are none."""
    if stored is None:
        raise NotFoundError("file")
    try:
        return stored.content_type, files.read(stored)
    except OSError as lost:
        raise NotFoundError("file") from lost


def _reuses(actor: Actor) -> Any:
    side = ("training_session__institution", "lesson", "file", "event__station", "picture")
    sides = [f"{name}__{path}" for name in ("original", "copy") for path in side]
    return Reuse.objects.visible_to(actor).select_related("decided_by", *sides)


def reuses(
    actor: Actor, *, q: str = "", status: str = "", likeness: str = "", across: str = ""
) -> QuerySet[Any]:
    """Pairs that still are two places, and those that were judged; open ones first."""
    rows: QuerySet[Any] = _reuses(actor).filter(BOTH_STAND | ~Q(status=ReuseStatus.OPEN))
    if q:
        rows = rows.filter(
            Q(copy__training_session__code__icontains=q)
            | Q(original__training_session__code__icontains=q)
            | Q(copy__training_session__institution__name__icontains=q)
            | Q(original__training_session__institution__name__icontains=q)
        )
    if across:
        rows = rows.filter(institution__isnull=across == "across")
    chosen = {"status": status, "likeness": likeness}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    return rows.order_by("-status", "-noticed_at", "-pk")  # of the three words, "open" sorts last


def reuse_of(pk: int, actor: Actor) -> Reuse:
    reuse: Reuse = _reuses(actor).fetch(actor, pk=pk)
    return reuse


def reuse_lines(rows: Iterable[Reuse]) -> Iterator[tuple[Any, ...]]:
    """In the order of REUSE_COLUMNS."""
    for row in rows:
        yield (
            row.get_status_display(), row.get_likeness_display(), row.copy.training_session.code,
            row.copy.caption, row.original.training_session.code, row.original.caption,
            localtime(row.noticed_at).strftime("%Y-%m-%d %H:%M"), row.reason,
        )  # fmt: skip


def doubts_about(session: TrainingSession, actor: Actor) -> list[Reuse]:
    """Pairs with a side in this session that this actor may see: of an institution, those within itself."""
    rows = _reuses(actor).filter(BOTH_STAND).exclude(status=ReuseStatus.LEGITIMATE)
    return list(rows.filter(Q(copy__training_session=session) | Q(original__training_session=session)))


def open_pairs(actor: Actor) -> int:
    return int(Reuse.objects.visible_to(actor).filter(BOTH_STAND, status=ReuseStatus.OPEN).count())


WAITS = Q(pages__evidence=None, pages__set_aside_at=None)


def scans(actor: Actor) -> QuerySet[Any]:
    """With how many pages there are and how many still want a place."""
    rows: QuerySet[Any] = RegisterScan.objects.visible_to(actor).select_related("file")
    rows = rows.annotate(page_count=Count("pages"), waiting=Count("pages", filter=WAITS))
    return rows.order_by("-pk")


SCAN_COLUMNS = (_("文件"), _("上传人"), _("上传日期"), _("页数"), _("等归档的页"), _("打不开的原因"))


def scan_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of SCAN_COLUMNS."""
    for scan in rows:
        file = scan.file
        uploaded = localdate(file.uploaded_at)
        yield file.name, file.uploaded_by, uploaded, scan.page_count, scan.waiting, scan.problem


def scan_of(pk: int, actor: Actor) -> RegisterScan:
    scan: RegisterScan = RegisterScan.objects.select_related("file").fetch(actor, pk=pk)
    return scan


def scanned_page_of(pk: int, actor: Actor) -> ScannedPage:
    page: ScannedPage = ScannedPage.objects.select_related("scan__file").fetch(actor, pk=pk)
    return page


def pages_of(scan: RegisterScan) -> list[ScannedPage]:
    return list(scan.pages.select_related("training_session", "evidence"))


def drawn(page: Any) -> Any:
    """The page as a picture; raises NotFoundError where the disk lost it."""
    content_type, data = bytes_of(page.scan.file)
    return draw_page(content_type, data, page.number)


@dataclass(frozen=True)
class HalfDayPlace:
    """Where a page can be put; `value` is what the form sends."""

    session: TrainingSession
    on: date
    half_day: str

    @property
    def value(self) -> str:
        return f"{self.session.pk}/{self.on}/{self.half_day}"


def places(scan: Any, actor: Actor) -> list[HalfDayPlace]:
    """Half-days of this institution's sessions that have begun, newest first."""
    sessions = (
        TrainingSession.objects.visible_to(actor)
        .filter(institution=scan.institution_id, approved_at__isnull=False)
        .prefetch_related("lessons")
        .order_by("-pk")
    )
    found = dict.fromkeys(
        HalfDayPlace(session, lesson.on, str(lesson.half_day))
        for session in sessions
        for lesson in session.lessons.all()
        if lesson.on <= clock.today()
    )
    return sorted(found, key=lambda place: (place.on, place.half_day), reverse=True)


def suggested(page: Any) -> str:
    """What its code says, as the form has it; empty where it says nothing."""
    if page.found != Found.OURS or page.on is None:
        return ""
    return f"{page.training_session_id}/{page.on}/{page.half_day}"
