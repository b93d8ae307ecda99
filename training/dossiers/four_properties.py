"""四性检测报告: authenticity, completeness, usability and safety of a dossier when it was sealed (DA/T 70-2018).

Each line stands on a check of `checks.py`, so whoever verifies the package makes them again and compares. What
this system can't check is listed as not checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from training.core.content import NOTHING, Content
from training.dossiers.findings import Check, Finding
from training.dossiers.layout import FOUR_PROPERTIES, FOUR_PROPERTIES_TEXT
from training.dossiers.metadata import Metadata

FORMAT: Final = "yidang-four-properties/1"
AT_THE_SEAL: Final = "归档（封存）"
PASSED, FAILED, NOT_CHECKED = "通过", "未通过", "未检测"


@dataclass(frozen=True)
class _Line:
    """`code` names the check; empty: nobody here can make it."""

    code: str
    what: str
    method: str


_PROPERTIES: Final[dict[str, tuple[_Line, ...]]] = {
    "真实性": (
        _Line("sources", "来源真实：每个原始文件有上传人和上传时间", "逐个核对元数据"),
        _Line("files", "固化信息有效：原始文件与采集时的 SHA-256 一致", "逐个重算 SHA-256"),
        _Line("pdf", "元数据与内容一致：档案 PDF 的散列、页数、期号", "打开 PDF，与元数据比对"),
        _Line("events", "签到事件由登记的终端签名", "逐条验证 Ed25519 签名和规范格式"),
        _Line(
            "signatures",
            "培训机构和商务局的电子签章有效",
            "验证签名值和覆盖范围；签章后的修改由 yidang-verify 检测",
        ),
    ),
    "完整性": (
        _Line("items", "各项材料齐全", "按项目规则计算的完整性结果"),
        _Line("chain", "事件链不断不缺", "核对序号和前一条的散列"),
        _Line("register", "签到名册与名册、事件相符", "逐人逐半天核对"),
        _Line("corrections", "补签、补录和作废都有依据和两个人", "逐条核对"),
        _Line("completion", "结业与名册相符，合计等于逐行之和", "重新合计"),
        _Line("photos", "终端签名的照片都在", "核对照片的 SHA-256"),
    ),
    "可用性": (
        _Line("pdfa", "档案 PDF 符合所声明的 PDF/A-1b", "检查声明、字体、颜色空间、透明、动作"),
        _Line("readable", "原始文件能打开", "按类型试着打开"),
    ),
    "安全性": (
        _Line("safe", "原始文件里没有程序和宏", "检查文件头和宏"),
        _Line("masked", "证件号码已掩码", "逐人核对元数据"),
        _Line("", "病毒检测", "本系统不带杀毒软件；请在归档环境另行检测"),
    ),
}


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    what: str
    method: str
    result: str
    findings: list[str] = []


class _Property(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    checks: list[_Result]


class FourProperties(BaseModel):
    """The report, as its file says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    standard: str
    stage: str
    session: str
    title: str
    as_of: str
    properties: list[_Property]

    @property
    def holds(self) -> bool:
        return not any(check.result == FAILED for each in self.properties for check in each.checks)

    def as_json(self) -> bytes:
        return json.dumps(self.model_dump(), ensure_ascii=False, indent=1).encode() + b"\n"

    def as_text(self) -> bytes:
        """The same for people."""
        lines = ["四性检测报告", "", f"期号　　{self.session}", f"题名　　{self.title}"]
        lines += [f"依据　　{self.standard}", f"环节　　{self.stage}", f"数据截至　{self.as_of}", ""]
        for number, each in enumerate(self.properties):
            lines.append(f"{'一二三四'[number % 4]}、{each.name}")
            for check in each.checks:
                lines += [f"  [{check.result}] {check.what}", f"      方法：{check.method}"]
                lines += [f"      · {finding}" for finding in check.findings]
            lines.append("")
        lines.append("运行 yidang-verify 会把上面各项重新检测一遍，并与本报告比对。")
        return ("\n".join(lines) + "\n").encode()


def report(checks: Sequence[Check], metadata: Metadata, *, stage: str = AT_THE_SEAL) -> FourProperties:
    """What the checks found, under the four properties."""
    found = {check.code: check for check in checks}
    return FourProperties(
        format=FORMAT,
        standard="DA/T 70-2018《文书类电子档案检测一般要求》（用其四性分类；检测项按本档案的内容设定）",
        stage=stage,
        session=metadata.session.code,
        title=metadata.session.title,
        as_of=metadata.as_of.isoformat(),
        properties=[
            _Property(name=name, checks=[_result(line, found.get(line.code)) for line in lines])
            for name, lines in _PROPERTIES.items()
        ],
    )


def _result(line: _Line, check: Check | None) -> _Result:
    said: dict[str, Any] = {"code": line.code, "what": line.what, "method": line.method}
    if check is None:
        return _Result(**said, result=NOT_CHECKED)
    words = [" ".join(filter(None, (f.file, f.record, f.zh))) for f in check.findings]
    return _Result(**said, result=PASSED if check.holds else FAILED, findings=words)


def compare(entries: Mapping[str, Content], now: FourProperties) -> Iterator[Finding]:
    """Where the package's own report says something else than its files do `now`."""
    try:
        then = FourProperties.model_validate_json(entries.get(FOUR_PROPERTIES, NOTHING).read())
    except ValidationError:
        yield Finding(FOUR_PROPERTIES, "", "缺少或读不出", "missing or unreadable")
        return
    if entries.get(FOUR_PROPERTIES_TEXT, NOTHING).read() != then.as_text():
        yield Finding(
            FOUR_PROPERTIES_TEXT, "", f"与 {FOUR_PROPERTIES} 不符", f"differs from {FOUR_PROPERTIES}"
        )
    said = {(each.name, check.code): check.result for each in then.properties for check in each.checks}
    for each in now.properties:
        for check in each.checks:
            if (was := said.get((each.name, check.code), "")) != check.result:
                zh = f"报告写“{was or '无'}”，现在检测是“{check.result}”"
                en = f"the report says {was or 'nothing'}, checked now it is {check.result}"
                yield Finding(FOUR_PROPERTIES, f"{each.name} {check.code}", zh, en)
            elif check.result == FAILED:
                zh, en = f"封存时就未通过：{check.what}", "did not pass when it was sealed"
                yield Finding(FOUR_PROPERTIES, f"{each.name} {check.code}", zh, en, grave=False)
