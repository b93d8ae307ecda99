from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from training.accounts.models import Membership
from training.core import clock
from training.core.actor import Actor
from training.institutions import rules
from training.institutions.choices import (
    REQUIRED_LICENCES,
    AgreementStatus,
    InstitutionStatus,
    InstructorStatus,
    ProofKind,
)
from training.institutions.models import Agreement, Institution, Instructor, InstructorProof, Licence
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on

LOCAL_REGISTRATION = "local_registration"  # the obligation's code in a programme's rules (惠东)
MATCHING_SCOPE = "applicant"  # likewise (宝丰 附件2 第八条)


def rules_today(programme: Programme, actor: Actor) -> Preset:
    rules: Preset = rule_set_on(programme, clock.today(), actor=actor).rules
    return rules


def obliges(rules: Preset, code: str) -> bool:
    """Whether the programme has an obligation of this code."""
    return any(rule.code == code for rule in rules.rules)


def kind_names(rules: Preset) -> dict[str, str]:
    """机构类型 of the programme's own document; empty where it lists none."""
    return {kind.code: kind.name for kind in rules.institution_kinds}


# Institutions


def covers(day: date, *, field_from: bool = True) -> Q:
    """Papers in force on `day`."""
    starts = Q(valid_from__lte=day) if field_from else Q()
    return starts & (Q(valid_until=None) | Q(valid_until__gte=day))


def with_required_papers(rows: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Those of `rows` whose every required licence is verified and in force on `day`."""
    for _name, kinds in REQUIRED_LICENCES:
        papers = Licence.objects.filter(covers(day), institution=OuterRef("pk"), verified_at__isnull=False)
        rows = rows.filter(Exists(papers.filter(kind__in=kinds)))
    return rows


def active_institutions(programme: Programme, actor: Actor, on: date) -> QuerySet[Any]:
    """Those that count for “at least so many” (石城 附件2 项目3): admitted, papers and an agreement in force."""
    rows = Institution.objects.visible_to(actor).filter(
        programme=programme, status=InstitutionStatus.ADMITTED
    )
    agreements = Agreement.objects.filter(
        covers(on), institution=OuterRef("pk"), status=AgreementStatus.IN_FORCE
    )
    return with_required_papers(rows, on).filter(Exists(agreements))


def run_out(actor: Actor, on: date) -> QuerySet[Any]:
    """Admitted on paper, and a required licence is not in force: suspended as of `on`."""
    rows: QuerySet[Any] = Institution.objects.visible_to(actor).filter(status=InstitutionStatus.ADMITTED)
    return rows.exclude(pk__in=with_required_papers(rows, on).values("pk"))


def standing_fault(institution: Institution, days: Iterable[date] = ()) -> str:
    """Why this institution can't plan or submit: its status, today's papers, and those of the class days."""
    if institution.status == InstitutionStatus.REMOVED:
        return _("机构已被清退，不能再开班；原有档案照常保留。")
    if institution.status == InstitutionStatus.SUSPENDED:
        return _("机构已暂停，不能开班。原因：%(why)s。请先处理好，再联系商务局恢复。") % {
            "why": institution.reason or institution.get_suspended_for_display()
        }
    if institution.status != InstitutionStatus.ADMITTED:
        return _("机构还没有入库，不能开班。请联系商务局。")
    for day in (clock.today(), *sorted(set(days))):
        if gone := institution.lacking_on(day):
            return _(
                "%(papers)s在 %(day)s 没有经商务局核验的有效证照，不能开班。请在“证照与协议”里补交。"
            ) % {"papers": _("、").join(map(str, gone)), "day": f"{day:%Y-%m-%d}"}
    return ""


def missing_to_submit(institution: Institution) -> list[Any]:
    """What the institution itself has still to write or hand in."""
    today = clock.today()
    handed_in = [paper.span for paper in institution.licences.all() if not paper.refused_at]
    return [
        *rules.lacking(handed_in, REQUIRED_LICENCES, today),
        *([] if institution.business_scope.strip() else [_("经营（业务）范围")]),
    ]


def missing_to_admit(institution: Institution, actor: Actor) -> list[Any]:
    """What stands in the way of 入库, for the bureau."""
    preset = rules_today(institution.programme, actor)
    missing: list[Any] = [
        _("%(kind)s没有核验，或已过期") % {"kind": name} for name in institution.lacking_on(clock.today())
    ]
    if obliges(preset, MATCHING_SCOPE) and not institution.scope_confirmed_at:
        missing.append(_("经营（业务）范围还没有核对"))
    wanted = preset.institutions.min_instructors
    if wanted and (there := _qualified_instructors(institution)) < wanted:
        said = {"wanted": wanted, "there": there}
        missing.append(_("资质已核验的授课人要 %(wanted)s 名，现有 %(there)s 名") % said)
    return missing


def _qualified_instructors(institution: Institution) -> int:
    """Of whom the bureau has verified a proof that is in force today, without those suspended."""
    people = institution.instructors.filter(status=InstructorStatus.ACTIVE)
    proofs = InstructorProof.objects.filter(
        covers(clock.today(), field_from=False), verified_at__isnull=False, refused_at=None
    )
    return int(people.filter(Exists(proofs.filter(instructor=OuterRef("pk")))).count())


def local_registration(institution: Institution, preset: Preset) -> rules.LocalRegistration:
    return rules.local_registration(
        required=obliges(preset, LOCAL_REGISTRATION),
        code=institution.uscc,
        region=preset.region_code,
        due_on=institution.local_due_on,
        registered_on=institution.local_registered_on,
        today=clock.today(),
    )


def namesakes(institution: Institution, actor: Actor) -> QuerySet[Any]:
    """Others of the programme with the same legal person, telephone or address: are they really two?"""
    same = Q()
    for field in ("legal_person", "phone", "address"):
        if value := getattr(institution, field):
            same |= Q(**{field: value})
    rows: QuerySet[Any] = Institution.objects.visible_to(actor).filter(programme=institution.programme_id)
    return rows.filter(same).exclude(pk=institution.pk) if same else rows.none()


# Agreements


def agreement_fault(agreement: Agreement, class_type: str, preset: Preset) -> str:
    """Why no session of this class type can be planned under this agreement; "" if one can."""
    if not agreement.in_force:
        return _("协议〔%(number)s〕的状态是“%(status)s”，不是生效，不能据它开班。") % {
            "number": agreement.number,
            "status": agreement.get_status_display(),
        }
    tasks = {task.class_type for task in agreement.tasks.all()}
    name = preset.class_type(class_type).name
    if tasks and class_type not in tasks:
        return _("协议〔%(number)s〕的任务里没有“%(kind)s”，不能据它开这一班型。") % {
            "number": agreement.number,
            "kind": name,
        }
    return rates_fault(agreement, [class_type], preset)


def rates_fault(agreement: Agreement, class_types: Iterable[str], preset: Preset) -> str:
    """Which rates the agreement must set and doesn't, in words; "" if none (石城 附件2 项目3 四是)."""
    required = {kind.code: kind.required_rates for kind in preset.class_types}
    given = {(row.class_type, row.rate) for row in agreement.indicators.all()}
    missing = rules.missing_rates(class_types, required, given)
    if not missing:
        return ""
    kind = preset.class_type(missing[0][0])
    return _("“%(kind)s”要在协议里写明：%(rates)s。协议〔%(number)s〕还没有写目标值，不能开这一班型。") % {
        "kind": kind.name,
        "rates": _("、").join(rate for code, rate in missing if code == kind.code),
        "number": agreement.number,
    }


def committed_beside(agreement: Agreement) -> int:
    """分 that other agreements have taken from the same fund line; earlier versions of this one are no others.

    Not `visible_to` anybody: the line is the county's, also to an institution that sees only its own share.
    """
    others = Agreement.objects.filter(
        fund_line=agreement.fund_line, status__in=(AgreementStatus.IN_FORCE, AgreementStatus.FULFILLED)
    ).exclude(institution=agreement.institution, number=agreement.number)
    return sum(row.amount_fen for row in others.prefetch_related("tasks"))


def line_total(agreement: Agreement, preset: Preset) -> int | None:
    """分; None where the rules of today have dropped the line."""
    return next((row.total_fen for row in preset.fund_lines if row.code == agreement.fund_line.code), None)


def line_fault(agreement: Agreement, preset: Preset) -> str:
    """Why the fund line does not reach for this agreement, with the sums; "" if it does."""
    total, beside = line_total(agreement, preset), committed_beside(agreement)
    if not total or beside + agreement.amount_fen <= total:
        return ""
    sums = {"total": total, "beside": beside, "left": max(total - beside, 0), "amount": agreement.amount_fen}
    said = {name: f"{fen / 100:,.2f}" for name, fen in sums.items()}
    return _(
        "“%(line)s”总额 %(total)s 元，其他协议已占 %(beside)s 元，还剩 %(left)s 元；"
        "这份协议的任务金额 %(amount)s 元，超过了。请先减少任务人次或单价，再确认生效。"
    ) % (said | {"line": agreement.fund_line.name})


# Instructors and their proofs


def teaching_fault(instructor: Instructor, on: date) -> str:
    """Why this instructor can't teach on that day, in words; "" if they can. Reads `proofs`."""
    return rules.teaching_fault(instructor.teaching, on)


def account_of_instructor(instructor: Instructor) -> Membership | None:
    """The membership in which this person signs in; at most one."""
    return Membership.objects.filter(instructor_id=instructor.pk).select_related("user").first()


def presented_twice() -> Exists:
    """Condition on a proof: another institution of the county presents the same certificate."""
    same = InstructorProof.objects.filter(
        key=OuterRef("key"),
        kind=OuterRef("kind"),
        instructor__institution__programme=OuterRef("instructor__institution__programme"),
    )
    return Exists(same.exclude(instructor__institution=OuterRef("instructor__institution")))


def one_person(instructors: Collection[int]) -> dict[int, int]:
    """Rows that are one person with one of these, to one number of that person; one query where there are none.

    One person is who presents the same title or qualification under the same name in the same county,
    whatever the institution; a letter of appointment shows nothing. The number is the same whichever of the
    rows one asks for. Not `visible_to` anybody: that there is such a row is for the rules, never for a page.
    """
    known, found = set(instructors), _alike(instructors)
    while not known.issuperset(found):
        known.update(found)
        found = _alike(known)
    return found


def _alike(instructors: Collection[int]) -> dict[int, int]:
    """Those that share a certificate with one of these, to the lowest of their rows."""
    standing = InstructorProof.objects.filter(refused_at=None).exclude(kind=ProofKind.OTHER)
    keys = standing.filter(instructor__in=instructors).values("key")
    rows = standing.filter(key__in=keys).values_list(
        "key", "kind", "instructor__name", "instructor__institution__programme", "instructor"
    )
    alike: dict[Any, set[int]] = defaultdict(set)
    for *same, instructor in rows.distinct():
        alike[tuple(same)].add(instructor)
    found: dict[int, int] = {}
    for members in (rows for rows in alike.values() if len(rows) > 1):
        merged = {found.get(member, member) for member in members}
        members |= {row for row, number in found.items() if number in merged}
        found |= dict.fromkeys(members, min(merged))
    return found


def others_with_same_certificate(instructor: Instructor, actor: Actor) -> QuerySet[Any]:
    keys = instructor.proofs.values("key", "kind")
    same = Q()
    for row in keys:
        same |= Q(proofs__key=row["key"], proofs__kind=row["kind"])
    rows: QuerySet[Any] = Instructor.objects.visible_to(actor).exclude(institution=instructor.institution_id)
    return rows.filter(same).select_related("institution").distinct() if same else rows.none()


def proofs_to_verify(actor: Actor) -> QuerySet[Any]:
    """Handed in and not looked at, the longest waiting first."""
    rows: QuerySet[Any] = InstructorProof.objects.visible_to(actor)
    return rows.filter(verified_at=None, refused_at=None).order_by("pk")


def warning_limit() -> date:
    return clock.today() + timedelta(days=rules.WARNING_DAYS)
