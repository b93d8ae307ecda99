from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy

from training.core.actor import Actor
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession
from training.selfservice.queries import sessions_for_slips
from training.selfservice.services import NewLink
from training.selfservice.slips import Slip, SlipSheet


def listed(actor: Actor, *, q: str = "") -> QuerySet[Any]:
    rows = sessions_for_slips(actor)
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    return rows


COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("期"),
    gettext_lazy("培训机构"),
    gettext_lazy("结课日期"),
    gettext_lazy("结业"),
    gettext_lazy("已打开"),
)


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS."""
    for row in rows:
        closed = localdate(row.closed_at) if row.closed_at else ""
        yield row.code, row.title, row.institution.name, closed, row.completed, row.used


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related("institution__programme").fetch(
        actor, pk=pk
    )
    return session


def enrolment_of(pk: int, actor: Actor) -> Enrolment:
    enrolment: Enrolment = Enrolment.objects.select_related("trainee", "training_session").fetch(actor, pk=pk)
    return enrolment


def address_of(made: NewLink) -> str:
    server: str = settings.PUBLIC_URL.rstrip("/")
    return server + reverse("own-link", args=[made.token])


def sheet(session: TrainingSession, made: Sequence[NewLink]) -> SlipSheet:
    programme = session.institution.programme
    return SlipSheet(
        mark=programme.mark_text or programme.name,
        phones="　".join(programme.phones),
        session=f"{session.title}　{session.code}",
        until=f"{localtime(made[0].link.expires_at):%Y-%m-%d}",
        slips=[
            Slip(one.link.enrolment.number, one.link.enrolment.trainee.name, address_of(one)) for one in made
        ],
    )
