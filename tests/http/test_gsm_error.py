"""Vendor 4.1: every code of table 15 has a row, there is no second table, and an unknown code is answered with a row that says so."""

from hypothesis import given
from hypothesis import strategies as st

from smpp_core.spec import vendor
from smswire.http.gsm_error import GSM_ERRORS, gsm_error

# Table 15 as it is printed, without the column of names.
LEFT = [1, 5, 6, 9, 11, 12, 13, 21, 27, 31, 32, 33, 34, 36, 256, 257, 258, 260, 261, 262, 500, 502, 503, 504, 507, 511]
RIGHT = [
    1027, 1028, 1030, 1031, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1163, 1281, 1282, 1283, 1536, 1538, 1539, 1540, 1541, 2048,
    2051, 4096, 4100, 4101,
]


def test_the_table_has_the_52_codes_of_the_print_and_0() -> None:
    assert len(LEFT) == len(RIGHT) == 26
    assert sorted(GSM_ERRORS) == [0, *LEFT, *RIGHT]


def test_the_table_is_that_of_the_core() -> None:
    assert GSM_ERRORS is vendor.GSM_ERRORS


def test_a_code_has_a_text_and_says_whether_trying_again_can_help() -> None:
    assert (gsm_error(27).name, gsm_error(27).permanent) == ("EC_ABSENT_SUBSCRIBER", False)
    assert (gsm_error(1).name, gsm_error(1).permanent) == ("EC_UNKNOWN_SUBSCRIBER", True)
    assert (gsm_error(0).name, gsm_error(0).permanent) == ("NO_ERROR", False)


@given(st.integers().filter(lambda value: value not in GSM_ERRORS))
def test_an_unknown_code_has_a_row_that_says_so(value: int) -> None:
    row = gsm_error(value)
    assert (row.value, row.name, row.permanent) == (value, "UNKNOWN", False) and row.meaning
