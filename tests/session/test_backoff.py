"""Delays between attempts to bind grow, are jittered, end at the cap, and are longer where the peer still holds the old session."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.session.backoff import Backoff

RALYBND = 0x05


@given(st.floats(0.01, 5), st.floats(5, 120), st.integers(0, 2**32))
def test_no_delay_is_longer_than_its_power_of_two_and_the_cap(base: float, cap: float, seed: int) -> None:
    backoff = Backoff(base, cap, random=random.Random(seed).random)
    for attempt in range(80):
        assert 0 <= backoff.next() <= min(cap, base * 2.0**attempt)


def test_without_jitter_the_delays_double_up_to_the_cap() -> None:
    backoff = Backoff(0.5, 10.0, 0.0)
    assert [backoff.next() for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_full_jitter_spreads_evenly_over_the_whole_delay() -> None:
    rnd = random.Random(1)
    delays = [Backoff(1.0, random=rnd.random).next() for _ in range(10_000)]
    assert all(900 < sum(lower <= delay * 10 < lower + 1 for delay in delays) < 1_100 for lower in range(10))


def test_one_seed_gives_the_same_delays_again() -> None:
    one, two = (Backoff(random=random.Random(7).random) for _ in range(2))
    assert [one.next() for _ in range(20)] == [two.next() for _ in range(20)]


@given(st.integers(0, 2**32))
def test_already_bound_waits_half_a_minute_more_than_any_other_refusal(seed: int) -> None:
    plain, bound = (Backoff(random=random.Random(seed).random) for _ in range(2))
    for status in (None, 0x0D, 0x08):
        assert bound.next(RALYBND) == pytest.approx(plain.next(status) + 30.0)


def test_a_steady_session_starts_the_delays_anew_and_a_short_one_does_not() -> None:
    backoff = Backoff(1.0, 100.0, 0.0, steady=10.0)
    assert [backoff.next(), backoff.next(), backoff.next()] == [1, 2, 4]
    backoff.ended(9.9)
    assert backoff.next() == 8
    backoff.ended(10.0)
    assert backoff.next() == 1
    backoff.next()
    backoff.reset()
    assert (backoff.attempt, backoff.next()) == (0, 1)


def test_weeks_of_attempts_overflow_nothing() -> None:
    backoff = Backoff(jitter=0.0)
    backoff.attempt = 10_000_000
    assert backoff.next() == 60.0


@pytest.mark.parametrize("arguments", [
    {"base": -1}, {"cap": math.inf}, {"jitter": 1.1}, {"jitter": -0.1}, {"already_bound": -1}, {"steady": math.nan},
])
def test_numbers_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(EncodeError) as caught:
        Backoff(**arguments)
    assert caught.value.field == next(iter(arguments))
