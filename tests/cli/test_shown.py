"""What is shown of a PDU is printable and unambiguous; times have nine digits and sort as text."""

import ast
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from smswire.cli.shown import characters, format_time, quoted, quoted_lines, safe

ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_safe_text_is_printable_and_says_which_letters_it_was(text):
    assert safe(text).isprintable()
    assert ast.literal_eval(quoted(text)) == text


@given(ANY, st.integers(1, 80))
def test_wrapped_text_is_the_same_text(text, width):
    lines = quoted_lines(text, width)
    assert "".join(map(ast.literal_eval, lines)) == text
    assert all(len(line) <= width + 2 + 10 for line in lines)


@given(ANY, st.integers(1, 80))
def test_a_limit_cuts_letters_and_shows_that_it_does(text, limit):
    shown = quoted(text, limit)
    assert ast.literal_eval(shown.removesuffix("…")) == text[:limit]
    assert shown.endswith("…") == (len(text) > limit)


@given(st.binary())
def test_each_octet_is_one_character(octets):
    assert len(characters(octets)) == len(octets) and characters(octets).isprintable()


@given(st.integers(0, 2**62))
def test_a_time_is_utc_with_nine_digits(nanoseconds):
    text = format_time(nanoseconds)
    assert len(text) == 30 and text[19] == "." and text.endswith("Z")
    assert int(text[20:29]) == nanoseconds % 10**9
    assert datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp() == nanoseconds // 10**9


@given(st.lists(st.integers(0, 2**62), min_size=2))
def test_times_sort_as_their_text(times):
    assert [format_time(time) for time in sorted(times)] == sorted(map(format_time, times))
