"""A session that never was: 12 people, two half-days, one station, every signature real."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from kiosk import envelope as wire
from tests.training.dossiers.packages import build_bag, build_pdf, sign_pdf
from training.dossiers import facts as f
from training.dossiers.fonts import default_fonts_dir
from training.dossiers.seal import Sealer
from training.dossiers.signing import PdfSigner
from training.dossiers.signing_keys import TestCa

NAMES = tuple("司马䶮 张𬭎 李桂花 王建国 陈小妹 赵铁柱 刘春燕 黄志强 周玉兰 吴大海 徐秋菊 孙长根".split())  # noqa: SIM905
VILLAGES = ("琴江镇城北社区", "小松镇桐江村", "屏山镇长溪村", "大由乡河斜村")
STATION = str(uuid.UUID(int=0x5A))
STATION_KEY = Ed25519PrivateKey.from_private_bytes(b"station key of the synthetic one")
SEAL_KEY = Ed25519PrivateKey.from_private_bytes(b"seal key of the synthetic bureau")
RULE = f.AttendanceRuleFacts(45, 0.6, 0.8, 15, 15, True, 0, False)
METHODS = {1: "card+face", 2: "witness"}
"""By number on the roster; everybody else came with the card alone."""
CODE = "SC-2020-NM-P-001"
DAY = date(2021, 3, 5)
HALF_DAYS = (
    ("am", 1, datetime(2021, 3, 5, 1, 0, tzinfo=UTC)),
    ("pm", 2, datetime(2021, 3, 5, 6, 30, tzinfo=UTC)),
)


class Ledger:
    """A station that signs events one after the other."""

    def __init__(self, key: Ed25519PrivateKey = STATION_KEY, station: str = STATION) -> None:
        self.key, self.station = key, station
        self.kept: list[f.EnvelopeFacts] = []

    def sign(
        self, kind: str, at: datetime, *, standing: str = "counted", session: str = CODE, **fields: Any
    ) -> str:
        seq = len(self.kept) + 1
        event = wire.Event(
            station=uuid.UUID(self.station),
            seq=seq,
            prev=self.kept[-1].digest if self.kept else wire.GENESIS,
            event=uuid.UUID(int=seq),
            kind=kind,
            session=session,
            captured_at=at,
            boot=uuid.UUID(int=1),
            monotonic_ms=seq * 1000,
            clock_offset_ms=0,
            **fields,
        )
        signed = wire.sign(event, self.key)
        self.kept.append(
            f.EnvelopeFacts(self.station, seq, signed.digest, signed.payload, signed.signature, standing)
        )
        return signed.digest


def jpeg(text: str, size: tuple[int, int] = (1280, 960), hue: int = 0) -> bytes:
    """A picture of a room with a banner, different for each text."""
    image = Image.new("RGB", size, (226, 222 - hue, 210))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rectangle((0, height * 0.62, width, height), fill=(150, 132 + hue, 116))
    draw.rectangle((width * 0.14, height * 0.1, width * 0.86, height * 0.19), fill=(179, 36, 43))
    draw.rectangle((width * 0.3, height * 0.25, width * 0.7, height * 0.52), fill=(244, 246, 248))
    for seat in range(12):
        x, y = width * (0.08 + 0.15 * (seat % 6)), height * (0.62 + 0.17 * (seat // 6))
        draw.ellipse((x, y, x + 74, y + 74), fill=(60 + 9 * seat, 54, 50))
        draw.rectangle((x - 24, y + 70, x + 98, y + 160), fill=(44, 62 + 7 * seat, 96))
    draw.text((width * 0.2, height * 0.13), text, fill="white")
    target = BytesIO()
    image.save(target, "JPEG", quality=85)
    return target.getvalue()


def png(text: str) -> bytes:
    image = Image.new("RGBA", (900, 1270), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 30, 870, 1240), outline=(150, 120, 60, 255), width=8)
    draw.text((330, 200), text, fill=(22, 38, 61, 255))
    target = BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def pdf(pages: int, text: str = "attached", **encryption: Any) -> bytes:
    target = BytesIO()
    canvas = Canvas(target, invariant=1)
    for page in range(pages):
        canvas.setFont("Helvetica", 24)
        canvas.drawString(80, 700, f"{text} {page + 1}")
        canvas.rect(60, 60, 475, 720)
        canvas.showPage()
    canvas.save()
    if not encryption:
        return target.getvalue()
    locked = BytesIO()
    pikepdf.open(target).save(locked, encryption=pikepdf.Encryption(**encryption))
    return locked.getvalue()


def attachment(item: str, name: str, content: bytes, content_type: str = "application/pdf") -> f.Attachment:
    digest = hashlib.sha256(content).hexdigest()
    at = datetime(2021, 3, 4, 8, 15, tzinfo=UTC)
    return f.Attachment(item, name, digest, len(content), content_type, "林晓", at, lambda: content)


def build_facts(people: int = 12) -> f.DossierFacts:
    """A complete session of `people` trainees; everybody but number 12 came both times."""
    ledger = Ledger()
    roster = tuple(_rostered(number) for number in range(1, people + 1))
    registers = tuple(_register(ledger, roster, *half_day) for half_day in HALF_DAYS)
    photos = tuple(_photo(ledger, number) for number in range(5))
    ledger.sign(
        "sign_in",
        HALF_DAYS[1][2],
        standing="held:not_on_roster",
        lesson=2,
        method="card",
        person=wire.WalkIn(sealed="AAAA"),
        card=wire.CardUsed(type="citizen", sam_id="05.03-1"),
    )
    completion = tuple(completion_of(row, registers) for row in roster)
    return _session(roster, registers, photos, completion, tuple(ledger.kept))


def _rostered(number: int) -> f.RosterRow:
    name = NAMES[(number - 1) % 12] if number <= 12 else f"{NAMES[number % 12][0]}{number}号"
    sex = "女" if name[-1] in "花妹燕兰菊" else "男"
    village, group = VILLAGES[number % 4], ("农民", "合作社工作人员", "创业致富带头人")[number % 3]
    return f.RosterRow(
        number, name, sex, f"3607********{number:04d}", "138****0000", village, group, number + 100
    )


def _register(
    ledger: Ledger, roster: tuple[f.RosterRow, ...], half: str, lesson: int, starts: datetime
) -> f.HalfDayRegister:
    came = [row for row in roster if (row.number, half) != (12, "pm")]
    ends = starts + timedelta(hours=3)
    arrived, left = {}, {}
    for row in came:
        arrived[row.number] = starts + timedelta(seconds=7 * row.number - 420)
        sign_in(ledger, row, lesson, arrived[row.number])
    for row in came:
        left[row.number] = ends + timedelta(seconds=5 * row.number)
        sign_in(ledger, row, lesson, left[row.number], kind="sign_out")
    digests = [entry.digest for entry in ledger.kept[-2 * len(came) :]]
    rows = []
    for row in roster:
        if row not in came:
            rows.append(f.RegisterRow(row.number, row.name, row.id_number, None, None, 0, "", "", ()))
            continue
        n = came.index(row)
        method = {1: "身份证+人脸", 2: "见证"}.get(row.number, "身份证")
        rows.append(
            f.RegisterRow(
                row.number,
                row.name,
                row.id_number,
                arrived[row.number],
                left[row.number],
                180,
                method,
                "人脸不符，见证人确认" if row.number == 2 else "",
                (digests[n], digests[len(came) + n]),
                method_code=METHODS.get(row.number, "card"),
            )
        )
    attested = f.AttestationFacts(
        "班主任", "杨班主任", ends + timedelta(minutes=10), f.register_digest(digests, ())
    )
    return f.HalfDayRegister(DAY, half, (lesson,), tuple(rows), (attested,))


def sign_in(ledger: Ledger, row: f.RosterRow, lesson: int, at: datetime, kind: str = "sign_in") -> str:
    card = wire.CardUsed(type="citizen", sam_id="05.03-20200101-1234567")
    person = wire.Enrolled(enrolment=row.enrolment or 0)
    method = METHODS.get(row.number, "card")
    return ledger.sign(kind, at, lesson=lesson, person=person, method=method, card=card)


def _photo(ledger: Ledger, number: int) -> f.PhotoFacts:
    content = jpeg(f"No. {number + 1}", hue=9 * number)
    digest = hashlib.sha256(content).hexdigest()
    at = HALF_DAYS[number % 2][2] + timedelta(minutes=20 + number)
    taken = wire.PhotoTaken(sha256=digest, size=len(content))
    ledger.sign("photo", at, lesson=number % 2 + 1, photo=taken)
    caption = f"农民电商普及班课堂全景，横幅与项目标识清楚（第{number + 1}张）"
    name = f"class-{number + 1}.jpg"
    return f.PhotoFacts(
        caption, at, number % 2 + 1, "一号终端", attachment("A9", name, content, "image/jpeg")
    )


def completion_of(row: f.RosterRow, registers: tuple[f.HalfDayRegister, ...]) -> f.CompletionRow:
    minutes = (line.minutes for page in registers for line in page.rows if line.number == row.number)
    attended = sum(minutes) // 60
    why = "" if attended == 6 else "第2课次缺席，低于 80%"
    return f.CompletionRow(row.number, row.name, str(attended), "6", attended == 6, why, attended * 60, 360)


def _session(
    roster: tuple[f.RosterRow, ...],
    registers: tuple[f.HalfDayRegister, ...],
    photos: tuple[f.PhotoFacts, ...],
    completion: tuple[f.CompletionRow, ...],
    envelopes: tuple[f.EnvelopeFacts, ...],
) -> f.DossierFacts:
    titles = (
        "委托培训协议或下达培训任务文件", "营业执照及相关资质证明", "授课人基本情况和资质证明", "培训方案",
        "培训时间、地点、课程安排", "培训材料", "培训人员名册", "签到名册", "现场培训照片",
    )  # fmt: skip
    clause = "石城县工作方案 三（三）：每期培训档案包含……"
    topics = ("电商基础知识与网购平台介绍", "农村产品网销与电商交易安全")
    return f.DossierFacts(
        as_of=datetime(2021, 3, 20, 2, 30, tzinfo=UTC),
        verify_url="https://dangan.shicheng.example/v/7K2M9QX4",
        programme=f.ProgrammeFacts(
            "SC-2020", "电子商务进农村综合示范“升级版”", "石城县", "全国电子商务进农村综合示范项目",
            ("江西省商务厅 0791-86246339", "石城县商务局 0797-5792681"), "石城县电子商务进农村综合示范“升级版”工作方案（2020-01-27）",
            1, "Asia/Shanghai",
        ),
        session=f.SessionFacts(
            CODE, "石城县2021年第一期农民电子商务普及培训班", "农民", "普及性", "课堂培训", "石城县乡村电商培训有限公司",
            "91360735MA35XXXX0K", "农村电子商务人才培训（中央 110 万元、县级 20 万元、社会 50 万元）",
            "石城县电子商务公共服务中心二楼培训室", DAY, DAY, "石商务培〔2021〕3号", date(2021, 2, 26), "石城县商务局",
        ),
        items=tuple(f.ItemFacts(f"A{n}", title, clause, True, ()) for n, title in enumerate(titles, 1)),
        agreement=f.AgreementFacts(
            "委托培训协议", "石商务协〔2020〕12号", "甲方：石城县商务局　乙方：石城县乡村电商培训有限公司",
            date(2020, 9, 1), date(2020, 9, 1), date(2022, 6, 30),
        ),
        licences=(
            f.LicenceFacts("营业执照", "91360735MA35XXXX0K", "石城县市场监督管理局", date(2017, 4, 6), None),
            f.LicenceFacts("民办学校办学许可证", "人社民3607354000012号", "石城县人力资源和社会保障局", date(2019, 1, 1), date(2024, 12, 31)),
        ),
        instructors=(
            f.InstructorFacts(
                "钟文博", "讲师", "赣南电商职业学校", "从事农村电子商务教学八年，指导农产品网店 60 余家。", (1, 2),
                (f.ProofFacts("电子商务师（二级）", "1914000008200123", "江西省职业技能鉴定指导中心", None),),
            ),
        ),
        plan=f.PlanFacts(
            "石城县 16–60 周岁农民", "会用网购平台买卖，识别常见电商诈骗，能开一个农产品网店。",
            "电商基础知识、网购平台介绍、网上购物流程、农村产品网销、电商交易安全。", "课堂培训", "6 学时（每学时 45 分钟）", "课堂练习，不另设考试",
            budget=(
                f.CostLine("讲课费", 50_000, "6 学时", 300_000, "电商培训"),
                f.CostLine("场地费", 80_000, "1 天", 80_000, "机构自筹"),
            ),
        ),
        lessons=tuple(
            f.LessonFacts(n, DAY, half, starts, starts + timedelta(hours=3), topics[n - 1], "钟文博",
                          "公共服务中心二楼培训室", "3", id=n)
            for half, n, starts in HALF_DAYS
        ),
        changes=("第2课次原定 14:00 开始，因停电改为 14:30，石城县商务局 2021-03-05 批准。",),
        materials=tuple(
            f.MaterialFacts(topic, f"《{topic}》讲义", "1.2", hashlib.sha256(topic.encode()).hexdigest()) for topic in topics
        ),
        roster=roster, registers=registers, photos=photos, completion=completion,
        attachments=(
            attachment("A1", "委托培训协议（盖章扫描）.pdf", pdf(2, "Agreement, page")),
            attachment("A2", "营业执照.png", png("Licence"), "image/png"),
            attachment("A3", "钟文博 电子商务师证书.jpg", jpeg("Certificate", (900, 1270)), "image/jpeg"),
            attachment("A4", "培训方案.pdf", pdf(1, "Plan, page")),
            attachment("A7", "报名表.xlsx", b"PK synthetic", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
        stations=(f.StationFacts(STATION, "一号终端（培训室门口）", wire.encode_key(STATION_KEY.public_key())),),
        envelopes=envelopes,
        attendance=RULE,
    )  # fmt: skip


@pytest.fixture(scope="session")
def fonts_dir() -> Path:
    """Cut once and kept between runs; `YIDANG_FONTS_DIR` says where."""
    return default_fonts_dir()


@pytest.fixture(scope="session")
def facts() -> f.DossierFacts:
    return build_facts()


@pytest.fixture(scope="session")
def make_facts() -> Callable[[int], f.DossierFacts]:
    return build_facts


@pytest.fixture(scope="session")
def next_of_another_session(facts: f.DossierFacts) -> f.EnvelopeFacts:
    """What the same station signed next, in a class that is none of ours."""
    ledger = Ledger()
    ledger.kept = list(facts.envelopes)
    person = wire.Enrolled(enrolment=101)
    ledger.sign("sign_in", HALF_DAYS[1][2], session="SC-2021-OTHER", lesson=9, method="card", person=person)
    return ledger.kept[-1]


@pytest.fixture(scope="session")
def without_merged_pdfs(facts: f.DossierFacts) -> f.DossierFacts:
    files = tuple(a for a in facts.attachments if a.content_type != "application/pdf")
    return replace(facts, attachments=files)


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return Sealer(SEAL_KEY, "石城县商务局 陈科长", datetime(2021, 3, 22, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def dossier(facts: f.DossierFacts, sealer: Sealer, fonts_dir: Path) -> bytes:
    return build_pdf(facts, sealer.note, fonts_dir)


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> TestCa:
    return TestCa(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def make_signer(ca: TestCa, sealer: Sealer) -> Callable[..., PdfSigner]:
    names = {"institution": "石城县乡村电商培训有限公司", "bureau": "石城县商务局"}

    def make(field: str, **other: Any) -> PdfSigner:
        said: dict[str, Any] = {
            "field": field,
            "name": names[field],
            "person": "陈科长",
            "key": ca.key(field, names[field]),
            "at": sealer.sealed_at,
            "zone": ZoneInfo("Asia/Shanghai"),
            "test": True,
        }
        return PdfSigner(**said | other)

    return make


@pytest.fixture(scope="session")
def signers(make_signer: Callable[..., PdfSigner]) -> list[PdfSigner]:
    return [make_signer("institution"), make_signer("bureau")]


@pytest.fixture(scope="session")
def signed(dossier: bytes, signers: list[PdfSigner], fonts_dir: Path) -> bytes:
    """The dossier under both signatures, as it goes into the package."""
    return sign_pdf(dossier, signers, fonts_dir=fonts_dir)


@pytest.fixture(scope="session")
def package(facts: f.DossierFacts, signed: bytes, sealer: Sealer) -> bytes:
    return build_bag(facts, signed, sealer)


@pytest.fixture(scope="session")
def make_attachment() -> Callable[..., f.Attachment]:
    return attachment


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    return pdf


@pytest.fixture(scope="session")
def make_jpeg() -> Callable[..., bytes]:
    return jpeg


@pytest.fixture
def package_file(package: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "dossier.zip"
    path.write_bytes(package)
    return path
