"""Tokens as their pages show them, in a number of queries that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from training.core import clock
from training.core.actor import Actor
from training.institutions.models import Institution
from training.partners.choices import Purpose, TokenState
from training.partners.queries import tokens

TOKEN_COLUMNS = (
    gettext_lazy("使用单位"),
    gettext_lazy("凭证开头"),
    gettext_lazy("联系人"),
    gettext_lazy("用途说明"),
    gettext_lazy("可以读取"),
    gettext_lazy("数据范围"),
    gettext_lazy("签发日期"),
    gettext_lazy("有效期止"),
    gettext_lazy("最近使用"),
    gettext_lazy("读取次数"),
    gettext_lazy("状态"),
    gettext_lazy("停用原因"),
)


def listed(actor: Actor, *, q: str = "", state: str = "", purpose: str = "") -> QuerySet[Any]:
    """An empty argument does not filter."""
    rows = tokens(actor).filter(partner__icontains=q)
    if state:
        rows = rows.filter(_in_state(state))
    if purpose:  # a value of ours in quotation marks is in no other value
        rows = rows.filter(purposes__icontains=f'"{purpose}"')
    return rows


def _in_state(state: str) -> Q:
    if state == TokenState.REVOKED:
        return Q(revoked_at__isnull=False)
    in_time = Q(expires_on__gte=clock.today())
    return Q(revoked_at__isnull=True) & (in_time if state == TokenState.ACTIVE else ~in_time)


def purposes_of(token: Any) -> list[str]:
    """In words, in the order of the choices."""
    return [str(Purpose(purpose).label) for purpose in token.purposes]


def token_lines(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    for token in rows:
        yield (
            token.partner,
            token.prefix,
            token.contact,
            token.reason,
            _("；").join(purposes_of(token)),
            token.institution or _("全县"),
            f"{token.issued_at:%Y-%m-%d}",
            token.expires_on,
            token.last_used_on or "",
            token.answered,
            token.state.label,
            token.revoked_reason,
        )


def institutions(actor: Actor) -> QuerySet[Institution]:
    return Institution.objects.visible_to(actor).order_by("name")
