"""Checking a sealed package, against the two parts nobody can do without: digests and PDF signatures."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from benchmarks.archive import AT, archive
from benchmarks.door import BenchmarkError
from benchmarks.measure import Comparison, Result, Series, series
from kiosk import envelope as wire
from training.dossiers import facts as f
from training.dossiers.bag import write_bag
from training.dossiers.fonts import default_fonts_dir
from training.dossiers.layout import DOSSIER
from training.dossiers.pdf.build import write_pdf
from training.dossiers.seal import Sealer
from training.dossiers.signing import PdfSigner, sign_in_place
from training.dossiers.signing_keys import TestCa
from training.dossiers.verify import verify

SIZES = {"people": 500, "photos": 20, "pages": 100, "repeats": 7, "large": (2000, 200, 300)}
TINY = {"people": 3, "photos": 1, "pages": 10, "repeats": 1, "large": (5, 2, 10)}
GOAL = 2.0
MEMORY_GOAL = 400.0


def run(people: int, photos: int, pages: int, repeats: int, large: tuple[int, int, int]) -> Result:
    """The same package each time; reading it from the disk is in every figure."""
    with TemporaryDirectory(prefix="yidang-verify-") as directory:
        path = Path(directory) / "dossier.zip"
        events = make_package(Path(directory), path, people, photos, pages)
        whole = series((1000 * timed(lambda: check(path)) for _ in range(repeats)), "ms")
        floor = series((1000 * timed(lambda: bare(path)) for _ in range(repeats)), "ms")
        signatures = series((1000 * timed(lambda: check_events(path)) for _ in range(repeats)), "ms")
        megabytes = path.stat().st_size / 1e6
        large_events = make_package(Path(directory), path, *large)
        large_megabytes = path.stat().st_size / 1e6
        peak = series([in_a_process(path)], "MB")
    return Result(
        "verify",
        "`yidang-verify` of a sealed package, in one process that has already imported everything: container, "
        "manifests, seal, PDF signatures, PDF/A, every event's signature and chain, and all the cross-footing. The "
        "memory is that of `yidang-verify` in a process of its own at a package as large as they get.",
        "SHA-256 of each file in the zip, and pyHanko's validation of the two PDF signatures, nothing else",
        {
            "verify": whole,
            "digests and PDF signatures alone": floor,
            "event signatures alone": signatures,
            "most memory at a large package": peak,
        },
        [
            Comparison("verify / digests and PDF signatures alone", whole.over(floor)),
            Comparison("verify / both, event signatures too", whole.over(_sum(floor, signatures)), GOAL),
            Comparison("most memory at a large package", peak, MEMORY_GOAL),
        ],
        {
            "people": people,
            "photos": photos,
            "pages": pages,
            "repeats": repeats,
            "events": events,
            "MB": megabytes,
            "large": dict(zip(("people", "photos", "uploaded pages"), large, strict=True)),
            "events of the large one": large_events,
            "MB of the large one": large_megabytes,
        },
        [
            "The container is packed again piece by piece and compared byte for byte, which costs about as much as "
            "its digest."
        ],
    )


def _sum(one: Series, other: Series) -> Series:
    return series((a + b for a, b in zip(one.values, other.values, strict=True)), "ms")


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def check(path: Path) -> None:
    report = verify(path)
    if not report.holds:
        raise BenchmarkError("\n".join(report.lines("en")))


def bare(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        entries = {name: package.read(name) for name in package.namelist()}
    for content in entries.values():
        hashlib.sha256(content).hexdigest()
    for signature in PdfFileReader(BytesIO(entries[DOSSIER])).embedded_regular_signatures:
        context = ValidationContext(trust_roots=[], moment=signature.self_reported_timestamp)
        if not validate_pdf_signature(signature, context).intact:
            raise BenchmarkError("the signature does not hold")


def check_events(path: Path) -> None:
    """What Ed25519 itself takes, and reading the event."""
    key = KEY.public_key()
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.startswith("data/envelopes/"):
                for line in package.read(name).splitlines():
                    wire.verify(wire.Envelope.model_validate_json(line), key)


KEY = Ed25519PrivateKey.from_private_bytes(b"station key of a made-up station")
STATION = uuid.UUID(int=0x5A)


SAY_PEAK = "import sys; from training.dossiers.verify import main; from benchmarks.worker import peak; "
SAY_PEAK += "status = main(sys.argv[1:]); print(peak()); sys.exit(status)"


def in_a_process(path: Path) -> float:
    """Megabytes that `yidang-verify` took at most."""
    command = [sys.executable, "-c", SAY_PEAK, "--lang", "en", str(path)]
    said = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  our own program
    if said.returncode:
        raise BenchmarkError(said.stdout + said.stderr)
    return float(said.stdout.splitlines()[-1])


def make_package(folder: Path, path: Path, people: int, photos: int, pages: int) -> int:
    """Writes it; how many signed events are in it."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    facts = with_events(archive(folder, people, photos, pages))
    sealer = Sealer(KEY, "陈科长", AT)
    ca = TestCa(folder / "ca")
    signers = [
        PdfSigner(field, ca.key(field, field), field, "", AT, ZoneInfo("Asia/Shanghai"), test=True)
        for field in ("institution", "bureau")
    ]
    pdf = folder / "dossier.pdf"
    write_pdf(facts, sealer.note, default_fonts_dir(), pdf)
    with pdf.open("r+b") as file:
        sign_in_place(file, signers)
    write_bag(facts, pdf, sealer, path)
    return len(facts.envelopes)


def with_events(facts: f.DossierFacts) -> f.DossierFacts:
    """Each sign-in and sign-out of the register signed by one station, in the order they happened."""
    kept: list[f.EnvelopeFacts] = []
    moments = sorted(
        (at, kind, page.on, page.half_day, row.number)
        for page in facts.registers
        for row in page.rows
        for kind, at in (("sign_in", row.signed_in_at), ("sign_out", row.signed_out_at))
        if at
    )
    lessons = {(lesson.on, lesson.half_day): lesson.id for lesson in facts.lessons}
    digests: dict[tuple[object, ...], list[str]] = {}
    for at, kind, on, half_day, number in moments:
        digests.setdefault((on, half_day, number), []).append(
            sign(kept, kind, at, number, facts.session.code, lessons[on, half_day])
        )
    registers = tuple(
        replace(
            page,
            rows=tuple(
                replace(row, events=tuple(digests[page.on, page.half_day, row.number])) for row in page.rows
            ),
        )
        for page in facts.registers
    )
    station = f.StationFacts(str(STATION), "一号终端", wire.encode_key(KEY.public_key()))
    return replace(facts, registers=registers, envelopes=tuple(kept), stations=(station,))


def sign(kept: list[f.EnvelopeFacts], kind: str, at: datetime, number: int, session: str, lesson: int) -> str:
    seq = len(kept) + 1
    event = wire.Event(
        station=STATION,
        seq=seq,
        prev=kept[-1].digest if kept else wire.GENESIS,
        event=uuid.UUID(int=seq),
        kind=kind,
        session=session,
        lesson=lesson,
        person=wire.Enrolled(enrolment=number),
        method="card",
        card=wire.CardUsed(type="citizen", sam_id="05.03-20200101-1234567"),
        captured_at=at,
        boot=uuid.UUID(int=1),
        monotonic_ms=seq,
        clock_offset_ms=0,
    )
    signed = wire.sign(event, KEY)
    kept.append(
        f.EnvelopeFacts(str(STATION), seq, signed.digest, signed.payload, signed.signature, "counted")
    )
    return signed.digest
