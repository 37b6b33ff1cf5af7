"""Ids of receipts find the ids of responses in whatever form, and never another message's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.message.ids import Form, IdMatcher, Radix, fold, meanings

HEX = "0123456789abcdef"
numbers = st.integers(0, 2**64 - 1)

# How a response writes a number, and how a receipt of the same peer does.
PEERS: dict[str, tuple[Callable[[int], str], Callable[[int], str], Radix]] = {
    "equal": (str, str, "same"),
    "equal hex": (lambda n: f"{n:x}", lambda n: f"{n:x}", "same"),
    "case": (lambda n: f"{n:X}", lambda n: f"{n:x}", "same"),
    "zeros": (lambda n: f"{n:010d}", str, "same"),
    "zeros of the receipt": (str, lambda n: f"{n:012d}", "same"),
    "prefix": (lambda n: f"0x{n:08X}", lambda n: f"{n:x}", "same"),
    "prefix of the receipt": (lambda n: f"{n:x}", lambda n: f"0X{n:X}", "same"),
    "hex-decimal": (lambda n: f"{n:X}", str, "hex-decimal"),
    "hex-decimal with zeros": (lambda n: f"{n:08x}", lambda n: f"{n:010d}", "hex-decimal"),
    "decimal-hex": (str, lambda n: f"{n:x}", "decimal-hex"),
    "decimal-hex with zeros and prefix": (lambda n: f"{n:012d}", lambda n: f"0x{n:08X}", "decimal-hex"),
}


@given(st.sampled_from(list(PEERS)), st.lists(st.one_of(st.integers(0, 400), numbers), min_size=1, max_size=60, unique=True), st.data())
def test_whatever_the_form_a_receipt_finds_its_own_message_or_none(peer: str, sent: list[int], data: st.DataObject) -> None:
    response, receipt, radix = PEERS[peer]
    matcher: IdMatcher[int] = IdMatcher()
    for number in sent:
        matcher.sent(response(number), number)
    for number in data.draw(st.permutations(sent)):
        assert matcher.find(receipt(number)) in (number, None)
    assert matcher.radix in (radix, None)
    if matcher.radix is not None:  # what was doubtful before is no more
        assert [matcher.find(receipt(number)) for number in sent] == sent
    assert sum(matcher.forms.values()) + matcher.doubtful >= len(sent)


@given(st.sampled_from(list(PEERS)), st.lists(st.integers(2**40, 2**64 - 1), min_size=6, max_size=40, unique=True))
def test_ids_as_long_as_real_ones_are_all_found_and_the_radix_is_learned(peer: str, sent: list[int]) -> None:
    response, receipt, radix = PEERS[peer]
    matcher: IdMatcher[int] = IdMatcher()
    for number in sent:
        matcher.sent(response(number), number)
        assert matcher.find(receipt(number)) == number
    assert matcher.radix == radix and matcher.doubtful == 0


@given(st.sampled_from(list(PEERS)), st.lists(st.integers(0, 3000), min_size=40, max_size=200, unique=True), st.data())
def test_once_the_radix_is_known_a_strangers_number_finds_nothing(peer: str, known: list[int], data: st.DataObject) -> None:
    response, receipt, radix = PEERS[peer]
    matcher: IdMatcher[int] = IdMatcher()
    for number in known:
        matcher.sent(response(number), number)
    for number in known:
        matcher.find(receipt(number))
    if matcher.radix == radix:
        for _ in range(3):
            stranger = data.draw(st.integers(0, 6000).filter(lambda n: n not in known))
            assert matcher.find(receipt(stranger)) is None
        assert matcher.find(receipt(known[0])) == known[0]


ids = st.one_of(
    st.text(HEX + "ABCDEFx-", max_size=6), st.text(max_size=8), st.uuids().map(str), st.integers(0, 50).map(str),
    st.integers(0, 50).map(hex))


@given(st.lists(st.tuples(st.sampled_from(["sent", "find", "forget"]), ids), max_size=80), st.integers(1, 6))
def test_no_more_is_kept_than_the_limit_and_nothing_goes_untold(steps: list[tuple[str, str]], limit: int) -> None:
    matcher: IdMatcher[int] = IdMatcher(limit)
    kept: dict[str, int] = {}
    for number, (step, name) in enumerate(steps):
        if step == "sent":
            gone = matcher.sent(name, number)
            if name in kept:
                assert gone == (name, kept.pop(name))
            elif len(kept) == limit:
                oldest = next(iter(kept))
                assert gone == (oldest, kept.pop(oldest))
            else:
                assert gone is None
            kept[name] = number
        elif step == "forget":
            matcher.forget(name)
            kept.pop(name, None)
        else:
            found = matcher.find(name)
            assert found is None or found in kept.values()
        assert list(matcher) == list(kept) and len(matcher) == len(kept)
        assert sorted(other for names in matcher._folded.values() for other in names) == sorted(n for n in kept if fold(n) != n)


@given(ids, ids)
def test_what_a_receipt_can_mean_holds_the_folded_id_of_whatever_it_finds(sent: str, said: str) -> None:
    matcher: IdMatcher[str] = IdMatcher()
    matcher.sent(sent, sent)
    if matcher.find(said) is not None:
        assert fold(sent) in meanings(said)


# ---- one by one

@pytest.mark.parametrize(("sent", "said", "form"), [
    ("7F", "7F", "equal"), ("7F", "7f", "case"), ("007", "7", "zeros"), ("7", "0007", "zeros"), ("0x7F", "7f", "prefix"),
    ("7f", "0X7F", "prefix"), ("7F", "127", "hex-decimal"), ("127", "7F", "decimal-hex"), ("0", "000", "zeros"),
    ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "F47AC10B-58CC-4372-A567-0E02B2C3D479", "case"), ("Msg_1", "msg_1", "case"),
    ("f" * 32, str(2**128 - 1), "hex-decimal"),
])
def test_each_form_is_found_and_counted(sent: str, said: str, form: Form) -> None:
    matcher: IdMatcher[str] = IdMatcher()
    matcher.sent(sent, "message")
    assert matcher.find(said) == "message"
    assert {name: count for name, count in matcher.forms.items() if count} == {form: 1}


@pytest.mark.parametrize(("sent", "said"), [
    ("7", "8"), ("", "0"), ("x", ""), ("0x127", "7f"), ("f" * 41, str(int("f" * 41, 16))), ("7 ", "7"), ("0x", "0"),
])
def test_what_is_no_form_of_an_id_finds_nothing(sent: str, said: str) -> None:
    matcher: IdMatcher[str] = IdMatcher()
    matcher.sent(sent, "message")
    assert matcher.find(said) is None and not sum(matcher.forms.values())


def test_an_id_that_two_radixes_explain_waits_until_one_is_known() -> None:
    matcher: IdMatcher[str] = IdMatcher()
    for name in ("10", "16"):
        matcher.sent(name, name)
    assert matcher.find("16") is None and matcher.doubtful == 1  # "16", or 0x10 in decimal?
    for number in range(0xA0, 0xA5):
        matcher.sent(f"{number:x}", "other")
        assert matcher.find(str(number)) == "other"
    assert matcher.radix == "hex-decimal"
    assert (matcher.find("16"), matcher.find("22")) == ("10", "16")


def test_while_requests_are_unanswered_a_number_waits_for_the_radix_and_a_word_does_not() -> None:
    matcher: IdMatcher[str] = IdMatcher()
    for name in ("1000000001", "abc-1", *"23456"):
        matcher.sent(name, name)
    assert matcher.find("1000000001", unanswered=True) is None
    assert matcher.find("abc-1", unanswered=True) == "abc-1"
    assert matcher.find("6", unanswered=True) == "6"  # the same in every radix
    assert matcher.find("1000000001") == "1000000001"


def test_an_id_that_was_sent_exactly_so_wins_in_its_radix_and_of_others_none() -> None:
    matcher: IdMatcher[str] = IdMatcher()
    for name in ("zz", "0ZZ", "00ZZ"):
        matcher.sent(name, name)
    assert matcher.find("zz") == "zz" and matcher.find("0ZZ") == "0ZZ"
    assert matcher.find("ZZ") is None and matcher.doubtful == 1
    matcher.forget("zz")
    matcher.forget("0ZZ")
    assert matcher.find("ZZ") == "00ZZ"


def test_a_peer_that_changes_its_ways_is_believed_after_some_receipts() -> None:
    matcher: IdMatcher[int] = IdMatcher()
    for number in range(2**40, 2**40 + 3000):
        matcher.sent(f"{number:x}", number)
        assert matcher.find(f"{number:x}") == number
    assert matcher.radix == "same"
    found = []
    for number in range(2**50, 2**50 + 20):
        matcher.sent(f"{number:x}", number)
        found.append(matcher.find(str(number)))
    assert found[0] is None and found[-10:] == list(range(2**50 + 10, 2**50 + 20)) and matcher.radix == "hex-decimal"


def test_a_single_accident_is_outweighed_by_a_few_receipts() -> None:
    matcher: IdMatcher[str] = IdMatcher()
    for number in range(10**9, 10**9 + 7):
        matcher.sent(f"{number:x}", f"{number}")
    matcher.find(str(10**9))
    for number in range(10**9 + 1, 10**9 + 7):
        matcher.find(f"{number:x}")
    assert matcher.radix == "same"


def test_a_receipt_that_was_looked_at_before_teaches_nothing_more() -> None:
    matcher: IdMatcher[str] = IdMatcher()
    for number in range(10**9, 10**9 + 5):
        matcher.sent(f"{number:x}", "key")
    for _ in range(10):
        assert matcher.look(f"{10**9:x}", unanswered=True, learn=False) == (None, True)
    assert matcher.radix is None
    for number in range(10**9, 10**9 + 5):
        matcher.find(f"{number:x}")
    assert matcher.radix == "same"
    for _ in range(30):
        assert matcher.look(str(10**9), learn=False) == (None, True)
    assert matcher.radix == "same"


def test_the_oldest_goes_and_an_id_given_twice_is_told() -> None:
    matcher: IdMatcher[str] = IdMatcher(2)
    assert [matcher.sent("A", "1"), matcher.sent("B", "2"), matcher.sent("A", "3")] == [None, None, ("A", "1")]
    assert matcher.sent("A", "3") is None
    assert matcher.sent("C", "4") == ("B", "2") and matcher.evicted == 1
    assert (matcher.get("A"), matcher.get("B"), matcher.find("c")) == ("3", None, "4")
    with pytest.raises(ValueError):
        IdMatcher(0)
