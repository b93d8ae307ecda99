from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def workplace(request: HttpRequest) -> dict[str, Any]:
    """What every page shows of who is signed in."""
    return {
        "membership": getattr(request, "membership", None),
        "actor": getattr(request, "actor", None),
    }
