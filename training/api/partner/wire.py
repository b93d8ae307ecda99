"""What leaves for partners. No field here holds anything of a trainee, and no name of anybody.

Codes are those of the programme's rules and of our own choices; times are UTC, days the county's, money 分.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from decimal import Decimal
from typing import Annotated, Final, Literal

from django.utils.translation import gettext_noop as _
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from training.claims.choices import ClaimStatus
from training.dossiers.choices import DossierStatus
from training.institutions.choices import InstitutionStatus, LicenceKind, ProofKind
from training.partners.choices import Purpose
from training.scheduling.choices import SessionStatus

PAGE_SIZE: Final = 50
_NUMBERS_OF_PEOPLE: Final = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")


def without_numbers(text: str) -> str:
    """Words that somebody typed, less what looks like an identity or a telephone number."""
    return _NUMBERS_OF_PEOPLE.sub("＊＊＊", text)


Typed = Annotated[str, AfterValidator(without_numbers)]
"""Free text: nothing keeps a clerk from typing a telephone number into the name of a venue."""
Moment = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
Code = Annotated[str, Field(max_length=64)]
AskedCode = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]
"""PostgreSQL takes no NUL, and no code of ours holds anything else than these."""
SessionCode = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z-]+$")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Named(_Wire):
    """A word of the programme's rules."""

    code: Code
    name: str


class Page(_Wire):
    """Rows in the order they came to be; `next` is the cursor of the following page, absent on the last."""

    as_of: Moment = Field(description=_("截至时间"))
    next: str | None = Field(default=None, description=_("下一页的 cursor；没有就是最后一页"))


class TokenFacts(_Wire):
    """What the token in use may do."""

    partner: str
    prefix: str
    purposes: list[Purpose]
    institution: str | None = Field(description=_("只限这家机构的数据；空为全县"))
    expires_on: date
    programme: str


class ProgrammeFacts(_Wire):
    """One county and one funding round, by the rules in force today."""

    as_of: Moment
    code: Code
    name: str
    county: str
    region_code: Annotated[str, Field(pattern=r"^\d{6}$", description="GB/T 2260")]
    starts_on: date
    ends_on: date
    mark_text: str = Field(description=_("标识文字；文件没有给出时为空"))
    phones: list[str] = Field(description=_("监督电话"))
    document: str = Field(description=_("依据文件"))
    rules_version: int
    rules_effective_on: date
    unconfirmed: list[str] = Field(description=_("文件没有写明、待县里确认的规则"))
    categories: list[Named]
    class_types: list[Named]
    forms: list[Named]
    groups: list[Named]


class LicenceFacts(_Wire):
    kind: LicenceKind
    valid_until: date | None = Field(description=_("空为长期"))


class Institution(_Wire):
    id: int
    name: Typed
    kind: Code = Field(description=_("机构类型的代码，县里定的；没有登记为空"))
    uscc: str = Field(description=_("统一社会信用代码"))
    status: InstitutionStatus
    licences: list[LicenceFacts]
    instructors: int = Field(description=_("授课人数"))
    sessions: int = Field(description=_("已批准的期数"))


class InstitutionPage(Page):
    items: list[Institution]


class ProofFacts(_Wire):
    kind: ProofKind
    valid_until: date | None = Field(description=_("空为长期"))
    verified: bool


class Instructor(_Wire):
    """授课人 by number: the name stays in the county."""

    id: int
    institution: int
    title: Typed
    proofs: list[ProofFacts]


class InstructorPage(Page):
    items: list[Instructor]


class Counted(_Wire):
    """人次 are places on rosters, 人数 different people among them."""

    renci: int
    people: int


class Session(_Wire):
    """期, once approved."""

    id: int
    code: SessionCode
    title: Typed
    institution: int
    category: Named
    class_type: Named
    form: Named
    status: SessionStatus
    rules_version: int
    approval_number: str
    approved_on: date
    first_on: date | None
    last_on: date | None
    venues: list[Typed]
    townships: list[str] = Field(description=_("场地所在乡镇；没有登记的不在内"))
    lessons: int
    minutes: int
    planned: Counted = Field(description=_("名册上的（退班的不算）"))
    attended: Counted = Field(description=_("其中至少有一次有效签到的"))
    completed: Counted = Field(description=_("其中按考勤规则判为“结业”的"))
    closed_at: Moment | None


class SessionPage(Page):
    items: list[Session]


class LessonFacts(_Wire):
    """课次."""

    sequence: int
    on: date
    starts_at: Moment
    ends_at: Moment
    topic: Typed
    practical: bool = Field(description=_("实操课"))
    venue: Typed
    township: str = Field(description=_("场地所在乡镇；没有登记为空"))
    instructor: int


class Timetable(_Wire):
    as_of: Moment
    session: SessionCode
    items: list[LessonFacts]


Dimension = Literal["category", "class_type", "group", "township"]


class Cell(_Wire):
    """`renci` and `people` are null where fewer people than the threshold would show, see `Statistics`."""

    code: str
    name: str
    renci: int | None
    people: int | None


class Statistics(_Wire):
    """培训人次 and 人数 (结业) by one dimension.

    A cell of fewer than `smallest_cell` people is withheld, and with it the next smallest ones, until what
    is withheld can't be found by subtraction.
    """

    as_of: Moment
    formula: str
    by: Dimension
    smallest_cell: int
    total: Cell
    withheld: int = Field(description=_("因人数太少而不给出的格数"))
    items: list[Cell]


class Indicator(_Wire):
    """A figure against its target; where `actual` is null, `formula` says why nothing can be computed."""

    code: Code
    name: str
    target: Decimal
    actual: int | float | None
    unit: str
    percent: Decimal | None
    formula: str
    limits: list[str]
    due_on: date
    clause: str


class Indicators(_Wire):
    as_of: Moment
    items: list[Indicator]


class Dossier(_Wire):
    """培训档案: how far it is, and when sealed the fingerprints anybody can check the paper against."""

    id: int
    session: SessionCode
    status: DossierStatus
    items_complete: int
    items: int
    sealed_at: Moment | None
    pages: int | None
    manifest_sha256: str | None
    pdf_sha256: str | None
    package_sha256: str | None


class DossierPage(Page):
    items: list[Dossier]


class Claim(_Wire):
    """补贴申领. Amounts in 分."""

    id: int
    session: SessionCode
    fund_line: Named
    status: ClaimStatus
    renci: int
    unit_price_fen: int
    amount_fen: int
    created_at: Moment


class ClaimPage(Page):
    items: list[Claim]
