from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import SYSTEM, Actor, All
from training.core.audit import record
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError
from training.programmes.changes import changes
from training.programmes.choices import RegionLevel
from training.programmes.draft import (
    Body,
    checked,
    with_entry,
    with_entry_moved_up,
    with_section,
    without_entry,
)
from training.programmes.errors import RegionsRefusedError
from training.programmes.models import FundLine, Programme, Region, RuleDraft, RuleSet
from training.programmes.preset import Preset
from training.programmes.queries import gazetteer, newest
from training.programmes.rebase import Path, rebased
from training.programmes.region_file import Place, read_regions
from training.programmes.schema import IDENTITY
from training.programmes.signals import regions_loaded


@transaction.atomic
def load_programme(preset: Preset, *, actor: Actor) -> Programme:
    """Set up a programme from a preset: its first rule set, in force from its start, its fund lines and county.

    Raises InvalidInputError if the programme exists: rules then change by `adopt`.
    """
    if Programme.objects.filter(code=preset.code).exists():
        raise InvalidInputError(_("项目 %(code)s 已经建立，规则请用新的规则集修改。") % {"code": preset.code})
    programme: Programme = Programme.objects.create(
        code=preset.code, name=preset.name, county=preset.county, region_code=preset.region_code
    )
    RuleSet.objects.create(
        programme=programme,
        version=1,
        effective_on=preset.window.starts_on,
        body=preset.model_dump(mode="json"),
        adopted_by_id=actor.user_id,
        adopted_at=clock.now(),
    )
    _keep_fund_lines(programme, preset)
    Region.objects.create(
        programme=programme,
        code=preset.region_code,
        name=preset.county,
        level=RegionLevel.COUNTY,
        source=_("GB/T 2260，随项目规则"),
    )
    record(actor, "programme.loaded", programme, preset=preset.code)
    return programme


def open_programme(preset: Preset, *, actor: Actor) -> Programme:
    """`load_programme` by an administrator of the whole installation, who then gives the county its accounts."""
    demand(actor, "programme.open")
    if not isinstance(actor.reach.get("account"), All):
        raise ForbiddenError(_("建立项目由整个系统的管理员办理。"))
    return load_programme(preset, actor=actor)


def _keep_fund_lines(programme: Programme, preset: Preset) -> None:
    """A row for each, to hang agreements on; a line that a version leaves out stays for those that hang there."""
    for line in preset.fund_lines:
        said = {"name": line.name, "claimable": line.claimable}
        FundLine.objects.update_or_create(programme=programme, code=line.code, defaults=said)


# The next version


@transaction.atomic
def start_draft(programme_id: int, *, actor: Actor) -> RuleDraft:
    """A copy of the newest version to work on; the draft there is, if there is one."""
    demand(actor, "rules.draft")
    programme: Programme = Programme.objects.lock(actor, pk=programme_id)
    latest = newest(programme, actor)
    draft, made = RuleDraft.objects.get_or_create(
        programme=programme, defaults={"body": latest.body, "based_on": latest, **_touched(actor)}
    )
    if made:
        record(actor, "rules.draft_started", draft, based_on=latest.version)
    return draft


def _touched(actor: Actor) -> dict[str, Any]:
    return {"updated_by_id": actor.user_id, "updated_at": clock.now()}


@transaction.atomic
def propose(programme_id: int, preset: Preset, *, actor: Actor) -> RuleDraft:
    """Put whole rules, from a file, in the place of the draft. Raises InvalidInputError for another programme's."""
    draft = start_draft(programme_id, actor=actor)
    _refuse_another_identity(draft.programme, preset, actor)
    draft.based_on = newest(draft.programme, actor)
    draft.save(update_fields=["based_on"])
    return _change(programme_id, lambda _body: preset.model_dump(mode="json"), actor=actor)


def save_section(programme_id: int, section: str, value: Any, *, actor: Actor) -> RuleDraft:
    """Put a section into the draft, which starts with it if there is none.

    Raises RulesRefusedError, and nothing of it is kept; what another section says to it shows on the draft.
    """
    change = partial(with_section, section=section, value=value)
    return _change(programme_id, change, actor=actor, section=section)


def save_entry(programme_id: int, section: str, key: str, entry: Any, *, actor: Actor) -> RuleDraft:
    """Put the entry in the place of that with the key, at the end where the key is blank; as `save_section`."""
    change = partial(with_entry, section=section, key=key, entry=entry)
    return _change(programme_id, change, actor=actor, section=section)


def remove_entry(programme_id: int, section: str, key: str, *, actor: Actor) -> RuleDraft:
    """Of the draft; sessions under earlier versions keep theirs."""
    change = partial(without_entry, section=section, key=key)
    return _change(programme_id, change, actor=actor, section=section)


def move_entry_up(programme_id: int, section: str, key: str, *, actor: Actor) -> RuleDraft:
    """Before the entry that it follows; the first stays where it is."""
    change = partial(with_entry_moved_up, section=section, key=key)
    return _change(programme_id, change, actor=actor, section=section)


@transaction.atomic
def _change(
    programme_id: int, change: Callable[[Body], Body], *, actor: Actor, section: str = ""
) -> RuleDraft:
    """The programme is locked by `start_draft`, so that two people's changes follow one another."""
    draft = start_draft(programme_id, actor=actor)
    draft.body = change(draft.body)
    draft.updated_by_id, draft.updated_at = actor.user_id, clock.now()
    draft.save(update_fields=["body", "updated_by", "updated_at"])
    record(actor, "rules.draft_changed", draft, section=section)
    return draft


@transaction.atomic
def discard_draft(draft_id: int, *, actor: Actor) -> Programme:
    """What was written is gone; the versions in force stay as they are."""
    demand(actor, "rules.draft")
    draft: RuleDraft = RuleDraft.objects.lock(actor, pk=draft_id)
    programme: Programme = draft.programme
    record(actor, "rules.draft_discarded", draft)
    draft.delete()
    return programme


@transaction.atomic
def rebase_draft(draft_id: int, *, actor: Actor) -> tuple[RuleDraft, list[Path]]:
    """Move the draft onto the newest version; the places where that said otherwise, and now stands."""
    demand(actor, "rules.draft")
    draft: RuleDraft = RuleDraft.objects.lock(actor, pk=draft_id)
    latest = newest(draft.programme, actor)
    merge = rebased(draft.body, on=latest.body, base=draft.based_on.body)
    before, draft.body, draft.based_on = draft.based_on.version, merge.body, latest
    draft.updated_by_id, draft.updated_at = actor.user_id, clock.now()
    draft.save(update_fields=["body", "based_on", "updated_by", "updated_at"])
    places = ["/".join(path) for path in merge.met]
    record(actor, "rules.draft_rebased", draft, version=latest.version, before=before, gave_way=places)
    return draft, merge.met


@transaction.atomic
def adopt_draft(draft_id: int, *, effective_on: date, reason: str, actor: Actor) -> RuleSet:
    """Make the draft the next version; raises RulesRefusedError for one that contradicts itself, else as `adopt`."""
    demand(actor, "rules.change")
    draft: RuleDraft = RuleDraft.objects.lock(actor, pk=draft_id)
    if draft.based_on_id != newest(draft.programme, actor).pk:
        raise InvalidInputError(
            _("草稿是按第 %(version)s 版改的，之后又有了新版本。请先把草稿移到新版本上。")
            % {"version": draft.based_on.version}
        )
    programme_id, preset = draft.programme_id, checked(draft.body)
    draft.delete()
    return adopt(programme_id, preset, effective_on=effective_on, reason=reason, actor=actor)


@transaction.atomic
def adopt(programme_id: int, preset: Preset, *, effective_on: date, reason: str, actor: Actor) -> RuleSet:
    """The programme's next version, in force from `effective_on`; what was planned by an earlier one keeps it.

    Raises InvalidInputError for a day that is not in the future or not after the newest version's, for no
    reason, no change, or another programme's identity.
    """
    demand(actor, "rules.change")
    programme: Programme = Programme.objects.lock(actor, pk=programme_id)
    latest = newest(programme, actor)
    _refuse_another_identity(programme, preset, actor)
    if not reason.strip():
        raise InvalidInputError(_("请写明修改原因和依据。"))
    if effective_on <= clock.today():
        raise InvalidInputError(_("规则只能从今后起改：生效日期最早是明天。"))
    if effective_on <= latest.effective_on:
        raise InvalidInputError(
            _("第 %(version)s 版 %(on)s 生效，新版要在它之后生效。")
            % {"version": latest.version, "on": latest.effective_on}
        )
    changed = changes(latest.rules, preset)
    if not changed:
        raise InvalidInputError(_("与第 %(version)s 版没有不同。") % {"version": latest.version})
    rule_set: RuleSet = RuleSet.objects.create(
        programme=programme,
        version=_next_version(programme),
        effective_on=effective_on,
        body=preset.model_dump(mode="json"),
        reason=reason.strip(),
        adopted_by_id=actor.user_id,
        adopted_at=clock.now(),
    )
    _keep_fund_lines(programme, preset)
    record(
        actor,
        "rules.adopted",
        rule_set,
        version=rule_set.version,
        effective_on=effective_on.isoformat(),
        changes=len(changed),
    )
    return rule_set


def _next_version(programme: Programme) -> int:
    """A withdrawn version keeps its number."""
    return programme.rule_sets.count() + 1


def _refuse_another_identity(programme: Programme, preset: Preset, actor: Actor) -> None:
    rules = newest(programme, actor).rules
    if any(getattr(preset, name) != getattr(rules, name) for name in IDENTITY):
        raise InvalidInputError(
            _("项目代码、名称、县、省、区划代码和时区不能改；这份规则是 %(code)s %(county)s的。")
            % {"code": preset.code, "county": preset.county}
        )


@transaction.atomic
def withdraw_version(rule_set_id: int, *, reason: str, actor: Actor) -> RuleSet:
    """Take back the newest version before its day; raises InvalidTransitionError afterwards."""
    demand(actor, "rules.change")
    rule_set: RuleSet = RuleSet.objects.lock(actor, pk=rule_set_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明撤回原因。"))
    if rule_set.withdrawn_at or rule_set.version == 1 or rule_set.effective_on <= clock.today():
        raise InvalidTransitionError(_("这一版已经生效或已经撤回，不能再撤回。要改请另立新版本。"))
    if rule_set.pk != newest(rule_set.programme, actor).pk:
        raise InvalidTransitionError(_("它之后还有新版本，请先撤回最新的一版。"))
    rule_set.withdrawn_by_id, rule_set.withdrawn_at = actor.user_id, clock.now()
    rule_set.withdrawal_reason = reason.strip()
    rule_set.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawal_reason"])
    record(actor, "rules.withdrawn", rule_set, version=rule_set.version, reason=rule_set.withdrawal_reason)
    return rule_set


# Places


@transaction.atomic
def load_regions(programme_id: int, *, data: bytes, source: str, actor: Actor) -> int:
    """Take a list of places from a CSV file, new ones and new names; how many lines it had.

    Raises RegionsRefusedError with every mistake, and nothing is taken. A place that the file leaves out stays,
    and a poverty flag stays where the file's columns say nothing of it.
    """
    if actor != SYSTEM:
        demand(actor, "region.manage")
    programme: Programme = Programme.objects.lock(actor, pk=programme_id)
    if not source.strip():
        raise InvalidInputError(_("请写明名单从哪里来，例如“县民政局 2021 年村（社区）名录”。"))
    known = set(programme.regions.values_list("code", flat=True))
    places, problems = read_regions(data, county=programme.region_code, known=known)
    if problems:
        raise RegionsRefusedError(problems)
    for place in places:
        _keep_place(programme, place, source.strip())
    _spell_officers(programme)
    regions_loaded.send(sender=Programme, programme=programme)
    record(actor, "regions.loaded", programme, lines=len(places), source=source.strip())
    return len(places)


def _spell_officers(programme: Programme) -> None:
    """A township officer sees by its exact name: 琴江 becomes the list's 琴江镇, as on rosters."""
    places = gazetteer(programme)
    for officer in Membership.objects.filter(programme_id=programme.pk, role=Role.TOWNSHIP):
        officer.township = places.spell(officer.township).township
        officer.save(update_fields=["township"])


def _keep_place(programme: Programme, place: Place, source: str) -> None:
    """The lines come parents first."""
    fields: dict[str, Any] = {"name": place.name, "level": place.level, "source": source}
    if place.parent:
        fields["parent"] = Region.objects.get(programme=programme, code=place.parent)
    if place.poor_from:
        fields |= {
            "poor_from": place.poor_from,
            "poor_until": place.poor_until,
            "poor_source": place.poor_source or source,
        }
    Region.objects.update_or_create(programme=programme, code=place.code, defaults=fields)


@transaction.atomic
def list_as_poor(
    region_id: int, *, poor_from: date, poor_until: date | None, poor_source: str, actor: Actor
) -> Region:
    """A village is, or was, on the list of poverty villages. Raises InvalidInputError for what makes no sense."""
    demand(actor, "region.manage")
    region: Region = Region.objects.lock(actor, pk=region_id)
    if region.level != RegionLevel.VILLAGE:
        raise InvalidInputError(_("只有村能认定为贫困村。"))
    if poor_until and poor_until < poor_from:
        raise InvalidInputError(_("退出日期早于认定日期。"))
    if not poor_source.strip():
        raise InvalidInputError(_("请写明认定依据。"))
    region.poor_from, region.poor_until, region.poor_source = poor_from, poor_until, poor_source.strip()
    region.save(update_fields=["poor_from", "poor_until", "poor_source"])
    record(actor, "region.listed_as_poor", region, poor_from=str(poor_from), poor_until=str(poor_until or ""))
    return region


@transaction.atomic
def unlist_as_poor(region_id: int, *, reason: str, actor: Actor) -> Region:
    """It never was on the list: the flag was a mistake. One that left the list keeps the flag, with its end."""
    demand(actor, "region.manage")
    region: Region = Region.objects.lock(actor, pk=region_id)
    if not reason.strip():
        raise InvalidInputError(_("请写明原因。"))
    region.poor_from, region.poor_until, region.poor_source = None, None, ""
    region.save(update_fields=["poor_from", "poor_until", "poor_source"])
    record(actor, "region.unlisted_as_poor", region, reason=reason.strip())
    return region
