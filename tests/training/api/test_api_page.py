"""`docs/api.md` speaks of what is there: its commands work, its tables are the program's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.training.api.conftest import Ask, issue
from training.api.openapi import PARTNER_OPERATIONS, document
from training.api.partner.cells import SMALLEST_CELL
from training.api.partner.door import GUESSES, READS_A_MINUTE
from training.api.partner.wire import PAGE_SIZE
from training.api.problems import CODES
from training.partners.choices import COUNTY_WIDE, Purpose

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)\n```", PAGE, re.DOTALL)


def rows(heading: str) -> dict[str, str]:
    """The first column of the table below that heading, to the second."""
    part = PAGE.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    return dict(re.findall(r"^\| `?([^`|]+?)`? \| (.*?) \|", part, re.MULTILINE))


@pytest.mark.django_db(transaction=True)
def test_every_command_of_the_page_works(approved: Any, ask: Ask, live_server: Any) -> None:
    token = issue(approved)
    said = {"SITE": live_server.url, "TOKEN": token.text, "ETAG": ask(token, "sessions")["ETag"]}

    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-c", f"{command} --silent --write-out ' %{{http_code}}'"],
            env=said | {"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.endswith(" 304" if "ETAG" in command else " 200"), command
    assert len(COMMANDS) == 6


def test_the_purposes_of_the_page_are_those_of_the_tokens() -> None:
    said = {purpose: re.findall(r"`([^`]+)`", words) for purpose, words in rows("凭证").items()}

    assert said.keys() == {"用途", "---", "（任何凭证）", *Purpose.values} - {"---"}
    assert {path for words in said.values() for path in words} == {
        operation.path for operation in PARTNER_OPERATIONS
    }
    assert all(
        f"`{purpose}`" in PAGE.split("### 查找与翻页")[0].rpartition("|")[2] for purpose in COUNTY_WIDE
    )


def test_the_figures_of_the_page_are_those_of_the_program() -> None:
    for words in (
        f"一页 {PAGE_SIZE} 行",
        f"不满 {SMALLEST_CELL} 人",
        f"fewer than {SMALLEST_CELL} different people",
        f"一个凭证每分钟 {READS_A_MINUTE} 次",
        f"{READS_A_MINUTE} reads a minute",
        f"五分钟超过 {GUESSES} 次",
        f"**Pages** hold {PAGE_SIZE} rows",
    ):
        assert words in PAGE


def test_the_statuses_of_the_page_are_those_of_the_document() -> None:
    part = PAGE.split("### 出错的时候\n", 1)[1].split("\n#", 1)[0]
    said = set(re.findall(r"^\| (\d+) \|", part, re.MULTILINE))
    refusals = {
        status
        for path, methods in document()["paths"].items()
        if path.startswith("/partner/")
        for status in methods["get"]["responses"]
        if status >= "400"
    }

    assert said == refusals
    assert set(re.findall(r"^\| (\d+) \| `(\w+)`", part, re.MULTILINE)) == {
        (str(status), code) for code, (status, _words) in CODES.items()
    }


def test_nothing_is_deprecated_while_the_page_says_so() -> None:
    assert "现在没有要取消的地址" in PAGE
    assert not [operation for operation in PARTNER_OPERATIONS if operation.deprecated]
