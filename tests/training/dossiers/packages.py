"""Dossiers and packages as tests have them: in memory, to be made, changed and taken apart."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from training.core.content import Content
from training.dossiers import container
from training.dossiers.bag import write_bag
from training.dossiers.facts import DossierFacts
from training.dossiers.pdf.build import write_pdf
from training.dossiers.seal import Sealer, SealNote
from training.dossiers.signing import PdfSigner, sign_in_place


def build_pdf(facts: DossierFacts, seal: SealNote | None, fonts_dir: Path) -> bytes:
    with TemporaryDirectory(prefix="yidang-") as directory:
        target = Path(directory) / "dossier.pdf"
        write_pdf(facts, seal, fonts_dir, target)
        return target.read_bytes()


def sign_pdf(pdf: bytes, signers: Sequence[PdfSigner], *, fonts_dir: Path | None = None) -> bytes:
    target = BytesIO(pdf)
    sign_in_place(target, signers, fonts_dir=fonts_dir)
    return target.getvalue()


def build_bag(facts: DossierFacts, pdf: bytes, sealer: Sealer | None) -> bytes:
    with TemporaryDirectory(prefix="yidang-") as directory:
        dossier, target = Path(directory) / "dossier.pdf", Path(directory) / "dossier.zip"
        dossier.write_bytes(pdf)
        write_bag(facts, dossier, sealer, target)
        return target.read_bytes()


def pack(entries: Mapping[str, bytes]) -> bytes:
    target = BytesIO()
    container.write(target, {name: Content.held(content) for name, content in entries.items()})
    return target.getvalue()


def unpacked(package: bytes) -> dict[str, bytes]:
    """The files of a package."""
    return {name: content.read() for name, content in container.unpack(BytesIO(package)).items()}
