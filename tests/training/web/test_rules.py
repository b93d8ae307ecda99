"""A county officer changes the rules in the browser: section by section, previewed, adopted with a day."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.conftest import CLASS_DAY, shicheng
from training.accounts.choices import Role
from training.programmes.models import RuleDraft, RuleSet
from training.programmes.preset import Preset
from training.programmes.preset_file import load_preset, preset_names, read_preset
from training.programmes.schema import sections
from training.programmes.words import names_in
from training.scheduling.services import submit_session
from training.web.rules.editor import EntryForm, Signature

HEAD, REVIEWER = Role.BUREAU_HEAD, Role.BUREAU_REVIEWER
TOMORROW = CLASS_DAY + timedelta(days=1)


def text(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def typed(response: Any) -> dict[str, Any]:
    """What a browser would send back of the entry form on this page, untouched."""
    return fields_of_form(response.context["form"])


def fields_of_form(form: EntryForm) -> dict[str, Any]:
    sent: dict[str, Any] = {rows.counter: str(rows.size) for rows in form.all_rows}
    parts = [form.main, *(row for rows in form.all_rows for row in rows.forms)]
    for part in [*parts, *([form.where] if form.where else [])]:
        for field in part:
            value = field.value()
            if value not in (None, "", False, []):
                sent[field.html_name] = "on" if value is True else value
    return sent


@pytest.fixture
def client(county: Any, browse: Callable[..., Client]) -> Client:
    return browse(REVIEWER)


def draft() -> dict[str, Any]:
    return RuleDraft.objects.get().body


@cache
def preset(name: str) -> Preset:
    return load_preset(name)


@pytest.mark.parametrize("name", preset_names())
def test_every_form_gives_back_what_it_was_filled_with(name: str, db: None) -> None:
    """Each rule of each county through its form, untouched: nothing is lost and nothing is added."""
    rules = preset(name)
    body = rules.model_dump(mode="json")
    for section in sections().values():
        value = body[section.name]
        for entry in value if section.many else [value] if value else []:
            made = EntryForm(section.model, values=entry, names=names_in(body))
            sent = QueryLike(fields_of_form(made))
            form = EntryForm(section.model, sent, values=entry, names=names_in(body))
            kept = form.save(lambda raw: raw, Signature("温审核", CLASS_DAY), set(), "x")
            assert kept is not None, (section.name, form.main.errors, form.where and form.where.errors)
            assert section.model.model_validate(kept) == section.model.model_validate(entry), section.name


class QueryLike(dict[str, Any]):
    """What a form reads of a request's data."""

    def getlist(self, name: str) -> list[Any]:
        value = self.get(name, [])
        return value if isinstance(value, list) else [value]


def test_nothing_is_a_draft_until_something_is_saved(client: Client) -> None:
    response = client.get(reverse("rule-draft"))

    assert "还没有改动" in text(response)
    assert not RuleDraft.objects.exists()


def test_a_single_rule_is_changed_in_its_form(client: Client) -> None:
    page = client.get(reverse("rule-section", args=["attendance"]))
    fields = typed(page) | {"completion_ratio": "90", "where-note": "县里先按 90 % 试行。"}

    response = client.post(reverse("rule-section", args=["attendance"]), fields, follow=True)

    assert "已存进草稿" in text(response)
    assert draft()["attendance"]["completion_ratio"] == 0.9
    assert draft()["attendance"]["note"] == "县里先按 90 % 试行。"
    assert "已改" in text(client.get(reverse("rule-draft")))


def test_what_is_wrong_stands_at_its_field_and_nothing_is_kept(client: Client) -> None:
    page = client.get(reverse("rule-section", args=["attendance"]))
    fields = typed(page) | {"unit_minutes": "0", "where-note": ""}

    response = client.post(reverse("rule-section", args=["attendance"]), fields)

    assert response.status_code == 422
    form = response.context["form"]
    assert form.main.errors == {"unit_minutes": ["应当不小于 1"]}
    fields["unit_minutes"] = "45"
    response = client.post(reverse("rule-section", args=["attendance"]), fields)
    assert "文件没有给出的，要在 note 里写明取值从哪里来" in text(response)
    assert not RuleDraft.objects.exists()


def test_a_clause_must_stand_in_the_document(client: Client) -> None:
    address = reverse("rule-section", args=["mark"])
    fields = typed(client.get(address)) | {"where-text": "统一悬挂本县标识"}

    response = client.post(address, fields)

    assert response.context["form"].where.errors == {"text": ["引文在文件原文中找不到，请逐字引用"]}


def test_an_entry_is_added_changed_moved_and_taken_out(client: Client) -> None:
    add = reverse("rule-entry-add", args=["items"])
    fields = {
        "title": "满意度调查表",
        "supplied_by": ["institution"],
        "class_types": ["general"],
        "where-kind": "待确认",
        "where-note": "县局要求。",
        "also-rows": "0",
    }
    assert client.post(add, fields).status_code == 302
    assert draft()["items"][-1]["code"] == "X1"
    assert draft()["items"][-1]["class_types"] == ["general"]

    entry = reverse("rule-entry", args=["items", "X1"])
    client.post(entry, typed(client.get(entry)) | {"title": "满意度汇总"})
    client.post(reverse("rule-entry-up", args=["items", "X1"]))
    assert [item["code"] for item in draft()["items"]][-2:] == ["X1", "A9"]
    assert draft()["items"][-2]["title"] == "满意度汇总"
    client.post(reverse("rule-entry-remove", args=["items", "X1"]))
    assert [item["code"] for item in draft()["items"]][-1] == "A9"
    assert client.get(entry).status_code == 404


def test_topics_are_rows_and_more_rows_come_without_script(client: Client) -> None:
    address = reverse("rule-entry", args=["categories", "farmer"])
    page = client.get(address)
    fields = typed(page)
    before = int(fields["topics-rows"])

    more = client.post(address, fields | {"more": "topics"})
    assert more.status_code == 200
    assert int(typed(more)["topics-rows"]) == before + 2
    assert not RuleDraft.objects.exists()

    fields["topics-0-name"] = "不在条文里的专题"
    refused = client.post(address, fields)
    assert "专题“不在所引条文里”" not in text(refused)
    assert "专题“不在条文里的专题”不在所引条文里" in text(refused)
    fields["topics-0-name"] = ""
    fields["topics-0-aliases"] = ""
    assert client.post(address, fields).status_code == 302
    topics = next(entry for entry in draft()["categories"] if entry["code"] == "farmer")["topics"]
    assert len(topics) == before - 2 - 1


def test_a_wrong_date_of_an_alias_stands_in_its_row(client: Client) -> None:
    address = reverse("rule-entry", args=["groups", "poor_household"])
    fields = typed(client.get(address))
    last = int(fields["aliases-rows"]) - 1
    fields |= {
        f"aliases-{last}-word": "监测户",
        f"aliases-{last}-valid_from": "2021-01-01",
        f"aliases-{last}-valid_until": "2020-01-01",
    }

    response = client.post(address, fields)

    rows = response.context["form"].rows[0]
    assert [row.non_field_errors() for row in rows.filled()][-1] == ["结束日期早于开始日期"]


def test_the_county_confirms_what_the_document_leaves_open(client: Client) -> None:
    address = reverse("rule-section", args=["attendance"])
    fields = typed(client.get(address)) | {"where-confirm": ["unit_minutes", "completion_ratio"]}

    refused = client.post(address, fields)
    assert refused.context["form"].where.errors == {"basis": ["请写明确认依据。"]}
    client.post(address, fields | {"where-basis": "石商务字〔2021〕3号"})

    assert draft()["attendance"]["confirmed"] == [
        {
            "fields": ["unit_minutes", "completion_ratio"],
            "confirmed_by": "温审核",
            "confirmed_on": CLASS_DAY.isoformat(),
            "basis": "石商务字〔2021〕3号",
        }
    ]
    assert "多少分钟为 1 学时、全期学时不少于：石商务字〔2021〕3号 · 温审核" in text(client.get(address))
    client.post(address, typed(client.get(address)) | {"completion_ratio": "85"})
    assert draft()["attendance"]["confirmed"][0]["fields"] == ["unit_minutes"]


def test_what_waits_for_confirmation_is_listed_with_its_value(client: Client) -> None:
    page = text(client.get(reverse("rules-unconfirmed")))
    rows = client.get(reverse("rules-unconfirmed")).context["rows"]

    assert "开班申请" in page
    assert {row.section for row in rows} == {path.split(".")[0] for path in shicheng().unconfirmed}
    for row in rows:
        link = reverse("rule-entry", args=[row.section, row.key]) if row.key else None
        assert client.get(link or reverse("rule-section", args=[row.section])).status_code == 200


def change_lead(client: Client, days: int) -> None:
    address = reverse("rule-section", args=["planning"])
    client.post(address, typed(client.get(address)) | {"lead_working_days": str(days)})


def adopt(client: Client, **fields: Any) -> Any:
    said = {"effective_on": TOMORROW.isoformat(), "reason": "会议纪要"} | fields
    return client.post(reverse("rule-draft-preview"), said)


def test_the_preview_says_what_changes_and_for_whom(
    county: Any, client: Client, browse: Callable[..., Client]
) -> None:
    items = reverse("rule-entry-add", args=["items"])
    client.post(
        items,
        {"title": "满意度调查表", "supplied_by": ["institution"], "where-kind": "待确认", "where-note": "x"},
    )
    change_lead(client, 7)

    page = text(client.get(reverse("rule-draft-preview")))

    assert "开班申请 最晚提前几个工作日 3 7" in page
    assert "每期档案 X1 满意度调查表 没有" in page
    assert "1 期还没有提交，生效以后按新规则" in page
    assert f"{county.session.code} 农民电商知识普及培训班" in page
    assert "档案要多交 X1 满意度调查表" in page
    assert "请商务局负责人在这一页批准" in page
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    page = text(browse(HEAD).get(reverse("rule-draft-preview")))
    assert "0 期还没有提交" in page
    assert "待审批 第 1 版 1" in page
    assert "批准为新版规则" in page


def test_the_head_adopts_with_a_day_and_a_reason(client: Client, browse: Callable[..., Client]) -> None:
    change_lead(client, 7)
    assert adopt(client).status_code == 403
    head = browse(HEAD)
    assert "生效日期最早是明天" in text(adopt(head, effective_on=CLASS_DAY.isoformat()))
    assert adopt(head, reason="").status_code == 422
    assert RuleSet.objects.count() == 1

    assert adopt(head).status_code == 302
    assert RuleSet.objects.first().rules.planning.lead_working_days == 7
    page = text(head.get(reverse("programme")))
    assert "第 2 版已经批准，2021-05-19 起生效。" in page
    assert "最晚在开课前 3 个工作日提交" in page
    history = text(head.get(reverse("rule-versions")))
    assert "第 2 版 还没有生效" in history
    assert "开班申请 最晚提前几个工作日 3 7" in history
    assert "最晚在开课前 7 个工作日提交" in text(head.get(reverse("rule-version", args=[2])))


def test_a_version_is_withdrawn_before_its_day(client: Client, browse: Callable[..., Client]) -> None:
    change_lead(client, 7)
    head = browse(HEAD)
    adopt(head)

    response = head.post(reverse("rule-version-withdraw", args=[2]), {"reason": "写错了"}, follow=True)

    assert "第 2 版已撤回" in text(response)
    assert "撤回：写错了" in text(response)
    assert "撤回这一版" not in text(response)


def test_a_contradiction_is_told_with_its_section_and_stops_the_adoption(client: Client) -> None:
    client.post(reverse("rule-entry-remove", args=["categories", "cadre"]))

    for name in ("rule-draft", "rule-draft-preview"):
        page = client.get(reverse(name))
        assert "课程类别不存在：cadre" in text(page)
    assert "批准" not in text(page).replace("批准。", "").replace("才能批准", "")


def test_a_draft_is_thrown_away(client: Client) -> None:
    change_lead(client, 7)

    assert "现行规则没有变" in text(client.post(reverse("rule-draft-discard"), follow=True))
    assert not RuleDraft.objects.exists()


# Files


def test_the_version_in_force_is_downloaded_and_handed_in_again_changed(client: Client) -> None:
    response = client.get(reverse("programme-file"))
    assert 'filename="SC-2020-v1.yaml"' in response["Content-Disposition"]
    assert read_preset("x.yaml", response.content) == RuleSet.objects.get().rules

    changed = response.content.decode().replace("lead_working_days: 3", "lead_working_days: 10")
    page = client.post(
        reverse("rule-draft-file"), {"file": SimpleUploadedFile("规则.yaml", changed.encode())}, follow=True
    )
    assert "开班申请 最晚提前几个工作日 3 10" in text(page)


def test_a_bad_file_is_refused_with_every_line_and_the_draft_stays(client: Client) -> None:
    change_lead(client, 7)
    lines = client.get(reverse("programme-file")).content.decode().splitlines()
    ratio = next(number for number, line in enumerate(lines) if "lesson_ratio" in line)
    unit = next(number for number, line in enumerate(lines) if "unit: 人次" in line)
    lines[ratio], lines[unit] = "  lesson_ratio: 80", "  unit: 匹"

    response = client.post(
        reverse("rule-draft-file"), {"file": SimpleUploadedFile("规则.yaml", "\n".join(lines).encode())}
    )

    assert response.status_code == 422
    assert f"第 {ratio + 1} 行：attendance.lesson_ratio：应当不大于 1" in text(response)
    assert f"第 {unit + 1} 行：targets.0.unit：只能是" in text(response)
    assert draft()["planning"]["lead_working_days"] == 7


def test_another_county_s_file_is_refused(client: Client) -> None:
    rules = yaml.safe_load(client.get(reverse("programme-file")).content)
    rules["county"] = "永丰县"
    file = SimpleUploadedFile("规则.yaml", yaml.safe_dump(rules, allow_unicode=True).encode())

    response = client.post(reverse("rule-draft-file"), {"file": file})

    assert "项目代码、名称、县、省、区划代码和时区不能改" in text(response)
    assert not RuleDraft.objects.exists()


@pytest.mark.parametrize("versions", [1, 12])
def test_the_history_asks_a_constant_number_of_questions(
    county: Any, browse: Callable[..., Client], django_assert_num_queries: Any, versions: int
) -> None:
    first = RuleSet.objects.get()
    for number in range(2, versions + 1):
        RuleSet.objects.create(
            programme=county.programme, version=number, effective_on=date(2022, 1, number), body=first.body
        )
    client = browse(HEAD)

    with django_assert_num_queries(8):
        client.get(reverse("rule-versions"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_section_s_page_renders_in_both_languages(client: Client, language: str) -> None:
    change_lead(client, 7)
    names = [
        "programme",
        "rule-draft",
        "rule-draft-preview",
        "rule-draft-file",
        "rule-versions",
        "rules-unconfirmed",
    ]
    addresses = [reverse(name) for name in names] + [
        reverse("rule-section", args=[name]) for name in sections()
    ]
    for address in addresses:
        response = client.get(address, headers={"accept-language": language})
        assert response.status_code == 200, address
        assert f'<html lang="{language}"' in response.content.decode()


def test_another_county_s_draft_and_versions_do_not_exist(
    county: Any, other_county: Any, client: Client, browse: Callable[..., Client]
) -> None:
    change_lead(client, 7)
    adopt(browse(HEAD))
    change_lead(client, 9)
    stranger = browse(REVIEWER, other_county)

    assert "还没有改动" in text(stranger.get(reverse("rule-draft")))
    assert stranger.get(reverse("rule-draft-preview")).status_code == 404
    assert stranger.get(reverse("rule-version", args=[2])).status_code == 404
    assert "第 2 版" not in text(stranger.get(reverse("rule-versions")))


def test_a_group_from_before_the_mark_stands_in_the_form_as_its_words_say(
    client: Client, county: Any
) -> None:
    rules = county.programme.rule_sets.get()
    for group in rules.body["groups"]:
        del group["sensitive"]
    rules.save(update_fields=["body"])

    marked = {
        code: "sensitive" in typed(client.get(reverse("rule-entry", args=["groups", code])))
        for code in ("poor_household", "farmer")
    }

    assert list(marked.values()) == [True, False]
