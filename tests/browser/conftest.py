"""A real Chromium in front of the real site; pages are driven by what a person reads on them.

`YIDANG_PICTURES=docs/pictures` makes the tests leave the pictures of the manual there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from tests.browser.door import Door
from tests.machine import CHROMIUM, LIBATOMIC
from tests.training.signing import hold_and_close
from training.accounts.choices import Role
from training.demo.people import synthetic_people
from training.demo.scenery import PASSWORD, paper, plan_farmers_session, roster_workbook
from training.demo.stage import Clock as StageClock
from training.dossiers.reviewing import submit_dossier
from training.enrolment.services import import_roster
from training.institutions.choices import ProofKind
from training.institutions.services import add_proof, verify_proof
from training.outcomes.choices import EvidenceGrade, EvidenceKind, OutcomeKind, Platform
from training.outcomes.services import claim_outcome
from training.scheduling.services import submit_session

LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
SWITCHES = [
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]
LOCAL = "127.0.0.1", "localhost"
WITHIN = (
    "data",
    "blob",
    "chrome",
    "chrome-extension",
)  # the browser's own viewer of PDFs is an extension of it
Visit = Callable[..., Page]
TakePicture = Callable[..., None]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    for need in (CHROMIUM, LIBATOMIC):
        if not need.here():
            pytest.skip(need.message)
    executable = shutil.which("chromium")
    expect.set_options(timeout=15_000)
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright runs an event loop in the tests' thread; Django takes that for async code and
        # would refuse to set up and to clear the database there.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=executable, args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What no page may ever do, noted while it is used."""

    faults: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("request", lambda request: self._leaves(request.url))
        page.on("response", self._broken)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", self._complains)

    def _leaves(self, url: str) -> None:
        target = urlsplit(url)
        if target.scheme not in WITHIN and target.hostname not in LOCAL:
            self.faults.append(f"leaves this machine: {url}")

    def _broken(self, response: Response) -> None:
        """A refusal (4xx) may answer a person or the station's screen, but never a picture or a style sheet."""
        asked = response.request.is_navigation_request() or response.request.resource_type == "fetch"
        if response.status >= 500 or (response.status >= 400 and not asked):
            self.faults.append(f"{response.status}: {response.url}")

    def _complains(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def open_page(chromium: Browser, watch: Watch) -> Iterator[Visit]:
    """A fresh browser window, as of somebody who was never here; at the end nothing has gone wrong in any."""
    contexts = []

    def visit(address: str, *, size: Any = LAPTOP) -> Page:
        context = chromium.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        watch.over(page)
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert watch.faults == []


@pytest.fixture
def sign_in(open_page: Visit, live_server: Any) -> Visit:
    """Somebody of the first county signs in through the door; gives the first page they see."""

    def sign_in(role: Role, *, size: Any = LAPTOP) -> Page:
        names = {
            Role.INSTITUTION_CLERK: "clerk",
            Role.INSTITUTION_HEAD: "principal",
            Role.CLASS_MANAGER: "manager",
            Role.INSTRUCTOR: "instructor",
            Role.BUREAU_REVIEWER: "reviewer",
            Role.BUREAU_HEAD: "head",
            Role.TOWNSHIP: "township",
            Role.DATA_DEPARTMENT: "data",
            Role.PRIVACY_OFFICER: "privacy",
            Role.FOLLOW_UP: "followup",
            Role.LEADING_GROUP: "office",
            Role.ACCEPTANCE: "acceptance",
            Role.AUDITOR: "auditor",
            Role.FINANCE_REVIEWER: "finance",
            Role.FINANCE_PAYER: "payer",
            Role.SUPERVISOR: "supervisor",
            Role.ADMIN: "root",
        }
        page = open_page(live_server.url, size=size)
        page.get_by_label("账号").fill(f"sc-2020-{names[role]}")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name="等您处理")).to_be_visible()
        return page

    return sign_in


@pytest.fixture
def picture() -> TakePicture:
    """Keep what the window of a laptop shows, where pictures are asked for."""
    directory = os.environ.get("YIDANG_PICTURES")

    def take(page: Page, name: str) -> None:
        if directory is None:
            return
        size = page.viewport_size
        page.set_viewport_size(LAPTOP)
        page.screenshot(path=Path(directory) / f"{name}.png", animations="disabled", caret="hide")
        if size:
            page.set_viewport_size(size)

    return take


@pytest.fixture
def taught(approved: Any, clock: Any) -> Any:
    """The session was held and closed; the second instructor's proof is still missing."""
    hold_and_close(approved, clock, absent=[12])
    return approved


@pytest.fixture
def handed_in(taught: Any, clock: Any) -> Any:
    """The nine items are complete and the dossier lies at the bureau."""
    clerk = taught.actor(Role.INSTITUTION_CLERK)
    proof = add_proof(
        taught.instructors[1].pk,
        kind=ProofKind.QUALIFICATION,
        number="电商师 2020-3607-0977",
        issuer="江西省职业技能鉴定指导中心",
        valid_until=None,
        file=paper("助理电子商务师资格证书", "姓名：王思敏"),
        actor=clerk,
    )
    verify_proof(proof.pk, actor=taught.actor(Role.BUREAU_REVIEWER))
    submit_dossier(taught.session.pk, actor=taught.actor(Role.INSTITUTION_HEAD))
    clock.advance(hours=2)
    return taught


@pytest.fixture
def a_month_later(handed_in: Any, clock: Any) -> Any:
    """The first follow-ups are due."""
    clock.advance(days=31)
    return handed_in


@pytest.fixture
def busy(a_month_later: Any) -> Any:
    """Work for every role: a dossier to judge, an application to approve, a draft, an outcome to verify."""
    county = a_month_later
    agreement, clerk = county.session.agreement, county.actor(Role.INSTITUTION_CLERK)
    for number, day in enumerate((date(2021, 7, 6), date(2021, 7, 8))):
        session, _venue = plan_farmers_session(
            county.institution, agreement, county.instructors, on=day, actor=clerk
        )
        roster = roster_workbook(synthetic_people(8, seed=20 + number))
        import_roster(session.pk, name="名册.xlsx", data=roster, actor=clerk)
    submit_session(session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    claim_outcome(
        county.session.enrolments.first().pk,
        kind=OutcomeKind.STARTED_UP,
        started_on=date(2021, 6, 10),
        grade=EvidenceGrade.PLATFORM,
        description="开设网店，首月成交 23 单。",
        platform=Platform.TAOBAO,
        shop_url="https://shop1234567.taobao.com/",
        shop_seen_on=date(2021, 6, 17),
        evidence=EvidenceKind.SHOP,
        papers=[paper("网店开设截图", "店铺：石城莲香小店")],
        actor=county.actor(Role.FOLLOW_UP),
    )
    return county


@pytest.fixture
def door(
    approved: Any, clock: Any, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Door]:
    """The classroom's door with an enrolled station, on the morning of the class."""
    monkeypatch.setenv("YIDANG_CLOCK_FILE", str(clock.path))
    with Door.at(tmp_path / "door", approved, live_server, StageClock(clock.path)) as door:
        yield door
