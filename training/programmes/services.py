from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.programmes.models import FundLine, Programme, RuleSet, Target
from training.programmes.preset import Preset


@transaction.atomic
def load_programme(preset: Preset, *, actor: Actor) -> Programme:
    """Set up a programme from a preset: its fund lines, targets and first rule set, in force from its start.

    Raises InvalidInputError if the programme exists: rules then change by a new rule set.
    """
    if Programme.objects.filter(code=preset.code).exists():
        raise InvalidInputError(_("项目 %(code)s 已经建立，规则请用新的规则集修改。") % {"code": preset.code})
    programme = Programme.objects.create(
        code=preset.code,
        name=preset.name,
        county=preset.county,
        region_code=preset.region_code,
        mark_text=preset.mark_text,
        phones=[str(phone) for phone in preset.phones],
        starts_on=preset.window.starts_on,
        ends_on=preset.window.ends_on,
        source_document=preset.document.title,
    )
    for line in preset.fund_lines:
        FundLine.objects.create(
            programme=programme,
            code=line.code,
            name=line.name,
            total_fen=line.total_fen,
            by_source_fen=line.by_source_fen,
            clause=line.clause,
        )
    for target in preset.targets:
        Target.objects.create(
            programme=programme,
            code=target.code,
            metric=target.metric,
            value=target.value,
            unit=target.unit,
            due_on=target.due_on,
            clause=target.clause,
        )
    RuleSet.objects.create(
        programme=programme,
        version=1,
        effective_on=preset.window.starts_on,
        body=preset.model_dump(mode="json"),
    )
    record(actor, "programme.loaded", programme, preset=preset.code)
    return programme
