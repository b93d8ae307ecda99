from __future__ import annotations

from datetime import date

from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.programmes.models import Programme, RuleSet


def the_programme(actor: Actor) -> Programme:
    """The programme of this actor's membership; raises NotFoundError if they have none."""
    programme: Programme | None = Programme.objects.visible_to(actor).first()
    if programme is None:
        raise NotFoundError("programmes.Programme")
    return programme


def rule_set_on(programme: Programme, day: date, *, actor: Actor) -> RuleSet:
    """The version in force on `day`; before the first takes effect, the first."""
    versions = RuleSet.objects.visible_to(actor).filter(programme=programme)
    rule_set: RuleSet | None = (
        versions.filter(effective_on__lte=day).order_by("-effective_on", "-version").first()
        or versions.order_by("version").first()
    )
    if rule_set is None:
        raise NotFoundError("programmes.RuleSet")
    return rule_set
