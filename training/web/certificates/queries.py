"""Certificates by session as their pages show them, and as paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy, override

from training.certificates import queries
from training.certificates.models import Certificate
from training.certificates.paper import CertificatePaper, build_certificates
from training.certificates.rules import check_code
from training.core.actor import Actor
from training.dossiers.choices import DossierStatus
from training.dossiers.pdf.printed import long_day
from training.enrolment.choices import EnrolmentStatus
from training.scheduling.models import TrainingSession

COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("培训名称"),
    gettext_lazy("培训机构"),
    gettext_lazy("有效证书"),
    gettext_lazy("已撤销、已换发"),
)


def listed(actor: Actor, *, q: str = "") -> QuerySet[Any]:
    rows = queries.sessions_with_certificates(actor)
    if q:
        rows = rows.filter(Q(code__icontains=q) | Q(title__icontains=q) | Q(institution__name__icontains=q))
    return rows


def lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows.iterator(chunk_size=1000):
        yield row.code, row.title, row.institution.name, row.valid, row.certificates - row.valid


def session_of(pk: int, actor: Actor) -> TrainingSession:
    session: TrainingSession = TrainingSession.objects.select_related("institution__programme").fetch(
        actor, pk=pk
    )
    return session


def certificate_of(pk: int, actor: Actor) -> Certificate:
    found: Certificate = Certificate.objects.select_related(
        "enrolment__trainee", "enrolment__training_session__institution__programme"
    ).fetch(actor, pk=pk)
    return found


@dataclass(frozen=True)
class Row:
    """`renamed`: the person's name has been put right since; the paper says the old one."""

    it: Certificate
    renamed: bool


@dataclass(frozen=True)
class SessionPage:
    session: TrainingSession
    rows: list[Row]
    sealed: bool
    missing: int

    @property
    def valid(self) -> int:
        return sum(row.it.status == "valid" for row in self.rows)


def session_page(session: TrainingSession, actor: Actor) -> SessionPage:
    """`missing` are who completed and hold no valid one."""
    found = list(queries.of_session(session, actor))
    dossier = getattr(session, "dossier", None)
    without = session.enrolments.filter(status=EnrolmentStatus.COMPLETED).exclude(
        certificates__status="valid"
    )
    return SessionPage(
        session,
        [Row(one, one.status == "valid" and one.name != one.enrolment.trainee.name) for one in found],
        dossier is not None and dossier.status == DossierStatus.SEALED,
        without.count(),
    )


@override(settings.LANGUAGE_CODE)
def papers(session: TrainingSession, certificates: Iterable[Certificate]) -> bytes:
    """A page for each, in the county's language."""
    rows = list(certificates)
    made = max(row.issued_at for row in rows)
    facts = [_paper(session, row) for row in rows]
    return build_certificates(facts, Path(settings.FONTS_DIR), at=localtime(made))


def _paper(session: TrainingSession, one: Certificate) -> CertificatePaper:
    programme, server = session.institution.programme, settings.PUBLIC_URL.rstrip("/")
    code = check_code(one.number)
    first, last = long_day(one.first_on), long_day(one.last_on)
    return CertificatePaper(
        mark=programme.mark_text,
        phones="　".join(programme.phones),
        programme=programme.name,
        name=one.name,
        days=first if one.first_on == one.last_on else f"{first}至{last}",
        title=one.title,
        session_code=session.code,
        hours=one.hours,
        institution=one.institution,
        issued_on=long_day(localtime(one.issued_at).date()),
        number=one.number,
        check_code=code,
        check_page=server + reverse("certificate-check"),
        check_url=server + reverse("certificate-shown", args=[one.number, code]),
        edition=one.edition,
    )
