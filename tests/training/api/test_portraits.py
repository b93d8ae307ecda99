"""A face template's life on a real station's journal, as the county sees it: made, withdrawn, gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kiosk.clock import CLOCK_FILE
from kiosk.clock import Clock as StationClock
from kiosk.envelope import Enrolled, encode_key
from kiosk.journal import Identity, Journal, Portrait, Receipt
from tests.training.signing import prove
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent
from training.attendance.queries import templates
from training.dossiers.services import close_session
from training.enrolment.models import Enrolment
from training.stations.services import issue_code

PORTRAIT = Portrait((0.125,) * 128, "dlib_face_recognition_resnet_model_v1")


@dataclass
class Desk:
    """A station's journal and the server's own addresses; the network cable is a method call."""

    journal: Journal
    clock: StationClock
    token: str
    http: Client

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def download(self) -> None:
        package = self.http.get(reverse("api-package"), headers=self.headers)
        self.journal.keep_package(package.content, self.clock)

    def upload(self) -> list[tuple[str, str]]:
        """Hand over what waits; status and reason of each."""
        waiting = [envelope.model_dump() for envelope in self.journal.pending(200)]
        answer = self.http.post(
            reverse("api-events"),
            {"envelopes": waiting},
            content_type="application/json",
            headers=self.headers,
        )
        receipts = [Receipt(**receipt) for receipt in answer.json()["receipts"]]
        self.journal.keep_receipts(receipts)
        return [(receipt.status, receipt.reason) for receipt in receipts]

    def sign(self, kind: str, enrolment: Enrolment, lesson: Any, method: str) -> None:
        about = {"session": lesson.training_session.code, "lesson": lesson.pk, "method": method}
        person = Enrolled(enrolment=enrolment.pk)
        self.journal.append(self.journal.compose(self.clock, kind=kind, person=person, **about))


def browser(county: Any, role: Role) -> Client:
    client = Client()
    client.force_login(county.user(role))
    return client


def answer(county: Any, enrolment: Enrolment, given: str) -> None:
    """What the institution enters on its roster page."""
    clerk = browser(county, Role.INSTITUTION_CLERK)
    assert clerk.post(reverse("consent", args=[enrolment.pk]), {"given": given}).status_code == 302


@pytest.fixture
def person(approved: Any) -> Enrolment:
    """Number 1 of the roster, who agreed to a face check."""
    found: Enrolment = approved.session.enrolments.get(number=1)
    answer(approved, found, "yes")
    return found


@pytest.fixture
def desk(
    approved: Any, clock: Any, person: Enrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """An enrolled station with its roster, on which that person's portrait was made."""
    monkeypatch.setenv(CLOCK_FILE, str(clock.path))
    code = issue_code(
        approved.institution.pk, station_name="一号终端", actor=approved.actor(Role.BUREAU_REVIEWER)
    )
    with Journal(tmp_path / "station") as journal:
        body = {
            "code": code,
            "public_key": encode_key(journal.signing_key.public_key()),
            "proof": prove(code, journal.signing_key),
            "software": "test",
        }
        http = Client()
        welcome = http.post(reverse("api-enrol"), body, content_type="application/json").json()
        del welcome["server_time"]
        journal.keep_identity(Identity(server="http://testserver", **welcome))
        desk = Desk(journal, StationClock(), welcome["token"], http)
        desk.download()
        assert journal.keep_portrait(person.pk, PORTRAIT, desk.clock)
        yield desk


def shown(county: Any) -> list[tuple[str, str, bool, bool]]:
    """Name, station, made, gone: the rows of the bureau's table."""
    return [
        (row.enrolment.trainee.name, row.station.name, bool(row.made), bool(row.forgotten))
        for row in templates(county.session)
    ]


def test_a_withdrawn_consent_deletes_the_template_and_leaves_the_attendance(
    approved: Any, clock: Any, desk: Desk, person: Enrolment
) -> None:
    """Deleted on the station with a signed log; what was signed stays; the rest goes by card."""
    lesson, name = approved.session.lessons.first(), person.trainee.name
    desk.sign("sign_in", person, lesson, "card+face")
    assert desk.upload() == [("accepted", "")] * 2
    assert shown(approved) == [(name, "一号终端", True, False)]

    answer(approved, person, "no")
    desk.download()

    assert desk.journal.portraits() == set()
    assert desk.upload() == [("accepted", "")]
    assert shown(approved) == [(name, "一号终端", True, True)]
    clock.set(lesson.ends_at)
    desk.sign("sign_out", person, lesson, "card")
    assert desk.upload() == [("accepted", "")]
    assert list(AttendanceEvent.objects.order_by("seq").values_list("kind", "method", "enrolment")) == [
        ("portrait", "", person.pk),
        ("sign_in", "card+face", person.pk),
        ("forget", "", person.pk),
        ("sign_out", "card", person.pk),
    ]


def test_the_bureau_sees_who_still_has_a_template_where_and_opens_the_record(
    approved: Any, desk: Desk, person: Enrolment
) -> None:
    desk.upload()
    bureau = browser(approved, Role.BUREAU_REVIEWER)
    record = AttendanceEvent.objects.get()

    page = bureau.get(reverse("bureau-session", args=[approved.session.pk])).content.decode()
    opened = bureau.get(reverse("bureau-event", args=[record.pk])).content.decode()

    assert "仍在终端上" in page
    assert reverse("bureau-event", args=[record.pk]) in page
    assert "登记肖像" in opened
    assert person.trainee.name in opened
    assert "不计入签到名册" in opened


def test_the_deletion_at_the_end_of_the_session_is_believed_though_the_session_is_closed(
    approved: Any, clock: Any, desk: Desk, person: Enrolment
) -> None:
    for lesson in approved.session.lessons.all():
        clock.set(lesson.starts_at)
        desk.sign("sign_in", person, lesson, "card+face")
        clock.set(lesson.ends_at + timedelta(minutes=1))
        desk.sign("sign_out", person, lesson, "card")
    desk.upload()
    close_session(approved.session.pk, actor=approved.actor(Role.INSTITUTION_CLERK))

    desk.download()

    assert desk.journal.portraits() == set()
    assert desk.upload() == [("accepted", "")]
    assert [(made, gone) for _name, _station, made, gone in shown(approved)] == [(True, True)]
    page = browser(approved, Role.AUDITOR).get(reverse("bureau-dossier", args=[approved.session.dossier.pk]))
    assert "仍在终端上" not in page.content.decode()
    assert AttendanceEvent.objects.get(kind="forget").get_kind_display() == "删除肖像"
