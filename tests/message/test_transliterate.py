"""A proposed spelling is in the GSM 7-bit alphabet, says what it changes, and is not made up where there is nothing sensible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import gsm7
from smswire.message.transliterate import REPLACEMENTS, propose, replacement

ODD = [*REPLACEMENTS, *"žŠćÑáëŷǆ½²ﬁ①ａＺ𝐇Ⅳ₂άΰΈς€é[\r\n", "\u0301", "\u030c", "\ufe0f", "\u20e3", "я", "中", "👍"]


@pytest.mark.parametrize("char", REPLACEMENTS)
def test_a_row_of_the_table_is_needed_and_leads_into_the_alphabet(char):
    assert gsm7.count(char) is None
    assert gsm7.count(REPLACEMENTS[char]) is not None


@given(st.text(st.sampled_from(ODD) | st.characters(), max_size=40))
def test_a_proposal_is_in_the_alphabet_and_its_changes_lead_from_the_text_to_it(text):
    found = propose(text)
    if found is None:
        return
    assert gsm7.count(text) is None and gsm7.count(found.text) is not None
    out, at = "", 0
    for index, old, new in found.changes:
        assert at <= index and text[index:index + len(old)] == old and gsm7.count(text[at:index]) is not None
        out += text[at:index] + new
        at = index + len(old)
    assert out + text[at:] == found.text
    assert propose(found.text) is None


@given(st.text(st.sampled_from(ODD) | st.characters(), min_size=1, max_size=3))
def test_a_replacement_is_in_the_alphabet_or_there_is_none(piece):
    found = replacement(piece)
    assert found is None or gsm7.count(found) is not None


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("„Žuti” – čaj…", '"Zuti" - caj...'),
        ("It’s 5\u00a0€", "It's 5 €"),
        ("Đuro, Łódź, İzmir, ığdır", "Duro, Lodz, Izmir, igdir"),
        ("caf\u0065\u0301 z\u030c", "café z"),
        ("1½ l, ½ kg, 10² m, H₂O", "1 1/2 l, 1/2 kg, 10^2 m, H2O"),
        ("ﬁne ａｂＣ", "fine abC"),
        ("Καλημέρα ΑΒΓ", "KAΛHMEPA ABΓ"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("раypal", "paypal"),
        ("1\ufe0f\u20e3", "1"),
    ],
)
def test_the_spelling_of(text, spelling):
    assert propose(text).text == spelling


@pytest.mark.parametrize("text", ["Привет", "你好", "fine 👍", "①", "♥", "\ud800", "\0", "", "plain", "5 € [x]"])
def test_nothing_is_proposed_where_nothing_is_sensible_or_needed(text):
    assert propose(text) is None
