"""metadata.json: the facts of a dossier for machines, and what the verifier reads of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pikepdf
from pydantic import AwareDatetime, BaseModel, ConfigDict

from training.core.content import Content
from training.dossiers.facts import Attachment, DossierFacts, register_digest

FORMAT = "yidang-dossier/1"


def describe(facts: DossierFacts, pdf: Content, paths: Mapping[str, Attachment]) -> bytes:
    """The facts as JSON with sorted keys; the envelopes by digest, as they stand in files of their own."""
    with pdf.open() as file, pikepdf.open(file, access_mode=pikepdf.AccessMode.stream) as opened:
        pages = len(opened.pages)
    data = _plain(facts) | {
        "format": FORMAT,
        "dossier": {"pages": pages, "sha256": pdf.sha256},
        "files": [{"path": path, **_plain(file)} for path, file in paths.items()],
        "counts": {
            "rostered_people": len(facts.roster),
            "completed_renci": facts.renci,
            "completed_renshu": len({row.number for row in facts.completion if row.completed}),
        },
    }
    del data["attachments"]
    for envelope in data["envelopes"]:
        del envelope["payload"], envelope["signature"]
    # Piece by piece: `dumps` first makes a list of a hundred thousand of them.
    target = BytesIO()
    for piece in json.JSONEncoder(ensure_ascii=False, indent=1, sort_keys=True).iterencode(data):
        target.write(piece.encode())
    target.write(b"\n")
    return target.getvalue()


def _plain(value: Any) -> Any:
    """Dataclasses as objects without their callables, times as ISO 8601."""
    if is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: _plain(content) for name, content in named.items() if not callable(content)}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Person(_Read):
    number: int
    name: str
    id_number: str
    enrolment: int | None


class Signed(_Read):
    number: int
    name: str
    id_number: str
    signed_in_at: AwareDatetime | None
    signed_out_at: AwareDatetime | None
    minutes: int = 0
    method: str
    method_code: str = ""
    events: list[str]
    corrections: list[int] = []


class Attestation(_Read):
    role: str
    name: str
    at: AwareDatetime
    digest: str


class Lesson(_Read):
    id: int = 0
    sequence: int
    on: date
    half_day: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class AttendanceRule(_Read):
    unit_minutes: int
    lesson_ratio: float
    completion_ratio: float
    late_tolerance_minutes: int
    early_tolerance_minutes: int
    require_sign_out: bool
    check_share: float
    check_required: bool


class HalfDay(_Read):
    on: date
    half_day: str
    rows: list[Signed]
    attestations: list[Attestation] = []

    @property
    def digest(self) -> str:
        """What an attestation of it has to name."""
        return register_digest(
            (event for row in self.rows for event in row.events),
            (number for row in self.rows for number in row.corrections),
        )

    @property
    def label(self) -> str:
        return f"{self.on} {self.half_day}"


class Completed(_Read):
    number: int
    name: str
    completed: bool
    attended_minutes: int = 0
    required_minutes: int = 0
    excluded: bool = False


class Station(_Read):
    id: str
    name: str
    public_key: str


class Standing(_Read):
    station: str
    seq: int
    digest: str
    standing: str = "counted"


class File(_Read):
    path: str
    item: str
    name: str
    sha256: str
    size: int
    content_type: str = ""
    uploaded_by: str = ""
    uploaded_at: AwareDatetime | None = None


class Item(_Read):
    code: str
    title: str
    complete: bool


class Counts(_Read):
    rostered_people: int
    completed_renci: int
    completed_renshu: int


class Correction(_Read):
    id: int
    kind: str
    source: str
    number: int | None
    lesson: int = 0  # its sequence
    happened_at: AwareDatetime | None
    voids: str
    evidence: str
    accounts: tuple[int, int]


class LostRange(_Read):
    station: str
    first_seq: int
    last_seq: int
    reason: str


class Dossier(_Read):
    pages: int
    sha256: str


class Session(_Read):
    code: str
    title: str
    institution: str = ""
    uscc: str = ""
    category: str = ""
    fund_line: str = ""
    approval_number: str = ""
    first_day: date | None = None
    last_day: date | None = None


class Programme(_Read):
    code: str
    name: str
    county: str
    source_document: str = ""
    rule_version: int = 0


class Metadata(_Read):
    """What has to agree with the files and the signed events beside it."""

    format: str
    as_of: AwareDatetime
    programme: Programme
    session: Session
    dossier: Dossier
    files: list[File]
    items: list[Item]
    lessons: list[Lesson] = []
    attendance: AttendanceRule | None = None  # older packages do not say it
    roster: list[Person]
    registers: list[HalfDay]
    completion: list[Completed]
    counts: Counts
    stations: list[Station]
    envelopes: list[Standing]
    links: list[Standing]
    corrections: list[Correction] = []
    lost: list[LostRange] = []
    retention: str = ""  # unknown of packages made before it was said
