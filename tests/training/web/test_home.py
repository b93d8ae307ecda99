"""What waits for whom, the health of the installation, and files through the rows that own them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.training.reviews import review_and_seal
from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.accounts.models import User
from training.core.models import AuditEvent, StoredFile
from training.web.navigation import links_for

CLERK = Role.INSTITUTION_CLERK
REVIEWER = Role.BUREAU_REVIEWER
AT_WORK = [role for role in Role if role != Role.ADMIN]


def waiting(client: Client) -> dict[str, int]:
    return {entry.what: entry.count for entry in client.get(reverse("home")).context["waiting"]}


def test_an_institution_sees_its_draft(county: Any, browse: Callable[..., Client]) -> None:
    assert waiting(browse(CLERK)) == {
        "草稿待提交": 1,
        "开班申请被退回": 0,
        "上完课待结课": 0,
        "档案待补齐、提交": 0,
        "已封存待申领": 0,
    }


def test_after_class_it_is_the_archive_that_waits(closed: Any, browse: Callable[..., Client]) -> None:
    assert waiting(browse(CLERK))["档案待补齐、提交"] == 1


def test_a_class_that_is_over_waits_to_be_closed(
    approved: Any, clock: Any, browse: Callable[..., Client]
) -> None:
    assert waiting(browse(CLERK))["上完课待结课"] == 0
    clock.advance(hours=12)
    assert waiting(browse(CLERK))["上完课待结课"] == 1


@pytest.mark.parametrize("role", AT_WORK)
def test_every_figure_leads_to_a_page_that_this_role_may_read(
    closed: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)
    entries = client.get(reverse("home")).context["waiting"]

    assert entries
    assert [client.get(entry.href).status_code for entry in entries] == [200] * len(entries)


@pytest.mark.parametrize("role", AT_WORK)
def test_every_link_at_the_top_opens_for_its_role(
    county: Any, browse: Callable[..., Client], role: Role
) -> None:
    client = browse(role)
    areas = client.get(reverse("home")).context["links"]

    assert len(areas) > 1
    for area in areas:
        for place in area.places:
            page = client.get(place.href)
            assert page.status_code == 200
            (here,) = [other for other in page.context["links"] if other.current]
            assert here.label == area.label
            assert [link.href for link in here.places if link.current] == [place.href]


@pytest.mark.parametrize(
    ("role", "name", "args", "place"),
    [
        (CLERK, "register-scans", [], "各期培训"),
        (CLERK, "dossier-versions", [1], "各期培训"),
        (CLERK, "register", [1], "各期培训"),
        (CLERK, "corrections", [], "更正"),
        (REVIEWER, "reuses", [], "期与档案"),
        (REVIEWER, "session-doubts", [1], "期与档案"),
        (Role.AUDITOR, "attendance-person", [1], "期与档案"),
    ],
)
def test_a_page_that_the_top_does_not_name_lies_under_one_that_it_names(
    role: Role, name: str, args: list[int], place: str
) -> None:
    areas = links_for(role, reverse(name, args=args))

    assert [link.label for area in areas for link in area.places if link.current] == [place]


def test_the_bureau_sees_what_was_handed_in(handed_in: Any, browse: Callable[..., Client]) -> None:
    assert waiting(browse(REVIEWER)) == {
        "开班申请待审批": 0,
        "更正待核准": 0,
        "培训档案待核验": 1,
        "签到记录没有计入": 0,
        "签到记录不可信": 0,
        "行政区划未导入": 1,
        "培训机构待入库": 0,
        "培训机构家数不足": 1,
        "成果待核实": 0,
        "授课人待评价的期": 1,
    }


def test_the_follow_up_officer_sees_what_is_overdue(
    closed: Any, clock: Any, browse: Callable[..., Client]
) -> None:
    clock.set(closed.session.closed_at + timedelta(days=31))
    assert waiting(browse(Role.FOLLOW_UP)) == {
        "回访已超期": 10,
        "今天应回访": 0,
        "转介等回音": 0,
        "成果待核实": 0,
    }


def test_nobody_is_asked_to_verify_their_own_claim(closed: Any, browse: Callable[..., Client]) -> None:
    claim_shop(closed)
    assert waiting(browse(Role.FOLLOW_UP))["成果待核实"] == 0
    assert waiting(browse(REVIEWER))["成果待核实"] == 1


def test_another_county_adds_nothing(county: Any, other_county: Any, browse: Callable[..., Client]) -> None:
    assert waiting(browse(CLERK))["草稿待提交"] == 1


def test_an_account_without_a_role_is_told_whom_to_ask(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("new", display_name="新来的"))
    page = client.get(reverse("home"))

    assert page.status_code == 200
    assert "您的账号还没有岗位" in page.content.decode()


def test_health_is_json_for_monitors_and_a_page_for_people(county: Any) -> None:
    body = Client().get(reverse("health")).json()
    assert body.pop("version")["ok"]
    assert body == {
        "ok": True,
        "database": {"ok": True, "detail": connection.vendor},
        "storage": {"ok": True, "detail": "可写"},
        "fonts": {"ok": True, "detail": "已就绪"},
        "queue": {"ok": True, "detail": "0 个等待处理"},
        "clock": {"ok": True, "detail": "演示时钟"},
    }
    assert "一切正常" in Client().get(reverse("health"), headers={"accept": "text/html"}).content.decode()


def test_health_answers_503_when_the_disk_cannot_be_written(
    county: Any, settings: Any, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    settings.MEDIA_ROOT = blocked
    answer = Client().get(reverse("health"))

    assert answer.status_code == 503
    assert answer.json()["storage"] == {"ok": False, "detail": "写不进去，请检查磁盘空间和目录权限。"}


def every_file(county: Any) -> list[str]:
    session, institution = county.session, county.institution
    owners = {
        "licence": institution.licences.first(),
        "agreement": institution.agreements.first(),
        "proof": county.instructors[0].proofs.first(),
        "courseware": institution.courseware.first(),
        "evidence": session.evidence.first(),
        "roster": session.roster_imports.first(),
        "outcome": claim_shop(county).evidence.get(),
        "dossier-pdf": session.dossier,
        "dossier-package": session.dossier,
    }
    return [reverse("file", args=[kind, owner.pk]) for kind, owner in owners.items()]


@pytest.fixture
def sealed(handed_in: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(handed_in)
    handed_in.session.refresh_from_db()
    return handed_in


def test_every_file_opens_for_the_bureau_and_for_no_other_county(
    sealed: Any, other_county: Any, browse: Callable[..., Client]
) -> None:
    files = every_file(sealed)

    assert [browse(REVIEWER).get(file).status_code for file in files] == [200] * 9
    for role in (REVIEWER, CLERK, Role.AUDITOR):
        assert [browse(role, other_county).get(file).status_code for file in files] == [404] * 9
    assert [Client().get(file).status_code for file in files] == [302] * 9


def test_a_file_comes_back_byte_for_byte_under_its_own_name(
    sealed: Any, browse: Callable[..., Client]
) -> None:
    package = sealed.session.dossier.package
    answer = browse(REVIEWER).get(reverse("file", args=["dossier-package", sealed.session.dossier.pk]))

    assert len(answer.getvalue()) == package.size
    assert answer["Content-Disposition"] == f'attachment; filename="{sealed.session.code}.zip"'


def test_opening_a_sensitive_file_is_on_record(county: Any, browse: Callable[..., Client]) -> None:
    roster = county.session.roster_imports.get()
    browse(CLERK).get(reverse("file", args=["roster", roster.pk]))

    opened = AuditEvent.objects.get(verb="file.opened")
    assert (opened.user, opened.details) == (
        county.user(CLERK),
        {"kind": "roster", "sha256": roster.file.sha256},
    )


def test_the_roster_file_with_its_numbers_is_not_for_the_follow_up_officer(
    county: Any, browse: Callable[..., Client]
) -> None:
    address = reverse("file", args=["roster", county.session.roster_imports.get().pk])

    assert browse(Role.FOLLOW_UP).get(address).status_code == 403
    assert not AuditEvent.objects.filter(verb="file.opened").exists()


@pytest.mark.parametrize(
    "address", ["/files/licence/999999", "/files/passwords/1", "/files/dossier-pdf/999999"]
)
def test_a_file_that_is_not_there_is_not_found(
    county: Any, browse: Callable[..., Client], address: str
) -> None:
    assert browse(CLERK).get(address).status_code == 404


def test_an_unsealed_dossier_has_no_pdf_yet(closed: Any, browse: Callable[..., Client]) -> None:
    address = reverse("file", args=["dossier-pdf", closed.session.dossier.pk])

    assert browse(CLERK).get(address).status_code == 404


def test_a_file_that_the_disk_lost_or_changed_says_so(county: Any, browse: Callable[..., Client]) -> None:
    licence = county.institution.licences.first()
    stored = StoredFile.objects.get(pk=licence.file_id)
    Path(stored.file.path).write_bytes(b"something else")
    answer = browse(CLERK).get(reverse("file", args=["licence", licence.pk]))

    assert answer.status_code == 500
    assert "请联系系统管理员从备份恢复" in answer.content.decode()
