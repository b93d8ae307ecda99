"""What is not yours does not exist. First everything is created three times, then everybody looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from kiosk.envelope import Envelope
from tests.conftest import CLASS_DAY, EARLY_MORNING
from tests.training.signing import hold_and_close, send
from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, SEES_TRAINEE_POOL, Role
from training.attendance.models import LostRange
from training.attendance.services import propose_correction, withdraw_correction
from training.claims.services import claim_session
from training.core.actor import ALL, NOBODY, SYSTEM, Actor
from training.core.db import REACHED_THROUGH_OWNER, SHARED, ScopedModel
from training.core.errors import NotFoundError
from training.core.files import read
from training.core.models import StoredFile
from training.demo.people import synthetic_people
from training.demo.scenery import (
    add_institution,
    add_instructors,
    add_training_agreement,
    paper,
    plan_farmers_session,
    roster_workbook,
)
from training.dossiers.models import Evidence
from training.dossiers.seal import Sealer
from training.dossiers.services import finish_seal, seal_dossier, seal_key, submit_dossier
from training.enrolment.models import RosterHeading
from training.enrolment.services import import_roster
from training.followup.choices import ContactMethod, ContactResult, EvidenceGrade, OutcomeKind
from training.followup.models import FollowUp
from training.followup.services import claim_outcome, log_contact
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof
from training.people.services import record_consent
from training.scheduling.services import approve_session, submit_session

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
    RosterHeading.objects.create(institution=county.institution, word="大名", column="姓名")
    submit_session(county.session.pk, actor=county.actor(HEAD))
    county.session = approve_session(county.session.pk, actor=county.actor(REVIEWER))
    person = county.session.enrolments.first()
    record_consent(person.trainee, given=True, actor=county.actor(CLERK))
    signer = hold_and_close(county, clock)
    send(signer, [Envelope(payload="not an event", signature="AAAA")])
    put_right(county, person)
    LostRange.objects.create(
        station=signer.station, first_seq=900, last_seq=901, reason="x", proposed_at=county.session.closed_at,
        proposed_by=county.user(CLERK),
    )  # fmt: skip
    add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="1",
        issuer="x",
        valid_until=None,
        file=paper("电子商务师资格证书"),
        actor=county.actor(CLERK),
    )
    submit_dossier(county.session.pk, actor=county.actor(HEAD))
    dossier = seal_dossier(county.session.dossier.pk, actor=county.actor(REVIEWER))
    sealer = Sealer(seal_key(), "温审核", county.session.closed_at)
    finish_seal(
        dossier.pk,
        pdf=b"%PDF of the dossier",
        package=b"PK package of the dossier",
        manifest_sha256="ab" * 32,
        pages=9,
        sealer=sealer,
    )
    claim_session(county.session.pk, actor=county.actor(HEAD))
    log_contact(
        FollowUp.objects.filter(enrolment=person).first().pk,
        method=ContactMethod.PHONE,
        result=ContactResult.REACHED,
        actor=county.actor(OFFICER),
    )
    claim_outcome(
        person.pk,
        kind=OutcomeKind.EMPLOYED,
        started_on=CLASS_DAY,
        grade=EvidenceGrade.OFFICIAL,
        description="x",
        file=paper("劳动合同"),
        actor=county.actor(OFFICER),
    )


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
        programme_wide = label.startswith("programmes.")
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
    pool = {"people.Trainee", "people.Consent"}  # reached through the institution's own rosters
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


def test_an_actor_without_a_word_on_one_dimension_sees_nothing(world: World) -> None:
    everything = {"programme": ALL, "institution": ALL, "trainee": ALL, "township": ALL}
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
        f"{county.session.code}.pdf",
        f"{county.session.code}.zip",
    }
    for stored in files.values():
        raw = (Path(settings.MEDIA_ROOT) / stored.file.name).read_bytes()
        assert raw.startswith(b"gAAAA")
        assert read(stored) not in raw
