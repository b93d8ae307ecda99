"""Behind the nine parts: who completed, and the appendix of originals, stations and events."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable, PageBreak

from training.dossiers.facts import DossierFacts
from training.dossiers.pdf.attached import Attached, size
from training.dossiers.pdf.printed import Wall, whole_digest
from training.dossiers.pdf.style import NOTE, Column, Heading, fields, paragraph, table
from training.dossiers.seal import fingerprint

COMPLETION, APPENDIX = "结业情况", "附录　原始文件与签名事件"


def completion(facts: DossierFacts) -> list[Flowable]:
    columns = [
        Column("序号", 30, "c"),
        Column("姓名", 0.4),
        Column("实到学时", 60, "c"),
        Column("应到学时", 60, "c"),
        Column("结业", 40, "c"),
        Column("说明", 0.6),
    ]
    rows = [
        (str(r.number), r.name, r.attended, r.required, "是" if r.completed else "否", r.explanation)
        for r in facts.completion
    ]
    people = len({r.number for r in facts.completion if r.completed})
    programme = facts.programme
    total = ("", f"结业 {facts.renci} 人次", "", "", f"{people} 人", "")
    return [
        PageBreak(),
        Heading(COMPLETION, 0),
        *fields(
            [
                ("结业人次", f"{facts.renci} 人次"),
                ("结业人数", f"{people} 人"),
                ("名册人数", f"{len(facts.roster)} 人"),
                ("规则", f"第 {programme.rule_version} 版　{programme.source_document}"),
            ]
        ),
        paragraph("人次：本期达到结业条件的参训次数；人数：其中不重复的学员。一期之内二者相等。", NOTE),
        *table(
            columns,
            rows,
            total=total,
            muted=frozenset(n for n, r in enumerate(facts.completion) if not r.completed),
        ),
    ]


def appendix(
    facts: DossierFacts, attached: Sequence[Attached], wall: Wall, lacking: Sequence[str]
) -> list[Flowable]:
    """`lacking` are the characters that no font has."""
    return [
        PageBreak(),
        Heading(APPENDIX, 0),
        *_files(attached, wall),
        *_stations(facts),
        *_lost(facts, wall),
        *_held(facts),
        *_rare(lacking),
    ]


def _files(attached: Sequence[Attached], wall: Wall) -> list[Flowable]:
    columns = [
        Column("附件", 28, "c"),
        Column("项", 24, "c"),
        Column("文件名", 1 - 1e-9),
        Column("大小", 48, "r"),
        Column("上传", 92, "c"),
        Column("SHA-256", 168),
    ]
    rows = [
        (
            str(a.number),
            a.file.item,
            a.file.name,
            size(a.file.size),
            f"{a.file.uploaded_by}\n{wall.stamp(a.file.uploaded_at)}",
            whole_digest(a.file.sha256),
        )
        for a in attached
    ]
    return [Heading("全部原始文件", 1), *table(columns, rows)]


def _stations(facts: DossierFacts) -> list[Flowable]:
    columns = [
        Column("签到终端", 0.34),
        Column("编号", 0.66),
        Column("公钥指纹", 106, "c"),
        Column("事件", 34, "r"),
        Column("事件链", 116),
    ]
    rows = []
    for station in facts.stations:
        chain = sorted((e.seq, e.digest) for e in facts.envelopes if e.station == station.id)
        span = f"第 {chain[0][0]}–{chain[-1][0]} 号\n链头 {chain[-1][1][:16]}…" if chain else "本期无事件"
        rows.append((station.name, station.id, fingerprint(station.public_key), str(len(chain)), span))
    return [Heading("签到终端与事件链", 1), *table(columns, rows)]


def _lost(facts: DossierFacts, wall: Wall) -> list[Flowable]:
    if not facts.lost:
        return []
    names = {station.id: station.name for station in facts.stations}
    columns = [
        Column("签到终端", 0.3),
        Column("缺号", 80, "c"),
        Column("原因", 0.7),
        Column("说明人", 90, "c"),
        Column("核准人", 90, "c"),
    ]
    rows = [
        (
            names.get(gap.station, gap.station),
            f"{gap.first_seq}–{gap.last_seq}",
            gap.reason,
            gap.proposed_by,
            f"{gap.approved_by}\n{wall.stamp(gap.approved_at)}",
        )
        for gap in facts.lost
    ]
    return [Heading("说明为丢失的事件", 1), *table(columns, rows)]


def _held(facts: DossierFacts) -> list[Flowable]:
    held = [e for e in facts.envelopes if e.standing != "counted"]
    if not held:
        return []
    names = {station.id: station.name for station in facts.stations}
    columns = [
        Column("签到终端", 0.5),
        Column("序号", 40, "r"),
        Column("事件摘要（前16位）", 110, "c"),
        Column("原因", 0.5),
    ]
    rows = [
        (names.get(e.station, e.station), str(e.seq), e.digest[:16], e.reason or e.standing) for e in held
    ]
    return [Heading("扣留未计入的事件", 1), *table(columns, rows)]


def _rare(lacking: Sequence[str]) -> list[Flowable]:
    if not lacking:
        return []
    codes = "、".join(f"U+{ord(character):04X}" for character in lacking)
    return [Heading("字库未收的字", 1), paragraph(f"下列字以编码代替字形，文字数据无误：{codes}。")]
