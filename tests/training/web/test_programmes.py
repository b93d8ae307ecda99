"""One more programme: chosen or uploaded, shown, and loaded as it was shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.training.web.test_institutions import post, see, shown, upload
from training.accounts.choices import Role
from training.accounts.services import add_member
from training.programmes.models import Programme
from training.programmes.preset_file import PRESETS


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(add_member("root", display_name="管理员", role=Role.ADMIN, workplace="信息中心").user)
    return client


def test_a_preset_is_shown_before_it_is_loaded(root: Client) -> None:
    assert "还没有项目" in see(root, "programmes")
    page = post(root, "programme-open", name="huidong")
    assert "惠东县" in shown(page)
    assert not Programme.objects.exists()

    done = post(root, "programme-open", text=page.context["text"], confirm="yes")

    assert Programme.objects.get().code == "HD-2020"
    assert "HD-2020" in shown(done)
    again = post(root, "programme-open", text=page.context["text"], confirm="yes")
    assert "已经建立" in shown(again)
    assert Programme.objects.count() == 1


def test_a_file_with_mistakes_is_refused_with_line_and_reason(root: Client) -> None:
    text = (PRESETS / "huidong.yaml").read_text(encoding="utf-8")
    line = text[: text.index("region_code:")].count("\n") + 1
    broken = text.replace("region_code:", "region_kode:", 1).encode()

    page = post(root, "programme-open", file=upload("huidong.yaml", broken))

    assert page.status_code == 422
    assert f"第 {line} 行：region_kode：没有这个字段，请检查拼写" in page.context["form"].non_field_errors()
    assert not Programme.objects.exists()
    assert post(root, "programme-open", name="").context["form"].non_field_errors() == [
        "请选一个预设，或上传规则文件。"
    ]


def test_an_administrator_of_one_county_opens_no_other(county: Any) -> None:
    member = add_member(
        "sub", display_name="管理员", role=Role.ADMIN, workplace="x", programme_id=county.programme.pk
    )
    client = Client()
    client.force_login(member.user)
    page = post(client, "programme-open", name="huidong")

    answer = client.post(reverse("programme-open"), {"text": page.context["text"], "confirm": "yes"})

    assert answer.status_code == 403
    assert "建立项目" not in see(client, "programmes")
