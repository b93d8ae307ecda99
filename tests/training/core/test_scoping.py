"""What is not yours does not exist. First everything is created three times, then everybody looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from kiosk.envelope import Envelope
from tests.conftest import CLASS_DAY, EARLY_MORNING
from tests.training.api.conftest import issue
from tests.training.county_reports.leaving import leave_reports
from tests.training.fairs.scenes import whole_fair
from tests.training.outcomes.results import note_results
from tests.training.reporting.scenes import leave_figures
from tests.training.reviews import review_and_seal, stand_in
from tests.training.signing import hold_and_close, send
from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, SEES_TRAINEE_POOL, Role
from training.assessment.choices import QUESTIONS, Source
from training.assessment.services import record_evaluation
from training.attendance.models import Exclusion, LostRange
from training.attendance.services import propose_correction, withdraw_correction
from training.claims.services import claim_session
from training.complaints.services import lodge
from training.core.actor import ALL, NOBODY, SYSTEM, Actor
from training.core.db import REACHED_THROUGH_OWNER, SHARED, ScopedModel
from training.core.errors import NotFoundError
from training.core.files import read
from training.core.models import StoredFile
from training.demo.people import synthetic_people
from training.demo.scenery import (
    TOWNSHIP,
    add_farmers_course,
    add_institution,
    add_instructor_account,
    add_instructors,
    add_places,
    add_training_agreement,
    paper,
    plan_farmers_session,
    roster_workbook,
)
from training.dossiers.after_seal import transfer_dossier
from training.dossiers.choices import CheckStage, DoubtKind
from training.dossiers.models import Evidence, SettledDoubt
from training.dossiers.property_checks import check_properties
from training.dossiers.reviewing import submit_dossier
from training.dossiers.seal import Sealer
from training.dossiers.sealing import finish_seal, seal_key
from training.dossiers.snapshots import check_again
from training.enrolment.models import (
    Application,
    Booking,
    NominationList,
    RegistrationCall,
    RosterChange,
    RosterHeading,
)
from training.enrolment.services import import_roster
from training.followup.choices import ContactMethod, ContactResult
from training.followup.handing_over import hand_over
from training.followup.models import ContactImport, FollowUp
from training.followup.services import log_contact
from training.institutions.choices import ProofKind
from training.institutions.models import AgreementIndicator, AgreementTask
from training.institutions.services import add_proof, verify_proof
from training.integrity.choices import Part
from training.integrity.models import IntegrityFinding, IntegrityRun
from training.outcomes.choices import EvidenceGrade, OutcomeKind
from training.outcomes.services import claim_outcome
from training.partners.choices import Purpose, Resource
from training.partners.services import note_use
from training.people.services import note_page, receive_request, record_consent
from training.programmes.services import start_draft
from training.publications.services import draft_sessions
from training.reporting.counting import refresh
from training.reporting.models import Figure
from training.scheduling.feeds import open_feed
from training.scheduling.models import ChangeRequest
from training.scheduling.services import approve_session, submit_session
from training.selfservice.queries import own_actor
from training.selfservice.services import issue_link, rate
from training.uploads.models import Picture, RegisterScan, Reuse, ScannedPage, Upload

CLERK, HEAD, REVIEWER, OFFICER = (
    Role.INSTITUTION_CLERK,
    Role.INSTITUTION_HEAD,
    Role.BUREAU_REVIEWER,
    Role.FOLLOW_UP,
)
SCOPED = [model for model in apps.get_models() if issubclass(model, ScopedModel)]
OWNED = [model for model in SCOPED if model.SCOPE not in (SHARED, REACHED_THROUGH_OWNER)]
Rows = dict[str, set[Any]]


def all_rows() -> Rows:
    return {model._meta.label: set(model.objects.values_list("pk", flat=True)) for model in OWNED}


def seen_by(actor: Actor) -> Rows:
    return {
        model._meta.label: set(model.objects.visible_to(actor).values_list("pk", flat=True))
        for model in OWNED
    }


def minus(rows: Rows, others: Rows) -> Rows:
    return {label: rows[label] - others[label] for label in rows}


def live(county: Any, clock: Any) -> None:
    """A session from submission to claim, with a row of everything there is on the way."""
    clock.set(EARLY_MORNING)
    start_draft(county.programme.pk, actor=county.actor(REVIEWER))
    RosterHeading.objects.create(institution=county.institution, word="大名", column="姓名")
    agreement = county.institution.agreements.get()
    AgreementTask.objects.create(agreement=agreement, class_type="general", renci=1, unit_price_fen=1)
    AgreementIndicator.objects.create(agreement=agreement, rate="满意度", percent=90, formula="x", window="x")
    add_farmers_course(county.institution, actor=county.actor(CLERK), bureau=county.actor(REVIEWER))
    open_feed(county.institution_staff.members[CLERK], actor=county.actor(CLERK))
    submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    person = county.session.enrolments.first()
    record_consent(person.trainee, given=True, actor=county.actor(CLERK))
    officer = county.actor(Role.PRIVACY_OFFICER)
    note_page(person.trainee, actor=officer)
    receive_request(
        person.trainee_id, kind="copy", channel="phone", asked="x", received_on=CLASS_DAY, actor=officer
    )
    said = {"reason": "x", "training_session": county.session}
    change = ChangeRequest.objects.create(
        kind="roster", requested_by=county.user(CLERK), requested_at=county.session.approved_at, **said
    )
    RosterChange.objects.create(
        kind="added", trainee=person.trainee, request=change, made_by=county.user(CLERK),
        made_at=county.session.approved_at, **said,
    )  # fmt: skip
    signer = hold_and_close(county, clock)
    send(signer, [Envelope(payload="not an event", signature="AAAA")])
    put_right(county, person)
    register_people(county)
    leave_evidence(county)
    session, reported = county.session, county.session.closed_at
    Exclusion.objects.create(
        enrolment=person, reason="x", proposed_by=county.user(REVIEWER), proposed_at=reported
    )
    SettledDoubt.objects.create(
        training_session=session, kind=DoubtKind.TWIN, key="x", reason="x", settled_by=county.user(REVIEWER),
        settled_at=reported,
    )  # fmt: skip
    LostRange.objects.create(
        station=signer.station, first_seq=900, last_seq=901, reason="x", proposed_at=county.session.closed_at,
        proposed_by=county.user(CLERK),
    )  # fmt: skip
    proof = add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="1",
        issuer="x",
        valid_until=None,
        file=paper("电子商务师资格证书"),
        actor=county.actor(CLERK),
    )
    verify_proof(proof.pk, actor=county.actor(Role.BUREAU_REVIEWER))
    check_again([county.session.pk])
    if not Figure.objects.filter(programme=county.programme).exists():
        refresh(county.programme.pk)  # what is done from here on waits to be counted
    submit_dossier(county.session.pk, actor=county.actor(HEAD))
    dossier = review_and_seal(county)
    sealer = Sealer(seal_key(), "温审核", county.session.closed_at)
    finish_seal(
        dossier.pk,
        pdf=stand_in(b"%PDF of the dossier", f"{county.session.code}.pdf"),
        package=stand_in(b"PK package of the dossier", f"{county.session.code}.zip"),
        manifest_sha256="ab" * 32,
        pages=9,
        sealer=sealer,
    )
    for instructor in county.instructors:
        record_evaluation(
            county.session.pk, instructor_id=instructor.pk, source=Source.TRAINEES, answers=3,
            scores=dict.fromkeys(QUESTIONS[Source.TRAINEES], Decimal(4)), actor=county.actor(CLERK),
        )  # fmt: skip
    check_properties(dossier.versions.get().pk, CheckStage.YEAR)
    transfer_dossier(
        dossier.pk, receiver="县档案馆", taken_by="x", receipt_number="1", handed_on=county.session.closed_at.date(),
        actor=county.actor(Role.BUREAU_HEAD),
    )  # fmt: skip
    claim_session(county.session.pk, actor=county.actor(HEAD))
    now = county.session.closed_at
    run = IntegrityRun.objects.create(programme=county.programme, started_at=now, finished_at=now, found=1)
    IntegrityFinding.objects.create(run=run, part=Part.FILES, about="x", problem="x")
    let_partner_read(county)
    leave_reports(county)
    speak_up(county, person)
    whole_fair(county)
    log_contact(
        FollowUp.objects.filter(enrolment=person).first().pk,
        method=ContactMethod.PHONE,
        result=ContactResult.REACHED,
        referred_to="县邮储银行",
        referred_for="loan",
        actor=county.actor(OFFICER),
    )
    stages = FollowUp.objects.filter(enrolment=person)
    hand_over(stages, to=county.user(OFFICER).pk, actor=county.actor(OFFICER))
    ContactImport.objects.create(
        programme=county.programme, name="x", handed_in_at=county.session.closed_at, accepted=0, unchanged=0
    )
    claim_outcome(
        person.pk,
        kind=OutcomeKind.EMPLOYED,
        started_on=CLASS_DAY,
        grade=EvidenceGrade.OFFICIAL,
        organisation="x",
        post="x",
        papers=[paper("劳动合同")],
        actor=county.actor(OFFICER),
    )
    add_places(county.programme)
    note_results(county)
    leave_figures(county)
    Booking.objects.create(  # as while it was held
        training_session=county.session, trainee=person.trainee, lesson=county.session.lessons.first(),
        starts_at=now + timedelta(days=session.pk), ends_at=now + timedelta(days=session.pk, hours=1),
    )  # fmt: skip


def speak_up(county: Any, person: Any) -> None:
    """Somebody complains, a list is drafted, and a trainee rates the class on a page of their own."""
    lodge(county.programme, kind="complaint", said="有人替别人签到，请查。")
    draft_sessions(actor=county.actor(REVIEWER))
    link = issue_link(person.pk, actor=county.actor(OFFICER)).link
    rate(link, course={"useful": 5}, instructors={}, actor=own_actor(link))


def leave_evidence(county: Any) -> None:
    """An upload under way, a scan with a page, and a pair that the bureau found to be in order."""
    at, (one, other) = county.session.closed_at, county.session.evidence.order_by("pk")[:2]
    Upload.objects.create(
        training_session=county.session, item="A9", kind="photo", caption="x", name="x", size=9,
        user=county.user(CLERK), created_at=at, expires_at=at,
    )  # fmt: skip
    scan = RegisterScan.objects.create(institution=county.institution, file=one.file, read_at=at)
    ScannedPage.objects.create(scan=scan, number=1, found="unreadable")
    Picture.objects.get_or_create(evidence=one)
    Reuse.objects.create(
        original=one, copy=other, likeness="exact", noticed_at=at, programme=county.programme,
        institution=county.institution, status="legitimate", reason="x", decided_at=at,
    )  # fmt: skip


def register_people(county: Any) -> None:
    """Somebody has applied, and a township has handed in a list; the roster is frozen by now."""
    at = county.session.approved_at
    call = RegistrationCall.objects.create(
        training_session=county.session,
        token=str(county.session.pk),
        opens_at=at - timedelta(1),
        closes_at=at,
        places=9,
    )
    Application.objects.create(
        call=call, source="township", name="甲", id_number="x", id_hash="x", township=TOWNSHIP, applied_at=at
    )
    NominationList.objects.create(
        call=call, township=TOWNSHIP, name="x", handed_in_at=at, accepted=1, unchanged=0
    )


def let_partner_read(county: Any) -> None:
    """A token for the institution's own data, once used."""
    issued = issue(county, Purpose.SESSIONS, institution_id=county.institution.pk)
    note_use(issued.token, Resource.SESSIONS)


def put_right(county: Any, person: Any) -> None:
    """Propose a correction and think better of it: an undecided one keeps the archive open."""
    lesson = county.session.lessons.first()
    correction = propose_correction(
        county.session.pk, lesson_id=lesson.pk, enrolment_id=person.pk, kind="sign_in", reason="x",
        happened_at=lesson.starts_at, actor=county.actor(CLERK),
    )  # fmt: skip
    withdraw_correction(correction.pk, actor=county.actor(CLERK))


def second_institution(county: Any) -> Any:
    """Another institution of the same county, with its own people and plans."""
    bureau = county.actor(Role.BUREAU_HEAD)
    institution, staff = add_institution(
        county.programme, name="石城县振兴学校", uscc="91350100M000100Y43", prefix="second-", bureau=bureau
    )
    clerk = staff.actor(CLERK)
    instructors = add_instructors(institution, actor=clerk)
    staff.members[Role.INSTRUCTOR] = add_instructor_account(instructors[0], "second-")
    agreement = add_training_agreement(institution, actor=clerk)
    session, _venue = plan_farmers_session(institution, agreement, instructors, on=CLASS_DAY, actor=clerk)
    roster = roster_workbook(synthetic_people(3, seed=99))
    import_roster(session.pk, name="名册.xlsx", data=roster, actor=clerk)
    return replace(
        county, institution=institution, institution_staff=staff, instructors=instructors, session=session
    )


@dataclass
class World:
    """Two institutions of one county and one of another, each with whatever a session leaves behind."""

    ours: Any
    neighbour: Any
    stranger: Any
    our_rows: Rows
    neighbours_rows: Rows
    strangers_rows: Rows


@pytest.fixture
def world(make_county: Callable[..., Any], clock: Any) -> World:
    ours = make_county()
    live(ours, clock)
    first = all_rows()
    neighbour = second_institution(ours)
    live(neighbour, clock)
    second = all_rows()
    stranger = make_county("YF-2020", "永丰县", "91360825MA36DEMN7K")
    live(stranger, clock)
    return World(ours, neighbour, stranger, first, minus(second, first), minus(all_rows(), second))


def test_nobody_sees_another_institution_or_another_county(world: World) -> None:
    for label in all_rows():
        programme_wide = (
            label.startswith(("programmes.", "reporting.", "reports.")) or label == "people.ConsentText"
        )
        assert world.our_rows[label], f"no {label} that could leak"
        assert world.neighbours_rows[label] or programme_wide, f"no {label} of the neighbour that could leak"
        assert world.strangers_rows[label], f"no {label} of the stranger that could leak"

    for role in set(Role) - {Role.ADMIN}:
        seen = seen_by(world.ours.actor(role))
        for label, rows in seen.items():
            assert not rows & world.strangers_rows[label], f"{role} sees {label} of another county"
            if role in INSTITUTION_ROLES:
                assert not rows & world.neighbours_rows[label], f"{role} sees {label} of another institution"


def test_the_bureau_sees_all_of_its_county_and_the_institution_all_of_its_own(world: World) -> None:
    county = {label: world.our_rows[label] | world.neighbours_rows[label] for label in world.our_rows}
    for role in BUREAU_ROLES:
        assert seen_by(world.ours.actor(role)) == county

    seen = seen_by(world.ours.actor(CLERK))
    # reached through the institution's own rosters, if at all
    pool = {label for label in county if label.startswith("people.")} - {"people.ConsentText"}
    pool |= {"enrolment.Application", "enrolment.NominationList"}  # likewise through its own calls
    pool |= {"outcomes.HouseholdSales", "outcomes.SalesMonth", "outcomes.Designation"}  # of the pool's people
    pool |= {"outcomes.EnterpriseOutcome"}  # of the county as a whole
    pool |= {label for label in county if label.startswith("reports.")}  # likewise
    pool |= {"reporting.Measurement", "reporting.StatedValue"}  # likewise
    pool |= {"reporting.MonthReport", "reporting.ReportedFigure", "reporting.ReportedMeasure"}  # likewise
    pool |= {"reporting.Figure", "reporting.PendingCount"}  # likewise
    pool |= {"integrity.IntegrityRun", "integrity.IntegrityFinding"}  # of the county as a whole
    pool |= {"followup.Handover", "followup.HandedOver", "followup.ContactImport"}  # among the officers
    pool |= {"complaints.Complaint", "publications.Publication", "selfservice.SelfLink"}  # likewise
    bureaus = {"accounts.Membership", "core.AuditEvent"}  # some are the bureau's own
    for label, rows in world.our_rows.items():
        if label in pool:
            assert seen[label] == set()
        elif label in bureaus:
            assert seen[label] < rows
        else:
            assert seen[label] == rows, label


def test_only_those_who_see_the_trainee_pool_see_it(world: World) -> None:
    sees = {role for role in set(Role) - {Role.ADMIN} if seen_by(world.ours.actor(role))["people.Trainee"]}
    assert sees == SEES_TRAINEE_POOL | {Role.TOWNSHIP}


def test_an_instructor_sees_the_own_lessons_and_nobody_who_sits_in_them(world: World) -> None:
    seen = seen_by(world.ours.actor(Role.INSTRUCTOR))
    own = {label for label, rows in seen.items() if rows and not label.startswith("programmes.")}
    assert own == {
        "people.ConsentText",  # the programme's, about nobody
        "institutions.Instructor",
        "institutions.InstructorProof",
        "courses.Courseware",
        "scheduling.Lesson",
        "assessment.Evaluation",
    }
    assert seen["institutions.Instructor"] == {world.ours.instructors[0].pk}
    for label in own - {"people.ConsentText"}:
        assert seen[label] < world.our_rows[label]


def test_an_actor_without_a_word_on_one_dimension_sees_nothing(world: World) -> None:
    everything = {
        "programme": ALL,
        "county": ALL,
        "institution": ALL,
        "trainee": ALL,
        "township": ALL,
        "town": ALL,
    }
    assert seen_by(Actor("审计署", "", None, everything)) == all_rows()
    assert seen_by(SYSTEM) == all_rows()
    assert not any(seen_by(NOBODY).values())

    for missing in everything:
        seen = seen_by(Actor("无名", "", None, {k: v for k, v in everything.items() if k != missing}))
        for model in OWNED:
            expected = set() if missing in model.SCOPE else all_rows()[model._meta.label]
            assert seen[model._meta.label] == expected


def test_a_stored_file_is_reached_through_its_owner_only(world: World) -> None:
    assert StoredFile.objects.count() > 0
    for actor in (SYSTEM, world.ours.actor(Role.BUREAU_HEAD), NOBODY):
        assert StoredFile.objects.visible_to(actor).count() == 0


def test_what_is_not_visible_and_what_is_not_there_are_refused_alike(world: World) -> None:
    theirs = Evidence.objects.filter(training_session=world.stranger.session).first()
    refusals = []
    for pk in (theirs.pk, 10**9):
        with pytest.raises(NotFoundError) as refused:
            Evidence.objects.fetch(world.ours.actor(CLERK), pk=pk)
        refusals.append((str(refused.value), refused.value.code, refused.value.http_status))

    assert refusals == [("没有找到：它不存在，或不属于您的单位。", "not_found", 404)] * 2


def raw_database() -> str:
    """Every value of every row, as the database holds it."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        values: list[str] = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            values += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(values)


def test_no_identity_number_and_no_phone_lies_in_clear_in_the_database(county: Any, clock: Any) -> None:
    people = synthetic_people(14, seed=7)
    wrong = replace(
        people[12], id_number=people[12].id_number[:-1] + ("0" if people[12].id_number[-1] != "0" else "1")
    )
    roster = roster_workbook([people[0], wrong, people[13], people[13]])
    imported = import_roster(county.session.pk, name="补充.xlsx", data=roster, actor=county.actor(CLERK))
    assert [p["code"] for p in imported.problems] == ["check_digit", "duplicate"]
    assert imported.unchanged == 1
    live(county, clock)

    stored = raw_database()

    assert people[0].name in stored
    for person in [*people, wrong]:
        assert person.id_number not in stored
        assert person.phone not in stored


def test_sensitive_files_do_not_lie_in_clear_on_the_disk(county: Any, clock: Any) -> None:
    live(county, clock)

    files = {stored.name: stored for stored in StoredFile.objects.filter(sensitive=True)}

    assert set(files) == {
        "名册.xlsx",
        "劳动合同.pdf",
        "签到表.pdf",
        "网店页面.pdf",
        f"{county.session.code}.pdf",
        f"{county.session.code}.zip",
    }
    for stored in files.values():
        raw = (Path(settings.MEDIA_ROOT) / stored.file.name).read_bytes()
        assert raw.startswith(b"gAAAA")
        assert read(stored) not in raw
