"""Every change of what became of people and firms."""

from training.outcomes.services.designations import designate, revoke_designation
from training.outcomes.services.enterprises import claim_enterprise, decide_enterprise, revoke_enterprise
from training.outcomes.services.lifecycle import (
    add_evidence,
    claim_outcome,
    confirm_outcome,
    lapse_outcome,
    open_rechecks,
    recheck_outcome,
    reject_outcome,
    verify_outcome,
    withdraw_outcome,
)
from training.outcomes.services.sales import record_sales, withdraw_sales

__all__ = [
    "add_evidence",
    "claim_enterprise",
    "claim_outcome",
    "confirm_outcome",
    "decide_enterprise",
    "designate",
    "lapse_outcome",
    "open_rechecks",
    "recheck_outcome",
    "record_sales",
    "reject_outcome",
    "revoke_designation",
    "revoke_enterprise",
    "verify_outcome",
    "withdraw_outcome",
    "withdraw_sales",
]
