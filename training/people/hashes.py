"""What finds a person again without their number being stored in clear."""

from __future__ import annotations

from training.core.crypto import keyed_hash


def id_hash(number: str) -> str:
    return keyed_hash(number, purpose="id-number")


def tail_hash(number: str) -> str:
    """Of the last four of a number, X in upper case."""
    return keyed_hash(number[-4:].upper(), purpose="id-tail")


def phone_tail_hash(phone: str) -> str:
    """Of the last four digits, "" of no number."""
    return keyed_hash(phone[-4:], purpose="phone-tail") if phone else ""
