"""The bureau approves, looks behind every figure, returns, seals."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.test import Client
from django.urls import reverse

from kiosk.envelope import FaceResult, WitnessSaid, decode_sealing_key, encode_key, seal_card
from tests.training.reviews import pass_review
from tests.training.signing import enrol, scan, send
from tests.training.web.conftest import dossier_of, hand_in_proof
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.api.sealing import sealing_key
from training.attendance.models import AttendanceEvent, HeldEnvelope
from training.core.models import AuditEvent
from training.demo.scenery import refuse_second_proof
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.institutions.models import InstructorProof
from training.people.rules import mask_id_number
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession

REVIEWER = Role.BUREAU_REVIEWER


def text(response: Any) -> str:
    """The page as people read it, without tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content.decode()[:2000]
    return text(response)


def test_the_queue_names_what_waits_and_since_when(submitted: Any, browse: Callable[..., Client]) -> None:
    shown = page(browse(REVIEWER), "bureau-queue")

    assert submitted.session.code in shown
    assert "2021-05-18 08:40" in shown
    assert "没有待核验的档案" in shown


def test_the_review_page_says_what_the_software_noticed(
    submitted: Any, browse: Callable[..., Client]
) -> None:
    refuse_second_proof(submitted.instructors)
    shown = page(browse(REVIEWER), "bureau-session", submitted.session.pk)

    assert "“农民”的专题占全部课时的 100 %（要求不低于 50 %）" in shown
    assert "名册 12 人，最小的场地 60 座" in shown
    assert "2021-05-18 提交，2021-05-18 开课，中间 0 个工作日" in shown
    assert "要求不少于 3 个" in shown
    assert "授课人王思敏（第2课次）无资质证明" in shown
    assert "应有现场照片" not in shown


def test_the_roster_shows_names_and_masks_numbers(submitted: Any, browse: Callable[..., Client]) -> None:
    shown = page(browse(REVIEWER), "bureau-session", submitted.session.pk)

    assert "䶮海生" in shown
    assert "张𬭎" in shown
    trainee = submitted.session.enrolments.first().trainee
    assert trainee.id_number not in shown
    assert trainee.phone not in shown
    assert trainee.masked_id_number in shown


def test_approval_gives_a_number(submitted: Any, browse: Callable[..., Client]) -> None:
    response = browse(REVIEWER).post(
        reverse("bureau-session-approve", args=[submitted.session.pk]), follow=True
    )

    submitted.session.refresh_from_db()
    assert submitted.session.status == SessionStatus.APPROVED
    assert submitted.session.approval_number in text(response)


def test_the_submitter_can_not_approve_even_with_a_second_role(
    submitted: Any, browse: Callable[..., Client]
) -> None:
    principal = submitted.user(Role.INSTITUTION_HEAD)
    also = Membership.objects.create(
        user=principal, role=REVIEWER, programme_id=submitted.programme.pk, workplace="石城县商务局"
    )
    client = browse(Role.INSTITUTION_HEAD)
    client.post(reverse("switch-membership"), {"membership": also.pk})

    response = client.post(reverse("bureau-session-approve", args=[submitted.session.pk]))

    assert response.status_code == 403
    assert "提交人不能批准自己的申请" in text(response)
    submitted.session.refresh_from_db()
    assert submitted.session.status == SessionStatus.SUBMITTED


def test_a_return_needs_a_reason(submitted: Any, browse: Callable[..., Client]) -> None:
    address = reverse("bureau-session-return", args=[submitted.session.pk])
    client = browse(REVIEWER)

    assert client.post(address, {"reason": "  "}).status_code == 422
    submitted.session.refresh_from_db()
    assert submitted.session.status == SessionStatus.SUBMITTED

    client.post(address, {"reason": "名册少了村名"})
    submitted.session.refresh_from_db()
    assert submitted.session.status == SessionStatus.RETURNED
    assert submitted.session.return_reason == "名册少了村名"


def test_the_archive_names_what_is_missing_and_counts_both_ways(
    closed: Any, browse: Callable[..., Client]
) -> None:
    shown = page(browse(REVIEWER), "bureau-dossier", dossier_of(closed).pk)

    assert "无资质证明" in shown
    assert "10 人次 · 10 人" in shown
    assert "到 10 人，名册 12 人" in shown


def test_the_archive_tells_its_history(handed_in: Any, browse: Callable[..., Client]) -> None:
    shown = page(browse(REVIEWER), "bureau-dossier", dossier_of(handed_in).pk)

    for deed in ("提交开班申请", "批准开班", "结课", "收到终端照片", "提交核验"):
        assert deed in shown


def test_a_register_row_leads_to_its_signed_event_and_back(
    closed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)
    event = AttendanceEvent.objects.filter(kind="sign_in", enrolment__number=1).earliest("seq")
    archive = client.get(reverse("bureau-dossier", args=[dossier_of(closed).pk])).content.decode()
    assert reverse("bureau-event", args=[event.pk]) in archive

    shown = page(client, "bureau-event", event.pk)

    assert "是这台终端签的，内容没有改动" in shown
    assert event.digest in shown
    assert f"第 1 号 {event.enrolment.trainee.name}" in shown
    following = AttendanceEvent.objects.get(station=event.station, seq=event.seq + 1)
    assert f"下一条 #{following.seq}" in shown


def test_an_event_that_was_changed_in_the_database_no_longer_proves_itself(
    closed: Any, browse: Callable[..., Client]
) -> None:
    event = AttendanceEvent.objects.filter(kind="sign_in").latest("seq")
    forged = event.payload.replace('"card"', '"paper"', 1)
    AttendanceEvent.objects.filter(pk=event.pk).update(payload=forged)

    assert "验证不通过" in page(browse(REVIEWER), "bureau-event", event.pk)


def test_an_event_shows_face_result_and_witness(approved: Any, browse: Callable[..., Client]) -> None:
    lesson, person = approved.session.lessons.first(), approved.session.enrolments.first()
    witness = approved.session.witnesses.get()
    face = FaceResult(band="no_match", distance=0.71, model="dlib-resnet-v1", threshold=0.5)
    signer = enrol(approved)
    said = WitnessSaid(id=witness.pk)
    scan(signer, "sign_in", lesson, person, lesson.starts_at, method="witness", witness=said, face=face)
    send(signer)

    shown = page(browse(REVIEWER), "bureau-event", AttendanceEvent.objects.get().pk)

    assert "不相符 距离 0.710，界限 0.50，模型 dlib-resnet-v1" in shown
    assert "温支书（琴江镇长江村党支部书记）" in shown


def test_a_stranger_s_card_is_held_and_its_data_stays_sealed(
    approved: Any, browse: Callable[..., Client]
) -> None:
    lesson = approved.session.lessons.first()
    signer = enrol(approved)
    card = seal_card({"name": "过路人", "id_number": "36073519900101001X"}, decode_sealing_key(sealing_key()))
    scan(signer, "sign_in", lesson, card, lesson.starts_at)
    send(signer)
    client = browse(REVIEWER)

    shown = page(client, "bureau-event", AttendanceEvent.objects.get().pk)
    listed = page(client, "bureau-held")

    assert "证件信息已加密封存" in shown
    assert "过路人" not in shown
    assert "不在本期名册" in shown
    assert "不在本期名册" in listed


def walk_in(county: Any, number: str, *, key: str = "") -> AttendanceEvent:
    """Somebody who is not on the roster laid a card; it was sealed for us, or for `key`."""
    lesson, signer = county.session.lessons.first(), enrol(county)
    card = {"name": "过路人", "number": number, "card_type": "citizen"}
    scan(
        signer, "sign_in", lesson, seal_card(card, decode_sealing_key(key or sealing_key())), lesson.starts_at
    )
    send(signer)
    event: AttendanceEvent = AttendanceEvent.objects.get()
    return event


def test_a_reviewer_opens_a_stranger_s_card_and_the_look_is_written_down(
    approved: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    """The same person is on another roster here, and in another county, of which nothing is told."""
    more_sessions(approved, 2)
    number = approved.session.enrolments.first().trainee.id_number
    event, client = walk_in(approved, number), browse(REVIEWER)
    assert "查看证件信息" in page(client, "bureau-event", event.pk)

    response = client.post(reverse("bureau-event-reveal", args=[event.pk]))

    shown = text(response)
    assert f"过路人 {mask_id_number(number)}" in shown
    assert "在别的名册上 SC-002 什么事" in shown
    assert number not in shown
    assert "no-store" in response["Cache-Control"]
    audit = AuditEvent.objects.get(verb="walk_in.revealed")
    assert (audit.role, audit.subject, audit.details) == (REVIEWER, str(event), {})
    again = page(client, "bureau-event", event.pk)
    assert "过路人" not in again
    assert f"查看证件信息 {audit.actor_name}" in again


def test_a_stranger_on_no_other_roster_is_said_to_be_on_none(
    approved: Any, browse: Callable[..., Client]
) -> None:
    event = walk_in(approved, approved.session.enrolments.first().trainee.id_number)

    response = browse(REVIEWER).post(reverse("bureau-event-reveal", args=[event.pk]))

    assert "名册上都没有这个号码" in text(response)


def test_a_card_sealed_for_another_server_stays_shut_and_the_page_says_why(
    approved: Any, browse: Callable[..., Client]
) -> None:
    event = walk_in(approved, "x", key=encode_key(X25519PrivateKey.generate().public_key()))
    client, address = browse(REVIEWER), reverse("bureau-event", args=[event.pk])

    response = client.post(
        reverse("bureau-event-reveal", args=[event.pk]), headers={"referer": f"http://testserver{address}"}
    )

    assert response["Location"].endswith(address)
    assert "它不是为这台服务器封存的" in page(client, "bureau-event", event.pk)
    assert not AuditEvent.objects.filter(verb="walk_in.revealed").exists()


def test_an_auditor_looks_at_the_event_and_not_into_the_card(
    approved: Any, browse: Callable[..., Client]
) -> None:
    event, client = walk_in(approved, "x"), browse(Role.AUDITOR)

    assert "查看证件信息" not in page(client, "bureau-event", event.pk)
    assert client.post(reverse("bureau-event-reveal", args=[event.pk])).status_code == 403


def test_where_nothing_is_sealed_there_is_nothing_to_open(closed: Any, browse: Callable[..., Client]) -> None:
    event = AttendanceEvent.objects.filter(kind="sign_in").first()

    response = browse(REVIEWER).post(reverse("bureau-event-reveal", args=[event.pk]))

    assert response.status_code == 422
    assert "没有封存的证件信息" in text(response)


def test_what_could_not_be_believed_is_listed_with_its_reason(
    approved: Any, browse: Callable[..., Client]
) -> None:
    lesson, person = approved.session.lessons.first(), approved.session.enrolments.first()
    signer = enrol(approved)
    envelope = scan(signer, "sign_in", lesson, person, lesson.starts_at)
    forged = envelope.model_copy(update={"signature": base64.b64encode(bytes(64)).decode()})
    send(signer, [forged])

    assert HeldEnvelope.objects.count() == 1
    client = browse(REVIEWER)
    assert "签名不是这台终端的" in page(client, "bureau-refused")
    assert "签名不是这台终端的" not in page(client, "bureau-refused", reason="fork").split("查找")[1]


def test_what_was_marked_goes_back_with_the_reason(handed_in: Any, browse: Callable[..., Client]) -> None:
    dossier, client = dossier_of(handed_in), browse(REVIEWER)
    address = reverse("bureau-dossier-return", args=[dossier.pk])
    assert client.post(address).status_code == 422

    client.post(reverse("desk-mark", args=[dossier.pk]), {"item": "A9", "reason": "照片太暗"})
    response = client.post(address, follow=True)

    dossier.refresh_from_db()
    assert (dossier.status, dossier.returned_items) == (DossierStatus.RETURNED, ["A9"])
    assert "已退回 A9：A9 照片太暗" in text(response)


def test_an_incomplete_archive_can_not_be_sealed(closed: Any, browse: Callable[..., Client]) -> None:
    dossier = dossier_of(closed)

    response = browse(REVIEWER).post(reverse("bureau-dossier-seal", args=[dossier.pk]))

    assert response.status_code == 409
    assert "授课人王思敏" in text(response)
    dossier.refresh_from_db()
    assert dossier.status == DossierStatus.COLLECTING


def test_sealing_gives_a_pdf_and_a_package_to_take_away(
    handed_in: Any, browse: Callable[..., Client], django_capture_on_commit_callbacks: Any
) -> None:
    dossier, client = pass_review(handed_in), browse(REVIEWER)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("bureau-dossier-seal", args=[dossier.pk]))

    dossier.refresh_from_db()
    assert dossier.status == DossierStatus.SEALED, dossier.seal_problem
    shown = page(client, "bureau-dossier", dossier.pk)
    assert dossier.manifest_sha256 in shown
    assert f"{dossier.pages} 页" in shown
    package = client.get(reverse("file", args=["dossier-package", dossier.pk])).getvalue()
    assert ZipFile(BytesIO(package)).testzip() is None
    pdf = client.get(reverse("file", args=["dossier-pdf", dossier.pk])).getvalue()
    assert pdf.startswith(b"%PDF")


def test_while_sealing_the_page_says_so_and_asks_again(handed_in: Any, browse: Callable[..., Client]) -> None:
    dossier, client = pass_review(handed_in), browse(REVIEWER)
    client.post(reverse("bureau-dossier-seal", args=[dossier.pk]))  # the task waits for the commit

    response = client.get(reverse("bureau-dossier", args=[dossier.pk]))

    assert "正在封存" in text(response)
    assert response["Refresh"] == "3"


def test_a_proof_is_verified_once_and_by_name(closed: Any, browse: Callable[..., Client]) -> None:
    hand_in_proof(closed)
    proof = InstructorProof.objects.latest("pk")

    response = browse(REVIEWER).post(reverse("bureau-proof-verify", args=[proof.pk]), follow=True)

    assert "温审核" in text(response)
    proof.refresh_from_db()
    assert proof.verified_by == closed.user(REVIEWER)


def test_lists_search_filter_and_export_the_same_rows(submitted: Any, browse: Callable[..., Client]) -> None:
    client = browse(REVIEWER)

    assert submitted.session.code in page(client, "bureau-sessions", q="农民", status="submitted")
    assert "没有符合条件的期" in page(client, "bureau-sessions", q="不存在")
    exported = b"".join(client.get(reverse("bureau-sessions-export"), {"q": "农民"})).decode("utf-8-sig")
    assert submitted.session.code in exported
    assert len(exported.splitlines()) == 2


def more_sessions(county: Any, count: int) -> None:
    """Sessions like the first, waiting too, each with a lesson on a day of its own and two people."""
    first = county.session
    for number in range(2, count + 1):
        copy = TrainingSession.objects.get(pk=first.pk)
        lesson, people = first.lessons.first(), list(first.enrolments.all()[:2])
        copy.pk, copy.number, copy.code = None, number, f"SC-{number:03d}"
        copy.save(force_insert=True)
        for name in ("on", "starts_at", "ends_at"):
            setattr(lesson, name, getattr(lesson, name) + timedelta(days=number))
        for row in (lesson, *people):
            row.pk, row.training_session = None, copy
            row.save(force_insert=True)


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(("name", "queries"), [("bureau-queue", 49), ("bureau-sessions", 38)])
def test_lists_ask_a_constant_number_of_questions(
    submitted: Any,
    browse: Callable[..., Client],
    django_assert_num_queries: Any,
    rows: int,
    name: str,
    queries: int,
) -> None:
    more_sessions(submitted, rows)
    client = browse(REVIEWER)

    with django_assert_num_queries(queries):
        page(client, name)


@pytest.mark.parametrize("rows", [1, 30])
def test_held_records_ask_a_constant_number_of_questions(
    approved: Any, browse: Callable[..., Client], django_assert_num_queries: Any, rows: int
) -> None:
    lesson, person = approved.session.lessons.first(), approved.session.enrolments.first()
    signer = enrol(approved)
    for number in range(rows):
        scan(signer, "sign_in", lesson, person, lesson.starts_at + timedelta(days=2, seconds=number))
    send(signer)
    client = browse(REVIEWER)

    with django_assert_num_queries(9):
        assert "不在课次当天" in page(client, "bureau-held")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_renders_in_both_languages(
    handed_in: Any, browse: Callable[..., Client], language: str
) -> None:
    client = browse(Role.BUREAU_HEAD)
    event = AttendanceEvent.objects.first()
    pages = [
        ("bureau-queue", ()),
        ("bureau-sessions", ()),
        ("bureau-session", (handed_in.session.pk,)),
        ("bureau-dossier", (Dossier.objects.get().pk,)),
        ("bureau-event", (event.pk,)),
        ("bureau-held", ()),
        ("bureau-refused", ()),
        ("bureau-institutions", ()),
        ("bureau-institution", (handed_in.institution.pk,)),
    ]
    for name, args in pages:
        response = client.get(reverse(name, args=args), headers={"accept-language": language})
        assert response.status_code == 200, name
        assert f'<html lang="{language}"' in response.content.decode()
