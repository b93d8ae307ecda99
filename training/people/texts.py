"""The consent texts that come with the product: data, in `texts.yaml` beside this file."""

from __future__ import annotations

from pathlib import Path

import yaml

from training.core.actor import SYSTEM

FILE = Path(__file__).with_name("texts.yaml")


def shipped_texts() -> list[dict[str, str]]:
    """purpose, version, body_zh, body_en and published_by of each."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return [row | {"published_by": SYSTEM.name} for row in rows]
