"""The nine parts, in the order of the items, with what was uploaded for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property, partial
from zoneinfo import ZoneInfo

from reportlab.platypus import Flowable, KeepTogether, PageBreak, Spacer, Table, TableStyle

from training.dossiers.facts import (
    DossierFacts,
    ItemFacts,
    LessonFacts,
    PhotoFacts,
    words,
)
from training.dossiers.fonts import missing_characters
from training.dossiers.pdf.appendix import APPENDIX, COMPLETION, appendix, completion
from training.dossiers.pdf.attached import PHOTO_BOX, Attached, DrawnLeaf, listing
from training.dossiers.pdf.budget import budget_table
from training.dossiers.pdf.printed import HALF_DAYS, Wall, long_day, span, whole_digest
from training.dossiers.pdf.register import registers
from training.dossiers.pdf.style import (
    CELL,
    FONT,
    NOTE,
    WARNING,
    Column,
    Heading,
    fields,
    paragraph,
    table,
)
from training.dossiers.pdf.volume import Piece, Volume
from training.dossiers.seal import SealNote

_NUMERALS = "一二三四五六七八九十"


class Writer:
    """Writes the parts of one dossier, with times in the programme's zone."""

    def __init__(self, facts: DossierFacts, attached: Sequence[Attached], seal: SealNote | None) -> None:
        self.facts = facts
        self.attached = attached
        self.seal = seal
        self.wall = Wall(ZoneInfo(facts.programme.timezone))
        self._photo_digests = {photo.attachment.sha256 for photo in facts.photos}
        self._by_digest = {a.file.sha256: a for a in attached}

    def story(self) -> list[Flowable]:
        """Everything after the contents."""
        flowables: list[Flowable] = []
        for position, item in enumerate(self.facts.items):
            flowables += self._part(position, item)
        return [
            *flowables,
            *completion(self.facts),
            *appendix(self.facts, self.attached, self.wall, self.lacking),
        ]

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
        whole = facts.session.institution, facts.as_of.astimezone(self.wall.zone).date().isoformat()
        for position, item in enumerate(facts.items):
            by, on = whole
            state = "齐全" if item.complete else "不齐全"
            remark = f"{state}，照片 {len(facts.photos)} 张" if item.code == "A9" else state
            yield Piece(item.code, by, item.title, on, part_title(position, item), remark)
            for attached in self._attached_to(item):
                file = attached.file
                on = file.uploaded_at.astimezone(self.wall.zone).date().isoformat()
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
            "A8": partial(registers, self.facts, self.wall),
            "A9": self._photos,
        }

    def _state(self, item: ItemFacts) -> list[Flowable]:
        """Whether the item is complete, what is missing, the clause that asks for it, by which rules and when."""
        state = "齐全" if item.complete else "不齐全"
        checked = f"按第 {item.rule_version} 版规则核对，{self.wall.stamp(self.facts.as_of)}"
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
                f"{HALF_DAYS[lesson.half_day]} {self.wall.clock(lesson.starts_at)}–{self.wall.clock(lesson.ends_at)}",
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
            return [Spacer(1, 4), paragraph("名册自批准以后没有增减。", NOTE)]
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
            yield f"{self.wall.stamp(photo.taken_at)}　{photo.place}"
        else:
            yield f"拍摄时间不详，上传于 {self.wall.stamp(file.uploaded_at)}　{photo.place}"
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

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """The characters of the facts that no font has, in the order of their codes."""
        return tuple(sorted(set().union(*map(missing_characters, words(self.facts)))))


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
