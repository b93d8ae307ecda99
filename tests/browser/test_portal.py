"""Somebody without an account brings a file, on a phone too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import LAPTOP, PHONE
from tests.browser.test_pages import serious
from tests.training.reviews import review_and_seal
from training.core.files import read
from training.dossiers.models import Dossier

pytestmark = pytest.mark.browser


@pytest.fixture
def sealed(handed_in: Any) -> Dossier:
    review_and_seal(handed_in)
    return Dossier.objects.get(training_session=handed_in.session)


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_a_file_is_checked_on_the_page(
    sealed: Dossier, open_page: Any, live_server: Any, tmp_path: Path, size: Any
) -> None:
    assert sealed.package is not None
    content = read(sealed.package)
    whole, broken = tmp_path / "dossier.zip", tmp_path / "changed.zip"
    whole.write_bytes(content)
    broken.write_bytes(content[:5000] + b"x" + content[5001:])

    page = open_page(live_server.url + reverse("public-dossier", args=[sealed.public_token]), size=size)
    page.get_by_role("link", name="核验一个文件").click()
    assert serious(page) == []
    for file, verdict in ((whole, "核验通过"), (broken, "核验未通过")):
        page.get_by_label("拖到这里").set_input_files(file)
        page.get_by_role("button", name="核验").click()
        expect(page.get_by_role("main")).to_contain_text(verdict)
        expect(page.get_by_role("heading", name=file.name)).to_be_visible()
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
