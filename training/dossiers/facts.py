"""What a dossier says, as plain data.

Everything that the PDF, the package and the verifier need to know of one session is in
`DossierFacts`; the builders read nothing else, so the same facts give the same bytes.
Identity and phone numbers arrive here already masked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Attachment:
    """An original file of the archive; `read` gives its bytes exactly as received."""

    item: str  # "A1" … "A9"
    name: str  # as the person who uploaded it called it
    sha256: str
    size: int
    content_type: str  # "application/pdf" | "image/jpeg" | "image/png" | xlsx's long name
    uploaded_by: str
    uploaded_at: datetime
    read: Callable[[], bytes]


@dataclass(frozen=True)
class ProgrammeFacts:
    code: str
    name: str
    county: str
    mark_text: str
    phones: tuple[str, ...]
    source_document: str
    rule_version: int
    timezone: str  # "Asia/Shanghai"


@dataclass(frozen=True)
class AttendanceRuleFacts:
    """What the programme says of attendance, as `training.attendance.reckoning` has it."""

    unit_minutes: int
    lesson_ratio: float
    completion_ratio: float
    late_tolerance_minutes: int
    early_tolerance_minutes: int
    require_sign_out: bool
    check_share: float
    check_required: bool


@dataclass(frozen=True)
class SessionFacts:
    code: str
    title: str
    category: str
    class_type: str
    form: str
    institution: str
    uscc: str
    fund_line: str
    venue: str
    first_day: date
    last_day: date
    approval_number: str
    approved_on: date | None
    approved_by: str


@dataclass(frozen=True)
class ItemFacts:
    """One of the nine items, or one a programme adds."""

    code: str
    title: str
    clause: str
    complete: bool
    findings: tuple[str, ...]
    rule_version: int = 0  # of the rules it was checked by, at `as_of`


@dataclass(frozen=True)
class AgreementFacts:
    kind: str  # 委托培训协议 | 任务下达文件
    number: str
    parties: str
    signed_on: date
    valid_from: date
    valid_until: date


@dataclass(frozen=True)
class LicenceFacts:
    kind: str
    number: str
    issuer: str
    valid_from: date
    valid_until: date | None  # None: 长期


@dataclass(frozen=True)
class ProofFacts:
    kind: str
    number: str
    issuer: str
    valid_until: date | None
    valid_from: date | None = None  # unknown of older ones


@dataclass(frozen=True)
class InstructorFacts:
    name: str
    title: str  # 职称
    employer: str
    profile: str
    lessons: tuple[int, ...]
    proofs: tuple[ProofFacts, ...]


@dataclass(frozen=True)
class CostLine:
    """One line of the budget; money in 分."""

    name: str
    price_fen: int
    quantity: str  # for people: 6 学时
    amount_fen: int
    source: str  # who pays, for people


@dataclass(frozen=True)
class PlanFacts:
    audience: str
    goals: str
    content: str
    form: str
    hours: str
    assessment: str
    practical_hours: str = ""  # of `hours`; "" for none
    outline: str = ""  # the approved version the session was planned by, for people; "" for none
    budget: tuple[CostLine, ...] = ()


@dataclass(frozen=True)
class LessonFacts:
    sequence: int
    on: date
    half_day: str  # "am" | "pm"
    starts_at: datetime
    ends_at: datetime
    topic: str
    instructor: str
    venue: str
    hours: str  # 学时, for people: "3"
    practical: bool = False
    id: int = 0  # as signed events name the lesson


@dataclass(frozen=True)
class MaterialFacts:
    topic: str
    title: str
    version: str
    sha256: str


@dataclass(frozen=True)
class RosterRow:
    number: int
    name: str
    sex: str
    id_number: str  # masked
    phone: str  # masked
    village: str
    group: str
    enrolment: int | None = None  # as signed events name the person


@dataclass(frozen=True)
class RosterChangeRow:
    """Somebody who came onto the frozen roster or left it."""

    on: date
    kind: str  # for people: 增加, 退出
    number: int
    name: str
    reason: str
    made_by: str
    approved_by: str  # "" where the programme lets the institution change so many by itself


@dataclass(frozen=True)
class RegisterRow:
    number: int
    name: str
    id_number: str  # masked
    signed_in_at: datetime | None
    signed_out_at: datetime | None
    minutes: int
    method: str  # for people: 身份证, 身份证+人脸, 见证, 纸质
    note: str
    events: tuple[str, ...]  # digests of the envelopes this row stands on
    corrections: tuple[int, ...] = ()  # numbers of the corrections it stands on
    method_code: str = ""  # as the event of the sign-in has it


@dataclass(frozen=True)
class AttestationFacts:
    """Somebody stood for the register of a half-day, by account."""

    role: str  # for people: 班主任, 授课人
    name: str
    at: datetime
    digest: str  # `register_digest` of what was attested


@dataclass(frozen=True)
class HalfDayRegister:
    on: date
    half_day: str
    lessons: tuple[int, ...]
    rows: tuple[RegisterRow, ...]
    attestations: tuple[AttestationFacts, ...] = ()


@dataclass(frozen=True)
class CorrectionFacts:
    """What no station signed: said by one person, approved by another."""

    id: int
    kind: str  # "sign_in" | "sign_out" | "check" | "void"
    source: str  # "make_up" | "paper"
    label: str  # for people: 补签到, 作废
    number: int | None  # on the roster; None for the void of somebody who is on none
    name: str
    lesson: int
    happened_at: datetime | None  # None for a void
    voids: str  # digest of the event, "" if it voids none
    reason: str
    evidence: str  # SHA-256 of the sheet, "" for none
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    approved_at: datetime
    accounts: tuple[int, int] = (0, 0)  # the two people's, for names may be alike


@dataclass(frozen=True)
class LostRangeFacts:
    """Numbers of a station's chain that will never come, said and confirmed by two people."""

    station: str
    first_seq: int
    last_seq: int
    reason: str
    proposed_by: str
    approved_by: str
    approved_at: datetime


@dataclass(frozen=True)
class PhotoFacts:
    """With what DA/T 50-2014 asks of a caption; `taken_at` None and a blank `device` are not known."""

    caption: str
    taken_at: datetime | None
    lesson: int
    device: str
    attachment: Attachment
    place: str = ""
    topic: str = ""
    persons: str = ""
    background: str = ""
    photographer: str = ""
    uncounted: str = ""  # why it does not count for its half-day, for people


@dataclass(frozen=True)
class RecordTable:
    """What the system keeps that answers an added item: a table for people."""

    item: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CompletionRow:
    number: int
    name: str
    attended: str  # hours, for people
    required: str
    completed: bool
    explanation: str
    attended_minutes: int = 0
    required_minutes: int = 0
    excluded: bool = False  # does not count, whatever was attended


@dataclass(frozen=True)
class StationFacts:
    id: str
    name: str
    public_key: str  # base64 of 32 bytes


@dataclass(frozen=True)
class EnvelopeFacts:
    """A signed event exactly as it arrived, and what the server said of it."""

    station: str
    seq: int
    digest: str
    payload: str
    signature: str
    standing: str  # "counted" | "held:<reason>"
    reason: str = ""  # why it is held, for people


@dataclass(frozen=True)
class ChainLink:
    """An event of another session that stands between ours in a station's chain: its digest only."""

    station: str
    seq: int
    digest: str


@dataclass(frozen=True)
class DossierFacts:
    as_of: datetime
    verify_url: str
    programme: ProgrammeFacts
    session: SessionFacts
    items: tuple[ItemFacts, ...]
    agreement: AgreementFacts | None
    licences: tuple[LicenceFacts, ...]
    instructors: tuple[InstructorFacts, ...]
    plan: PlanFacts | None
    lessons: tuple[LessonFacts, ...]
    changes: tuple[str, ...]  # approved against held, in words
    materials: tuple[MaterialFacts, ...]
    roster: tuple[RosterRow, ...]
    registers: tuple[HalfDayRegister, ...]
    photos: tuple[PhotoFacts, ...]
    completion: tuple[CompletionRow, ...]
    attachments: tuple[Attachment, ...]
    stations: tuple[StationFacts, ...]
    envelopes: tuple[EnvelopeFacts, ...]
    links: tuple[ChainLink, ...] = ()
    corrections: tuple[CorrectionFacts, ...] = ()
    lost: tuple[LostRangeFacts, ...] = ()
    roster_changes: tuple[RosterChangeRow, ...] = ()
    records: tuple[RecordTable, ...] = ()
    attendance: AttendanceRuleFacts | None = None  # None: nobody can compute the minutes again
    retention: str = "待确认"  # 保管期限, for people
    version: int = 1  # of the dossier: unsealing begins the next
    submitted_by: str = ""
    submitted_at: datetime | None = None

    @property
    def renci(self) -> int:
        """人次: enrolments of this session that completed."""
        return sum(row.completed for row in self.completion)


def register_digest(events: Iterable[str], corrections: Iterable[int]) -> str:
    """Of a half-day's register: the digests of the events and the numbers of the corrections it stands on."""
    stands_on = f"{' '.join(sorted(events))}\n{' '.join(map(str, sorted(corrections)))}"
    return hashlib.sha256(stands_on.encode()).hexdigest()


def words(value: object) -> Iterator[str]:
    """Every text in the facts that a person may read; not the envelopes, which are for machines."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from words(entry)
    elif is_dataclass(value) and not isinstance(value, EnvelopeFacts | ChainLink):
        for field in fields(value):
            yield from words(getattr(value, field.name))
