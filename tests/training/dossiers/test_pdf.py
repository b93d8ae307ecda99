import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from tests.machine import POPPLER, PREFLIGHT, PREFLIGHT_JARS
from tests.training.dossiers.packages import build_pdf
from training.dossiers.facts import Attachment, DossierFacts, ItemFacts, RecordTable
from training.dossiers.seal import Sealer

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(not POPPLER.here(), reason=POPPLER.message)


def text_of(content: bytes, *options: str) -> str:
    command = ["pdftotext", "-enc", "UTF-8", *options, "-", "-"]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()


def pages_of(content: bytes) -> list[str]:
    return text_of(content, "-layout").split("\f")[:-1]


def bookmarks(content: bytes) -> list[tuple[str, int]]:
    """Top-level titles with their page numbers."""
    with pikepdf.open(BytesIO(content)) as pdf, pdf.open_outline() as outline:
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}
        named = [(item.title, item.destination or item.action.D) for item in outline.root]
        destinations = pdf.Root.get("/Dests", {})
        return [(title, _page(at, destinations, numbers)) for title, at in named]


def _page(at: pikepdf.Object, destinations: pikepdf.Object, numbers: dict[tuple[int, int], int]) -> int:
    return numbers[(at if isinstance(at, pikepdf.Array) else destinations[str(at)])[0].objgen]


def with_file(facts: DossierFacts, file: Attachment) -> DossierFacts:
    return replace(facts, attachments=(*facts.attachments, file))


def test_the_same_facts_give_the_same_bytes(
    make_facts: Callable[[int], DossierFacts], dossier: bytes, sealer: Sealer, fonts_dir: Path
) -> None:
    assert build_pdf(make_facts(12), sealer.note, fonts_dir) == dossier


def test_another_process_with_another_hash_seed_writes_the_same_bytes(dossier: bytes) -> None:
    program = (
        "import sys, hashlib; from tests.training.dossiers import conftest as c; "
        "from datetime import UTC, datetime; from tests.training.dossiers.packages import build_pdf; "
        "sealer = c.Sealer(c.SEAL_KEY, '石城县商务局 陈科长', datetime(2021, 3, 22, 1, 0, tzinfo=UTC)); "
        "made = build_pdf(c.build_facts(), sealer.note, c.default_fonts_dir()); "
        "print(hashlib.sha256(made).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert said == {hashlib.sha256(dossier).hexdigest()}


def test_practical_hours_and_the_outline_are_named_where_there_are_any(
    make_facts: Callable[[int], DossierFacts], dossier: bytes, sealer: Sealer, fonts_dir: Path
) -> None:
    facts = make_facts(12)
    first, *others = facts.lessons
    plan = replace(facts.plan, hours="6", practical_hours="3", outline="农民电商知识普及 第 1 版")
    lessons = (replace(first, practical=True), *others)
    text = text_of(build_pdf(replace(facts, plan=plan, lessons=lessons), sealer.note, fonts_dir))

    assert "6（其中实操 3）" in text
    assert "农民电商知识普及 第 1 版" in text
    assert text.count("（实操）") == 1
    assert "实操" not in text_of(dossier)


def test_rare_names_come_back_from_roster_register_and_completion(dossier: bytes) -> None:
    text = text_of(dossier)
    assert (text.count("司马䶮"), text.count("张𬭎")) == (4, 4)


def test_every_page_says_its_number_the_total_the_mark_and_the_phones(dossier: bytes) -> None:
    pages = pages_of(dossier)
    numbers = [re.findall(r"第 (\d+) 页 / 共 (\d+) 页", page)[-1] for page in pages]
    assert numbers == [(str(n), str(len(pages))) for n in range(1, len(pages) + 1)]
    for page in pages:
        assert "全国电子商务进农村综合示范项目" in page
        assert "江西省商务厅 0791-86246339" in page
        assert "2021-03-20 10:30" in page
        assert "SC-2020-NM-P-001" in page


def test_bookmarks_lead_to_the_nine_parts_in_order(dossier: bytes) -> None:
    pages = pages_of(dossier)
    parts = [(title, page) for title, page in bookmarks(dossier) if re.search(r"A\d", title)]
    assert [re.search(r"A\d", title)[0] for title, _page in parts] == [f"A{n}" for n in range(1, 10)]
    for title, page in parts:
        assert title.split("　")[1] in pages[page - 1]


def test_the_contents_name_the_page_of_each_part(dossier: bytes) -> None:
    contents = pages_of(dossier)[1]
    for title, page in bookmarks(dossier)[1:]:
        line = next(line for line in contents.splitlines() if title.split("　")[-1] in line)
        assert line.split()[-1].strip(".") == str(page)


def test_attached_pdf_pages_stand_in_their_part_and_are_numbered(dossier: bytes) -> None:
    pages = pages_of(dossier)
    starts = dict(bookmarks(dossier))
    first = starts["一、A1　委托培训协议或下达培训任务文件"]
    assert "Agreement, page 1" in pages[first]
    assert "Agreement, page 2" in pages[first + 1]
    assert f"第 {first + 2} 页 / 共" in pages[first + 1]
    assert starts["二、A2　营业执照及相关资质证明"] == first + 3


@pytest.mark.parametrize(
    ("name", "content"),
    [("locked.pdf", "encrypted"), ("broken.pdf", b"%PDF-1.4 and then nothing"), ("empty.pdf", b"")],
)
def test_a_pdf_that_cannot_be_opened_is_listed_with_the_reason(
    name: str,
    content: bytes | str,
    facts: DossierFacts,
    make_attachment: Callable[..., Attachment],
    make_pdf: Callable[..., bytes],
    fonts_dir: Path,
) -> None:
    body = make_pdf(1, user="u", owner="o") if isinstance(content, str) else content
    made = build_pdf(with_file(facts, make_attachment("A4", name, body)), None, fonts_dir)
    page = next(page for page in pages_of(made)[3:] if name in page)  # behind contents and list
    assert "PDF 已加密或损坏，未并入" in re.sub(r"\s+", "", page).replace("PDF已", "PDF 已")


def test_a_picture_that_cannot_be_read_does_not_stop_the_rest(
    facts: DossierFacts,
    make_attachment: Callable[..., Attachment],
    make_jpeg: Callable[..., bytes],
    fonts_dir: Path,
) -> None:
    cut = make_attachment("A2", "cut.jpg", make_jpeg("cut")[:900], "image/jpeg")
    made = build_pdf(with_file(facts, cut), None, fonts_dir)
    assert "cut.jpg" in text_of(made)


def test_the_register_adds_up_by_half_day_and_by_person(dossier: bytes) -> None:
    page = next(page for page in pages_of(dossier)[2:] if "交叉核对" in page)
    assert "按半天合计实到 23，按名册逐人合计 23，相符" in page
    assert re.search(r"合计\s+24\s+23\s+1\s+4140", page)


def test_each_register_says_who_stands_for_it_and_for_which(facts: DossierFacts, dossier: bytes) -> None:
    pages = [page for page in pages_of(dossier) if "以账号签认" in page]
    for page, register in zip(pages, facts.registers, strict=True):
        [attested] = register.attestations
        assert f"班主任杨班主任 2021-03-05 {'12' if register.half_day == 'am' else '17'}" in page
        assert f"名册摘要 {attested.digest[:16]}" in page


def test_the_plan_has_its_budget_with_the_sum(dossier: bytes) -> None:
    page = next(page for page in pages_of(dossier)[2:] if "经费预算" in page)
    assert re.search(r"讲课费\s+500.00\s+6 学时\s+3,000.00", page)
    assert re.search(r"合计\s+3,800.00", page)


def test_renci_and_renshu_are_both_named(dossier: bytes) -> None:
    cover = pages_of(dossier)[0]
    assert "名册 12 人（人数），结业 11 人次 / 11 人（人数）" in cover


def test_an_unsealed_dossier_says_that_it_is_a_draft(
    facts: DossierFacts, dossier: bytes, fonts_dir: Path
) -> None:
    draft = pages_of(build_pdf(facts, None, fonts_dir))[0]
    assert ("未封存" in draft, "未封存" in pages_of(dossier)[0]) == (True, False)
    assert "已封" in pages_of(dossier)[0]


def test_missing_items_are_named_in_their_part(facts: DossierFacts, fonts_dir: Path) -> None:
    finding = "缺 A3：第4课次授课人王某某无资质证明"
    items = tuple(
        replace(item, complete=False, findings=(finding,)) if item.code == "A3" else item
        for item in facts.items
    )
    pages = pages_of(build_pdf(replace(facts, items=items), None, fonts_dir))
    assert re.search(r"A3\s+缺 ?1 ?处", pages[0])
    assert "齐全 8 / 9" in pages[0]
    assert any(finding in page for page in pages[2:])


def test_a_roster_of_300_breaks_with_its_header_on_every_page_and_loses_nobody(
    make_facts: Callable[[int], DossierFacts], sealer: Sealer, fonts_dir: Path
) -> None:
    facts = make_facts(300)
    pages = pages_of(build_pdf(facts, sealer.note, fonts_dir))
    roster = [page for page in pages if "乡镇、村" in page]
    assert len(roster) > 5
    listed = [
        int(n) for page in roster for n in re.findall(r"^\s*(\d+)\s+\S+\s+[男女]\s", page, re.MULTILINE)
    ]
    assert listed == list(range(1, 301))


def test_markup_and_very_long_words_in_a_name_are_only_text(facts: DossierFacts, fonts_dir: Path) -> None:
    odd = replace(facts.roster[0], name="<b>&amp;" + "长" * 120, village="A" * 200)
    text = text_of(build_pdf(replace(facts, roster=(odd, *facts.roster[1:])), None, fonts_dir))
    assert "<b>&amp;" in text
    assert re.sub(r"\s", "", text).count("长" * 9) > 5


def test_a_dossier_without_anything_yet_can_be_printed(facts: DossierFacts, fonts_dir: Path) -> None:
    empty = replace(
        facts, agreement=None, licences=(), instructors=(), plan=None, lessons=(), changes=(), materials=(), roster=(),
        registers=(), photos=(), completion=(), attachments=(), stations=(), envelopes=(),
    )  # fmt: skip
    assert "未提供培训方案" in text_of(build_pdf(empty, None, fonts_dir))


def test_no_font_of_ours_is_left_out_of_the_file(
    without_merged_pdfs: DossierFacts, fonts_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "dossier.pdf"
    path.write_bytes(build_pdf(without_merged_pdfs, None, fonts_dir))
    table = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True).stdout
    assert {line.split()[0][7:] for line in table.splitlines()[2:]} == {
        "NotoSansSC-Regular",
        "NotoSansSC-Bold",
    }


def preflight(content: bytes, tmp_path: Path) -> str:
    """What the independent checker says of it."""
    if not PREFLIGHT.here():
        pytest.skip(PREFLIGHT.message)
    path = tmp_path / "dossier.pdf"
    path.write_bytes(content)
    jars = os.pathsep.join(map(str, PREFLIGHT_JARS))
    command = ["java", "-cp", jars, "org.apache.pdfbox.preflight.Validator_A1b", path]
    said = subprocess.run(command, capture_output=True, check=False, text=True)
    return said.stdout + said.stderr


VALID = "is a valid PDF/A-1b file"


def test_preflight_finds_the_dossier_valid_pdf_a(dossier: bytes, tmp_path: Path) -> None:
    said = preflight(dossier, tmp_path)
    assert VALID in said, said


def test_preflight_finds_a_draft_valid_whatever_characters_its_names_have(
    facts: DossierFacts, fonts_dir: Path, tmp_path: Path
) -> None:
    rare = replace(facts.roster[0], name="𠮷𡋾𬭎\U00020001")
    draft = build_pdf(replace(facts, roster=(rare, *facts.roster[1:])), None, fonts_dir)

    said = preflight(draft, tmp_path)
    assert VALID in said, said
    assert "𠮷𡋾𬭎〔U+20001〕" in re.sub(r"\s", "", text_of(draft))
    assert "U+20001" in pages_of(draft)[-2]


def test_the_list_of_the_volume_says_on_which_page_each_piece_begins(
    facts: DossierFacts, fonts_dir: Path
) -> None:
    kept = replace(facts, retention="30 年（待确认）")
    pages = pages_of(build_pdf(kept, None, fonts_dir))
    listed = next(page for page in pages if "卷内清单" in page and "顺序号" in page)
    begins = next(number for number, page in enumerate(pages, 1) if "附件 2" in page and "原件第 1" in page)

    assert "保管期限" in listed
    assert "30 年（待确认）" in listed
    [line] = [line for line in listed.splitlines() if "营业执照.png" in line]
    assert f" {begins} " in line


def test_every_page_but_the_cover_carries_the_code_that_leads_back(dossier: bytes) -> None:
    with pikepdf.open(BytesIO(dossier)) as pdf:
        coded = ["/FormXob.code" in page.resources.get("/XObject", {}) for page in pdf.pages]

    assert coded == [False, *[True] * (len(coded) - 1)]


def test_a_photo_says_what_is_known_of_it_and_why_it_does_not_count(
    facts: DossierFacts, fonts_dir: Path
) -> None:
    unknown = replace(facts.photos[0], taken_at=None, device="", persons="全体学员", photographer="林晓")
    outside = replace(facts.photos[1], uncounted="不在课次时间内，不计入这半天的张数", place="二楼培训室")
    made = build_pdf(replace(facts, photos=(unknown, outside, *facts.photos[2:])), None, fonts_dir)
    page = next(page for page in pages_of(made) if "照片共 5 张" in page)

    assert "拍摄时间不详，上传于 2021-03-04 16:15" in page
    assert "人物：全体学员" in page
    assert "摄影者：林晓" in page
    assert "不在课次时间内，不计入这半天的张数" in page
    assert "二楼培训室" in page


def test_an_item_the_programme_adds_is_printed_with_what_the_system_keeps(
    facts: DossierFacts, fonts_dir: Path
) -> None:
    added = (
        ItemFacts("X1", "讲师评价记录", "二（六）4", True, (), 3),
        ItemFacts("X2", "总结", "五", False, ("缺 X2：没有材料",), 3),
    )
    table = RecordTable("X1", "授课人评价", ("授课人", "平均分"), (("钟文博", "4.62"),))
    made = build_pdf(replace(facts, items=(*facts.items, *added), records=(table,)), None, fonts_dir)
    pages = pages_of(made)
    [first] = [page for page in pages if "十、X1" in page and "授课人评价" in page and "目录" not in page]
    [second] = [page for page in pages if "十一、X2" in page and "目录" not in page]

    assert "4.62" in first
    assert "按第 3 版规则核对，2021-03-20 10:30" in first
    assert "未提供材料" in second


def test_the_instructors_are_summed_up_before_their_profiles(facts: DossierFacts, fonts_dir: Path) -> None:
    page = next(
        page
        for page in pages_of(build_pdf(facts, None, fonts_dir))
        if "授课人汇总" in page and "目录" not in page
    )

    assert re.search(r"1\s*人", page)
    assert "电子商务师（二级）" in page
