"""What travels with a package for archives: metadata in XML, and the four-property report."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.training.dossiers.packages import build_bag, pack, unpacked
from training.dossiers.facts import DossierFacts
from training.dossiers.layout import (
    FOUR_PROPERTIES,
    FOUR_PROPERTIES_TEXT,
    MANIFEST,
    METADATA,
    METADATA_SCHEMA,
    METADATA_XML,
    manifest,
)
from training.dossiers.metadata import Metadata
from training.dossiers.metadata_xml import describe_xml
from training.dossiers.seal import Sealer
from training.dossiers.verify import verify

Entries = dict[str, bytes]
NS = {"m": "urn:yidang:dossier-metadata:1"}


@pytest.fixture(scope="module")
def entries(package: bytes) -> Entries:
    return unpacked(package)


def failures(entries: Entries, folder: Path) -> set[tuple[str, str]]:
    """(check, file) of what does not hold, the manifest made anew."""
    payload = {name: content for name, content in entries.items() if name.startswith("data/")}
    path = folder / "x.zip"
    path.write_bytes(pack(entries | {MANIFEST: manifest(payload)}))
    checks = verify(path).checks
    return {(check.code, found.file) for check in checks for found in check.findings if found.grave}


def results(entries: Entries) -> dict[str, dict[str, str]]:
    """Property -> what was checked -> result."""
    report = json.loads(entries[FOUR_PROPERTIES])
    return {
        each["name"]: {check["what"]: check["result"] for check in each["checks"]}
        for each in report["properties"]
    }


def test_the_public_bagit_tool_finds_the_bag_valid(package: bytes, tmp_path: Path) -> None:
    (tmp_path / "dossier.zip").write_bytes(package)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", "dossier.zip", "bag"], cwd=tmp_path, check=True)
    tool = Path(sys.executable).with_name("bagit.py")
    said = subprocess.run(
        [tool, "--validate", "bag"], cwd=tmp_path, capture_output=True, check=False, text=True
    )
    assert (said.returncode, "bag is valid" in said.stderr) == (0, True), said.stderr


def test_the_xml_follows_the_schema_beside_it(entries: Entries) -> None:
    schema = etree.XMLSchema(etree.fromstring(entries[METADATA_SCHEMA]))
    schema.assertValid(etree.fromstring(entries[METADATA_XML]))


def test_the_xml_says_whose_what_and_which_files(entries: Entries) -> None:
    root = etree.fromstring(entries[METADATA_XML])

    def text(path: str) -> str | None:
        return root.findtext(path, namespaces=NS)

    assert text("m:档号") == "SC-2020-NM-P-001"
    assert text("m:来源/m:立档单位名称") == "石城县乡村电商培训有限公司"
    assert text("m:内容描述/m:日期") == "2021-03-05/2021-03-05"
    names = {file.text for file in root.iterfind(".//m:计算机文件名", NS)}
    assert names == {"data/dossier.pdf", *(name for name in entries if name.startswith("data/originals/"))}


def test_the_xml_says_how_long_it_is_kept_and_of_older_packages_nothing(entries: Entries) -> None:
    metadata = Metadata.model_validate_json(entries[METADATA])

    assert "<保管期限>待确认</保管期限>" in describe_xml(metadata).decode()
    assert "保管期限" not in describe_xml(metadata.model_copy(update={"retention": ""})).decode()


def test_a_title_that_is_no_xml_is_written_all_the_same(
    facts: DossierFacts, signed: bytes, sealer: Sealer
) -> None:
    session = replace(facts.session, title="<培训> & \x0b“班”")
    made = unpacked(build_bag(replace(facts, session=session), signed, sealer))
    assert (
        etree.fromstring(made[METADATA_XML]).findtext("m:内容描述/m:题名", namespaces=NS) == "<培训> & “班”"
    )


def test_the_report_has_the_four_properties_and_says_what_nobody_checked(entries: Entries) -> None:
    found = results(entries)
    assert list(found) == ["真实性", "完整性", "可用性", "安全性"]
    assert found["安全性"]["病毒检测"] == "未检测"
    others = {result for each in found.values() for what, result in each.items() if what != "病毒检测"}
    assert others <= {"通过", "未通过"}
    assert found["真实性"]["签到事件由登记的终端签名"] == "通过"


def test_a_file_that_does_not_open_is_in_the_report_and_no_reason_to_distrust_the_package(
    entries: Entries, package_file: Path
) -> None:
    """The fixture's 报名表.xlsx is no workbook."""
    assert results(entries)["可用性"]["原始文件能打开"] == "未通过"
    report = verify(package_file)
    assert report.holds
    assert "封存时就未通过：原始文件能打开" in "\n".join(report.lines("zh"))


def test_the_report_reads_the_same_for_people_and_machines(entries: Entries) -> None:
    text = entries[FOUR_PROPERTIES_TEXT].decode()
    for each in results(entries).values():
        for what, result in each.items():
            assert f"[{result}] {what}" in text


def better(report: dict[str, Any]) -> None:
    for check in report["properties"][2]["checks"]:
        check["result"] = "通过"


def shorter(report: dict[str, Any]) -> None:
    del report["properties"][0]["checks"][0]


@pytest.mark.parametrize("change", [better, shorter])
def test_a_report_that_says_something_else_than_the_files_is_named(
    change: Any, entries: Entries, tmp_path: Path
) -> None:
    report = json.loads(entries[FOUR_PROPERTIES])
    change(report)
    changed = entries | {FOUR_PROPERTIES: json.dumps(report, ensure_ascii=False).encode()}
    assert {("four_properties", FOUR_PROPERTIES), ("four_properties", FOUR_PROPERTIES_TEXT)} <= failures(
        changed, tmp_path
    )


def test_xml_that_says_something_else_than_the_json_is_named(entries: Entries, tmp_path: Path) -> None:
    changed = entries | {METADATA_XML: entries[METADATA_XML].replace("案卷".encode(), "卷".encode())}
    assert ("metadata", METADATA_XML) in failures(changed, tmp_path)
