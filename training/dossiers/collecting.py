"""Gathering evidence: what people hand in and what stations took (lifecycle F, 收集中)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.accounts.permissions import demand
from training.attendance.choices import EventKind
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError, TrainingError
from training.core.files import PAPERS, PHOTOS, check, keep, keep_upload
from training.core.uploads import XLSX, CheckedFile
from training.dossiers.choices import TAKES_EVIDENCE, EvidenceKind
from training.dossiers.models import Dossier, Evidence
from training.dossiers.signals import evidence_added, evidence_withdrawn
from training.fairs.door import keep_photo
from training.fairs.models import FairPaper
from training.scheduling.models import Lesson, TrainingSession
from training.stations.models import Station


class PhotoEventUnknownError(TrainingError):
    """The photo came before the signed event that names it; the station tries again later."""

    code = "photo_event_unknown"
    http_status = 409


class PhotoEventHeldError(TrainingError):
    """The event that names the photo is in the ledger but does not count: trying again won't help."""

    code = "photo_event_held"
    http_status = 422


def _open_archive(session_id: int, item: str, actor: Actor) -> TrainingSession:
    """Locked; raises InvalidTransitionError while this item is not the institution's to change."""
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    dossier = Dossier.objects.filter(training_session=session).first()
    if dossier and dossier.status not in TAKES_EVIDENCE:
        raise InvalidTransitionError(_("档案已提交或已封存，不能再增减材料。"))
    if dossier and not dossier.takes(item):
        raise InvalidTransitionError(
            _("商务局只退回了 %(items)s，%(item)s 不在其中，不能改动。")
            % {"items": _("、").join(dossier.returned_items), "item": item}
        )
    return session


def add_evidence(
    session_id: int,
    *,
    item: str,
    kind: EvidenceKind,
    caption: str,
    file: tuple[str, bytes],
    lesson_id: int | None = None,
    device: str = "",
    actor: Actor,
) -> Evidence:
    """Hand in a file for an archive item; for A9 it names the lesson it shows. `device`: what it came from.

    Raises InvalidInputError for a file that is unsound or already there, before anything is locked: looking
    at a long PDF takes seconds.
    """
    demand(actor, "evidence.add")
    session: TrainingSession = TrainingSession.objects.fetch(actor, pk=session_id)
    if item not in {entry.code for entry in session.rule_set.rules.items_for(session.class_type)}:
        raise InvalidInputError(_("没有这个档案项。"))
    _demand_kind(item, kind)
    lesson = Lesson.objects.fetch(actor, pk=lesson_id, training_session=session) if lesson_id else None
    if item == "A9" and lesson is None:
        raise InvalidInputError(_("请选择照片属于哪一课次。"))
    checked = check(*file, allow=PHOTOS if kind == EvidenceKind.PHOTO else PAPERS | {XLSX})
    with transaction.atomic():
        _open_archive(session_id, item, actor)
        _demand_new(session, item, lesson, file[0], checked)
        stored = keep(*file, content_type=checked.content_type, actor=actor)
        evidence: Evidence = Evidence.objects.create(
            training_session=session, item=item, kind=kind, lesson=lesson, caption=caption, file=stored,
            taken_at=_aware(checked.taken_at) if kind == EvidenceKind.PHOTO else None, device=device[:200],
        )  # fmt: skip
        evidence_added.send(Evidence, evidence=evidence)
        record(actor, "evidence.added", evidence, item=item, sha256=stored.sha256)
    return evidence


def _demand_kind(item: str, kind: EvidenceKind) -> None:
    """Only what comes as a photo is looked at as one: when it was taken, and whether it is used elsewhere."""
    if (item == "A9") != (kind == EvidenceKind.PHOTO):
        raise InvalidInputError(_("现场照片归入 A9，A9 也只收现场照片；请把档案项和种类改成一致的。"))


@transaction.atomic
def describe_photo(
    evidence_id: int, *, caption: str, persons: str, background: str, photographer: str, actor: Actor
) -> Evidence:
    """Say what a class photo shows, also of one that a station took; its time, place and lesson are known."""
    demand(actor, "evidence.add")
    photo: Evidence = Evidence.objects.lock(actor, pk=evidence_id, kind=EvidenceKind.PHOTO, withdrawn_at=None)
    _open_archive(photo.training_session_id, photo.item, actor)
    if not caption.strip():
        raise InvalidInputError(_("请写照片的说明。"))
    said = {"caption": caption, "persons": persons, "background": background, "photographer": photographer}
    for name, words in said.items():
        setattr(photo, name, words.strip())
    photo.save(update_fields=list(said))
    record(actor, "evidence.described", photo, caption=photo.caption)
    return photo


def _demand_new(
    session: TrainingSession, item: str, lesson: Lesson | None, name: str, checked: CheckedFile
) -> None:
    """The same bytes in the same place prove nothing twice; elsewhere they are kept, and noticed."""
    same = Evidence.objects.filter(
        training_session=session, item=item, lesson=lesson, withdrawn_at=None, file__sha256=checked.sha256
    )
    if same.exists():
        raise InvalidInputError(
            _("“%(name)s”在这里已经有了，内容完全相同，没有再收一份。") % {"name": name}, code="already_there"
        )


def _aware(camera: datetime | None) -> datetime | None:
    """A camera that names no offset shows the clock of the county it stands in."""
    return make_aware(camera) if camera is not None and is_naive(camera) else camera


@transaction.atomic
def withdraw_evidence(evidence_id: int, *, reason: str, actor: Actor) -> Evidence:
    """Take a file out of the archive; it and the reason stay on record."""
    demand(actor, "evidence.add")
    evidence: Evidence = Evidence.objects.lock(actor, pk=evidence_id)
    _open_archive(evidence.training_session_id, evidence.item, actor)
    if not reason.strip():
        raise InvalidInputError(_("请写明撤下的原因。"))
    if evidence.event_id is not None:
        raise InvalidInputError(_("签到终端拍的照片有签名记录，不能撤下。需要时请另补照片。"))
    if evidence.withdrawn_at is None:
        evidence.withdrawn_at = clock.now()
        evidence.withdrawn_reason = reason.strip()
        evidence.save(update_fields=["withdrawn_at", "withdrawn_reason"])
        evidence_withdrawn.send(Evidence, evidence=evidence)
        record(actor, "evidence.withdrawn", evidence, reason=evidence.withdrawn_reason)
    return evidence


@override(settings.LANGUAGE_CODE)  # its caption stays in the archive
@transaction.atomic
def keep_station_photo(station: Station, *, data: bytes) -> tuple[Evidence | FairPaper, bool]:
    """The picture a station's signed photo event names: class evidence, or a paper of the job fair it was taken at.

    Returns it and whether it is new. Raises PhotoEventUnknownError until the event is in the ledger, and PhotoEventHeldError if it is
    there and does not count. A dossier is not complete before the last of them has come.
    """
    event = _photo_event(station, hashlib.sha256(data).hexdigest())
    if event.fair_id:
        return keep_photo(
            event.fair_id, station=station, digest=event.digest, taken_at=event.captured_at, data=data
        )
    existing = Evidence.objects.filter(event=event).first()
    if existing:
        return existing, False
    session = event.training_session
    name = f"{session.code}-{event.lesson.sequence}-{event.seq}.jpg"
    stored = keep_upload(
        name, data, allow=frozenset({"image/jpeg"}), actor=replace(SYSTEM, name=station.name)
    )
    evidence: Evidence = Evidence.objects.create(
        training_session=session,
        item="A9",
        kind=EvidenceKind.PHOTO,
        lesson=event.lesson,
        caption=_("第%(sequence)s课次“%(topic)s”现场，%(mark)s")
        % {
            "sequence": event.lesson.sequence,
            "topic": event.lesson.topic,
            "mark": session.rule_set.rules.mark_at([event.lesson.venue.level]),
        },
        taken_at=event.captured_at,
        event=event,
        file=stored,
    )
    evidence_added.send(Evidence, evidence=evidence)
    record(SYSTEM, "evidence.photo_received", evidence, sha256=stored.sha256)
    return evidence, True


def _photo_event(station: Station, sha256: str) -> Any:
    """The counted event, so one of a lesson or of a job fair, that names the photo."""
    names_it = {"payload__contains": sha256}
    events = station.events.select_for_update(of=("self",)).select_related(
        "lesson", "training_session__institution__programme"
    )
    event = events.filter(kind=EventKind.PHOTO, **names_it).first()
    if event is not None and not event.held_reason:
        return event
    if event is not None or station.held_envelopes.filter(**names_it).exists():
        raise PhotoEventHeldError(_("照片对应的拍照记录待核，照片不能进入档案。请联系商务局。"))
    raise PhotoEventUnknownError(_("照片对应的拍照记录还没有收到，终端稍后会自动再传。"))
