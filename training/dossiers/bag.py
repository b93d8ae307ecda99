"""dossier.zip: a BagIt 1.0 bag (RFC 8493) with the PDF, the originals, the signed events and the seal."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping

from training.dossiers import container
from training.dossiers.facts import DossierFacts, EnvelopeFacts
from training.dossiers.layout import (
    BAG_INFO,
    BAGIT,
    DECLARATION,
    DOSSIER,
    HOW_TO_VERIFY,
    MANIFEST,
    METADATA,
    OUTSIDE_CHAIN,
    SEAL,
    TAG_MANIFEST,
    all_files,
    envelopes_path,
    manifest,
    original_paths,
)
from training.dossiers.metadata import describe
from training.dossiers.seal import Sealer

_HOW = """如何核验这份培训档案
====================

一、只用电脑自带的工具（证明文件没有改动）
    1. 解压 dossier.zip，进入解压后的文件夹。
    2. 运行：sha256sum -c manifest-sha256.txt
       每一行都显示 OK（或“成功”），说明全部文件与清单一致。
    3. 运行：sha256sum -c tagmanifest-sha256.txt

二、用核验程序（证明封存、签到和统计都对得上；不需要网络和数据库）
    yidang-verify dossier.zip
    程序逐项显示 ✓ 或 ✗，并指出是哪个文件、哪一条记录。请用原来的 zip，不要重新压缩。
    加 --key 和商务局公布的封存公钥，可确认是商务局封存的。

三、包内有什么
    data/dossier.pdf        培训档案（供阅读）
    data/originals/         各项原始文件，一个字节也没有改动
    data/envelopes/         签到终端签名的事件，每行一条，序号相连
    data/metadata.json      期、名册（掩码）、签到名册、结业、终端公钥
    manifest-sha256.txt     data 下每个文件的 SHA-256
    tagmanifest-sha256.txt  其余文件的 SHA-256
    seal.json               封存：对两份清单的签名（未封存时没有此文件）

四、封存怎么核验
    seal.json 去掉 signature 一项后按 RFC 8785 写成规范 JSON，
    用 public_key（Ed25519，base64）验证 signature（base64）。

How to verify: `sha256sum -c manifest-sha256.txt` checks the files, `yidang-verify --lang en dossier.zip`
checks seal, signatures, chains and counts, without network or database.
"""


def build_bag(facts: DossierFacts, pdf: bytes, sealer: Sealer | None) -> bytes:
    """The package as one zip file; the same facts, PDF and sealer give the same bytes.

    Raises ContainerError(`too_large`) above 4 GiB or 20,000 files.
    """
    originals = original_paths(all_files(facts))
    payload = {path: file.read() for path, file in originals.items()}
    payload |= {path: _lines(entries) for path, entries in _envelopes(facts).items()}
    payload |= {DOSSIER: pdf, METADATA: describe(facts, pdf, originals)}
    tags = {
        BAGIT: DECLARATION,
        BAG_INFO: _info(facts, payload),
        HOW_TO_VERIFY: _HOW.encode(),
        MANIFEST: manifest(payload),
    }
    tags[TAG_MANIFEST] = manifest(tags)
    if sealer:
        tags[SEAL] = sealer.seal(_seal_statement(facts, tags[MANIFEST], tags[TAG_MANIFEST]))
    return container.pack(payload | tags)


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


def _info(facts: DossierFacts, payload: Mapping[str, bytes]) -> bytes:
    """bag-info.txt; Bagging-Date is the day of the facts, for the same facts must give the same bytes."""
    octets = sum(map(len, payload.values()))
    lines = {
        "Source-Organization": facts.session.institution,
        "External-Identifier": facts.session.code,
        "External-Description": f"培训档案 {facts.session.title}",
        "Bagging-Date": facts.as_of.date().isoformat(),
        "Payload-Oxum": f"{octets}.{len(payload)}",
    }
    return "".join(f"{label}: {' '.join(text.split())}\n" for label, text in lines.items()).encode()
