"""One session of the Shicheng preset, from the county's programme to the indicator, step by step.

Every step checks what it says before it prints a line; `summary.json` is read from the database and the files.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.services import add_member
from training.attendance.choices import CorrectionStatus
from training.attendance.models import AttendanceEvent, Correction
from training.certificates.models import Certificate
from training.certificates.rules import check_code
from training.claims.models import Claim
from training.core import files
from training.core.actor import SYSTEM
from training.demo.description import describe
from training.demo.people import SyntheticPerson, synthetic_people
from training.demo.scenery import (
    PASSWORD,
    WITNESS_PIN,
    add_county_staff,
    add_farmers_course,
    add_institution,
    add_instructor_account,
    add_instructors,
    add_places,
    add_training_agreement,
    paper,
    plan_farmers_session,
    refuse_second_proof,
    roster_workbook,
)
from training.demo.seeding import seed
from training.demo.stage import Clock, Desk, Processes, StageError, Talk, Visitor, free_port, until
from training.demo.summary import describe as describe_session
from training.demo.summary import indicator
from training.dossiers.choices import DossierStatus
from training.dossiers.missing import findings
from training.dossiers.models import Dossier, Evidence
from training.dossiers.queries import check_session
from training.dossiers.rounds import standing
from training.dossiers.signatories import own_ca
from training.enrolment.models import Enrolment
from training.enrolment.services import import_roster
from training.fairs.choices import PaperKind
from training.fairs.models import JobFair
from training.fairs.queries import strangers
from training.followup.models import Contact, FollowUp
from training.outcomes.models import Outcome
from training.people.services import record_consent
from training.programmes.preset_file import load_preset
from training.programmes.services import load_programme
from training.publications.models import Publication
from training.reporting.measuring import take
from training.reporting.queries import depths
from training.scheduling.services import approve_session, submit_session
from training.stations.models import Station
from training.stations.services import issue_code

ZONE = ZoneInfo("Asia/Shanghai")
PLANNING = datetime(2021, 5, 10, 9, 0, tzinfo=ZONE)
CLASS_DAY = date(2021, 5, 18)
# Who is who on the roster, by index.
MATCHES, MISMATCHES, DECLINES, LEAVES_AT_NOON, STRANGER = 0, 1, 3, 11, 12
EVERYONE = range(12)
RENCI_OF_THE_YEAR = 1_200
"""Places on rosters of the county's other sessions, so many that the demo starts in seconds."""
OF_THE_YEAR = "year-"
"""Begins the names of their institutions' accounts."""


def at(hour: int, minute: int) -> datetime:
    """A time of the class day, county time."""
    return datetime(CLASS_DAY.year, CLASS_DAY.month, CLASS_DAY.day, hour, minute, tzinfo=ZONE)


def card(person: SyntheticPerson) -> dict[str, Any]:
    """The person's identity card, as the simulated reader is given it."""
    return {
        "type": "citizen",
        "name": person.name,
        "sex": {"male": "1", "female": "2"}[person.sex],
        "ethnicity": "01",
        "born_on": f"{person.id_number[6:10]}-{person.id_number[10:12]}-{person.id_number[12:14]}",
        "address": f"江西省赣州市石城县{person.township}{person.village}",
        "number": person.id_number,
        "issuer": "石城县公安局",
        "valid_from": "2015-06-01",
        "valid_until": "长期",
    }


class Story:
    def __init__(self, var: Path, clock: Clock, processes: Processes, *, port: int) -> None:
        self.var, self.clock, self.processes, self.port = var, clock, processes, port
        self.site = f"http://127.0.0.1:{port}"
        self.people = synthetic_people(13, seed=2021)
        self.missing_before: list[str] = []
        self.duplicates_refused = 0
        self.tampered_detected = False
        self.verify_ok = False

    def play(self) -> None:
        self.set_up()
        self.load_the_programme()
        self.plan_and_approve()
        self.enrol_the_station()
        self.attend()
        self.compute_and_find_what_is_missing()
        self.verify_and_seal()
        self.check_the_package()
        self.follow_up()
        self.job_fair()

    def tell(self, sentence: str) -> None:
        print(f"✓ {sentence}", flush=True)  # noqa: T201  the demo speaks to its user

    def hold(self, sentence: str, *, true: bool) -> None:
        if not true:
            raise StageError(f"没有做到：{sentence}")
        self.tell(sentence)

    # 0. The stage

    def set_up(self) -> None:
        self.clock.set(PLANNING)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.processes.start(
            "site", "-m", "gunicorn", "training.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "8",
            "--timeout", "120", "--no-control-socket",
        )  # fmt: skip
        self.processes.start("worker", "manage.py", "db_worker", "--interval", "0.3")
        until("网站启动", self._site_answers)
        self.tell(f"网站已启动：{self.site}（演示时钟从 {PLANNING:%Y-%m-%d} 起）")

    def _site_answers(self) -> bool:
        try:
            return httpx.get(f"{self.site}/api/v1/time", timeout=5).is_success
        except httpx.TransportError:
            return False

    # 1. The programme

    def load_the_programme(self) -> None:
        preset = load_preset("shicheng")
        self.programme = load_programme(preset, actor=SYSTEM)
        self.county = add_county_staff(self.programme)
        add_places(self.programme)
        add_member(
            "admin", password=PASSWORD, display_name="系统管理员", role=Role.ADMIN, workplace="县信息中心"
        )
        line = preset.fund_line("training")
        self.hold(
            f"县里载入石城预设：{len(preset.categories)} 类课程、{len(preset.groups)} 类学员、"
            f"{len(preset.items)} 项档案、目标 {preset.target('renci').value} 人次，"
            f"资金 {line.total_fen // 1_000_000} = {line.central_fen // 1_000_000} + "
            f"{line.county_fen // 1_000_000} + {line.social_fen // 1_000_000} 万元",
            true=(len(preset.categories), len(preset.groups), len(preset.items)) == (5, 8, 9),
        )

    # 2. The plan

    def plan_and_approve(self) -> None:
        self.institution, self.staff = add_institution(
            self.programme,
            name="石城县兴农电商培训中心",
            uscc="91360735MA35NXTP4H",
            prefix="",
            bureau=self.county.actor(Role.BUREAU_HEAD),
        )
        add_institution(
            self.programme,
            name="赣源电子商务协会培训部",
            uscc="91360735MA38YDTW2J",
            prefix="second-",
            bureau=self.county.actor(Role.BUREAU_HEAD),
        )
        clerk = self.staff.actor(Role.INSTITUTION_CLERK)
        agreement = add_training_agreement(self.institution, actor=clerk)
        self.instructors = add_instructors(self.institution, actor=clerk)
        add_instructor_account(self.instructors[0], "")
        outline = add_farmers_course(
            self.institution, actor=clerk, bureau=self.county.actor(Role.BUREAU_REVIEWER)
        )
        self.hold(f"商务局批准培训大纲《{outline}》", true=outline.status == "approved")
        self.session, _venue = plan_farmers_session(
            self.institution, agreement, self.instructors, on=CLASS_DAY, outline=outline, actor=clerk
        )
        self.tell(f"机构拟定 {self.session.code}《{self.session.title}》：两个半天，两位授课人")
        self._import_the_roster()
        self._record_the_answers_about_faces()
        visitor = Visitor(self.site, "principal", PASSWORD)
        visitor.post(reverse("session-submit", args=[self.session.pk]), {})
        visitor = Visitor(self.site, "reviewer", PASSWORD)
        visitor.post(reverse("bureau-session-approve", args=[self.session.pk]), {})
        self.session.refresh_from_db()
        self.hold(
            f"商务局批准开班：{self.session.approval_number}，名册冻结",
            true=self.session.status == "approved",
        )
        refuse_second_proof(self.instructors)
        self.tell("商务局核验授课人资质：王思敏的聘书不是资质证明，核验不通过，要求补交")

    def _import_the_roster(self) -> None:
        """First a file with one wrong check digit, then the right one: the right rows are taken once."""
        people = self.people[:STRANGER]
        digit = "0" if people[4].id_number[-1] != "0" else "1"
        wrong = [*people[:4], replace(people[4], id_number=people[4].id_number[:-1] + digit), *people[5:]]
        visitor = Visitor(self.site, "clerk", PASSWORD)
        for roster in (wrong, people):
            upload = {"file": ("培训人员名册.xlsx", BytesIO(roster_workbook(roster)))}
            visitor.post(reverse("roster", args=[self.session.pk]), {}, files=upload)
        names = {enrolment.trainee.name for enrolment in self.session.enrolments.select_related("trainee")}
        self.hold(
            f"从 .xlsx 导入名册：校验位错的一行被指出，改正后再导不重复，共 {len(names)} 人，含 䶮海生、张𬭎",
            true=len(names) == len(people) and {"䶮海生", "张𬭎"} <= names,
        )

    def _record_the_answers_about_faces(self) -> None:
        clerk = self.staff.actor(Role.INSTITUTION_CLERK)
        for index, given in ((MATCHES, True), (MISMATCHES, True), (DECLINES, False)):
            record_consent(self.enrolment(index).trainee, given=given, actor=clerk)
        self.tell("人脸比对的单独同意已记录：两人同意，一人不同意，其余未启用")

    def enrolment(self, index: int) -> Enrolment:
        name = self.people[index].name
        found: Enrolment = self.session.enrolments.select_related("trainee").get(trainee__name=name)
        return found

    # 3. The station

    def enrol_the_station(self) -> None:
        self.clock.set(at(8, 0))
        code = issue_code(
            self.institution.pk, station_name="一号终端", actor=self.county.actor(Role.BUREAU_REVIEWER)
        )
        self.cable = Talk(
            self.processes.start(
                "network", "-m", "kiosk.simulator.network", "--to", f"127.0.0.1:{self.port}", talk=True
            )
        )
        enrol = ["enrol", "--server", self.cable.hello["url"], "--code", code, "--home", self.home]
        self._kiosk(*enrol)
        station = Station.objects.get(codes__station_name="一号终端")
        self.tell(f"签到终端用一次性登记码登记，自制 Ed25519 钥匙：{station.public_key[:12]}…")
        cards = self.var / "cards.json"
        cards.write_text(json.dumps([card(person) for person in self.people]), encoding="utf-8")
        self.reader = Talk(
            self.processes.start(
                "reader", "-m", "kiosk.cli", "simulate", "reader", "--link", str(self.var / "reader"),
                "--people", str(cards), talk=True,
            )
        )  # fmt: skip
        for face in ("astronaut", "grace_hopper"):
            self._kiosk("simulate", "camera", "--out", str(self.var / f"{face}.avi"), "--face", face)
        self._enrol_portrait(MISMATCHES, camera="grace_hopper")

    @property
    def home(self) -> str:
        return str(self.var / "station")

    def _kiosk(self, *command: str) -> str:
        done = subprocess.run(  # noqa: S603  our own module
            [sys.executable, "-m", "kiosk.cli", *command], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StageError(f"kiosk {command[0]}：{done.stdout}{done.stderr}")
        return done.stdout

    def _open_desk(self, camera: str) -> Desk:
        port = free_port()
        self.station_process = self.processes.start(
            "station", "-m", "kiosk.cli", "run", "--home", self.home, "--reader", str(self.var / "reader"),
            "--camera", str(self.var / f"{camera}.avi"), "--listen", f"127.0.0.1:{port}", "--package-every", "2",
        )  # fmt: skip
        desk = Desk(f"http://127.0.0.1:{port}", self.reader, [person.name for person in self.people])
        try:
            until("签到终端就绪", lambda: self._ready(desk.state()), 40)
        except StageError as late:
            raise StageError(f"{late}；屏幕显示 {desk.state().get('message')}") from late
        return desk

    @staticmethod
    def _ready(state: dict[str, Any]) -> bool:
        return bool(
            state
            and state["screen"] == "rest"
            and state["face"] == "ready"
            and state["reader"]["code"] == "reader_ready"
            and state["camera"]["state"] == "live"
        )

    def _close_desk(self) -> None:
        self.processes.end(self.station_process)

    def _enrol_portrait(self, index: int, *, camera: str) -> None:
        """Opens the desk with this camera, enrols the portrait, closes the desk."""
        desk = self._open_desk(camera)
        self._take_portrait(desk, index)
        self._close_desk()

    def _take_portrait(self, desk: Desk, index: int) -> None:
        enrolment = self.enrolment(index).pk

        def saved() -> bool:
            return bool(
                desk.press("portrait", enrolment=enrolment, pin=WITNESS_PIN).get("code") == "portrait_saved"
            )

        until("肖像登记", saved)

    # 3 and 4. Attendance, with the network cut for a part of it, and the class photos

    def attend(self) -> None:
        self.clock.set(at(8, 20))
        desk = self._open_desk("astronaut")
        self._take_portrait(desk, MATCHES)
        self.tell("两位同意者在签到终端上登记了肖像，模板加密留在本机")
        self.clock.set(at(8, 50))
        started = time.monotonic()
        for index in EVERYONE:
            if index == 4:
                self.cable.say("cut")
            self._sign_in_with_face_or_without(desk, index)
        stranger = desk.visit(STRANGER, expect=["walk_in"])
        self.hold(
            f"上午 12 人签到（{time.monotonic() - started:.0f} 秒）：一人刷脸通过，一人不符由见证人放行，"
            "一人不同意刷脸凭证件，同样计入；一张卡不在名册上",
            true=stranger == "walk_in",
        )
        self.hold("断网：签到照常，事件留在本机待传", true=desk.state()["pending"] > 0)
        self.clock.set(at(9, 30))
        self.hold("签到终端拍下上午的课堂照片", true=desk.press("photo")["ok"])
        self.cable.say("restore")
        until("补传完", lambda: desk.state().get("safe_to_power_off"), 90)
        self.tell("网络恢复，全部事件得到回执，“可以关机”灯亮")
        self.clock.set(at(11, 18))
        self._everyone(desk, EVERYONE, "signed_out")
        self.tell("上午 12 人签退")
        until("传完", lambda: desk.state().get("safe_to_power_off"), 90)
        self._close_desk()
        self._afternoon()

    def _sign_in_with_face_or_without(self, desk: Desk, index: int) -> None:
        if index != MISMATCHES:
            desk.visit(index, expect=["signed_in"])
            return
        desk.lay(index, expect=["witness_face", "witness_unseen"])
        decided = desk.press("witness", pin=WITNESS_PIN, decision="allow")
        desk.lift()
        if decided.get("code") != "signed_in":
            raise StageError(f"见证人放行没有成功：{decided}")

    def _everyone(self, desk: Desk, indices: Any, code: str) -> None:
        for index in indices:
            seen = desk.lay(index, expect=[code, "witness_face", "witness_unseen"])
            if seen != code:
                desk.press("witness", pin=WITNESS_PIN, decision="allow")
            desk.lift()

    def _afternoon(self) -> None:
        """The station was switched off over lunch: another boot, the same chain."""
        present = [index for index in EVERYONE if index != LEAVES_AT_NOON]
        self.clock.set(at(13, 45))
        desk = self._open_desk("astronaut")
        self._everyone(desk, present, "signed_in")
        self.clock.set(at(14, 40))
        self.hold("签到终端拍下下午的课堂照片", true=desk.press("photo")["ok"])
        self.clock.set(at(16, 20))
        self._everyone(desk, present, "signed_out")
        until("传完", lambda: desk.state().get("safe_to_power_off"), 90)
        self.hold(
            f"下午 {len(present)} 人签到签退，照片已到服务器并绑定课次",
            true=Evidence.objects.filter(training_session=self.session, event__isnull=False).count() == 2,
        )
        self._close_desk()
        before = AttendanceEvent.objects.count()
        answers = Counter(json.loads(self._kiosk("resend", "--home", self.home, "--json"))["statuses"])
        self.duplicates_refused = answers["duplicate"] + answers["held"]  # the walk-in is held, now as then
        self.hold(
            f"整批重放一遍：{self.duplicates_refused} 条都被认出是重复，没有多出一条",
            true=AttendanceEvent.objects.count() == before and self.duplicates_refused > 0,
        )

    def _wrong_correction(self) -> None:
        """Who left at noon can't be made up by one person's word."""
        self.clock.set(at(16, 45))
        afternoon: Any = self.session.lessons.order_by("starts_at").last()
        left = self.session.enrolments.exclude(events__lesson=afternoon).get()
        Visitor(self.site, "clerk", PASSWORD).post(
            reverse("correction-add", args=[self.session.pk]),
            {
                "enrolment_id": left.pk,
                "lesson_id": afternoon.pk,
                "kind": "sign_in",
                "at": "13:50",
                "reason": "忘记刷卡",
            },
        )
        proposed = Correction.objects.get(enrolment=left)
        Visitor(self.site, "reviewer", PASSWORD).post(
            reverse("correction-decline", args=[proposed.pk]), {"reason": "课堂照片和授课人都说他下午不在"}
        )
        proposed.refresh_from_db()
        self.hold(
            "机构为下午没来的一人申请补签，商务局核实后不予核准：一个人说了不算",
            true=proposed.status == CorrectionStatus.DECLINED,
        )

    def _attest(self) -> None:
        """The class manager stands for both half-days, an instructor for the one they taught."""
        page = reverse("register-attest", args=[self.session.pk])
        for username, halves in (("manager", ("am", "pm")), ("instructor", ("am",))):
            visitor = Visitor(self.site, username, PASSWORD)
            for half_day in halves:
                visitor.post(page, {"half_day": f"{at(9, 0):%Y-%m-%d}-{half_day}"})
        self.hold(
            "班主任和授课人签认签到名册：名册再有改动，签认就失效",
            true=self.session.register_attestations.count() == 3,
        )

    # 5. Completion, what is missing, and the claim that is refused

    def compute_and_find_what_is_missing(self) -> None:
        self._wrong_correction()
        self.clock.set(at(17, 0))
        self._attest()
        visitor = Visitor(self.site, "principal", PASSWORD)
        visitor.post(reverse("session-close", args=[self.session.pk]), {})
        self.session.refresh_from_db()
        figures = depths(self.programme, self.county.actor(Role.BUREAU_HEAD))
        self.hold(
            f"结课：{figures['completed']} 人次（{figures['completed_people']} 人）结业",
            true=(figures["completed"], figures["completed_people"]) == (11, 11),
        )
        self.missing_before = [finding.message for finding in findings(check_session(self.session))]
        refusal = visitor.post(
            reverse("session-claim", args=[self.session.pk]),
            {},
            page=reverse("session", args=[self.session.pk]),
        ).text
        self.hold(
            f"申领被拒并指名：{'；'.join(self.missing_before)}",
            true=len(self.missing_before) == 1
            and self.missing_before[0] in refusal
            and not Claim.objects.exists(),
        )
        name, data = paper("助理电子商务师资格证书", "姓名：王思敏")
        visitor.post(
            reverse("instructor", args=[self.instructors[1].pk]),
            {
                "kind": "qualification",
                "number": "电商师 2020-3607-0977",
                "issuer": "江西省职业技能鉴定指导中心",
            },
            files={"file": (name, BytesIO(data))},
        )
        [unseen] = findings(check_session(self.session))
        proof = self.instructors[1].proofs.latest("pk")
        Visitor(self.site, "reviewer", PASSWORD).post(
            reverse("bureau-proof-verify", args=[proof.pk]), {}, page=reverse("proofs")
        )
        self.hold(
            f"补上资质文件：{unseen.message}；核验以后九项齐全",
            true=unseen.supplied_by == ("bureau",) and not findings(check_session(self.session)),
        )
        visitor.post(reverse("dossier-submit", args=[self.session.pk]), {})

    # 7 (with 6 inside). The bureau looks, checks an attendance back to its event, and seals

    def verify_and_seal(self) -> None:
        visitor = Visitor(self.site, "head", PASSWORD)
        dossier = Dossier.objects.get(training_session=self.session)
        page = visitor.get(reverse("bureau-dossier", args=[dossier.pk])).text
        event = AttendanceEvent.objects.filter(kind="sign_in", method="card+face").earliest("captured_at")
        proof = visitor.get(reverse("bureau-event", args=[event.pk])).text
        self.hold(
            f"商务局打开档案，把一次签到一直查到签名事件 {event.digest[:12]}…",
            true=self.session.code in page and event.digest in proof,
        )
        self._review(dossier)
        visitor.post(reverse("bureau-dossier-seal", args=[dossier.pk]), {})

        def sealed() -> Dossier | None:
            found = Dossier.objects.get(pk=dossier.pk)
            if found.seal_problem:
                raise StageError(f"封存失败：{found.seal_problem}")
            return found if found.status == DossierStatus.SEALED else None

        self.dossier: Dossier = until("封存", sealed, 180)
        assert self.dossier.pdf  # noqa: S101  the database holds it for a sealed dossier
        assert self.dossier.package  # noqa: S101
        (self.var / "dossier.pdf").write_bytes(files.read(self.dossier.pdf))
        (self.var / "dossier.zip").write_bytes(files.read(self.dossier.package))
        self.tell(f"档案已封存：{self.dossier.pages} 页，清单 {self.dossier.manifest_sha256[:12]}…")
        claimed = Visitor(self.site, "principal", PASSWORD)
        claimed.post(reverse("session-claim", args=[self.session.pk]), {})
        claim = Claim.objects.get(dossier=self.dossier)
        self.hold(
            f"现在可以申领：{claim.renci} 人次 × {claim.unit_price_fen // 100} 元 = {claim.amount_fen // 100} 元",
            true=claim.renci == 11,
        )
        claimed.post(reverse("claim-submit", args=[claim.pk]), {}, page=reverse("claim", args=[claim.pk]))
        claim.refresh_from_db()
        self.hold("机构负责人提交申领，商务局看得到", true=claim.status == "submitted")
        self._go_public()

    def _go_public(self) -> None:
        """The county publishes its list; anybody reads it and checks a certificate, and finds nobody's name."""
        self._publish_the_list()
        certificate = Certificate.objects.earliest("pk")
        code = check_code(certificate.number)
        programme = reverse("portal-programme", args=[self.session.institution.programme.code])
        page = httpx.get(self.site + programme).text
        checked = httpx.get(self.site + reverse("certificate-shown", args=[certificate.number, code])).text
        names = set(Certificate.objects.values_list("name", flat=True))
        self.hold(
            f"公开页上有本期和 {len(names)} 人次，没有任何人的姓名；{len(names)} 张结业证书可查验",
            true=self.session.code in page
            and "现在有效" in checked
            and not any(name in page + checked for name in names),
        )

    def _publish_the_list(self) -> None:
        head, listed = Visitor(self.site, "head", PASSWORD), reverse("publications")
        head.post(reverse("publication-sessions"), {}, page=listed)
        publication = Publication.objects.latest("pk")
        head.post(reverse("publication-publish", args=[publication.pk]), {}, page=listed)

    def _review(self, dossier: Dossier) -> None:
        """One person accepts item by item; somebody else confirms, because the software noticed something."""
        reviewer, head = Visitor(self.site, "reviewer", PASSWORD), Visitor(self.site, "head", PASSWORD)
        desk = reverse("desk-dossier", args=[dossier.pk])
        for item in standing(dossier).open_items:
            reviewer.post(reverse("desk-accept", args=[dossier.pk]), {"item": item.code}, page=desk)
        found = standing(dossier)
        refused = reviewer.post(reverse("bureau-dossier-seal", args=[dossier.pk]), {}, page=desk).text
        noticed = "、".join(risk.message for risk in found.risks)
        self.hold(
            f"审核员逐项核验，{len(found.items)} 项通过；系统看到{noticed}，没有另一人复核不能封存",
            true=not found.open_items and found.waits_for_second_person and "另一人复核" in refused,
        )
        head.post(reverse("desk-confirm", args=[dossier.pk]), {}, page=desk)
        self.hold("商务局负责人复核同意", true=not standing(dossier).waits_for_second_person)

    # 6. The package proves itself

    def check_the_package(self) -> None:
        package = self.var / "dossier.zip"
        ca = own_ca().certificate
        self.verify_ok, report = self._verify(package, "--trust", str(ca))
        self.hold("yidang-verify 核验通过：封存、两个电子签章、签到和统计都对得上", true=self.verify_ok)
        print(report, end="", flush=True)  # noqa: T201  what a stranger would read
        alone, said = self._verify(self.var / "dossier.pdf", "--trust", str(ca))
        self.hold(
            "只有 PDF 也能核验：机构和商务局的签章都成立", true=alone and said.count("由所给的 CA 担保") == 2
        )
        call_command("check_integrity", verbosity=0, stdout=StringIO())
        self.tell("全部数据和文件核对一遍，没有改动、缺失（每晚自动做）")
        whole = package.read_bytes()
        chance = random.Random(2021)  # noqa: S311  places to damage, not a secret
        named = []
        for place in chance.sample(range(len(whole)), 5):
            copy = self.var / "tampered.zip"
            copy.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            held, said = self._verify(copy)
            named.append(not held and "✗" in said)
        copy.unlink()
        self.tampered_detected = all(named)
        self.hold(
            f"任意改动一个字节（试了 {len(named)} 处），核验都不通过并指出文件", true=self.tampered_detected
        )

    def _verify(self, package: Path, *options: str) -> tuple[bool, str]:
        done = subprocess.run(  # noqa: S603  our own module
            [sys.executable, "-m", "training.dossiers.verify", *options, str(package)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stdout

    # 8. What became of them

    def follow_up(self) -> None:
        self.clock.set(at(10, 0) + timedelta(days=31))
        visitor = Visitor(self.site, "followup", PASSWORD)
        due = FollowUp.objects.filter(enrolment=self.enrolment(MATCHES), day=30).get()
        visitor.post(
            reverse("followup-contact", args=[due.pk]),
            {
                "method": "phone",
                "result": "reached",
                "guidance": "shop",
                "note": "已在网店上架白莲，约好下周上门指导拍照。",
            },
        )
        name, data = paper("网店开设截图", "店铺：石城莲香小店")
        visitor.post(
            reverse("followup-outcome", args=[due.enrolment_id]),
            {
                "kind": "started_up",
                "started_on": "2021-06-10",
                "grade": "B",
                "platform": "pinduoduo",
                "shop_url": "https://mobile.yangkeduo.com/mall_page.html?mall_id=23",
                "shop_seen_on": "2021-06-17",
                "evidence": "shop",
                "description": "开设网店，首月成交 23 单。",
            },
            files={"papers": (name, BytesIO(data))},
        )
        self.hold(
            "跟踪人员记录 30 天回访和一项有证据的成果",
            true=Contact.objects.count() == 1 and Outcome.objects.count() == 1,
        )
        outcome = Outcome.objects.get()
        reviewer = Visitor(self.site, "reviewer", PASSWORD)
        reviewer.post(
            reverse("outcome-verify", args=[outcome.pk]),
            {"method": "phone", "note": "本人接电话，店铺在营业。"},
        )
        reviewer.post(
            reverse("outcome-confirm", args=[outcome.pk]),
            {"grade": "B", "started_on": "2021-06-10"},
        )
        outcome.refresh_from_db()
        self.hold("成果由申报人以外的人核实、认定", true=outcome.status == "confirmed")
        page = Visitor(self.site, "head", PASSWORD).get(reverse("indicators")).text
        found = indicator(self.programme, self.county.actor(Role.BUREAU_HEAD))
        self.hold(
            f"指标页：{found['actual']} / {found['target']} 人次，公式“{found['formula']}”",
            true=found["formula"] in page,
        )

    # 9. The same station at the door of a job fair

    def job_fair(self) -> None:
        clerk, principal = (Visitor(self.site, who, PASSWORD) for who in ("clerk", "principal"))
        fair = self._reported_fair(clerk, principal)
        desk = self._open_desk("astronaut")
        until("对接会到了终端", lambda: (desk.state().get("lesson") or {}).get("session") == fair.code, 40)
        for index in (MATCHES, DECLINES, STRANGER):
            desk.visit(index, expect=["signed_in"])
        self.hold("签到终端拍下对接会的现场照片", true=desk.press("photo")["ok"])
        until("传完", lambda: desk.state().get("safe_to_power_off"), 90)
        self._close_desk()
        self.hold(
            "对接会上三张卡签到：两位结业学员记名，一位没参训的只数人头；照片绑定这场对接会",
            true=(fair.attendances.count(), strangers(fair)) == (2, 1)
            and fair.papers.filter(kind=PaperKind.PHOTO).exclude(digest="").count() == 1,
        )
        wrong = fair.attendances.get(trainee=self.enrolment(DECLINES).trainee)
        clerk.post(reverse("fair-attendance-void", args=[wrong.pk]), {"reason": "替人刷了卡，本人没有来"})
        self.hold(
            "刷错的一次由机构写明原因作废：不再计入，签名记录还在",
            true=fair.attendances.filter(voided_at=None).count() == 1 and fair.events.count() == 4,
        )

    def _reported_fair(self, clerk: Visitor, principal: Visitor) -> JobFair:
        """Today's, with an employer and a post; whoever completed is invited."""
        said = {"title": "琴江镇电商用工对接会", "place": "琴江镇电商服务中心", "township": "琴江镇"}
        today = {"on": f"{timezone.localdate(self.clock.now())}", "starts": "09:30", "ends": "16:00"}
        clerk.post(reverse("fair-plan"), said | today)
        fair = JobFair.objects.latest("pk")
        employer = {"name": "赣南脐橙合作社", "uscc": "91360735MA35NXTP4H", "contact": "温经理"}
        clerk.post(reverse("fair-employer-add", args=[fair.pk]), employer | {"phone": "16900000000"})
        post = {"title": "分拣工", "openings": "5", "wage_from": "3500", "wage_to": "5000", "place": "琴江镇"}
        address = reverse("fair-post-add", args=[fair.employers.get().pk])
        clerk.post(address, post | {"poor_first": "on"})
        station = Station.objects.get(codes__station_name="一号终端")
        clerk.post(reverse("fair-stations", args=[fair.pk]), {"stations": [str(station.pk)]})
        clerk.post(reverse("fair-invite", args=[fair.pk]), {"everybody": "1"})
        page = reverse("fair", args=[fair.pk])
        principal.post(reverse("fair-report", args=[fair.pk]), {}, page=page)
        fair.refresh_from_db()
        self.hold(
            f"机构报备一场用工对接会，邀请 {fair.invitations.count()} 名结业学员",
            true=(fair.status, fair.invitations.count()) == ("reported", 11),
        )
        return fair

    # What happened, as data

    def summarise(self, *, seconds: float) -> None:
        """Write `summary.json`: what the records say, and what was tried on the way."""
        tried = {
            "duplicates_refused": self.duplicates_refused,
            "missing_before": self.missing_before,
            "verify_ok": self.verify_ok,
            "tampered_detected": self.tampered_detected,
            "seconds": round(seconds, 1),
        }
        records = describe_session(
            self.session.pk, self.var / "dossier.pdf", actor=self.county.actor(Role.BUREAU_HEAD)
        )
        path = self.var / "summary.json"
        path.write_text(json.dumps(records | tried, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        self.tell(f"{seconds:.0f} 秒。结果在 {path}")

    def serve(self) -> None:
        """Print where to go and as whom, then stay until Ctrl-C."""
        self._surround()
        desk = self._open_the_next_session()
        print(f"\n网站 {self.site}，公开页 {self.site}/p/\n签到终端 {desk.url}\n密码都是 {PASSWORD}")  # noqa: T201
        for username, role, workplace in self._accounts():
            print(f"  {username:18}{role}　{workplace}")  # noqa: T201
        print("按回车放下一位学员的身份证，按 Ctrl-C 结束。", flush=True)  # noqa: T201
        with suppress(KeyboardInterrupt):
            for index, _enter in enumerate(sys.stdin):
                desk.reader.say(json.dumps({"lay": index % STRANGER}))
                time.sleep(1.5)
                desk.lift()
            while True:  # nobody at the keyboard: serve all the same
                time.sleep(3600)

    def _accounts(self) -> Iterator[tuple[str, str, str]]:
        """Every account of the county and of the story's two institutions, with its role and where it works."""
        members = Membership.objects.exclude(user__username__startswith=OF_THE_YEAR).order_by("pk")
        for member in members.select_related("user"):
            yield member.user.username, member.get_role_display(), member.workplace

    def _surround(self) -> None:
        """The rest of the county, half-way through its year: the story's session is one of many."""
        year, today = CLASS_DAY.year, timezone.localdate(self.clock.now())
        description = describe(
            load_preset("shicheng"),
            renci=RENCI_OF_THE_YEAR,
            seed=year,
            starts_on=date(year, 1, 11),
            ends_on=date(year, 12, 10),
            as_of=today,
        )
        seeded = seed(self.programme, self.county, description, prefix=OF_THE_YEAR)
        take(self.programme)
        done = sum(session.was_held for session in description.sessions)
        self.tell(
            f"县里这一年的其他培训：{len(seeded.houses)} 家机构、{seeded.sessions} 期，"
            f"{done} 期已结课；封存的档案是演示材料，没有可核验的包"
        )

    def _open_the_next_session(self) -> Desk:
        """A second session that is about to begin, so that the visitor finds the door open."""
        clerk = self.staff.actor(Role.INSTITUTION_CLERK)
        day = timezone.localdate(self.clock.now())
        session, _venue = plan_farmers_session(
            self.institution,
            self.session.agreement,
            self.instructors,
            on=day,
            start=time_of_day(10, 30),
            actor=clerk,
        )
        import_roster(session.pk, name="名册.xlsx", data=roster_workbook(self.people[:STRANGER]), actor=clerk)
        submit_session(session.pk, actor=self.staff.actor(Role.INSTITUTION_HEAD))
        approve_session(session.pk, actor=self.county.actor(Role.BUREAU_REVIEWER))
        return self._open_desk("astronaut")
