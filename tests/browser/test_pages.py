"""What holds for every page of every role: both languages, a phone's width, a screen reader, paper."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.pages import walk
from training.accounts.choices import Role
from training.accounts.services import claim_everything

pytestmark = pytest.mark.browser
