"""`manage.py load_programme`: a county starts from its preset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from training.accounts.invitations import find_invitation
from training.accounts.models import Membership
from training.programmes.models import FundLine, Programme, Region, RuleDraft, RuleSet
from training.programmes.preset_file import PRESETS

pytestmark = pytest.mark.django_db


def test_the_shicheng_preset_becomes_a_programme_with_money_targets_and_rules(capsys):
    call_command("load_programme", "shicheng")

    programme = Programme.objects.get()
    rule_set = RuleSet.objects.get()
    line = rule_set.rules.fund_line("training")
    target = rule_set.rules.target("renci")
    assert "SC-2020" in capsys.readouterr().out
    assert programme.mark_text == "全国电子商务进农村综合示范项目"
    assert programme.phones == ["江西省商务厅 0791-86246339", "石城县商务局 0797-5792681"]
    assert [row.code for row in FundLine.objects.order_by("pk")] == [
        line.code for line in rule_set.rules.fund_lines
    ]
    assert line.total_fen == 180_000_000
    assert line.by_source_fen == {
        "central": 110_000_000,
        "province": 0,
        "upper": 0,
        "county": 20_000_000,
        "social": 50_000_000,
    }
    assert (target.value, target.unit, target.due_on.isoformat()) == (2000, "人次", "2022-06-30")
    assert [item.code for item in rule_set.rules.items] == [f"A{n}" for n in range(1, 10)]
    county = Region.objects.get()
    assert (county.code, county.name, county.level, county.parent) == ("360735", "石城县", "county", None)


def test_loading_twice_without_saying_who_is_refused_and_changes_nothing():
    call_command("load_programme", "shicheng")

    with pytest.raises(CommandError, match="请用 --by 写明本县修改规则的人的账号"):
        call_command("load_programme", "shicheng")

    assert Programme.objects.count() == RuleSet.objects.count() == 1


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., str]:
    """Shicheng's file with one piece of it replaced."""

    def write(old: str, new: str) -> str:
        text = (PRESETS / "shicheng.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "shicheng.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return str(path)

    return write


def test_a_changed_file_is_put_into_the_draft_or_made_the_next_version(county, changed, capsys):
    file = changed("lead_working_days: 3", "lead_working_days: 5")

    call_command("load_programme", file, by="sc-2020-reviewer")
    assert RuleDraft.objects.get().body["planning"]["lead_working_days"] == 5
    assert RuleSet.objects.count() == 1
    with pytest.raises(CommandError, match="这一步不由您的岗位办理"):
        call_command("load_programme", file, by="sc-2020-reviewer", effective_on=date(2021, 6, 1), reason="x")
    call_command("load_programme", file, by="sc-2020-head", effective_on=date(2021, 6, 1), reason="县里规定")

    second = RuleSet.objects.first()
    assert (second.version, second.effective_on, second.adopted_by.username) == (
        2,
        date(2021, 6, 1),
        "sc-2020-head",
    )
    assert "第 2 版规则，2021-06-01 起生效" in capsys.readouterr().out


def test_a_bad_file_is_refused_with_every_line_and_reason(changed):
    file = changed("lesson_ratio: 0.80 ", "lesson_ratio: 80 ")
    path = Path(file)
    path.write_text(path.read_text("utf-8").replace("unit: 人次", "unit: 匹"), "utf-8")

    with pytest.raises(CommandError) as refused:
        call_command("load_programme", file)

    lines = str(refused.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("shicheng.yaml 第 ")
    assert lines[1].endswith("attendance.lesson_ratio：应当不大于 1")
    assert not Programme.objects.exists()


def test_a_preset_that_does_not_exist_is_refused_in_words():
    with pytest.raises(CommandError):
        call_command("load_programme", "nowhere")


def test_a_county_member_gets_an_account_and_a_link_to_it(capsys):
    call_command("load_programme", "shicheng")
    capsys.readouterr()
    wanted = {"name": "温某", "role": "bureau_reviewer", "programme": "SC-2020"}

    call_command("add_member", "shenhe", **wanted)

    username, address = capsys.readouterr().out.split()[:2]
    member = Membership.objects.get(user__username=username)
    assert (member.role, member.workplace) == ("bureau_reviewer", "石城县商务局")
    assert member.programme_id == Programme.objects.get().pk
    assert not member.user.has_usable_password()
    assert find_invitation(address.rstrip("/").rpartition("/")[2]).user == member.user
    with pytest.raises(CommandError, match="已有人用"):
        call_command("add_member", "shenhe", **wanted)
    with pytest.raises(CommandError, match="没有项目"):
        call_command("add_member", "other", **wanted | {"programme": "XX-1"})
    with pytest.raises(CommandError, match="没有项目"):
        call_command("add_member", "other", **wanted | {"programme": ""})


def test_a_township_officer_is_added_with_the_township_and_nobody_else_with_one():
    call_command("load_programme", "shicheng")
    officer = {"name": "廖某", "role": "township", "programme": "SC-2020", "workplace": "琴江镇人民政府"}

    call_command("add_member", "xiangzhen", **officer, township="琴江镇")

    assert Membership.objects.get(user__username="xiangzhen").township == "琴江镇"
    with pytest.raises(CommandError, match="--township"):
        call_command("add_member", "other", **officer)
    with pytest.raises(CommandError, match="--township"):
        call_command("add_member", "other", **officer | {"role": "auditor"}, township="琴江镇")


def test_the_first_administrator_belongs_to_no_programme():
    call_command("add_member", "root", name="管理员", role="admin")

    assert Membership.objects.get().programme_id is None
