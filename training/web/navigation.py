"""Where each role works: the links at the top of every page."""

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


Places = tuple[tuple[str | Promise, str], ...]

HOME: Places = ((_("等您处理"), "home"),)
STATIONS: Places = ((_("签到终端"), "stations"),)
CORRECTIONS: Places = ((_("更正"), "corrections"),)
INSTITUTION: Places = (
    (_("各期培训"), "sessions"),
    *CORRECTIONS,
    (_("授课人"), "instructors"),
    (_("课件"), "courseware"),
    (_("证照与协议"), "papers"),
    (_("场地"), "venues"),
    *STATIONS,
)
READS_ARCHIVES: Places = (
    (_("期与档案"), "bureau-sessions"),
    (_("待核记录"), "bureau-held"),
    *CORRECTIONS,
    (_("补贴申领"), "bureau-claims"),
)
INDICATORS: Places = ((_("指标"), "indicators"),)
AUDIT: Places = ((_("操作记录"), "audit"),)
ACCOUNTS: Places = ((_("账号"), "accounts"),)
RULES: Places = ((_("项目与规则"), "programme"),)
BUREAU: Places = (
    (_("审批与核验"), "bureau-queue"),
    *READS_ARCHIVES,
    (_("培训机构"), "bureau-institutions"),
    *STATIONS,
    *INDICATORS,
    *RULES,
)
FOLLOW_UP: Places = ((_("训后跟踪"), "followups"), (_("就业创业成果"), "outcomes"), *INDICATORS)
FINANCE: Places = (
    (_("期与档案"), "bureau-sessions"),
    (_("补贴申领"), "bureau-claims"),
    (_("培训机构"), "bureau-institutions"),
    *RULES,
)
PLACES: Mapping[str, Places] = {
    Role.ADMIN: (*ACCOUNTS, *AUDIT),
    Role.INSTITUTION_CLERK: INSTITUTION,
    Role.CLASS_MANAGER: INSTITUTION,
    Role.INSTITUTION_HEAD: (*INSTITUTION, *AUDIT),
    Role.BUREAU_REVIEWER: BUREAU,
    Role.BUREAU_HEAD: (*BUREAU, *ACCOUNTS, *AUDIT),
    Role.FINANCE_REVIEWER: FINANCE,
    Role.FINANCE_PAYER: FINANCE,
    Role.TOWNSHIP: RULES,
    Role.DATA_DEPARTMENT: RULES,
    Role.FOLLOW_UP: FOLLOW_UP,
    Role.PRIVACY_OFFICER: (*RULES, *AUDIT),
    Role.SUPERVISOR: (*READS_ARCHIVES, *STATIONS, *INDICATORS, *RULES),
    Role.AUDITOR: (*READS_ARCHIVES, *STATIONS, *INDICATORS, *RULES, *AUDIT),
}


def links_for(role: str, path: str) -> list[Link]:
    """This role's links; the one that `path` lies under is current."""
    if role not in PLACES:
        return []
    places = [(label, reverse(name)) for label, name in HOME + PLACES[role]]
    home = reverse("home")
    under = [href for _label, href in places if path == href or (href != home and path.startswith(href))]
    here = max(under, key=len, default="")
    return [Link(label, href, href == here) for label, href in places]
