"""Where each role works: the areas at the top of every page, and the places of the one that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import Role


@dataclass(frozen=True)
class Link:
    label: str | Promise
    href: str
    current: bool


@dataclass(frozen=True)
class AreaLink(Link):
    """Leads to the first of its places."""

    places: tuple[Link, ...]


Place = tuple[str | Promise, str]
Area = tuple[str | Promise, tuple[Place, ...]]
"""What it is called, and its places: label and name of the address. One place is shown as the area alone."""

HOME: Area = (_("等您处理"), ((_("等您处理"), "home"),))
STATIONS: Place = (_("签到终端"), "stations")
CORRECTIONS: Place = (_("更正"), "corrections")
REGISTRATION: Place = (_("报名"), "registration")
CHANGES: Place = (_("变更申请"), "changes")
DESK: Place = (_("档案核验"), "desk")
ARCHIVE_TODO: Place = (_("档案待办"), "archive-todo")
CLAIMS: Place = (_("补贴申领"), "claims")
ARCHIVES: Place = (_("期与档案"), "bureau-sessions")
HELD: Place = (_("待核记录"), "bureau-held")
INSTITUTIONS: Place = (_("培训机构"), "bureau-institutions")
POOL: Place = (_("师资库"), "instructor-pool")
EXPIRING: Place = (_("到期提醒"), "papers-expiring")
PEOPLE: Place = (_("学员库"), "trainees")
GROUPS: Place = (_("待核实的类别"), "trainee-groups")
RIGHTS: Place = (_("权利请求"), "rights")
TEXTS: Place = (_("告知书"), "consent-texts")
TOWN_REPORTS: Place = (_("乡镇月报"), "town-reports")
ROLL_UPS: Place = (_("全县汇总"), "roll-ups")
REPORTS: Place = (_("报表"), "reports")
OUTCOMES: Place = (_("就业创业成果"), "outcomes")
DESIGNATIONS: Place = (_("电商人才"), "designations")
INDICATORS: Place = (_("指标"), "indicators")
DASHBOARD: Place = (_("完成情况"), "dashboard")
RULES: Place = (_("项目与规则"), "programme")
REGIONS: Place = (_("行政区划"), "regions")
ACCOUNTS: Place = (_("账号"), "accounts")
WEEK: Place = (_("周课表"), "week")
VENUES: Place = (_("场地与基地"), "venues")
TOKENS: Place = (_("数据接口"), "tokens")
AUDIT: Place = (_("操作记录"), "audit")
INTEGRITY: Place = (_("数据核对"), "integrity")
CERTIFICATES: Place = (_("结业证书"), "certificates")
COMPLAINTS: Place = (_("意见与举报"), "complaints")
PUBLICATIONS: Place = (_("公开"), "publications")
OWN_LINKS: Place = (_("学员自己的页面"), "own-links")
FAIRS: Place = (_("用工对接会"), "fairs")
PLACEMENTS: Place = (_("录用复核"), "fair-placements")
EXCLUSIONS: Place = (_("剔除与申诉"), "exclusions")
COURSES: Place = (_("课程与课件"), "courses")

TEACHING: Area = (_("课程与场地"), (COURSES, WEEK, VENUES))
OWN_SESSIONS: Area = (
    _("培训"),
    (
        (_("各期培训"), "sessions"),
        ARCHIVE_TODO,
        REGISTRATION,
        CHANGES,
        CORRECTIONS,
        CERTIFICATES,
        CLAIMS,
        STATIONS,
    ),
)
OWN_PAPERS: tuple[Place, ...] = (
    (_("证照与协议"), "papers"),
    (_("授课人"), "instructors"),
    EXPIRING,
    OUTCOMES,
    FAIRS,
    DASHBOARD,
)
INSTITUTION: tuple[Area, ...] = (OWN_SESSIONS, TEACHING, (_("本机构"), OWN_PAPERS))
SESSIONS: Area = (_("期与档案"), (ARCHIVES, WEEK, HELD, CORRECTIONS, CLAIMS))
JUDGED: Area = (_("期与档案"), (ARCHIVES, CLAIMS, FAIRS))
OFFICE: Area = (
    _("报表"),
    (
        TOWN_REPORTS,
        ROLL_UPS,
        (_("系统报送"), "ministry-reports"),
        (_("绩效自评"), "self-evaluations"),
        (_("电话核实"), "phone-checks"),
        (_("会议"), "meetings"),
    ),
)
COUNTY_REPORTS: Area = (_("指标与规则"), (INDICATORS, DASHBOARD, REPORTS, RULES, REGIONS))
COUNTY: Area = (_("指标与规则"), (INDICATORS, DASHBOARD, RULES, REGIONS))
TRAINEES: Area = (_("学员库"), (PEOPLE,))
BECAME: Area = (_("成果"), (OUTCOMES, FAIRS))
VERIFYING: Area = (_("学员"), (PEOPLE, GROUPS))
BUREAU: tuple[Area, ...] = (
    (_("审批"), ((_("开班审批"), "bureau-queue"), DESK, REGISTRATION, CHANGES)),
    (_("期与档案"), (ARCHIVES, ARCHIVE_TODO, *SESSIONS[1][1:], INTEGRITY)),
    (_("机构与终端"), (INSTITUTIONS, POOL, COURSES, VENUES, EXPIRING, STATIONS)),
    (_("学员与成果"), (PEOPLE, OUTCOMES, FAIRS)),
    COUNTY_REPORTS,
    (_("公开与意见"), (COMPLAINTS, PUBLICATIONS, CERTIFICATES, OWN_LINKS)),
)
FINANCE: tuple[Area, ...] = ((_("期与档案"), (ARCHIVES, CLAIMS)), (_("培训机构"), (INSTITUTIONS,)), COUNTY)
FOLLOW_UP: tuple[Area, ...] = (
    (_("训后跟踪"), ((_("训后跟踪"), "followups"), ARCHIVE_TODO, OUTCOMES, FAIRS, PLACEMENTS, OWN_LINKS)),
    TRAINEES,
    (_("指标"), (INDICATORS,)),
)
OPENNESS: Area = (_("公开与意见"), (COMPLAINTS, PUBLICATIONS, CERTIFICATES))
READING: tuple[Area, ...] = (SESSIONS, (_("课程与终端"), (COURSES, STATIONS)), BECAME, COUNTY_REPORTS)
ADMINISTRATION: Area = (_("账号与记录"), (ACCOUNTS, (_("项目"), "programmes"), AUDIT))
OVERSEEING: Area = (_("账号与记录"), (ACCOUNTS, TOKENS, AUDIT))
TRAIL: Area = (_("操作记录"), (AUDIT,))
OWN_RULES: Area = (_("项目与规则"), (RULES, REGIONS))
AREAS: Mapping[str, tuple[Area, ...]] = {
    Role.ADMIN: (ADMINISTRATION,),
    Role.INSTITUTION_CLERK: INSTITUTION,
    Role.CLASS_MANAGER: (OWN_SESSIONS, TEACHING, BECAME),
    Role.INSTRUCTOR: (
        (_("我的课"), ((_("我的课次"), "taught-lessons"), WEEK)),
        (_("资质与评价"), ((_("资质与评价"), "own-record"),)),
        (_("课件"), ((_("课件"), "courseware"),)),
    ),
    Role.INSTITUTION_HEAD: (*INSTITUTION[:-1], (_("本机构"), (*OWN_PAPERS, AUDIT))),
    Role.BUREAU_REVIEWER: BUREAU,
    Role.BUREAU_HEAD: (*BUREAU, OVERSEEING),
    Role.FINANCE_REVIEWER: FINANCE,
    Role.FINANCE_PAYER: FINANCE,
    Role.TOWNSHIP: (
        (_("报名"), (REGISTRATION,)),
        (_("学员"), (PEOPLE, ARCHIVE_TODO, GROUPS, DESIGNATIONS, FAIRS, EXCLUSIONS)),
        (_("月报"), (TOWN_REPORTS, DASHBOARD)),
        OWN_RULES,
    ),
    Role.DATA_DEPARTMENT: (VERIFYING, OWN_RULES),
    Role.FOLLOW_UP: FOLLOW_UP,
    Role.LEADING_GROUP: (OFFICE, (_("期与档案"), (ARCHIVES, FAIRS, EXCLUSIONS)), COUNTY),
    Role.ACCEPTANCE: (JUDGED, (_("课程"), (COURSES,)), COUNTY_REPORTS),
    Role.PRIVACY_OFFICER: ((_("学员与权利"), (PEOPLE, RIGHTS, TEXTS)), OWN_RULES, TRAIL),
    Role.SUPERVISOR: (*READING, (_("公开"), (PUBLICATIONS, CERTIFICATES))),
    Role.AUDITOR: (*READING, OPENNESS, TRAINEES, (_("操作记录"), (AUDIT, TOKENS, INTEGRITY))),
}


ALSO: Mapping[str, tuple[str, ...]] = {
    "instructor-pool": ("/instructors/",),
    "own-record": ("/instructors/",),
    "week": ("/timetable/feeds/",),
    "sessions": ("/institution/", "/timetable/sessions/", "/evidence/", "/versions/", "/attendance/"),
    "corrections": ("/exclusions/",),
    "bureau-sessions": (
        "/timetable/sessions/",
        "/evidence/",
        "/versions/",
        "/attendance/",
        "/archives/sessions/",
        "/bureau/dossiers/",
        "/bureau/events/",
    ),
}
"""What else belongs to a place, by the name of its address."""


def links_for(role: str, path: str) -> list[AreaLink]:
    """This role's areas; the place that `path` lies under is current, and so is its area."""
    if role not in AREAS:
        return []
    areas = (HOME, *AREAS[role])
    home = reverse("home")
    hrefs = {name: reverse(name) for _label, places in areas for _place, name in places}
    under = {
        prefix: href
        for name, href in hrefs.items()
        for prefix in (*ALSO.get(name, ()), href)
        if path == prefix or (prefix != home and path.startswith(prefix))
    }
    here = under[max(under, key=len)] if under else ""
    return [_area(area, here) for area in areas]


def _area(area: Area, here: str) -> AreaLink:
    label, places = area
    links = [Link(name, href, href == here) for name, href in ((n, reverse(a)) for n, a in places)]
    return AreaLink(label, links[0].href, any(link.current for link in links), tuple(links))
