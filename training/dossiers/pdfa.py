"""What a PDF claims to be, and whether a quick look bears it out. Not a validator: PDFBox Preflight is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from training.dossiers.findings import Finding

_CLAIM = re.compile(rb"pdfaid:(part|conformance)(?:>|=[\"'])\s*(\w+)")
_ACTIVE = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Movie", "/Sound", "/ResetForm"}
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
_PRINT, _UNSEEN = 4, 1 | 2 | 32  # annotation flags: Print; Invisible, Hidden, NoView


def check_pdfa(content: BinaryIO, file: str) -> Iterator[Finding]:
    """What contradicts the claim to be PDF/A-1b (ISO 19005-1); a note where the file claims nothing."""
    try:
        with pikepdf.open(content, access_mode=pikepdf.AccessMode.stream) as pdf:
            yield from _check(pdf, file, _head(content))
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, KeyError, AttributeError):
        yield Finding(file, "", "打不开", "can't be opened")


def _head(content: BinaryIO) -> bytes:
    content.seek(0)
    return content.read(8)


def _check(pdf: pikepdf.Pdf, file: str, head: bytes) -> Iterator[Finding]:
    claim = _claim(pdf)
    if not claim:
        yield Finding(
            file,
            "",
            "没有声明是 PDF/A",
            "does not claim to be PDF/A",
            grave=False,
        )
        return
    if claim != {"part": "1", "conformance": "B"}:
        yield Finding(
            file, "XMP", f"声明的不是 PDF/A-1b：{claim}", f"claims something else than PDF/A-1b: {claim}"
        )
    for record, zh, en in _contradictions(pdf, head):
        yield Finding(file, record, zh, en)


def _claim(pdf: pikepdf.Pdf) -> dict[str, str]:
    metadata = pdf.Root.get("/Metadata")
    if not isinstance(metadata, Stream):
        return {}
    found = _CLAIM.findall(metadata.read_bytes())
    return {name.decode(): value.decode("ascii", "replace") for name, value in found}


def _contradictions(pdf: pikepdf.Pdf, head: bytes) -> Iterator[tuple[str, str, str]]:
    if head != b"%PDF-1.4":
        yield "", "不是 PDF 1.4", "not PDF 1.4"
    if pdf.is_encrypted:
        yield "", "加了密", "encrypted"
    if "/ID" not in pdf.trailer:
        yield "trailer", "没有文件标识", "has no file identifier"
    intents = pdf.Root.get("/OutputIntents", Array())
    if not any(intent.get("/S") == Name.GTS_PDFA1 and "/DestOutputProfile" in intent for intent in intents):
        yield "Root", "没有说明颜色空间（OutputIntent）", "has no output intent"
    for number, page in enumerate(pdf.pages, 1):
        yield from _page(number, page)
    for each in pdf.objects:
        if isinstance(each, Dictionary | Stream):
            yield from _object(each)


def _page(number: int, page: pikepdf.Page) -> Iterator[tuple[str, str, str]]:
    where = f"第{number}页 page {number}"
    if page.get("/Group", Dictionary()).get("/S") == Name.Transparency:
        yield where, "用了透明", "uses transparency"
    for annotation in page.get("/Annots", Array()):
        flags = int(annotation.get("/F", 0))
        if not flags & _PRINT or flags & _UNSEEN:
            yield where, "有打印时看不见的批注", "has an annotation that is not printed"


def _object(each: Any) -> Iterator[tuple[str, str, str]]:
    kind = each.get("/Type")
    if each.get("/S") in _ACTIVE or "/JS" in each:
        yield f"对象 object {each.objgen[0]}", "含有可执行的动作", "holds an action that does something"
    if kind == Name.Font and each.get("/Subtype") in (Name.TrueType, Name.Type1, Name.CIDFontType2):
        descriptor = each.get("/FontDescriptor", Dictionary())
        if not any(name in descriptor for name in _FONT_FILES):
            yield str(each.get("/BaseFont", "")), "字体没有嵌入", "the font is not embedded"
    if kind == Name.Filespec and "/EF" in each:
        yield f"对象 object {each.objgen[0]}", "嵌有别的文件", "holds an embedded file"
    soft_mask = each.get("/SMask")
    if soft_mask is not None and soft_mask != Name("/None"):
        yield f"对象 object {each.objgen[0]}", "用了透明", "uses transparency"
