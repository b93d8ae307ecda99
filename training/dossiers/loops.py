"""pyHanko starts an event loop for each signature, which Python refuses in a thread that runs one already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Outcome = TypeVar("Outcome")


def outside_any_loop(act: Callable[[], Outcome]) -> Outcome:
    """What `act` gives, in a thread of its own if this one runs a loop, as under an asynchronous server."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return act()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()
