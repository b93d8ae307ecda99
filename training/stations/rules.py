"""What is wrong with a station, told while there is time before class. Plain data in, sentences out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kiosk.report import StationReport
from training.stations.choices import Camera, Reader, Severity

BEFORE_CLASS: Final = timedelta(hours=2)
"""Time enough to go and switch a silent station on, or to bring another one."""
DAY_BEFORE: Final = timedelta(hours=24)
"""What needs a network, a cable or a technician is told the day before."""
IN_CONTACT: Final = timedelta(minutes=15)
"""A running station asks every minute and never pauses longer: this silence is no accident."""
QUEUE_OLD: Final = timedelta(days=1)
"""A class day's records should be here by the next; till then they are on one disk only."""
DISK_LOW: Final = 500_000_000
"""Bytes; `kiosk doctor` draws the line at the same place. A full disk ends signing in."""
CLOCK_TOLERANCE: Final = timedelta(minutes=2)
"""Beyond it the ledger notes every event of the station, see `attendance.choices.Note.CLOCK`."""


@dataclass(frozen=True)
class Alarm:
    """`code` is stable; `message` says what to do."""

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True)
class Known:
    """All that is known of a station in use; times by the server's clock.

    `report`: the last, None before the first. `next_lesson_at`: when its institution's next lesson
    begins, or the one that is on began; `next_face_lesson_at`: the same of sessions that compare faces.
    `roster_version`: of the package the server would send now, None when nobody worked it out.
    `faces_kept`: templates of sessions that are over, of whose deletion no signed record came.
    """

    enrolled_at: datetime
    last_seen_at: datetime | None = None
    reported_at: datetime | None = None
    report: StationReport | None = None
    next_lesson_at: datetime | None = None
    next_face_lesson_at: datetime | None = None
    roster_version: str | None = None
    upgrade_needed: bool = False
    faces_kept: int = 0


def alarms(known: Known, now: datetime) -> tuple[Alarm, ...]:
    """What is wrong, the urgent first. Silence between classes is not: stations are switched off."""
    found = [alarm for look in LOOKS if (alarm := look(known, now))]
    return tuple(sorted(found, key=lambda alarm: alarm.severity != Severity.URGENT))


def is_near(lesson_at: datetime | None, now: datetime, *, within: timedelta = DAY_BEFORE) -> bool:
    """Whether that lesson is on or begins soon."""
    return lesson_at is not None and lesson_at - now <= within


def roster_is_old(known: Known) -> bool | None:
    """Whether the station has another package than the server would send; None when that is unknown."""
    if known.report is None or known.roster_version is None:
        return None
    return known.report.package_version != known.roster_version


def _contact(known: Known, now: datetime) -> Alarm | None:
    if known.last_seen_at is None:
        if now - known.enrolled_at < IN_CONTACT:
            return None
        severity = _by_lesson(known, now, within=BEFORE_CLASS)
        return Alarm("never_seen", severity, _("登记后还没有联系过：请打开签到程序，接上网络。"))
    if now - known.last_seen_at < IN_CONTACT or not is_near(known.next_lesson_at, now, within=BEFORE_CLASS):
        return None
    text = _("%(at)s 有课，终端已经 %(span)s没有联系：请到现场开机，接上网络。")
    return Alarm(
        "silent",
        Severity.URGENT,
        text % {"at": _clock_time(known.next_lesson_at), "span": _since(known.last_seen_at, now)},
    )


def _upgrade(known: Known, now: datetime) -> Alarm | None:
    if not known.upgrade_needed:
        return None
    return Alarm(
        "upgrade_needed", Severity.URGENT, _("签到程序太旧，不能再上传：请升级。记录仍在终端上，没有丢失。")
    )


def _roster(known: Known, now: datetime) -> Alarm | None:
    report = known.report
    if report is None or not is_near(known.next_lesson_at, now):
        return None
    at = {"at": _clock_time(known.next_lesson_at)}
    if report.package_version is None:
        text = _("%(at)s 有课，终端上还没有名册：请在上课前接上网络。")
        return Alarm("roster_missing", Severity.URGENT, text % at)
    if not roster_is_old(known) or _is_fetching(known, report, now):
        return None
    text = _("%(at)s 有课，终端上的名册不是最新的：请在上课前接上网络。")
    return Alarm("roster_old", Severity.URGENT, text % at)


def _is_fetching(known: Known, report: StationReport, now: datetime) -> bool:
    """It reports and fetches as it should: the change it does not know yet is on its way."""
    if known.reported_at is None or report.package_at is None or report.unreadable:
        return False
    return now - known.reported_at < IN_CONTACT and report.at - report.package_at < IN_CONTACT


def _reader(known: Known, now: datetime) -> Alarm | None:
    report, severity = known.report, _by_lesson(known, now)
    if report is None or report.reader not in (Reader.FAULT, Reader.OFF):
        return None
    if report.reader == Reader.OFF:
        return Alarm("reader_off", severity, _("没有接读卡器：请接好，并在启动签到程序时指定。"))
    text = _("读卡器没有反应：请检查连线，或换一台读卡器。")
    return Alarm("reader_fault", severity, text)


def _camera(known: Known, now: datetime) -> Alarm | None:
    report = known.report
    if report is None or report.camera not in (Camera.OFF, Camera.STOPPED):
        return None
    if not is_near(known.next_face_lesson_at, now):
        return None
    text = _("%(at)s 的课要比对人脸，摄像头没有画面：请检查摄像头。没有画面时刷身份证照常签到。")
    at = {"at": _clock_time(known.next_face_lesson_at)}
    return Alarm("camera_stopped", Severity.URGENT, text % at)


def _disk(known: Known, now: datetime) -> Alarm | None:
    report = known.report
    if report is None or report.disk_free >= DISK_LOW:
        return None
    text = _("磁盘只剩 %(free)s：请清理。写满以后不能再签到。")
    return Alarm("disk_low", Severity.URGENT, text % {"free": filesizeformat(report.disk_free)})


def _offset(known: Known, now: datetime) -> Alarm | None:
    report = known.report
    if report is None or abs(report.clock_offset_ms or 0) <= CLOCK_TOLERANCE / timedelta(milliseconds=1):
        return None
    seconds = abs(report.clock_offset_ms or 0) // 1000
    text = ngettext(
        "终端的时钟相差 %(seconds)s 秒：请校准，否则每条记录都会被标出。",
        "终端的时钟相差 %(seconds)s 秒：请校准，否则每条记录都会被标出。",
        seconds,
    )
    return Alarm("clock_off", _by_lesson(known, now), text % {"seconds": seconds})


def _queue(known: Known, now: datetime) -> Alarm | None:
    report = known.report
    if report is None or report.oldest_pending_at is None or not report.pending:
        return None
    if now - report.oldest_pending_at < QUEUE_OLD:
        return None
    text = ngettext(
        "%(count)s 条记录没有上传，最早的已经等了 %(span)s：请接上网络，直到屏幕显示“可以关机”。",
        "%(count)s 条记录没有上传，最早的已经等了 %(span)s：请接上网络，直到屏幕显示“可以关机”。",
        report.pending,
    )
    said = {"count": report.pending, "span": _since(report.oldest_pending_at, now)}
    return Alarm("queue_old", Severity.URGENT, text % said)


def _refused(known: Known, now: datetime) -> Alarm | None:
    if known.report is None or not known.report.refused:
        return None
    text = ngettext(
        "%(count)s 条记录被服务器拒收，仍在终端上：请联系系统管理员。",
        "%(count)s 条记录被服务器拒收，仍在终端上：请联系系统管理员。",
        known.report.refused,
    )
    return Alarm("refused", Severity.NOTICE, text % {"count": known.report.refused})


def _held(known: Known, now: datetime) -> Alarm | None:
    if known.report is None or not known.report.held:
        return None
    text = ngettext(
        "%(count)s 条记录没有计入，商务局在“待核记录”里能看到原因。",
        "%(count)s 条记录没有计入，商务局在“待核记录”里能看到原因。",
        known.report.held,
    )
    return Alarm("held", Severity.NOTICE, text % {"count": known.report.held})


def _faces(known: Known, now: datetime) -> Alarm | None:
    if not known.faces_kept:
        return None
    text = ngettext(
        "培训已经结束，%(count)s 名学员的人脸模板还没有删除的记录：请开机，接上网络，终端会自动删除。",
        "培训已经结束，%(count)s 名学员的人脸模板还没有删除的记录：请开机，接上网络，终端会自动删除。",
        known.faces_kept,
    )
    return Alarm("faces_kept", Severity.URGENT, text % {"count": known.faces_kept})


def _by_lesson(known: Known, now: datetime, *, within: timedelta = DAY_BEFORE) -> Severity:
    """What stands in the way of a class is urgent when there is one."""
    return Severity.URGENT if is_near(known.next_lesson_at, now, within=within) else Severity.NOTICE


def _clock_time(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}"


def _since(at: datetime, now: datetime) -> str:
    """The largest unit is enough: 3 小时."""
    return timesince(at, now, depth=1).replace("\xa0", " ")


LOOKS: Final[tuple[Callable[[Known, datetime], Alarm | None], ...]] = (
    _contact,
    _upgrade,
    _roster,
    _reader,
    _camera,
    _disk,
    _offset,
    _queue,
    _faces,
    _refused,
    _held,
)
