"""What a station takes with it to work without a network."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import rfc8785
from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from training.attendance.queries import given_tokens, lesson_time
from training.attendance.rules import SIGN_IN_OPENS, SIGN_OUT_OPENS, check_moment
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.fairs.choices import TAKES_SIGN_IN
from training.fairs.models import JobFair
from training.people.choices import ConsentPurpose
from training.people.models import Consent
from training.programmes.models import Programme
from training.scheduling.choices import TAKES_ATTENDANCE
from training.scheduling.models import TrainingSession
from training.stations.models import Station

SIGN_IN_OPENS_MINUTES: Final = SIGN_IN_OPENS // timedelta(minutes=1)
SIGN_OUT_OPENS_MINUTES: Final = SIGN_OUT_OPENS // timedelta(minutes=1)
KEEPS: Final = timedelta(days=14)
NOON: Final = 12
ROSTER: Final = Prefetch(
    "enrolments", Enrolment.objects.filter(ON_ROSTER).select_related("trainee"), to_attr="roster"
)


def build_package(station: Station, *, at: datetime) -> dict[str, Any]:
    """The sessions of this station's institution that may be attended from a day ago to two weeks ahead, and
    the job fairs of those days that the station was given.

    No identity number travels: a card is found by its HMAC under a key made for the session.
    """
    return build_packages([station], at=at)[0]


def build_packages(stations: Collection[Station], *, at: datetime) -> list[dict[str, Any]]:
    """`build_package` of each, in a number of queries that grows neither with them nor with the sessions."""
    sessions = _sessions({station.institution_id for station in stations}, at)
    fairs = _fairs(stations, at)
    in_force = Programme.objects.with_header(timezone.localdate(at))
    programmes = in_force.in_bulk({station.institution.programme_id for station in stations})
    return [
        _package(
            station,
            programmes[station.institution.programme_id],
            [*sessions[station.institution_id], *fairs[station.pk]],
            at,
        )
        for station in stations
    ]


def _sessions(institutions: set[int], at: datetime) -> dict[int, list[dict[str, Any]]]:
    """What travels of each session, by institution."""
    today = timezone.localdate(at)
    rows = (
        TrainingSession.objects.filter(
            institution__in=institutions,
            status__in=TAKES_ATTENDANCE,
            lessons__on__range=(today - timedelta(days=1), today + KEEPS),
        )
        .distinct()
        .select_related("institution__programme", "rule_set")
        .prefetch_related("lessons__instructor", "lessons__venue", "witnesses", ROSTER)
        .order_by("code")
    )
    agreed = _agreed([place.trainee_id for session in rows for place in session.roster])
    given = given_tokens(rows)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for session in rows:
        found[session.institution_id].append(_session(session, agreed, given))
    return found


def _fairs(stations: Collection[Station], at: datetime) -> dict[Any, list[dict[str, Any]]]:
    """The job fairs that each station takes signatures at, by station; each as a session of one lesson."""
    today = timezone.localdate(at)
    rows = (
        JobFair.objects.filter(
            stations__in=[station.pk for station in stations],
            status__in=TAKES_SIGN_IN,
            on__range=(today - timedelta(days=1), today + KEEPS),
        )
        .distinct()
        .select_related("institution", "programme")
        .prefetch_related("stations", "invitations__trainee")
        .order_by("code")
    )
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for fair in rows:
        content = _fair(fair)
        for station in fair.stations.all():
            found[station.pk].append(content)
    return found


def _fair(fair: JobFair) -> dict[str, Any]:
    """No face is compared, no check is drawn and nobody vouches at a fair: who has no card is on a paper list."""
    match_key = _match_key(fair.code)
    people = sorted(fair.invitations.all(), key=lambda invitation: invitation.pk)
    morning = timezone.localtime(fair.starts_at).hour < NOON
    return {
        "code": fair.code,
        "title": fair.title,
        "institution": fair.institution.name if fair.institution else fair.programme.name,
        "match_key": base64.b64encode(match_key).decode(),
        "face": {"enabled": False},
        "fair": True,
        "sign_in_opens_minutes": SIGN_IN_OPENS_MINUTES,
        "sign_out_opens_minutes": SIGN_OUT_OPENS_MINUTES,
        "witnesses": [],
        "lessons": [
            {
                "id": -fair.pk,  # as `fairs.door.Door.lesson`
                "sequence": 1,
                "on": fair.on.isoformat(),
                "half_day": "am" if morning else "pm",
                "starts_at": fair.starts_at.isoformat(),
                "ends_at": fair.ends_at.isoformat(),
                "topic": str(_("用工对接会")),
                "instructor": "",
                "venue": fair.place,
                "check_at": None,
            }
        ],
        "roster": [
            {
                "enrolment": invitation.enrolment_id,
                "number": number,
                "name": invitation.trainee.name,
                "match": _match(match_key, invitation.trainee.id_number),
                "face_consent": False,
                "tokens": [],
            }
            for number, invitation in enumerate(people, start=1)
        ],
    }


def _match_key(code: str) -> bytes:
    return hmac.new(settings.HASH_KEY.encode(), f"match:{code}".encode(), hashlib.sha256).digest()


def _match(key: bytes, number: str) -> str:
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()


def _agreed(trainees: list[int]) -> set[int]:
    """Those of them who stand by their consent to a face check."""
    standing = Consent.objects.filter(
        trainee__in=trainees, purpose=ConsentPurpose.FACE, given=True, withdrawn_at__isnull=True
    )
    return set(standing.values_list("trainee_id", flat=True))


def _package(
    station: Station, programme: Programme, sessions: list[dict[str, Any]], at: datetime
) -> dict[str, Any]:
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
        "sessions": sessions,
    }
    version = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    return {"server_time": at.isoformat(), "version": version, **content}


def _session(
    session: TrainingSession, agreed: set[int], given: Mapping[int, Sequence[str]]
) -> dict[str, Any]:
    rules = session.rule_set.rules
    face, attendance = rules.face, rules.attendance
    lessons = list(session.lessons.all())
    checks = check_moment(
        settings.HASH_KEY.encode(), [lesson_time(lesson) for lesson in lessons], attendance, session.code
    )
    match_key = _match_key(session.code)
    return {
        "code": session.code,
        "title": session.title,
        "institution": session.institution.name,
        "match_key": base64.b64encode(match_key).decode(),
        "face": {
            "enabled": session.uses_face,
            "pass_below": face.pass_below,
            "ask_below": face.ask_below,
            "challenge": face.challenge,
            "second_look": face.second_look,
        },
        "sign_in_opens_minutes": SIGN_IN_OPENS_MINUTES,
        "sign_out_opens_minutes": SIGN_OUT_OPENS_MINUTES,
        "check_minutes": attendance.check_minutes,
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
                "check_at": checks[lesson.pk].isoformat() if lesson.pk in checks else None,
            }
            for lesson in lessons
        ],
        "roster": _roster(session, match_key, agreed, given),
    }


def _roster(
    session: TrainingSession, match_key: bytes, agreed: set[int], given: Mapping[int, Sequence[str]]
) -> list[dict[str, Any]]:
    return [
        {
            "enrolment": enrolment.pk,
            "number": enrolment.number,
            "name": enrolment.trainee.name,
            "match": _match(match_key, enrolment.trainee.id_number),
            "face_consent": enrolment.trainee_id in agreed,
            "tokens": list(given.get(enrolment.pk, ())),
        }
        for enrolment in session.roster  # type: ignore[attr-defined]  # prefetched by ROSTER
    ]
