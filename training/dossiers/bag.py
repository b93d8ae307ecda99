"""dossier.zip: a BagIt 1.0 bag (RFC 8493) with the PDF, the originals, the signed events and the seal."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from training.core.content import Content
from training.dossiers import container
from training.dossiers.checks import Payload, check_payload
from training.dossiers.facts import Attachment, DossierFacts, EnvelopeFacts
from training.dossiers.four_properties import report
from training.dossiers.layout import (
    BAG_INFO,
    BAGIT,
    DECLARATION,
    DOSSIER,
    FOUR_PROPERTIES,
    FOUR_PROPERTIES_TEXT,
    HOW_TO_VERIFY,
    MANIFEST,
    METADATA,
    METADATA_SCHEMA,
    METADATA_XML,
    OUTSIDE_CHAIN,
    SEAL,
    TAG_MANIFEST,
    all_files,
    envelopes_path,
    manifest,
    manifest_lines,
    original_paths,
)
from training.dossiers.metadata import Metadata, describe
from training.dossiers.metadata_xml import describe_xml, schema
from training.dossiers.seal import Sealer

_HOW = """如何核验这份培训档案
====================

一、只用电脑自带的工具（证明文件没有改动）
    1. 解压 dossier.zip，进入解压后的文件夹。
    2. 运行：sha256sum -c manifest-sha256.txt
       每一行都显示 OK（或“成功”），说明全部文件与清单一致。
    3. 运行：sha256sum -c tagmanifest-sha256.txt
    这个文件夹是 BagIt 1.0（RFC 8493），也可以用公开的工具：bagit.py --validate 文件夹

二、用核验程序（证明封存、签章、签到和统计都对得上；不需要网络和数据库）
    yidang-verify dossier.zip
    程序逐项显示 ✓ 或 ✗，并指出是哪个文件、哪一条记录。请用原来的 zip，不要重新压缩。
    加 --key 和商务局公布的封存公钥，可确认是商务局封存的；
    加 --trust 和 CA 证书文件，可确认电子签章的证书是谁担保的。
    没有核验程序：在档案封面二维码打开的网页上选择这个文件，效果相同。

三、只有一份 PDF
    yidang-verify dossier.pdf 核验培训机构和商务局的电子签章和 PDF/A 声明；
    用 PDF 阅读器打开最后一页的签章，也能看到签名人、时间和证书。
    签到的证据在 zip 里，单独一份 PDF 证明不了每个人到没到。

四、包内有什么
    data/dossier.pdf           培训档案（供阅读，有两个电子签章）
    data/originals/            各项原始文件，一个字节也没有改动
    data/envelopes/            签到终端签名的事件，每行一条，序号相连
    data/metadata.json         期、名册（掩码）、签到名册、结业、终端公钥
    data/metadata.xml          档案元数据（元素名用 DA/T 46-2009），data/metadata.xsd 是它的格式
    data/四性检测报告.txt      封存时的真实性、完整性、可用性、安全性检测（DA/T 70-2018 的分类）
    data/four-properties.json  同一份报告，供程序读
    manifest-sha256.txt        data 下每个文件的 SHA-256
    tagmanifest-sha256.txt     其余文件的 SHA-256
    seal.json                  封存：对两份清单的签名（未封存时没有此文件）

五、封存怎么核验
    seal.json 去掉 signature 一项后按 RFC 8785 写成规范 JSON，
    用 public_key（Ed25519，base64）验证 signature（base64）。

How to verify: `sha256sum -c manifest-sha256.txt` checks the files, `yidang-verify --lang en dossier.zip`
checks seal, signatures, chains and counts, without network or database.
"""


def write_bag(facts: DossierFacts, pdf: Path, sealer: Sealer | None, target: Path) -> str:
    """Write the package as one zip file; the same facts, PDF and sealer give the same bytes.

    The PDF has just been signed by us. Gives the SHA-256 of the manifest. No more than one original at a time
    is in memory. Raises ContainerError(`too_large`) above 4 GiB or 20,000 files.
    """
    dossier = Content.at(pdf)
    originals = original_paths(all_files(facts))
    payload = {path: _original(file) for path, file in originals.items()}
    payload |= {path: Content.held(_lines(entries)) for path, entries in _envelopes(facts).items()}
    payload |= {DOSSIER: dossier, METADATA: Content.held(describe(facts, dossier, originals))}
    payload |= _descriptions(payload)
    tags = {
        BAGIT: DECLARATION,
        BAG_INFO: _info(facts, payload),
        HOW_TO_VERIFY: _HOW.encode(),
        MANIFEST: manifest_lines({path: content.sha256 for path, content in payload.items()}),
    }
    tags[TAG_MANIFEST] = manifest(tags)
    if sealer:
        tags[SEAL] = sealer.seal(_seal_statement(facts, tags[MANIFEST], tags[TAG_MANIFEST]))
    with target.open("w+b") as file:
        container.write(file, payload | {name: Content.held(content) for name, content in tags.items()})
    return hashlib.sha256(tags[MANIFEST]).hexdigest()


def _original(file: Attachment) -> Content:
    return Content(lambda: BytesIO(file.read()))


def _descriptions(payload: Mapping[str, Content]) -> dict[str, Content]:
    """What follows from the other files: metadata in XML, and what our own checks say of them today."""
    metadata = Metadata.model_validate_json(payload[METADATA].read())
    checked = report(check_payload(Payload(payload, metadata, just_signed=True)), metadata)
    descriptions = {
        METADATA_XML: describe_xml(metadata),
        METADATA_SCHEMA: schema(),
        FOUR_PROPERTIES: checked.as_json(),
        FOUR_PROPERTIES_TEXT: checked.as_text(),
    }
    return {path: Content.held(content) for path, content in descriptions.items()}


def _seal_statement(facts: DossierFacts, manifest: bytes, tag_manifest: bytes) -> dict[str, object]:
    """What the seal signs. The tag manifest can't list the seal, so the seal signs both manifests."""
    chains = ([e for e in chain if e.standing not in OUTSIDE_CHAIN] for chain in _chains(facts))
    heads = {
        chain[-1].station: {"seq": chain[-1].seq, "sha256": chain[-1].digest} for chain in chains if chain
    }
    return {
        "format": "yidang-seal/1",
        "session": facts.session.code,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "tagmanifest_sha256": hashlib.sha256(tag_manifest).hexdigest(),
        "chain_heads": heads,
    }


def _chains(facts: DossierFacts) -> list[list[EnvelopeFacts]]:
    """Envelopes by station, each in the order of its chain."""
    stations: dict[str, list[EnvelopeFacts]] = defaultdict(list)
    for envelope in sorted(facts.envelopes, key=lambda e: (e.station, e.seq, e.digest)):
        stations[envelope.station].append(envelope)
    return list(stations.values())


def _envelopes(facts: DossierFacts) -> dict[str, list[EnvelopeFacts]]:
    return {envelopes_path(chain[0].station): chain for chain in _chains(facts)}


def _lines(envelopes: list[EnvelopeFacts]) -> bytes:
    """Each as one line of JSON, payload and signature exactly as they arrived."""
    pairs = ({"payload": e.payload, "signature": e.signature} for e in envelopes)
    return "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs).encode()


def _info(facts: DossierFacts, payload: Mapping[str, Content]) -> bytes:
    """bag-info.txt; Bagging-Date is the day of the facts, for the same facts must give the same bytes."""
    octets = sum(content.size for content in payload.values())
    lines = {
        "Source-Organization": facts.session.institution,
        "External-Identifier": facts.session.code,
        "External-Description": f"培训档案 {facts.session.title}",
        "Bagging-Date": facts.as_of.date().isoformat(),
        "Payload-Oxum": f"{octets}.{len(payload)}",
    }
    return "".join(f"{label}: {' '.join(text.split())}\n" for label, text in lines.items()).encode()
