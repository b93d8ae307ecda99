"""Numbers: form and check digit, whatever the region."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.idcard.numbers import (
    is_foreigner_number_2017,
    is_resident_number,
    mask_number,
    previous_foreigner_number,
    upgrade_number,
)

GOOD = "11010519491231002X"


@pytest.mark.parametrize(
    "number",
    [
        GOOD,
        "440524188001010014",
        "110101199003070011",
        "810000199408230021",
        "830000199201300022",
        "931586198001010028",
    ],
)
def test_a_number_of_any_region_is_accepted(number):
    assert is_resident_number(number)


@pytest.mark.parametrize("number", ["", "110105194912310021", GOOD[:-1], GOOD + "X", "X" * 18, GOOD.lower()])
def test_a_number_that_fails_its_check_is_not(number):
    assert not is_resident_number(number)


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_shows(at, change):
    wrong = GOOD[:at] + str((int(GOOD[at]) + change) % 10) + GOOD[at + 1 :]

    assert not is_resident_number(wrong)


@pytest.mark.parametrize(
    ("old", "new"),
    [("130503670401001", "130503196704010016"), ("610104620927690", "610104196209276908")],
)
def test_an_old_number_grows_to_18(old, new):
    assert upgrade_number(old) == new
    assert is_resident_number(new)


def test_only_an_old_number_grows():
    with pytest.raises(ValueError, match="15 digits"):
        upgrade_number(GOOD)


def test_a_2017_number_is_held_to_7_3_1():
    assert is_foreigner_number_2017("CAN110081080310")
    assert not is_foreigner_number_2017("CAN110081080319")


@pytest.mark.parametrize("link", ["000", "   ", "", "12", "a1b"])
def test_no_link_means_no_previous_number(link):
    assert previous_foreigner_number("931586198001010028", "PAK", link) == ""


def test_a_masked_number_keeps_its_ends():
    assert mask_number(GOOD) == "1101**********002X"
