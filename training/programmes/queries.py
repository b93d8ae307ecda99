from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from django.db.models import QuerySet

from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region, RuleDraft, RuleSet


def the_programme(actor: Actor) -> Programme:
    """The programme of this actor's membership; raises NotFoundError if they have none."""
    programme: Programme | None = Programme.objects.visible_to(actor).with_header(clock.today()).first()
    if programme is None:
        raise NotFoundError("programmes.Programme")
    return programme


def rule_set_on(programme: Programme, day: date, *, actor: Actor) -> RuleSet:
    """The version in force on `day`; before the first takes effect, the first."""
    rule_set: RuleSet | None = (
        RuleSet.objects.visible_to(actor).in_force(day).filter(programme=programme).first()
    )
    if rule_set is None:
        raise NotFoundError("programmes.RuleSet")
    return rule_set


def versions(programme: Programme, actor: Actor) -> QuerySet[RuleSet]:
    """All that were ever adopted, newest first, withdrawn ones among them."""
    return (
        RuleSet.objects.visible_to(actor)
        .filter(programme=programme)
        .select_related("adopted_by", "withdrawn_by")
    )


def newest(programme: Programme, actor: Actor) -> RuleSet:
    """The last version that stands, whether its day has come or not: what the next one changes."""
    rule_set: RuleSet | None = versions(programme, actor).filter(withdrawn_at__isnull=True).first()
    if rule_set is None:
        raise NotFoundError("programmes.RuleSet")
    return rule_set


def pending_version(programme: Programme, actor: Actor) -> RuleSet | None:
    """The version that will take effect next, if there is one."""
    coming = versions(programme, actor).filter(withdrawn_at__isnull=True, effective_on__gt=clock.today())
    rule_set: RuleSet | None = coming.exclude(version=1).order_by("version").first()
    return rule_set


def version_numbered(number: int, actor: Actor) -> RuleSet:
    """Raises NotFoundError."""
    rule_set: RuleSet = RuleSet.objects.select_related("programme", "adopted_by", "withdrawn_by").fetch(
        actor, version=number
    )
    return rule_set


def the_draft(programme: Programme, actor: Actor) -> RuleDraft | None:
    drafts = RuleDraft.objects.visible_to(actor).select_related("based_on", "updated_by")
    draft: RuleDraft | None = drafts.filter(programme=programme).first()
    return draft


# Places

_COMMITTEES = ((re.compile(r"村?村民委员会$|村委会$"), "村"), (re.compile(r"居民委员会$|居委会$"), ""))


def _place_word(name: str) -> str:
    """The name without blanks; a village's committee (大畲村村民委员会, 大畲村委会) stands for the village."""
    word = "".join(name.split())
    for committee, village in _COMMITTEES:
        word = committee.sub(village, word)
    return word


PlaceNames = tuple[str, str]
"""(township, village); the village blank for the township itself."""


class Gazetteer:
    """The places of one programme by the words of a roster; read once for however many look-ups."""

    def __init__(self, regions: Mapping[PlaceNames, Region]) -> None:
        self._regions = regions

    def find(self, township: str, village: str = "") -> Region | None:
        """The village, the township where none is named; None for a place that is not in the list."""
        return self._regions.get((_place_word(township), _place_word(village)))


def gazetteer(programme: Programme) -> Gazetteer:
    places = programme.regions.exclude(level=RegionLevel.COUNTY).select_related("parent")
    return Gazetteer({_names(place): place for place in places})


def _names(place: Region) -> PlaceNames:
    if place.level == RegionLevel.TOWNSHIP or place.parent is None:
        return _place_word(place.name), ""
    return _place_word(place.parent.name), _place_word(place.name)


def region_of(programme: Programme, township: str, village: str = "") -> Region | None:
    """The place by its names; whoever looks up many asks `gazetteer` once."""
    return gazetteer(programme).find(township, village)


def regions(programme: Programme, actor: Actor) -> QuerySet[Region]:
    """With the township of each village."""
    return Region.objects.visible_to(actor).filter(programme=programme).select_related("parent")


def region_by_id(pk: int, actor: Actor) -> Region:
    """Raises NotFoundError."""
    region: Region = Region.objects.select_related("parent", "programme").fetch(actor, pk=pk)
    return region
