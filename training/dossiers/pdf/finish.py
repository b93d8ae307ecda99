"""The last step: what makes a PDF fit for the archive (PDF/A-1b, which is GB/T 23286.1-2009)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, String

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description></rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreatorTool>Yidang</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><pdf:Producer>Yidang</pdf:Producer>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>1</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
# Each namespace is declared on its own rdf:Description: PDFBox Preflight refuses pikepdf's own writer,
# which declares them on the properties.
_ON_A_BRANCH = 32
_PRINTED = 4  # annotation flag "Print", which PDF/A-1 wants on every annotation


@dataclass(frozen=True)
class Placed:
    """How many pages were written, and the number of each original's object by its name."""

    pages: int
    originals: Mapping[str, int]


def finish(
    source: Path,
    target: Path,
    *,
    title: str,
    author: str,
    subject: str,
    at: datetime,
    used: Mapping[str, set[int]],
) -> Placed:
    """Write the archival file, the same for the same content.

    `used` are the originals, by name, and the pages that draw them; each is an empty object until its bytes
    are written behind the file. Through pikepdf all of them would be written and hashed once more.
    """
    # Read as it is needed: a mapped file would count as memory of the process.
    with pikepdf.open(source, access_mode=pikepdf.AccessMode.stream) as pdf:
        pages = [page.obj for page in pdf.pages]
        for name, numbers in used.items():
            _name(pdf, [pages[number - 1] for number in sorted(numbers)], name)
        _describe(pdf, {"title": title, "author": author, "subject": subject}, at)
        _make_printable(pages)
        _branch(pdf, pages)
        pdf.save(
            target,
            force_version="1.4",
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            recompress_flate=False,
            deterministic_id=True,
        )
    return _placed(target, used)


def _placed(target: Path, used: Mapping[str, set[int]]) -> Placed:
    with pikepdf.open(target, access_mode=pikepdf.AccessMode.stream) as pdf:
        pages = list(pdf.pages)
        originals = {
            name: pages[min(numbers) - 1].obj.Resources.XObject[name].objgen[0]
            for name, numbers in used.items()
        }
    return Placed(len(pages), originals)


def _name(pdf: pikepdf.Pdf, pages: Sequence[Dictionary], name: str) -> None:
    """Let these pages draw it."""
    drawn = pdf.make_indirect(Dictionary())
    for page in pages:
        if "/XObject" not in page.Resources:
            page.Resources.XObject = Dictionary()
        page.Resources.XObject[name] = drawn


def _describe(pdf: pikepdf.Pdf, words: dict[str, str], at: datetime) -> None:
    """Document information, the same in XMP, and the colour space the pages mean."""
    moment = at.replace(microsecond=0)
    zone = f"{moment:%z}"
    stamp = f"D:{moment:%Y%m%d%H%M%S}{zone[:3]}'{zone[3:]}'"
    pdf.trailer.Info = pdf.make_indirect(
        Dictionary(
            Title=String(words["title"]),
            Author=String(words["author"]),
            Subject=String(words["subject"]),
            Creator=String("Yidang"),
            Producer=String("Yidang"),
            CreationDate=String(stamp),
            ModDate=String(stamp),
        )
    )
    fills = {key: escape(text) for key, text in words.items()}
    xmp = _XMP.format(**fills, moment=moment.isoformat())
    metadata = pdf.make_stream(xmp.encode())
    metadata.Type, metadata.Subtype = Name.Metadata, Name.XML
    profile = pdf.make_stream(srgb_profile())
    profile.N = 3
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        Info=String("sRGB"),
        DestOutputProfile=profile,
    )
    pdf.Root.Metadata = metadata
    pdf.Root.OutputIntents = Array([intent])


def _make_printable(pages: Sequence[Dictionary]) -> None:
    for page in pages:
        for annotation in page.get("/Annots", Array()):
            annotation.F = _PRINTED


def _branch(pdf: pikepdf.Pdf, pages: Sequence[Dictionary]) -> None:
    """Hang the pages on branches: whoever looks for the last of a thousand need not read the others."""
    root = pdf.Root.Pages
    branches = []
    for start in range(0, len(pages), _ON_A_BRANCH):
        some = pages[start : start + _ON_A_BRANCH]
        branch = Dictionary(Type=Name.Pages, Parent=root, Count=len(some), Kids=Array(some))
        branches.append(pdf.make_indirect(branch))
        for page in some:
            page.Parent = branches[-1]
    root.Kids = Array(branches)


@cache
def srgb_profile() -> bytes:
    """A version 2 sRGB matrix profile (ICC.1:2001-04); PDF/A-1 takes no version 4, which Pillow makes."""
    colours = {
        b"wtpt": (0.9505, 1.0, 1.0891),
        b"rXYZ": (0.4361, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    curve = b"curv" + struct.pack(">II", 0, 1024)
    curve += b"".join(struct.pack(">H", round(_linear(n / 1023) * 65535)) for n in range(1024))
    name = b"sRGB\0"
    tags = {
        tag: b"XYZ " + struct.pack(">I3i", 0, *(round(v * 65536) for v in xyz))
        for tag, xyz in colours.items()
    }
    tags[b"desc"] = b"desc" + struct.pack(">II", 0, len(name)) + name + bytes(78)
    tags[b"cprt"] = b"text" + bytes(4) + b"Public domain\0"
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _pack_profile(tags)


def _linear(value: float) -> float:
    """IEC 61966-2-1, from encoded to linear."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _pack_profile(tags: dict[bytes, bytes]) -> bytes:
    offsets: dict[bytes, int] = {}
    body, start = b"", 128 + 4 + 12 * len(tags)
    for data in tags.values():
        if data not in offsets:
            offsets[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
    table = struct.pack(">I", len(tags)) + b"".join(
        tag + struct.pack(">II", offsets[data], len(data)) for tag, data in tags.items()
    )
    header = struct.pack(">I4xI", start + len(body), 0x02100000) + b"mntrRGB XYZ "
    header += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += struct.pack(">3i", 63190, 65536, 54061)
    return header + bytes(128 - len(header)) + table + body
