"""Cross-footing: signed events against register, roster and completion. Nothing is taken on trust twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import PurePosixPath

from pydantic import ValidationError

from kiosk.envelope import GENESIS, Enrolled, Envelope, EnvelopeError, Event, decode_signing_key, verify
from training.core.content import Content
from training.dossiers.findings import Finding
from training.dossiers.layout import METADATA, OUTSIDE_CHAIN, envelopes_path
from training.dossiers.metadata import Correction, HalfDay, LostRange, Metadata, Signed, Station

_TOLERANCE = timedelta(seconds=1)


@dataclass(frozen=True)
class Line:
    """One line of an envelopes file; `event` is None when the envelope can't be believed."""

    file: str
    number: int
    digest: str
    event: Event | None
    problem: str  # "", or the EnvelopeError's code, or "unreadable", "unknown_station", "wrong_station"

    @property
    def record(self) -> str:
        return f"第{self.number}行 line {self.number}" + (f" seq {self.event.seq}" if self.event else "")


class Evidence:
    """The package's events, read and verified once, beside what the metadata says of them."""

    def __init__(self, entries: Mapping[str, Content], metadata: Metadata) -> None:
        self._entries = entries
        self.metadata = metadata

    @cached_property
    def lines(self) -> list[Line]:
        files = sorted(name for name in self._entries if name.startswith("data/envelopes/"))
        return [line for name in files for line in self._read(name)]

    @cached_property
    def standings(self) -> dict[str, str]:
        """What the server said of each envelope, by digest."""
        return {envelope.digest: envelope.standing for envelope in self.metadata.envelopes}

    @cached_property
    def counted(self) -> dict[str, Event]:
        """This session's believed events that count and that no other voids, by digest.

        A station serves many sessions; an event of another one is a link of the chain and no more.
        """
        events = {
            line.digest: line.event
            for line in self.lines
            if line.event
            and not line.problem
            and line.event.session == self.metadata.session.code
            and self.standings.get(line.digest) == "counted"
        }
        voided = {event.voids for event in events.values() if event.voids}
        unsaid = {correction.voids for correction in self.metadata.corrections if correction.kind == "void"}
        return {
            digest: event
            for digest, event in events.items()
            if event.event not in voided and digest not in unsaid
        }

    @cached_property
    def corrections(self) -> dict[int, Correction]:
        """What no station signed, by number."""
        return {correction.id: correction for correction in self.metadata.corrections}

    def _read(self, name: str) -> Iterator[Line]:
        station = next((s for s in self.metadata.stations if envelopes_path(s.id) == name), None)
        with self._entries[name].open() as lines:
            for number, text in enumerate(lines, 1):
                try:
                    envelope = Envelope.model_validate_json(text)
                except ValidationError:
                    yield Line(name, number, "", None, "unreadable")
                    continue
                event, problem = _believe(envelope, station)
                yield Line(name, number, envelope.digest, event, problem)


def _believe(envelope: Envelope, station: Station | None) -> tuple[Event | None, str]:
    """The event, or why it can't be believed."""
    if station is None:
        return None, "unknown_station"
    try:
        event = verify(envelope, decode_signing_key(station.public_key))
    except EnvelopeError as error:
        return None, error.code
    except ValueError:
        return None, "unknown_station"
    return event, "" if str(event.station) == station.id else "wrong_station"


_PROBLEMS = {
    "unreadable": ("这一行不是签名事件", "this line is no signed event"),
    "malformed": ("事件内容不完整", "the event is malformed"),
    "not_canonical": ("事件内容不是规范格式，可能被改动过", "the event is not in canonical form"),
    "bad_signature": ("签名不符：事件被改动，或不是这台终端签的", "the signature does not hold"),
    "unknown_station": ("元数据里没有这台终端的公钥", "the metadata has no key for this station"),
    "wrong_station": ("事件不是这台终端产生的", "the event is another station's"),
}


def events(evidence: Evidence) -> Iterator[Finding]:
    """Every envelope is signed, canonical and listed; every listed one is there."""
    seen: set[str] = set()
    for line in evidence.lines:
        standing = evidence.standings.get(line.digest)
        if line.problem:
            held = standing is not None and standing in OUTSIDE_CHAIN
            zh, en = _PROBLEMS[line.problem]
            yield Finding(line.file, line.record, zh, en, grave=not held)
        if standing is None:
            yield Finding(
                line.file, line.record, "元数据没有列出这条事件", "the metadata does not list this event"
            )
        if line.digest in seen:
            yield Finding(line.file, line.record, "同一条事件出现两次", "the same event twice")
        seen.add(line.digest)
    for listed in evidence.metadata.envelopes:
        if listed.digest not in seen:
            record = f"seq {listed.seq}"
            yield Finding(envelopes_path(listed.station), record, "缺少这条事件", "this event is missing")


def chain(evidence: Evidence) -> Iterator[Finding]:
    """Per station: numbers without a gap, each event naming the digest of the one before, lines in order."""
    links: dict[str, dict[int, str]] = defaultdict(dict)
    for link in evidence.metadata.links:
        links[envelopes_path(link.station)][link.seq] = link.digest
    stations: dict[str, list[tuple[Line, Event]]] = defaultdict(list)
    for line in evidence.lines:
        if line.event and evidence.standings.get(line.digest) not in OUTSIDE_CHAIN:
            stations[line.file].append((line, line.event))
    lost: dict[str, list[LostRange]] = defaultdict(list)
    for entry in evidence.metadata.lost:
        file = envelopes_path(entry.station)
        lost[file].append(entry)
        zh = f"第 {entry.first_seq}–{entry.last_seq} 号由两人说明为丢失：{entry.reason}"
        en = f"numbers {entry.first_seq}–{entry.last_seq} are declared lost by two people: {entry.reason}"
        yield Finding(file, f"seq {entry.first_seq}–{entry.last_seq}", zh, en, grave=False)
    for file, lines in stations.items():
        yield from _one_chain(file, lines, links[file], lost[file])


def _one_chain(
    file: str, lines: list[tuple[Line, Event]], links: dict[int, str], lost: list[LostRange]
) -> Iterator[Finding]:
    digests, previous = dict(links), 0
    for line, event in lines:
        if event.seq in digests:
            yield Finding(file, line.record, "序号重复", "this number is there twice")
        elif event.seq < previous:
            yield Finding(file, line.record, "次序颠倒", "out of order")
        digests[event.seq] = line.digest
        previous = max(previous, event.seq)
    first = min(digests)
    for line, event in lines:
        before = GENESIS if event.seq == 1 else digests.get(event.seq - 1)
        if before is None and event.seq != first:
            start = max(number for number in digests if number < event.seq) + 1
            if not any(gap.first_seq <= start and event.seq - 1 <= gap.last_seq for gap in lost):
                missing = str(start) if start == event.seq - 1 else f"{start}–{event.seq - 1}"
                zh = f"事件链断开：缺第 {missing} 号"
                yield Finding(file, line.record, zh, f"a gap in the chain: {missing} missing")
        elif before is not None and before != event.prev:
            zh = f"与第 {event.seq - 1} 号接不上：前一条被换过或改过"
            yield Finding(
                file, line.record, zh, f"does not follow number {event.seq - 1}: that one was changed"
            )


def corrections(evidence: Evidence) -> Iterator[Finding]:
    """Each took two people, a sheet of paper is here, and a void names an event that is here."""
    files = {file.sha256 for file in evidence.metadata.files}
    listed = {
        row for half_day in evidence.metadata.registers for line in half_day.rows for row in line.corrections
    }
    for correction in evidence.metadata.corrections:
        record = f"更正 correction {correction.id}"
        if len(set(correction.accounts)) < 2:
            yield Finding(METADATA, record, "提出和核准是同一个人", "proposed and approved by one person")
        if correction.evidence and correction.evidence not in files:
            yield Finding(METADATA, record, "附的签到表不在包内", "its sheet is not in the package")
        if correction.source == "paper" and not correction.evidence:
            yield Finding(METADATA, record, "纸质补录没有附签到表", "a paper entry without its sheet")
        if correction.kind == "void" and correction.voids not in evidence.standings:
            yield Finding(METADATA, record, "作废的事件不在包内", "the event it voids is not here")
        if correction.kind in ("sign_in", "sign_out") and correction.id not in listed:
            yield Finding(METADATA, record, "已核准而不在签到名册里", "approved, but not in the register")


def register(evidence: Evidence) -> Iterator[Finding]:
    """Roster, register and events say the same, person by person and half-day by half-day."""
    roster = {person.number: person for person in evidence.metadata.roster}
    if len(roster) != len(evidence.metadata.roster):
        yield Finding(METADATA, "名册 roster", "序号重复", "a number is there twice")
    holders = {person.enrolment: person.number for person in roster.values() if person.enrolment is not None}
    used: set[str] = set()
    for half_day in evidence.metadata.registers:
        numbers = [row.number for row in half_day.rows]
        for number in sorted({n for n in numbers if numbers.count(n) > 1}):
            yield row_finding(half_day, number, "同一人登记两次", "the same person twice")
        for row in half_day.rows:
            person = roster.get(row.number)
            if person is None or (person.name, person.id_number) != (row.name, row.id_number):
                yield row_finding(
                    half_day, row.number, f"{row.name}与名册不符", f"{row.name} is not so on the roster"
                )
            yield from _foots(evidence, half_day, row, holders)
            used.update(row.events)
        for attested in half_day.attestations:
            if attested.digest != half_day.digest:
                zh = f"{attested.role}{attested.name}签认的不是这份签到名册"
                en = f"{attested.name} attested another register than this"
                yield Finding(METADATA, half_day.label, zh, en)
    for digest, event in evidence.counted.items():
        if event.kind in ("sign_in", "sign_out") and event.lesson is not None and digest not in used:
            file, record = envelopes_path(str(event.station)), f"seq {event.seq}"
            yield Finding(file, record, "已计入的签到不在签到名册里", "counts, but is not in the register")


def _foots(evidence: Evidence, half_day: HalfDay, row: Signed, holders: dict[int, int]) -> Iterator[Finding]:
    """One line of the register against the events it names. `holders` learns whose enrolment is whose."""
    standing_on = [evidence.counted[digest] for digest in row.events if digest in evidence.counted]
    for digest in row.events:
        if digest not in evidence.counted:
            zh, en = (
                f"依据的事件 {digest[:16]}… 不在包内或未计入",
                f"its event {digest[:16]}… is missing or not counted",
            )
            yield row_finding(half_day, row.number, zh, en)
    for event in standing_on:
        enrolment = event.person.enrolment if isinstance(event.person, Enrolled) else None
        if enrolment is not None and holders.setdefault(enrolment, row.number) != row.number:
            zh = f"第 {event.seq} 号事件签的是另一个人"
            yield row_finding(half_day, row.number, zh, f"event {event.seq} is another person's")
    said = [evidence.corrections[n] for n in row.corrections if n in evidence.corrections]
    for number in row.corrections:
        correction = evidence.corrections.get(number)
        if correction is None or correction.number != row.number:
            zh = f"依据的更正 {number} 没有，或说的是另一个人"
            yield row_finding(
                half_day, row.number, zh, f"its correction {number} is missing or another person's"
            )
    kinds = (("sign_in", "签到", row.signed_in_at), ("sign_out", "签退", row.signed_out_at))
    for kind, word, at in kinds:
        signed = (
            any(event.kind == kind and is_at(event.captured_at, at) for event in standing_on) if at else True
        )
        if not signed and not any(c.kind == kind and c.happened_at == at for c in said):
            zh = f"{word}时间 {at:%H:%M:%S} 没有签名事件或更正为证"
            yield row_finding(
                half_day, row.number, zh, f"no signed {kind} and no correction at {at:%H:%M:%S}"
            )


def is_at(one: datetime, other: datetime) -> bool:
    """The same moment, as far as people write it down."""
    return abs(one - other) <= _TOLERANCE


def row_finding(half_day: HalfDay, number: int, zh: str, en: str) -> Finding:
    return Finding(METADATA, f"签到名册 register {half_day.label} #{number}", zh, en)


def completion(evidence: Evidence) -> Iterator[Finding]:
    """Who completed is on the roster and came; the counts are the sums of the lines."""
    data = evidence.metadata
    roster = {person.number: person.name for person in data.roster}
    came = {row.number for half_day in data.registers for row in half_day.rows if row.signed_in_at}
    done = [row for row in data.completion if row.completed]
    for row in data.completion:
        record = f"结业 completion #{row.number}"
        if roster.get(row.number) != row.name:
            yield Finding(METADATA, record, f"{row.name}与名册不符", f"{row.name} is not so on the roster")
        if row.completed and row.number not in came:
            yield Finding(METADATA, record, f"{row.name}没有一次签到", f"{row.name} never signed in")
    sums = {
        "rostered_people": ("名册人数", len(roster)),
        "completed_renci": ("结业人次", len(done)),
        "completed_renshu": ("结业人数", len({row.number for row in done})),
    }
    for name, (word, counted) in sums.items():
        said = getattr(data.counts, name)
        if said != counted:
            zh, en = f"写的是 {said}，逐行数是 {counted}", f"says {said}, the lines add up to {counted}"
            yield Finding(METADATA, f"{word} {name}", zh, en)


def photos(evidence: Evidence) -> Iterator[Finding]:
    """Every class photo that a station signed for is here, byte for byte."""
    have = {file.sha256 for file in evidence.metadata.files if PurePosixPath(file.path).parent.name == "A9"}
    for event in evidence.counted.values():
        if event.kind == "photo" and event.photo and event.photo.sha256 not in have:
            file, record = envelopes_path(str(event.station)), f"seq {event.seq}"
            zh = f"终端签名的照片 {event.photo.sha256[:16]}… 不在 A9 里"
            yield Finding(file, record, zh, f"the photo {event.photo.sha256[:16]}… is not in A9")
