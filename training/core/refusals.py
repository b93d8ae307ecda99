"""Refused input, for the modules that know nothing of the web."""

from __future__ import annotations


class InputError(Exception):
    """`code` is stable, for programs; `message` says what to do, in the reader's language."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
