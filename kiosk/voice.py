"""Speaking without the browser: `espeak-ng`, where it is installed. Nobody waits for it to finish."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress

COMMAND = "espeak-ng"
VOICES = {"zh": "cmn", "en": "en"}


class Voice:
    """One mouth: what is said now cuts off what was being said. With `wanted` off it says nothing."""

    def __init__(self, *, wanted: bool = True) -> None:
        self.wanted = wanted
        self._command = shutil.which(COMMAND) if wanted else None
        self._speaking: subprocess.Popen[bytes] | None = None

    @property
    def able(self) -> bool:
        """Whether this machine can speak by itself."""
        return self._command is not None

    def say(self, words: str, language: str) -> None:
        """Begin to say it, in `zh` or `en`; without `espeak-ng`, nothing."""
        self.hush()
        if self._command is None:
            return
        with suppress(OSError):
            self._speaking = subprocess.Popen(  # noqa: S603  our own words, and no shell
                [self._command, "-v", VOICES[language], "--", words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def hush(self) -> None:
        """Stop in the middle of a word."""
        if self._speaking is not None:
            self._speaking.terminate()
            self._speaking.wait()
            self._speaking = None
