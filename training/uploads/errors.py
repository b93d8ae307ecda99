"""Refusals of the upload protocol; the status codes are those of tus 1.0."""

from __future__ import annotations

from training.core.errors import TrainingError


class WrongOffsetError(TrainingError):
    """The sender goes on elsewhere than where the last piece ended; it asks again and goes on from there."""

    code = "wrong_offset"
    http_status = 409


class UploadBusyError(TrainingError):
    """Another request is looking through the whole file; its answer was lost, most likely."""

    code = "upload_busy"
    http_status = 423


class ChecksumError(TrainingError):
    """The piece came otherwise than it was sent; nothing of it was kept."""

    code = "checksum_mismatch"
    http_status = 460


class UploadTooLargeError(TrainingError):
    code = "upload_too_large"
    http_status = 413


class TooManyUploadsError(TrainingError):
    code = "too_many_uploads"
    http_status = 429
