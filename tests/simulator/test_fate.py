"""A fate is a function of the seed and the message's number; rules choose it, the first that fits; handsets have their say."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import MessageState
from smswire.simulator.chance import Draw, mix, share_of
from smswire.simulator.distribution import Constant, Uniform
from smswire.simulator.fate import ABSENT, MEMORY_FULL, Fate, Fates
from smswire.simulator.handset import Handsets, matcher, number_like
from smswire.simulator.network import ANYWHERE
from smswire.simulator.scenario import Handset, Network, Outcome, Rule

TO, SENDER = "385911234567", "Infobip"
SPREAD = Uniform(least=0, most=100)


def fates(*rules: Rule, handsets: tuple[Handset, ...] = (), seed: int = 1) -> Fates:
    return Fates(rules, SPREAD, Handsets(handsets), seed)


def deal(dealer: Fates, number: int = 1, to: str = TO, sender: str = SENDER, account: str = "test", network: Network = ANYWHERE,
         text: str = "") -> Fate:
    return dealer.deal(number, to, sender, account, network, text)


MIXED = Rule(outcomes=(
    Outcome(weight=90), Outcome(weight=9, state="UNDELIVERABLE", error=27), Outcome(weight=1, status="ESME_RSYSERR"),
))


@given(st.integers(), st.permutations(range(1, 40)))
def test_fates_hang_on_seed_and_number_only(seed: int, order: list[int]) -> None:
    one, other = fates(MIXED, seed=seed), fates(MIXED, seed=seed)
    expected = {number: deal(one, number) for number in range(1, 40)}
    assert {number: deal(other, number) for number in order} == expected


def test_another_seed_is_another_fate() -> None:
    assert [deal(fates(seed=1), n).delay for n in range(9)] != [deal(fates(seed=2), n).delay for n in range(9)]


def test_weights_and_delays_come_true_over_many_messages() -> None:
    dealer = fates(MIXED)
    dealt = [deal(dealer, number) for number in range(20_000)]
    found = Counter((fate.status, fate.state.name) for fate in dealt)
    assert found[0, "DELIVERED"] == pytest.approx(18_000, rel=0.02)
    assert found[0, "UNDELIVERABLE"] == pytest.approx(1_800, rel=0.1)
    assert found[8, "REJECTED"] == pytest.approx(200, rel=0.3)
    failed = [fate.delay for fate in dealt if fate.state is MessageState.UNDELIVERABLE]
    assert sum(failed) / len(failed) == pytest.approx(50, rel=0.05)  # the delay does not hang together with the outcome


@given(st.integers(), st.integers())
def test_chance_is_the_same_on_every_machine_and_in_its_bounds(seed: int, key: int) -> None:
    assert mix(seed, key) == mix(seed, key) < 1 << 64
    assert 0 <= share_of(mix(seed, key)) < 1


def test_chance_does_not_change_between_versions() -> None:
    assert [mix(1, 1), mix(7, 1_000_001), mix(-1, 0)] == [2503172903499689074, 18178873324415315841, 15988723454175603124]


def test_the_first_rule_that_fits_counts_and_each_condition_is_asked() -> None:
    def rule(error: int, **conditions: str) -> Rule:
        return Rule(outcomes=(Outcome(state="UNKNOWN", error=error),), **conditions)

    home = Network(name="VipNet", prefixes=("38591",))
    dealer = fates(
        rule(1, to="*99"), rule(2, sender="Info????"), rule(3, text=r"(?i)\bspam\b"), rule(4, account="other"), rule(5, network="VipNet"),
    )
    assert dealer.reads_text
    assert deal(dealer, to="38591199", sender="Infobip").error == 1
    assert deal(dealer, sender="Infobip1").error == 2
    assert deal(dealer, text="this is SPAM").error == 3
    assert deal(dealer, account="other").error == 4
    assert deal(dealer, network=home).error == 5
    assert deal(dealer, text="spammer") == fates().deal(1, TO, SENDER, "test", ANYWHERE)


def test_the_nearest_delay_counts() -> None:
    slow = Network(name="slow", prefixes=("1",), delay=Constant(seconds=7))
    own = Rule(to="*5", outcomes=(Outcome(delay=Constant(seconds=3)),))
    assert deal(fates(own), to="385915", network=slow).delay == 3
    assert deal(fates(own), network=slow).delay == 7
    assert 0 <= deal(fates(own)).delay < 100


def test_handsets_that_are_off_or_full_do_not_get_what_would_be_delivered() -> None:
    handsets = (
        Handset(number="385910000001", state="off", on_after=30), Handset(number="3859100000*", state="off"),
        Handset(number="38592???????", state="full"),
    )
    dealer = fates(Rule(sender="bad", outcomes=(Outcome(state="REJECTED", error=9),)), handsets=handsets)
    later = deal(dealer, to="385910000001")
    assert (later.state, later.expired_error, later.intermediate) == (MessageState.DELIVERED, ABSENT, 1)
    assert later.delay >= 30
    never = deal(dealer, to="385910000002")
    assert (never.delay, never.expired_error) == (float("inf"), ABSENT)
    full = deal(dealer, to="385921234567")
    assert (full.state, full.error) == (MessageState.UNDELIVERABLE, MEMORY_FULL)
    assert deal(dealer, to="385910000002", sender="bad").state is MessageState.REJECTED
    assert deal(dealer).delay < 100


def test_what_is_never_final_has_no_end() -> None:
    assert deal(fates(Rule(outcomes=(Outcome(state="ENROUTE"),)))).delay == float("inf")


@given(st.text("0123456789*?.[+", max_size=8), st.text("0123456789.[+", max_size=8))
def test_patterns_know_two_signs_and_no_more(pattern: str, word: str) -> None:
    def fits(pattern: str, word: str) -> bool:
        if not pattern:
            return not word
        if pattern[0] == "*":
            return any(fits(pattern[1:], word[at:]) for at in range(len(word) + 1))
        return bool(word) and pattern[0] in ("?", word[0]) and fits(pattern[1:], word[1:])

    assert bool(matcher(pattern)(word)) == fits(pattern, word)


@given(st.integers(), st.integers(0, 1 << 40))
def test_numbers_are_made_by_their_pattern(seed: int, key: int) -> None:
    made = number_like("38591???????", seed, key)
    assert matcher("38591???????")(made)
    assert made.isdigit()
    assert made == number_like("38591???????", seed, key)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=6), st.floats(0, 1, exclude_max=True))
def test_a_draw_gives_each_thing_its_share(weights: list[float], u: float) -> None:
    at = u * sum(weights)
    drawn = Draw(range(len(weights)), weights).at(u)
    before = sum(weights[:drawn])
    assert before - 1e-6 <= at <= before + weights[drawn] + 1e-6
