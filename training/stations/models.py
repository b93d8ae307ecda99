"""Sign-in stations: who they are, which key is theirs, when they were last heard."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.stations.choices import STATION_TRANSITIONS, Permission, StationStatus


def all_permissions() -> list[str]:
    return list(Permission.values)


class Station(Lifecycle):
    """签到终端. Its events are believed because of `public_key`, whose private half never left it.

    `may` holds values of `Permission`; `report` is the last `kiosk.report.StationReport`, empty before
    the first. A station with another key is another station: it `replaces` the old one. Every event numbered
    up to `complete_to` has come: a ledger that is only added to is searched for holes behind it alone.
    """

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    TRANSITIONS = STATION_TRANSITIONS
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="stations")
    name = models.CharField(_("终端名称"), max_length=64)
    public_key = models.CharField(_("公钥"), max_length=44, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    software = models.CharField(_("软件版本"), max_length=64, blank=True)
    status = models.CharField(_("状态"), max_length=16, choices=StationStatus, default=StationStatus.ACTIVE)
    enrolled_at = models.DateTimeField(_("登记时间"))
    last_seen_at = models.DateTimeField(_("最近联系"), null=True)
    may = models.JSONField(_("可以办理"), default=all_permissions)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    report = models.JSONField(default=dict)
    reported_at = models.DateTimeField(_("最近报告"), null=True)
    complete_to = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "enrolled_at"]

    def __str__(self) -> str:
        return self.name


class StationCode(ScopedModel):
    """One-time code that lets one machine become a station. Only its hash is kept.

    With `renews` it is for a station that is there: the machine that holds its key gets a new token, a
    machine with another key takes its place. `station` is who used it.
    """

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="station_codes")
    station_name = models.CharField(_("终端名称"), max_length=64)
    code_hash = models.CharField(max_length=64, unique=True)
    issued_by = models.CharField(max_length=64)
    expires_at = models.DateTimeField(_("有效期止"))
    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="codes")
    renews = models.ForeignKey(Station, models.PROTECT, null=True, related_name="renewal_codes")

    def __str__(self) -> str:
        return self.station_name
