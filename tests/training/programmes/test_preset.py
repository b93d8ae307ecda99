from datetime import date
from pathlib import Path

import pytest

from training.programmes.preset import Preset
from training.programmes.preset_file import PRESETS, PresetError, load_preset
from training.programmes.rule import Clause

SHICHENG = (PRESETS / "shicheng.yaml").read_text(encoding="utf-8")
STORED = Path(__file__).parent / "stored_rule_set.json"


@pytest.fixture(scope="module")
def shicheng() -> Preset:
    return load_preset("shicheng")


@pytest.fixture
def refused(tmp_path: Path):
    """The error of a preset with one piece of it replaced; the document lies beside it."""
    (tmp_path / "documents").symlink_to(PRESETS / "documents")

    def load(old: str, new: str, preset: str = "shicheng") -> tuple[int, str]:
        text = (PRESETS / f"{preset}.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "county.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(PresetError) as error:
            load_preset(path)
        assert error.value.file == "county.yaml"
        return error.value.line, error.value.message

    return load


def line_of(text: str) -> int:
    return SHICHENG[: SHICHENG.index(text)].count("\n") + 1


def test_the_shicheng_programme_says_what_the_document_says(shicheng: Preset) -> None:
    assert (shicheng.code, shicheng.county, shicheng.region_code) == ("SC-2020", "石城县", "360735")
    assert shicheng.mark_text == "全国电子商务进农村综合示范项目"
    assert [str(phone) for phone in shicheng.phones] == [
        "江西省商务厅 0791-86246339",
        "石城县商务局 0797-5792681",
    ]
    assert date(2020, 4, 1) in shicheng.window
    assert date(2022, 7, 1) not in shicheng.window
    assert shicheng.min_institutions == 2
    target = shicheng.target("renci")
    assert (target.value, target.unit, target.new_only, target.due_on) == (
        2000,
        "人次",
        True,
        date(2022, 6, 30),
    )


def test_the_training_money_is_180_of_110_20_and_50(shicheng: Preset) -> None:
    line = shicheng.fund_lines[0]
    assert (line.code, line.total_fen) == ("training", 180_000_000)
    assert (line.central_fen, line.county_fen, line.social_fen) == (110_000_000, 20_000_000, 50_000_000)


def test_the_lists_are_as_long_as_in_the_document(shicheng: Preset) -> None:
    assert [(category.code, len(category.topics)) for category in shicheng.categories] == [
        ("cadre", 5),
        ("farmer", 5),
        ("entrepreneur", 5),
        ("practitioner", 4),
        ("manager", 3),
    ]
    assert [item.code for item in shicheng.items] == [f"A{number}" for number in range(1, 10)]
    assert [group.name for group in shicheng.groups][-2:] == ["具备条件贫困户", "农村网红"]
    assert len(shicheng.groups) == 7 + 1
    assert len(shicheng.forms) == 6
    assert shicheng.class_type("entrepreneurship_employment").required_rates == ("创业率", "就业率")


def test_what_the_document_leaves_open_is_listed_for_the_county_to_confirm(shicheng: Preset) -> None:
    assert {
        "attendance.lesson_ratio",
        "attendance.unit_minutes",
        "attendance.require_sign_out",
        "photos.min_per_half_day",
        "planning.lead_working_days",
        "follow_up.days",
        "face.pass_below",
        "fee_standard.number",
    } <= set(shicheng.unconfirmed)
    assert shicheng.attendance.clause == "待确认"
    assert not [path for path in shicheng.unconfirmed if path.startswith(("targets", "items", "fund_lines"))]


def test_a_stored_body_gives_the_same_preset_back(shicheng: Preset) -> None:
    assert Preset.model_validate(shicheng.model_dump(mode="json")) == shicheng
    assert Preset.model_validate_json(shicheng.model_dump_json()) == shicheng


def test_what_an_earlier_version_of_the_program_stored_is_still_read() -> None:
    stored = Preset.model_validate_json(STORED.read_text(encoding="utf-8"))

    assert (stored.target("renci").counts, stored.items_for("general")) == ("renci", stored.items)
    assert (stored.notices, stored.acceptance, stored.reports, stored.place_marks) == ((), (), (), ())
    assert stored.group_words["脱贫户"] == "poor_household"


def test_roster_words_lead_to_group_codes(shicheng: Preset) -> None:
    words = shicheng.group_words
    assert (words["农民"], words["贫困户"], words["farmer"]) == ("farmer", "poor_household", "farmer")


def test_a_topic_answers_to_the_documents_spelling_and_to_the_usual_one(shicheng: Preset) -> None:
    rules = next(topic for topic in shicheng.topics("practitioner") if topic.code == "platform_rules")
    assert rules.is_called("平台交易规制")
    assert rules.is_called("平台交易规则")


def test_an_unknown_code_is_a_key_error(shicheng: Preset) -> None:
    with pytest.raises(KeyError):
        shicheng.category("nobody")


MARK = "全国电子商务进农村综合示范项目"
MISTAKES = {
    "a missing field": ("county: 石城县\n", "", "county：缺少这个字段"),
    "a misspelt field": ("county: 石城县", "countty: 石城县", "没有这个字段"),
    "money without a unit": ("total_fen: 180 万元", "total_fen: 一百八十", "金额要写明单位"),
    "sources that do not add up": (
        "central_fen: 110 万元",
        "central_fen: 111 万元",
        "合计 181 万元，与总额 180 万元不符",
    ),
    "a date that is none": ("starts_on: 2020-04-01", "starts_on: 四月", "应当是日期"),
    "an end before the start": ("ends_on: 2022-06-30", "ends_on: 2019-06-30", "结束日期早于开始日期"),
    "a ratio above one": ("lesson_ratio: 0.80 ", "lesson_ratio: 80 ", "应当不大于 1"),
    "an unquoted region": ('"360735" ', "360735 ", "应当是文字"),
    "face bands crossed": ("pass_below: 0.40", "pass_below: 0.60", "pass_below 不能大于 ask_below"),
    "a topic not in its clause": ("name: 网购平台介绍", "name: 直播带货", "“直播带货”不在所引条文里"),
    "a quotation that is none": ("text: 培训材料\n", "text: 培训教材\n", "引文在文件原文中找不到"),
    "an unknown word as source": ("\n  source: 待确认\n", "\n  source: 大概\n", "只能是 '待确认'"),
    "a group for a category that is not": ("categories: [cadre]", "categories: [nobody]", "不存在：nobody"),
    "a code twice": ("{code: on_site,", "{code: classroom,", "代码重复：classroom"),
    "an unconfirmed field that is none": ("unconfirmed: [days,", "unconfirmed: [weeks,", "“weeks”不是"),
    "a key twice": ("county: 石城县", "code: 石城县", "字段“code”写了两次"),
    "broken yaml": ("phones:\n", "phones: [\n", "YAML 写法有误"),
    "python in yaml": ("name: 农民\n", "name: !!python/name:os.system\n", "YAML 写法有误"),
    "unconfirmed without a note": (
        "  note: 系统默认。方案没有规定开班",
        "  # 系统默认。方案没有规定开班",
        "note 里写明",
    ),
    "a mark that is too long": (f"text: {MARK}\n", f"text: {MARK * 6}\n", "太长，最多 80 个字"),
    "an alias that ends before it starts": (
        "valid_from: 2021-01-01",
        "valid_from: 2021-01-01, valid_until: 2020-01-01",
        "结束日期早于开始日期",
    ),
}
ELSEWHERE = {
    "a part of nothing": (
        "yongshun",
        "parent: renci\n",
        "parent: everything\n",
        "上级指标不存在：everything",
    ),
    "a part of a part": (
        "yongshun",
        "parent: renci\n    class_type: practical",
        "parent: renci_general\n    class_type: practical",
        "“renci_general”本身是分项",
    ),
    "parts above the whole": ("yongshun", "value: 6000", "value: 6001", "分项合计 10001，超过总数 10000"),
    "a part in another unit": ("baofeng", "unit: 人次\n    parent", "unit: 人\n    parent", "单位不同"),
    "a class type nobody has": (
        "yongshun",
        "class_type: general",
        "class_type: dance",
        "指标的班型不存在：dance",
    ),
    "a base without a growth": (
        "yongshun",
        "    growth: true\n",
        "    base_year: 2018\n",
        "只有增长指标",
    ),
    "people counted in renci": ("baofeng", "measure: people", "measure: renci", "measure 与单位不符"),
    "a stage that ends before it starts": (
        "baofeng",
        "starts_on: 2019-01-01\n    due_on: 2019-10-31",
        "starts_on: 2019-01-01\n    due_on: 2018-10-31",
        "完成期限早于开始日期",
    ),
    "an upper bound below the lower": ("baofeng", "up_to: 3", "up_to: 2", "up_to 应当大于 value"),
    "a quotation elsewhere that is none": (
        "baofeng",
        "text: 累计完成10000人次以上的",
        "text: 累计完成20000人次以上的",
        "找不到",
    ),
    "a part larger than the whole": ("baofeng", "part_fen: 880 万元", "part_fen: 8800 万元", "部分大于总额"),
    "a share above one": ("huidong", "at_least: 0.50", "at_least: 50", "应当不大于 1"),
    "a fund line nobody has": ("baofeng", "fund_line: null\n", "fund_line: slush\n", "资金线不存在：slush"),
    "an item for a class type nobody has": (
        "jinkouhe",
        "class_types: [operator]",
        "class_types: [dancer]",
        "档案项 X1 的班型不存在：dancer",
    ),
    "a notice without a day": ("baofeng", "working_days: 5", "working_days: 0", "应当不小于 1"),
    "a notice twice": ("baofeng", "- code: undertaker\n", "- code: acceptance\n", "代码重复：acceptance"),
    "a month there is not": ("huidong", "months: [3, 6, 9, 12]", "months: [3, 6, 9, 13]", "应当不大于 12"),
    "months in disorder": ("huidong", "months: [3, 6, 9, 12]", "months: [6, 3]", "从小到大"),
    "a day there is not": ("huidong", "due_day: 20", "due_day: 32", "应当不大于 31"),
    "a level there is not": ("huidong", "level: town", "level: street", "只能是"),
    "a level twice": ("huidong", "level: town", "level: county", "场所级别重复：county"),
    "a stage's member misspelt": ("baofeng", "observers: [", "observer: [", "没有这个字段"),
}


@pytest.mark.parametrize("mistake", ELSEWHERE)
def test_a_mistake_in_another_countys_sections_is_named_with_its_line(refused, mistake: str) -> None:
    preset, old, new, words = ELSEWHERE[mistake]
    line, message = refused(old, new, preset)

    assert words in message
    assert line > 0


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_chinese(refused, mistake: str) -> None:
    old, new, words = MISTAKES[mistake]
    assert words in refused(old, new)[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total_fen: 180 万元", "total_fen: 一百八十"),
        ("starts_on: 2020-04-01", "starts_on: 四月"),
        ("lesson_ratio: 0.80 ", "lesson_ratio: 80 "),
        ("text: 培训材料\n", "text: 培训教材\n"),
        ("weight: main\n", "weight: heavy\n"),
        ("unit: 人次", "unit: 匹"),
    ],
)
def test_the_error_points_at_the_line(refused, old: str, new: str) -> None:
    line, _message = refused(old, new)
    assert line == line_of(old)


def test_a_mistake_in_a_list_entry_points_at_the_entry(refused) -> None:
    line, _message = refused("central_fen: 110 万元", "central_fen: 111 万元")
    assert line == line_of("- code: training")


def test_further_errors_are_counted(refused) -> None:
    _line, message = refused("require_sign_out: true\n  source", "require_sign_out: perhaps\n  sauce")
    assert "另有 2 处错误" in message


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="文件打不开") as error:
        load_preset(tmp_path / "none.yaml")
    assert error.value.line == 0


@pytest.mark.parametrize(
    "text", ["", "- 1\n- 2\n", "县: &a [*a]\n", "&a {code: *a}\n", "? {a: 1}\n: 2\n", "\x00"]
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PresetError):
        load_preset(path)


def test_without_the_document_beside_it_quotations_are_taken_as_they_are() -> None:
    assert Clause(place="正文", text="什么也没有").text == "什么也没有"
