"""Rights requests on the screen: a copy to hand over, an explanation to print, a deletion item by item."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.queries import actor_for
from training.core.models import AuditEvent
from training.people.choices import ConsentPurpose
from training.people.models import Look, RightsRequest
from training.people.services import record_consent

Browse = Callable[..., Client]


@pytest.fixture
def person(handed_in: Any) -> Any:
    claim_shop(handed_in)
    return handed_in.session.enrolments.get(number=1).trainee


def ask(browse: Browse, person: Any, kind: str, role: Role = Role.TOWNSHIP) -> RightsRequest:
    """Somebody writes it down; the privacy officer has looked at the card."""
    person.township = "琴江镇"
    person.save()
    said = {"kind": kind, "channel": "in_person", "received_on": "2021-05-18", "asked": "我要看"}
    response = browse(role).post(reverse("rights-add", args=[person.pk]), said)
    assert response.status_code == 302, response.content.decode()
    asked = RightsRequest.objects.latest("pk")
    browse(Role.PRIVACY_OFFICER).post(reverse("rights-identity", args=[asked.pk]), {"identity": "card"})
    return asked


def test_a_copy_holds_everything_and_each_download_is_on_record(person: Any, browse: Browse) -> None:
    record_consent(person, given=True, purpose=ConsentPurpose.FACE, actor=_clerk(person))
    asked = ask(browse, person, "copy")
    client = browse(Role.PRIVACY_OFFICER)

    response = client.post(reverse("rights-copy", args=[asked.pk]))

    assert "no-store" in response["Cache-Control"]
    archive = zipfile.ZipFile(BytesIO(response.content))
    assert archive.namelist() == ["个人信息副本.json", "个人信息副本.html"]
    held = json.loads(archive.read("个人信息副本.json"))["held"]
    assert held["基本信息"][0]["身份证号"] == person.id_number
    assert held["基本信息"][0]["手机号"] == person.phone
    assert held["单独同意"][0]["回答"] == "同意"
    assert "随时可以撤回" in held["单独同意"][0]["告知书"]
    assert held["参加的培训"][0]["状态"] == "结业"
    assert held["就业创业成果"][0]["说明"] == "在拼多多开店，卖白莲"
    assert len(held["签到"]) == 2
    assert all(row["签到"] for row in held["签到"])
    page = archive.read("个人信息副本.html").decode()
    assert person.id_number in page
    assert "结业" in page
    assert Look.objects.filter(kind="copy", trainee=person).count() == 1
    assert AuditEvent.objects.latest("pk").verb == "personal_copy.opened"


def _clerk(person: Any) -> Any:
    return actor_for(Membership.objects.get(role=Role.INSTITUTION_CLERK, programme_id=person.programme_id))


def test_no_copy_before_it_is_clear_who_asks(person: Any, browse: Browse) -> None:
    asked = ask(browse, person, "explain")
    client = browse(Role.PRIVACY_OFFICER)

    assert client.post(reverse("rights-copy", args=[asked.pk])).status_code == 409
    assert not Look.objects.filter(kind="copy").exists()


def test_the_explanation_shows_how_completion_was_computed(person: Any, browse: Browse) -> None:
    asked = ask(browse, person, "explain")
    client = browse(Role.PRIVACY_OFFICER)

    page = client.get(reverse("rights-explanation", args=[asked.pk])).content.decode()

    for words in ("结业", "电商基础知识", "计入", person.masked_id_number):
        assert words in page
    assert person.id_number not in page
    assert Look.objects.filter(kind="explanation").count() == 1

    client.post(reverse("rights-answer", args=[asked.pk]), {"answer": "当面讲清楚了"})
    asked.refresh_from_db()
    assert (asked.status, asked.answer) == ("answered", "当面讲清楚了")


def test_a_deletion_says_item_by_item_what_goes_and_what_stays(person: Any, browse: Browse) -> None:
    asked = ask(browse, person, "delete")
    client = browse(Role.PRIVACY_OFFICER)
    page = client.get(reverse("rights-request", args=[asked.pk])).content.decode()
    assert "会删什么、依法要留什么" in page
    assert "档案法第十四条" in page

    client.post(reverse("rights-answer", args=[asked.pk]), {"answer": "按清单办理"})

    person.refresh_from_db()
    assert person.phone == ""
    page = client.get(reverse("rights-request", args=[asked.pk])).content.decode()
    assert "删了什么、留下什么" in page
    assert "限制处理" in client.get(reverse("trainee", args=[person.pk])).content.decode()


def test_a_correction_shows_before_and_after(person: Any, browse: Browse) -> None:
    before = person.name
    asked = ask(browse, person, "correct")
    client = browse(Role.PRIVACY_OFFICER)
    form = client.get(reverse("rights-answer", args=[asked.pk])).content.decode()
    assert before in form

    said = {
        "name": "曾晓明",
        "phone": person.phone,
        "township": "琴江镇",
        "village": "大畲村",
        "education": "college",
        "employer": "大畲村电商服务站",
        "answer": "改好了",
    }
    client.post(reverse("rights-answer", args=[asked.pk]), said)

    page = client.get(reverse("rights-request", args=[asked.pk])).content.decode()
    assert before in page
    assert "曾晓明" in page
    assert "大专" in page
    assert "大畲村电商服务站" in page


def test_what_is_late_waits_on_the_home_of_the_officer_and_the_head(
    person: Any, browse: Browse, clock: Any
) -> None:
    receive = {"kind": "copy", "channel": "phone", "received_on": "2021-04-01"}
    browse(Role.BUREAU_REVIEWER).post(reverse("rights-add", args=[person.pk]), receive)

    for role in (Role.PRIVACY_OFFICER, Role.BUREAU_HEAD):
        waiting = {entry.what: entry for entry in browse(role).get(reverse("home")).context["waiting"]}
        assert waiting["权利请求已超期"].count == 1
        listed = browse(role).get(waiting["权利请求已超期"].href)
        assert listed.context["page_obj"].paginator.count == 1
    names = {entry.what for entry in browse(Role.BUREAU_REVIEWER).get(reverse("home")).context["waiting"]}
    assert "权利请求已超期" not in names


def test_groups_wait_on_the_home_of_township_and_department(person: Any, browse: Browse) -> None:
    for role in (Role.TOWNSHIP, Role.DATA_DEPARTMENT):
        waiting = {entry.what: entry for entry in browse(role).get(reverse("home")).context["waiting"]}
        entry = waiting["学员类别待核实"]
        assert browse(role).get(entry.href).context["page_obj"].paginator.count == entry.count


def test_a_township_sees_that_it_was_asked_and_not_what_was_done(person: Any, browse: Browse) -> None:
    asked = ask(browse, person, "copy")
    client = browse(Role.TOWNSHIP)

    assert "查阅、复制" in client.get(reverse("trainee", args=[person.pk])).content.decode()
    assert client.get(reverse("rights-request", args=[asked.pk])).status_code == 403
