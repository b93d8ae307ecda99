"""告知书 as their page shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.actor import Actor
from training.people.choices import ConsentPurpose
from training.people.models import ConsentText
from training.people.queries import texts_in_force
from training.people.services import publish_text
from training.programmes.queries import the_programme

WITHDRAWN = {
    ConsentPurpose.FACE: _("已撤回。终端下次联网时删除登记的肖像，以后刷身份证签到；已有的签到不受影响。"),
    ConsentPurpose.FOLLOW_UP: _("已撤回。从现在起不再打电话，也不显示号码。"),
    ConsentPurpose.SENSITIVE: _("已撤回。学员库里的敏感类别和证明材料已经删除。"),
    ConsentPurpose.PUBLICATION: _("已撤回。从现在起不得公开；已经公开的，请经办人今天撤下。"),
    ConsentPurpose.IMAGE: _("已撤回。从现在起不得使用；已经发布的，请经办人今天撤下。"),
}


@dataclass(frozen=True)
class Versions:
    purpose: ConsentPurpose
    current: ConsentText | None
    others: list[ConsentText]


def versions(actor: Actor) -> list[Versions]:
    programme = the_programme(actor)
    now = texts_in_force(programme.pk)
    rows = list(ConsentText.objects.visible_to(actor).filter(programme=programme))
    return [
        Versions(
            purpose,
            now.get(purpose),
            [row for row in rows if row.purpose == purpose and row != now.get(purpose)],
        )
        for purpose in ConsentPurpose
    ]


def start_from(actor: Actor, purpose: str) -> dict[str, Any]:
    """What the form begins with: the text in force, to be changed."""
    current = texts_in_force(the_programme(actor).pk).get(purpose)
    start: dict[str, Any] = {"purpose": purpose, "valid_from": clock.today()}
    return start | ({"body_zh": current.body_zh, "body_en": current.body_en} if current else {})


def publisher(actor: Actor) -> Callable[..., ConsentText]:
    return partial(publish_text, the_programme(actor).pk, actor=actor)
