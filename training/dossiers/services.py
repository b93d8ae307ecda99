"""The dossier's life: close the class, gather evidence, submit, return, seal (lifecycle F)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.attendance.choices import EventKind
from training.attendance.services import complete_enrolments, demand_attended
from training.core import clock
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, TrainingError
from training.core.files import PAPERS, PHOTOS, keep, keep_upload
from training.core.models import StoredFile
from training.dossiers.choices import TAKES_EVIDENCE, DossierStatus, EvidenceKind
from training.dossiers.models import Dossier, Evidence
from training.dossiers.queries import check_session
from training.dossiers.rules import findings
from training.dossiers.seal import Sealer
from training.enrolment.choices import EnrolmentStatus
from training.followup.services import open_follow_ups
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.choices import SessionStatus
from training.scheduling.models import Lesson, TrainingSession
from training.scheduling.running import begin_if_due, record_begun
from training.stations.models import Station


class IncompleteDossierError(TrainingError):
    """档案不全，不予以补贴: `details["findings"]` names every missing thing. There is no override."""

    code = "dossier_incomplete"
    http_status = 409


class PhotoEventUnknownError(TrainingError):
    """The photo came before the signed event that names it; the station tries again later."""

    code = "photo_event_unknown"
    http_status = 409


class PhotoEventHeldError(TrainingError):
    """The event that names the photo is in the ledger but does not count: trying again won't help."""

    code = "photo_event_held"
    http_status = 422


@transaction.atomic
def close_session(session_id: int, *, actor: Actor) -> Dossier:
    """结课: decide who completed, open their follow-ups, open the dossier. Twice changes nothing."""
    demand(actor, "session.close")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if session.status == SessionStatus.CLOSED:
        return session.dossier
    begun = begin_if_due(session)
    completions = complete_enrolments(session)
    demand_attended(session)
    session.enter(SessionStatus.CLOSED)
    session.closed_at = clock.now()
    session.save(update_fields=["closed_at"])
    open_follow_ups(
        [completion.enrolment for completion in completions],
        days=session.rule_set.rules.follow_up.days,
        at=session.closed_at,
    )
    dossier, _created = Dossier.objects.get_or_create(training_session=session)
    record_begun(session, begun=begun)
    record(
        actor,
        "session.closed",
        session,
        renci=sum(completion.completed for completion in completions),
        rostered=len(completions),
    )
    return dossier


def _open_archive(session_id: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    dossier = Dossier.objects.filter(training_session=session).first()
    if dossier and dossier.status not in TAKES_EVIDENCE:
        raise InvalidTransitionError(_("档案已提交或已封存，不能再增减材料。"))
    return session


@transaction.atomic
def add_evidence(
    session_id: int,
    *,
    item: str,
    kind: EvidenceKind,
    caption: str,
    file: tuple[str, bytes],
    lesson_id: int | None = None,
    actor: Actor,
) -> Evidence:
    """Hand in a file for an archive item; for A9 it names the lesson it shows."""
    demand(actor, "evidence.add")
    session = _open_archive(session_id, actor)
    if item not in {entry.code for entry in session.rule_set.rules.items_for(session.class_type)}:
        raise InvalidInputError(_("没有这个档案项。"))
    lesson = Lesson.objects.fetch(actor, pk=lesson_id, training_session=session) if lesson_id else None
    if item == "A9" and lesson is None:
        raise InvalidInputError(_("请选择照片属于哪一课次。"))
    stored = keep_upload(*file, allow=PHOTOS if kind == EvidenceKind.PHOTO else PAPERS, actor=actor)
    evidence: Evidence = Evidence.objects.create(
        training_session=session, item=item, kind=kind, lesson=lesson, caption=caption, file=stored
    )
    record(actor, "evidence.added", evidence, item=item, sha256=stored.sha256)
    return evidence


@transaction.atomic
def withdraw_evidence(evidence_id: int, *, reason: str, actor: Actor) -> Evidence:
    """Take a file out of the archive; it and the reason stay on record."""
    demand(actor, "evidence.add")
    evidence: Evidence = Evidence.objects.lock(actor, pk=evidence_id)
    _open_archive(evidence.training_session_id, actor)
    if not reason.strip():
        raise InvalidInputError(_("请写明撤下的原因。"))
    if evidence.event_id is not None:
        raise InvalidInputError(_("签到终端拍的照片有签名记录，不能撤下。需要时请另补照片。"))
    if evidence.withdrawn_at is None:
        evidence.withdrawn_at = clock.now()
        evidence.withdrawn_reason = reason.strip()
        evidence.save(update_fields=["withdrawn_at", "withdrawn_reason"])
        record(actor, "evidence.withdrawn", evidence, reason=evidence.withdrawn_reason)
    return evidence


@override(settings.LANGUAGE_CODE)  # its caption stays in the archive
@transaction.atomic
def keep_station_photo(station: Station, *, data: bytes) -> tuple[Evidence, bool]:
    """The picture a station's signed photo event names. Returns the evidence and whether it is new.

    Raises PhotoEventUnknownError until the event is in the ledger, and PhotoEventHeldError if it is
    there and does not count. A dossier is not complete before the last of them has come.
    """
    event = _photo_event(station, hashlib.sha256(data).hexdigest())
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
            "mark": session.rule_set.rules.mark_text,
        },
        taken_at=event.captured_at,
        event=event,
        file=stored,
    )
    record(SYSTEM, "evidence.photo_received", evidence, sha256=stored.sha256)
    return evidence, True


def _photo_event(station: Station, sha256: str) -> Any:
    """The counted event, so one with a session and a lesson, that names the photo."""
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


def demand_complete(session: TrainingSession) -> None:
    """Raises IncompleteDossierError naming everything that is missing."""
    missing = findings(check_session(session))
    if missing:
        messages = [finding.message for finding in missing]
        raise IncompleteDossierError(
            _("档案不全，不予以补贴：%(missing)s。") % {"missing": "；".join(messages)}, findings=messages
        )


@transaction.atomic
def submit_dossier(session_id: int, *, actor: Actor) -> Dossier:
    """机构自检后提交商务局核验; refused while anything is missing."""
    demand(actor, "dossier.submit")
    dossier: Dossier = Dossier.objects.lock(actor, training_session=session_id)
    demand_complete(dossier.training_session)
    dossier.submitted_by_id = actor.user_id
    dossier.submitted_at = clock.now()
    dossier.save(update_fields=["submitted_by", "submitted_at"])
    dossier.enter(DossierStatus.SUBMITTED)
    institution = dossier.training_session.institution.name
    _tell(Kind.DOSSIER_SUBMITTED, dossier, BUREAU_ROLES, actor=actor, institution=institution)
    record(actor, "dossier.submitted", dossier)
    return dossier


@transaction.atomic
def return_dossier(dossier_id: int, *, items: Sequence[str], reason: str, actor: Actor) -> Dossier:
    """退回补正 single items, with the reason."""
    demand(actor, "dossier.review")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if not reason.strip() or not items:
        raise InvalidInputError(_("请选择退回的项目并写明原因。"))
    dossier.return_reason = reason.strip()
    dossier.returned_items = list(items)
    dossier.save(update_fields=["return_reason", "returned_items"])
    dossier.enter(DossierStatus.RETURNED)
    _tell(Kind.DOSSIER_RETURNED, dossier, INSTITUTION_ROLES, actor=actor, items=" ".join(items))
    record(actor, "dossier.returned", dossier, items=list(items), reason=dossier.return_reason)
    return dossier


@transaction.atomic
def seal_dossier(dossier_id: int, *, actor: Actor) -> Dossier:
    """封存: freezes the archive and hands the making of the package to the background."""
    demand(actor, "dossier.review")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if actor.user_id is not None and actor.user_id == dossier.submitted_by_id:
        raise ForbiddenError(_("提交人不能封存自己提交的档案。"))
    # From here to the package nothing that counts may change: corrections lock the session too.
    TrainingSession.objects.lock(actor, pk=dossier.training_session_id)
    demand_complete(dossier.training_session)
    dossier.sealed_by_id = actor.user_id
    dossier.seal_problem = ""
    dossier.save(update_fields=["sealed_by", "seal_problem"])
    dossier.enter(DossierStatus.SEALING)
    record(actor, "dossier.sealing", dossier)
    from training.dossiers.tasks import make_package  # noqa: PLC0415  the task calls back into this module

    transaction.on_commit(partial(make_package.enqueue, dossier.pk))
    return dossier


def seal_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.SEAL_KEY))


@transaction.atomic
def finish_seal(
    dossier_id: int, *, pdf: bytes, package: bytes, manifest_sha256: str, pages: int, sealer: Sealer
) -> Dossier:
    """Keep the package that was made and let the dossier count as sealed."""
    dossier: Dossier = Dossier.objects.lock(SYSTEM, pk=dossier_id)
    code = dossier.training_session.code
    dossier.pdf = _keep_made(f"{code}.pdf", pdf, "application/pdf")
    dossier.package = _keep_made(f"{code}.zip", package, "application/zip")
    dossier.manifest_sha256 = manifest_sha256
    dossier.pages = pages
    dossier.sealed_at = sealer.sealed_at
    dossier.save(update_fields=["pdf", "package", "manifest_sha256", "pages", "sealed_at"])
    dossier.enter(DossierStatus.SEALED)
    session = TrainingSession.objects.lock(SYSTEM, pk=dossier.training_session_id)
    session.enter(SessionStatus.ARCHIVED)
    _tell(Kind.DOSSIER_SEALED, dossier, INSTITUTION_ROLES | BUREAU_ROLES, actor=SYSTEM)
    record(SYSTEM, "dossier.sealed", dossier, manifest_sha256=manifest_sha256)
    return dossier


def _keep_made(name: str, data: bytes, content_type: str) -> StoredFile:
    return keep(name, data, content_type=content_type, actor=SYSTEM, sensitive=True)


@transaction.atomic
def abandon_seal(dossier_id: int, *, problem: str) -> Dossier:
    """The package could not be made: back to review, with the reason for people to read."""
    dossier: Dossier = Dossier.objects.lock(SYSTEM, pk=dossier_id)
    dossier.seal_problem = problem
    dossier.save(update_fields=["seal_problem"])
    dossier.enter(DossierStatus.SUBMITTED)
    record(SYSTEM, "dossier.seal_failed", dossier, problem=problem)
    return dossier


def _tell(kind: Kind, dossier: Dossier, roles: Collection[Role], *, actor: Actor, **more: str) -> None:
    session = dossier.training_session
    notify(kind, session, roles=roles, actor=actor, session=str(session), **more)


def completed_count(session: TrainingSession) -> int:
    """培训人次 of one session: enrolments that completed."""
    return int(session.enrolments.filter(status=EnrolmentStatus.COMPLETED).count())
