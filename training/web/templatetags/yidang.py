"""What the templates of every area share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from training.accounts.permissions import may as actor_may
from training.attendance.choices import MARKS, CorrectionSource, Flag, Method
from training.core.actor import Actor
from training.courses.rules import in_hours as as_hours
from training.dossiers.missing import ItemResult
from training.people.models import Trainee
from training.people.rules import mask_phone
from training.scheduling.choices import HalfDay
from training.web.archives.places import place_of
from training.web.language import carried
from training.web.outcomes.queries import shown_name

register = template.Library()


@register.filter
def may(actor: Actor, act: str) -> bool:
    """`{% if actor|may:"session.approve" %}`: whether this actor's role may do it."""
    return actor_may(actor, act)


@register.simple_tag(takes_context=True)
def public_url(context: Mapping[str, Any], name: str, *args: Any) -> str:
    """`{% public_url 'portal-programme' code %}`: like `url`, and in the language that this page was asked for."""
    request = context.get("request")
    return carried(request, reverse(name, args=args)) if request else reverse(name, args=args)


@register.filter
def named_for(trainee: Trainee, actor: Actor) -> str:
    """`{{ trainee|named_for:actor }}`: with stars for who only counts."""
    return shown_name(trainee, actor)


@register.filter
def yuan(fen: int) -> str:
    """分 as 元: 1234500 → 12,345.00."""
    return f"{fen / 100:,.2f}"


@register.filter
def masked_phone(phone: str) -> str:
    return mask_phone(phone) if phone else ""


@register.filter
def device_kind(device: str) -> str:
    """What a `User-Agent` says that somebody worked at; empty for none."""
    if not device:
        return ""
    return _("手机") if "Mobi" in device else _("电脑")


@register.filter
def suppliers(codes: Iterable[str]) -> str:
    """Who must supply an archive item, in words."""
    words = {
        "institution": _("培训机构"),
        "bureau": _("商务局"),
        "system": _("系统自动生成"),
        "township": _("乡镇"),
        "follow_up": _("跟踪服务人员"),
    }
    return _("、").join(words[code] for code in codes)


@register.inclusion_tag("parts/nine_grid.html", takes_context=True)
def nine_grid(
    context: Mapping[str, Any],
    items: Sequence[ItemResult],
    *,
    session: Any = None,
    small: bool = False,
    sealed: bool = False,
) -> dict[str, Any]:
    """九宫格: one cell an archive item, filled and ticked when complete; always in reading order A1…A9.

    With the `session` a small one leads to its grid, and each cell of a large one to where something can be
    done about the item. The session is read with its dossier.
    """
    actor = context.get("actor")

    def place(item: str) -> str:
        return place_of(session, item, actor) if session is not None and actor is not None else ""

    return {
        "cells": [(item, place(item.code)) for item in items],
        "href": place(""),
        "small": small,
        "sealed": sealed,
        "label": grid_label(items),
    }


@register.filter
def grid_label(items: Sequence[ItemResult]) -> str:
    """The grid in one sentence, for those who do not see it."""
    missing = [item.code for item in items if not item.complete]
    if not missing:
        return _("%(total)s 项齐全") % {"total": len(items)}
    return _("%(total)s 项中 %(complete)s 项齐全，缺 %(missing)s") % {
        "total": len(items),
        "complete": len(items) - len(missing),
        "missing": _("、").join(missing),
    }


@register.filter
def complete_count(items: Iterable[ItemResult]) -> int:
    return sum(item.complete for item in items)


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """`{{ names|item:code }}`: the entry of a mapping; empty where there is none."""
    return mapping.get(key, "")


@register.filter
def in_hours(minutes: int, unit_minutes: int) -> str:
    """Minutes as 学时: 135 at 45 → 3."""
    return as_hours(minutes, unit_minutes)


@register.filter
def total(numbers: Iterable[int]) -> int:
    return sum(numbers)


@register.filter
def method_name(code: str) -> Any:
    """How somebody signed in, in words."""
    return Method(code).label if code else "—"


@register.filter
def mark_word(source: str) -> Any:
    """The one character beside a time that no station signed."""
    return MARKS[CorrectionSource(source)]


@register.filter
def source_name(source: str) -> Any:
    """What that character stands for."""
    return CorrectionSource(source).label


@register.filter
def flag_words(flags: Iterable[str]) -> str:
    return _("、").join(str(Flag(flag).label) for flag in flags)


@register.filter
def half_day_name(code: str) -> Any:
    """上午, 下午."""
    return HalfDay(code).label
