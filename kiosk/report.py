"""How a station is, as it tells the server now and then; no person is in it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

PROTOCOL = 1
"""Of the whole conversation; the server says what it speaks, see `training/api`."""

Count = Annotated[int, Field(ge=0)]
Word = Annotated[str, Field(max_length=64)]


class StationReport(BaseModel):
    """One report. Sizes in bytes; `clock_offset_ms` is server minus station, None before a contact."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    at: AwareDatetime
    boot: UUID
    software: Word
    reader: Word
    """The code of what the screen says of the reader: `reader_ready`, `reader_fault`, `reader_off`, …"""
    reader_detail: Word = ""
    """The SAM number, or the code of the fault."""
    camera: Literal["off", "starting", "live", "stopped"]
    face: Literal["off", "loading", "ready"]
    chip_photo: bool = False
    """Whether a decoder for the chip's photo is there and works."""
    disk_free: Count
    clock_offset_ms: int | None = None
    events_total: Count
    pending: Count
    oldest_pending_at: AwareDatetime | None = None
    photos_pending: Count
    held: Count
    refused: Count
    package_version: Word | None = None
    package_at: AwareDatetime | None = None
    portraits: Count = 0
    unreadable: bool = False
    """The server's package is newer than this program can read."""
