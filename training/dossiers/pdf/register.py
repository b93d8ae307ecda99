"""A8, the sign-in register: totals, what no station signed, and a sheet for each half-day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reportlab.platypus import Flowable, KeepTogether, PageBreak, Spacer, Table, TableStyle

from training.dossiers.facts import DossierFacts, HalfDayRegister, RegisterRow
from training.dossiers.pdf.printed import HALF_DAYS, Wall, half_day, long_day
from training.dossiers.pdf.style import CELL, FONT, NOTE, WIDTH, Column, Heading, fields, paragraph, table

_SIGNATURE_ROW = 21.0
"""Room for a signature by hand, in points."""


def registers(facts: DossierFacts, wall: Wall) -> list[Flowable]:
    flowables: list[Flowable] = [Heading("各半天汇总", 1), *_totals(facts), *_corrections(facts, wall)]
    for number, register in enumerate(facts.registers, 1):
        flowables += [PageBreak(), *_register(number, register, facts, wall)]
    return flowables


def _corrections(facts: DossierFacts, wall: Wall) -> list[Flowable]:
    """What no station signed stands apart, so that nobody has to look for it."""
    if not facts.corrections:
        return []
    columns = [
        Column("编号", 34, "r"),
        Column("更正", 56, "c"),
        Column("学员", 0.2),
        Column("课次", 40, "c"),
        Column("时间", 66, "c"),
        Column("原因", 0.4),
        Column("提出", 0.2),
        Column("核准", 0.2),
    ]
    rows = [
        (
            str(c.id),
            c.label,
            f"{c.number or '—'}　{c.name}",
            f"第{c.lesson}课次",
            wall.stamp(c.happened_at) if c.happened_at else f"事件\n{c.voids[:16]}",
            c.reason,
            f"{c.proposed_by}\n{wall.stamp(c.proposed_at)}",
            f"{c.approved_by}\n{wall.stamp(c.approved_at)}",
        )
        for c in facts.corrections
    ]
    return [Heading("补签、纸质补录与作废", 1), *table(columns, rows)]


def _totals(facts: DossierFacts) -> list[Flowable]:
    columns = [
        Column("序号", 36, "c"),
        Column("半天", 0.5, "c"),
        Column("课次", 0.5, "c"),
        Column("应到（人）", 66, "r"),
        Column("实到（人）", 66, "r"),
        Column("缺席（人）", 66, "r"),
        Column("在课分钟", 66, "r"),
    ]
    rows, sums = [], [0, 0, 0, 0]
    for number, register in enumerate(facts.registers, 1):
        figures = _figures(register.rows)
        sums = [a + b for a, b in zip(sums, figures, strict=True)]
        rows.append((str(number), half_day(register), _lessons(register), *map(str, figures)))
    came = Counter(row.number for r in facts.registers for row in r.rows if row.signed_in_at)
    by_person = sum(came[person.number] for person in facts.roster)
    check = "相符" if by_person == sums[1] else "不符"
    return [
        *table(columns, rows, total=("", "合计", "", *map(str, sums))),
        Spacer(1, 4),
        paragraph(
            f"交叉核对：按半天合计实到 {sums[1]}，按名册逐人合计 {by_person}，{check}；"
            f"至少到过一个半天的 {len(came)} 人（人数），名册 {len(facts.roster)} 人。",
            NOTE,
        ),
    ]


def _register(number: int, register: HalfDayRegister, facts: DossierFacts, wall: Wall) -> list[Flowable]:
    lessons = [a for a in facts.lessons if a.sequence in register.lessons]
    starts = min((a.starts_at for a in lessons), default=None)
    ends = max((a.ends_at for a in lessons), default=None)
    about = [
        ("班次", f"{facts.session.code}　{facts.session.title}"),
        ("日期", f"{long_day(register.on)}　{HALF_DAYS[register.half_day]}"),
        ("时间", f"{wall.clock(starts)}–{wall.clock(ends)}"),
        ("地点", "、".join(dict.fromkeys(a.venue for a in lessons))),
        ("课程", "；".join(f"第{a.sequence}课次 {a.topic}" for a in lessons)),
        ("授课人", "、".join(dict.fromkeys(a.instructor for a in lessons))),
    ]
    columns = [
        Column("序号", 28, "c"),
        Column("姓名", 0.32),
        Column("证件号码", 104, "c"),
        Column("签到", 36, "c"),
        Column("签退", 36, "c"),
        Column("分钟", 32, "r"),
        Column("核验方式", 62, "c"),
        Column("备注", 0.3),
        Column("签名", 0.38),
    ]
    rows = [
        (
            str(r.number),
            r.name,
            r.id_number,
            wall.clock(r.signed_in_at),
            wall.clock(r.signed_out_at),
            str(r.minutes),
            r.method or "—",
            r.note or ("" if r.signed_in_at else "缺席"),
            "",
        )
        for r in register.rows
    ]
    absent = frozenset(n for n, r in enumerate(register.rows) if not r.signed_in_at)
    due, came, missing, minutes = _figures(register.rows)
    total = ("", f"实到 {came} 人", f"应到 {due} 人", "", "", str(minutes), f"缺席 {missing} 人", "", "")
    return [
        Heading(f"签到名册 {number}　{half_day(register)}", 1),
        *fields(about),
        *table(columns, rows, total=total, row_height=_SIGNATURE_ROW, muted=absent),
        *_attested(register, wall),
        _signatures("授课人（签字）", "班主任（签字）", "复核人（签字）"),
    ]


def _attested(register: HalfDayRegister, wall: Wall) -> list[Flowable]:
    """Who stands for this register by account; the digest is of the events and corrections it stands on."""
    said = [
        paragraph(f"{a.role}{a.name} {wall.stamp(a.at)} 以账号签认，名册摘要 {a.digest[:16]}…", NOTE)
        for a in register.attestations
    ]
    return [Spacer(1, 6), *said] if said else []


def _figures(rows: Sequence[RegisterRow]) -> tuple[int, int, int, int]:
    """Due, came, absent, minutes."""
    came = sum(row.signed_in_at is not None for row in rows)
    return len(rows), came, len(rows) - came, sum(row.minutes for row in rows)


def _lessons(register: HalfDayRegister) -> str:
    return "、".join(f"第{sequence}课次" for sequence in register.lessons)


def _signatures(*labels: str) -> Flowable:
    signed = [paragraph(f"{label}：＿＿＿＿＿＿＿＿", CELL) for label in labels]
    dated = [paragraph("日期：＿＿＿＿＿＿＿＿", CELL) for _ in labels]
    lines = Table([signed, dated], [WIDTH / len(labels)] * len(labels), style=TableStyle([FONT]))
    return KeepTogether([Spacer(1, 12), lines])
