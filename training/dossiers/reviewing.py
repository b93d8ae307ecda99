"""Submitting a dossier, and the bureau's check of it (lifecycle F, 提交 to 齐全).

Each submission opens a round, in which every item is accepted or returned. What was accepted before and says
the same is carried over; what changes after it was accepted has to be accepted again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import BUREAU_ROLES, INSTITUTION_ROLES, Role
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, TrainingError
from training.core.models import StoredFile
from training.dossiers.choices import Decision, DossierStatus
from training.dossiers.item_changes import digest
from training.dossiers.item_facts import item_facts
from training.dossiers.missing import findings
from training.dossiers.models import Dossier, ItemReview, ReviewRound
from training.dossiers.papers import item_papers, with_papers
from training.dossiers.queries import check_session, with_archive
from training.dossiers.rounds import Standing, running_round, standing
from training.notifications.choices import Kind
from training.notifications.services import notify
from training.scheduling.models import TrainingSession

THOUSANDTHS = 1000


class IncompleteDossierError(TrainingError):
    """档案不全，不予以补贴: `details["findings"]` names every missing thing. There is no override."""

    code = "dossier_incomplete"
    http_status = 409


class UnreviewedDossierError(TrainingError):
    """Not every item has been accepted as it is now, or the second person has not confirmed it."""

    code = "dossier_unreviewed"
    http_status = 409


@dataclass(frozen=True)
class Place:
    """Where on which paper: `paper` is an `ItemPaper.key`, `x` and `y` thousandths from the top left."""

    paper: str
    page: int | None = None
    x: int | None = None
    y: int | None = None


def demand_complete(session: TrainingSession) -> None:
    """Raises IncompleteDossierError naming everything that is missing."""
    missing = findings(check_session(session))
    if missing:
        messages = [finding.message for finding in missing]
        raise IncompleteDossierError(
            _("档案不全，不予以补贴：%(missing)s。") % {"missing": "；".join(messages)}, findings=messages
        )


def demand_reviewed(dossier: Dossier) -> None:
    """Raises UnreviewedDossierError naming the items that are not accepted, or the step that is missing."""
    found = standing(dossier)
    if found.open_items:
        codes = [item.code for item in found.open_items]
        raise UnreviewedDossierError(
            _("还有项目没有核验通过：%(items)s。逐项通过以后才能封存。") % {"items": _("、").join(codes)},
            items=codes,
        )
    if found.waits_for_second_person:
        raise UnreviewedDossierError(_("这份档案要另一人复核，复核以后才能封存。"), items=[])


@transaction.atomic
def submit_dossier(session_id: int, *, actor: Actor) -> Dossier:
    """机构自检后提交商务局核验; refused while anything is missing. Opens a round of the bureau's check."""
    demand(actor, "dossier.submit")
    dossier: Dossier = Dossier.objects.lock(actor, training_session=session_id)
    demand_complete(dossier.training_session)
    dossier.submitted_by_id = actor.user_id
    dossier.submitted_at = now = clock.now()
    dossier.save(update_fields=["submitted_by", "submitted_at"])
    dossier.enter(DossierStatus.SUBMITTED)
    _open_round(dossier, now)
    institution = dossier.training_session.institution.name
    tell(Kind.DOSSIER_SUBMITTED, dossier, BUREAU_ROLES, actor=actor, institution=institution)
    record(actor, "dossier.submitted", dossier)
    return dossier


def _open_round(dossier: Dossier, at: datetime) -> None:
    before = running_round(dossier)
    facts = item_facts(dossier.training_session)
    opened = ReviewRound.objects.create(
        dossier=dossier,
        number=before.number + 1 if before else 1,
        submitted_by_id=dossier.submitted_by_id,
        submitted_at=at,
        facts=facts,
    )
    if before:
        _carry_over(before, opened)


def _carry_over(before: ReviewRound, opened: ReviewRound) -> None:
    """What was accepted and says the same; not if its judge has become the submitter."""
    accepted = before.reviews.filter(decision=Decision.ACCEPTED).exclude(by=opened.submitted_by_id)
    for review in accepted:
        if review.facts_sha256 == digest(opened.facts.get(review.item, {})):
            review.pk, review.round, review.carried = None, opened, True
            review.save(force_insert=True)


@transaction.atomic
def accept_item(dossier_id: int, *, item: str, actor: Actor) -> ItemReview:
    """The item is as it should be. Saying it again changes nothing."""
    return _judge(dossier_id, item, Decision.ACCEPTED, "", None, actor)


@transaction.atomic
def return_item(
    dossier_id: int, *, item: str, reason: str, place: Place | None = None, actor: Actor
) -> ItemReview:
    """Mark what is wrong with an item and where; it goes back when the dossier is returned."""
    if not reason.strip():
        raise InvalidInputError(_("请写明退回的原因，机构照着改。"))
    return _judge(dossier_id, item, Decision.RETURNED, reason.strip(), place, actor)


def _judge(
    dossier_id: int, item: str, decision: Decision, reason: str, place: Place | None, actor: Actor
) -> ItemReview:
    dossier, running = _under_review(dossier_id, actor)
    facts = item_facts(dossier.training_session)
    if item not in facts:
        raise InvalidInputError(_("没有这个档案项。"))
    said = {
        "decision": decision,
        "reason": reason,
        "facts_sha256": digest(facts[item]),
        **_place(dossier, item, place),
    }
    review: ItemReview | None = running.reviews.filter(item=item).first()
    if review and all(getattr(review, name) == value for name, value in said.items()):
        return review
    said |= {"by_id": actor.person_id, "at": clock.now(), "carried": False}
    review, _new = ItemReview.objects.update_or_create(round=running, item=item, defaults=said)
    running.reviewed_by_id = actor.user_id
    running.confirmed_by = running.confirmed_at = None  # what was confirmed is no longer what is there
    running.save(update_fields=["reviewed_by", "confirmed_by", "confirmed_at"])
    if decision == Decision.ACCEPTED:
        record(actor, "item.accepted", dossier, item=item, reason=reason)
    else:
        record(actor, "item.returned", dossier, item=item, reason=reason)
    return review


def _under_review(dossier_id: int, actor: Actor) -> tuple[Dossier, ReviewRound]:
    """Both locked; raises ForbiddenError for whoever submitted it."""
    demand(actor, "dossier.review")
    dossier: Dossier = Dossier.objects.lock(actor, pk=dossier_id)
    if dossier.status != DossierStatus.SUBMITTED:
        raise InvalidTransitionError(
            _("档案现在的状态是“%(status)s”，不能核验。") % {"status": dossier.get_status_display()}
        )
    if actor.user_id is not None and actor.user_id == dossier.submitted_by_id:
        raise ForbiddenError(_("提交人不能核验自己提交的档案。"))
    running = running_round(dossier)
    if running is None:
        raise InvalidTransitionError(_("档案还没有提交核验。"))
    return dossier, running


def _place(dossier: Dossier, item: str, place: Place | None) -> dict[str, object]:
    """The columns that say where; raises InvalidInputError for a paper that isn't this item's."""
    if place is None or not place.paper:
        return {"paper": "", "file_id": None, "page": None, "x": None, "y": None}
    point = (place.x, place.y)
    if (None in point and point != (None, None)) or any(
        not 0 <= number <= THOUSANDTHS for number in point if number is not None
    ):
        raise InvalidInputError(_("标注的位置不在页面里。"))
    file = _file_of(dossier.training_session, item, place.paper)
    return {"paper": place.paper, "file_id": file.pk, "page": place.page, "x": place.x, "y": place.y}


def _file_of(session: TrainingSession, item: str, key: str) -> StoredFile:
    whole = with_papers(with_archive(TrainingSession.objects.filter(pk=session.pk))).get()
    for paper in item_papers(whole).get(item, ()):
        if paper.key == key:
            return paper.file
    raise InvalidInputError(_("这份材料不属于这一项，或已经撤下。"))


@transaction.atomic
def return_dossier(dossier_id: int, *, actor: Actor) -> Dossier:
    """退回补正: the items that were marked go back, each with its reason; the institution changes only those."""
    dossier, running = _under_review(dossier_id, actor)
    marked = [item.review for item in standing(dossier).returned_items if item.review]
    if not marked:
        raise InvalidInputError(_("还没有标出要退回的项目。请先在该项上写明原因并退回。"))
    dossier.returned_items = [review.item for review in marked]
    dossier.return_reason = "；".join(f"{review.item} {review.reason}" for review in marked)
    dossier.save(update_fields=["return_reason", "returned_items"])
    running.returned_by_id, running.returned_at = actor.user_id, clock.now()
    running.save(update_fields=["returned_by", "returned_at"])
    dossier.enter(DossierStatus.RETURNED)
    codes = " ".join(dossier.returned_items)
    tell(Kind.DOSSIER_RETURNED, dossier, INSTITUTION_ROLES, actor=actor, items=codes)
    record(actor, "dossier.returned", dossier, items=dossier.returned_items, reason=dossier.return_reason)
    return dossier


@transaction.atomic
def confirm_dossier(dossier_id: int, *, actor: Actor) -> ReviewRound:
    """复核: somebody else than who accepted the items agrees with all of it. Twice changes nothing."""
    dossier, running = _under_review(dossier_id, actor)
    found = standing(dossier)
    if running.confirmed_by_id == actor.user_id and running.confirmed_at:
        return running
    _demand_second_person(found, actor)
    running.confirmed_by_id, running.confirmed_at = actor.user_id, clock.now()
    running.save(update_fields=["confirmed_by", "confirmed_at"])
    record(actor, "dossier.confirmed", dossier)
    return running


def _demand_second_person(found: Standing, actor: Actor) -> None:
    if found.open_items:
        codes = [item.code for item in found.open_items]
        raise UnreviewedDossierError(
            _("还有项目没有核验通过：%(items)s。") % {"items": _("、").join(codes)}, items=codes
        )
    if actor.user_id in found.reviewers:
        raise ForbiddenError(_("核验过其中项目的人不能复核，请由另一人复核。"))


def tell(kind: Kind, dossier: Dossier, roles: Collection[Role], *, actor: Actor, **more: str) -> None:
    session = dossier.training_session
    notify(kind, session, roles=roles, actor=actor, session=str(session), **more)
