"""What planning asks of institutions and agreements; each raises InvalidInputError in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from training.core.errors import InvalidInputError
from training.institutions.models import Agreement, Institution
from training.institutions.queries import agreement_fault, standing_fault
from training.programmes.preset import Preset


def demand_standing(institution: Institution, days: Iterable[date] = ()) -> None:
    """The institution works today, and holds what it must on each of the class days."""
    _refuse(standing_fault(institution, days))


def demand_agreement(agreement: Agreement, class_type: str, preset: Preset) -> None:
    """In force, with a task of this class type (if it names any) and the rates such a class needs."""
    _refuse(agreement_fault(agreement, class_type, preset))


def _refuse(fault: str) -> None:
    if fault:
        raise InvalidInputError(fault)
