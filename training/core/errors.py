"""Refusals: a sentence for people, a stable code for machines, details as data."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class TrainingError(Exception):
    """Something a person asked for can't be done, and `message` says what to do next."""

    code = "refused"
    http_status = 400

    def __init__(self, message: Any, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return str(self.message)


class NotFoundError(TrainingError):
    """It does not exist, or not for this actor: the two look the same on purpose."""

    code = "not_found"
    http_status = 404

    def __init__(self, what: str = "", **details: Any) -> None:
        super().__init__(_("没有找到：它不存在，或不属于您的单位。"), what=what, **details)


class ForbiddenError(TrainingError):
    """The object is visible, the act is not this person's."""

    code = "forbidden"
    http_status = 403


class InvalidTransitionError(TrainingError):
    """Right person, wrong moment."""

    code = "wrong_moment"
    http_status = 409


class InvalidInputError(TrainingError):
    """What was handed in can't be used; nothing of it was kept."""

    code = "invalid_input"
    http_status = 422
