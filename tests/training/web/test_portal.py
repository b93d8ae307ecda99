"""What anyone who holds the paper may see, and nothing more."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kiosk.envelope import encode_key
from tests.training.reviews import review_and_seal
from tests.training.web.conftest import dossier_of
from training.core.files import read
from training.core.keys import new_keys
from training.core.models import StoredFile
from training.dossiers.models import DossierVersion
from training.dossiers.seal import fingerprint
from training.dossiers.sealing import seal_key
from training.web.portal.checking import turn


def public_page(county: Any) -> Any:
    return Client().get(reverse("public-dossier", args=[dossier_of(county).public_token]))


def test_an_unsealed_dossier_says_that_it_may_still_change(closed: Any) -> None:
    shown = public_page(closed).content.decode()

    assert closed.session.code in shown
    assert "这份档案还没有封存" in shown
    assert "清单 SHA-256" not in shown


def test_a_sealed_dossier_shows_the_fingerprints_to_compare(
    handed_in: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    dossier = dossier_of(handed_in)
    shown = public_page(handed_in).content.decode()

    assert dossier.manifest_sha256 in shown
    assert dossier.pdf.sha256 in shown
    assert f"yidang-verify {handed_in.session.code}.zip" in shown


def test_the_counts_say_which_of_the_two_they_are(closed: Any) -> None:
    found = public_page(closed).context["found"]

    assert (found.renci, found.renshu) == (10, 10)


def test_nobody_on_the_roster_is_named(closed: Any) -> None:
    shown = public_page(closed).content.decode()

    for enrolment in closed.session.enrolments.all():
        trainee = enrolment.trainee
        assert trainee.name not in shown
        assert trainee.masked_id_number not in shown
        assert trainee.masked_phone not in shown


def test_the_mark_and_the_supervision_phones_are_the_programmes(closed: Any) -> None:
    shown = public_page(closed).content.decode()

    assert closed.programme.mark_text in shown
    assert all(phone in shown for phone in closed.programme.phones)


def test_a_token_that_nobody_was_given_is_not_found(closed: Any) -> None:
    answer = Client().get(reverse("public-dossier", args=["AAAAAAAAAAAAAAAA"]))

    assert answer.status_code == 404
    assert "这份档案不是由本系统出具的" in answer.content.decode()


def test_the_page_has_both_languages(closed: Any) -> None:
    address = reverse("public-dossier", args=[dossier_of(closed).public_token])

    assert '<html lang="en">' in Client().get(address, headers={"accept-language": "en"}).content.decode()


# Checking a file


@pytest.fixture
def sealed(handed_in: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    return handed_in


def brought(content: bytes, name: str = "dossier.zip", **headers: Any) -> Any:
    """The answer to a file that somebody without an account brings."""
    file = SimpleUploadedFile(name, content)
    return Client().post(reverse("public-verify"), {"file": file}, headers=headers)


def test_a_file_that_was_sealed_here_holds_and_is_recognised(sealed: Any) -> None:
    dossier = dossier_of(sealed)
    for stored, name in ((dossier.package, "x.zip"), (dossier.pdf, "x.pdf")):
        answer = brought(read(stored), name)
        shown = answer.content.decode()
        assert answer.status_code == 200
        assert "核验通过" in shown, shown
        assert f"与本系统封存的 {sealed.session.code} 第 1 版逐字节相同" in shown
        assert "证书由所给的 CA 担保" in shown


def test_a_changed_file_does_not_hold_and_is_not_ours(sealed: Any) -> None:
    content = bytearray(read(dossier_of(sealed).package))
    content[len(content) // 2] ^= 1
    shown = brought(bytes(content)).content.decode()

    assert "核验未通过" in shown
    assert "没有封存过这个文件" in shown


def test_the_report_speaks_the_readers_language(sealed: Any) -> None:
    shown = brought(read(dossier_of(sealed).pdf), accept_language="en").content.decode()
    assert "Signatures" in shown


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"GIF89a", b"%PDF-1.4 broken", b"PK\x03\x04"])
def test_anything_else_is_refused_and_breaks_nothing(content: bytes) -> None:
    answer = brought(content)
    assert answer.status_code == 200
    assert "核验未通过" in answer.content.decode()


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_refused_before_it_is_read(settings: Any) -> None:
    settings.CHECK_MAX_MB = 100
    answer = Client().post(
        reverse("public-verify"), data=b"--x\r\n", content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(101 * 2**20),
    )  # fmt: skip
    assert answer.status_code == 422
    assert "超过 100 MB" in answer.content.decode()


@pytest.mark.django_db
def test_who_comes_while_all_turns_are_taken_is_asked_to_come_again_before_the_file_is_read() -> None:
    with turn(), turn():
        answer = brought(b"PK")
    assert (answer.status_code, "请过几分钟再试" in answer.content.decode()) == (503, True)
    assert brought(b"PK").status_code == 200


@pytest.mark.django_db
def test_nothing_is_kept_of_what_was_brought(tmp_path: Path, settings: Any, monkeypatch: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = StoredFile.objects.count()

    assert brought(b"PK" + bytes(5000)).status_code == 200

    gc.collect()
    assert list(tmp_path.iterdir()) == []
    assert StoredFile.objects.count() == before


@pytest.mark.django_db
def test_without_a_file_it_asks_for_one() -> None:
    answer = Client().post(reverse("public-verify"))
    assert (answer.status_code, "请选择一个文件" in answer.content.decode()) == (422, True)


def test_the_page_of_a_dossier_says_whether_a_digest_is_its_own(sealed: Any) -> None:
    dossier = dossier_of(sealed)
    page = reverse("public-dossier", args=[dossier.public_token])

    assert "相同：就是这份档案" in Client().get(page, {"sha256": dossier.pdf.sha256}).content.decode()
    assert (
        "相同：就是这份档案"
        in Client().get(page, {"sha256": dossier.package.sha256.upper()}).content.decode()
    )
    assert "不同：不是这份档案" in Client().get(page, {"sha256": "0" * 64}).content.decode()


def test_a_dossier_keeps_the_fingerprint_of_the_key_that_sealed_it(sealed: Any, settings: Any) -> None:
    """A new seal key is no reason to distrust what the old one sealed."""
    page = reverse("public-dossier", args=[dossier_of(sealed).public_token])
    old = fingerprint(encode_key(seal_key().public_key()))
    settings.SEAL_KEY = new_keys()["SEAL_KEY"]

    assert old in Client().get(page).content.decode()
    DossierVersion.objects.update(seal_key="")  # sealed before the key was kept
    assert old in Client().get(page).content.decode()
