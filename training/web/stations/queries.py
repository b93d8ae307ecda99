"""The fleet as its pages show it, read in a number of queries that does not grow with the stations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import segno
from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import ValidationError

from kiosk.report import StationReport
from training.attendance.choices import EventKind
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.attendance.package import build_packages
from training.core import clock
from training.core.actor import Actor
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Institution
from training.scheduling.choices import TAKES_ATTENDANCE
from training.scheduling.models import Lesson
from training.stations.choices import (
    Camera,
    CodeState,
    Face,
    Permission,
    Reader,
    Severity,
    StationStatus,
)
from training.stations.models import Station, StationCode
from training.stations.rules import Alarm, Known, alarms, is_near, roster_is_old
from training.stations.services import CODE_LIFETIME
from training.web.bureau.history import Deed, deeds
from training.web.stations.forms import Health

FLEET_COLUMNS = (
    gettext_lazy("终端名称"),
    gettext_lazy("培训机构"),
    gettext_lazy("状态"),
    gettext_lazy("最近联系"),
    gettext_lazy("待传记录"),
    gettext_lazy("最早待传"),
    gettext_lazy("待传照片"),
    gettext_lazy("时钟相差（毫秒）"),
    gettext_lazy("磁盘剩余（字节）"),
    gettext_lazy("读卡器"),
    gettext_lazy("摄像头"),
    gettext_lazy("名册"),
    gettext_lazy("名册版本"),
    gettext_lazy("软件版本"),
    gettext_lazy("提示"),
)


@dataclass(frozen=True)
class Watched:
    """One station, what it last said of itself, and what is wrong with it.

    `roster_old` is None when nobody knows, or when no class is near and nobody asked.
    """

    station: Station
    report: StationReport | None
    alarms: tuple[Alarm, ...]
    roster_old: bool | None
    next_lesson_at: datetime | None

    @property
    def urgent(self) -> bool:
        return any(alarm.severity == Severity.URGENT for alarm in self.alarms)

    @property
    def well(self) -> bool:
        """Of one that never reported nobody knows."""
        return self.station.status == StationStatus.ACTIVE and self.report is not None and not self.alarms

    @property
    def reader(self) -> str:
        return _label(Reader, self.report.reader) if self.report else ""

    @property
    def camera(self) -> str:
        return _label(Camera, self.report.camera) if self.report else ""

    @property
    def face(self) -> str:
        return _label(Face, self.report.face) if self.report else ""

    @property
    def offset(self) -> str:
        return _offset(self.report.clock_offset_ms) if self.report else ""

    @property
    def roster(self) -> str:
        """Whether its package is the one the server would send now, in a word."""
        if self.report is None:
            return ""
        if self.report.package_version is None:
            return _("还没有")
        return {True: _("不是最新"), False: _("最新"), None: _("没有核对")}[self.roster_old]

    @property
    def roster_version(self) -> str:
        """Enough of it to tell two apart by eye."""
        return (self.report.package_version or "")[:8] if self.report else ""


def _label(words: Any, code: str) -> str:
    """A newer station may say what this server has no word for."""
    return str(words(code).label) if code in words.values else code


def _offset(ms: int | None) -> str:
    """Server minus station: a positive offset is a slow station."""
    if ms is None:
        return ""
    seconds = round(abs(ms) / 1000)
    if not seconds:
        return _("准")
    slow = ngettext("慢 %(seconds)s 秒", "慢 %(seconds)s 秒", seconds)
    fast = ngettext("快 %(seconds)s 秒", "快 %(seconds)s 秒", seconds)
    return (slow if ms > 0 else fast) % {"seconds": seconds}


def station_of(pk: UUID, actor: Actor) -> Station:
    related = ("institution__programme", "replaces", "replaced_by")
    station: Station = Station.objects.select_related(*related).fetch(actor, pk=pk)
    return station


def institutions(actor: Actor) -> QuerySet[Any]:
    return Institution.objects.visible_to(actor).order_by("name")


def admitted(actor: Actor) -> QuerySet[Any]:
    """Those that may hold classes."""
    return institutions(actor).filter(status=InstitutionStatus.ADMITTED)


def fleet(
    actor: Actor, *, q: str = "", health: str = "", status: str = "", institution: str = ""
) -> list[Watched]:
    """What needs somebody first, what is out of use last; an empty argument does not filter."""
    rows = Station.objects.visible_to(actor)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(institution__name__icontains=q))
    chosen = {"status": status, "institution": institution}
    rows = rows.filter(**{field: value for field, value in chosen.items() if value})
    ordered = rows.select_related("institution__programme").order_by(
        "institution__name", "name", "enrolled_at"
    )
    found = [row for row in _watch(list(ordered)) if _is(row, health)]
    return sorted(found, key=_rank)


def in_need(actor: Actor) -> int:
    """How many stations somebody must see to."""
    return sum(row.urgent for row in fleet(actor, status=StationStatus.ACTIVE))


def _is(row: Watched, health: str) -> bool:
    if health == Health.URGENT:
        return row.urgent
    if health == Health.ALARM:
        return bool(row.alarms)
    return health != Health.WELL or row.well


def _rank(row: Watched) -> tuple[bool, bool, bool]:
    return row.station.status != StationStatus.ACTIVE, not row.urgent, not row.alarms


@dataclass(frozen=True)
class _Class:
    """When the next lesson begins, or began that is on; and the next that compares faces."""

    at: datetime | None = None
    face_at: datetime | None = None


def _watch(stations: Sequence[Station], *, every_roster: bool = False) -> list[Watched]:
    """`every_roster`: compare packages also where no class is near."""
    now = clock.now()
    classes = _next_classes({station.institution_id for station in stations}, now)
    active = [station for station in stations if station.status == StationStatus.ACTIVE]
    near = [
        station
        for station in active
        if every_roster or is_near(classes.get(station.institution_id, _Class()).at, now)
    ]
    versions, kept = _versions(near, now), _faces_kept(active)
    return [
        _watched(
            station,
            Known(
                enrolled_at=station.enrolled_at,
                last_seen_at=station.last_seen_at,
                reported_at=station.reported_at,
                report=_report(station),
                next_lesson_at=classes.get(station.institution_id, _Class()).at,
                next_face_lesson_at=classes.get(station.institution_id, _Class()).face_at,
                roster_version=versions.get(station.pk),
                upgrade_needed=bool(station.report.get("unreadable")),
                faces_kept=kept.get(station.pk, 0),
            ),
            now,
        )
        for station in stations
    ]


def _watched(station: Station, known: Known, now: datetime) -> Watched:
    found = alarms(known, now) if station.status == StationStatus.ACTIVE else ()
    return Watched(station, known.report, found, roster_is_old(known), known.next_lesson_at)


def _report(station: Station) -> StationReport | None:
    """The last one; None before the first, and if it is of a kind that this server no longer reads."""
    try:
        return StationReport.model_validate(station.report)
    except ValidationError:
        return None


def _next_classes(institutions: Collection[int], now: datetime) -> dict[int, _Class]:
    rows = (
        Lesson.objects.filter(
            training_session__institution__in=institutions,
            training_session__status__in=TAKES_ATTENDANCE,
            ends_at__gt=now,
        )
        .order_by()
        .values("training_session__institution")
        .annotate(at=Min("starts_at"), face_at=Min("starts_at", filter=Q(training_session__uses_face=True)))
    )
    return {row["training_session__institution"]: _Class(row["at"], row["face_at"]) for row in rows}


def _versions(stations: Sequence[Station], now: datetime) -> dict[UUID, str]:
    """Of the package that each would get now."""
    packages = build_packages(stations, at=now) if stations else []
    return {station.pk: package["version"] for station, package in zip(stations, packages, strict=True)}


def _faces_kept(stations: Sequence[Station]) -> dict[UUID, int]:
    """Templates of sessions that are over, of whose deletion the station has sent no record."""
    gone = AttendanceEvent.objects.filter(
        station=OuterRef("station"),
        enrolment=OuterRef("enrolment"),
        kind=EventKind.FORGET,
        seq__gt=OuterRef("seq"),
    )
    made = (
        AttendanceEvent.objects.filter(station__in=stations, kind=EventKind.PORTRAIT, held_reason="")
        .exclude(training_session__status__in=TAKES_ATTENDANCE)
        .filter(~Exists(gone))
    )
    rows = made.order_by().values("station").annotate(people=Count("enrolment", distinct=True))
    return {row["station"]: row["people"] for row in rows}


def fleet_lines(rows: Sequence[Watched]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        station, report = row.station, row.report
        yield (
            station.name,
            station.institution.name,
            station.get_status_display(),
            _time(station.last_seen_at),
            report.pending if report else "",
            _time(report.oldest_pending_at) if report else "",
            report.photos_pending if report else "",
            "" if report is None or report.clock_offset_ms is None else report.clock_offset_ms,
            report.disk_free if report else "",
            row.reader,
            row.camera,
            row.roster,
            row.roster_version,
            station.software,
            _("；").join(alarm.message for alarm in row.alarms),
        )


def _time(at: datetime | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


@dataclass(frozen=True)
class Ledger:
    """What arrived from a station; `held` counts, `unread` could not enter the ledger at all."""

    total: int
    last_seq: int
    last_at: datetime | None
    held: int
    unread: int

    @property
    def missing(self) -> int:
        """Numbers below the newest that have not arrived."""
        return self.last_seq - self.total


@dataclass(frozen=True)
class Code:
    issued: StationCode
    state: CodeState


@dataclass(frozen=True)
class StationPage:
    watched: Watched
    ledger: Ledger
    codes: list[Code]
    may: list[Any]
    history: list[Deed]
    now: datetime


def station_page(station: Station, actor: Actor) -> StationPage:
    codes = (
        StationCode.objects.visible_to(actor).filter(Q(station=station) | Q(renews=station)).order_by("-pk")
    )
    now = clock.now()
    return StationPage(
        watched=_watch([station], every_roster=True)[0],
        ledger=_ledger(station),
        codes=[Code(code, _state(code, now)) for code in codes],
        may=[Permission(act).label for act in station.may if act in Permission.values],
        history=deeds([station, *codes], actor),
        now=now,
    )


def _state(code: StationCode, now: datetime) -> CodeState:
    if code.station_id is not None:
        return CodeState.USED
    return CodeState.WAITING if code.expires_at >= now else CodeState.EXPIRED


def _ledger(station: Station) -> Ledger:
    said = AttendanceEvent.objects.filter(station=station).aggregate(
        total=Count("pk"),
        last_seq=Max("seq", default=0),
        last_at=Max("captured_at"),
        held=Count("pk", filter=~Q(held_reason="")),
    )
    return Ledger(**said, unread=HeldEnvelope.objects.filter(station=station).count())


@dataclass(frozen=True)
class Invitation:
    """A one-time code with all that the station needs to use it; `qr` is an SVG picture."""

    code: str
    expires_at: datetime
    server: str
    qr: str


def invite(code: str) -> Invitation:
    """For a code that was issued just now."""
    server = settings.PUBLIC_URL.rstrip("/")
    drawn = segno.make(f"yidang-enrol:{server}|{code}", error="m", micro=False)
    return Invitation(
        code,
        clock.now() + CODE_LIFETIME,
        server,
        drawn.svg_inline(scale=5, border=4, dark="#000", light="#fff"),
    )
