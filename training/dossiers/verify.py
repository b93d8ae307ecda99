"""`yidang-verify FILE`: is this dossier what was sealed? No database, no network.

Exit code 0 only if every check holds, 1 if one does not, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pikepdf
from pydantic import ValidationError

from kiosk.envelope import Envelope
from training.core.content import NOTHING, Content
from training.dossiers.checks import QUALITY, Payload, check_payload
from training.dossiers.container import MAX_BYTES, ContainerError, unpack
from training.dossiers.findings import Check, Finding, Report
from training.dossiers.four_properties import compare, report
from training.dossiers.layout import (
    BAG_INFO,
    BAGIT,
    DECLARATION,
    DOSSIER,
    MANIFEST,
    METADATA,
    METADATA_XML,
    SEAL,
    TAG_MANIFEST,
    envelopes_path,
)
from training.dossiers.metadata import FORMAT, Metadata
from training.dossiers.metadata_xml import describe_xml
from training.dossiers.pdfa import check_pdfa
from training.dossiers.seal import SealError, fingerprint, open_seal
from training.dossiers.signatures import NOBODY, Trust, check_signatures

Entries = Mapping[str, Content]

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


def verify(path: Path, *, trusted_key: str | None = None, trust: Trust = NOBODY) -> Report:
    """Check a package or a PDF; raises OSError only when the file can't be read.

    `trusted_key` is the sealing key (base64) known from elsewhere: a seal by any other key then fails.
    `trust` are the CAs whose certificates may sign the PDF: signed by another's, it then fails.
    """
    if path.stat().st_size > MAX_BYTES:
        return _refused(path.name, ContainerError("too_large", path.name))
    with path.open("rb") as file:
        if file.read(4) == b"%PDF":
            return Report(path.name, tuple(_pdf_alone(Content.at(path), path.name, trust)))
        try:
            entries = unpack(file)
        except ContainerError as refusal:
            return _refused(path.name, refusal)
        return Report(path.name, tuple(_package(entries, trusted_key, trust)))


def _package(entries: Entries, trusted_key: str | None, trust: Trust) -> list[Check]:
    checks = [Check("container", *_CONTAINER)]
    for code, titles, look in _FILE_CHECKS:
        checks.append(Check(code, *titles, tuple(look(entries))))
    checks.append(Check("seal", "封存签名", "Seal", tuple(_seal(entries, trusted_key))))
    metadata = _metadata(entries)
    if metadata is None:
        unreadable = Finding(
            METADATA, "", "读不出，签到和统计无法核对", "can't be read; nothing to foot against"
        )
        return [*checks, Check("metadata", *_METADATA, (unreadable,))]
    checks.append(Check("metadata", *_METADATA, tuple(_descriptions(entries, metadata))))
    found = check_payload(Payload(entries, metadata, trust))
    reported = tuple(_reported(entries, metadata, found, trust))
    proofs = (check for check in found if check.code not in QUALITY)
    return [*checks, *proofs, Check("four_properties", *_REPORTED, reported)]


def _text(entries: Entries, name: str) -> bytes:
    """One of the package's own files; empty where it has none."""
    return entries.get(name, NOTHING).read()


_CONTAINER = ("压缩包逐字节符合规定的打包方式", "Container, byte for byte")
_METADATA = ("元数据读得出，XML 与 JSON 一致", "Metadata, the XML as the JSON")
_REPORTED = ("四性检测报告与现在的检测一致", "Four-property report as checked now")


def _pdf_alone(content: Content, name: str, trust: Trust) -> Iterator[Check]:
    """What can be said of a PDF without its package: who signed it, and that nothing changed since."""
    yield Check("pdf", "单独一份 PDF", "A PDF alone", tuple(_identity(content, name)))
    with content.open() as file:
        yield Check("signatures", "电子签章", "Signatures", tuple(check_signatures(file, name, trust)))
        yield Check("pdfa", "PDF/A 声明", "PDF/A claim", tuple(check_pdfa(file, name)))


def _identity(content: Content, name: str) -> Iterator[Finding]:
    try:
        with content.open() as file, pikepdf.open(file, access_mode=pikepdf.AccessMode.stream) as pdf:
            subject, pages = str(pdf.docinfo.get("/Subject", "")), len(pdf.pages)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError):
        yield Finding(name, "", "打不开", "can't be opened")
        return
    code = subject if subject.isprintable() else "？"
    digest = content.sha256
    zh, en = f"{code} 期，{pages} 页，SHA-256 {digest}", f"of session {code}, {pages} pages, SHA-256 {digest}"
    yield Finding(name, "", zh, en, grave=False)
    zh = "PDF 只证明签章以后没有改动；签到的证据和原始文件在 dossier.zip 里"
    en = "it proves that nothing changed since it was signed; events and originals are in dossier.zip"
    yield Finding(name, "", zh, en, grave=False)


def _descriptions(entries: Entries, metadata: Metadata) -> Iterator[Finding]:
    if _text(entries, METADATA_XML) != describe_xml(metadata):
        yield Finding(METADATA_XML, "", f"缺少，或与 {METADATA} 不符", f"missing, or differs from {METADATA}")


def _reported(entries: Entries, metadata: Metadata, found: list[Check], trust: Trust) -> Iterator[Finding]:
    """Whose word counts was nobody's question when the report was made: that part is checked without."""
    if trust.roots:
        with entries.get(DOSSIER, NOTHING).open() as file:
            alone = tuple(check_signatures(file, DOSSIER, NOBODY))
        found = [Check(c.code, c.zh, c.en, alone) if c.code == "signatures" else c for c in found]
    yield from compare(entries, report(found, metadata))


def _refused(name: str, refusal: ContainerError) -> Report:
    zh, en = _REFUSALS[refusal.code]
    entry = (
        refusal.name.encode("unicode_escape", "replace").decode()
        if not refusal.name.isprintable()
        else refusal.name
    )
    return Report(name, (Check("container", *_CONTAINER, (Finding(entry, "", zh, en),)),))


def _bag(entries: Entries) -> Iterator[Finding]:
    """The declaration and the count of RFC 8493."""
    if _text(entries, BAGIT) != DECLARATION:
        yield Finding(BAGIT, "", "缺少，或不是 BagIt 1.0 的声明", "missing, or not the BagIt 1.0 declaration")
    payload = [content.size for name, content in entries.items() if name.startswith("data/")]
    oxum = f"Payload-Oxum: {sum(payload)}.{len(payload)}"
    if oxum not in _text(entries, BAG_INFO).decode(errors="replace").splitlines():
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
    for number, line in enumerate(_text(entries, manifest).decode(errors="replace").splitlines(), 1):
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
        elif entries[name].sha256 != digest:
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
        seal = open_seal(_text(entries, SEAL))
    except SealError as error:
        zh, en = ("封存签名不符", "the seal's signature does not hold")
        if error.code == "malformed":
            zh, en = ("不是规范的封存文件", "not a seal in canonical form")
        yield Finding(SEAL, "", zh, en)
        return
    for field, name in (("manifest_sha256", MANIFEST), ("tagmanifest_sha256", TAG_MANIFEST)):
        if seal.get(field) != entries.get(name, NOTHING).sha256:
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
        with entries.get(file, NOTHING).open() as lines:
            digests = {_payload_digest(line) for line in lines}
        if not isinstance(head, dict) or head.get("sha256") not in digests:
            yield Finding(file, str(head), "封存时的最后一条事件不在了", "the last event at sealing is gone")


def _payload_digest(line: bytes) -> str:
    try:
        return Envelope.model_validate_json(line).digest
    except ValidationError:
        return ""


def _metadata(entries: Entries) -> Metadata | None:
    try:
        read = Metadata.model_validate_json(_text(entries, METADATA))
    except ValidationError:
        return None
    return read if read.format == FORMAT else None


_FILE_CHECKS: tuple[tuple[str, tuple[str, str], Callable[[Entries], Iterator[Finding]]], ...] = (
    ("bag", ("BagIt 声明与件数", "BagIt declaration and counts"), _bag),
    ("manifests", ("清单与每个文件的 SHA-256", "Manifests and digests"), _manifests),
)


def _limit_memory(megabytes: int) -> None:
    """For strangers' files, which somebody may have made to eat the machine; not on Windows."""
    import resource  # noqa: PLC0415  optional dependency: Unix only

    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def main(argv: Sequence[str] | None = None) -> int:
    """The command; prints the report."""
    parser = argparse.ArgumentParser(
        "yidang-verify", description="核验培训档案包 / check a training dossier, offline"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="dossier.zip, dossier.pdf")
    parser.add_argument("--json", action="store_true", help="机器可读 / for machines")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--key", help="封存公钥 base64 / the sealing key you trust")
    parser.add_argument(
        "--trust",
        type=Path,
        action="append",
        default=[],
        metavar="CA",
        help="相信的 CA 证书（PEM 或 DER），可写几次 / a CA whose certificates may sign the PDF",
    )
    parser.add_argument("--memory", type=int, metavar="MB", help=argparse.SUPPRESS)
    try:
        options = parser.parse_args(argv)
        if options.memory:
            _limit_memory(options.memory)
        trust = Trust.of([ca.read_bytes() for ca in options.trust])
    except SystemExit as stop:
        return 0 if not stop.code else 2
    except (OSError, ValueError, TypeError) as error:
        sys.stderr.write(f"--trust: {error}\n")
        return 2
    try:
        found = verify(options.file, trusted_key=options.key, trust=trust)
    except OSError as error:
        sys.stderr.write(
            f"{options.file}: {'读不出文件' if options.lang == 'zh' else 'can not be read'} ({error.strerror})\n"
        )
        return 2
    lines = found.lines(options.lang)
    if options.json:
        lines = [json.dumps(found.as_data(options.lang), ensure_ascii=False, indent=1)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
