"""Is everything still as it was kept? Each check goes through its rows in batches and says what is not.

What somebody with the database's password changed by hand shows, because what it should say stands a second
time somewhere else: in a signature, in a digest, in a sealed package, or in what the rules make of the events.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from io import SEEK_END
from typing import Any, Final, cast

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.files.storage import Storage
from django.db import models
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _
from pydantic import ValidationError

from kiosk.envelope import GENESIS, Enrolled, Envelope, EnvelopeError, Event, decode_signing_key, verify
from training.attendance.ledger import ABOUT_A_PERSON, IN_A_LESSON
from training.attendance.models import AttendanceEvent, Completion
from training.attendance.services.closing import completion_results
from training.core import clock, files
from training.core.audit_check import Mismatch, check_trail
from training.core.models import AuditChain, StoredFile
from training.dossiers.choices import BuildStatus, Edition
from training.dossiers.container import ContainerError, unpack
from training.dossiers.layout import MANIFEST, METADATA, SEAL
from training.dossiers.metadata import Metadata
from training.dossiers.models import Dossier, DossierVersion
from training.dossiers.seal import SealError, open_seal
from training.enrolment.choices import ON_ROSTER, EnrolmentStatus
from training.integrity.choices import Part
from training.programmes.models import Programme
from training.scheduling.models import TrainingSession
from training.stations.models import Station

logger = logging.getLogger(__name__)
BATCH: Final = 500
BEING_WRITTEN: Final = timedelta(hours=1)
"""A file is on the disk before its row is: nothing younger is an orphan."""


@dataclass(frozen=True)
class Found:
    """Something is not as it was kept; `subject` is the row, or in words what has none."""

    part: Part
    subject: models.Model | str
    problem: str


@dataclass(frozen=True)
class Looked:
    """So many more rows were looked at; `found` is what was wrong with them."""

    part: Part
    found: tuple[Found, ...] = ()
    rows: int = 1


# Files


def check_files() -> Iterator[tuple[int | None, Looked]]:
    """Each stored file read and hashed, with the programme that its owner belongs to (None: to nobody's)."""
    owners = programmes_of_files()
    for stored in StoredFile.objects.order_by("pk").iterator(chunk_size=BATCH):
        problem = _file_problem(stored)
        found = (Found(Part.FILES, stored, problem),) if problem else ()
        yield owners.get(stored.pk), Looked(Part.FILES, found)


def _file_problem(stored: StoredFile) -> str:
    try:
        with files.opened(stored) as file:
            size = file.seek(0, SEEK_END)
    except FileNotFoundError:
        return _("文件不在磁盘上")
    except InvalidToken:
        return _("文件解不开密：被改动过，或密钥不全")
    except OSError:
        return _("文件的散列与保存时不同")
    return "" if size == stored.size else _("文件大小与记录不同")


def programmes_of_files() -> dict[int, int]:
    """Stored file -> programme, through whichever row points to the file."""
    found: dict[int, int] = {}
    for model, field in files.pointing():
        if path := getattr(model, "SCOPE", {}).get("programme"):
            rows = model.objects.exclude(**{field: None}).order_by()
            found |= {file: programme for file, programme in rows.values_list(field, path) if programme}
    return found


def check_orphans() -> Iterator[Looked]:
    """Files on the disk that no row knows."""
    field: Any = StoredFile._meta.get_field("file")
    known = set(StoredFile.objects.values_list("file", flat=True))
    for name in _walk(field.storage, "files"):
        young = field.storage.get_modified_time(name) > clock.now() - BEING_WRITTEN
        orphaned = name not in known and not young
        yield Looked(
            Part.ORPHANS, (Found(Part.ORPHANS, name, _("磁盘上有这个文件，没有记录")),) if orphaned else ()
        )


def _walk(storage: Storage, folder: str) -> Iterator[str]:
    if not storage.exists(folder):
        return
    folders, names = storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in sorted(names))
    for inner in sorted(folders):
        yield from _walk(storage, f"{folder}/{inner}")


# Events


def check_events(programme: Programme) -> Iterator[Looked]:
    """Each signed event against its row and the event before it in its station's chain."""
    rows = AttendanceEvent.objects.filter(station__institution__programme=programme)
    rows = rows.select_related("station", "training_session", "lesson", "fair").order_by("station", "seq")
    before: AttendanceEvent | None = None
    for row in rows.iterator(chunk_size=BATCH):
        follows = before if before is not None and before.station_id == row.station_id else None
        problems = [*_event_problems(row), *_verdict_problems(row), *_chain_problems(row, follows)]
        yield Looked(Part.EVENTS, tuple(Found(Part.EVENTS, row, problem) for problem in problems))
        before = row


def _event_problems(row: AttendanceEvent) -> Iterator[str]:
    envelope = Envelope(payload=row.payload, signature=row.signature)
    if envelope.digest != row.digest:
        yield _("内容的散列与记录不同")
    try:
        event = verify(envelope, _key(row.station.public_key))
    except (EnvelopeError, ValueError):
        yield _("签名不符：事件被改动，或终端的公钥被换过")
        return
    changed = [name for name, (signed, kept) in _said(event, row).items() if signed != kept]
    if changed:
        yield _("记录的 %(fields)s 与终端签名的不同") % {"fields": _("、").join(changed)}


def _verdict_problems(row: AttendanceEvent) -> Iterator[str]:
    if row.verdict_proof != row.prove_verdict():
        yield _("计入与否、期、课次或学员被改动过")


@cache
def _key(public_key: str) -> Ed25519PublicKey:
    return decode_signing_key(public_key)


def _said(event: Event, row: AttendanceEvent) -> dict[str, tuple[Any, Any]]:
    """What the station signed beside what the row says, by the field's name for people.

    A row without session, lesson or person is right where the event could not be placed; then it must not
    count.
    """
    said: dict[str, tuple[Any, Any]] = {
        _("终端"): (event.station, row.station_id),
        _("序号"): (event.seq, row.seq),
        _("事件编号"): (event.event, row.event_id),
        _("前一条"): (event.prev, row.prev),
        _("种类"): (event.kind, row.kind),
        _("方式"): (event.method or "", row.method),
        _("时间"): (event.captured_at, row.captured_at),
        _("作废的事件"): (event.voids, row.voids),
    }
    if row.fair:
        return said | {_("对接会"): (event.session, row.fair.code)}
    counts = not row.held_reason
    person = event.person.enrolment if isinstance(event.person, Enrolled) else None
    about = event.kind in ABOUT_A_PERSON and event.person is not None
    if row.training_session or counts:
        said[_("期")] = (event.session, row.training_session.code if row.training_session else None)
    if row.lesson_id or (counts and event.kind in IN_A_LESSON):
        said[_("课次")] = (event.lesson, row.lesson_id)
    if row.enrolment_id or (counts and about):
        said[_("学员")] = (person, row.enrolment_id)
    if counts and row.lesson and row.training_session_id:
        said[_("课次所属的期")] = (row.lesson.training_session_id, row.training_session_id)
    return said


def _chain_problems(row: AttendanceEvent, before: AttendanceEvent | None) -> Iterator[str]:
    if row.seq == 1 and row.prev != GENESIS:
        yield _("第一条事件不是链的开头")
    if before is not None and before.seq == row.seq - 1 and before.digest != row.prev:
        yield _("与前一条接不上")


def check_what_came(programme: Programme) -> Iterator[Looked]:
    """Numbers that had all come once (`complete_to`), and that are not all there any more."""
    came = Count("events", filter=Q(events__seq__lte=F("complete_to")))
    stations = Station.objects.filter(institution__programme=programme, complete_to__gt=0)
    for station in stations.annotate(came=came).order_by("pk"):
        if lost := station.complete_to - station.came:
            problem = _("第 1 至 %(last)s 条事件曾经收齐，现在少了 %(count)s 条")
            said = problem % {"last": station.complete_to, "count": lost}
            yield Looked(Part.EVENTS, (Found(Part.EVENTS, station, said),), rows=0)


# Completion


def check_completion(programme: Programme) -> Iterator[Looked]:
    """What each closed session's rule makes of its register now, against what was written down."""
    sessions = TrainingSession.objects.filter(
        institution__programme=programme, enrolments__completion__isnull=False
    )
    for session in sessions.distinct().order_by("pk").iterator(chunk_size=BATCH):
        yield Looked(Part.COMPLETION, tuple(_completion_faults(session)))


def _completion_faults(session: TrainingSession) -> Iterator[Found]:
    rows = {
        row.enrolment_id: row
        for row in Completion.objects.filter(enrolment__training_session=session).select_related("enrolment")
    }
    try:
        results = completion_results(session)
    except Exception:  # whatever was made of the rows, the night's other checks go on
        logger.exception("completion of session %s can't be computed", session.pk)
        yield Found(Part.COMPLETION, session, _("结业重算不了：签到记录缺了不可缺的内容"))
        return
    for enrolment, result in results:
        row = rows.get(enrolment.pk)
        if row is None:
            yield Found(Part.COMPLETION, enrolment, _("名册上的人没有结业记录"))
            continue
        was = (row.attended_minutes, row.required_minutes, row.completed)
        now = (result.attended_minutes, result.required_minutes, result.completed)
        if was != now:
            words = {"was": _outcome(*was), "now": _outcome(*now)}
            yield Found(Part.COMPLETION, row, _("写的是%(was)s，按签到重算是%(now)s") % words)
        if (row.enrolment.status == EnrolmentStatus.COMPLETED) != row.completed:
            yield Found(Part.COMPLETION, row, _("学员的状态与结业记录不符"))


def _outcome(attended: int, required: int, completed: bool) -> str:
    words = {"attended": attended, "required": required, "outcome": _("结业") if completed else _("未结业")}
    return _("%(attended)s/%(required)s 分钟、%(outcome)s") % words


# Sealed packages


def check_packages(programme: Programme) -> Iterator[Looked]:
    """Each sealed package against its row, its seal, and what the database says of the session today."""
    versions = DossierVersion.objects.filter(
        dossier__training_session__institution__programme=programme,
        edition=Edition.SEALED,
        status=BuildStatus.DONE,
    ).select_related("dossier__training_session", "package")
    for version in versions.order_by("pk").iterator(chunk_size=BATCH):
        problems = _package_problems(version)
        yield Looked(Part.PACKAGES, tuple(Found(Part.PACKAGES, version.dossier, said) for said in problems))


def _package_problems(version: DossierVersion) -> Iterator[str]:
    try:
        with files.opened(cast(StoredFile, version.package)) as file:  # a sealed one has it
            entries = unpack(file)
            seal = open_seal(entries[SEAL].read())
            metadata = Metadata.model_validate_json(entries[METADATA].read())
            manifest = entries[MANIFEST].sha256
    except (OSError, InvalidToken):
        return  # said of the file already
    except (ContainerError, SealError, KeyError, ValidationError):
        yield _("压缩包读不出，或封存签名不符")
        return
    if not manifest == seal.get("manifest_sha256") == version.manifest_sha256:
        yield _("压缩包的清单与封存时记录的散列不同")
    if version.seal_key and seal["public_key"] != version.seal_key:
        yield _("压缩包不是记录里那把密钥封存的")
    if version.dossier.package_id == version.package_id and version.dossier.is_frozen:
        yield from _against_the_database(version.dossier, metadata)


def _against_the_database(dossier: Dossier, sealed: Metadata) -> Iterator[str]:
    """While it is sealed nothing it says may change; the row that did is named."""
    session = dossier.training_session
    roster = {e.pk: e for e in session.enrolments.filter(ON_ROSTER).select_related("trainee")}
    was = {person.enrolment: (person.number, person.id_number) for person in sealed.roster}
    now = {pk: (e.number, e.trainee.masked_id_number) for pk, e in roster.items()}
    yield from _differences(
        was, now, _("名册"), {person.enrolment: f"#{person.number}" for person in sealed.roster}
    )
    completed = Completion.objects.filter(enrolment__in=roster).values_list("enrolment__number", "completed")
    done = {row.number: row.completed for row in sealed.completion}
    yield from _differences(done, dict(completed), _("结业"), {number: f"#{number}" for number in done})
    events = session.events.values_list("digest", "held_reason")
    standing = {digest: f"held:{reason}" if reason else "counted" for digest, reason in events}
    here = {e.digest: e.standing for e in sealed.envelopes}
    names = {e.digest: f"seq {e.seq}" for e in sealed.envelopes}
    yield from _differences(here, {d: s for d, s in standing.items() if d in here}, _("签到事件"), names)


def _differences(
    was: Mapping[Any, Any], now: Mapping[Any, Any], what: str, names: Mapping[Any, str]
) -> Iterator[str]:
    changed = [
        names.get(key, str(key)) for key in dict.fromkeys((*was, *now)) if was.get(key) != now.get(key)
    ]
    if changed:
        shown = _("、").join(changed[:10])
        yield _("%(what)s与封存时不同：%(which)s（共 %(n)s 处）") % {
            "what": what,
            "which": shown,
            "n": len(changed),
        }


# The audit trail


def check_audit(programme: int) -> Iterator[Looked]:
    """The trail of one programme; 0 is that of what belongs to none."""
    if not programme and not AuditChain.objects.filter(programme=0).exists():
        return  # nothing has happened yet that belongs to no programme
    trail = check_trail(programme)
    yield Looked(Part.AUDIT, tuple(_audit_fault(mismatch) for mismatch in trail.mismatches), rows=trail.rows)


def _audit_fault(mismatch: Mismatch) -> Found:
    subject: models.Model | str = mismatch.event or _("操作记录")
    return Found(Part.AUDIT, subject, str(mismatch.fault.label))


def gather(looked: Iterable[Looked]) -> tuple[dict[str, int], list[Found]]:
    """How many were looked at by part, and everything that was found."""
    counted: dict[str, int] = defaultdict(int)
    found: list[Found] = []
    for one in looked:
        counted[one.part.value] += one.rows
        found += one.found
    return dict(counted), found
