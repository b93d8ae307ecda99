"""metadata.xml: what an archive wants to know of a dossier, in the words of DA/T 46-2009.

The element names are that standard's where it has one; it is written for office papers, so an item's code
and a digest for each file are ours. Not an encapsulation after DA/T 48-2009, which would put the files
themselves inside as Base64: the bag holds them as they are.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

from training.dossiers.layout import DOSSIER
from training.dossiers.metadata import Metadata

NAMESPACE = "urn:yidang:dossier-metadata:1"


def schema() -> bytes:
    """The XML Schema that it follows; travels beside it."""
    return (files("training.dossiers") / "metadata.xsd").read_bytes()


def describe_xml(metadata: Metadata) -> bytes:
    """The same metadata give the same bytes."""
    session, programme = metadata.session, metadata.programme
    root = ET.Element("电子档案元数据", {"xmlns": NAMESPACE, "版本": "1"})
    _leaf(root, "聚合层次", "案卷")
    source = ET.SubElement(root, "来源")
    _leaf(source, "立档单位名称", session.institution)
    _leaf(source, "统一社会信用代码", session.uscc)
    _leaf(source, "业务主管部门", f"{programme.county}商务局")
    _leaf(root, "档号", session.code)
    if metadata.retention:
        _leaf(root, "保管期限", metadata.retention)
    content = ET.SubElement(root, "内容描述")
    _leaf(content, "题名", session.title)
    _leaf(content, "责任者", session.institution)
    _leaf(content, "日期", f"{session.first_day}/{session.last_day}")
    _leaf(content, "文件编号", session.approval_number)
    counts = metadata.counts
    _leaf(
        content,
        "摘要",
        f"{programme.name}；{session.category}；名册 {counts.rostered_people} 人，"
        f"结业 {counts.completed_renci} 人次、{counts.completed_renshu} 人；资金渠道：{session.fund_line}",
    )
    form = ET.SubElement(root, "形式特征")
    _leaf(form, "文件组合类型", "组合文件")
    _leaf(form, "件数", str(len(metadata.files) + 1))
    _leaf(form, "页数", str(metadata.dossier.pages))
    _leaf(form, "语种", "汉语")
    business = ET.SubElement(root, "业务实体")
    _leaf(business, "职能业务", "电子商务进农村培训")
    _leaf(business, "行为依据", f"{programme.source_document}（规则第 {programme.rule_version} 版）")
    _leaf(business, "行为时间", metadata.as_of.isoformat())
    electronic = ET.SubElement(root, "电子属性")
    _file(electronic, DOSSIER, "application/pdf", metadata.dossier.sha256, item="")
    for file in metadata.files:
        _file(electronic, file.path, file.content_type, file.sha256, item=file.item, size=file.size)
    ET.indent(root, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode").encode() + b"\n"


def _file(
    parent: ET.Element, path: str, kind: str, sha256: str, *, item: str, size: int | None = None
) -> None:
    file = ET.SubElement(parent, "电子文件", {"档案项": item} if item else {})
    _leaf(file, "计算机文件名", PurePosixPath(path).as_posix())
    if size is not None:
        _leaf(file, "计算机文件大小", str(size))
    _leaf(file, "格式信息", kind)
    _leaf(file, "散列值", sha256, 算法="SHA-256")


def _leaf(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    """Control characters, which XML has no way to write, become spaces."""
    clean = "".join(c if c.isprintable() or c.isspace() else " " for c in text)
    ET.SubElement(parent, name, attributes).text = " ".join(clean.split())
