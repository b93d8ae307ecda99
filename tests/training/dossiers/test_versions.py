"""Drafts, sealed versions, stopping one that is being made, opening a sealed one again, and comparing two."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from tests.machine import POPPLER
from tests.training.dossiers.test_services import (
    CLERK,
    HEAD,
    REVIEWER,
    closed,
    finish,
    submitted,
)
from tests.training.reviews import pass_review, review_and_seal, stand_in
from training.accounts.choices import Role
from training.claims.models import Claim
from training.claims.services import claim_session, submit_claim, withdraw_claim
from training.core.actor import SYSTEM
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.files import read
from training.core.models import AuditEvent, StoredFile
from training.dossiers.choices import BuildStatus, BuildStep, DossierStatus, Edition
from training.dossiers.models import Dossier, DossierVersion
from training.dossiers.seal import Sealer
from training.dossiers.sealing import abandon_seal, finish_seal, seal_dossier, seal_key, unseal_dossier
from training.dossiers.tasks import make_version
from training.dossiers.versions import (
    COMPLETENESS,
    COMPLETION,
    BuildCancelledError,
    begin_version,
    cancel_version,
    differences,
    note_progress,
    start_draft,
)
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession

BUREAU_HEAD = Role.BUREAU_HEAD
WHY = "名册里有一人的姓名写错"
__all__ = ["closed", "submitted"]  # fixtures


def version_of(county: Any) -> DossierVersion:
    return DossierVersion.objects.filter(dossier__training_session=county.session).latest("pk")


def status_of(county: Any) -> tuple[str, str]:
    """The dossier's and the session's."""
    session = TrainingSession.objects.get(pk=county.session.pk)
    return session.dossier.status, session.status


def draft(county: Any, role: Role = CLERK) -> DossierVersion:
    return start_draft(county.session.dossier.pk, actor=county.actor(role))


def unseal(county: Any, role: Role = BUREAU_HEAD, reason: str = WHY) -> Dossier:
    return unseal_dossier(county.session.dossier.pk, reason=reason, actor=county.actor(role))


@pytest.fixture
def sealed(submitted: Any) -> Any:
    finish(submitted)
    return submitted


# Drafts


def test_the_institution_can_look_at_a_draft_that_says_so_on_every_page(
    closed: Any, django_capture_on_commit_callbacks: Any
) -> None:
    if not POPPLER.here():
        pytest.skip(POPPLER.message)
    with django_capture_on_commit_callbacks(execute=True):
        draft(closed)

    made = version_of(closed)
    assert (made.status, made.edition, made.problem) == (BuildStatus.DONE, Edition.DRAFT, "")
    said = subprocess.run(["pdftotext", "-", "-"], input=read(made.pdf), capture_output=True, check=True)
    pages = said.stdout.decode().split("\f")[:-1]
    assert len(pages) == made.pages
    assert all("草稿" in page for page in pages)
    assert made.pdf.sensitive
    assert status_of(closed) == (DossierStatus.COLLECTING, SessionStatus.CLOSED)


def test_a_new_draft_takes_the_place_of_the_one_before(
    closed: Any, django_capture_on_commit_callbacks: Any
) -> None:
    files = set(StoredFile.objects.values_list("pk", flat=True))
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            draft(closed)

    (made,) = DossierVersion.objects.all()
    assert made.number == 2
    assert set(StoredFile.objects.values_list("pk", flat=True)) - files == {made.pdf_id}


def test_asking_for_a_draft_while_one_is_made_gives_that_one(closed: Any) -> None:
    assert draft(closed) == draft(closed, REVIEWER)
    with pytest.raises(IntegrityError), transaction.atomic():
        DossierVersion.objects.create(
            dossier=closed.session.dossier, edition="draft", number=2, asked_at=closed.session.closed_at
        )


def test_there_is_no_draft_of_a_sealed_dossier_and_none_for_strangers(sealed: Any, other_county: Any) -> None:
    with pytest.raises(InvalidTransitionError, match="已经封存"):
        draft(sealed)
    with pytest.raises(NotFoundError):
        start_draft(sealed.session.dossier.pk, actor=other_county.actor(CLERK))
    with pytest.raises(ForbiddenError):
        draft(sealed, Role.AUDITOR)


# Making a version


def test_what_is_being_sealed_says_how_far_it_is(submitted: Any) -> None:
    review_and_seal(submitted)
    waiting = version_of(submitted)
    assert (waiting.status, waiting.number, waiting.asked_by) == ("queued", 1, submitted.user(REVIEWER))

    begin_version(waiting.pk)
    note_progress(waiting.pk, BuildStep.PAGES, 7, 20)

    running = version_of(submitted)
    assert (running.status, running.step, running.done, running.total) == ("running", "pages", 7, 20)
    assert begin_version(waiting.pk) is None  # another worker


def test_the_sealed_version_keeps_its_files_and_what_it_said(
    submitted: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(submitted)

    dossier, version = Dossier.objects.get(), version_of(submitted)
    assert (version.status, version.problem) == (BuildStatus.DONE, "")
    kept = (version.pdf, version.package, version.manifest_sha256, version.pages)
    assert kept == (dossier.pdf, dossier.package, dossier.manifest_sha256, dossier.pages)
    assert version.pages > 10
    assert len(version.facts_sha256) == 64
    assert set(version.said[COMPLETENESS].values()) == {"齐全"}
    assert version.said[COMPLETION]["名册第12号"] == "0 / 6 学时 = 0.0 % < 80 %，未达标"


@pytest.mark.parametrize("begun", [False, True])
def test_sealing_can_be_stopped_until_it_is_finished_and_the_dossier_is_as_it_was(
    submitted: Any,
    begun: bool,
) -> None:
    review_and_seal(submitted)
    version = version_of(submitted)
    if begun:
        begin_version(version.pk)

    cancel_version(version.pk, actor=submitted.actor(REVIEWER))

    assert status_of(submitted) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)
    assert version_of(submitted).status == BuildStatus.CANCELLED
    late = stand_in(b"x")
    files = StoredFile.objects.count()
    with pytest.raises(BuildCancelledError):
        note_progress(version.pk, BuildStep.PAGES, 1, 2)
    sealer = Sealer(seal_key(), "x", submitted.session.closed_at)
    with pytest.raises(BuildCancelledError):
        finish_seal(
            submitted.session.dossier.pk,
            pdf=late,
            package=late,
            manifest_sha256="",
            pages=1,
            sealer=sealer,
        )
    make_version.func(version.pk)  # a worker that comes late
    assert StoredFile.objects.count() == files
    assert status_of(submitted) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)


def test_a_build_that_is_stopped_halfway_leaves_off_and_keeps_nothing(submitted: Any, settings: Any) -> None:
    """The reviewer's click comes while the worker writes down that it lays out pages."""
    settings.BUILD_TELLS_EVERY = 0
    review_and_seal(submitted)
    version, steps = version_of(submitted), []
    files = StoredFile.objects.count()

    def click(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "dossiers_dossierversion" SET "step"'):
            steps.append(params[0])
            if steps.count(BuildStep.PAGES) == 3:
                cancel_version(version.pk, actor=submitted.actor(REVIEWER))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(click):
        make_version.func(version.pk)

    assert steps.count(BuildStep.PAGES) == 3
    assert steps[-1] == BuildStep.PAGES
    assert StoredFile.objects.count() == files
    assert status_of(submitted) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)


def test_a_build_that_is_stopped_when_its_files_are_kept_already_keeps_neither(submitted: Any) -> None:
    review_and_seal(submitted)
    version, kept = version_of(submitted), []
    files = StoredFile.objects.count()

    def click(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "core_storedfile"'):
            kept.append(sql)
        elif len(kept) == 2:
            kept.append("stopped")
            cancel_version(version.pk, actor=submitted.actor(REVIEWER))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(click):
        make_version.func(version.pk)

    assert kept[2:] == ["stopped"]
    assert StoredFile.objects.count() == files
    assert status_of(submitted) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)


def test_what_the_system_made_and_nobody_points_to_is_swept_after_a_day(sealed: Any, clock: Any) -> None:
    left = stand_in(b"from a worker that was switched off")
    handed_in = StoredFile.objects.exclude(uploaded_by=SYSTEM.name).latest("pk")
    handed_in.pk, handed_in.file.name = None, "files/gone"
    handed_in.save()
    before = set(StoredFile.objects.values_list("pk", flat=True))

    call_command("tidy_uploads", stdout=StringIO())
    assert before <= set(StoredFile.objects.values_list("pk", flat=True))
    clock.advance(days=1, minutes=1)
    call_command("tidy_uploads", stdout=StringIO())

    assert before - set(StoredFile.objects.values_list("pk", flat=True)) == {left.pk}


def test_who_may_not_seal_may_not_stop_it_and_what_is_done_is_done(submitted: Any, other_county: Any) -> None:
    review_and_seal(submitted)
    version = version_of(submitted)
    with pytest.raises(ForbiddenError):
        cancel_version(version.pk, actor=submitted.actor(CLERK))
    with pytest.raises(NotFoundError):
        cancel_version(version.pk, actor=other_county.actor(BUREAU_HEAD))

    sealer = Sealer(seal_key(), "x", submitted.session.closed_at)
    pk = submitted.session.dossier.pk
    finish_seal(
        pk, pdf=stand_in(b"x"), package=stand_in(b"x"), manifest_sha256="ab" * 32, pages=1, sealer=sealer
    )
    with pytest.raises(InvalidTransitionError):
        cancel_version(version.pk, actor=submitted.actor(REVIEWER))
    assert status_of(submitted) == (DossierStatus.SEALED, SessionStatus.ARCHIVED)


def test_a_version_that_failed_says_why_and_the_next_has_its_number(submitted: Any) -> None:
    dossier = review_and_seal(submitted)
    abandon_seal(dossier.pk, problem="disk full")
    failed = version_of(submitted)
    assert (failed.status, failed.problem, failed.number) == (BuildStatus.FAILED, "disk full", 1)

    finish(submitted)
    assert (version_of(submitted).status, version_of(submitted).number) == (BuildStatus.DONE, 1)


# Opening a sealed dossier again


def test_only_the_head_of_the_bureau_unseals_and_only_with_a_reason(sealed: Any, other_county: Any) -> None:
    for role in set(Role) - {BUREAU_HEAD, Role.ADMIN}:
        with pytest.raises((ForbiddenError, NotFoundError)):
            unseal(sealed, role)
    with pytest.raises(InvalidInputError):
        unseal(sealed, reason=" ")
    with pytest.raises(NotFoundError):
        unseal_dossier(sealed.session.dossier.pk, reason=WHY, actor=other_county.actor(BUREAU_HEAD))
    assert status_of(sealed) == (DossierStatus.SEALED, SessionStatus.ARCHIVED)
    assert version_of(sealed).unsealed_at is None


def test_an_unsealed_dossier_is_in_review_again_and_what_was_sealed_is_kept(sealed: Any) -> None:
    before = version_of(sealed)
    dossier = unseal(sealed)

    assert status_of(sealed) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)
    assert (dossier.pdf, dossier.package, dossier.manifest_sha256, dossier.sealed_at) == (
        None,
        None,
        "",
        None,
    )
    kept = version_of(sealed)
    assert (kept.pk, kept.unsealed_by, kept.unsealed_reason) == (before.pk, sealed.user(BUREAU_HEAD), WHY)
    assert (read(kept.pdf), read(kept.package)) == (b"%PDF", b"PK")
    said = AuditEvent.objects.get(verb="dossier.unsealed")
    assert said.details == {"version": 1, "reason": WHY}
    with pytest.raises(InvalidTransitionError):
        unseal(sealed)


def test_the_next_version_names_why_and_both_can_be_compared_in_words(sealed: Any) -> None:
    unseal(sealed)
    TrainingSession.objects.filter(pk=sealed.session.pk).update(assessment="开一家网店")
    review_and_seal(sealed)
    sealer = Sealer(seal_key(), "温审核", sealed.session.closed_at + timedelta(days=2))
    pk = sealed.session.dossier.pk
    finish_seal(
        pk,
        pdf=stand_in(b"%PDF 2"),
        package=stand_in(b"PK 2"),
        manifest_sha256="cd" * 32,
        pages=9,
        sealer=sealer,
    )

    one, two = DossierVersion.objects.filter(status=BuildStatus.DONE).order_by("number")
    assert (one.number, two.number, two.reason) == (1, 2, WHY)
    assert (read(one.package), read(two.package)) == (b"PK", b"PK 2")
    found = differences(one.said, two.said)
    assert set(found) == {"A4"}
    (change,) = found["A4"]
    assert change.message == f"考核方式：由“{sealed.session.assessment}”改为“开一家网店”"
    assert one.facts_sha256 != two.facts_sha256


def test_versions_that_say_the_same_do_not_differ(sealed: Any) -> None:
    unseal(sealed)
    review_and_seal(sealed)
    two, one = DossierVersion.objects.all()
    assert differences(one.said, two.said) == {}
    assert one.facts_sha256 == two.facts_sha256


def test_whoever_handed_in_a_claim_withdraws_it_before_the_dossier_is_opened(sealed: Any) -> None:
    claim = claim_session(sealed.session.pk, actor=sealed.actor(HEAD))
    submit_claim(claim.pk, actor=sealed.actor(HEAD))

    with pytest.raises(InvalidTransitionError, match="已经提交补贴申领"):
        unseal(sealed)
    assert status_of(sealed) == (DossierStatus.SEALED, SessionStatus.CLAIMED)
    assert version_of(sealed).unsealed_at is None

    withdraw_claim(claim.pk, reason="要改档案", actor=sealed.actor(HEAD))
    unseal(sealed)
    assert status_of(sealed) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)


def test_a_claim_not_yet_handed_in_waits_for_the_new_seal(sealed: Any) -> None:
    claim = claim_session(sealed.session.pk, actor=sealed.actor(HEAD))
    unseal(sealed)
    assert status_of(sealed) == (DossierStatus.SUBMITTED, SessionStatus.CLOSED)
    with pytest.raises(Exception, match="没有封存"):
        submit_claim(claim.pk, actor=sealed.actor(HEAD))

    review_and_seal(sealed)
    sealer = Sealer(seal_key(), "温审核", sealed.session.closed_at + timedelta(days=2))
    pk = sealed.session.dossier.pk
    finish_seal(
        pk,
        pdf=stand_in(b"%PDF 2"),
        package=stand_in(b"PK 2"),
        manifest_sha256="cd" * 32,
        pages=9,
        sealer=sealer,
    )
    assert status_of(sealed) == (DossierStatus.SEALED, SessionStatus.CLAIMED)
    assert submit_claim(claim.pk, actor=sealed.actor(HEAD)) == Claim.objects.get()


def test_the_reviewer_can_send_an_unsealed_dossier_back(sealed: Any) -> None:
    unseal(sealed)
    pass_review(sealed)
    assert seal_dossier(sealed.session.dossier.pk, actor=sealed.actor(REVIEWER)).status == "sealing"
