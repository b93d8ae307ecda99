"""Where things are in the package."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from training.dossiers.facts import Attachment, DossierFacts

DOSSIER = "data/dossier.pdf"
METADATA = "data/metadata.json"
METADATA_XML = "data/metadata.xml"
METADATA_SCHEMA = "data/metadata.xsd"
FOUR_PROPERTIES = "data/four-properties.json"
FOUR_PROPERTIES_TEXT = "data/四性检测报告.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SEAL = "seal.json"
HOW_TO_VERIFY = "如何核验.txt"
BAG_INFO = "bag-info.txt"
BAGIT = "bagit.txt"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

OUTSIDE_CHAIN = frozenset(
    f"held:{reason}"
    for reason in (
        "malformed",
        "not_canonical",
        "bad_signature",
        "wrong_station",
        "fork",
        "event_reused",
        "chain_broken",
    )
)
"""Standings of envelopes that are kept and shown but are no link of the station's chain."""

_EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic"}


def all_files(facts: DossierFacts) -> list[Attachment]:
    """Every original once, in the order of the items; photos that are not among the attachments too."""
    listed = {(file.item, file.sha256) for file in facts.attachments}
    photos = [photo.attachment for photo in facts.photos]
    files = [*facts.attachments, *(file for file in photos if (file.item, file.sha256) not in listed)]
    return sorted(files, key=lambda file: file.item)


def manifest(files: Mapping[str, bytes]) -> bytes:
    """`sha256sum` lines of files in memory, sorted by path."""
    return manifest_lines({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})


def manifest_lines(digests: Mapping[str, str]) -> bytes:
    """Path -> SHA-256, as `sha256sum` writes it."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def envelopes_path(station: str) -> str:
    return f"data/envelopes/{_safe(station)}.jsonl"


def original_paths(files: list[Attachment]) -> dict[str, Attachment]:
    """Where each original goes: its item's folder, its own name made safe, numbered if taken."""
    paths: dict[str, Attachment] = {}
    taken: set[str] = set()
    for file in files:
        stem, dot, extension = _safe(file.name).rpartition(".")
        if not stem:
            stem, dot, extension = extension, ".", _EXTENSIONS.get(file.content_type, "bin")
        folder, number, name = f"data/originals/{_safe(file.item)}", 1, f"{stem[:60]}{dot}{extension[:8]}"
        while f"{folder}/{name}".casefold() in taken:
            number += 1
            name = f"{stem[:60]}-{number}{dot}{extension[:8]}"
        taken.add(f"{folder}/{name}".casefold())
        paths[f"{folder}/{name}"] = file
    return paths


def _safe(name: str) -> str:
    """A name every system can unpack and `sha256sum` reads as it stands."""
    tidy = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    return re.sub(r'[\x00-\x1f\x7f<>:"/|?*%\ud800-\udfff]', "_", tidy).strip(" .") or "_"
