"""Every address of the site, by who may go there. An address that is not in the table fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.training.web.conftest import claim_shop, dossier_of
from training.accounts.choices import BUREAU_ROLES, FINANCE_ROLES, INSTITUTION_ROLES, Role
from training.accounts.services import add_member
from training.attendance.choices import CorrectionKind, CorrectionSource
from training.attendance.models import AttendanceEvent, Correction, LostRange
from training.core import clock
from training.core.files import keep
from training.courses.models import Courseware
from training.demo.scenery import add_institution
from training.dossiers.models import Evidence
from training.enrolment.models import RosterImport
from training.followup.models import FollowUp
from training.institutions.models import Agreement, InstructorProof, Licence
from training.stations.models import Station

EVERYONE = frozenset(Role)
AT_WORK = EVERYONE - {Role.ADMIN}
READS = BUREAU_ROLES | {Role.AUDITOR, Role.SUPERVISOR}
ARCHIVES = READS | FINANCE_ROLES
PAPERS = INSTITUTION_ROLES - {Role.CLASS_MANAGER}
RULES = ARCHIVES | {Role.TOWNSHIP, Role.DATA_DEPARTMENT, Role.PRIVACY_OFFICER}
SEES_FILES = ARCHIVES | INSTITUTION_ROLES | {Role.FOLLOW_UP}
FOLLOWS = frozenset({Role.FOLLOW_UP})
DECIDES = BUREAU_ROLES | FOLLOWS
COUNTS = READS | FOLLOWS
SEES_STATIONS = READS | INSTITUTION_ROLES
HEAD = frozenset({Role.INSTITUTION_HEAD})
ADMINISTRATORS = frozenset({Role.ADMIN})
ACCOUNTS = frozenset({Role.ADMIN, Role.BUREAU_HEAD})
AUDITS = ACCOUNTS | HEAD | {Role.AUDITOR, Role.PRIVACY_OFFICER}


@dataclass(frozen=True)
class Row:
    """`about` names what the id in the address is of; `post` where looking is not enough."""

    name: str
    roles: frozenset[Role]
    about: str = ""
    post: bool = False


PUBLIC = {"login", "health", "public-dossier", "set_language", "invitation"}
STATIONS = {"api-time", "api-enrol", "api-report", "api-package", "api-events", "api-photos"}
OWN_ACCOUNT = {
    "logout", "switch-membership", "password", "second-factor", "second-factor-setup", "security",
    "sign-out-elsewhere",
}  # fmt: skip
ROWS = [
    Row("home", EVERYONE),
    # institution
    Row("sessions", INSTITUTION_ROLES),
    Row("sessions-export", INSTITUTION_ROLES),
    Row("session-plan", INSTITUTION_ROLES),
    Row("session", INSTITUTION_ROLES, "session"),
    Row("session-revise", INSTITUTION_ROLES, "session"),
    Row("lesson-add", INSTITUTION_ROLES, "session"),
    Row("lesson-remove", INSTITUTION_ROLES, "lesson", post=True),
    Row("session-courseware", INSTITUTION_ROLES, "session"),
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
    Row("enrolment-withdraw", INSTITUTION_ROLES, "enrolment", post=True),
    Row("enrolment-phone", INSTITUTION_ROLES, "enrolment"),
    Row("consent", INSTITUTION_ROLES, "enrolment", post=True),
    Row("evidence-add", INSTITUTION_ROLES, "session"),
    Row("evidence-withdraw", INSTITUTION_ROLES, "evidence"),
    Row("dossier-submit", HEAD, "session", post=True),
    Row("session-claim", HEAD, "session", post=True),
    Row("instructors", PAPERS),
    Row("instructor-add", PAPERS),
    Row("instructor", PAPERS, "instructor"),
    Row("papers", PAPERS),
    Row("licence-add", PAPERS),
    Row("agreement-add", PAPERS),
    Row("courseware", INSTITUTION_ROLES),
    Row("courseware-add", INSTITUTION_ROLES),
    Row("venues", INSTITUTION_ROLES),
    Row("venue-add", INSTITUTION_ROLES),
    # bureau
    Row("bureau-queue", ARCHIVES),
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
    Row("bureau-refused", READS),
    Row("bureau-claims", ARCHIVES),
    Row("bureau-institutions", ARCHIVES),
    Row("bureau-institution-register", BUREAU_ROLES),
    Row("bureau-institution-staff", BUREAU_ROLES, "institution"),
    Row("bureau-institution", ARCHIVES, "institution"),
    Row("bureau-institution-admit", frozenset({Role.BUREAU_HEAD}), "institution", post=True),
    # attendance
    Row("register", SEES_STATIONS, "session"),
    Row("register-export", SEES_STATIONS, "session"),
    Row("register-blank", SEES_STATIONS, "session"),
    Row("register-paper", INSTITUTION_ROLES, "session"),
    Row("register-row", INSTITUTION_ROLES, "enrolment"),
    Row("correction-add", INSTITUTION_ROLES, "session"),
    Row("attendance-person", SEES_STATIONS, "enrolment"),
    Row("event-void", INSTITUTION_ROLES, "event"),
    Row("corrections", SEES_STATIONS),
    Row("corrections-export", SEES_STATIONS),
    Row("corrections-approve", BUREAU_ROLES | HEAD, post=True),
    Row("correction-decline", BUREAU_ROLES | HEAD, "correction"),
    Row("correction-withdraw", INSTITUTION_ROLES, "correction", post=True),
    Row("clashes", SEES_STATIONS),
    Row("clashes-export", SEES_STATIONS),
    Row("chains", SEES_STATIONS),
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
    Row("followup-contact", FOLLOWS, "follow_up"),
    Row("followup-person", DECIDES, "enrolment"),
    Row("followup-phone", FOLLOWS, "enrolment", post=True),
    Row("followup-outcome", FOLLOWS, "enrolment"),
    Row("outcomes", DECIDES),
    Row("outcome-verify", DECIDES, "outcome", post=True),
    Row("outcome-reject", DECIDES, "outcome", post=True),
    # county
    Row("indicators", COUNTS),
    Row("indicator-enrolments", COUNTS, "depth"),
    Row("target-enrolments", COUNTS, "target"),
    Row("programme", RULES),
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
    Row("audit", AUDITS),
    Row("audit-export", AUDITS),
    # files, by what owns them
    Row("file", SEES_FILES, "licence"),
    Row("file", SEES_FILES, "agreement"),
    Row("file", SEES_FILES, "proof-file"),
    Row("file", SEES_FILES, "courseware"),
    Row("file", SEES_FILES, "evidence-file"),
    Row("file", INSTITUTION_ROLES | BUREAU_ROLES, "roster-file"),
    Row("file", COUNTS, "outcome-file"),
    Row("file", INSTITUTION_ROLES | BUREAU_ROLES, "correction-file"),
]
NO_ID = {"", "depth", "target"}  # every county has its own under the same word
REFUSED_FOR_THE_ROLE = {403, 404}  # 404 where the row is outside what the role sees at all
REFUSED_FOR_THE_MOMENT = {409, 422}


def named_patterns(patterns: Any = None) -> Iterator[URLPattern]:
    """Every address but those of Django's own admin site, which has its own door."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from named_patterns(pattern.url_patterns)


@pytest.fixture
def world(handed_in: Any) -> Any:
    """A county in which everything that has an id exists."""
    claim_shop(handed_in)
    put_right(handed_in)
    return handed_in


def put_right(county: Any) -> None:
    """A correction and a lost number that wait for the second person."""
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
    station = Station.objects.get(institution=county.institution)
    LostRange.objects.create(station=station, first_seq=900, last_seq=901, **said)


def args_of(row: Row, county: Any) -> tuple[Any, ...]:
    session = county.session
    enrolment = session.enrolments.get(number=1)
    proof = InstructorProof.objects.filter(instructor__institution=county.institution).first()
    evidence = Evidence.objects.filter(training_session=session).first()
    outcome = enrolment.outcomes.get()
    imported = RosterImport.objects.get(training_session=session)
    correction = Correction.objects.get(training_session=session)
    first = {
        "": (),
        "depth": ("planned",),
        "target": ("renci",),
        "session": (session.pk,),
        "lesson": (session.lessons.first().pk,),
        "import": (imported.pk,),
        "enrolment": (enrolment.pk,),
        "evidence": (evidence.pk,),
        "instructor": (county.instructors[0].pk,),
        "dossier": (dossier_of(county).pk,),
        "event": (AttendanceEvent.objects.filter(training_session=session).first().pk,),
        "proof": (proof.pk,),
        "station": (Station.objects.get(institution=county.institution).pk,),
        "institution": (county.institution.pk,),
        "follow_up": (FollowUp.objects.filter(enrolment=enrolment).first().pk,),
        "outcome": (outcome.pk,),
        "licence": ("licence", Licence.objects.filter(institution=county.institution).first().pk),
        "agreement": ("agreement", Agreement.objects.get(institution=county.institution).pk),
        "proof-file": ("proof", proof.pk),
        "courseware": ("courseware", Courseware.objects.filter(institution=county.institution).first().pk),
        "evidence-file": ("evidence", evidence.pk),
        "roster-file": ("roster", imported.pk),
        "outcome-file": ("outcome", outcome.pk),
        "correction": (correction.pk,),
        "correction-file": ("correction", correction.pk),
        "account": (county.user(Role.INSTITUTION_CLERK).pk,),
        "membership": (county.user(Role.INSTITUTION_CLERK).memberships.get().pk,),
        "lost_range": (LostRange.objects.get(station__institution=county.institution).pk,),
    }
    return first[row.about]


def knock(client: Client, row: Row, county: Any) -> int:
    """The answer's status; whatever the request changed is undone."""
    address = reverse(row.name, args=args_of(row, county))
    with transaction.atomic():
        status = (client.post if row.post else client.get)(address).status_code
        transaction.set_rollback(True)
    return status


def test_every_address_is_in_the_table() -> None:
    known = {row.name for row in ROWS} | PUBLIC | STATIONS | OWN_ACCOUNT

    assert {pattern.name for pattern in named_patterns()} == known


def test_whoever_is_not_signed_in_is_sent_to_the_door(world: Any) -> None:
    client = Client()
    for row in ROWS:
        address = reverse(row.name, args=args_of(row, world))
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
    answers = {(row.name, row.about): knock(client, row, world) for row in ROWS}

    wrongly = {
        (row.name, row.about): answers[row.name, row.about]
        for row in ROWS
        if (answers[row.name, row.about] in REFUSED_FOR_THE_ROLE) == (role in row.roles)
    }
    assert wrongly == NOT_THEIRS_TO_SAY.get(role, {})
    assert set(answers.values()) <= {200, 302} | REFUSED_FOR_THE_ROLE | REFUSED_FOR_THE_MOMENT


NOT_THEIRS_TO_SAY = {
    Role.FOLLOW_UP: {("outcome-verify", "outcome"): 403, ("outcome-reject", "outcome"): 403},
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
"""The role may, this person may not: they claimed the outcome themselves, or another one proposed it."""


@pytest.mark.parametrize("role", sorted(AT_WORK))
def test_another_county_s_things_do_not_exist(
    world: Any, other_county: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role, other_county)

    answers = {str(row): knock(client, row, world) for row in ROWS if row.about not in NO_ID}

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
    answers = {row: knock(client, row, world) for row in ROWS}

    found = {row for row, status in answers.items() if status not in (403, 404)}
    assert found == {row for row in ROWS if Role.ADMIN in row.roles}


def test_another_county_s_accounts_do_not_exist_for_an_administrator(world: Any, other_county: Any) -> None:
    client = administrator_at(other_county)

    answers = {knock(client, row, world) for row in ROWS if row.about in ("account", "membership")}

    assert answers == {404}


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

    answers = {str(row): knock(client, row, world) for row in ROWS if row.about not in NO_ID}

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
