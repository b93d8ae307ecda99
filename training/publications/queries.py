from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from training.core.actor import SYSTEM, Actor
from training.enrolment.choices import EnrolmentStatus
from training.programmes.models import Programme
from training.publications.choices import PublicationKind, PublicationStatus
from training.publications.models import Publication, Table
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession

RENCI = "结业人次"
SESSION_COLUMNS = ("期号", "培训名称", "课程类别", "培训机构", "日期", RENCI, "培训档案")
HELD = (SessionStatus.CLOSED, SessionStatus.ARCHIVED, SessionStatus.CLAIMED)
SEALED = (SessionStatus.ARCHIVED, SessionStatus.CLAIMED)


def held_sessions(programme: Programme) -> QuerySet[Any]:
    """With `first`, `last`, and `renci` and `people` who completed; the oldest first."""
    completed = Q(enrolments__status=EnrolmentStatus.COMPLETED)
    rows: QuerySet[Any] = (
        TrainingSession.objects.filter(institution__programme=programme, status__in=HELD)
        .select_related("institution", "rule_set")
        .annotate(
            first=Min("lessons__on"),
            last=Max("lessons__on"),
            renci=Count("enrolments", filter=completed, distinct=True),
        )
    )
    return rows.order_by("first", "code")


def sessions_table(programme: Programme) -> Table:
    """Sessions held, with 人次 and nobody's name; in the county's language, for it is its document."""
    return Table(SESSION_COLUMNS, tuple(_line(session) for session in held_sessions(programme)))


def _line(session: Any) -> tuple[str, ...]:
    days = f"{session.first}" if session.first == session.last else f"{session.first} — {session.last}"
    return (
        session.code,
        session.title,
        session.rule_set.rules.category(session.category).name,
        session.institution.name,
        days,
        str(session.renci),
        "已封存" if session.status in SEALED else "整理中",
    )


def publications(actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = Publication.objects.visible_to(actor)
    return rows.select_related("drafted_by", "published_by").order_by("-pk")


def publication_of(pk: int, actor: Actor) -> Publication:
    """Raises NotFoundError."""
    found: Publication = Publication.objects.select_related(
        "programme", "drafted_by", "published_by", "withdrawn_by"
    ).fetch(actor, pk=pk)
    return found


def in_public(programme: Programme) -> QuerySet[Any]:
    """What stands on the public page, newest first."""
    rows: QuerySet[Any] = Publication.objects.visible_to(SYSTEM).filter(
        programme=programme, status=PublicationStatus.PUBLISHED
    )
    return rows.order_by("-published_at", "-pk")


def was_public(programme: Programme, pk: int) -> Publication:
    """Something that stands there or was withdrawn; raises NotFoundError for what never was."""
    found: Publication = Publication.objects.select_related("programme").fetch(
        SYSTEM,
        pk=pk,
        programme=programme,
        status__in=(PublicationStatus.PUBLISHED, PublicationStatus.WITHDRAWN),
    )
    return found


def newest_list(programme: Programme) -> Publication | None:
    """The list of sessions that is on the page now."""
    found: Publication | None = in_public(programme).filter(kind=PublicationKind.SESSIONS).first()
    return found


def closed_since(programme: Programme, publication: Publication | None) -> int:
    """How many sessions have been held that the published list does not name yet."""
    told = {row[0] for row in publication.table.rows} if publication else set()
    codes = held_sessions(programme).values_list("code", flat=True)
    return sum(code not in told for code in codes)


def renci_of(publication: Publication) -> int | None:
    """The sum of a published list's 人次; None if the column was left out."""
    table = publication.table
    if RENCI not in table.columns:
        return None
    place = table.columns.index(RENCI)
    return sum(int(row[place]) for row in table.rows)
