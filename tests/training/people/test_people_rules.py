from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from training.people.rules import (
    IdNumberError,
    PersonNameError,
    PhoneNumberError,
    check_id_number,
    check_name,
    check_phone,
    mask_id_number,
    mask_phone,
)

DIGITS = "0123456789X"
FULL_WIDTH = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")


@st.composite
def id_numbers(draw: st.DrawFn) -> str:
    region = draw(st.integers(100000, 999999))
    born_on = draw(st.dates(date(1900, 1, 1), date(2030, 12, 31)))
    body = f"{region}{born_on:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + mod_11_2.calc_check_digit(body)


@given(id_numbers())
def test_a_right_number_says_when_born_and_which_sex(number: str) -> None:
    person = check_id_number(number)
    assert person.number == number
    assert f"{person.born_on:%Y%m%d}" == number[6:14]
    assert (person.sex == "male") == (int(number[16]) % 2 == 1)


@given(
    id_numbers(), st.sampled_from([str.lower, lambda text: text.translate(FULL_WIDTH)]), st.integers(0, 18)
)
def test_how_it_is_typed_does_not_matter(number: str, typed, place: int) -> None:
    untidy = typed(f"'{number[:place]} \u3000\u200b{number[place:]}\t")
    assert check_id_number(untidy).number == number


@given(id_numbers(), st.integers(0, 17), st.sampled_from(DIGITS))
def test_one_wrong_character_never_passes(number: str, place: int, other: str) -> None:
    changed = number[:place] + other + number[place + 1 :]
    if changed == number:
        return
    with pytest.raises(IdNumberError):
        check_id_number(changed)


@given(id_numbers(), st.integers(0, 16))
def test_two_neighbours_swapped_never_pass(number: str, place: int) -> None:
    changed = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if changed == number:
        return
    with pytest.raises(IdNumberError):
        check_id_number(changed)


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none(), st.booleans()))
def test_nothing_at_all_makes_it_stumble(junk: object) -> None:
    with suppress(IdNumberError):
        check_id_number(junk)


@pytest.mark.parametrize(
    ("old", "new"),
    [("130503670401001", "130503196704010016"), ("610104620927690", "610104196209276908")],
)
def test_a_first_generation_number_becomes_18_digits(old: str, new: str) -> None:
    assert check_id_number(old).number == new
    assert check_id_number(float(old)).number == new  # fifteen digits are all that Excel keeps


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "810000199408230021",
        "830000199201300022",
        "931586198001010028",
        "440524188001010014",
    ],
)
def test_numbers_of_the_standard_and_of_other_residents(number: str) -> None:
    if number[6:10] < "1900":  # the standard's own example was born in 1880
        with pytest.raises(IdNumberError):
            check_id_number(number)
    else:
        assert check_id_number(number).number == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        (None, "missing"),
        ("   ", "missing"),
        ("1.1011E+17", "excel_number"),
        ("1.10105e17", "excel_number"),
        (3.60735198001011e17, "excel_number"),
        (360735198001011234, "excel_number"),
        (float("nan"), "excel_number"),
        ("360735198001011000", "excel_number"),  # Excel's zeros, saved as text afterwards
        ("36073519800101123", "length"),
        ("3607351980010112345", "length"),
        ("36073519800101X234", "characters"),
        ("360735198002301234", "birth_date"),
        ("360735198013011234", "birth_date"),
        ("110105194912310021", "check_digit"),
    ],
)
def test_each_mistake_has_its_code(text: object, code: str) -> None:
    with pytest.raises(IdNumberError) as refused:
        check_id_number(text)
    assert refused.value.code == code


def test_a_number_spoilt_by_excel_is_told_how_to_mend_it() -> None:
    with pytest.raises(IdNumberError, match="单元格格式设为“文本”"):
        check_id_number("1.1011E+17")


@given(st.dates(date(1900, 1, 1), date(2010, 12, 31)), st.integers(0, 100))
def test_age_grows_on_the_birthday(born_on: date, years: int) -> None:
    body = f"360735{born_on:%Y%m%d}001"
    person = check_id_number(body + mod_11_2.calc_check_digit(body))
    if (born_on.month, born_on.day) == (2, 29):
        return
    birthday = born_on.replace(year=born_on.year + years)
    assert person.age_on(birthday) == years
    assert person.age_on(birthday - timedelta(days=1)) == years - 1


def test_numbers_are_masked() -> None:
    assert mask_id_number("360735198001011234") == "3607**********1234"
    assert mask_phone("13812345678") == "138****5678"
    assert mask_id_number("12345678") == "********"
    assert mask_phone("123") == "***"


def test_an_identity_does_not_print_itself() -> None:
    assert "194912" not in repr(check_id_number("11010519491231002X"))


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+8613812345678",
        "008613812345678",
        "１３８１２３４５６７８",
        13812345678.0,
        13812345678,
        "\u202d13812345678\u202c",
    ],
)
def test_a_phone_number_is_read_however_it_is_typed(typed: object) -> None:
    assert check_phone(typed) == "13812345678"


@pytest.mark.parametrize(
    "typed", ["1381234567", "138123456789", "0797-5792681", "12812345678", "abc", 1.38e11]
)
def test_a_phone_number_that_is_none_is_refused(typed: object) -> None:
    with pytest.raises(PhoneNumberError) as refused:
        check_phone(typed)
    assert refused.value.code == "phone"


@pytest.mark.parametrize(
    "name", ["䶮海生", "张𬭎", "李〇", "阿依古丽·买买提", "John Smith", "Anne-Marie O'Neil"]
)
def test_names_survive_exactly(name: str) -> None:
    assert check_name(name) == name
    assert check_name(f" {name}\u3000") == name


def test_spaces_that_only_align_a_list_go() -> None:
    assert check_name("张　𬭎") == "张𬭎"
    assert check_name("王 明") == "王明"
    assert check_name("阿依古丽•买买提") == "阿依古丽·买买提"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "missing"),
        (None, "missing"),
        ("=HYPERLINK(1)", "formula"),
        ("+张三", "formula"),
        ("-张三", "formula"),
        ("@SUM(A1)", "formula"),
        ("张三=1", "formula"),
        ("\ue863海生", "lost_character"),
        ("张?", "lost_character"),
        ("张\ufffd", "lost_character"),
        ("张三1", "characters"),
        ("<b>张三", "characters"),
    ],
)
def test_what_is_not_a_name_is_refused(name: str | None, code: str) -> None:
    with pytest.raises(PersonNameError) as refused:
        check_name(name)
    assert refused.value.code == code
