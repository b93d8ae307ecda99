"""A large archive that never was, with its originals on disk: what the dossier benchmarks build from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pikepdf
from pikepdf import Dictionary, Name
from PIL import Image

from training.dossiers import facts as f

DAY = date(2021, 3, 5)
AT = datetime(2021, 3, 20, 2, 30, tzinfo=UTC)
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高"
GIVEN = "桂花 建国 小妹 铁柱 春燕 志强 玉兰 大海 秋菊 长根 明远 思敏 文博 晓燕 国庆".split()  # noqa: SIM905
TITLES = (
    "委托培训协议或下达培训任务文件", "营业执照及相关资质证明", "授课人基本情况和资质证明", "培训方案",
    "培训时间、地点、课程安排", "培训材料", "培训人员名册", "签到名册", "现场培训照片",
)  # fmt: skip
SCAN = (1240, 1754)  # A4 at 150 dpi
PHOTO = (4000, 3000)
PAGES_A_FILE = 10


def archive(folder: Path, people: int, photos: int, pages: int) -> f.DossierFacts:
    """Two days in four half-days; photos as a phone takes them, and scans as an office makes them."""
    roster = tuple(map(_person, range(1, people + 1)))
    shots = tuple(_photos(folder, photos))
    return f.DossierFacts(
        as_of=AT,
        verify_url="https://dangan.example/d/7K2M9QX4",
        programme=f.ProgrammeFacts(
            "SC-2020", "电子商务进农村综合示范“升级版”", "石城县", "全国电子商务进农村综合示范项目",
            ("石城县商务局 0797-5700000",), "石城县工作方案", 1, "Asia/Shanghai",
        ),
        session=f.SessionFacts(
            "SC-2020-TR-F-001", "农民电商知识普及培训班", "农民", "普及性", "课堂培训", "石城县兴农电商培训中心",
            "91360735MA35XXXX0K", "培训", "公共服务中心", DAY, DAY + timedelta(1), "石商务培〔2021〕3号", DAY, "石城县商务局",
        ),
        items=tuple(f.ItemFacts(f"A{n}", title, "工作方案", True, ()) for n, title in enumerate(TITLES, 1)),
        agreement=None, licences=(), instructors=(), plan=None, changes=(), materials=(),
        lessons=tuple(_lesson(number) for number in range(1, 5)),
        attendance=f.AttendanceRuleFacts(45, 0.6, 0.8, 15, 15, True, 0, False),
        roster=roster,
        registers=tuple(
            f.HalfDayRegister(DAY + timedelta(day), half, (), tuple(_signed(row, day, half) for row in roster))
            for day in range(2) for half in ("am", "pm")
        ),
        photos=shots,
        completion=tuple(f.CompletionRow(row.number, row.name, "16", "16", True, "", 720, 720) for row in roster),
        attachments=tuple(_scans(folder, pages)),
        stations=(), envelopes=(),
    )  # fmt: skip


def _person(number: int) -> f.RosterRow:
    name = SURNAMES[number % len(SURNAMES)] + GIVEN[number % len(GIVEN)]
    return f.RosterRow(
        number, name, "女", f"3607**********{number:04d}", "138****0000", "琴江镇城北社区", "农民", number
    )


def _signed(row: f.RosterRow, day: int, half: str) -> f.RegisterRow:
    at = datetime(2021, 3, 5 + day, 1 if half == "am" else 6, 0, row.number % 60, tzinfo=UTC)
    times = (at, at + timedelta(hours=3))
    return f.RegisterRow(
        row.number, row.name, row.id_number, *times, 180, "身份证", "", (), method_code="card"
    )


def _lesson(number: int) -> f.LessonFacts:
    """One in each half-day."""
    day, afternoon = divmod(number - 1, 2)
    starts = datetime(2021, 3, 5 + day, 6 if afternoon else 1, tzinfo=UTC)
    half, on = "pm" if afternoon else "am", DAY + timedelta(day)
    ends = starts + timedelta(hours=3)
    return f.LessonFacts(
        number, on, half, starts, ends, "电商基础知识", "钟文博", "公共服务中心", "4", id=number
    )


def _photos(folder: Path, count: int) -> Iterator[f.PhotoFacts]:
    for number in range(count):
        file = _kept(folder, "A9", f"photo-{number}.jpg", "image/jpeg", lambda seed=number: photo(seed))
        yield f.PhotoFacts("课堂全景，横幅与项目标识清楚", AT, 1, "一号终端", file)


def _scans(folder: Path, pages: int) -> Iterator[f.Attachment]:
    for number in range(pages // PAGES_A_FILE):
        yield _kept(
            folder,
            "A4",
            f"scan-{number}.pdf",
            "application/pdf",
            lambda seed=number: scanned(PAGES_A_FILE, seed),
        )


def _kept(folder: Path, item: str, name: str, content_type: str, make: object) -> f.Attachment:
    path = folder / name
    if not path.exists():
        path.write_bytes(make())  # type: ignore[operator]
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f.Attachment(item, name, digest, len(content), content_type, "林晓", AT, partial(path.read_bytes))


def photo(seed: int, size: tuple[int, int] = PHOTO) -> bytes:
    """As large as a phone's: 12 megapixels with grain, about 3 MB."""
    grain = np.random.default_rng(seed).integers(-9, 10, (size[1], size[0]), dtype=np.int16)
    across = np.linspace(60, 200, size[0], dtype=np.int16)[None, :]
    grey = np.clip(across + grain, 0, 255).astype(np.uint8)
    return _jpeg(Image.merge("RGB", [Image.fromarray(grey)] * 3), 85)


def scanned(pages: int, seed: int) -> bytes:
    """What a scanner makes: one grey picture a page, no text."""
    with pikepdf.new() as pdf:
        for number in range(pages):
            grain = np.random.default_rng((seed, number)).integers(236, 256, SCAN[::-1], dtype=np.uint8)
            for line in range(100, SCAN[1] - 100, 36):
                grain[line : line + 14, 120:-120] = np.where(np.arange(SCAN[0] - 240) % 22 < 14, 40, 245)
            picture = pdf.make_stream(_jpeg(Image.fromarray(grain), 60))
            picture.Type, picture.Subtype, picture.Filter = Name.XObject, Name.Image, Name.DCTDecode
            picture.Width, picture.Height, picture.BitsPerComponent = *SCAN, 8
            picture.ColorSpace = Name.DeviceGray
            page = pdf.add_blank_page(page_size=(595, 842))
            page.obj.Resources = Dictionary(XObject=Dictionary(Im0=picture))
            page.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Im0 Do Q")
        target = BytesIO()
        pdf.save(target, deterministic_id=True)
        return target.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    target = BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()
