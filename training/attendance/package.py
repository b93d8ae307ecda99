"""What a station takes with it to work without a network."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final

import rfc8785
from django.conf import settings
from django.utils import timezone

from training.enrolment.choices import ON_ROSTER
from training.people.choices import ConsentPurpose
from training.people.models import Consent
from training.scheduling.choices import TAKES_ATTENDANCE
from training.scheduling.models import TrainingSession
from training.stations.models import Station

SIGN_IN_OPENS_MINUTES: Final = 60
SIGN_OUT_OPENS_MINUTES: Final = 30
KEEPS: Final = timedelta(days=14)


def build_package(station: Station, *, at: datetime) -> dict[str, Any]:
    """The sessions of this station's institution that may be attended from a day ago to two weeks ahead.

    No identity number travels: a card is found by its HMAC under a key made for the session.
    """
    today = timezone.localdate(at)
    sessions = (
        TrainingSession.objects.filter(
            institution=station.institution_id,
            status__in=TAKES_ATTENDANCE,
            lessons__on__range=(today - timedelta(days=1), today + KEEPS),
        )
        .distinct()
        .select_related("institution__programme", "rule_set")
        .prefetch_related("lessons__instructor", "lessons__venue", "witnesses")
        .order_by("code")
    )
    programme = station.institution.programme
    content: dict[str, Any] = {
        "station": {
            "id": str(station.pk),
            "name": station.name,
            "institution": station.institution.name,
            "may": sorted(station.may),
        },
        "programme": {
            "code": programme.code,
            "name": programme.name,
            "mark_text": programme.mark_text,
            "phones": programme.phones,
        },
        "sessions": [_session(session) for session in sessions],
    }
    version = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    return {"server_time": at.isoformat(), "version": version, **content}


def _session(session: TrainingSession) -> dict[str, Any]:
    face = session.rule_set.rules.face
    match_key = hmac.new(
        settings.HASH_KEY.encode(), f"match:{session.code}".encode(), hashlib.sha256
    ).digest()
    return {
        "code": session.code,
        "title": session.title,
        "institution": session.institution.name,
        "match_key": base64.b64encode(match_key).decode(),
        "face": {
            "enabled": session.uses_face,
            "pass_below": face.pass_below,
            "ask_below": face.ask_below,
        },
        "sign_in_opens_minutes": SIGN_IN_OPENS_MINUTES,
        "sign_out_opens_minutes": SIGN_OUT_OPENS_MINUTES,
        "witnesses": [
            {"id": witness.pk, "name": witness.name, "post": witness.post, "pin": witness.pin_hash}
            for witness in session.witnesses.all()
        ],
        "lessons": [
            {
                "id": lesson.pk,
                "sequence": lesson.sequence,
                "on": lesson.on.isoformat(),
                "half_day": str(lesson.half_day),
                "starts_at": lesson.starts_at.isoformat(),
                "ends_at": lesson.ends_at.isoformat(),
                "topic": lesson.topic,
                "instructor": lesson.instructor.name,
                "venue": lesson.venue.name,
            }
            for lesson in session.lessons.all()
        ],
        "roster": _roster(session, match_key),
    }


def _roster(session: TrainingSession, match_key: bytes) -> list[dict[str, Any]]:
    enrolments = list(session.enrolments.filter(ON_ROSTER).select_related("trainee"))
    agreed = set(
        Consent.objects.filter(
            trainee__in=[enrolment.trainee_id for enrolment in enrolments],
            purpose=ConsentPurpose.FACE,
            given=True,
            withdrawn_at__isnull=True,
        ).values_list("trainee_id", flat=True)
    )
    return [
        {
            "enrolment": enrolment.pk,
            "number": enrolment.number,
            "name": enrolment.trainee.name,
            "match": hmac.new(match_key, enrolment.trainee.id_number.encode(), hashlib.sha256).hexdigest(),
            "face_consent": enrolment.trainee_id in agreed,
        }
        for enrolment in enrolments
    ]
