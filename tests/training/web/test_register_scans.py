"""Paper registers that come back find their session by the code on the page; a person confirms."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageFilter

from tests.training.core.test_scoping import second_institution
from training.accounts.choices import Role
from training.core.files import read
from training.demo.scenery import paper
from training.dossiers.models import Evidence
from training.uploads.models import RegisterScan, ScannedPage
from training.uploads.reading import codes_in, draw_page
from training.uploads.scanning import read_scan
from training.web.attendance.paper import blank_sheets
from training.web.attendance.queries import session_of

CLERK = Role.INSTITUTION_CLERK


def printed(county: Any) -> bytes:
    return blank_sheets(session_of(county.session.pk, county.actor(CLERK)))


def scanned(county: Any, page: int, *, dpi: int = 200, turn: float = 0.0) -> bytes:
    """A page as the office's scanner gives it: a little crooked, a little soft."""
    with pypdfium2.PdfDocument(printed(county)) as pdf:
        drawn = pdf[page].render(scale=dpi / 72).to_pil().convert("L")
    target = BytesIO()
    drawn.rotate(turn, fillcolor=255, expand=True).filter(ImageFilter.GaussianBlur(0.6)).save(
        target, "JPEG", quality=60
    )
    return target.getvalue()


def hand_in(client: Client, *files: tuple[str, bytes]) -> Any:
    uploads = [SimpleUploadedFile(name, data) for name, data in files]
    answer = client.post(reverse("register-scans"), {"uploads": uploads})
    for scan in RegisterScan.objects.filter(read_at=None):
        read_scan(scan.pk)  # as the background task does
    return answer


def found() -> list[tuple[str, str, str]]:
    return [(page.found, str(page.on or ""), page.half_day) for page in ScannedPage.objects.order_by("pk")]


@pytest.fixture
def clerk(closed: Any, browse: Callable[..., Client]) -> Client:
    return browse(CLERK)


@pytest.mark.parametrize("turn", [0, 1.5, 90, 180, 270, -4])
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_the_code_of_a_page_is_read_however_the_sheet_lay(county: Any, dpi: int, turn: float) -> None:
    page = draw_page("image/jpeg", scanned(county, 0, dpi=dpi, turn=turn), 1, dpi=200)

    (text,) = codes_in(page)

    assert text.endswith(f"/attendance/sessions/{county.session.pk}/paper/?half_day=2021-05-18-am")


def test_the_pages_of_one_scan_go_where_their_codes_say_once_a_person_agrees(
    closed: Any, clerk: Client
) -> None:
    data = printed(closed)
    hand_in(clerk, ("签到表.pdf", data))
    scan = RegisterScan.objects.get()
    assert found() == [("ours", "2021-05-18", "am"), ("ours", "2021-05-18", "pm")]
    assert not Evidence.objects.filter(item="A8").exists()

    page = clerk.get(reverse("register-scan", args=[scan.pk]))
    assert page.content.decode().count(" checked") == 2
    clerk.post(page.wsgi_request.path, {"page": list(scan.pages.values_list("pk", flat=True))})

    kept = Evidence.objects.filter(item="A8").order_by("pk")
    assert [(row.kind, row.caption, row.lesson.half_day) for row in kept] == [
        ("register_scan", "纸质签到名册 2021-05-18 上午", "am"),
        ("register_scan", "纸质签到名册 2021-05-18 下午", "pm"),
    ]
    assert [len(pikepdf.open(BytesIO(read(row.file))).pages) for row in kept] == [1, 1]
    assert read(scan.file) == data


def test_a_photo_of_one_sheet_is_kept_as_it_is(closed: Any, clerk: Client) -> None:
    data = scanned(closed, 1, turn=-2)
    answer = hand_in(clerk, ("IMG.jpg", data))
    clerk.post(answer["Location"], {"page": ScannedPage.objects.get().pk})

    assert read(Evidence.objects.get(item="A8").file) == data


def test_a_page_that_can_not_be_read_is_kept_and_placed_by_hand(closed: Any, clerk: Client) -> None:
    answer = hand_in(clerk, paper("没有二维码的签到表"))
    page = ScannedPage.objects.get()
    assert found() == [("unreadable", "", "")]

    refused = clerk.post(
        answer["Location"], {"page": page.pk}, headers={"Referer": f"http://testserver{answer['Location']}"}
    )
    assert "第 1 页还没有选属于哪一期" in clerk.get(refused["Location"]).content.decode()

    clerk.post(
        answer["Location"], {"page": page.pk, f"place-{page.pk}": f"{closed.session.pk}/2021-05-18/pm"}
    )
    assert Evidence.objects.get(item="A8").caption == "纸质签到名册 2021-05-18 下午"


def test_somebody_else_s_sheet_says_so_and_nothing_more(closed: Any, clerk: Client) -> None:
    neighbour = second_institution(closed)
    theirs = scanned(neighbour, 0)
    answer = hand_in(clerk, ("别人的.jpg", theirs))

    page = ScannedPage.objects.get()
    shown = clerk.get(answer["Location"]).content.decode()

    assert (page.found, page.training_session) == ("not_yours", None)
    assert "不属于您的单位" in shown
    assert neighbour.institution.name not in shown
    place = {f"place-{page.pk}": f"{closed.session.pk}/2021-05-18/am"}
    assert (
        "不能归档" in clerk.post(answer["Location"], {"page": page.pk} | place, follow=True).content.decode()
    )
    assert not Evidence.objects.filter(item="A8").exists()


def test_a_page_can_be_left_out_and_taken_up_again(closed: Any, clerk: Client) -> None:
    hand_in(clerk, paper("封面"))
    page = ScannedPage.objects.get()

    clerk.post(reverse("scanned-aside", args=[page.pk]))
    assert "都办完了" in clerk.get(reverse("register-scans")).content.decode()

    clerk.post(reverse("scanned-aside", args=[page.pk]))
    assert "1 页等您归档" in clerk.get(reverse("register-scans")).content.decode()


def test_one_bad_file_among_several_is_named_and_the_good_ones_are_kept(closed: Any, clerk: Client) -> None:
    answer = hand_in(clerk, paper("好"), ("坏.pdf", b"MZ"))

    assert answer.status_code == 422
    assert "“坏.pdf”不是 PDF 文件" in answer.content.decode()
    assert RegisterScan.objects.count() == 1


def test_a_page_s_picture_is_for_whoever_may_place_it(
    closed: Any, clerk: Client, browse: Callable[..., Client]
) -> None:
    hand_in(clerk, paper("签到表"))
    address = reverse("scanned-picture", args=[ScannedPage.objects.get().pk])

    assert Image.open(BytesIO(clerk.get(address).content)).size == (596, 842)
    assert browse(Role.BUREAU_REVIEWER).get(address).status_code == 403
