"""What an uploaded file really is, before anything is kept.

The kind is read from the content, never from the name. The bytes are looked at, not changed.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pikepdf
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image

from training.core.refusals import InputError
from training.core.workbooks import MAX_PACKED, WorkbookError, check_workbook

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IMAGES = frozenset({JPEG, PNG})
DOCUMENTS = IMAGES | {PDF}  # what can become a page of a dossier

MB = 1024 * 1024
MAX_BYTES = {PDF: 50 * MB, JPEG: 20 * MB, PNG: 20 * MB, XLSX: MAX_PACKED}
MAX_PIXELS = 60_000_000

KIND = {
    PDF: "PDF",
    JPEG: gettext_lazy("JPG 照片"),
    PNG: gettext_lazy("PNG 图片"),
    XLSX: gettext_lazy("Excel 表格（.xlsx）"),
}
SHRINK = {
    PDF: gettext_lazy("请用扫描软件以 200 dpi 重新扫描，或拆成几个文件上传。"),
    JPEG: gettext_lazy("请在手机或电脑上把照片压缩（长边 4000 像素以内）后再上传。"),
    PNG: gettext_lazy("请把图片另存为 JPG，或缩小（长边 4000 像素以内）后再上传。"),
    XLSX: gettext_lazy("请新建空白表格，只复制需要的内容后再上传。"),
}
_EXIF_ORIENTATION, _EXIF_DETAILS = 0x0112, 0x8769
_EXIF_TAKEN, _EXIF_OFFSET = 0x9003, 0x9011
_ON_ITS_SIDE = (5, 6, 7, 8)  # orientations turned by 90 degrees


class UploadError(InputError):
    """Codes: empty_file, wrong_kind, too_large, heic, encrypted, broken, too_many_pixels, and a workbook's."""


@dataclass(frozen=True)
class CheckedFile:
    """Width and height are pixels as seen upright.

    `taken_at` is the camera's word: aware when the photo names its offset, otherwise the camera's
    local time without a zone.
    """

    content_type: str
    sha256: str
    size: int
    page_count: int | None = None
    width: int | None = None
    height: int | None = None
    taken_at: datetime | None = None


def check_upload(name: str, data: bytes, *, allow: AbstractSet[str]) -> CheckedFile:
    """Accept a file of one of the content types in `allow`. Raises `UploadError`."""
    content_type = _sniffed(name, data)
    if content_type is None or content_type not in allow:
        raise _wrong_kind(name, allow)
    if len(data) > MAX_BYTES[content_type]:
        raise _too_large(name, len(data), content_type)
    digest = hashlib.sha256(data).hexdigest()
    if content_type == PDF:
        return CheckedFile(PDF, digest, len(data), page_count=_page_count(name, data))
    if content_type in IMAGES:
        width, height, taken_at = _looked_at(name, data)
        return CheckedFile(
            content_type,
            digest,
            len(data),
            width=width,
            height=height,
            taken_at=taken_at,
        )
    _check_workbook(name, data)
    return CheckedFile(XLSX, digest, len(data))


def _too_large(name: str, size: int, content_type: str) -> UploadError:
    return UploadError(
        "too_large",
        _("“%(name)s”有 %(size).1f MB，超过 %(kind)s 的上限 %(limit)d MB。%(advice)s")
        % {
            "name": name,
            "size": size / MB,
            "kind": KIND[content_type],
            "limit": MAX_BYTES[content_type] // MB,
            "advice": SHRINK[content_type],
        },
    )


def _sniffed(name: str, data: bytes) -> str | None:
    if not data:
        raise UploadError(
            "empty_file", _("“%(name)s”是空文件（0 字节），请重新选择文件上传。") % {"name": name}
        )
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        raise UploadError(
            "heic",
            _(
                "“%(name)s”是苹果手机的 HEIC 照片，请转换成 JPG 后再上传"
                "（手机“设置 → 相机 → 格式”选“兼容性最佳”，以后拍的就是 JPG）。"
            )
            % {"name": name},
        )
    if b"%PDF-" in data[:1024]:
        return PDF
    starts = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG, b"PK\x03\x04": XLSX}
    return next((kind for start, kind in starts.items() if data.startswith(start)), None)


def _wrong_kind(name: str, allow: AbstractSet[str]) -> UploadError:
    wanted = _("、").join(str(words) for kind, words in KIND.items() if kind in allow)
    message = _("“%(name)s”的内容不是这里能用的格式，请换成：%(wanted)s。")
    if name.lower().endswith(".pdf"):
        message = _(
            "“%(name)s”不是 PDF 文件，只是扩展名写成了 .pdf。请从原来的软件导出 PDF 后再上传，"
            "这里可以上传：%(wanted)s。"
        )
    return UploadError("wrong_kind", message % {"name": name, "wanted": wanted})


def _page_count(name: str, data: bytes) -> int:
    try:
        with pikepdf.open(BytesIO(data), attempt_recovery=False) as pdf:
            locked, pages = pdf.is_encrypted, len(pdf.pages)
    except pikepdf.PasswordError as refused:
        raise _locked(name) from refused
    except (pikepdf.PdfError, RuntimeError, ValueError, KeyError, TypeError) as refused:
        raise _broken(name) from refused
    if locked:
        raise _locked(name)
    if not pages:
        raise _broken(name)
    return pages


def _locked(name: str) -> UploadError:
    return UploadError(
        "encrypted",
        _("“%(name)s”加了密码或限制，无法装入档案。请去掉密码（用“打印为 PDF”重新生成）后再上传。")
        % {"name": name},
    )


def _broken(name: str) -> UploadError:
    return UploadError(
        "broken",
        _("“%(name)s”已损坏或不完整，打不开。请确认原文件能正常打开，重新导出或扫描后再上传。")
        % {"name": name},
    )


def _looked_at(name: str, data: bytes) -> tuple[int, int, datetime | None]:
    """Width, height, taken_at; the whole picture is decoded, so that a cut-off one shows."""
    try:
        with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_many_pixels(name)
            exif = image.getexif()
            details = exif.get_ifd(_EXIF_DETAILS)
            image.draft("RGB", (width // 8, height // 8))  # a JPEG is still read to its end
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise _too_many_pixels(name) from bomb
    except (
        OSError,
        SyntaxError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        struct.error,
    ) as refused:
        raise _broken(name) from refused
    if exif.get(_EXIF_ORIENTATION) in _ON_ITS_SIDE:
        width, height = height, width
    return width, height, _taken_at(details.get(_EXIF_TAKEN), details.get(_EXIF_OFFSET))


def _too_many_pixels(name: str) -> UploadError:
    return UploadError(
        "too_many_pixels",
        _("“%(name)s”的像素太多（超过 %(limit)d 百万），请缩小（长边 4000 像素以内）后再上传。")
        % {"name": name, "limit": MAX_PIXELS // 1_000_000},
    )


def _taken_at(taken: object, offset: object) -> datetime | None:
    """EXIF writes '2021:05:07 09:12:33' and, if the camera knows, '+08:00'; often neither is sound."""
    for text, form in (
        (f"{taken}{offset}", "%Y:%m:%d %H:%M:%S%z"),
        (f"{taken}", "%Y:%m:%d %H:%M:%S"),
    ):
        with suppress(ValueError):
            return datetime.strptime(text.strip("\0 "), form)  # noqa: DTZ007  the zone is not in the file
    return None


def _check_workbook(name: str, data: bytes) -> None:
    try:
        check_workbook(data)
    except WorkbookError as refused:
        message = _("“%(name)s”：%(problem)s") % {"name": name, "problem": refused.message}
        raise UploadError(refused.code, message) from refused
