"""Every kind of page that a role can reach by its links."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

NOT_PAGES = frozenset(
    {
        "file",
        "venues-export",
        "figure-rows-export",
        "indicator-export",
        "target-export",
        "rate-export",
        "poor-villages-export",
        "stated-values-export",
        "archive-todo-export",
        "rule-draft-archives-export",
        "timetable-print",
        "integrity-export",
        "town-reports-export",
        "print-town-report",
        "print-fairs",
        "print-follow-ups",
        "print-practice",
        "print-indicators",
        "town-report-figure-export",
        "roll-up-figure-export",
        "roll-ups-export",
        "print-roll-up",
        "ministry-reports-export",
        "ministry-figure-export",
        "ministry-csv",
        "ministry-xlsx",
        "ministry-json",
        "self-evaluations-export",
        "self-evaluation-figure-export",
        "print-self-evaluation",
        "phone-checks-export",
        "phone-check-export",
        "phone-check-proof",
        "print-call-sheet",
        "print-call-record",
        "meetings-export",
        "print-meeting",
        "integrity-run-export",
        "fairs-export",
        "fair-expected-export",
        "fair-attendances-export",
        "fair-placements-export",
        "sessions-export",
        "exclusions-export",
        "bureau-sessions-export",
        "followups-export",
        "outcomes-export",
        "outcome-statistics-export",
        "outcome-rechecks-export",
        "outcome-people-export",
        "sales-export",
        "enterprises-export",
        "designations-export",
        "designation-gaps-export",
        "followups-workbook",
        "followups-marked",
        "followup-referrals-export",
        "followup-statistics-export",
        "stations-export",
        "register-export",
        "register-blank",
        "corrections-export",
        "clashes-export",
        "accounts-export",
        "bureau-institutions-export",
        "instructor-pool-export",
        "instructors-export",
        "taught-lessons-export",
        "evaluations-owed-export",
        "agreements-export",
        "bureau-held-export",
        "bureau-refused-export",
        "publications-export",
        "handovers-export",
        "own-links-export",
        "venue-lessons-export",
        "register-scans-export",
        "proofs-export",
        "papers-expiring-export",
        "courses-export",
        "outlines-export",
        "courseware-export",
        "audit-export",
        "tokens-export",
        "api-openapi",
        "bureau-queue-export",
        "desk-export",
        "claims-export",
        "print-claim",
        "print-property-check",
        "print-transfer",
        "changes-export",
        "print-application",
        "print-approval",
        "print-notice",
        "print-roster",
        "print-roster-board",
        "trainees-export",
        "namesakes-export",
        "trainee-groups-export",
        "trainee-looks-export",
        "rights-export",
        "roster-changes-export",
        "roster-export",
        "registration-export",
        "registration-poster",
        "applications-export",
        "nominate-template",
        "nomination-marked",
        "roster-template",
        "roster-marked",
        "programme-file",
        "certificates-export",
        "complaints-export",
        "print-certificate",
        "print-certificates",
        "portal-publication-file",
        "thumbnail",
        "scanned-picture",
        "reuses-export",
        "regions-export",
    }
)
"""Links that give a file to keep."""


def kind_of(url: str) -> str | None:
    """The name of the page behind this address; None when it is a file or not ours."""
    try:
        name = resolve(urlsplit(url).path).view_name
    except Resolver404:
        return None
    return None if name in NOT_PAGES or name.startswith("admin:") else name


def links(page: Page) -> list[str]:
    hrefs = page.get_by_role("link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    here = urlsplit(page.url)
    found = [urljoin(page.url, href) for href in hrefs if href]
    return [urldefrag(url).url for url in found if urlsplit(url).netloc == here.netloc]


def walk(page: Page, each: int = 1, seen: set[str] | None = None) -> Iterator[str]:
    """Follow the links from here, breadth first, to so many pages of each kind; stands on each as it names it.

    Kinds in `seen` are left out but for the page it starts from, and what is walked is added to it.
    """
    ahead, known, visits = deque([page.url]), {page.url}, Counter[str]()
    visits.update(dict.fromkeys((seen or set()) - {kind_of(page.url)}, each))
    while ahead:
        url = ahead.popleft()
        kind = kind_of(url)
        if kind is None or visits[kind] == each:
            continue
        visits[kind] += 1
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 200, f"{answer.status}: {url}"
        new = [link for link in links(page) if link not in known]
        known.update(new)
        ahead.extend(new)
        if seen is not None:
            seen.add(kind)
        yield kind
