"""A refused request is sent again only where the status table, or the caller for one status, says that this can help."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import EncodeError, Profile
from smswire.session.retry import KINDS, Retry

PROFILE = Profile.vendor()
THROTTLED, FULL, WRONG_ADDRESS, FAILED, NOT_BOUND = (PROFILE.status(value) for value in (0x58, 0x14, 0x0B, 0x45, 0x04))


@pytest.mark.parametrize("value", sorted(PROFILE.statuses))
def test_every_status_of_the_table_follows_its_row(value: int) -> None:
    row = PROFILE.status(value)
    retry = Retry(jitter=0.0)
    assert retry.kind(row) == row.retry in KINDS
    assert (retry.next(row, 1) is not None) == (row.retry in ("later", "rebind") and value != 0)


def test_an_unknown_status_is_never_sent_again_because_that_may_double_the_message() -> None:
    assert Retry().next(PROFILE.status(0x4FF), 1) is None


def test_single_statuses_can_be_decided_otherwise() -> None:
    retry = Retry(statuses={0x45: "later", 0x58: "never", 0x0B: "rebind"}, jitter=0.0)
    assert retry.next(FAILED, 1) == 0.5 and retry.next(THROTTLED, 1) is None
    assert (retry.next(WRONG_ADDRESS, 1), retry.kind(WRONG_ADDRESS)) == (0.5, "rebind")
    assert retry.next(FULL, 1) == 0.5


def test_success_is_never_sent_again() -> None:
    assert Retry(statuses={0: "later"}).next(PROFILE.status(0), 1) is None


def test_attempts_count_the_first_time_too() -> None:
    retry = Retry(3, 1.0, jitter=0.0)
    assert [retry.next(THROTTLED, attempt) for attempt in (1, 2, 3, 4)] == [1.0, 2.0, None, None]
    assert Retry(1).next(THROTTLED, 1) is None


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_delays_stay_between_nothing_and_the_cap_and_repeat_with_their_seed(attempt: int, seed: int) -> None:
    one, two = (Retry(1000, 0.5, 30.0, random=random.Random(seed).random) for _ in range(2))
    delay = one.next(THROTTLED, attempt)
    assert delay is not None and 0 <= delay <= min(30.0, 0.5 * 2.0 ** (attempt - 1))
    assert delay == two.next(THROTTLED, attempt)


def test_an_attempt_that_would_begin_after_the_deadline_is_none() -> None:
    retry = Retry(jitter=0.0)
    assert retry.next(NOT_BOUND, 1, now=10.0, deadline=10.6) == 0.5
    assert retry.next(NOT_BOUND, 1, now=10.0, deadline=10.5) is None


@pytest.mark.parametrize(("arguments", "field"), [
    ({"attempts": 0}, "attempts"), ({"base": -1}, "base"), ({"cap": math.inf}, "cap"), ({"jitter": 2}, "jitter"),
    ({"statuses": {0x58: "latr"}}, "statuses"),
])
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        Retry(**arguments)
    assert caught.value.field == field
