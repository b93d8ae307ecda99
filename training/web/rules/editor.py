"""Forms for rules, made from the schema: what a rule demands, its rows, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.programmes.draft import settled
from training.programmes.errors import Loc, RulesRefusedError
from training.programmes.rule import UNCONFIRMED, Clause, Model, Rule
from training.programmes.schema import REFERENCES, Field, fields_of
from training.programmes.words import Names, choice_name, field_name
from training.web.forms import DateInput

BLANK_ROWS: Final = 2
MOST_ROWS: Final = 200
LONG: Final = frozenset({"alternatives", "denominator", "text"})
CLAUSE: Final = "clause"
FEN_IN_WAN: Final = 1_000_000
Raw = dict[str, Any]


def _choices(field: Field, names: Names) -> list[tuple[str, str]]:
    if field.name in REFERENCES:
        return list(names.get(REFERENCES[field.name], {}).items())
    return [(code, choice_name(code)) for code in field.choices]


def form_field(model: type[Model], field: Field, names: Names) -> forms.Field:
    """Numbers of money in 万元, shares in per cent; lists of words one a line."""
    label, required = field_name(model, field.name), field.required
    chosen = _choices(field, names)
    if field.many and (chosen or field.name in REFERENCES):
        return forms.MultipleChoiceField(
            label=label, required=required, choices=chosen, widget=forms.CheckboxSelectMultiple
        )
    if chosen or field.name in REFERENCES:
        return forms.ChoiceField(
            label=label, required=required, choices=chosen if required else [("", _("不限")), *chosen]
        )
    if field.many:
        return _list_field(field, label)
    if field.money:
        return forms.DecimalField(
            label=_("%(label)s（万元）") % {"label": label}, required=required, min_value=0, decimal_places=6
        )
    if field.share:
        return forms.DecimalField(
            label=_("%(label)s（%%）") % {"label": label},
            required=required, min_value=0, max_value=100, decimal_places=2,
        )  # fmt: skip
    return _plain_field(field, label)


def _list_field(field: Field, label: str) -> forms.Field:
    if field.kind is int:
        return forms.CharField(label=label, required=field.required, help_text=_("用逗号或顿号分开。"))
    widget = forms.Textarea({"rows": 3})
    return forms.CharField(label=label, required=field.required, widget=widget, help_text=_("每行一个。"))


def _plain_field(field: Field, label: str) -> forms.Field:
    said: dict[str, Any] = {"label": label, "required": field.required}
    if field.kind is bool:
        return forms.BooleanField(**said)
    if field.kind is date:
        return forms.DateField(widget=DateInput, **said)
    if field.kind is int:
        return forms.IntegerField(**said)
    if field.kind is float:
        return forms.DecimalField(widget=forms.NumberInput({"step": "any"}), **said)
    if field.name in LONG:
        said["widget"] = forms.Textarea({"rows": 2})
    return forms.CharField(max_length=field.max_length, **said)


def shown(field: Field, value: Any) -> Any:
    """A value of the draft as its form field starts with it."""
    if field.kind is int and field.many:
        return _("、").join(map(str, value or ()))
    if field.many and not field.choices and field.name not in REFERENCES:
        return "\n".join(value or ())
    if value is None:
        return None
    if field.money:
        return (Decimal(value) / FEN_IN_WAN).normalize().__format__("f")
    if field.share:
        return (Decimal(str(value)) * 100).normalize().__format__("f")
    return value


def taken(field: Field, value: Any) -> Any:
    """What was filled in as the draft keeps it; a word that is no number stays one, for the schema to refuse."""
    if field.kind is int and field.many:
        words = str(value).replace("，", " ").replace("、", " ").replace(",", " ").split()
        return [int(word) if word.isdecimal() else word for word in words]
    if field.many and isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    if field.many or field.kind is bool:
        return value
    if value in (None, ""):
        return None if field.nullable else field.default if field.kind is not str else ""
    if field.money:
        return int(value * FEN_IN_WAN)
    if field.share:
        return float(value / 100)
    return float(value) if field.kind is float else value.isoformat() if field.kind is date else value


class FieldsForm(forms.Form):
    """The fields of one model that are not models themselves. `hidden`: kept, not asked for."""

    def __init__(
        self,
        model: type[Model],
        data: Any = None,
        *,
        values: Mapping[str, Any],
        names: Names,
        prefix: str | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        self.model = model
        self.schema = [field for field in fields_of(model) if not field.is_model]
        initial = {field.name: shown(field, values.get(field.name, field.default)) for field in self.schema}
        super().__init__(data, prefix=prefix, initial=initial, use_required_attribute=False)
        for field in self.schema:
            made = form_field(model, field, names)
            if field.name in hidden:
                made.widget, made.required = forms.HiddenInput(), False
            self.fields[field.name] = made

    def taken(self) -> Raw:
        return {
            field.name: taken(field, self.cleaned_data.get(field.name))
            for field in self.schema
            if field.name in self.cleaned_data
        }


class Rows:
    """A list of small models inside a rule, such as topics: a table with blank rows at its end.

    A row that is left blank, or made blank, is no row.
    """

    def __init__(self, model: type[Model], name: str, label: str, data: Any, values: Sequence[Any]) -> None:
        self.model, self.name, self.label = model, name, label
        self.counter = f"{name}-rows"
        self.asks_for_more = data is not None and data.get("more") == name
        size = _rows_in(data, self.counter) if data is not None else len(values) + BLANK_ROWS
        self.size = min(size + BLANK_ROWS * self.asks_for_more, MOST_ROWS)
        self.forms = [
            FieldsForm(
                model,
                data,
                values=values[index] if index < len(values) else {},
                names={},
                prefix=f"{name}-{index}",
                hidden=("code",),
            )
            for index in range(self.size)
        ]
        filled = self.filled()
        for row in self.forms:
            row.label_suffix = ""
            for field in row.visible_fields():
                field.field.widget.attrs["class"] = "form-control"
                if isinstance(field.field.widget, forms.Textarea):
                    field.field.widget.attrs["rows"] = 2 if field.name == "text" else 1
            if data is not None and row not in filled:
                row.empty_permitted, row.initial = True, {}  # blank lines are not asked for anything

    @property
    def headings(self) -> list[str]:
        return [str(field.label) for field in self.forms[0].visible_fields()] if self.forms else []

    def filled(self) -> list[FieldsForm]:
        return [row for row in self.forms if any(_says(row, field) for field in row.visible_fields())]

    def is_valid(self) -> bool:
        return not [row for row in self.filled() if not row.is_valid()]  # each says what is wrong with it

    def taken(self) -> list[Raw]:
        rows = [row.taken() for row in self.filled()]
        if "code" in self.model.model_fields:
            free = free_codes("t", {row["code"] for row in rows})
            rows = [row | {"code": row["code"] or next(free)} for row in rows]
        return rows

    def blame(self, loc: Loc, message: str) -> bool:
        """Put the message at the row and field; whether there is such a row."""
        rows = self.filled()
        if not loc or not isinstance(loc[0], int) or loc[0] >= len(rows):
            return False
        row, field = rows[loc[0]], str(loc[1]) if len(loc) > 1 else None
        row.add_error(field if field in row.fields else None, message)
        return True


def _rows_in(data: Any, counter: str) -> int:
    said = data.get(counter, "")
    return int(said) if said.isdecimal() and len(said) < 4 else 0


def _says(row: FieldsForm, field: Any) -> bool:
    return bool(str(field.data or "").strip()) if row.is_bound else bool(field.initial)


def free_codes(stem: str, used: set[str]) -> Iterator[str]:
    return (code for number in count(1) if (code := f"{stem}{number}") not in used)


class SourceForm(forms.Form):
    """Where a rule stands: a quotation, or 待确认 with where the value comes from, or the county's own word."""

    kind = forms.ChoiceField(
        label=gettext_lazy("依据"),
        choices=[(CLAUSE, gettext_lazy("文件条文")), (UNCONFIRMED, gettext_lazy("待确认：文件没有规定"))],
        widget=forms.RadioSelect,
    )
    place = forms.CharField(label=gettext_lazy("条文位置"), required=False)
    text = forms.CharField(
        label=gettext_lazy("条文原文"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("逐字引用；文件在系统里的，保存时逐字核对。"),
    )
    unconfirmed = forms.MultipleChoiceField(
        label=gettext_lazy("条文没有给出的值"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=gettext_lazy("说明"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("文件没有给出的值从哪里来，前后不一致怎样取。"),
    )
    confirm = forms.MultipleChoiceField(
        label=gettext_lazy("现在由本县确认"), required=False, widget=forms.CheckboxSelectMultiple
    )
    basis = forms.CharField(
        label=gettext_lazy("确认依据"),
        required=False,
        help_text=gettext_lazy("会议纪要、县局文件等的名称和文号；确认人和日期自动记下。"),
    )

    def __init__(self, model: type[Rule], data: Any, values: Mapping[str, Any]) -> None:
        source = values.get("source", UNCONFIRMED)
        clause = source if isinstance(source, Mapping) else {}
        initial = {
            "kind": CLAUSE if clause else UNCONFIRMED,
            "place": clause.get("place"),
            "text": clause.get("text"),
            "unconfirmed": values.get("unconfirmed"),
            "note": values.get("note"),
        }
        super().__init__(data, prefix="where", initial=initial, use_required_attribute=False)
        own = [field.name for field in fields_of(model) if field.name != "code"]
        named = [(name, field_name(model, name)) for name in own]
        for name in ("unconfirmed", "confirm"):
            self.fields[name].choices = named  # type: ignore[attr-defined]
        self.model, self.before = model, values

    @property
    def confirmations(self) -> list[dict[str, Any]]:
        """As they stand, with the fields in words."""
        return [
            old | {"words": _("、").join(field_name(self.model, name) for name in old["fields"])}
            for old in self.before.get("confirmed") or ()
        ]

    def clean(self) -> None:
        if self.cleaned_data.get("confirm") and not self.cleaned_data.get("basis"):
            self.add_error("basis", _("请写明确认依据。"))

    def taken(self, after: Raw, *, by: str, on: date) -> Raw:
        """`after` with where it stands; `by` and `on` sign what is confirmed now."""
        said = self.cleaned_data
        quoted = said["kind"] == CLAUSE
        silent = said["unconfirmed"] if quoted else self.model.own_fields()
        confirmed = settled(
            self.before, after, silent=silent, fields=said["confirm"], by=by, on=on, basis=said["basis"]
        )
        return {
            "source": {"place": said["place"], "text": said["text"]} if quoted else UNCONFIRMED,
            "unconfirmed": said["unconfirmed"] if quoted else [],
            "note": said["note"],
            "confirmed": confirmed,
        }

    def blame(self, loc: Loc, message: str) -> bool:
        names = {"source": "kind", "confirmed": "confirm", "unconfirmed": "unconfirmed", "note": "note"}
        if not loc or loc[0] not in names:
            return False
        deeper = str(loc[1]) if len(loc) > 1 else ""
        self.add_error(deeper if deeper in ("place", "text") else names[str(loc[0])], message)
        return True


@dataclass
class Signature:
    """Who confirms, and on which day."""

    by: str
    on: date


class EntryForm:
    """A rule on a page: its own fields, its rows, and where it stands."""

    def __init__(
        self, model: type[Model], data: Any = None, *, values: Mapping[str, Any] | None, names: Names
    ) -> None:
        self.model, self.new = model, values is None
        known = values or {}
        hidden = () if self.new else ("code", "level")
        self.main = FieldsForm(model, data, values=known, names=names, hidden=hidden)
        if self.new and "code" in self.main.fields:
            self.main.fields["code"].required = False
            self.main.fields["code"].help_text = _("英文字母开头，定下以后不改；不填由系统编。")
        self.rows = [
            Rows(field.kind, field.name, field_name(model, field.name), data, known.get(field.name) or [])
            for field in fields_of(model)
            if field.is_model and field.many
        ]
        self.where: SourceForm | None = None
        self.also: Rows | None = None
        if issubclass(model, Rule):
            self.where = SourceForm(model, data, known)
            self.also = Rows(Clause, "also", field_name(model, "also"), data, known.get("also") or [])
        self.data, self.known = data, known

    @property
    def all_rows(self) -> list[Rows]:
        return [*self.rows, *([self.also] if self.also else [])]

    @property
    def asks_for_more(self) -> bool:
        return any(rows.asks_for_more for rows in self.all_rows)

    @property
    def errors(self) -> bool:
        parts = [self.main, *([self.where] if self.where else [])]
        return self.data is not None and any(part.errors for part in parts)

    def save(self, act: Callable[[Raw], Any], signature: Signature, used: set[str], stem: str) -> Any:
        """What `act(entry)` returns; None when something is wrong, which then stands at its field."""
        if self.data is None or self.asks_for_more or not self._is_valid():
            return None
        try:
            return act(self._taken(signature, used, stem))
        except RulesRefusedError as refused:
            for loc, message in refused.problems:
                self._blame(loc, message)
            return None

    def _is_valid(self) -> bool:
        parts: list[Any] = [self.main, *self.all_rows, *([self.where] if self.where else [])]
        return not [part for part in parts if not part.is_valid()]  # each says what is wrong with it

    def _taken(self, signature: Signature, used: set[str], stem: str) -> Raw:
        entry = self.main.taken() | {rows.name: rows.taken() for rows in self.rows}
        for name in ("code", "level"):
            if name in entry and not self.new:
                entry[name] = self.known.get(name)
        if entry.get("code") == "":
            entry["code"] = next(free_codes(stem, used))
        if self.where and self.also:
            entry["also"] = self.also.taken()
            entry |= self.where.taken(entry, by=signature.by, on=signature.on)
        return entry

    def _blame(self, loc: Loc, message: str) -> None:
        """At the field, else above the form with the place that it is about."""
        name = str(loc[0]) if loc else ""
        for rows in self.all_rows:
            if rows.name == name and rows.blame(loc[1:], message):
                return
        if self.where and self.where.blame(loc, message):
            return
        self.main.add_error(name if name in self.main.fields else None, message)
