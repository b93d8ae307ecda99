from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from training.accounts.models import Membership
from training.accounts.queries import actor_for
from training.core.actor import SYSTEM, Actor
from training.core.errors import TrainingError
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.preset_file import PresetError, load_preset, located, preset_names
from training.programmes.services import adopt, load_programme, propose


class Command(BaseCommand):
    help = (
        "按预设建立县域项目；项目已经建立的，把改过的文件放进规则草稿，或者直接成为下一版 / set up a programme "
        "from a preset or a YAML file; of a programme that exists, make the changed file its draft or next version"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("preset", help=f"{', '.join(preset_names())}, or the path of a YAML file")
        parser.add_argument(
            "--by", default="", help="账号，修改规则的人 / account of the person who changes the rules"
        )
        parser.add_argument(
            "--effective-on",
            type=date.fromisoformat,
            help="下一版哪天生效；不写，就放进草稿 / day the next version takes effect; without it, a draft",
        )
        parser.add_argument("--reason", default="", help="修改原因和依据 / why, and by what")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            said = _load(
                load_preset(options["preset"]), options["by"], options["effective_on"], options["reason"]
            )
        except PresetError as refused:
            problems = (located(line, message, file=refused.file) for line, message in refused.problems)
            raise CommandError("\n".join(problems)) from refused
        except TrainingError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(said)


def _load(preset: Preset, by: str, effective_on: date | None, reason: str) -> str:
    """What was done, in words."""
    programme = Programme.objects.filter(code=preset.code).first()
    if programme is None:
        programme = load_programme(preset, actor=SYSTEM)
        return f"{programme.code} {programme.name}（id {programme.pk}）"
    person = _person(programme, by)
    if effective_on is None:
        propose(programme.pk, preset, actor=person)
        return _("%(code)s：已放进规则草稿，由商务局负责人在“项目规则”里批准。") % {"code": programme.code}
    rule_set = adopt(programme.pk, preset, effective_on=effective_on, reason=reason, actor=person)
    told = {"code": programme.code, "version": rule_set.version, "on": rule_set.effective_on}
    return _("%(code)s：第 %(version)s 版规则，%(on)s 起生效。") % told


def _person(programme: Programme, username: str) -> Actor:
    """Rules are changed by somebody of the county, never by whoever has the console alone."""
    held = Membership.objects.filter(user__username=username, programme_id=programme.pk).first()
    if held is None:
        raise CommandError(
            _("项目 %(code)s 已经建立。请用 --by 写明本县修改规则的人的账号。") % {"code": programme.code}
        )
    return actor_for(held)
