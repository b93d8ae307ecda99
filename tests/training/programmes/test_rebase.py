"""A draft that others' versions overtook: own edits stay where nobody else changed the same thing."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from training.accounts.choices import Role
from training.core import clock as house_clock
from training.core.models import AuditEvent
from training.programmes.draft import Body
from training.programmes.models import RuleDraft, RuleSet
from training.programmes.preset import Preset
from training.programmes.rebase import rebased
from training.programmes.services import adopt, adopt_draft, rebase_draft, save_section

CHIEF, REVIEWER = Role.BUREAU_HEAD, Role.BUREAU_REVIEWER
ENTRIES = st.lists(
    st.fixed_dictionaries({"code": st.sampled_from("abcde"), "n": st.integers(0, 3)}),
    unique_by=lambda entry: entry["code"],
)
BODIES = st.fixed_dictionaries(
    {"rule": st.fixed_dictionaries({"x": st.integers(0, 3), "y": st.integers(0, 3)}), "list": ENTRIES}
)


@given(BODIES, BODIES)
def test_where_only_one_side_changed_something_that_side_stands(base: Body, changed: Body) -> None:
    assert (rebased(base, on=changed, base=base).body, rebased(base, on=changed, base=base).met) == (
        changed,
        [],
    )
    assert (rebased(changed, on=base, base=base).body, rebased(changed, on=base, base=base).met) == (
        changed,
        [],
    )


@given(BODIES, BODIES, BODIES)
def test_what_gave_way_is_named_and_is_as_adopted(base: Body, own: Body, others: Body) -> None:
    merge = rebased(own, on=others, base=base)

    for path in merge.met:
        if path[0] == "rule":
            assert merge.body["rule"][path[1]] == others["rule"][path[1]]
            assert own["rule"][path[1]] != others["rule"][path[1]]
    for name in ("x", "y"):
        if others["rule"][name] == base["rule"][name]:
            assert merge.body["rule"][name] == own["rule"][name]


def test_fields_of_one_entry_are_put_together_and_new_entries_of_both_sides_stay() -> None:
    base = {"list": [{"code": "a", "n": 1, "m": 1}]}
    own = {"list": [{"code": "a", "n": 2, "m": 1}, {"code": "mine", "n": 0}]}
    others = {"list": [{"code": "theirs", "n": 0}, {"code": "a", "n": 1, "m": 5}]}

    merge = rebased(own, on=others, base=base)

    assert merge.met == []
    assert merge.body["list"] == [
        {"code": "theirs", "n": 0},
        {"code": "a", "n": 2, "m": 5},
        {"code": "mine", "n": 0},
    ]


def test_what_one_removed_and_the_other_changed_is_named() -> None:
    base = {"list": [{"code": "a", "n": 1}]}
    merge = rebased({"list": []}, on={"list": [{"code": "a", "n": 2}]}, base=base)

    assert (merge.body, merge.met) == ({"list": [{"code": "a", "n": 2}]}, [("list", "a")])


# With a programme


def planning(rule_set: RuleSet, **changes: Any) -> dict[str, Any]:
    return deepcopy(rule_set.body["planning"]) | changes


@pytest.fixture
def overtaken(county: Any) -> RuleDraft:
    """The draft wants seven days and an outline; meanwhile version 2 wants nine days and courseware approved."""
    first = county.programme.rule_sets.get()
    wanted = planning(first, lead_working_days=7, outline_required=True)
    draft = save_section(county.programme.pk, "planning", wanted, actor=county.actor(REVIEWER))
    adopted = first.body | {"planning": planning(first, lead_working_days=9, courseware_approval=True)}
    adopt(
        county.programme.pk,
        Preset.model_validate(adopted),
        effective_on=house_clock.today() + timedelta(days=1),
        reason="会议纪要",
        actor=county.actor(CHIEF),
    )
    return draft


def test_a_draft_moves_onto_the_newest_version_and_can_be_adopted(county: Any, overtaken: RuleDraft) -> None:
    draft, met = rebase_draft(overtaken.pk, actor=county.actor(REVIEWER))

    said = draft.body["planning"]
    assert (said["lead_working_days"], said["outline_required"], said["courseware_approval"]) == (
        9,
        True,
        True,
    )
    assert met == [("planning", "lead_working_days")]
    assert AuditEvent.objects.get(verb="rules.draft_rebased").details["gave_way"] == [
        "planning/lead_working_days"
    ]
    third = adopt_draft(
        draft.pk,
        effective_on=house_clock.today() + timedelta(days=2),
        reason="会议纪要",
        actor=county.actor(CHIEF),
    )
    assert third.version == 3


def test_the_page_shows_what_others_changed_and_says_what_gave_way(
    county: Any, overtaken: RuleDraft, client: Client
) -> None:
    client.force_login(county.user(REVIEWER))

    shown = client.get(reverse("rule-draft")).content.decode()
    assert "把草稿移到第 2 版上" in shown
    assert "课件要先批准" in shown

    moved = client.post(reverse("rule-draft-rebase"), follow=True).content.decode()
    assert "草稿里用了第 2 版的" in moved
    assert "开班申请 › 最晚提前几个工作日" in moved
    assert "把草稿移到" not in moved
