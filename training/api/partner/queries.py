"""Rows for partners, each page in a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final, TypeVar

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from training.api.partner import wire
from training.api.partner.cells import SMALLEST_CELL, withheld
from training.claims.models import Claim
from training.core import clock
from training.core.actor import Actor
from training.dossiers.choices import DossierStatus
from training.dossiers.models import Dossier
from training.dossiers.queries import check_sessions
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment
from training.institutions.models import Institution, Instructor
from training.partners.models import PartnerToken
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on, the_programme
from training.programmes.rule import HasCode
from training.reporting.depths import DEPTHS
from training.reporting.queries import counted_enrolments, indicators
from training.scheduling.models import Lesson, TrainingSession

BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
Row = TypeVar("Row")


# Pages


def cursor_of(pk: int) -> str:
    """Where a page ended, as text that is nobody's business."""
    text = ""
    while pk:
        pk, digit = divmod(pk, 36)
        text = BASE36[digit] + text
    return text or "0"


def page_of(rows: QuerySet[Any], cursor: str, shape: Callable[[Any], Row]) -> dict[str, Any]:
    """The fields of a `wire.Page`: rows after the cursor, in the order of their ids, which never changes."""
    found = list(rows.filter(pk__gt=int(cursor, 36)).order_by("pk")[: wire.PAGE_SIZE + 1])
    shown = found[: wire.PAGE_SIZE]
    return {
        "as_of": clock.now(),
        "next": cursor_of(shown[-1].pk) if len(found) > len(shown) else None,
        "items": [shape(row) for row in shown],
    }


def _given(**filters: Any) -> dict[str, Any]:
    """Filters that were asked for."""
    return {name: value for name, value in filters.items() if value is not None}


# The programme


def token_facts(token: PartnerToken) -> wire.TokenFacts:
    return wire.TokenFacts(
        partner=token.partner,
        prefix=token.prefix,
        purposes=token.purposes,
        institution=token.institution.name if token.institution else None,
        expires_on=token.expires_on,
        programme=token.programme.code,
    )


def programme_facts(actor: Actor) -> wire.ProgrammeFacts:
    programme = the_programme(actor)
    rule_set = rule_set_on(programme, clock.today(), actor=actor)
    rules = rule_set.rules
    return wire.ProgrammeFacts(
        as_of=clock.now(),
        code=programme.code,
        name=programme.name,
        county=programme.county,
        region_code=programme.region_code,
        starts_on=rules.window.starts_on,
        ends_on=rules.window.ends_on,
        mark_text=rules.mark_text,
        phones=[str(phone) for phone in rules.phones],
        document=rules.document.title,
        rules_version=rule_set.version,
        rules_effective_on=rule_set.effective_on,
        unconfirmed=rules.unconfirmed,
        categories=_words(rules.categories),
        class_types=_words(rules.class_types),
        forms=_words(rules.forms),
        groups=_words(rules.groups),
    )


def _words(entries: Iterable[Any]) -> list[wire.Named]:
    return [wire.Named(code=entry.code, name=entry.name) for entry in entries]


def named(code: str, entries: Iterable[HasCode]) -> wire.Named:
    """The word for a code; the code itself where the rules no longer have it."""
    name = next((entry.name for entry in entries if entry.code == code), code)  # type: ignore[attr-defined]
    return wire.Named(code=code, name=name)


# Institutions and instructors


def institutions(actor: Actor, *, cursor: str, status: str | None) -> wire.InstitutionPage:
    rows = (
        Institution.objects.visible_to(actor)
        .filter(**_given(status=status))
        .prefetch_related("licences")
        .annotate(
            instructor_count=Count("instructors", distinct=True),
            session_count=Count("training_sessions", _APPROVED_ONE, distinct=True),
        )
    )
    return wire.InstitutionPage(**page_of(rows, cursor, _institution))


_APPROVED_ONE: Final = Q(training_sessions__approved_at__isnull=False)


def _institution(row: Any) -> wire.Institution:
    return wire.Institution(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        uscc=row.uscc,
        status=row.status,
        licences=[
            wire.LicenceFacts(kind=paper.kind, valid_until=paper.valid_until) for paper in row.licences.all()
        ],
        instructors=row.instructor_count,
        sessions=row.session_count,
    )


def instructors(actor: Actor, *, cursor: str, institution: int | None) -> wire.InstructorPage:
    rows = Instructor.objects.visible_to(actor).filter(**_given(institution=institution))
    return wire.InstructorPage(**page_of(rows.prefetch_related("proofs"), cursor, _instructor))


def _instructor(row: Any) -> wire.Instructor:
    return wire.Instructor(
        id=row.pk,
        institution=row.institution_id,
        title=row.title,
        proofs=[
            wire.ProofFacts(
                kind=proof.kind, valid_until=proof.valid_until, verified=proof.verified_at is not None
            )
            for proof in row.proofs.all()
        ],
    )


# Sessions


def _places(depth: str, *, people: bool) -> Coalesce:
    """人次 or 人数 of a session at that depth."""
    counted = Count("trainee", distinct=True) if people else Count("pk")
    rows = (
        Enrolment.objects.filter(ON_ROSTER, DEPTHS[depth], training_session=OuterRef("pk"))
        .order_by()
        .values("training_session")
        .annotate(counted=counted)
    )
    return Coalesce(Subquery(rows.values("counted"), output_field=IntegerField()), 0)


def _approved(actor: Actor) -> Any:
    """What was approved once, whatever became of it; a plan that nobody approved is nobody's business."""
    return TrainingSession.objects.visible_to(actor).filter(approved_at__isnull=False)


def _with_figures(rows: Any) -> Any:
    """The rule set comes by prefetch: one object, read once, for all sessions under it."""
    figures = {
        f"{depth}_{name}": _places(depth, people=name == "people")
        for depth in ("planned", "attended", "completed")
        for name in ("renci", "people")
    }
    return rows.prefetch_related("rule_set", "lessons__venue").annotate(**figures)


def sessions(
    actor: Actor,
    *,
    cursor: str,
    status: str | None,
    institution: int | None,
    category: str | None,
    class_type: str | None,
    since: date | None,
    until: date | None,
) -> wire.SessionPage:
    """`since` and `until` are days of which the session has a lesson between."""
    rows = _approved(actor).filter(
        **_given(status=status, institution=institution, category=category, class_type=class_type)
    )
    if since or until:
        days = _given(on__gte=since, on__lte=until)
        rows = rows.filter(Exists(Lesson.objects.filter(training_session=OuterRef("pk"), **days)))
    return wire.SessionPage(**page_of(_with_figures(rows), cursor, _session))


def session(actor: Actor, code: str) -> wire.Session:
    """Raises NotFoundError."""
    return _session(_with_figures(_approved(actor)).fetch(actor, code=code))


def _session(row: Any) -> wire.Session:
    rules: Preset = row.rule_set.rules
    lessons = list(row.lessons.all())
    days = [lesson.on for lesson in lessons]
    return wire.Session(
        id=row.pk,
        code=row.code,
        title=row.title,
        institution=row.institution_id,
        category=named(row.category, rules.categories),
        class_type=named(row.class_type, rules.class_types),
        form=named(row.form, rules.forms),
        status=row.status,
        rules_version=row.rule_set.version,
        approval_number=row.approval_number,
        approved_on=timezone.localdate(row.approved_at),
        first_on=min(days, default=None),
        last_on=max(days, default=None),
        venues=sorted({lesson.venue.name for lesson in lessons}),
        townships=sorted({lesson.venue.township for lesson in lessons} - {""}),
        lessons=len(lessons),
        minutes=sum(lesson.minutes for lesson in lessons),
        closed_at=row.closed_at,
        **{
            depth: wire.Counted(renci=getattr(row, f"{depth}_renci"), people=getattr(row, f"{depth}_people"))
            for depth in ("planned", "attended", "completed")
        },
    )


def timetable(actor: Actor, code: str) -> wire.Timetable:
    """Raises NotFoundError."""
    found = _approved(actor).prefetch_related("lessons__venue").fetch(actor, code=code)
    return wire.Timetable(
        as_of=clock.now(),
        session=found.code,
        items=[
            wire.LessonFacts(
                sequence=lesson.sequence,
                on=lesson.on,
                starts_at=lesson.starts_at,
                ends_at=lesson.ends_at,
                topic=lesson.topic,
                practical=lesson.practical,
                venue=lesson.venue.name,
                township=lesson.venue.township,
                instructor=lesson.instructor_id,
            )
            for lesson in found.lessons.all()
        ],
    )


# Figures


COLUMNS: Final = {
    "category": "training_session__category",
    "class_type": "training_session__class_type",
    "group": "group",
    "township": "trainee__township",
}


def statistics(actor: Actor, by: wire.Dimension) -> wire.Statistics:
    """培训人次 and 人数 of what this actor sees, less the cells of a few people."""
    programme = the_programme(actor)
    rows = counted_enrolments(programme, actor).order_by()
    figures = {"renci": Count("pk"), "people": Count("trainee", distinct=True)}
    cells = {row.pop("cell"): row for row in rows.values(cell=F(COLUMNS[by])).annotate(**figures)}
    hidden = withheld({code: cell["people"] for code, cell in cells.items()})
    total = rows.aggregate(**figures)
    rules = rule_set_on(programme, clock.today(), actor=actor).rules
    return wire.Statistics(
        as_of=clock.now(),
        formula=_("本项目已批准各期中，按考勤规则判为“结业”的名册人次，以及其中不同的人数"),
        by=by,
        smallest_cell=SMALLEST_CELL,
        total=_cell("", _("合计"), total, hide=total["people"] < SMALLEST_CELL),
        withheld=len(hidden),
        items=[
            _cell(code, _cell_name(by, code, rules), cells[code], hide=code in hidden)
            for code in sorted(cells)
        ],
    )


def _cell(code: str, name: str, figures: dict[str, int], *, hide: bool) -> wire.Cell:
    shown: dict[str, Any] = {"renci": None, "people": None} if hide else figures
    return wire.Cell(code=code, name=name, **shown)


def _cell_name(by: wire.Dimension, code: str, rules: Preset) -> str:
    if by == "township":
        return code or _("未登记乡镇")
    entries: Any = {"category": rules.categories, "class_type": rules.class_types, "group": rules.groups}[by]
    return named(code, entries).name


def indicator_list(actor: Actor) -> wire.Indicators:
    return wire.Indicators(
        as_of=clock.now(),
        items=[
            wire.Indicator(
                code=row.code,
                name=row.name,
                target=row.target,
                actual=row.actual if row.actual is None or isinstance(row.actual, int) else float(row.actual),
                unit=row.unit,
                percent=row.percent,
                formula=row.formula,
                limits=list(row.limits),
                due_on=row.due_on,
                clause=row.clause,
            )
            for row in indicators(the_programme(actor), actor)
        ],
    )


# Dossiers and money


def dossiers(actor: Actor, *, cursor: str, status: str | None) -> wire.DossierPage:
    rows = (
        Dossier.objects.visible_to(actor)
        .filter(**_given(status=status))
        .select_related("training_session", "pdf", "package")
    )
    page = page_of(rows, cursor, lambda row: row)
    here = TrainingSession.objects.filter(pk__in=[row.training_session_id for row in page["items"]])
    items = {session.pk: results for session, results in check_sessions(here)}
    page["items"] = [_dossier(row, items[row.training_session_id]) for row in page["items"]]
    return wire.DossierPage(**page)


def _dossier(row: Any, items: Any) -> wire.Dossier:
    sealed = row.status == DossierStatus.SEALED
    return wire.Dossier(
        id=row.pk,
        session=row.training_session.code,
        status=row.status,
        items_complete=sum(item.complete for item in items),
        items=len(items),
        sealed_at=row.sealed_at if sealed else None,
        pages=row.pages if sealed else None,
        manifest_sha256=row.manifest_sha256 if sealed else None,
        pdf_sha256=row.pdf.sha256 if sealed else None,
        package_sha256=row.package.sha256 if sealed else None,
    )


def claims(actor: Actor, *, cursor: str, status: str | None) -> wire.ClaimPage:
    rows = (
        Claim.objects.visible_to(actor)
        .filter(**_given(status=status))
        .select_related("dossier__training_session", "fund_line")
    )
    return wire.ClaimPage(**page_of(rows, cursor, _claim))


def _claim(row: Any) -> wire.Claim:
    return wire.Claim(
        id=row.pk,
        session=row.dossier.training_session.code,
        fund_line=wire.Named(code=row.fund_line.code, name=row.fund_line.name),
        status=row.status,
        renci=row.renci,
        unit_price_fen=row.unit_price_fen,
        amount_fen=row.amount_fen,
        created_at=row.created_at,
    )
