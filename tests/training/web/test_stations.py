"""The fleet: who sees which stations, what is said before class, codes, renewals, permissions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.urls import reverse

from kiosk.enrolment import Invitation
from tests.training.reports import MORNING, make_report
from tests.training.signing import Signer, append, enrol, enrol_with, scan, send
from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.attendance.models import AttendanceEvent
from training.attendance.package import build_package
from training.core import clock as our_clock
from training.demo.scenery import add_institution
from training.stations.choices import StationStatus
from training.stations.models import Station
from training.stations.services import authenticate, issue_renewal_code, keep_report, revoke_station
from training.web.stations.queries import invite

REVIEWER, CLERK, AUDITOR = Role.BUREAU_REVIEWER, Role.INSTITUTION_CLERK, Role.AUDITOR


def text(response: Any) -> str:
    """The page as people read it, without tags and with single spaces."""
    assert response.status_code == 200, response.content.decode()[:2000]
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def see(client: Client, name: str, *args: Any, **query: str) -> str:
    return text(client.get(reverse(name, args=args), query))


def report(signer: Signer, **said: Any) -> None:
    """The station calls and tells how it is: well, and with the roster of the moment, unless said otherwise."""
    now = our_clock.now()
    well = {"package_version": build_package(signer.station, at=now)["version"], "at": now, "package_at": now}
    authenticate(signer.token)
    keep_report(signer.station, make_report(**well | said), at=now)


@pytest.fixture
def door(approved: Any) -> Signer:
    """A station that is well, twenty minutes before class."""
    signer = enrol(approved, "一号终端")
    report(signer)
    return signer


# The fleet


def test_a_station_that_is_well_is_listed_without_a_word(door: Signer, browse: Callable[..., Client]) -> None:
    shown = see(browse(REVIEWER), "stations")

    assert "一号终端" in shown
    assert "正常 2021-05-18 08:40 0 准 18.6 GB 正常 有画面 最新" in shown
    assert "需要处理 " not in shown.partition("软件版本")[2]


@pytest.mark.parametrize("role", [REVIEWER, CLERK, AUDITOR])
def test_what_is_wrong_is_told_to_bureau_and_institution_before_class(
    approved: Any, door: Signer, browse: Callable[..., Client], role: Role
) -> None:
    report(door, reader="reader_fault", reader_detail="no_answer", pending=3, disk_free=1000)

    shown = see(browse(role), "stations")

    assert "需要处理 读卡器没有反应：请检查连线，或换一台读卡器。" in shown
    assert "需要处理 磁盘只剩 1000 字节" in shown


def test_a_roster_from_before_the_last_change_is_told(
    approved: Any, clock: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    clock.set(MORNING - timedelta(hours=20))
    report(door)
    assert "名册不是最新的" not in see(browse(CLERK), "stations")

    approved.session.lessons.update(topic="电商进阶")
    clock.set(MORNING - timedelta(hours=19))

    shown = see(browse(CLERK), "stations")
    assert "05-18 09:00 有课，终端上的名册不是最新的：请在上课前接上网络。" in shown
    assert "不是最新" in see(browse(CLERK), "station", door.station.pk)


def test_a_face_template_that_outlives_its_session_is_told(
    approved: Any, clock: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    person, session = approved.session.enrolments.first(), approved.session
    for kind in ("portrait", "forget"):
        append(door, kind, MORNING, session=session.code, person={"enrolment": person.pk})
    send(door, door.chain[:1])
    client = browse(REVIEWER)
    assert "人脸模板还没有删除" not in see(client, "stations")

    type(session).objects.filter(pk=session.pk).update(status="closed")
    assert "1 名学员的人脸模板还没有删除的记录" in see(client, "stations")

    send(door)
    assert "人脸模板还没有删除" not in see(client, "stations")


def test_what_needs_somebody_stands_first_and_what_is_out_of_use_last(
    approved: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    broken, gone = enrol(approved, "二号终端"), enrol(approved, "三号终端")
    report(broken, disk_free=0)
    revoke_station(str(gone.station.pk), reason="坏了", actor=approved.actor(REVIEWER))

    names = re.findall("[一二三]号终端", see(browse(REVIEWER), "stations"))

    assert names == ["二号终端", "一号终端", "三号终端"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"health": "urgent"}, {"二号终端"}),
        ({"health": "alarm"}, {"二号终端", "四号终端"}),
        ({"health": "well"}, {"一号终端"}),
        ({"status": "revoked"}, {"三号终端"}),
        ({"q": "四"}, {"四号终端"}),
        ({"q": "石城县"}, {"一号终端", "二号终端", "三号终端", "四号终端"}),
        ({"q": "没有这一台"}, set()),
        ({"health": "nonsense", "institution": "x"}, {"一号终端", "二号终端", "三号终端", "四号终端"}),
    ],
)
def test_the_list_is_narrowed_in_its_address_and_exported_as_shown(
    approved: Any, door: Signer, browse: Callable[..., Client], query: dict[str, str], names: set[str]
) -> None:
    for name, said in (("二号终端", {"disk_free": 0}), ("三号终端", {}), ("四号终端", {"held": 1})):
        report(enrol(approved, name), **said)
    gone = Station.objects.get(name="三号终端")
    revoke_station(str(gone.pk), reason="坏了", actor=approved.actor(REVIEWER))
    client = browse(REVIEWER)

    shown = see(client, "stations", **query)
    exported = b"".join(client.get(reverse("stations-export"), query)).decode("utf-8-sig").splitlines()

    assert set(re.findall("[一二三四]号终端", shown)) == names
    assert {line.partition(",")[0] for line in exported[1:]} == names
    assert names or "没有符合条件的终端" in shown


def test_an_institution_sees_its_own_stations_only(
    approved: Any, other_county: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    _institution, staff = add_institution(
        approved.programme,
        name="石城县另一家培训学校",
        uscc="91360825MA36DEMN7K",
        prefix="other-",
        bureau=approved.actor(Role.BUREAU_HEAD),
    )
    neighbour = Client()
    neighbour.force_login(staff.members[CLERK].user)

    for client in (neighbour, browse(REVIEWER, other_county)):
        assert "一号终端" not in see(client, "stations")
        assert "一号终端" not in b"".join(client.get(reverse("stations-export"))).decode()
    assert "请向商务局要一个登记码" in see(neighbour, "stations")
    assert "登记新终端" in see(browse(REVIEWER, other_county), "stations")


def test_a_newer_station_s_words_and_a_report_of_another_kind_break_no_page(
    door: Signer, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)
    report(door, reader="reader_dreaming")
    assert "reader_dreaming" in see(client, "stations")

    Station.objects.update(report={"reader": 7})
    assert "还没有报告" in see(client, "stations")
    assert "还没有报告" in see(client, "station", door.station.pk)


@pytest.mark.parametrize("more", [0, 15])
@pytest.mark.parametrize(("name", "queries"), [("stations", 21), ("home", 55)])
def test_the_fleet_asks_a_constant_number_of_questions(
    approved: Any,
    door: Signer,
    browse: Callable[..., Client],
    django_assert_num_queries: Any,
    more: int,
    name: str,
    queries: int,
) -> None:
    for number in range(more):
        report(enrol(approved, f"备用{number}"), disk_free=0)
    client = browse(REVIEWER)
    see(client, name)  # the archives that changed meanwhile are checked again by the first who looks

    with django_assert_num_queries(queries):
        see(client, name)


# The figure on the first page


@pytest.mark.parametrize("role", [REVIEWER, CLERK])
def test_a_red_figure_on_the_first_page_leads_to_the_stations_it_counts(
    approved: Any, door: Signer, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)
    assert "签到终端要处理" not in see(client, "home")

    report(door, disk_free=0)
    report(enrol(approved, "二号终端"), held=1)

    (entry,) = [
        entry
        for entry in client.get(reverse("home")).context["waiting"]
        if entry.href.startswith(reverse("stations"))
    ]
    assert entry.count == 1
    shown = text(client.get(entry.href))
    assert ("一号终端" in shown, "二号终端" in shown) == (True, False)


# One station


def test_the_page_of_a_station_says_all_that_is_known(
    approved: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    lesson, people = approved.session.lessons.first(), list(approved.session.enrolments.all()[:2])
    for person in people:
        scan(door, "sign_in", lesson, person, lesson.starts_at)
    send(door, door.chain[1:])
    report(
        door,
        pending=1,
        oldest_pending_at=MORNING,
        portraits=3,
        clock_offset_ms=-2600,
        reader_detail="05.03-1",
    )

    answer = browse(REVIEWER).get(reverse("station", args=[door.station.pk]))
    shown = text(answer)

    assert reverse("chains") in answer.content.decode()
    for said in (
        "本机构最近一次课：2021-05-18 09:00",
        "没有发现问题",
        "读卡器 正常 05.03-1",
        "时钟 快 3 秒",
        "终端上的人脸模板 3 人",
        "名册 最新",
        "待传记录 1 最早 2021-05-18 08:40",
        "记录 1 最新序号 2",
        "还没到的号 1",
        "登记终端 系统",
        "签发登记码",
        door.station.public_key,
    ):
        assert said in shown


def test_held_records_are_linked_for_those_who_may_read_them(
    approved: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    lesson = approved.session.lessons.first()
    scan(door, "sign_in", lesson, approved.session.enrolments.first(), lesson.starts_at + timedelta(days=3))
    send(door)
    link = f'href="{reverse("bureau-held")}?q='

    assert AttendanceEvent.objects.exclude(held_reason="").count() == 1
    assert link in browse(REVIEWER).get(reverse("station", args=[door.station.pk])).content.decode()
    assert link not in browse(CLERK).get(reverse("station", args=[door.station.pk])).content.decode()


def test_a_replaced_station_and_its_successor_lead_to_each_other(
    approved: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    code = issue_renewal_code(str(door.station.pk), actor=approved.actor(REVIEWER))
    new = enrol_with(code, Ed25519PrivateKey.generate())
    client = browse(REVIEWER)

    old_page = client.get(reverse("station", args=[door.station.pk])).content.decode()
    new_page = client.get(reverse("station", args=[new.station.pk])).content.decode()

    assert reverse("station", args=[new.station.pk]) in old_page
    assert "由另一台机器接替" in old_page
    assert reverse("station", args=[door.station.pk]) in new_page
    assert reverse("station-renew", args=[door.station.pk]) not in old_page


def test_the_bureau_says_what_a_station_may_and_the_page_keeps_it(
    door: Signer, browse: Callable[..., Client]
) -> None:
    client = browse(REVIEWER)

    client.post(reverse("station-may", args=[door.station.pk]), {"may": ["photo"]})

    door.station.refresh_from_db()
    assert door.station.may == ["photo"]
    assert "刷身份证签到、签退、课堂照片" in see(browse(CLERK), "station", door.station.pk)
    assert build_package(door.station, at=our_clock.now())["station"]["may"] == ["photo"]
    assert "改变终端权限" in see(client, "station", door.station.pk)


def test_a_permission_that_there_is_not_is_refused(door: Signer, browse: Callable[..., Client]) -> None:
    answer = browse(REVIEWER).post(reverse("station-may", args=[door.station.pk]), {"may": ["fly"]})

    assert answer.status_code == 422
    door.station.refresh_from_db()
    assert len(door.station.may) == 4


def test_stopping_a_station_asks_first_and_for_a_reason(door: Signer, browse: Callable[..., Client]) -> None:
    client, address = browse(REVIEWER), reverse("station-revoke", args=[door.station.pk])

    assert "确定停用" in text(client.get(address))
    assert client.post(address, {"reason": " "}).status_code == 422
    door.station.refresh_from_db()
    assert door.station.status == StationStatus.ACTIVE

    client.post(address, {"reason": "搬到二楼了"})
    door.station.refresh_from_db()
    assert door.station.status == StationStatus.REVOKED
    assert "搬到二楼了" in see(client, "station", door.station.pk)


@pytest.mark.parametrize("role", sorted((INSTITUTION_ROLES | {AUDITOR}) - BUREAU_ROLES))
def test_who_may_only_look_sees_no_button(door: Signer, browse: Callable[..., Client], role: Role) -> None:
    shown = see(browse(role), "stations") + see(browse(role), "station", door.station.pk)

    assert not {"登记新终端", "续用或更换", "保存"} & set(shown.split())


# Codes


def test_a_code_is_shown_once_with_what_to_do(
    county: Any, browse: Callable[..., Client], settings: Any
) -> None:
    settings.PUBLIC_URL = "http://testserver"
    client = browse(REVIEWER)
    wanted = {"institution_id": county.institution.pk, "station_name": "三楼教室门口"}

    response = client.post(reverse("station-code"), wanted)

    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", text(response))
    assert code
    assert "no-store" in response["Cache-Control"]
    assert "有效期止 2021-05-19 08:40" in text(response)
    assert f"kiosk enrol --server http://testserver --code {code[0]}" in text(response)
    assert code[0] not in see(client, "stations") + see(client, "station-code")


def test_a_code_without_a_name_is_asked_again(county: Any, browse: Callable[..., Client]) -> None:
    wanted = {"institution_id": county.institution.pk, "station_name": ""}

    assert browse(REVIEWER).post(reverse("station-code"), wanted).status_code == 422


def test_the_station_reads_the_code_off_the_picture(settings: Any) -> None:
    settings.PUBLIC_URL = "https://yidang.shicheng.gov.example/"

    invitation = invite("ABCD-EFGH-JKLM")

    assert Invitation.parse(qr_text(invitation.qr)) == Invitation(
        "https://yidang.shicheng.gov.example", "ABCD-EFGH-JKLM"
    )


def qr_text(svg: str) -> str:
    """What the drawn squares say, read by OpenCV off pixels made from the SVG's own path."""
    size = int(re.search(r'width="(\d+)"', svg)[1])
    (path,) = re.findall(r'class="qrline" stroke="#000" d="([^"]+)"', svg)
    scale = float(re.search(r"scale\((\d+)\)", svg)[1])
    modules = round(size / scale)
    image = np.full((modules, modules), 255, np.uint8)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            image[int(y), int(x) : int(x + values[0])] = 0
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    drawn = cv2.resize(image, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    return str(cv2.QRCodeDetector().detectAndDecode(drawn)[0])


def test_a_renewal_code_is_shown_once_and_serves_that_station(
    door: Signer, browse: Callable[..., Client]
) -> None:
    client, address = browse(REVIEWER), reverse("station-renew", args=[door.station.pk])
    assert "另一台电脑上使用：那台电脑接替这一台" in text(client.get(address))

    response = client.post(address)
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", text(response))
    assert code
    assert "no-store" in response["Cache-Control"]
    assert "未用 " in see(client, "station", door.station.pk)

    assert enrol_with(code[0], door.key).station == door.station
    assert code[0] not in see(client, "station", door.station.pk)


def test_a_station_out_of_use_gets_no_renewal_code(
    approved: Any, door: Signer, browse: Callable[..., Client]
) -> None:
    revoke_station(str(door.station.pk), reason="丢失", actor=approved.actor(REVIEWER))

    assert browse(REVIEWER).post(reverse("station-renew", args=[door.station.pk])).status_code == 409


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_renders_in_both_languages(
    door: Signer, clock: Any, browse: Callable[..., Client], language: str
) -> None:
    clock.set(datetime(2021, 5, 18, 4, 0, tzinfo=MORNING.tzinfo))
    report(
        door, held=1, refused=2, disk_free=0, clock_offset_ms=400_000, pending=1, oldest_pending_at=MORNING
    )
    client, pk = browse(REVIEWER), door.station.pk

    for name, args in (
        ("stations", ()),
        ("station", (pk,)),
        ("station-code", ()),
        ("station-renew", (pk,)),
        ("station-revoke", (pk,)),
    ):
        response = client.get(reverse(name, args=args), headers={"accept-language": language})
        assert response.status_code == 200, name
        assert f'<html lang="{language}"' in response.content.decode()
