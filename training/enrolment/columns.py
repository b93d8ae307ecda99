"""The columns of a roster (名册): our names for them, and the words that real files put above them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

NUMBER, NAME, SEX, ID_NUMBER, PHONE = "序号", "姓名", "性别", "身份证号", "手机号"
TOWNSHIP, VILLAGE, GROUP = "乡镇", "村（社区）", "学员类别"
EDUCATION, EMPLOYER, EMPLOYER_USCC = "文化程度", "工作单位（站点、企业）", "单位统一社会信用代码"
COLUMNS = (
    NUMBER,
    NAME,
    SEX,
    ID_NUMBER,
    PHONE,
    TOWNSHIP,
    VILLAGE,
    GROUP,
    EDUCATION,
    EMPLOYER,
    EMPLOYER_USCC,
)
REQUIRED = (NAME, ID_NUMBER)
PROBLEM = "问题"
SHEET = "名册"
SEX_WORDS: Mapping[str, str] = {"male": "男", "female": "女"}

# As they stand in real rosters, without spaces, stars and what is in brackets.
ALIASES = {
    NUMBER: {"序号", "编号", "序", "no", "no."},
    NAME: {"姓名", "学员姓名", "名字", "学员", "参训人员", "参训人员姓名"},
    SEX: {"性别", "男/女"},
    ID_NUMBER: {
        "身份证号",
        "身份证号码",
        "身份证",
        "身份证件号",
        "身份证件号码",
        "居民身份证号",
        "居民身份证号码",
        "公民身份号码",
        "公民身份证号码",
        "证件号码",
        "证件号",
    },
    PHONE: {"手机号", "手机号码", "手机", "联系电话", "电话", "电话号码", "联系方式", "联系手机"},
    TOWNSHIP: {"乡镇", "乡", "镇", "所在乡镇", "所属乡镇", "乡镇名称", "乡镇街道", "乡镇/街道"},
    VILLAGE: {
        "村",
        "村社区",
        "村/社区",
        "行政村",
        "所在村",
        "所属村",
        "村名",
        "村居",
        "社区",
    },
    GROUP: {
        "学员类别",
        "人员类别",
        "类别",
        "学员类型",
        "人员类型",
        "培训对象",
        "培训对象类别",
    },
    EDUCATION: {"文化程度", "学历", "文化水平", "受教育程度"},
    EMPLOYER: {
        "工作单位",
        "单位",
        "所在单位",
        "单位名称",
        "工作单位/站点/企业",
        "企业",
        "企业名称",
        "所在企业",
        "站点",
        "站点名称",
        "所在站点",
        "服务站点",
    },
    EMPLOYER_USCC: {"单位统一社会信用代码", "统一社会信用代码", "信用代码", "社会信用代码"},
}
COLUMN_OF: Mapping[str, str] = {alias: column for column, aliases in ALIASES.items() for alias in aliases}
MAX_WORD = 64

Cell = Any  # what a spreadsheet holds: str, float, bool, date, datetime, time, timedelta


def heading_word(cell: Cell) -> str:
    """The word that a heading is known by: '学员 姓名（必填）*' is 学员姓名."""
    plain = re.sub(r"\(.*?\)|\[.*?\]|【.*?】|[\s*:]", "", unicodedata.normalize("NFKC", cell_text(cell)))
    return plain.lower()[:MAX_WORD]


def cell_text(cell: Cell) -> str:
    """A cell as people see it; text that looks like a formula stays the text it is."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    text = str(cell)
    if not text.isprintable():
        text = "".join(
            sign for sign in text if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cs")
        )
    return text.strip()
