"""Synthetic institutions, papers and plans: what the demo plays with and the tests start from.

Everything goes through the same services as a person's clicks; nobody here exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from io import BytesIO
from typing import Any

from django.conf import settings
from openpyxl import load_workbook
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from training.accounts.choices import Body, Department, Role
from training.accounts.models import Membership
from training.accounts.queries import actor_for
from training.accounts.services import add_member
from training.core.actor import SYSTEM, Actor
from training.courses.models import Outline
from training.courses.rules import OutlineLine
from training.courses.services import (
    add_course,
    add_courseware,
    approve_outline,
    submit_outline,
    write_outline,
)
from training.demo.people import PLACES, SyntheticPerson
from training.dossiers import fonts
from training.enrolment.columns import SEX_WORDS, SHEET
from training.enrolment.roster_book import HEADING_ROW, roster_template
from training.institutions.choices import (
    AgreementKind,
    InstructorSource,
    LicenceKind,
    Procurement,
    ProofKind,
    Teaches,
)
from training.institutions.models import Agreement, Institution, Instructor
from training.institutions.queries import kind_names, rules_today
from training.institutions.services import (
    activate_agreement,
    add_agreement,
    add_instructor,
    add_licence,
    add_proof,
    admit_institution,
    confirm_scope,
    refuse_proof,
    register_institution,
    revise_details,
    submit_institution,
    verify_licence,
    verify_proof,
)
from training.programmes.models import Programme
from training.programmes.queries import rule_set_on
from training.programmes.region_file import CODE, NAME, POOR_FROM
from training.programmes.services import load_regions
from training.scheduling.budget import BudgetItem, write_budget
from training.scheduling.choices import VenueKind
from training.scheduling.lessons import add_lesson
from training.scheduling.models import TrainingSession, Venue
from training.scheduling.services import add_witness, pin_courseware, plan_session
from training.scheduling.venues import add_venue

PASSWORD = "yidang-demo-2021"  # noqa: S105  printed on the demo's screen
TOWNSHIP = "琴江镇"  # where the township officer works
WITNESS_PIN = "360735"


@dataclass(frozen=True)
class Staff:
    """The people at work in one county and one institution, by role."""

    members: dict[Role, Membership]

    def actor(self, role: Role) -> Actor:
        return actor_for(self.members[role])


@cache
def paper(title: str, *lines: str) -> tuple[str, bytes]:
    """A one-page PDF that stands in for a scan: (file name, bytes)."""
    fonts.register(settings.FONTS_DIR)
    target = BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True, initialFontName=fonts.REGULAR)
    canvas.setFont(fonts.BOLD, 20)
    canvas.drawCentredString(A4[0] / 2, 720, title)
    canvas.setFont(fonts.REGULAR, 12)
    for number, line in enumerate((*lines, "（演示用合成材料，不代表任何真实单位或个人）")):
        canvas.drawString(90, 660 - 26 * number, line)
    canvas.save()
    return f"{title}.pdf", target.getvalue()


def add_county_staff(programme: Programme, prefix: str = "", *, township: str = TOWNSHIP) -> Staff:
    """One account of every role that works for the county; the township officer works in `township`."""
    people = {
        Role.BUREAU_REVIEWER: ("reviewer", "温审核", "商务局"),
        Role.BUREAU_HEAD: ("head", "赖局长", "商务局"),
        Role.FINANCE_REVIEWER: ("finance", "罗财审", "财政局"),
        Role.FINANCE_PAYER: ("payer", "曾拨付", "财政局"),
        Role.TOWNSHIP: ("township", "廖乡干", f"{township}人民政府"),
        Role.DATA_DEPARTMENT: ("data", "熊核实", "农业农村局"),
        Role.FOLLOW_UP: ("followup", "黄跟踪", "商务局"),
        Role.PRIVACY_OFFICER: ("privacy", "刘保护", "商务局"),
        Role.LEADING_GROUP: ("office", "钟汇总", "电商工作领导小组办公室"),
        Role.ACCEPTANCE: ("acceptance", "古验收", "审计局"),
        Role.SUPERVISOR: ("supervisor", "谢监理", "第三方监理"),
        Role.AUDITOR: ("auditor", "许审计", "纪委监委"),
    }
    return Staff(
        {
            role: add_member(
                prefix + username,
                password=PASSWORD,
                display_name=name,
                role=role,
                workplace=f"{programme.county}{workplace}",
                programme_id=programme.pk,
                township=township if role == Role.TOWNSHIP else "",
                body=Body.AUDIT if role == Role.ACCEPTANCE else "",
                department=Department.RURAL_AFFAIRS if role == Role.DATA_DEPARTMENT else "",
            )
            for role, (username, name, workplace) in people.items()
        }
    )


def add_institution(
    programme: Programme, *, name: str, uscc: str, prefix: str, bureau: Actor
) -> tuple[Institution, Staff]:
    """An admitted institution with both licences, and its clerk, head and class manager.

    `bureau` is its head: whoever may admit.
    """
    institution = register_institution(
        programme,
        name=name,
        uscc=uscc,
        kind=_kind(programme, bureau),
        contact="邓经办",
        actor=bureau,
    )
    staff = _staff_of(institution, prefix)
    clerk = staff.actor(Role.INSTITUTION_CLERK)
    revise_details(
        institution.pk,
        contact="邓经办",
        phone="",
        legal_person="",
        address=f"{TOWNSHIP}{name}",
        business_scope="职业技能培训；电子商务培训与咨询服务。",
        actor=clerk,
    )
    _add_licences(institution, clerk)
    submit_institution(institution.pk, actor=staff.actor(Role.INSTITUTION_HEAD))
    for licence in institution.licences.all():
        verify_licence(licence.pk, actor=bureau)
    confirm_scope(institution.pk, actor=bureau)
    return admit_institution(institution.pk, actor=bureau), staff


def _staff_of(institution: Institution, prefix: str) -> Staff:
    people = (
        (Role.INSTITUTION_CLERK, "clerk", "邓经办"),
        (Role.INSTITUTION_HEAD, "principal", "陈校长"),
        (Role.CLASS_MANAGER, "manager", "杨班主任"),
    )
    return Staff(
        {
            role: add_member(
                prefix + username,
                password=PASSWORD,
                display_name=display_name,
                role=role,
                workplace=institution.name,
                programme_id=institution.programme_id,
                institution_id=institution.pk,
            )
            for role, username, display_name in people
        }
    )


def _add_licences(institution: Institution, clerk: Actor) -> None:
    name, county = institution.name, institution.programme.county
    add_licence(
        institution.pk,
        kind=LicenceKind.BUSINESS,
        number=institution.uscc,
        issuer=f"{county}市场监督管理局",
        valid_from=date(2018, 3, 1),
        valid_until=None,
        file=paper("营业执照", f"名称：{name}", f"统一社会信用代码：{institution.uscc}"),
        actor=clerk,
    )
    add_licence(
        institution.pk,
        kind=LicenceKind.TRAINING,
        number="赣民培字第0735号",
        issuer=f"{county}人力资源和社会保障局",
        valid_from=date(2019, 1, 1),
        valid_until=date(2029, 12, 31),
        file=paper("民办职业培训办学许可证", f"办学单位：{name}"),
        actor=clerk,
    )


def _kind(programme: Programme, actor: Actor) -> str:
    """专业培训机构 where the programme has such a kind, else its first; blank where it names none."""
    kinds = kind_names(rules_today(programme, actor))
    return "training" if "training" in kinds else next(iter(kinds), "")


def bureau_head(programme: Programme) -> Actor:
    """Who admits institutions and puts agreements in force."""
    return actor_for(
        Membership.objects.filter(programme_id=programme.pk, role=Role.BUREAU_HEAD).earliest("pk")
    )


def add_training_agreement(
    institution: Institution, *, fund_line: str = "training", signed_on: date = date(2021, 3, 1), actor: Actor
) -> Agreement:
    """委托培训协议 under a fund line, in force until the window ends; 400 元 a 人次, of any class type."""
    programme = institution.programme
    line = programme.fund_lines.get(code=fund_line)
    number = "" if fund_line == "training" else f"（{line.name}）"
    agreement = add_agreement(
        institution.pk,
        fund_line=line,
        kind=AgreementKind.AGREEMENT,
        number=f"{programme.county}商培协〔{signed_on.year}〕7号{number}",
        signed_on=signed_on,
        valid_from=signed_on,
        valid_until=rule_set_on(programme, signed_on, actor=SYSTEM).rules.window.ends_on,
        unit_price_fen=40_000,
        procurement=Procurement.OPEN_TENDER,
        file=paper("委托培训协议", f"甲方：{programme.county}商务局", f"乙方：{institution.name}"),
        actor=actor,
    )
    return activate_agreement(agreement.pk, actor=bureau_head(programme))


def add_instructors(institution: Institution, *, actor: Actor) -> tuple[Instructor, Instructor]:
    """Two instructors with title, profile and a proof; only the first one's is verified."""
    first = add_instructor(
        institution.pk,
        name="罗明远",
        title="讲师（中级）",
        employer=institution.name,
        phone="13907970001",
        profile="从事农村电商培训八年，主讲网店运营与农产品上行。",
        source=InstructorSource.OWN,
        teaches=Teaches.BOTH,
        domains=_topics(institution, actor),
        actor=actor,
    )
    proof = add_proof(
        first.pk,
        kind=ProofKind.QUALIFICATION,
        number=f"电商师 2019-3607-{181 + first.pk:04d}",  # by a certificate a person is known
        issuer="江西省职业技能鉴定指导中心",
        valid_until=None,
        file=paper("电子商务师资格证书", "姓名：罗明远"),
        actor=actor,
    )
    verify_proof(proof.pk, actor=bureau_head(institution.programme))
    second = add_instructor(
        institution.pk,
        name="王思敏",
        title="助理讲师",
        employer=institution.name,
        phone="13907970002",
        profile="本地网店店主，讲授电商交易安全与网上购物流程。",
        source=InstructorSource.OTHER,
        teaches=Teaches.PRACTICE,
        domains=_topics(institution, actor)[-1:],
        actor=actor,
    )
    add_proof(
        second.pk,
        kind=ProofKind.OTHER,
        number="聘书 2021-02",
        issuer=institution.name,
        valid_until=None,
        file=paper("聘书", "姓名：王思敏"),
        actor=actor,
    )
    return first, second


def add_instructor_account(instructor: Instructor, prefix: str) -> Membership:
    """讲师: signs in as this instructor and nobody else."""
    return add_member(
        f"{prefix}instructor",
        password=PASSWORD,
        display_name=instructor.name,
        role=Role.INSTRUCTOR,
        workplace=instructor.institution.name,
        programme_id=instructor.institution.programme_id,
        institution_id=instructor.institution_id,
        instructor_id=instructor.pk,
    )


def _topics(institution: Institution, actor: Actor) -> list[str]:
    """Those of the farmers' class that the programme has."""
    rules = rules_today(institution.programme, actor)
    known = {topic.name for category in rules.categories for topic in category.topics}
    return [name for name in ("电商基础知识", "电商交易安全") if name in known]


def refuse_second_proof(instructors: Sequence[Instructor]) -> None:
    """A letter of appointment proves no qualification: from here on A3 lacks the second instructor's proof."""
    second = instructors[1]
    refuse_proof(
        second.proofs.get(refused_at=None).pk,
        reason="聘书不是资质证明，请上传职称或职业资格证书。",
        actor=bureau_head(second.institution.programme),
    )


FARMERS_PLAN: dict[str, Any] = {
    "title": "农民电商知识普及培训班",
    "category": "farmer",
    "class_type": "general",
    "form": "classroom",
    "audience": "琴江镇、小松镇农民，含具备条件的贫困户",
    "goals": "了解电商基础知识，学会网上购物，能识别常见交易风险。",
    "content": "电商基础知识；电商交易安全。讲授与手机实操结合。",
    "assessment": "随堂提问与手机实操核对，不设笔试。",
    "class_manager": "邓经办",
    "uses_face": True,
}


def farmers_budget(agreement: Agreement) -> list[BudgetItem]:
    """For thirty people and one day; nothing that the programme may not pay."""
    source = agreement.fund_line.name
    return [
        BudgetItem("讲课费", 50_000, 6, "学时", source),
        BudgetItem("培训资料费", 2_000, 30, "人", source),
        BudgetItem("场地费", 80_000, 1, "天"),
    ]


FARMERS_OUTLINE = (
    OutlineLine(
        "电商基础知识", Decimal(3), method="讲授、案例", aims="说得清电商是什么、农产品怎么在网上卖。"
    ),
    OutlineLine(
        "电商交易安全", Decimal(3), method="讲授、手机演示", aims="认得出常见骗局，会用平台的担保交易。"
    ),
)
"""Six hours, as many as the farmers' session has."""


def add_farmers_course(institution: Institution, *, actor: Actor, bureau: Actor) -> Outline:
    """A course whose first outline the bureau has approved."""
    course = add_course(
        institution.pk,
        course={
            "title": "农民电商知识普及",
            "category": "farmer",
            "objective": "了解电商基础知识，学会网上购物，能识别常见交易风险。",
            "groups": ["farmer", "poor_household"],
            "class_types": ["general"],
        },
        actor=actor,
    )
    outline = course.outlines.get(version=1)
    write_outline(outline.pk, lines=FARMERS_OUTLINE, actor=actor)
    submit_outline(outline.pk, actor=actor)
    return approve_outline(outline.pk, actor=bureau)


def plan_farmers_session(
    institution: Institution,
    agreement: Agreement,
    instructors: Sequence[Instructor],
    *,
    on: date,
    start: time = time(9, 0),
    outline: Outline | None = None,
    seats: int = 60,
    actor: Actor,
) -> tuple[TrainingSession, Venue]:
    """A draft of two half-days in a room of so many seats: morning by the first instructor, then the second.

    The morning ends at 11:15, later where it starts later.
    """
    plan = FARMERS_PLAN | {"outline_id": outline.pk if outline else None}
    session = plan_session(institution.pk, agreement_id=agreement.pk, plan=plan, actor=actor)
    venue = add_venue(
        institution.pk,
        name=f"{institution.programme.county}电商公共服务中心三楼教室",
        kind=VenueKind.SERVICE_CENTRE,
        township=TOWNSHIP,
        address="琴江镇赣江源大道 2 号",
        seats=seats,
        actor=actor,
    )
    slots = (
        (start, max(time(11, 15), start.replace(hour=start.hour + 1)), "电商基础知识", instructors[0]),
        (time(14, 0), time(16, 15), "电商交易安全", instructors[1]),
    )
    for begins, ends, topic, instructor in slots:
        add_lesson(
            session.pk,
            on=on,
            start=begins,
            end=ends,
            topic=topic,
            instructor_id=instructor.pk,
            venue_id=venue.pk,
            actor=actor,
        )
    courseware = [
        add_courseware(
            institution.pk, topic=topic, title=f"{topic}讲义", file=paper(f"{topic}讲义"), actor=actor
        )
        for _start, _end, topic, _instructor in slots
    ]
    pin_courseware(session.pk, [piece.pk for piece in courseware], actor=actor)
    write_budget(session.pk, lines=farmers_budget(agreement), actor=actor)
    add_witness(session.pk, name="温支书", post="琴江镇长江村党支部书记", pin=WITNESS_PIN, actor=actor)
    return session, venue


def add_places(
    programme: Programme, places: Sequence[tuple[str, str]] = PLACES, *, poor_from: date | None = None
) -> int:
    """The townships and villages that the synthetic people name, under codes that no real place has (9…).

    Of every three villages of a township the first is a poverty village from that day.
    """
    villages: dict[str, list[str]] = {}
    for township, village in places:
        villages.setdefault(township, []).append(village)
    rows = [f"{CODE},{NAME},{POOR_FROM}"]
    for number, (township, own) in enumerate(villages.items(), 1):
        code = f"{programme.region_code}9{number:02d}"
        rows.append(f"{code},{township},")
        for place, village in enumerate(own):
            rows.append(f"{code}{201 + place},{village},{(poor_from if place % 3 == 0 else None) or ''}")
    data = "\n".join(rows).encode()
    return load_regions(programme.pk, data=data, source="演示用合成名单，代码不是官方的", actor=SYSTEM)


def roster_workbook(people: Sequence[SyntheticPerson], groups: Sequence[str] = ()) -> bytes:
    """The downloadable template, filled in by hand as a clerk would."""
    workbook = load_workbook(BytesIO(roster_template(groups)))
    sheet = workbook[SHEET]
    for number, person in enumerate(people, 1):
        cells = (
            number,
            person.name,
            SEX_WORDS[person.sex],
            person.id_number,
            person.phone,
            person.township,
            person.village,
            person.group,
        )
        for column, value in enumerate(cells, 1):
            sheet.cell(HEADING_ROW + number, column, value)  # the first over the example
    target = BytesIO()
    workbook.save(target)
    return target.getvalue()
