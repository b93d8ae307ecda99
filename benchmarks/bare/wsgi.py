"""One server for both: under /bare/ the same Django without any middleware, elsewhere the product as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.bare.settings")
product = get_wsgi_application()
with override_settings(MIDDLEWARE=[]):
    bare = WSGIHandler()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    handler = bare if environ["PATH_INFO"].startswith("/bare/") else product
    answer: Iterable[bytes] = handler(environ, start_response)
    return answer
