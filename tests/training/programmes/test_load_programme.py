"""`manage.py load_programme`: a county starts from its preset."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from training.accounts.invitations import find_invitation
from training.accounts.models import Membership
from training.programmes.models import FundLine, Programme, RuleSet, Target

pytestmark = pytest.mark.django_db


def test_the_shicheng_preset_becomes_a_programme_with_money_targets_and_rules(capsys):
    call_command("load_programme", "shicheng")

    programme = Programme.objects.get()
    line = FundLine.objects.get(programme=programme, code="training")
    target = Target.objects.get(programme=programme)
    assert "SC-2020" in capsys.readouterr().out
    assert programme.mark_text == "全国电子商务进农村综合示范项目"
    assert len(programme.phones) == 2
    assert line.total_fen == 180_000_000
    assert line.by_source_fen == {
        "central": 110_000_000,
        "province": 0,
        "upper": 0,
        "county": 20_000_000,
        "social": 50_000_000,
    }
    assert (target.value, target.unit, target.due_on.isoformat()) == (2000, "人次", "2022-06-30")
    assert [item.code for item in RuleSet.objects.get().rules.items] == [f"A{n}" for n in range(1, 10)]


def test_loading_twice_is_refused_and_changes_nothing():
    call_command("load_programme", "shicheng")

    with pytest.raises(CommandError, match="已经建立"):
        call_command("load_programme", "shicheng")

    assert Programme.objects.count() == RuleSet.objects.count() == 1


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


def test_the_first_administrator_belongs_to_no_programme():
    call_command("add_member", "root", name="管理员", role="admin")

    assert Membership.objects.get().programme_id is None
