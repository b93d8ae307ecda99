from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime

from training.core.audit_check import Mismatch, Trail, check_trails


class Command(BaseCommand):
    """Prints each trail's end too: noted down elsewhere, it shows later that nothing before it was rewritten."""

    help = "核对操作记录有没有被改、被删、被插入 / check that no row of the audit trail was changed, removed or inserted"

    def handle(self, *args: Any, **options: Any) -> None:
        trails = list(check_trails())
        for trail in trails:
            self.stdout.write(_line(trail))
            for mismatch in trail.mismatches:
                self.stdout.write(f"  {_words(mismatch)}")
        faults = sum(len(trail.mismatches) for trail in trails)
        if faults:
            raise CommandError(f"操作记录有 {faults} 处对不上 / {faults} faults in the audit trail")
        self.stdout.write("操作记录完整 / the audit trail is whole")


def _line(trail: Trail) -> str:
    whose = f"项目 {trail.programme} / programme" if trail.programme else "系统与账号 / system and accounts"
    return f"{whose}：{trail.rows} 条 / rows，链尾 / end {trail.last_hash or '—'}"


def _words(mismatch: Mismatch) -> str:
    event = mismatch.event
    if event is None:
        return str(mismatch.fault.label)
    return f"#{event.pk} {localtime(event.at):%Y-%m-%d %H:%M:%S} {event.actor_name} {event.verb} {event.subject}：{mismatch.fault.label}"
