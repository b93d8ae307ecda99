"""Each of the five counties plans a session by its own rules, and sees nothing of the others."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.conftest import Clock, County
from tests.training.reviews import review_and_seal
from tests.training.signing import hold_and_close
from tests.training.web.test_url_matrix import named_patterns
from training.accounts.choices import Role
from training.claims.models import Claim
from training.demo.people import SyntheticPerson, synthetic_people
from training.demo.scenery import (
    FARMERS_PLAN,
    Staff,
    add_county_staff,
    add_institution,
    add_instructors,
    paper,
    roster_workbook,
)
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.institutions.models import Agreement, Institution, Instructor
from training.institutions.services import verify_proof
from training.programmes.models import Programme, Region
from training.programmes.preset import ClassType, Preset
from training.programmes.preset_file import load_preset, preset_names
from training.programmes.services import adopt_draft, load_regions, save_section
from training.scheduling.models import TrainingSession, Venue

FIVE = preset_names()
CLERK, HEAD, REVIEWER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.BUREAU_REVIEWER
USCC = "91360735MA35NXTP4H"
LICENSED_FROM = date(2019, 1, 1)


@dataclass
class Place:
    """A county set up from its preset by the command, with one institution; the day of its class lies ahead."""

    rules: Preset
    programme: Programme
    county_staff: Staff
    institution: Institution
    institution_staff: Staff
    instructors: tuple[Instructor, Instructor]
    day: date

    def browse(self, role: Role) -> Client:
        staff = self.institution_staff if role in self.institution_staff.members else self.county_staff
        client = Client()
        client.force_login(staff.members[role].user)
        return client


@cache
def preset(name: str) -> Preset:
    return load_preset(name)


@pytest.fixture
def settle(db: None, clock: Clock, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path / "media"

    def at(name: str) -> Place:
        rules = preset(name)
        day = max(rules.window.starts_on, LICENSED_FROM) + timedelta(days=150)
        clock.set(datetime.combine(day - timedelta(days=10), time(1), UTC))
        call_command("load_programme", name)
        programme = Programme.objects.get(code=rules.code)
        county_staff = add_county_staff(programme, f"{name}-")
        institution, staff = add_institution(
            programme,
            name=f"{rules.county}兴农电商培训中心",
            uscc=USCC,
            prefix=f"{name}-",
            bureau=county_staff.actor(Role.BUREAU_HEAD),
        )
        instructors = add_instructors(institution, actor=staff.actor(CLERK))
        return Place(rules, programme, county_staff, institution, staff, instructors, day)

    return at


def shown(response: Any) -> str:
    """The words on a page."""
    assert response.status_code == 200, response
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def see(client: Client, name: str, *args: Any) -> str:
    return shown(client.get(reverse(name, args=args)))


def post(client: Client, name: str, /, *args: Any, **fields: Any) -> str:
    return shown(client.post(reverse(name, args=args), fields, follow=True))


def scan_of(title: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(*paper(title))


def sign_agreement(place: Place, line: str) -> Agreement:
    """The institution enters its agreement under a fund line of the county, and the bureau's head confirms it."""
    fund_line = place.programme.fund_lines.get(code=line)
    post(
        place.browse(CLERK),
        "agreement-add",
        kind="agreement",
        number=f"{place.rules.code}-{line}",
        fund_line=fund_line.pk,
        signed_on=place.rules.window.starts_on,
        valid_from=place.rules.window.starts_on,
        valid_until=place.rules.window.ends_on,
        unit_price_fen="300",
        file=scan_of("委托培训协议"),
    )
    agreement = Agreement.objects.get(number=f"{place.rules.code}-{line}")
    for rate in {rate for kind in place.rules.class_types for rate in kind.required_rates}:
        promise = {"rate": rate, "percent": "60", "formula": "创业人数 ÷ 结业人数", "window": "180 天内"}
        post(place.browse(CLERK), "agreement-indicator", agreement.pk, **promise)
    post(place.browse(Role.BUREAU_HEAD), "agreement-confirm", agreement.pk)
    return Agreement.objects.get(pk=agreement.pk)


BUDGET = {
    "line-TOTAL_FORMS": "1",
    "line-INITIAL_FORMS": "0",
    "line-0-name": "讲课费",
    "line-0-price": "300",
    "line-0-quantity": "8",
    "line-0-unit": "学时",
}


def people_of(rules: Preset, count: int) -> Iterable[SyntheticPerson]:
    """Every group in turn, by name and by its other words."""
    words = cycle(rules.group_words)
    return [replace(person, group=next(words)) for person in synthetic_people(count, seed=7)]


def plan(place: Place, kind: ClassType, agreement: Agreement) -> TrainingSession:
    """The clerk walks through the planning pages; the class has one lesson in each half of the day."""
    client, rules = place.browse(CLERK), place.rules
    category = rules.categories[0]
    fields = FARMERS_PLAN | {"category": category.code, "class_type": kind.code, "form": rules.forms[0].code}
    form = see(client, "session-plan")
    assert all(word.name in form for word in (*rules.categories, *rules.class_types, *rules.forms))
    post(client, "session-plan", agreement_id=agreement.pk, **fields)
    session = TrainingSession.objects.get(agreement=agreement)
    post(client, "venue-add", name="公共服务中心教室", address="中心大道 2 号", seats=60)
    venue = Venue.objects.get(institution=place.institution)
    hours = (("09:00", "11:15"), ("14:00", "16:15"))
    for (start, end), topic, instructor in zip(
        hours, cycle(category.topics), place.instructors, strict=False
    ):
        post(
            client,
            "lesson-add",
            session.pk,
            on=place.day,
            start=start,
            end=end,
            topic=topic.name,
            instructor_id=instructor.pk,
            venue_id=venue.pk,
        )
        post(client, "courseware-add", topic=topic.name, title=f"{topic.name}讲义", file=scan_of("讲义"))
    pieces = list(place.institution.courseware.values_list("pk", flat=True))
    post(client, "session-courseware", session.pk, courseware_ids=pieces)
    post(client, "witness-add", session.pk, name="温支书", post="村支书", pin="602917")
    post(client, "session-budget", session.pk, **BUDGET)
    roster = SimpleUploadedFile("名册.xlsx", roster_workbook(people_of(rules, len(rules.group_words))))
    post(client, "roster", session.pk, file=roster)
    return session


def approve(place: Place, session: TrainingSession) -> None:
    post(place.browse(HEAD), "session-submit", session.pk)
    post(place.browse(REVIEWER), "bureau-session-approve", session.pk)
    session.refresh_from_db()


@pytest.mark.parametrize("name", FIVE)
def test_a_county_plans_by_its_own_words_and_the_bureau_approves(settle: Any, name: str) -> None:
    place = settle(name)
    rules = place.rules
    session = plan(place, rules.class_types[0], sign_agreement(place, "training"))

    everyone = session.enrolments.order_by("number")
    assert [row.group for row in everyone] == list(rules.group_words.values())
    approve(place, session)
    page = see(place.browse(CLERK), "session", session.pk)
    assert all(
        item.title in page if item in rules.items_for(session.class_type) else item.title not in page
        for item in rules.items
    )
    assert rules.categories[0].name in see(place.browse(REVIEWER), "bureau-session", session.pk)


@pytest.mark.parametrize("name", FIVE)
def test_the_programme_page_has_every_section_with_its_source(settle: Any, name: str) -> None:
    place = settle(name)
    rules = place.rules
    page = see(place.browse(REVIEWER), "programme")

    rows = (*rules.notices, *rules.acceptance, *rules.reports, *rules.fund_shares, *rules.ineligible_costs)
    rows += (*rules.targets, *rules.items, *rules.rules, *rules.place_marks, *rules.fund_lines, *rules.phases)
    rows += (
        *rules.phones,
        *rules.groups,
        *rules.class_types,
        *rules.forms,
        *rules.aims,
        *rules.institution_kinds,
        *rules.claim_modes,
    )
    said = [row.note for row in rows if row.note] + [row.clause for row in rows]
    assert [words for words in said if " ".join(words.split()) not in page] == []
    assert rules.document.file in page
    assert f"本版共有 {len(rules.unconfirmed)} 处待确认" in page
    assert ("文件没有规定标识文字，待确认。" in page) == (rules.mark is None)
    assert ("文件没有给出监督电话，待确认。" in page) == (not rules.phones)
    assert ("文件没有给本项目定培训任务。" in page) == (not rules.targets)


LISTED_HERE = {"start_up_rate", "shop_growth", "poor_training", "village_reach"}


@pytest.mark.parametrize("name", FIVE)
def test_every_target_has_a_figure_or_says_what_is_missing_and_who_supplies_it(
    settle: Any, name: str
) -> None:
    place = settle(name)
    head = place.browse(Role.BUREAU_HEAD)
    page = see(head, "indicators")

    for target in place.rules.targets:
        heading = page.index(f"{target.metric} ")
        said = page[heading : heading + 400]
        assert target.counts or "无法计算" in said or re.search(rf"{target.metric}.*? 0(\.0)? / ", said), said
        status = head.get(reverse("target-enrolments", args=[target.code])).status_code
        assert status == (200 if target.counts or target.counted_by in LISTED_HERE else 404)


WHY = {
    "poor_shop_growth": "没有基年的开店转化率，请商务局填写数值和来源。",
    "village_coverage": "行政区划里还没有登记贫困村，请商务局导入名单。",
    "businesses_growth": "还没有数据，请商务局按有关部门提供的数填写，附来源。",
}


def test_the_reason_is_that_of_the_target(settle: Any) -> None:
    page = see(settle("yongshun").browse(Role.BUREAU_HEAD), "indicators")

    assert all(reason in page for reason in WHY.values())


def test_ac47_a_county_whose_document_owes_nothing_shows_no_target_and_its_own_money(settle: Any) -> None:
    place = settle("jinkouhe")
    page = see(place.browse(Role.BUREAU_HEAD), "dashboard")

    assert "按时间进度应达到" not in page
    assert "计划：省" in page
    assert "农村电子商务培训占专项资金 10.0 %" in page


def test_a_county_without_targets_is_told_so(settle: Any) -> None:
    assert "本项目没有设任务指标" in see(settle("jinkouhe").browse(Role.BUREAU_HEAD), "indicators")


def test_a_class_of_another_fund_line_needs_that_lines_agreement(settle: Any) -> None:
    place = settle("baofeng")
    training, station = sign_agreement(place, "training"), sign_agreement(place, "station")
    fields = FARMERS_PLAN | {"category": "skills", "class_type": "station_staff", "form": "on_site"}

    refused = place.browse(CLERK).post(reverse("session-plan"), fields | {"agreement_id": training.pk})
    assert refused.status_code == 422
    assert "“站点工作人员培训”由“乡村服务站点（站点工作人员培训）”支付" in refused.content.decode()
    assert not TrainingSession.objects.exists()
    post(place.browse(CLERK), "session-plan", **fields, agreement_id=station.pk)
    assert TrainingSession.objects.get().agreement == station


@pytest.mark.parametrize(
    ("name", "kind"), [("yongshun", "practical"), ("jinkouhe", "operator"), ("huidong", "skills")]
)
def test_a_session_is_sealed_and_claimed_by_the_countys_own_items(
    settle: Any, clock: Clock, django_capture_on_commit_callbacks: Any, name: str, kind: str
) -> None:
    """No mark or telephone in two of them; an item of the county's own in two of them."""
    place = settle(name)
    session = plan(place, place.rules.class_type(kind), sign_agreement(place, "training"))
    approve(place, session)
    county = County(
        place.programme,
        place.institution,
        place.county_staff,
        place.institution_staff,
        place.instructors,
        session,
    )
    hold_and_close(county, clock)
    head = place.browse(HEAD)
    post(
        head,
        "instructor",
        place.instructors[1].pk,
        kind="title",
        number="1",
        issuer="人社厅",
        file=scan_of("职称"),
    )
    proof = place.instructors[1].proofs.get(kind="title")
    verify_proof(proof.pk, actor=county.actor(Role.BUREAU_REVIEWER))
    for item in place.rules.items_for(kind)[9:]:
        refused = head.post(reverse("dossier-submit", args=[session.pk]))
        assert f"缺 {item.code}：没有材料" in refused.content.decode()
        post(
            head,
            "evidence-add",
            session.pk,
            item=item.code,
            kind="other",
            caption=item.title,
            uploads=scan_of("记录"),
        )
    post(head, "dossier-submit", session.pk)
    with django_capture_on_commit_callbacks(execute=True):
        review_and_seal(county, Role.BUREAU_HEAD)
    post(head, "session-claim", session.pk)

    assert Dossier.objects.get().status == DossierStatus.SEALED
    assert Claim.objects.get().fund_line.code == "training"
    figures = see(place.browse(Role.BUREAU_HEAD), "indicators")
    people = len(place.rules.group_words)
    assert (f"培训人次 {people} / " in figures) == bool(place.rules.targets)
    if name == "yongshun":
        assert f"专业实操型培训人次 {people} / 3000" in figures
        assert "普及性培训人次 0 / 6000" in figures
        assert "只计班型为“专业实操型培训”的期。" in figures


def changed_rules(place: Place) -> None:
    """The county has a version that waits for its day, a draft behind it, and a list of its places."""
    head = place.county_staff.actor(Role.BUREAU_HEAD)
    county, programme = place.rules.county, place.programme.pk
    planning = place.rules.planning.model_dump(mode="json") | {"lead_working_days": 5}
    draft = save_section(programme, "planning", planning | {"note": f"{county}会议纪要"}, actor=head)
    on = place.day + timedelta(days=30)
    adopt_draft(draft.pk, effective_on=on, reason=f"{county}规定", actor=head)
    save_section(programme, "planning", planning | {"note": f"{county}再改"}, actor=head)
    names = f"代码,名称\n{place.rules.region_code}901,{county}第一镇\n"
    load_regions(programme, data=names.encode(), source=f"{county}民政局", actor=head)


def addresses() -> list[str]:
    """Every address of the site that needs no id: the same words for each county.

    But for the public's list of counties, which names them all.
    """
    names = {pattern.name for pattern in named_patterns() if not pattern.pattern.converters} - {"portal"}
    return sorted(reverse(name) for name in names)


def words_on(client: Client, address: str) -> str:
    """What is on the page or in the file; nothing where the role, or a look alone, gets nowhere."""
    response = client.get(address)
    return b"".join(response).decode("utf-8", "replace") if response.status_code == 200 else ""


SEES = (Role.BUREAU_HEAD, CLERK)


def test_side_by_side_no_county_sees_anything_of_another(settle: Any, clock: Clock) -> None:
    """Everything of five counties in one installation; every page and list of each names its own county alone."""
    places = []
    for name in FIVE:
        place = settle(name)
        plan(place, place.rules.class_types[0], sign_agreement(place, "training"))
        changed_rules(place)
        places.append(place)
    clock.set(datetime.combine(max(place.day for place in places), time(1), UTC))

    for place in places:
        theirs = {
            word
            for other in places
            if other is not place
            for word in (other.rules.county, other.programme.name, other.rules.code)
        }
        pages = {
            (role, address): words_on(client, address)
            for role in SEES
            for client in [place.browse(role)]
            for address in addresses()
        }
        leaks = {page: {word for word in theirs if word in text} for page, text in pages.items()}
        assert {page: words for page, words in leaks.items() if words} == {}
        assert sum(place.rules.county in text for text in pages.values()) > 30, place.rules.county


@pytest.mark.parametrize("about", ["region-poor", "bureau-institution"])
def test_an_address_with_an_id_of_another_county_leads_nowhere(settle: Any, about: str) -> None:
    theirs = settle("huidong")
    changed_rules(theirs)
    ours = settle("shicheng")
    pk = theirs.institution.pk
    if about == "region-poor":
        pk = Region.objects.get(programme=theirs.programme, level="township").pk

    assert theirs.browse(REVIEWER).get(reverse(about, args=[pk])).status_code == 200
    assert ours.browse(REVIEWER).get(reverse(about, args=[pk])).status_code == 404
    assert ours.browse(REVIEWER).get(reverse("rule-version", args=[2])).status_code == 404
