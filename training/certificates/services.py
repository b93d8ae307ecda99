from __future__ import annotations

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.attendance.rules import hours
from training.certificates.choices import CertificateStatus
from training.certificates.models import Certificate
from training.certificates.rules import certificate_number
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError, InvalidTransitionError
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.enrolment.choices import EnrolmentStatus
from training.enrolment.models import Enrolment
from training.scheduling.models import TrainingSession


@transaction.atomic
def issue_when_sealed(session: TrainingSession, *, actor: Actor) -> list[Certificate]:
    """One for everybody who completed and holds none: called when the archive is sealed.

    Not before: until then a correction may still change who completed, and a paper that somebody has taken
    home can't be called back. The second time nobody is left to get one.
    """
    made = Certificate.objects.bulk_create(_editions(session))
    if made:
        record(actor, "certificates.issued", session, count=len(made))
    return made


@transaction.atomic
def issue_missing(session_id: int, *, actor: Actor) -> list[Certificate]:
    """The same, asked for by a person: for sessions that were sealed before there were certificates."""
    demand(actor, "certificate.issue")
    session: TrainingSession = TrainingSession.objects.lock(actor, pk=session_id)
    if not Dossier.objects.filter(training_session=session, status=DossierStatus.SEALED).exists():
        raise InvalidTransitionError(_("培训档案封存以后才发结业证书：封存以前，更正还会改变谁结业。"))
    return issue_when_sealed(session, actor=actor)


def _editions(session: TrainingSession) -> list[Certificate]:
    days = session.lessons.aggregate(first=Min("on"), last=Max("on"))
    minutes = sum(lesson.minutes for lesson in session.lessons.all())
    words = {
        "title": session.title,
        "institution": session.institution.name,
        "hours": hours(minutes, session.rule_set.rules.attendance),
        "first_on": days["first"],
        "last_on": days["last"],
        "issued_at": clock.now(),
    }
    completed = (
        session.enrolments.filter(status=EnrolmentStatus.COMPLETED)
        .exclude(certificates__status=CertificateStatus.VALID)
        .select_related("trainee")
        .annotate(editions=Max("certificates__edition"))
    )
    return [_edition(session, place, (place.editions or 0) + 1, words) for place in completed]


def _edition(
    session: TrainingSession, place: Enrolment, edition: int, words: dict[str, object]
) -> Certificate:
    number = certificate_number(session.code, place.number, edition)
    return Certificate(enrolment=place, number=number, edition=edition, name=place.trainee.name, **words)


@transaction.atomic
def revoke_certificate(certificate_id: int, *, reason: str, actor: Actor) -> Certificate:
    """撤销: from now on the public check says so."""
    demand(actor, "certificate.revoke")
    certificate: Certificate = Certificate.objects.lock(actor, pk=certificate_id)
    _end(certificate, CertificateStatus.REVOKED, reason, actor)
    record(actor, "certificate.revoked", certificate, reason=certificate.end_reason)
    return certificate


@transaction.atomic
def revoke_struck(enrolment: Enrolment, *, actor: Actor) -> Certificate | None:
    """Whoever a correction or an exclusion has struck from those who completed holds no valid certificate any more."""
    certificate: Certificate | None = enrolment.certificates.filter(status=CertificateStatus.VALID).first()
    if certificate is None or enrolment.status == EnrolmentStatus.COMPLETED:
        return None
    excluded = enrolment.status == EnrolmentStatus.EXCLUDED
    reason = _("经核查剔除，不计入结业") if excluded else _("签到更正后没有达到结业要求")
    _end(certificate, CertificateStatus.REVOKED, reason, actor)
    record(actor, "certificate.revoked", certificate, reason=certificate.end_reason)
    return certificate


@transaction.atomic
def reissue_certificate(certificate_id: int, *, reason: str, actor: Actor) -> Certificate:
    """换发: a new edition with the name as it is known now; the old paper is no longer valid."""
    demand(actor, "certificate.reissue")
    old: Certificate = Certificate.objects.lock(actor, pk=certificate_id)
    place: Enrolment = Enrolment.objects.select_related("trainee", "training_session").get(
        pk=old.enrolment_id
    )
    if place.status != EnrolmentStatus.COMPLETED:
        raise InvalidTransitionError(_("这个人现在不是结业，不能换发。"))
    _end(old, CertificateStatus.REPLACED, reason, actor)
    kept = ("title", "institution", "hours", "first_on", "last_on")
    words = {name: getattr(old, name) for name in kept} | {"issued_at": clock.now()}
    new = _edition(place.training_session, place, old.edition + 1, words)
    new.save()
    record(actor, "certificate.reissued", new, replaced=old.number, reason=old.end_reason)
    return new


def _end(certificate: Certificate, status: CertificateStatus, reason: str, actor: Actor) -> None:
    if not reason.strip():
        raise InvalidInputError(_("请写明原因。"))
    certificate.enter(status)
    certificate.ended_at, certificate.ended_by_id = clock.now(), actor.user_id
    certificate.end_reason = reason.strip()
    certificate.save(update_fields=["ended_at", "ended_by", "end_reason"])


@transaction.atomic
def note_printed(session_id: int, count: int, *, actor: Actor) -> None:
    """It names people, so every printing is on record."""
    demand(actor, "certificate.print")
    session: TrainingSession = TrainingSession.objects.fetch(actor, pk=session_id)
    record(actor, "certificates.printed", session, count=count)
