"""Which page a notification leads to, in the role it was for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.urls import reverse

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.notifications.choices import Kind
from training.notifications.models import Notification
from training.web.archives.places import BY_TELEPHONE


def _session(row: Notification) -> str:
    ours = row.membership.role in INSTITUTION_ROLES
    return reverse("session" if ours else "bureau-session", args=[row.about_id])


def _archive(row: Notification) -> str:
    """Whoever only reaches people sees no page of the session."""
    return reverse("archive-todo") if row.membership.role in BY_TELEPHONE else _session(row)


def _institution(row: Notification) -> str:
    ours = row.membership.role in INSTITUTION_ROLES
    return reverse("papers") if ours else reverse("bureau-institution", args=[row.about_id])


def _correction(row: Notification) -> str:
    return reverse("corrections")


def _rights(row: Notification) -> str:
    """Whoever answers sees the requests; a township officer the person."""
    if row.membership.role == Role.PRIVACY_OFFICER:
        return reverse("rights")
    return reverse("trainee", args=[row.about_id])


BY_KIND: Final[Mapping[str, Callable[[Notification], str]]] = {
    Kind.ARCHIVE_DUE: _archive,
    Kind.ARCHIVE_OVERDUE: _archive,
    Kind.REVIEW_DUE: lambda _row: reverse("desk"),
    Kind.REVIEW_OVERDUE: lambda _row: reverse("desk"),
    Kind.REUSE_NOTICED: lambda _row: reverse("reuses"),
    Kind.CORRECTION_PROPOSED: _correction,
    Kind.CORRECTION_DECIDED: _correction,
    Kind.EVALUATION_DUE: lambda row: reverse("evaluations", args=[row.about_id]),
    Kind.LICENCE_REFUSED: lambda _row: reverse("papers"),
    Kind.CLAIM_SUBMITTED: lambda _row: reverse("claims"),
}
PAGES: Final[Mapping[str, Callable[[Notification], str]]] = {
    "scheduling.TrainingSession": _session,
    "scheduling.ChangeRequest": lambda row: reverse("change", args=[row.about_id]),
    "institutions.Institution": _institution,
    "institutions.Agreement": lambda row: reverse("agreement", args=[row.about_id]),
    "institutions.Instructor": lambda row: reverse("instructor", args=[row.about_id]),
    "programmes.Programme": lambda _row: reverse("bureau-institutions"),
    "dossiers.Dossier": lambda row: reverse("dossier-versions", args=[row.about_id]),
    "integrity.IntegrityRun": lambda row: reverse("integrity-run", args=[row.about_id]),
    "courses.Outline": lambda row: reverse("outline", args=[row.about_id]),
    "courses.Courseware": lambda row: reverse("courseware-piece", args=[row.about_id]),
    "enrolment.RegistrationCall": lambda row: reverse("registration-call", args=[row.about_id]),
    "complaints.Complaint": lambda row: reverse("complaint", args=[row.about_id]),
    "people.Trainee": _rights,
    "attendance.Exclusion": lambda row: reverse("exclusion", args=[row.about_id]),
    "fairs.JobFair": lambda row: reverse("fair", args=[row.about_id]),
    "followup.Handover": lambda _row: f"{reverse('followups')}?officer=me",
    "stations.Station": lambda row: reverse("station", args=[row.about_id]),
}


def address_of(row: Notification) -> str:
    page = BY_KIND.get(row.kind) or PAGES.get(row.about_type)
    return page(row) if page else reverse("home")
