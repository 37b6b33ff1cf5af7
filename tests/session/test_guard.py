"""Five wrong passwords a minute are answered at once, more wait; nobody else waits, and the table is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.session.guard import Guard, same_secret


def test_five_failures_a_minute_are_free_then_each_waits_twice_as_long_up_to_eight_seconds() -> None:
    guard = Guard()
    assert [guard.failed("192.0.2.1", "test", now) for now in range(11)] == [0, 0, 0, 0, 0, 1, 2, 4, 8, 8, 8]


def test_a_minute_of_silence_makes_them_free_again() -> None:
    guard = Guard()
    for now in range(8):
        guard.failed("192.0.2.1", "test", now)
    assert [guard.failed("192.0.2.1", "test", 7 + 60 + now) for now in range(8)] == [0, 0, 0, 0, 0, 1, 2, 4]


def test_other_names_and_other_addresses_do_not_wait() -> None:
    guard = Guard()
    for now in range(20):
        guard.failed("192.0.2.1", "test", now)
    assert guard.failed("192.0.2.1", "other", 20) == 0
    assert guard.failed("192.0.2.2", "test", 20) == 0
    assert guard.failed("192.0.2.1", "test", 20) == 8


@pytest.mark.parametrize(("one", "two", "same"), [
    ("2001:db8::1", "2001:db8::ffff:1", True), ("2001:db8::1", "2001:db8:0:1::1", False),
    ("192.0.2.1", "::ffff:192.0.2.1", True), ("fe80::1%eth0", "fe80::2", True), ("", "192.0.2.1", False),
])
def test_an_address_is_a_subscriber(one: str, two: str, same: bool) -> None:
    guard = Guard(allowed=1)
    guard.failed(one, "test", 0.0)
    assert (guard.failed(two, "test", 1.0) > 0) is same


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(0, 2)), max_size=60))
def test_whatever_the_pace_a_failure_waits_exactly_if_five_came_in_the_minute_before(steps: list[tuple[float, int]]) -> None:
    guard, now = Guard(), 0.0
    seen: dict[int, list[float]] = {}
    streak: dict[int, int] = {}
    for step, who in steps:
        now += step
        times = seen.setdefault(who, [])
        over = len([then for then in times if now - then < 60]) >= 5
        streak[who] = streak.get(who, 0) + 1 if over else 0
        assert guard.failed("192.0.2.1", str(who), now) == (min(2 ** (streak[who] - 1), 8) if over else 0)
        times.append(now)


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 5)), max_size=200), st.integers(1, 8))
def test_the_table_never_holds_more_than_its_entries(tries: list[tuple[int, float]], entries: int) -> None:
    guard, now = Guard(entries=entries), 0.0
    for who, step in tries:
        now += step
        guard.failed(f"192.0.2.{who}", "test", now)
        assert len(guard) <= entries


def test_those_that_failed_longest_ago_are_forgotten_first() -> None:
    guard = Guard(allowed=1, entries=2)
    for now, name in enumerate(["a", "b", "a", "c"]):
        guard.failed("192.0.2.1", name, now)
    assert guard.failed("192.0.2.1", "a", 4) > 0
    assert guard.failed("192.0.2.1", "b", 5) == 0


def test_what_can_say_nothing_any_more_is_forgotten_without_need() -> None:
    guard = Guard()
    for who in range(100):
        guard.failed(f"192.0.2.{who}", "test", 0.0)
    for who in range(100):
        guard.failed("198.51.100.1", str(who), 100.0)
    assert len(guard) <= 101


def test_a_name_of_sixty_thousand_octets_is_not_kept() -> None:
    guard = Guard()
    guard.failed("192.0.2.1", "x" * 60_000, 0.0)
    assert all(len(name) <= 64 for _, name in guard._table)


def test_there_is_no_guard_without_tries_or_memory() -> None:
    for wrong in ({"allowed": 0}, {"entries": 0}):
        with pytest.raises(ValueError):
            Guard(**wrong)


@given(st.text(st.characters()), st.text(st.characters()))
def test_secrets_are_the_same_if_their_characters_are(one: str, two: str) -> None:
    assert same_secret(one, two) is (one == two)
    assert same_secret(one, one)


def test_secrets_are_compared_by_the_function_that_takes_the_same_time_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr("hmac.compare_digest", lambda one, two: compared.append((one, two)) or False)
    assert same_secret("a", "a" * 1000) is False
    assert [len(digest) for digest in compared[0]] == [32, 32]  # digests: of the length nothing shows
