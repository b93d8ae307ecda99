"""Photos dropped onto the page over a line that breaks, also for somebody who closes the page in between."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE
from tests.training.uploads.scenes import jpeg, scene
from training.accounts.choices import Role
from training.core.files import read
from training.dossiers.models import Evidence

pytestmark = pytest.mark.browser

DROP = """([sheet, files]) => {
  const dropped = new DataTransfer();
  for (const { name, data } of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    dropped.items.add(new File([bytes], name, { type: "image/jpeg", lastModified: 1 }));
  }
  sheet.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""
A_PIECE = 512 * 1024


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    sheet = page.locator("[data-uploads]").element_handle()
    page.evaluate(DROP, [sheet, [{"name": n, "data": base64.b64encode(d).decode()} for n, d in files]])


def fill_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("档案项").select_option("A9")
    page.get_by_label("种类").select_option("photo")
    page.get_by_label("课次").select_option(index=1)
    page.get_by_label("说明").fill("上午实操全景")


class Line:
    """Lets so many pieces through, breaks, and is mended when told."""

    def __init__(self, page: Page, pieces: int) -> None:
        self.left, self.broken = pieces, 0
        self.offsets: list[int] = []
        page.route(re.compile(r"/evidence/uploads/"), self.carry)

    def carry(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
        elif self.left > 0:
            self.left -= 1
            self.offsets.append(int(route.request.headers["upload-offset"]))
            route.continue_()
        else:
            self.broken += 1
            route.abort()


def test_two_photos_dropped_at_once_come_whole_though_the_line_is_cut(
    taught: Any, sign_in: Any, live_server: Any, picture: Any
) -> None:
    photos = {f"{number}.jpg": jpeg(scene(number), 98) for number in (30, 31)}
    assert all(A_PIECE < len(data) < 2 * A_PIECE for data in photos.values())
    page = sign_in(Role.INSTITUTION_CLERK)
    fill_in(page, f"{live_server.url}/institution/sessions/{taught.session.pk}/evidence/")
    line = Line(page, pieces=2)

    drop(page, *photos.items())

    expect(page.get_by_text("断线了，连上后自动接着传")).to_have_count(2)
    picture(page, "upload-broken")
    line.left = 100
    expect(page.get_by_text("已收下，归入档案。")).to_have_count(2)
    assert sorted(line.offsets) == [0, 0, A_PIECE, A_PIECE]
    kept = Evidence.objects.filter(caption="上午实操全景")
    assert {row.file.name: read(row.file) for row in kept} == photos


def test_a_page_that_was_closed_goes_on_where_it_stopped_and_what_is_refused_stays_explained(
    taught: Any, sign_in: Any, live_server: Any
) -> None:
    data = jpeg(scene(32), 98)
    address = f"{live_server.url}/institution/sessions/{taught.session.pk}/evidence/"
    page = sign_in(Role.INSTITUTION_CLERK, size=PHONE)
    fill_in(page, address)
    line = Line(page, pieces=1)
    drop(page, ("32.jpg", data))
    expect(page.get_by_text("断线了")).to_be_visible()

    fill_in(page, address)
    expect(page.get_by_text(re.compile(r"传到 \d+% 断开了"))).to_be_visible()
    line.left = 100
    drop(page, ("32.jpg", data), ("假.jpg", b"MZ is no photo"))

    expect(page.get_by_text("已收下，归入档案。")).to_have_count(1)
    expect(page.get_by_text("没有收下：")).to_be_visible()
    assert line.offsets.count(0) == 2  # the first piece of each file, and never again
    assert read(Evidence.objects.get(caption="上午实操全景").file) == data
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.reload()
    expect(page.get_by_text("“假.jpg”的内容不是这里能用的格式")).to_be_visible()
    page.get_by_role("button", name="知道了").click()
    expect(page.get_by_text("假.jpg")).to_have_count(0)


def test_a_scan_in_an_ordinary_form_outlasts_a_broken_line_and_comes_from_a_telephone(
    taught: Any, sign_in: Any, live_server: Any, picture: Any
) -> None:
    data = jpeg(scene(33), 98)
    page = sign_in(Role.INSTITUTION_CLERK, size=PHONE)
    page.goto(f"{live_server.url}{reverse('licence-add')}")
    page.get_by_label("证照类型").select_option("training")
    page.get_by_label("证照编号").fill("教民 136 号")
    page.get_by_label("发证机关").fill("石城县人力资源和社会保障局")
    page.get_by_label("有效期起").fill("2020-01-01")
    page.get_by_label("扫描件").set_input_files({"name": "证.jpg", "mimeType": "image/jpeg", "buffer": data})
    line = Line(page, pieces=1)

    page.get_by_role("button", name="添加证照").click()
    expect(page.get_by_text("断线了，连上后自动接着传")).to_be_visible()
    picture(page, "upload-in-a-form")
    line.left = 100

    expect(page.get_by_text("证照已收下，商务局核验后生效。")).to_be_visible()
    assert line.offsets == [0, A_PIECE]
    kept = taught.institution.licences.get(number="教民 136 号").file
    assert (read(kept), kept.name) == (data, "证.jpg")
    assert "Mozilla" in kept.device
