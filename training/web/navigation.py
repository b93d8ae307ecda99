"""Where each role works: the links at the top of every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
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
INSTITUTION: Places = (
    (_("期"), "sessions"),
    (_("授课人"), "instructors"),
    (_("课件"), "courseware"),
    (_("证照与协议"), "papers"),
    (_("场地"), "venues"),
    (_("签到终端"), "stations"),
)
BUREAU: Places = (
    (_("开班审批"), "bureau-queue"),
    (_("培训档案"), "bureau-dossiers"),
    (_("待核记录"), "bureau-held"),
    (_("培训机构"), "bureau-institutions"),
    (_("签到终端"), "bureau-stations"),
    (_("指标"), "indicators"),
)
FOLLOW_UP: Places = ((_("跟踪名单"), "followups"), (_("成果"), "outcomes"), (_("指标"), "indicators"))
AUDIT: Places = ((_("培训档案"), "bureau-dossiers"), (_("待核记录"), "bureau-held"), (_("指标"), "indicators"))
PLACES: Mapping[str, Places] = {
    Role.INSTITUTION_CLERK: INSTITUTION,
    Role.INSTITUTION_HEAD: INSTITUTION,
    Role.BUREAU_REVIEWER: BUREAU,
    Role.BUREAU_HEAD: BUREAU,
    Role.FOLLOW_UP: FOLLOW_UP,
    Role.AUDITOR: AUDIT,
}


def links_for(role: str, path: str) -> list[Link]:
    """This role's links; the one that `path` lies under is current."""
    if role not in PLACES:
        return []
    links = []
    for label, name in HOME + PLACES[role]:
        try:
            href = reverse(name)
        except NoReverseMatch:
            continue
        links.append(Link(label, href, path == href or (href != reverse("home") and path.startswith(href))))
    return links
