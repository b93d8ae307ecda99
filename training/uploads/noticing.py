"""What was handed in is looked at once, in the background: thumbnail, camera, and where else it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from training.core import clock, files
from training.core.actor import SYSTEM
from training.core.audit import record
from training.core.models import StoredFile
from training.core.pictures import THUMBNAIL, shown_as, shown_copy
from training.core.uploads import IMAGES, JPEG, PDF, check_upload
from training.dossiers.choices import EvidenceKind
from training.dossiers.models import Evidence
from training.uploads.choices import Likeness
from training.uploads.likeness import Look, bands, near, same_hash, same_picture
from training.uploads.likeness import look_at as look_at_pixels
from training.uploads.models import Landmark, PageImage, Picture, Reuse
from training.uploads.pages import page_photos, page_picture

CANDIDATES: Final = 20
"""How many pictures that share landmarks are laid over a new one, those that share most first."""


def look_at(evidence_id: int) -> int:
    """Raises OSError where the disk lost the file. Returns how many pairs are new; twice changes nothing."""
    evidence = Evidence.objects.select_related("file", "training_session__institution").fetch(
        SYSTEM, pk=evidence_id
    )
    found = {(other.pk, Likeness.EXACT): other for other in _same_files(evidence)}
    same = (other for other in _alike(evidence) if (other.pk, Likeness.EXACT) not in found)
    found |= {(other.pk, Likeness.PICTURE): other for other in same}
    return sum(_note(evidence, other, likeness) for (_pk, likeness), other in found.items())


def _alike(evidence: Evidence) -> Iterator[Evidence]:
    """Photos, and PDFs with a photo in them; other papers look alike, and are meant to."""
    if evidence.file.content_type == PDF:
        data = files.read(evidence.file)
        _keep_first_page(evidence, data)
        for number, photo in page_photos(data):
            look = look_at_pixels(photo)
            PageImage.objects.get_or_create(evidence=evidence, page=number, defaults=_hashed(look))
            yield from _same_photos(evidence, look)
    if evidence.file.content_type in IMAGES:
        look = look_at_pixels(files.read(evidence.file))
        _keep_picture(evidence, look)
        if evidence.kind == EvidenceKind.PHOTO:
            yield from _same_photos(evidence, look)
            yield from _same_pages(evidence, look)


def not_looked_at() -> list[int]:
    """Pictures and PDFs that came before there was anybody to look, or whose task was lost."""
    rows = Evidence.objects.filter(file__content_type__in=[*IMAGES, PDF], picture=None).order_by("pk")
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def _keep_picture(evidence: Evidence, look: Look) -> Picture:
    """Committed before anything is compared, so that of two that come at once one sees the other."""
    known: Picture | None = Picture.objects.filter(evidence=evidence).first()
    if known:
        return known
    data = files.read(evidence.file)
    checked = check_upload(evidence.file.name, data, allow={evidence.file.content_type})
    latitude, longitude = checked.place or (None, None)
    picture = Picture.objects.create(
        evidence=evidence,
        thumbnail=_keep_small(evidence, shown_copy(data, THUMBNAIL), shown_as(evidence.file.content_type)),
        camera=checked.camera,
        latitude=latitude,
        longitude=longitude,
        **_hashed(look),
    )
    Landmark.objects.bulk_create(Landmark(picture=picture, key=key) for key in sorted(look.landmarks))
    return picture


def _hashed(look: Look) -> dict[str, Any]:
    """The columns that a picture is looked up by."""
    cut = enumerate(bands(look.phash)) if look.phash else ()
    return {"phash": look.phash} | {f"band_{index}": band for index, band in cut}


def _keep_first_page(evidence: Evidence, data: bytes) -> None:
    """A page to know the paper by."""
    if Picture.objects.filter(evidence=evidence).exists():
        return
    page = page_picture(data, THUMBNAIL)
    small = _keep_small(evidence, page, JPEG) if page else None
    Picture.objects.get_or_create(evidence=evidence, defaults={"thumbnail": small})


def _keep_small(evidence: Evidence, data: bytes, content_type: str) -> StoredFile:
    name = f"{PurePath(evidence.file.name).stem[:150]}-small"
    return files.keep(name, data, content_type=content_type, actor=SYSTEM)


def _elsewhere(evidence: Any) -> QuerySet[Any]:
    """What stands in other places of the programme: of a photo other lessons, of other papers other sessions."""
    rows = Evidence.objects.filter(
        training_session__institution__programme=evidence.training_session.institution.programme_id,
        withdrawn_at=None,
    )
    if evidence.kind == EvidenceKind.PHOTO:
        return rows.exclude(training_session=evidence.training_session_id, lesson=evidence.lesson_id)
    return rows.exclude(training_session=evidence.training_session_id)


def _same_files(evidence: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = _elsewhere(evidence).filter(file__sha256=evidence.file.sha256)
    return rows


def _same_pages(photo: Evidence, look: Look) -> Iterator[Evidence]:
    """PDFs of other sessions with this photo as a page: one session's own report may show it once more."""
    papers = _elsewhere(photo).exclude(training_session=photo.training_session_id)
    others = PageImage.objects.filter(evidence__in=papers).select_related("evidence")
    yield from (row.evidence for row in _with_near_hash(others, look) if same_hash(row.phash, look.phash))


def _same_photos(evidence: Evidence, look: Look) -> Iterator[Evidence]:
    """Two that stations signed are two moments, however alike the room looks."""
    others: QuerySet[Any] = Picture.objects.filter(
        evidence__in=_elsewhere(evidence).filter(kind=EvidenceKind.PHOTO)
    ).select_related("evidence__file", "thumbnail")
    if evidence.event_id is not None:
        others = others.filter(evidence__event=None)
    alike = {row.pk: row for row in _with_near_hash(others, look) if same_hash(row.phash, look.phash)}
    laid_over = {row.pk: row for row in _with_landmarks(others, look) if row.pk not in alike}
    yield from (row.evidence for row in alike.values())
    for row in laid_over.values():
        small = row.thumbnail or row.evidence.file
        if same_picture(look, look_at_pixels(files.read(small))):
            yield row.evidence


def _with_near_hash(others: QuerySet[Any], look: Look) -> QuerySet[Any]:
    if not look.phash:
        return others.none()
    wanted = Q()
    for index, band in enumerate(bands(look.phash)):
        wanted |= Q(**{f"band_{index}__in": near(band)})
    return others.filter(wanted)


def _with_landmarks(others: QuerySet[Any], look: Look) -> Iterator[Picture]:
    sharing = (
        Landmark.objects.filter(key__in=look.landmarks, picture__in=others.order_by().values("pk"))
        .order_by()
        .values("picture")
        .annotate(shared=Count("pk"))
        .order_by("-shared", "-picture")[:CANDIDATES]
    )
    rows = others.in_bulk([row["picture"] for row in sharing])
    yield from rows.values()


@transaction.atomic
def _note(evidence: Evidence, other: Evidence, likeness: Likeness) -> bool:
    original, copy = sorted((evidence, other), key=lambda row: (row.event_id is None, row.pk))
    one, two = (row.training_session.institution for row in (original, copy))
    reuse, new = Reuse.objects.get_or_create(
        original=original,
        copy=copy,
        defaults={
            "programme_id": one.programme_id,
            "institution": one if one == two else None,
            "likeness": likeness,
            "noticed_at": clock.now(),
        },
    )
    if new:
        record(SYSTEM, "reuse.noticed", reuse, likeness=str(likeness))
    return new
