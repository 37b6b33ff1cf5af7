"""The rate limiter is exact over time: never more than rate * t + burst, and under saturation not less than 99 % of the rate."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.session.rate import Rate

rates = st.floats(0.5, 10_000)


@given(rates, st.floats(1, 100), st.lists(st.tuples(st.integers(1, 20), st.floats(0, 0.5)), max_size=60), st.floats(0, 1e7))
def test_over_any_interval_no_more_is_granted_than_rate_times_time_and_burst(
    per_second: float, burst: float, asked: list[tuple[int, float]], start: float,
) -> None:
    rate, now = Rate(per_second, burst), start
    granted: list[tuple[float, int]] = []
    for n, pause in asked:
        now += pause
        if rate.delay(n, now) == 0.0:
            granted.append((now, n))
    for first in range(len(granted)):
        total = 0
        for when, n in granted[first:]:
            total += n
            # Where a message is longer than the burst it goes at once and the next one waits for all of it.
            longest = max(burst, max(n for _, n in granted[first:]))
            assert total <= per_second * (when - granted[first][0]) + longest + 1e-6 * per_second + 1e-6


@given(rates, st.floats(0, 1e7), st.integers(1, 5))
def test_who_waits_as_told_gets_the_whole_rate(per_second: float, start: float, n: int) -> None:
    rate, now, granted, waits = Rate(per_second), start, 0, 0
    seconds = 200 * n / per_second
    while now < start + seconds:
        wait = rate.delay(n, now)
        now += wait
        granted += 0 if wait else n
        waits += 1
    assert granted >= 0.99 * per_second * seconds - n
    assert waits <= 2 * granted / n + 2  # one wait a message: nobody is sent back with a rest that rounding left


@given(st.floats(10, 10_000), st.lists(st.floats(0, 0.009), min_size=10, max_size=50))
def test_wake_ups_that_are_late_lose_nothing(per_second: float, lateness: list[float]) -> None:
    rate, now, granted, at = Rate(per_second), 0.0, 0, 0
    while now < 5.0 or granted < 100:
        wait = rate.delay(1, now)
        if wait:
            now += wait + lateness[at % len(lateness)]
            at += 1
        else:
            granted += 1
    assert granted >= 0.99 * per_second * now - 2


def test_nothing_is_taken_by_asking_in_vain() -> None:
    rate = Rate(10, 1)
    assert rate.delay(1, 0.0) == 0.0
    for _ in range(1000):
        assert rate.delay(1, 0.05) == pytest.approx(0.05)
    assert rate.delay(1, 0.1) == 0.0


def test_a_long_message_goes_when_the_bucket_is_full_and_is_paid_back() -> None:
    rate = Rate(10, 2)
    assert rate.delay(10, 0.0) == 0.0
    assert rate.delay(1, 0.0) == pytest.approx(0.9)
    assert rate.delay(10, 0.0) == pytest.approx(1.0)


def test_the_default_burst_is_one_and_what_ten_milliseconds_bring() -> None:
    assert Rate(5_000).burst == 51
    assert Rate(10).burst == pytest.approx(1.1)


@pytest.mark.parametrize(("per_second", "burst", "field"), [
    (0, None, "rate"), (-1, None, "rate"), (math.inf, None, "rate"), (math.nan, None, "rate"),
    (1, 0.5, "burst"), (1, math.inf, "burst"), (1, math.nan, "burst"),
])
def test_numbers_that_make_no_sense_are_refused(per_second: float, burst: float | None, field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        Rate(per_second, burst)
    assert caught.value.field == field
