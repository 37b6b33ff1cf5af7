"""No limiter lets more through than it says, none refuses who keeps to the rate, and each refuses with its own status."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import CommandStatus
from smswire.simulator.limiter import Bucket, FixedWindow, Queue, limiter_of
from smswire.simulator.scenario import AccountDefaults

times = st.lists(st.floats(0, 5), max_size=300).map(sorted)


@given(times, st.integers(1, 40), st.integers(1, 40))
def test_a_bucket_and_a_queue_pass_no_more_than_rate_and_burst(moments: list[float], rate: int, burst: int) -> None:
    for limiter in (Bucket(rate, burst), Queue(rate, burst)):
        passed = [moment for moment in moments if not limiter.take(moment)]
        for i, first in enumerate(passed):
            for j in range(i, len(passed)):
                assert j - i + 1 <= burst + (passed[j] - first) * rate + 1e-6


@given(times, st.integers(1, 40))
def test_a_window_passes_the_rate_in_each_second(moments: list[float], rate: int) -> None:
    limiter = FixedWindow(rate)
    answers = [(int(moment), limiter.take(moment)) for moment in moments]
    for second in range(6):
        here = [status for at, status in answers if at == second]
        assert here == [0] * min(rate, len(here)) + [CommandStatus.ESME_RTHROTTLED] * (len(here) - rate)


@given(st.integers(1, 1000), st.floats(0, 1e6))
def test_who_keeps_to_the_rate_is_never_refused(rate: int, begin: float) -> None:
    for limiter in (Bucket(rate, 2), Queue(rate, 2)):
        assert {limiter.take(begin + i / rate) for i in range(200)} == {0}


@pytest.mark.parametrize(("settings", "kind"), [
    ({"tps": 0.0}, type(None)), ({"tps": 5.0}, FixedWindow), ({"tps": 5.0, "limiter": "bucket"}, Bucket),
    ({"tps": 5.0, "limiter": "queue"}, Queue),
])
def test_settings_name_their_limiter(settings, kind) -> None:
    limiter = limiter_of(AccountDefaults(**settings))
    assert type(limiter) is kind
    if limiter is not None:
        statuses = [limiter.take(0.5) for _ in range(7)]
        assert statuses[:5] == [0] * 5
        assert statuses[5] == (CommandStatus.ESME_RMSGQFUL if kind is Queue else CommandStatus.ESME_RTHROTTLED)
