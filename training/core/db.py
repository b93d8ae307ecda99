"""Scoping: what is not said to be visible does not exist."""

from __future__ import annotations

from typing import Any, Final, Self

from django.db import models

from training.core.actor import ALL, Actor
from training.core.errors import NotFoundError

SHARED: Final[dict[str, str]] = {}
"""SCOPE of rows that anyone may see (a region's name); never of a person's."""

REACHED_THROUGH_OWNER: Final[dict[str, str]] = {"nobody": "pk"}
"""SCOPE of rows that are only ever reached through the row that owns them (a stored file)."""


class ScopedQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Self:
        """The rows that exist for this actor; the first call of every query and service."""
        rows = self.all()
        for dimension, path in self.model.SCOPE.items():
            reach = actor.reach.get(dimension, frozenset())
            if reach is not ALL:
                rows = rows.filter(**{f"{path}__in": reach})
        return rows

    def fetch(self, actor: Actor, **lookup: Any) -> Any:
        """The one row, or NotFoundError, which says the same whether it exists elsewhere or not."""
        row = self.visible_to(actor).filter(**lookup).first()
        if row is None:
            raise NotFoundError(self.model._meta.label, **{k: str(v) for k, v in lookup.items()})
        return row

    def lock(self, actor: Actor, **lookup: Any) -> Any:
        """`fetch` with a row lock, for services that change the row or what hangs on it."""
        return self.select_for_update(of=("self",)).fetch(actor, **lookup)


class AdministeredQuerySet(ScopedQuerySet):
    """For models with rows that administrators see too: `ADMINISTERED` says which.

    They reach no business; `account` in their reach holds the programmes.
    """

    def visible_to(self, actor: Actor) -> Self:
        programmes = actor.reach.get("account")
        if programmes is None:
            return super().visible_to(actor)
        rows = self.filter(self.model.ADMINISTERED)
        return rows if programmes is ALL else rows.filter(programme_id__in=programmes)


class TaughtQuerySet(ScopedQuerySet):
    """For models with rows of one instructor's that the instructor sees: `TAUGHT` is the path to whose they are."""

    def visible_to(self, actor: Actor) -> Self:
        own = actor.reach.get("instructor")
        return super().visible_to(actor) if own is None else self.filter(**{f"{self.model.TAUGHT}__in": own})


class ScopedModel(models.Model):
    """Base of every model of ours; a system check demands SCOPE."""

    SCOPE: dict[str, str]
    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
