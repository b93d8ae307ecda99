from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models import QuerySet

from training.core import clock
from training.core.actor import Actor
from training.core.errors import NotFoundError
from training.programmes.choices import RegionLevel
from training.programmes.models import Programme, Region, RuleDraft, RuleSet
from training.programmes.places import PlaceList, PlaceNames, Spelling, place_word


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


class Gazetteer:
    """The places of one programme by the words of a roster; read once for however many look-ups."""

    def __init__(self, regions: Mapping[PlaceNames, Region]) -> None:
        self._regions = regions
        self._list = PlaceList(regions)

    def __bool__(self) -> bool:
        """Whether the county has given its list."""
        return bool(self._regions)

    @property
    def townships(self) -> list[str]:
        return self._list.townships

    def find(self, township: str, village: str = "") -> Region | None:
        """The village, the township where none is named; None for a place that is not in the list."""
        spelt = self._list.spell(township, village)
        return None if spelt.unknown else self._regions.get((spelt.township, spelt.village))

    def spell(self, township: str, village: str = "") -> Spelling:
        return self._list.spell(township, village)


def gazetteer(programme: Programme) -> Gazetteer:
    """Empty where the county hasn't given its list."""
    places = programme.regions.exclude(level=RegionLevel.COUNTY).select_related("parent")
    return Gazetteer({_names(place): place for place in places})


def _names(place: Region) -> PlaceNames:
    if place.level == RegionLevel.TOWNSHIP or place.parent is None:
        return place_word(place.name), ""
    return place_word(place.parent.name), place_word(place.name)


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
