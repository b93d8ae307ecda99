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
CLAIMS: Place = (_("补贴申领"), "bureau-claims")
ARCHIVES: Place = (_("期与档案"), "bureau-sessions")
HELD: Place = (_("待核记录"), "bureau-held")
INSTITUTIONS: Place = (_("培训机构"), "bureau-institutions")
INDICATORS: Place = (_("指标"), "indicators")
RULES: Place = (_("项目与规则"), "programme")
ACCOUNTS: Place = (_("账号"), "accounts")
AUDIT: Place = (_("操作记录"), "audit")

TEACHING: Area = (_("课程与场地"), ((_("课程与课件"), "courses"), (_("场地"), "venues")))
OWN_SESSIONS: Area = (_("培训"), ((_("各期培训"), "sessions"), CORRECTIONS, STATIONS))
OWN_PAPERS: tuple[Place, ...] = ((_("证照与协议"), "papers"), (_("授课人"), "instructors"))
INSTITUTION: tuple[Area, ...] = (OWN_SESSIONS, TEACHING, (_("本机构"), OWN_PAPERS))
SESSIONS: Area = (_("期与档案"), (ARCHIVES, HELD, CORRECTIONS, CLAIMS))
COUNTY: Area = (_("指标与规则"), (INDICATORS, RULES))
BUREAU: tuple[Area, ...] = (
    (_("审批"), ((_("审批与核验"), "bureau-queue"),)),
    SESSIONS,
    (_("机构与终端"), (INSTITUTIONS, STATIONS)),
    COUNTY,
)
FINANCE: tuple[Area, ...] = ((_("期与档案"), (ARCHIVES, CLAIMS)), (_("培训机构"), (INSTITUTIONS,)), COUNTY)
FOLLOW_UP: tuple[Area, ...] = (
    (_("训后跟踪"), ((_("训后跟踪"), "followups"), (_("就业创业成果"), "outcomes"))),
    (_("指标"), (INDICATORS,)),
)
READING: tuple[Area, ...] = (SESSIONS, (_("签到终端"), (STATIONS,)), COUNTY)
ADMINISTRATION: Area = (_("账号与记录"), (ACCOUNTS, AUDIT))
TRAIL: Area = (_("操作记录"), (AUDIT,))
OWN_RULES: Area = (_("项目与规则"), (RULES,))
AREAS: Mapping[str, tuple[Area, ...]] = {
    Role.ADMIN: (ADMINISTRATION,),
    Role.INSTITUTION_CLERK: INSTITUTION,
    Role.CLASS_MANAGER: (OWN_SESSIONS, TEACHING),
    Role.INSTITUTION_HEAD: (*INSTITUTION[:-1], (_("本机构"), (*OWN_PAPERS, AUDIT))),
    Role.BUREAU_REVIEWER: BUREAU,
    Role.BUREAU_HEAD: (*BUREAU, ADMINISTRATION),
    Role.FINANCE_REVIEWER: FINANCE,
    Role.FINANCE_PAYER: FINANCE,
    Role.TOWNSHIP: (OWN_RULES,),
    Role.DATA_DEPARTMENT: (OWN_RULES,),
    Role.FOLLOW_UP: FOLLOW_UP,
    Role.PRIVACY_OFFICER: (OWN_RULES, TRAIL),
    Role.SUPERVISOR: READING,
    Role.AUDITOR: (*READING, TRAIL),
}


def links_for(role: str, path: str) -> list[AreaLink]:
    """This role's areas; the place that `path` lies under is current, and so is its area."""
    if role not in AREAS:
        return []
    areas = (HOME, *AREAS[role])
    home = reverse("home")
    hrefs = [reverse(name) for _label, places in areas for _place, name in places]
    under = [href for href in hrefs if path == href or (href != home and path.startswith(href))]
    return [_area(area, max(under, key=len, default="")) for area in areas]


def _area(area: Area, here: str) -> AreaLink:
    label, places = area
    links = [Link(name, href, href == here) for name, href in ((n, reverse(a)) for n, a in places)]
    return AreaLink(label, links[0].href, any(link.current for link in links), tuple(links))
