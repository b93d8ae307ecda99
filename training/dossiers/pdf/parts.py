"""The nine parts, the completion table and the appendix, each a plain function over the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property, partial
from zoneinfo import ZoneInfo

from reportlab.platypus import Flowable, KeepTogether, PageBreak, Spacer, Table, TableStyle

from training.dossiers.facts import (
    Attachment,
    DossierFacts,
    HalfDayRegister,
    ItemFacts,
    LessonFacts,
    PhotoFacts,
    RegisterRow,
    words,
)
from training.dossiers.fonts import missing_characters
from training.dossiers.pdf.attached import PHOTO_BOX, Attached, DrawnLeaf, listing, size
from training.dossiers.pdf.budget import budget_table
from training.dossiers.pdf.style import (
    CELL,
    FONT,
    NOTE,
    WARNING,
    WIDTH,
    Column,
    Heading,
    fields,
    paragraph,
    table,
)
from training.dossiers.pdf.volume import Piece, Volume
from training.dossiers.seal import SealNote, fingerprint

HALF_DAYS = {"am": "上午", "pm": "下午"}
COMPLETION, APPENDIX = "结业情况", "附录　原始文件与签名事件"
_NUMERALS = "一二三四五六七八九十"
_SIGNATURE_ROW = 21.0
"""Room for a signature by hand, in points."""


class Writer:
    """Writes the parts of one dossier, with times in the programme's zone."""

    def __init__(self, facts: DossierFacts, attached: Sequence[Attached], seal: SealNote | None) -> None:
        self.facts = facts
        self.attached = attached
        self.seal = seal
        self.zone = ZoneInfo(facts.programme.timezone)
        self._photo_digests = {photo.attachment.sha256 for photo in facts.photos}
        self._by_digest = {a.file.sha256: a for a in attached}

    def story(self) -> list[Flowable]:
        """Everything after the contents."""
        flowables: list[Flowable] = []
        for position, item in enumerate(self.facts.items):
            flowables += self._part(position, item)
        return [*flowables, *self._completion(), *self._appendix()]

    def volume(self) -> list[Flowable]:
        """卷内清单, a page of its own."""
        facts = self.facts
        about = [
            ("档号", facts.session.code),
            ("保管期限", facts.retention),
            ("立卷单位", facts.session.institution),
            ("原始文件", f"{len(self.attached)} 件"),
        ]
        return [PageBreak(), Heading("卷内清单", 0), *fields(about), Volume(list(self._pieces()))]

    def _pieces(self) -> Iterator[Piece]:
        """Each part, and behind it the originals in it; class photos are counted with their part."""
        facts = self.facts
        whole = facts.session.institution, facts.as_of.astimezone(self.zone).date().isoformat()
        for position, item in enumerate(facts.items):
            by, on = whole
            state = "齐全" if item.complete else "不齐全"
            remark = f"{state}，照片 {len(facts.photos)} 张" if item.code == "A9" else state
            yield Piece(item.code, by, item.title, on, part_title(position, item), remark)
            for attached in self._attached_to(item):
                file = attached.file
                on = file.uploaded_at.astimezone(self.zone).date().isoformat()
                heading = attached.title if attached.leaves else ""
                yield Piece(item.code, file.uploaded_by, attached.title, on, heading, attached.manner)
        for title in (COMPLETION, APPENDIX):
            yield Piece("", whole[0], title, whole[1], title)

    def _attached_to(self, item: ItemFacts) -> list[Attached]:
        """Photos of the class apart."""
        return [
            a for a in self.attached if a.file.item == item.code and a.file.sha256 not in self._photo_digests
        ]

    def _part(self, position: int, item: ItemFacts) -> list[Flowable]:
        mine = self._attached_to(item)
        shown = [page for a in mine for page in a.pages()]
        flowables: list[Flowable] = [
            PageBreak(),
            Heading(part_title(position, item), 0),
            *self._state(item),
        ]
        flowables += self._writers.get(item.code, partial(self._added, item))()
        return [*flowables, *listing(mine), *shown]

    @property
    def _writers(self) -> dict[str, Callable[[], list[Flowable]]]:
        return {
            "A1": self._agreement,
            "A2": self._licences,
            "A3": self._instructors,
            "A4": self._plan,
            "A5": self._timetable,
            "A6": self._materials,
            "A7": self._roster,
            "A8": self._registers,
            "A9": self._photos,
        }

    def _state(self, item: ItemFacts) -> list[Flowable]:
        """Whether the item is complete, what is missing, the clause that asks for it, by which rules and when."""
        state = "齐全" if item.complete else "不齐全"
        checked = f"按第 {item.rule_version} 版规则核对，{self.stamp(self.facts.as_of)}"
        words = [paragraph(f"{state} · 依据：{item.clause} · {checked}", NOTE)]
        return words + [paragraph(f"· {finding}", WARNING) for finding in item.findings]

    def _added(self, item: ItemFacts) -> list[Flowable]:
        """An item that the programme adds: the records that the system keeps; its files follow as everywhere."""
        flowables: list[Flowable] = []
        for record in self.facts.records:
            if record.item == item.code:
                share = 1 / len(record.columns) - 1e-9
                columns = [Column(title, share) for title in record.columns]
                flowables += [Heading(record.title, 1), *table(columns, record.rows)]
        if not flowables and not any(attached.file.item == item.code for attached in self.attached):
            return [paragraph("未提供材料。", WARNING)]
        return flowables

    def _agreement(self) -> list[Flowable]:
        agreement = self.facts.agreement
        if not agreement:
            return [paragraph("未提供委托培训协议或下达培训任务的文件。", WARNING)]
        return fields(
            [
                ("文件种类", agreement.kind),
                ("编号", agreement.number),
                ("签订日期", long_day(agreement.signed_on)),
                ("有效期", f"{agreement.valid_from} 至 {agreement.valid_until}"),
                ("双方", agreement.parties),
            ]
        )

    def _licences(self) -> list[Flowable]:
        session = self.facts.session
        columns = [
            Column("证照名称", 0.3),
            Column("证号", 0.32),
            Column("发证机关", 0.38),
            Column("有效期", 120, "c"),
        ]
        rows = [
            (a.kind, a.number, a.issuer, _validity(a.valid_from, a.valid_until)) for a in self.facts.licences
        ]
        return [
            *fields([("机构名称", session.institution), ("信用代码", session.uscc)]),
            *table(columns, rows),
        ]

    def _teaching(self) -> list[Flowable]:
        """授课人汇总: who taught what, for how long, and by what proof."""
        columns = [
            Column("授课人", 0.16),
            Column("职称", 0.18),
            Column("工作单位", 0.36),
            Column("课次", 60, "c"),
            Column("学时", 40, "r"),
            Column("资质证明", 0.3),
        ]
        rows = [
            (
                person.name,
                person.title,
                person.employer,
                "、".join(map(str, person.lessons)),
                _hours(lesson for lesson in self.facts.lessons if lesson.sequence in person.lessons),
                "；".join(proof.kind for proof in person.proofs) or "无",
            )
            for person in self.facts.instructors
        ]
        total = (f"{len(rows)} 人", "", "", str(len(self.facts.lessons)), _hours(self.facts.lessons), "")
        return [Heading("授课人汇总", 1), *table(columns, rows, total=total)]

    def _instructors(self) -> list[Flowable]:
        flowables = self._teaching()
        columns = [
            Column("资质证明", 0.34),
            Column("编号", 0.3),
            Column("发证单位", 0.36),
            Column("有效期", 120, "c"),
        ]
        for person in self.facts.instructors:
            lessons = "、".join(map(str, person.lessons))
            about = fields(
                [
                    ("姓名", person.name),
                    ("职称", person.title),
                    ("工作单位", person.employer),
                    ("所授课次", f"第 {lessons} 课次"),
                    ("基本情况", person.profile),
                ]
            )
            rows = [
                (p.kind, p.number, p.issuer, _validity(p.valid_from, p.valid_until)) for p in person.proofs
            ]
            proof = table(columns, rows) if rows else [paragraph(f"{person.name}无资质证明。", WARNING)]
            flowables += [KeepTogether([Heading(f"授课人　{person.name}", 1), *about, *proof])]
        return flowables

    def _plan(self) -> list[Flowable]:
        plan = self.facts.plan
        if not plan:
            return [paragraph("未提供培训方案。", WARNING)]
        pairs = [
            ("培训对象", plan.audience),
            ("培训目标", plan.goals),
            ("培训内容", plan.content),
            ("培训形式", plan.form),
            (
                "学时",
                f"{plan.hours}（其中实操 {plan.practical_hours}）" if plan.practical_hours else plan.hours,
            ),
            ("考核方式", plan.assessment),
        ]
        if plan.outline:
            pairs.append(("培训大纲", plan.outline))
        budget = [Heading("经费预算", 1), *budget_table(plan.budget)] if plan.budget else []
        return [*fields(pairs, across=1), *budget]

    def _timetable(self) -> list[Flowable]:
        session = self.facts.session
        columns = [
            Column("课次", 30, "c"),
            Column("日期", 62, "c"),
            Column("时间", 84, "c"),
            Column("课程", 0.5),
            Column("授课人", 56, "c"),
            Column("地点", 0.5),
            Column("学时", 32, "c"),
        ]
        rows = [
            (
                str(lesson.sequence),
                str(lesson.on),
                f"{HALF_DAYS[lesson.half_day]} {self.clock(lesson.starts_at)}–{self.clock(lesson.ends_at)}",
                f"{lesson.topic}（实操）" if lesson.practical else lesson.topic,
                lesson.instructor,
                lesson.venue,
                lesson.hours,
            )
            for lesson in self.facts.lessons
        ]
        approval = [
            ("培训时间", span(session.first_day, session.last_day)),
            ("地点", session.venue),
            ("批准文号", session.approval_number),
            ("批准", f"{session.approved_by}　{session.approved_on or '—'}"),
        ]
        changes = [paragraph(f"{n}. {text}") for n, text in enumerate(self.facts.changes, 1)]
        return [
            *fields(approval),
            Heading("课程安排（实际执行）", 1),
            *table(columns, rows, total=("", "合计", "", "", "", "", _hours(self.facts.lessons))),
            Heading("批准与实际的差异", 1),
            *(changes or [paragraph("按批准的安排执行，无变更。")]),
        ]

    def _materials(self) -> list[Flowable]:
        columns = [
            Column("课程", 0.4),
            Column("材料名称", 0.6),
            Column("版本", 44, "c"),
            Column("SHA-256", 168),
        ]
        rows = [(m.topic, m.title, m.version, whole_digest(m.sha256)) for m in self.facts.materials]
        return table(columns, rows)

    def _roster(self) -> list[Flowable]:
        columns = [
            Column("序号", 30, "c"),
            Column("姓名", 0.3),
            Column("性别", 30, "c"),
            Column("证件号码", 104, "c"),
            Column("联系电话", 74, "c"),
            Column("乡镇、村", 0.38),
            Column("学员类别", 0.32),
        ]
        rows = [
            (str(r.number), r.name, r.sex, r.id_number, r.phone, r.village, r.group)
            for r in self.facts.roster
        ]
        return [
            paragraph(
                f"名册共 {len(rows)} 人（人数）。证件号码与电话按规定掩码显示，敏感的学员类别不列。", NOTE
            ),
            *table(columns, rows),
            *self._roster_changes(),
        ]

    def _roster_changes(self) -> list[Flowable]:
        """The list of who came or left after approval had frozen the roster."""
        changes = self.facts.roster_changes
        if not changes:
            return [paragraph("名册自批准以后没有增减。", NOTE)]
        columns = [
            Column("日期", 62, "c"),
            Column("增减", 36, "c"),
            Column("序号", 30, "c"),
            Column("姓名", 0.2),
            Column("原因", 0.4),
            Column("经办", 0.2),
            Column("批准", 0.2),
        ]
        rows = [
            (str(c.on), c.kind, str(c.number), c.name, c.reason, c.made_by, c.approved_by or "机构自行增减")
            for c in changes
        ]
        return [Heading("批准以后的增减", 1), *table(columns, rows)]

    def _registers(self) -> list[Flowable]:
        flowables: list[Flowable] = [Heading("各半天汇总", 1), *self._register_totals(), *self._corrections()]
        for number, register in enumerate(self.facts.registers, 1):
            flowables += [PageBreak(), *self._register(number, register)]
        return flowables

    def _corrections(self) -> list[Flowable]:
        """What no station signed stands apart, so that nobody has to look for it."""
        if not self.facts.corrections:
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
                self.stamp(c.happened_at) if c.happened_at else f"事件\n{c.voids[:16]}",
                c.reason,
                f"{c.proposed_by}\n{self.stamp(c.proposed_at)}",
                f"{c.approved_by}\n{self.stamp(c.approved_at)}",
            )
            for c in self.facts.corrections
        ]
        return [Heading("补签、纸质补录与作废", 1), *table(columns, rows)]

    def _register_totals(self) -> list[Flowable]:
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
        for number, register in enumerate(self.facts.registers, 1):
            figures = _figures(register.rows)
            sums = [a + b for a, b in zip(sums, figures, strict=True)]
            rows.append((str(number), half_day(register), _lessons(register), *map(str, figures)))
        people = {row.number for r in self.facts.registers for row in r.rows if row.signed_in_at}
        by_person = sum(
            1
            for person in people
            for r in self.facts.registers
            for row in r.rows
            if row.number == person and row.signed_in_at
        )
        check = "相符" if by_person == sums[1] else "不符"
        return [
            *table(columns, rows, total=("", "合计", "", *map(str, sums))),
            Spacer(1, 4),
            paragraph(
                f"交叉核对：按半天合计实到 {sums[1]}，按学员合计 {by_person}，{check}；"
                f"至少到过一个半天的 {len(people)} 人（人数），名册 {len(self.facts.roster)} 人。",
                NOTE,
            ),
        ]

    def _register(self, number: int, register: HalfDayRegister) -> list[Flowable]:
        lessons = [a for a in self.facts.lessons if a.sequence in register.lessons]
        starts = min((a.starts_at for a in lessons), default=None)
        ends = max((a.ends_at for a in lessons), default=None)
        about = [
            ("班次", f"{self.facts.session.code}　{self.facts.session.title}"),
            ("日期", f"{long_day(register.on)}　{HALF_DAYS[register.half_day]}"),
            ("时间", f"{self.clock(starts)}–{self.clock(ends)}"),
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
                self.clock(r.signed_in_at),
                self.clock(r.signed_out_at),
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
            *self._attested(register),
            _signatures("授课人（签字）", "班主任（签字）", "复核人（签字）"),
        ]

    def _attested(self, register: HalfDayRegister) -> list[Flowable]:
        """Who stands for this register by account; the digest is of the events and corrections it stands on."""
        said = [
            paragraph(f"{a.role}{a.name} {self.stamp(a.at)} 以账号签认，名册摘要 {a.digest[:16]}…", NOTE)
            for a in register.attestations
        ]
        return [Spacer(1, 6), *said] if said else []

    def _photos(self) -> list[Flowable]:
        flowables: list[Flowable] = [
            paragraph(f"照片共 {len(self.facts.photos)} 张，原图在包内，未作修改。", NOTE)
        ]
        cells = [self._photo(photo) for photo in self.facts.photos]
        for start in range(0, len(cells), 4):
            page = cells[start : start + 4]
            page += [[]] * (len(page) % 2)
            pairs = [page[n : n + 2] for n in range(0, len(page), 2)]
            style = TableStyle(
                [
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
                    FONT,
                ]
            )
            flowables += [PageBreak()] * bool(start)
            flowables.append(Table(pairs, [PHOTO_BOX[0] + 12, PHOTO_BOX[0]], hAlign="LEFT", style=style))
        return flowables

    def _photo(self, photo: PhotoFacts) -> list[Flowable]:
        leaves = self._by_digest[photo.attachment.sha256].leaves
        shown = DrawnLeaf(leaves[0], *PHOTO_BOX) if leaves else paragraph("图片损坏，原件在包内", WARNING)
        told = [paragraph(photo.caption, CELL), paragraph("\n".join(self._told(photo)), NOTE)]
        return [
            shown,
            Spacer(1, 3),
            *told,
            *([paragraph(photo.uncounted, WARNING)] if photo.uncounted else []),
        ]

    def _told(self, photo: PhotoFacts) -> Iterator[str]:
        """What stands under a photo (DA/T 50-2014): time, place, class, people, background, who took it."""
        file = photo.attachment
        if photo.taken_at:
            yield f"{self.stamp(photo.taken_at)}　{photo.place}"
        else:
            yield f"拍摄时间不详，上传于 {self.stamp(file.uploaded_at)}　{photo.place}"
        yield f"第{photo.lesson}课次　{photo.topic}"
        known = (
            ("人物", photo.persons),
            ("背景", photo.background),
            ("摄影者", photo.photographer),
            ("设备", photo.device),
        )
        if said := "　".join(f"{label}：{words}" for label, words in known if words):
            yield said
        yield f"SHA-256 {file.sha256[:32]}…"

    def _completion(self) -> list[Flowable]:
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
            for r in self.facts.completion
        ]
        people = len({r.number for r in self.facts.completion if r.completed})
        programme = self.facts.programme
        total = ("", f"结业 {self.facts.renci} 人次", "", "", f"{people} 人", "")
        return [
            PageBreak(),
            Heading(COMPLETION, 0),
            *fields(
                [
                    ("结业人次", f"{self.facts.renci} 人次"),
                    ("结业人数", f"{people} 人"),
                    ("名册人数", f"{len(self.facts.roster)} 人"),
                    ("规则", f"第 {programme.rule_version} 版　{programme.source_document}"),
                ]
            ),
            paragraph("人次：本期达到结业条件的参训次数；人数：其中不重复的学员。一期之内二者相等。", NOTE),
            *table(
                columns,
                rows,
                total=total,
                muted=frozenset(n for n, r in enumerate(self.facts.completion) if not r.completed),
            ),
        ]

    def _appendix(self) -> list[Flowable]:
        return [
            PageBreak(),
            Heading(APPENDIX, 0),
            *self._files(),
            *self._stations(),
            *self._lost(),
            *self._held(),
            *self._rare(),
        ]

    def _files(self) -> list[Flowable]:
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
                self._uploaded(a.file),
                whole_digest(a.file.sha256),
            )
            for a in self.attached
        ]
        return [Heading("全部原始文件", 1), *table(columns, rows)]

    def _uploaded(self, file: Attachment) -> str:
        return f"{file.uploaded_by}\n{self.stamp(file.uploaded_at)}"

    def _stations(self) -> list[Flowable]:
        columns = [
            Column("签到终端", 0.34),
            Column("编号", 0.66),
            Column("公钥指纹", 106, "c"),
            Column("事件", 34, "r"),
            Column("事件链", 116),
        ]
        rows = []
        for station in self.facts.stations:
            chain = sorted((e.seq, e.digest) for e in self.facts.envelopes if e.station == station.id)
            span = f"第 {chain[0][0]}–{chain[-1][0]} 号\n链头 {chain[-1][1][:16]}…" if chain else "本期无事件"
            rows.append((station.name, station.id, fingerprint(station.public_key), str(len(chain)), span))
        return [Heading("签到终端与事件链", 1), *table(columns, rows)]

    def _lost(self) -> list[Flowable]:
        if not self.facts.lost:
            return []
        names = {station.id: station.name for station in self.facts.stations}
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
                f"{gap.approved_by}\n{self.stamp(gap.approved_at)}",
            )
            for gap in self.facts.lost
        ]
        return [Heading("说明为丢失的事件", 1), *table(columns, rows)]

    def _held(self) -> list[Flowable]:
        held = [e for e in self.facts.envelopes if e.standing != "counted"]
        if not held:
            return []
        names = {station.id: station.name for station in self.facts.stations}
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

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """The characters of the facts that no font has, in the order of their codes."""
        return tuple(sorted(set().union(*map(missing_characters, words(self.facts)))))

    def _rare(self) -> list[Flowable]:
        if not self.lacking:
            return []
        codes = "、".join(f"U+{ord(character):04X}" for character in self.lacking)
        return [Heading("字库未收的字", 1), paragraph(f"下列字以编码代替字形，文字数据无误：{codes}。")]

    def clock(self, at: datetime | None) -> str:
        """Hours and minutes on the wall of the county; a dash for none."""
        return f"{at.astimezone(self.zone):%H:%M}" if at else "—"

    def stamp(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"


def _validity(starts: date | None, ends: date | None) -> str:
    """Of older proofs nobody noted when they were issued."""
    return f"{starts} 至 {ends or '长期'}" if starts else f"至 {ends}" if ends else "长期"


def part_title(position: int, item: ItemFacts) -> str:
    """As contents and headings have it; a dossier has fewer than twenty parts."""
    tens, units = divmod(position, 10)
    return f"{'十' * tens}{_NUMERALS[units]}、{item.code}　{item.title}"


def _hours(lessons: Iterable[LessonFacts]) -> str:
    """In all, as the sum of what is printed."""
    return f"{sum(float(lesson.hours) for lesson in lessons):g}"


def half_day(register: HalfDayRegister) -> str:
    return f"{register.on} {HALF_DAYS[register.half_day]}"


def span(first: date, last: date) -> str:
    return long_day(first) if first == last else f"{long_day(first)} 至 {long_day(last)}"


def whole_digest(digest: str) -> str:
    """All 64 digits on two equal lines."""
    return f"{digest[:32]}\n{digest[32:]}"


def long_day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


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
