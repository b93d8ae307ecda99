"""Certificates: given when the archive is sealed, printed, replaced, revoked, and checked by whoever holds one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.test import Client
from django.urls import reverse

from tests.training.reviews import review_and_seal
from training.accounts.choices import Role
from training.attendance.models import Completion
from training.attendance.signals import completion_changed
from training.certificates.choices import CertificateStatus
from training.certificates.models import Certificate
from training.certificates.rules import certificate_number, check_code, is_check_code
from training.certificates.services import issue_missing, reissue_certificate, revoke_certificate
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.core.models import AuditEvent
from training.enrolment.choices import EnrolmentStatus

ALLOWED = {("valid", "replaced"), ("valid", "revoked")}


@pytest.fixture
def sealed(handed_in: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    handed_in.session.refresh_from_db()
    return handed_in


def first(county: Any) -> Certificate:
    return Certificate.objects.get(enrolment__training_session=county.session, enrolment__number=1)


def checked(number: str, code: str) -> Any:
    return Client().get(reverse("certificate-shown", args=[number, code]))


def test_whoever_completed_gets_one_when_the_archive_is_sealed_and_nobody_before(
    handed_in: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with pytest.raises(InvalidTransitionError):
        issue_missing(handed_in.session.pk, actor=handed_in.actor(Role.INSTITUTION_CLERK))
    assert not Certificate.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)

    given = Certificate.objects.filter(enrolment__training_session=handed_in.session)
    completed = handed_in.session.enrolments.filter(status=EnrolmentStatus.COMPLETED)
    assert {one.enrolment_id for one in given} == set(completed.values_list("pk", flat=True))
    assert given.count() == 10
    assert first(handed_in).number == f"{handed_in.session.code}-001"
    assert issue_missing(handed_in.session.pk, actor=handed_in.actor(Role.INSTITUTION_CLERK)) == []


def test_ac45_the_paper_carries_mark_phones_name_course_hours_and_its_code(
    sealed: Any, browse: Any, tmp_path: Path, pdf_text: Any
) -> None:
    answer = browse(Role.INSTITUTION_CLERK, sealed).get(
        reverse("print-certificates", args=[sealed.session.pk])
    )

    assert answer["Content-Type"] == "application/pdf"
    path = tmp_path / "all.pdf"
    path.write_bytes(answer.content)
    text, certificate = pdf_text(path), first(sealed)
    for said in (
        "全国电子商务进农村综合示范项目",
        "0797",
        "结业证书",
        certificate.name,
        sealed.session.title,
        f"{certificate.hours} 学时",
        sealed.institution.name,
        certificate.number,
        check_code(certificate.number),
    ):
        assert said in text.replace("\n", ""), said
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 10
        assert b"pdfaid:part>1<" in pdf.Root.Metadata.read_bytes()
    assert AuditEvent.objects.filter(verb="certificates.printed").get().details == {"count": 10}


def test_the_same_certificates_print_the_same_bytes(sealed: Any, browse: Any) -> None:
    address = reverse("print-certificate", args=[first(sealed).pk])
    client = browse(Role.CLASS_MANAGER, sealed)

    assert client.get(address).content == client.get(address).content


def test_anybody_with_the_paper_sees_that_it_is_valid_and_of_the_name_only_the_first_sign(
    sealed: Any,
) -> None:
    certificate = first(sealed)

    shown = checked(certificate.number, check_code(certificate.number)).content.decode()

    assert "现在有效" in shown
    assert f"{certificate.name[0]}*" in shown
    assert certificate.name not in shown


def test_a_wrong_code_and_a_number_that_nobody_has_look_the_same(sealed: Any) -> None:
    number = first(sealed).number
    wrong, nobody = checked(number, "22222222"), checked(f"{number}9", "22222222")

    assert (wrong.status_code, nobody.status_code) == (404, 404)
    assert wrong.context["form"].errors == nobody.context["form"].errors
    assert first(sealed).name[0] + "*" not in wrong.content.decode()


def test_nobody_goes_through_the_codes(sealed: Any, limits: None) -> None:
    address = reverse("certificate-check")
    said = {"number": first(sealed).number, "check_code": "22222222"}

    answers = [Client().post(address, said).status_code for _n in range(61)]

    assert answers == [404] * 60 + [429]


def test_a_code_is_read_however_it_is_typed() -> None:
    number = certificate_number("SC-2020-01", 12, 2)

    assert number == "SC-2020-01-012-2"
    assert is_check_code(number, f" {check_code(number)[:4].lower()}-{check_code(number)[4:]} ")
    assert not is_check_code("SC-2020-01-012", check_code(number))


def test_the_bureau_revokes_with_a_reason_that_the_public_is_not_told(sealed: Any) -> None:
    certificate = first(sealed)
    with pytest.raises(ForbiddenError):
        revoke_certificate(certificate.pk, reason="冒名", actor=sealed.actor(Role.INSTITUTION_HEAD))
    with pytest.raises(InvalidInputError):
        revoke_certificate(certificate.pk, reason=" ", actor=sealed.actor(Role.BUREAU_REVIEWER))
    assert first(sealed).status == CertificateStatus.VALID

    revoke_certificate(certificate.pk, reason="冒名顶替", actor=sealed.actor(Role.BUREAU_REVIEWER))

    shown = checked(certificate.number, check_code(certificate.number)).content.decode()
    assert "这张证书无效" in shown
    assert "冒名顶替" not in shown


def test_a_correction_that_strikes_a_completion_revokes_the_certificate(sealed: Any) -> None:
    place = sealed.session.enrolments.get(number=1)
    place.enter(EnrolmentStatus.INCOMPLETE)

    completion_changed.send(Completion, completion=Completion.objects.get(enrolment=place))

    certificate = first(sealed)
    assert certificate.status == CertificateStatus.REVOKED
    assert certificate.end_reason == "签到更正后没有达到结业要求"


def test_another_edition_bears_the_corrected_name_and_voids_the_first(sealed: Any) -> None:
    trainee = sealed.session.enrolments.get(number=1).trainee
    trainee.name = "欧阳改名"
    trainee.save()

    new = reissue_certificate(first(sealed).pk, reason="姓名更正", actor=sealed.actor(Role.INSTITUTION_CLERK))

    assert (new.number, new.name) == (f"{sealed.session.code}-001-2", "欧阳改名")
    old = Certificate.objects.get(number=f"{sealed.session.code}-001")
    assert old.status == CertificateStatus.REPLACED
    assert "请看新的证书" in checked(old.number, check_code(old.number)).content.decode()


def test_the_pages_offer_each_role_its_own_steps(sealed: Any, browse: Any) -> None:
    address = reverse("session-certificates", args=[sealed.session.pk])
    ours = browse(Role.INSTITUTION_CLERK, sealed).get(address).content.decode()
    bureau = browse(Role.BUREAU_REVIEWER, sealed).get(address).content.decode()

    assert ("打印全部 10 张" in ours, "换发" in ours, "撤销<span" in ours) == (True, True, False)
    assert ("打印全部 10 张" in bureau, "撤销<span" in bureau) == (False, True)


@pytest.mark.parametrize("start", CertificateStatus)
@pytest.mark.parametrize("target", CertificateStatus)
def test_only_these_moves_are_allowed(start: str, target: str) -> None:
    assert Certificate(status=start).may_enter(target) == ((start, target) in ALLOWED)


def test_the_list_costs_the_same_for_one_session_and_for_many(
    sealed: Any, browse: Any, django_assert_max_num_queries: Any
) -> None:
    client = browse(Role.BUREAU_REVIEWER, sealed)
    with django_assert_max_num_queries(9):
        answer = client.get(reverse("certificates"))

    assert sealed.session.code in answer.content.decode()
