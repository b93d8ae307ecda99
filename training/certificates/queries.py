from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from training.certificates.choices import CertificateStatus
from training.certificates.models import Certificate
from training.certificates.rules import is_check_code
from training.core.actor import SYSTEM, Actor
from training.core.errors import NotFoundError
from training.scheduling.models import TrainingSession


def checked(number: str, code: str) -> Certificate:
    """The certificate of somebody who holds the paper; raises NotFoundError alike for a wrong number and code."""
    tidy = "".join(number.split()).upper()
    if not is_check_code(tidy, code):
        raise NotFoundError("certificates.Certificate")
    certificate: Certificate = Certificate.objects.select_related(
        "enrolment__training_session__institution__programme"
    ).fetch(SYSTEM, number=tidy)
    return certificate


def of_session(session: TrainingSession, actor: Actor) -> QuerySet[Any]:
    rows: QuerySet[Any] = Certificate.objects.visible_to(actor).filter(enrolment__training_session=session)
    return rows.select_related("enrolment__trainee", "ended_by")


def valid_of_session(session: TrainingSession, actor: Actor) -> QuerySet[Any]:
    return of_session(session, actor).filter(status=CertificateStatus.VALID)


def sessions_with_certificates(actor: Actor) -> QuerySet[Any]:
    """Sessions in sight whose archive has been sealed once, with `valid` and `ended`, newest first."""
    held = Count("enrolments__certificates")
    rows: QuerySet[Any] = TrainingSession.objects.visible_to(actor).annotate(
        certificates=held,
        valid=Count("enrolments__certificates", filter=Q(enrolments__certificates__status="valid")),
    )
    return rows.filter(certificates__gt=0).select_related("institution").order_by("-pk")
