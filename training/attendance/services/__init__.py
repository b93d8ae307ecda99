"""Closing a class, opening a sealed card, and what people put right afterwards, two of them each time."""

from training.attendance.services.closing import (
    complete_anew,
    complete_enrolments,
    demand_attended,
)
from training.attendance.services.corrections import (
    PaperRow,
    approve_corrections,
    decline_correction,
    propose_correction,
    propose_paper,
    propose_void,
    withdraw_correction,
)
from training.attendance.services.lost_ranges import (
    approve_lost_range,
    decline_lost_range,
    propose_lost_range,
    withdraw_lost_range,
)
from training.attendance.services.walk_ins import RevealedCard, reveal_walk_in

__all__ = [
    "PaperRow",
    "RevealedCard",
    "approve_corrections",
    "approve_lost_range",
    "complete_anew",
    "complete_enrolments",
    "decline_correction",
    "decline_lost_range",
    "demand_attended",
    "propose_correction",
    "propose_lost_range",
    "propose_paper",
    "propose_void",
    "reveal_walk_in",
    "withdraw_correction",
    "withdraw_lost_range",
]
