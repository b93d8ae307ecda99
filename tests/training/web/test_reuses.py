"""One picture in two places: who hears of it, what it stops, and what the bureau says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from kiosk.envelope import PhotoTaken
from tests.training.core.test_scoping import second_institution
from tests.training.signing import append, enrol, send
from tests.training.uploads.scenes import cropped, jpeg, scene
from training.accounts.choices import Role
from training.core.models import AuditEvent
from training.core.pictures import THUMBNAIL
from training.demo.scenery import paper
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence, keep_station_photo, withdraw_evidence
from training.dossiers.models import Evidence
from training.dossiers.queries import check_session
from training.dossiers.risks import flagged
from training.notifications.models import Notification
from training.notifications.queries import inbox
from training.uploads.models import Picture, Reuse
from training.uploads.noticing import look_at
from training.web.notifications.watch import warn_of_reuses

CLERK, REVIEWER = Role.INSTITUTION_CLERK, Role.BUREAU_REVIEWER
COPY = "要由商务局核对后才能用"


def hand_in(county: Any, data: bytes, lesson: int = 0, caption: str = "课堂") -> Evidence:
    evidence = add_evidence(
        county.session.pk,
        item="A9",
        kind=EvidenceKind.PHOTO,
        caption=caption,
        file=(f"{caption}.jpg", data),
        lesson_id=county.session.lessons.all()[lesson].pk,
        device="Mozilla/5.0 (Linux; Android 11; ELE-AL00)",
        actor=county.actor(CLERK),
    )
    look_at(evidence.pk)  # as the background task does
    return evidence


def doubts(county: Any) -> list[str]:
    found = [gap.message for item in check_session(county.session) for gap in item.findings]
    return [message for message in found if COPY in message]


def pairs() -> list[tuple[str, str, str, bool]]:
    rows = Reuse.objects.order_by("pk")
    return [(row.original.caption, row.copy.caption, row.likeness, row.institution is None) for row in rows]


@pytest.fixture
def neighbour(approved: Any) -> Any:
    return second_institution(approved)


def test_a_crop_in_another_lesson_is_noticed_and_holds_a9_up(approved: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "上午全景")
    hand_in(approved, jpeg(cropped(scene(1), 0.1, 0.05, 0.1, 0)), 1, "下午全景")

    assert pairs() == [("上午全景", "下午全景", "picture", False)]
    assert doubts(approved) == ["A9：照片“下午全景”要由商务局核对后才能用，也可以撤下换一张"]


def test_the_same_bytes_are_the_same_file(approved: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "上午全景")
    hand_in(approved, jpeg(scene(1)), 1, "下午全景")

    assert pairs() == [("上午全景", "下午全景", "exact", False)]


def test_different_pictures_and_several_of_one_lesson_are_nothing_to_talk_about(approved: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "一")
    hand_in(approved, jpeg(cropped(scene(1), 0, 0, 0.1, 0)), 0, "同一课次的特写")
    hand_in(approved, jpeg(scene(2)), 1, "二")

    assert pairs() == []
    assert doubts(approved) == []


def test_looking_twice_notices_once(approved: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0)
    copy = hand_in(approved, jpeg(scene(1), 50), 1)

    assert look_at(copy.pk) == 0
    assert (Reuse.objects.count(), Picture.objects.count()) == (1, 2)
    assert AuditEvent.objects.filter(verb="reuse.noticed").count() == 1


def test_withdrawing_either_settles_what_nobody_judged(approved: Any) -> None:
    first = hand_in(approved, jpeg(scene(1)), 0)
    hand_in(approved, jpeg(scene(1), 50), 1)
    assert len(doubts(approved)) == 1

    withdraw_evidence(first.pk, reason="放错了课次", actor=approved.actor(CLERK))

    assert doubts(approved) == []


def test_a_picture_without_a_camera_s_words_is_no_less_good(approved: Any) -> None:
    evidence = hand_in(approved, jpeg(scene(1)))

    assert (evidence.picture.camera, evidence.picture.latitude, doubts(approved)) == ("", None, [])


def test_a_picture_keeps_what_its_camera_said_to_a_kilometre_and_a_thumbnail_without_it(
    approved: Any, browse: Callable[..., Client]
) -> None:
    exif = Image.Exif()
    exif[0x0110] = "ELE-AL00"
    exif._ifds[0x8825] = {1: "N", 2: (26.0, 19.0, 30.12), 3: "E", 4: (116.0, 20.0, 44.9)}
    evidence = hand_in(approved, jpeg(scene(1), exif=exif))
    picture = evidence.picture

    assert (picture.camera, str(picture.latitude), str(picture.longitude)) == ("ELE-AL00", "26.33", "116.35")
    small = browse(CLERK).get(reverse("thumbnail", args=[evidence.pk]))
    assert (small.status_code, small["Content-Type"]) == (200, "image/jpeg")
    assert b"ELE-AL00" not in small.content
    assert len(small.content) < 60_000


def test_a_pdf_is_known_by_its_first_page_and_compared_with_no_other(
    approved: Any, browse: Callable[..., Client]
) -> None:
    evidence = add_evidence(
        approved.session.pk,
        item="A4",
        kind=EvidenceKind.PLAN,
        caption="培训方案",
        file=paper("培训方案"),
        actor=approved.actor(CLERK),
    )
    assert look_at(evidence.pk) == look_at(evidence.pk) == 0

    small = browse(CLERK).get(reverse("thumbnail", args=[evidence.pk]))
    with Image.open(BytesIO(small.content)) as drawn:
        assert (drawn.format, max(drawn.size)) == ("JPEG", THUMBNAIL)
    assert Picture.objects.get().phash == ""
    page = browse(CLERK).get(reverse("session", args=[approved.session.pk])).content.decode()
    assert reverse("thumbnail", args=[evidence.pk]) in page


def scan(county: Any, *pages: Image.Image, caption: str = "签到扫描件") -> Evidence:
    """A PDF whose pages are one picture each."""
    target = BytesIO()
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:])
    evidence = add_evidence(
        county.session.pk,
        item="A8",
        kind=EvidenceKind.REGISTER_SCAN,
        caption=caption,
        file=(f"{caption}.pdf", target.getvalue()),
        actor=county.actor(CLERK),
    )
    look_at(evidence.pk)
    return evidence


def test_a_photo_in_a_scan_is_recognised_whichever_came_first(approved: Any, neighbour: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "照片在前")
    scan(neighbour, scene(7), cropped(scene(1), 0, 0.05, 0.1, 0), caption="扫描件在后")
    scan(approved, scene(2), caption="扫描件在前")
    hand_in(neighbour, jpeg(scene(2), 60), 0, "照片在后")

    assert pairs() == [
        ("照片在前", "扫描件在后", "picture", True),
        ("扫描件在前", "照片在后", "picture", True),
    ]


def test_a_session_s_own_report_may_show_its_photos_once_more(approved: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "先")
    report = scan(approved, scene(1), scene(2), caption="本期小结")
    hand_in(approved, jpeg(scene(2)), 1, "后")

    assert pairs() == []
    assert look_at(report.pk) == 0
    assert [row.page for row in report.page_images.all()] == [1, 2]


def test_the_uploader_sees_both_side_by_side(approved: Any, browse: Callable[..., Client]) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "上午全景")
    hand_in(approved, jpeg(scene(1), 50), 1, "下午全景")

    page = browse(CLERK).get(reverse("session", args=[approved.session.pk])).content.decode()

    assert "与别处相同的材料" in page
    assert page.count('<figure class="side">') == 2


def test_across_institutions_only_the_bureau_hears_of_it(
    approved: Any, neighbour: Any, browse: Callable[..., Client]
) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "甲校上午")
    hand_in(neighbour, jpeg(cropped(scene(1), 0, 0, 0.15, 0)), 0, "乙校上午")
    pair = Reuse.objects.get()
    assert pairs() == [("甲校上午", "乙校上午", "picture", True)]

    for county in (approved, neighbour):
        client = browse(CLERK, county)
        assert client.get(reverse("reuse", args=[pair.pk])).status_code == 404
        assert "校上午" not in client.get(reverse("reuses")).content.decode()
        other = neighbour if county is approved else approved
        page = client.get(reverse("session", args=[county.session.pk])).content.decode()
        assert other.institution.name not in page
        assert other.session.code == county.session.code or other.session.code not in page
    page = browse(REVIEWER).get(reverse("reuse", args=[pair.pk])).content.decode()
    assert page.count('<figure class="side">') == 2
    assert (doubts(approved), len(doubts(neighbour))) == ([], 1)


def test_another_county_s_pictures_are_not_compared(approved: Any, other_county: Any) -> None:
    hand_in(approved, jpeg(scene(1)))
    hand_in(other_county, jpeg(scene(1)))

    assert pairs() == []


def test_whoever_sees_both_places_is_told_once_a_day(approved: Any, neighbour: Any) -> None:
    hand_in(approved, jpeg(scene(1)), 0, "上午全景")
    hand_in(approved, jpeg(cropped(scene(1), 0.1, 0.05, 0.1, 0)), 1, "下午全景")

    assert warn_of_reuses() > 0
    assert warn_of_reuses() == 0
    told = Notification.objects.filter(kind="reuse.noticed")
    assert {CLERK, REVIEWER} < set(told.values_list("membership__role", flat=True))
    assert set(told.values_list("membership__institution_id", flat=True)) == {None, approved.institution.pk}


def judge(client: Client, status: str, reason: str = "并排看过") -> Any:
    pair = Reuse.objects.get()
    return client.post(reverse("reuse", args=[pair.pk]), {"status": status, "reason": reason})


@pytest.fixture
def noticed(approved: Any) -> Any:
    hand_in(approved, jpeg(scene(1)), 0, "上午全景")
    hand_in(approved, jpeg(scene(1), 50), 1, "下午全景")
    return approved


def test_what_is_undecided_is_a_mark_for_whoever_reviews_and_the_decision_is_told(
    noticed: Any, browse: Callable[..., Client]
) -> None:
    assert [risk.message for risk in flagged(noticed.session)] == ["1 份材料与别处的相同，还没有认可"]

    judge(browse(REVIEWER), "legitimate")

    assert flagged(noticed.session) == ()
    told = inbox(noticed.actor(CLERK))[0].sentence
    assert told == f"商务局核对了与别处相同的材料：{noticed.session}"


def test_the_bureau_judges_with_a_reason_and_may_change_its_mind(
    noticed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)
    assert judge(client, "legitimate", " ").status_code == 422
    assert len(doubts(noticed)) == 1

    assert judge(client, "legitimate", "同一画面分属两段课").status_code == 302
    assert doubts(noticed) == []

    assert judge(client, "not_allowed", "时间对不上").status_code == 302
    assert len(doubts(noticed)) == 1
    said = AuditEvent.objects.filter(verb="reuse.decided").order_by("pk").values_list("details", flat=True)
    assert [(entry["status"], entry["reason"]) for entry in said] == [
        ("legitimate", "同一画面分属两段课"),
        ("not_allowed", "时间对不上"),
    ]
    page = client.get(reverse("reuse", args=[Reuse.objects.get().pk])).content.decode()
    assert "同一画面分属两段课" in page


def test_what_was_judged_not_to_stand_is_freed_by_nothing_but_withdrawing_it(
    noticed: Any, browse: Callable[..., Client]
) -> None:
    judge(browse(REVIEWER), "not_allowed")
    original, copy = Reuse.objects.get().original, Reuse.objects.get().copy

    withdraw_evidence(original.pk, reason="撤", actor=noticed.actor(CLERK))
    assert len(doubts(noticed)) == 1

    withdraw_evidence(copy.pk, reason="撤", actor=noticed.actor(CLERK))
    assert doubts(noticed) == []


def test_an_institution_looks_and_does_not_judge(noticed: Any, browse: Callable[..., Client]) -> None:
    assert judge(browse(CLERK), "legitimate").status_code == 403
    assert Reuse.objects.get().status == "open"


def test_the_list_is_filtered_and_handed_over_as_it_is_shown(
    noticed: Any, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)
    listed = reverse("reuses")

    assert "下午全景" in client.get(listed, {"status": "open", "across": "within"}).content.decode()
    assert "下午全景" not in client.get(listed, {"status": "legitimate"}).content.decode()
    file = b"".join(client.get(reverse("reuses-export"), {"likeness": "picture"}))  # type: ignore[arg-type]
    assert file.decode("utf-8-sig").count("下午全景") == 1
    assert "重复使用的材料待核对" in client.get(reverse("home")).content.decode()


def test_a_station_s_signed_picture_is_the_original_and_two_of_them_are_two_moments(
    approved: Any, clock: Any
) -> None:
    hand_in(approved, jpeg(scene(1), 60), 1, "手工")
    signer, taken = enrol(approved), [jpeg(scene(1)), jpeg(scene(1), 70)]
    for lesson, data in zip(approved.session.lessons.all(), taken, strict=True):
        photo = PhotoTaken(sha256=sha256(data).hexdigest(), size=len(data))
        at = lesson.starts_at + timedelta(minutes=30)
        append(signer, "photo", at, session=approved.session.code, lesson=lesson.pk, photo=photo)
        clock.set(lesson.ends_at)
    send(signer)
    for data in taken:
        look_at(keep_station_photo(signer.station, data=data)[0].pk)

    found = [(row.original.event_id is not None, row.copy.caption) for row in Reuse.objects.all()]
    assert found == [(True, "手工")]
