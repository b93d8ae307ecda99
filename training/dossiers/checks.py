"""Every check of a package's payload: made when it is sealed, and again by whoever verifies it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import chain
from typing import Final

import pikepdf
from pikepdf import AccessMode
from PIL import Image

from training.core.content import NOTHING, Content
from training.dossiers import evidence, recount
from training.dossiers.evidence import Evidence
from training.dossiers.findings import Check, Finding
from training.dossiers.layout import DOSSIER, METADATA
from training.dossiers.metadata import File, Metadata
from training.dossiers.pdfa import check_pdfa
from training.dossiers.signatures import NOBODY, Trust, check_signatures

Entries = Mapping[str, Content]


@dataclass(frozen=True)
class Original:
    """What one look at an original file told."""

    file: File
    sha256: str
    size: int
    opens: bool  # as what it says it is
    program: str  # the kind, "" if it is none


@dataclass(frozen=True)
class Payload:
    """The files of a package, what its metadata say of them, and whose word counts.

    `just_signed`: the PDF was signed by us a moment ago, see `check_signatures`.
    """

    entries: Entries
    metadata: Metadata
    trust: Trust = NOBODY
    just_signed: bool = False

    @property
    def pdf(self) -> Content:
        return self.entries.get(DOSSIER, NOTHING)

    @cached_property
    def evidence(self) -> Evidence:
        return Evidence(self.entries, self.metadata)

    @cached_property
    def originals(self) -> dict[str, Original]:
        """Those that are there, by path; each is read once."""
        return {
            file.path: _look(file, self.entries[file.path])
            for file in self.metadata.files
            if file.path in self.entries
        }


def _look(file: File, content: Content) -> Original:
    data = content.read()
    return Original(file, content.sha256, content.size, _opens(file.content_type, data), _program(data))


QUALITY: Final = frozenset({"sources", "items", "readable", "safe", "masked"})
"""Checks that say how good the archive was when it was sealed, and nothing of whether it changed since."""


def check_payload(payload: Payload) -> list[Check]:
    """All of them, in the order of the report."""
    return [Check(code, *titles, tuple(look(payload))) for code, titles, look in _CHECKS]


def _files(payload: Payload) -> Iterator[Finding]:
    """The originals are those the metadata describes, with these digests."""
    entries, listed = payload.entries, {file.path: file for file in payload.metadata.files}
    for path, file in listed.items():
        original = payload.originals.get(path)
        if original is None:
            yield Finding(path, "", f"缺少原始文件《{file.name}》", f"the original {file.name!r} is missing")
        elif (original.sha256, original.size) != (file.sha256, file.size):
            yield Finding(
                path, "", f"《{file.name}》不是上传时的原件", f"{file.name!r} is not as it was uploaded"
            )
    for path in sorted(name for name in entries if name.startswith("data/originals/") and name not in listed):
        yield Finding(path, "", "元数据没有列出这个文件", "the metadata does not list this file")


def _sources(payload: Payload) -> Iterator[Finding]:
    for file in payload.metadata.files:
        if not file.uploaded_by or file.uploaded_at is None:
            yield Finding(
                file.path, "", "没有写明是谁、什么时候上传的", "does not say who uploaded it and when"
            )


def _pdf(payload: Payload) -> Iterator[Finding]:
    metadata = payload.metadata
    try:
        with payload.pdf.open() as file, pikepdf.open(file, access_mode=AccessMode.stream) as pdf:
            pages, subject = len(pdf.pages), str(pdf.docinfo.get("/Subject", ""))
    except (pikepdf.PdfError, pikepdf.PasswordError):
        yield Finding(DOSSIER, "", "缺少或打不开", "missing or unreadable")
        return
    same = payload.pdf.sha256 == metadata.dossier.sha256
    if not same or pages != metadata.dossier.pages:
        yield Finding(DOSSIER, "", "不是元数据所说的那一份", "not the one the metadata describes")
    if subject != metadata.session.code:
        yield Finding(
            DOSSIER, "", f"是 {subject} 期的，不是 {metadata.session.code}", f"is of session {subject}"
        )


def _items(payload: Payload) -> Iterator[Finding]:
    for item in payload.metadata.items:
        if not item.complete:
            yield Finding(METADATA, item.code, f"{item.title}不齐全", f"{item.title} is not complete")


def _masked(payload: Payload) -> Iterator[Finding]:
    """No whole identity number: whoever verifies needs none."""
    for person in payload.metadata.roster:
        if person.id_number and "*" not in person.id_number:
            record = f"名册 roster #{person.number}"
            yield Finding(METADATA, record, "证件号码没有掩码", "the identity number is not masked")


def _readable(payload: Payload) -> Iterator[Finding]:
    """Each original opens as what it says it is."""
    for path, original in payload.originals.items():
        if not original.opens:
            yield Finding(path, "", "打不开", "can't be opened")


def _opens(content_type: str, data: bytes) -> bool:
    try:
        if content_type in _READERS:
            _READERS[content_type](data)
    except Exception:  # noqa: BLE001  a damaged file may break its parser anywhere
        return False
    return True


def _open_pdf(content: bytes) -> None:
    with pikepdf.open(BytesIO(content)) as pdf:
        len(pdf.pages)


def _open_picture(content: bytes) -> None:
    with Image.open(BytesIO(content)) as picture:
        picture.verify()


def _open_workbook(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as book:
        book.getinfo("[Content_Types].xml")


_READERS: Final[dict[str, Callable[[bytes], None]]] = {
    "application/pdf": _open_pdf,
    "image/jpeg": _open_picture,
    "image/png": _open_picture,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _open_workbook,
}
_PROGRAMS = {b"MZ": "Windows", b"\x7fELF": "Linux", b"#!": "script", b"\xd0\xcf\x11\xe0": "OLE (macros)"}


def _safe(payload: Payload) -> Iterator[Finding]:
    """Nothing that runs: no program, no macro."""
    for path, original in payload.originals.items():
        if kind := original.program:
            yield Finding(path, "", f"可能含有程序（{kind}）", f"may hold a program ({kind})")


def _program(data: bytes) -> str:
    if data.startswith(b"PK") and b"vbaProject.bin" in data:
        return "macros"
    return next((name for mark, name in _PROGRAMS.items() if data.startswith(mark)), "")


def _signatures(payload: Payload) -> Iterator[Finding]:
    with payload.pdf.open() as file:
        yield from check_signatures(file, DOSSIER, payload.trust, just_signed=payload.just_signed)


def _pdfa(payload: Payload) -> Iterator[Finding]:
    with payload.pdf.open() as file:
        yield from check_pdfa(file, DOSSIER)


_CHECKS: tuple[tuple[str, tuple[str, str], Callable[[Payload], Iterator[Finding]]], ...] = (
    ("files", ("原始文件与元数据一致", "Originals as the metadata says"), _files),
    ("sources", ("原始文件的来源（谁、何时上传）", "Where the originals come from"), _sources),
    ("pdf", ("档案 PDF 是元数据所说的那一份", "Dossier PDF as the metadata says"), _pdf),
    ("signatures", ("档案 PDF 的电子签章", "Signatures in the dossier PDF"), _signatures),
    ("pdfa", ("档案 PDF 的 PDF/A 声明", "PDF/A claim of the dossier PDF"), _pdfa),
    ("items", ("各项材料齐全", "Items complete"), _items),
    (
        "events",
        ("每条事件的签名与规范格式", "Events: signature and canonical form"),
        lambda p: evidence.events(p.evidence),
    ),
    ("chain", ("每台终端的事件链", "Chain of each station"), lambda p: evidence.chain(p.evidence)),
    (
        "register",
        ("签到名册、名册与事件相符", "Register against roster and events"),
        lambda p: chain(evidence.register(p.evidence), recount.register(p.evidence)),
    ),
    ("corrections", ("补签、补录与作废", "Corrections"), lambda p: evidence.corrections(p.evidence)),
    (
        "completion",
        ("结业人次、人数与名册相符", "Completion and counts"),
        lambda p: chain(evidence.completion(p.evidence), recount.completion(p.evidence)),
    ),
    ("photos", ("照片与终端签名相符", "Photos against signed events"), lambda p: evidence.photos(p.evidence)),
    ("readable", ("原始文件都打得开", "Originals can be opened"), _readable),
    ("safe", ("原始文件里没有程序和宏", "No programs or macros among the originals"), _safe),
    ("masked", ("证件号码已掩码", "Identity numbers masked"), _masked),
)
