"""A county whose document asks its towns for monthly reports (惠东), and one whose class was held (石城)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.standing import Clock
from tests.training.web.conftest import browse, closed
from training.accounts.choices import Role
from training.accounts.models import Membership
from training.accounts.queries import actor_for
from training.accounts.services import add_member
from training.core.actor import SYSTEM, Actor
from training.demo.scenery import Staff, add_county_staff
from training.programmes.models import Programme
from training.programmes.preset import Preset
from training.programmes.preset_file import load_preset
from training.programmes.region_file import CODE, NAME
from training.programmes.services import load_programme, load_regions

__all__ = ["browse", "closed"]

TOWNS = ("平山街道", "大岭街道", "白花镇", "梁化镇")
JUNE = date(2020, 6, 1)


@cache
def preset() -> Preset:
    return load_preset("huidong")


@dataclass
class Towns:
    """`officers` by their town; the office is the leading group's."""

    programme: Programme
    staff: Staff
    officers: dict[str, Membership]

    def of(self, town: str) -> Actor:
        return actor_for(self.officers[town])

    @property
    def office(self) -> Actor:
        return self.staff.actor(Role.LEADING_GROUP)

    def browse(self, who: Role | str) -> Client:
        client = Client()
        member = self.officers[who] if who in self.officers else self.staff.members[Role(who)]
        client.force_login(member.user)
        return client


@pytest.fixture
def towns(db: None, clock: Clock, settings: Any, tmp_path: Path) -> Towns:
    """On the morning of 1 June 2020."""
    settings.MEDIA_ROOT = tmp_path / "media"
    clock.set(at(date(2020, 6, 1)))
    programme = load_programme(preset(), actor=SYSTEM)
    staff = add_county_staff(programme, "hd-")
    rows = [f"{CODE},{NAME}", *(f"{programme.region_code}{n:03d},{town}" for n, town in enumerate(TOWNS, 1))]
    load_regions(programme.pk, data="\n".join(rows).encode(), source="测试用名单", actor=SYSTEM)
    staff.members[Role.TOWNSHIP].delete()
    officers = {
        town: add_member(
            f"town-{n}",
            display_name=f"{town}干部",
            role=Role.TOWNSHIP,
            workplace=f"{town}人民政府",
            programme_id=programme.pk,
            township=town,
        )
        for n, town in enumerate(TOWNS, 1)
    }
    return Towns(programme, staff, officers)


def at(day: date, hour: int = 9) -> datetime:
    """That hour in the county."""
    return datetime.combine(day, time(hour - 8), UTC)


WRITTEN = {"stations": "新建两个服务站。", "training": "组织两期动员。", "upstream": "荔枝、马铃薯。"}


@pytest.fixture
def on(clock: Clock) -> Callable[..., None]:
    """Go to that day."""
    return lambda day, hour=9: clock.set(at(day, hour))
