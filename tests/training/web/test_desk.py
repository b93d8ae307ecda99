"""The bureau's desk: what waits and why, one archive item by item, several archives as one file, one hour traced."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.reviews import pass_review, review_and_seal
from tests.training.web.conftest import dossier_of
from tests.training.web.test_bureau import page, text
from training.accounts.choices import Role
from training.claims.services import claim_session
from training.core.models import AuditEvent, StoredFile
from training.dossiers.models import Dossier, Evidence, ItemReview
from training.dossiers.reviewing import return_dossier, return_item, submit_dossier
from training.people.models import Look, Trainee
from training.scheduling.models import TrainingSession
from training.web.desk import download

REVIEWER, CHIEF, HEAD = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.INSTITUTION_HEAD


def more_dossiers(county: Any, count: int) -> None:
    """Dossiers like the first, handed in on later days, each with a lesson of its own."""
    first = dossier_of(county)
    for number in range(2, count + 1):
        session = TrainingSession.objects.get(pk=county.session.pk)
        lesson = session.lessons.first()
        session.pk, session.number, session.code = None, number, f"SC-{number:03d}"
        session.save(force_insert=True)
        for name in ("on", "starts_at", "ends_at"):
            setattr(lesson, name, getattr(lesson, name) + timedelta(days=number))
        lesson.pk, lesson.training_session = None, session
        lesson.save(force_insert=True)
        Dossier.objects.create(
            training_session=session,
            status="submitted",
            submitted_by=first.submitted_by,
            submitted_at=first.submitted_at + timedelta(minutes=number),
        )


def share_a_phone(county: Any) -> None:
    people = Trainee.objects.filter(enrolments__training_session=county.session).order_by("pk")
    for trainee in people[:3]:
        trainee.phone = "13800000000"
        trainee.save()


# The queue


def test_the_queue_says_since_when_until_when_and_what_was_noticed(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    share_a_phone(handed_in)

    shown = page(browse(REVIEWER), "desk")

    assert handed_in.session.code in shown
    assert "2021-05-18 已过 0 个工作日" in shown
    assert "2021-06-01" in shown  # ten working days after 18 May
    assert "3 人与同班的人共用手机号" in shown
    assert "超期" not in shown.split("系统看到的 ")[-1]


def test_what_is_late_is_said_and_can_be_asked_for(
    handed_in: Any, clock: Any, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)
    assert "没有这样的档案" in page(client, "desk", due="overdue")

    clock.advance(days=15)

    assert "2021-06-01 超期" in page(browse(REVIEWER), "desk", due="overdue")


def test_the_riskiest_can_come_first_and_alone_and_the_file_has_the_same_rows(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    more_dossiers(handed_in, 3)
    share_a_phone(handed_in)
    first = dossier_of(handed_in)
    first.submitted_at += timedelta(hours=1)
    first.save()
    client = browse(REVIEWER)

    def codes(**query: str) -> list[str]:
        listed = client.get(reverse("desk"), query).content.decode()
        return re.findall(r'<span class="code muted">([^<]+)</span>', listed)

    own = handed_in.session.code
    assert codes() == ["SC-002", "SC-003", own]
    assert codes(order="risk") == [own, "SC-002", "SC-003"]
    assert codes(risk="flagged") == [own]
    exported = b"".join(client.get(reverse("desk-export"), {"risk": "flagged"})).decode("utf-8-sig")
    assert [line.split(",")[0] for line in exported.splitlines()[1:]] == [own]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_queue_asks_a_constant_number_of_questions(
    handed_in: Any, browse: Callable[..., Client], django_assert_num_queries: Any, rows: int
) -> None:
    more_dossiers(handed_in, rows)
    client = browse(REVIEWER)

    page(client, "desk")  # what nobody has checked yet is checked now
    with django_assert_num_queries(QUERIES):
        page(client, "desk")


QUERIES = 29


# One archive


def test_an_item_shows_its_paper_in_the_page_and_is_accepted(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    dossier, client = dossier_of(handed_in), browse(REVIEWER)
    address = reverse("desk-dossier", args=[dossier.pk])
    shown = client.get(address, {"item": "A9"}).content.decode()
    photos = Evidence.objects.filter(item="A9", training_session=handed_in.session)
    pictures = [f'<img src="{reverse("file", args=["evidence", photo.pk])}"' for photo in photos]
    assert [picture in shown for picture in pictures].count(True) == 1
    assert "2021-05-18 提交，已过 0 个工作日，2021-06-01 前核验完" in shown
    proof = client.get(address, {"item": "A3"}).content.decode()
    assert re.search(r'<iframe class="paper [^"]*" src="/files/proof/\d+#page=1"', proof)

    response = client.post(reverse("desk-accept", args=[dossier.pk]), {"item": "A3"}, follow=True)

    assert response.redirect_chain[-1][0].endswith("?item=A4")
    assert "1 / 9 项通过" in text(response)


def test_a_pdf_may_stand_in_a_page_of_ours_and_in_nobody_else_s(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    proof = handed_in.instructors[0].proofs.first()

    response = browse(REVIEWER).get(reverse("file", args=["proof", proof.pk]))

    assert response["Content-Type"] == "application/pdf"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]


def test_a_mark_keeps_its_place_and_the_institution_reads_the_reason(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    dossier, client = dossier_of(handed_in), browse(REVIEWER)
    photo = Evidence.objects.filter(item="A9").first()
    mark = {"item": "A9", "paper": f"evidence-{photo.pk}", "reason": "横幅看不清", "x": "400", "y": "120"}

    client.post(reverse("desk-mark", args=[dossier.pk]), mark)
    client.post(reverse("bureau-dossier-return", args=[dossier.pk]))

    review = ItemReview.objects.get()
    assert (review.x, review.y, review.file_id) == (400, 120, photo.file_id)
    assert "商务局退回了档案 A9： A9 横幅看不清" in page(browse(HEAD), "session", handed_in.session.pk)
    shown = browse(HEAD).get(reverse("session", args=[handed_in.session.pk])).content.decode()
    assert f'<img src="{reverse("file", args=["evidence", photo.pk])}"' in shown
    assert '<line class="mark-across" x1="0" x2="1000" y1="120" y2="120"/>' in shown


@pytest.mark.parametrize(("returned", "changeable"), [("A9", True), ("A4", False)])
def test_the_institution_is_offered_only_what_was_returned_to_it(
    handed_in: Any, browse: Callable[..., Client], returned: str, changeable: bool
) -> None:
    return_item(dossier_of(handed_in).pk, item=returned, reason="不清楚", actor=handed_in.actor(REVIEWER))
    return_dossier(dossier_of(handed_in).pk, actor=handed_in.actor(REVIEWER))
    client, key = browse(HEAD), [handed_in.session.pk]

    shown = client.get(reverse("session", args=key)).content.decode()
    photo = Evidence.objects.filter(item="A9").first()
    assert (reverse("evidence-describe", args=[photo.pk]) in shown) == changeable
    form = client.get(reverse("evidence-add", args=key)).context["form"]
    assert [code for code, _title in form.fields["item"].choices if code] == [returned]


def test_a_place_on_a_page_of_a_pdf_is_marked_on_its_picture_and_shown_to_the_institution(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    dossier, client = dossier_of(handed_in), browse(REVIEWER)
    proof = handed_in.instructors[0].proofs.first()
    address, of = reverse("desk-dossier", args=[dossier.pk]), {"item": "A3", "paper": f"proof-{proof.pk}"}
    picture = reverse("file", args=["proof", proof.pk]) + "?page=1"
    assert f'<img src="{picture}"' in client.get(address, of | {"page": "1"}).content.decode()
    drawn = client.get(picture)
    assert (drawn["Content-Type"], b"".join(drawn)[:2]) == ("image/jpeg", b"\xff\xd8")  # type: ignore[arg-type]
    for nothing in ("2", "0", "x"):
        assert client.get(reverse("file", args=["proof", proof.pk]), {"page": nothing}).status_code == 404

    mark = of | {"reason": "公章不清", "page": "1", "x": "700", "y": "800"}
    client.post(reverse("desk-mark", args=[dossier.pk]), mark)
    assert f'<img src="{picture}"' in client.get(address, of).content.decode()
    client.post(reverse("bureau-dossier-return", args=[dossier.pk]))

    shown = browse(HEAD).get(reverse("session", args=[handed_in.session.pk])).content.decode()
    assert f'<img src="{picture}"' in shown
    assert 'y1="800" y2="800"' in shown


def test_the_next_round_shows_what_changed_and_what_was_said_before(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    dossier = pass_review(handed_in)
    return_item(dossier.pk, item="A9", reason="横幅看不清", actor=handed_in.actor(REVIEWER))
    return_dossier(dossier.pk, actor=handed_in.actor(REVIEWER))
    Evidence.objects.filter(item="A9").update(caption="换了一张")
    submit_dossier(handed_in.session.pk, actor=handed_in.actor(HEAD))

    client = browse(REVIEWER)
    shown = page(client, "desk-dossier", dossier.pk, item="A9")
    assert "上一轮退回的原因：横幅看不清（温审核）" in shown
    assert "新增：换了一张" in shown
    assert "8 / 9 项通过" in shown
    assert "第 2 轮" in shown
    assert "与上一轮相比没有改动" in page(client, "desk-dossier", dossier.pk, item="A1")


def test_the_one_who_accepted_is_told_to_fetch_somebody_else(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    share_a_phone(handed_in)
    dossier, client = dossier_of(handed_in), browse(REVIEWER)
    for number in range(1, 10):
        client.post(reverse("desk-accept", args=[dossier.pk]), {"item": f"A{number}"})
    assert "您核验过其中的项目，请另一人复核" in page(client, "desk-dossier", dossier.pk)
    assert client.post(reverse("desk-confirm", args=[dossier.pk])).status_code == 403

    shown = text(browse(CHIEF).post(reverse("desk-confirm", args=[dossier.pk]), follow=True))

    assert "核验通过，封存" in shown


def test_an_auditor_looks_on_and_has_no_buttons(handed_in: Any, browse: Callable[..., Client]) -> None:
    shown = page(browse(Role.AUDITOR), "desk-dossier", dossier_of(handed_in).pk)

    assert "0 / 9 项通过" in shown
    assert "退回原因" not in shown


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("item", [f"A{number}" for number in range(1, 10)])
def test_every_item_has_a_page_in_both_languages(
    handed_in: Any, browse: Callable[..., Client], item: str, language: str
) -> None:
    address = reverse("desk-dossier", args=[dossier_of(handed_in).pk])

    response = browse(CHIEF).get(address, {"item": item}, headers={"accept-language": language})

    assert response.status_code == 200


# Several at once


def taken(response: Any) -> ZipFile:
    return ZipFile(BytesIO(b"".join(response.streaming_content)))


def test_archives_are_taken_as_one_file_and_each_look_is_on_record(
    handed_in: Any, browse: Callable[..., Client]
) -> None:
    dossier = dossier_of(handed_in)

    response = browse(REVIEWER).post(reverse("desk-download"), {"dossier": [dossier.pk]})

    archive = taken(response)
    assert archive.testzip() is None
    photo = Evidence.objects.filter(item="A9").first()
    assert any(name.startswith(f"{handed_in.session.code}/A9/001 ") for name in archive.namelist())
    sha256 = {row.details["sha256"] for row in AuditEvent.objects.filter(verb="file.taken")}
    assert photo.file.sha256 in sha256
    assert len(sha256) <= len(archive.namelist())
    assert AuditEvent.objects.get(verb="dossier.downloaded").details == {"files": len(archive.namelist())}


def test_a_file_that_is_gone_is_named_in_the_zip(handed_in: Any, browse: Callable[..., Client]) -> None:
    photo = Evidence.objects.filter(item="A9").first().file
    StoredFile.objects.filter(pk=photo.pk).update(sha256="0" * 64)

    response = browse(REVIEWER).post(reverse("desk-download"), {"dossier": [dossier_of(handed_in).pk]})

    archive = taken(response)
    assert photo.name in archive.read("没有打包的文件.txt").decode()


def test_nobody_takes_what_they_can_not_see_nor_too_much_at_once(
    handed_in: Any, other_county: Any, browse: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier, client = dossier_of(handed_in), browse(REVIEWER)
    address = reverse("desk-download")
    assert taken(browse(REVIEWER, other_county).post(address, {"dossier": [dossier.pk]})).namelist() == []
    assert "请先勾选" in text(client.post(address))
    assert "一次最多下载 20 份" in text(client.post(address, {"dossier": range(1, 22)}))
    monkeypatch.setattr(download, "MAX_BYTES", 1)
    assert client.post(address, {"dossier": [dossier.pk]}).status_code == 422


# One hour


def test_one_hour_is_traced_from_the_approval_to_the_claim_and_the_look_is_on_record(
    handed_in: Any, browse: Callable[..., Client], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    claim = claim_session(handed_in.session.pk, actor=handed_in.actor(HEAD))
    enrolment = handed_in.session.enrolments.get(number=1)
    event = enrolment.events.earliest("captured_at")

    response = browse(REVIEWER).get(reverse("trace", args=[enrolment.pk]))

    shown = text(response)
    steps = ["批准开班", "培训人员名册", "签名记录", "签到名册", "结业规则", "培训档案", "补贴申领"]
    places = [shown.index(step, shown.index("第 2 课次")) for step in steps]
    assert places == sorted(places)
    handed_in.session.refresh_from_db()
    for said in (
        handed_in.session.approval_number,
        event.digest,
        "签名有效",
        "6 / 6 学时 = 100.0 % ≥ 80 %，结业",
        dossier_of(handed_in).manifest_sha256,
        "本人计入 1 人次",
    ):
        assert said in shown
    assert reverse("claim", args=[claim.pk]) in response.content.decode()
    assert enrolment.trainee.id_number not in shown
    assert "no-store" in response["Cache-Control"]
    look = Look.objects.latest("pk")
    assert (look.trainee_id, look.actor_name) == (enrolment.trainee_id, "温审核")


def test_a_trace_names_the_step_that_is_missing(handed_in: Any, browse: Callable[..., Client]) -> None:
    absent = handed_in.session.enrolments.get(number=12)

    shown = page(browse(Role.AUDITOR), "trace", absent.pk)

    for missing in (
        "这一课次没有任何签到记录",
        "签到名册上这一课次没有签到",
        "还没有封存：待商务局核验",
        "还没有申领",
    ):
        assert missing in shown
