"""The page of a dossier's versions: drafts, progress, stopping, comparing, opening a sealed one again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
from cryptography.hazmat.primitives.hashes import SM3, Hash
from django.test import Client
from django.urls import reverse

from tests.machine import POPPLER
from tests.training.reviews import review_and_seal, stand_in
from tests.training.web.conftest import dossier_of
from training.accounts.choices import Role
from training.claims.services import claim_session, submit_claim
from training.core import clock
from training.core.files import read
from training.dossiers.choices import BuildStep, CheckStage
from training.dossiers.models import ArchiveTransfer, DossierVersion, PropertyCheck
from training.dossiers.property_checks import check_properties, check_yearly
from training.dossiers.seal import Sealer
from training.dossiers.sealing import finish_seal, seal_key, unseal_dossier
from training.dossiers.versions import begin_version, note_progress
from training.notifications.models import Notification
from training.scheduling.models import TrainingSession

CLERK, REVIEWER, HEAD = Role.INSTITUTION_CLERK, Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
Browse = Callable[..., Client]


def page(client: Client, county: Any, name: str = "dossier-versions") -> Any:
    return client.get(reverse(name, args=[dossier_of(county).pk]))


def seal(county: Any) -> None:
    dossier = review_and_seal(county)
    sealer = Sealer(seal_key(), "温审核", clock.now() + timedelta(minutes=1))
    finish_seal(
        dossier.pk,
        pdf=stand_in(b"%PDF"),
        package=stand_in(b"PK"),
        manifest_sha256="ab" * 32,
        pages=9,
        sealer=sealer,
        lacking="𠀀",
    )


def test_a_draft_is_asked_for_and_its_progress_shown_until_it_is_stopped(closed: Any, browse: Browse) -> None:
    client = browse(CLERK)
    said = page(client, closed)
    assert "还没有版本" in said.content.decode()
    assert "Refresh" not in said.headers

    response = client.post(reverse("dossier-draft", args=[dossier_of(closed).pk]), follow=True)
    assert "排队中" in response.content.decode()
    version = DossierVersion.objects.get()
    begin_version(version.pk)
    note_progress(version.pk, BuildStep.PAGES, 7, 20)
    running = page(client, closed)
    text = running.content.decode()
    assert "排版 7 / 20" in text
    assert '<progress class="progress-line" max="20" value="7"' in text
    assert running.headers["Refresh"] == "3"
    assert "生成草稿" not in text  # one at a time

    client.post(reverse("version-cancel", args=[version.pk]))
    assert "已取消" in page(client, closed).content.decode()


def test_the_reviewer_stops_a_sealing_and_the_institution_does_not(handed_in: Any, browse: Browse) -> None:
    review_and_seal(handed_in)
    version = DossierVersion.objects.get()
    address = reverse("version-cancel", args=[version.pk])
    clerk = browse(CLERK)
    assert "停止封存" not in page(clerk, handed_in).content.decode()
    assert clerk.post(address).status_code == 403

    reviewer = browse(REVIEWER)
    assert "停止封存" in page(reviewer, handed_in).content.decode()
    reviewer.post(address)
    assert dossier_of(handed_in).status == "submitted"


def test_sealed_versions_stay_on_the_page_and_can_be_fetched_after_unsealing(
    handed_in: Any, browse: Browse
) -> None:
    seal(handed_in)
    head = browse(HEAD)
    address = reverse("dossier-unseal", args=[dossier_of(handed_in).pk])
    assert address in page(head, handed_in).content.decode()
    assert address not in page(browse(REVIEWER), handed_in).content.decode()
    assert head.post(address, {"reason": ""}).status_code == 422

    text = head.post(address, {"reason": "姓名写错"}, follow=True).content.decode()

    assert "解封：姓名写错" in text
    assert "以编码代替：U+20000" in text
    version = DossierVersion.objects.get()
    for kind, content in (("version-pdf", b"%PDF"), ("version-package", b"PK")):
        response = browse(CLERK).get(reverse("file", args=[kind, version.pk]))
        assert response.getvalue() == content
    assert browse(Role.FOLLOW_UP).get(reverse("file", args=["version-pdf", version.pk])).status_code == 403


def test_two_versions_are_compared_in_words(handed_in: Any, browse: Browse) -> None:
    seal(handed_in)
    pk = dossier_of(handed_in).pk
    client = browse(CLERK)
    assert page(client, handed_in, "dossier-compare").status_code == 302  # nothing to compare yet
    unseal_dossier(pk, reason="考核方式写错", actor=handed_in.actor(HEAD))
    TrainingSession.objects.filter(pk=handed_in.session.pk).update(assessment="开一家网店")
    seal(handed_in)

    text = page(client, handed_in, "dossier-compare").content.decode()

    assert "A4 " in text
    assert "改为“开一家网店”" in text
    second, first = DossierVersion.objects.all()
    address = reverse("dossier-compare", args=[pk])
    same = client.get(address, {"before": first.pk, "after": first.pk}).content.decode()
    assert "两版说的完全一样" in same
    assert client.get(address, {"before": 0, "after": second.pk}).status_code == 422


def test_the_number_of_queries_does_not_grow_with_the_versions(
    handed_in: Any, browse: Browse, django_assert_num_queries: Any
) -> None:
    dossier = dossier_of(handed_in)
    said = {"dossier": dossier, "edition": "sealed", "asked_at": clock.now(), "status": "failed"}
    DossierVersion.objects.create(number=1, **said)
    client = browse(REVIEWER)
    page(client, handed_in)
    with django_assert_num_queries(11):
        page(client, handed_in)
    DossierVersion.objects.bulk_create(DossierVersion(number=1, **said) for _n in range(29))
    with django_assert_num_queries(11):
        page(client, handed_in)


# After the seal


def said_in(pdf: bytes, *words: str) -> bool:
    """Whether the paper says all of this, wherever its lines break."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert len(opened.pages)
    if not POPPLER.here():
        return True
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", "-", "-"], input=pdf, capture_output=True, check=True
    )
    text = "".join(done.stdout.decode().split())
    return all("".join(word.split()) in text for word in words)


def test_a_claim_and_a_year_each_check_the_four_properties_again_and_the_paper_says_what_was_found(
    handed_in: Any, browse: Browse, clock: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    dossier = dossier_of(handed_in)
    with django_capture_on_commit_callbacks(execute=True):
        claim_session(handed_in.session.pk, actor=handed_in.actor(Role.INSTITUTION_HEAD))
    assert check_yearly() == 0
    clock.advance(days=366)
    assert (check_yearly(), check_yearly()) == (1, 0)

    year, claim = PropertyCheck.objects.all()
    assert [(row.stage, row.holds, row.problem) for row in (year, claim)] == [
        ("year", True, ""),
        ("claim", True, ""),
    ]
    assert claim.report["stage"] == "申领补贴"
    shown = page(browse(REVIEWER), handed_in).content.decode()
    assert shown.count("四性检测报告") == 2
    answer = browse(CLERK).get(reverse("print-property-check", args=[claim.pk]))
    assert answer.content.startswith(b"%PDF")
    assert said_in(answer.content, "DA/T 70-2018", "申领补贴", dossier.training_session.code)


def spoil_the_package(county: Any) -> DossierVersion:
    """One bit of what is sealed, on the disk."""
    version: DossierVersion = dossier_of(county).versions.get()
    path = Path(version.package.file.path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    return version


def told(kind: str) -> set[str]:
    """The roles that heard of it."""
    return set(Notification.objects.filter(kind=kind).values_list("membership__role", flat=True))


def test_a_check_finds_a_package_that_was_changed_on_the_disk(
    handed_in: Any, browse: Browse, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    version = spoil_the_package(handed_in)

    check = check_properties(version.pk, CheckStage.YEAR)

    assert (check.holds, check.problem) == (False, "压缩包读不出，或与保存时不一致")
    assert told("dossier.properties_failed") == {"bureau_reviewer", "bureau_head", "auditor"}
    assert "未通过：压缩包读不出" in page(browse(REVIEWER), handed_in).content.decode()
    answer = browse(REVIEWER).get(reverse("print-property-check", args=[check.pk]))
    assert said_in(answer.content, "未通过", "压缩包读不出")


def test_a_claim_whose_archive_no_longer_holds_says_so_to_both_sides_until_it_is_sealed_anew(
    handed_in: Any, browse: Browse, django_capture_on_commit_callbacks: Any
) -> None:
    head = handed_in.actor(Role.INSTITUTION_HEAD)
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    spoil_the_package(handed_in)
    with django_capture_on_commit_callbacks(execute=True):
        claim = claim_session(handed_in.session.pk, actor=head)

    assert {"institution_head", "institution_clerk", "bureau_head", "finance_reviewer"} <= told(
        "dossier.properties_failed"
    )
    address = reverse("claim", args=[claim.pk])
    assert "查明以前不要据此申领或拨付" in browse(CLERK).get(address).content.decode()
    dossier = dossier_of(handed_in)
    archive = reverse("bureau-dossier", args=[dossier.pk])
    assert "由负责人解封，重新封存" in browse(REVIEWER).get(archive).content.decode()

    unseal_dossier(dossier.pk, reason="数据包坏了", actor=handed_in.actor(Role.BUREAU_HEAD))
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    with django_capture_on_commit_callbacks(execute=True):
        submit_claim(claim.pk, actor=head)
    assert "四性检测" not in browse(CLERK).get(address).content.decode()
    assert PropertyCheck.objects.first().holds


def test_the_head_hands_a_sealed_version_over_and_prints_the_list_in_two_copies(
    handed_in: Any, browse: Browse, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    dossier, head = dossier_of(handed_in), browse(Role.BUREAU_HEAD)
    address = reverse("dossier-transfer", args=[dossier.pk])
    assert address not in page(browse(REVIEWER), handed_in).content.decode()
    said = {"receiver": "石城县档案馆", "taken_by": "林守档", "receipt_number": "2021-007"}
    later = {"handed_on": f"{clock.today() + timedelta(days=1)}"}
    assert head.post(address, said | later).status_code == 422

    with django_capture_on_commit_callbacks(execute=True):
        shown = head.post(address, said | {"handed_on": f"{clock.today()}"}, follow=True).content.decode()

    (kept,) = ArchiveTransfer.objects.all()
    assert "移交石城县档案馆，清单 2021-007" in shown
    assert kept.package_sha256 == dossier.package.sha256
    digest = Hash(SM3())
    digest.update(read(dossier.package))
    assert kept.package_sm3 == digest.finalize().hex()
    assert PropertyCheck.objects.get().stage == "transfer"
    answer = browse(CLERK).get(reverse("print-transfer", args=[kept.pk]))
    assert said_in(
        answer.content,
        "第一份",
        "第二份",
        "林守档",
        kept.package_sm3,
        kept.package_sha256,
        dossier.manifest_sha256,
    )
    assert head.post(address, said | {"handed_on": f"{clock.today()}"}).status_code in (409, 422)
    assert ArchiveTransfer.objects.count() == 1
