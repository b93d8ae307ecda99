"""The versions of a dossier: making one in the background, and how two of them differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.accounts.permissions import demand
from training.attendance.models import Completion
from training.core import clock, files
from training.core.actor import SYSTEM, Actor
from training.core.audit import record
from training.core.errors import InvalidTransitionError
from training.core.models import StoredFile
from training.dossiers.choices import UNDER_WAY, BuildStatus, BuildStep, DossierStatus, Edition
from training.dossiers.item_changes import Change, changes, digest
from training.dossiers.item_facts import item_facts
from training.dossiers.models import Dossier, DossierVersion
from training.dossiers.pdf.build import Built
from training.dossiers.queries import check_session
from training.scheduling.models import TrainingSession

COMPLETENESS, COMPLETION = "completeness", "completion"
"""What a snapshot holds beside the items."""

Said = Mapping[str, Mapping[str, str]]


class BuildCancelledError(Exception):
    """Somebody has stopped the version that is being made: whoever makes it leaves everything as it is."""


@override(settings.LANGUAGE_CODE)  # it is kept
def snapshot(session: TrainingSession) -> dict[str, dict[str, str]]:
    """What the archive says at this moment: each item's facts, which items are complete, who completed."""
    return {
        **item_facts(session),
        COMPLETENESS: {
            f"{item.code} {item.title}": "；".join(f.message for f in item.findings) or _("齐全")
            for item in check_session(session)
        },
        COMPLETION: {
            _("名册第%(number)s号") % {"number": row.enrolment.number}: row.explanation
            for row in Completion.objects.filter(enrolment__training_session=session)
            .select_related("enrolment")
            .order_by("enrolment__number")
        },
    }


def differences(before: Said, after: Said) -> dict[str, tuple[Change, ...]]:
    """Item code (or COMPLETENESS, COMPLETION) -> what changed from one snapshot to the other; only what did."""
    found = {
        key: changes(before.get(key, {}), after.get(key, {})) for key in dict.fromkeys((*after, *before))
    }
    return {key: changed for key, changed in found.items() if changed}


def queue_version(dossier: Dossier, edition: Edition, *, reason: str = "", actor: Actor) -> DossierVersion:
    """Write down that a version is wanted and hand it to the background; the caller holds the dossier's lock."""
    said = snapshot(dossier.training_session)
    made = dossier.versions.filter(edition=edition, status=BuildStatus.DONE)
    number = max(made.values_list("number", flat=True), default=0) + 1
    version = DossierVersion.objects.create(
        dossier=dossier,
        edition=edition,
        number=number,
        reason=reason,
        asked_by_id=actor.user_id,
        asked_at=clock.now(),
        said=said,
        facts_sha256=digest({key: digest(facts) for key, facts in said.items()}),
    )
    from training.dossiers.tasks import make_version  # noqa: PLC0415  the task calls back into this module

    transaction.on_commit(partial(make_version.enqueue, version.pk))
    return version


@transaction.atomic
def start_draft(dossier_id: int, *, actor: Actor) -> DossierVersion:
    """Make a PDF to look at, marked 草稿 on every page; the one that is being made already if there is one."""
    demand(actor, "dossier.draft")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if dossier.is_frozen:
        raise InvalidTransitionError(_("档案正在封存或已经封存，不再做草稿。请看封存的版本。"))
    running: DossierVersion | None = dossier.versions.filter(
        edition=Edition.DRAFT, status__in=UNDER_WAY
    ).first()
    if running:
        return running
    version = queue_version(dossier, Edition.DRAFT, actor=actor)
    record(actor, "dossier.draft_started", dossier)
    return version


@transaction.atomic
def cancel_version(version_id: int, *, actor: Actor) -> DossierVersion:
    """Stop the making of a version. A dossier that was being sealed goes back to review, as it was.

    Raises InvalidTransitionError once it is finished.
    """
    version: DossierVersion = DossierVersion.objects.fetch(actor, pk=version_id)
    demand(actor, "dossier.review" if version.edition == Edition.SEALED else "dossier.draft")
    dossier: Dossier = Dossier.objects.lock(actor, pk=version.dossier_id)
    version = DossierVersion.objects.lock(actor, pk=version_id)
    _end(version, BuildStatus.CANCELLED)
    if version.edition == Edition.SEALED and dossier.status == DossierStatus.SEALING:
        dossier.enter(DossierStatus.SUBMITTED)
    record(actor, "dossier.build_cancelled", dossier, edition=version.edition, number=version.number)
    return version


@transaction.atomic
def begin_version(version_id: int) -> DossierVersion | None:
    """The worker takes it up; None if somebody stopped it meanwhile, or another worker has it."""
    version: DossierVersion = DossierVersion.objects.lock(SYSTEM, pk=version_id)
    if version.status != BuildStatus.QUEUED:
        return None
    version.enter(BuildStatus.RUNNING)
    return version


def note_progress(version_id: int, step: BuildStep, done: int, total: int) -> None:
    """How far it is, for whoever looks. Raises BuildCancelledError if it is wanted no more."""
    running = DossierVersion.objects.filter(pk=version_id, status=BuildStatus.RUNNING)
    if not running.update(step=step, done=done, total=total):
        raise BuildCancelledError


@transaction.atomic
def finish_draft(version_id: int, *, pdf: StoredFile, built: Built) -> DossierVersion:
    """Take the draft that was made and kept, in place of the one before. Raises BuildCancelledError if it is wanted no more."""
    version: DossierVersion = DossierVersion.objects.lock(SYSTEM, pk=version_id)
    dossier = version.dossier
    version.pdf = pdf
    note_built(version, built)
    _drop_drafts(dossier.versions.filter(edition=Edition.DRAFT).exclude(pk=version.pk))
    record(SYSTEM, "dossier.draft_made", dossier, number=version.number)
    return version


def note_built(version: DossierVersion, built: Built) -> None:
    """Its files have been set; raises BuildCancelledError if it is wanted no more."""
    if version.status != BuildStatus.RUNNING:
        raise BuildCancelledError
    version.pages = built.pages
    version.lacking = " ".join(f"U+{ord(character):04X}" for character in built.lacking)[:200]
    version.save(update_fields=["pdf", "package", "manifest_sha256", "seal_key", "pages", "lacking"])
    _end(version, BuildStatus.DONE)


@transaction.atomic
def fail_version(version_id: int, *, problem: str) -> DossierVersion:
    """It could not be made; the reason is for people to read."""
    version: DossierVersion = DossierVersion.objects.lock(SYSTEM, pk=version_id)
    version.problem = problem
    version.save(update_fields=["problem"])
    _end(version, BuildStatus.FAILED)
    return version


def _end(version: DossierVersion, status: BuildStatus) -> None:
    version.enter(status)
    version.finished_at = clock.now()
    version.save(update_fields=["finished_at"])


def _drop_drafts(drafts: Any) -> None:
    """Nobody needs yesterday's draft, and it is full of names."""
    for draft in drafts:
        stored = draft.pdf
        draft.delete()
        if stored:
            files.discard(stored)
