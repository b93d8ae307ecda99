"""System checks: every model says who may see it, and every path in that answer leads somewhere."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from training.core.db import ScopedModel


def _leads_somewhere(model: type[models.Model], path: str) -> bool:
    """Forward over foreign keys only: a reverse step would double rows, a plain field has nothing behind it."""
    here: Any = model
    try:
        for step in path.split("__"):
            field = here._meta.pk if step == "pk" else here._meta.get_field(step)
            if not field.concrete:
                return False
            here = field.related_model
    except (FieldDoesNotExist, AttributeError):
        return False
    return True


@register
def every_model_states_its_scope(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    for model in apps.get_models():
        if not model.__module__.startswith("training.") or model._meta.label == "accounts.User":
            continue
        scope = getattr(model, "SCOPE", None)
        if scope is None or not issubclass(model, ScopedModel):
            problems.append(Error("the model does not state its SCOPE", obj=model, id="training.E001"))
            continue
        problems += [
            Error(f"SCOPE path {path!r} leads nowhere", obj=model, id="training.E002")
            for path in scope.values()
            if not _leads_somewhere(model, path)
        ]
    return problems


@register(deploy=True)
def the_clock_is_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.CLOCK_FILE:
        return [Warning("YIDANG_CLOCK_FILE is set: dates are not real", id="training.W001")]
    return []


@register(deploy=True)
def signatures_are_real(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.SIGNING_FILE:
        return [
            Warning("YIDANG_SIGNING_FILE is not set: a test CA of our own signs PDFs", id="training.W002")
        ]
    return []
