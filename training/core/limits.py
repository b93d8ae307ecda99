"""How often somebody may ask: one counter for sign-in, public pages and the API."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from axes.helpers import get_client_ip_address
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_ratelimit import ALL
from django_ratelimit.core import get_usage

from training.core.errors import TrainingError


@dataclass(frozen=True)
class Allowance:
    """What is left in this window; `seconds` until the next one begins."""

    limit: int
    remaining: int
    seconds: int


class TooManyRequestsError(TrainingError):
    code = "too_many_requests"
    http_status = 429

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(_("操作太频繁，请稍等几分钟再试。"), retry_after=allowance.seconds)
        self.allowance = allowance


def take(group: str, who: str, *, limit: int, seconds: int) -> Allowance | None:
    """Count one request of `who` in `group`: at most `limit` in each window of `seconds`.

    Raises TooManyRequestsError beyond that; None where counting is switched off. The counts of one machine's
    processes are shared through a cache on its disk and may miss a few where two ask in the same instant.
    """
    usage = get_usage(
        None, group, key=lambda _group, _request: who, rate=(limit, seconds), method=ALL, increment=True
    )
    if usage is None:
        return None
    allowance = Allowance(limit, max(0, limit - usage["count"]), max(1, usage["time_left"]))
    if usage["should_limit"]:
        raise TooManyRequestsError(allowance)
    return allowance


def caller(request: HttpRequest) -> str:
    """The address that asks; of IPv6 the network, since one household has more addresses than anybody could count."""
    said = get_client_ip_address(request) or ""
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said
    if address.version == 4:
        return said
    return str(ipaddress.ip_network((address, 64), strict=False))
