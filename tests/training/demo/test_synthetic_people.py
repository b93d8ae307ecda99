from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from training.demo.people import synthetic_people
from training.people.rules import check_id_number, check_name, check_phone
from training.programmes.preset_file import load_preset

GROUPS = {group.code for group in load_preset("shicheng").groups}


@given(st.integers(0, 2**32))
def test_everybody_passes_the_checks_and_differs_from_everybody_else(seed: int) -> None:
    people = synthetic_people(30, seed)
    for person in people:
        identity = check_id_number(person.id_number)
        assert (identity.region, identity.sex) == ("360735", person.sex)
        assert identity.age_on(date(2020, 4, 1)) >= 16
        assert check_name(person.name) == person.name
        assert check_phone(person.phone) == person.phone
        assert person.group in GROUPS
    assert len({person.id_number for person in people}) == 30
    assert len({person.phone for person in people}) == 30


def test_rare_characters_are_among_the_first_twelve() -> None:
    names = [person.name for person in synthetic_people(12, 1)]
    assert {"䶮海生", "张𬭎"} <= set(names)


def test_the_same_seed_gives_the_same_people_and_more_only_adds() -> None:
    assert synthetic_people(50, 7)[:12] == synthetic_people(12, 7)
    assert synthetic_people(12, 7) != synthetic_people(12, 8)
