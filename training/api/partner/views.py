"""What partners may read. Each says what it is for; `door.reads` sees to the rest."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from training.api.partner import queries, wire
from training.api.partner.door import OPERATIONS, NoQuery, reads
from training.claims.choices import ClaimStatus
from training.dossiers.choices import DossierStatus
from training.institutions.choices import InstitutionStatus
from training.partners.choices import Purpose, Resource
from training.partners.queries import actor_of
from training.scheduling.choices import SessionStatus

if TYPE_CHECKING:
    from training.partners.models import PartnerToken

__all__ = ["OPERATIONS"]  # filled by the views below
Nothing = SkipJsonSchema[None]


def _only_as_a_day(text: object) -> object:
    """RFC 3339, and not the number of seconds that would be read as a day too."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(text)):
        raise ValueError("YYYY-MM-DD")
    return text


Day = Annotated[date, BeforeValidator(_only_as_a_day)]
Id = Annotated[int, Field(ge=1, le=2**53)]


class PageQuery(NoQuery):
    cursor: Annotated[str, Field(pattern=r"^[0-9a-z]{1,12}$", description=_("上一页的 next"))] = "0"


class InstitutionQuery(PageQuery):
    status: InstitutionStatus | Nothing = None


class InstructorQuery(PageQuery):
    institution: Annotated[Id, Field(description=_("机构的 id"))] | Nothing = None


class SessionQuery(PageQuery):
    status: SessionStatus | Nothing = None
    institution: Annotated[Id, Field(description=_("机构的 id"))] | Nothing = None
    category: Annotated[wire.AskedCode, Field(description=_("课程类别的代码"))] | Nothing = None
    class_type: Annotated[wire.AskedCode, Field(description=_("班型的代码"))] | Nothing = None
    since: Annotated[Day, Field(description=_("这一天或以后有课"))] | Nothing = None
    until: Annotated[Day, Field(description=_("这一天或以前有课"))] | Nothing = None


class SessionPath(BaseModel):
    code: Annotated[wire.SessionCode, Field(description=_("期号"))]


class StatisticsQuery(NoQuery):
    by: Annotated[wire.Dimension, Field(description=_("按什么分类"))] = "category"


class DossierQuery(PageQuery):
    status: DossierStatus | Nothing = None


class ClaimQuery(PageQuery):
    status: ClaimStatus | Nothing = None


@reads(
    Resource.TOKEN,
    "partner/token",
    None,
    wire.TokenFacts,
)
def token(token: PartnerToken, _asked: NoQuery) -> wire.TokenFacts:
    return queries.token_facts(token)


@reads(
    Resource.PROGRAMME,
    "partner/programme",
    Purpose.PROGRAMME,
    wire.ProgrammeFacts,
)
def programme(token: PartnerToken, _asked: NoQuery) -> wire.ProgrammeFacts:
    return queries.programme_facts(actor_of(token))


@reads(
    Resource.INSTITUTIONS,
    "partner/institutions",
    Purpose.INSTITUTIONS,
    wire.InstitutionPage,
    query=InstitutionQuery,
)
def institutions(token: PartnerToken, asked: InstitutionQuery) -> wire.InstitutionPage:
    return queries.institutions(actor_of(token), **dict(asked))


@reads(
    Resource.INSTRUCTORS,
    "partner/instructors",
    Purpose.INSTRUCTORS,
    wire.InstructorPage,
    query=InstructorQuery,
)
def instructors(token: PartnerToken, asked: InstructorQuery) -> wire.InstructorPage:
    return queries.instructors(actor_of(token), **dict(asked))


@reads(
    Resource.SESSIONS,
    "partner/sessions",
    Purpose.SESSIONS,
    wire.SessionPage,
    query=SessionQuery,
)
def sessions(token: PartnerToken, asked: SessionQuery) -> wire.SessionPage:
    return queries.sessions(actor_of(token), **dict(asked))


@reads(
    Resource.SESSION,
    "partner/sessions/{code}",
    Purpose.SESSIONS,
    wire.Session,
    in_path=SessionPath,
)
def session(token: PartnerToken, _asked: NoQuery, at: SessionPath) -> wire.Session:
    return queries.session(actor_of(token), at.code)


@reads(
    Resource.TIMETABLE,
    "partner/sessions/{code}/timetable",
    Purpose.SESSIONS,
    wire.Timetable,
    in_path=SessionPath,
)
def timetable(token: PartnerToken, _asked: NoQuery, at: SessionPath) -> wire.Timetable:
    return queries.timetable(actor_of(token), at.code)


@reads(
    Resource.STATISTICS,
    "partner/statistics",
    Purpose.STATISTICS,
    wire.Statistics,
    query=StatisticsQuery,
)
def statistics(token: PartnerToken, asked: StatisticsQuery) -> wire.Statistics:
    return queries.statistics(actor_of(token), asked.by)


@reads(
    Resource.INDICATORS,
    "partner/indicators",
    Purpose.INDICATORS,
    wire.Indicators,
)
def indicators(token: PartnerToken, _asked: NoQuery) -> wire.Indicators:
    return queries.indicator_list(actor_of(token))


@reads(
    Resource.DOSSIERS,
    "partner/dossiers",
    Purpose.DOSSIERS,
    wire.DossierPage,
    query=DossierQuery,
)
def dossiers(token: PartnerToken, asked: DossierQuery) -> wire.DossierPage:
    return queries.dossiers(actor_of(token), **dict(asked))


@reads(
    Resource.CLAIMS,
    "partner/claims",
    Purpose.CLAIMS,
    wire.ClaimPage,
    query=ClaimQuery,
)
def claims(token: PartnerToken, asked: ClaimQuery) -> wire.ClaimPage:
    return queries.claims(actor_of(token), **dict(asked))
