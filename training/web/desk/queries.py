"""One archive on the desk: the items, what was said of each, and the papers of the one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.core.actor import Actor
from training.dossiers.choices import DossierStatus
from training.dossiers.missing import ItemResult
from training.dossiers.models import Dossier
from training.dossiers.papers import ItemPaper, item_papers, with_papers
from training.dossiers.queries import with_archive
from training.dossiers.rounds import ItemStanding, Standing, history, standing
from training.scheduling.models import TrainingSession
from training.web.bureau.queries import Plan, RegisterPage, plan, register_pages
from training.web.desk.waiting import Lying, lying_here


def dossier_of(pk: int, actor: Actor) -> Dossier:
    related = ("submitted_by", "sealed_by", "training_session__institution", "training_session__rule_set")
    dossier: Dossier = Dossier.objects.select_related(*related).fetch(actor, pk=pk)
    return dossier


@dataclass(frozen=True)
class Desk:
    """`item` is open, `paper` of it is shown; the neighbours are codes and keys, empty at either end."""

    dossier: Dossier
    plan: Plan
    standing: Standing
    item: ItemStanding
    result: ItemResult
    papers: Sequence[ItemPaper]
    paper: ItemPaper | None
    register: tuple[RegisterPage, ...]
    rounds: Sequence[Any]
    actor: Actor
    asked_page: int | None = None

    @property
    def page(self) -> int | None:
        """The page of a PDF that is shown as a picture, to mark a place in it: asked for, or marked before."""
        if self.paper is None or not self.paper.is_pdf:
            return None
        review = self.item.review
        marked = review is not None and review.paper == self.paper.key and review.x is not None
        return self.asked_page or (review.page if review and marked else None)

    @property
    def under_review(self) -> bool:
        return self.dossier.status == DossierStatus.SUBMITTED

    @property
    def lying(self) -> Lying | None:
        """Since when and until when, while it waits for the bureau."""
        return lying_here(self.dossier) if self.under_review else None

    @property
    def own(self) -> bool:
        """Whoever submitted it looks on."""
        return self.actor.user_id == self.dossier.submitted_by_id

    @property
    def may_confirm(self) -> bool:
        return not self.own and self.actor.user_id not in self.standing.reviewers

    @property
    def neighbours(self) -> tuple[str, str]:
        return _beside([item.code for item in self.standing.items], self.item.code)

    @property
    def paper_neighbours(self) -> tuple[str, str]:
        return _beside([paper.key for paper in self.papers], self.paper.key if self.paper else "")

    @property
    def done(self) -> int:
        return sum(item.accepted for item in self.standing.items)


def _beside(row: list[str], here: str) -> tuple[str, str]:
    """What comes before and after it."""
    if here not in row:
        return "", ""
    at = row.index(here)
    return (row[at - 1] if at else "", row[at + 1] if at + 1 < len(row) else "")


def desk(dossier: Dossier, actor: Actor, *, item: str = "", paper: str = "", page: int | None = None) -> Desk:
    """`item` and `paper` as the address has them; what isn't there opens the first that waits."""
    session = dossier.training_session
    found = standing(dossier)
    opened = found.of(item) or next(iter(found.open_items), found.items[0])
    whole = with_papers(with_archive(TrainingSession.objects.filter(pk=session.pk))).get()
    papers = item_papers(whole).get(opened.code, [])
    planned = plan(session, actor)
    return Desk(
        dossier=dossier,
        plan=planned,
        standing=found,
        item=opened,
        result=next(result for result in planned.items if result.code == opened.code),
        papers=papers,
        paper=next((row for row in papers if row.key == paper), papers[0] if papers else None),
        register=register_pages(planned.session) if opened.code == "A8" else (),
        rounds=history(dossier),
        actor=actor,
        asked_page=page,
    )


def following(dossier: Dossier, code: str) -> str:
    """The item to open after this one was judged: the next that waits, around to the first, else this one."""
    items = standing(dossier).items
    at = next((number for number, item in enumerate(items) if item.code == code), 0)
    around = (*items[at + 1 :], *items[:at])
    return next((item.code for item in around if not item.accepted and not item.returned), code)
