"""Metrics: every count is right, percentiles agree with exact sorting to three digits, memory has a bound, snapshots are plain data."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError
from smswire.session.metrics import _BUCKETS, _PAIRS, _SPARSE, OTHER, Metrics

latencies = st.floats(0, 30_000) | st.floats(0, 0.01) | st.floats(0.001, 2)
many = st.lists(latencies, min_size=1, max_size=200)


def filled(values: list[float], command: str = "submit_sm", status: int = 0) -> Metrics:
    metrics = Metrics()
    for value in values:
        metrics.answered(command, status, value)
    return metrics


@given(many, st.sampled_from([0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0]) | st.floats(0, 100))
def test_a_percentile_is_that_of_exact_sorting_to_three_digits(values: list[float], p: float) -> None:
    found = filled(values).percentile(p)
    assert found is not None
    rank = max(1, int(p / 100 * len(values) + 0.5))  # the nearest rank, as HdrHistogram counts
    exact = sorted(values)[rank - 1]
    assert exact - 0.6e-6 <= found <= exact * (1 + 1 / 1024) + 1.1e-6
    assert found <= max(values)


@given(many)
def test_the_longest_is_exact(values: list[float]) -> None:
    assert filled(values).longest() == max(values)


@given(many, many)
def test_merging_is_the_same_as_counting_together(left: list[float], right: list[float]) -> None:
    one, two, both = filled(left), filled(right, status=0x58), Metrics()
    for metrics in (one, both):
        metrics.octets_in += 10
        metrics.timed_out("submit_sm", 2)
    for metrics in (two, both):
        metrics.pdus_out += 3
        metrics.lost("query_sm")
        metrics.received("deliver_sm", 0x64, 5)
    for value in left:
        both.answered("submit_sm", 0, value)
    for value in right:
        both.answered("submit_sm", 0x58, value)
    before = two.snapshot()
    one.merge(two)
    assert one.snapshot() == both.snapshot() and two.snapshot() == before


def test_counters_are_told_by_command_and_status() -> None:
    metrics = Metrics()
    for status, n in ((0, 5), (0x58, 3), (0x14, 2), (0x0B, 1)):
        for _ in range(n):
            metrics.answered("submit_sm", status, 0.01)
    metrics.answered("query_sm", 0, 0.5)
    metrics.timed_out("submit_sm", 4)
    metrics.lost("query_sm")
    metrics.received("deliver_sm", n=7)
    metrics.received("deliver_sm", 0x64)
    assert metrics.count("answered") == 12 and metrics.count("answered", "submit_sm") == 11
    assert metrics.count("answered", "submit_sm", 0) == 5 and metrics.count("answered", status=0) == 6
    assert metrics.count("throttled") == 5 and metrics.count("throttled", "submit_sm", 0x14) == 2
    assert metrics.count("throttled", "query_sm") == 0
    assert metrics.count("throttled", status=0) == 0
    assert (metrics.count("timed_out"), metrics.count("timed_out", "query_sm"), metrics.count("timed_out", status=0)) == (4, 0, 0)
    assert (metrics.count("lost"), metrics.count("lost", "query_sm")) == (1, 1)
    assert (metrics.count("received"), metrics.count("received", "deliver_sm", 0x64)) == (8, 1)
    assert metrics.longest() == 0.5 and metrics.longest("submit_sm") == 0.01
    assert metrics.percentile(50, "query_sm") == 0.5


def test_where_nothing_was_answered_there_is_no_percentile() -> None:
    metrics = Metrics()
    assert metrics.percentile(50) is None and metrics.longest() is None
    metrics.answered("submit_sm", 0, 0.1)
    assert metrics.percentile(50, "query_sm") is None and metrics.percentile(50, status=0x58) is None


def test_words_and_percentiles_that_do_not_exist_are_refused() -> None:
    metrics = filled([0.1])
    for wrong in (lambda: metrics.count("anwsered"), lambda: metrics.percentile(101), lambda: metrics.percentile(-1)):
        with pytest.raises(EncodeError):
            wrong()


def test_a_snapshot_is_plain_data_with_the_profiles_names() -> None:
    metrics = filled([i / 1000 for i in range(1, 101)])
    metrics.answered("submit_sm", 0x58, 0.25)
    metrics.received("deliver_sm", 0)
    metrics.octets_in, metrics.octets_out, metrics.pdus_in, metrics.pdus_out = 1, 2, 3, 4
    snapshot = metrics.snapshot()
    assert json.loads(json.dumps(snapshot)) == snapshot
    assert [snapshot[name] for name in ("octets_in", "octets_out", "pdus_in", "pdus_out")] == [1, 2, 3, 4]
    submit: dict[str, Any] = snapshot["commands"]["submit_sm"]
    assert submit["answered"] == {"ESME_ROK": 100, "ESME_RTHROTTLED": 1} and submit["throttled"] == 1
    assert submit["latency_ms"]["max"] == 250 and submit["latency_ms"]["p50"] == pytest.approx(51, rel=1e-3)
    assert list(submit["latency_ms"]) == ["p50", "p90", "p99", "p99.9", "p99.99", "max"]
    assert snapshot["commands"]["deliver_sm"]["received"] == {"ESME_ROK": 1}


def test_any_number_of_latencies_and_statuses_takes_bounded_memory_and_loses_no_count() -> None:
    metrics = Metrics()
    for micros in range(3 * _SPARSE):
        metrics.answered("submit_sm", 0, micros * 1e-3 + 1e-6)
    counts = metrics._latencies["submit_sm", 0].counts
    assert isinstance(counts, list) and len(counts) == _BUCKETS
    metrics.answered("submit_sm", 0, 1e9)
    metrics.answered("submit_sm", 0, -1.0)
    assert metrics.count("answered") == 3 * _SPARSE + 2 and metrics.longest() == 1e9
    for status in range(1, 1_000):
        metrics.answered("submit_sm", status, 0.1)
        metrics.received("deliver_sm", status)
    assert len(metrics._latencies) <= _PAIRS + 1 and len(metrics._received) <= _PAIRS + 1
    assert metrics.count("answered", "submit_sm", OTHER) == 1_000 - _PAIRS and metrics.count("received") == 999
    assert metrics.snapshot()["commands"]["submit_sm"]["answered"]["other"] == 1_000 - _PAIRS


def test_a_clock_set_back_counts_as_no_time() -> None:
    assert filled([-5.0]).percentile(50) == 0.0


def test_the_histogram_library_is_loaded_by_readers_only() -> None:
    code = (
        "import sys; from smswire.session.metrics import Metrics; m = Metrics(); m.answered('submit_sm', 0, 0.1);"
        "assert 'hdrh' not in sys.modules; m.percentile(50); assert 'hdrh' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_histogram_holds_every_count() -> None:
    histogram = filled([0.001, 0.002, 4.0]).histogram()
    assert histogram.get_total_count() == 3 and histogram.get_max_value() == pytest.approx(4_000_000, rel=1e-3)
