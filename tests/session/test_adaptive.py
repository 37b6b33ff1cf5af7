"""The adaptive limiter against peers that hide a limit, in simulated time: it finds the limit, holds near it, and follows it."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.session.adaptive import THROTTLING, Adaptive

THROTTLED, QUEUE_FULL = 0x58, 0x14


class Fixed:
    """Counts by the second of its own clock."""

    def __init__(self, limit: float, phase: float = 0.0) -> None:
        self.limit, self.phase, self.second, self.count = limit, phase, -1, 0

    def take(self, now: float) -> int:
        if int(now + self.phase) != self.second:
            self.second, self.count = int(now + self.phase), 0
        if self.count >= self.limit:
            return THROTTLED
        self.count += 1
        return 0


class Sliding:
    """Counts what it took in the last second."""

    def __init__(self, limit: float) -> None:
        self.limit, self.taken = limit, deque[float]()

    def take(self, now: float) -> int:
        while self.taken and self.taken[0] <= now - 1.0 + 1e-9:
            self.taken.popleft()
        if len(self.taken) >= self.limit:
            return THROTTLED
        self.taken.append(now)
        return 0


class Bucket:
    """A token bucket that starts full."""

    status = THROTTLED

    def __init__(self, limit: float, burst: float) -> None:
        self.limit, self.burst, self.tokens, self.at = limit, burst, burst, 0.0

    def take(self, now: float) -> int:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.limit)
        self.at = now
        if self.tokens < 1 - 1e-6:
            return self.status
        self.tokens -= 1
        return 0


class Leaky(Bucket):
    """A queue that drains at the limit, and says so when it is full."""

    status = QUEUE_FULL


Peer = Fixed | Sliding | Bucket
PEERS: dict[str, Callable[[float], Peer]] = {
    "fixed second": Fixed,
    "fixed second, other phase": lambda limit: Fixed(limit, 0.7),
    "sliding second": Sliding,
    "bucket without burst": lambda limit: Bucket(limit, 1),
    "bucket of one second": lambda limit: Bucket(limit, limit),
    "bucket of three seconds": lambda limit: Bucket(limit, 3 * limit),
    "short queue": lambda limit: Leaky(limit, max(1, limit // 10)),
    "long queue": lambda limit: Leaky(limit, 2 * limit),
}
LATENCIES: dict[str, Callable[[random.Random], float]] = {
    "0 ms": lambda _: 0.0, "50 ms": lambda _: 0.05, "200 ms": lambda _: 0.2, "0-200 ms": lambda rnd: rnd.uniform(0, 0.2),
}


class Seconds:
    """What was answered, by second."""

    def __init__(self) -> None:
        self.accepted: dict[int, int] = {}
        self.refused: dict[int, int] = {}

    def rate(self, start: float, end: float) -> float:
        return sum(n for second, n in self.accepted.items() if start <= second < end) / (end - start)

    def refused_share(self, start: float, end: float) -> float:
        refused = sum(n for second, n in self.refused.items() if start <= second < end)
        return refused / (refused + self.rate(start, end) * (end - start))


def simulate(
    peer: Peer, until: float, *, adaptive: Adaptive | None = None, window: int = 500,
    latency: Callable[[random.Random], float] = lambda _: 0.02, top: float = 20_000.0, changes: Iterable[tuple[float, float]] = (),
    quantum: float = 0.0,
) -> Seconds:
    """A client that always has something to send, `top` a second at most, `window` in flight; timers fire at multiples of quantum."""
    adaptive = adaptive or Adaptive()
    rnd = random.Random(1)
    answers: deque[tuple[float, int]] = deque()
    pending = sorted(changes)
    seconds = Seconds()
    now = last = send_at = 0.0
    while now < until:
        if pending and now >= pending[0][0]:
            peer.limit = pending.pop(0)[1]
        while answers and answers[0][0] <= now:
            at, status = answers.popleft()
            adaptive.answered(status, at)
            tally = seconds.refused if status else seconds.accepted
            tally[int(at)] = tally.get(int(at), 0) + 1
        if len(answers) < window and send_at <= now:
            wait = adaptive.delay(1, now)
            if wait == 0.0:
                last = max(last, now + latency(rnd))
                answers.append((last, peer.take(now)))
                send_at = now + 1 / top
            else:
                send_at = now + wait if not quantum else (int((now + wait) / quantum) + 1) * quantum
        moments = [send_at] if len(answers) < window else []
        if answers:
            moments.append(answers[0][0])
        now = max(now, min(moments))
    return seconds


def assert_holds(seconds: Seconds, limit: float, start: float, end: float, refused: float = 0.02) -> None:
    assert seconds.rate(start, end) >= 0.9 * limit
    assert seconds.refused_share(start, end) < refused


@pytest.mark.parametrize("latency", LATENCIES)
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("limit", [10, 50, 500])
def test_after_ten_seconds_it_holds_nine_tenths_of_a_hidden_limit_with_few_refusals(limit: int, peer: str, latency: str) -> None:
    until = 60 if limit == 10 else 30
    assert_holds(simulate(PEERS[peer](limit), until, latency=LATENCIES[latency]), limit, 10, until)


@pytest.mark.parametrize("peer", PEERS)
def test_it_holds_nine_tenths_of_5000_a_second(peer: str) -> None:
    assert_holds(simulate(PEERS[peer](5000), 14, latency=LATENCIES["50 ms"], window=500), 5000, 10, 14)


def possible(window: int, latency: str) -> float:
    return window / {"0 ms": 1e-4, "50 ms": 0.05, "200 ms": 0.2, "0-200 ms": 0.2}[latency]


# Left out: a full window lets answers, and so requests, come in bursts, which a bucket without burst refuses at any rate.
EVERYTHING = [
    (limit, peer, latency, window) for limit in (10, 50, 500, 5000) for peer in PEERS for latency in LATENCIES for window in (1, 20, 500)
    if peer != "bucket without burst" or possible(window, latency) >= limit
]


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "peer", "latency", "window"), EVERYTHING)
def test_it_holds_the_limit_or_what_the_window_allows(limit: int, peer: str, latency: str, window: int) -> None:
    until = 60 if limit == 10 else 20
    seconds = simulate(PEERS[peer](limit), until, latency=LATENCIES[latency], window=window)
    assert_holds(seconds, min(limit, possible(window, latency)), 10, until, 0.03 if limit == 10 and window == 1 else 0.02)


@given(st.integers(50, 1000), st.sampled_from(sorted(PEERS)), st.sampled_from(sorted(LATENCIES)), st.integers(250, 1000))
@settings(max_examples=15)
def test_any_limit_is_held(limit: int, peer: str, latency: str, window: int) -> None:
    assert_holds(simulate(PEERS[peer](limit), 30, latency=LATENCIES[latency], window=window), limit, 10, 30)


@pytest.mark.parametrize("quantum", [0.001, 0.004])
@pytest.mark.parametrize("limit", [50, 500, 5000])
@pytest.mark.parametrize("peer", ["fixed second", "sliding second", "bucket of one second"])
def test_timers_that_are_late_cost_no_rate(peer: str, limit: int, quantum: float) -> None:
    assert_holds(simulate(PEERS[peer](limit), 14, quantum=quantum), limit, 10, 14)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("latency", ["0 ms", "200 ms"])
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("limit", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_it_follows_a_limit_that_halves_or_doubles_within_half_a_minute(limit: int, peer: str, latency: str, factor: float) -> None:
    # A bucket of one segment refuses every second one as soon as the rate is a hair too high: with a long way there, steps must be rare.
    settled = 80 if (peer, latency) == ("bucket without burst", "200 ms") else 50
    seconds = simulate(PEERS[peer](limit), settled + 20, latency=LATENCIES[latency], window=1000, changes=[(20.0, limit * factor)])
    assert_holds(seconds, limit * factor, settled, settled + 20)


def test_a_limit_that_falls_is_followed_within_five_seconds() -> None:
    seconds = simulate(PEERS["bucket of one second"](500), 45, changes=[(20.0, 250.0)])
    assert_holds(seconds, 250, 25, 45)


@pytest.mark.parametrize("peer", PEERS)
def test_the_search_itself_is_refused_little(peer: str) -> None:
    # 500 in flight when the first refusal comes, and 20,000 a second had been sent for ten seconds without a limiter.
    seconds = simulate(PEERS[peer](500), 10)
    assert sum(seconds.refused.values()) < 2_000


def test_while_the_peer_takes_nothing_it_is_asked_a_few_times_a_second_and_then_served_again() -> None:
    seconds = simulate(Bucket(500, 50), 60, changes=[(20.0, 0.0), (40.0, 500.0)])
    assert all(seconds.refused[second] <= 5 for second in range(22, 40))
    assert_holds(seconds, 500, 45, 60)


def test_nothing_waits_before_the_first_refusal_and_nothing_is_limited() -> None:
    adaptive = Adaptive()
    for message in range(10_000):
        assert adaptive.delay(3, message * 1e-6) == 0.0
        adaptive.answered(0, message * 1e-6, 3)
    assert adaptive.rate is None
    assert (adaptive.accepted, adaptive.throttled) == (30_000, 0)


@pytest.mark.parametrize("status", [0x01, 0x08, 0x0B, 0x45, 0x400])
def test_other_failures_do_not_slow_down(status: int) -> None:
    adaptive = Adaptive()
    for _ in range(100):
        adaptive.delay(1, 0.0)
        adaptive.answered(status, 0.0)
    assert adaptive.rate is None and status not in THROTTLING


def test_a_ceiling_holds_from_the_first_message_and_through_every_step() -> None:
    adaptive = Adaptive(ceiling=100.0)
    seconds = simulate(Bucket(1000, 1000), 5, adaptive=adaptive)
    assert 99 <= seconds.rate(1, 5) <= 101 and adaptive.rate == 100.0

    adaptive = Adaptive(ceiling=100.0)
    seconds = simulate(Fixed(60), 60, adaptive=adaptive, changes=[(20.0, 1000.0)])
    assert_holds(seconds, 60, 10, 20)
    assert seconds.rate(50, 60) == pytest.approx(100, abs=1)
    assert max(seconds.accepted.values()) <= 101


@given(st.floats(10, 5_000), st.lists(st.tuples(st.integers(1, 10), st.floats(0, 0.01)), min_size=20, max_size=60))
def test_no_more_is_let_through_than_the_rate_allows(ceiling: float, steps: list[tuple[int, float]]) -> None:
    adaptive = Adaptive(ceiling)
    now, taken = 100.0, 0
    for n, pause in steps:
        now += pause
        if adaptive.delay(n, now) == 0.0:
            taken += n
            assert taken <= ceiling * (now - 100.0 + 0.005) + n + 1e-6


def test_messages_of_many_segments_are_counted_as_segments() -> None:
    adaptive, peer = Adaptive(), Bucket(500, 100)
    now, accepted = 0.0, 0
    while now < 20.0:
        wait = adaptive.delay(5, now)
        if wait:
            now += wait
            continue
        statuses = [peer.take(now) for _ in range(5)]
        status = max(statuses)
        adaptive.answered(status, now, 5)
        accepted += 5 if not status and now >= 10 else 0
        now += 1e-4
    assert accepted >= 0.9 * 500 * 10
    assert 450 <= (adaptive.rate or 0) <= 520


def test_an_idle_hour_neither_raises_the_rate_nor_stops_its_search() -> None:
    adaptive, peer = Adaptive(), Fixed(500)
    simulate(peer, 10, adaptive=adaptive)
    before = adaptive.rate
    assert before is not None
    for minute in range(60):
        adaptive.delay(1, 20.0 + 60 * minute)
        adaptive.answered(0, 20.0 + 60 * minute)
    assert adaptive.rate == before
    now = 4_000.0
    while now < 4_030.0:  # and now no limit at all
        wait = adaptive.delay(1, now)
        now += wait
        if not wait:
            adaptive.answered(0, now)
    assert adaptive.rate > 1.5 * before


def test_answers_that_never_come_are_told_or_forgotten_in_time() -> None:
    for told in (True, False):
        adaptive, peer = Adaptive(), Bucket(100, 10)
        now, sent, accepted = 0.0, 0, 0
        while now < 60.0:
            wait = adaptive.delay(1, now)
            now += wait
            if wait:
                continue
            sent += 1
            if sent % 50:
                status = peer.take(now)
                adaptive.answered(status, now)
                accepted += status == 0 and now > 30.0
            elif told:
                adaptive.lost()
            now += 1e-4
        assert accepted / 30.0 >= 85  # one in 50 is never answered


@pytest.mark.parametrize("ceiling", [0.0, -1.0, math.inf, math.nan])
def test_a_ceiling_that_makes_no_sense_is_refused(ceiling: float) -> None:
    with pytest.raises(EncodeError, match="ceiling"):
        Adaptive(ceiling)
