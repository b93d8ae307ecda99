"""PDFs as other people's programs make them, each with something that PDF/A-1b refuses, and harmless scans."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageDraw
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas


def scan(width: int = 620, height: int = 877) -> bytes:
    """A JPEG whose upper left corner is red."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 3, height // 4), fill="red")
    draw.rectangle((4, 4, width - 4, height - 4), outline="black", width=4)
    target = BytesIO()
    image.save(target, "JPEG", quality=90)
    return target.getvalue()


def scanned(turned: int = 0, *, box: tuple[float, float, float, float] = (0, 0, 595, 842)) -> bytes:
    """What a scanner makes: one picture a page, no text, turned by so many degrees."""
    with pikepdf.new() as pdf:
        picture = pdf.make_stream(scan())
        picture.Type, picture.Subtype, picture.Filter = Name.XObject, Name.Image, Name.DCTDecode
        picture.Width, picture.Height, picture.BitsPerComponent = 620, 877, 8
        picture.ColorSpace = Name.DeviceRGB
        x1, y1, x2, y2 = box
        page = pdf.add_blank_page(page_size=(x2 - x1, y2 - y1))
        page.MediaBox = Array([*map(round, box)])
        page.obj.Rotate = turned
        page.obj.Resources = Dictionary(XObject=Dictionary(Im0=picture))
        drawn = f"q {x2 - x1} 0 0 {y2 - y1} {x1} {y1} cm /Im0 Do Q"
        page.Contents = pdf.make_stream(drawn.encode())
        return saved(pdf)


def saved(pdf: pikepdf.Pdf) -> bytes:
    target = BytesIO()
    pdf.save(target)
    return target.getvalue()


def written(draw: Callable[[Canvas], object], size: tuple[float, float] = A4) -> bytes:
    target = BytesIO()
    canvas = Canvas(target, pagesize=size, invariant=1)
    draw(canvas)
    canvas.save()
    return target.getvalue()


def changed(change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """A page of text in Helvetica, not embedded, and what else `change` does to it."""
    with pikepdf.open(BytesIO(written(lambda c: c.drawString(100, 700, "Agreement 2021")))) as pdf:
        change(pdf)
        return saved(pdf)


def _with_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert('here')"))


def _with_layers(pdf: pikepdf.Pdf) -> None:
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("layer")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([group]), D=Dictionary(ON=Array([group])))
    pdf.pages[0].Resources.Properties = Dictionary(MC0=group)
    pdf.pages[0].Contents = pdf.make_stream(b"/OC /MC0 BDC 100 100 200 200 re f EMC")


def _with_type3(pdf: pikepdf.Pdf) -> None:
    glyph = pdf.make_stream(b"1000 0 0 0 750 750 d1 0 0 750 750 re f")
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 750, 750]),
        FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]), CharProcs=Dictionary(square=glyph), FirstChar=97,
        LastChar=97, Widths=Array([1000]), Resources=Dictionary(),
        Encoding=Dictionary(Type=Name.Encoding, Differences=Array([97, Name.square])),
    )  # fmt: skip
    pdf.pages[0].Resources.Font = Dictionary(T3=font)
    pdf.pages[0].Contents = pdf.make_stream(b"BT /T3 40 Tf 100 400 Td (aa) Tj ET")


def _with_note(pdf: pikepdf.Pdf) -> None:
    appearance = pdf.make_stream(b"1 0 0 rg 0 0 200 80 re f")
    appearance.Type, appearance.Subtype = Name.XObject, Name.Form
    appearance.BBox = Array([0, 0, 200, 80])
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([100, 400, 300, 480]), F=4,
        AP=Dictionary(N=appearance), Contents=String("approved"),
    )  # fmt: skip
    pdf.pages[0].Annots = Array([pdf.make_indirect(note)])


def _with_attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["payload.exe"] = b"MZ"


def _transparent(canvas: Canvas) -> None:
    canvas.setFillAlpha(0.4)
    canvas.rect(100, 100, 300, 300, fill=1)
    canvas.beginForm("glass")
    canvas.circle(200, 200, 50, fill=1)
    canvas.endForm()
    canvas.doForm("glass")


def _cmyk(canvas: Canvas) -> None:
    canvas.setFillColorCMYK(0.9, 0.1, 0, 0.1)
    canvas.rect(100, 100, 300, 300, fill=1)


def with_mask() -> bytes:
    """A scan whose picture has a soft mask."""
    with pikepdf.open(BytesIO(scanned())) as pdf:
        mask = pdf.make_stream(bytes(100))
        mask.Type, mask.Subtype, mask.Width, mask.Height = Name.XObject, Name.Image, 10, 10
        mask.ColorSpace, mask.BitsPerComponent = Name.DeviceGray, 8
        pdf.pages[0].Resources.XObject.Im0.SMask = mask
        return saved(pdf)


def claiming() -> bytes:
    """Says that it is PDF/A-1b and is not."""
    said = (
        b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        b'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>1</pdfaid:part>'
        b"<pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta>"
    )

    def claim(pdf: pikepdf.Pdf) -> None:
        pdf.Root.Metadata = pdf.make_stream(said)
        pdf.Root.Metadata.Type, pdf.Root.Metadata.Subtype = Name.Metadata, Name.XML

    return changed(claim)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a font that is not embedded": lambda: changed(lambda pdf: None),
    "a lie about PDF/A": claiming,
    "JavaScript": lambda: changed(_with_script),
    "layers": lambda: changed(_with_layers),
    "a Type 3 font": lambda: changed(_with_type3),
    "a stamp annotation": lambda: changed(_with_note),
    "a file inside": lambda: changed(_with_attachment),
    "transparency": lambda: written(_transparent),
    "CMYK": lambda: written(_cmyk),
    "a soft mask": with_mask,
    "a page of five metres": lambda: written(lambda c: c.drawString(100, 7000, "plan"), (14000, 14000)),
    "a page of a stamp's size": lambda: written(lambda c: c.rect(1, 1, 5, 5), (20, 20)),
}
