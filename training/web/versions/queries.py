"""What the pages of a dossier's versions show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from training.accounts.permissions import may
from training.core.actor import Actor
from training.dossiers.choices import BuildStatus, DossierStatus, Edition
from training.dossiers.item_changes import Change
from training.dossiers.models import ArchiveTransfer, Dossier, DossierVersion, PropertyCheck
from training.dossiers.versions import COMPLETENESS, COMPLETION, differences

SHOWN = 200
"""Changes of one item that are listed; the rest is a number."""


@dataclass(frozen=True)
class VersionsPage:
    dossier: Dossier
    made: list[DossierVersion]  # newest first
    under_way: list[DossierVersion]
    gone_wrong: list[DossierVersion]
    checks: list[PropertyCheck]
    takes_draft: bool
    can_unseal: bool
    can_transfer: bool

    @property
    def comparable(self) -> bool:
        return len(self.made) > 1


@dataclass(frozen=True)
class ItemDifference:
    title: str
    changes: tuple[Change, ...]
    more: int  # that are not listed


def dossier_of(pk: int, actor: Actor) -> Dossier:
    session = "training_session__institution"
    dossier: Dossier = Dossier.objects.select_related(session, "training_session__rule_set").fetch(
        actor, pk=pk
    )
    return dossier


def version_of(pk: int, actor: Actor) -> DossierVersion:
    version: DossierVersion = DossierVersion.objects.fetch(actor, pk=pk)
    return version


_PAPER = (
    "version__dossier__training_session__institution__programme",
    "version__pdf",
    "version__package",
)


def check_of(pk: int, actor: Actor) -> PropertyCheck:
    """With all that its paper says."""
    check: PropertyCheck = PropertyCheck.objects.select_related(*_PAPER).fetch(actor, pk=pk)
    return check


def transfer_of(pk: int, actor: Actor) -> ArchiveTransfer:
    """With all that its paper says."""
    handed: ArchiveTransfer = ArchiveTransfer.objects.select_related(*_PAPER).fetch(actor, pk=pk)
    return handed


def versions_page(dossier: Dossier, actor: Actor) -> VersionsPage:
    rows = list(
        DossierVersion.objects.visible_to(actor)
        .filter(dossier=dossier)
        .select_related("asked_by", "unsealed_by", "pdf", "package", "transfer")
        .defer("said")
    )
    return VersionsPage(
        dossier=dossier,
        made=[row for row in rows if row.status == BuildStatus.DONE],
        under_way=[row for row in rows if row.under_way],
        gone_wrong=[row for row in rows if row.status in (BuildStatus.FAILED, BuildStatus.CANCELLED)],
        takes_draft=may(actor, "dossier.draft")
        and not dossier.is_frozen
        and not any(row.under_way and row.edition == Edition.DRAFT for row in rows),
        checks=list(
            PropertyCheck.objects.visible_to(actor)
            .filter(version__dossier=dossier)
            .select_related("version")
            .defer("report", "version__said")
        ),
        can_transfer=may(actor, "dossier.transfer")
        and dossier.status == DossierStatus.SEALED
        and not ArchiveTransfer.objects.filter(version__dossier=dossier, version__unsealed_at=None).exists(),
        can_unseal=may(actor, "dossier.unseal") and dossier.status == DossierStatus.SEALED,
    )


def compared(dossier: Dossier, before: DossierVersion, after: DossierVersion) -> list[ItemDifference]:
    """Item by item, in the order of the archive; only those that differ."""
    titles = dict(_titles(dossier))
    return [
        ItemDifference(titles.get(key, key), changes[:SHOWN], max(0, len(changes) - SHOWN))
        for key, changes in differences(before.said, after.said).items()
    ]


def _titles(dossier: Dossier) -> Iterator[tuple[str, str]]:
    session = dossier.training_session
    for item in session.rule_set.rules.items_for(session.class_type):
        yield item.code, f"{item.code} {item.title}"
    yield COMPLETENESS, _("是否齐全")
    yield COMPLETION, _("结业")
