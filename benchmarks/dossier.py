"""A thousand pages from originals to the signed, sealed package, beside what the libraries need for the same."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
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
from benchmarks.worker import waiting

SIZES = {"pages": 1000, "people": 200, "rounds": 3, "memory": (2000, 200, 300)}
TINY = {"pages": 20, "people": 5, "rounds": 1, "memory": (20, 4, 10)}


def run(_office: Office, pages: int, people: int, rounds: int, memory: tuple[int, int, int]) -> Result:
    """In turns on the same originals; the memory in a process of its own."""
    found: dict[str, list[float]] = {"ours": [], FLOOR: []}
    parts: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        facts = archive(Path(folder), people, 0, pages)
        keys = signing(Path(folder) / "ca")
        for turn in range(rounds + 1):
            least = bare(facts, keys, Path(folder) / f"bare-{turn}")
            steps = whole(facts, keys, Path(folder) / f"made-{turn}")
            if turn:  # the first one reads fonts, makes keys, and asks the system for memory
                found[FLOOR].append(least)
                found["ours"].append(sum(steps.values()))
                parts.append(steps)
    large = in_a_process(*memory)
    ours, least_of_all = (series(values, "s") for values in found.values())
    figures = {"ours": ours, FLOOR: least_of_all}
    figures |= {f"ours: {name}": series([step[name] for step in parts], "s") for name in parts[0]}
    figures["most memory of the large one"] = series([large["peak"]], "MB")
    figures["the large one"] = series([large["seconds"]], "s")
    return Result(
        "dossier",
        "From facts and originals on disk to the package on disk: originals placed in the PDF with captions, "
        "contents, bookmarks and hashes, both signatures, all files hashed, checked, sealed and packed. Time is of "
        "the processor, user and system. The large one is all that the worker does, from the database to the two "
        "encrypted files that are kept, with phone photos of about 3 MB, in a process of its own. 1 MB = 10⁶ bytes.",
        "what the libraries need to make the same two files of the same originals and nothing else: pikepdf puts them "
        "one behind the other and saves, pyHanko signs the result twice, hashlib hashes it and each original, zipfile "
        "stores them all",
        figures,
        [
            Comparison(f"ours / {FLOOR}", ours.over(least_of_all), 1.5),
            Comparison("most memory of the large one", figures["most memory of the large one"], 300.0),
        ],
        {
            "pages": pages,
            "people": people,
            "rounds": rounds,
            "large": dict(zip(("people", "photos", "uploaded pages"), memory, strict=True)),
            "pages of the large one": large["pages"],
            "MB of the large one's package": round(large["package"]),
        },
        [WHERE],
    )


FLOOR = "pikepdf + pyHanko + hashlib + zipfile"
WHERE = (
    "Where the time goes that the libraries alone do not need: a page of our own for each original page (caption, "
    "frame, page n of N), in one pass that only lays out and one that draws, more than half of the PDF; the "
    "four-property report opens every original and checks both signatures again. What is changed between the two "
    "signatures is left to yidang-verify: pyHanko takes 2 s for it."
)


def timed(act: Callable[[], object]) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    act()
    return time.process_time() - started


def signing(folder: Path) -> list[Any]:
    """Two signers by a CA of our own, as the installation without a signing file has them."""
    from training.dossiers.signing import PdfSigner  # noqa: PLC0415  after Django is ready
    from training.dossiers.signing_keys import TestCa  # noqa: PLC0415

    ca, at, zone = TestCa(folder), datetime(2021, 3, 22, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    return [
        PdfSigner(field=field, key=ca.key(field, name), name=name, person="x", at=at, zone=zone, test=True)
        for field, name in (("institution", "机构"), ("bureau", "商务局"))
    ]


def whole(facts: Any, keys: list[Any], folder: Path) -> dict[str, float]:
    """Seconds of each step, as the background task takes them."""
    from training.dossiers.bag import write_bag  # noqa: PLC0415  after Django is ready
    from training.dossiers.fonts import default_fonts_dir  # noqa: PLC0415
    from training.dossiers.pdf.build import write_pdf  # noqa: PLC0415
    from training.dossiers.seal import Sealer  # noqa: PLC0415
    from training.dossiers.signing import sign_in_place  # noqa: PLC0415

    folder.mkdir()
    pdf, fonts_dir = folder / "dossier.pdf", default_fonts_dir()
    sealer = Sealer(Ed25519PrivateKey.from_private_bytes(bytes(32)), "x", datetime(2021, 3, 22, tzinfo=UTC))

    def sign() -> None:
        with pdf.open("r+b") as file:
            sign_in_place(file, keys, fonts_dir=fonts_dir)

    steps = {
        "PDF": timed(lambda: write_pdf(facts, sealer.note, fonts_dir, pdf)),
        "signatures": timed(sign),
        "package": timed(lambda: write_bag(facts, pdf, sealer, folder / "dossier.zip")),
    }
    shutil.rmtree(folder)
    return steps


def bare(facts: Any, keys: list[Any], folder: Path) -> float:
    folder.mkdir()
    seconds = timed(lambda: merged_signed_and_packed(facts, keys, folder))
    shutil.rmtree(folder)
    return seconds


def merged_signed_and_packed(facts: Any, keys: list[Any], folder: Path) -> None:
    """The same originals one behind the other, signed twice without a stamp, and once more in a zip with it."""
    with pikepdf.new() as merged, zipfile.ZipFile(folder / "dossier.zip", "w") as package:
        for file in facts.attachments:
            content = file.read()
            package.writestr(file.name, content)
            hashlib.sha256(content).digest()
            with pikepdf.open(BytesIO(content)) as original:
                merged.pages.extend(original.pages)
        target = BytesIO()
        merged.save(target)
        content = signed(target.getvalue(), keys)
        (folder / "dossier.pdf").write_bytes(content)
        package.writestr("dossier.pdf", content)
        hashlib.sha256(content).digest()


def signed(content: bytes, keys: list[Any]) -> bytes:
    for key in keys:
        writer = IncrementalPdfFileWriter(BytesIO(content))
        meta = pyhanko.PdfSignatureMetadata(field_name=key.field)
        field = SigFieldSpec(key.field, on_page=-1, box=(50, 50, 200, 200))
        with key.key.open() as signer:
            made = pyhanko.PdfSigner(meta, signer=signer, new_field_spec=field).sign_pdf(writer)
        content = bytes(made.getvalue())
    return content


def in_a_process(people: int, photos: int, pages: int) -> dict[str, float]:
    """What `benchmarks.worker` says of itself."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", str(waiting(people, photos, pages))]
    said = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own program
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found
