"""Which department verifies which group, and who is shown a sensitive one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from training.accounts.choices import Department, Role
from training.core.errors import ForbiddenError
from training.people.models import Look
from training.people.queries import group_book, hidden_codes, waiting_groups
from training.people.services import decide_groups, note_groups
from training.programmes.preset import Group, is_marked_sensitive, sounds_sensitive


@pytest.fixture
def claims(county: Any, trainee: Any) -> Any:
    note_groups([(trainee, "poor_household"), (trainee, "farmer")], source="SC-1")
    return trainee.groups


def of(department: str, county: Any) -> Any:
    return replace(county.actor(Role.DATA_DEPARTMENT), department=department)


def waiting(actor: Any) -> set[str]:
    return set(waiting_groups(actor).values_list("code", flat=True))


def test_the_rules_name_the_departments_that_accounts_can_be_of() -> None:
    named = get_args(Group.model_fields["verified_by"].annotation)[0]

    assert set(get_args(named)) == set(Department.values)


def test_a_department_is_shown_its_own_groups_and_those_of_nobody(county: Any, claims: Any) -> None:
    assert {"poor_household", "farmer"} <= waiting(of("rural_affairs", county))
    for other in ("disabled_federation", ""):
        assert "farmer" in waiting(of(other, county))
        assert "poor_household" not in waiting(of(other, county))


def test_a_township_verifies_all_groups_of_its_people(county: Any, claims: Any) -> None:
    assert "poor_household" in waiting(county.actor(Role.TOWNSHIP))


def test_another_departments_group_is_refused_in_words(county: Any, claims: Any) -> None:
    group = claims.get(code="poor_household", status="claimed")

    with pytest.raises(ForbiddenError, match="由农业农村（乡村振兴）部门核实"):
        decide_groups([group.pk], verify=True, actor=of("disabled_federation", county))

    group.refresh_from_db()
    assert group.status == "claimed"
    assert decide_groups([group.pk], verify=True, actor=of("rural_affairs", county)) == 1


def test_a_sensitive_group_is_hidden_from_a_department_that_does_not_verify_it(county: Any) -> None:
    book = group_book(county.programme.pk)

    assert hidden_codes(of("rural_affairs", county), book) == frozenset()
    assert hidden_codes(of("veterans", county), book) == {"poor_household"}
    assert hidden_codes(county.actor(Role.BUREAU_REVIEWER), book) == {"poor_household"}
    assert not Look.objects.exists()


def test_rules_from_before_the_mark_are_read_by_their_words() -> None:
    assert is_marked_sensitive({"name": "具备条件的户", "aliases": [{"word": "脱贫户"}]})
    assert is_marked_sensitive({"name": "残疾人", "aliases": []})
    assert not is_marked_sensitive({"name": "残疾人", "sensitive": False})
    assert is_marked_sensitive({"name": "重点对象", "sensitive": True})
    assert not sounds_sensitive("农民")
