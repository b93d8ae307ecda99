"""`yidang-verify FILE`: is this dossier what was sealed? No database, no network.

Exit code 0 only if every check holds, 1 if one does not, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pikepdf
from pydantic import ValidationError

from kiosk.envelope import Envelope
from training.dossiers import evidence
from training.dossiers.container import MAX_BYTES, ContainerError, unpack
from training.dossiers.evidence import Evidence
from training.dossiers.findings import Check, Finding, Report
from training.dossiers.layout import (
    BAG_INFO,
    BAGIT,
    DECLARATION,
    DOSSIER,
    MANIFEST,
    METADATA,
    SEAL,
    TAG_MANIFEST,
    envelopes_path,
)
from training.dossiers.metadata import FORMAT, Metadata
from training.dossiers.seal import SealError, fingerprint, open_seal

Entries = dict[str, bytes]

_REFUSALS = {
    "not_a_zip": ("不是 zip 压缩包", "not a zip file"),
    "too_large": ("大小或文件数超过限度，没有打开", "too large or too many entries; not opened"),
    "unsafe_name": (
        "文件名不安全（会写到文件夹以外），没有打开",
        "an unsafe name, pointing outside; not opened",
    ),
    "duplicate": ("同名文件出现两次，没有打开", "the same name twice; not opened"),
    "compressed": ("不是按规定方式打包（被压缩过），没有打开", "not stored as it must be; not opened"),
    "damaged": ("有字节被改动或损坏", "bytes were changed or damaged"),
}


def verify(path: Path, *, trusted_key: str | None = None) -> Report:
    """Check a package; raises OSError only when the file can't be read.

    `trusted_key` is the sealing key (base64) known from elsewhere: a seal by any other key then fails.
    """
    if path.stat().st_size > MAX_BYTES:
        return _refused(path, ContainerError("too_large", path.name))
    content = path.read_bytes()
    if content.startswith(b"%PDF"):
        return Report(path.name, (_LONE_PDF,))
    try:
        entries = unpack(content)
    except ContainerError as refusal:
        return _refused(path, refusal)
    checks = [Check("container", *_CONTAINER)]
    for code, titles, look in _FILE_CHECKS:
        checks.append(Check(code, *titles, tuple(look(entries))))
    checks.append(Check("seal", "封存签名", "Seal", tuple(_seal(entries, trusted_key))))
    metadata = _metadata(entries)
    if metadata is None:
        unreadable = Finding(
            METADATA, "", "读不出，签到和统计无法核对", "can't be read; nothing to foot against"
        )
        return Report(path.name, (*checks, Check("metadata", "元数据", "Metadata", (unreadable,))))
    checks.append(Check("files", *_FILES, tuple(_files(entries, metadata))))
    checks.append(Check("pdf", "档案 PDF", "Dossier PDF", tuple(_pdf(entries, metadata))))
    proof = Evidence(entries, metadata)
    for code, titles, foot in _EVIDENCE_CHECKS:
        checks.append(Check(code, *titles, tuple(foot(proof))))
    return Report(path.name, tuple(checks))


_CONTAINER = ("压缩包逐字节符合规定的打包方式", "Container, byte for byte")
_FILES = ("原始文件与元数据一致", "Originals as the metadata says")
_LONE_PDF = Check(
    "container",
    "只有 PDF",
    "A PDF alone",
    (
        Finding(
            "",
            "",
            "单独一份 PDF 在本版本中无法核验：签到的签名、原始文件和封存都在 dossier.zip 里，请提供 zip 包。",
            "A PDF alone can't be verified in this version: signatures, originals and seal are in dossier.zip.",
        ),
    ),
)


def _refused(path: Path, refusal: ContainerError) -> Report:
    zh, en = _REFUSALS[refusal.code]
    name = (
        refusal.name.encode("unicode_escape", "replace").decode()
        if not refusal.name.isprintable()
        else refusal.name
    )
    return Report(path.name, (Check("container", *_CONTAINER, (Finding(name, "", zh, en),)),))


def _bag(entries: Entries) -> Iterator[Finding]:
    """The declaration and the count of RFC 8493."""
    if entries.get(BAGIT) != DECLARATION:
        yield Finding(BAGIT, "", "缺少，或不是 BagIt 1.0 的声明", "missing, or not the BagIt 1.0 declaration")
    payload = [content for name, content in entries.items() if name.startswith("data/")]
    oxum = f"Payload-Oxum: {sum(map(len, payload))}.{len(payload)}"
    if oxum not in entries.get(BAG_INFO, b"").decode(errors="replace").splitlines():
        yield Finding(BAG_INFO, "", f"与内容不符，应为 {oxum}", f"should say {oxum}")


def _manifests(entries: Entries) -> Iterator[Finding]:
    """Every file is listed with its digest, every listed file is there."""
    payload = {name for name in entries if name.startswith("data/")}
    tags = set(entries) - payload - {SEAL, TAG_MANIFEST}
    yield from _manifest(entries, MANIFEST, payload)
    yield from _manifest(entries, TAG_MANIFEST, tags)


_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def _manifest(entries: Entries, manifest: str, files: set[str]) -> Iterator[Finding]:
    if manifest not in entries:
        yield Finding(manifest, "", "缺少清单", "the manifest is missing")
        return
    listed: set[str] = set()
    for number, line in enumerate(entries[manifest].decode(errors="replace").splitlines(), 1):
        parts = _LINE.fullmatch(line)
        if parts is None or parts[2] in listed:
            yield Finding(
                manifest, f"第{number}行 line {number}", "格式不对或重复", "malformed or listed twice"
            )
            continue
        digest, name = parts.groups()
        listed.add(name)
        if name not in files:
            yield Finding(name, "", f"{manifest} 列出而包内没有", f"listed in {manifest} but missing")
        elif hashlib.sha256(entries[name]).hexdigest() != digest:
            yield Finding(name, "", f"内容与 {manifest} 的 SHA-256 不符", f"content differs from {manifest}")
    for name in sorted(files - listed):
        yield Finding(name, "", f"{manifest} 没有列出这个文件", f"not listed in {manifest}")


def _seal(entries: Entries, trusted_key: str | None) -> Iterator[Finding]:
    if SEAL not in entries:
        yield Finding(
            SEAL, "", "没有封存：这是草稿，不作补贴依据", "not sealed: a draft, no ground for a subsidy"
        )
        return
    try:
        seal = open_seal(entries[SEAL])
    except SealError as error:
        zh, en = ("封存签名不符", "the seal's signature does not hold")
        if error.code == "malformed":
            zh, en = ("不是规范的封存文件", "not a seal in canonical form")
        yield Finding(SEAL, "", zh, en)
        return
    for field, name in (("manifest_sha256", MANIFEST), ("tagmanifest_sha256", TAG_MANIFEST)):
        if seal.get(field) != hashlib.sha256(entries.get(name, b"")).hexdigest():
            yield Finding(name, "", "封存之后被改动过", "changed after it was sealed")
    yield from _chain_heads(entries, seal.get("chain_heads"))
    key = str(seal["public_key"])
    if trusted_key is not None and trusted_key != key:
        yield Finding(
            SEAL,
            "",
            f"不是所给的公钥封存的，而是 {fingerprint(key)}",
            f"sealed by another key, {fingerprint(key)}",
        )
    who, at = seal.get("sealed_by"), seal.get("sealed_at")
    note = (
        f"{who} {at} 封存，公钥指纹 {fingerprint(key)}",
        f"sealed by {who} at {at}, key fingerprint {fingerprint(key)}",
    )
    if trusted_key is None:
        note = (
            f"{note[0]}（请与商务局公布的指纹核对）",
            f"{note[1]} (compare it with the one the bureau published)",
        )
    yield Finding(SEAL, "", *note, grave=False)


def _chain_heads(entries: Entries, heads: object) -> Iterator[Finding]:
    """The last event that the seal names for each station is among the station's events."""
    if not isinstance(heads, dict):
        yield Finding(SEAL, "chain_heads", "没有事件链的链头", "no chain heads")
        return
    for station, head in heads.items():
        file = envelopes_path(str(station))
        digests = {_payload_digest(line) for line in entries.get(file, b"").splitlines()}
        if not isinstance(head, dict) or head.get("sha256") not in digests:
            yield Finding(file, str(head), "封存时的最后一条事件不在了", "the last event at sealing is gone")


def _payload_digest(line: bytes) -> str:
    try:
        return Envelope.model_validate_json(line).digest
    except ValidationError:
        return ""


def _metadata(entries: Entries) -> Metadata | None:
    try:
        read = Metadata.model_validate_json(entries.get(METADATA, b""))
    except ValidationError:
        return None
    return read if read.format == FORMAT else None


def _files(entries: Entries, metadata: Metadata) -> Iterator[Finding]:
    """The originals are those the metadata describes, with these digests."""
    listed = {file.path: file for file in metadata.files}
    for path, file in listed.items():
        content = entries.get(path)
        if content is None:
            yield Finding(path, "", f"缺少原始文件《{file.name}》", f"the original {file.name!r} is missing")
        elif (hashlib.sha256(content).hexdigest(), len(content)) != (file.sha256, file.size):
            yield Finding(
                path, "", f"《{file.name}》不是上传时的原件", f"{file.name!r} is not as it was uploaded"
            )
    for path in sorted(name for name in entries if name.startswith("data/originals/") and name not in listed):
        yield Finding(path, "", "元数据没有列出这个文件", "the metadata does not list this file")


def _pdf(entries: Entries, metadata: Metadata) -> Iterator[Finding]:
    content = entries.get(DOSSIER, b"")
    try:
        with pikepdf.open(BytesIO(content)) as pdf:
            pages, subject = len(pdf.pages), str(pdf.docinfo.get("/Subject", ""))
    except (pikepdf.PdfError, pikepdf.PasswordError):
        yield Finding(DOSSIER, "", "缺少或打不开", "missing or unreadable")
        return
    if hashlib.sha256(content).hexdigest() != metadata.dossier.sha256 or pages != metadata.dossier.pages:
        yield Finding(DOSSIER, "", "不是元数据所说的那一份", "not the one the metadata describes")
    if subject != metadata.session.code:
        yield Finding(
            DOSSIER, "", f"是 {subject} 期的，不是 {metadata.session.code}", f"is of session {subject}"
        )


_FILE_CHECKS: tuple[tuple[str, tuple[str, str], Callable[[Entries], Iterator[Finding]]], ...] = (
    ("bag", ("BagIt 声明与件数", "BagIt declaration and counts"), _bag),
    ("manifests", ("清单与每个文件的 SHA-256", "Manifests and digests"), _manifests),
)
_EVIDENCE_CHECKS: tuple[tuple[str, tuple[str, str], Callable[[Evidence], Iterator[Finding]]], ...] = (
    ("events", ("每条事件的签名与规范格式", "Events: signature and canonical form"), evidence.events),
    ("chain", ("每台终端的事件链", "Chain of each station"), evidence.chain),
    ("register", ("签到名册、名册与事件相符", "Register against roster and events"), evidence.register),
    ("corrections", ("补签、补录与作废", "Corrections"), evidence.corrections),
    ("completion", ("结业人次、人数与名册相符", "Completion and counts"), evidence.completion),
    ("photos", ("照片与终端签名相符", "Photos against signed events"), evidence.photos),
)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; prints the report."""
    parser = argparse.ArgumentParser(
        "yidang-verify", description="核验培训档案包 / check a training dossier, offline"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="dossier.zip")
    parser.add_argument("--json", action="store_true", help="机器可读 / for machines")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--key", help="封存公钥 base64 / the sealing key you trust")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return 0 if not stop.code else 2
    try:
        report = verify(options.file, trusted_key=options.key)
    except OSError as error:
        sys.stderr.write(
            f"{options.file}: {'读不出文件' if options.lang == 'zh' else 'can not be read'} ({error.strerror})\n"
        )
        return 2
    lines = report.lines(options.lang)
    if options.json:
        lines = [json.dumps(report.as_data(options.lang), ensure_ascii=False, indent=1)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
