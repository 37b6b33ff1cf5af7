"""A number belongs to the network of its longest prefix; a handset named by its number comes before patterns."""

from hypothesis import given
from hypothesis import strategies as st

from smswire.simulator.handset import Handsets
from smswire.simulator.network import ANYWHERE, Networks, is_number
from smswire.simulator.scenario import Handset, Network

prefixes = st.text("12", min_size=1, max_size=4)


@given(st.lists(prefixes, min_size=1, max_size=8, unique=True), st.text("12", max_size=6))
def test_the_longest_prefix_wins(known: list[str], number: str) -> None:
    networks = Networks(Network(name=prefix, prefixes=(prefix,)) for prefix in known)
    found = networks.find(number)
    expected = max((prefix for prefix in known if number.startswith(prefix)), key=len, default=None)
    assert (found.name if found is not None else None) == expected


def test_a_scenario_without_networks_covers_everything() -> None:
    assert Networks(()).find("385911234567") is ANYWHERE
    assert ANYWHERE.covered


@given(st.text("0123456789+a٣", max_size=18))
def test_a_number_has_five_to_fifteen_digits_and_no_zero_in_front(text: str) -> None:
    expected = 5 <= len(text) <= 15 and all(letter in "0123456789" for letter in text) and text[0] != "0"
    assert is_number(text) == expected


def test_a_handset_named_by_its_number_comes_before_patterns_and_the_first_pattern_counts() -> None:
    one, two, named = Handset(number="3859*"), Handset(number="38591??"), Handset(number="3859123")
    handsets = Handsets((one, two, named))
    assert handsets.find("3859123") is named
    assert handsets.find("3859199") is one
    assert handsets.find("49") is None
    assert handsets
    assert not Handsets(())
