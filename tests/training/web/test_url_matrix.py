"""Every address of the site, by who may go there. An address that is not in the table fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import FileResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.standing import stage
from tests.training.api.conftest import issue
from tests.training.county_reports.leaving import leave_reports
from tests.training.fairs.scenes import whole_fair
from tests.training.outcomes.results import note_results
from tests.training.reporting.scenes import MONTH, leave_figures
from tests.training.web.conftest import claim_shop, dossier_of, handed_in
from training.accounts.choices import BUREAU_ROLES, FINANCE_ROLES, INSTITUTION_ROLES, Role
from training.accounts.services import add_member
from training.attendance.choices import CorrectionKind, CorrectionSource
from training.attendance.models import AttendanceEvent, Correction, Exclusion, LostRange
from training.certificates.models import Certificate
from training.claims.models import Claim
from training.complaints.models import Complaint
from training.complaints.services import assign, lodge
from training.core import clock
from training.core.files import keep
from training.core.uploads import XLSX
from training.courses.models import Courseware, Outline
from training.demo.scenery import TOWNSHIP, add_farmers_course, add_institution, add_places, paper
from training.dossiers.choices import Edition
from training.dossiers.models import ArchiveTransfer, Dossier, DossierVersion, Evidence, PropertyCheck
from training.enrolment.models import Application, NominationList, RegistrationCall, RosterImport
from training.fairs.models import (
    FairAttendance,
    FairEmployer,
    FairInvitation,
    FairPaper,
    FairPost,
    Intention,
    PlacementCheck,
)
from training.followup.handing_over import hand_over
from training.followup.models import ContactImport, FollowUp, Handover, Referral
from training.followup.services import log_contact
from training.institutions.models import (
    Agreement,
    AgreementIndicator,
    AgreementTask,
    InstructorProof,
    Licence,
)
from training.integrity.models import IntegrityRun
from training.outcomes.models import Designation, EnterpriseOutcome, HouseholdSales
from training.partners.choices import Resource
from training.partners.models import PartnerToken
from training.people.services import add_group, receive_request
from training.programmes.models import Region
from training.programmes.services import start_draft
from training.publications.models import Publication
from training.publications.services import draft_sessions
from training.reports.models import (
    Meeting,
    MinistryReport,
    PhoneCheck,
    PhoneCheckLine,
    RollUp,
    SelfEvaluation,
    TownReport,
)
from training.scheduling.choices import ChangeKind
from training.scheduling.feeds import open_feed
from training.scheduling.models import CalendarFeed, ChangeRequest, TrainingSession
from training.stations.models import Station
from training.uploads.models import Picture, RegisterScan, Reuse, ScannedPage, Upload

EVERYONE = frozenset(Role)
AT_WORK = EVERYONE - {Role.ADMIN}
READS = BUREAU_ROLES | {Role.AUDITOR, Role.SUPERVISOR}
OVERSEES = FINANCE_ROLES | {Role.LEADING_GROUP, Role.ACCEPTANCE}
ARCHIVES = READS | OVERSEES
PAPERS = INSTITUTION_ROLES - {Role.CLASS_MANAGER}
RULES = ARCHIVES | {Role.TOWNSHIP, Role.DATA_DEPARTMENT, Role.PRIVACY_OFFICER}
SEES_FILES = ARCHIVES | INSTITUTION_ROLES | {Role.FOLLOW_UP, Role.PRIVACY_OFFICER}
SEES_REGISTRATION = BUREAU_ROLES | INSTITUTION_ROLES | {Role.TOWNSHIP, Role.AUDITOR}
FOLLOWS = frozenset({Role.FOLLOW_UP})
CONSENTS = INSTITUTION_ROLES | FOLLOWS | {Role.PRIVACY_OFFICER}
DECIDES = BUREAU_ROLES | FOLLOWS
COUNTS = ARCHIVES | FOLLOWS
SEES_FIGURES = COUNTS | INSTITUTION_ROLES | {Role.TOWNSHIP}
SEES_OUTCOMES = READS | FOLLOWS | INSTITUTION_ROLES
CLAIMS_OUTCOMES = FOLLOWS | INSTITUTION_ROLES
SEES_SALES = DECIDES | {Role.AUDITOR}
SEES_DESIGNATIONS = SEES_SALES | {Role.TOWNSHIP}
SEES_STATIONS = READS | INSTITUTION_ROLES
SEES_REGISTER = SEES_STATIONS | OVERSEES
SEES_COURSES = ARCHIVES | INSTITUTION_ROLES
WRITES_COURSES = INSTITUTION_ROLES - {Role.CLASS_MANAGER}
TEACHES = frozenset({Role.INSTRUCTOR})
HEAD = frozenset({Role.INSTITUTION_HEAD})
ADMINISTRATORS = frozenset({Role.ADMIN})
ACCOUNTS = frozenset({Role.ADMIN, Role.BUREAU_HEAD})
AUDITS = ACCOUNTS | HEAD | {Role.AUDITOR, Role.PRIVACY_OFFICER}

OFFICE = frozenset({Role.LEADING_GROUP})
OVERSEERS = READS | OFFICE | {Role.ACCEPTANCE}
TOWN_REPORTS = READS | OFFICE | {Role.TOWNSHIP}
ROLL_UPS = READS | OFFICE
SEES_EXCLUSIONS = SEES_STATIONS | OFFICE | {Role.TOWNSHIP}
REPORTS_OF_COUNTY = BUREAU_ROLES | OFFICE
TOWN_OFFICERS = frozenset({Role.TOWNSHIP})
PRIVACY = frozenset({Role.PRIVACY_OFFICER})
VERIFIES = frozenset({Role.TOWNSHIP, Role.DATA_DEPARTMENT})
MEETS = FOLLOWS | PRIVACY | {Role.TOWNSHIP}
POOL = BUREAU_ROLES | MEETS | VERIFIES | {Role.AUDITOR}
ANSWERS = PRIVACY | {Role.BUREAU_HEAD, Role.AUDITOR}
HOLDS_FAIRS = BUREAU_ROLES | INSTITUTION_ROLES
SEES_FAIR_PEOPLE = HOLDS_FAIRS | READS | FOLLOWS | {Role.LEADING_GROUP, Role.ACCEPTANCE}
SEES_FAIRS = SEES_FAIR_PEOPLE | {Role.TOWNSHIP}
TOKENS = frozenset({Role.BUREAU_HEAD, Role.AUDITOR})


@dataclass(frozen=True)
class Row:
    """`about` names what the id in the address is of; `post` where looking is not enough."""

    name: str
    roles: frozenset[Role]
    about: str = ""
    post: bool = False


PUBLIC = {
    "api-docs",
    "api-openapi",
    "public-session",
    "public-registration",
    "public-registration-done",
    "application-status",
    "application-withdraw-own",
    "login",
    "health",
    "public-dossier",
    "public-verify",
    "calendar-feed",
    "set_language",
    "portal",
    "portal-programme",
    "portal-publication",
    "portal-publication-file",
    "portal-complaint",
    "complaint-status",
    "certificate-check",
    "certificate-shown",
    "own-link",
    "own-page",
    "own-held",
    "own-outcome",
    "own-survey",
    "own-rating",
    "own-request",
    "own-consent",
    "own-leave",
    "invitation",
}
STATIONS = {"api-time", "api-enrol", "api-report", "api-package", "api-events", "api-photos"}
PARTNERS = set(Resource.values)
OWN_ACCOUNT = {
    "logout", "switch-membership", "password", "second-factor", "second-factor-setup", "security",
    "sign-out-elsewhere", "sign-out-browser", "notifications", "notifications-read", "notifications-mail", "notification",
    "notification-read",
}  # fmt: skip
ROWS = [
    Row("home", EVERYONE),
    # institution
    Row("sessions", INSTITUTION_ROLES),
    Row("sessions-export", INSTITUTION_ROLES),
    Row("session-plan", INSTITUTION_ROLES),
    Row("session", INSTITUTION_ROLES, "session"),
    Row("session-revise", INSTITUTION_ROLES, "session"),
    Row("session-courseware", INSTITUTION_ROLES, "session"),
    Row("session-budget", INSTITUTION_ROLES, "session"),
    Row("witness-add", INSTITUTION_ROLES, "session"),
    Row("session-submit", HEAD, "session", post=True),
    Row("session-close", INSTITUTION_ROLES, "session", post=True),
    Row("session-cancel", INSTITUTION_ROLES, "session"),
    Row("roster", INSTITUTION_ROLES, "session"),
    Row("roster-template", INSTITUTION_ROLES, "session"),
    Row("roster-export", INSTITUTION_ROLES, "session"),
    Row("roster-import", INSTITUTION_ROLES, "import"),
    Row("roster-columns", INSTITUTION_ROLES, "import"),
    Row("roster-import-cancel", INSTITUTION_ROLES, "import", post=True),
    Row("roster-import-resume", INSTITUTION_ROLES, "import", post=True),
    Row("roster-marked", INSTITUTION_ROLES, "import"),
    Row("enrolment-withdraw", INSTITUTION_ROLES, "enrolment"),
    Row("enrolment-phone", INSTITUTION_ROLES, "enrolment"),
    Row("consent", INSTITUTION_ROLES, "enrolment", post=True),
    Row("evidence-add", INSTITUTION_ROLES, "session"),
    Row("evidence-describe", INSTITUTION_ROLES, "evidence"),
    Row("evidence-withdraw", INSTITUTION_ROLES, "evidence"),
    Row("uploads", INSTITUTION_ROLES, "session", post=True),
    Row("file-uploads", INSTITUTION_ROLES, post=True),
    Row("upload", frozenset({Role.INSTITUTION_CLERK}), "upload"),
    Row("upload-drop", frozenset({Role.INSTITUTION_CLERK}), "upload", post=True),
    Row("thumbnail", SEES_FILES, "evidence"),
    Row("register-scans", INSTITUTION_ROLES),
    Row("register-scans-export", INSTITUTION_ROLES),
    Row("register-scan", INSTITUTION_ROLES, "scan"),
    Row("scanned-picture", INSTITUTION_ROLES, "scanned-page"),
    Row("scanned-aside", INSTITUTION_ROLES, "scanned-page", post=True),
    Row("reuses", READS | INSTITUTION_ROLES),
    Row("reuses-export", READS | INSTITUTION_ROLES),
    Row("reuse", READS | INSTITUTION_ROLES, "reuse"),
    Row("dossier-submit", HEAD, "session", post=True),
    Row("session-claim", HEAD, "session", post=True),
    Row("instructors", PAPERS),
    Row("instructor-add", PAPERS),
    Row("instructor", SEES_COURSES | TEACHES, "instructor"),
    Row("instructor-invite", HEAD, "instructor"),
    # 讲师
    Row("taught-lessons", TEACHES),
    Row("taught-lessons-export", TEACHES),
    Row("own-record", TEACHES),
    Row("instructors-export", PAPERS),
    Row("instructor-edit", PAPERS, "instructor"),
    Row("papers", PAPERS),
    Row("institution-details", PAPERS),
    Row("institution-submit", HEAD, post=True),
    Row("licence-add", PAPERS),
    Row("agreement-add", PAPERS),
    Row("agreement", SEES_COURSES, "agreement-page"),
    Row("agreement-task", PAPERS, "agreement-page"),
    Row("agreement-task-remove", PAPERS, "task", post=True),
    Row("agreement-indicator", PAPERS, "agreement-page"),
    Row("agreement-indicator-remove", PAPERS, "rate", post=True),
    Row("agreement-change", PAPERS, "agreement-page"),
    Row("papers-expiring", SEES_COURSES),
    Row("papers-expiring-export", SEES_COURSES),
    Row("agreements", SEES_COURSES),
    Row("agreements-export", SEES_COURSES),
    Row("programmes", ADMINISTRATORS),
    Row("programme-open", ADMINISTRATORS),
    Row("evaluations-owed", HOLDS_FAIRS),
    Row("evaluations-owed-export", HOLDS_FAIRS),
    Row("evaluations", READS | INSTITUTION_ROLES, "session"),
    Row("evaluation-trainees", INSTITUTION_ROLES, "teacher"),
    Row("evaluation-bureau", BUREAU_ROLES, "teacher"),
    # courses, outlines, courseware
    Row("courses", SEES_COURSES),
    Row("courses-export", SEES_COURSES),
    Row("course-add", WRITES_COURSES),
    Row("course", SEES_COURSES, "course"),
    Row("course-revise", WRITES_COURSES, "course"),
    Row("outline-draft", WRITES_COURSES, "course", post=True),
    Row("course-retire", WRITES_COURSES, "course", post=True),
    Row("course-restore", WRITES_COURSES, "course", post=True),
    Row("outlines", SEES_COURSES),
    Row("outlines-export", SEES_COURSES),
    Row("outline", SEES_COURSES, "outline"),
    Row("outline-write", WRITES_COURSES, "outline"),
    Row("outline-submit", WRITES_COURSES, "outline", post=True),
    Row("outline-approve", BUREAU_ROLES, "outline", post=True),
    Row("outline-return", BUREAU_ROLES, "outline", post=True),
    Row("courseware", SEES_COURSES | TEACHES),
    Row("courseware-export", SEES_COURSES | TEACHES),
    Row("courseware-add", INSTITUTION_ROLES),
    Row("courseware-piece", SEES_COURSES, "piece"),
    Row("courseware-submit", INSTITUTION_ROLES, "piece", post=True),
    Row("courseware-approve", BUREAU_ROLES, "piece", post=True),
    Row("courseware-return", BUREAU_ROLES, "piece"),
    Row("courseware-withdraw", INSTITUTION_ROLES, "piece"),
    # timetable
    Row("session-timetable", INSTITUTION_ROLES, "session"),
    Row("lesson-add", INSTITUTION_ROLES, "session"),
    Row("lesson-check", INSTITUTION_ROLES, "session"),
    Row("lesson-change", INSTITUTION_ROLES, "session-lesson"),
    Row("lesson-remove", INSTITUTION_ROLES, "session-lesson", post=True),
    Row("lesson-restore", INSTITUTION_ROLES, "session", post=True),
    Row("timetable-day", INSTITUTION_ROLES, "session", post=True),
    Row("timetable-print", SEES_STATIONS, "session"),
    Row("week", SEES_STATIONS | TEACHES),
    Row("venues", SEES_STATIONS),
    Row("venues-export", SEES_STATIONS),
    Row("venue-add", INSTITUTION_ROLES | BUREAU_ROLES),
    Row("venue", SEES_STATIONS, "venue"),
    Row("venue-lessons-export", SEES_STATIONS, "venue"),
    Row("venue-change", INSTITUTION_ROLES, "venue"),
    Row("venue-retire", INSTITUTION_ROLES, "venue", post=True),
    Row("venue-reopen", INSTITUTION_ROLES, "venue", post=True),
    Row("calendar-feeds", SEES_STATIONS | TEACHES),
    Row("calendar-feed-revoke", frozenset({Role.INSTITUTION_CLERK}), "feed", post=True),
    # bureau
    Row("bureau-queue", ARCHIVES),
    Row("bureau-queue-export", ARCHIVES),
    Row("bureau-sessions", ARCHIVES),
    Row("bureau-sessions-export", ARCHIVES),
    Row("bureau-session", ARCHIVES, "session"),
    Row("bureau-session-approve", BUREAU_ROLES, "session", post=True),
    Row("bureau-session-return", BUREAU_ROLES, "session", post=True),
    Row("bureau-dossier", ARCHIVES, "dossier"),
    Row("bureau-dossier-return", BUREAU_ROLES, "dossier", post=True),
    Row("bureau-dossier-seal", BUREAU_ROLES, "dossier", post=True),
    Row("bureau-event", READS, "event"),
    Row("bureau-event-reveal", BUREAU_ROLES, "event", post=True),
    Row("bureau-proof-verify", BUREAU_ROLES, "proof", post=True),
    Row("bureau-held", READS),
    Row("bureau-held-export", READS),
    Row("bureau-refused-export", READS),
    Row("bureau-refused", READS),
    # the bureau's desk, and claims
    Row("desk", ARCHIVES),
    Row("desk-export", ARCHIVES),
    Row("desk-download", ARCHIVES, post=True),
    Row("dossier-versions", SEES_COURSES, "dossier"),
    Row("dossier-compare", SEES_COURSES, "dossier"),
    Row("dossier-draft", INSTITUTION_ROLES | BUREAU_ROLES, "dossier", post=True),
    Row("dossier-unseal", frozenset({Role.BUREAU_HEAD}), "dossier"),
    Row("dossier-transfer", frozenset({Role.BUREAU_HEAD}), "dossier"),
    Row("print-property-check", SEES_COURSES, "property-check"),
    Row("print-transfer", SEES_COURSES, "archive-transfer"),
    Row("version-cancel", INSTITUTION_ROLES | BUREAU_ROLES, "dossier-version", post=True),
    Row("desk-dossier", ARCHIVES, "dossier"),
    Row("desk-accept", BUREAU_ROLES, "dossier", post=True),
    Row("desk-mark", BUREAU_ROLES, "dossier", post=True),
    Row("desk-confirm", BUREAU_ROLES, "dossier", post=True),
    Row("trace", BUREAU_ROLES | {Role.AUDITOR}, "enrolment"),
    Row("claims", SEES_COURSES),
    Row("claims-export", SEES_COURSES),
    Row("claim", SEES_COURSES, "claim"),
    Row("claim-submit", HEAD, "claim", post=True),
    Row("claim-withdraw", HEAD, "claim"),
    Row("print-claim", SEES_COURSES, "claim"),
    Row("bureau-institutions", ARCHIVES),
    Row("bureau-institution-register", BUREAU_ROLES),
    Row("bureau-institution-staff", BUREAU_ROLES, "institution"),
    Row("bureau-institution", ARCHIVES, "institution"),
    Row("bureau-institution-admit", frozenset({Role.BUREAU_HEAD}), "institution", post=True),
    Row("bureau-institutions-export", ARCHIVES),
    Row("institution-scope", BUREAU_ROLES, "institution", post=True),
    Row("institution-local", BUREAU_ROLES, "institution"),
    Row("institution-return", frozenset({Role.BUREAU_HEAD}), "institution"),
    Row("institution-suspend", frozenset({Role.BUREAU_HEAD}), "institution"),
    Row("institution-reinstate", frozenset({Role.BUREAU_HEAD}), "institution"),
    Row("institution-remove", frozenset({Role.BUREAU_HEAD}), "institution"),
    Row("licence-verify", BUREAU_ROLES, "licence-page", post=True),
    Row("licence-refuse", BUREAU_ROLES, "licence-page"),
    Row("agreement-confirm", frozenset({Role.BUREAU_HEAD}), "agreement-page", post=True),
    Row("agreement-fulfil", frozenset({Role.BUREAU_HEAD}), "agreement-page"),
    Row("agreement-terminate", frozenset({Role.BUREAU_HEAD}), "agreement-page"),
    Row("instructor-pool", ARCHIVES),
    Row("instructor-pool-export", ARCHIVES),
    Row("instructor-suspend", frozenset({Role.BUREAU_HEAD}), "instructor"),
    Row("instructor-reinstate", frozenset({Role.BUREAU_HEAD}), "instructor"),
    Row("proofs", ARCHIVES),
    Row("proofs-export", ARCHIVES),
    Row("proof-refuse", BUREAU_ROLES, "proof"),
    # what is not held as approved, and papers
    Row("archive-todo", INSTITUTION_ROLES | BUREAU_ROLES | FOLLOWS | {Role.TOWNSHIP}),
    Row("archive-todo-export", INSTITUTION_ROLES | BUREAU_ROLES | FOLLOWS | {Role.TOWNSHIP}),
    Row("session-doubts", BUREAU_ROLES, "session"),
    Row("changes", SEES_STATIONS),
    Row("changes-export", SEES_STATIONS),
    Row("change", SEES_STATIONS, "change"),
    Row("change-approve", BUREAU_ROLES, "change", post=True),
    Row("change-decline", BUREAU_ROLES, "change"),
    Row("change-withdraw", INSTITUTION_ROLES, "change", post=True),
    Row("change-lesson", INSTITUTION_ROLES, "lesson"),
    Row("roster-changes", SEES_STATIONS, "session"),
    Row("roster-changes-export", SEES_STATIONS, "session"),
    Row("roster-change-add", INSTITUTION_ROLES, "session"),
    Row("roster-change-remove", INSTITUTION_ROLES, "enrolment"),
    Row("session-call-off", BUREAU_ROLES | HEAD, "session"),
    Row("session-stop", frozenset({Role.BUREAU_HEAD}), "session"),
    Row("call-list", INSTITUTION_ROLES | BUREAU_ROLES, "session"),
    Row("print-application", SEES_REGISTER, "session"),
    Row("print-approval", SEES_REGISTER, "session"),
    Row("print-notice", SEES_REGISTER, "session"),
    Row("print-roster", SEES_REGISTER, "session"),
    Row("print-roster-board", SEES_REGISTER, "session"),
    # registration
    Row("registration", SEES_REGISTRATION),
    Row("registration-export", SEES_REGISTRATION),
    Row("registration-open", INSTITUTION_ROLES, "session"),
    Row("registration-call", SEES_REGISTRATION, "call"),
    Row("applications-export", SEES_REGISTRATION, "call"),
    Row("registration-poster", SEES_REGISTRATION, "call"),
    Row("registration-switch", INSTITUTION_ROLES, "call", post=True),
    Row("applications-review", BUREAU_ROLES | {Role.TOWNSHIP}, "call", post=True),
    Row("applications-accept", INSTITUTION_ROLES, "call", post=True),
    Row("application-add", INSTITUTION_ROLES, "call"),
    Row("nominate", frozenset({Role.TOWNSHIP}), "call"),
    Row("nominate-list", frozenset({Role.TOWNSHIP}), "call"),
    Row("nominate-template", frozenset({Role.TOWNSHIP}), "call"),
    Row("nomination-list", SEES_REGISTRATION - INSTITUTION_ROLES, "nominations"),
    Row("nomination-marked", frozenset({Role.TOWNSHIP}), "nominations"),
    Row("application", SEES_REGISTRATION, "application"),
    Row("application-withdraw", SEES_REGISTRATION - {Role.AUDITOR}, "application"),
    Row("enrolment-history", SEES_REGISTRATION, "enrolment"),
    # attendance
    Row("register", SEES_REGISTER, "session"),
    Row("register-export", SEES_REGISTER, "session"),
    Row("register-blank", SEES_REGISTER, "session"),
    Row("register-paper", INSTITUTION_ROLES, "session"),
    Row("register-attest", TEACHES | {Role.CLASS_MANAGER}, "session", post=True),
    Row("register-row", INSTITUTION_ROLES, "enrolment"),
    Row("correction-add", INSTITUTION_ROLES, "session"),
    Row("attendance-person", SEES_REGISTER, "enrolment"),
    Row("event-void", INSTITUTION_ROLES, "event"),
    Row("corrections", SEES_REGISTER),
    Row("corrections-export", SEES_REGISTER),
    Row("corrections-approve", BUREAU_ROLES | HEAD, post=True),
    Row("correction-decline", BUREAU_ROLES | HEAD, "correction"),
    Row("correction-withdraw", INSTITUTION_ROLES, "correction", post=True),
    Row("clashes", SEES_REGISTER),
    Row("clashes-export", SEES_REGISTER),
    Row("chains", SEES_REGISTER),
    Row("exclusions", SEES_EXCLUSIONS),
    Row("exclusions-export", SEES_EXCLUSIONS),
    Row("exclusion", SEES_EXCLUSIONS, "exclusion"),
    Row("exclusion-propose", frozenset({Role.BUREAU_REVIEWER}), "enrolment"),
    Row("exclusion-decide", frozenset({Role.BUREAU_HEAD}), "exclusion"),
    Row("exclusion-appeal", HEAD | TOWN_OFFICERS, "exclusion"),
    Row("exclusion-decide-appeal", BUREAU_ROLES | OFFICE, "exclusion"),
    Row("lost-range-add", INSTITUTION_ROLES | BUREAU_ROLES, "station"),
    Row("lost-range-approve", frozenset({Role.BUREAU_HEAD}), "lost_range", post=True),
    Row("lost-range-decline", frozenset({Role.BUREAU_HEAD}), "lost_range"),
    Row("lost-range-withdraw", INSTITUTION_ROLES | BUREAU_ROLES, "lost_range", post=True),
    # stations
    Row("stations", SEES_STATIONS),
    Row("stations-export", SEES_STATIONS),
    Row("station-code", BUREAU_ROLES),
    Row("station", SEES_STATIONS, "station"),
    Row("station-may", BUREAU_ROLES, "station", post=True),
    Row("station-renew", BUREAU_ROLES, "station"),
    Row("station-revoke", BUREAU_ROLES, "station"),
    # follow-up
    Row("followups", DECIDES),
    Row("followups-export", DECIDES),
    Row("followups-workbook", DECIDES),
    Row("followups-hand-over", DECIDES, post=True),
    Row("followups-import", FOLLOWS),
    Row("followups-imported", FOLLOWS, "contact_import"),
    Row("followups-marked", FOLLOWS, "contact_import"),
    Row("followup-referrals", DECIDES),
    Row("followup-referrals-export", DECIDES),
    Row("handovers", DECIDES),
    Row("handovers-export", DECIDES),
    Row("handover-undo", DECIDES, "handover", post=True),
    Row("followup-statistics", DECIDES),
    Row("followup-statistics-export", DECIDES),
    Row("followup-contact", FOLLOWS, "follow_up"),
    Row("followup-referral", FOLLOWS, "referral"),
    Row("followup-person", DECIDES, "enrolment"),
    Row("followup-phone", FOLLOWS, "enrolment", post=True),
    # outcomes
    Row("followup-outcome", CLAIMS_OUTCOMES, "enrolment"),
    Row("outcomes", SEES_OUTCOMES),
    Row("outcomes-export", SEES_OUTCOMES),
    Row("outcome-statistics", SEES_OUTCOMES),
    Row("outcome-statistics-export", SEES_OUTCOMES),
    Row("outcome", SEES_OUTCOMES, "outcome"),
    Row("outcome-evidence", CLAIMS_OUTCOMES | BUREAU_ROLES, "outcome", post=True),
    Row("outcome-verify", DECIDES, "outcome", post=True),
    Row("outcome-confirm", BUREAU_ROLES, "outcome", post=True),
    Row("outcome-reject", DECIDES, "outcome", post=True),
    Row("outcome-withdraw", CLAIMS_OUTCOMES, "outcome", post=True),
    Row("outcome-recheck", DECIDES, "outcome", post=True),
    Row("outcome-lapse", DECIDES, "outcome", post=True),
    Row("outcome-rechecks", DECIDES),
    Row("outcome-rechecks-export", DECIDES),
    Row("outcome-rates", COUNTS | INSTITUTION_ROLES),
    Row("outcome-people", COUNTS | INSTITUTION_ROLES),
    Row("outcome-people-export", COUNTS | INSTITUTION_ROLES),
    Row("sales", SEES_SALES),
    Row("sales-export", SEES_SALES),
    Row("sales-add", FOLLOWS, "trainee"),
    Row("sales-withdraw", FOLLOWS, "sales"),
    Row("enterprises", READS | FOLLOWS),
    Row("enterprises-export", READS | FOLLOWS),
    Row("enterprise-add", FOLLOWS),
    Row("enterprise-confirm", BUREAU_ROLES, "enterprise", post=True),
    Row("enterprise-reject", BUREAU_ROLES, "enterprise"),
    Row("enterprise-revoke", BUREAU_ROLES, "enterprise"),
    Row("designations", SEES_DESIGNATIONS),
    Row("designations-export", SEES_DESIGNATIONS),
    Row("designation-gaps", SEES_DESIGNATIONS),
    Row("designation-gaps-export", SEES_DESIGNATIONS),
    Row("designation-add", BUREAU_ROLES, "trainee"),
    Row("designation-revoke", BUREAU_ROLES, "designation"),
    # certificates, complaints, what is published, trainees' own pages
    Row("certificates", READS | INSTITUTION_ROLES),
    Row("certificates-export", READS | INSTITUTION_ROLES),
    Row("session-certificates", READS | INSTITUTION_ROLES, "session"),
    Row("certificates-issue", INSTITUTION_ROLES, "session", post=True),
    Row("print-certificates", INSTITUTION_ROLES, "session"),
    Row("print-certificate", INSTITUTION_ROLES, "certificate"),
    Row("certificate-revoke", BUREAU_ROLES, "certificate"),
    Row("certificate-reissue", INSTITUTION_ROLES, "certificate"),
    Row("complaints", BUREAU_ROLES | {Role.AUDITOR}),
    Row("complaints-export", BUREAU_ROLES | {Role.AUDITOR}),
    Row("complaint", BUREAU_ROLES | {Role.AUDITOR}, "complaint"),
    Row("complaint-assign", frozenset({Role.BUREAU_HEAD}), "complaint"),
    Row("complaint-examine", BUREAU_ROLES, "complaint", post=True),
    Row("complaint-answer", BUREAU_ROLES, "complaint"),
    Row("complaint-archive", BUREAU_ROLES, "complaint", post=True),
    Row("complaint-contact", BUREAU_ROLES, "complaint", post=True),
    Row("publications", READS),
    Row("publications-export", READS),
    Row("publication-sessions", BUREAU_ROLES, post=True),
    Row("publication-table", BUREAU_ROLES),
    Row("publication", READS, "publication"),
    Row("publication-leave-out", BUREAU_ROLES, "publication", post=True),
    Row("publication-publish", frozenset({Role.BUREAU_HEAD}), "publication", post=True),
    Row("publication-withdraw", frozenset({Role.BUREAU_HEAD}), "publication"),
    Row("publication-discard", BUREAU_ROLES, "publication", post=True),
    Row("own-links", DECIDES),
    Row("own-links-export", DECIDES),
    Row("own-links-print", FOLLOWS | {Role.BUREAU_REVIEWER}, "session", post=True),
    Row("own-link-issue", FOLLOWS | {Role.BUREAU_REVIEWER}, "enrolment", post=True),
    # county
    Row("indicators", COUNTS),
    Row("indicator-enrolments", COUNTS, "depth"),
    Row("target-enrolments", COUNTS, "target"),
    Row("indicator-export", COUNTS, "depth-file"),
    Row("target-export", COUNTS, "target-file"),
    Row("dashboard", SEES_FIGURES),
    Row("figure-rows", SEES_FIGURES),
    Row("figure-rows-export", SEES_FIGURES, "ending"),
    Row("rate-enrolments", COUNTS, "counted-rate"),
    Row("rate-export", COUNTS, "rate-file"),
    Row("poor-villages", COUNTS),
    Row("poor-villages-export", COUNTS),
    Row("stated-values", COUNTS),
    Row("stated-values-export", COUNTS),
    Row("stated-value-add", BUREAU_ROLES),
    Row("stated-values-load", BUREAU_ROLES),
    Row("reported-months", COUNTS),
    Row("month-report", frozenset({Role.BUREAU_HEAD})),
    Row("reported-month", COUNTS, "month"),
    Row("month-supplement", frozenset({Role.BUREAU_HEAD}), "month"),
    Row("programme-file", RULES),
    Row("rules-unconfirmed", RULES),
    Row("rule-versions", RULES),
    Row("rule-version", RULES, "version"),
    Row("rule-version-withdraw", frozenset({Role.BUREAU_HEAD}), "version"),
    Row("rule-draft", BUREAU_ROLES),
    Row("rule-draft-file", BUREAU_ROLES),
    Row("rule-draft-preview", BUREAU_ROLES),
    Row("rule-draft-archives", BUREAU_ROLES),
    Row("rule-draft-archives-export", BUREAU_ROLES),
    Row("rule-draft-discard", BUREAU_ROLES, post=True),
    Row("rule-draft-rebase", BUREAU_ROLES, post=True),
    Row("rule-section", BUREAU_ROLES, "section"),
    Row("rule-entry-add", BUREAU_ROLES, "section"),
    Row("rule-section-clear", BUREAU_ROLES, "single", post=True),
    Row("rule-entry", BUREAU_ROLES, "entry"),
    Row("rule-entry-remove", BUREAU_ROLES, "entry", post=True),
    Row("rule-entry-up", BUREAU_ROLES, "entry", post=True),
    Row("regions", RULES),
    Row("regions-export", RULES),
    Row("regions-load", BUREAU_ROLES),
    Row("region-poor", BUREAU_ROLES, "region"),
    Row("region-not-poor", BUREAU_ROLES, "region"),
    Row("programme", RULES),
    # the trainee pool
    Row("trainees", POOL),
    Row("trainees-export", POOL),
    Row("namesakes", POOL),
    Row("namesakes-export", POOL),
    Row("trainee-groups", VERIFIES),
    Row("trainee-groups-export", VERIFIES),
    Row("trainee-groups-decide", VERIFIES, post=True),
    Row("trainee", POOL, "trainee"),
    Row("trainee-sensitive", VERIFIES | PRIVACY, "trainee", post=True),
    Row("trainee-number", frozenset({Role.BUREAU_REVIEWER}), "trainee"),
    Row("trainee-looks", PRIVACY | {Role.AUDITOR}, "trainee"),
    Row("trainee-looks-export", PRIVACY | {Role.AUDITOR}, "trainee"),
    Row("trainee-phone", MEETS, "trainee", post=True),
    Row("trainee-contact", MEETS, "trainee"),
    Row("trainee-group-add", VERIFIES | FOLLOWS, "trainee"),
    Row("trainee-consents", POOL, "trainee"),
    Row("trainee-consent", MEETS | BUREAU_ROLES, "trainee", post=True),
    Row("trainee-consent-sheet", POOL, "trainee"),
    Row("enrolment-consents", CONSENTS, "enrolment"),
    Row("enrolment-consent", CONSENTS, "enrolment", post=True),
    Row("enrolment-consent-sheet", CONSENTS, "enrolment"),
    Row("consent-texts", POOL | INSTITUTION_ROLES),
    Row("consent-text-add", PRIVACY),
    Row("rights-add", MEETS | BUREAU_ROLES, "trainee"),
    Row("rights", ANSWERS),
    Row("rights-export", ANSWERS),
    Row("rights-request", ANSWERS, "rights"),
    Row("rights-identity", PRIVACY, "rights"),
    Row("rights-answer", PRIVACY, "rights"),
    Row("rights-refuse", PRIVACY, "rights"),
    Row("rights-take-back", PRIVACY, "rights"),
    Row("rights-copy", PRIVACY, "rights", post=True),
    Row("rights-explanation", PRIVACY, "rights"),
    # accounts and the trail
    Row("accounts", ACCOUNTS),
    Row("accounts-export", ACCOUNTS),
    Row("account-add", ADMINISTRATORS),
    Row("account", ACCOUNTS, "account"),
    Row("account-link", ACCOUNTS, "account", post=True),
    Row("account-deactivate", ACCOUNTS, "account"),
    Row("account-reactivate", ACCOUNTS, "account", post=True),
    Row("account-forget-factor", ADMINISTRATORS, "account", post=True),
    Row("account-role", ACCOUNTS, "account"),
    Row("role-end", ACCOUNTS, "membership"),
    Row("tokens", TOKENS),
    Row("tokens-export", TOKENS),
    Row("token-issue", frozenset({Role.BUREAU_HEAD})),
    Row("token", TOKENS, "token"),
    Row("token-revoke", frozenset({Role.BUREAU_HEAD}), "token"),
    Row("audit", AUDITS),
    Row("audit-export", AUDITS),
    # reports
    Row("reports", OVERSEERS),
    Row("town-reports", TOWN_REPORTS),
    Row("town-reports-export", TOWN_REPORTS),
    Row("town-report", TOWN_REPORTS, "town-report"),
    Row("town-report-write", TOWN_OFFICERS, "town-report"),
    Row("town-report-supplement", TOWN_OFFICERS, "town-report"),
    Row("town-report-figure", TOWN_REPORTS, "town-figure"),
    Row("town-report-figure-export", TOWN_REPORTS, "town-figure"),
    Row("print-town-report", TOWN_REPORTS, "town-report"),
    Row("roll-ups", ROLL_UPS),
    Row("roll-ups-export", ROLL_UPS),
    Row("roll-up-add", OFFICE),
    Row("roll-up", ROLL_UPS, "roll-up"),
    Row("roll-up-dispatch", OFFICE, "roll-up"),
    Row("roll-up-figure", ROLL_UPS, "county-figure"),
    Row("roll-up-figure-export", ROLL_UPS, "county-figure"),
    Row("print-roll-up", ROLL_UPS, "roll-up"),
    Row("ministry-reports", OVERSEERS),
    Row("ministry-reports-export", OVERSEERS),
    Row("ministry-lock", REPORTS_OF_COUNTY),
    Row("ministry-report", OVERSEERS, "ministry-report"),
    Row("ministry-figure", OVERSEERS, "ministry-line"),
    Row("ministry-figure-export", OVERSEERS, "ministry-line"),
    Row("ministry-reported", REPORTS_OF_COUNTY, "ministry-report"),
    Row("ministry-csv", OVERSEERS, "ministry-report"),
    Row("ministry-xlsx", OVERSEERS, "ministry-report"),
    Row("ministry-json", OVERSEERS, "ministry-report"),
    Row("self-evaluations", OVERSEERS),
    Row("self-evaluations-export", OVERSEERS),
    Row("self-evaluation-add", REPORTS_OF_COUNTY),
    Row("self-evaluation", OVERSEERS, "self-evaluation"),
    Row("self-evaluation-score", REPORTS_OF_COUNTY, "self-evaluation-line"),
    Row("self-evaluation-figure", OVERSEERS, "self-evaluation-figure"),
    Row("self-evaluation-figure-export", OVERSEERS, "self-evaluation-figure"),
    Row("self-evaluation-finish", REPORTS_OF_COUNTY, "self-evaluation", post=True),
    Row("print-self-evaluation", OVERSEERS, "self-evaluation"),
    Row("phone-checks", OVERSEERS),
    Row("phone-checks-export", OVERSEERS),
    Row("phone-check-draw", BUREAU_ROLES),
    Row("phone-check", OVERSEERS, "phone-check"),
    Row("phone-check-export", OVERSEERS, "phone-check"),
    Row("phone-check-proof", OVERSEERS, "phone-check"),
    Row("phone-check-close", BUREAU_ROLES, "phone-check", post=True),
    Row("print-call-sheet", OVERSEERS, "phone-check"),
    Row("print-call-record", OVERSEERS, "phone-check"),
    Row("phone-check-line", BUREAU_ROLES, "phone-check-line"),
    Row("phone-check-number", BUREAU_ROLES, "phone-check-line", post=True),
    Row("meetings", OVERSEERS),
    Row("meetings-export", OVERSEERS),
    Row("meeting-add", REPORTS_OF_COUNTY),
    Row("meeting", OVERSEERS, "meeting"),
    Row("print-meeting", OVERSEERS, "meeting"),
    Row("file", OVERSEERS, "minutes-file"),
    Row("integrity", BUREAU_ROLES | {Role.AUDITOR}),
    Row("integrity-export", BUREAU_ROLES | {Role.AUDITOR}),
    Row("integrity-run", BUREAU_ROLES | {Role.AUDITOR}, "integrity_run"),
    Row("integrity-run-export", BUREAU_ROLES | {Role.AUDITOR}, "integrity_run"),
    # job fairs
    Row("fairs", SEES_FAIRS),
    Row("fairs-export", SEES_FAIRS),
    Row("print-fairs", SEES_FAIRS),
    Row("print-follow-ups", DECIDES),
    Row("print-practice", SEES_OUTCOMES),
    Row("print-indicators", COUNTS),
    Row("fair", SEES_FAIRS, "fair"),
    Row("fair-posts", SEES_FAIRS, "fair"),
    Row("fair-expected", SEES_FAIR_PEOPLE),
    Row("fair-expected-export", SEES_FAIR_PEOPLE),
    Row("fair-attendances", SEES_FAIR_PEOPLE),
    Row("fair-attendances-export", SEES_FAIR_PEOPLE),
    Row("fair-placements", SEES_FAIR_PEOPLE),
    Row("fair-placements-export", SEES_FAIR_PEOPLE),
    Row("fair-plan", HOLDS_FAIRS),
    Row("fair-change", HOLDS_FAIRS, "fair"),
    Row("fair-report", BUREAU_ROLES | HEAD, "fair", post=True),
    Row("fair-cancel", BUREAU_ROLES | HEAD, "fair"),
    Row("fair-hold", HOLDS_FAIRS, "fair", post=True),
    Row("fair-results", HOLDS_FAIRS, "fair"),
    Row("fair-return", BUREAU_ROLES, "fair"),
    Row("fair-count", BUREAU_ROLES, "fair", post=True),
    Row("fair-stations", HOLDS_FAIRS, "fair"),
    Row("fair-paper-add", HOLDS_FAIRS, "fair"),
    Row("fair-employer-add", HOLDS_FAIRS, "fair"),
    Row("fair-employer-sign-in", HOLDS_FAIRS, "fair-employer", post=True),
    Row("fair-employer-remove", HOLDS_FAIRS, "fair-employer", post=True),
    Row("fair-post-add", HOLDS_FAIRS, "fair-employer"),
    Row("fair-post-remove", HOLDS_FAIRS, "fair-post", post=True),
    Row("fair-invite", HOLDS_FAIRS, "fair"),
    Row("fair-uninvite", HOLDS_FAIRS, "fair-invitation", post=True),
    Row("fair-paper-list", HOLDS_FAIRS, "fair"),
    Row("fair-intend", HOLDS_FAIRS | FOLLOWS, "fair-attendance"),
    Row("fair-attendance-void", HOLDS_FAIRS, "fair-attendance"),
    Row("fair-settle", HOLDS_FAIRS | FOLLOWS, "fair-intention"),
    Row("fair-check", FOLLOWS, "fair-check"),
    # files, by what owns them
    Row("file", SEES_FAIR_PEOPLE, "fair-paper"),
    Row("file", SEES_FILES, "licence"),
    Row("file", SEES_FILES, "agreement"),
    Row("file", SEES_FILES | TEACHES, "proof-file"),
    Row("file", SEES_FILES, "courseware"),
    Row("file", SEES_FILES, "outline-file"),
    Row("file", SEES_FILES, "evidence-file"),
    Row("file", INSTITUTION_ROLES | BUREAU_ROLES, "roster-file"),
    Row("file", COUNTS | INSTITUTION_ROLES, "outcome-file"),
    Row("file", READS | FOLLOWS, "enterprise-file"),
    Row("file", INSTITUTION_ROLES | BUREAU_ROLES, "correction-file"),
    Row("file", VERIFIES | PRIVACY, "group-file"),
]
NO_ID = {
    "",
    "depth",
    "depth-file",
    "ending",
    "month",
    "target",
    "target-file",
    "counted-rate",
    "rate-file",
    "version",
    "section",
    "single",
    "entry",
}  # every county has its own under the same word
OF_THE_COUNTY = {"region"}  # no institution's
REFUSED_FOR_THE_ROLE = {403, 404}  # 404 where the row is outside what the role sees at all
REFUSED_FOR_THE_MOMENT = {409, 412, 422}  # 412: whoever uploads has to speak tus


def named_patterns(patterns: Any = None) -> Iterator[URLPattern]:
    """Every address but those of Django's own admin site, which has its own door."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from named_patterns(pattern.url_patterns)


def subscribe(county: Any) -> None:
    clerk = county.institution_staff.members[Role.INSTITUTION_CLERK]
    open_feed(clerk, actor=county.actor(Role.INSTITUTION_CLERK))


def fill(handed_in: Any, _clock: Any) -> Any:
    """A county in which everything that has an id exists."""
    claim_shop(handed_in)
    whole_fair(handed_in)
    leave_evidence(handed_in)
    subscribe(handed_in)
    register_people(handed_in)
    ask_for_copy(handed_in)
    put_right(handed_in)
    start_draft(handed_in.programme.pk, actor=handed_in.actor(Role.BUREAU_REVIEWER))
    add_places(handed_in.programme)
    note_results(handed_in)
    agreement = Agreement.objects.get(institution=handed_in.institution)
    AgreementTask.objects.create(agreement=agreement, class_type="general", renci=100, unit_price_fen=40_000)
    AgreementIndicator.objects.create(agreement=agreement, rate="满意度", percent=90, formula="x", window="x")
    outline = add_farmers_course(
        handed_in.institution,
        actor=handed_in.actor(Role.INSTITUTION_CLERK),
        bureau=handed_in.actor(Role.BUREAU_REVIEWER),
    )
    outline.file = Courseware.objects.filter(institution=handed_in.institution).first().file
    outline.save()
    claim_another(handed_in)
    leave_figures(handed_in)
    leave_reports(handed_in)
    speak_up(handed_in)
    follow(handed_in)
    now = clock.now()
    IntegrityRun.objects.create(programme=handed_in.programme, started_at=now, finished_at=now)
    return handed_in


def follow(county: Any) -> None:
    """Somebody was called and referred, their stages went to the officer, and a workbook came back."""
    officer = county.actor(Role.FOLLOW_UP)
    stages = FollowUp.objects.filter(enrolment=county.session.enrolments.get(number=1))
    said = {"method": "phone", "result": "reached", "referred_to": "县邮储银行", "referred_for": "loan"}
    log_contact(stages.first().pk, actor=officer, **said)
    hand_over(stages, to=officer.user_id, actor=officer)
    marked = keep("回访.xlsx", b"PK", content_type=XLSX, actor=officer, sensitive=True)
    ContactImport.objects.create(
        programme=county.programme, name="回访.xlsx", marked=marked, handed_in_at=clock.now(),
        accepted=1, unchanged=0,
    )  # fmt: skip


def speak_up(county: Any) -> None:
    """A certificate, a complaint that the reviewer examines, and a list that may be published."""
    session, now, reviewer = county.session, clock.now(), county.actor(Role.BUREAU_REVIEWER)
    place, day = session.enrolments.get(number=1), clock.today()
    Certificate.objects.create(
        enrolment=place, number=f"{session.code}-001", name="x", title="x", institution="x", hours="1",
        first_on=day, last_on=day, issued_at=now,
    )  # fmt: skip
    complaint = lodge(county.programme, kind="complaint", said="有人替别人签到，请查。").complaint
    assign(complaint.pk, user_id=reviewer.user_id, actor=county.actor(Role.BUREAU_HEAD))
    draft_sessions(actor=reviewer)


def claim_another(county: Any) -> None:
    """A session of last month, sealed long ago and claimed."""
    old = TrainingSession.objects.get(pk=county.session.pk)
    old.pk, old.number, old.code = None, 99, f"{old.code}-99"
    old.save(force_insert=True)
    kept = Evidence.objects.filter(training_session=county.session).first().file
    sealed = {"status": "sealed", "pdf": kept, "package": kept, "sealed_at": clock.now()}
    dossier = Dossier.objects.create(training_session=old, **sealed)
    DossierVersion.objects.create(
        dossier=dossier,
        edition=Edition.SEALED,
        number=1,
        status="done",
        asked_at=clock.now(),
        pdf=kept,
        package=kept,
        manifest_sha256=kept.sha256,
    )
    Claim.objects.create(
        dossier=dossier,
        fund_line=old.agreement.fund_line,
        renci=0,
        unit_price_fen=40_000,
        amount_fen=0,
        created_by=county.user(Role.INSTITUTION_HEAD),
        created_at=clock.now(),
    )


world = stage("world", fill, after=handed_in)


def leave_evidence(county: Any) -> None:
    """An upload under way, a scan with a page, and a photo that stands twice, as it may."""
    session, now, clerk = county.session, clock.now(), county.actor(Role.INSTITUTION_CLERK)
    Upload.objects.create(
        training_session=session, item="A9", kind="photo", caption="x", name="x", size=9, created_at=now,
        user=county.user(Role.INSTITUTION_CLERK), expires_at=now + timedelta(days=1),
    )  # fmt: skip
    file = keep("x.pdf", paper("x")[1], content_type="application/pdf", actor=clerk)
    scan = RegisterScan.objects.create(institution=county.institution, file=file, read_at=now)
    ScannedPage.objects.create(scan=scan, number=1, found="unreadable")
    one, other = session.evidence.order_by("pk")[:2]
    Picture.objects.create(
        evidence=Evidence.objects.filter(training_session=session).first(), thumbnail=one.file
    )
    Reuse.objects.create(
        original=one, copy=other, likeness="exact", noticed_at=now, programme=county.programme,
        institution=county.institution, status="legitimate", reason="x", decided_at=now,
    )  # fmt: skip


def ask_for_copy(county: Any) -> None:
    """The first on the roster lives where the township officer works, has a proof and has asked for a copy."""
    trainee = county.session.enrolments.get(number=1).trainee
    trainee.township = TOWNSHIP
    trainee.save()
    officer, day = county.actor(Role.PRIVACY_OFFICER), clock.today()
    receive_request(trainee.pk, kind="copy", channel="phone", asked="", received_on=day, actor=officer)
    said = {"evidence": "list", "source": "x", "as_of": day, "valid_from": None, "valid_until": None}
    township = county.actor(Role.TOWNSHIP)
    add_group(trainee.pk, code="enterprise", file=paper("名单"), actor=township, **said)


def register_people(county: Any) -> None:
    """A registration with somebody of the officer's township in it, and a list that came back marked."""
    session, now = county.session, clock.now()
    call = RegistrationCall.objects.create(
        training_session=session,
        token=str(session.pk),
        opens_at=now - timedelta(days=9),
        closes_at=now,
        places=9,
    )
    person = session.enrolments.get(number=1).trainee
    Application.objects.create(
        call=call, source="township", name=person.name, id_number=person.id_number, id_hash=person.id_hash,
        township=TOWNSHIP, applied_at=now,
    )  # fmt: skip
    marked = keep("推荐.xlsx", b"PK", content_type=XLSX, actor=county.actor(Role.TOWNSHIP), sensitive=True)
    NominationList.objects.create(
        call=call,
        township=TOWNSHIP,
        name="推荐.xlsx",
        marked=marked,
        handed_in_at=now,
        accepted=1,
        unchanged=0,
    )


def put_right(county: Any) -> None:
    """A correction and a lost number that wait for the second person, and a draft that is being made."""
    version = DossierVersion.objects.create(
        dossier=dossier_of(county), edition=Edition.DRAFT, number=1, asked_at=clock.now()
    )
    made = keep(
        "x.zip",
        b"PK",
        content_type="application/zip",
        actor=county.actor(Role.INSTITUTION_CLERK),
        sensitive=True,
    )
    version.pdf = version.package = made
    version.save()
    PropertyCheck.objects.create(version=version, stage="year", at=clock.now(), holds=False)
    ArchiveTransfer.objects.create(
        version=version, receiver="县档案馆", taken_by="x", receipt_number="1", handed_on=clock.today(),
        package_sha256="ab" * 32, package_sm3="cd" * 32, recorded_by=county.user(Role.BUREAU_HEAD),
        recorded_at=clock.now(),
    )  # fmt: skip
    session, clerk = county.session, county.user(Role.INSTITUTION_CLERK)
    said = {"reason": "读卡器故障", "proposed_by": clerk, "proposed_at": clock.now()}
    sheet = keep(
        "签到表.pdf", b"%PDF-1.4", content_type="application/pdf", actor=county.actor(Role.INSTITUTION_CLERK)
    )
    Correction.objects.create(
        training_session=session,
        lesson=session.lessons.first(),
        enrolment=session.enrolments.get(number=2),
        kind=CorrectionKind.SIGN_IN,
        source=CorrectionSource.PAPER,
        happened_at=session.lessons.first().starts_at,
        evidence=sheet,
        **said,
    )
    ChangeRequest.objects.create(
        training_session=session,
        kind=ChangeKind.ROSTER,
        reason="换人",
        requested_by=clerk,
        requested_at=clock.now(),
    )
    issue(county)
    station = Station.objects.get(institution=county.institution)
    LostRange.objects.create(station=station, first_seq=900, last_seq=901, **said)
    Exclusion.objects.create(enrolment=county.session.enrolments.get(number=1), **said)


def ids_of(county: Any) -> dict[str, tuple[Any, ...]]:
    """By what the row of an address says it is `about`."""
    session = county.session
    enrolment = session.enrolments.get(number=1)
    proof = InstructorProof.objects.filter(instructor__institution=county.institution).first()
    evidence = Evidence.objects.filter(training_session=session).first()
    outcome = enrolment.outcomes.get()
    imported = RosterImport.objects.get(training_session=session)
    correction = Correction.objects.get(training_session=session)
    outline = Outline.objects.get(course__institution=county.institution)
    return {
        "": (),
        "depth": ("planned",),
        "counted-rate": ("attendance_rate",),
        "rate-file": ("attendance_rate", "csv"),
        "depth-file": ("planned", "xlsx"),
        "ending": ("csv",),
        "month": (MONTH,),
        "target-file": ("renci", "csv"),
        "version": (1,),
        "section": ("groups",),
        "single": ("mark",),
        "entry": ("groups", "farmer"),
        "region": (Region.objects.filter(programme=county.programme, level="village").first().pk,),
        "target": ("renci",),
        "session": (session.pk,),
        "session-lesson": (session.pk, session.lessons.first().pk),
        "venue": (session.lessons.first().venue_id,),
        "feed": (CalendarFeed.objects.get(membership__institution_id=county.institution.pk).pk,),
        "lesson": (session.lessons.first().pk,),
        "fair": (county.institution.job_fairs.get().pk,),
        "fair-employer": (FairEmployer.objects.filter(fair__institution=county.institution).first().pk,),
        "fair-post": (FairPost.objects.filter(employer__fair__institution=county.institution).first().pk,),
        "fair-invitation": (FairInvitation.objects.get(fair__institution=county.institution).pk,),
        "fair-attendance": (FairAttendance.objects.get(fair__institution=county.institution).pk,),
        "fair-intention": (Intention.objects.get(attendance__fair__institution=county.institution).pk,),
        "fair-check": (PlacementCheck.objects.filter(intention__post__title="分拣工").first().pk,),
        "fair-paper": ("fair-paper", FairPaper.objects.get(fair__institution=county.institution).pk),
        "import": (imported.pk,),
        "enrolment": (enrolment.pk,),
        "certificate": (Certificate.objects.get(enrolment=enrolment).pk,),
        "complaint": (Complaint.objects.get(programme=county.programme).pk,),
        "publication": (Publication.objects.get(programme=county.programme).pk,),
        "call": (session.registration_call.pk,),
        "application": (session.registration_call.applications.get().pk,),
        "nominations": (session.registration_call.nomination_lists.get().pk,),
        "evidence": (evidence.pk,),
        "upload": (Upload.objects.get(training_session=session).pk,),
        "scan": (RegisterScan.objects.get(institution=county.institution).pk,),
        "scanned-page": (ScannedPage.objects.get(scan__institution=county.institution).pk,),
        "reuse": (Reuse.objects.get(institution=county.institution).pk,),
        "instructor": (county.instructors[0].pk,),
        "dossier": (dossier_of(county).pk,),
        "dossier-version": (dossier_of(county).versions.get().pk,),
        "property-check": (PropertyCheck.objects.get(version__dossier=dossier_of(county)).pk,),
        "archive-transfer": (ArchiveTransfer.objects.get(version__dossier=dossier_of(county)).pk,),
        "integrity_run": (IntegrityRun.objects.filter(programme=county.programme).first().pk,),
        "event": (AttendanceEvent.objects.filter(training_session=session).first().pk,),
        "proof": (proof.pk,),
        "station": (Station.objects.get(institution=county.institution).pk,),
        "institution": (county.institution.pk,),
        "follow_up": (FollowUp.objects.filter(enrolment=enrolment).first().pk,),
        "referral": (Referral.objects.get(contact__follow_up__enrolment=enrolment).pk,),
        "handover": (Handover.objects.get(programme=county.programme).pk,),
        "contact_import": (ContactImport.objects.get(programme=county.programme).pk,),
        "outcome": (outcome.pk,),
        "sales": (HouseholdSales.objects.get(trainee__programme=county.programme).pk,),
        "enterprise": (EnterpriseOutcome.objects.get(programme=county.programme).pk,),
        "designation": (Designation.objects.get(region__programme=county.programme).pk,),
        "trainee": (enrolment.trainee_id,),
        "rights": (enrolment.trainee.rights_requests.get().pk,),
        "group-file": ("group", enrolment.trainee.groups.exclude(file=None).get().pk),
        "licence": ("licence", Licence.objects.filter(institution=county.institution).first().pk),
        "agreement": ("agreement", Agreement.objects.get(institution=county.institution).pk),
        "agreement-page": (Agreement.objects.get(institution=county.institution).pk,),
        "task": (AgreementTask.objects.get(agreement__institution=county.institution).pk,),
        "rate": (AgreementIndicator.objects.get(agreement__institution=county.institution).pk,),
        "licence-page": (Licence.objects.filter(institution=county.institution).first().pk,),
        "teacher": (session.pk, county.instructors[0].pk),
        "proof-file": ("proof", proof.pk),
        "course": (outline.course_id,),
        "outline": (outline.pk,),
        "outline-file": ("outline", outline.pk),
        "piece": (Courseware.objects.filter(institution=county.institution).first().pk,),
        "courseware": ("courseware", Courseware.objects.filter(institution=county.institution).first().pk),
        "evidence-file": ("evidence", evidence.pk),
        "roster-file": ("roster", imported.pk),
        "enterprise-file": ("enterprise", EnterpriseOutcome.objects.get(programme=county.programme).pk),
        "outcome-file": ("outcome", outcome.evidence.get().pk),
        "correction": (correction.pk,),
        "change": (ChangeRequest.objects.get(training_session=session).pk,),
        "correction-file": ("correction", correction.pk),
        "account": (county.user(Role.INSTITUTION_CLERK).pk,),
        "membership": (county.user(Role.INSTITUTION_CLERK).memberships.get().pk,),
        "token": (PartnerToken.objects.get(programme=county.programme).pk,),
        "claim": (Claim.objects.get(dossier__training_session__institution=county.institution).pk,),
        "town-report": (TownReport.objects.get(programme=county.programme).pk,),
        "roll-up": (RollUp.objects.get(programme=county.programme).pk,),
        "town-figure": (TownReport.objects.get(programme=county.programme).pk, "renci"),
        "county-figure": (RollUp.objects.get(programme=county.programme).pk, "renci"),
        "ministry-report": (MinistryReport.objects.get(programme=county.programme).pk,),
        "ministry-line": (MinistryReport.objects.get(programme=county.programme).pk, "renci_month"),
        "self-evaluation": (SelfEvaluation.objects.get(programme=county.programme).pk,),
        "self-evaluation-line": (SelfEvaluation.objects.get(programme=county.programme).pk, "A1"),
        "self-evaluation-figure": (SelfEvaluation.objects.get(programme=county.programme).pk, "C1"),
        "phone-check": (PhoneCheck.objects.get(programme=county.programme).pk,),
        "phone-check-line": (PhoneCheckLine.objects.get(phone_check__programme=county.programme).pk,),
        "meeting": (Meeting.objects.get(programme=county.programme).pk,),
        "minutes-file": ("minutes", Meeting.objects.get(programme=county.programme).pk),
        "exclusion": (Exclusion.objects.get(enrolment__training_session=county.session).pk,),
        "lost_range": (LostRange.objects.get(station__institution=county.institution).pk,),
    }


def knock(client: Client, rows: Iterable[Row], county: Any) -> dict[Row, int]:
    """The status of each answer; whatever a request changed is undone."""
    ids = ids_of(county)
    answers = {}
    for row in rows:
        address = reverse(row.name, args=ids[row.about])
        with transaction.atomic():
            answer = (client.post if row.post else client.get)(address)
            transaction.set_rollback(True)
        answers[row] = answer.status_code
        if isinstance(answer, FileResponse):
            b"".join(answer)  # read to its end it is closed, as by a server
    return answers


def test_every_address_is_in_the_table() -> None:
    known = {row.name for row in ROWS} | PUBLIC | STATIONS | PARTNERS | OWN_ACCOUNT

    assert {pattern.name for pattern in named_patterns()} == known


def test_whoever_is_not_signed_in_is_sent_to_the_door(world: Any) -> None:
    client, ids = Client(), ids_of(world)
    for row in ROWS:
        address = reverse(row.name, args=ids[row.about])
        response = client.post(address) if row.post else client.get(address)
        assert response.status_code == 302, row
        assert response["Location"].startswith(reverse("login")), row


def test_the_public_page_of_a_dossier_needs_its_token(world: Any) -> None:
    client = Client()
    token = dossier_of(world).public_token

    assert client.get(reverse("public-dossier", args=[token])).status_code == 200
    assert client.get(reverse("public-dossier", args=[token[::-1]])).status_code == 404
    assert client.get(reverse("login")).status_code == 200


@pytest.mark.parametrize("role", sorted(AT_WORK))
def test_a_role_goes_where_its_work_is_and_nowhere_else(
    world: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)
    answers = {(row.name, row.about): status for row, status in knock(client, ROWS, world).items()}

    wrongly = {
        (row.name, row.about): answers[row.name, row.about]
        for row in ROWS
        if (answers[row.name, row.about] in REFUSED_FOR_THE_ROLE) == (role in row.roles)
    }
    assert wrongly == NOT_THEIRS_TO_SAY.get(role, {})
    assert set(answers.values()) <= {200, 302} | REFUSED_FOR_THE_ROLE | REFUSED_FOR_THE_MOMENT


NOT_THEIRS_TO_SAY = {
    Role.CLASS_MANAGER: {
        ("correction-withdraw", "correction"): 403,
        ("lost-range-withdraw", "lost_range"): 403,
    },
    Role.INSTITUTION_HEAD: {
        ("correction-withdraw", "correction"): 403,
        ("lost-range-withdraw", "lost_range"): 403,
    },
    Role.BUREAU_REVIEWER: {("lost-range-withdraw", "lost_range"): 403},
    Role.BUREAU_HEAD: {("lost-range-withdraw", "lost_range"): 403},
}
"""The role may, this person may not: another one proposed it."""


@pytest.mark.parametrize("role", sorted(AT_WORK))
def test_another_county_s_things_do_not_exist(
    world: Any, other_county: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role, other_county)

    answers = knock(client, [row for row in ROWS if row.about not in NO_ID], world)

    assert set(answers.values()) == {404}, [row for row, status in answers.items() if status != 404]


def administrator_at(county: Any) -> Client:
    member = add_member(
        f"{county.programme.code}-admin",
        display_name="管理员",
        role=Role.ADMIN,
        workplace="县信息中心",
        programme_id=county.programme.pk,
    )
    client = Client()
    client.force_login(member.user)
    return client


def test_an_administrator_finds_the_accounts_and_nothing_of_the_work(world: Any) -> None:
    client = administrator_at(world)
    answers = knock(client, ROWS, world)

    found = {row for row, status in answers.items() if status not in (403, 404)}
    assert found == {row for row in ROWS if Role.ADMIN in row.roles}


def test_another_county_s_accounts_do_not_exist_for_an_administrator(world: Any, other_county: Any) -> None:
    client = administrator_at(other_county)

    answers = knock(client, [row for row in ROWS if row.about in ("account", "membership")], world)

    assert set(answers.values()) == {404}


@pytest.mark.parametrize("role", sorted(INSTITUTION_ROLES))
def test_another_institution_s_things_do_not_exist(world: Any, role: Role) -> None:
    _institution, staff = add_institution(
        world.programme,
        name="石城县另一家培训学校",
        uscc="91360825MA36DEMN7K",
        prefix="other-",
        bureau=world.actor(Role.BUREAU_HEAD),
    )
    client = Client()
    client.force_login(staff.members[role].user)

    answers = knock(client, [row for row in ROWS if row.about not in NO_ID | OF_THE_COUNTY], world)

    assert set(answers.values()) == {404}, [row for row, status in answers.items() if status != 404]


@pytest.mark.parametrize("name", sorted(STATIONS - {"api-time", "api-enrol"}))
def test_a_station_s_door_does_not_open_to_a_signed_in_person(
    county: Any, browse: Callable[..., Client], name: str
) -> None:
    client = browse(Role.BUREAU_HEAD)
    ask = client.get if name == "api-package" else client.post

    assert ask(reverse(name)).status_code == 401


def test_the_admin_site_is_for_administrators(county: Any, browse: Callable[..., Client]) -> None:
    response = browse(Role.BUREAU_HEAD).get(reverse("admin:index"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))
