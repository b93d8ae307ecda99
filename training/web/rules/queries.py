"""Rules being changed, as the pages show them: versions, the draft, and what would change for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.dossiers.what_if import ArchiveEffect, WhatIf, what_if
from training.programmes.draft import entries_of, entry_at, problems_of, section_called
from training.programmes.errors import Loc
from training.programmes.models import Programme, RuleDraft, RuleSet
from training.programmes.preset import Preset, is_marked_sensitive
from training.programmes.preset_file import write_preset
from training.programmes.queries import (
    newest,
    rule_set_on,
    the_draft,
    the_programme,
    version_numbered,
    versions,
)
from training.programmes.rule import Rule
from training.programmes.schema import Field, Section, fields_of, key_of, sections
from training.programmes.words import (
    FIELDS,
    Names,
    Said,
    changes_in_words,
    details,
    entry_name,
    field_name,
    names_in,
    say,
    section_name,
    summary,
)
from training.scheduling.choices import SessionStatus
from training.scheduling.rule_changes import Effect, effects_of, keeping
from training.web.rules.editor import EntryForm
from training.web.rules.forms import Then, Whose


@dataclass(frozen=True)
class Version:
    """`state`: current, pending, past or withdrawn; `changes` against the version before it."""

    rule_set: RuleSet
    state: str
    changes: list[Said]
    can_be_withdrawn: bool = False

    @property
    def state_name(self) -> str:
        return {
            "current": _("现行"),
            "pending": _("还没有生效"),
            "past": _("已被新版代替"),
            "withdrawn": _("生效前撤回"),
        }[self.state]


def history(programme: Programme, actor: Actor) -> list[Version]:
    """Newest first; one query however many there are."""
    return _versions(list(versions(programme, actor)), clock.today())


def _versions(rows: list[RuleSet], today: date) -> list[Version]:
    in_force = max(
        row.version
        for row in rows
        if row.withdrawn_at is None and (row.effective_on <= today or row.version == 1)
    )
    standing = max(row.version for row in rows if row.withdrawn_at is None)
    return [
        Version(
            row,
            _state(row, in_force),
            _changes(_before(row, rows), row),
            can_be_withdrawn=row.version == standing > in_force,
        )
        for row in rows
    ]


def _state(row: RuleSet, in_force: int) -> str:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.version == in_force:
        return "current"
    return "pending" if row.version > in_force else "past"


def _before(row: RuleSet, rows: list[RuleSet]) -> RuleSet | None:
    """The newest that stood when this one was adopted."""
    older = (
        other
        for other in rows
        if other.version < row.version
        and (other.withdrawn_at is None or (row.adopted_at and other.withdrawn_at > row.adopted_at))
    )
    return max(older, key=lambda other: other.version, default=None)


def _changes(before: RuleSet | None, after: RuleSet) -> list[Said]:
    return changes_in_words(before.rules, after.rules) if before else []


def version(number: int, actor: Actor) -> Version:
    """Raises NotFoundError."""
    row = version_numbered(number, actor)
    return next(found for found in history(row.programme, actor) if found.rule_set.pk == row.pk)


def in_force(programme: Programme, actor: Actor) -> RuleSet:
    return rule_set_on(programme, clock.today(), actor=actor)


def file_in_force(actor: Actor) -> tuple[str, str]:
    """(file name, YAML)."""
    rule_set = in_force(the_programme(actor), actor)
    return f"{rule_set}.yaml".replace(" ", "-"), write_preset(rule_set.rules)


# What is open


@dataclass(frozen=True)
class Open:
    """What of a rule the document does not give and nobody has confirmed, with the values in use; the key is
    that of its form."""

    section: str
    title: str
    key: str
    entry: str
    values: list[str]
    note: str


def unconfirmed(rules: Preset) -> list[Open]:
    names = names_in(rules.model_dump(mode="json"))
    return [
        row for section in sections().values() for row in _open(section, getattr(rules, section.name), names)
    ]


def _open(section: Section, value: Any, names: Names) -> Iterator[Open]:
    title = section_name(section.name)
    if value is None:
        yield Open(section.name, title, "", "", [_("没有")], _("文件没有写。"))
    rules = value if isinstance(value, tuple) else (value,)
    for position, rule in enumerate(rules):
        if not isinstance(rule, Rule) or not rule.open_fields:
            continue
        still = set(rule.open_fields)
        yield Open(
            section.name,
            title,
            key_of(rule, position) if section.many else "",
            entry_name(rule) if section.many else "",
            [_saying(rule, field, names) for field in fields_of(type(rule)) if field.name in still],
            rule.note,
        )


def _saying(rule: Rule, field: Field, names: Names) -> str:
    said = {
        "field": field_name(type(rule), field.name),
        "value": say(field, getattr(rule, field.name), names),
    }
    return _("%(field)s：%(value)s") % said


# The draft


@dataclass(frozen=True)
class Desk:
    """The rules somebody works on: the draft's, or the newest version's while there is no draft."""

    programme: Programme
    latest: RuleSet
    draft: RuleDraft | None

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.draft.body if self.draft else self.latest.body
        return body

    @property
    def names(self) -> Names:
        return names_in(self.body)

    @property
    def is_outdated(self) -> bool:
        return self.draft is not None and self.draft.based_on_id != self.latest.pk

    @property
    def by_others(self) -> list[Said]:
        """What has been adopted since the draft was begun."""
        return changes_in_words(self.draft.based_on.rules, self.latest.rules) if self.draft else []

    @property
    def problems(self) -> list[Problem]:
        return [Problem.of(loc, message, self.body) for loc, message in problems_of(self.body)]

    @property
    def sections(self) -> list[Part]:
        return [Part.of(section, self.body, self.latest.body) for section in sections().values()]


@dataclass(frozen=True)
class Problem:
    """What is wrong with the rules as a whole; `section` is blank where it is between sections."""

    section: str
    where: str
    message: str

    @classmethod
    def of(cls, loc: Loc, message: str, body: Mapping[str, Any]) -> Problem:
        name = str(loc[0]) if loc else ""
        if name not in sections():
            return cls("", "", message)
        words = [section_name(name)]
        if len(loc) > 1 and isinstance(loc[1], int):
            words.append(entry_name(entries_of(body, name)[loc[1]]))
        return cls(name, _(" › ").join(words), message)


def place_name(body: Mapping[str, Any], path: Sequence[str]) -> str:
    """Where in the rules, in words: section › entry › field as far as the path goes."""
    section, *rest = path
    words = [section_name(section)]
    if rest and isinstance(body.get(section), list):
        key = rest.pop(0)
        entries = entries_of(body, section)
        words += [entry_name(entry) for at, entry in enumerate(entries) if key_of(entry, at) == key] or [key]
    return _(" › ").join([*words, *(str(FIELDS.get(name, name)) for name in rest)])


@dataclass(frozen=True)
class Part:
    """A section on the desk; `says` in a few words what is in it."""

    name: str
    title: str
    says: str
    open: int
    changed: bool

    @classmethod
    def of(cls, section: Section, body: Mapping[str, Any], before: Mapping[str, Any]) -> Part:
        value = body.get(section.name)
        rules = value if isinstance(value, list) else [value] if value else []
        return cls(
            section.name,
            section_name(section.name),
            _says(section, value, names_in(body)),
            sum(_open_count(section, rule) for rule in rules),
            value != before.get(section.name),
        )


MOST_NAMES = 6


def _says(section: Section, value: Any, names: Names) -> str:
    if not value:
        return _("没有")
    if not section.many:
        return _("；").join(summary(section.model, value, names))
    said = [entry_name(entry) for entry in value[:MOST_NAMES]]
    if len(value) <= MOST_NAMES:
        return _("、").join(said)
    return _("%(names)s 等 %(count)s 项") % {"names": _("、").join(said), "count": len(value)}


def _open_count(section: Section, rule: Mapping[str, Any]) -> int:
    """How many values are 待确认; of a draft that may not be a rule yet."""
    if not issubclass(section.model, Rule):
        return 0
    silent = section.model.own_fields() if rule.get("source") == "待确认" else rule.get("unconfirmed") or []
    settled = {name for said in rule.get("confirmed") or () for name in said["fields"]}
    return len(set(silent) - settled)


def desk(actor: Actor) -> Desk:
    programme = the_programme(actor)
    return Desk(programme, newest(programme, actor), the_draft(programme, actor))


@dataclass(frozen=True)
class Line:
    """An entry of a section's list."""

    key: str
    name: str
    says: str
    open: int


def lines(section: Section, work: Desk) -> list[Line]:
    names = work.names
    return [
        Line(
            key_of(entry, position),
            entry_name(entry),
            _("；").join(details(section.model, entry, names)),
            _open_count(section, entry),
        )
        for position, entry in enumerate(entries_of(work.body, section.name))
    ]


def section_or_404(name: str, *, many: bool | None = None) -> Section:
    """Raises NotFoundError, also for one that is no list where a list is meant."""
    found = section_called(name)
    if many is not None and found.many != many:
        raise NotFoundError(name)
    return found


def entry_form(section: Section, work: Desk, data: Any, *, key: str | None) -> EntryForm:
    """`key` None: a new entry; blank: the section's one rule. Raises NotFoundError."""
    values: Mapping[str, Any] | None
    if key is None:
        values = None
    else:
        values = entry_at(work.body, section.name, key) if key else work.body.get(section.name)
    if values is not None and section.name == "groups":
        values = {"sensitive": is_marked_sensitive(values), **values}  # older versions carry no mark
    return EntryForm(section.model, data, values=values, names=work.names)


def used_codes(section: Section, work: Desk) -> set[str]:
    """None of a section that is no list."""
    entries = entries_of(work.body, section.name) if section.many else []
    return {str(entry.get("code")) for entry in entries}


def code_stem(section: Section) -> str:
    """Archive items of a county's own are X1, X2 …"""
    return "X" if section.name == "items" else f"{section.name.rstrip('s')}_"[:12]


# What would change


@dataclass(frozen=True)
class Preview:
    """`rules` is None while the draft contradicts itself."""

    draft: RuleDraft
    desk: Desk
    rules: Preset | None
    changes: list[Said]
    effects: list[Effect]
    keeping: list[Keeping]

    @property
    def moving(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.moves]

    @property
    def staying(self) -> list[Effect]:
        return [effect for effect in self.effects if not effect.moves]


@dataclass(frozen=True)
class Keeping:
    """How many sessions of a state keep the version they were submitted by."""

    version: int
    status: str
    status_name: Any
    count: int


def draft_here(actor: Actor) -> RuleDraft:
    """Raises NotFoundError where there is none."""
    draft = the_draft(the_programme(actor), actor)
    if draft is None:
        raise NotFoundError("programmes.RuleDraft")
    return draft


def preview(actor: Actor) -> Preview:
    """Raises NotFoundError where there is no draft."""
    draft, work = draft_here(actor), desk(actor)
    kept = [
        Keeping(number, status, SessionStatus(status).label, count)
        for (number, status), count in sorted(keeping(work.programme, actor).items())
    ]
    if work.problems:
        return Preview(draft, work, None, [], [], kept)
    rules = Preset.model_validate(work.body)
    changed = changes_in_words(work.latest.rules, rules)
    return Preview(draft, work, rules, changed, effects_of(rules, work.programme, actor), kept)


# What it would mean for archives

EFFECT_COLUMNS = (
    gettext_lazy("期号"),
    gettext_lazy("培训名称"),
    gettext_lazy("培训机构"),
    gettext_lazy("状态"),
    gettext_lazy("现在"),
    gettext_lazy("按新规则"),
    gettext_lazy("会多缺的"),
    gettext_lazy("不再要的"),
)


def what_if_adopted(actor: Actor) -> WhatIf | None:
    """None while the draft contradicts itself; raises NotFoundError where there is none."""
    draft = draft_here(actor)
    if problems_of(draft.body):
        return None
    return what_if(Preset.model_validate(draft.body), draft.programme, actor)


def chosen(found: WhatIf | None, *, q: str = "", then: str = "", whose: str = "") -> list[ArchiveEffect]:
    """What the filters ask for, archives that would become incomplete first."""
    effects = [
        effect
        for effect in (found.effects if found else ())
        if q.lower() in f"{effect.session} {effect.session.institution}".lower()
        and (not then or effect.complete_then == (then == Then.COMPLETE))
        and (not whose or effect.follows == (whose == Whose.FOLLOWS))
    ]
    return sorted(effects, key=lambda effect: (effect.complete_then, not effect.complete_now))


def effect_lines(effects: Iterable[ArchiveEffect]) -> Iterator[tuple[Any, ...]]:
    """For a file, in the order of EFFECT_COLUMNS."""
    words = {True: _("齐全"), False: _("不齐全")}
    for effect in effects:
        session = effect.session
        yield (
            session.code,
            session.title,
            session.institution.name,
            session.get_status_display(),
            words[effect.complete_now],
            words[effect.complete_then],
            _("；").join(finding.message for finding in effect.more),
            _("；").join(finding.message for finding in effect.less),
        )
