"""A rule and where it stands: what every section of a preset is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Protocol, Self, TypeVar

from django.utils.translation import gettext as _
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

UNCONFIRMED: Literal["待确认"] = "待确认"

# Lengths are those of the columns that the words end up in.
Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
ShortCode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,15}$")]
Text = Annotated[str, Field(min_length=1)]
ShortText = Annotated[str, Field(min_length=1, max_length=64)]
Ratio = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]


def wrong(message: str, at: str = "") -> PydanticCustomError:
    """What is wrong; `at` is the word in the file to point to."""
    return PydanticCustomError("preset", "{said}", {"said": message, "at": at})


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Clause(Model):
    """A sentence of the county's document, word for word."""

    place: Text
    text: Text

    @field_validator("text")
    @classmethod
    def is_in_the_document(cls, text: str, info: ValidationInfo) -> str:
        """Checked only where the loader has the document at hand, squeezed."""
        document: str | None = (info.context or {}).get("document")
        if document is not None and squeezed(text) not in document:
            raise wrong(_("引文在文件原文中找不到，请逐字引用"))
        return text

    def __str__(self) -> str:
        return f"{self.place}：“{self.text}”"


def squeezed(text: str) -> str:
    """Without white space, which a copied document has in odd places."""
    return "".join(text.split())


Source = Annotated[
    Annotated[Clause, Tag("#clause")] | Annotated[Literal["待确认"], Tag("#unconfirmed")],
    Discriminator(lambda value: "#unconfirmed" if isinstance(value, str) else "#clause"),
]


class Confirmation(Model):
    """The county's word for what its document leaves open: `basis` is the paper it was settled by."""

    fields: Annotated[tuple[str, ...], Field(min_length=1)]
    confirmed_by: Text
    confirmed_on: date
    basis: Text

    def __str__(self) -> str:
        return f"{self.basis}（{self.confirmed_by}，{self.confirmed_on}）"


class Rule(Model):
    """Something the programme demands, with where that stands.

    `also` are other places of the document: the rest of the rule, or one that says it otherwise.
    `unconfirmed` names fields whose value the clause calls for without giving it. `note` says where
    a value comes from that the document does not give, and how a contradiction is taken. What the
    document leaves open the county may settle: `source` goes on saying that the document is silent,
    `confirmed` who settled which fields, when and by what.
    """

    source: Source
    also: tuple[Clause, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    confirmed: tuple[Confirmation, ...] = ()
    note: str = ""

    @model_validator(mode="after")
    def unconfirmed_names_fields(self) -> Self:
        for name in self.unconfirmed:
            if name not in self.own_fields():
                raise wrong(_("unconfirmed 里的“%(name)s”不是这条规则的字段") % {"name": name}, at=name)
        return self

    @model_validator(mode="after")
    def only_what_is_open_is_confirmed(self) -> Self:
        settled = [name for confirmation in self.confirmed for name in confirmation.fields]
        refuse_twins(_("县里确认的字段"), settled)
        for name in settled:
            if name not in self.silent_fields:
                raise wrong(_("“%(name)s”不是文件没有给出的值，不用县里确认") % {"name": name}, at=name)
        return self

    @model_validator(mode="after")
    def what_is_unconfirmed_says_where_it_comes_from(self, info: ValidationInfo) -> Self:
        """Demanded of files only: rule sets that were stored before have no notes."""
        if info.context is not None and not self.note and (self.source == UNCONFIRMED or self.unconfirmed):
            raise wrong(_("文件没有给出的，要在 note 里写明取值从哪里来"))
        return self

    @classmethod
    def own_fields(cls) -> list[str]:
        """The fields that hold what is demanded, not where it stands."""
        return sorted(cls.model_fields.keys() - Rule.model_fields.keys() - {"code"})

    @property
    def silent_fields(self) -> list[str]:
        """Those whose value the document does not give, confirmed by the county or not."""
        return self.own_fields() if self.source == UNCONFIRMED else list(self.unconfirmed)

    @property
    def open_fields(self) -> list[str]:
        """Those still 待确认."""
        settled = {name for confirmation in self.confirmed for name in confirmation.fields}
        return [name for name in self.silent_fields if name not in settled]

    @property
    def clause(self) -> str:
        """Place and quotation for people; else who in the county confirmed it, or 待确认."""
        if self.source != UNCONFIRMED or self.open_fields:
            return str(self.source)
        return _("本县确认：%(words)s") % {"words": _("；").join(map(str, self.confirmed))}

    @property
    def quotations(self) -> str:
        """All that is quoted for this rule."""
        first = (self.source,) if isinstance(self.source, Clause) else ()
        return "\n".join(clause.text for clause in (*first, *self.also))


class Named(Rule):
    """A word of one of the programme's lists."""

    code: Code
    name: ShortText


class HasCode(Protocol):
    @property
    def code(self) -> str: ...


Coded = TypeVar("Coded", bound=HasCode)


def by_code(entries: Iterable[Coded], code: str) -> Coded:
    """Raises KeyError."""
    for entry in entries:
        if entry.code == code:
            return entry
    raise KeyError(code)


def refuse_twins(what: str, words: Iterable[str]) -> None:
    twins = [word for word, count in Counter(words).items() if count > 1]
    if twins:
        said = _("%(what)s重复：%(words)s") % {"what": what, "words": _("、").join(twins)}
        raise wrong(said, at=twins[0])


def refuse_strangers(what: str, codes: Iterable[str], known: Iterable[str]) -> None:
    strangers = sorted(set(codes) - set(known))
    if strangers:
        said = _("%(what)s不存在：%(words)s") % {"what": what, "words": _("、").join(strangers)}
        raise wrong(said, at=strangers[0])
