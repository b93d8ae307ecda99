"""A thousand pages from originals to the signed, sealed package, beside what the libraries need at least."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers as pyhanko
from pyhanko.sign.fields import SigFieldSpec

from benchmarks.archive import archive
from benchmarks.measure import Comparison, Result, series
from benchmarks.office import Office

SIZES = {"pages": 1000, "people": 200, "rounds": 3, "memory": (2000, 200, 300)}
TINY = {"pages": 20, "people": 5, "rounds": 1, "memory": (20, 4, 10)}


def run(_office: Office, pages: int, people: int, rounds: int, memory: tuple[int, int, int]) -> Result:
    """In turns on the same originals; the memory in a process of its own."""
    found: dict[str, list[float]] = {"ours": [], "pikepdf + hashlib + pyHanko": []}
    with tempfile.TemporaryDirectory() as folder:
        facts = archive(Path(folder), people, 0, pages)
        keys = signing(Path(folder) / "ca")
        for _round in range(rounds):
            found["pikepdf + hashlib + pyHanko"].append(timed(lambda: bare(facts, keys)))
            found["ours"].append(timed(lambda: whole(facts, keys)))
        parts = steps(facts, keys)
    large = in_a_process(*memory)
    ours, least = (series(values, "s") for values in found.values())
    figures = {"ours": ours, "pikepdf + hashlib + pyHanko": least}
    figures |= {f"ours: {name}": series([value], "s") for name, value in parts.items()}
    figures["most memory of the large one"] = series([large["peak"]], "MB")
    figures["the large one"] = series([large["seconds"]], "s")
    return Result(
        "dossier",
        "From facts and originals on disk to the package: originals placed in the PDF with captions, contents, "
        "bookmarks and hashes, both signatures, all files hashed, checked, sealed and packed. The large one is the "
        "PDF alone, in a process of its own, with phone photos of about 2 MB. 1 MB = 10⁶ bytes.",
        "what the libraries need for the same originals and nothing else: pikepdf puts the files one behind the "
        "other and saves, hashlib hashes each file and the result, pyHanko signs it twice",
        figures,
        [
            Comparison("ours / pikepdf + hashlib + pyHanko", ours.over(least), 1.5),
            Comparison("most memory of the large one", figures["most memory of the large one"], 300.0),
        ],
        {
            "pages": pages,
            "people": people,
            "rounds": rounds,
            "large": dict(zip(("people", "photos", "uploaded pages"), memory, strict=True)),
            "pages of the large one": large["pages"],
        },
    )


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def signing(folder: Path) -> list[Any]:
    """Two signers by a CA of our own, as the installation without a signing file has them."""
    from training.dossiers.signing import PdfSigner  # noqa: PLC0415  after Django is ready
    from training.dossiers.signing_keys import TestCa  # noqa: PLC0415

    ca, at, zone = TestCa(folder), datetime(2021, 3, 22, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    return [
        PdfSigner(field=field, key=ca.key(field, name), name=name, person="x", at=at, zone=zone, test=True)
        for field, name in (("institution", "机构"), ("bureau", "商务局"))
    ]


def whole(facts: Any, keys: list[Any]) -> bytes:
    written, sealer = built(facts)
    return packed(facts, signed(written, keys), sealer)


def steps(facts: Any, keys: list[Any]) -> dict[str, float]:
    """Where the time goes, once."""
    at = [time.perf_counter()]
    written, sealer = built(facts)
    at.append(time.perf_counter())
    content = signed(written, keys)
    at.append(time.perf_counter())
    packed(facts, content, sealer)
    at.append(time.perf_counter())
    return dict(zip(("PDF", "signatures", "package"), (b - a for a, b in pairwise(at)), strict=True))


def built(facts: Any) -> tuple[bytes, Any]:
    from training.dossiers.fonts import default_fonts_dir  # noqa: PLC0415
    from training.dossiers.pdf import build_pdf  # noqa: PLC0415
    from training.dossiers.seal import Sealer  # noqa: PLC0415

    sealer = Sealer(Ed25519PrivateKey.from_private_bytes(bytes(32)), "x", datetime(2021, 3, 22, tzinfo=UTC))
    return build_pdf(facts, sealer.note, default_fonts_dir()), sealer


def signed(content: bytes, keys: list[Any]) -> bytes:
    from training.dossiers.fonts import default_fonts_dir  # noqa: PLC0415
    from training.dossiers.signing import sign_pdf  # noqa: PLC0415

    return sign_pdf(content, keys, fonts_dir=default_fonts_dir())


def packed(facts: Any, content: bytes, sealer: Any) -> bytes:
    from training.dossiers.bag import build_bag  # noqa: PLC0415

    return build_bag(facts, content, sealer)


def bare(facts: Any, keys: list[Any]) -> bytes:
    """The same originals one behind the other, hashed, and signed twice without a stamp."""
    with pikepdf.new() as merged:
        for file in facts.attachments:
            content = file.read()
            hashlib.sha256(content).digest()
            with pikepdf.open(BytesIO(content)) as original:
                merged.pages.extend(original.pages)
        target = BytesIO()
        merged.save(target)
    content = target.getvalue()
    for key in keys:
        writer = IncrementalPdfFileWriter(BytesIO(content))
        meta = pyhanko.PdfSignatureMetadata(field_name=key.field)
        field = SigFieldSpec(key.field, on_page=-1, box=(50, 50, 200, 200))
        with key.key.open() as signer:
            made = pyhanko.PdfSigner(meta, signer=signer, new_field_spec=field).sign_pdf(writer)
        content = bytes(made.getvalue())
    hashlib.sha256(content).digest()
    return content


def in_a_process(people: int, photos: int, pages: int) -> dict[str, float]:
    """What `benchmarks.archive` says of itself; the first run makes the originals and does not count."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.archive", folder]
        command += map(str, (people, photos, pages))
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own program
        said = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(said.stdout)
    return found
