from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from training.accounts.permissions import demand
from training.core.actor import Actor
from training.core.audit import record
from training.core.files import PAPERS, keep_upload
from training.courses.models import Courseware
from training.institutions.models import Institution


@transaction.atomic
def add_courseware(
    institution_id: int, *, topic: str, title: str, file: tuple[str, bytes], actor: Actor
) -> Courseware:
    """Keep a piece of courseware; the same topic and title again becomes the next version."""
    demand(actor, "session.plan")
    institution = Institution.objects.lock(actor, pk=institution_id)
    newest = institution.courseware.filter(topic=topic, title=title).aggregate(newest=Max("version"))[
        "newest"
    ]
    courseware: Courseware = Courseware.objects.create(
        institution=institution,
        topic=topic,
        title=title,
        version=(newest or 0) + 1,
        file=keep_upload(*file, allow=PAPERS, actor=actor),
    )
    record(actor, "courseware.added", courseware)
    return courseware
