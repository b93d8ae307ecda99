"""From the end of the class to the sealed archive: who may, when, and what a refusal leaves behind."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kiosk.envelope import Enrolled
from tests.training.reviews import review_and_seal, stand_in
from tests.training.signing import (
    append,
    attest_registers,
    hold_and_close,
    hold_class,
    picture,
    send,
    statuses,
)
from training.accounts.choices import INSTITUTION_ROLES, Role
from training.attendance.models import Completion
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.files import read
from training.core.models import AuditEvent, StoredFile
from training.demo.scenery import paper
from training.dossiers.choices import DossierStatus, EvidenceKind
from training.dossiers.collecting import (
    PhotoEventHeldError,
    PhotoEventUnknownError,
    add_evidence,
    describe_photo,
    keep_station_photo,
    withdraw_evidence,
)
from training.dossiers.models import Dossier, Evidence
from training.dossiers.queries import check_session, check_sessions
from training.dossiers.reviewing import (
    IncompleteDossierError,
    accept_item,
    confirm_dossier,
    return_dossier,
    return_item,
    submit_dossier,
)
from training.dossiers.seal import Sealer
from training.dossiers.sealing import abandon_seal, finish_seal, seal_dossier, seal_key
from training.dossiers.services import close_session
from training.dossiers.verify import verify
from training.enrolment.models import Enrolment
from training.followup.models import FollowUp
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, verify_proof
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.stations.models import Station

CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
NO_PROOF = "缺 A3：授课人王思敏（第2课次）无资质证明"


def state(county: Any) -> list[Any]:
    """Everything that a refusal in this room must leave alone."""
    session = TrainingSession.objects.filter(pk=county.session.pk)
    models = (Dossier, Evidence, Completion, FollowUp, Enrolment, StoredFile)
    return [session.values().get(), *(list(model.objects.order_by("pk").values()) for model in models)]


def prove_qualification(county: Any) -> None:
    """What was missing: the second instructor's qualification."""
    proof = add_proof(
        county.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="电商师 2020-3607-0999",
        issuer="江西省职业技能鉴定指导中心",
        valid_until=None,
        file=paper("电子商务师资格证书", "姓名：王思敏"),
        actor=county.actor(CLERK),
    )
    verify_proof(proof.pk, actor=county.actor(REVIEWER))


def lacking(county: Any) -> list[str]:
    return [finding.message for item in check_session(county.session) for finding in item.findings]


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    """The class is over and closed; numbers 11 and 12 never came; one qualification is missing."""
    hold_and_close(approved, clock, absent={11, 12})
    return approved


@pytest.fixture
def submitted(closed: Any) -> Any:
    prove_qualification(closed)
    submit_dossier(closed.session.pk, actor=closed.actor(HEAD))
    return closed


def finish(county: Any) -> Dossier:
    """Seal with stand-ins for the two files, as the background task does with the real ones."""
    dossier = review_and_seal(county)
    sealer = Sealer(seal_key(), "温审核", county.session.closed_at + timedelta(days=1))
    return finish_seal(
        dossier.pk,
        pdf=stand_in(b"%PDF"),
        package=stand_in(b"PK"),
        manifest_sha256="ab" * 32,
        pages=9,
        sealer=sealer,
    )


# Closing


def test_closing_decides_for_everyone_and_says_why(closed: Any) -> None:
    results = [
        (c.enrolment.number, c.completed, c.explanation)
        for c in Completion.objects.order_by("enrolment__number")
    ]

    assert results == [
        *((number, True, "6 / 6 学时 = 100.0 % ≥ 80 %，结业") for number in range(1, 11)),
        *((number, False, "0 / 6 学时 = 0.0 % < 80 %，未达标") for number in (11, 12)),
    ]
    assert [e.status for e in closed.session.enrolments.all()] == ["completed"] * 10 + ["incomplete"] * 2
    assert closed.session.status == SessionStatus.CLOSED
    assert AuditEvent.objects.get(verb="session.closed").details == {"renci": 10, "rostered": 12}


def test_half_a_session_is_not_enough(approved: Any, clock: Any) -> None:
    """Three people leave after the morning: three of six hours."""
    hold_class(approved, clock)
    morning = approved.session.lessons.first()
    gone = list(approved.session.enrolments.all()[:3])
    approved.session.events.exclude(lesson=morning).filter(enrolment__in=gone).delete()

    close_session(approved.session.pk, actor=approved.actor(CLERK))

    few = Completion.objects.filter(enrolment__in=gone).values_list("completed", "explanation").distinct()
    assert list(few) == [(False, "3 / 6 学时 = 50.0 % < 80 %，未达标")]
    assert Completion.objects.filter(completed=True).count() == 9


def test_follow_ups_open_for_those_who_completed_and_for_nobody_else(closed: Any) -> None:
    rows = FollowUp.objects.values_list("enrolment__number", "day", "due_on", "done_at").order_by(
        "enrolment__number", "day"
    )

    assert list(rows) == [
        (number, day, closed.session.closed_at.date() + timedelta(days=day), None)
        for number in range(1, 11)
        for day in (30, 90, 180)
    ]


def test_closing_twice_changes_nothing(closed: Any) -> None:
    before, trail = state(closed), AuditEvent.objects.count()

    assert close_session(closed.session.pk, actor=closed.actor(CLERK)) == closed.session.dossier
    assert state(closed) == before
    assert AuditEvent.objects.count() == trail


def test_a_class_that_is_not_over_can_not_be_closed(approved: Any, clock: Any) -> None:
    hold_class(approved, clock)
    clock.set(approved.session.lessons.last().ends_at - timedelta(minutes=1))
    before = state(approved)

    with pytest.raises(InvalidTransitionError) as refused:
        close_session(approved.session.pk, actor=approved.actor(CLERK))

    assert str(refused.value) == "最后一次课还没有结束，不能结课。"
    assert state(approved) == before


def test_a_class_to_which_nobody_came_can_not_be_closed(approved: Any, clock: Any) -> None:
    clock.set(approved.session.lessons.last().ends_at + timedelta(days=1))
    before = state(approved)

    with pytest.raises(InvalidTransitionError):
        close_session(approved.session.pk, actor=approved.actor(CLERK))
    assert state(approved) == before


# Completeness of the demo's session


def test_the_demo_session_lacks_one_proof_and_is_whole_with_it(closed: Any) -> None:
    assert lacking(closed) == [NO_PROOF]

    prove_qualification(closed)

    assert lacking(closed) == []
    assert [item.code for item in check_session(closed.session)] == [f"A{number}" for number in range(1, 10)]


def test_before_the_class_the_archive_says_what_is_still_to_come(approved: Any) -> None:
    assert lacking(approved) == [
        NO_PROOF,
        "缺 A8：还没有结课，签到名册未定",
        "缺 A8：2021-05-18上午无签到名册",
        "缺 A8：2021-05-18下午无签到名册",
        "缺 A9：2021-05-18上午应有现场照片1张，现有0张",
        "缺 A9：2021-05-18下午应有现场照片1张，现有0张",
    ]


@pytest.mark.parametrize("counties", [1, 2])
def test_checking_a_page_of_sessions_takes_a_constant_number_of_queries(
    make_county: Any, counties: int, django_assert_num_queries: Any
) -> None:
    for code, uscc in [("SC-2020", "91360735MA35NXTP4H"), ("YF-2020", "91360825MA36DEMN7K")][:counties]:
        make_county(code, f"{code}县", uscc)

    with django_assert_num_queries(27):
        assert len(check_sessions(TrainingSession.objects.all())) == counties


# Evidence


def give(county: Any, **changes: Any) -> Evidence:
    evidence = {
        "item": "A4",
        "kind": EvidenceKind.PLAN,
        "caption": "盖章方案",
        "file": paper("培训方案"),
        "actor": county.actor(CLERK),
    }
    return add_evidence(county.session.pk, **evidence | changes)


def test_a_file_is_kept_byte_for_byte_and_its_hash_is_on_record(closed: Any) -> None:
    evidence = give(closed)

    assert read(evidence.file) == paper("培训方案")[1]
    assert AuditEvent.objects.latest("pk").details == {"item": "A4", "sha256": evidence.file.sha256}


@pytest.mark.parametrize(
    "changes",
    [
        {"item": "Z9"},
        {"file": ("培训方案.pdf", b"not a PDF at all")},
        {"item": "A9", "kind": EvidenceKind.PHOTO, "file": ("照片.jpg", picture())},
        {"item": "A9", "kind": EvidenceKind.PHOTO, "file": paper("培训方案")},
        {"item": "A9", "kind": EvidenceKind.OTHER, "file": ("照片.jpg", picture())},
        {"item": "A4", "kind": EvidenceKind.PHOTO, "file": ("照片.jpg", picture())},
    ],
    ids=[
        "an item there is not",
        "no PDF",
        "a photo of no lesson",
        "a PDF as a photo",
        "a photo that calls itself something else",
        "a photo as something else",
    ],
)
def test_what_can_not_be_evidence_is_refused_and_not_kept(closed: Any, changes: dict[str, Any]) -> None:
    before = state(closed)

    with pytest.raises(InvalidInputError) as refused:
        give(closed, **changes)
    assert str(refused.value)
    assert state(closed) == before


def test_a_photo_of_another_institutions_lesson_is_refused(closed: Any, other_county: Any) -> None:
    theirs = other_county.session.lessons.first()
    before = state(closed)

    with pytest.raises(NotFoundError):
        give(closed, item="A9", kind=EvidenceKind.PHOTO, file=("照片.jpg", picture()), lesson_id=theirs.pk)
    assert state(closed) == before


def test_a_withdrawn_file_stays_on_record_with_the_reason_and_no_longer_counts(closed: Any) -> None:
    photo = give(
        closed,
        item="A9",
        kind=EvidenceKind.PHOTO,
        caption="",
        lesson_id=closed.session.lessons.first().pk,
        file=("模糊.jpg", picture(5)),
    )
    assert lacking(closed) == [NO_PROOF, "A9：第1课次有照片没有写说明"]
    with pytest.raises(InvalidInputError):
        withdraw_evidence(photo.pk, reason=" ", actor=closed.actor(CLERK))

    withdrawn = withdraw_evidence(photo.pk, reason="模糊", actor=closed.actor(CLERK))

    assert (withdrawn.withdrawn_reason, withdrawn.withdrawn_at is not None) == ("模糊", True)
    assert lacking(closed) == [NO_PROOF]


def test_a_photo_the_station_signed_can_not_be_withdrawn(closed: Any) -> None:
    photo = Evidence.objects.filter(item="A9", event__isnull=False).first()

    with pytest.raises(InvalidInputError, match="不能撤下"):
        withdraw_evidence(photo.pk, reason="模糊", actor=closed.actor(CLERK))

    photo.refresh_from_db()
    assert photo.withdrawn_at is None


def test_what_a_photo_shows_is_said_of_a_stations_as_well_and_printed(closed: Any) -> None:
    photo = Evidence.objects.filter(item="A9", event__isnull=False).first()

    describe_photo(
        photo.pk, caption="实操练习", persons="全体学员", background="横幅", photographer="",
        actor=closed.actor(CLERK),
    )  # fmt: skip

    with pytest.raises(InvalidInputError):
        describe_photo(
            photo.pk, caption=" ", persons="", background="", photographer="", actor=closed.actor(CLERK)
        )
    photo.refresh_from_db()
    assert (photo.caption, photo.persons, photo.background) == ("实操练习", "全体学员", "横幅")


# Photos from a station


def test_a_photo_taken_in_the_break_is_kept_and_simply_does_not_count(approved: Any, clock: Any) -> None:
    """Nobody can take a station's photo back: it must not stand in the archive's way for ever."""
    signer = hold_class(approved, clock)
    lesson, jpeg = approved.session.lessons.first(), picture(99)
    before = [message for message in lacking(approved) if "A9" in message]
    taken = {"sha256": sha256(jpeg).hexdigest(), "size": len(jpeg)}
    early = lesson.starts_at - timedelta(minutes=1)
    append(signer, "photo", early, session=approved.session.code, lesson=lesson.pk, photo=taken)
    send(signer)
    keep_station_photo(signer.station, data=jpeg)

    assert before == [message for message in lacking(approved) if "A9" in message] == []
    assert [photo.outside_lesson for photo in Evidence.objects.order_by("taken_at")] == [True, False, False]


def test_a_photo_waits_for_its_signed_event(approved: Any, clock: Any) -> None:
    signer = hold_class(approved, clock)
    lesson = approved.session.lessons.last()
    jpeg = picture(77)
    before = state(approved)

    with pytest.raises(PhotoEventUnknownError):
        keep_station_photo(signer.station, data=jpeg)
    assert state(approved) == before

    taken = {"sha256": sha256(jpeg).hexdigest(), "size": len(jpeg)}
    append(signer, "photo", lesson.ends_at, session=approved.session.code, lesson=lesson.pk, photo=taken)
    send(signer)
    kept, new = keep_station_photo(signer.station, data=jpeg)
    assert (new, kept.lesson, kept.taken_at, read(kept.file)) == (True, lesson, lesson.ends_at, jpeg)


def test_photos_become_evidence_with_lesson_caption_and_the_station_that_took_them(
    approved: Any, clock: Any
) -> None:
    hold_class(approved, clock)

    assert [
        (e.lesson.sequence, e.item, e.caption, e.taken_at - e.lesson.starts_at, e.file.uploaded_by)
        for e in Evidence.objects.all()
    ] == [
        (
            1,
            "A9",
            "第1课次“电商基础知识”现场，全国电子商务进农村综合示范项目",
            timedelta(minutes=30),
            "一号终端",
        ),
        (
            2,
            "A9",
            "第2课次“电商交易安全”现场，全国电子商务进农村综合示范项目",
            timedelta(minutes=30),
            "一号终端",
        ),
    ]


def test_a_photo_that_comes_again_is_the_same_evidence(approved: Any, clock: Any) -> None:
    signer = hold_class(approved, clock)
    before = state(approved)

    kept, new = keep_station_photo(signer.station, data=picture(approved.session.lessons.first().pk))

    assert (kept, new) == (Evidence.objects.first(), False)
    assert state(approved) == before


def test_a_photo_whose_event_does_not_count_is_refused_for_good(approved: Any, clock: Any) -> None:
    signer = hold_class(approved, clock)
    lesson = approved.session.lessons.first()
    jpeg = picture(77)
    taken = {"sha256": sha256(jpeg).hexdigest(), "size": len(jpeg)}
    yesterday = lesson.starts_at - timedelta(days=1)
    append(signer, "photo", yesterday, session=approved.session.code, lesson=lesson.pk, photo=taken)
    assert statuses(send(signer))[-1] == ("held", "outside_lesson")
    before = state(approved)

    with pytest.raises(PhotoEventHeldError):
        keep_station_photo(signer.station, data=jpeg)
    assert state(approved) == before


def test_a_photo_still_on_its_way_from_the_station_keeps_the_archive_open(approved: Any, clock: Any) -> None:
    signer = hold_class(approved, clock)
    lesson = approved.session.lessons.last()
    jpeg = picture(77)
    taken = {"sha256": sha256(jpeg).hexdigest(), "size": len(jpeg)}
    append(signer, "photo", lesson.ends_at, session=approved.session.code, lesson=lesson.pk, photo=taken)
    send(signer)
    attest_registers(approved)
    close_session(approved.session.pk, actor=approved.actor(CLERK))
    prove_qualification(approved)
    approved.session.refresh_from_db()
    assert lacking(approved) == ["A9：签到终端还有1张照片没有传到，请让它联网补传"]

    keep_station_photo(signer.station, data=jpeg)

    assert lacking(approved) == []


# Submitting, returning, sealing


def test_an_incomplete_dossier_can_not_be_submitted_and_the_refusal_names_what_is_missing(
    closed: Any,
) -> None:
    before = state(closed)

    with pytest.raises(IncompleteDossierError) as refused:
        submit_dossier(closed.session.pk, actor=closed.actor(HEAD))

    assert str(refused.value) == f"档案不全，不予以补贴：{NO_PROOF}。"
    assert refused.value.details == {"findings": [NO_PROOF]}
    assert state(closed) == before


ACTS: dict[str, tuple[Callable[..., Any], set[Role]]] = {
    "submit": (lambda county, actor: submit_dossier(county.session.pk, actor=actor), {HEAD}),
    "return": (
        lambda county, actor: return_dossier(county.session.dossier.pk, actor=actor),
        {REVIEWER, Role.BUREAU_HEAD},
    ),
    "accept": (
        lambda county, actor: accept_item(county.session.dossier.pk, item="A1", actor=actor),
        {REVIEWER, Role.BUREAU_HEAD},
    ),
    "mark": (
        lambda county, actor: return_item(county.session.dossier.pk, item="A9", reason="重拍", actor=actor),
        {REVIEWER, Role.BUREAU_HEAD},
    ),
    "confirm": (
        lambda county, actor: confirm_dossier(county.session.dossier.pk, actor=actor),
        {REVIEWER, Role.BUREAU_HEAD},
    ),
    "seal": (
        lambda county, actor: seal_dossier(county.session.dossier.pk, actor=actor),
        {REVIEWER, Role.BUREAU_HEAD},
    ),
    "close": (lambda county, actor: close_session(county.session.pk, actor=actor), set(INSTITUTION_ROLES)),
    "add": (lambda county, actor: give(county, actor=actor), set(INSTITUTION_ROLES)),
    "withdraw": (
        lambda county, actor: withdraw_evidence(Evidence.objects.first().pk, reason="模糊", actor=actor),
        set(INSTITUTION_ROLES),
    ),
}


@pytest.mark.parametrize(("act", "roles"), ACTS.values(), ids=ACTS.keys())
def test_each_step_belongs_to_its_roles_and_to_this_county(
    closed: Any, other_county: Any, act: Callable[..., Any], roles: set[Role]
) -> None:
    before = state(closed)

    for role in set(Role) - roles - {Role.ADMIN}:
        with pytest.raises(ForbiddenError):
            act(closed, closed.actor(role))
    for role in roles:
        with pytest.raises(NotFoundError):
            act(closed, other_county.actor(role))
    assert state(closed) == before


def test_while_the_bureau_looks_at_it_the_archive_is_frozen(submitted: Any) -> None:
    before = state(submitted)

    with pytest.raises(InvalidTransitionError):
        give(submitted)
    with pytest.raises(InvalidTransitionError):
        withdraw_evidence(Evidence.objects.first().pk, reason="模糊", actor=submitted.actor(CLERK))
    assert state(submitted) == before


def test_nobody_seals_what_they_submitted_themselves(submitted: Any) -> None:
    before = state(submitted)
    two_hats = replace(submitted.actor(REVIEWER), user_id=submitted.user(HEAD).pk)

    with pytest.raises(ForbiddenError):
        seal_dossier(submitted.session.dossier.pk, actor=two_hats)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.update(sealed_by=submitted.user(HEAD))
    assert state(submitted) == before


def test_what_became_incomplete_after_submitting_can_not_be_sealed(submitted: Any) -> None:
    submitted.instructors[1].proofs.update(verified_at=None)
    before = state(submitted)

    with pytest.raises(IncompleteDossierError):
        seal_dossier(submitted.session.dossier.pk, actor=submitted.actor(REVIEWER))
    assert state(submitted) == before


def test_a_sealed_dossier_can_not_exist_without_its_package(submitted: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.update(status=DossierStatus.SEALED)


def test_a_package_that_could_not_be_made_goes_back_to_the_bureau_with_the_reason(submitted: Any) -> None:
    dossier = review_and_seal(submitted)
    abandoned = abandon_seal(dossier.pk, problem="disk full")

    assert (abandoned.status, abandoned.seal_problem) == (DossierStatus.SUBMITTED, "disk full")
    assert finish(submitted).seal_problem == ""


def test_sealing_archives_the_session_and_keeps_both_files_encrypted(submitted: Any) -> None:
    dossier = finish(submitted)

    assert (dossier.status, dossier.pages, dossier.manifest_sha256) == (DossierStatus.SEALED, 9, "ab" * 32)
    assert (read(dossier.pdf), read(dossier.package)) == (b"%PDF", b"PK")
    assert dossier.pdf.sensitive
    assert dossier.package.sensitive
    submitted.session.refresh_from_db()
    assert submitted.session.status == SessionStatus.ARCHIVED


def test_the_whole_way_to_a_package_that_verifies(
    approved: Any, clock: Any, tmp_path: Any, django_capture_on_commit_callbacks: Any
) -> None:
    signer = hold_and_close(approved, clock, absent={11, 12})
    about = {
        "session": approved.session.code,
        "person": Enrolled(enrolment=approved.session.enrolments.first().pk),
    }
    append(signer, "portrait", approved.session.closed_at, **about)
    append(signer, "forget", approved.session.closed_at, **about)
    assert statuses(send(signer, signer.chain[-2:])) == [("accepted", "")] * 2
    prove_qualification(approved)
    submit_dossier(approved.session.pk, actor=approved.actor(HEAD))
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(approved)

    dossier = Dossier.objects.get()
    assert (dossier.status, dossier.seal_problem) == (DossierStatus.SEALED, "")
    package = tmp_path / "dossier.zip"
    package.write_bytes(read(dossier.package))
    report = verify(package)
    assert report.holds, report.lines("en")
    with zipfile.ZipFile(io.BytesIO(read(dossier.package))) as archive:
        assert archive.read("data/dossier.pdf") == read(dossier.pdf)
        station = Station.objects.get()
        assert archive.read(f"data/envelopes/{station.pk}.jsonl").count(b"\n") == station.events.count() == 44
