import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from training.institutions.rules import UsccError, check_uscc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE = "91350100M000100Y43"


@st.composite
def codes(draw: st.DrawFn) -> str:
    body = draw(st.from_regex(r"9[0-9]{7}", fullmatch=True).filter(str.isascii))
    body += draw(st.text(ALPHABET, min_size=9, max_size=9))
    return body + uscc.calc_check_digit(body)


@given(codes(), st.integers(0, 18))
def test_a_right_code_is_accepted_however_it_is_typed(code: str, place: int) -> None:
    assert check_uscc(f" {code[:place]} {code[place:]}".lower()) == code


@given(codes(), st.integers(8, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(code: str, place: int, other: str) -> None:
    changed = code[:place] + other + code[place + 1 :]
    if changed == code:
        return
    with pytest.raises(UsccError):
        check_uscc(changed)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        (CODE[:-1], "length"),
        (CODE[:-1] + "4", "check_digit"),
        (CODE[:-1] + "I", "characters"),
        ("甲" * 18, "characters"),
    ],
)
def test_each_mistake_has_its_code_and_says_what_to_do(text: str, code: str) -> None:
    with pytest.raises(UsccError, match="营业执照") as refused:
        check_uscc(text)
    assert refused.value.code == code


def test_full_width_characters_are_read() -> None:
    assert check_uscc("９１３５０１００Ｍ０００１００Ｙ４３") == CODE
